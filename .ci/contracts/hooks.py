"""Hooks of Schemathesis: what OpenAPI cannot say of data that is meant to be accepted.

A field with ``x-refers-to`` names something that must exist in the service; what exists there is
handed over in ``CONTRACTS_KNOWN``. An event must not end before it starts. Data that is meant to be
refused is left as it is.
"""

import json
import os

import schemathesis

KNOWN = json.loads(os.environ["CONTRACTS_KNOWN"])


def references(schema, root):
    """The fields of a body's schema that refer to something, with what they refer to."""
    while "$ref" in schema:
        at = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        schema = at
    found = {
        name: field["x-refers-to"]
        for name, field in schema.get("properties", {}).items()
        if isinstance(field, dict) and "x-refers-to" in field
    }
    for inner in schema.get("anyOf", ()):
        found |= references(inner, root)
    return found


@schemathesis.hook
def before_call(context, case, **kwargs):  # noqa: ARG001 - Schemathesis hands over all three
    """Make positive data refer to what exists, and end after it starts."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    root = case.operation.schema.raw_schema
    raw = root["paths"][case.operation.path][case.operation.method]
    for parameter in raw.get("parameters", ()):
        if parameter["schema"].get("x-refers-to") and case.query:
            case.query.pop(parameter["name"], None)
    if not isinstance(case.body, dict) or "requestBody" not in raw:
        return
    schema = raw["requestBody"]["content"]["application/json"]["schema"]
    for name, kind in references(schema, root).items():
        if case.body.get(name) is None:
            continue
        if kind in KNOWN:
            case.body[name] = KNOWN[kind]
        else:
            del case.body[name]
    if case.body.get("endsAt"):
        # Years at the edge have no moment in UTC; and an end is after a start.
        del case.body["endsAt"]

"""What an assistant is offered of an API: each call, with the schemas of the document."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import attrs

from . import Json, document, operations, resolve

_MARKS = re.compile(r"x-|default$|title$")

_ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "events.add_ticket_type": {
        name: f"NewTicketType.{name}" for name in ("name", "price", "quantity")
    },
    "events.remove_ticket_type": {"ticket_type_id": "EventPatch.removeTicketTypeId"},
    "messages.send": {"body_html": "Reply.bodyHtml", "cc_addresses": "Reply.ccAddresses"},
    "messages.note": {"body": "Note.body"},
}
"""Arguments whose field is not the one of their name."""

_NEEDED = {("customers.upsert", "externalId")}
"""Fields that a call requires, though the API does not."""


@attrs.frozen
class OfferedCall:
    """A call of a client, as it is offered.

    Args:
        provider: whose API it is.
        client: the call, as in ``events.list``.
        says: what it does, and with which scope.
        reads: whether it changes nothing.
        schema: the JSON schema of its arguments.
        arguments: the argument of the client for each of its fields.
        moments: the fields that are moments.
        path: the fields of its path.
    """

    provider: str
    client: str
    says: str
    reads: bool
    schema: Json
    arguments: Mapping[str, str]
    moments: frozenset[str]
    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the tool."""
        return f"{self.provider}_{self.client.replace('.', '_')}"


def api_calls(
    provider: str,
    parameters: Mapping[str, Collection[str]],
    names: Mapping[str, str] | None = None,
) -> list[OfferedCall]:
    """Every call of a client, in the order of the document.

    Args:
        provider: whose document it is.
        parameters: the arguments that each call takes.
        names: inferred names that the service calls otherwise.
    """
    found = document(provider, names=names)
    return [
        _call(found, provider, method, operation, client, parameters[client])
        for method, _, operation in operations(found)
        for client in operation["x-client"]
    ]


def _call(
    found: Json, provider: str, method: str, operation: Json, client: str, takes: Collection[str]
) -> OfferedCall:
    fields: dict[str, Json] = {}
    arguments: dict[str, str] = {}
    needed: list[str] = []
    path: list[str] = []
    for argument in takes:
        place = _field(found, operation, client, argument)
        if place is None:
            continue
        name, schema, required, in_path = place
        fields[name] = _plain(found, schema)
        arguments[name] = argument
        if required:
            needed.append(name)
        if in_path:
            path.append(name)
    return OfferedCall(
        provider=provider,
        client=client,
        says=operation["summary"] + ". " + operation["description"].replace("\n\n", " "),
        reads=method == "GET",
        schema={
            "type": "object",
            "properties": fields,
            "required": needed,
            "additionalProperties": False,
        },
        arguments=arguments,
        moments=frozenset(
            name for name, schema in fields.items() if schema.get("format") == "date-time"
        ),
        path=tuple(path),
    )


def _field(
    found: Json, operation: Json, client: str, argument: str
) -> tuple[str, Json, bool, bool] | None:
    """The field that an argument is: its name, its schema, whether it must be given, and whether it
    is a part of the path."""
    schemas = found["components"]["schemas"]
    elsewhere = _ELSEWHERE.get(client, {}).get(argument)
    if elsewhere is not None:
        owner, _, name = elsewhere.partition(".")
        body = schemas[owner]
        if name not in body["properties"]:  # it has another name in this service
            wire = "remove_ticket_type" if "remove" in client else argument
            name = next(n for n, facts in body["properties"].items() if facts.get("x-wire") == wire)
        required = name in body.get("required", ()) or "remove" in client
        return name, body["properties"][name], required, False
    head, *tail = argument.split("_")
    name = head + "".join(word.capitalize() for word in tail)
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == name:
            schema = {**parameter["schema"], "description": parameter["description"]}
            return name, schema, parameter.get("required", False), parameter["in"] == "path"
    for body in _bodies(found, operation):
        if name in body["properties"]:
            must = name in body.get("required", ()) or (client, name) in _NEEDED
            return name, body["properties"][name], must, False
    return None


def _bodies(found: Json, operation: Json) -> Iterator[Json]:
    if "requestBody" in operation:
        schema = resolve(found, operation["requestBody"]["content"]["application/json"]["schema"])
        for branch in schema.get("anyOf", [schema]):
            yield resolve(found, branch)


def _plain(found: Json, schema: Json) -> Json:
    """A schema for those who know nothing of our marks and of the document."""
    whole = {**resolve(found, schema), **{k: v for k, v in schema.items() if k != "$ref"}}
    plain = {name: value for name, value in whole.items() if not _MARKS.match(name)}
    if whole.get("x-known-from") == "inferred":
        said = plain.get("description", "")
        plain["description"] = f"{said} (Inferred: no document states it.)".strip()
    if "items" in plain:
        plain["items"] = _plain(found, plain["items"])
    if isinstance(plain.get("properties"), dict):
        plain["properties"] = {
            name: _plain(found, inner)
            for name, inner in plain["properties"].items()
            if not inner.get("x-unsent")
        }
        plain["additionalProperties"] = False
    return plain


def wrong_fields(schema: Json, given: Mapping[str, Any]) -> list[str]:
    """What is wrong with the fields that were given for a schema; empty if nothing is."""
    from difflib import get_close_matches

    known = schema["properties"]
    wrong = []
    for name in given:
        if name not in known:
            near = get_close_matches(name, list(known), n=1)
            there = ", ".join(known) or "none"
            fix = f"did you mean {near[0]}?" if near else f"known: {there}"
            wrong.append(f"{name}: there is no such field; {fix}")
    wrong += [f"{name}: it is missing" for name in schema["required"] if name not in given]
    wrong += [
        f"{name}: expected a text"
        for name, value in given.items()
        if name in known and known[name].get("type") == "string" and not isinstance(value, str)
    ]
    return wrong

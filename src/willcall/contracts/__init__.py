"""The contracts of both services as OpenAPI documents: what is documented, and what is inferred.

Neither service publishes a schema. The documents beside this module say of every fact how it is
known (``x-known-from``), and list what is open (``x-open``). They are written by ``make
contracts-write`` from ``tests/support/contracts``; a test compares them with the clients, the
models and the sandbox.

Decisions: 0080, 0081, 0082 (docs/decisions).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

PROVIDERS = ("ticketsmart", "ticket0")
"""Whose documents there are."""

Json = dict[str, Any]


@cache
def _read(provider: str) -> Json:
    found: Json = json.loads(
        files(__package__).joinpath(f"{provider}.openapi.json").read_text("utf-8")
    )
    return found


def document(
    provider: str, *, revision: str | None = None, names: Mapping[str, str] | None = None
) -> Json:
    """The OpenAPI document of a service; the caller may change it.

    Args:
        provider: ``ticketsmart`` or ``ticket0``.
        revision: an earlier revision of the service, such as ``2025`` of Ticket0; default the
            newest.
        names: inferred names that the service calls otherwise, as ``[wire]`` has them.

    Raises:
        LookupError: no such provider, or no such revision; it says which there are.
    """
    if provider not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise LookupError(f"{provider!r} has no document; known: {known}")
    found = copy.deepcopy(_read(provider))
    if revision is not None:
        revisions = found.get("x-revisions", {})
        if revision not in revisions:
            known = ", ".join(revisions) or "none"
            raise LookupError(f"{provider} has no revision {revision!r}; known: {known}")
        for change in revisions[revision]:
            _add(found, change["path"], change["value"])
    if names:
        _rename(found, names)
    return found


def _add(found: Json, path: str, value: Any) -> None:
    """Append a value to a list in a document, as ``add`` of a JSON Patch does with ``…/-``."""
    at: Any = found
    for part in path.removesuffix("/-").split("/")[1:]:
        step = part.replace("~1", "/").replace("~0", "~")
        at = at[step]
    at.append(value)


def _rename(node: Any, names: Mapping[str, str]) -> None:
    """Give each field with an inferred name the name that it has."""
    if isinstance(node, list):
        for item in node:
            _rename(item, names)
        return
    if not isinstance(node, dict):
        return
    fields = node.get("properties")
    if isinstance(fields, dict):
        given = {
            name: names.get(field.get("x-wire", ""), name) if isinstance(field, dict) else name
            for name, field in fields.items()
        }
        node["properties"] = {given[name]: field for name, field in fields.items()}
        if "required" in node:
            node["required"] = [given.get(name, name) for name in node["required"]]
    for inner in node.values():
        _rename(inner, names)


def operations(found: Json) -> list[tuple[str, str, Json]]:
    """The operations of a document: method in capitals, path, and what is said of it."""
    return [
        (method.upper(), path, operation)
        for path, those in found["paths"].items()
        for method, operation in those.items()
    ]


def resolve(found: Json, node: Json) -> Json:
    """What a ``$ref`` of a document points to; a node that is none is returned as it is."""
    while "$ref" in node:
        at: Any = found
        for step in node["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        node = at
    return node

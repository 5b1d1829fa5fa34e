"""The words in which the contracts are written: a fact, and how it is known.

Every schema, parameter and answer carries ``x-known-from``. Limits such as a greatest length are
facts of their own: ``x-limits-known-from`` stands beside them where they are known otherwise than
the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Known = Literal["seed", "public", "older", "inferred"]
Json = dict[str, Any]

LIMITS = (
    *("minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems"),
    *("default", "uniqueItems"),
)
NOT_BLANK = r"[^\s\u0085\uFEFF\u001C-\u001F]"
"""A letter that is no white space, by the notion of any engine for patterns."""


def value(
    kind: str | None,
    known: Known,
    text: str = "",
    *,
    null: bool = False,
    limits: Known | None = None,
    wire: str | None = None,
    unread: bool = False,
    sometimes: bool = False,
    **more: Any,
) -> Json:
    """A value and how it is known.

    Args:
        kind: its JSON type; None where it is not documented.
        known: which documents state it.
        text: what it means.
        null: whether it may be null.
        limits: how its limits are known, if not as the value itself.
        wire: the key of an inferred name, as ``[wire]`` has it.
        unread: whether no model has it.
        sometimes: whether it is no surprise where it does not come.
        more: further keywords of JSON Schema.
    """
    shape: Json = {}
    if kind is not None:
        shape["type"] = [kind, "null"] if null else kind
    if text:
        shape["description"] = text
    enum = more.get("enum")
    if enum is not None and null:
        more["enum"] = [*enum, None]
    shape |= more
    shape["x-known-from"] = known
    if limits is not None and limits != known and any(name in more for name in LIMITS):
        shape["x-limits-known-from"] = limits
    if wire is not None:
        shape["x-wire"] = wire
    if unread:
        shape["x-unread"] = True
    if sometimes:
        shape["x-sometimes"] = True
    return shape


def text(known: Known, says: str = "", **more: Any) -> Json:
    """A text."""
    return value("string", known, says, **more)


def sent_text(known: Known, says: str, longest: int, **more: Any) -> Json:
    """A text that is sent: not blank, and no longer than the sandbox takes."""
    return text(
        known, says, limits="inferred", minLength=1, maxLength=longest, pattern=NOT_BLANK, **more
    )


def moment(known: Known, says: str, **more: Any) -> Json:
    """An ISO 8601 datetime with an offset."""
    return text(known, says, format="date-time", **more)


def sent_moment(known: Known, says: str, **more: Any) -> Json:
    """A datetime that is sent. Years at the edge of the calendar have no moment in UTC."""
    return moment(known, says, limits="inferred", pattern="^(?!0001|9999)[0-9]{4}-", **more)


def whole(known: Known, says: str, **more: Any) -> Json:
    """A whole number."""
    return value("integer", known, says, **more)


def words(known: Known, says: str, enum: tuple[str, ...], *, opened: bool, **more: Any) -> Json:
    """A word of a list. In answers the list is ``opened``: an unknown word is kept as it came."""
    return text(
        known, says, **({"x-words": list(enum)} if opened else {"enum": list(enum)}), **more
    )


def items(known: Known, says: str, of: Json, **more: Any) -> Json:
    """A list."""
    return value("array", known, says, items=of, **more)


def thing(
    known: Known,
    says: str,
    properties: Mapping[str, Json],
    *,
    needs: tuple[str, ...] = (),
    model: str | None = None,
    **more: Any,
) -> Json:
    """An object; further fields are allowed.

    Args:
        known: which documents state it.
        says: what it is.
        properties: its fields.
        needs: the fields that are always there.
        model: the model of willcall that reads it.
        more: further keywords.
    """
    shape = value("object", known, says, properties=dict(properties), **more)
    if needs:
        shape["required"] = list(needs)
    if model is not None:
        shape["x-model"] = model
    return shape


def ref(name: str) -> Json:
    """A schema by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def in_query(name: str, schema: Json) -> Json:
    """A parameter of a query; how it is known stands in its schema."""
    return {
        "name": name,
        "in": "query",
        "description": schema.get("description", name),
        "schema": {key: kept for key, kept in schema.items() if key != "description"},
        "x-known-from": schema["x-known-from"],
    }


def in_path(name: str, says: str, known: Known) -> Json:
    """A part of a path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": says,
        "schema": {"type": "string", "minLength": 1},
        "x-known-from": known,
    }


def answer(says: str, schema: Json, known: Known, **more: Any) -> Json:
    """An answer with a JSON body."""
    return {
        "description": says,
        "content": {"application/json": {"schema": schema}},
        "x-known-from": known,
        **more,
    }

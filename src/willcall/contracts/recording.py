"""What a live service answered, without what is in it: a file that can be sent to others.

The first line says what it is; each line after it is an answer::

    {"willcall_recording": 1, "version": "0.1.0"}
    {"provider": "ticketsmart", "method": "GET", "path": "/events/*", "status": 200, "headers": …}

The body keeps its shape: names of fields, types, null, true and false. Of its texts it keeps words
of the documented lists, and words like them in the same fields (a status that nobody knows); every
other text becomes what it looks like, such as ``<datetime>``, ``<id evt_>`` or ``<text>``. Numbers
become 0, 1 or -1, or a half if they have a fraction. Ids in paths become ``*``. Names of fields
that a service leaves to its users, such as those of ``metadata``, become ``<name>``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from . import Json, resolve
from .compare import RecordedAnswer, branch_of, operation_of, type_of

FORMAT = 1
KEPT_HEADERS = re.compile(r"content-type|retry-after|x-ratelimit-[a-z-]+|allow|deprecation|sunset")
"""Headers whose value is kept, if it is short and holds no address; of others, the name is."""

_WORD = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}")
_FIELD = re.compile(r"[A-Za-z_$][A-Za-z0-9_.$-]{0,63}")
_LOOKS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*"), "<datetime>"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "<date>"),
    (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "<email>"),
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"-?\d+(\.\d+)?"), "<number>"),
    (re.compile(r""), ""),
)
_PREFIXED = re.compile(r"([a-z]{2,6}_)[A-Za-z0-9]{4,}")


def recorded(
    found: Json,
    provider: str,
    method: str,
    path: str,
    status: int,
    headers: Mapping[str, str],
    body: Any,
) -> RecordedAnswer | None:
    """An answer without what is in it; None for a request that no document has.

    Args:
        found: the document of the provider.
        provider: whose it is.
        method: the method of the request.
        path: its path below the base URL.
        status: the status.
        headers: the headers; their names are lower case.
        body: the JSON as it came.
    """
    known = operation_of(found, method, path)
    if known is None:
        return None
    route, operation = known
    answer = operation["responses"].get(str(status))
    schema: Json = {}
    if answer is not None:
        content = resolve(found, answer).get("content", {}).get("application/json", {})
        schema = content.get("schema", {})
    return RecordedAnswer(
        provider,
        method,
        re.sub(r"\{\w+\}", "*", route),
        status,
        {name: _header(name, value) for name, value in headers.items()},
        _emptied(found, schema, body),
    )


def _header(name: str, value: str) -> str:
    if KEPT_HEADERS.fullmatch(name) and len(value) <= 80 and "@" not in value:
        return value
    return "<text>"


def _emptied(found: Json, schema: Json, value: Any) -> Any:
    """A value without what is in it."""
    schema = branch_of(found, schema, value)
    if isinstance(value, dict):
        fields = schema.get("properties", {})
        left_to_users = "additionalProperties" in schema
        return {
            "<name>" if left_to_users or not _FIELD.fullmatch(name) else name: _emptied(
                found, fields.get(name, {}), inner
            )
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_emptied(found, schema.get("items", {}), item) for item in value[:20]]
    if isinstance(value, str):
        return _text(schema, value)
    if type_of(value) == "integer":
        return (value > 0) - (value < 0)
    return 0.5 if isinstance(value, float) else value


def _text(schema: Json, value: str) -> str:
    words = schema.get("x-words") or schema.get("enum") or ()
    if value in words or (words and _WORD.fullmatch(value)):
        return value
    prefixed = _PREFIXED.fullmatch(value)
    if prefixed:
        return f"<id {prefixed[1]}>"
    return next((look for pattern, look in _LOOKS if pattern.fullmatch(value)), "<text>")


def write(answers: Iterable[RecordedAnswer], version: str) -> str:
    """The text of a recording."""
    head = {"willcall_recording": FORMAT, "version": version}
    lines = [head, *(attrs.asdict(answer) for answer in answers)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def read(text: str) -> Iterator[RecordedAnswer]:
    """The answers of a recording.

    Raises:
        ValueError: it is none, or of a newer format; says which line is wrong.
    """
    names = {field.name for field in attrs.fields(RecordedAnswer)}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            value = json.loads(line)
        except ValueError:
            raise ValueError(f"line {number} is not JSON") from None
        if number == 1:
            if not isinstance(value, dict) or value.get("willcall_recording") != FORMAT:
                raise ValueError("it is not a recording of `willcall doctor --record`")
            continue
        if not isinstance(value, dict) or set(value) != names:
            raise ValueError(f"line {number} is not an answer")
        yield RecordedAnswer(**value)

"""JSON as services send it, which is not always JSON.

JavaScript cuts a text inside an emoji and sends half a character (``"\\ud83c"``); Python writes
``NaN``; Windows puts a byte order mark in front; a broken counter has 400 digits. One such value
must not cost a whole answer, so it is read as something that no field takes for a good value.
"""

from __future__ import annotations

import json
import re
from typing import Any

# Escapes in pairs, so that the second backslash of "\\" begins none. A whole surrogate pair comes
# first, then half of one.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_INT64 = range(-(2**63), 2**64)


def loads(body: bytes) -> Any:
    """A JSON value. Half a character is read as U+FFFD, and a number beyond 64 bits as a float.

    Raises:
        ValueError: it is not JSON, or nested too deeply.
    """
    import orjson

    try:
        return orjson.loads(body)
    except ValueError:
        return exact(body, _integer)


def exact(body: bytes, integer: Any = None) -> Any:
    """The same, with whole numbers of any size.

    Raises:
        ValueError: it is not JSON, nested too deeply, or holds a number of thousands of digits.
    """
    encoding = "utf-8" if body.isascii() and b"\0" not in body else json.detect_encoding(body)
    text = body.decode(encoding, "replace")
    if "\\" in text:
        text = _ESCAPE.sub(lambda found: "\\ufffd" if found[1] else found[0], text)
    try:
        return json.loads(text, strict=False, parse_int=integer)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _integer(digits: str) -> int | float:
    """A whole number. One that no field can hold is a float, as orjson has it."""
    if len(digits) <= 20 and int(digits) in _INT64:
        return int(digits)
    return float(digits)

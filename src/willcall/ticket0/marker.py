"""Markers: short words of the caller's by which a ticket or message is recognised afterwards."""

from __future__ import annotations

import re
from typing import Any

from ..client.op import text
from ..errors import InputError

_MARKER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:\-]{3,63}")


def marked(name: str, value: str, marker: Any, gap: str) -> str:
    """A text that carries a marker, where it does not already."""
    text(name, value)
    if not isinstance(marker, str) or not _MARKER.fullmatch(marker):
        raise InputError(
            "once",
            f"{marker!r} is not a marker",
            "4 to 64 letters, digits, dots, colons or hyphens, such as 'order-4711'",
        )
    mark = f"[{marker}]"
    return value if mark in value else f"{value.rstrip()}{gap}{mark}"


def marked_body(name: str, value: str, marker: str | None) -> str:
    """The text of a message, with its marker in the last line where there is one."""
    return text(name, value) if marker is None else marked(name, value, marker, "\n\n")

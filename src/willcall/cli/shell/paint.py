"""Colour, where somebody looks and has not said no: https://no-color.org."""

from __future__ import annotations

import os
import sys
from typing import TextIO

_CODES = {"green": 32, "yellow": 33, "red": 31, "dim": 2, "bold": 1}


def coloured(stream: TextIO | None = None) -> bool:
    """Whether a stream (stdout, if none is named) is a terminal that may be given colours."""
    stream = stream or sys.stdout
    refused = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not refused and stream.isatty()


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """The text in a colour (or ``dim``, ``bold``), or as it is where none may be given."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if coloured(stream) else text

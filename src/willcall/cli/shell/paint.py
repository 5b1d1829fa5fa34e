"""Colours, on a terminal and unless ``NO_COLOR`` is set: https://no-color.org."""

from __future__ import annotations

import os
import re
import sys
from typing import TextIO

_CODES = {"green": 32, "yellow": 33, "red": 31, "dim": 2, "bold": 1}

PAINTED = re.compile(r"(\x1b\[(?:0|1|2|31|32|33)m)")
"""What :func:`paint` writes around a text."""


def coloured(stream: TextIO | None = None) -> bool:
    """Whether a stream (by default stdout) is a terminal that shows colours."""
    stream = stream or sys.stdout
    refused = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return not refused and stream.isatty()


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Text in a colour (or ``dim``, ``bold``); unchanged where colours are off."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if coloured(stream) else text

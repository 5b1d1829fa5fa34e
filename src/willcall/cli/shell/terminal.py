"""The one door to the terminal: whatever is printed or asked goes through it.

Titles, subjects and names come from others, and what a terminal takes for a command must not be
among them: control characters of either set (C0 and C1), and marks that turn the direction of a
line. From text they are taken out; in JSON they are escaped, so that a program reads what was sent.

A test forbids any other module of the command line to write by itself.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from typing import Any

import typer

from .paint import PAINTED, coloured

_ODD = re.compile(r"[^\x20-\x7e\n\t]")
_ODD_IN_JSON = re.compile(r"[^\x20-\x7e\n]")
_CONTROL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def _kept(found: re.Match[str]) -> str:
    return "" if unicodedata.category(found[0]) in _CONTROL else found[0]


def _escaped(found: re.Match[str]) -> str:
    if unicodedata.category(found[0]) not in _CONTROL:
        return found[0]
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def harmless(text: str) -> str:
    """Text of any number of lines without control characters."""
    return _ODD.sub(_kept, text)


def own(text: str) -> str:
    """The same, with the colours of :func:`~willcall.cli.shell.paint.paint` if colours are on."""
    colours = coloured()
    parts = PAINTED.split(text)
    return "".join(
        part if place % 2 and colours else "" if place % 2 else harmless(part)
        for place, part in enumerate(parts)
    )


def say(text: str = "", *, end: str = "\n") -> None:
    """Print lines on stdout: data."""
    typer.echo(own(text) + end, nl=False)


def aside(text: str, *, end: str = "\n") -> None:
    """Print lines on stderr: everything that is not data. It has no colours."""
    typer.echo(harmless(text) + end, err=True, nl=False)


def as_json(value: Any, *, err: bool = False) -> None:
    """Print plain data as JSON on a line."""
    import orjson  # commands that fail early need not wait for it

    json_text(orjson.dumps(value).decode() + "\n", err=err)


def json_text(text: str, *, err: bool = False) -> None:
    """Print what is JSON already."""
    typer.echo(_ODD_IN_JSON.sub(_escaped, text), err=err, nl=False)


def ask(question: str, *, default: str | None = None, hidden: bool = False) -> str:
    """Ask on stderr, and return the answer without blanks around it."""
    answer = typer.prompt(
        harmless(question),
        default=None if default is None else harmless(default),
        hide_input=hidden,
        show_default=bool(default),
        err=True,
    )
    return str(answer).strip()


def redraw(text: str, *, before: str = "") -> None:
    """Write a screen that was printed into a buffer through this door, at once.

    ``before`` is a sequence of our own that moves the cursor.
    """
    sys.stdout.write(before + text)
    sys.stdout.flush()


def close() -> None:
    """Print nothing more on stdout: its reader is gone."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)

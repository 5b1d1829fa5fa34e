"""How results are printed: data on stdout, everything else on stderr."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Sequence
from typing import Any

from ...bridge.templates.rendering import plain
from ...client.model import data
from ...client.redact import scrub
from ...errors import ApiError, AuthenticationError, NotFoundError, WillcallError
from . import logs, screen, terminal

# -- data -------------------------------------------------------------------------------------


def as_json(value: Any) -> None:
    """Print one JSON object on one line."""
    terminal.as_json(data(value))


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table. On a terminal it is no wider than the terminal; elsewhere nothing is cut."""
    cells = [[plain(str(cell if cell is not None else "-")) for cell in row] for row in rows]
    if screen.is_terminal():
        screen.table(head, cells)
        return
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    for row in ([*head], *cells):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminal.say(line.rstrip())


def count(number: int, noun: str) -> str:
    """``1 event``, ``2 events``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


# -- everything else --------------------------------------------------------------------------


def aside(text: str) -> None:
    """Print a line that is not data."""
    if logs.machine():
        logs.line("warning", text)
    else:
        terminal.aside(text)


_LISTS = {"event": "events", "ticket": "tickets", "customer": "customers"}
_CALL = re.compile(r"\b(events|tickets|messages|customers)\.(\w+)\([^)]*\)")


def _as_command(call: re.Match[str]) -> str:
    """A call of the Python API, as a command."""
    return f"`willcall {call[1]} {call[2].replace('_', '-')}`"


def error_text(error: WillcallError) -> str:
    """An error in words, with what to do about it on the command line. Keys are redacted."""
    hint = ""
    if isinstance(error, ApiError) and error.retry_after is not None:
        hint = f"; try again in {error.retry_after:.0f} s"
    if isinstance(error, AuthenticationError):
        hint = "; replace the key in the configuration or in the environment"
    if isinstance(error, NotFoundError):
        known = next((_LISTS[name] for name in error.about if name in _LISTS), None)
        hint = f"; `willcall {known} list` shows what exists" if known else ""
    return _CALL.sub(_as_command, scrub(str(error))) + hint


def error_data(error: WillcallError | None) -> Any:
    """An error as JSON data."""
    return None if error is None else {"type": type(error).__name__, "message": scrub(str(error))}


def trouble(name: str, error: WillcallError) -> None:
    """Print an error about a box office or its desk; with ``--debug``, where it comes from."""
    if error.__cause__ is not None and logs.debugging():
        aside(scrub("".join(traceback.format_exception(error.__cause__))))
    aside(f"{name}: {error_text(error)}")

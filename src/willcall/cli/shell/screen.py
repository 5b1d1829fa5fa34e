"""Lines and tables that fit the terminal.

A pipe has no width: there lines are not folded and cells are not cut, so that output that is read
by a program never depends on the size of a window. Colours repeat what words say.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence

from . import terminal
from .paint import coloured

_STATUS = {
    "PUBLISHED": "green",
    "SOLD_OUT": "yellow",
    "CANCELLED": "red",
    "open": "yellow",
    "pending": "yellow",
    "resolved": "green",
    "dead": "red",
}
"""Words that are coloured when they fill a cell of a table."""

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_TRAILING = re.compile(rf"(?: |{_ESCAPE.pattern})+$")
_LEAD = re.compile(r"^\s*(?P<bar>[|│]\s*)?(?:- )?")


def is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def width() -> int | None:
    """The width of the terminal in columns, or None without one. ``$COLUMNS`` takes precedence."""
    return max(20, shutil.get_terminal_size().columns) if is_terminal() else None


def line(text: str = "", hang: int = 2) -> None:
    """Print lines. On a terminal, a long line is folded, its rest indented by ``hang`` columns."""
    text = terminal.own(text)
    columns = width()
    if columns is None:
        terminal.say(text)
        return
    for whole in text.split("\n"):
        for part in fold(whole, columns, hang):
            terminal.say(part)


def fold(text: str, columns: int, hang: int = 2) -> Iterator[str]:
    """Fold a line at blanks into parts that fit.

    A word that does not fit stays whole, so that an address can still be copied. Wide characters
    count as two columns. After a bar (``| text``) every part begins with the bar.
    """
    if _length(text) <= columns:
        yield text
        return
    found = _LEAD.match(text)
    lead = found[0] if found else ""
    inside = found is not None and found["bar"] is not None
    rest = lead.replace("- ", "  ") + ("" if inside else " " * hang)
    room, start = columns, lead
    now, empty = start, True
    for word in re.findall(r"\S+\s*", text[len(lead) :]):
        if not empty and _length(now + word.rstrip()) > room:
            yield now.rstrip()
            now, empty = rest, True
        now += word
        empty = False
    yield now.rstrip()


def _length(text: str) -> int:
    """How many columns a text takes, escape sequences not counted."""
    from rich.cells import cell_len

    return cell_len(_ESCAPE.sub("", text))


def table(head: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print a table as wide as the terminal; text that does not fit is folded in its column."""
    # Imported only here: commands without a terminal need not wait for it.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = width() or 80
    # NO_COLOR and TERM are read in one place, for everything that is printed.
    colours = coloured()
    console = Console(
        file=sys.stdout, width=columns, force_terminal=colours,
        color_system="standard" if colours else None,
        highlight=False, legacy_windows=False,
    )  # fmt: skip
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, name in enumerate(head):
        # Names are copied into the next command: they are folded last.
        longest = max((len(row[place]) for row in cells), default=0)
        keep = place == 0 and longest <= columns // 2
        drawn.add_column(Text(name), overflow="fold", no_wrap=keep)
    for row in cells:
        drawn.add_row(*(Text(cell, style=_STATUS.get(cell, "")) for cell in row))
    with console.capture() as shown:
        console.print(drawn)
    for text in shown.get().splitlines():
        terminal.say(_TRAILING.sub(_escapes, text))


def _escapes(trailing: re.Match[str]) -> str:
    """The escape sequences at the end of a line, without the blanks."""
    return trailing[0].replace(" ", "")

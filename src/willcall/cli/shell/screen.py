"""What a terminal can show: how wide it is, whether it has colours, lines and tables that fit it.

A pipe has no width: there every line is whole and every cell uncut, so that what is read by a
program never depends on the window it was started from. Colours say nothing that words do not.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Sequence

import typer

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
"""The few words that have a colour, wherever they are all that a cell says."""

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
_TRAILING = re.compile(rf"(?: |{_ESCAPE.pattern})+$")
_LEAD = re.compile(r"^\s*(?P<bar>[|│]\s*)?(?:- )?")


def is_terminal() -> bool:
    """Whether somebody looks at stdout, rather than a program or a file."""
    return sys.stdout is not None and sys.stdout.isatty()


def width() -> int | None:
    """How many columns there are; None where nobody counts them. ``$COLUMNS`` rules."""
    return max(20, shutil.get_terminal_size().columns) if is_terminal() else None


def line(text: str = "", hang: int = 2) -> None:
    """A line, or several; on a terminal one that is too long goes on below, ``hang`` further in."""
    columns = width()
    if columns is None:
        typer.echo(text)
        return
    for whole in text.split("\n"):
        for part in fold(whole, columns, hang):
            typer.echo(part)


def fold(text: str, columns: int, hang: int = 2) -> Iterator[str]:
    """A line in parts that fit, cut at blanks; a word that does not fit stays whole, so that an
    address can still be copied. Wide characters count as two. Behind a bar (``| text``) the bar is
    all the indentation there is."""
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
    """How many columns a text takes; colours take none."""
    from rich.cells import cell_len

    return cell_len(_ESCAPE.sub("", text))


def table(head: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Columns that fit the terminal; what does not fit goes on below, in its column."""
    # Only here: what runs unseen should not wait for it.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = width() or 80
    # The environment was asked already (NO_COLOR, TERM), in one place for all that is shown.
    colours = coloured()
    console = Console(
        file=sys.stdout, width=columns, force_terminal=colours,
        color_system="standard" if colours else None,
        highlight=False, legacy_windows=False,
    )  # fmt: skip
    drawn = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, name in enumerate(head):
        # Names are copied into the next command: they are the last to be cut.
        longest = max((len(row[place]) for row in cells), default=0)
        keep = place == 0 and longest <= columns // 2
        drawn.add_column(Text(name), overflow="fold", no_wrap=keep)
    for row in cells:
        drawn.add_row(*(Text(cell, style=_STATUS.get(cell, "")) for cell in row))
    with console.capture() as shown:
        console.print(drawn)
    for one in shown.get().splitlines():
        typer.echo(_TRAILING.sub(_escapes, one))


def _escapes(trailing: re.Match[str]) -> str:
    """The end of a line without its blanks."""
    return trailing[0].replace(" ", "")

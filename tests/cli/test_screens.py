"""What people see on a terminal: a page per group of commands, and what holds for every screen.

The pages are in ``screens/``, 80 columns wide and without colours. ``WILLCALL_GOLDEN=write`` writes
them; read the difference.
"""

import contextlib
import fcntl
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from support.terminal import ESCAPE, Screen, Terminal, opened
from support.waiting import HANGS
from willcall.cli.shell.commands import TABLE

PAGES = Path(__file__).parent / "screens"
PLAY, LAUGHS = "the-cherry-orchard", "late-laughs-with-priya-raman"
QUARTET = "quartet-halloran-late-beethoven"
WHY = ("--reason", "the seating plan is being redone, and half of the balcony goes")
REPLY = (
    "Thanks! We tell everybody who bought a ticket that it is off, and that the money goes back to "
    "their cards within a week."
)
RULE = """
[[rule]]
id = "gala"
when = ["event.sold_out", "ticket_type.low_stock"]
if = { event_name_contains = "gala", starts_within = "14d" }
ticket = { tags = ["gala"], subject = "Gala: {{ summary }}" }
"""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A silenced sell-out, a cancellation, a dead letter; an event has moved since the last run."""
    with opened(tmp_path_factory.mktemp("night")) as house:
        house.configure(RULE)
        box_office, desk = house.sandbox.boxoffice, house.sandbox.desk
        house("run")
        house("silence", "add", "--event", "cherry", "--until", "2h", "--author", "Ana", *WHY)
        box_office.sell_out(PLAY)
        box_office.cancel(LAUGHS)
        house("run")
        ticket = desk.tickets[0].id
        desk.reply(ticket, REPLY)
        house.sandbox.faults.add("status", service="ticket0", method="POST", status=400)
        box_office.sell_out("open-mic-wednesday")
        house("run")
        house.sandbox.faults.clear()
        box_office.reschedule(QUARTET, days=7)
        yield house


def _ticket(house: Terminal) -> str:
    return house.sandbox.desk.tickets[0].id


SCREENS: dict[str, tuple[tuple[str, ...], ...]] = {
    "begin": (("doctor",),),
    "daily": (
        ("plan",),
        ("status",),
        ("log",),
        ("silence", "list"),
        ("release", "--list"),
        ("dead", "list"),
    ),
    "rules": (
        ("check",),
        ("preview", "--rule", "gala"),
        ("explain", PLAY),
        ("explain", LAUGHS),
    ),
    "apis": (
        ("events", "list"),
        ("events", "get", PLAY),
        ("events", "ticket-types", "tannery-sessions-imogen-vale"),
        ("events", "availability", PLAY),
        ("tickets", "list"),
        ("tickets", "get", "TICKET"),
        ("messages", "list", "TICKET"),
        ("customers", "list"),
    ),
    "maintenance": (("db", "check"),),
}
"""The commands of each page. ``TICKET`` is the ticket about the cancellation."""

COMMANDS = [words for page in SCREENS.values() for words in page]
every_command = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)


def _typed(house: Terminal, words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(house.sandbox.desk.tickets[0].id if word == "TICKET" else word for word in words)


def _page(house: Terminal, commands: tuple[tuple[str, ...], ...]) -> str:
    parts = []
    for words in commands:
        typed = _typed(house, words)
        shown = house.screen(typed, 80, colour=False)
        parts.append(f"$ willcall {shlex.join(typed)}\n{shown}")
    page = "\n".join(parts)
    # The version of the ledger grows with its migrations, the count of requests with each screen.
    page = re.sub(r"version \d{4}", "version ####", page)
    page = re.sub(r"\d+ of 60 requests", "## of 60 requests", page)
    return re.sub(r"((?:TicketSmart \(main-room\)|Ticket0) +)\d+ +(?=60)", r"\1##  ", page)


def _letters(text: str) -> list[str]:
    """What a screen says, without blanks and without the bar that begins each folded line."""
    return sorted(re.sub(r"[\s|│]", "", text))


@pytest.mark.parametrize("group", SCREENS)
def test_a_page_is_as_it_was(night: Terminal, group: str) -> None:
    """Word for word."""
    path, page = PAGES / f"{group}.txt", _page(night, SCREENS[group])
    if os.environ.get("WILLCALL_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, "utf-8")
    assert page == path.read_text("utf-8"), "WILLCALL_GOLDEN=write writes it: read the difference"


def test_every_group_that_prints_has_a_page() -> None:
    """The others, ``tryout`` and ``help``, print no facts of an installation."""
    groups = {row.module.partition(".")[0] for row in TABLE}
    assert groups - SCREENS.keys() == {"tryout", "help"}


@every_command
def test_no_line_is_wider_than_the_terminal_and_none_is_cut(
    night: Terminal, words: tuple[str, ...]
) -> None:
    """At 80 columns, every letter of a terminal that is wide enough for everything is there."""
    typed = _typed(night, words)
    shown = night.screen(typed, 80, colour=False)
    _fits(shown, 80)
    assert _letters(shown) == _letters(night.screen(typed, 1000, colour=False))


@every_command
def test_colours_say_nothing_that_words_do_not(night: Terminal, words: tuple[str, ...]) -> None:
    """Without the escape sequences, both screens are the same."""
    typed = _typed(night, words)
    plain = night.screen(typed, 80, colour=False)
    assert ESCAPE.sub("", night.screen(typed, 80, colour=True)) == plain
    assert "\x1b" not in plain


@every_command
def test_a_pipe_gets_every_word_uncut_and_uncoloured(
    night: Terminal, words: tuple[str, ...]
) -> None:
    """However narrow the window is in which the command was typed."""
    typed = _typed(night, words)
    with night.patch.context() as only:
        only.setenv("COLUMNS", "40")
        piped = night(*typed)
    assert "\x1b" not in piped
    assert piped.split() == night.screen(typed, 1000, colour=False).split()


@every_command
def test_no_screen_shows_a_key(night: Terminal, words: tuple[str, ...]) -> None:
    """On stdout or on stderr."""
    _, printed = night.typed(_typed(night, words), Screen(), errors=True)
    assert printed
    for key in (night.sandbox.ticketsmart_key, night.sandbox.ticket0_key):
        assert key not in printed
        assert key[-8:] not in printed


def _fits(text: str, columns: int) -> None:
    assert [line for line in text.splitlines() if cell_len(line) > columns] == []
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("columns", [20, 33, 60])
@pytest.mark.parametrize("group", ["events", "tickets", "customers"])
def test_a_table_fits_a_narrow_terminal_too(night: Terminal, group: str, columns: int) -> None:
    """Every letter of every cell is there."""
    shown = night.screen((group, "list"), columns, colour=False)
    _fits(shown, columns)
    assert _letters(shown) == _letters(night.screen((group, "list"), 1000, colour=False))


def test_a_real_terminal_is_measured(night: Terminal) -> None:
    """A process of its own, on a pseudo-terminal of 60 columns."""
    above, below = pty.openpty()
    fcntl.ioctl(below, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    process = subprocess.Popen(
        [sys.executable, "-m", "willcall", "events", "list"],
        stdout=below, env={**environment, "TERM": "xterm", "NO_COLOR": "1"},
    )  # fmt: skip
    os.close(below)
    output = b""
    with contextlib.suppress(OSError):  # the end of a pseudo-terminal
        while piece := os.read(above, 65536):
            output += piece
    os.close(above)
    assert process.wait(timeout=HANGS) == 0
    shown = output.decode().replace("\r\n", "\n")
    assert shown == night.screen(("events", "list"), 60, colour=False)
    _fits(shown, 60)


def test_a_terminal_without_colours_gets_none(night: Terminal) -> None:
    """``TERM=dumb``; an empty ``NO_COLOR`` says nothing (no-color.org)."""
    with night.patch.context() as only:
        only.setenv("TERM", "dumb")
        only.delenv("NO_COLOR", raising=False)
        assert "\x1b" not in night.typed(("events", "list"), Screen())[1]
        only.setenv("TERM", "xterm")
        only.setenv("NO_COLOR", "")
        assert "\x1b" in night.typed(("events", "list"), Screen())[1]

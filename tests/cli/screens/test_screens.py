"""What people see, kept in golden/: every command that shows something, at 80 and 120 columns.

A file holds the screen in colour, with ``<1>`` for the escape that makes bold; without colour it
must be the same but for those. ``WILLCALL_GOLDEN=write`` writes the files anew: look at them.
"""

import contextlib
import fcntl
import os
import pty
import re
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

GOLDEN = Path(__file__).parent / "golden"
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


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Terminal]:
    """After its baseline."""
    with opened(tmp_path) as house:
        house.configure(RULE)
        assert "baseline" in house("run")
        yield house


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """After a silenced sell-out and a cancellation; a move is news, and a letter is dead."""
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


SCREENS: dict[str, tuple[str, ...]] = {
    "events-list": ("events", "list"),
    "events-get": ("events", "get", PLAY),
    "events-ticket-types": ("events", "ticket-types", "tannery-sessions-imogen-vale"),
    "events-availability": ("events", "availability", PLAY),
    "tickets-list": ("tickets", "list"),
    "tickets-get": ("tickets", "get", "TICKET"),
    "messages-list": ("messages", "list", "TICKET"),
    "customers-list": ("customers", "list"),
    "plan": ("plan",),
    "log": ("log",),
    "explain": ("explain", PLAY),
    "explain-a-ticket": ("explain", LAUGHS),
    "silence-list": ("silence", "list"),
    "dead-list": ("dead", "list"),
    "check": ("check",),
    "status": ("status",),
    "doctor": ("doctor",),
    "preview": ("preview", "--rule", "gala"),
}


def _compare(name: str, house: Terminal, words: tuple[str, ...], columns: int) -> None:
    colourful = house.screen(words, columns, colour=True)
    # The ledger's version moves with each migration, which has tests of its own.
    kept = re.sub(r"version \d{4}", "version ####", ESCAPE.sub(r"<\1>", colourful))
    # What was spent depends on which screens were looked at before.
    kept = re.sub(r"\d+ of 60 requests", "## of 60 requests", kept)
    kept = re.sub(r"(TicketSmart \(main-room\)  )\d+ +", r"\1## ", kept)
    _keep(f"{name}.{columns}.txt", kept)
    _fits(ESCAPE.sub("", colourful), columns)


def _keep(file: str, said: str) -> None:
    path = GOLDEN / file
    if os.environ.get("WILLCALL_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(said, "utf-8")
    assert said == path.read_text("utf-8"), "WILLCALL_GOLDEN=write writes it anew: look at it"


def _fits(said: str, columns: int) -> None:
    assert [line for line in said.splitlines() if cell_len(line) > columns] == []
    assert [line for line in said.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_as_it_was(night: Terminal, name: str, columns: int) -> None:
    """In colour as it is kept, without colour the same words, and never wider than the terminal."""
    words = tuple(_ticket(night) if word == "TICKET" else word for word in SCREENS[name])
    _compare(name, night, words, columns)
    plain = night.screen(words, columns, colour=False)
    assert ESCAPE.sub("", night.screen(words, columns, colour=True)) == plain
    assert "\x1b" not in plain


@pytest.mark.parametrize("name", SCREENS)
def test_a_pipe_gets_every_word_uncut_and_uncoloured(night: Terminal, name: str) -> None:
    """However narrow the window is that the command was typed in."""
    words = tuple(_ticket(night) if word == "TICKET" else word for word in SCREENS[name])
    with night.patch.context() as only:
        only.setenv("COLUMNS", "40")
        piped = night(*words)
    assert "\x1b" not in piped
    wide = night.screen(words, 1000, colour=False)
    assert piped.split() == wide.split()


@pytest.mark.parametrize("columns", [80, 120])
def test_a_run_is_shown_as_it_was(quiet: Terminal, columns: int) -> None:
    """What it found, and what it did about it."""
    quiet.sandbox.boxoffice.sell_out(PLAY)
    quiet.sandbox.boxoffice.cancel(LAUGHS)
    _compare("run", quiet, ("run",), columns)


@pytest.mark.parametrize("columns", [20, 33, 60])
@pytest.mark.parametrize("name", ["events-list", "tickets-list", "customers-list"])
def test_a_table_fits_a_narrow_terminal_too(night: Terminal, name: str, columns: int) -> None:
    """Whatever is in it: every letter of every cell is there."""
    shown = night.screen(SCREENS[name], columns, colour=False)
    _fits(shown, columns)
    wide = night.screen(SCREENS[name], 1000, colour=False)
    assert sorted(re.sub(r"\s", "", shown)) == sorted(re.sub(r"\s", "", wide))


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
    said = b""
    with contextlib.suppress(OSError):  # the end of a pseudo-terminal
        while piece := os.read(above, 65536):
            said += piece
    os.close(above)
    assert process.wait(timeout=HANGS) == 0
    shown = said.decode().replace("\r\n", "\n")
    assert shown == night.screen(("events", "list"), 60, colour=False)
    _fits(shown, 60)


def test_a_terminal_without_colours_gets_none(night: Terminal) -> None:
    """``TERM=dumb``; an empty ``NO_COLOR`` says nothing (no-color.org)."""
    with night.patch.context() as only:
        only.setenv("TERM", "dumb")
        only.delenv("NO_COLOR", raising=False)
        assert "\x1b" not in night.typed(SCREENS["events-list"], Screen())[1]
        only.setenv("TERM", "xterm")
        only.setenv("NO_COLOR", "")
        assert "\x1b" in night.typed(SCREENS["events-list"], Screen())[1]

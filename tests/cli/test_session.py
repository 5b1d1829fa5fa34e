"""A whole session at a real terminal."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from support.shell import VARIABLES
from support.waiting import HANGS
from willcall.sandbox import Sandbox, serve
from willcall.sandbox.server import Served

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07)")


class Terminal:
    """A home, and the commands that are typed in it."""

    def __init__(self, home: Path, columns: int = 100) -> None:
        self.home, self.columns = home, columns
        self.variables = {name: of for name, of in os.environ.items() if name not in VARIABLES}
        self.variables |= {"HOME": str(home), "TERM": "xterm-256color", "COLUMNS": str(columns)}
        self.variables.pop("NO_COLOR", None)

    def type(self, *words: str) -> Any:
        """Begin ``willcall words…``."""
        return pexpect.spawn(
            sys.executable,
            ["-m", "willcall", *words],
            cwd=self.home,
            env=self.variables,
            encoding="utf-8",
            timeout=HANGS,
            dimensions=(40, self.columns),
        )

    def ends(self, process: Any, code: int = 0) -> str:
        """The end of a command, and all that it has shown, as it was painted."""
        process.expect(pexpect.EOF)
        shown = str(process.before)
        process.close()
        assert process.exitstatus == code, shown
        return shown.replace("\r\n", "\n")


@pytest.fixture
def served() -> Iterator[Served]:
    """Both services, as `willcall sandbox` has them."""
    with serve(Sandbox()) as served:
        yield served


def plain(text: str) -> str:
    """Text as it reads, without its paint."""
    return _ANSI.sub("", text)


def test_a_newcomer_is_at_home(served: Served, tmp_path: Path) -> None:
    """From two keys to an open ticket, and a page about it."""
    terminal = Terminal(tmp_path)
    terminal.variables["TICKETSMART_BASE_URL"] = served.ticketsmart_url
    terminal.variables["TICKET0_BASE_URL"] = served.ticket0_url
    desk = served.sandbox.desk
    asked = desk.create_ticket("Is there parking?", "guest@example.com", "inb_01abc", "Hello")
    desk.reply(asked.id, "There is.")

    # -- init: keys that are not shown, a first one mistyped, answers that are offered
    process = terminal.type("init")
    process.expect("TicketSmart API key")
    process.sendline("ts_sk_live_mistyped")
    process.expect("TicketSmart API key")
    process.sendline(served.sandbox.ticketsmart_key)
    process.expect("Ticket0 API key")
    process.sendline(served.sandbox.ticket0_key)
    process.expect("box office called.*main-room")
    process.sendline("")
    process.expect("Which inbox.*inb_01abc")
    process.sendline("")
    process.expect("keys kept.*file")
    process.sendline("")
    process.expect("Whom do the tickets concern")
    process.sendline("organiser@example.com")
    process.expect("seen in its tickets: .*boxoffice@example.com")
    process.expect("Which address")
    process.sendline("boxoffice@example.com")
    shown = plain(terminal.ends(process))
    assert "main-room: baseline of 10 events taken" in shown
    assert "main-room: nothing new" in shown
    assert "* * * * *  cd " in shown
    assert {file.name for file in tmp_path.iterdir()} >= {
        "willcall.toml", "willcall.db", "ticketsmart.key", "ticket0.key"
    }  # fmt: skip

    # -- nothing in between; then something happens, and a plan shows it word for word
    served.sandbox.boxoffice.sell_out("the-cherry-orchard")
    planned = plain(terminal.ends(terminal.type("plan")))
    assert "Sold out: The Cherry Orchard" in planned
    assert len(desk.tickets) == 1

    # -- run
    ran = plain(terminal.ends(terminal.type("run")))
    (ticket,) = (ticket for ticket in desk.tickets if ticket.id != asked.id)
    assert f"opened {ticket.id}" in ran

    # -- status, once and painted anew
    shown = plain(terminal.ends(terminal.type("status")))
    assert ticket.id in shown
    assert "1 open, 0 held" in shown
    process = terminal.type("status", "--watch", "--every", "0.2")
    process.expect(ticket.id)
    process.expect(re.escape("\x1b[H\x1b[2J"))  # painted a second time
    process.expect(ticket.id)
    process.sendintr()
    shown = terminal.ends(process)
    assert shown.endswith("\x1b[?25h"), "the cursor is there again"

    # -- doctor, in colours
    shown = terminal.ends(terminal.type("doctor"))
    assert "\x1b[32mok" in shown
    assert "0 wrong" in plain(shown)
    terminal.variables["NO_COLOR"] = "1"
    assert "\x1b" not in terminal.ends(terminal.type("doctor", "--offline"))

    # -- report: a page that tells of it
    terminal.ends(terminal.type("report", "--since", "7d", "-o", "week.html"))
    assert ticket.id in (tmp_path / "week.html").read_text("utf-8")


def test_a_long_wait_is_counted_down_and_taken_away_again(served: Served, tmp_path: Path) -> None:
    """On a terminal; what was waited for, in words."""
    terminal = Terminal(tmp_path)
    terminal.variables |= {
        "TICKETSMART_API_KEY": served.sandbox.ticketsmart_key,
        "TICKET0_API_KEY": served.sandbox.ticket0_key,
        "TICKETSMART_BASE_URL": served.ticketsmart_url,
        "TICKET0_BASE_URL": served.ticket0_url,
    }
    process = terminal.type(
        "init", "--no-input", "--inbox", "inb_01abc", "--customer-email", "a@example.com"
    )
    terminal.ends(process)
    served.sandbox.faults.add(
        "status", service="ticketsmart", status=429, headers={"Retry-After": "1"}, count=1
    )
    process = terminal.type("run")
    process.expect("main-room: reading events")
    process.expect("waiting 1 s for the rate limit")
    shown = plain(terminal.ends(process))
    assert shown.rstrip().endswith("main-room: 10 events, nothing new")
    # Quiet is quiet, and the log is for machines.
    for words in (("run", "-q"), ("run", "--log-format", "json")):
        served.sandbox.faults.add(
            "status", service="ticketsmart", status=429, headers={"Retry-After": "1"}, count=1
        )
        shown = terminal.ends(terminal.type(*words))
        assert "\x1b" not in shown
        assert ("trying again in" in shown) is ("json" in words)

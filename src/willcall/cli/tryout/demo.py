"""``willcall demo``: a night of sales on the sandbox, and the support tickets it opens."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ...errors import InputError
from ..shell import terminal

if TYPE_CHECKING:
    from ...sandbox.desk import Message, Ticket
    from ...sandbox.server import Served

_CUSTOMER = "organiser@example.com"

_CONFIG = """\
[[box_office]]
name = "main-room"
base_url = "{ticketsmart}"

[desk]
base_url = "{ticket0}"
customer_email = "{customer}"
from_address = "{sender}"
"""


def demo() -> int:
    """Play a night of sales on stand-ins for both services. No keys; nothing leaves this machine.

    Between the steps `willcall run` is called, as cron would call it.

    \b
    Examples:
      willcall demo
    """
    try:
        from ...sandbox import Sandbox
        from ...sandbox.server import serve
    except ModuleNotFoundError as error:
        raise InputError(
            "demo", f"{error.name} is not installed", "pip install 'willcall[sandbox]'"
        ) from None
    with serve(Sandbox()) as served, tempfile.TemporaryDirectory(prefix="willcall-") as folder:
        return _Night(served, Path(folder)).play()


class _Night:
    """The steps: each changes the box office, runs the bridge, and shows the new tickets."""

    def __init__(self, served: Served, folder: Path) -> None:
        self._served = served
        self._box_office = served.sandbox.boxoffice
        self._desk = served.sandbox.desk
        self._folder = folder
        self._shown: dict[str, int] = {}
        self._scene = 0
        self._worst = 0
        self._write_config()

    def play(self) -> int:
        """Play all steps; returns 0 if everything went as it should."""
        box_office = self._box_office
        play, sampler = "the-cherry-orchard", "late-laughs-with-priya-raman"
        quartet, club = "quartet-halloran-late-beethoven", "nachtschicht-live-elektronik"
        terminal.say(
            f"TicketSmart and Ticket0 stand-ins are up on {self._served.url}; "
            "nothing leaves this machine."
        )
        with self._scene_of("A quiet afternoon. The first run takes a baseline and alerts nobody."):
            pass
        with self._scene_of("The Cherry Orchard sells its last seats."):
            box_office.sell_out(play)
        with self._scene_of(
            "Late Laughs is cancelled. Ticket0 opens the ticket, but the connection breaks before\n"
            "   it can answer. The bridge looks its ticket up and does not open a second one."
        ):
            box_office.cancel(sampler)
            self._served.sandbox.faults.add(
                "lost_response", service="ticket0", method="POST", path="/tickets", count=1
            )
        with self._scene_of("The quartet moves to another date."):
            box_office.reschedule(quartet, days=7)
        with self._scene_of(
            "Somebody tries to remove the Early Bird tickets, but some have been sold.",
            "events", "remove-ticket-type", club, "Early Bird", "--yes", expect=3,
        ):  # fmt: skip
            pass
        with self._scene_of("The Cherry Orchard opens the second balcony: back on sale."):
            box_office.restock(play, "Balcony", 24)
        with self._scene_of("Nothing more happens. Another run does nothing."):
            pass
        return self._end()

    @contextmanager
    def _scene_of(self, title: str, *command: str, expect: int = 0) -> Iterator[None]:
        self._scene += 1
        terminal.say("\n" + _bold(f"{self._scene}. {title}"))
        yield
        self._bridge(*(command or ("run",)), expect=expect)
        self._show_news()

    # -- the bridge, as cron runs it ----------------------------------------------------------

    def _write_config(self) -> None:
        inbox = self._desk.inboxes[0]
        (self._folder / "willcall.toml").write_text(
            _CONFIG.format(
                ticketsmart=self._served.ticketsmart_url,
                ticket0=self._served.ticket0_url,
                customer=_CUSTOMER,
                sender=inbox.addresses[0],
            ),
            "utf-8",
        )

    def _bridge(self, *command: str, expect: int) -> None:
        shown = " ".join(f'"{word}"' if " " in word else word for word in command)
        terminal.say(_dim(f"   $ willcall {shown}"))
        box = self._served.sandbox
        ended = subprocess.run(  # noqa: S603 - our own command line, with words of ours
            [sys.executable, "-m", "willcall", *command],
            cwd=self._folder,
            env={
                **os.environ,
                "TICKETSMART_API_KEY": box.ticketsmart_key,
                "TICKET0_API_KEY": box.ticket0_key,
                "WILLCALL_CONFIG": "willcall.toml",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        terminal.say(_indented(ended.stdout, "   "))
        if ended.returncode != expect:
            terminal.say(f"   exit code {ended.returncode}, and not {expect}")
            self._worst = 1

    # -- what the support team sees -----------------------------------------------------------

    def _show_news(self) -> None:
        for ticket in self._desk.tickets:
            shown = self._shown.get(ticket.id, 0)
            fresh = ticket.messages[shown:]
            if not fresh:
                continue
            self._shown[ticket.id] = len(ticket.messages)
            self._show_ticket(ticket, fresh, is_new=shown == 0)

    def _show_ticket(self, ticket: Ticket, fresh: list[Message], *, is_new: bool) -> None:
        terminal.say()
        terminal.say(f"   ┌ {ticket.id} · {_bold(ticket.status)} · tags {', '.join(ticket.tags)}")
        terminal.say(f"   │ {_bold(ticket.subject)}")
        for number, message in enumerate(fresh):
            terminal.say("   │")
            if not (is_new and number == 0):
                to = "an internal note" if message.is_note else f"e-mail to {_CUSTOMER}"
                terminal.say(_dim(f"   │ {to}:"))
            terminal.say(_indented(message.body, "   │ "))
        terminal.say("   └")

    def _end(self) -> int:
        tickets = self._desk.tickets
        subjects = {ticket.subject for ticket in tickets}
        resolved = sum(ticket.status == "resolved" for ticket in tickets)
        if len(tickets) != 5 or len(subjects) != 5 or resolved != 1:
            self._worst = 1
        runs, requests = self._scene, len(self._served.sandbox.requests)
        us = _command()
        terminal.say(f"""
{_bold("That was the main job.")} {runs} runs, {requests} requests, {len(tickets)} support tickets,
{resolved} of them resolved again, none opened twice.

Try next:
  {us} sandbox --port 8080        both services, to play with; prints keys and a willcall.toml
  {us} plan                       what a run would do, word for word
  {us} run                        what cron runs
  {us} events list                TicketSmart by hand
  {us} tickets list --tag willcall
  {us} --help""")
        return self._worst


def _command() -> str:
    if shutil.which("willcall"):
        return "willcall"
    typed = Path(sys.argv[0])
    if typed.name == "__main__.py" or not typed.exists():
        return "python -m willcall"
    return os.path.relpath(typed)


def _styled(text: str, *, bold: bool = False, dim: bool = False) -> str:
    if os.environ.get("NO_COLOR"):
        return text
    return typer.style(text, bold=bold or None, dim=dim or None)


def _bold(text: str) -> str:
    return _styled(text, bold=True)


def _dim(text: str) -> str:
    return _styled(text, dim=True)


def _indented(text: str, by: str) -> str:
    return "\n".join(f"{by}{line}".rstrip() for line in text.rstrip().splitlines())

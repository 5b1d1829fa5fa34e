"""The bridge in virtual time: its flows, a ledger and the sandbox in one process, without sockets.

The bridge's own flows run in ``simulate`` against the sandbox's own logic, both on one clock, so
that an hour passes at once and a process can be ended at any step.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import attrs

from willcall.bridge.delivery.removals import Scheduled
from willcall.bridge.ledger import Ledger, open_ledger
from willcall.bridge.model.address import Address
from willcall.bridge.model.house import House
from willcall.bridge.model.policies import DeliveryPolicy
from willcall.bridge.model.rules import Rules, built_in_rules
from willcall.bridge.run import (
    Job,
    PassReport,
    Plan,
    plan_pass,
    release_held,
    report_removal_failure,
    run_pass,
)
from willcall.client.flow import Crash, Do, Effect, Flow, Request, Send, Sleep, World, simulate
from willcall.client.provider import open_account
from willcall.errors import ConnectionLostError, Reply, RequestTimeoutError
from willcall.sandbox import ManualClock, Sandbox
from willcall.sandbox.app import App
from willcall.sandbox.desk_settings import DeskYear
from willcall.sandbox.inprocess import Dropped, Late, call
from willcall.sandbox.settings import Switches
from willcall.simulation.ledgers import MemoryDatabase
from willcall.ticket0.desk import ADAPTER as DESK
from willcall.ticketsmart.box_office import ADAPTER as BOX_OFFICE

T = TypeVar("T")
START = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
ADDRESS = Address(
    customer_email="organiser@example.com",
    options={"inbox_id": "inb_01abc", "from_address": "boxoffice@example.com"},
    mails=True,
)

SETTLE = timedelta(seconds=30)
"""Shorter than usual: a minute passes between runs, so the next run may repeat an act."""

IN_MEMORY = "sqlite://?check_same_thread=false"
"""A ledger in memory. Any thread may close it, since garbage may be collected in any thread."""

_FREE: list[MemoryDatabase] = []
"""The databases in memory of bridges that are no more."""

__all__ = ["ADDRESS", "START", "Crash", "VirtualBridge", "boundaries"]


def boundaries(effects: Iterable[Effect]) -> list[int]:
    """Where a process may end so that what it leaves behind differs: before anything, and after
    each request, wait and step at the ledger.

    All else (reading a clock, drawing a number, computing) leaves no trace outside the process, so
    the moment before the next effect is the moment after the last one.
    """
    done = (n for n, effect in enumerate(effects) if isinstance(effect, Send | Do | Sleep))
    return [0, *(2 * n + 1 for n in done)]


class VirtualBridge:
    """The sandbox and a bridge on it; a minute passes between runs, as with cron.

    The ledger is in memory unless told otherwise: it outlives every simulated process all the same.
    """

    def __init__(
        self,
        folder: Path,
        *,
        season: bool | int = True,
        address: Address = ADDRESS,
        rules: Rules | None = None,
        polls: int = 25,
        switches: Switches | None = None,
        desk: DeskYear = "2025",
        ledger: str = IN_MEMORY,
    ) -> None:
        self.clock = ManualClock(START)
        self.sandbox = Sandbox(self.clock, season=season, desk=desk, **(switches or {}))
        self._app = App(self.sandbox)
        self.box_office = self.sandbox.boxoffice
        self.desk = self.sandbox.desk
        self.folder = folder
        rules = rules or Rules(rules=built_in_rules(address), default=address)
        self.rules = attrs.evolve(rules, services={"main-room": BOX_OFFICE.title})
        self.polls = polls
        self.removals: tuple[Scheduled, ...] = ()
        self.max_seconds = 50.0
        self.house = House(
            secret="the-secret-of-this-house", addresses=frozenset({address.customer_email})
        )
        self.delivery_policy = DeliveryPolicy(settle=SETTLE)
        self.stopping: Callable[[], bool] = lambda: False
        self.keys = {
            "ticketsmart": self.sandbox.ticketsmart_key,
            "ticket0": self.sandbox.ticket0_key,
        }
        self.ledger = self.open_ledger(ledger)
        self.world = World(self._carry)

    def open_ledger(self, url: str = IN_MEMORY, *, reading: bool = False) -> Ledger:
        """Open a ledger that is closed when this bridge is garbage collected."""
        if url == IN_MEMORY and not reading:
            return self._ledger_in_turn()
        ledger = open_ledger(url, self.folder, reading=reading)
        # Time is virtual here, and the clock of a real server cannot be put forward.
        ledger.clock = lambda now: now  # type: ignore[method-assign]
        weakref.finalize(self, ledger.close)
        return ledger

    def _ledger_in_turn(self) -> Ledger:
        """A new ledger in memory. Its database is another bridge's once this one is garbage."""
        database = _FREE.pop() if _FREE else MemoryDatabase()
        if database.closed:
            database = MemoryDatabase()
        ledger = database.new()
        ledger.clock = lambda now: now  # type: ignore[method-assign]
        ledger.close = ledger.let_go  # type: ignore[method-assign]
        weakref.finalize(self, _FREE.append, database)
        return ledger

    # -- running ------------------------------------------------------------------------------

    def job(self, ledger: Ledger | None = None) -> Job:
        """A job as a fresh process would have it: new accounts, the same ledger."""
        ticketsmart = open_account(
            BOX_OFFICE.provider, self.keys["ticketsmart"], "http://localhost/ticketsmart/api/v1"
        )
        ticket0 = open_account(
            DESK.provider, self.keys["ticket0"], "http://localhost/ticket0/api/v1"
        )
        return Job(
            name="main-room",
            box_office=BOX_OFFICE.open(ticketsmart, {}),
            desk=DESK.open(ticket0, {}),
            rules=self.rules,
            removals=self.removals,
            ledger=ledger or self.ledger,
            polls=self.polls,
            max_seconds=self.max_seconds,
            delivery_policy=self.delivery_policy,
            house=self.house,
            stopping=self.stopping,
        )

    def run(self, *, crash_at: int | None = None) -> PassReport:
        """One pass, a minute after whatever was before."""
        return self._play(run_pass, crash_at)

    def plan(self) -> Plan:
        """What a pass would do."""
        return self._play(plan_pass)

    def report(self, event: str, ticket_type: str, *, crash_at: int | None = None) -> PassReport:
        """Report a refused removal."""
        return self._play(lambda job: report_removal_failure(job, event, ticket_type), crash_at)

    def release(self, *markers: str, crash_at: int | None = None) -> PassReport:
        """Let held cases go."""
        return self._play(lambda job: release_held(job, markers), crash_at)

    def _play(self, flow: Callable[[Job], Flow[T]], crash_at: int | None = None) -> T:
        self.clock.advance(60)
        self.world = World(self._carry, start=self.clock.now(), crash_at=crash_at)
        try:
            return simulate(flow(self.job()), self.world)
        finally:
            self._meet(self.world.start + timedelta(seconds=self.world.elapsed))

    def _meet(self, moment: datetime) -> None:
        self.clock.advance(max(0.0, (moment - self.clock.now()).total_seconds()))

    def _carry(self, request: Request) -> Reply:
        """Carry a request to the sandbox, both on one clock."""
        world = self.world
        self._meet(world.start + timedelta(seconds=world.elapsed))
        before = self.clock.now()
        parts = urlsplit(request.url)
        where = f"{request.method} {parts.path}"
        try:
            answer = call(
                self._app,
                request.method,
                parts.path,
                parts.query,
                request.headers.items(),
                request.content or b"",
                timeout=request.timeout,
            )
        except Dropped:
            raise ConnectionLostError("dropped", provider=request.provider, request=where) from None
        except Late:
            raise RequestTimeoutError("late", provider=request.provider, request=where) from None
        finally:
            world.elapsed += (self.clock.now() - before).total_seconds()
        headers = {name.lower(): value for name, value in answer.headers}
        return Reply(answer.status, headers, answer.body, request.url)

    # -- looking ------------------------------------------------------------------------------

    def event(self, number: int = 0) -> str:
        """The id of the n-th event that is on sale and has something left of every ticket type."""
        free = [
            event.id
            for event in self.box_office.events
            if event.status == "PUBLISHED" and all(t.available > 0 for t in event.ticket_types)
        ]
        return free[number]

    def subjects(self) -> list[str]:
        """Of every ticket at the desk, the subject without its marker; sorted."""
        return sorted(ticket.subject.rsplit(" [", 1)[0] for ticket in self.desk.tickets)

    def shape(self) -> list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]:
        """Everything that matters about the desk, without ids and times: two runs that end in the
        same state have the same shape."""
        return sorted(
            (
                ticket.subject,
                ticket.status,
                tuple(sorted(ticket.tags)),
                tuple(message.body.rsplit("\n", 1)[-1] for message in ticket.messages),
            )
            for ticket in self.desk.tickets
        )

    def stock(self) -> list[tuple[str, str, int, int]]:
        """What the box office offers: of every ticket type its event, name, quantity and sales."""
        return sorted(
            (event.title, ticket_type.name, ticket_type.quantity, ticket_type.sold)
            for event in self.box_office.events
            for ticket_type in event.ticket_types
        )

    def sent(self, service: str = "ticketsmart") -> int:
        """How many requests a service has had since the log was last emptied."""
        return sum(request.service == service for request in self.sandbox.requests)

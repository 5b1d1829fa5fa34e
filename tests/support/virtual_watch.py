"""A watch in virtual time: its two flows as processes that take turns, on the sandbox's own logic.

Time passes between any two steps, as it does between threads, and the process can be ended at any
of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from support.virtual_bridge import ADDRESS
from willcall.bridge.ledger import Ledger
from willcall.bridge.model.policies import WatchPolicy
from willcall.bridge.model.rules import Rules, built_in_rules
from willcall.bridge.run import Job, PassReport, run_pass
from willcall.bridge.watching.heartbeat import WatchNotice
from willcall.bridge.watching.watch import Watch
from willcall.client.flow import Flow
from willcall.client.provider import Account, Provider, open_account
from willcall.client.quota import Pace
from willcall.errors import WillcallError
from willcall.sandbox import Sandbox
from willcall.sandbox.settings import Switches
from willcall.simulation.ledgers import in_sqlite
from willcall.simulation.network import BASE, Network
from willcall.simulation.play import OFFICE
from willcall.simulation.stage import Process, Stage
from willcall.ticket0.desk import ADAPTER as DESK
from willcall.ticketsmart.box_office import ADAPTER as BOX_OFFICE


class Calm:
    """Nothing breaks, except that whoever is alive ends at the boundary ``ends_at``, counted from
    when ``counting`` was set: before and after each request and each piece of local work."""

    def __init__(self) -> None:
        self.ends_at: int | None = None
        self.counting = False
        self.boundaries = 0
        self.all: list[Process] = []

    def held_up(self, process: Process) -> float:
        return 0.001

    def dies(self, process: Process) -> bool:
        if not self.counting:
            return False
        self.boundaries += 1
        if self.ends_at is None or self.boundaries <= self.ends_at:
            return False
        self.counting = False
        for one in self.all:
            one.die()
        return not process.alive

    def killed(self, process: Process) -> None: ...

    def ledger(self, process: Process, step: str) -> None: ...


class VirtualWatch:
    """A box office, a desk, a ledger, and processes of ours in virtual time."""

    def __init__(
        self,
        season: int | bool = 4,
        *,
        rules: Rules | None = None,
        switches: Switches | None = None,
        shared: bool = False,
        ledger: Ledger | None = None,
        job: Callable[[Job], Job] = lambda job: job,
    ) -> None:
        self.stage = Stage("virtual")
        self.sandbox = Sandbox(self.stage, season=season, desk="2025", **(switches or {}))
        self.box_office, self.desk = self.sandbox.boxoffice, self.sandbox.desk
        self.network = Network(self.stage, self.sandbox)
        self.ledger = ledger or in_sqlite()
        self.rules = rules or Rules(rules=built_in_rules(ADDRESS), default=ADDRESS)
        self.keys = {
            "ticketsmart": self.sandbox.ticketsmart_key,
            "ticket0": self.sandbox.ticket0_key,
        }
        self.trouble = Calm()
        self.news: list[WatchNotice] = []
        self.reports: list[PassReport] = []
        self.watch: Watch | None = None
        self._shared, self._change = shared, job
        self._until = 0.0

    # -- processes ----------------------------------------------------------------------------

    def job(self, **more: Any) -> Job:
        """A job as a fresh process would have it."""
        job = Job(
            name=OFFICE,
            box_office=BOX_OFFICE.open(self._account(BOX_OFFICE.provider), {}),
            desk=DESK.open(self._account(DESK.provider), {}),
            rules=self.rules,
            ledger=self.ledger.as_another_process(),
            watching=WatchPolicy(idle=0.5),
        )
        return attrs.evolve(self._change(job), **more)

    def _account(self, provider: Provider) -> Account:
        key, url = self.keys[provider.name], f"http://localhost{BASE[provider.name]}"
        if not self._shared:
            return open_account(provider, key, url)
        pace = Pace(provider.quota, store=self.ledger, name=provider.name)
        return open_account(provider, key, url, pace=pace)

    def start(self, name: str, flow: Flow[Any]) -> Process:
        """A process that runs a flow; its report is kept."""
        process = Process(self.stage, name, flow, self.network.carry, self.trouble, self._ended)
        self.trouble.all.append(process)
        return process

    def _ended(self, process: Process, value: Any, error: WillcallError | None) -> None:
        if isinstance(value, PassReport):
            self.reports.append(value)
        elif error is not None:
            self.reports.append(PassReport(box_office=process.name, trouble=error))

    def run(self) -> PassReport:
        """One pass of cron's, to its end."""
        self.start("run", run_pass(self.job()))
        self.stage.run(self.stage.elapsed + 60.0)
        return self.reports[-1]

    def begin(self) -> Watch:
        """Start to watch."""
        self._until = float("inf")
        watch = Watch(self.job(stopping=self.asked_to_leave), self.news.append)
        self.watch = watch
        self.start("delivering", watch.delivering())
        self.start("observing", watch.observing())
        return watch

    def asked_to_leave(self) -> bool:
        """Whether the watch is to end."""
        return self.stage.elapsed >= self._until

    def leave(self) -> PassReport:
        """Ask it to leave, and let it."""
        self._until = self.stage.elapsed
        self.stage.run(self.stage.elapsed + 30.0)
        return self.reports[-1]

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.stage.run(self.stage.elapsed + seconds)

    def until(self, done: Callable[[], bool], most: float = 300.0) -> float:
        """Let time pass until something is so; after how many seconds it was."""
        began = self.stage.elapsed
        while not done():
            assert self.stage.elapsed < began + most, "it never came to that"
            self.stage.run(self.stage.elapsed + 0.25)
        return self.stage.elapsed - began

    # -- looking --------------------------------------------------------------------------------

    def quiet(self) -> bool:
        """Whether nothing is left to deliver."""
        return not self.ledger.unsettled(OFFICE)

    def said(self) -> list[str]:
        """What was told, in lines."""
        return [one.said for one in self.news if one.said]

    def kinds(self) -> list[str]:
        """The changes that were told, in order."""
        return [
            recorded.change.kind
            for one in self.news
            if one.report is not None and one.report.decision is not None
            for recorded in one.report.decision.recorded
        ]

    def errors(self) -> list[str]:
        """The troubles that were told."""
        return [
            type(error).__name__
            for one in self.news
            if one.report is not None
            for error in (one.report.trouble, one.report.deliveries.stopped)
            if error is not None
        ]

    def on_sale(self) -> list[Any]:
        """The events that are on sale, with something left of every ticket type; by their id."""
        return sorted(
            (
                event
                for event in self.box_office.events
                if event.status == "PUBLISHED" and all(t.available > 0 for t in event.ticket_types)
            ),
            key=lambda event: str(event.id),
        )

    def subjects(self) -> list[str]:
        """Of every ticket, the subject without its marker; sorted."""
        return sorted(ticket.subject.rsplit(" [", 1)[0] for ticket in self.desk.tickets)

    def shape(self) -> list[tuple[Any, ...]]:
        """Everything that matters about the desk, without ids and times."""
        return sorted(
            (
                ticket.subject,
                ticket.status,
                tuple(sorted(ticket.tags)),
                tuple(message.body.rsplit("\n", 1)[-1] for message in ticket.messages),
            )
            for ticket in self.desk.tickets
        )

    def arrivals(self) -> Iterator[float]:
        """When requests reached TicketSmart."""
        return iter(self.network.arrivals["ticketsmart"])

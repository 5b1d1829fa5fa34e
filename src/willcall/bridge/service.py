"""The bridge as a whole, with real clients, a real ledger and a real clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import Self, TypeVar

import attrs

from ..client.flow import Flow, Request, Watcher, drive, watched
from ..client.http import Connections
from ..client.provider import Account
from ..client.quota import Pace
from ..errors import (
    ApiError,
    ConfigError,
    InputError,
    LedgerError,
    Reply,
    SoldTicketsError,
    StoppedError,
    WillcallError,
)
from .config.account_tables import BoxOfficeTable
from .config.file import load, pick
from .config.rule_tables import duration
from .config.tables import Config
from .ledger import Ledger, SqlLedger, is_there, open_ledger
from .model.cases import CaseState
from .model.exit_codes import STOPPED, code_of, worst
from .run import (
    Job,
    PassReport,
    Plan,
    plan_pass,
    recover_pass,
    release_held,
    report_removal_failure,
    run_pass,
)
from .watchdog import Watchdog
from .watching.heartbeat import WatchNotice
from .watching.threads import Threads

T = TypeVar("T")
Onlooker = Callable[[str], Watcher | None]
"""Gives the watcher of a box office by its name, or None for no watcher."""


class Bridge:
    """From the box offices of a configuration to its desk.

    ::

        with Bridge.from_config("willcall.toml") as bridge:
            for report in bridge.run():
                print(report.box_office, report.exit_code)

    Args:
        config: the configuration, see :mod:`willcall.bridge.config.tables`.
        folder: where its relative paths start.
        max_seconds: how long a pass over one box office may take, waits included.
        onlooker: gives the :class:`willcall.client.flow.Watcher` of a box office by its name; None
            for no watcher.

    Raises:
        ConfigError: the desk's key is missing or of the wrong shape.
    """

    def __init__(
        self,
        config: Config,
        folder: Path,
        *,
        max_seconds: float = 50.0,
        onlooker: Onlooker | None = None,
    ) -> None:
        self.config = config
        self._onlooker = onlooker or (lambda _: None)
        self._folder = folder
        self._max_seconds = max_seconds
        self._connections = Connections()
        self._desk = config.desk.account(folder, "desk")
        self._rules = config.rules()
        self._stopping = False
        self._signed: float | None = None

    @classmethod
    def from_config(
        cls,
        path: str | Path | None = None,
        *,
        max_seconds: float = 50.0,
        onlooker: Onlooker | None = None,
    ) -> Self:
        """The bridge that a configuration file describes.

        Args:
            path: the file; else ``$WILLCALL_CONFIG``, else ``./willcall.toml``.
            max_seconds: how long a pass over one box office may take, waits included.
            onlooker: gives the watcher of a box office by its name.

        Raises:
            ConfigError: the file is missing or wrong, or the desk's key is.
        """
        config, folder = load(path)
        return cls(config, folder, max_seconds=max_seconds, onlooker=onlooker)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._connections.close()

    def stop(self) -> None:
        """Ask a run to leave: it finishes the act in hand, begins no other, gives its lease back.
        May be called from a signal handler, or from another thread."""
        self._stopping = True

    @property
    def stopping(self) -> bool:
        """Whether it was asked to leave."""
        return self._stopping

    @property
    def silent(self) -> float:
        """For how many seconds the passes of a run have neither asked for anything nor waited for
        their time: they think, or the ledger does not answer. Opening it may take its time."""
        return 0.0 if self._signed is None else time.monotonic() - self._signed

    def _sign(self) -> None:
        if self._signed is not None:
            self._signed = time.monotonic()

    def _send(self, request: Request) -> Reply:
        # A question can be asked again. A write was written down before, so it goes out.
        if self._stopping and request.method == "GET":
            raise StoppedError("asked to leave; the next run goes on where this one stops")
        self._sign()
        try:
            return self._connections(request)
        finally:
            self._sign()

    def _pause(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self._sign()
            if self._stopping:
                raise StoppedError("asked to leave; the next run goes on where this one stops")
            time.sleep(min(left, 0.1))

    def run(self) -> list[PassReport]:
        """One pass over every box office. One that fails does not stop the others.

        Raises:
            LedgerError: the ledger cannot be opened; nothing was sent.
        """
        ping = self.config.ping
        watchdog = Watchdog(None if ping is None else ping.url, self._connections)
        watchdog.started()
        code = 1
        try:
            with self._ledger() as ledger:
                self._signed = time.monotonic()
                reports = [
                    self._guarded(
                        office, ledger, run_pass, lambda n, e: PassReport(box_office=n, trouble=e)
                    )
                    for office in self.config.box_office
                    if not self._stopping
                ]
            code = worst(report.exit_code for report in reports)
        except WillcallError as error:
            code = code_of(error)
            raise
        finally:
            self._signed = None
            watchdog.ended(STOPPED if self._stopping else code)
        return reports

    def watch(
        self, tell: Callable[[WatchNotice], None], *, seconds: float = inf
    ) -> list[PassReport]:
        """Watch every box office until :meth:`stop` is called, in threads of this process.

        Args:
            tell: is called with each notice, by one thread at a time.
            seconds: how long.

        Returns:
            A report for each box office: why its watch ended. As soon as a watch ends by itself,
            all do, and whoever started this is to start it again.

        Raises:
            InputError: a key is missing or of the wrong shape.
            LedgerError: the ledger cannot be opened, or does not answer any more.
        """
        ping = self.config.ping
        watchdog = Watchdog(None if ping is None else ping.url, self._connections)
        watchdog.started()
        code = 1
        try:
            with self._ledger() as ledger:
                jobs = [self._job(office, ledger) for office in self.config.box_office]
                threads = Threads(jobs, tell, self._send, lambda: self._stopping)
                try:
                    reports = threads.run(seconds, watchdog.ended)
                finally:
                    if threads.stuck:
                        ledger.abandon()
            code = worst(report.exit_code for report in reports)
        except WillcallError as error:
            code = code_of(error)
            raise
        finally:
            watchdog.ended(STOPPED if self._stopping else code)
        return reports

    def recover(self, *, opens: bool = False) -> list[PassReport]:
        """Read a lost ledger back from the tickets that willcall has opened at the desk.

        Args:
            opens: open tickets for what is sold out or cancelled now without one. A ledger that is
                not empty is left as it is then.

        Raises:
            LedgerError: the ledger cannot be used; nothing was sent.
        """
        with self._ledger() as ledger:
            return [
                self._guarded(
                    office,
                    ledger,
                    lambda job: recover_pass(job, opens=opens),
                    lambda n, e: PassReport(box_office=n, trouble=e),
                )
                for office in self.config.box_office
            ]

    def plan(self) -> list[Plan]:
        """What :meth:`run` would do now. Nothing is written anywhere.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        with self._ledger(reading=True) as ledger:
            return [
                self._guarded(
                    office,
                    ledger,
                    plan_pass,
                    lambda n, e: Plan(box_office=n, trouble=e),
                )
                for office in self.config.box_office
            ]

    def report(self, error: SoldTicketsError, *, box_office: str | None = None) -> PassReport:
        """Take a refused ``remove_ticket_type`` as a change, and open its support ticket.

        Reporting the same refusal again opens nothing new while its ticket stands.

        Args:
            error: what ``events.remove_ticket_type`` raised.
            box_office: whose event it was; may be left out when there is only one box office.

        Raises:
            InputError: the error is not about a removal, or the box office is unknown.
            LedgerError: the ledger cannot be used; nothing was sent.
        """
        event, ticket_type = error.about.get("event"), error.about.get("ticket_type")
        if event is None or ticket_type is None:
            raise InputError(
                "error",
                "it does not say which ticket type of which event could not be removed",
                "hand over what events.remove_ticket_type raised",
            )
        office = pick(self.config, box_office)
        with self._ledger() as ledger:
            return self._guarded(
                office,
                ledger,
                lambda job: report_removal_failure(job, event, ticket_type),
                lambda name, trouble: PassReport(box_office=name, trouble=trouble),
            )

    @contextmanager
    def reporting(self, *, box_office: str | None = None) -> Iterator[list[PassReport]]:
        """Report whatever removal is refused within a block, and let its error go on.

        ::

            with bridge.reporting(), TicketSmart() as box_office:
                box_office.events.remove_ticket_type("late-show", "tt_1")  # 409: a support ticket

        Only a :class:`SoldTicketsError` is reported. It is raised again afterwards, with a note
        that says what came of reporting it; the list that the block is given holds the report.

        Args:
            box_office: whose events they are; may be left out when there is only one box office.
        """
        reports: list[PassReport] = []
        try:
            yield reports
        except SoldTicketsError as error:
            try:
                reports.append(self.report(error, box_office=box_office))
            except WillcallError as trouble:
                error.add_note(f"no support ticket was opened: {trouble}")
            else:
                error.add_note(_outcome(reports[-1]))
            raise

    def release(self, *markers: str, box_office: str | None = None) -> list[PassReport]:
        """Let the held cases of a storm go, and deliver them.

        Args:
            markers: which (``wc-…``); all that are held if none is given.
            box_office: only this one; all of them if left out.

        Raises:
            InputError: no case with this marker is held, or the box office is unknown.
            LedgerError: the ledger cannot be used; nothing was sent.
        """
        offices = self.config.box_office if box_office is None else [pick(self.config, box_office)]
        with self._ledger() as ledger:
            held = {
                case.marker: office.name
                for office in offices
                for case in ledger.state(office.name).cases
                if case.state is CaseState.HELD
            }
            wanted = [marker.strip("[]") for marker in markers]
            for marker in wanted:
                if marker not in held:
                    fix = f"held: {', '.join(held)}" if held else "nothing is held"
                    raise InputError("marker", f"{marker!r} is not held", fix)
            return [
                self._guarded(
                    office,
                    ledger,
                    lambda job: release_held(job, wanted),
                    lambda name, trouble: PassReport(box_office=name, trouble=trouble),
                )
                for office in offices
                if not wanted or office.name in {held[marker] for marker in wanted}
            ]

    @contextmanager
    def _ledger(self, *, reading: bool = False) -> Iterator[Ledger]:
        ledger = open_ledger(self.config.state.url, self._folder, reading=reading)
        try:
            yield ledger
        finally:
            ledger.close()

    def _guarded(
        self,
        office: BoxOfficeTable,
        ledger: Ledger,
        flow: Callable[[Job], Flow[T]],
        in_trouble: Callable[[str, WillcallError], T],
    ) -> T:
        """Run a flow for one box office; an error of it does not affect the others."""
        try:
            job = self._job(office, ledger)
            watcher = self._onlooker(office.name)
            work = flow(job) if watcher is None else watched(flow(job), watcher)
            return drive(work, self._send, self._pause)
        except (ApiError, InputError, LedgerError, StoppedError) as error:
            return in_trouble(office.name, error)

    def _job(self, office: BoxOfficeTable, ledger: Ledger) -> Job:
        at, desk = self.config.path_of(office), self.config.desk
        account = office.account(self._folder, at)
        watching = self.config.watch.watching(account.provider.quota)
        return Job(
            name=office.name,
            box_office=office.adapter.open(
                attrs.evolve(counted(account, ledger), share=watching.share), office.settings
            ),
            desk=desk.adapter.open(counted(self._desk, ledger), desk.settings),
            rules=self._rules,
            ledger=ledger,
            watching=watching,
            selling_fast=duration.read(self.config.selling_fast.within),
            polls=office.polls_per_run,
            removals=tuple(
                removal for removal in self.config.removal if removal.box_office == office.name
            ),
            history=duration.read(self.config.history.keep),
            max_seconds=self._max_seconds,
            delivery_policy=self.config.delivery.policy(),
            desk_key=f"key {quota_name(self._desk)}" if self._desk.key else "",
            configured=tuple(table.name for table in self.config.box_office),
            stopping=lambda: self._stopping,
            house=self.config.house(),
        )


def counted(account: Account, ledger: Ledger) -> Account:
    """The account with its requests counted in the ledger: cron's next minute knows what this one
    has spent. What writes nothing counts for itself."""
    if ledger.reading or account.pace is None:
        return account
    pace = Pace(account.pace.quota, store=ledger, name=quota_name(account))
    return attrs.evolve(account, pace=pace)


def quota_name(account: Account) -> str:
    """The name under which the ledger counts an account's requests. It is stored in a file, so it
    must not reveal the key."""
    key = sha256(account.key.encode()).hexdigest()[:32]
    return f"{account.provider.name} {account.base_url} {key}"


@contextmanager
def counting(config: Config, folder: Path, account: Account) -> Iterator[Pace | None]:
    """The quota window for requests that a person makes by hand. If there is a ledger, runs and
    watches with the same key count in the same window; otherwise it is a window of its own.

    A ledger that cannot be used must not keep anybody from reading a box office.
    """
    ledger = None
    try:
        if is_there(config.state.url, folder):
            ledger = open_ledger(config.state.url, folder)
    except (ConfigError, LedgerError):
        ledger = None
    try:
        yield account.pace if ledger is None else counted(account, ledger).pace
    finally:
        if ledger is not None:
            ledger.close()


@contextmanager
def opened_ledger(path: str | Path | None = None, *, reading: bool = False) -> Iterator[SqlLedger]:
    """The ledger of a configuration, for those who care for it.

    Args:
        path: the configuration file; see :meth:`Bridge.from_config`.
        reading: write nothing.

    Raises:
        ConfigError: the configuration is wrong.
        LedgerError: the ledger cannot be opened.
    """
    config, folder = load(path)
    ledger = open_ledger(config.state.url, folder, reading=reading)
    try:
        yield ledger
    finally:
        ledger.close()


def _outcome(report: PassReport) -> str:
    """What came of reporting an error, for those who read it."""
    if report.decision is None:
        return f"no support ticket was opened: {report.trouble}"
    outcome = report.decision.recorded[0].outcome if report.decision.recorded else "nothing new"
    return f"reported to the desk: {outcome}"

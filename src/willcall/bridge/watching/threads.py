"""Watches in threads: two for each box office, in which its flows block on real requests.

A thread that hangs cannot be ended, and nobody would notice it. So each thread gives a sign
whenever it sends or waits. If a thread gives no sign for long, the process ends, and is to be
started again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from ...client.flow import Flow, Request, drive
from ...errors import Reply, StoppedError
from ..delivery.job import Job
from ..model.exit_codes import worst
from ..run import STUCK, PassReport, stuck
from .heartbeat import MINUTE, WatchNotice
from .watch import Watch

_TURN = 0.1
"""Seconds after which a waiting thread checks whether it is to leave."""

_SOON = 0.25

_PAUSED = 5.0
"""If so many seconds pass between two of our own checks, the whole process was stopped."""

_LEAVING = 5.0
"""Seconds for the other threads to come to an end, when one hangs."""


class Threads:
    """Runs the watches of several box offices until any of them ends, or all are asked to.

    Args:
        jobs: a job for each box office.
        tell: is called with each notice, by one thread at a time.
        transport: carries requests.
        stopping: whether the process was asked to leave.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        tell: Callable[[WatchNotice], None],
        transport: Callable[[Request], Reply],
        stopping: Callable[[], bool],
    ) -> None:
        self._halt = threading.Event()
        self._stopping, self._transport = stopping, transport
        self.stuck = False
        """Whether it has ended because a thread hangs."""
        self._signs: dict[int, float] = {}
        self._telling: set[int] = set()
        lock = threading.Lock()

        def guarded(notice: WatchNotice) -> None:
            me = threading.get_ident()
            self._telling.add(me)
            try:
                with lock:
                    tell(notice)
            finally:
                self._sign()
                self._telling.discard(me)

        self._watches = [Watch(attrs.evolve(job, stopping=self._leaving), guarded) for job in jobs]
        self._reports: dict[int, PassReport] = {}
        self._fault: BaseException | None = None

    def run(self, seconds: float, each_minute: Callable[[int], None]) -> list[PassReport]:
        """Watch; a report for each box office says why it ended.

        Args:
            seconds: how long at the most.
            each_minute: is given the exit code that the last minute stands for.

        Raises:
            LedgerError: a thread hangs, see :attr:`stuck`; it is left behind.
            whatever a flow did not expect.
        """
        threads = [
            threading.Thread(target=work, args=(number,), daemon=True, name=f"willcall-{number}")
            for number in range(len(self._watches))
            for work in (self._observe, self._deliver)
        ]
        ends = time.monotonic() + seconds
        minute = time.monotonic() + MINUTE
        for thread in threads:
            thread.start()
        checked = time.monotonic()
        while alive := [thread for thread in threads if thread.is_alive()]:
            self._halt.wait(_TURN)
            self._watch_over(alive, checked)
            checked = time.monotonic()
            if self._halt.is_set():
                time.sleep(_TURN)
            if time.monotonic() >= ends:
                self._halt.set()
            if time.monotonic() >= minute:
                minute += MINUTE
                each_minute(self._code(alive))
                checked = time.monotonic()  # who is called may take a while
        if self._fault is not None:
            raise self._fault
        return [self._reports[number] for number in range(len(self._watches))]

    def _watch_over(self, alive: Sequence[threading.Thread], checked: float) -> None:
        """See that each still gives signs; ``checked`` is when that was last done.

        Raises:
            LedgerError: a thread does not. The others are given time to leave.
        """
        moment = time.monotonic()
        if moment - checked > _PAUSED:
            self._signs.clear()
        hung = [
            thread
            for thread in alive
            # Whoever reads the notices may pause, and hold us up.
            if self._silence(thread, moment) > STUCK and thread.ident not in self._telling
        ]
        if not hung:
            return
        self.stuck = True
        self._halt.set()
        ends = moment + _LEAVING
        for thread in alive:
            if thread not in hung:
                thread.join(max(0.0, ends - time.monotonic()))
        raise self._fault or stuck()

    def _silence(self, thread: threading.Thread, moment: float) -> float:
        """For how many seconds a thread has given no sign."""
        return moment - self._signs.setdefault(thread.ident or 0, moment)

    def _code(self, alive: Sequence[threading.Thread]) -> int:
        """The worst that any minute stood for since this was last asked; and what hangs is not
        well, even if nobody says so."""
        moment = time.monotonic()
        silent = any(self._silence(thread, moment) > MINUTE for thread in alive)
        return worst([75 if silent else 0, *(watch.code() for watch in self._watches)])

    def _observe(self, number: int) -> None:
        report = self._driven(self._watches[number].observing())
        if report is not None:
            self._reports[number] = report
        self._halt.set()

    def _deliver(self, number: int) -> None:
        self._driven(self._watches[number].delivering())

    def _driven(self, flow: Flow[Any]) -> Any:
        try:
            return drive(flow, self._carry, self._pause)
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody waits for it
            self._fault = self._fault or error
            self._halt.set()
            return None

    def _sign(self) -> None:
        self._signs[threading.get_ident()] = time.monotonic()

    def _carry(self, request: Request) -> Reply:
        self._sign()
        try:
            return self._transport(request)
        finally:
            self._sign()

    def _leaving(self) -> bool:
        return self._halt.is_set() or self._stopping()

    def _pause(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self._sign()
            # What is over in a moment is waited out: leaving takes a few of those itself.
            if left > _SOON and self._leaving():
                raise StoppedError("asked to leave; the next run goes on where this one stops")
            time.sleep(min(left, _TURN))

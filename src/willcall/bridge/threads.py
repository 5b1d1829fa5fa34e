"""Watches in threads: two for each box office, in which its flows block on real requests.

A thread that hangs cannot be ended, and nobody would notice one that does: so each gives a sign
whenever it sends or waits, and without one for long the process is to be ended, and started again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from ..client.flow import Flow, Request, drive
from ..errors import LedgerError, Reply, StoppedError
from .job import Job
from .minute import MINUTE, News
from .run import PassReport, worst
from .watch import Watch

_TURN = 0.1
"""Seconds after which a thread that waits looks whether it is to leave."""

_SOON = 0.25

_STUCK = 180.0
"""Seconds without a sign from a thread: requests have limits of their own, and so have most waits
for a ledger; a server that takes a question and answers nothing has none."""

_PAUSED = 5.0
"""Seconds between two of our own looks that say that the whole process was stopped meanwhile."""


class StuckError(LedgerError):
    """The ledger does not answer, and a thread waits for it."""


class Threads:
    """Runs the watches of several box offices until one ends, or all are asked to.

    Args:
        jobs: one a box office.
        tell: is told what happens; by one thread at a time.
        transport: carries requests.
        stopping: whether the process was asked to leave.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        tell: Callable[[News], None],
        transport: Callable[[Request], Reply],
        stopping: Callable[[], bool],
    ) -> None:
        self._halt = threading.Event()
        self._stopping, self._transport = stopping, transport
        self._signs: dict[int, float] = {}
        lock = threading.Lock()

        def told(news: News) -> None:
            with lock:
                tell(news)

        self._watches = [Watch(attrs.evolve(job, stopping=self._leaving), told) for job in jobs]
        self._reports: dict[int, PassReport] = {}
        self._fault: BaseException | None = None

    def run(self, seconds: float, each_minute: Callable[[int], None]) -> list[PassReport]:
        """Watch; a report for each box office says why it ended.

        Args:
            seconds: how long at the most.
            each_minute: is given the exit code that the last minute stands for.

        Raises:
            StuckError: a thread hangs; it is left behind.
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
        looked = time.monotonic()
        while alive := [thread for thread in threads if thread.is_alive()]:
            self._halt.wait(_TURN)
            looked = self._signs_of(alive, looked)
            if self._halt.is_set():
                time.sleep(_TURN)
            if time.monotonic() >= ends:
                self._halt.set()
            if time.monotonic() >= minute:
                minute += MINUTE
                each_minute(self._code())
        if self._fault is not None:
            raise self._fault
        return [self._reports[number] for number in range(len(self._watches))]

    def _signs_of(self, alive: Sequence[threading.Thread], looked: float) -> float:
        """See that each still gives signs, ``looked`` being when that was last done; when it is."""
        moment = time.monotonic()
        for thread in alive:
            sign = self._signs.setdefault(thread.ident or 0, moment)
            if moment - looked > _PAUSED:
                self._signs[thread.ident or 0] = moment
            elif moment - sign > _STUCK:
                self._halt.set()
                raise StuckError(
                    f"the ledger has not answered for {_STUCK:.0f} seconds (see that its server "
                    "is well; a new start goes on)",
                    temporary=True,
                )
        return moment

    def _code(self) -> int:
        """The worst that any minute stood for since this was last asked."""
        codes: list[int] = []
        for watch in self._watches:
            codes += watch.codes
            watch.codes = []
        return worst(codes)

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

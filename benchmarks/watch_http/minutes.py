"""Minutes of full work in real time, over real HTTP: how much of the limit is used?

Alone, and beside a person and cron, who are processes of their own on the same ledger.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import attrs
from scaled import Watched, watched


@attrs.frozen
class Used:
    """Requests in each minute, by whoever; how many the service has refused; and what others met.

    ``codes`` counts the exit codes of cron's runs, ``waits`` has the seconds that each of a
    person's commands took, ``failed`` how many of these ended otherwise than with 0.
    """

    minutes: tuple[int, ...]
    refused: int
    codes: tuple[int, ...] = ()
    waits: tuple[float, ...] = ()
    failed: int = 0
    limit: int = 60

    @property
    def share(self) -> float:
        """The part of the limit that was used."""
        return sum(self.minutes) / (self.limit * len(self.minutes))

    @property
    def least(self) -> float:
        """In the minute that used least of it."""
        return min(self.minutes) / self.limit

    def __str__(self) -> str:
        said = (
            f"{self.share:.1%} of the limit, {self.least:.1%} in the worst of "
            f"{len(self.minutes)} minutes; refused: {self.refused}"
        )
        if self.codes:
            said += f"; cron's runs ended with {sorted(set(self.codes))}"
        if self.waits:
            waits = sorted(self.waits)
            said += (
                f"; {len(waits)} requests of a person took p50 {waits[len(waits) // 2]:.1f} s, "
                f"at most {waits[-1]:.1f} s, {self.failed} failed"
            )
        return said


class Others:
    """A person who asks for an event every few seconds, and cron once a minute."""

    def __init__(self, one: Watched, every: float) -> None:
        self.codes: list[int] = []
        self.waits: list[float] = []
        self.failed = 0
        self._one, self._every = one, every
        self._over = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._person, self._cron)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _person(self) -> None:
        events = sorted(str(event.id) for event in self._one.sandbox.boxoffice.events)
        number = 0
        while not self._over.wait(self._every):
            number += 1
            began = time.monotonic()
            code = self._willcall("events", "get", events[number % len(events)], "--json")
            self.waits.append(time.monotonic() - began)
            self.failed += code != 0

    def _cron(self) -> None:
        while not self._over.wait(20.0 if not self.codes else 60.0):
            self.codes.append(self._willcall("run", "-q"))

    def _willcall(self, *args: str) -> int:
        return subprocess.run(
            [sys.executable, "-m", "willcall", *args],
            cwd=self._one.folder,
            env=self._one.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=90,
            check=False,
        ).returncode


def use(count: int, events: int, *, beside: float | None = None) -> Used:
    """So many minutes of real time; ``beside``: a person asks every so many seconds, and cron
    calls."""
    with tempfile.TemporaryDirectory() as folder, watched(Path(folder), 1.0, events) as one:
        one.clock.sleep(60.0)
        others = None if beside is None else Others(one, beside)
        try:
            one.sandbox.forget_requests()
            minutes, before = [], 0
            ends = one.clock.elapsed()
            for _ in range(count):
                ends += 60.0
                one.clock.sleep(ends - one.clock.elapsed())
                one.alive()
                asked = len(one.asked())
                minutes.append(asked - before)
                before = asked
        finally:
            if others is not None:
                others.stop()
        if others is None:
            return Used(tuple(minutes), one.refused())
        return Used(
            tuple(minutes),
            one.refused(),
            tuple(others.codes),
            tuple(others.waits),
            others.failed,
        )

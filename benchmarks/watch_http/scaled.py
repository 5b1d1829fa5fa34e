"""A sandbox over real HTTP and a ``willcall watch`` in front of it, on a clock that runs faster.

Every process here believes that a second is over after a fraction of one. What the machine itself
takes (a request, a thread that wakes up late) is then as many times longer as the clock is faster;
:class:`Lag` says how much that is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from support.sandbox_config import config_for
from willcall.sandbox import Sandbox, serve

# What a process is told before it begins: its clocks run faster by a factor, its waits are shorter,
# and it notes how late waits ended and how long requests took, in seconds of the faster clock.
FASTER = """\
import atexit, datetime, json, sys, time
factor = {factor!r}
monotonic, wall, sleep = time.monotonic, time.time, time.sleep
began, began_wall = {monotonic!r}, {wall!r}
late, trips = [], []
def sleeping(seconds):
    ends = monotonic() + seconds / factor
    sleep(seconds / factor)
    late.append((monotonic() - ends) * factor)
time.monotonic = lambda: began + (monotonic() - began) * factor
time.time = lambda: began_wall + (monotonic() - began) * factor
time.sleep = sleeping
real = datetime.datetime
class Faster(real):
    @classmethod
    def now(cls, tz=None):
        return real.fromtimestamp(time.time(), tz)
from willcall.bridge.watching import threads
from willcall.client import flow
flow.datetime = Faster
drive = threads.drive
def driven(job, transport, pause):
    def carry(request):
        left = monotonic()
        try:
            return transport(request)
        finally:
            trips.append((monotonic() - left) * factor)
    return drive(job, carry, pause)
threads.drive = driven
started, worked = monotonic(), time.process_time()
def told():
    busy = (time.process_time() - worked) / (monotonic() - started)
    with open("lag.json", "w", encoding="utf-8") as file:
        json.dump(dict(late=sorted(late), trips=sorted(trips), busy=busy), file)
atexit.register(told)
from willcall.cli.shell.app import run
sys.exit(run(["watch"]))
"""


class FastClock:
    """The same clock for the sandbox."""

    def __init__(self, factor: float) -> None:
        self.factor, self.monotonic, self.wall = factor, time.monotonic(), time.time()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall + self.elapsed(), UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self.factor)

    def elapsed(self) -> float:
        """Seconds since it was started."""
        return (time.monotonic() - self.monotonic) * self.factor


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that so large a share of sorted values does not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@attrs.frozen
class Lag:
    """How far the faster clock could be trusted; all in its seconds.

    ``trip`` is what a request took and ``late`` how late a wait ended, each as p50, p95 and p99;
    ``busy`` is the share of one core that the watch used, ``used`` the requests it made in a minute
    of the faster clock.
    """

    factor: float
    trip: tuple[float, float, float]
    late: tuple[float, float, float]
    busy: float
    used: float

    @property
    def kept_up(self) -> bool:
        """Whether it made nearly all the requests that it would have made by a real clock."""
        return self.used >= 0.95 * 57.0

    def __str__(self) -> str:
        def three(of: tuple[float, float, float]) -> str:
            return " / ".join(f"{one:.2f}" for one in of)

        slow = (
            "" if self.kept_up else ": TOO SLOW A MACHINE for this factor, the delays are too long"
        )
        return (
            f"clock x{self.factor:g}: of its seconds a request took {three(self.trip)} and a wait "
            f"ended {three(self.late)} late (p50 / p95 / p99); the watch used {self.busy:.0%} of a "
            f"core and {self.used:.1f} requests a minute{slow}"
        )


class Watched:
    """A sandbox, and ``willcall watch`` on it.

    Where rows of the list lack ticket types, the status does not follow the stock either: nothing
    but a poll of the event itself shows that something of it is gone.
    """

    def __init__(self, folder: Path, factor: float, events: int, *, rows: bool = False) -> None:
        self.clock = FastClock(factor)
        self.sandbox = Sandbox(
            self.clock, season=events, ticket_types_in_rows=rows, auto_sold_out=rows
        )
        self.folder, self.factor, self.rows = folder, factor, rows
        self.said: list[str] = []
        self.env = {
            **os.environ,
            "TICKETSMART_API_KEY": self.sandbox.ticketsmart_key,
            "TICKET0_API_KEY": self.sandbox.ticket0_key,
        }
        self._process: subprocess.Popen[str] | None = None
        self._began = 0.0

    def start(self, served: Any) -> None:
        """Start the watch; once it watches."""
        text = config_for(served)
        (self.folder / "willcall.toml").write_text(text, "utf-8")
        code = FASTER.format(
            factor=self.factor, monotonic=self.clock.monotonic, wall=self.clock.wall
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._process = process
        assert process.stdout is not None
        for line in process.stdout:
            if "watching" in line:
                break
        said = process.stdout
        self._reader = threading.Thread(target=lambda: self.said.extend(said), daemon=True)
        self._reader.start()
        self._began = self.clock.elapsed()

    def warm_up(self) -> float:
        """Until each event was seen once; how many seconds that took."""
        events = {event.id for event in self.sandbox.boxoffice.events}
        pages = -(-len(events) // 100)
        while True:
            asked = self.asked()
            lists = sum(one.path.endswith("/events") for one in asked)
            if self.rows and lists >= 3 * pages:
                break
            if not self.rows and events <= {one.path.rsplit("/", 1)[-1] for one in asked}:
                break
            self.alive()
            self.clock.sleep(1.0)
        return self.clock.elapsed() - self._began

    def alive(self) -> None:
        """Raises:
        RuntimeError: the watch has ended.
        """
        process = self._process
        if process is None or process.poll() is not None:
            raise RuntimeError(f"the watch has ended: {self.said[-9:]}")

    def asked(self) -> list[Any]:
        """What TicketSmart was asked, oldest first."""
        return [request for request in self.sandbox.requests if request.service == "ticketsmart"]

    def refused(self) -> int:
        """How many requests the services have refused with a 429."""
        return sum(request.status == 429 for request in self.sandbox.requests)

    def lag(self) -> Lag:
        """How far the clock could be trusted, once the watch has ended."""
        told = json.loads((self.folder / "lag.json").read_text("utf-8"))
        shares = (0.5, 0.95, 0.99)
        trip, late = (tuple(quantile(told[one], n) for n in shares) for one in ("trips", "late"))
        used = 60.0 * len(self.asked()) / (self._ended - self._began)
        return Lag(self.factor, trip, late, told["busy"], used)

    def stop(self) -> None:
        """Ask it to leave."""
        process, self._ended = self._process, self.clock.elapsed()
        if process is None:
            return
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        self._reader.join()
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def watched(folder: Path, factor: float, events: int, *, rows: bool = False) -> Iterator[Watched]:
    """A watch at work, as long as the block lasts."""
    one = Watched(folder, factor, events, rows=rows)
    with serve(one.sandbox) as served:
        try:
            one.start(served)
            yield one
        finally:
            one.stop()


def until(one: Watched, done: Callable[[], bool], most: float) -> bool:
    """Whether something came to be so within so many seconds."""
    ends = one.clock.elapsed() + most
    while not done():
        if one.clock.elapsed() >= ends:
            return False
        one.alive()
        time.sleep(0.02)
    return True

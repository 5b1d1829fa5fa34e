"""From the sale to the ticket, both at the server, over real HTTP: ``make bench-watch-http``.

A sandbox with 200 events and a real ``willcall watch`` in front of it, with the real limit. At
random moments one more sale opens, as announced, and sells its last ticket some minutes later;
measured is how long it takes until Ticket0 holds the ticket. Fifty such moments take hours of real
time, so the clock runs faster: every process here believes that a second is over after a fraction
of one. Then the limit is put to the test for some minutes of real time: how much of it is used, and
whether the service ever refuses.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from willcall.sandbox import Sandbox, serve

CONFIG = """\
[[box_office]]
name = "main-room"
base_url = "{ticketsmart}"

[desk]
base_url = "{ticket0}"
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
"""

# What a process is told before it begins: its clocks run faster by a factor, its waits are shorter.
FASTER = """\
import datetime, sys, time
factor = {factor!r}
monotonic, wall, sleep = time.monotonic, time.time, time.sleep
began, began_wall = {monotonic!r}, {wall!r}
time.monotonic = lambda: began + (monotonic() - began) * factor
time.time = lambda: began_wall + (monotonic() - began) * factor
time.sleep = lambda seconds: sleep(seconds / factor)
real = datetime.datetime
class Faster(real):
    @classmethod
    def now(cls, tz=None):
        return real.fromtimestamp(time.time(), tz)
from willcall.client import flow
flow.datetime = Faster
from willcall.cli.app import run
sys.exit(run(["watch"]))
"""


class FastClock:
    """The same clock for the sandbox."""

    def __init__(self, factor: float) -> None:
        self.factor, self.monotonic, self.wall = factor, time.monotonic(), time.time()

    def now(self) -> datetime:
        passed = (time.monotonic() - self.monotonic) * self.factor
        return datetime.fromtimestamp(self.wall + passed, UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self.factor)

    def elapsed(self) -> float:
        """Seconds since it was started."""
        return (time.monotonic() - self.monotonic) * self.factor


class Watched:
    """A sandbox, and ``willcall watch`` on it."""

    def __init__(self, folder: Path, factor: float, events: int, *, rows: bool = False) -> None:
        self.clock = FastClock(factor)
        self.sandbox = Sandbox(self.clock, season=events, ticket_types_in_rows=rows)
        self.folder, self.factor = folder, factor
        self.said: list[str] = []

    def start(self, served: Any) -> subprocess.Popen[str]:
        """The process, once it watches."""
        text = CONFIG.format(ticketsmart=served.ticketsmart_url, ticket0=served.ticket0_url)
        (self.folder / "willcall.toml").write_text(text, "utf-8")
        code = FASTER.format(
            factor=self.factor, monotonic=self.clock.monotonic, wall=self.clock.wall
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=self.folder,
            env={
                **os.environ,
                "TICKETSMART_API_KEY": self.sandbox.ticketsmart_key,
                "TICKET0_API_KEY": self.sandbox.ticket0_key,
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if "watching" in line:
                break
        said = process.stdout
        self._reader = threading.Thread(target=lambda: self.said.extend(said), daemon=True)
        self._reader.start()
        return process

    def stop(self, process: subprocess.Popen[str]) -> None:
        """Ask it to leave."""
        process.terminate()
        process.wait(10)
        self._reader.join()
        assert process.stdout is not None
        process.stdout.close()

    def refused(self) -> int:
        """How many requests the services have refused with a 429."""
        return sum(one.status == 429 for one in self.sandbox.requests)


def moments(
    count: int,
    factor: float,
    events: int,
    seed: int = 6,
    *,
    rows: bool = False,
    last: int | None = None,
) -> list[float]:
    """How many seconds each of so many sell-outs took to become a ticket; ``last``: so many
    tickets are on sale each time."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(Path(folder), factor, events, rows=rows)
        with serve(watched.sandbox) as served:
            process = watched.start(served)
            try:
                # So that every event was seen once.
                watched.clock.sleep(20.0 if rows else events * 1.2 + 60.0)
                took = [_moment(watched, dice, last) for _ in range(count)]
            finally:
                watched.stop(process)
        assert watched.refused() == 0, "the limit was overrun"
    return took


def _moment(watched: Watched, dice: random.Random, last: int | None) -> float:
    """A sale opens at a moment that was announced, and sells until its last ticket is gone."""
    office, desk, clock = watched.sandbox.boxoffice, watched.sandbox.desk, watched.clock
    opens = clock.now() + timedelta(seconds=5.0 if last else dice.uniform(90.0, 150.0))
    event = office.create(
        f"Big Night {len(office.events)}",
        clock.now() + timedelta(days=dice.randint(5, 60)),
        ticket_types=[
            {
                "name": "Floor",
                "price": 4500,
                "quantity": last or dice.randint(40, 160),
                "sale_starts_at": opens,
            },
            {"name": "Balcony", "price": 3000, "quantity": 300},
        ],
        status="PUBLISHED",
    )
    kind = event.ticket_types[0]
    clock.sleep((opens - clock.now()).total_seconds())
    while kind.available > 1:
        order = min(dice.randint(1, 4), kind.available - 1)
        office.sell(event.id, kind.id, order)
        clock.sleep(dice.expovariate(1 / 3.0))
    clock.sleep(dice.uniform(0.0, 10.0))
    office.sell(event.id, kind.id, kind.available)
    began = clock.elapsed()
    while not any(
        event.title in ticket.subject and "old out" in ticket.subject for ticket in desk.tickets
    ):
        late = clock.elapsed() >= began + 1800.0
        assert not late, f"no ticket for {event.title}: {watched.said[-9:]}"
        time.sleep(0.01)
    return clock.elapsed() - began


def use(seconds: float, factor: float, events: int) -> tuple[list[int], int]:
    """How many requests left in each minute of full work, and how many were refused."""
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(Path(folder), factor, events)
        with serve(watched.sandbox) as served:
            process = watched.start(served)
            try:
                watched.clock.sleep(60.0)
                watched.sandbox.forget_requests()
                minutes = []
                for _ in range(round(seconds / 60.0)):
                    before = len(_asked(watched.sandbox))
                    watched.clock.sleep(60.0)
                    minutes.append(len(_asked(watched.sandbox)) - before)
            finally:
                watched.stop(process)
        return minutes, watched.refused()


def _asked(sandbox: Sandbox) -> list[Any]:
    return [one for one in sandbox.requests if one.service == "ticketsmart"]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--factor", type=float, default=10.0)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=3.0)
    told = parser.parse_args()
    if told.moments:
        for rows in (False, True):
            took = sorted(moments(told.moments, told.factor, told.events, rows=rows))
            p95 = took[min(len(took) - 1, round(0.95 * len(took)))]
            print(
                f"{told.moments} sell-outs among {told.events} events whose rows "
                f"{'carry' if rows else 'lack'} ticket types, from the sale to the ticket: "
                f"p50 {statistics.median(took):.1f} s, p95 {p95:.1f} s, longest {took[-1]:.1f} s",
                flush=True,
            )
    if told.minutes:
        minutes, refused = use(told.minutes * 60.0, 1.0, told.events)
        print(
            f"requests in each of {len(minutes)} real minutes: {minutes}, "
            f"{sum(minutes) / len(minutes) / 60:.1%} of the limit; refused: {refused}"
        )


if __name__ == "__main__":
    main()

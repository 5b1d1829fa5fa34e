"""A watch in threads: what hangs is noticed, and holds nobody up.

The threads are real. The clock by which they are judged runs in steps that the tests make, so that
three minutes of silence take a moment, and a busy machine is not mistaken for a ledger that hangs.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.sandbox_config import config_for
from support.waiting import HANGS, eventually
from willcall import Bridge
from willcall.bridge.ledger import SqlLedger, open_ledger
from willcall.bridge.watchdog import Watchdog
from willcall.bridge.watching import threads
from willcall.bridge.watching.heartbeat import WatchNotice
from willcall.errors import LedgerError
from willcall.sandbox import Sandbox, serve

OFFICE = "main-room"


class Clock:
    """A monotonic clock that a test may put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """Meanwhile the clock gains four seconds ten times a second.

        A step is shorter than what :class:`Threads` takes for a pause of the whole process, and a
        thread that works gives signs much more often.
        """
        over = threading.Event()

        def hurry() -> None:
            while not over.wait(0.1):
                self.ahead += 4.0

        thread = threading.Thread(target=hurry)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock by which threads are judged."""
    clock = Clock()
    monkeypatch.setattr(threads, "time", SimpleNamespace(monotonic=clock, sleep=time.sleep))
    return clock


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The configuration of a small box office."""
    with serve(Sandbox(season=4)) as served:
        monkeypatch.setenv("TICKETSMART_API_KEY", served.sandbox.ticketsmart_key)
        monkeypatch.setenv("TICKET0_API_KEY", served.sandbox.ticket0_key)
        file = tmp_path / "willcall.toml"
        file.write_text(config_for(served), "utf-8")
        yield file


class Hanging:
    """A ledger of which one method answers nothing, once there is a snapshot."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
        self.over, self.begun = threading.Event(), threading.Event()
        plain = getattr(SqlLedger, call)

        def hangs(ledger: SqlLedger, *given: object) -> object:
            if ledger.state(OFFICE).snapshot is not None:
                self.begun.set()
                self.over.wait(HANGS)
            return plain(ledger, *given)

        monkeypatch.setattr(SqlLedger, call, hangs)


@contextmanager
def hurrying_after(event: threading.Event, clock: Clock) -> Iterator[None]:
    """The clock hurries as soon as the event has come."""
    done = threading.Event()

    def wait() -> None:
        event.wait(HANGS)
        with clock.hurrying():
            done.wait(HANGS)

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        done.set()
        event.set()
        thread.join()


@pytest.mark.parametrize("call", ["change", "unsettled"])  # observing waits for it, or delivering
def test_a_ledger_that_takes_a_question_and_answers_nothing(
    config: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock, call: str
) -> None:
    """Nobody hears that all is well; the watch ends, so that it is started again. Its lease runs
    out by itself, unless the other thread has given it back."""
    pings: list[int] = []
    monkeypatch.setattr(Watchdog, "ended", lambda _, code: pings.append(code))
    hanging = Hanging(monkeypatch, call)
    try:
        with (
            Bridge.from_config(config) as bridge,
            hurrying_after(hanging.begun, clock),
            pytest.raises(LedgerError, match="has not answered") as caught,
        ):
            bridge.watch(lambda notice: None, seconds=1e6)
        assert clock.ahead > 150
        assert caught.value.temporary
        assert pings[-2:] == [75, 75]  # a minute of it, and its end
        ledger = open_ledger("sqlite:///willcall.db", config.parent)
        fence = ledger.take_lease(OFFICE, datetime.now(UTC))
        assert (fence is None) == (call == "change")
        ledger.close()
    finally:
        hanging.over.set()


def test_what_is_broken_is_raised_before_what_hangs(
    config: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """Otherwise a defect would be called a ledger that does not answer."""
    hanging = Hanging(monkeypatch, "unsettled")

    def broken(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(SqlLedger, "renew", broken)
    monkeypatch.setattr("willcall.bridge.watching.watch._RENEW", 0.5)
    try:
        with (
            Bridge.from_config(config) as bridge,
            hurrying_after(hanging.begun, clock),
            pytest.raises(ZeroDivisionError),
        ):
            bridge.watch(lambda notice: None, seconds=1e6)
    finally:
        hanging.over.set()


def test_a_reader_may_pause(config: Path, clock: Clock) -> None:
    """A pipe that is full, a terminal that is held: that is no ledger that does not answer."""
    notices: list[WatchNotice] = []

    def read(notice: WatchNotice) -> None:
        began = clock.ahead
        if not notices:
            with clock.hurrying():
                eventually(lambda: clock.ahead > began + 360.0)
        notices.append(notice)
        bridge.stop()

    with Bridge.from_config(config) as bridge:
        (report,) = bridge.watch(read, seconds=1e6)
    assert report.exit_code == 0
    assert notices


def test_a_run_that_hangs_is_ended_as_well(config: Path) -> None:
    """For cron: the next one would hang beside it."""
    hanging = """\
import sys, time
from willcall.bridge.ledger import SqlLedger
from willcall.cli.shell import leaving
leaving.STUCK, leaving._EVERY, leaving._CLOSING_STUCK = 2.0, 0.5, 1.0
if sys.argv[1] == "closing too":
    SqlLedger.release_lease = lambda *_: time.sleep(3600)
SqlLedger.change = lambda *_: time.sleep(3600)
from willcall.cli.shell.app import run
sys.exit(run(["run"]))
"""
    for how, said in (("working", "has not answered"), ("closing too", "")):
        ended = subprocess.run(
            [sys.executable, "-c", hanging, how],
            cwd=config.parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANGS,
        )
        assert (ended.returncode, ended.stdout) == (75, "")
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr
        for ledger in config.parent.glob("willcall.db*"):
            ledger.unlink()


# SIGUSR1: the machine slept for an hour. SIGUSR2: two seconds have passed.
SLEEPER = """\
import signal, sys, time
from types import SimpleNamespace
from willcall.bridge.watching import threads
ahead = 0.0
def forward(number, frame):
    global ahead
    ahead += 3600.0 if number == signal.SIGUSR1 else 2.0
signal.signal(signal.SIGUSR1, forward)
signal.signal(signal.SIGUSR2, forward)
threads.time = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead, sleep=time.sleep)
from willcall.cli.shell.app import run
sys.exit(run(["watch"]))
"""


def test_who_waits_and_who_was_stopped_is_not_stuck(config: Path) -> None:
    """A watch is silent for longer between two polls of a quiet night; and a machine may sleep."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER], cwd=config.parent, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        while "watching" not in process.stdout.readline():
            assert process.poll() is None
        for number in (signal.SIGUSR1, *[signal.SIGUSR2] * 5, signal.SIGUSR1):
            process.send_signal(number)
            time.sleep(0.2)  # a few turns of whoever watches over the threads
            assert process.poll() is None
        process.terminate()
        assert process.wait(HANGS) == 143
    finally:
        process.kill()
        process.communicate()


def test_a_thread_that_waits_gives_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it waits."""
    moment, signs = 0.0, list[float]()

    def sleep(seconds: float) -> None:
        nonlocal moment
        moment += seconds

    monkeypatch.setattr(threads, "time", SimpleNamespace(monotonic=lambda: moment, sleep=sleep))
    watching = threads.Threads((), lambda _: None, lambda _: None, lambda: False)  # type: ignore[arg-type,return-value]
    monkeypatch.setattr(watching, "_sign", lambda: signs.append(moment))
    watching._pause(600.0)
    assert moment == pytest.approx(600.0)
    assert len(signs) > 1000


def test_who_is_asked_to_leave_leaves_whatever_hangs(config: Path) -> None:
    """Neither the act in hand nor giving the lease back comes to its end: it has some seconds all
    the same, and the lease runs out by itself."""
    hanging = """\
import sys, time
from willcall.bridge.ledger import SqlLedger
def hang(*_):
    print("hanging", flush=True)
    time.sleep(3600)
for name in ("change", "release_lease"):
    setattr(SqlLedger, name, hang)
from willcall.cli.shell.app import run
sys.exit(run([sys.argv[1]]))
"""
    for command in ("run", "watch"):
        process = subprocess.Popen(
            [sys.executable, "-c", hanging, command],
            cwd=config.parent,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            while "hanging" not in process.stdout.readline():
                assert process.poll() is None
            asked = time.monotonic()
            process.terminate()
            assert process.wait(HANGS) == 143
            assert time.monotonic() - asked > 3.5  # it was given its time
        finally:
            process.kill()
            process.communicate()
        for ledger in config.parent.glob("willcall.db*"):
            ledger.unlink()

"""A watch in threads, in real time: what hangs is noticed, and holds nobody up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.sandbox_config import config_for
from willcall import Bridge
from willcall.bridge.ledger import Ledger, open_ledger
from willcall.bridge.watchdog import Watchdog
from willcall.bridge.watching import threads
from willcall.bridge.watching.heartbeat import WatchNotice
from willcall.errors import LedgerError
from willcall.sandbox import Sandbox, serve

OFFICE = "main-room"

# A thread has a second to give a sign; the whole process may be stopped for half of one.
HASTY = """\
import sys
from willcall.bridge.watching import threads
threads.STUCK, threads._PAUSED = 1.0, 0.5
from willcall.cli.shell.app import run
sys.exit(run(["watch"]))
"""


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
    """A ledger of which one method answers nothing, from when there is a snapshot."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
        self.over, plain = threading.Event(), getattr(Ledger, call)

        def hangs(ledger: Ledger, *given: object) -> object:
            if ledger.state(OFFICE).snapshot is not None:
                self.over.wait(30)
            return plain(ledger, *given)

        monkeypatch.setattr(Ledger, call, hangs)


@pytest.fixture
def pings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The exit codes that a watchdog hears of; a minute is half a second, and telling it takes
    longer than a process may be stopped without being noticed."""
    heard: list[int] = []

    def ended(_: object, code: int) -> None:
        time.sleep(0.3)
        heard.append(code)

    monkeypatch.setattr(Watchdog, "ended", ended)
    monkeypatch.setattr(threads, "MINUTE", 0.5)
    monkeypatch.setattr(threads, "_PAUSED", 0.25)
    return heard


@pytest.mark.parametrize("call", ["change", "unsettled"])  # observing waits for it, or delivering
def test_a_ledger_that_takes_a_question_and_answers_nothing(
    config: Path, monkeypatch: pytest.MonkeyPatch, pings: list[int], call: str
) -> None:
    """Nobody is told that all is well; the watch ends, so that it is started again. Its lease runs
    out by itself, unless the other thread has given it back."""
    hanging = Hanging(monkeypatch, call)
    monkeypatch.setattr(threads, "STUCK", 3.0)
    began = time.monotonic()
    try:
        with (
            Bridge.from_config(config) as bridge,
            pytest.raises(LedgerError, match="has not answered") as caught,
        ):
            bridge.watch(lambda news: None, seconds=20)
        assert 3.0 < time.monotonic() - began < 12
        assert caught.value.temporary
        assert pings[-4:] == [75] * 4  # three minutes of it, and its end
        ledger = open_ledger("sqlite:///willcall.db", config.parent)
        fence = ledger.take_lease(OFFICE, datetime.now(UTC))
        assert (fence is None) == (call == "change")
        ledger.close()
    finally:
        hanging.over.set()


def test_what_is_broken_is_told_before_what_hangs(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a defect would be called a ledger that does not answer."""
    hanging = Hanging(monkeypatch, "unsettled")
    monkeypatch.setattr(threads, "STUCK", 2.0)

    def broken(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(Ledger, "renew", broken)
    monkeypatch.setattr("willcall.bridge.watching.watch._RENEW", 0.5)
    try:
        with Bridge.from_config(config) as bridge, pytest.raises(ZeroDivisionError):
            bridge.watch(lambda news: None, seconds=20)
    finally:
        hanging.over.set()


def test_whoever_reads_may_pause(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that is full, a terminal that is held: that is no ledger that does not answer."""
    monkeypatch.setattr(threads, "STUCK", 1.0)
    told: list[WatchNotice] = []

    def tell(news: WatchNotice) -> None:
        time.sleep(2.5)
        told.append(news)

    with Bridge.from_config(config) as bridge:
        (report,) = bridge.watch(tell, seconds=6)
    assert report.exit_code == 0
    assert told


def test_a_run_that_hangs_is_ended_as_well(config: Path) -> None:
    """For cron: the next one would hang beside it."""
    hanging = """\
import sys, time
from willcall.bridge.ledger import Ledger
from willcall.cli.shell import leaving
leaving.STUCK, leaving._EVERY, leaving._CLOSING_STUCK = 2.0, 0.5, 1.0
if sys.argv[1] == "closing too":
    Ledger.release_lease = lambda *_: time.sleep(60)
Ledger.change = lambda *_: time.sleep(60)
from willcall.cli.shell.app import run
sys.exit(run(["run"]))
"""
    for how, said in (("working", "has not answered"), ("closing too", "")):
        began = time.monotonic()
        ended = subprocess.run(
            [sys.executable, "-c", hanging, how],
            cwd=config.parent,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        assert (ended.returncode, ended.stdout) == (75, "")
        assert said in ended.stderr
        assert "Traceback" not in ended.stderr
        assert time.monotonic() - began < 10
        for ledger in config.parent.glob("willcall.db*"):
            ledger.unlink()


def test_who_waits_and_who_was_stopped_is_not_stuck(config: Path) -> None:
    """Between two looks of a quiet night it is silent for longer; and a machine may sleep."""
    process = subprocess.Popen(
        [sys.executable, "-c", HASTY], cwd=config.parent, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        while "watching" not in process.stdout.readline():
            assert process.poll() is None
        time.sleep(2.5)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(2.5)
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(2.0)
        assert process.poll() is None
        process.terminate()
        assert process.wait(10) == 143
    finally:
        process.kill()
        process.communicate()


def test_who_is_asked_to_leave_leaves_whatever_hangs(config: Path) -> None:
    """Neither the act in hand nor giving the lease back comes to its end: five seconds all the
    same, and the lease runs out by itself."""
    hanging = """\
import sys, time
from willcall.bridge.ledger import Ledger
for name in ("change", "release_lease"):
    setattr(Ledger, name, lambda *_: time.sleep(60))
from willcall.cli.shell.app import run
print("ready", flush=True)
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
            process.stdout.readline()
            time.sleep(2.0)  # it has taken the lease, and waits for its first request's place
            asked = time.monotonic()
            process.terminate()
            assert process.wait(10) == 143
            assert 3.5 < time.monotonic() - asked < 6.5
        finally:
            process.kill()
            process.communicate()
        for ledger in config.parent.glob("willcall.db*"):
            ledger.unlink()

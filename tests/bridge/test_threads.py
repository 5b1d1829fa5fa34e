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

from support.served import config_for
from willcall import Bridge
from willcall.bridge import threads
from willcall.bridge.ledger import Ledger, open_ledger
from willcall.sandbox import Sandbox, serve

OFFICE = "main-room"

# A thread has a second to give a sign; the whole process may be stopped for half of one.
HASTY = """\
import sys
from willcall.bridge import threads
threads._STUCK, threads._PAUSED = 1.0, 0.5
from willcall.cli.app import run
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


@pytest.mark.parametrize("call", ["change", "unsettled"])  # observing waits for it, or delivering
def test_a_ledger_that_takes_a_question_and_answers_nothing(
    config: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """The watch ends, so that it is started again; its lease runs out by itself."""
    hang, plain = threading.Event(), getattr(Ledger, call)

    def hangs(self: Ledger, *given: object) -> object:
        if self.state(OFFICE).snapshot is not None:
            hang.wait(30)
        return plain(self, *given)

    monkeypatch.setattr(threads, "_STUCK", 1.0)
    monkeypatch.setattr(Ledger, call, hangs)
    began = time.monotonic()
    try:
        with (
            Bridge.from_config(config) as bridge,
            pytest.raises(threads.StuckError, match="has not answered") as caught,
        ):
            bridge.watch(lambda news: None, seconds=20)
        assert time.monotonic() - began < 10
        assert caught.value.temporary
        ledger = open_ledger("sqlite:///willcall.db", config.parent)
        assert ledger.take_lease(OFFICE, datetime.now(UTC)) is None
        ledger.close()
    finally:
        hang.set()


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
from willcall.cli.app import run
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

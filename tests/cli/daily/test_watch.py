"""``willcall watch``."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.sandbox_config import CONFIG
from support.shell import Shell
from support.waiting import HANGS, eventually

PATIENT = f"""
from willcall.cli import main
from willcall.cli.shell import leaving
leaving.PATIENCE = {HANGS}  # the act in hand comes to its end on a busy machine, too
main()
"""


@pytest.fixture
def watches(shell: Shell) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts ``willcall watch`` and waits until it watches."""
    shell.configure()
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PATIENT, "watch", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TZ": "UTC"},
        )
        started.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if "watching" in line:
                break
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_a_night_under_watch(shell: Shell, watches: Callable[..., subprocess.Popen[str]]) -> None:
    """A sell-out becomes a ticket; others leave it alone; SIGTERM ends it, the lease given back."""
    process = watches()
    shell.box_office.sell_out("the-cherry-orchard")
    eventually(lambda: len(shell.desk.tickets) == 1, "a ticket")
    beside = shell("run")
    assert beside.code == 75
    assert "a watch, is at work on 'main-room'" in beside.err
    second = shell("watch", "--max-seconds", "5")
    assert (second.code, second.out) == (75, "")
    assert "leaves it alone" in second.err
    eventually(lambda: len(shell.desk.tickets[0].messages) == 2, "the message")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=HANGS)
    assert (process.returncode, err) == (143, "")
    lines = out.splitlines()
    assert any("The Cherry Orchard: sold out (opened wc-" in line for line in lines)
    assert any("main-room: opened tkt_" in line for line in lines)
    assert all(line[:2] == "20" and line[19:31] == " main-room: " for line in lines)
    with closing(sqlite3.connect("willcall.db")) as ledger:
        assert ledger.execute("SELECT lease_until FROM box_offices").fetchone() == (None,)
    assert shell("run").code == 0
    assert len(shell.desk.tickets) == 1


def test_an_interrupt_ends_it_as_well(
    shell: Shell, watches: Callable[..., subprocess.Popen[str]]
) -> None:
    """In the midst of an act: it is finished first. 130."""
    process = watches("--json")
    shell.served.sandbox.faults.add(
        "delay", service="ticket0", method="POST", path="/tickets", seconds=1
    )
    shell.box_office.sell_out("the-cherry-orchard")
    eventually(lambda: any(r.method == "POST" for r in shell.served.sandbox.requests))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=HANGS)
    assert process.returncode == 130, err
    assert err == "willcall: interrupted\n"
    told = [json.loads(line) for line in out.splitlines()]
    assert {one["box_office"] for one in told} == {"main-room"}
    changes = [change["kind"] for one in told for change in one.get("changes", [])]
    assert "event.sold_out" in changes
    with closing(sqlite3.connect("willcall.db")) as ledger:
        assert ledger.execute("SELECT lease_until FROM box_offices").fetchone() == (None,)
        states = {row[0] for row in ledger.execute("SELECT state FROM intents")}
    assert "attempting" not in states
    assert len(shell.desk.tickets) == 1


def test_what_a_person_asks_is_counted_with_it(shell: Shell) -> None:
    """`willcall events get` counts in the ledger, where there is one that can be used."""
    shell.baseline()
    assert shell("events", "get", "the-cherry-orchard").code == 0
    with closing(sqlite3.connect("willcall.db")) as ledger:
        rows = dict(ledger.execute("SELECT name, spent FROM quotas").fetchall())
    (spent,) = [text for name, text in rows.items() if name.startswith("ticketsmart ")]
    assert json.loads(spent)["count"] == 2
    Path("willcall.db").write_bytes(
        b"this is not a database, and never was one of ours at all\n" * 40
    )
    assert shell("events", "get", "the-cherry-orchard").code == 0


def test_several_box_offices_and_a_missing_key(shell: Shell) -> None:
    """Each has its own threads; a key that is missing is told before anything begins."""
    second = CONFIG.replace('"main-room"', '"second-room"').split("[desk]")[0]
    shell.configure(second + CONFIG)
    said = shell("watch", "--max-seconds", "4")
    assert said.code == 0, said.err
    assert "second-room: watching 10 events" in said.out
    assert "main-room: watching 10 events" in said.out
    shell.configure(second.replace("base_url", 'api_key_env = "NOT_SET"\nbase_url') + CONFIG)
    said = shell("watch", "--max-seconds", "4")
    assert said.code == 78
    assert "NOT_SET" in said.err


def test_a_watchdog_hears_of_it(shell: Shell) -> None:
    """At the start, and how it ended."""
    shell.configure(CONFIG + f'\n[ping]\nurl = "{shell.served.url}/ping"\n')
    assert shell("watch", "--max-seconds", "2", "-q").code == 0

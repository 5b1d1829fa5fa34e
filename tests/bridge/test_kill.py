"""Real processes, a real file, real HTTP: killed at random moments, two at a time; and signals."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import willcall
from support.sandbox_config import config_for
from support.waiting import HANGS, eventually
from willcall.sandbox import Sandbox, serve
from willcall.sandbox.server import Served

ROUNDS = int(os.environ.get("WILLCALL_KILL_ROUNDS", "20"))

_DROP_CAPABILITY, _IGNORES_MODES = 24, 1

DELIVERY = """
[delivery]
settle = "15s"
"""


PATIENT = """
from willcall.cli import main
from willcall.cli.shell import leaving
import sys
leaving.PATIENCE = {}
sys.argv = ["willcall", "run"]
main()
"""


class Cron:
    """Starts ``willcall run`` as cron would, in a folder of its own."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.sandbox = served.sandbox
        self.folder = folder
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(Path(willcall.__file__).parents[1]),
            "TICKETSMART_API_KEY": served.sandbox.ticketsmart_key,
            "TICKET0_API_KEY": served.sandbox.ticket0_key,
        }
        text = config_for(served, DELIVERY)
        (folder / "willcall.toml").write_text(text, "utf-8")

    def start(
        self, *, largest_file: int | None = None, patience: float | None = None
    ) -> subprocess.Popen[str]:
        """Start a process.

        Args:
            largest_file: it can write no file beyond so many bytes.
            patience: seconds that it has for the act in hand when it is asked to leave.
        """

        def limit() -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            # Root may write to what nobody may write to: not these processes.
            ctypes.CDLL(None).prctl(_DROP_CAPABILITY, _IGNORES_MODES)
            if largest_file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        run = ["-m", "willcall", "run"]
        if patience is not None:
            run = ["-c", PATIENT.format(patience)]
        return subprocess.Popen(
            [sys.executable, *run],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit,  # noqa: PLW1509 - it calls nothing that could hold a lock
        )

    def run(self, *, largest_file: int | None = None) -> tuple[int, str]:
        """One process to its end; its exit code and what it said."""
        process = self.start(largest_file=largest_file)
        out, err = process.communicate(timeout=HANGS)
        return process.returncode, out + err

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The ledger, in one transaction; its connection is closed afterwards."""
        with closing(sqlite3.connect(self.folder / "willcall.db", timeout=10)) as ledger, ledger:
            yield ledger

    def later(self) -> None:
        """Let two minutes pass, as far as the ledger is concerned: the settle time is over, and
        what was spent of the quota is free again. Leases are left as they are."""
        with self.database() as ledger:
            ledger.execute("UPDATE intents SET attempted_at = datetime(attempted_at, '-2 minutes')")
            ledger.execute("DELETE FROM quotas")


@pytest.fixture
def cron(tmp_path: Path) -> Iterator[Cron]:
    """Both services on loopback, without their limits, and a folder with a configuration."""
    sandbox = Sandbox(desk="2025", ticketsmart_limit=None, ticket0_limit=None)
    with serve(sandbox) as served:
        yield Cron(served, tmp_path)


def test_kill_9_at_random_moments_two_at_a_time(cron: Cron) -> None:
    """Whatever is killed when: each sell-out has one ticket, each message is sent once."""
    dice = random.Random(5)
    assert cron.run()[0] == 0
    events = [e.id for e in cron.sandbox.boxoffice.events if e.status == "PUBLISHED"]
    killed = 0
    for turn in range(ROUNDS):
        event = cron.sandbox.boxoffice.event(events[turn % len(events)])
        if event.sold_out:
            cron.sandbox.boxoffice.restock(event.id, event.ticket_types[0].name, 3)
        else:
            cron.sandbox.boxoffice.sell_out(event.id)
        served = len(cron.sandbox.requests)
        pair = [cron.start(), cron.start()]
        # A run makes about six requests. It is killed a moment after one of them, so that the
        # moments are spread over the run on a machine of any speed.
        enough = served + dice.randint(1, 6)
        eventually(
            lambda: (
                len(cron.sandbox.requests) >= enough  # noqa: B023
                or all(process.poll() is not None for process in pair)  # noqa: B023
            )
        )
        time.sleep(dice.uniform(0.0, 0.05))
        for process in pair:
            killed += process.poll() is None
            process.kill()
            process.communicate()
        cron.later()
    code = 75
    for _ in range(6):
        code, said = cron.run()
        cron.later()
        if code == 0:
            break
    assert code == 0, said
    assert killed > ROUNDS // 2
    markers = Counter(t.subject.rsplit("[", 1)[1] for t in cron.sandbox.desk.tickets)
    assert markers
    assert set(markers.values()) == {1}, markers
    sent = Counter(m.body.strip().rsplit("\n", 1)[-1] for m in cron.sandbox.desk.outbox)
    assert set(sent.values()) == {1}, sent
    open_now = [e for e in cron.sandbox.boxoffice.events if e.id in events and e.sold_out]
    standing = [t for t in cron.sandbox.desk.tickets if t.status != "resolved"]
    assert len(standing) >= len(open_now)
    with cron.database() as ledger:
        assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_kill_9_blinds_no_later_run(cron: Cron) -> None:
    """The lease of a process that is gone is free at once, and what was in doubt is looked up."""
    assert cron.run()[0] == 0
    cron.sandbox.boxoffice.sell_out("the-cherry-orchard")
    cron.sandbox.faults.add("delay", service="ticket0", method="POST", path="/tickets", seconds=1)
    process = cron.start()
    eventually(lambda: any(r.method == "POST" for r in cron.sandbox.requests), "a ticket")
    process.kill()
    process.communicate()
    with cron.database() as ledger:
        (holder,) = ledger.execute("SELECT lease_holder FROM box_offices").fetchone()
    assert f":{process.pid}:" in holder, "it died with the lease"
    cron.sandbox.faults.clear()
    code, said = cron.run()
    assert code in {0, 3}, said
    assert "is at work" not in said


def test_a_process_that_lives_keeps_its_lease(cron: Cron) -> None:
    """Stopped, it is not dead: the next run leaves it alone."""
    assert cron.run()[0] == 0
    cron.sandbox.boxoffice.sell_out("the-cherry-orchard")
    cron.sandbox.faults.add("delay", service="ticket0", method="POST", path="/tickets", seconds=1)
    process = cron.start()
    eventually(lambda: any(r.method == "POST" for r in cron.sandbox.requests), "a ticket")
    process.send_signal(signal.SIGSTOP)
    try:
        code, said = cron.run()
        assert code == 75
        assert "is at work" in said
    finally:
        process.kill()
        process.communicate()


def test_a_full_disk_stops_before_anything_is_sent(cron: Cron) -> None:
    """Exit 75, nothing sent; and the run after there is room again goes on."""
    assert cron.run()[0] == 0
    cron.sandbox.boxoffice.sell_out("the-cherry-orchard")
    with cron.database() as ledger:
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    code, said = cron.run(largest_file=16)
    assert code in {75, 78}, said
    assert "Traceback" not in said
    assert cron.sandbox.desk.tickets == []
    assert cron.run()[0] == 0
    assert len(cron.sandbox.desk.tickets) == 1


def test_a_disk_that_fills_up_half_way_never_doubles_anything(cron: Cron) -> None:
    """At whatever byte it is full: nothing is sent that was not written down first."""
    assert cron.run()[0] == 0
    cron.sandbox.boxoffice.sell_out("the-cherry-orchard")
    for size in range(8_000, 120_000, 16_000):
        code, said = cron.run(largest_file=size)
        assert "Traceback" not in said
        assert code in {0, 3, 75, 78}, said
        cron.later()
    while True:
        code, said = cron.run()
        if code == 0:
            break
        cron.later()
    (ticket,) = cron.sandbox.desk.tickets
    assert len(ticket.messages) == 2


def test_a_read_only_file(cron: Cron) -> None:
    """Exit 78, and what to do about it."""
    assert cron.run()[0] == 0
    (cron.folder / "willcall.db").chmod(0o400)
    code, said = cron.run()
    assert code == 78
    assert "write" in said


def test_sigterm_finishes_the_act_in_hand(cron: Cron) -> None:
    """It leaves with 143, the lease given back, and nothing in doubt."""
    assert cron.run()[0] == 0
    cron.sandbox.boxoffice.sell_out("the-cherry-orchard")
    cron.sandbox.boxoffice.sell_out("open-mic-wednesday")
    cron.sandbox.faults.add("delay", service="ticket0", method="POST", path="/tickets", seconds=1)
    process = cron.start(patience=HANGS)
    eventually(lambda: any(r.method == "POST" for r in cron.sandbox.requests), "a ticket")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=HANGS)
    assert process.returncode == 143, out + err
    assert "Traceback" not in out + err
    with cron.database() as ledger:
        assert ledger.execute("SELECT lease_until FROM box_offices").fetchone() == (None,)
        states = Counter(row[0] for row in ledger.execute("SELECT state FROM intents"))
    assert states["attempting"] == 0
    assert len(cron.sandbox.desk.tickets) == 1
    cron.sandbox.faults.clear()
    assert cron.run()[0] == 0
    assert len(cron.sandbox.desk.tickets) == 2

"""Two installations, a restored copy, an evicted cache: real processes, real files, real HTTP."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from support.sandbox_config import config_for
from support.waiting import HANGS
from willcall.sandbox import Sandbox, serve
from willcall.sandbox.desk import Ticket
from willcall.sandbox.server import Served

_DELIVERY = '[delivery]\nsettle = "15s"\n'
PLAY = "the-cherry-orchard"


@attrs.frozen
class Machine:
    """An installation in a folder of its own."""

    folder: Path
    environment: dict[str, str]

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "willcall", *words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def call(self, *words: str) -> tuple[int, str]:
        process = self.start(*words)
        said, _ = process.communicate(timeout=HANGS)
        assert "Traceback" not in said, said
        return process.returncode, said


@attrs.frozen
class Town:
    """Both services on loopback, and machines that share a house."""

    served: Served
    path: Path

    def machine(self, name: str) -> Machine:
        folder = self.path / name
        folder.mkdir()
        (folder / "willcall.toml").write_text(config_for(self.served, _DELIVERY), "utf-8")
        box = self.served.sandbox
        keys = {"TICKETSMART_API_KEY": box.ticketsmart_key, "TICKET0_API_KEY": box.ticket0_key}
        return Machine(folder, {**os.environ, **keys})

    def about(self, title: str = "The Cherry Orchard") -> list[Ticket]:
        return [t for t in self.served.sandbox.desk.tickets if title in t.subject]

    def mailed(self) -> Counter[str]:
        """How often each message has gone out, by its reference."""
        outbox = self.served.sandbox.desk.outbox
        return Counter(message.body.strip().rsplit("\n", 1)[-1] for message in outbox)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    with serve(Sandbox(ticketsmart_limit=None, ticket0_limit=None)) as served:
        yield Town(served, tmp_path)


def test_two_installations_at_the_same_time(town: Town) -> None:
    """A laptop and a server, started together: one ticket stays, and one mail goes out."""
    laptop, server = town.machine("laptop"), town.machine("server")
    for machine in (laptop, server):
        assert machine.call("run")[0] == 0
    town.served.sandbox.boxoffice.sell_out(PLAY)
    for process in [laptop.start("run", "-q"), server.start("run", "-q")]:
        process.communicate(timeout=HANGS)
    standing = [ticket for ticket in town.about() if ticket.status != "resolved"]
    assert len(standing) == 1
    assert set(town.mailed().values()) == {1}


def test_a_second_installation_that_comes_later(town: Town) -> None:
    """It adopts the ticket, mails nothing, and doctor and status name the other."""
    server, laptop = town.machine("server"), town.machine("laptop")
    for machine in (server, laptop):
        assert machine.call("run")[0] == 0
    town.served.sandbox.boxoffice.sell_out(PLAY)
    assert server.call("run")[0] == 0
    mailed = town.mailed()
    code, said = laptop.call("run")
    assert code == 0, said
    assert "found, so it was not done again" in said
    assert len(town.about()) == 1
    assert town.mailed() == mailed
    assert "another ledger" in laptop.call("doctor", "--offline")[1]
    assert "another ledger" in laptop.call("status")[1]
    assert "another ledger" not in server.call("doctor", "--offline")[1]


def test_a_restored_copy(town: Town) -> None:
    """A backup from before the sell-out: nothing is sent again."""
    machine = town.machine("server")
    assert machine.call("run")[0] == 0
    assert machine.call("db", "backup", "copy.db")[0] == 0
    town.served.sandbox.boxoffice.sell_out(PLAY)
    assert machine.call("run")[0] == 0
    mailed = town.mailed()
    for name in ("willcall.db", "willcall.db-wal", "willcall.db-shm"):
        (machine.folder / name).unlink(missing_ok=True)
    shutil.move(machine.folder / "copy.db", machine.folder / "willcall.db")
    assert machine.call("run")[0] == 0
    assert len(town.about()) == 1
    assert town.mailed() == mailed


def test_an_evicted_cache(town: Town) -> None:
    """The ledger is gone: nothing is guessed, and `recover` goes on with what is there."""
    machine = town.machine("runner")
    assert machine.call("run")[0] == 0
    town.served.sandbox.boxoffice.sell_out(PLAY)
    assert machine.call("run")[0] == 0
    mailed = town.mailed()
    for path in machine.folder.glob("willcall.db*"):
        path.unlink()
    code, said = machine.call("run")
    assert code == 78, said
    assert "willcall recover" in said
    assert machine.call("recover")[0] == 0
    assert machine.call("run")[0] == 0
    assert len(town.about()) == 1
    assert town.mailed() == mailed

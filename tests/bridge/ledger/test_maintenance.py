"""Care of the ledger, dead letters and recovery, from the command line over real HTTP."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import willcall.bridge.ledger.sql.upgrade as upgrade_module
from support.sandbox_config import config_for
from willcall.bridge.ledger import open_ledger
from willcall.bridge.ledger.sql import maintenance
from willcall.cli.shell.app import run as willcall
from willcall.errors import LedgerError
from willcall.sandbox import Sandbox, serve
from willcall.sandbox.server import Served


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Both services on loopback, and a configuration for them."""
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox(ticketsmart_limit=None, ticket0_limit=None)
    with serve(sandbox) as served:
        monkeypatch.setenv("TICKETSMART_API_KEY", sandbox.ticketsmart_key)
        monkeypatch.setenv("TICKET0_API_KEY", sandbox.ticket0_key)
        text = config_for(served)
        Path("willcall.toml").write_text(text, "utf-8")
        yield served


def test_dead_letters_by_hand(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """List, show, retry; then drop."""
    assert willcall(["run", "-q"]) == 0
    assert willcall(["dead", "list"]) == 0
    served.sandbox.boxoffice.sell_out("the-cherry-orchard")
    refuse = served.sandbox.faults.add(
        "status", service="ticket0", method="POST", path="/tickets", status=400,
        body='{"error": {"code": "VALIDATION_ERROR", "message": "no such customer"}}',
    )  # fmt: skip
    assert willcall(["run", "-q"]) == 3
    capsys.readouterr()
    assert willcall(["dead", "list", "--json"]) == 3
    letter = json.loads(capsys.readouterr().out)
    assert letter["act"] == "open"
    assert "no such customer" in letter["error"]
    assert willcall(["dead", "show", str(letter["number"])]) == 3
    assert "The Cherry Orchard" in capsys.readouterr().out
    assert willcall(["dead", "show", "4711"]) == 2
    assert willcall(["dead", "retry", "4711"]) == 2
    served.sandbox.faults.remove(refuse)
    assert willcall(["dead", "retry"]) == 0
    willcall(["run", "-q"])
    assert willcall(["run", "-q"]) == 0
    assert len([t for t in served.sandbox.desk.tickets if "Cherry" in t.subject]) == 1


def test_the_ledger_by_hand(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """Check, back up, migrate, prune; and a damaged one."""
    assert willcall(["run", "-q"]) == 0
    assert willcall(["db", "check"]) == 0
    assert willcall(["db", "backup", "copy.db"]) == 0
    assert willcall(["db", "backup", "copy.db"]) == 78
    assert willcall(["db", "migrate"]) == 0
    assert willcall(["db", "prune", "--keep", "1d"]) == 0
    assert willcall(["db", "prune", "--keep", "soon"]) == 2
    said = capsys.readouterr()
    assert "is sound" in said.out
    assert "0 runs forgotten" in said.out
    with closing(sqlite3.connect("willcall.db")) as ledger:
        ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = Path("willcall.db")
    blob = bytearray(file.read_bytes())
    blob[4096 * 3 : 4096 * 12] = b"\xa5" * (4096 * 9)
    file.write_bytes(blob)
    served.sandbox.boxoffice.sell_out("the-cherry-orchard")
    assert willcall(["run"]) == 78
    assert served.sandbox.desk.tickets == []
    said = capsys.readouterr()
    assert "damaged" in said.err
    assert "Traceback" not in said.err


def test_recover_by_hand(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is gone: a run refuses, recover reads it back, a run goes on."""
    assert willcall(["run", "-q"]) == 0
    served.sandbox.boxoffice.sell_out("the-cherry-orchard")
    assert willcall(["run", "-q"]) == 0
    for file in Path().glob("willcall.db*"):
        file.unlink()
    assert willcall(["run", "-q"]) == 78
    assert "willcall recover" in capsys.readouterr().err
    assert willcall(["recover"]) == 0
    assert "read back from 1 tickets" in capsys.readouterr().out
    assert willcall(["recover"]) == 78
    served.sandbox.boxoffice.restock("the-cherry-orchard", "Balcony", 4)
    assert willcall(["run", "-q"]) == 0
    (ticket,) = served.sandbox.desk.tickets
    assert ticket.status == "resolved"


def test_simulate_by_hand(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    """A few seeds of one's own rules; one of them step by step."""
    assert willcall(["simulate", "--seeds", "3"]) == 0
    assert "3 seeds" in capsys.readouterr().out
    assert willcall(["simulate", "--seed", "3"]) == 0
    assert "seed 3: kept" in capsys.readouterr().out
    assert served.sandbox.requests == []


_NEXT = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None
def upgrade():
    op.add_column("runs", sa.Column("weather", sa.Text()))
"""


def test_an_older_ledger_is_copied_before_it_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the copy has the old version."""
    open_ledger("sqlite:///willcall.db", tmp_path).close()
    migrations = tmp_path / "migrations"
    shutil.copytree(upgrade_module.MIGRATIONS, migrations)
    (migrations / "versions" / "0002_the_next.py").write_text(_NEXT, "utf-8")
    monkeypatch.setattr(upgrade_module, "MIGRATIONS", migrations)
    monkeypatch.setattr(upgrade_module, "_KNOWN", ("0001", "0002"))
    for module in (upgrade_module, maintenance):
        monkeypatch.setattr(module, "HEAD", "0002")
    with pytest.raises(LedgerError, match="version 0001"):
        open_ledger("sqlite:///willcall.db", tmp_path, reading=True)
    ledger = open_ledger("sqlite:///willcall.db", tmp_path)
    assert ledger.maintenance.version() == "0002"
    ledger.close()
    with closing(sqlite3.connect(tmp_path / "willcall.db.version-0001")) as copy:
        assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


def test_pruning_forgets_what_is_over_and_keeps_the_cases(tmp_path: Path) -> None:
    """Runs of last year."""
    ledger = open_ledger("sqlite:///willcall.db", tmp_path)
    old = datetime(2026, 1, 1, tzinfo=UTC)
    ledger.record_run("main-room", old, old, 0, {})
    assert ledger.maintenance.prune(old + timedelta(days=5), timedelta(days=9))["runs"] == 0
    assert ledger.maintenance.prune(old + timedelta(days=100), timedelta(days=90))["runs"] == 1
    ledger.close()

"""Migrations and pruning."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import willcall.bridge.ledger.sql.upgrade as upgrade_module
from willcall.bridge.ledger import open_ledger
from willcall.bridge.ledger.sql import maintenance
from willcall.errors import LedgerError

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

"""A new ledger in SQLite for each seed, without running the migrations each time."""

from __future__ import annotations

import atexit
import sqlite3
from functools import cache
from pathlib import Path

from ..bridge.ledger import Ledger, ledger_on, open_ledger


@cache
def _template() -> sqlite3.Connection:
    """A ledger with all its tables, made once: alembic takes longer than a whole seed."""
    memory = open_ledger("sqlite://", Path())
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    atexit.register(copy.close)
    memory.maintenance.copy_to(copy)
    memory.close()
    return copy


@cache
def _database() -> tuple[sqlite3.Connection, Ledger]:
    """A database that all seeds use in turn, so that SQLAlchemy compiles each statement once."""
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    atexit.register(connection.close)
    return connection, ledger_on(connection)


def in_sqlite() -> Ledger:
    """A new ledger in SQLite. It replaces the ledger that the last call returned."""
    connection, ledger = _database()
    _template().backup(connection)
    return ledger.as_another_process()

"""A new ledger in SQLite for each seed, without running the migrations each time."""

from __future__ import annotations

import atexit
import sqlite3
from functools import cache
from pathlib import Path

from ..bridge.ledger import Ledger, SqlLedger, ledger_on, open_ledger


@cache
def _template() -> sqlite3.Connection:
    """A ledger with all its tables, made once: alembic takes longer than a whole seed."""
    memory = open_ledger("sqlite://", Path())
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    atexit.register(copy.close)
    memory.maintenance.copy_to(copy)
    memory.close()
    return copy


class MemoryDatabase:
    """A database in memory that ledgers use in turn, so that SQLAlchemy compiles each statement
    once."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(
            ":memory:", check_same_thread=False, isolation_level=None
        )
        atexit.register(self._connection.close)
        self._ledger = ledger_on(self._connection)

    def new(self) -> SqlLedger:
        """A new ledger. It replaces the ledger that the last call returned."""
        if self._connection.in_transaction:
            self._connection.rollback()
        _template().backup(self._connection)
        return self._ledger.as_another_process()

    @property
    def closed(self) -> bool:
        """Whether one of its ledgers has closed it."""
        try:
            self._connection.execute("SELECT 1")
        except sqlite3.ProgrammingError:
            return True
        return False


_database = cache(MemoryDatabase)


def in_sqlite() -> Ledger:
    """A new ledger in SQLite. It replaces the ledger that the last call returned."""
    return _database().new()

"""Maintenance of a ledger in SQL: checks, copies, and the deletion of old rows."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, exists, or_, select, text

from ....errors import LedgerError
from ...model.cases import LIVE
from . import schema
from .changes import delete_unused_facts
from .rename import SqlRenaming
from .upgrade import HEAD, is_known, unlimited, upgrade, version_of


class SqlMaintenance(SqlRenaming):
    """See :class:`~willcall.bridge.ledger.protocols.Maintenance`."""

    def upgrade(self) -> None:
        """Bring its tables to the version of this code; a file that has any is copied first.

        Raises:
            LedgerError: it is damaged, a newer willcall wrote it, or it cannot be copied.
        """
        with self._reading() as connection:
            self._sound(connection)
            found = version_of(connection)
            if found is not None and found != HEAD and is_known(found):
                self._copy_before(connection, found)
        with self._writing() as connection:
            upgrade(connection)

    def check_version(self) -> None:
        """Refuse to read what this code does not understand, or what is damaged.

        Raises:
            LedgerError: it has another version, or is damaged.
        """
        with self._reading() as connection:
            self._sound(connection)
            found = version_of(connection)
        if found != HEAD:
            raise LedgerError(
                f"the ledger has version {found or 'none'}, this willcall reads {HEAD}: "
                "`willcall run` brings an older one up to date"
            )

    def version(self) -> str | None:
        with self._reading() as connection:
            return version_of(connection)

    def complaints(self, *, thorough: bool) -> list[str]:
        with self._reading() as connection:
            return _complaints(connection, thorough=thorough)

    def backup(self, target: Path) -> None:
        with self._reading() as connection:
            _backup(connection, target)

    def prune(self, now: datetime, keep: timedelta) -> dict[str, int]:
        with self._writing() as connection:
            return _prune(connection, now, keep)

    def copy_to(self, target: Any) -> None:
        """Copy all of it, as it is at this moment, into an open connection to SQLite.

        Raises:
            LedgerError: it is not SQLite, or cannot be read.
        """
        with self._reading() as connection:
            source: Any = connection.connection.driver_connection
            if not hasattr(source, "backup"):
                raise LedgerError(f"{self._name} is not SQLite: use its own tools to copy it")
            source.backup(target)

    def _sound(self, connection: Connection) -> None:
        found = _complaints(connection, thorough=False)
        if found:
            raise LedgerError(
                f"{self._name} is damaged: {found[0]} (restore a copy, or start a new one with "
                "`willcall recover`)"
            )

    def _copy_before(self, connection: Connection, version: str) -> None:
        path = self._engine.url.database
        if connection.dialect.name == "sqlite" and path not in {None, "", ":memory:"}:
            target = Path(f"{path}.version-{version}")
            if not target.exists():
                _backup(connection, target)


def _complaints(connection: Connection, *, thorough: bool) -> list[str]:
    """What SQLite finds wrong with the file, and what our own tables contradict."""
    found: list[str] = []
    if connection.dialect.name == "sqlite":
        pragma = "integrity_check" if thorough else "quick_check"
        rows = connection.execute(text(f"PRAGMA {pragma}(5)"))
        found += [str(row[0]) for row in rows if row[0] != "ok"]
        if not found and thorough:
            rows = connection.execute(text("PRAGMA foreign_key_check"))
            found += [f"{row[0]}: row {row[1]} refers to nothing in {row[2]}" for row in rows]
    return found


def _backup(connection: Connection, target: Path) -> None:
    if connection.dialect.name != "sqlite":
        raise LedgerError("only an SQLite ledger is copied here: use your database's own tools")
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        said = (error.strerror or "").lower()
        raise LedgerError(
            f"{target} cannot be made: {said} (name a file that is not there yet)"
        ) from None
    import sqlite3

    copy = sqlite3.connect(target)
    try:
        source = connection.connection.driver_connection
        source.backup(copy)  # type: ignore[union-attr]
    except sqlite3.Error as error:
        raise LedgerError(f"{target} cannot be written: {error}", temporary=True) from None
    finally:
        copy.close()


def _prune(connection: Connection, now: datetime, keep: timedelta) -> dict[str, int]:
    unlimited(connection)
    horizon = now - keep
    counts: dict[str, int] = {}
    runs, changes, conditions = schema.runs, schema.changes, schema.conditions
    history = schema.history
    live = select(schema.cases.c.marker).where(
        schema.cases.c.state.in_([str(state) for state in LIVE])
    )
    counts["runs"] = connection.execute(delete(runs).where(runs.c.started_at < horizon)).rowcount
    counts["changes"] = connection.execute(
        delete(changes).where(
            changes.c.observed_at < horizon,
            changes.c.marker.is_(None) | changes.c.marker.not_in(live),
            ~exists().where(
                or_(conditions.c.change == changes.c.id, conditions.c.ending == changes.c.id)
            ),
        )
    ).rowcount
    gone = 0
    for office in connection.execute(select(schema.box_offices.c.name)).scalars().all():
        mine = history.c.box_office == office
        last = connection.execute(
            select(history.c.at)
            .where(mine, history.c.full.is_(True), history.c.at <= horizon)
            .order_by(history.c.at.desc())
            .limit(1)
        ).scalar()
        if last is not None:
            gone += connection.execute(delete(history).where(mine, history.c.at < last)).rowcount
        delete_unused_facts(connection, office)
    counts["history"] = gone
    return counts

"""Care of a ledger: is it sound, a copy of it, and what may be forgotten."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select, text

from ...errors import LedgerError
from ..model.cases import LIVE
from . import schema
from .archive import Archive
from .upgrade import HEAD, is_known, unlimited, upgrade, version_of


def complaints(connection: Connection, *, thorough: bool) -> list[str]:
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


def backup(connection: Connection, target: Path) -> None:
    """A copy of an SQLite ledger as it is now, readable by nobody else.

    Raises:
        LedgerError: it is no SQLite, or the file is there already.
    """
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


def prune(connection: Connection, now: datetime, keep: timedelta) -> dict[str, int]:
    """Forget what is over and older than that: runs, changes, and history. Cases and their acts
    stay, since they are what knows an old ticket; so does the youngest whole snapshot."""
    unlimited(connection)
    horizon = now - keep
    counts: dict[str, int] = {}
    runs, changes, history = schema.runs, schema.changes, schema.history
    live = select(schema.cases.c.marker).where(
        schema.cases.c.state.in_([str(state) for state in LIVE])
    )
    counts["runs"] = connection.execute(delete(runs).where(runs.c.started_at < horizon)).rowcount
    counts["changes"] = connection.execute(
        delete(changes).where(
            changes.c.observed_at < horizon,
            changes.c.marker.is_(None) | changes.c.marker.not_in(live),
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
    counts["history"] = gone
    return counts


class Cared(Archive):
    """A ledger that is looked after."""

    def upgrade(self) -> None:
        """Bring its tables to the version of this code; one that has any is copied first.

        Raises:
            LedgerError: it is damaged, a newer willcall has written it, or it cannot be copied.
        """
        with self._told():
            with self._reading() as connection:
                self._sound(connection)
                found = version_of(connection)
                if found is not None and found != HEAD and is_known(found):
                    self._copy_before(connection, found)
            with self._engine.begin() as connection:
                upgrade(connection)

    def _sound(self, connection: Connection) -> None:
        found = complaints(connection, thorough=False)
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
                backup(connection, target)

    def version(self) -> str | None:
        """The version of its tables."""
        with self._told(), self._reading() as connection:
            return version_of(connection)

    def complaints(self, *, thorough: bool) -> list[str]:
        """What is wrong with it; nothing, if it is sound."""
        with self._told(), self._reading() as connection:
            return complaints(connection, thorough=thorough)

    def backup(self, target: Path) -> None:
        """Copy it into a new file.

        Raises:
            LedgerError: the file is there already or cannot be written, or it is no SQLite.
        """
        with self._told(), self._reading() as connection:
            backup(connection, target)

    def prune(self, now: datetime, keep: timedelta) -> dict[str, int]:
        """Forget what is over and older than that; how much that was."""
        with self._told(), self._engine.begin() as connection:
            return prune(connection, now, keep)

    def check_version(self) -> None:
        """Refuse to read what this code does not understand, or what is damaged.

        Raises:
            LedgerError: it has another version, or is damaged.
        """
        with self._told(), self._reading() as connection:
            self._sound(connection)
            found = version_of(connection)
        if found != HEAD:
            raise LedgerError(
                f"the ledger has version {found or 'none'}, this willcall reads {HEAD}: "
                "`willcall run` brings an older one up to date"
            )

    def copy_to(self, target: Any) -> None:
        """Copy the whole of it, as it is at this moment, into an open connection to SQLite.

        Raises:
            LedgerError: it is no SQLite, or cannot be read.
        """
        with self._told(), self._engine.connect() as connection:
            source: Any = connection.connection.driver_connection
            if not hasattr(source, "backup"):
                raise LedgerError(f"{self._name} is no SQLite: use its own tools to copy it")
            source.backup(target)

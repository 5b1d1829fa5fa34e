"""Care of a ledger: is it sound, a copy of it, and what may be forgotten."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, select, text

from ...errors import LedgerError
from ..cases import LIVE
from . import schema


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
        raise LedgerError(f"{target} cannot be made: {said}") from None
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

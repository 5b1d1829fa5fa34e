"""Who may write and send for a box office, in SQL."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Connection, Engine, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from ....errors import LedgerError
from ..holders import Holder, OsProcess
from ..records import LEASE, Fence, can_be_taken
from . import schema
from .database import Database, ensure_office, ledger_time


class SqlLeases(Database):
    """See :class:`~willcall.bridge.ledger.protocols.Leases`."""

    def __init__(self, engine: Engine, holder: Holder | None = None) -> None:
        super().__init__(engine)
        self._held: dict[str, Fence] = {}
        self._holder = holder or OsProcess()
        self._session: HolderSession | None = None

    def take_lease(self, box_office: str, now: datetime) -> Fence | None:
        offices = schema.box_offices
        with self._writing() as connection:
            ensure_office(connection, box_office)
            row = connection.execute(
                select(offices.c.fence, offices.c.lease_until, offices.c.lease_holder)
                .where(offices.c.name == box_office)
                .with_for_update()
            ).one()
            now = ledger_time(connection, now)
            if not can_be_taken(row.lease_until, now) and not self._has_ended(
                connection, row.lease_holder or ""
            ):
                return None
            holder = self._holder.name() + self._session_name()
            connection.execute(
                update(offices)
                .where(offices.c.name == box_office)
                .values(fence=row.fence + 1, lease_holder=holder, lease_until=now + LEASE)
            )
            fence = self._held[box_office] = Fence(box_office, row.fence + 1, holder)
            return fence

    def renew(self, fence: Fence, now: datetime) -> None:
        with self._fenced(fence, now):
            pass

    def release_lease(self, fence: Fence) -> None:
        self._held.pop(fence.box_office, None)
        offices = schema.box_offices
        with self._writing() as connection:
            connection.execute(
                update(offices)
                .where(offices.c.name == fence.box_office, offices.c.fence == fence.number)
                .values(lease_holder=None, lease_until=None)
            )

    def let_go(self) -> None:
        for fence in list(self._held.values()):
            with suppress(LedgerError):
                self.release_lease(fence)
        if self._session is not None:
            self._session.close()
            self._session = None

    def abandon(self) -> None:
        self._held.clear()
        # Not closed: the ledger does not answer. It ends with the process.
        self._session = None

    # -- the end of a holder ------------------------------------------------------------------

    def _session_name(self) -> str:
        """The word that names the session of this holder; nothing without a server."""
        if self._engine.dialect.name != "postgresql":
            return ""
        if self._session is None or not self._session.is_open():
            self._session = HolderSession(self._engine)
        return f" {_SESSION}{self._session.key}"

    def _has_ended(self, connection: Connection, name: str) -> bool:
        if self._holder.has_ended(name):
            return True
        key = name.rpartition(" ")[2].removeprefix(_SESSION)
        if connection.dialect.name != "postgresql" or f" {_SESSION}{key}" not in name:
            return False
        return connection.execute(_LOCKED, {"space": _SPACE, "key": int(key)}).first() is None


_SESSION = "session="
_SPACE = 0x77696C6C
"""The first half of all advisory locks of willcall; the second is drawn for each session."""
_LOCK = text("SELECT pg_advisory_lock(:space, :key)")
_LOCKED = text("""
SELECT 1 FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2
  AND classid = :space AND objid = :key
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


class HolderSession:
    """A session with PostgreSQL that lasts as long as its process, and holds an advisory lock.

    The server lets go of the lock when the session ends, so that others see the end of the process.
    It is looked up in ``pg_locks`` and never tried: with a pool of server sessions, a try by the
    same session would succeed.
    """

    def __init__(self, engine: Engine) -> None:
        self.key = secrets.randbelow(2**31)
        # Autocommit: a session that idles in a transaction is ended by the server.
        self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            self._connection.execute(_LOCK, {"space": _SPACE, "key": self.key})
        except SQLAlchemyError:
            self._connection.close()
            raise

    def is_open(self) -> bool:
        """Whether the session still is; one that is not is closed."""
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """End the session."""
        with suppress(SQLAlchemyError):
            self._connection.invalidate()
        with suppress(SQLAlchemyError):
            self._connection.close()

"""The ledger in SQLite or PostgreSQL: its roles, put together."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import Engine, event, insert, select, update
from sqlalchemy.pool import ConnectionPoolEntry

from ....client.quota import Step
from ..holders import Holder
from . import schema
from .database import insert_if_absent, server_clock
from .decisions import SqlDecisions
from .errors import shown_url
from .history import SqlHistory
from .leases import SqlLeases
from .maintenance import SqlMaintenance
from .outbox import SqlOutbox
from .queries import SqlQueries
from .silences import SqlSilences

T = TypeVar("T")


class SqlLedger(SqlLeases, SqlDecisions, SqlOutbox, SqlHistory, SqlQueries, SqlSilences):
    """See :class:`~willcall.bridge.ledger.protocols.Ledger`; ``maintenance`` is apart."""

    def __init__(
        self, engine: Engine, *, reading: bool = False, holder: Holder | None = None
    ) -> None:
        super().__init__(engine, holder)
        self.reading = reading

    def __repr__(self) -> str:
        return f"<SqlLedger {shown_url(self._engine.url)}>"

    @property
    def maintenance(self) -> SqlMaintenance:
        """Maintenance of its database."""
        return SqlMaintenance(self._engine)

    def as_another_process(self, holder: Holder | None = None) -> SqlLedger:
        return SqlLedger(self._engine, holder=holder)

    def close(self) -> None:
        """See the protocol. A connection that a hanging thread still uses is closed when the thread
        gives it back."""
        self.let_go()
        event.listen(self._engine, "checkin", _close)
        self._engine.dispose()

    def change(self, name: str, step: Step[T]) -> T:
        """See :class:`willcall.client.quota.QuotaStore`."""
        quotas = schema.quotas
        mine = quotas.c.name == name
        known = select(quotas.c.spent).where(mine).with_for_update()
        with self._writing() as connection:
            row = connection.execute(known).first()
            if row is None:
                # Made first and then locked: a row that does not exist cannot be locked.
                insert_if_absent(connection, insert(quotas).values(name=name, spent=""))
                row = connection.execute(known).one()
            spent, answer = step(row.spent or None, server_clock(connection))
            connection.execute(update(quotas).where(mine).values(spent=spent))
            return answer


def _close(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.invalidate()

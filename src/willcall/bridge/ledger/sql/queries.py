"""How things stand now, in SQL. Nothing here writes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Row

from ..records import OfficeRecord, RunRecord
from . import schema
from .database import Database


class SqlQueries(Database):
    """See :class:`~willcall.bridge.ledger.protocols.Queries`."""

    def office(self, name: str) -> OfficeRecord:
        offices, runs = schema.box_offices, schema.runs
        with self._reading() as connection:
            row = connection.execute(select(offices).where(offices.c.name == name)).first()
            newest = select(func.max(runs.c.id)).where(runs.c.box_office == name)
            last = connection.execute(
                select(runs).where(runs.c.id == newest.scalar_subquery())
            ).first()
        if row is None:
            return OfficeRecord(name=name)
        return OfficeRecord(
            name=name,
            baseline_at=row.baseline_at,
            swept_at=row.swept_at,
            lease_holder=row.lease_holder,
            lease_until=row.lease_until,
            last_run=None if last is None else run_of(last),
        )

    def known_offices(self) -> list[str]:
        offices = schema.box_offices
        known = select(offices.c.name).where(offices.c.baseline_at.is_not(None))
        with self._reading() as connection:
            return sorted(connection.execute(known).scalars())

    def spent(self, name: str) -> str | None:
        quotas = schema.quotas
        with self._reading() as connection:
            found = connection.execute(select(quotas.c.spent).where(quotas.c.name == name)).scalar()
        return None if found is None else str(found)


def run_of(row: Row[Any]) -> RunRecord:
    """A run."""
    return RunRecord(
        started_at=row.started_at,
        ended_at=row.ended_at,
        exit_code=row.exit_code,
        summary=row.summary,
    )

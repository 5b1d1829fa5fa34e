"""How it stands: what people ask of the ledger at a glance. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import func, select
from sqlalchemy.engine import Row

from . import schema
from .base import Base


@attrs.frozen(kw_only=True)
class Run:
    """A run that took place; ``summary`` is what it has said of itself."""

    started_at: datetime
    ended_at: datetime
    exit_code: int
    summary: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class Office:
    """A box office as the ledger has it: when its baseline and its last whole sweep were, and who
    holds its lease, if anybody does."""

    name: str
    baseline_at: datetime | None = None
    swept_at: datetime | None = None
    lease_holder: str | None = None
    lease_until: datetime | None = None
    last_run: Run | None = None


class Glance(Base):
    """A ledger that is looked at."""

    def office(self, name: str) -> Office:
        """How it stands with a box office; one that is not known has neither baseline nor run."""
        offices, runs = schema.box_offices, schema.runs
        with self._told(), self._reading() as connection:
            row = connection.execute(select(offices).where(offices.c.name == name)).first()
            newest = select(func.max(runs.c.id)).where(runs.c.box_office == name)
            last = connection.execute(
                select(runs).where(runs.c.id == newest.scalar_subquery())
            ).first()
        if row is None:
            return Office(name=name)
        return Office(
            name=name,
            baseline_at=row.baseline_at,
            swept_at=row.swept_at,
            lease_holder=row.lease_holder,
            lease_until=row.lease_until,
            last_run=None if last is None else _run(last),
        )

    def runs(self, box_office: str, since: datetime) -> list[Run]:
        """The runs that began since then, oldest first."""
        runs = schema.runs
        with self._told(), self._reading() as connection:
            rows = connection.execute(
                select(runs)
                .where(runs.c.box_office == box_office, runs.c.started_at >= since)
                .order_by(runs.c.started_at, runs.c.id)
            )
            return list(map(_run, rows))

    def spent(self, name: str) -> str | None:
        """What is spent of a quota, as :mod:`willcall.client.quota` wrote it; None: nothing yet."""
        quotas = schema.quotas
        with self._told(), self._reading() as connection:
            found = connection.execute(select(quotas.c.spent).where(quotas.c.name == name)).scalar()
        return None if found is None else str(found)


def _run(row: Row[Any]) -> Run:
    return Run(
        started_at=row.started_at,
        ended_at=row.ended_at,
        exit_code=row.exit_code,
        summary=row.summary,
    )

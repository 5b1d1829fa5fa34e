"""Another name for a box office, in SQL: all that is known of it goes on under that name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from ....errors import LedgerError, TakenOverError
from ..records import can_be_taken
from . import schema
from .database import Database, ensure_office, ledger_time


class SqlRenaming(Database):
    """See :meth:`~willcall.bridge.ledger.protocols.Maintenance.rename`."""

    def rename(self, old: str, new: str, now: datetime) -> int:
        with self._writing() as connection:
            _check(connection, old, new, now)
            return _rename(connection, old, new)


def _check(connection: Connection, old: str, new: str, now: datetime) -> None:
    offices, cases = schema.box_offices, schema.cases
    row = connection.execute(select(offices).where(offices.c.name == old)).first()
    if row is None:
        known = connection.execute(
            select(offices.c.name)
            .where(offices.c.baseline_at.is_not(None))
            .order_by(offices.c.name)
        ).scalars()
        raise LedgerError(
            f"the ledger knows no box office {old!r}; it knows: {', '.join(known) or 'none'}"
        )
    moment = ledger_time(connection, now)
    for name in (old, new):
        held = connection.execute(
            select(offices.c.lease_until).where(
                offices.c.name == name, offices.c.lease_holder.is_not(None)
            )
        ).scalar()
        if held is not None and not can_be_taken(held, moment):
            raise TakenOverError(
                f"a run, or a watch, is at work on {name!r}: stop it, and rename again"
            )
    taken = connection.execute(
        select(offices.c.name).where(offices.c.name == new, offices.c.baseline_at.is_not(None))
    ).first()
    count = select(func.count()).select_from(cases).where(cases.c.box_office == new)
    if taken is not None or connection.execute(count).scalar():
        raise LedgerError(f"the ledger knows a box office {new!r} already: choose another name")


def _rename(connection: Connection, old: str, new: str) -> int:
    """How many cases have their box office under the new name."""
    offices, facts = schema.box_offices, schema.facts
    ensure_office(connection, new)
    # A run under the new name that could not take a baseline has left rows.
    for table in (schema.conditions, schema.planners):
        connection.execute(delete(table).where(table.c.box_office == new))
    known = connection.execute(select(offices).where(offices.c.name == old)).one()
    fence = connection.execute(select(offices.c.fence).where(offices.c.name == new)).scalar_one()
    connection.execute(
        update(offices)
        .where(offices.c.name == new)
        .values(
            baseline_at=known.baseline_at,
            swept_at=known.swept_at,
            troubles=known.troubles,
            fence=max(fence, known.fence) + 1,
        )
    )
    copied = select(literal(new), facts.c.digest, facts.c.facts).where(facts.c.box_office == old)
    connection.execute(
        insert(facts).from_select([facts.c.box_office, facts.c.digest, facts.c.facts], copied)
    )
    moved = 0
    for table in (
        *(schema.snapshots, schema.runs, schema.changes, schema.conditions, schema.silences),
        *(schema.history, schema.planners, schema.predictions, schema.cases, schema.intents),
    ):
        done = connection.execute(
            update(table).where(table.c.box_office == old).values(box_office=new)
        )
        moved = done.rowcount if table is schema.cases else moved
    # What happened to the box office as a whole has its name for a subject.
    for table in (schema.conditions, schema.cases):
        connection.execute(
            update(table)
            .where(table.c.box_office == new, table.c.subject == old)
            .values(subject=new)
        )
    _rename_members(connection, old, new)
    for table in (facts, offices):
        mine = table.c.name if table is offices else table.c.box_office
        connection.execute(delete(table).where(mine == old))
    return moved


def _rename_members(connection: Connection, old: str, new: str) -> None:
    cases = schema.cases
    mine = select(cases.c.marker, cases.c.members).where(cases.c.box_office == new)
    for marker, members in connection.execute(mine).all():
        renamed = [[kind, new if subject == old else subject] for kind, subject in members]
        if renamed != members:
            connection.execute(
                update(cases).where(cases.c.marker == marker).values(members=renamed)
            )

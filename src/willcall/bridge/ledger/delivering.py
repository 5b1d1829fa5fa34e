"""What delivery reads and writes: tries, twins, dead letters, and requests spent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, insert, or_, select, update

from ...client.quota import Step
from ..model.cases import UNSETTLED, Act, Case, CaseState, Intent, IntentState
from . import schema
from .base import insert_if_absent, server_clock
from .rows import case_of, intent_of, intent_row

T = TypeVar("T")


def read_unsettled(connection: Connection, box_office: str) -> list[tuple[Case, Intent]]:
    """Every intent that is not done with, oldest case first, each case's in order."""
    cases, intents = schema.cases, schema.intents
    return _with_cases(
        connection,
        select(intents)
        .join(cases, cases.c.marker == intents.c.case)
        .where(cases.c.box_office == box_office, intents.c.settled.is_(False))
        .order_by(cases.c.opened_at, cases.c.marker, intents.c.position),
    )


def read_repeated(
    connection: Connection, box_office: str, since: datetime
) -> list[tuple[Case, Intent]]:
    """The openings that were sent more than once: lately, or of a case with more to do."""
    cases, intents = schema.cases, schema.intents
    others = intents.alias()
    busy = (
        select(others.c.id)
        .where(others.c.case == intents.c.case, others.c.settled.is_(False))
        .exists()
    )
    return _with_cases(
        connection,
        select(intents)
        .join(cases, cases.c.marker == intents.c.case)
        .where(
            cases.c.box_office == box_office,
            intents.c.act == str(Act.OPEN),
            intents.c.settled.is_(True),
            intents.c.repeated_at.is_not(None),
            or_(intents.c.repeated_at >= since, busy),
        )
        .order_by(intents.c.id),
    )


def read_dead(connection: Connection) -> list[tuple[Case, Intent]]:
    """Every dead letter, oldest first."""
    intents = schema.intents
    wanted = intents.c.state == str(IntentState.DEAD)
    return _with_cases(connection, select(intents).where(wanted).order_by(intents.c.id))


def _with_cases(connection: Connection, wanted: Select[Any]) -> list[tuple[Case, Intent]]:
    cases = schema.cases
    rows = connection.execute(wanted).all()
    if not rows:
        return []
    markers = {row.case for row in rows}
    held = connection.execute(select(cases).where(cases.c.marker.in_(markers)))
    by_marker = {case.marker: case for case in map(case_of, held)}
    return [(by_marker[row.case], intent_of(row)) for row in rows]


def write_intent(
    connection: Connection, intent: Intent, now: datetime, ticket_id: str | None
) -> None:
    """How it stands with an intent, and the ticket it opened."""
    intents, cases = schema.intents, schema.cases
    settled = intent.state not in UNSETTLED
    connection.execute(
        update(intents)
        .where(intents.c.id == intent.id)
        .values(
            state=str(intent.state),
            settled=settled,
            settled_at=now if settled else None,
            tries=intent.tries,
            first_tried_at=intent.first_tried_at,
            attempted_at=intent.attempted_at,
            repeated_at=intent.repeated_at,
            retry_at=intent.retry_at,
            error=intent.error,
            sent=dict(intent.sent),
        )
    )
    if ticket_id is not None:
        connection.execute(
            update(cases).where(cases.c.marker == intent.case).values(ticket_id=ticket_id)
        )


def write_gone(connection: Connection, marker: str, why: str, now: datetime) -> None:
    """Drop all that is left to do for a case that has no ticket any more; what folds a second
    ticket is about another one, and stays."""
    intents, cases = schema.intents, schema.cases
    waiting = connection.execute(
        select(intents.c.id, intents.c.payload).where(
            intents.c.case == marker, intents.c.settled.is_(False)
        )
    )
    connection.execute(
        update(intents)
        .where(intents.c.id.in_([row.id for row in waiting if "ticket_id" not in row.payload]))
        .values(state=str(IntentState.DROPPED), settled=True, settled_at=now, error=why)
    )
    connection.execute(
        update(cases)
        .where(cases.c.marker == marker)
        .values(state=str(CaseState.GONE), ended_at=now)
    )


def write_folds(
    connection: Connection,
    marker: str,
    twins: Sequence[str],
    acts: Callable[[int, str], list[Intent]],
) -> int:
    """Add the acts that fold second tickets, each of them once; how many tickets were news."""
    intents, cases = schema.intents, schema.cases
    rows = connection.execute(select(intents.c.payload).where(intents.c.case == marker))
    known = {row.payload.get("ticket_id") for row in rows}
    new = [twin for twin in twins if twin not in known]
    for twin in new:
        mine = cases.c.marker == marker
        position = connection.execute(select(cases.c.acts).where(mine)).scalar_one() + 1
        more = acts(position, twin)
        connection.execute(insert(intents), list(map(intent_row, more)))
        connection.execute(update(cases).where(mine).values(acts=position + len(more) - 1))
    return len(new)


def write_dead(connection: Connection, number: int, state: IntentState, now: datetime) -> bool:
    """Take a dead letter up again, or let it go; whether there was one of that number."""
    intents = schema.intents
    mine = (intents.c.id == number) & (intents.c.state == str(IntentState.DEAD))
    row = connection.execute(select(intents).where(mine)).first()
    if row is None:
        return False
    settled = state not in UNSETTLED
    values = {
        "state": str(state),
        "settled": settled,
        "settled_at": now if settled else None,
        "retry_at": None,
        "tries": 0,
        "first_tried_at": None if not settled else row.first_tried_at,
    }
    connection.execute(update(intents).where(mine).values(**values))
    if settled and row.act == str(Act.OPEN):
        write_gone(connection, row.case, "its ticket was never opened: dropped by hand", now)
    return True


def change_quota(connection: Connection, name: str, step: Step[T]) -> T:
    """Change what is spent of a quota."""
    quotas = schema.quotas
    mine = quotas.c.name == name
    known = select(quotas.c.spent).where(mine).with_for_update()
    row = connection.execute(known).first()
    if row is None:
        # Made first and locked then: a row that is not there yet locks nobody out.
        insert_if_absent(connection, insert(quotas).values(name=name, spent=""))
        row = connection.execute(known).one()
    spent, answer = step(row.spent or None, server_clock(connection))
    connection.execute(update(quotas).where(mine).values(spent=spent))
    return answer

"""The outward acts, in SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
from sqlalchemy import Connection, Select, func, insert, literal, or_, select, update

from ...model.cases import (
    UNSETTLED,
    Act,
    Case,
    CaseState,
    Intent,
    IntentState,
    Name,
)
from ..protocols import Pair
from ..records import CONFIRMED_WITHIN, FOLDS_FROM, Fence, attempted
from . import schema
from .database import Database, ledger_time
from .rows import case_of, intent_of, intent_row


class SqlOutbox(Database):
    """See :class:`~willcall.bridge.ledger.protocols.Outbox`."""

    # -- what is to be done -------------------------------------------------------------------

    @property
    def has_clock(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    def clock(self, now: datetime) -> datetime:
        if not self.has_clock:
            return now
        with self._reading() as connection:
            return ledger_time(connection, now)

    def unsettled(self, box_office: str) -> Sequence[Pair]:
        cases, intents = schema.cases, schema.intents
        with self._reading() as connection:
            return with_cases(
                connection,
                select(intents)
                .join(cases, cases.c.marker == intents.c.case)
                .where(cases.c.box_office == box_office, intents.c.settled.is_(False))
                .order_by(cases.c.opened_at, cases.c.marker, intents.c.position),
            )

    def repeated(self, box_office: str, since: datetime) -> Sequence[Pair]:
        cases, intents = schema.cases, schema.intents
        others = intents.alias()
        busy = (
            select(others.c.id)
            .where(others.c.case == intents.c.case, others.c.settled.is_(False))
            .exists()
        )
        with self._reading() as connection:
            return with_cases(
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

    def adopted(self, box_office: str, since: datetime) -> Sequence[Pair]:
        with self._reading() as connection:
            return read_adopted(connection, box_office, since)

    def dead(self) -> Sequence[Pair]:
        intents = schema.intents
        wanted = (intents.c.state == str(IntentState.DEAD), intents.c.case.is_not(None))
        with self._reading() as connection:
            return with_cases(connection, select(intents).where(*wanted).order_by(intents.c.id))

    # -- a try ----------------------------------------------------------------------------------

    def attempting(
        self, fence: Fence, intent: Intent, sent: Mapping[str, Any], now: datetime
    ) -> Intent:
        tried = attempted(intent, sent, now)
        with self._fenced(fence, now) as connection:
            if not _write_intent(connection, tried, now):
                return attrs.evolve(intent, state=IntentState.DROPPED)
        return tried

    def settle(
        self,
        fence: Fence,
        intent: Intent,
        state: IntentState,
        now: datetime,
        *,
        error: str | None = None,
        retry_at: datetime | None = None,
        ticket_id: str | None = None,
    ) -> None:
        done = attrs.evolve(intent, state=state, error=error, retry_at=retry_at)
        cases = schema.cases
        with self._fenced(fence, now) as connection:
            _write_intent(connection, done, now)
            if ticket_id is not None:
                mine = cases.c.marker == intent.case
                connection.execute(update(cases).where(mine).values(ticket_id=ticket_id))

    def fold(
        self,
        fence: Fence,
        case: Case,
        duplicates: Sequence[str],
        acts: Callable[[int, str], list[Intent]],
        now: datetime,
    ) -> int:
        intents = schema.intents
        with self._fenced(fence, now) as connection:
            rows = connection.execute(
                select(intents.c.payload).where(intents.c.case == case.marker)
            )
            known = {row.payload.get("ticket_id") for row in rows}
            new = [duplicate for duplicate in duplicates if duplicate not in known]
            for duplicate in new:
                last = connection.execute(
                    select(func.max(intents.c.position)).where(intents.c.case == case.marker)
                ).scalar_one()
                more = acts(max((last or 0) + 1, FOLDS_FROM), duplicate)
                new_rows = [intent_row(case.box_office, intent) for intent in more]
                connection.execute(insert(intents), new_rows)
            return len(new)

    # -- what will never be done ----------------------------------------------------------------

    def give_up(
        self,
        fence: Fence,
        case: Case,
        why: str,
        now: datetime,
        state: CaseState = CaseState.GONE,
    ) -> None:
        with self._fenced(fence, now) as connection:
            _write_gone(connection, case.marker, why, now, state)

    def detach(self, fence: Fence, case: Case, why: str, now: datetime) -> None:
        cases = schema.cases
        mine = cases.c.marker == case.marker
        with self._fenced(fence, now) as connection:
            joining = [i for i in _owed(connection, case.marker) if i.says]
            unsaid = _drop(connection, case.marker, why, now, joining)
            row = connection.execute(select(cases).where(mine)).one()
            members = [list(name) for name in case_of(row).members if name not in unsaid]
            connection.execute(update(cases).where(mine).values(members=members, group_key=""))

    def to_confirm(self, box_office: str, now: datetime) -> Sequence[Pair]:
        cases, intents = schema.cases, schema.intents
        with self._reading() as connection:
            return with_cases(
                connection,
                select(intents)
                .join(cases, cases.c.marker == intents.c.case)
                .where(
                    cases.c.box_office == box_office,
                    intents.c.state == str(IntentState.DONE),
                    intents.c.retry_at.is_not(None),
                    or_(
                        intents.c.retry_at <= now,
                        intents.c.retry_at > now + CONFIRMED_WITHIN,
                    ),
                )
                .order_by(intents.c.id),
            )

    def retry_dead(self, number: int, now: datetime) -> bool:
        return self._revive(number, IntentState.UNKNOWN, now)

    def drop_dead(self, number: int, now: datetime) -> bool:
        return self._revive(number, IntentState.DROPPED, now)

    def _revive(self, number: int, state: IntentState, now: datetime) -> bool:
        intents = schema.intents
        mine = (intents.c.id == number) & (intents.c.state == str(IntentState.DEAD))
        with self._writing() as connection:
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
                why = "its ticket was never opened: dropped by hand"
                _write_gone(connection, row.case, why, now)
            return True

    # -- removals -------------------------------------------------------------------------------

    def removals(self, box_office: str) -> Mapping[str, Intent]:
        with self._reading() as connection:
            return _read_removals(connection, box_office)

    def schedule(
        self, fence: Fence, removals: Sequence[Intent], now: datetime
    ) -> Mapping[str, Intent]:
        with self._fenced(fence, now) as connection:
            known = _read_removals(connection, fence.box_office)
            new = [
                intent_row(fence.box_office, removal)
                for removal in removals
                if removal.case not in known
            ]
            if new:
                connection.execute(insert(schema.intents), new)
            return _read_removals(connection, fence.box_office)


def _read_removals(connection: Connection, box_office: str) -> dict[str, Intent]:
    intents = schema.intents
    rows = connection.execute(
        select(intents)
        .where(intents.c.box_office == box_office, intents.c.removal.is_not(None))
        .order_by(intents.c.id)
    )
    return {row.removal: intent_of(row) for row in rows}


def read_adopted(connection: Connection, box_office: str, since: datetime) -> list[Pair]:
    """See :meth:`~willcall.bridge.ledger.protocols.Outbox.adopted`."""
    cases, intents = schema.cases, schema.intents
    found = with_cases(
        connection,
        select(intents)
        .join(cases, cases.c.marker == intents.c.case)
        .where(
            cases.c.box_office == box_office,
            cases.c.opened_at >= since,
            intents.c.act == str(Act.OPEN),
        )
        .order_by(intents.c.id),
    )
    return [(case, intent) for case, intent in found if "other" in intent.sent]


def with_cases(connection: Connection, wanted: Select[Any]) -> list[Pair]:
    """The intents that are wanted, each with its case."""
    cases = schema.cases
    rows = connection.execute(wanted).all()
    if not rows:
        return []
    markers = {row.case for row in rows}
    held = connection.execute(select(cases).where(cases.c.marker.in_(markers)))
    by_marker = {case.marker: case for case in map(case_of, held)}
    return [(by_marker[row.case], intent_of(row)) for row in rows]


def _write_intent(connection: Connection, intent: Intent, now: datetime) -> bool:
    """Write an intent, unless it was dropped meanwhile; whether it was written."""
    intents = schema.intents
    settled = intent.state not in UNSETTLED
    written = connection.execute(
        update(intents)
        .where(intents.c.id == intent.id, intents.c.state != str(IntentState.DROPPED))
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
    return bool(written.rowcount)


def _write_gone(
    connection: Connection,
    marker: str,
    why: str,
    now: datetime,
    state: CaseState = CaseState.GONE,
) -> None:
    """Drop what is left to do for a case that has no ticket any more; what folds a duplicate is
    about another ticket, and stays."""
    cases = schema.cases
    left = [intent for intent in _owed(connection, marker) if not intent.folds]
    _drop(connection, marker, why, now, left)
    connection.execute(
        update(cases)
        .where(cases.c.marker == marker)
        .values(
            state=str(state), ended_at=func.coalesce(cases.c.ended_at, literal(now, schema.Moment))
        )
    )


def _owed(connection: Connection, marker: str) -> list[Intent]:
    intents = schema.intents
    mine = (intents.c.case == marker, intents.c.settled.is_(False))
    rows = connection.execute(select(intents).where(*mine).order_by(intents.c.position))
    return [intent_of(row) for row in rows]


def _drop(
    connection: Connection, marker: str, why: str, now: datetime, left: Sequence[Intent]
) -> set[Name]:
    """Drop acts of a case; what they should have announced counts as not announced."""
    intents, cases, conditions = schema.intents, schema.cases, schema.conditions
    connection.execute(
        update(intents)
        .where(intents.c.id.in_([intent.id for intent in left]))
        .values(state=str(IntentState.DROPPED), settled=True, settled_at=now, error=why)
    )
    unsaid = {name for intent in left for name in intent.says}
    case = connection.execute(select(cases).where(cases.c.marker == marker)).one()
    for kind, subject in sorted(unsaid):
        mine = (
            (conditions.c.box_office == case.box_office)
            & (conditions.c.kind == kind)
            & (conditions.c.subject == subject)
        )
        known = connection.execute(select(conditions.c.announced).where(mine)).first()
        if known is not None:
            announced = [rule for rule in known.announced if rule != case.rule]
            connection.execute(update(conditions).where(mine).values(announced=announced))
    return unsaid

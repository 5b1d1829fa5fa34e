"""What a pass reads before it decides and commits afterwards, in SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, or_, select, update

from ...model.cases import (
    LIVE,
    STAYS,
    UNSENT,
    WITHDRAWN,
    Act,
    Case,
    CaseState,
    Condition,
    Decision,
    Evaluation,
    IntentState,
    State,
)
from ...model.facts import EventFacts
from ...model.history import FULL_EVERY, entry
from ...model.predictions import settlements
from ..records import HISTORY_KEPT, RUNS_KEPT, Fence, others_in
from . import schema
from .changes import (
    AT_ONCE,
    ChangesWriter,
    FactsReader,
    FactsWriter,
    chunks,
    delete_unused_facts,
    read_changes,
)
from .database import Database, ensure_office
from .outbox import read_adopted
from .predictions import write_planner, write_predictions
from .rows import case_of, case_row, intent_row, silence_of


class SqlDecisions(Database):
    """See :class:`~willcall.bridge.ledger.protocols.Decisions`."""

    def state(self, box_office: str, since: datetime | None = None) -> State:
        with self._reading() as connection:
            return _read_state(connection, box_office, since)

    def planner(self, box_office: str) -> bytes | None:
        planners = schema.planners
        with self._reading() as connection:
            found = connection.execute(
                select(planners.c.blob).where(planners.c.box_office == box_office)
            ).scalar()
            return None if found is None else bytes(found)

    def commit(
        self,
        fence: Fence,
        decision: Decision,
        now: datetime,
        *,
        swept: bool = True,
        keep: timedelta = HISTORY_KEPT,
    ) -> None:
        with self._fenced(fence, now) as connection:
            _write_decision(connection, decision, swept=swept, keep=keep)

    def evaluate(
        self,
        fence: Fence,
        now: datetime,
        step: Callable[[State], Evaluation | None],
        *,
        since: datetime | None = None,
        snapshot: Mapping[str, EventFacts] | None = None,
        keep: timedelta = HISTORY_KEPT,
        planner: bytes | None = None,
    ) -> Evaluation | None:
        with self._fenced(fence, now) as connection:
            if planner is not None:
                write_planner(connection, fence.box_office, planner, now)
            found = step(_read_state(connection, fence.box_office, since, snapshot))
            if found is not None:
                _write_evaluation(connection, found, now, keep)
            return found

    def evaluate_without_lease(
        self,
        box_office: str,
        now: datetime,
        step: Callable[[State], Evaluation],
        since: datetime | None = None,
    ) -> Evaluation:
        offices = schema.box_offices
        with self._writing() as connection:
            ensure_office(connection, box_office)
            # Whoever has the lease decides under a lock on the same row.
            mine = offices.c.name == box_office
            connection.execute(select(offices.c.fence).where(mine).with_for_update())
            found = step(_read_state(connection, box_office, since))
            _write_evaluation(connection, found, now, HISTORY_KEPT)
            return found

    def record_run(
        self,
        box_office: str,
        started_at: datetime,
        ended_at: datetime,
        exit_code: int,
        summary: Mapping[str, Any],
    ) -> None:
        runs = schema.runs
        # A run a minute is half a million rows a year.
        old = (runs.c.box_office == box_office, runs.c.started_at < started_at - RUNS_KEPT)
        with self._writing() as connection:
            ensure_office(connection, box_office)
            connection.execute(delete(runs).where(*old))
            connection.execute(
                insert(runs).values(
                    box_office=box_office,
                    started_at=started_at,
                    ended_at=ended_at,
                    exit_code=exit_code,
                    summary=dict(summary),
                )
            )


def _read_state(
    connection: Connection,
    box_office: str,
    since: datetime | None,
    snapshot: Mapping[str, EventFacts] | None = None,
) -> State:
    """What is known of a box office; ``since``: cases that ended later are among it. A ``snapshot``
    that is at hand need not be read."""
    offices = schema.box_offices
    known = select(offices.c.baseline_at, offices.c.troubles).where(offices.c.name == box_office)
    office = connection.execute(known).first()
    if office is None:
        return State(silences=_silences(connection))
    facts = FactsReader(connection, box_office)
    if office.baseline_at is None:
        snapshot = None
    elif snapshot is None:
        snapshot = _read_snapshot(connection, facts, box_office)
    return State(
        snapshot=snapshot,
        conditions=_conditions(connection, facts, box_office),
        cases=_cases(connection, box_office, since),
        occurrences=_occurrences(connection, box_office),
        silences=_silences(connection),
        troubles=dict(office.troubles),
        dead=_dead(connection, box_office),
        others=() if since is None else others_in(read_adopted(connection, box_office, since)),
        unsent=_unsent(connection, box_office),
    )


def _dead(connection: Connection, box_office: str) -> tuple[str, ...]:
    cases, intents = schema.cases, schema.intents
    rows = connection.execute(
        select(intents.c.case, intents.c.act, cases.c.title)
        .join(cases, cases.c.marker == intents.c.case)
        .where(cases.c.box_office == box_office, intents.c.state == str(IntentState.DEAD))
        .order_by(intents.c.id)
    )
    return tuple(f"{row.title}: {row.act} of {row.case}" for row in rows)


def _unsent(connection: Connection, box_office: str) -> dict[str, frozenset[Act]]:
    """By open case, the acts that wait and were certainly not carried out."""
    cases, intents = schema.cases, schema.intents
    rows = connection.execute(
        select(intents.c.case, intents.c.act, intents.c.payload)
        .join(cases, cases.c.marker == intents.c.case)
        .where(
            cases.c.box_office == box_office,
            cases.c.state == str(CaseState.OPEN),
            intents.c.settled.is_(False),
            intents.c.state.in_([str(state) for state in UNSENT]),
        )
    )
    found: dict[str, frozenset[Act]] = {}
    for row in rows:
        if not any(key in row.payload for key in STAYS):
            found[row.case] = found.get(row.case, frozenset()) | {Act(row.act)}
    return found


def _withdraw(connection: Connection, decision: Decision) -> None:
    intents = schema.intents
    for case, acts in decision.withdrawn.items():
        waiting = connection.execute(
            select(intents.c.id, intents.c.payload).where(
                intents.c.case == case,
                intents.c.act.in_([str(act) for act in acts]),
                intents.c.state.in_([str(state) for state in UNSENT]),
            )
        ).all()
        mine = [row.id for row in waiting if not any(key in row.payload for key in STAYS)]
        connection.execute(
            update(intents)
            .where(intents.c.id.in_(mine))
            .values(
                state=str(IntentState.DROPPED),
                settled=True,
                settled_at=decision.at,
                error=WITHDRAWN,
            )
        )


def _of(table: Table, box_office: str) -> Any:
    return select(table).where(table.c.box_office == box_office)


def _read_snapshot(
    connection: Connection,
    facts: FactsReader,
    box_office: str,
    only: Collection[str] | None = None,
) -> dict[str, EventFacts]:
    """Every event as it was last seen, by id; or these only."""
    snapshots, stored = schema.snapshots, schema.facts
    every = (
        select(snapshots.c.event_id, stored.c.digest, stored.c.facts)
        .join(
            stored,
            (stored.c.box_office == snapshots.c.box_office)
            & (stored.c.digest == snapshots.c.facts),
        )
        .where(snapshots.c.box_office == box_office)
        .order_by(snapshots.c.event_id)
    )
    if only is not None and len(only) <= AT_ONCE:
        every = every.where(snapshots.c.event_id.in_(only))
    rows = connection.execute(every)
    return {row.event_id: facts.add(row.digest, row.facts) for row in rows}


def _conditions(
    connection: Connection, facts: FactsReader, box_office: str
) -> tuple[Condition, ...]:
    changes, conditions = schema.changes, schema.conditions
    rows = connection.execute(
        _of(conditions, box_office).order_by(conditions.c.kind, conditions.c.subject)
    ).all()
    mine = conditions.c.box_office == box_office
    named = select(changes).where(
        or_(
            changes.c.id.in_(select(conditions.c.change).where(mine)),
            changes.c.id.in_(select(conditions.c.ending).where(mine)),
        )
    )
    by_id = {row.id: change for row, change in read_changes(connection, named, {box_office: facts})}
    return tuple(
        Condition(
            change=by_id[row.change],
            announced=frozenset(row.announced),
            covered_by=row.covered_by,
            ending=None if row.ending is None else by_id[row.ending],
            known=row.known,
            turned={rule: datetime.fromisoformat(at) for rule, at in row.turned.items()},
        )
        for row in rows
    )


def _cases(connection: Connection, box_office: str, since: datetime | None) -> tuple[Case, ...]:
    cases = schema.cases
    live = cases.c.state.in_([str(state) for state in LIVE])
    wanted = live if since is None else or_(live, cases.c.ended_at >= since)
    rows = connection.execute(
        _of(cases, box_office).where(wanted).order_by(cases.c.opened_at, cases.c.marker)
    )
    return tuple(map(case_of, rows))


def _occurrences(connection: Connection, box_office: str) -> dict[tuple[str, str, str], int]:
    cases = schema.cases
    led_by = (cases.c.rule, cases.c.kind, cases.c.subject)
    counted = connection.execute(
        select(*led_by, func.max(cases.c.occurrence))
        .where(cases.c.box_office == box_office)
        .group_by(*led_by)
    )
    return {(rule, kind, subject): count for rule, kind, subject, count in counted}


def _silences(connection: Connection) -> tuple[Any, ...]:
    rows = connection.execute(select(schema.silences).order_by(schema.silences.c.id))
    return tuple(map(silence_of, rows))


def _write_evaluation(
    connection: Connection, found: Evaluation, now: datetime, keep: timedelta
) -> None:
    """Write a decision and what belongs to it."""
    decision, unwritten = found.decision, found.unwritten
    _write_decision(connection, decision, swept=found.swept, keep=keep, unwritten=unwritten)
    settled = settlements(recorded.change for recorded in decision.recorded)
    write_predictions(connection, decision.box_office, found.predictions, settled, now)


def _write_decision(
    connection: Connection,
    decision: Decision,
    *,
    swept: bool,
    keep: timedelta,
    unwritten: Mapping[str, EventFacts] | None = MappingProxyType({}),
) -> None:
    """Write everything that a pass has decided.

    ``unwritten`` are events as the history has them that differ since; None leaves the history for
    later.
    """
    offices = schema.box_offices
    values: dict[str, Any] = {}
    if decision.baseline:
        values["baseline_at"] = decision.at
    if decision.troubles is not None:
        values["troubles"] = dict(decision.troubles)
    if swept:
        values["swept_at"] = decision.at
    if unwritten is not None and (swept or unwritten or decision.facts):
        _write_history(connection, decision, keep, unwritten)
    if values:
        mine = offices.c.name == decision.box_office
        connection.execute(update(offices).where(mine).values(**values))
    _write_what_changed(connection, decision)
    for case in decision.cases:
        row = case_row(case)
        cases = schema.cases
        changed = connection.execute(
            update(cases).where(cases.c.marker == case.marker).values(**row)
        )
        if changed.rowcount == 0:
            connection.execute(insert(cases).values(**row))
    _withdraw(connection, decision)
    if decision.intents:
        rows = [intent_row(decision.box_office, intent) for intent in decision.intents]
        connection.execute(insert(schema.intents), rows)


def _write_what_changed(connection: Connection, decision: Decision) -> None:
    """The events that differ, the changes, and the conditions: each refers to the same facts."""
    facts = FactsWriter()
    changes = ChangesWriter(connection, decision, facts)
    snapshots = [
        {
            "box_office": decision.box_office,
            "event_id": event_id,
            "facts": facts.refer(event),
            "seen_at": decision.at,
        }
        for event_id, event in decision.facts.items()
    ]
    changes.refer()
    facts.write(connection, decision.box_office)
    replaced = _write_snapshots(connection, decision, snapshots)
    changes.record()
    _write_conditions(connection, decision, changes)
    delete_unused_facts(connection, decision.box_office, replaced)


def _write_snapshots(
    connection: Connection, decision: Decision, rows: Sequence[Mapping[str, Any]]
) -> set[str]:
    """Write events as they are now; the digests of what they were."""
    snapshots = schema.snapshots
    mine = snapshots.c.box_office == decision.box_office
    replaced: set[str] = set()
    for some in chunks(decision.facts):
        these = (mine, snapshots.c.event_id.in_(some))
        replaced.update(connection.execute(select(snapshots.c.facts).where(*these)).scalars())
        connection.execute(delete(snapshots).where(*these))
    if rows:
        connection.execute(insert(snapshots), rows)
    return replaced


def _write_conditions(connection: Connection, decision: Decision, changes: ChangesWriter) -> None:
    conditions = schema.conditions
    rows = changes.conditions()
    stale = [*decision.over, *(condition.name for condition in decision.conditions)]
    if stale:
        connection.execute(
            delete(conditions).where(
                conditions.c.box_office == decision.box_office,
                conditions.c.kind == bindparam("of_kind"),
                conditions.c.subject == bindparam("of_subject"),
            ),
            [{"of_kind": kind, "of_subject": subject} for kind, subject in stale],
        )
    if rows:
        connection.execute(insert(conditions), rows)


def _write_history(
    connection: Connection,
    decision: Decision,
    keep: timedelta,
    unwritten: Mapping[str, EventFacts],
) -> None:
    history = schema.history
    mine = history.c.box_office == decision.box_office
    last_full = connection.execute(
        select(func.max(history.c.at)).where(mine, history.c.full.is_(True))
    ).scalar()
    full = last_full is None or _due(last_full, decision.at)
    names = None if full else decision.facts.keys() | unwritten.keys()
    known: dict[str, EventFacts] = {}
    if names is None or names:
        facts = FactsReader(connection, decision.box_office)
        known = _read_snapshot(connection, facts, decision.box_office, names)
    later = {name: known[name] for name in unwritten if name in known}
    new = entry(decision.at, {**known, **unwritten}, {**later, **decision.facts}, last_full)
    if new is not None:
        connection.execute(
            insert(history).values(
                box_office=decision.box_office, at=new.at, full=new.full, blob=new.blob
            )
        )
    if new is not None and new.full:
        # What is older than the last whole snapshot before the horizon can no longer be read.
        horizon = connection.execute(
            select(func.max(history.c.at)).where(
                mine, history.c.full.is_(True), history.c.at <= decision.at - keep
            )
        ).scalar()
        if horizon is not None:
            connection.execute(delete(history).where(mine, history.c.at < horizon))


def _due(last_full: datetime, now: datetime) -> bool:
    return now - last_full >= FULL_EVERY

"""Past runs, changes and snapshots, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
from sqlalchemy import ColumnElement, func, or_, select

from ...model.cases import Case, Intent
from ...model.history import Entry
from ...model.predictions import Prediction, PredictionOutcome
from ..protocols import Pair
from ..records import LOG_LIMIT, Logged, RunRecord
from . import schema
from .changes import read_changes
from .database import Database
from .queries import run_of
from .rows import case_of, intent_of


class SqlHistory(Database):
    """See :class:`~willcall.bridge.ledger.protocols.History`."""

    def log(
        self,
        *,
        box_office: str | None = None,
        since: datetime | None = None,
        event: str | None = None,
        kinds: Sequence[str] | None = None,
        marker: str | None = None,
        number: int | None = None,
        limit: int = LOG_LIMIT,
    ) -> list[Logged]:
        changes = schema.changes
        wanted: list[ColumnElement[bool]] = [changes.c.outcome.is_not(None)]
        for column, value in (
            (changes.c.box_office, box_office),
            (changes.c.event_id, event),
            (changes.c.marker, marker),
            (changes.c.id, number),
        ):
            if value is not None:
                wanted.append(column == value)
        if kinds is not None:
            wanted.append(changes.c.kind.in_(kinds))
        if since is not None:
            wanted.append(changes.c.observed_at >= since)
        latest = select(changes).where(*wanted).order_by(changes.c.id.desc()).limit(limit)
        with self._reading() as connection:
            found = read_changes(connection, latest)
        return [
            Logged(id=row.id, change=change, outcome=row.outcome, marker=row.marker)
            for row, change in reversed(found)
        ]

    def cases(
        self,
        *,
        since: datetime | None = None,
        name: str | None = None,
        event: str | None = None,
    ) -> list[Case]:
        cases = schema.cases
        wanted: list[ColumnElement[bool]] = []
        if since is not None:
            wanted.append(cases.c.opened_at >= since)
        if event is not None:
            wanted.append(_about(event))
        if name is not None:
            wanted.append(or_(cases.c.marker == name, cases.c.ticket_id == name))
        with self._reading() as connection:
            rows = connection.execute(
                select(cases).where(*wanted).order_by(cases.c.opened_at, cases.c.marker)
            )
            return list(map(case_of, rows))

    def acts(
        self,
        *,
        box_office: str | None = None,
        since: datetime | None = None,
        event: str | None = None,
        kinds: Sequence[str] | None = None,
        marker: str | None = None,
        limit: int = LOG_LIMIT,
    ) -> list[Pair]:
        cases, intents = schema.cases, schema.intents
        wanted: list[ColumnElement[bool]] = [intents.c.attempted_at.is_not(None)]
        for column, value in ((cases.c.box_office, box_office), (cases.c.marker, marker)):
            if value is not None:
                wanted.append(column == value)
        if event is not None:
            wanted.append(_about(event))
        if kinds is not None:
            wanted.append(cases.c.kind.in_(kinds))
        if since is not None:
            wanted.append(intents.c.attempted_at >= since)
        with self._reading() as connection:
            rows = connection.execute(
                select(intents)
                .join(cases, cases.c.marker == intents.c.case)
                .where(*wanted)
                .order_by(intents.c.attempted_at.desc(), intents.c.id.desc())
                .limit(limit)
            ).all()
            markers = {row.case for row in rows}
            held = connection.execute(select(cases).where(cases.c.marker.in_(markers)))
            by_marker = {case.marker: case for case in map(case_of, held)}
        return [(by_marker[row.case], intent_of(row)) for row in reversed(rows)]

    def intents(self, marker: str) -> list[Intent]:
        intents = schema.intents
        with self._reading() as connection:
            rows = connection.execute(
                select(intents).where(intents.c.case == marker).order_by(intents.c.position)
            )
            return list(map(intent_of, rows))

    def history(self, box_office: str, since: datetime) -> list[Entry]:
        with self._reading() as connection:
            history = schema.history
            mine = history.c.box_office == box_office
            whole = (mine, history.c.full.is_(True), history.c.at <= since)
            first = connection.execute(select(func.max(history.c.at)).where(*whole)).scalar()
            rows = connection.execute(
                select(history.c.at, history.c.full, history.c.blob)
                .where(mine, history.c.at >= (first or since))
                .order_by(history.c.id)
            )
            return [Entry(row.at, row.full, row.blob) for row in rows]

    def runs(self, box_office: str, since: datetime) -> list[RunRecord]:
        runs = schema.runs
        with self._reading() as connection:
            rows = connection.execute(
                select(runs)
                .where(runs.c.box_office == box_office, runs.c.started_at >= since)
                .order_by(runs.c.started_at, runs.c.id)
            )
            return list(map(run_of, rows))

    def forecasts(self, box_office: str | None, since: datetime) -> list[Prediction]:
        predictions = schema.predictions
        wanted = [predictions.c.made_at >= since]
        if box_office is not None:
            wanted.append(predictions.c.box_office == box_office)
        with self._reading() as connection:
            rows = connection.execute(
                select(predictions).where(*wanted).order_by(predictions.c.made_at, predictions.c.id)
            ).all()
        names = [field.name for field in attrs.fields(Prediction)]
        return [
            Prediction(
                **{
                    **{name: getattr(row, name) for name in names},
                    "outcome": None if row.outcome is None else PredictionOutcome(row.outcome),
                }
            )
            for row in rows
        ]


def _about(event: str) -> ColumnElement[bool]:
    """Cases about an event or one of its ticket types."""
    subject = schema.cases.c.subject
    return or_(subject == event, subject.startswith(f"{event}/", autoescape=True))

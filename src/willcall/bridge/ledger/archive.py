"""Looking back, and silences: what people ask of the ledger, and no pass writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
from sqlalchemy import ColumnElement, insert, or_, select, update

from ..model.cases import Case, Intent
from ..model.changes import Change, change_from_json
from ..model.history import Entry
from ..model.rules import Silence
from . import schema
from .deciding import read_history
from .queries import Glance
from .rows import case_of, intent_of, silence_of


@attrs.frozen(kw_only=True)
class Logged:
    """A change as the ledger remembers it, by its number, and what became of it."""

    id: int
    change: Change
    outcome: str
    marker: str | None = None


class Archive(Glance):
    """What was, and what people have said."""

    # -- silences -----------------------------------------------------------------------------

    def silences(self) -> list[Silence]:
        """Every silence, those that are over included."""
        with self._told(), self._reading() as connection:
            rows = connection.execute(select(schema.silences).order_by(schema.silences.c.id))
            return list(map(silence_of, rows))

    def add_silence(self, silence: Silence) -> int:
        """Add a silence; its number."""
        row = {**attrs.asdict(silence), "kinds": list(silence.kinds)}
        del row["id"]
        with self._told(), self._engine.begin() as connection:
            added = connection.execute(insert(schema.silences).values(**row))
            number = added.inserted_primary_key
        return 0 if number is None else int(number[0])

    def expire_silence(self, number: int, now: datetime) -> bool:
        """End a silence now; whether there was one that had not ended."""
        silences = schema.silences
        with self._told(), self._engine.begin() as connection:
            ended = connection.execute(
                update(silences)
                .where(silences.c.id == number, silences.c.until > now)
                .values(until=now)
            )
            return ended.rowcount == 1

    # -- looking back ---------------------------------------------------------------------------

    def log(
        self,
        *,
        box_office: str | None = None,
        since: datetime | None = None,
        event: str | None = None,
        kinds: Sequence[str] | None = None,
        marker: str | None = None,
        number: int | None = None,
        limit: int = 1000,
    ) -> list[Logged]:
        """The latest changes and what became of them, oldest first; what is None fits all."""
        changes = schema.changes
        wanted = []
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
        with self._told(), self._reading() as connection:
            rows = connection.execute(
                select(changes).where(*wanted).order_by(changes.c.id.desc()).limit(limit)
            ).all()
        return [
            Logged(
                id=row.id,
                change=change_from_json(row.box_office, row.change),
                outcome=row.outcome,
                marker=row.marker,
            )
            for row in reversed(rows)
        ]

    def cases(
        self,
        *,
        since: datetime | None = None,
        name: str | None = None,
        event: str | None = None,
    ) -> list[Case]:
        """The cases that were opened since then; ``name`` is a marker or a ticket's id, ``event``
        the id of the one that leads them, as such or by one of its ticket types."""
        cases = schema.cases
        wanted: list[ColumnElement[bool]] = []
        if since is not None:
            wanted.append(cases.c.opened_at >= since)
        if event is not None:
            wanted.append(_about(event))
        if name is not None:
            wanted.append(or_(cases.c.marker == name, cases.c.ticket_id == name))
        with self._told(), self._reading() as connection:
            rows = connection.execute(select(cases).where(*wanted).order_by(cases.c.opened_at))
            return list(map(case_of, rows))

    def acts(
        self,
        *,
        box_office: str | None = None,
        since: datetime | None = None,
        event: str | None = None,
        kinds: Sequence[str] | None = None,
        marker: str | None = None,
        limit: int = 1000,
    ) -> list[tuple[Case, Intent]]:
        """The latest acts that were tried, oldest first; what is None fits all."""
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
        with self._told(), self._reading() as connection:
            rows = connection.execute(
                select(intents)
                .join(cases, cases.c.marker == intents.c.case)
                .where(*wanted)
                .order_by(intents.c.attempted_at.desc(), intents.c.id.desc())
                .limit(limit)
            ).all()
            told = {row.case for row in rows}
            held = connection.execute(select(cases).where(cases.c.marker.in_(told)))
            by_marker = {case.marker: case for case in map(case_of, held)}
        return [(by_marker[row.case], intent_of(row)) for row in reversed(rows)]

    def intents(self, marker: str) -> list[Intent]:
        """Every act of a case, in order."""
        intents = schema.intents
        with self._told(), self._reading() as connection:
            rows = connection.execute(
                select(intents).where(intents.c.case == marker).order_by(intents.c.position)
            )
            return list(map(intent_of, rows))

    def history(self, box_office: str, since: datetime) -> list[Entry]:
        """What was seen, from the last whole snapshot before ``since`` on."""
        with self._told(), self._reading() as connection:
            return read_history(connection, box_office, since)


def _about(event: str) -> ColumnElement[bool]:
    """Cases about an event or one of its ticket types."""
    subject = schema.cases.c.subject
    return or_(subject == event, subject.startswith(f"{event}/", autoescape=True))

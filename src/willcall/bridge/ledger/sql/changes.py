"""Changes and the facts they refer to, in SQL: each is stored once.

What an event was like is a row of ``facts`` under a digest of it. Its snapshot, and every change
that began or ended with it, refer to that row; a condition refers to the row of its change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import Connection, Row, Select, delete, exists, insert, or_, select

from ....errors import UndecodableReplyError
from ...model.cases import Condition, Decision
from ...model.changes import Change
from ...model.facts import (
    EventFacts,
    TypeFacts,
    from_json,
    to_json,
    type_from_json,
    type_to_json,
)
from ...model.kinds import KINDS
from . import schema

AT_ONCE = 500
"""How many ids go into one statement: SQLite bounds their number."""


def chunks(ids: Iterable[str]) -> Iterable[Sequence[str]]:
    """The ids in parts of at most :data:`AT_ONCE`."""
    every = list(ids)
    return (every[at : at + AT_ONCE] for at in range(0, len(every), AT_ONCE))


# -- facts ------------------------------------------------------------------------------------


def digest_of(packed: bytes) -> str:
    """The digest of facts: 96 bits are enough within a box office."""
    return blake2b(packed, digest_size=12).hexdigest()


class FactsWriter:
    """The facts that one transaction refers to, by digest."""

    def __init__(self) -> None:
        self._digests: dict[int, tuple[EventFacts, str]] = {}
        self._packed: dict[str, bytes] = {}

    def refer(self, facts: EventFacts) -> str:
        """The digest of facts, which :meth:`write` writes unless they are there."""
        known = self._digests.get(id(facts))
        if known is not None:
            return known[1]
        packed = orjson.dumps(to_json(facts))
        digest = digest_of(packed)
        self._digests[id(facts)] = facts, digest  # kept, so that no other gets its id
        self._packed[digest] = packed
        return digest

    def write(self, connection: Connection, box_office: str) -> None:
        """Write the facts that are not there yet."""
        facts = schema.facts
        there: set[str] = set()
        for some in chunks(self._packed):
            mine = (facts.c.box_office == box_office, facts.c.digest.in_(some))
            there.update(connection.execute(select(facts.c.digest).where(*mine)).scalars())
        new = [
            {"box_office": box_office, "digest": digest, "facts": orjson.loads(packed)}
            for digest, packed in self._packed.items()
            if digest not in there
        ]
        if new:
            connection.execute(insert(facts), new)


class FactsReader:
    """The facts that rows refer to; each is read and decoded once."""

    def __init__(self, connection: Connection, box_office: str) -> None:
        self._connection, self._box_office = connection, box_office
        self._known: dict[str, EventFacts] = {}

    def add(self, digest: str, value: Mapping[str, Any]) -> EventFacts:
        """Decode facts that were read with another row."""
        if digest not in self._known:
            self._known[digest] = from_json(value)
        return self._known[digest]

    def read(self, digests: Iterable[str | None]) -> None:
        """Read what is not known yet."""
        facts = schema.facts
        for some in chunks({digest for digest in digests if digest} - self._known.keys()):
            mine = (facts.c.box_office == self._box_office, facts.c.digest.in_(some))
            for row in self._connection.execute(select(facts).where(*mine)):
                self.add(row.digest, row.facts)

    def get(self, digest: str | None) -> EventFacts | None:
        """The facts under a digest.

        Raises:
            UndecodableReplyError: there are none.
        """
        if digest is None:
            return None
        if digest not in self._known:
            raise UndecodableReplyError(f"a change of facts {digest!r}, which are not there")
        return self._known[digest]


def delete_unused_facts(
    connection: Connection, box_office: str, digests: Collection[str] | None = None
) -> None:
    """Delete facts that nothing refers to any more: these, or all of a box office."""
    facts, snapshots, changes = schema.facts, schema.snapshots, schema.changes
    unused = [facts.c.box_office == box_office]
    for table, column in (
        (snapshots, snapshots.c.facts),
        (changes, changes.c.event),
        (changes, changes.c.before),
    ):
        refers = (table.c.box_office == facts.c.box_office, column == facts.c.digest)
        unused.append(~exists().where(*refers))
    if digests is None:
        connection.execute(delete(facts).where(*unused))
        return
    for some in chunks(digests):
        connection.execute(delete(facts).where(facts.c.digest.in_(some), *unused))


# -- changes ----------------------------------------------------------------------------------


def read_changes(
    connection: Connection, wanted: Select[Any], facts: Mapping[str, FactsReader] | None = None
) -> list[tuple[Row[Any], Change]]:
    """The rows of changes that a statement selects, each with its change.

    Raises:
        UndecodableReplyError: a row is not what willcall writes.
    """
    rows = connection.execute(wanted).all()
    readers = dict(facts or {})
    for box_office in {row.box_office for row in rows}:
        reader = readers.setdefault(box_office, FactsReader(connection, box_office))
        mine = [row for row in rows if row.box_office == box_office]
        reader.read(digest for row in mine for digest in (row.event, row.before))
    return [(row, _change_of(row, readers[row.box_office])) for row in rows]


def _change_of(row: Row[Any], facts: FactsReader) -> Change:
    if row.kind not in KINDS:
        raise UndecodableReplyError(
            f"a change of the kind {row.kind!r}, which is not in the catalogue"
        )
    event, before = facts.get(row.event), facts.get(row.before)
    if row.ticket_type is not None:
        ticket_type: TypeFacts | None = type_from_json(row.ticket_type)
    else:
        ticket_type = _shown(row.ticket_type_id, event, before)
    return Change(
        kind=row.kind,
        box_office=row.box_office,
        observed_at=row.observed_at,
        event=event,
        before=before,
        ticket_type=ticket_type,
        detail=row.detail,
    )


def _shown(
    ticket_type_id: str | None, event: EventFacts | None, before: EventFacts | None
) -> TypeFacts | None:
    """The ticket type as the event shows it, now or else before."""
    for facts in (event, before):
        for ticket_type in (facts.ticket_types or ()) if facts else ():
            if ticket_type.id == ticket_type_id:
                return ticket_type
    return None


class ChangesWriter:
    """The changes that one transaction records, and those that its conditions refer to."""

    def __init__(self, connection: Connection, decision: Decision, facts: FactsWriter) -> None:
        self._connection, self._box_office, self._facts = connection, decision.box_office, facts
        self._ids: dict[tuple[str, str, datetime], int] = {}
        self._decision = decision

    def refer(self) -> None:
        """Refer to the facts of every change, so that they are written first."""
        for recorded in self._decision.recorded:
            self._digests(recorded.change)
        for condition in self._decision.conditions:
            self._digests(condition.change)
            if condition.ending is not None:
                self._digests(condition.ending)

    def record(self) -> None:
        """Write what is recorded."""
        for recorded in self._decision.recorded:
            self._insert(recorded.change, recorded.outcome, recorded.marker)

    def conditions(self) -> list[dict[str, Any]]:
        """The rows of the conditions, each with the ids of its changes."""
        conditions = self._decision.conditions
        mentioned = [
            change
            for condition in conditions
            for change in (condition.change, condition.ending)
            if change is not None
        ]
        if any(_key(change) not in self._ids for change in mentioned):
            self._find()
        return [self._condition(condition) for condition in conditions]

    def _condition(self, condition: Condition) -> dict[str, Any]:
        kind, subject = condition.name
        ending = condition.ending
        return {
            "box_office": self._box_office,
            "kind": kind,
            "subject": subject,
            "change": self._id(condition.change),
            "announced": sorted(condition.announced),
            "covered_by": condition.covered_by,
            "ending": None if ending is None else self._id(ending),
            "known": condition.known,
            "turned": {rule: at.isoformat() for rule, at in condition.turned.items()},
        }

    def _find(self) -> None:
        """The changes that conditions refer to already."""
        changes, conditions = schema.changes, schema.conditions
        refers = or_(conditions.c.change == changes.c.id, conditions.c.ending == changes.c.id)
        known = select(changes).where(
            changes.c.box_office == self._box_office, exists().where(refers)
        )
        for row in self._connection.execute(known):
            parts = [part for part in (row.event_id, row.ticket_type_id) if part is not None]
            subject = "/".join(parts) or self._box_office
            self._ids.setdefault((row.kind, subject, row.observed_at), row.id)

    def _id(self, change: Change) -> int:
        known = self._ids.get(_key(change))
        return self._insert(change) if known is None else known

    def _insert(self, change: Change, outcome: str | None = None, marker: str | None = None) -> int:
        event, before = self._digests(change)
        kind = change.ticket_type
        shown = kind is not None and kind == _shown(kind.id, change.event, change.before)
        row = {
            "box_office": self._box_office,
            "kind": change.kind,
            "event_id": change.event.id if change.event else None,
            "ticket_type_id": kind.id if kind else None,
            "observed_at": change.observed_at,
            "detail": change.detail,
            "event": event,
            "before": before,
            "ticket_type": None if kind is None or shown else type_to_json(kind),
            "outcome": outcome,
            "marker": marker,
        }
        added = self._connection.execute(insert(schema.changes).values(**row)).inserted_primary_key
        number = 0 if added is None else int(added[0])
        self._ids[_key(change)] = number
        return number

    def _digests(self, change: Change) -> tuple[str | None, str | None]:
        event, before = change.event, change.before
        return (
            None if event is None else self._facts.refer(event),
            None if before is None else self._facts.refer(before),
        )


def _key(change: Change) -> tuple[str, str, datetime]:
    return change.kind, change.subject, change.observed_at

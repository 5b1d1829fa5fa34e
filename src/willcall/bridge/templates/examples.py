"""A realistic change of each kind, to try out words before anything has happened. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs

from ..model.changes import Change
from ..model.facts import EventFacts, TypeFacts, derived
from ..model.kinds import KINDS, OfficeKind, TypeKind
from ..model.kinds.kind import Disappears

_NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
_STARTS = datetime(2027, 3, 13, 0, 0, tzinfo=UTC)

EVENT = EventFacts(
    id="evt_example",
    title="Gala Night",
    slug="gala-night",
    status="PUBLISHED",
    starts_at=_STARTS,
    ends_at=_STARTS + timedelta(hours=3),
    doors_open=_STARTS - timedelta(hours=1),
    timezone="America/New_York",
    venue_name="Harbor Street Theatre",
    city="New York",
    country="US",
    category="THEATER",
    visibility="PUBLIC",
    public_url="https://ticketsmart.ai/e/gala-night",
    ticket_types=(
        TypeFacts(id="tt_1", name="Orchestra", price=8900, quantity=140, sold=98, available=42),
        TypeFacts(id="tt_2", name="Balcony", price=5400, quantity=110, sold=61, available=49),
    ),
    types_seen_at=_NOON,
)


def example(
    kind: str,
    event: EventFacts = EVENT,
    ticket_type: str | None = None,
    *,
    box_office: str = "main-room",
    at: datetime = _NOON,
) -> Change:
    """A change of this kind, as it might happen to this event.

    Args:
        kind: its kind.
        event: the event; its facts are changed so far as the kind requires.
        ticket_type: the name or id of the ticket type that it happens to; else the first.
        box_office: its name.
        at: when it is seen.
    """
    found = KINDS[kind]
    if isinstance(found, OfficeKind):
        return Change(kind=kind, box_office=box_office, observed_at=at, detail=found.detail)
    if isinstance(found, TypeKind):
        return _of_type(found, event, ticket_type, box_office, at)
    before, after = found.example(event)
    return Change(
        kind=kind,
        box_office=box_office,
        observed_at=at,
        event=derived(after, at),
        before=None if before is None else derived(before, at),
    )


def _of_type(
    kind: TypeKind, event: EventFacts, named: str | None, box_office: str, at: datetime
) -> Change:
    types = event.ticket_types or EVENT.ticket_types or ()
    chosen = (event.ticket_type(named) if named else None) or types[0]
    was, now = kind.example(chosen)

    def with_type(changed: TypeFacts | None) -> EventFacts:
        now_there = [changed if known.id == chosen.id else known for known in types]
        kept = tuple(known for known in now_there if known is not None)
        return derived(attrs.evolve(event, ticket_types=kept), at)

    return Change(
        kind=kind.name,
        box_office=box_office,
        observed_at=at,
        event=with_type(None if isinstance(kind.seen, Disappears) else now),
        before=with_type(was),
        ticket_type=now,
        detail=kind.detail,
    )

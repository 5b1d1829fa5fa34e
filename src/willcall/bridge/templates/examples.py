"""A believable change of each kind, for trying out words before anything has happened. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from ..model.changes import KINDS, Change
from ..model.facts import EventFacts, TypeFacts

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

_STATUS = {
    "event.cancelled": "CANCELLED",
    "event.completed": "COMPLETED",
    "event.archived": "ARCHIVED",
    "event.created": "DRAFT",
}
_WAS_STATUS = {"event.reinstated": "CANCELLED", "event.published": "DRAFT"}
_SAID = {
    "box_office.key_rejected": "invalid or revoked API key",
    "box_office.scope_missing": "missing scope: events:read",
    "box_office.unreachable": "the connection was refused",
    "box_office.quota_exhausted": "rate limit exceeded",
    "box_office.storm": "- Gala Night: sold out [wc-3k9f2m7q]",
    "ticket_type.selling_fast": "40 minutes to 2 hours",
    "ticket_type.removal_failed": "Cannot remove a ticket type that has sold tickets",
}


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
        kind: which.
        event: the event as it is now; what must be so for the kind is made so.
        ticket_type: the name or id of the ticket type it happens to; else the first one.
        box_office: its name.
        at: when it is seen.
    """
    detail = _SAID.get(kind, "")
    if not KINDS[kind].of_event:
        return Change(kind=kind, box_office=box_office, observed_at=at, detail=detail)
    if KINDS[kind].of_ticket_type:
        return _of_type(kind, event, ticket_type, box_office, at, detail)
    before, after = _event(kind, event)
    return Change(
        kind=kind, box_office=box_office, observed_at=at, event=after, before=before, detail=detail
    )


def _event(kind: str, event: EventFacts) -> tuple[EventFacts | None, EventFacts]:
    """The event before and after."""
    if kind in {"event.sold_out", "event.back_on_sale"}:
        full = _each_type(event, sold_out=True)
        gone = attrs.evolve(event, status="SOLD_OUT", sold_out=True, ticket_types=full)
        free = attrs.evolve(
            event,
            status="PUBLISHED",
            sold_out=False,
            ticket_types=_each_type(event, sold_out=False),
        )
        return (event, gone) if kind == "event.sold_out" else (gone, free)
    if kind == "event.created":
        return None, attrs.evolve(event, status="DRAFT")
    differed: dict[str, dict[str, Any]] = {
        "event.rescheduled": {"starts_at": event.starts_at - timedelta(days=7)},
        "event.moved": {"venue_name": "Town Hall", "city": event.city},
        "event.renamed": {"title": f"{event.title} (working title)"},
        "event.details_changed": {"doors_open": None},
        "event.visibility_changed": {"visibility": "UNLISTED"},
    }
    was = differed.get(kind, {"status": _WAS_STATUS.get(kind, event.status)})
    now: dict[str, Any] = {
        "status": _STATUS.get(kind, event.status),
        "vanished": kind == "event.vanished",
    }
    return attrs.evolve(event, **was), attrs.evolve(event, **now)


def _each_type(event: EventFacts, *, sold_out: bool) -> tuple[TypeFacts, ...] | None:
    if event.ticket_types is None:
        return None
    return tuple(_stocked(one, 0 if sold_out else one.available or 6) for one in event.ticket_types)


def _stocked(one: TypeFacts, left: int) -> TypeFacts:
    """The ticket type with so many left."""
    quantity = one.quantity if one.quantity is None else max(one.quantity, left)
    sold = None if quantity is None else quantity - left
    return attrs.evolve(one, available=left, quantity=quantity, sold=sold)


def _of_type(
    kind: str,
    event: EventFacts,
    named: str | None,
    box_office: str,
    at: datetime,
    detail: str,
) -> Change:
    types = event.ticket_types or EVENT.ticket_types or ()
    one = (event.ticket_type(named) if named else None) or types[0]
    was, now = _type(kind, one)

    def with_type(changed: TypeFacts | None) -> EventFacts:
        told = tuple(changed if other.id == one.id else other for other in types)
        return attrs.evolve(event, ticket_types=tuple(t for t in told if t is not None))

    return Change(
        kind=kind,
        box_office=box_office,
        observed_at=at,
        event=with_type(None if kind == "ticket_type.removed" else now),
        before=with_type(was),
        ticket_type=now,
        detail=detail,
    )


def _type(kind: str, one: TypeFacts) -> tuple[TypeFacts | None, TypeFacts]:
    """The ticket type before and after."""
    plenty, few, none = _stocked(one, one.available or 40), _stocked(one, 3), _stocked(one, 0)
    return {
        "ticket_type.added": (None, one),
        "ticket_type.sold_out": (few, none),
        "ticket_type.back_on_sale": (none, plenty),
        "ticket_type.low_stock": (plenty, few),
        "ticket_type.restocked": (few, plenty),
        "ticket_type.price_changed": (attrs.evolve(one, price=max(0, one.price - 500)), one),
        "ticket_type.quantity_changed": (
            attrs.evolve(one, quantity=max(0, (one.quantity or 20) - 20)),
            attrs.evolve(one, quantity=one.quantity or 20),
        ),
        "ticket_type.hidden": (one, attrs.evolve(one, hidden=True)),
        "ticket_type.shown": (attrs.evolve(one, hidden=True), attrs.evolve(one, hidden=False)),
        "ticket_type.sale_window_changed": (
            one,
            attrs.evolve(one, sale_ends_at=(one.sale_ends_at or _STARTS) - timedelta(days=1)),
        ),
    }.get(kind, (one, one))

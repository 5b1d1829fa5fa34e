"""What happens to events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import attrs

from ..facts import EventFacts, EventState, TypeFacts
from ..sale import NOTHING_OFFERED, EventSale, Include, is_date
from .kind import Appears, EventDiffers, EventKind, Severity, over, with_left

VANISHED = "event.vanished"
OFF_SALE = "event.off_sale"
ON_SALE = frozenset({EventState.PUBLISHED, EventState.SOLD_OUT})
_ALIVE = {EventState.DRAFT, *ON_SALE}
_PLACE = ("venue_name", "city")
# What an event has besides, and nothing else tells of.
_DETAILS = ("ends_at", "doors_open", "timezone", "country", "category", "currency", "public_url")
_place, _details = attrgetter(*_PLACE), attrgetter(*_DETAILS)
_named = attrgetter("id", "name")


# -- detection ------------------------------------------------------------------------------------


def _becomes(status: EventState) -> EventDiffers:
    return EventDiffers(("status",), lambda _before, after: after.status == status)


def _sells_out(before: EventFacts, after: EventFacts) -> bool:
    # Ticket types that are seen for the first time are a baseline: they may have been so before.
    first = not before.types_are_known and after.ticket_types is not None
    return after.sold_out and not (first and after.status != EventState.SOLD_OUT)


_SOLD_OUT = EventDiffers(("sold_out",), _sells_out)
# A cancelled or past event is not back on sale, whatever its stock.
_BACK_ON_SALE = EventDiffers(
    ("sold_out",),
    lambda _before, after: not after.sold_out and after.sale == EventSale.ON_SALE,
)
_PUBLISHED = EventDiffers(
    ("status",),
    lambda before, after: before.status == EventState.DRAFT and after.status in ON_SALE,
)
_KNOWN = frozenset(EventState)
_QUIET = _KNOWN - {EventState.PUBLISHED}
# What was on sale or sold out, and then is neither: its sale has ended, or nothing is offered. A
# draft stays sold out until its status says more.
_OFF_SALE = EventDiffers(
    ("sale",),
    lambda before, after: (
        (before.sold_out or before.sale in {EventSale.ON_SALE, EventSale.SOLD_OUT})
        and after.sale in NOTHING_OFFERED
        and after.status not in _QUIET
    ),
)
_UNKNOWN_STATUS = EventDiffers(("status",), lambda _before, after: after.status not in _KNOWN)
_KNOWN_STATUS = EventDiffers(
    ("status",), lambda before, after: before.status not in _KNOWN and after.status in _ALIVE
)
# What becomes of an event that is over is no news: rules do not take it, see ``needs`` in sale.py.
# It is noted all the same, and is news once the event has a date to come.
_CANCELLED = _becomes(EventState.CANCELLED)
_REINSTATED = EventDiffers(
    ("status",),
    lambda before, after: before.status == EventState.CANCELLED and after.status in _ALIVE,
)
# Also by its date alone: not every box office sets a status then.
_COMPLETED = EventDiffers(
    ("sale",),
    lambda _before, after: after.sale == EventSale.OVER and after.status != EventState.ARCHIVED,
)
_ARCHIVED = _becomes(EventState.ARCHIVED)
_OF_STATUS = (
    _PUBLISHED, _SOLD_OUT, _BACK_ON_SALE, _CANCELLED, _REINSTATED, _COMPLETED, _ARCHIVED,
    _UNKNOWN_STATUS, _KNOWN_STATUS,
)  # fmt: skip


def _moves(before: EventFacts, after: EventFacts) -> bool:
    """Whether a part of the place is another. One that is filled in, or no longer given, is not."""
    pairs = zip(_place(before), _place(after), strict=True)
    return any(None not in (was, now) and was != now for was, now in pairs)


def _differs_otherwise(before: EventFacts, after: EventFacts) -> bool:
    """Whether a detail differs that no other kind tells of: most changes of status, a place that is
    no longer given, a ticket type's new name."""
    if _details(before) != _details(after):
        return True
    if before.status != after.status and not any(seen(before, after) for seen in _OF_STATUS):
        return True
    if _place(before) != _place(after) and not _moves(before, after):
        return True
    return before.ticket_types is not after.ticket_types and _renames_types(before, after)


def _renames_types(before: EventFacts, after: EventFacts) -> bool:
    if [*map(_named, before.ticket_types or ())] == [*map(_named, after.ticket_types or ())]:
        return False
    names = {known.id: known.name for known in before.ticket_types or ()}
    return any(names.get(now.id, now.name) != now.name for now in after.ticket_types or ())


# -- examples -------------------------------------------------------------------------------------

_Example = Callable[[EventFacts], tuple[EventFacts | None, EventFacts]]


def _from(**before: Any) -> _Example:
    """An example that had these facts before."""
    return lambda event: (attrs.evolve(event, **before), event)


def _to(**after: Any) -> _Example:
    """An example that has these facts now."""
    return lambda event: (event, attrs.evolve(event, **after))


def _sold_out(event: EventFacts) -> EventFacts:
    types = event.ticket_types and tuple(with_left(known, 0) for known in event.ticket_types)
    return attrs.evolve(event, status=EventState.SOLD_OUT, sold_out=True, ticket_types=types)


def _on_sale(event: EventFacts) -> EventFacts:
    types = event.ticket_types and tuple(
        with_left(known, known.available or 6) for known in event.ticket_types
    )
    return attrs.evolve(event, status=EventState.PUBLISHED, sold_out=False, ticket_types=types)


def _closed(event: EventFacts) -> EventFacts:
    ended = datetime(2026, 11, 20, tzinfo=UTC)
    types = event.ticket_types or (TypeFacts(id="tt_1", name="Floor"),)
    closed = tuple(attrs.evolve(known, sale_ends_at=ended) for known in types)
    return attrs.evolve(event, status=EventState.PUBLISHED, ticket_types=closed)


# -- the kinds ------------------------------------------------------------------------------------

EVENTS = (
    EventKind(
        name="event.created",
        summary="new",
        severity=Severity.LOW,
        include=(Include.DRAFTS,),
        seen=Appears(),
        example=lambda event: (None, attrs.evolve(event, status=EventState.DRAFT)),
    ),
    EventKind(
        name="event.published",
        summary="on sale for the first time",
        severity=Severity.LOW,
        seen=_PUBLISHED,
        example=lambda event: (
            attrs.evolve(event, status=EventState.DRAFT),
            attrs.evolve(event, status=EventState.PUBLISHED),
        ),
    ),
    EventKind(
        name="event.sold_out",
        summary="sold out",
        severity=Severity.HIGH,
        cleared_by=("event.back_on_sale",),
        superseded_by=(*over("event.sold_out"), OFF_SALE),
        covers=("ticket_type.sold_out", "ticket_type.low_stock", "ticket_type.selling_fast"),
        damped=True,
        built_in=True,
        remark="covers the sell-outs of its ticket types",
        seen=_SOLD_OUT,
        still=lambda event: event.sold_out,
        example=lambda event: (event, _sold_out(event)),
    ),
    EventKind(
        name="event.back_on_sale",
        summary="back on sale",
        seen=_BACK_ON_SALE,
        example=lambda event: (_sold_out(event), _on_sale(event)),
    ),
    EventKind(
        name=OFF_SALE,
        summary="no longer on sale",
        severity=Severity.LOW,
        seen=_OFF_SALE,
        example=lambda event: (event, _closed(event)),
    ),
    EventKind(
        name="event.unknown_status",
        summary="in a status that willcall does not know",
        severity=Severity.HIGH,
        cleared_by=("event.known_status",),
        built_in=True,
        remark="such as `POSTPONED`",
        seen=_UNKNOWN_STATUS,
        still=lambda event: event.status not in _KNOWN,
        example=_to(status="POSTPONED"),
    ),
    EventKind(
        name="event.known_status",
        summary="in a usual status again",
        seen=_KNOWN_STATUS,
        example=lambda event: (
            attrs.evolve(event, status="POSTPONED"),
            attrs.evolve(event, status=EventState.PUBLISHED),
        ),
    ),
    EventKind(
        name="event.cancelled",
        summary="cancelled",
        severity=Severity.HIGH,
        cleared_by=("event.reinstated",),
        covers=(
            "event.rescheduled",
            "event.moved",
            "event.sold_out",
            "event.details_changed",
            "ticket_type.*",
        ),
        built_in=True,
        seen=_CANCELLED,
        still=lambda event: event.status == EventState.CANCELLED,
        example=_to(status=EventState.CANCELLED),
    ),
    EventKind(
        name="event.reinstated",
        summary="on again after it was cancelled",
        seen=_REINSTATED,
        example=lambda event: (
            attrs.evolve(event, status=EventState.CANCELLED),
            attrs.evolve(event, status=EventState.PUBLISHED),
        ),
    ),
    EventKind(
        name="event.completed",
        summary="over",
        severity=Severity.LOW,
        include=(Include.PAST,),
        seen=_COMPLETED,
        example=_to(status=EventState.COMPLETED),
    ),
    EventKind(
        name="event.archived",
        summary="archived",
        severity=Severity.LOW,
        include=(Include.PAST,),
        seen=_ARCHIVED,
        example=_to(status=EventState.ARCHIVED),
    ),
    EventKind(
        name="event.rescheduled",
        summary="moved to another date",
        severity=Severity.HIGH,
        covers=("event.details_changed",),
        built_in=True,
        # A first date, where a placeholder stood, is no other date.
        seen=EventDiffers(("starts_at",), lambda before, _after: is_date(before.starts_at)),
        example=lambda event: (
            attrs.evolve(event, starts_at=event.starts_at - timedelta(days=7)),
            event,
        ),
    ),
    EventKind(
        name="event.moved",
        summary="moved to another place",
        severity=Severity.HIGH,
        built_in=True,
        seen=EventDiffers(_PLACE, _moves),
        example=_from(venue_name="Town Hall"),
    ),
    EventKind(
        name="event.renamed",
        summary="renamed",
        severity=Severity.LOW,
        seen=EventDiffers(("title", "slug")),
        example=lambda event: (attrs.evolve(event, title=f"{event.title} (working title)"), event),
    ),
    EventKind(
        name="event.details_changed",
        summary="details changed",
        severity=Severity.LOW,
        seen=EventDiffers(("status", *_PLACE, "ticket_types", *_DETAILS), _differs_otherwise),
        example=_from(doors_open=None),
    ),
    EventKind(
        name="event.visibility_changed",
        summary="visible to others than before",
        seen=EventDiffers(("visibility",), lambda before, _after: before.visibility is not None),
        example=_from(visibility="UNLISTED"),
    ),
    EventKind(
        name=VANISHED,
        summary="gone from the box office",
        severity=Severity.HIGH,
        cleared_by=("event.returned",),
        covers=("event.*", "ticket_type.*"),
        built_in=True,
        remark="after two complete sweeps without it, if its own page is gone as well",
        seen=EventDiffers(("vanished",), lambda _before, after: after.vanished),
        example=_to(vanished=True),
    ),
    EventKind(
        name="event.returned",
        summary="there again",
        seen=EventDiffers(("vanished",), lambda _before, after: not after.vanished),
        example=lambda event: (
            attrs.evolve(event, vanished=True),
            attrs.evolve(event, vanished=False),
        ),
    ),
)

"""What changed: the last snapshot and a new observation → changes and the next snapshot. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import attrs

from ..model.changes import Change
from ..model.facts import EventFacts, EventStatus, LowStock, TypeFacts, carried_over
from ..model.observation import Observation
from .observe import SWEEPS

# A status that has a kind of its own when an event enters it.
_ENTERED = {
    EventStatus.CANCELLED: "event.cancelled",
    EventStatus.COMPLETED: "event.completed",
    EventStatus.ARCHIVED: "event.archived",
}
_ALIVE = {EventStatus.DRAFT, EventStatus.PUBLISHED, EventStatus.SOLD_OUT}
_ON_SALE = {EventStatus.PUBLISHED, EventStatus.SOLD_OUT}

_Low = Callable[[TypeFacts], bool]
_USUAL = LowStock()


def diff(
    box_office: str,
    snapshot: Mapping[str, EventFacts],
    observation: Observation,
    low: _Low = _USUAL,
) -> tuple[tuple[Change, ...], dict[str, EventFacts]]:
    """The changes, events in the order of their ids, and those facts that differ now, by event id.

    Args:
        box_office: its name.
        snapshot: what was known, by event id.
        observation: what was seen.
        low: whether a ticket type runs low.

    An event that an incomplete observation lacks is left alone. One that a complete one lacks is
    counted as absent, and has vanished only when TicketSmart says itself that it is not there.
    """
    changes: list[Change] = []
    differing: dict[str, EventFacts] = {}
    for before, after in _pairs(snapshot, observation):
        if after == before:
            continue
        differing[after.id] = after
        changes += _changes(box_office, before, after, observation.at, low)
    return tuple(changes), differing


def between(
    box_office: str,
    before: Mapping[str, EventFacts],
    after: Mapping[str, EventFacts],
    at: datetime,
    low: _Low = _USUAL,
) -> tuple[Change, ...]:
    """The changes from one snapshot to a later one, which holds all that the first one does."""
    return tuple(
        change
        for event_id in sorted(after)
        if after[event_id] != before.get(event_id)
        for change in _changes(box_office, before.get(event_id), after[event_id], at, low)
    )


def _changes(
    box_office: str, before: EventFacts | None, after: EventFacts, at: datetime, low: _Low
) -> Iterator[Change]:
    for kind, ticket_type in _compared(before, after, low):
        yield Change(
            kind=kind,
            box_office=box_office,
            event=after,
            before=before,
            ticket_type=ticket_type,
            observed_at=at,
        )


def _pairs(
    snapshot: Mapping[str, EventFacts], observation: Observation
) -> Iterator[tuple[EventFacts | None, EventFacts]]:
    seen = {event.id: event for event in observation.events}
    for event_id in sorted(snapshot.keys() | seen.keys()):
        before = snapshot.get(event_id)
        if event_id in seen:
            after = seen[event_id]
            yield before, after if before is None else carried_over(before, after)
        elif before is not None and observation.complete and not before.vanished:
            if event_id in observation.elsewhere:
                continue
            gone = event_id in observation.gone
            # The count stops where it has said all it can: a snapshot that does not change is not
            # written again every minute.
            absent = min(before.absent + 1, SWEEPS)
            yield before, attrs.evolve(before, absent=absent, vanished=gone)


def _compared(
    before: EventFacts | None, after: EventFacts, low: _Low
) -> Iterator[tuple[str, TypeFacts | None]]:
    if after.vanished:
        yield "event.vanished", None
        return
    if before is not None and before.vanished:
        yield "event.returned", None
    yield from ((kind, None) for kind in _status_kinds(before, after))
    if before is None:
        yield "event.created", None
    else:
        yield from ((kind, None) for kind in _detail_kinds(before, after))
    yield from _type_kinds(before, after, low)


def _status_kinds(before: EventFacts | None, after: EventFacts) -> Iterator[str]:
    """An event that was not known before is compared with one to which nothing has happened."""
    was = before.status if before else EventStatus.DRAFT
    if after.status != was:
        if after.status in _ENTERED:
            yield _ENTERED[EventStatus(after.status)]
        elif was == EventStatus.CANCELLED and after.status in _ALIVE:
            yield "event.reinstated"
        elif was == EventStatus.DRAFT and after.status in _ON_SALE:
            yield "event.published"
    sold_out = before is not None and before.sold_out
    if after.sold_out and not sold_out and not _concluded_at_first_look(before, after):
        yield "event.sold_out"
    # Cancelled or over is not "back on sale", whatever the stock says.
    if sold_out and not after.sold_out and after.status == EventStatus.PUBLISHED:
        yield "event.back_on_sale"


def _detail_kinds(before: EventFacts, after: EventFacts) -> Iterator[str]:
    if after.starts_at != before.starts_at:
        yield "event.rescheduled"
    if _place(after) != _place(before) and after.venue_name is not None:
        yield "event.moved"
    if (after.title, after.slug) != (before.title, before.slug):
        yield "event.renamed"
    if after.visibility != before.visibility and before.visibility is not None:
        yield "event.visibility_changed"
    if any(_unnamed(before, after)) or _details(after) != _details(before):
        yield "event.details_changed"


def _unnamed(before: EventFacts, after: EventFacts) -> Iterator[bool]:
    """What has no kind of its own: most changes of status, a place that is no longer told, a ticket
    type's new name."""
    yield after.status != before.status and not any(_status_kinds(before, after))
    yield _place(after) != _place(before) and after.venue_name is None
    yield _renamed_types(before, after)


def _renamed_types(before: EventFacts, after: EventFacts) -> bool:
    known = {one.id: one.name for one in before.ticket_types or ()}
    return any(known.get(one.id, one.name) != one.name for one in after.ticket_types or ())


def _concluded_at_first_look(before: EventFacts | None, after: EventFacts) -> bool:
    """Whether an event counts as sold out only by ticket types that were never seen before.

    That look is their baseline: nobody can tell whether it was so all along.
    """
    first = before is not None and before.ticket_types is None and after.ticket_types is not None
    return first and after.status != EventStatus.SOLD_OUT


def _place(event: EventFacts) -> tuple[str | None, str | None]:
    return event.venue_name, event.city


def _details(event: EventFacts) -> tuple[object, ...]:
    return (
        event.ends_at,
        event.doors_open,
        event.timezone,
        event.country,
        event.category,
        event.currency,
        event.public_url,
    )


def _type_kinds(
    before: EventFacts | None, after: EventFacts, low: _Low
) -> Iterator[tuple[str, TypeFacts | None]]:
    if after.ticket_types is None or (before is not None and before.ticket_types is None):
        return  # the first look at ticket types is their baseline
    known = {one.id: one for one in (before.ticket_types or ())} if before else {}
    for one in after.ticket_types:
        was = known.pop(one.id, None)
        if was is None and before is not None:
            yield "ticket_type.added", one
        yield from ((kind, one) for kind in _stock_kinds(was, one, after, low))
        if was is not None:
            yield from ((kind, one) for kind in _offer_kinds(was, one))
    yield from (("ticket_type.removed", gone) for gone in known.values())


def _stock_kinds(
    was: TypeFacts | None, now: TypeFacts, event: EventFacts, low: _Low
) -> Iterator[str]:
    if now.hidden:
        return  # a guest list that is full is nobody's news
    sold_out = was is not None and was.sold_out and not was.hidden
    if now.sold_out and not sold_out:
        yield "ticket_type.sold_out"
    elif sold_out and now.available is not None and not now.sold_out:
        yield "ticket_type.back_on_sale"
    ran_low = was is not None and not was.hidden and low(was)
    # What is not on sale cannot run low; a draft's last five places are nobody's news.
    # Nor does what was sold out and has a few places again: that is good news, told as such.
    if low(now) and not ran_low and not sold_out and event.status in _ON_SALE:
        yield "ticket_type.low_stock"
    elif ran_low and now.available is not None and not low(now) and not now.sold_out:
        yield "ticket_type.restocked"


def _offer_kinds(was: TypeFacts, now: TypeFacts) -> Iterator[str]:
    if now.price != was.price:
        yield "ticket_type.price_changed"
    if now.quantity != was.quantity and None not in {now.quantity, was.quantity}:
        yield "ticket_type.quantity_changed"
    if now.hidden != was.hidden:
        yield "ticket_type.hidden" if now.hidden else "ticket_type.shown"
    window = (now.sale_starts_at, now.sale_ends_at)
    if window != (was.sale_starts_at, was.sale_ends_at):
        yield "ticket_type.sale_window_changed"

"""What changed: the last snapshot and a new observation → changes and the next snapshot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..ticketsmart.models import EventStatus
from .changes import Change
from .facts import EventFacts, TypeFacts, carried_over
from .observe import Observation

# A status that has a kind of its own when an event enters it.
_ENTERED = {
    EventStatus.CANCELLED: "event.cancelled",
    EventStatus.COMPLETED: "event.completed",
    EventStatus.ARCHIVED: "event.archived",
}
_ALIVE = {EventStatus.DRAFT, EventStatus.PUBLISHED, EventStatus.SOLD_OUT}


def diff(
    snapshot: Mapping[str, EventFacts], observation: Observation
) -> tuple[tuple[Change, ...], dict[str, EventFacts]]:
    """The changes, events in the order of their ids, and those facts that differ now, by event id.

    An event that is not in the observation is left alone: its absence proves nothing.
    """
    changes: list[Change] = []
    differing: dict[str, EventFacts] = {}
    for seen in sorted(observation.events, key=lambda event: event.id):
        before = snapshot.get(seen.id)
        after = seen if before is None else carried_over(before, seen)
        if after != before:
            differing[after.id] = after
        changes += (
            Change(
                kind=kind,
                event=after,
                before=before,
                ticket_type=ticket_type,
                observed_at=observation.at,
            )
            for kind, ticket_type in _compared(before, after)
        )
    return tuple(changes), differing


def _compared(
    before: EventFacts | None, after: EventFacts
) -> Iterator[tuple[str, TypeFacts | None]]:
    yield from ((kind, None) for kind in _event_kinds(before, after))
    yield from _type_kinds(before, after)


def _event_kinds(before: EventFacts | None, after: EventFacts) -> Iterator[str]:
    """An event that was not known before is compared with one to which nothing has happened."""
    was = before.status if before else EventStatus.PUBLISHED
    if after.status != was:
        if after.status in _ENTERED:
            yield _ENTERED[EventStatus(after.status)]
        elif was == EventStatus.CANCELLED and after.status in _ALIVE:
            yield "event.reinstated"
    sold_out = before is not None and before.sold_out
    if after.sold_out and not sold_out and not _concluded_at_first_look(before, after):
        yield "event.sold_out"
    # Cancelled or over is not "back on sale", whatever the stock says.
    if sold_out and not after.sold_out and after.status == EventStatus.PUBLISHED:
        yield "event.back_on_sale"
    if before is not None:
        if after.starts_at != before.starts_at:
            yield "event.rescheduled"
        if _place(after) != _place(before) and after.venue_name is not None:
            yield "event.moved"


def _concluded_at_first_look(before: EventFacts | None, after: EventFacts) -> bool:
    """Whether an event counts as sold out only by ticket types that were never seen before.

    That look is their baseline: nobody can tell whether it was so all along.
    """
    first = before is not None and before.ticket_types is None and after.ticket_types is not None
    return first and after.status != EventStatus.SOLD_OUT


def _place(event: EventFacts) -> tuple[str | None, str | None]:
    return event.venue_name, event.city


def _type_kinds(
    before: EventFacts | None, after: EventFacts
) -> Iterator[tuple[str, TypeFacts | None]]:
    if after.ticket_types is None or (before is not None and before.ticket_types is None):
        return  # the first look at ticket types is their baseline
    known = {one.id: one for one in (before.ticket_types or ())} if before else {}
    for one in after.ticket_types:
        was = known.pop(one.id, None)
        sold_out = was is not None and was.sold_out
        if one.sold_out and not sold_out:
            yield "ticket_type.sold_out", one
        elif sold_out and one.available is not None and one.available > 0:
            yield "ticket_type.back_on_sale", one
    yield from (("ticket_type.removed", gone) for gone in known.values())

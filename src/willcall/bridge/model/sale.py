"""Whether tickets can be bought now: the state of a ticket type, and the state of an event. Pure.

One function for each level, :func:`type_sale` and :func:`event_sale`. Everything that willcall
concludes about stock follows from them: what is sold out, what is back on sale, what runs low, what
is worth a poll. The tables :data:`TYPE_STATES` and :data:`EVENT_STATES` say in words what they do;
the page about rules shows them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol


class EventState(StrEnum):
    """The statuses of an event that the bridge knows; a box office's adapter translates its own.

    A status that is none of these is kept as the box office wrote it. Nothing is derived from it
    but that nothing is known to be on sale.
    """

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    SOLD_OUT = "SOLD_OUT"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    ARCHIVED = "ARCHIVED"


class TypeSale(StrEnum):
    """The state of a ticket type."""

    NOT_YET = "not yet on sale"
    ON_SALE = "on sale"
    PAUSED = "paused"
    SOLD_OUT = "sold out"
    OVER = "over"


class EventSale(StrEnum):
    """The state of an event."""

    DRAFT = "draft"
    NOT_YET = "not yet on sale"
    ON_SALE = "on sale"
    PAUSED = "paused"
    SOLD_OUT = "sold out"
    CLOSED = "sale closed"
    OVER = "over"
    CANCELLED = "cancelled"
    GONE = "gone"


TYPE_STATES: dict[TypeSale, str] = {
    TypeSale.OVER: (
        "the event is cancelled, over or gone; or the ticket type's sale has ended; or it ends in "
        "less than two minutes, and none is left though not all were sold"
    ),
    TypeSale.PAUSED: (
        "it is hidden; or its quantity is 0 and none was sold; or some are left while the event's "
        "status is `SOLD_OUT` or a status that willcall does not know"
    ),
    TypeSale.NOT_YET: (
        "the event is a draft; or the ticket type's sale has not begun; or it has begun less than "
        "two minutes ago, and none is left though not all were sold"
    ),
    TypeSale.SOLD_OUT: "it is offered, and 0 or fewer are left",
    TypeSale.ON_SALE: "it is offered, and some are left, or it is unlimited, or no count is given",
}
"""What each state of a ticket type means. The first that applies is its state."""

EVENT_STATES: dict[EventSale, str] = {
    EventSale.GONE: "the box office says that it is not there",
    EventSale.CANCELLED: "its status is `CANCELLED`",
    EventSale.DRAFT: "its status is `DRAFT`",
    EventSale.OVER: (
        "its status is `COMPLETED` or `ARCHIVED`, or it has ended: at its end, or 12 hours after "
        "its start where no end is given"
    ),
    EventSale.SOLD_OUT: (
        "its status is `SOLD_OUT`; or it is `PUBLISHED`, no ticket type is on sale, and at least "
        "one is sold out"
    ),
    EventSale.ON_SALE: "it is `PUBLISHED`, and a ticket type is on sale, or none is known",
    EventSale.NOT_YET: "it is `PUBLISHED`, and the sale of its ticket types is yet to begin",
    EventSale.CLOSED: "it is `PUBLISHED`, and the sale of its ticket types has ended",
    EventSale.PAUSED: (
        "it is `PUBLISHED` and offers nothing, or it has a status that willcall does not know"
    ),
}
"""What each state of an event means. The first that applies is its state."""

NOTHING_OFFERED = frozenset({EventSale.NOT_YET, EventSale.PAUSED, EventSale.CLOSED})
"""The states of an event of which nothing can be bought, though it is neither sold out nor over."""

LASTS = timedelta(hours=12)
"""How long an event takes at the most, where its end is not given."""

EDGE = timedelta(minutes=2)
"""How long before the end of a sale, and after its begin, a count of 0 may only say that nothing is
sold outside of the sale: an answer may be older or newer than the time by which it is judged, a
list may be cached, and two clocks differ."""

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_FINISHED = frozenset({EventState.COMPLETED, EventState.ARCHIVED})
SELLING = frozenset({EventState.PUBLISHED, EventState.SOLD_OUT})
"""The statuses under which tickets may be for sale: such an event is worth a poll."""
_NOT_SELLING = {
    EventState.CANCELLED: TypeSale.OVER,
    EventState.COMPLETED: TypeSale.OVER,
    EventState.ARCHIVED: TypeSale.OVER,
    EventState.DRAFT: TypeSale.NOT_YET,
}
_STATED = {
    EventState.CANCELLED: EventSale.CANCELLED,
    EventState.DRAFT: EventSale.DRAFT,
    EventState.COMPLETED: EventSale.OVER,
    EventState.ARCHIVED: EventSale.OVER,
}


class KnownStock(Protocol):
    """What the state of a ticket type follows from; see ``TypeFacts`` of ``facts.py``."""

    @property
    def quantity(self) -> int | None: ...
    @property
    def sold(self) -> int | None: ...
    @property
    def available(self) -> int | None: ...
    @property
    def hidden(self) -> bool: ...
    @property
    def sale_starts_at(self) -> datetime | None: ...
    @property
    def sale_ends_at(self) -> datetime | None: ...


class KnownEvent(Protocol):
    """What the state of an event follows from; see ``EventFacts`` of ``facts.py``."""

    @property
    def status(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def vanished(self) -> bool: ...
    @property
    def sale(self) -> EventSale | str | None: ...


def is_date(moment: datetime) -> bool:
    """Whether it is a date, and no placeholder for one, such as the year 1 or 9999."""
    return _FIRST < moment < _LAST


def end_of(starts_at: datetime, ends_at: datetime | None) -> datetime | None:
    """When an event has ended; None if its date is a placeholder, such as the year 1 or 9999."""
    if ends_at is not None and ends_at > starts_at and ends_at > _FIRST:
        return ends_at
    return starts_at + LASTS if is_date(starts_at) else None


def is_past(status: str, end: datetime | None, at: datetime) -> bool:
    """Whether an event is over: the box office says so, or it has ended by its date.

    Args:
        status: its status.
        end: when it has ended, see :func:`end_of`.
        at: the time (aware).
    """
    return status in _FINISHED or (end is not None and end <= at)


def type_sale(status: str, known: KnownStock, at: datetime, *, past: bool = False) -> TypeSale:
    """The state of a ticket type.

    Args:
        status: the status of its event.
        known: the ticket type.
        at: the time (aware).
        past: whether its event is over or gone.
    """
    if past:
        return TypeSale.OVER
    if status in _NOT_SELLING:
        return _NOT_SELLING[EventState(status)]
    if known.sale_ends_at is not None and known.sale_ends_at <= at:
        return TypeSale.OVER
    if known.hidden or (known.quantity == 0 and not known.sold):
        return TypeSale.PAUSED
    if known.sale_starts_at is not None and known.sale_starts_at > at:
        return TypeSale.NOT_YET
    if known.available is not None and known.available <= 0 and status in SELLING:
        return _at_an_edge(known, at) or TypeSale.SOLD_OUT
    return TypeSale.ON_SALE if status == EventState.PUBLISHED else TypeSale.PAUSED


def _at_an_edge(known: KnownStock, at: datetime) -> TypeSale | None:
    """The state of a ticket type of which none is left, though not all were sold, about the time at
    which its sale begins or ends: perhaps it is not on sale. None if it is."""
    starts, ends = known.sale_starts_at, known.sale_ends_at
    if starts is None and ends is None:
        return None
    if known.quantity is not None and known.sold is not None and known.sold >= known.quantity:
        return None
    if starts is not None and at - starts < EDGE:
        return TypeSale.NOT_YET
    return TypeSale.OVER if ends is not None and ends - at < EDGE else None


def event_sale(
    status: str, sales: Collection[str], *, past: bool = False, gone: bool = False
) -> EventSale:
    """The state of an event.

    Args:
        status: its status.
        sales: the states of its ticket types that admit to it.
        past: whether it is over, see :func:`is_past`.
        gone: whether the box office says that it is not there.
    """
    if gone:
        return EventSale.GONE
    if status in _STATED:
        return _STATED[EventState(status)]
    if past:
        return EventSale.OVER
    if status == EventState.SOLD_OUT:
        return EventSale.SOLD_OUT
    if status != EventState.PUBLISHED:
        return EventSale.PAUSED
    if not sales or TypeSale.ON_SALE in sales:
        return EventSale.ON_SALE
    if TypeSale.SOLD_OUT in sales:
        return EventSale.SOLD_OUT
    if TypeSale.NOT_YET in sales:
        return EventSale.NOT_YET
    return EventSale.CLOSED if TypeSale.OVER in sales else EventSale.PAUSED


def changes_at(end: datetime | None, types: Iterable[KnownStock], at: datetime) -> datetime | None:
    """When time alone may change a state next; None if it never does.

    Args:
        end: when the event has ended, see :func:`end_of`.
        types: its ticket types.
        at: the time (aware).
    """
    soonest = end if end is not None and end > at else None
    for known in types:
        if known.sale_starts_at is None and known.sale_ends_at is None:
            continue
        starts, ends = known.sale_starts_at, known.sale_ends_at
        for moment in (starts, _after(starts), ends):
            if moment is not None and moment > at and (soonest is None or moment < soonest):
                soonest = moment
    return soonest


def _after(starts: datetime | None) -> datetime | None:
    return starts + EDGE if starts is not None and is_date(starts) else None


class Include(StrEnum):
    """What a rule may ask for besides: events that are no news by themselves."""

    DRAFTS = "drafts"
    PAST = "past"


def needs(event: KnownEvent, at: datetime) -> Include | None:
    """What a rule must include to take a change of an event; None if every rule takes it.

    A draft that is cancelled was perhaps on sale between two polls, so it is news.

    Args:
        event: the event now.
        at: the time (aware).
    """
    if event.status == EventState.DRAFT:
        return Include.DRAFTS
    past = is_past(event.status, end_of(event.starts_at, event.ends_at), at)
    return Include.PAST if past else None

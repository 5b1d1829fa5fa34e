"""What a snapshot keeps of an event: the facts from which changes are detected."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from ...client.codec import Codec, camel


class EventState(StrEnum):
    """The statuses of an event that the bridge knows; a box office's adapter translates its own.

    A status that is none of these is kept as the box office wrote it, and nothing follows from it.
    """

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    SOLD_OUT = "SOLD_OUT"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    ARCHIVED = "ARCHIVED"


@attrs.frozen(kw_only=True)
class TypeFacts:
    """A ticket type as it was last seen. The price is in cents. It and the counts are None while
    they are not known."""

    id: str
    name: str
    price: int | None = None
    quantity: int | None = None
    sold: int | None = None
    available: int | None = None
    hidden: bool = False
    sale_starts_at: datetime | None = None
    sale_ends_at: datetime | None = None

    @property
    def sold_out(self) -> bool:
        """Whether none is left. A ticket type without a count is not sold out."""
        return self.available is not None and self.available <= 0

    @property
    def sold_count(self) -> int | None:
        """How many were sold, as far as it can be known."""
        if self.sold is None and self.quantity is not None and self.available is not None:
            return max(0, self.quantity - self.available)
        return self.sold


@attrs.frozen
class LowStock:
    """When a ticket type runs low: at ``number`` left, or at ``share`` of its quantity, whichever
    is more."""

    number: int = 5
    share: float = 0.1

    def __call__(self, ticket_type: TypeFacts) -> bool:
        """Whether it runs low. A ticket type that is sold out, or has no count, does not."""
        left = ticket_type.available
        return left is not None and 0 < left <= self.level(ticket_type.quantity)

    def level(self, quantity: int | None) -> int:
        """The number left at which a ticket type of this quantity begins to run low."""
        return max(self.number, int(self.share * (quantity or 0)))


@attrs.frozen(kw_only=True)
class EventFacts:
    """One event as it was last seen.

    ``sold_out`` is derived, see :func:`derived_sold_out`. ``ticket_types`` are None
    until they were first seen; ``types_seen_at`` says when they were first looked at on their own.
    ``absent`` counts the complete sweeps that have not shown it since, and ``vanished`` says that
    it is gone for good.
    """

    id: str
    title: str
    status: str
    starts_at: datetime
    slug: str | None = None
    timezone: str | None = None
    venue_name: str | None = None
    city: str | None = None
    country: str | None = None
    ends_at: datetime | None = None
    doors_open: datetime | None = None
    category: str | None = None
    visibility: str | None = None
    currency: str = "USD"
    public_url: str | None = None
    sold_out: bool = False
    ticket_types: tuple[TypeFacts, ...] | None = None
    types_seen_at: datetime | None = None
    absent: int = 0
    vanished: bool = False

    @property
    def tells_stock(self) -> bool:
        """Whether every ticket type has a count of what is left."""
        types = self.ticket_types
        return types is not None and all(known.available is not None for known in types)

    def ticket_type(self, name_or_id: str) -> TypeFacts | None:
        """The ticket type with this id, else the one with this name."""
        types = self.ticket_types or ()
        by_id = next((known for known in types if known.id == name_or_id), None)
        return by_id or next((known for known in types if known.name == name_or_id), None)


def derived_sold_out(status: str, types: tuple[TypeFacts, ...] | None) -> bool:
    """Whether an event counts as sold out.

    It does when the box office says so. It also does when it is on sale and none of its ticket
    types has anything left: nothing documents that the status follows the stock. Hidden ticket
    types count only if there are no others, since the public cannot buy them.
    """
    if status == EventState.SOLD_OUT:
        return True
    if status != EventState.PUBLISHED or not types:
        return False
    return all(ticket_type.sold_out for ticket_type in _for_sale(types))


def _counts(types: tuple[TypeFacts, ...]) -> bool:
    """Whether each ticket type that is for sale has a count of what is left."""
    return all(ticket_type.available is not None for ticket_type in _for_sale(types))


def _for_sale(types: tuple[TypeFacts, ...]) -> list[TypeFacts]:
    return [ticket_type for ticket_type in types if not ticket_type.hidden] or list(types)


def carried_over(before: EventFacts, seen: EventFacts) -> EventFacts:
    """What was seen, completed with what was known before.

    A row of a list may lack the ticket types, and a ticket type its count: the last known ones are
    kept. Whether the event is sold out follows its status if that has changed. Otherwise it stays
    as it was, until a ticket type has something left. Only counts that were seen together make an
    event sold out: an event that is on sale again after an hour may have other counts than then.

    Args:
        before: the event as it was known.
        seen: the event as it was seen now.
    """
    types_seen = seen.ticket_types
    if types_seen is None:
        types, types_seen_at = before.ticket_types, before.types_seen_at
    else:
        types = tuple(_counted(ticket_type, before) for ticket_type in types_seen)
        types_seen_at = before.types_seen_at or seen.types_seen_at
    same, paused = seen.status == before.status, seen.status not in _TELLING
    # Without ticket types there is nothing to derive it from. An event that is a draft for a while
    # does not get its seats back by that.
    if (same and not types_seen) or (paused and before.sold_out):
        sold_out = before.sold_out
    elif types_seen is None or (not before.sold_out and not _counts(types_seen)):
        sold_out = seen.sold_out
    else:
        sold_out = derived_sold_out(seen.status, types)
    return attrs.evolve(
        seen,
        ticket_types=types,
        types_seen_at=types_seen_at,
        sold_out=sold_out,
        # A row of a list may have fewer fields than a single event: what it lacks is unchanged.
        **{name: getattr(before, name) for name in _TERSE if getattr(seen, name) is None},
    )


_TERSE = ("public_url", "ends_at", "doors_open", "category", "visibility", "country")


# The statuses that say by themselves whether there are seats, or that it no longer matters.
_TELLING = frozenset(EventState) - {EventState.DRAFT}


def _counted(seen: TypeFacts, before: EventFacts) -> TypeFacts:
    """A ticket type with the count that it last had, if it now has none."""
    if seen.available is not None:
        return seen
    was = next((known for known in before.ticket_types or () if known.id == seen.id), None)
    return seen if was is None else attrs.evolve(seen, available=was.available)


_codec = Codec()


def _dump(value: Any) -> Any:
    if attrs.has(type(value)):
        pairs = ((f.name, getattr(value, f.name)) for f in attrs.fields(type(value)))
        return {camel(name): _dump(inner) for name, inner in pairs if inner is not None}
    if isinstance(value, tuple):
        return [_dump(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def to_json(facts: EventFacts) -> dict[str, Any]:
    """The facts as a JSON object, for the ledger; None is left out."""
    dumped: dict[str, Any] = _dump(facts)
    return dumped


def from_json(value: Mapping[str, Any]) -> EventFacts:
    """The facts that :func:`to_json` wrote.

    Raises:
        UndecodableReplyError: the ledger holds something else.
    """
    return _codec.structure(dict(value), EventFacts, "snapshot")


def type_to_json(ticket_type: TypeFacts) -> dict[str, Any]:
    """The same for a ticket type."""
    dumped: dict[str, Any] = _dump(ticket_type)
    return dumped


def type_from_json(value: Mapping[str, Any]) -> TypeFacts:
    """The ticket type that :func:`type_to_json` wrote.

    Raises:
        UndecodableReplyError: the ledger holds something else.
    """
    return _codec.structure(dict(value), TypeFacts, "ticketType")

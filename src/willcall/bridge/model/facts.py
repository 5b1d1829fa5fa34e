"""What a snapshot keeps of an event: the facts from which changes are detected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import Any

import attrs

from ...client.codec import Codec, camel
from .sale import (
    EventSale,
    EventState,
    TypeSale,
    changes_at,
    end_of,
    event_sale,
    is_date,
    is_past,
    type_sale,
)

__all__ = [
    "Admission",
    "Admits",
    "EventFacts",
    "EventState",
    "LowStock",
    "TypeFacts",
    "carried_over",
    "derived",
    "from_json",
    "to_json",
    "type_from_json",
    "type_to_json",
]


@attrs.frozen(kw_only=True)
class TypeFacts:
    """A ticket type as it was last seen. The price is in cents. It and the counts are None while
    they are not known. ``add_on`` says that the box office calls it an add-on, such as parking,
    which does not admit to the event. ``unlimited`` says that the box office sets no limit: it gave
    null both for the quantity and for what is left."""

    id: str
    name: str
    price: int | None = None
    quantity: int | None = None
    sold: int | None = None
    available: int | None = None
    hidden: bool = False
    sale_starts_at: datetime | None = None
    sale_ends_at: datetime | None = None
    unlimited: bool = False
    add_on: bool = False

    @property
    def counted(self) -> bool:
        """Whether the box office says what is left: a number, or that there is no limit."""
        return self.available is not None or self.unlimited


@attrs.frozen
class LowStock:
    """When a ticket type runs low: at ``number`` left, or at ``share`` of its quantity, whichever
    is more. The number does not count for a small ticket type, of whose quantity it would be more
    than half. A ticket type of which nothing was sold does not run low."""

    number: int = 5
    share: float = 0.1

    def __call__(self, ticket_type: TypeFacts) -> bool:
        """Whether it runs low. A ticket type of which none is left, or that has no count, does
        not."""
        left, quantity = ticket_type.available, ticket_type.quantity
        if left is None or left <= 0:
            return False
        if left > self.number and left > self.share * (quantity or 0):
            return False  # most ticket types, most of the time
        if left > self.level(quantity):
            return False
        if ticket_type.sold is not None:
            return ticket_type.sold > 0
        return quantity is None or left < quantity

    def level(self, quantity: int | None) -> int:
        """The number left at which a ticket type of this quantity begins to run low."""
        if quantity is None:
            return self.number
        share = int(self.share * quantity)
        return share if self.number * _SMALL > quantity else max(self.number, share)


_SMALL = 2


@attrs.frozen(kw_only=True)
class EventFacts:
    """One event as it was last seen.

    ``ticket_types`` are None until they were first seen; ``types_seen_at`` says when they were
    first looked at on their own. ``absent`` counts the complete sweeps that have not shown it
    since, and ``vanished`` says that it is gone for good. ``fresh`` says that it came after the
    baseline, and that its ticket types have not been seen yet.

    What follows from the rest is kept with it, since it also depends on the time and on what was
    known before, see :func:`derived` and :func:`carried_over`: ``sale`` is the state of the
    event, ``sales`` are those of its ticket types in their order, and ``until`` says when time
    alone may change them. ``sold_out`` says that the event was sold out when that could last be
    told: an event that is a draft for a while does not get its seats back by that.
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
    fresh: bool = False
    sale: EventSale | str | None = None
    sales: tuple[TypeSale | str, ...] = ()
    until: datetime | None = None

    @property
    def tells_stock(self) -> bool:
        """Whether it says of every ticket type what is left."""
        types = self.ticket_types
        return types is not None and all(known.counted for known in types)

    @property
    def types_are_known(self) -> bool:
        """Whether its ticket types were seen, or what they show first is news: they could not have
        been bought at the baseline."""
        return self.ticket_types is not None or self.fresh or self.status == EventState.DRAFT

    def sale_of(self, type_id: str) -> TypeSale | str | None:
        """The state of a ticket type; None if it is not known."""
        states = zip(self.ticket_types or (), self.sales, strict=False)
        return next((sale for known, sale in states if known.id == type_id), None)

    def ticket_type(self, name_or_id: str) -> TypeFacts | None:
        """The ticket type with this id, else the first with this name."""
        return next(iter(self.types_called(name_or_id)), None)

    def types_called(self, name_or_id: str) -> tuple[TypeFacts, ...]:
        """The ticket type with this id, else all with this name."""
        types = self.ticket_types or ()
        by_id = tuple([known for known in types if known.id == name_or_id])
        return by_id or tuple([known for known in types if known.name == name_or_id])


def ambiguous(called: Sequence[TypeFacts]) -> str:
    """That several ticket types have a name, and their ids with what tells them apart."""

    def counts(known: TypeFacts) -> str:
        told = ("sold", known.sold), ("left", known.available)
        said = ", ".join(f"{count} {what}" for what, count in told if count is not None)
        return f"{known.id} ({said})" if said else known.id

    return f"{len(called)} ticket types have that name; write the id: " + ", ".join(
        map(counts, called)
    )


Admits = Callable[[TypeFacts], bool]
"""Whether a ticket type admits to its event. Parking and donations do not."""


@attrs.frozen
class Admission:
    """Which ticket types admit to their event, by patterns of their names (``*`` stands for any
    text). A pattern that begins with ``!`` excludes; if all do, the others admit."""

    patterns: tuple[str, ...]

    def __call__(self, known: TypeFacts) -> bool:
        """Whether a ticket type admits."""
        without = [text[1:] for text in self.patterns if text.startswith("!")]
        among = [text for text in self.patterns if not text.startswith("!")] or ["*"]
        return named_by(known, among) and not named_by(known, without)


def named_by(known: TypeFacts, patterns: Iterable[str]) -> bool:
    """Whether the name of a ticket type matches one of these patterns, whatever its case."""
    name = known.name.casefold()
    return any(fnmatchcase(name, pattern.casefold()) for pattern in patterns)


def derived(event: EventFacts, at: datetime, admits: Admits | None = None) -> EventFacts:
    """An event that is seen for the first time, with the states that follow from it.

    Args:
        event: the event as it was seen.
        at: when (aware).
        admits: which ticket types count for the state of the event; all if None.
    """
    types = event.ticket_types or ()
    end = end_of(event.starts_at, event.ends_at)
    past = event.vanished or is_past(event.status, end, at)
    sales = tuple([type_sale(event.status, known, at, past=past) for known in types])
    own = _admitting(types, sales, admits)
    sale = event_sale(event.status, own, past=past, gone=event.vanished)
    return attrs.evolve(
        event,
        sale=sale,
        sales=sales,
        sold_out=sale == EventSale.SOLD_OUT,
        until=changes_at(end, types, at),
    )


def _admitting(
    types: tuple[TypeFacts, ...], sales: tuple[TypeSale | str, ...], admits: Admits | None
) -> tuple[TypeSale | str, ...]:
    """The states of the ticket types that admit to the event; of all if none does."""
    if admits is None and not any(known.add_on for known in types):
        return sales
    pairs = zip(types, sales, strict=True)
    own = [s for known, s in pairs if not known.add_on and (admits is None or admits(known))]
    return tuple(own) or sales


def carried_over(
    before: EventFacts, seen: EventFacts, at: datetime, admits: Admits | None = None
) -> EventFacts:
    """What was seen, completed with what was known before, and the states that follow.

    A row of a list may lack the ticket types, a ticket type its count, and an event its place: what
    is not told is as it was. What a person would call the same (another letter case or white space
    in the place, other seconds of a time) is also as it was.

    Only a count that was told now makes a ticket type or its event sold out: an event that is on
    sale again after an hour may have other counts than then. What was sold out stays so while its
    event is a draft, or says that it is sold out beside a count of seats left.

    Args:
        before: the event as it was known.
        seen: the event as it was seen now.
        at: when it was seen (aware).
        admits: which ticket types count for the state of the event; all if None.

    Returns:
        ``before`` itself if nothing differs.
    """
    if before.sale is None:
        before = derived(before, at, admits)
    if (
        (before.until is None or at < before.until)
        and before.ticket_types == seen.ticket_types
        and _TOLD(before) == _TOLD(seen)
        and not (before.absent or before.vanished)
        and (before.types_seen_at is not None or seen.types_seen_at is None)
        and not _admits_otherwise(before, admits)
    ):
        return before
    same: dict[str, Any] = {}
    told_before, told_now = _TERSE_OF(before), _TERSE_OF(seen)
    if told_before != told_now:
        pairs = zip(_TERSE, told_before, told_now, strict=True)
        same |= {name: was for name, was, now in pairs if now is None and was is not None}
    if _ALIKE_OF(before) != _ALIKE_OF(seen):
        same |= _kept_alike(before, seen)
    end = end_of(same.get("starts_at", seen.starts_at), same.get("ends_at", seen.ends_at))
    types, told = _types(before, seen)
    past = is_past(seen.status, end, at)
    sales, doubtful = _sales(before, seen.status, types or (), told, at, past=past)
    sale: EventSale | str = event_sale(
        seen.status, _admitting(types or (), sales, admits), past=past
    )
    if sale == EventSale.ON_SALE and not seen.ticket_types and seen.status == before.status:
        # Without ticket types there is nothing to derive it from.
        sale = before.sale or sale
    if (
        sale == EventSale.SOLD_OUT
        and seen.status != EventState.SOLD_OUT
        and not before.sold_out
        and (TypeSale.SOLD_OUT, False) in zip(sales, told, strict=True)
    ):
        # It would be sold out by a count that is not told any more.
        sale, doubtful = EventSale.ON_SALE, True
    return attrs.evolve(
        seen,
        ticket_types=types,
        types_seen_at=before.types_seen_at or seen.types_seen_at,
        sale=sale,
        sales=sales,
        sold_out=before.sold_out if sale == EventSale.DRAFT else sale == EventSale.SOLD_OUT,
        fresh=types is None and (before.fresh or before.status == EventState.DRAFT != seen.status),
        until=_ALWAYS if doubtful else changes_at(end, types or (), at),
        **same,
    )


def _admits_otherwise(event: EventFacts, admits: Admits | None) -> bool:
    """Whether other ticket types count than when an event, which is published, was last seen: then
    its state is another, though nothing has moved."""
    sales = event.sales
    if event.status != EventState.PUBLISHED or not sales or sales.count(sales[0]) == len(sales):
        return False
    own = _admitting(event.ticket_types or (), sales, admits)
    return event.sale in _DERIVED and event_sale(event.status, own) != event.sale


_DERIVED = frozenset({EventSale.ON_SALE, EventSale.SOLD_OUT})
_KEPT = ("sold_out", "types_seen_at", "absent", "vanished", "fresh", "sale", "sales", "until")
_TOLD = attrgetter(
    *(
        field.name
        for field in attrs.fields(EventFacts)
        if field.name not in {"ticket_types", *_KEPT}
    )
)
_TERSE = (
    "public_url", "ends_at", "doors_open", "category", "visibility", "country", "venue_name",
    "city", "timezone", "slug",
)  # fmt: skip
_TERSE_OF = attrgetter(*_TERSE)
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


def _alike(known: str, now: str) -> bool:
    return " ".join(known.split()).casefold() == " ".join(now.split()).casefold()


def _same_minute(known: datetime, now: datetime) -> bool:
    """Whether nothing else is told: other seconds are the same to a person, and a placeholder says
    nothing."""
    if not is_date(now):
        return True
    return known.replace(second=0, microsecond=0) == now.replace(second=0, microsecond=0)


_ALIKE: tuple[tuple[str, Callable[[Any, Any], bool]], ...] = (
    ("venue_name", _alike),
    ("city", _alike),
    ("starts_at", _same_minute),
    ("ends_at", _same_minute),
    ("doors_open", _same_minute),
)


_ALIKE_OF = attrgetter(*(name for name, _ in _ALIKE))


def _kept_alike(before: EventFacts, seen: EventFacts) -> dict[str, Any]:
    """What differs and is yet the same to a person, as it was."""
    kept: dict[str, Any] = {}
    for name, alike in _ALIKE:
        known, now = getattr(before, name), getattr(seen, name)
        if known != now and known is not None and now is not None and alike(known, now):
            kept[name] = known
    return kept


def _types(
    before: EventFacts, seen: EventFacts
) -> tuple[tuple[TypeFacts, ...] | None, tuple[bool, ...]]:
    """The ticket types with the counts that they last had, and which of them were told now."""
    types, known = seen.ticket_types, before.ticket_types
    if types is None:
        return known, (False,) * len(known or ())
    told = tuple([kind.available is not None or kind.unlimited for kind in types])
    if all(told):
        return types, told
    was = {kind.id: kind for kind in known or ()}
    return tuple([_counted(kind, was.get(kind.id)) for kind in types]), told


def _counted(seen: TypeFacts, was: TypeFacts | None) -> TypeFacts:
    """A ticket type with the count that it last had, if it now has none."""
    if seen.counted or was is None:
        return seen
    return attrs.evolve(seen, available=was.available, unlimited=was.unlimited)


_BESIDE_WHAT_WAS = frozenset({TypeSale.SOLD_OUT, TypeSale.PAUSED, TypeSale.NOT_YET})


def _sales(
    before: EventFacts,
    status: str,
    types: tuple[TypeFacts, ...],
    told: tuple[bool, ...],
    at: datetime,
    *,
    past: bool,
) -> tuple[tuple[TypeSale | str, ...], bool]:
    """The states of the ticket types beside what they were, and whether one was not believed."""
    was: dict[str, TypeSale | str] | None = None
    sales: list[TypeSale | str] = []
    doubtful, lasts = False, status in {EventState.DRAFT, EventState.SOLD_OUT}
    for known, counted in zip(types, told, strict=True):
        sale: TypeSale | str = type_sale(status, known, at, past=past)
        if sale in _BESIDE_WHAT_WAS:
            if was is None:
                ids = [kind.id for kind in before.ticket_types or ()]
                was = dict(zip(ids, before.sales, strict=False))
            was_out = was.get(known.id) == TypeSale.SOLD_OUT
            if sale == TypeSale.SOLD_OUT and not counted and not was_out:
                on_sale = status == EventState.PUBLISHED
                sale, doubtful = TypeSale.ON_SALE if on_sale else TypeSale.PAUSED, True
            elif sale == TypeSale.NOT_YET and status != EventState.DRAFT:
                pass  # its own sale is yet to begin
            elif was_out and lasts and not known.hidden:
                sale = TypeSale.SOLD_OUT
        sales.append(sale)
    return tuple(sales), doubtful


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

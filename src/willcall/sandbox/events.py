"""The events of a box office as data: their ticket types, shared seats, and seats that are held."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

STATUSES = ("DRAFT", "PUBLISHED", "SOLD_OUT", "CANCELLED", "COMPLETED", "ARCHIVED")
VISIBILITIES = ("PUBLIC", "UNLISTED", "PRIVATE")
CATEGORIES = ("COMEDY", "MUSIC", "CONFERENCE", "WORKSHOP", "THEATER", "SPORTS", "OTHER")
OVER = ("COMPLETED", "ARCHIVED")

UNLIMITED = 2**31 - 1
"""``available`` of a ticket type without a quantity."""


@dataclass(slots=True)
class SharedPool:
    """Seats that several ticket types share, such as those of a hall: ``quantity`` in all."""

    quantity: int
    kinds: list[TicketType] = field(default_factory=list, repr=False)

    @property
    def left(self) -> int:
        """Seats left; negative if more were sold."""
        return self.quantity - sum(kind.sold + kind.held for kind in self.kinds)


@dataclass(slots=True)
class TicketType:
    """One kind of ticket. ``price`` in integer cents, 0 = free.

    ``held`` are seats in baskets. An ``unlimited`` ticket type has no quantity. An ``add_on`` is
    bought beside an admission, such as parking. Ticket types with the same ``pool`` share seats.
    """

    id: str
    name: str
    price: int
    quantity: int
    sold: int = 0
    hidden: bool = False
    sale_starts_at: datetime | None = None
    sale_ends_at: datetime | None = None
    min_per_order: int = 1
    max_per_order: int | None = 10
    held: int = 0
    unlimited: bool = False
    add_on: bool = False
    pool: SharedPool | None = field(default=None, repr=False)

    @property
    def left(self) -> int:
        """Tickets left; negative if more were sold than there are."""
        own = UNLIMITED if self.unlimited else self.quantity - self.sold - self.held
        return own if self.pool is None else min(own, self.pool.left)

    @property
    def available(self) -> int:
        """Tickets that can be sold, at any time."""
        return max(0, self.left)

    def on_sale(self, now: datetime) -> bool:
        """Whether ``now`` lies in the sale window."""
        begun = self.sale_starts_at is None or self.sale_starts_at <= now
        return begun and (self.sale_ends_at is None or now < self.sale_ends_at)


@dataclass(slots=True)
class Event:
    """One event. All moments are aware and in UTC; ``timezone`` is where it takes place."""

    id: str
    title: str
    slug: str
    starts_at: datetime
    created_at: datetime
    updated_at: datetime
    status: str = "DRAFT"
    visibility: str = "PUBLIC"
    category: str = "OTHER"
    ends_at: datetime | None = None
    doors_open: datetime | None = None
    timezone: str = "UTC"
    venue_name: str | None = None
    city: str | None = None
    country: str | None = None
    currency: str = "USD"
    ticket_types: list[TicketType] = field(default_factory=list)
    closed_by_hand: bool = False
    turns_at: datetime | None = None

    @property
    def sold_out(self) -> bool:
        """Whether nothing that the public can see is left."""
        return self._nothing_left(self.ticket_types)

    @property
    def full(self) -> bool:
        """Whether nobody more can get in: nothing is left but add-ons."""
        return self._nothing_left([kind for kind in self.ticket_types if not kind.add_on])

    @staticmethod
    def _nothing_left(kinds: list[TicketType]) -> bool:
        visible = [kind for kind in kinds if not kind.hidden]
        return bool(visible) and all(kind.available == 0 for kind in visible)

    def over(self, now: datetime) -> bool:
        """Whether it was played or put away."""
        return self.status in OVER or (self.ends_at or self.starts_at) < now

    def ticket_type(self, ref: str) -> TicketType:
        """A ticket type by id or name; ``LookupError`` if there is none."""
        for kind in self.ticket_types:
            if ref in (kind.id, kind.name):
                return kind
        raise LookupError(f"{self.title} has no ticket type {ref!r}")


@dataclass(slots=True)
class Hold:
    """``count`` seats of a ticket type that are taken until ``until``.

    Those of a ``basket`` count as held, those of an ``order`` as sold.
    """

    event: Event
    kind: TicketType
    count: int
    until: datetime
    what: Literal["basket", "order"]

    def take(self) -> None:
        """Take the seats."""
        self._move(self.count)

    def let_go(self) -> None:
        """Give the seats back."""
        self._move(-self.count)

    def _move(self, by: int) -> None:
        if self.what == "basket":
            self.kind.held = max(0, self.kind.held + by)
        else:
            self.kind.sold = max(0, self.kind.sold + by)

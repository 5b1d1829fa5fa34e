"""What TicketSmart knows, in its own words.

Each fact is marked with how it is known: *seed* (TicketSmart's documentation) or *inferred* (stated
nowhere: its wire name stands in :mod:`willcall.ticketsmart.inferred`). A status, visibility or
category that is not listed here is kept as the plain string it came as.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from ..client.money import Money, cents
from ..errors import InputError


class EventStatus(StrEnum):
    """Where an event stands (seed). v1 cannot change it."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    SOLD_OUT = "SOLD_OUT"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    ARCHIVED = "ARCHIVED"


class Visibility(StrEnum):
    """Who can see an event (seed)."""

    PUBLIC = "PUBLIC"
    UNLISTED = "UNLISTED"
    PRIVATE = "PRIVATE"


class Category(StrEnum):
    """What kind of event it is (seed)."""

    COMEDY = "COMEDY"
    MUSIC = "MUSIC"
    CONFERENCE = "CONFERENCE"
    WORKSHOP = "WORKSHOP"
    THEATER = "THEATER"
    SPORTS = "SPORTS"
    OTHER = "OTHER"


@attrs.frozen(kw_only=True)
class TicketType:
    """One kind of admission to an event, such as "VIP"."""

    id: str
    """Inferred."""
    name: str
    """Seed."""
    price_cents: int = 0
    """Integer cents in the event's currency; 0 is free (documented: ``price``). See :attr:`price`.
    Inferred: a currency without cents is counted in its smallest unit, such as whole yen."""
    currency: str | None = None
    """Its event's currency; None where it was read without its event, by ``ticket_types``."""
    quantity: int | None = None
    """How many there are in all (seed); None if not said."""
    sold: int | None = None
    """How many have been sold (inferred)."""
    available: int | None = None
    """How many can be bought now (seed; the name is inferred); None if not said."""
    sale_starts_at: datetime | None = None
    """When sales open (seed; the name is inferred)."""
    sale_ends_at: datetime | None = None
    """When sales close (seed; the name is inferred)."""
    min_per_order: int | None = None
    """Fewest an order may hold (seed; the name is inferred)."""
    max_per_order: int | None = None
    """Most an order may hold (seed; the name is inferred)."""
    hidden: bool = False
    """Whether it is hidden from buyers (seed; the name is inferred)."""

    @property
    def price(self) -> Money:
        """What one ticket costs: ``str(ticket_type.price)`` is ``"$25.00"``."""
        return Money(self.price_cents, self.currency)


def _price(_: object, field: attrs.Attribute[int | Money], value: Any) -> None:
    if cents(field.name, value.cents if isinstance(value, Money) else value) < 0:
        raise InputError(field.name, f"{value!r} is below 0", "a free ticket costs 0")


def _quantity(_: object, field: attrs.Attribute[int], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(field.name, f"{value!r} is no number of tickets", "give 0 or more")


def _name(_: object, field: attrs.Attribute[str], value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InputError(field.name, "a ticket type needs one", "such as 'General Admission'")


@attrs.frozen
class NewTicketType:
    """A ticket type to be made.

    Args:
        name: what buyers read (seed).
        price: integer cents (seed), or :class:`~willcall.Money` in the event's currency; 0 is free.
        quantity: how many there are (seed).

    Raises:
        InputError: a float, a number below 0, or no name.
    """

    name: str = attrs.field(validator=_name)
    price: int | Money = attrs.field(validator=_price)
    quantity: int = attrs.field(validator=_quantity)

    @property
    def cents(self) -> int:
        """The price in integer cents."""
        return int(self.price)


@attrs.frozen(kw_only=True)
class Event:
    """An event of the key's box office."""

    id: str
    """Inferred."""
    title: str
    """Seed."""
    starts_at: datetime
    """When it starts; aware (seed)."""
    status: EventStatus | str
    """Seed."""
    slug: str | None = None
    """Its name in URLs, unique (seed)."""
    ends_at: datetime | None = None
    """Seed."""
    doors_open: datetime | None = None
    """Seed."""
    timezone: str | None = None
    """An IANA name such as ``America/New_York`` (seed)."""
    venue_name: str | None = None
    """Seed."""
    city: str | None = None
    """Seed."""
    country: str | None = None
    """Two letters, as in the seed's example."""
    currency: str = "USD"
    """Three letters (seed)."""
    visibility: Visibility | str | None = None
    """Seed."""
    category: Category | str | None = None
    """Seed."""
    public_url: str | None = None
    """Where buyers find it (seed; the name is inferred). A single event has it; a row may not."""
    ticket_types: tuple[TicketType, ...] | None = None
    """Its ticket types. A single event has them (seed); a row of a list may not: then None."""


@attrs.frozen(kw_only=True)
class TypeAvailability:
    """What is left of one ticket type, in the compact shape (inferred)."""

    id: str
    name: str | None = None
    available: int | None = None
    sold_out: bool | None = None


@attrs.frozen(kw_only=True)
class Availability:
    """What is left of an event, in the compact shape made for inventory jobs (shape inferred)."""

    event_id: str | None = None
    status: EventStatus | str | None = None
    sold_out: bool | None = None
    ticket_types: tuple[TypeAvailability, ...] = ()

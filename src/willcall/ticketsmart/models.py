"""TicketSmart's objects.

Everything here is documented by TicketSmart, except what is marked *inferred*: that is stated
nowhere, and its name on the wire is in :mod:`willcall.ticketsmart.inferred`. A status, visibility
or category that is not listed here is kept as the plain string it came as.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from ..client.model import Model
from ..client.money import Money, cents
from ..errors import InputError


class EventStatus(StrEnum):
    """The status of an event. v1 cannot change it."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    SOLD_OUT = "SOLD_OUT"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    ARCHIVED = "ARCHIVED"


class Visibility(StrEnum):
    """Who can see an event."""

    PUBLIC = "PUBLIC"
    UNLISTED = "UNLISTED"
    PRIVATE = "PRIVATE"


class Category(StrEnum):
    """What kind of event it is."""

    COMEDY = "COMEDY"
    MUSIC = "MUSIC"
    CONFERENCE = "CONFERENCE"
    WORKSHOP = "WORKSHOP"
    THEATER = "THEATER"
    SPORTS = "SPORTS"
    OTHER = "OTHER"


@attrs.frozen(kw_only=True)
class TicketType(Model):
    """A kind of admission to an event, such as "VIP"."""

    id: str
    """Its id (inferred)."""
    name: str
    """What buyers read."""
    price_cents: int | None = None
    """Integer cents in the event's currency; 0 is free (documented: ``price``), None if not said.
    See :attr:`price`. Inferred: a currency without cents is counted in its smallest unit, such as
    whole yen."""
    currency: str | None = None
    """Its event's currency; None where it was read without its event, by ``ticket_types``."""
    quantity: int | None = None
    """How many can be sold in all; None if not said."""
    sold: int | None = None
    """How many have been sold (inferred)."""
    available: int | None = None
    """How many can be bought now (the name is inferred); None if not said."""
    sale_starts_at: datetime | None = None
    """When sales open (the name is inferred)."""
    sale_ends_at: datetime | None = None
    """When sales close (the name is inferred)."""
    min_per_order: int | None = None
    """Fewest an order may hold (the name is inferred)."""
    max_per_order: int | None = None
    """Most an order may hold (the name is inferred)."""
    hidden: bool = False
    """Whether it is hidden from buyers (the name is inferred)."""
    add_on: bool = False
    """Whether it is bought beside a ticket, such as parking, and does not admit by itself (the name
    is inferred)."""
    unlimited: bool = False
    """Whether there is no limit: both ``quantity`` and ``available`` were answered as null.
    Inferred: where one of them is missing, or only one is null, the count is not said."""

    @property
    def price(self) -> Money | None:
        """What one ticket costs: ``str(ticket_type.price)`` is ``"$25.00"``; None if not said."""
        return Money.answered(self.price_cents, self.currency)


def _price(_: object, field: attrs.Attribute[int | Money], value: Any) -> None:
    if cents(field.name, value.cents if isinstance(value, Money) else value) < 0:
        raise InputError(field.name, f"{value!r} is below 0", "a free ticket costs 0")


def _quantity(_: object, field: attrs.Attribute[int], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InputError(field.name, f"{value!r} is not a number of tickets", "give 0 or more")


def _name(_: object, field: attrs.Attribute[str], value: Any) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InputError(field.name, "a ticket type needs one", "such as 'General Admission'")


@attrs.frozen
class NewTicketType:
    """A ticket type to create.

    Args:
        name: what buyers read.
        price: integer cents, or :class:`~willcall.Money` in the event's currency; 0 is free.
        quantity: how many can be sold.

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
class Event(Model):
    """An event of the key's box office."""

    id: str
    """Its id (inferred)."""
    title: str
    """What buyers read."""
    starts_at: datetime
    """When it starts; aware."""
    status: EventStatus | str
    """Its status."""
    slug: str | None = None
    """Its name in URLs, unique."""
    ends_at: datetime | None = None
    """When it ends; aware."""
    doors_open: datetime | None = None
    """When the doors open; aware."""
    timezone: str | None = None
    """An IANA name such as ``America/New_York``."""
    venue_name: str | None = None
    """The name of the venue."""
    city: str | None = None
    """Where the venue is."""
    country: str | None = None
    """Two letters in TicketSmart's example."""
    currency: str = "USD"
    """Three letters."""
    visibility: Visibility | str | None = None
    """Who can see it."""
    category: Category | str | None = None
    """What kind of event it is."""
    public_url: str | None = None
    """Where buyers find it (the name is inferred). A single event has it; a row may not."""
    ticket_types: tuple[TicketType, ...] | None = None
    """Its ticket types. A single event has them; a row of a list may not: then None."""


@attrs.frozen(kw_only=True)
class TypeAvailability(Model):
    """The stock of a ticket type, in the compact shape (inferred)."""

    id: str
    name: str | None = None
    available: int | None = None
    sold_out: bool | None = None


@attrs.frozen(kw_only=True)
class Availability(Model):
    """The stock of an event, in the compact shape for inventory jobs (the shape is inferred)."""

    event_id: str | None = None
    status: EventStatus | str | None = None
    sold_out: bool | None = None
    ticket_types: tuple[TypeAvailability, ...] = ()

"""What the APIs know, as tables for people: money and times as they write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from ...bridge.templates.rendering import plain, price, when
from ..shell import screen, show, times

if TYPE_CHECKING:
    from ...ticket0.models import Customer, Message, Ticket
    from ...ticketsmart.models import Availability, Event, TicketType

EVENTS = ("EVENT", "TITLE", "STATUS", "STARTS", "LEFT")
TICKET_TYPES = ("TICKET TYPE", "NAME", "PRICE", "QUANTITY", "SOLD", "LEFT")
TICKETS = ("TICKET", "STATUS", "SUBJECT", "TAGS")
CUSTOMERS = ("CUSTOMER", "EMAIL", "NAME", "YOUR ID", "TICKETS")


def event_row(one: Event) -> Sequence[Any]:
    """An event in a list."""
    counts = [kind.available for kind in one.ticket_types or () if not kind.hidden]
    known = [count for count in counts if count is not None]
    starts = when(one.starts_at, one.timezone)
    return (one.slug or one.id, one.title, one.status, starts, sum(known) if known else None)


def event(one: Event) -> None:
    """An event with its ticket types."""

    def at(moment: datetime | None) -> str | None:
        return when(moment, one.timezone) if moment else None

    place = ", ".join(part for part in (one.venue_name, one.city, one.country) if part)
    facts = {
        "id": one.id,
        "title": one.title,
        "status": one.status,
        "starts": at(one.starts_at),
        "doors": at(one.doors_open),
        "ends": at(one.ends_at),
        "where": place,
        "category": one.category,
        "visibility": one.visibility,
        "url": one.public_url,
    }
    show.table(("EVENT", one.slug or one.id), [row for row in facts.items() if row[1]])
    if one.ticket_types:
        typer.echo()
        ticket_types(one.ticket_types, one.currency)


def ticket_types(kinds: Iterable[TicketType], currency: str | None) -> None:
    """Ticket types with what they cost and what is left; hidden ones say so."""
    show.table(
        TICKET_TYPES,
        [
            (
                one.id,
                one.name + (" (hidden)" if one.hidden else ""),
                price(one.price_cents, one.currency or currency or ""),
                one.quantity,
                one.sold,
                one.available,
            )
            for one in kinds
        ],
    )


def sales(kinds: Sequence[TicketType], timezone: str | None) -> None:
    """When they are sold, and how many at a time, where that is said."""

    def at(moment: datetime | None) -> str | None:
        return when(moment, timezone) if moment else None

    def span(one: TicketType) -> str | None:
        if one.min_per_order is None and one.max_per_order is None:
            return None
        return f"{one.min_per_order or 1} to {one.max_per_order or 'any number'}"

    rows = [(one.name, at(one.sale_starts_at), at(one.sale_ends_at), span(one)) for one in kinds]
    if any(cell is not None for row in rows for cell in row[1:]):
        typer.echo()
        show.table(("NAME", "SOLD FROM", "SOLD UNTIL", "PER ORDER"), rows)


def availability(one: Availability) -> None:
    """What is left, a ticket type a line."""
    show.table(
        ("TICKET TYPE", "NAME", "LEFT"),
        [(k.id, k.name, "sold out" if k.sold_out else k.available) for k in one.ticket_types],
    )


def ticket_row(one: Ticket) -> Sequence[Any]:
    """A support ticket in a list."""
    return (one.id, one.status, one.subject, " ".join(one.tags))


def _at(moment: datetime | None) -> str | None:
    return times.moment(moment) if moment else None


def ticket(one: Ticket) -> None:
    """A support ticket."""
    facts = {
        "subject": one.subject,
        "status": one.status,
        "assignee": one.assignee_id or "nobody",
        "tags": " ".join(one.tags),
        "inbox": one.inbox_id,
        "customer": one.customer_id,
        "created": _at(one.created_at),
        "updated": _at(one.updated_at),
    }
    show.table(("TICKET", one.id), [row for row in facts.items() if row[1]])


def message(one: Message) -> None:
    """One message of a conversation, after a blank line."""
    kind = "note" if one.is_note else one.direction or "message"
    who = one.author_name or one.from_name or one.from_address or "?"
    moment = _at(one.created_at) or "undated"
    screen.line(f"\n-- {plain(kind)} from {plain(who)}, {moment}")
    screen.line(show.harmless(one.body_text.strip()), hang=0)


def customer_row(one: Customer) -> Sequence[Any]:
    """A customer in a list."""
    return (one.id, one.email, one.name, one.external_id, one.ticket_count)


def customer(one: Customer) -> None:
    """A customer, with every fact that is kept about them."""
    facts = {
        "email": one.email,
        "name": one.name,
        "your id": one.external_id,
        "tickets": one.ticket_count,
        "created": _at(one.created_at),
        **{f"metadata.{name}": value for name, value in sorted(one.metadata.items())},
    }
    show.table(("CUSTOMER", one.id), [row for row in facts.items() if row[1] is not None])

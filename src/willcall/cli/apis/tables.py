"""The models of both APIs as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ...bridge.templates.rendering import plain, price, when
from ..shell import screen, show, terminal, times

if TYPE_CHECKING:
    from ...ticket0.models import Customer, Message, Ticket
    from ...ticketsmart.models import Availability, Event, TicketType

EVENTS = ("EVENT", "TITLE", "STATUS", "STARTS", "LEFT")
TICKET_TYPES = ("TICKET TYPE", "NAME", "PRICE", "QUANTITY", "SOLD", "LEFT")
TICKETS = ("TICKET", "STATUS", "SUBJECT", "TAGS")
CUSTOMERS = ("CUSTOMER", "EMAIL", "NAME", "YOUR ID", "TICKETS")


def event_row(event: Event) -> Sequence[Any]:
    """An event in a list."""
    counts = [kind.available for kind in event.ticket_types or () if not kind.hidden]
    known = [count for count in counts if count is not None]
    starts = when(event.starts_at, event.timezone)
    return (
        event.slug or event.id,
        event.title,
        event.status,
        starts,
        sum(known) if known else None,
    )


def event(shown: Event) -> None:
    """An event with its ticket types."""

    def at(moment: datetime | None) -> str | None:
        return when(moment, shown.timezone) if moment else None

    place = ", ".join(part for part in (shown.venue_name, shown.city, shown.country) if part)
    facts = {
        "id": shown.id,
        "title": shown.title,
        "status": shown.status,
        "starts": at(shown.starts_at),
        "doors": at(shown.doors_open),
        "ends": at(shown.ends_at),
        "where": place,
        "category": shown.category,
        "visibility": shown.visibility,
        "url": shown.public_url,
    }
    show.table(("EVENT", shown.slug or shown.id), [row for row in facts.items() if row[1]])
    if shown.ticket_types:
        terminal.say()
        ticket_types(shown.ticket_types, shown.currency)


def ticket_types(kinds: Iterable[TicketType], currency: str | None) -> None:
    """Ticket types with prices and what is left; hidden types are marked."""
    show.table(
        TICKET_TYPES,
        [
            (
                kind.id,
                kind.name + (" (hidden)" if kind.hidden else ""),
                price(kind.price_cents, kind.currency or currency or ""),
                kind.quantity,
                kind.sold,
                kind.available,
            )
            for kind in kinds
        ],
    )


def sales(kinds: Sequence[TicketType], timezone: str | None) -> None:
    """When ticket types are sold, and how many per order, if any of that is set."""

    def at(moment: datetime | None) -> str | None:
        return when(moment, timezone) if moment else None

    def span(kind: TicketType) -> str | None:
        if kind.min_per_order is None and kind.max_per_order is None:
            return None
        return f"{kind.min_per_order or 1} to {kind.max_per_order or 'any number'}"

    rows = [
        (kind.name, at(kind.sale_starts_at), at(kind.sale_ends_at), span(kind)) for kind in kinds
    ]
    if any(cell is not None for row in rows for cell in row[1:]):
        terminal.say()
        show.table(("NAME", "SOLD FROM", "SOLD UNTIL", "PER ORDER"), rows)


def availability(found: Availability) -> None:
    """What is left of each ticket type."""
    show.table(
        ("TICKET TYPE", "NAME", "LEFT"),
        [(k.id, k.name, "sold out" if k.sold_out else k.available) for k in found.ticket_types],
    )


def ticket_row(ticket: Ticket) -> Sequence[Any]:
    """A support ticket in a list."""
    return (ticket.id, ticket.status, ticket.subject, " ".join(ticket.tags))


def _at(moment: datetime | None) -> str | None:
    return times.moment(moment) if moment else None


def ticket(found: Ticket) -> None:
    """A support ticket."""
    facts = {
        "subject": found.subject,
        "status": found.status,
        "assignee": found.assignee_id or "nobody",
        "tags": " ".join(found.tags),
        "inbox": found.inbox_id,
        "customer": found.customer_id,
        "created": _at(found.created_at),
        "updated": _at(found.updated_at),
    }
    show.table(("TICKET", found.id), [row for row in facts.items() if row[1]])


def message(shown: Message) -> None:
    """A message of a conversation, after a blank line."""
    kind = "note" if shown.is_note else shown.direction or "message"
    who = shown.author_name or shown.from_name or shown.from_address or "?"
    moment = _at(shown.created_at) or "undated"
    screen.line(f"\n-- {plain(kind)} from {plain(who)}, {moment}")
    screen.line(terminal.harmless(shown.body_text.strip()), hang=0)


def customer_row(customer: Customer) -> Sequence[Any]:
    """A customer in a list."""
    return (customer.id, customer.email, customer.name, customer.external_id, customer.ticket_count)


def customer(shown: Customer) -> None:
    """A customer with metadata."""
    facts = {
        "email": shown.email,
        "name": shown.name,
        "your id": shown.external_id,
        "tickets": shown.ticket_count,
        "created": _at(shown.created_at),
        **{f"metadata.{name}": value for name, value in sorted(shown.metadata.items())},
    }
    show.table(("CUSTOMER", shown.id), [row for row in facts.items() if row[1] is not None])

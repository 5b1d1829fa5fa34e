"""What TicketSmart answers, read: one event, a page of them, ticket types, availability, errors."""

from __future__ import annotations

from typing import Any

from ..client.codec import Codec, parse, parse_object, parse_rows
from ..client.op import Op, Page
from ..client.provider import Problem
from ..errors import Reply, SlugTakenError, SoldTicketsError
from . import inferred
from .models import Availability, Event, TicketType, TypeAvailability

# "Cannot remove a ticket type that has sold tickets" and "Slug is already taken": the words are
# documented and the status is not, so the words decide.
_BY_MESSAGE = {
    "slug is already taken": SlugTakenError,
    "cannot remove a ticket type that has sold tickets": SoldTicketsError,
}

# No box office has so many; a `totalPages` beyond it is a mistake not to be followed.
_MOST_PAGES = 10_000


def explain(reply: Reply) -> Problem:
    """``{"error": "…"}``, at times with details, hint, missingScopes, retryAfter.

    Documented by TicketSmart.
    """
    body = parse_object(reply)
    message = body["error"]
    if not isinstance(message, str):
        raise TypeError("no TicketSmart error")
    hint, after = body.get("hint"), body.get("retryAfter")
    scopes = body.get("missingScopes")
    return Problem(
        message=message,
        details=body.get("details"),
        hint=hint if isinstance(hint, str) else None,
        missing_scopes=tuple(map(str, scopes)) if isinstance(scopes, list) else (),
        retry_after=max(0.0, float(after)) if isinstance(after, int | float) else None,
        error=_BY_MESSAGE.get(message.strip().rstrip(".").lower()),
    )


def _hand_down_currency(event: dict[str, Any]) -> None:
    """Give each ticket type the currency of its event, in which its price is. USD is the documented
    default."""
    rows, currency = event.get("ticketTypes"), event.get("currency") or "USD"
    if isinstance(rows, list):
        for row in rows:
            if isinstance(row, dict):
                row.setdefault("currency", currency)


_codec = Codec(
    {
        Event: inferred.EVENT_NAMES,
        TicketType: inferred.TICKET_TYPE_NAMES,
        Availability: inferred.AVAILABILITY_NAMES,
        TypeAvailability: inferred.TYPE_AVAILABILITY_NAMES,
    },
    {Event: _hand_down_currency},
)


def read_event(reply: Reply) -> Event:
    """One event, bare or in its envelope."""
    body = parse_object(reply)
    inner = body.get(inferred.EVENT_ENVELOPE)
    return _codec.structure(inner if isinstance(inner, dict) else body, Event, "event")


def read_ticket_types(reply: Reply) -> tuple[TicketType, ...]:
    """An event's ticket types, in their envelope or as a bare list."""
    body = parse(reply)
    rows = (
        body
        if isinstance(body, list)
        else parse_rows(parse_object(reply), inferred.TICKET_TYPES_ENVELOPE)
    )
    return _codec.structure(rows, tuple[TicketType, ...], inferred.TICKET_TYPES_ENVELOPE)


def read_availability(reply: Reply) -> Availability:
    """What is left of an event."""
    return _codec.structure(parse_object(reply), Availability, "availability")


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


def events_page(
    params: dict[str, Any], *, first: int, after_empty: bool = False
) -> Op[Page[Event]]:
    """The call for one page of events; its answer carries the call for the next.

    What `pagination` holds is inferred, so it is believed only where it asks us to read on. Without
    it, a full page may be followed by another and a short one is the last; an empty one after the
    first may be a hole, since rows may be filtered after they were cut into pages, and one more is
    looked at.
    """

    def decode(reply: Reply) -> Page[Event]:
        body = parse_object(reply)
        rows = parse_rows(body, "events")
        events, unreadable = _codec.rows(rows, Event, "events")
        given = body.get(inferred.PAGINATION)
        pagination = given if isinstance(given, dict) else {}
        page, limit = params["page"], params["limit"]
        pages = _number(pagination.get(inferred.TOTAL_PAGES))
        # A service that gives fewer than were asked for says so here, if anywhere.
        cap = _number(pagination.get(inferred.LIMIT)) or limit
        if pages is None:
            hole = not rows and page > first and not after_empty
            more = hole or 0 < min(limit, cap) <= len(rows)
        else:
            more = len(rows) >= limit or page < min(pages, _MOST_PAGES)
        following = events_page({**params, "page": page + 1}, first=first, after_empty=not rows)
        total = _number(pagination.get(inferred.TOTAL)) if first == 1 else None
        if total is not None and total <= (page - 1) * limit:
            total = None  # it counts something else
        return Page(events, following if more else None, reply, total, unreadable=unreadable)

    return Op("GET", "/events", decode, params, route="/events")

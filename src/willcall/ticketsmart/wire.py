"""What TicketSmart answers, read: one event, a page of them, ticket types, availability, errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from functools import cache, lru_cache
from typing import Any

from ..client.codec import Codec, camel, parse, parse_object, parse_rows
from ..client.names import how_to_set
from ..client.op import Op, Page
from ..client.provider import Problem
from ..client.readers import Before
from ..errors import Reply, SlugTakenError, SoldTicketsError, UndecodableReplyError
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


def _hand_down_currency(names: Mapping[str, str]) -> Before:
    """What gives each ticket type the currency of its event, in which its price is. USD is the
    documented default."""
    types, own = names["event_ticket_types"], names["ticket_type_currency"]

    def hand_down(event: dict[str, Any]) -> None:
        rows, currency = event.get(types), event.get("currency") or "USD"
        if isinstance(rows, list):
            for row in rows:
                if isinstance(row, dict):
                    row.setdefault(own, currency)

    return hand_down


def _place_dates(names: Mapping[str, str]) -> Before:
    """What gives the times of an event that have no offset the one of its time zone. Inferred: such
    a time is that of the venue."""
    types = names["event_ticket_types"]
    windows = names["ticket_type_sale_starts_at"], names["ticket_type_sale_ends_at"]
    fields = tuple(names.get(f"event_{name}", camel(name)) for name in _TIMES)

    def place(event: dict[str, Any]) -> None:
        zone = _zone(event.get(names.get("event_timezone", "timezone")))
        if zone is None:
            return
        rows = event.get(types)
        _place(event, fields, zone)
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict):
                _place(row, windows, zone)

    return place


_TIMES = ("starts_at", "ends_at", "doors_open")


def _place(row: dict[str, Any], fields: Iterable[str], zone: tzinfo) -> None:
    for name in fields:
        text = row.get(name)
        if not isinstance(text, str) or text[-1:] == "Z":
            continue
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                row[name] = moment.replace(tzinfo=zone).isoformat()
        except (ValueError, OverflowError):
            continue  # whoever reads the field says what is wrong with it


@cache
def _zone(name: object) -> tzinfo | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # not needed to import the client

    try:
        return ZoneInfo(name) if isinstance(name, str) and name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _both(first: Before, second: Before) -> Before:
    def both(row: dict[str, Any]) -> None:
        first(row)
        second(row)

    return both


def _see_no_limit(names: Mapping[str, str]) -> Before:
    """What tells null from missing while it can be told: two nulls are no limit, and a field that
    is missing says nothing."""
    available = names["ticket_type_available"]

    def see(kind: dict[str, Any]) -> None:
        kind["unlimited"] = kind.get("quantity", 0) is None and kind.get(available, 0) is None

    return see


class EventCodec:
    """Reads TicketSmart's answers under a set of names; :func:`wire_of` makes it.

    Args:
        names: the inferred names, and what they are on the wire.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.codec = Codec(
            {
                Event: _after("event_", names),
                TicketType: _after("ticket_type_", names),
                Availability: _after("availability_", names),
                TypeAvailability: _after("type_availability_", names),
            },
            {
                Event: _both(_hand_down_currency(names), _place_dates(names)),
                TicketType: _see_no_limit(names),
            },
        )

    def read_event(self, reply: Reply) -> Event:
        """One event, bare or in its envelope."""
        body = parse_object(reply)
        inner = body.get(self.names["event_envelope"])
        return self.codec.structure(inner if isinstance(inner, dict) else body, Event, "event")

    def read_ticket_types(self, reply: Reply) -> tuple[TicketType, ...]:
        """An event's ticket types, in their envelope or as a bare list."""
        body, envelope = parse(reply), self.names["ticket_types_envelope"]
        try:
            rows = body if isinstance(body, list) else parse_rows(parse_object(reply), envelope)
        except UndecodableReplyError as error:
            error.hint = how_to_set("ticketsmart", "ticket_types_envelope")
            raise
        return self.codec.structure(rows, tuple[TicketType, ...], envelope)

    def read_availability(self, reply: Reply) -> Availability:
        """What is left of an event."""
        return self.codec.structure(parse_object(reply), Availability, "availability")

    def events_page(
        self, params: dict[str, Any], *, first: int, after_empty: bool = False
    ) -> Op[Page[Event]]:
        """The call for one page of events; its answer carries the call for the next.

        What `pagination` holds is inferred, so it is believed only where it asks us to read on.
        Without it, a full page may be followed by another and a short one is the last; an empty one
        after the first may be a hole, since rows may be filtered after they were cut into pages,
        and one more is looked at.
        """

        def decode(reply: Reply) -> Page[Event]:
            body, names = parse_object(reply), self.names
            rows = parse_rows(body, "events")
            events, unreadable = self.codec.rows(rows, Event, "events")
            given = body.get(names["pagination"])
            pagination = given if isinstance(given, dict) else {}
            page, limit = params["page"], params["limit"]
            pages = _number(pagination.get(names["total_pages"]))
            # A service that gives fewer than were asked for says so here, if anywhere.
            cap = _number(pagination.get(names["limit"])) or limit
            if pages is None:
                hole = not rows and page > first and not after_empty
                more = hole or 0 < min(limit, cap) <= len(rows)
            else:
                more = len(rows) >= limit or page < min(pages, _MOST_PAGES)
            following = self.events_page(
                {**params, "page": page + 1}, first=first, after_empty=not rows
            )
            total = _number(pagination.get(names["total"])) if first == 1 else None
            if total is not None and total <= (page - 1) * limit:
                total = None  # it counts something else
            return Page(events, following if more else None, reply, total, unreadable=unreadable)

        return Op("GET", "/events", decode, params, route="/events")


def _after(prefix: str, names: Mapping[str, str]) -> dict[str, str]:
    """The names that begin so, without that."""
    own = (name for name in names if name.startswith(prefix))
    return {name.removeprefix(prefix): names[name] for name in own}


def _number(value: Any) -> int | None:
    return value if type(value) is int else None


USUAL = EventCodec(inferred.WIRE)
"""Under the names that are inferred."""


def wire_of(names: Mapping[str, str]) -> EventCodec:
    """The answers under these names."""
    return USUAL if names is inferred.WIRE else _other(tuple(names.items()))


@lru_cache(maxsize=16)
def _other(names: tuple[tuple[str, str], ...]) -> EventCodec:
    return EventCodec(dict(names))

"""TicketSmart's JSON: how an event is written out, and how the fields of a body are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from willcall.sandbox import inferred
from willcall.sandbox.boxoffice import CATEGORIES, VISIBILITIES, Event, TicketType
from willcall.sandbox.checks import MISSING, Checker
from willcall.sandbox.wire import iso

if TYPE_CHECKING:
    from datetime import datetime

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_TICKET_TYPES = 50  # inferred


# Out.


def event(event: Event, *, with_types: bool, with_stock: bool = True) -> dict[str, Any]:
    """An event. The fields that can be sent are seed; ``id`` and the rest are inferred."""
    shape: dict[str, Any] = {
        "id": event.id,
        "title": event.title,
        "slug": event.slug,
        "status": event.status,
        "visibility": event.visibility,
        "category": event.category,
        "startsAt": iso(event.starts_at),
        "endsAt": iso(event.ends_at),
        "doorsOpen": iso(event.doors_open),
        "timezone": event.timezone,
        "venueName": event.venue_name,
        "city": event.city,
        "country": event.country,
        "currency": event.currency,
        inferred.PUBLIC_URL: inferred.PUBLIC_URL_BASE + event.slug,
        "createdAt": iso(event.created_at),
        "updatedAt": iso(event.updated_at),
    }
    if with_types:
        shape[inferred.TICKET_TYPES] = [ticket_type(kind) for kind in event.ticket_types]
        for kind in () if with_stock else shape[inferred.TICKET_TYPES]:
            del kind[inferred.TYPE_SOLD], kind[inferred.TYPE_AVAILABLE]
    return shape


def ticket_type(kind: TicketType) -> dict[str, Any]:
    """A ticket type: prices in cents, quantities, sale window, limits, hidden state, stock."""
    return {
        "id": kind.id,
        "name": kind.name,
        "price": kind.price,
        "quantity": kind.quantity,
        inferred.TYPE_SOLD: kind.sold,
        inferred.TYPE_AVAILABLE: kind.available,
        inferred.TYPE_SALE_STARTS: iso(kind.sale_starts_at),
        inferred.TYPE_SALE_ENDS: iso(kind.sale_ends_at),
        inferred.TYPE_MIN_PER_ORDER: kind.min_per_order,
        inferred.TYPE_MAX_PER_ORDER: kind.max_per_order,
        inferred.TYPE_HIDDEN: kind.hidden,
    }


def availability(event: Event) -> dict[str, Any]:
    """The compact live shape, without hidden types (all inferred)."""
    return {
        inferred.AVAILABILITY_EVENT: event.id,
        "status": event.status,
        inferred.AVAILABILITY_SOLD_OUT: event.status == "SOLD_OUT" or event.sold_out,
        inferred.TICKET_TYPES: [
            {
                "id": kind.id,
                "name": kind.name,
                inferred.TYPE_AVAILABLE: kind.available,
                inferred.AVAILABILITY_SOLD_OUT: kind.available == 0,
            }
            for kind in event.ticket_types
            if not kind.hidden
        ],
    }


def pagination(page: int, limit: int, total: int) -> dict[str, int]:
    """The fields of ``pagination`` (inferred)."""
    return {
        inferred.PAGE: page,
        inferred.LIMIT: limit,
        inferred.TOTAL: total,
        inferred.TOTAL_PAGES: -(-total // limit),
    }


# Which events a filter means.


def mentions(event: Event, text: str) -> bool:
    """Whether ``search`` finds the event."""
    places = (event.title, event.venue_name or "", event.city or "")
    return any(text.casefold() in place.casefold() for place in places)


def live(event: Event, now: datetime) -> bool:
    """Whether ``liveOnly`` shows the event."""
    return event.status in inferred.LIVE_STATUSES and (event.ends_at or event.starts_at) >= now


# In.


def read_event_fields(
    check: Checker, *, creating: bool, current: Event | None = None
) -> dict[str, Any]:
    """The event fields of a body, by the names of ``Event``; problems are left in ``check``."""
    moments = {"nullable": not creating}
    found = {
        "title": check.text("title", required=creating, longest=200),
        "slug": _matching(check, "slug", _SLUG, "lower-case letters, digits and single hyphens"),
        "starts_at": check.moment("startsAt", required=creating),
        "ends_at": check.moment("endsAt", **moments),
        "doors_open": check.moment("doorsOpen", **moments),
        "timezone": check.text("timezone", longest=64),
        "venue_name": check.text("venueName", nullable=not creating, longest=200),
        "city": check.text("city", nullable=not creating, longest=100),
        "country": check.text("country", nullable=not creating, longest=100),
        "currency": _matching(check, "currency", _CURRENCY, "a three-letter code"),
        "visibility": check.one_of("visibility", VISIBILITIES),
        "category": check.one_of("category", CATEGORIES),
    }
    fields = {name: value for name, value in found.items() if value is not MISSING}
    starts = fields.get("starts_at", current and current.starts_at)
    ends = fields.get("ends_at", current and current.ends_at)
    if starts and ends and ends < starts:
        check.problem("endsAt", "Must not be before startsAt")
    return fields


def read_ticket_types(check: Checker) -> list[dict[str, Any]]:
    """``ticketTypes`` of a create."""
    value = check.raw("ticketTypes")
    if value is MISSING:
        return []
    if not isinstance(value, list) or len(value) > _MOST_TICKET_TYPES:
        check.problem("ticketTypes", f"Expected array of at most {_MOST_TICKET_TYPES} ticket types")
        return []
    return [_ticket_type(check, item, f"ticketTypes.{number}") for number, item in enumerate(value)]


def read_added_ticket_type(check: Checker) -> dict[str, Any] | Any:
    """``addTicketType`` of a patch, or ``MISSING``."""
    value = check.raw("addTicketType")
    return value if value is MISSING else _ticket_type(check, value, "addTicketType")


def _ticket_type(check: Checker, value: object, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        check.problem(at, "Expected object")
        return {}
    inner = Checker(value, at, check.problems)
    found = {
        "name": inner.text("name", required=True, longest=100),
        "price": inner.integer("price", least=0, required=True),
        "quantity": inner.integer("quantity", least=0, required=True),
        "sale_starts_at": inner.moment(inferred.TYPE_SALE_STARTS, nullable=True),
        "sale_ends_at": inner.moment(inferred.TYPE_SALE_ENDS, nullable=True),
        "min_per_order": inner.integer(inferred.TYPE_MIN_PER_ORDER, least=1),
        "max_per_order": inner.integer(inferred.TYPE_MAX_PER_ORDER, least=1, nullable=True),
        "hidden": inner.flag(inferred.TYPE_HIDDEN),
    }
    return {name: kept for name, kept in found.items() if kept is not MISSING}


def _matching(check: Checker, name: str, pattern: re.Pattern[str], meaning: str) -> Any:
    value = check.text(name, longest=100)
    if value is not MISSING and not pattern.fullmatch(value):
        return check.problem(name, f"Must be {meaning}")
    return value

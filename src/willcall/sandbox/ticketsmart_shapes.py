"""TicketSmart's JSON: how an event is written out, and how the fields of a body are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from willcall.sandbox import inferred
from willcall.sandbox.checks import MISSING, Checker
from willcall.sandbox.events import CATEGORIES, VISIBILITIES, Event, TicketType
from willcall.sandbox.wire import iso

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from willcall.sandbox.settings import OddRow, Settings

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_TICKET_TYPES = 50  # inferred


# Out.


def event(
    event: Event, habits: Settings, now: datetime, *, with_types: bool, in_row: bool = False
) -> Any:
    """An event. The fields that can be sent are documented; ``id`` and the rest are inferred.

    ``habits`` are those of this event; ``in_row`` says that it is a row of the list.
    """
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
        shape[inferred.TICKET_TYPES] = ticket_types(event, habits, now)
        for kind in () if habits.stock_in_events else shape[inferred.TICKET_TYPES]:
            for name in (inferred.TYPE_SOLD, inferred.TYPE_AVAILABLE, inferred.TYPE_HELD):
                kind.pop(name, None)
    if in_row and not habits.place_in_rows:
        for name in ("venueName", "city", "country", "doorsOpen", "endsAt"):
            del shape[name]
    return odd(shape, habits.odd_row)


def ticket_types(event: Event, habits: Settings, now: datetime) -> list[dict[str, Any]]:
    """The ticket types of an event."""
    return [ticket_type(kind, habits, now) for kind in event.ticket_types]


def ticket_type(kind: TicketType, habits: Settings, now: datetime) -> dict[str, Any]:
    """A ticket type: prices in cents, quantities, sale window, limits, hidden state, stock."""
    shape: dict[str, Any] = {
        "id": kind.id,
        "name": kind.name,
        "price": kind.price,
        "quantity": kind.quantity,
        inferred.TYPE_SOLD: kind.sold + (kind.held if habits.held_seats == "sold" else 0),
        inferred.TYPE_AVAILABLE: left(kind, habits, now),
        inferred.TYPE_SALE_STARTS: iso(kind.sale_starts_at),
        inferred.TYPE_SALE_ENDS: iso(kind.sale_ends_at),
        inferred.TYPE_MIN_PER_ORDER: kind.min_per_order,
        inferred.TYPE_MAX_PER_ORDER: kind.max_per_order,
        inferred.TYPE_HIDDEN: kind.hidden,
    }
    if habits.held_seats == "separate":
        shape[inferred.TYPE_HELD] = kind.held
    if habits.add_ons == "flagged":
        shape[inferred.TYPE_ADD_ON] = kind.add_on
    lacking = ("quantity", inferred.TYPE_AVAILABLE) if kind.unlimited else ()
    _lack(shape, lacking, habits.unlimited)
    _lack(shape, (inferred.TYPE_AVAILABLE,), habits.available)
    return shape


def left(kind: TicketType, habits: Settings, now: datetime) -> int:
    """``available`` as it is shown for a ticket type with a quantity."""
    if habits.outside_sale == "zero" and not kind.on_sale(now):
        return 0
    shown = kind.left + (kind.held if habits.held_seats == "left" else 0)
    return shown if habits.overbooked == "negative" else max(0, shown)


def _lack(shape: dict[str, Any], names: tuple[str, ...], how: str) -> None:
    """Fields without a value are null or missing."""
    for name in names:
        if how == "null":
            shape[name] = None
        elif how == "absent":
            shape.pop(name, None)


def availability(event: Event, habits: Settings, now: datetime) -> dict[str, Any]:
    """The compact live shape, without hidden types (all inferred)."""
    gone = event.full if habits.add_ons == "flagged" else event.sold_out
    kinds: list[dict[str, Any]] = []
    for kind in event.ticket_types:
        if kind.hidden:
            continue
        whole = ticket_type(kind, habits, now)
        names = ("id", "name", inferred.TYPE_AVAILABLE)
        shape = {name: whole[name] for name in names if name in whole}
        shape[inferred.AVAILABILITY_SOLD_OUT] = left(kind, habits, now) <= 0
        kinds.append(shape)
    return {
        inferred.AVAILABILITY_EVENT: event.id,
        "status": event.status,
        inferred.AVAILABILITY_SOLD_OUT: event.status == "SOLD_OUT" or gone,
        inferred.TICKET_TYPES: kinds,
    }


def odd(shape: dict[str, Any], how: OddRow) -> Any:
    """An event with data that nobody expects."""
    kinds: list[dict[str, Any]] = shape.get(inferred.TICKET_TYPES, [])
    match how:
        case "starts_null":
            shape["startsAt"] = None
        case "starts_year_1":
            shape["startsAt"] = "0001-01-01T00:00:00Z"
        case "starts_year_9999":
            shape["startsAt"] = "9999-12-31T23:59:59Z"
        case "title_null":
            shape["title"] = None
        case "id_number":
            shape["id"] = 17
        case "price_float":
            for kind in kinds:
                kind["price"] = 25.5
        case "price_text":
            for kind in kinds:
                kind["price"] = f"{kind['price']}.0"
        case "currency_lower":
            shape["currency"] = shape["currency"].lower()
        case "currency_empty":
            shape["currency"] = ""
        case "not_an_object":
            return shape["id"]
        case "none":
            pass
    return shape


def otherwise(value: Any) -> Any:
    """A value with another name for everything that was inferred."""
    if isinstance(value, list):
        return [otherwise(item) for item in value]
    if isinstance(value, dict):
        return {
            inferred.OTHER_NAMES.get(name, name): otherwise(item) for name, item in value.items()
        }
    return value


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


def hidden_from_list(event: Event, habits: Settings, now: datetime) -> bool:
    """Whether the list leaves the event out unless it is asked for."""
    draft = event.status == "DRAFT" and habits.list_hides in ("drafts", "both")
    return draft or (event.over(now) and habits.list_hides in ("past", "both"))


def order(habits: Settings) -> Callable[[Event], tuple[Any, ...]]:
    """The key by which the list is sorted."""
    if habits.list_order == "updated":
        return lambda event: (-event.updated_at.timestamp(), event.id)
    if habits.list_order == "newest":
        return lambda event: (-event.created_at.timestamp(), event.id)
    return lambda event: (event.starts_at, event.id)


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

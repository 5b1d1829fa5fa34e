"""Liquid templates → subject, body, message, note. Pure: the same change gives the same words.

What comes from the two APIs is only ever a value, never template source, and loses control and
direction-changing characters on the way in, so that a hostile title stays a title.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .changes import Change
from .facts import EventFacts, TypeFacts

# Two words stand for a text's use; see words.toml.
_SUBJECT_LENGTH = 160


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The built-in templates, by kind of change and use."""
    text = resources.files(__package__).joinpath("words.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def environment() -> Any:
    # Imported late: it costs as much as all the rest, and a quiet pass has nothing to say.
    from liquid import Environment, StrictUndefined

    class Bounded(Environment):
        """A template is written by people; it still cannot run away."""

        context_depth_limit = 20
        loop_iteration_limit = 10_000
        local_namespace_limit = 20_000
        output_stream_limit = 50_000

    return Bounded(undefined=StrictUndefined)


@cache
def _template(source: str) -> Any:
    return environment().from_string(source)


def plain(text: str) -> str:
    """One line of text as a person would read it: no control, format or direction characters."""
    kept = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text)
    kept = "".join(c for c in kept if unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    return " ".join(kept.split())


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local(moment: datetime, timezone: str | None) -> datetime:
    """A moment as the clocks at the venue show it; in UTC if nobody knows where that is."""
    return moment.astimezone(_zone(timezone) or UTC)


def _clock(moment: datetime, timezone: str | None) -> str:
    shown = local(moment, timezone)
    zone = shown.tzname() or ""
    # Many zones have no letters of their own: "21:00 -03" reads like a range of hours.
    if zone[:1] in {"+", "-"}:
        offset = f"{shown:%z}"
        zone = f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{shown:%H:%M} {zone}"


def day(moment: datetime, timezone: str | None) -> str:
    """``Fri 4 Dec 2026``, where the event is."""
    shown = local(moment, timezone)
    return f"{shown:%a} {shown.day} {shown:%b %Y}"


def when(moment: datetime, timezone: str | None) -> str:
    """``Fri 4 Dec 2026, 20:00 EST``, where the event is."""
    return f"{day(moment, timezone)}, {_clock(moment, timezone)}"


def money(cents: int, currency: str) -> str:
    """``25.00 USD``: cents as people write them."""
    sign, cents = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}{cents // 100}.{cents % 100:02d} {plain(currency)}"


def _name(one: TypeFacts) -> str:
    return plain(one.name) or "(no name)"


def _stock_line(one: TypeFacts, currency: str) -> str:
    price = "free" if one.price == 0 else money(one.price, currency)
    sold = one.sold_count
    if sold is not None and one.quantity is not None:
        told = f"{sold} of {one.quantity} sold"
    elif one.available is not None:
        told = f"{one.available} left"
    else:
        told = "stock not known"
    return f"- {_name(one)} ({price}): {told}"


def _event(event: EventFacts) -> dict[str, str]:
    where = ", ".join(plain(part) for part in (event.venue_name, event.city) if part)
    types = [one for one in event.ticket_types or () if not one.hidden]
    return {
        "id": plain(event.id),
        "title": plain(event.title) or "(no title)",
        "status": plain(event.status),
        "day": day(event.starts_at, event.timezone),
        "when": when(event.starts_at, event.timezone),
        "where": where or "place not given",
        "when_and_where": when(event.starts_at, event.timezone) + (where and f", {where}"),
        "url": plain(event.public_url or ""),
        "stock": "\n".join(_stock_line(one, event.currency) for one in types),
        "still_sold_out": ", ".join(_name(one) for one in types if one.sold_out),
    }


def _ticket_type(one: TypeFacts) -> dict[str, str]:
    def number(value: int | None) -> str:
        return "" if value is None else str(value)

    return {
        "id": plain(one.id),
        "name": _name(one),
        "sold": number(one.sold_count),
        "available": number(one.available),
        "quantity": number(one.quantity),
    }


def variables(change: Change, box_office: str) -> dict[str, Any]:
    """What a template may name: ``event``, ``before``, ``ticket_type`` (where there is one),
    ``box_office`` and ``seen``, all of them text."""
    found: dict[str, Any] = {
        "event": _event(change.event),
        "before": _event(change.before or change.event),
        "box_office": plain(box_office),
        "seen": when(change.observed_at, change.event.timezone),
    }
    if change.ticket_type is not None:
        found["ticket_type"] = _ticket_type(change.ticket_type)
    return found


def render(use: str, change: Change, box_office: str) -> str:
    """The built-in text for a change: ``use`` is subject, body, message, note or overtakes."""
    template = words()[change.kind][use]
    text: str = _template(template).render(**variables(change, box_office))
    if use == "subject":
        return _shortened(plain(text))
    # An {% if %} that is false leaves its line empty: two in a row are one too many.
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for i, line in enumerate(lines) if line or (i + 1 < len(lines) and lines[i + 1])]
    return "\n".join(kept)


def _shortened(subject: str) -> str:
    if len(subject) <= _SUBJECT_LENGTH:
        return subject
    return subject[: _SUBJECT_LENGTH - 1].rstrip() + "…"

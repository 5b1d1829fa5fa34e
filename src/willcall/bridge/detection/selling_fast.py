"""Which ticket types sell so fast that they will soon be gone: forecasts as changes. Pure.

A forecast is never news by a hair: a ticket type begins to sell fast when it is sold out in time
nine times in ten, and has stopped only when nine times in ten it is not. In between it stays as it
was, so that a rate near the edge does not flap. What runs low, or is sold out, is told as such.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import attrs

from ..model.changes import Change
from ..model.facts import EventFacts, EventStatus, LowStock, TypeFacts
from ..model.kinds.ticket_types import SELLING_FAST, SELLING_SLOWER
from ..model.policies import SELLING_FAST_WITHIN
from ..model.predictions import Prediction
from ..polling.forecast import Forecast, Interval


@attrs.frozen
class Sales:
    """What the forecasts say: ``changes``, and ``foretold`` for the record."""

    changes: tuple[Change, ...] = ()
    foretold: tuple[Prediction, ...] = ()


def sales(
    box_office: str,
    seen: Iterable[tuple[EventFacts, Mapping[str, Forecast]]],
    holding: Collection[tuple[str, str]],
    at: datetime,
    within: timedelta = SELLING_FAST_WITHIN,
    low: LowStock | None = None,
) -> Sales:
    """What begins to sell fast, and what no longer does.

    Args:
        box_office: its name.
        seen: the events that were looked at just now, and what is expected of each ticket type.
        holding: the conditions that hold, by kind and subject.
        at: when they were looked at.
        within: how soon sold out is fast.
        low: when a ticket type runs low.
    """
    changes: list[Change] = []
    foretold: list[Prediction] = []
    for event, expected in seen:
        for one in event.ticket_types or ():
            holds = (SELLING_FAST, f"{event.id}/{one.id}") in holding
            forecast = expected.get(one.id)
            span = None if forecast is None else forecast.sold_out
            if not holds and span is not None and _begins(event, one, span, within, low):
                changes.append(_change(SELLING_FAST, box_office, event, one, at, span))
                foretold.append(_prediction(box_office, event, one, at, span))
            elif holds and forecast is not None and _ends(one, span, within):
                changes.append(_change(SELLING_SLOWER, box_office, event, one, at, span))
    return Sales(tuple(changes), tuple(foretold))


def _begins(
    event: EventFacts, one: TypeFacts, span: Interval, within: timedelta, low: LowStock | None
) -> bool:
    if event.status != EventStatus.PUBLISHED or event.vanished or one.hidden:
        return False
    if not one.available or one.available <= 0 or (low or LowStock())(one):
        return False
    return span.latest <= within.total_seconds()


def _ends(one: TypeFacts, span: Interval | None, within: timedelta) -> bool:
    """What is sold out has not become slower: it is told, and ended, as that."""
    if one.available is None or one.available <= 0:
        return False
    return span is None or span.soonest > within.total_seconds()


def _change(
    kind: str,
    box_office: str,
    event: EventFacts,
    one: TypeFacts,
    at: datetime,
    span: Interval | None,
) -> Change:
    return Change(
        kind=kind,
        box_office=box_office,
        event=event,
        before=event,
        ticket_type=one,
        observed_at=at,
        detail="" if span is None else in_words(span),
    )


def _prediction(
    box_office: str, event: EventFacts, one: TypeFacts, at: datetime, span: Interval
) -> Prediction:
    return Prediction(
        box_office=box_office,
        event_id=event.id,
        ticket_type_id=one.id,
        title=event.title,
        ticket_type=one.name,
        made_at=at,
        left=one.available or 0,
        earliest=at + timedelta(seconds=span.soonest),
        likely=at + timedelta(seconds=span.expected),
        latest=at + timedelta(seconds=span.latest),
    )


_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_MANY = 10


def in_words(span: Interval) -> str:
    """An interval as people say it: ``40 minutes to 2 hours``. Bounds are rounded outwards, since
    nobody plans by the second: a deadline too early is better than one too late."""
    first, last = _told(span.soonest, up=False), _told(span.latest, up=True)
    if first is None:
        return f"less than {_counted(*(last or (1, 'minute')))}"
    assert last is not None  # noqa: S101 - it is no less than the first
    if first == last:
        return f"about {_counted(*first)}"
    if first[1] == last[1]:
        return f"{first[0]} to {_counted(*last)}"
    return f"{_counted(*first)} to {_counted(*last)}"


def _told(seconds: float, *, up: bool) -> tuple[int, str] | None:
    """So many of the largest unit of which there are at least two; None for less than a minute."""
    for unit, size in _UNITS:
        count = seconds / size
        if count >= 2 or (unit == "minute" and count >= 1) or (up and unit == "minute"):
            step = 5 if count > 2 * _MANY else 1
            whole = int(-(-count // step) if up else count // step) * step
            return max(1, whole), unit
    return None


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"

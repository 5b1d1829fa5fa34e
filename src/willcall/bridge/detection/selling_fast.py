"""Turns forecasts into changes: which ticket types sell so fast that they will soon be gone. Pure.

A ticket type begins to sell fast when it will sell out in time with a probability of nine in ten,
and stops when it will not with a probability of nine in ten. In between it stays as it was, so that
a rate near the threshold does not flap. What runs low or is sold out is reported as that instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import attrs

from ..model.changes import Change
from ..model.facts import EventFacts, EventState, LowStock, TypeFacts
from ..model.kinds.ticket_types import SELLING_FAST, SELLING_SLOWER
from ..model.policies import SELLING_FAST_WITHIN
from ..model.predictions import Prediction
from ..polling.forecast import Forecast, Interval


@attrs.frozen
class Sales:
    """What follows from the forecasts: the changes, and the predictions to keep."""

    changes: tuple[Change, ...] = ()
    predictions: tuple[Prediction, ...] = ()


def sales(
    box_office: str,
    seen: Iterable[tuple[EventFacts, Mapping[str, Forecast]]],
    holding: Collection[tuple[str, str]],
    at: datetime,
    within: timedelta = SELLING_FAST_WITHIN,
    low: LowStock | None = None,
) -> Sales:
    """The ticket types that begin to sell fast, and those that no longer do.

    Args:
        box_office: its name.
        seen: the events that were just seen, and the forecasts of their ticket types by id.
        holding: the names of the conditions that hold.
        at: when they were seen.
        within: how soon a sell-out counts as fast.
        low: when a ticket type runs low.
    """
    changes: list[Change] = []
    predictions: list[Prediction] = []
    for event, expected in seen:
        for known in event.ticket_types or ():
            holds = (SELLING_FAST, f"{event.id}/{known.id}") in holding
            forecast = expected.get(known.id)
            span = None if forecast is None else forecast.sold_out
            if not holds and span is not None and _begins(event, known, span, within, low):
                changes.append(_change(SELLING_FAST, box_office, event, known, at, span))
                predictions.append(_prediction(box_office, event, known, at, span))
            elif holds and forecast is not None and _ends(known, span, within):
                changes.append(_change(SELLING_SLOWER, box_office, event, known, at, span))
    return Sales(tuple(changes), tuple(predictions))


def _begins(
    event: EventFacts, known: TypeFacts, span: Interval, within: timedelta, low: LowStock | None
) -> bool:
    if event.status != EventState.PUBLISHED or event.vanished or known.hidden:
        return False
    if not known.available or known.available <= 0 or (low or LowStock())(known):
        return False
    return span.latest <= within.total_seconds()


def _ends(known: TypeFacts, span: Interval | None, within: timedelta) -> bool:
    """A ticket type that is sold out has not become slower: the sell-out supersedes it."""
    if known.available is None or known.available <= 0:
        return False
    return span is None or span.soonest > within.total_seconds()


def _change(
    kind: str,
    box_office: str,
    event: EventFacts,
    known: TypeFacts,
    at: datetime,
    span: Interval | None,
) -> Change:
    return Change(
        kind=kind,
        box_office=box_office,
        event=event,
        before=event,
        ticket_type=known,
        observed_at=at,
        detail="" if span is None else in_words(span),
    )


def _prediction(
    box_office: str, event: EventFacts, known: TypeFacts, at: datetime, span: Interval
) -> Prediction:
    return Prediction(
        box_office=box_office,
        event_id=event.id,
        ticket_type_id=known.id,
        title=event.title,
        ticket_type=known.name,
        made_at=at,
        left=known.available or 0,
        earliest=at + timedelta(seconds=span.soonest),
        likely=at + timedelta(seconds=span.expected),
        latest=at + timedelta(seconds=span.latest),
    )


_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_MANY = 10


def in_words(span: Interval) -> str:
    """An interval in words: ``40 minutes to 2 hours``. The bounds are rounded outwards: a deadline
    that is too early is better than one that is too late."""
    first, last = _rounded(span.soonest, up=False), _rounded(span.latest, up=True)
    if first is None:
        return f"less than {_counted(*(last or (1, 'minute')))}"
    assert last is not None  # noqa: S101 - it is no less than the first
    if first == last:
        return f"about {_counted(*first)}"
    if first[1] == last[1]:
        return f"{first[0]} to {_counted(*last)}"
    return f"{_counted(*first)} to {_counted(*last)}"


def _rounded(seconds: float, *, up: bool) -> tuple[int, str] | None:
    """A count of the largest unit of which there are at least two; None for less than a minute."""
    for unit, size in _UNITS:
        count = seconds / size
        if count >= 2 or (unit == "minute" and count >= 1) or (up and unit == "minute"):
            step = 5 if count > 2 * _MANY else 1
            whole = int(-(-count // step) if up else count // step) * step
            return max(1, whole), unit
    return None


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"

"""The drawings of a report, as SVG: curves of stock, and bars of requests. Pure.

A drawing is as wide as a phone, and is never scaled up, so that its text has the size of the text
around it. Nothing depends on colour alone: lines have dashes and letters, tickets have numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from xml.etree.ElementTree import Element

import attrs

from ....bridge.insight.report import ReportedTicket, Runs, ServiceAccount
from ....bridge.insight.stock import Curve, Line
from ....bridge.model.predictions import Prediction
from ....bridge.templates.rendering import local, plain
from .markup import tag
from .words import count, requests, span, stamp

WIDTH = 360
_LEFT, _RIGHT = 34, 24
_STRIP = 20  # for the numbers of the tickets
_PLOT = 130
_FOOT = 22
LETTERS = "ABCDEFGH"


@attrs.frozen
class Axis:
    """Maps moments and numbers to coordinates."""

    since: datetime
    until: datetime
    most: int
    top: float = _STRIP
    height: float = _PLOT

    def x(self, moment: datetime) -> float:
        """The x of a moment."""
        part = (moment - self.since) / (self.until - self.since)
        return _LEFT + min(1.0, max(0.0, part)) * (WIDTH - _LEFT - _RIGHT)

    def y(self, number: float) -> float:
        """The y of a number."""
        return self.top + self.height * (1 - number / self.most)


# -- axes -------------------------------------------------------------------------------------


def steps(most: int, about: int = 4) -> list[int]:
    """Round numbers from 0 on; the last is at least ``most``."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if size * factor * about >= most:
                step = size * factor
                return [step * i for i in range(-(-most // step) + 1)]
        size *= 10


_HOURS = (1, 3, 6, 12)
_DAYS = (1, 2, 4, 7, 14, 28, 56, 112)


def ticks(
    since: datetime, until: datetime, zone: tzinfo | None, most: int = 7
) -> list[tuple[datetime, str]]:
    """Full hours or midnights of a time zone, at most ``most``, with their labels."""
    length = until - since
    for hours in _HOURS:
        if length / timedelta(hours=hours) <= most:
            return list(_full_hours(since, until, zone, hours))
    days = next((n for n in _DAYS if length / timedelta(days=n) <= most + 0.5), _DAYS[-1])
    return list(_midnights(since, until, zone, days))


def _full_hours(
    since: datetime, until: datetime, zone: tzinfo | None, hours: int
) -> Iterator[tuple[datetime, str]]:
    quarter = timedelta(minutes=15)  # offsets of time zones are multiples of this
    moment = since.replace(minute=0, second=0, microsecond=0)
    while moment <= until:
        here = moment.astimezone(zone)
        if moment >= since and here.minute == 0 and here.hour % hours == 0:
            yield moment, f"{here:%a} {here.day}" if here.hour == 0 else f"{here:%H:%M}"
        moment += quarter


def _midnights(
    since: datetime, until: datetime, zone: tzinfo | None, days: int
) -> Iterator[tuple[datetime, str]]:
    day = since.astimezone(zone).date()
    while True:
        day += timedelta(days=1)
        # Without a zone, astimezone() takes it in the time zone of this machine, as intended.
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        moment = midnight.astimezone(since.tzinfo)
        if moment > until:
            return
        if day.toordinal() % days == 0:
            yield moment, f"{day:%a} {day.day}" if days == 1 else f"{day.day} {day:%b}"


def _frame(axis: Axis, rows: Sequence[int], below: Sequence[tuple[datetime, str]]) -> list[Element]:
    drawn: list[Element] = []
    for number in rows:
        y = f"{axis.y(number):.1f}"
        drawn.append(tag("line", class_="grid", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y))
        drawn.append(tag("text", f"{number:,}", class_="axis end", x=_LEFT - 6, y=y, dy="0.35em"))
    foot = axis.top + axis.height
    for moment, label in below:
        x = f"{axis.x(moment):.1f}"
        drawn.append(tag("line", class_="tick", x1=x, x2=x, y1=foot, y2=foot + 4))
        if _LEFT + 6 < axis.x(moment) < WIDTH - _RIGHT - 8:
            drawn.append(tag("text", label, class_="axis mid", x=x, y=foot + 16))
    return drawn


def _drawing(name: str, title: str, description: str, height: float, *drawn: Element) -> Element:
    return tag(
        "svg",
        tag("title", title, id=f"{name}-t"),
        tag("desc", description, id=f"{name}-d"),
        *drawn,
        viewBox=f"0 0 {WIDTH} {height:g}",
        role="img",
        aria_labelledby=f"{name}-t {name}-d",
        width=WIDTH,
        height=f"{height:g}",
    )


# -- stock ------------------------------------------------------------------------------------


def stock(
    name: str, curve: Curve, tickets: Sequence[ReportedTicket], since: datetime, until: datetime
) -> Element:
    """The stock of an event, and the moments at which its tickets were opened.

    Args:
        name: the id of the drawing in the page.
        curve: the stock.
        tickets: the tickets about this event.
        since: the left end.
        until: the right end.
    """
    rows = steps(max((left for line in curve.lines for _, left in line.points), default=0) or 1)
    axis = Axis(since, until, rows[-1])
    zone = local(until, curve.timezone).tzinfo
    drawn = _frame(axis, rows, ticks(since, until, zone))
    drawn += _begins(axis, curve.starts_at)
    drawn += _openings(axis, [ticket for ticket in tickets if since <= ticket.opened_at <= until])
    ends = _spread([axis.y(line.left) for line in curve.lines], axis)
    for number, line in enumerate(curve.lines):
        drawn.append(tag("path", class_=f"line s{number}", d=_steps(axis, line)))
        drawn.append(
            tag(
                "text",
                LETTERS[number],
                class_=f"letter f{number}",
                x=WIDTH - _RIGHT + 6,
                y=f"{ends[number]:.1f}",
                dy="0.35em",
            )
        )
    lines = "; ".join(f"{plain(line.name)}: {line.first} to {line.left}" for line in curve.lines)
    return _drawing(
        name,
        f"Tickets left of {plain(curve.title)}",
        f"From {stamp(since, zone)} to {stamp(until, zone)}. {lines}.",
        _STRIP + _PLOT + _FOOT,
        *drawn,
    )


def _begins(axis: Axis, moment: datetime) -> list[Element]:
    """The start of the event itself, if it is within the period."""
    if not axis.since < moment < axis.until:
        return []
    x = axis.x(moment)
    side, at = ("start", x + 4) if x < WIDTH / 2 else ("end", x - 4)
    return [
        tag("line", class_="begins", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=axis.top, y2=axis.y(0)),
        tag("text", "begins", class_=f"axis {side}", x=f"{at:.1f}", y=axis.top + 12),
    ]


def _steps(axis: Axis, line: Line) -> str:
    """A path in steps: each value holds until the next."""
    (at, left), *rest = line.points
    path = [f"M{axis.x(at):.1f} {axis.y(left):.1f}"]
    for moment, number in rest:
        path.append(f"H{axis.x(moment):.1f}V{axis.y(number):.1f}")
    path.append(f"H{axis.x(axis.until):.1f}")
    return "".join(path)


def _spread(places: list[float], axis: Axis, apart: float = 12) -> list[float]:
    """The same positions, moved so far apart that their labels do not overlap."""
    order = sorted(range(len(places)), key=lambda number: places[number])
    moved = list(places)
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + apart)
    floor = axis.top + axis.height + 2
    for number in reversed(order):
        moved[number] = min(moved[number], floor)
        floor = moved[number] - apart
    return moved


def _openings(axis: Axis, tickets: Sequence[ReportedTicket]) -> list[Element]:
    """A line with a number for each ticket; numbers that would overlap are moved apart."""
    drawn: list[Element] = []
    last = -99.0
    for ticket in tickets:
        x = axis.x(ticket.opened_at)
        at = min(max(x, last + 19), WIDTH - 9)
        last = at
        drawn.append(
            tag(
                "path",
                class_="mark",
                d=f"M{at:.1f} {_STRIP - 3}L{x:.1f} {_STRIP + 5}V{axis.top + axis.height}",
            )
        )
        drawn.append(tag("rect", class_="badge", x=f"{at - 9:.1f}", y=1, width=18, height=16, rx=8))
        drawn.append(tag("text", str(ticket.number), class_="number", x=f"{at:.1f}", y=12.6))
    return drawn


# -- tickets ----------------------------------------------------------------------------------


def lasted(ticket: ReportedTicket, since: datetime, until: datetime) -> Element:
    """When a ticket was open, as a bar in the period; the text beside it says the same."""
    axis = Axis(since, until, 1)
    begins, ends = axis.x(ticket.opened_at), axis.x(ticket.ended_at or until)
    wide = WIDTH - _LEFT - _RIGHT
    return tag(
        "svg",
        tag("rect", class_="track", x=0, y=3.5, width=wide, height=1),
        tag("rect", x=f"{begins - _LEFT:.1f}", y=0, width=f"{max(2, ends - begins):.1f}", height=8),
        class_="lasted",
        viewBox=f"0 0 {wide} 8",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def predicted(forecast: Prediction, since: datetime, until: datetime) -> Element:
    """When a ticket type was predicted to sell out, as a bar with the most likely moment, and when
    it did; the text beside it says the same."""
    axis = Axis(since, until, 1)
    begins, likely, ends = (
        axis.x(at) - _LEFT for at in (forecast.earliest, forecast.likely, forecast.latest)
    )
    came = None
    if forecast.outcome_at is not None:
        at = axis.x(forecast.outcome_at) - _LEFT
        came = tag("path", class_="outcome", d=f"M{at:.1f} 0l5 6l-5 6l-5 -6z")
    wide = WIDTH - _LEFT - _RIGHT
    return tag(
        "svg",
        tag("rect", class_="track", x=0, y=5.5, width=wide, height=1),
        tag("rect", x=f"{begins:.1f}", y=3, width=f"{max(2, ends - begins):.1f}", height=6),
        tag("rect", class_="likely", x=f"{likely - 1:.1f}", y=0, width=2, height=12),
        came,
        class_="foretold",
        viewBox=f"-6 0 {wide + 12} 12",
        aria_hidden="true",
    )


# -- requests ---------------------------------------------------------------------------------

_BARS = 80


def bars(
    name: str,
    runs: Runs,
    service: ServiceAccount,
    since: datetime,
    until: datetime,
    zone: tzinfo | None,
) -> Element:
    """The requests to a service over time, as bars."""
    numbers = [each.requests.get(service.name, 0) for each in runs.bins]
    rows = steps(max(numbers, default=0) or 1, about=3)
    axis = Axis(since, until, rows[-1], top=10, height=_BARS)
    drawn = _frame(axis, rows, ticks(since, until, zone))
    wide = (WIDTH - _LEFT - _RIGHT) * timedelta(seconds=runs.span) / (until - since)
    path = [
        f"M{axis.x(each.at):.1f} {axis.y(0):.1f}V{axis.y(number):.1f}h{max(0.6, wide - 1):.1f}V"
        f"{axis.y(0):.1f}z"
        for each, number in zip(runs.bins, numbers, strict=True)
        if number
    ]
    drawn.append(tag("path", class_="bars", d="".join(path)))
    return _drawing(
        name,
        f"Requests to {service.title}, each bar {span(runs.span)}",
        f"{requests(runs, service)}. At the most {count(max(numbers, default=0), 'request')} in "
        f"{span(runs.span)}.",
        10 + _BARS + _FOOT,
        *drawn,
    )

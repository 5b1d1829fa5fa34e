"""How the stock of every event went: lines of what was left, read from the history. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from ..model.facts import EventFacts, TypeFacts
from ..model.history import Entry, snapshots

MOST_POINTS = 240
"""More points than that nobody can tell apart in a drawing of this size."""

OTHERS = "others"


@attrs.frozen(kw_only=True)
class Line:
    """What was left of one ticket type: each point holds until the next. ``quantity`` is as it was
    last told; ``id`` is None for several ticket types drawn as one."""

    id: str | None
    name: str
    quantity: int | None
    points: tuple[tuple[datetime, int], ...]

    @property
    def first(self) -> int:
        """What was left at the beginning."""
        return self.points[0][1]

    @property
    def left(self) -> int:
        """What was left at the end."""
        return self.points[-1][1]


@attrs.frozen(kw_only=True)
class Curve:
    """An event and its lines; ``sold`` counts what left the stock meanwhile, returns taken off."""

    event_id: str
    title: str
    timezone: str | None
    starts_at: datetime
    lines: tuple[Line, ...]
    sold: int


def curves(
    entries: Iterable[Entry], since: datetime, until: datetime, *, most_lines: int = 5
) -> list[Curve]:
    """The curves of all events whose stock is known, in the order in which they were first seen.

    Args:
        entries: the history, from the last whole snapshot before ``since`` on.
        since: where the lines begin, unless something was first seen later.
        until: where they end.
        most_lines: ticket types beyond that, the smallest first, are drawn as one line.
    """
    seen: dict[str, _Seen] = {}
    for at, facts in snapshots(entries):
        if at > until:
            break
        for event_id, event in facts.items():
            one = seen.setdefault(event_id, _Seen(event))
            if event is not one.event or not one.begun:
                one.add(event, max(at, since))
    return [one.curve(since, until, most_lines) for one in seen.values() if one.types]


class _Seen:
    """What is known of one event so far."""

    def __init__(self, event: EventFacts) -> None:
        self.event = event
        self.begun = False
        self.types: dict[str, TypeFacts] = {}
        self.points: dict[str, list[tuple[datetime, int]]] = {}

    def add(self, event: EventFacts, at: datetime) -> None:
        self.event, self.begun = event, True
        for one in event.ticket_types or ():
            if one.available is None:
                continue
            self.types[one.id] = one
            points = self.points.setdefault(one.id, [])
            left = max(0, one.available)
            if points and points[-1][0] == at:
                points[-1] = at, left
            elif not points or points[-1][1] != left:
                points.append((at, left))

    def curve(self, since: datetime, until: datetime, most_lines: int) -> Curve:
        lines = [
            Line(
                id=one.id,
                name=one.name,
                quantity=one.quantity,
                points=tuple(self.points[one.id]),
            )
            for one in self.types.values()
        ]
        if len(lines) > most_lines:
            ranked = sorted(lines, key=lambda line: -(line.quantity or 0))
            kept = ranked[: most_lines - 1]
            rest = [line for line in lines if line not in kept]
            lines = [*(line for line in lines if line in kept), _together(rest)]
        return Curve(
            event_id=self.event.id,
            title=self.event.title,
            timezone=self.event.timezone,
            starts_at=self.event.starts_at,
            lines=tuple(
                attrs.evolve(line, points=_thinned(line.points, since, until)) for line in lines
            ),
            sold=sum(points[0][1] - points[-1][1] for points in self.points.values()),
        )


def _together(lines: list[Line]) -> Line:
    """Several ticket types as one line."""
    moments = sorted({at for line in lines for at, _ in line.points})
    begins = max(line.points[0][0] for line in lines)
    known = {line.id: iter(line.points) for line in lines}
    following = {name: next(points) for name, points in known.items()}
    now: dict[str | None, int] = {}
    points: list[tuple[datetime, int]] = []
    for moment in moments:
        for name, rest in known.items():
            upcoming = following.get(name)
            if upcoming is not None and upcoming[0] <= moment:
                now[name] = upcoming[1]
                later = next(rest, None)
                if later is None:
                    following.pop(name)
                else:
                    following[name] = later
        # Before all of them are known, a sum would show a stock that grows.
        if moment >= begins:
            points.append((moment, sum(now.values())))
    quantities = [line.quantity for line in lines]
    whole = None if None in quantities else sum(one or 0 for one in quantities)
    return Line(id=None, name=f"{len(lines)} {OTHERS}", quantity=whole, points=tuple(points))


def _thinned(
    points: tuple[tuple[datetime, int], ...], since: datetime, until: datetime
) -> tuple[tuple[datetime, int], ...]:
    """No more points than can be seen: of each little while the last one; and the very first."""
    if len(points) <= MOST_POINTS:
        return points
    step = (until - since) / MOST_POINTS
    kept: dict[int, tuple[datetime, int]] = {}
    for point in points[1:]:
        kept[int((point[0] - since) / step)] = point
    return (points[0], *kept.values())

"""The stock of every event over time, read from the history. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from ..model.facts import EventFacts, TypeFacts
from ..model.history import Entry, snapshots

MOST_POINTS = 240
"""More points cannot be told apart in a drawing of this size."""

OTHERS = "others"


@attrs.frozen(kw_only=True)
class Line:
    """The stock of one ticket type.

    Args:
        id: its id; None for several ticket types drawn as one line.
        name: its name.
        quantity: how many there are, as last seen.
        points: moments and what was left from then on.
    """

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
    """The stock of one event; ``sold`` is the difference between its first and its last points."""

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
        entries: the history, beginning with the last complete snapshot before ``since``.
        since: where lines begin, unless the ticket type was first seen later.
        until: where lines end.
        most_lines: at most this many lines; the smallest ticket types beyond share one.
    """
    seen: dict[str, _Seen] = {}
    for at, facts in snapshots(entries):
        if at > until:
            break
        for event_id, event in facts.items():
            known = seen.setdefault(event_id, _Seen(event))
            if event is not known.event or not known.begun:
                known.add(event, max(at, since))
    return [known.curve(since, until, most_lines) for known in seen.values() if known.types]


class _Seen:
    """What has been read of one event so far."""

    def __init__(self, event: EventFacts) -> None:
        self.event = event
        self.begun = False
        self.types: dict[str, TypeFacts] = {}
        self.points: dict[str, list[tuple[datetime, int]]] = {}

    def add(self, event: EventFacts, at: datetime) -> None:
        self.event, self.begun = event, True
        for kind in event.ticket_types or ():
            if kind.available is None:
                continue
            self.types[kind.id] = kind
            points = self.points.setdefault(kind.id, [])
            left = max(0, kind.available)
            if points and points[-1][0] == at:
                points[-1] = at, left
            elif not points or points[-1][1] != left:
                points.append((at, left))

    def curve(self, since: datetime, until: datetime, most_lines: int) -> Curve:
        lines = [
            Line(
                id=kind.id,
                name=kind.name,
                quantity=kind.quantity,
                points=tuple(self.points[kind.id]),
            )
            for kind in self.types.values()
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
        # The sum is right only once all of them have been seen.
        if moment >= begins:
            points.append((moment, sum(now.values())))
    quantities = [line.quantity for line in lines]
    whole = None if None in quantities else sum(quantity or 0 for quantity in quantities)
    return Line(id=None, name=f"{len(lines)} {OTHERS}", quantity=whole, points=tuple(points))


def _thinned(
    points: tuple[tuple[datetime, int], ...], since: datetime, until: datetime
) -> tuple[tuple[datetime, int], ...]:
    """At most ``MOST_POINTS`` points: the first, and the last of each span of time."""
    if len(points) <= MOST_POINTS:
        return points
    step = (until - since) / MOST_POINTS
    kept: dict[int, tuple[datetime, int]] = {}
    for point in points[1:]:
        kept[int((point[0] - since) / step)] = point
    return (points[0], *kept.values())

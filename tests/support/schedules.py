"""A schedule that has seen events, and what it polls while nothing changes."""

from collections.abc import Sequence
from datetime import UTC, datetime

import attrs

from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.polling.budget import Poll
from willcall.bridge.polling.schedule import Schedule

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC).timestamp()
DAY = 86_400.0


def moment(at: float) -> datetime:
    """A moment as facts hold it."""
    return datetime.fromtimestamp(at, UTC)


def event(
    name: str,
    *left: int,
    status: str = "PUBLISHED",
    starts: float = NOW + 30 * DAY,
    opens: float | None = None,
) -> EventFacts:
    """An event; without ``left`` as a row of the list shows it."""
    return EventFacts(
        id=name,
        title=name,
        status=status,
        starts_at=moment(starts),
        ticket_types=tuple(
            TypeFacts(
                id=f"{name}-{place}",
                name="seat",
                quantity=200,
                available=count,
                sale_starts_at=None if opens is None else moment(opens),
            )
            for place, count in enumerate(left)
        )
        or None,
    )


def begun(events: Sequence[EventFacts], rate: float = 1.0) -> Schedule:
    """A schedule that has seen these just now."""
    schedule = Schedule(rate)
    schedule.page_seen(1, [attrs.evolve(one, ticket_types=None) for one in events], NOW, last=True)
    for one in events:
        schedule.event_seen(one, NOW)
    return schedule


def polls(schedule: Schedule, seconds: float, *events: EventFacts, at: float = NOW) -> list[Poll]:
    """What is polled for a while, in which nothing changes."""
    by_id, done = {one.id: one for one in events}, []
    end = at + seconds
    while (poll := schedule.next(at)).at < end:
        at = poll.at
        done.append(poll)
        if poll.event is None:
            rows = [attrs.evolve(one, ticket_types=None) for one in events]
            schedule.page_seen(poll.page or 1, rows, at, last=True)
        else:
            schedule.event_seen(by_id[poll.event], at)
    return done

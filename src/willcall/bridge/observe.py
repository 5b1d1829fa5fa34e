"""Reading a box office within a request budget: what one pass does. A flow.

One request shows a hundred events. Whether their rows carry ticket types is not documented, so both
are served: where they do, the rows are all there is to read; where they do not, a few events a pass
are looked at one by one, those first whose status changed, then as the planner says. A list that is
longer than the budget is read in parts, from one pass to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from datetime import datetime

import attrs

from ..client.flow import Flow, now
from ..errors import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    WillcallError,
)
from ..ticketsmart.api import FlowTicketSmart
from ..ticketsmart.models import Event, EventStatus
from .event_reader import EventReader, tells_stock
from .facts import EventFacts, LowStock, carried_over, event_facts
from .planner import Planner
from .schedule import PAGE, Schedule

SWEEPS = 2
"""How many complete sweeps must not show an event, before it is asked for and may be gone."""

_MOST_ASKED_FOR = 25  # more than make a storm: a box office that is emptied must count as one
_IN_TURN = 5  # one look in so many goes to the event that was seen longest ago
_ASKED_AT_MOST = 4  # times as often as there are looks: the planner may name what needs none


@attrs.frozen
class Observation:
    """One reading of a box office.

    ``complete`` says whether every row was read, as far as it can be known (rows may move from page
    to page meanwhile): only then does an absence prove anything. ``gone`` are events that
    TicketSmart, asked for each of them, says are not there. ``elsewhere`` are events that another
    part of the same sweep has shown. ``looks`` is how many events were looked at one by one, and
    ``trouble`` what cut that short.
    """

    at: datetime
    events: tuple[EventFacts, ...]
    complete: bool = True
    gone: frozenset[str] = frozenset()
    looks: int = 0
    trouble: str | None = None
    elsewhere: frozenset[str] = frozenset()


def observe(
    api: FlowTicketSmart,
    snapshot: Mapping[str, EventFacts],
    looks: int,
    planner: Planner | None = None,
    meanwhile: Callable[[], Flow[None]] | None = None,
) -> Flow[Observation]:
    """Read every event of a box office, and the ticket types of as many as ``looks`` allows.

    Args:
        api: the box office.
        snapshot: what was known, by event id; none before the first look.
        looks: how many events may be looked at one by one.
        planner: says which, and is told what was seen.
        meanwhile: is done after each page of the list.

    Raises:
        ApiError: the list could not be read. Of a first look there is no half.
    """
    at = yield from now()
    planner = planner or Planner.of(1.0, LowStock(), snapshot)
    sweep = yield from _sweep(api, planner, meanwhile, whole=not snapshot)
    # A row that moved to another page while we read may come twice; the later one is newer.
    seen = {row.id: event_facts(row, at) for row in sweep.rows}
    _tell(planner.schedule, list(seen.values()), at.timestamp())
    by_id = {row.id: row for row in sweep.rows}
    gone: set[str] = set()
    done, trouble, reader = 0, sweep.trouble, EventReader()
    missing = unseen_too_long(snapshot, seen) if sweep.complete else ()
    try:
        for event_id in missing:
            found = yield from asked_for(api, event_id, at)
            if found is None:
                gone.add(event_id)
            else:
                seen[event_id] = found
        for event in _chosen(planner, by_id, seen, snapshot, looks, at):
            try:
                row, before = seen[event.id], snapshot.get(event.id)
                known = row if before is None else carried_over(before, row)
                seen[event.id] = yield from reader.read(api, event.id, known)
            except NotFoundError:
                continue  # it went between the list and the look; the next sweep tells
            done += 1
            planner.schedule.event_seen(seen[event.id], at.timestamp())
    except (AuthenticationError, PermissionDeniedError):
        raise
    except RateLimitError:
        # The rows were read, so the pass is good; the looks go on next time.
        trouble = "the minute's requests are spent; further looks next time"
    except WillcallError as error:
        trouble = str(error)
    return Observation(
        at,
        tuple(seen.values()),
        complete=sweep.complete,
        gone=frozenset(gone),
        looks=done,
        trouble=trouble,
    )


@attrs.frozen
class _Sweep:
    """The rows that were read, whether they are all, and what cut the reading short."""

    rows: tuple[Event, ...]
    complete: bool
    trouble: str | None = None


def _sweep(
    api: FlowTicketSmart,
    planner: Planner,
    meanwhile: Callable[[], Flow[None]] | None,
    *,
    whole: bool,
) -> Flow[_Sweep]:
    """The list, from the page on that could not be read the last time."""
    first = 1 if whole else planner.page
    pages = api.events.list(page=first)
    walk, rows, number = pages.walk(), list[Event](), first
    planner.page = 1
    while walk.op is not None:
        try:
            page = yield from pages.page(walk.op)
        except RateLimitError as error:
            if whole or not rows or error.status is not None:
                raise
            planner.page = number
            trouble = "the minute's requests are spent; the rest of the list next time"
            return _Sweep(tuple(rows), False, trouble)
        rows += walk.take(page).items
        number += 1
        walk.turn(page)
        if meanwhile is not None:
            yield from meanwhile()
    return _Sweep(tuple(rows), first == 1 and walk.whole is not False)


def _tell(schedule: Schedule, rows: Sequence[EventFacts], at: float) -> None:
    for start in range(0, max(1, len(rows)), PAGE):
        part = rows[start : start + PAGE]
        schedule.page_seen(start // PAGE + 1, part, at, last=start + PAGE >= len(rows))


def unseen_too_long(snapshot: Mapping[str, EventFacts], seen: Container[str]) -> tuple[str, ...]:
    """Which events this complete sweep does not show, nor did the one before: to be asked for."""
    return tuple(
        event.id
        for event in snapshot.values()
        if event.id not in seen and event.absent + 1 >= SWEEPS and not event.vanished
    )[:_MOST_ASKED_FOR]


def asked_for(api: FlowTicketSmart, event_id: str, at: datetime) -> Flow[EventFacts | None]:
    """An event that the list does not show may still be there: only a 404 says that it is not."""
    try:
        return event_facts((yield from api.events.get(event_id)), at)
    except NotFoundError:
        return None


def _chosen(
    planner: Planner,
    rows: Mapping[str, Event],
    seen: Mapping[str, EventFacts],
    snapshot: Mapping[str, EventFacts],
    looks: int,
    at: datetime,
) -> Iterator[Event]:
    """The events to look at one by one: they can sell, and their rows are silent on ticket types.
    First those whose status changed, since that may mean anything; then a few that were seen
    longest ago, so that none is starved from pass to pass; then as the planner says."""
    selling = (EventStatus.PUBLISHED, EventStatus.SOLD_OUT)
    left = {row.id: row for row in rows.values() if row.status in selling and not tells_stock(row)}
    changed = [
        name for name in left if name in snapshot and snapshot[name].status != seen[name].status
    ]
    schedule = planner.schedule
    oldest = sorted(left, key=lambda name: schedule.memory(name).get("at") or 0.0)
    turn = oldest[: -(-looks // _IN_TURN)]
    for name in list(dict.fromkeys((*changed, *turn)))[:looks]:
        looks -= 1
        yield left.pop(name)
    moment = at.timestamp()
    for _ in range(_ASKED_AT_MOST * looks):
        if not (looks and left):
            return
        look = schedule.next(moment)
        if look.event in left:
            looks -= 1
            yield left.pop(look.event)
        else:
            schedule.failed(look, moment)  # a page, which was read a moment ago

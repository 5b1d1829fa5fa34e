"""Reading a box office within a request budget: what one pass does. A flow.

One request shows a hundred events. Whether their rows carry ticket types is not documented, so both
are served: where they do, the rows are all there is to read; where they do not, a few events a pass
are looked at one by one, those first whose status changed, then as the planner says. A list that is
longer than the budget is read in parts, from one pass to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import attrs

from ...client.flow import Flow, now, tick
from ...errors import (
    ApiError,
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    WillcallError,
)
from ...ticketsmart.api import FlowTicketSmart
from ...ticketsmart.models import Event
from ..model.facts import EventFacts, EventStatus, LowStock, carried_over, event_facts
from ..model.observation import Observation
from ..polling.planner import Planner
from ..polling.schedule import PAGE, Schedule
from .event_reader import EventReader, tells_stock

SWEEPS = 2
"""How many complete sweeps must not show an event, before it is asked for and may be gone."""

FAILURES = 3
"""After so many events that cannot be read a server is left alone for this time."""

_OF_ALL = (AuthenticationError, PermissionDeniedError, RateLimitError)
"""What goes wrong with one event and would with all."""

_MOST_ASKED_FOR = 25  # more than make a storm: a box office that is emptied must count as one
_IN_TURN = 5  # one look in so many goes to the event that was seen longest ago
_LEAST = 5.0  # seconds for looks, however long the list took
_ASKED_AT_MOST = 4  # times as often as there are looks: the planner may name what needs none


def observe(
    api: FlowTicketSmart,
    snapshot: Mapping[str, EventFacts],
    looks: int,
    planner: Planner | None = None,
    meanwhile: Callable[[], Flow[None]] | None = None,
    ends: float = math.inf,
) -> Flow[Observation]:
    """Read every event of a box office, and the ticket types of as many as ``looks`` allows.

    One event that cannot be read keeps no other from being seen: it is tried again after the
    others.

    Args:
        api: the box office.
        snapshot: what was known, by event id; none before the first look.
        looks: how many events may be looked at one by one.
        planner: says which, and is told what was seen.
        meanwhile: is done after each page of the list.
        ends: when to stop looking, as monotonic seconds.

    Raises:
        ApiError: the list could not be read. Of a first look there is no half.
        AuthenticationError, PermissionDeniedError: at whatever; a person has to see to it.
    """
    at = yield from now()
    planner = planner or Planner.of(1.0, LowStock(), snapshot)
    sweep = yield from _sweep(api, planner, meanwhile, whole=not snapshot)
    # A row that moved to another page while we read may come twice; the later one is newer.
    seen = {row.id: event_facts(row, at) for row in sweep.rows}
    _tell(planner.schedule, list(seen.values()), at.timestamp())
    schedule, reader = planner.schedule, EventReader()
    there: dict[str, EventFacts | None] = {}
    looked: dict[str, EventFacts | None] = {}

    def look(one: FlowTicketSmart, event_id: str) -> Flow[EventFacts]:
        row, before = seen[event_id], snapshot.get(event_id)
        known = row if before is None else carried_over(before, row)
        facts = yield from reader.read(one, event_id, known)
        schedule.event_seen(facts, at.timestamp())
        return facts

    missing = unseen_too_long(snapshot, seen, schedule) if sweep.complete else ()
    chosen = _chosen(schedule, {row.id: row for row in sweep.rows}, seen, snapshot, looks, at)
    error: WillcallError | None = None
    try:
        began = yield from tick()
        ends = max(ends, began + _LEAST)  # also after a list that took its time
        error = yield from one_by_one(
            api, schedule, missing, asked_for(at), there, (began + ends) / 2
        )
        if not isinstance(error, _OF_ALL):
            worse = yield from one_by_one(api, schedule, chosen, look, looked, ends)
            error = worse or error
    except WillcallError as worse:  # the ledger, or asked to leave: what was seen is good
        error = worse
    if isinstance(error, AuthenticationError | PermissionDeniedError):
        raise error
    found = {name: facts for name, facts in (there | looked).items() if facts is not None}
    return Observation(
        at,
        tuple((seen | found).values()),
        complete=sweep.complete,
        gone=frozenset(name for name, facts in there.items() if facts is None),
        looks=sum(facts is not None for facts in looked.values()),
        trouble=sweep.trouble if error is None else _in_words(error),
    )


def _in_words(error: WillcallError) -> str:
    """What cut the looks short; the rows were read, so the pass is good."""
    if isinstance(error, RateLimitError):
        return "the minute's requests are spent; further looks next time"
    return str(error)


def one_by_one(
    api: FlowTicketSmart,
    schedule: Schedule,
    event_ids: Iterable[str],
    ask: Callable[[FlowTicketSmart, str], Flow[EventFacts]],
    found: dict[str, EventFacts | None],
    ends: float = math.inf,
) -> Flow[ApiError | None]:
    """Ask for events one after the other, until a moment.

    One that cannot be read keeps no other from being seen: that it was asked for is noted, so that
    its next turn comes after theirs. After three of them the server is left alone, and at once
    where the key or its requests are the trouble.

    Args:
        api: the box office.
        schedule: is told who was asked for in vain.
        event_ids: which.
        ask: how.
        found: what was found is put into it; None for those that are not there.
        ends: as monotonic seconds.

    Returns:
        What went wrong last.
    """
    failures, trouble, names = 0, None, iter(event_ids)
    while (left := ends - (yield from tick())) > 0:
        name = next(names, None)
        if name is None:
            break
        moment = (yield from now()).timestamp()
        within = api if left == math.inf else api.with_options(deadline=left)
        try:
            found[name] = yield from ask(within, name)
        except NotFoundError:
            found[name] = None
            schedule.in_vain(name, moment)
        except _OF_ALL as error:
            return error
        except ApiError as error:
            trouble, failures = error, failures + 1
            # Whose time was taken by those before it is not to blame.
            if (yield from tick()) < ends or not (found or failures > 1):
                schedule.in_vain(name, moment)
            if failures == FAILURES:
                break
    return trouble


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


def unseen_too_long(
    snapshot: Mapping[str, EventFacts], seen: Container[str], schedule: Schedule
) -> tuple[str, ...]:
    """Which events this complete sweep does not show, nor did the one before: to be asked for."""
    missing = [
        event.id
        for event in snapshot.values()
        if event.id not in seen and event.absent + 1 >= SWEEPS and not event.vanished
    ]
    return tuple(sorted(missing, key=schedule.asked_at)[:_MOST_ASKED_FOR])


def asked_for(at: datetime) -> Callable[[FlowTicketSmart, str], Flow[EventFacts]]:
    """An event that the list does not show may still be there: only a 404 says that it is not."""

    def ask(api: FlowTicketSmart, event_id: str) -> Flow[EventFacts]:
        return event_facts((yield from api.events.get(event_id)), at)

    return ask


def _chosen(
    schedule: Schedule,
    rows: Mapping[str, Event],
    seen: Mapping[str, EventFacts],
    snapshot: Mapping[str, EventFacts],
    looks: int,
    at: datetime,
) -> Iterator[str]:
    """The events to look at one by one: they can sell, and their rows are silent on ticket types.
    First those whose status changed, since that may mean anything; then a few that were seen
    longest ago, so that none is starved from pass to pass; then as the planner says. One that could
    not be read the last time only has its turn."""
    selling = (EventStatus.PUBLISHED, EventStatus.SOLD_OUT)
    left = {row.id: row for row in rows.values() if row.status in selling and not tells_stock(row)}
    changed = [
        name for name in left if name in snapshot and snapshot[name].status != seen[name].status
    ]
    oldest = sorted(left, key=schedule.asked_at)
    turn = oldest[: -(-looks // _IN_TURN)]
    for name in list(dict.fromkeys((*changed, *turn)))[:looks]:
        looks -= 1
        del left[name]
        yield name
    left = {name: row for name, row in left.items() if not schedule.was_in_vain(name)}
    moment = at.timestamp()
    for _ in range(_ASKED_AT_MOST * looks):
        if not (looks and left):
            return
        look = schedule.next(moment)
        if look.event in left:
            looks -= 1
            del left[look.event]
            yield look.event
        else:
            schedule.failed(look, moment)  # a page, which was read a moment ago

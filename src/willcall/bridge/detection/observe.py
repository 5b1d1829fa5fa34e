"""Reading a box office within a request budget: what one pass does. A flow.

A step of the list shows many events. If its rows tell what is left of every ticket type, they are
all there is to read. If not, a few events a pass are asked for one by one: first those whose status
changed, then as the planner says. A list that is longer than the budget is read in parts, from one
pass to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import attrs

from ...client.flow import Flow, now, tick
from ...errors import (
    ApiError,
    AuthenticationError,
    LedgerError,
    PermissionDeniedError,
    RateLimitError,
    StoppedError,
    UndecodableReplyError,
    ValidationError,
    WillcallError,
)
from ..model.facts import EventFacts, LowStock, carried_over
from ..model.observation import SWEEPS, Observation
from ..model.sale import SELLING
from ..polling.planner import Planner
from ..polling.schedule import Schedule
from ..ports import BoxOffice, NotThere
from .listing import Listing, shown_or_not_told
from .troubles import concerns_all, of_all

FAILURES = 3
"""After so many events that cannot be read, the server is left alone until the next pass."""

T = TypeVar("T")

_MOST_ASKED_FOR = 25  # more than make a storm: a box office that is emptied must count as a storm
_IN_TURN = 5  # a poll in so many goes to the event that was seen longest ago
_LEAST = 5.0  # seconds for polls of single events, however long the list took
_ASKED_AT_MOST = 4  # times as often as there are polls: the planner may name what needs none


def observe(
    box_office: BoxOffice,
    snapshot: Mapping[str, EventFacts],
    polls: int,
    planner: Planner | None = None,
    meanwhile: Callable[[], Flow[None]] | None = None,
    ends: float = math.inf,
) -> Flow[Observation]:
    """Read every event of a box office, and as many of them one by one as ``polls`` allows.

    One event that cannot be read keeps no other from being seen: it is tried again after the
    others.

    Args:
        box_office: where.
        snapshot: what was known, by event id; empty before the baseline.
        polls: how many events may be polled one by one.
        planner: says which, and learns what was seen.
        meanwhile: is done after each step of the list.
        ends: when to stop polling, as monotonic seconds.

    Raises:
        ApiError: the list could not be read; a baseline is taken whole or not at all.
        AuthenticationError, PermissionDeniedError: at whatever; a person has to see to it.
    """
    at = yield from now()
    planner = planner or Planner.of(1.0, LowStock(), snapshot)
    sweep = yield from _sweep(box_office, planner, meanwhile, whole=not snapshot)
    seen, schedule = sweep.events, planner.schedule
    _tell(schedule, list(seen.values()), at.timestamp(), box_office.capabilities.rows)
    there: dict[str, EventFacts | None] = {}
    polled: dict[str, EventFacts | None] = {}
    unreadable = dict(sweep.unreadable)

    def read(office: BoxOffice, event_id: str) -> Flow[EventFacts | NotThere]:
        row, before = seen[event_id], snapshot.get(event_id)
        known = row if before is None else carried_over(before, row, at)
        found = yield from office.event(event_id, known)
        if not isinstance(found, NotThere):
            schedule.event_seen(found, at.timestamp())
        return found

    hidden = shown_or_not_told(seen, sweep.unreadable, snapshot)
    listed = seen.keys() | hidden
    missing = unseen_too_long(snapshot, listed, schedule) if sweep.complete else ()
    chosen = _chosen(schedule, seen, snapshot, polls, at)
    error: WillcallError | None = None
    try:
        began = yield from tick()
        ends = max(ends, began + _LEAST)  # also after a list that took its time
        error = yield from one_by_one(
            box_office, schedule, missing, asked_for, there, (began + ends) / 2, unreadable
        )
        if error is None or not concerns_all(error):
            worse = yield from one_by_one(
                box_office, schedule, chosen, read, polled, ends, unreadable
            )
            error = worse or error
    except WillcallError as worse:  # the ledger, or asked to leave: what was seen is good
        error = worse
    if isinstance(error, AuthenticationError | PermissionDeniedError) and concerns_all(error):
        raise error
    found = {name: facts for name, facts in (there | polled).items() if facts is not None}
    return Observation(
        at,
        tuple({**seen, **found}.values()),
        complete=sweep.complete,
        gone=frozenset(name for name, facts in there.items() if facts is None),
        polls=sum(facts is not None for facts in polled.values()),
        trouble=sweep.trouble if error is None else _in_words(error),
        elsewhere=hidden,
        unreadable=unreadable,
        read=frozenset(
            name for name, row in seen.items() if row.tells_stock or row.status not in SELLING
        )
        | there.keys()
        | polled.keys(),
    )


def understood(work: Flow[T], box_office: BoxOffice) -> Flow[T]:
    """What an adapter reads. If it fails with anything but the errors of its port, it has met
    something that it does not understand: that is no fault of whoever configured it.

    Raises:
        ApiError: it could not be read.
    """
    try:
        return (yield from work)
    except (ApiError, LedgerError, StoppedError):
        raise
    except Exception as error:
        said = f"what it answers cannot be understood: {type(error).__name__}: {error}"
        raise UndecodableReplyError(said, provider=box_office.name) from error


def _in_words(error: WillcallError) -> str:
    """What cut the polls short. The rows were read, so the pass counts."""
    if isinstance(error, RateLimitError):
        return "the minute's requests are spent; further polls next time"
    return str(error)


def one_by_one(
    box_office: BoxOffice,
    schedule: Schedule,
    event_ids: Iterable[str],
    ask: Callable[[BoxOffice, str], Flow[EventFacts | NotThere]],
    found: dict[str, EventFacts | None],
    ends: float = math.inf,
    unreadable: dict[str, str] | None = None,
) -> Flow[ApiError | None]:
    """Ask for events one after the other, until a moment.

    One that cannot be read keeps no other from being seen: that it was asked for is noted, so that
    its next turn comes after theirs. After three of them the server is left alone, and at once
    where the key or its requests are the trouble.

    Args:
        box_office: where.
        schedule: learns which events were asked for in vain.
        event_ids: which.
        ask: how.
        found: what was found is put into it; None for those that are not there.
        ends: as monotonic seconds.
        unreadable: those that could not be read, and why, are put into it.

    Returns:
        What went wrong last.
    """
    failures, trouble, names = 0, None, iter(event_ids)
    while (left := ends - (yield from tick())) > 0:
        name = next(names, None)
        if name is None:
            break
        moment = (yield from now()).timestamp()
        within = box_office if left == math.inf else box_office.within(left)
        try:
            facts = yield from understood(ask(within, name), box_office)
        except ApiError as error:
            if concerns_all(error):
                return error
            if unreadable is not None and not of_all(error):
                unreadable[name] = str(error)
            trouble = error
            if not isinstance(error, ValidationError | PermissionDeniedError):
                failures += 1  # those are about this event; the server is well
            # Whose time was taken by those before it is not to blame.
            if (yield from tick()) < ends or not (found or failures > 1):
                schedule.unreadable(name, moment)
            if failures == FAILURES:
                break
        else:
            found[name] = None if isinstance(facts, NotThere) else facts
            if isinstance(facts, NotThere):
                schedule.unreadable(name, moment)
    return trouble


@attrs.frozen
class _Sweep:
    """The events that were read, by id; whether they are all; and what cut the reading short."""

    events: Mapping[str, EventFacts]
    complete: bool
    trouble: str | None = None
    unreadable: Mapping[str, str] = attrs.field(factory=dict)


def _sweep(
    box_office: BoxOffice,
    planner: Planner,
    meanwhile: Callable[[], Flow[None]] | None,
    *,
    whole: bool,
) -> Flow[_Sweep]:
    """The list, from the step on that could not be read the last time."""
    step = 1 if whole else planner.page
    cursor = box_office.cursor(step) if step > 1 else None
    step = 1 if cursor is None else step
    listing, resumed = Listing(), step > 1
    planner.page = 1
    while True:
        try:
            rows = yield from understood(box_office.rows(cursor), box_office)
        except RateLimitError as error:
            if whole or not listing.events or error.status is not None:
                raise
            planner.page = step
            trouble = "the minute's requests are spent; the rest of the list next time"
            return _Sweep(listing.events, False, trouble, listing.unreadable)
        listing.take(rows)
        step, cursor = step + 1, rows.next
        if listing.endless and cursor is not None:
            raise UndecodableReplyError(
                "the list does not end: many steps in a row showed no new event",
                provider=box_office.name,
            )
        if meanwhile is not None:
            yield from meanwhile()
        if cursor is not None:
            continue
        complete = False if resumed else listing.complete()
        if complete is not None:
            return _Sweep(listing.events, complete, unreadable=listing.unreadable)
        step = 1


def _tell(schedule: Schedule, events: Sequence[EventFacts], at: float, size: int) -> None:
    for start in range(0, max(1, len(events)), size):
        part = events[start : start + size]
        schedule.page_seen(start // size + 1, part, at, last=start + size >= len(events))


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


def asked_for(box_office: BoxOffice, event_id: str) -> Flow[EventFacts | NotThere]:
    """Ask for an event that the list does not show: it may still be there."""
    return box_office.event(event_id, stock=False)


def _chosen(
    schedule: Schedule,
    seen: Mapping[str, EventFacts],
    snapshot: Mapping[str, EventFacts],
    polls: int,
    at: datetime,
) -> Iterator[str]:
    """The events to ask for one by one: they can sell, and their rows do not tell what is left.
    First those whose status changed, since that may mean anything; then a few that were seen
    longest ago, so that none is starved from pass to pass; then as the planner says. One that could
    not be read the last time only has its turn."""
    left = {
        name: row for name, row in seen.items() if row.status in SELLING and not row.tells_stock
    }
    changed = [
        name for name in left if name in snapshot and snapshot[name].status != seen[name].status
    ]
    oldest = sorted(left, key=schedule.asked_at)
    turn = oldest[: -(-polls // _IN_TURN)]
    for name in list(dict.fromkeys((*changed, *turn)))[:polls]:
        polls -= 1
        del left[name]
        yield name
    left = {name: row for name, row in left.items() if not schedule.was_unreadable(name)}
    moment = at.timestamp()
    for _ in range(_ASKED_AT_MOST * polls):
        if not (polls and left):
            return
        poll = schedule.next(moment, single=True)
        if poll.event in left:
            polls -= 1
            del left[poll.event]
            yield poll.event
        else:
            schedule.failed(poll, moment)  # a page, which was read a moment ago

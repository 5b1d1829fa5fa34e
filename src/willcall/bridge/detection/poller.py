"""Looking at a box office request by request, as a schedule says. A flow.

A page of the list or one event at a time: each look is an observation of its own, which says
nothing of what it does not show. That an event is absent follows only from a whole round of pages,
none of which shows it; see :class:`Round`.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...client.flow import Flow, now, tick
from ...client.op import Op, Page
from ...errors import NotFoundError
from ...ticketsmart.api import FlowTicketSmart
from ...ticketsmart.models import Event
from ..model.facts import EventFacts, event_facts
from ..model.observation import Observation
from ..polling.budget import Poll
from ..polling.planner import Planner
from .event_reader import EventReader
from .observe import asked_for, one_by_one, unseen_too_long

_ASKING = 30.0
"""Seconds in which events that the list no longer shows are asked for, one by one."""


@attrs.define
class Round:
    """The pages of the list that were read since the last whole round, in whatever order.

    Rows may move from page to page meanwhile. Where that shows (one came twice, or the total
    changed or does not match) the round proves no absence; the next one may.
    """

    _ids: dict[int, tuple[str, ...]] = attrs.field(factory=dict)
    _totals: set[int] = attrs.field(factory=set)
    _last: int | None = None

    def read(self, number: int, page: Page[Event]) -> frozenset[str] | None:
        """A page was read; the ids of the whole round, if it ends with it and proves something."""
        self._ids[number] = tuple(row.id for row in page.items)
        if page.total is not None:
            self._totals.add(page.total)
        if page.following is None:
            self._last = number
        elif self._last is not None and number >= self._last:
            self._last = None
        if self._last is None or any(n not in self._ids for n in range(1, self._last + 1)):
            return None
        listed = [one for n in range(1, self._last + 1) for one in self._ids[n]]
        seen, totals = frozenset(listed), self._totals
        self._ids, self._totals, self._last = {}, set(), None
        moved = len(seen) < len(listed) or (bool(totals) and totals != {len(seen)})
        return None if moved else seen


class Poller:
    """Looks at one box office.

    Args:
        planner: is told what was seen.
        snapshot: every event as it was last seen; whoever commits changes keeps it up to date.
    """

    def __init__(self, planner: Planner, snapshot: Mapping[str, EventFacts]) -> None:
        self.planner = planner
        self._snapshot = snapshot
        self._round = Round()
        self._reader = EventReader()
        # Of each page the call that the one before it gave: it knows where the list began.
        self._calls: dict[int, Op[Page[Event]]] = {}

    def look(self, api: FlowTicketSmart, look: Poll) -> Flow[Observation]:
        """Do one look, and tell the schedule what was seen.

        Raises:
            ApiError: it came to nothing; the schedule was told.
        """
        try:
            if look.event is None:
                return (yield from self._page(api, look.page or 1))
            return (yield from self._event(api, look.event))
        except Exception:
            moment = yield from now()
            self.planner.schedule.failed(look, moment.timestamp())
            raise

    def _page(self, api: FlowTicketSmart, number: int) -> Flow[Observation]:
        call = self._calls.get(number)
        start = number if call is None else 1
        page = yield from api.events.list(page=start).page(call)
        at = yield from now()
        if page.following is not None:
            self._calls[number + 1] = page.following
        rows = tuple(event_facts(row, at) for row in page.items)
        last = page.following is None
        self.planner.schedule.page_seen(number, rows, at.timestamp(), last=last)
        whole = self._round.read(number, page)
        if whole is None:
            return Observation(at, rows, complete=False)
        ends = _ASKING + (yield from tick())
        schedule, there = self.planner.schedule, dict[str, EventFacts | None]()
        missing = unseen_too_long(self._snapshot, whole, schedule)
        yield from one_by_one(api, schedule, missing, asked_for(at), there, ends)
        # Of whom it could not be found out, that can be asked after the next round.
        gone = frozenset(event_id for event_id, facts in there.items() if facts is None)
        for event_id in gone:
            schedule.gone(event_id)
        found = [facts for facts in there.values() if facts is not None]
        return Observation(at, (*rows, *found), gone=gone, elsewhere=whole)

    def _event(self, api: FlowTicketSmart, event_id: str) -> Flow[Observation]:
        try:
            facts = yield from self._reader.read(api, event_id, self._snapshot.get(event_id))
        except NotFoundError:
            # Whether it is gone for good, the rounds tell.
            at = yield from now()
            self.planner.schedule.gone(event_id)
            return Observation(at, (), complete=False)
        at = yield from now()
        self.planner.schedule.event_seen(facts, at.timestamp())
        return Observation(at, (facts,), complete=False, looks=1)

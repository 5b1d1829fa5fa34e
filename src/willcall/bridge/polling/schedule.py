"""Which request to send next. Pure.

Its methods take what was seen and return what to poll. It knows no ledger, network or clock:
moments are arguments, in Unix seconds.

The priority of an event (``priority.py``) grows with the time since its last poll, and the highest
is found without computing all of them (``ranking.py``). Beside that, a share of the requests goes
to what was seen longest ago, a share to the list, and some to moments that are known beforehand.

If rows of the list carry ticket types, one request shows a page of events, and the page has a
priority as a whole. Whether they do is learned from the rows.
"""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from ..model.facts import EventFacts, LowStock, TypeFacts
from ..model.questions import Question
from ..model.sale import SELLING
from .budget import Poll, PollReason, Shares
from .forecast import ORDER, Forecast, Profile, Speed, Velocity, surging, velocities
from .priority import PagePriority, Selling, Unit, Watched
from .questions import DEBT, Questions
from .ranking import Ranking
from .unannounced import UnannouncedSales, is_sealed

_LADDER = (5.0, 15.0, 30.0, 60.0, 120.0, 240.0, 480.0)  # seconds after a sale opens: how fast?
_LONGEST_RETRY = 300.0
_ENOUGH = 3  # failures of the first sweep
_HALF = 0.5  # urgent polls take every second request at most
_SHORT_LAP = 20.0  # seconds in which all pages are seen in turn: no priority does better
_CLOCK = 60.0  # a clock that goes back by more was set back


class Schedule:
    """What a process polls next in a box office.

    Call :meth:`remember` for each event that the ledger knows. Then, whenever a request may be
    sent, call :meth:`next`, sleep until its ``at``, send it, and report its outcome with exactly
    one of :meth:`page_seen`, :meth:`event_seen`, :meth:`gone` and :meth:`failed`. Several polls may
    be under way at once.

    **No event is starved.** Each of n events that can sell is polled at least once in
    (n + 2)/:attr:`turns` + 2 requests, whatever was learned, forecast or announced: see
    :attr:`longest_unseen`. Wrong velocities, restocks, surprise sales, failures and skewed clocks
    make polls less useful, but never break this promise. With few events (:meth:`Shares.eager`) a
    share of ``turns`` of all requests goes to the event that was polled longest ago, which also
    finds what no forecast expects. With more events that would cost too much: then an event has its
    turn only when the promised time is nearly over, and such turns take every second request. An
    event that is polled for its priority anyway needs no turn.

    Args:
        rate: how many requests a second may be spent on polling; they are spread evenly.
        low_stock: when a ticket type runs low.
        weight: how much an event counts, beside others; 1 is usual.
        shares: see :class:`Shares`.
        memory: what :meth:`to_json` wrote.
        asks: whether the list answers questions, see :class:`.questions.Questions`.
    """

    def __init__(
        self,
        rate: float,
        *,
        low_stock: LowStock | None = None,
        weight: Callable[[EventFacts], float] | None = None,
        shares: Shares | None = None,
        memory: Mapping[str, Any] | None = None,
        asks: bool = False,
    ) -> None:
        memory = memory or {}
        kept = memory.get("questions")
        self.questions = Questions(kept if isinstance(kept, Mapping) else None)
        self.asks = asks
        self.rate = rate
        self.low_stock = low_stock or LowStock()
        self.shares = shares or Shares()
        self.rows_tell: bool | None = memory.get("rows_tell")
        """Whether rows of the list carry ticket types; None while no page was seen."""
        self._weight = weight
        self._profile = Profile(memory.get("profile"))
        openings = memory.get("openings")
        self._openings = UnannouncedSales.of(openings if isinstance(openings, Mapping) else {})
        self._ranking = Ranking(float(memory.get("price") or 0.01))
        self._events: dict[str, Watched] = {}
        self._sheets: dict[int, PagePriority] = {}
        # The events that can sell, by the request that last asked for them.
        self._oldest: OrderedDict[Unit, float] = OrderedDict()
        self._requests = 0
        self._fresh: OrderedDict[Watched, None] = OrderedDict()
        self._moments: list[tuple[float, int, Watched]] = []
        self._again: list[tuple[float, int, Poll]] = []
        self._retried: set[tuple[int | None, str | None]] = set()
        self._stumbles = 0
        self._pages, self._page = int(memory.get("pages") or 1), int(memory.get("page") or 0)
        self._slot = -math.inf
        self._serial = 0
        # What is owed, in polls.
        # A process begins with the list: what happened while none was there shows in it at once.
        self._floor, self._sweep = float(memory.get("floor") or 0.0), 1.0
        self._was_urgent = self._first = self._begun = self._mixed = False

    # -- what was seen ------------------------------------------------------------------------

    def remember(self, facts: EventFacts, memory: Mapping[str, Any] | None = None) -> None:
        """Add an event that the ledger knows, with what :meth:`memory` returned for it."""
        memory = memory or {}
        at = _kept(memory.get("at"))
        watched = self._added(facts, at, velocities(memory.get("types") or {}))
        watched.surge, watched.tried = (
            min(1.0, _kept(memory.get("surge"))),
            _kept(memory.get("tried")),
        )
        self._begun = self._mixed = True
        if at and facts.ticket_types is not None:
            self.questions.polled(facts, at)
            self._fresh.pop(watched, None)
            self._was_polled(watched, at)
            self._fresh.pop(watched, None)
            self._remind(watched, at)

    def memory(self, event_id: str) -> dict[str, Any]:
        """What is to be kept of an event between two processes, as JSON."""
        watched = self._events.get(event_id)
        if watched is None:
            return {}
        types = {name: velocity.to_json() for name, velocity in watched.types.items()}
        surge = round(watched.surge, 4)
        return {
            "at": watched.seen if watched.polled else 0.0,
            "tried": watched.tried,
            "types": types,
            "surge": surge,
        }

    def to_json(self) -> dict[str, Any]:
        """What is to be kept of the box office as a whole between two processes, as JSON."""
        return {
            "profile": self._profile.to_json(),
            "price": self._ranking.price,
            "pages": self._pages,
            "page": self._page,
            "floor": round(self._floor, 3),
            "rows_tell": self.rows_tell,
            "questions": self.questions.to_json(),
            "openings": self._openings.to_json(),
        }

    def page_seen(
        self, number: int, rows: Sequence[EventFacts], at: float, *, last: bool = False
    ) -> None:
        """A page of the list was read.

        Args:
            number: which, from 1.
            rows: its events; whether rows carry ticket types is found out by itself.
            at: when it was answered.
            last: whether the list ends with it.
        """
        self._pages = number if last else max(self._pages, number + 1)
        self._begun, self._stumbles = self._begun or last, 0
        carried = _carries(rows)
        if carried is not None:
            self._learn_rows(carried)
        for row in rows:
            watched = self._events.get(row.id) or self._added(row, at, {})
            watched.page = number
            if self.rows_tell:
                self._saw(watched, row, at)
            elif (row.status, row.starts_at) != (watched.facts.status, watched.facts.starts_at):
                self._changed(
                    watched, attrs.evolve(row, ticket_types=watched.facts.ticket_types), at
                )
        if self.rows_tell:
            self._sheet(number, rows, at)

    def question_seen(
        self,
        question: Question,
        rows: Sequence[EventFacts],
        at: float,
        *,
        last: bool,
        total: int | None = None,
        odd: int = 0,
        believed: Sequence[EventFacts] | None = None,
    ) -> list[str]:
        """A question was answered; the ids of the events that it makes doubtful. They are polled
        by themselves soon.

        Args:
            question: which.
            rows: the rows, as they were shown.
            at: when it was answered.
            last: whether no page follows.
            total: how many events it is true of, if the box office says so.
            odd: how many rows could not be read.
            believed: the rows that say how things are; all if None.
        """
        names = [row.id for row in rows]
        known = {name: self._events[name].facts.status for name in names if name in self._events}
        doubted = self.questions.answered(
            question, rows, known, at, last=last, total=total, odd=odd
        )
        for row in rows if believed is None else believed:
            watched = self._events.get(row.id)
            if watched is None:
                self._added(row, at, {})
            elif (row.status, row.starts_at) != (watched.facts.status, watched.facts.starts_at):
                types = watched.facts.ticket_types
                self._changed(watched, attrs.evolve(row, ticket_types=types), at)
        for name in doubted:
            self.again(name, at)
        return doubted

    def event_seen(self, facts: EventFacts, at: float) -> None:
        """An event was polled, together with its ticket types."""
        watched = self._events.get(facts.id) or self._added(facts, at, {})
        self._saw(watched, facts, at)

    def gone(self, event_id: str) -> None:
        """An event is no longer there: a 404, or a complete sweep that did not show it."""
        watched = self._events.pop(event_id, None)
        if watched is not None:
            self._rest(watched)
            self.questions.drop(event_id)

    def failed(self, poll: Poll, at: float) -> None:
        """A poll failed (an error, a 429). It is due again after a wait that doubles each time; a
        question is asked again as its turn comes."""
        if poll.question is not None:
            self.questions.failed(poll.question)
            return
        watched = self._events.get(poll.event or "")
        if watched is not None:
            watched.failures += 1
        else:
            self._stumbles += 1
            # A page that cannot be read must not keep all the others waiting.
            self._begun = self._begun or self._stumbles >= _ENOUGH
        failures = self._stumbles if watched is None else watched.failures
        key = (poll.page, poll.event)
        if key not in self._retried:
            self._retried.add(key)
            later = at + min(_LONGEST_RETRY, 2.0 ** min(failures, 10))
            heapq.heappush(self._again, (later, self._number(), poll))

    def again(self, event_id: str, at: float) -> None:
        """Poll an event soon: a row of the list says something else of it, and may be old."""
        key = (None, event_id)
        if event_id in self._events and key not in self._retried:
            self._retried.add(key)
            poll = Poll(at, PollReason.RETRY, event=event_id)
            heapq.heappush(self._again, (at, self._number(), poll))

    # -- what to poll -------------------------------------------------------------------------

    def next(self, at: float, *, single: bool = False) -> Poll:
        """What to poll next: there is always something, at least the next page of the list.

        Args:
            at: now.
            single: whether single events are wanted, since the list was read just now.
        """
        if at < self._slot - _CLOCK:
            self._set_back(self._slot - at)
        if self._mixed:  # what the ledger knows comes in any order
            self._in_order(at)
        spacing = 1.0 / self.rate
        at = self._slot = max(at, self._slot + spacing)
        self._requests += 1
        self._floor = min(self._floor + self._owed, 2.0)
        self._sweep = min(self._sweep + self._sweeps, 1.0)
        self.questions.tick()
        self._ranking.renew()
        # Urgent polls take every second request at most: a morning on which everything opens at
        # ten must not keep the rest waiting.
        self._was_urgent = not self._was_urgent
        return (
            (self._urgent(at, spacing) if self._was_urgent else None)
            or self._settled(at, single=single)
            or self._urgent(at, spacing)
            or self._next_page(at)
        )

    def forecasts(self, event_id: str, at: float) -> dict[str, Forecast]:
        """What is expected of each ticket type of an event, by its id."""
        watched = self._events.get(event_id)
        if watched is None:
            return {}
        return {
            kind.id: watched.types[kind.id].forecast(
                kind, self._profile, watched.starts, at, self.low_stock
            )
            for kind in watched.facts.ticket_types or ()
            if kind.id in watched.types
        }

    def unreadable(self, event_id: str, at: float) -> None:
        """An event was polled by itself and could not be read, or is not there. For callers that do
        not follow :meth:`next` alone; others use :meth:`failed`."""
        watched = self._events.get(event_id)
        if watched is not None:
            watched.tried = at

    def was_unreadable(self, event_id: str) -> bool:
        """Whether an event could not be read when it was last polled by itself."""
        watched = self._events.get(event_id)
        return watched is not None and watched.tried > 0

    def asked_at(self, event_id: str) -> float:
        """When an event was last polled, whether it could be read or not; 0 if it never was."""
        watched = self._events.get(event_id)
        return (
            0.0 if watched is None else max(watched.tried, watched.seen if watched.polled else 0.0)
        )

    def due(self, event_id: str) -> float | None:
        """When an event will be polled, by what is known now. None if its poll is under way, or if
        it waits for its turn."""
        watched = self._events.get(event_id)
        if watched is None:
            return None
        unit = self._unit(watched)
        found = min(watched.moment, unit.due if unit.placed is not None else math.inf)
        return found if found < math.inf else None

    @property
    def sweep_seconds(self) -> float:
        """How old the facts of a row can be, in seconds: the time of one sweep of all pages."""
        if self.rows_tell:
            return self.longest_unseen
        return (self._pages + 1) / (self._sweeps * self.rate)

    @property
    def longest_unseen(self) -> float:
        """The most seconds for which an event that can sell goes unseen, as long as requests are
        answered at ``rate``. For a new event they count from when it was first seen."""
        follow_ups = DEBT + 2 if self._asks_now else 0
        return ((len(self._oldest) + 2) / min(self.turns, _HALF) + 2 + follow_ups) / self.rate

    @property
    def _asks_now(self) -> bool:
        """Whether questions show more than the list itself does at the same cost."""
        return self.asks and not self.rows_tell and self._pages > 1

    @property
    def _sweeps(self) -> float:
        """The share of the requests that sweeps may take."""
        if self._pages == 1:
            return self.shares.single
        return self.shares.beside if self._asks_now else self.shares.sweep

    @property
    def turns(self) -> float:
        """The share of the requests that would go to what was unseen longest, if no other poll ever
        showed it."""
        lap = len(self._oldest) / self.rate
        if self.rows_tell:
            return 1.0 if lap <= _SHORT_LAP else max(self.shares.floor, _HALF)
        return self.shares.turns(lap)

    @property
    def _owed(self) -> float:
        """The share of the requests that goes to turns now.

        Each request makes one turn due at most, since events were polled one at a time; and turns
        that are due get every second request, less those of the sweeps. So even if all are due, the
        last of them waits no longer than is promised. (Events that are new together do not wait for
        their turn: what was never seen goes first.)
        """
        count = len(self._oldest)
        if self.rows_tell or not count:
            return self.turns
        least = _HALF - self._sweeps - (self.questions.share if self._asks_now else 0.0)
        patience = count * (1.0 / min(self.turns, _HALF) - (1.0 - least) / least)
        if self._requests - next(iter(self._oldest.values())) >= patience:
            return _HALF
        return self.turns if self.shares.eager(count / self.rate) else 0.0

    # -- turns --------------------------------------------------------------------------------

    def _settled(self, at: float, *, single: bool) -> Poll | None:
        """What is owed to sweeps and turns, else what has the highest priority."""
        if self._sweep >= 1.0 and not (self.rows_tell or single):
            self._sweep = 0.0
            return self._next_page(at)
        if self._asks_now and self._begun and not single:
            question = self.questions.next(at, self.rate)
            if question is not None:
                return Poll(at, PollReason.QUESTION, question=question)
        if self._floor >= 1.0 and self._oldest:
            self._floor -= 1.0
            return self._go(next(iter(self._oldest)), at, PollReason.FLOOR)
        if not self._begun:
            return self._next_page(at)
        # A new event may be sold out; but an import of thousands must not stop all other polls.
        self._first = not self._first
        if self._first and self._fresh:
            return self._go(next(iter(self._fresh)), at, PollReason.FIRST)
        best = self._ranking.best(at)
        if best is not None:
            return self._go(best, at, PollReason.PRIORITY)
        return self._go(next(iter(self._fresh)), at, PollReason.FIRST) if self._fresh else None

    def _next_page(self, at: float) -> Poll:
        """The next page of the list."""
        self._page = self._page % self._pages + 1
        sheet = self._sheets.get(self._page) if self.rows_tell else None
        return (
            self._go(sheet, at, PollReason.SWEEP)
            if sheet
            else Poll(at, PollReason.SWEEP, page=self._page)
        )

    def _urgent(self, at: float, spacing: float) -> Poll | None:
        """A moment that is due before the next poll would be sent, or a retry that is due."""
        while self._moments and self._moments[0][0] < at + spacing / 2:
            moment, _, watched = heapq.heappop(self._moments)
            if watched.moment == moment and self._events.get(watched.facts.id) is watched:
                watched.moment = math.inf
                self._slot = max(at, moment)
                return self._go(self._unit(watched), self._slot, PollReason.LAUNCH)
        while self._again and self._again[0][0] <= at:
            _, _, poll = heapq.heappop(self._again)
            self._retried.discard((poll.page, poll.event))
            if poll.page is not None:
                return Poll(at, PollReason.RETRY, page=poll.page)
            failed = self._events.get(poll.event or "")
            if failed is not None:
                return self._go(failed, at, PollReason.RETRY)
        return None

    def _go(self, unit: Unit, at: float, why: PollReason) -> Poll:
        unit.placed = None
        self._was_asked(unit)
        if isinstance(unit, PagePriority):
            return Poll(at, why, page=unit.number)
        if isinstance(unit, Watched):
            self._fresh.pop(unit, None)
            return Poll(at, why, event=unit.facts.id)
        raise TypeError(unit)

    # -- what is known ------------------------------------------------------------------------

    def _added(self, facts: EventFacts, at: float, types: dict[str, Velocity]) -> Watched:
        watched = Watched(at, facts=facts, starts=facts.starts_at.timestamp(), types=types)
        self._events[facts.id] = watched
        self.questions.keep(facts, watched.starts)
        if _live(facts) and not self.rows_tell:
            self._enlist(watched)
            self._fresh[watched] = None
        return watched

    def _learn_rows(self, rows_tell: bool) -> None:
        """Whether rows carry ticket types decides what one request shows."""
        if self.rows_tell == rows_tell:
            return
        self.rows_tell = rows_tell
        for unit in self._oldest:
            unit.live = False
        for queue in (self._oldest, self._fresh, self._sheets):
            queue.clear()
        self._ranking.clear()
        self._mixed = True
        for watched in self._events.values() if not rows_tell else ():
            if _live(watched.facts):
                self._enlist(watched)
                if watched.polled:
                    self._ranking.place(watched)
                else:
                    self._fresh[watched] = None

    def _enlist(self, unit: Unit) -> None:
        """Give a unit a turn from now on."""
        unit.live = True
        self._oldest[unit] = self._requests

    def _was_asked(self, unit: Unit) -> None:
        """The next turn of a unit comes after those of all others."""
        if unit in self._oldest:
            self._oldest[unit] = self._requests
            self._oldest.move_to_end(unit)

    def _in_order(self, at: float) -> None:
        """Put the turns in the order in which events were seen; the ledger has none."""
        asked, latest = list[tuple[Unit, float]](), self._requests + 1.0
        for unit in sorted(self._oldest, key=lambda unit: unit.seen, reverse=True):
            latest = min(latest - 1.0, self._requests - (at - unit.seen) * self.rate)
            asked.append((unit, latest))
        self._oldest = OrderedDict(reversed(asked))
        self._mixed = False

    def _changed(self, watched: Watched, facts: EventFacts, at: float) -> None:
        """A row of the list shows something new about an event."""
        was = watched.facts
        watched.facts, watched.starts = facts, facts.starts_at.timestamp()
        self.questions.keep(facts, watched.starts)
        if not _live(facts):
            self._rest(watched)
            return
        if not _live(was):
            self._enlist(watched)
        if watched.polled:
            self._was_polled(watched, watched.seen)
            self._remind(watched, at)
        # Sold out, or not any more: its ticket types are not what they were when last seen.
        if not watched.polled or was.status != facts.status:
            self._fresh[watched] = None

    def _rest(self, watched: Watched) -> None:
        """Take a unit out that cannot sell, or not now."""
        self._oldest.pop(watched, None)
        self._fresh.pop(watched, None)
        watched.placed, watched.live, watched.moment = None, False, math.inf
        watched.once = watched.twice = watched.most = 0.0

    def _saw(self, watched: Watched, facts: EventFacts, at: float) -> None:
        """An event and its ticket types were seen."""
        was = _live(watched.facts)
        if watched.polled and watched.starts > at and is_sealed(watched.facts):
            self._openings.seen(at - watched.seen, opened=not is_sealed(facts))
        watched.facts, watched.starts, watched.failures = facts, facts.starts_at.timestamp(), 0
        watched.tried = 0.0
        self.questions.keep(facts, watched.starts)
        if not self.rows_tell:
            self.questions.polled(facts, at)
        self._fresh.pop(watched, None)
        if not _live(facts):
            self._rest(watched)
            return
        if not was and not self.rows_tell:
            self._enlist(watched)
        else:
            self._was_asked(watched)
        sold = 0
        for kind in facts.ticket_types or ():
            known = _velocity(watched, kind)
            # A ticket type that was hidden or not on sale at the last poll had no part in the pace.
            if abs(known.at - watched.seen) < 1.0 and _open(kind, watched.seen):
                sold += max(0, known.sold_since(kind))
            watched.types[kind.id] = known.seen(kind, at, self._profile, watched.starts)
        if watched.polled:
            watched.surge = surging(
                watched.surge, sold / ORDER, watched.pace, watched.stirred, at - watched.seen
            )
        self._was_polled(watched, at)
        self._remind(watched, at)

    def _was_polled(self, watched: Watched, at: float) -> None:
        """Set the priority of an event by what was seen at a moment, and place it."""
        watched.seen, watched.polled = at, True
        self._weigh(watched, at)
        if not self.rows_tell:
            self._ranking.place(watched)

    def _sheet(self, number: int, rows: Iterable[EventFacts], at: float) -> None:
        """Set the priority of a page by its events, and place it."""
        sheet = self._sheets.get(number)
        if sheet is None:
            sheet = self._sheets[number] = PagePriority(at, number=number)
            self._enlist(sheet)
        sheet.events = tuple(self._events[row.id] for row in rows)
        sheet.seen, sheet.failures = at, 0
        sheet.once = sum(watched.once for watched in sheet.events)
        sheet.twice = sum(watched.twice for watched in sheet.events)
        sheet.most = sum(watched.most for watched in sheet.events)
        self._was_asked(sheet)
        self._ranking.place(sheet)
        for beyond in [page for page in self._sheets if page > self._pages]:
            left = self._sheets.pop(beyond)
            left.placed, left.live = None, False
            self._oldest.pop(left, None)
        for missing in range(1, self._pages + 1):
            if missing not in self._sheets:  # the list has grown; or it was never read
                added = self._sheets[missing] = PagePriority(0.0, number=missing)
                self._enlist(added)
                self._oldest[added] = -math.inf
                self._oldest.move_to_end(added, last=False)

    def _unit(self, watched: Watched) -> Unit:
        return self._sheets.get(watched.page, watched) if self.rows_tell else watched

    def _remind(self, watched: Watched, at: float) -> None:
        """Note the next moment at which something is known to happen."""
        moment = watched.starts if watched.starts > at else math.inf
        for kind in watched.facts.ticket_types or ():
            opens = kind.sale_starts_at and kind.sale_starts_at.timestamp()
            if opens and opens + _LADDER[-1] > at:
                steps = (opens + step for step in (0.0, *_LADDER))
                moment = min(moment, next(step for step in steps if step > at))
        if moment != watched.moment:
            watched.moment = moment
            if moment < math.inf:
                heapq.heappush(self._moments, (moment, self._number(), watched))

    def _weigh(self, watched: Watched, at: float) -> None:
        """Set the factors of an event's priority."""
        weight = 1.0 if self._weight is None else self._weight(watched.facts)
        selling = watched.facts.ticket_types or () if watched.starts > at else ()
        weighed = [
            Selling(kind, self._speed(watched, kind, at), _velocity(watched, kind).empty_for(at))
            for kind in selling
            if _open(kind, at)
        ]
        watched.weigh(weighed, self.low_stock, weight)
        if watched.starts > at and is_sealed(watched.facts):
            watched.once += self._openings.worth * weight
        speeds = [each.speed for each in weighed if each.kind.available]
        watched.pace = sum(speed.usual for speed in speeds) / ORDER
        watched.stirred = sum(speed.stirred for speed in speeds) / ORDER

    def _speed(self, watched: Watched, kind: TypeFacts, at: float) -> Speed:
        return _velocity(watched, kind).speed(kind, self._profile, watched.starts, at)

    def _number(self) -> int:
        self._serial += 1
        return self._serial

    def _set_back(self, seconds: float) -> None:
        """The clock was set back: move all that is known to before now."""
        self._slot = -math.inf
        for unit in (*self._events.values(), *self._sheets.values()):
            unit.seen -= seconds
            if unit.placed is not None:
                self._ranking.place(unit)
        for watched in self._events.values():
            watched.tried = max(0.0, watched.tried - seconds)
        self._again = [(moment - seconds, n, poll) for moment, n, poll in self._again]


def _velocity(watched: Watched, kind: TypeFacts) -> Velocity:
    """What is known of how fast a ticket type sells; an empty velocity if nothing is."""
    return watched.types.get(kind.id) or Velocity()


def _kept(value: Any) -> float:
    """A number of seconds or a probability from the memory; anything else reads as 0."""
    try:
        number = float(value or 0.0)
    except (TypeError, ValueError):
        return 0.0
    return number if 0.0 <= number < math.inf else 0.0


def _open(kind: TypeFacts, at: float) -> bool:
    """Whether its sale has begun, as far as the box office says."""
    return kind.sale_starts_at is None or kind.sale_starts_at.timestamp() <= at


def _live(facts: EventFacts) -> bool:
    """Whether an event can sell."""
    return not facts.vanished and facts.status in SELLING


def _carries(rows: Sequence[EventFacts]) -> bool | None:
    """Whether rows show what is left of their ticket types; None if these rows do not say, as those
    of drafts and past events."""
    if any(kind.available is not None for row in rows for kind in row.ticket_types or ()):
        return True
    return False if any(_live(row) and row.ticket_types is None for row in rows) else None

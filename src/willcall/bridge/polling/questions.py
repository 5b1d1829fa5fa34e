"""Which questions to ask the list, and what an answer says. Pure.

One request asks of all events at once: how many that are still to come are sold out? An answer is
compared with what is known. If the numbers differ, the dates are halved until a window fits on a
page, whose rows tell which event it was. The statuses are asked for in turn, SOLD_OUT most often:
a sell-out changes the number of PUBLISHED events, too.

Nothing is concluded from what an answer lacks: such an event is *doubted*, and a poll of the event
itself decides. Each of these polls is also a test of the question. One that is contradicted (the
status does not follow the stock, the filter is ignored, the answer is old) is asked half as often;
one that a poll bears out, twice as often, up to its usual share. An answer with nothing new is no
evidence.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from ..model.facts import EventFacts, EventState
from ..model.questions import Question

SOLD_OUT, PUBLISHED = EventState.SOLD_OUT.value, EventState.PUBLISHED.value
CANCELLED = EventState.CANCELLED.value
ASKED = (SOLD_OUT, PUBLISHED, CANCELLED)

DEBT = 16
"""Requests at most by which the follow-ups of an answer exceed the share of the questions."""

_SHARES = {PUBLISHED: 0.016, CANCELLED: 0.013}
_LEAST, _MOST, _CROWD = 0.036, 0.2, 1.6  # of SOLD_OUT: _CROWD / √events
_FOLLOW = 0.012  # the share for follow-ups, beside those above
_SLOWEST = 32.0  # a contradicted question is asked this many times less often, at the least
_LATE = 90.0  # seconds in which a status may follow the stock
_CLAIM = 120.0  # seconds in which a single poll may bear out or contradict an answer
_DOUBTED = 5  # events of one answer that are polled by themselves
_FULL = 100  # rows of a page, if the box office says nothing else
_AFTER = 20.0  # requests after those for SOLD_OUT in which PUBLISHED is asked for
_EDGE = 1.0  # seconds between the end of a window and the start of the next known event


@attrs.frozen
class StartWindow:
    """Starts from ``lo`` to before ``hi``, in Unix seconds; ``rest`` is what to read if the
    difference is not found in it: the end of the window after it, and the whole difference. A
    ``root`` is a question that follows from no other; a ``leaf`` cannot be divided, and is read
    page by page."""

    status: str
    lo: float
    hi: float = math.inf
    page: int = 1
    rest: tuple[float, int] | None = None
    root: bool = False
    leaf: bool = False


@attrs.frozen
class Claim:
    """An answer showed an event with a status that was not known of it, or lacked it. It is news
    unless a poll of the event had shown as much."""

    status: str
    shown: bool
    at: float
    news: bool = True


@attrs.define
class Trust:
    """What became of a question's answers: ``slow`` is how many times less often it is asked than
    usual, ``offset`` a difference that twice could not be found and is expected from then on,
    ``odd`` that which could not be found the last time. ``changed`` says whether polls have shown a
    change since it was asked."""

    slow: float = 1.0
    offset: int = 0
    odd: int = 0
    changed: bool = False
    asked: float = -math.inf
    page: int = 0

    def contradicted(self) -> None:
        """A single poll says something else."""
        self.slow = min(_SLOWEST, self.slow * 2)

    def supported(self) -> None:
        """A single poll says the same, and it was news."""
        self.slow = max(1.0, self.slow / 2)


class Questions:
    """What to ask, from what is known of all events.

    Args:
        memory: what :meth:`to_json` wrote.
        full: rows of a full page.
    """

    def __init__(self, memory: Mapping[str, Any] | None = None, *, full: int = _FULL) -> None:
        self.full = full
        self._known: dict[str, list[tuple[float, str]]] = {status: [] for status in ASKED}
        self._places: dict[str, tuple[str, float]] = {}
        self._trust = {status: Trust() for status in ASKED}
        for status, kept in (memory or {}).items():
            if status in self._trust and isinstance(kept, int | float):
                self._trust[status].slow = min(_SLOWEST, max(1.0, float(kept)))
        self._todo: list[StartWindow] = []
        self._asked: dict[Question, StartWindow] = {}
        self._claims: dict[str, Claim] = {}
        self._late: dict[str, float] = {}  # sold out by stock, not yet by status; since when
        self._never: set[str] = set()
        self._credit = 0.0
        self._following = False
        self._now = 0.0
        # The search under way: the status and the difference; and what it has found.
        self._search: tuple[str, int | None] | None = None
        self._found = 0
        self._shown: set[str] = set()  # by the pages of a window that are read one by one

    def to_json(self) -> dict[str, float]:
        """How much less often each question is asked than usual, as JSON."""
        return {status: trust.slow for status, trust in self._trust.items()}

    @property
    def distrusted(self) -> dict[str, float]:
        """The statuses that are asked for less often since polls contradict the answers; and how
        many times less."""
        return {status: trust.slow for status, trust in self._trust.items() if trust.slow >= 4}

    # -- what is known --------------------------------------------------------------------------

    def keep(self, facts: EventFacts, starts: float) -> None:
        """An event is known as this."""
        place = (facts.status, starts) if facts.status in self._known else None
        if self._places.get(facts.id) == place:
            return
        self.drop(facts.id)
        if place is not None:
            self._places[facts.id] = place
            self._trust[facts.status].changed = True
            insort(self._known[facts.status], (starts, facts.id))

    def drop(self, event_id: str) -> None:
        """An event is not known any more."""
        place = self._places.pop(event_id, None)
        if place is not None:
            self._trust[place[0]].changed = True
            known = self._known[place[0]]
            del known[bisect_left(known, (place[1], event_id))]

    def polled(self, facts: EventFacts, at: float) -> None:
        """An event was polled by itself: it bears out what answers said of it, or contradicts."""
        claim = self._claims.pop(facts.id, None)
        if claim is not None and at - claim.at <= _CLAIM:
            trust = self._trust[claim.status]
            if (facts.status == claim.status) == claim.shown:
                if claim.news:
                    trust.supported()
            else:
                trust.contradicted()
        if facts.status == PUBLISHED and _nothing_left(facts):
            if facts.id not in self._never:
                self._late.setdefault(facts.id, at)
        else:
            self._late.pop(facts.id, None)
            self._never.discard(facts.id)

    # -- what to ask ------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many events are asked about."""
        return len(self._places)

    @property
    def share(self) -> float:
        """The most of all requests that questions take, over time."""
        return sum(self._share(status) for status in ASKED) + _FOLLOW

    def _share(self, status: str) -> float:
        usual = _SHARES.get(status)
        if usual is None:
            usual = min(_MOST, max(_LEAST, _CROWD / math.sqrt(max(1, self.count))))
        return usual

    def tick(self) -> None:
        """A request was spent on whatever."""
        self._credit = min(2.0, self._credit + self.share)

    def next(self, at: float, rate: float) -> Question | None:
        """What to ask now, if anything. Follow-ups take every second request, and are paid for."""
        self._following = not self._following
        if self._todo:
            if not self._following or self._credit <= -DEBT:
                return None
            window = self._todo.pop()
            if window.hi <= at:
                return None
            return self._ask(window, at)
        if self._credit < 0.0:
            return None
        for status in ASKED:
            trust = self._trust[status]
            if at - trust.asked >= trust.slow / (self._share(status) * rate):
                first = self._trust[SOLD_OUT]
                late = first.slow == 1.0 and at - first.asked > _AFTER / rate
                if status == PUBLISHED and late:
                    continue  # what was sold out since changes this number, too: that first
                pages = max(1, -(-(self._number(status, at, math.inf) + trust.offset) // self.full))
                trust.page = trust.page % pages + 1
                trust.asked = at
                return self._ask(StartWindow(status, at, page=trust.page, root=True), at)
        return None

    def _ask(self, window: StartWindow, at: float) -> Question:
        self._credit -= 1.0
        question = Question(
            window.status,
            datetime.fromtimestamp(max(window.lo, at), UTC),
            None if window.hi == math.inf else datetime.fromtimestamp(window.hi, UTC),
            window.page,
        )
        self._asked = {question: window}
        return question

    def failed(self, question: Question) -> None:
        """It was not answered."""
        self._asked.pop(question, None)
        self._todo.clear()
        self._search = None

    # -- what an answer says ----------------------------------------------------------------------

    def answered(
        self,
        question: Question,
        rows: Sequence[EventFacts],
        known: Mapping[str, str],
        at: float,
        *,
        last: bool,
        total: int | None = None,
        odd: int = 0,
    ) -> list[str]:
        """Take an answer; the ids of the events that it makes doubtful, to be polled by themselves.

        Args:
            question: what was asked.
            rows: the rows, as they were shown.
            known: the status by which events are known, by id.
            at: when it was answered, in Unix seconds.
            last: whether the page is the last.
            total: how many events there are in all, if the box office says so.
            odd: how many rows could not be read.
        """
        window = self._asked.pop(question, None)
        if window is None:
            return []
        self._now, trust, status = at, self._trust[window.status], window.status
        lo, hi, many = question.since.timestamp(), window.hi, len(rows) + odd
        if any(
            row.status != status or not lo - _EDGE <= row.starts_at.timestamp() <= hi + _EDGE
            for row in rows
        ):
            # The filter is ignored: the rows are rows of the list, and prove nothing else.
            trust.slow = _SLOWEST
            self._todo.clear()
            return []
        more = not last or (total is not None and total > (window.page - 1) * self.full + many)
        if more and 0 < many < self.full:
            self.full = many  # the box office shows fewer rows than were asked for
        before = self._number(status, lo, hi)
        for row in rows:
            if known.get(row.id) != status:
                self._found += 1
            if known.get(row.id, status) != status:
                stale = row.id in self._late or row.id in self._never
                self._claims.setdefault(row.id, Claim(status, shown=True, at=at, news=not stale))
            self._late.pop(row.id, None)
        if status == SOLD_OUT:
            self._missed(at)
        whole = window.page == 1 and not more
        doubted: list[str] = []
        if not window.leaf or window.page == 1:
            self._shown = set()
        self._shown.update(row.id for row in rows)
        if (whole or (window.leaf and not more)) and not odd:
            shown = self._shown
            doubted = [
                name
                for _, name in self._span(status, lo, hi)
                if name not in shown and name not in self._claims
            ][:_DOUBTED]
            self._found += len(doubted)
            for name in doubted:
                self._claims[name] = Claim(status, shown=False, at=at)
        count = many if whole else total
        if count is None and not more and rows:
            count = (window.page - 1) * self.full + many
        if window.root:
            self._searched(trust)
            self._found, changed = 0, trust.changed
            trust.changed = False
            if changed and (doubted == [] if whole else count == before):
                trust.supported()  # it follows what polls have shown
            if whole or count == before:
                trust.offset = 0
                return doubted
            off = None if count is None else count - self._number(status, lo, hi) - trust.offset
            if off != 0:
                self._search = status, off
                self._split(window, off, lo)
            return doubted
        if window.page == 1 and not window.leaf:
            off = None if count is None else count - before
            if not whole:
                left = None if count is None else count - self._number(status, lo, hi)
                if left != 0:
                    self._split(window, left, lo)
            if window.rest is not None and (off is None or window.rest[1] != off):
                rest = None if off is None else window.rest[1] - off
                self._split(StartWindow(status, hi, window.rest[0]), rest, hi)
        if not self._todo:
            self._searched(trust)
        return doubted

    def _searched(self, trust: Trust) -> None:
        """A search has ended. A difference that no window shows was over before it was found; one
        that comes twice is expected from now on."""
        if self._search is not None:
            off = 0 if self._found else self._search[1] or 0
            if off and off == trust.odd:
                trust.offset += off
                trust.contradicted()
                off = 0
            trust.odd = off
        self._search = None

    def _split(self, window: StartWindow, off: int | None, at: float) -> None:
        """Halve a window by the starts that are known in it."""
        lo = max(window.lo, at)
        starts = [start for start, _ in self._span(window.status, lo, window.hi)]
        if off is not None and len(starts) + off <= self.full:
            self._todo.append(StartWindow(window.status, lo, window.hi))
            return
        middle = self._middle(starts)
        if middle is None:
            # Many start at one moment: page by page.
            pages = -(-(len(starts) + abs(off or 1)) // self.full)
            self._todo += [
                StartWindow(window.status, lo, window.hi, page=page, leaf=True)
                for page in range(pages, 0, -1)
            ]
        elif off is None:
            for part in (StartWindow(window.status, middle, window.hi),
                         StartWindow(window.status, lo, middle)):  # fmt: skip
                if self._number(part.status, part.lo, part.hi) > self.full * 3 // 4:
                    self._split(part, None, part.lo)
                else:
                    self._todo.append(part)
        else:
            self._todo.append(StartWindow(window.status, lo, middle, rest=(window.hi, off)))

    @staticmethod
    def _middle(starts: Sequence[float]) -> float | None:
        """A moment near the middle at which nothing starts; None if all start together."""
        if not starts:
            return None
        half = starts[len(starts) // 2]
        if half - _EDGE > starts[0]:
            return half - _EDGE
        later = next((start for start in starts if start > half), None)
        return None if later is None else later - _EDGE

    def _missed(self, at: float) -> None:
        """Events whose stock is gone, and whose status has not followed."""
        late = [name for name, since in self._late.items() if at - since >= _LATE]
        for name in late:
            del self._late[name]
            self._never.add(name)
        for _ in late[:5]:
            self._trust[SOLD_OUT].contradicted()

    def _span(self, status: str, lo: float, hi: float) -> list[tuple[float, str]]:
        known = self._known[status]
        return known[bisect_left(known, (lo, "")) : bisect_left(known, (hi, ""))]

    def _number(self, status: str, lo: float, hi: float) -> int:
        """How many are known to be there, with what answers claim and no poll has borne out."""
        known = self._known[status]
        number = bisect_left(known, (hi, "")) - bisect_left(known, (lo, ""))
        for name, claim in list(self._claims.items()):
            was, starts = self._places.get(name, ("", lo))
            if self._now - claim.at > _CLAIM:
                del self._claims[name]
                continue
            if not lo <= starts < hi:
                continue
            is_now = claim.shown if claim.status == status else (was == status and not claim.shown)
            number += is_now - (was == status)
        return number


def _nothing_left(facts: EventFacts) -> bool:
    """Whether every ticket type is sold out."""
    types = facts.ticket_types
    return bool(types) and all(
        kind.available is not None and kind.available <= 0 and not kind.hidden
        for kind in types or ()
    )

"""Polling a box office request by request, as a schedule says. A flow.

Each poll reads a page of the list or one event. Its observation says nothing of what it does not
show. That an event is absent follows only from a whole round of pages, none of which shows it; see
:class:`Round`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import attrs

from ...client.flow import Flow, now, tick
from ...errors import ApiError
from ..model.facts import EventFacts, TypeFacts
from ..model.observation import Observation
from ..model.questions import Question
from ..polling.budget import Poll
from ..polling.planner import Planner
from ..ports import AskableBoxOffice, BoxOffice, Cursor, EventRows, NotThere
from .listing import moved, shown_or_not_told, unreadable_rows
from .observe import asked_for, one_by_one, understood, unseen_too_long
from .troubles import of_all

_ASKING = 30.0
"""Seconds in which events that the list no longer shows are asked for, one by one."""


@attrs.define
class Round:
    """The pages of the list that were read since the last whole round, in whatever order.

    Rows may move from page to page meanwhile. If that shows (an event came twice, or the total
    changed or does not match), the round proves no absence; the next round may.
    """

    _ids: dict[int, tuple[str, ...]] = attrs.field(factory=dict)
    _totals: set[int] = attrs.field(factory=set)
    _last: int | None = None

    def read(self, number: int, rows: EventRows) -> frozenset[str] | None:
        """A page was read; the ids of the whole round, if it ends with it and proves something."""
        odd = unreadable_rows(number, rows)
        self._ids[number] = (*(event.id for event in rows.events), *odd)
        if rows.total is not None:
            self._totals.add(rows.total)
        if rows.next is None:
            self._last = number
        elif self._last is not None and number >= self._last:
            self._last = None
        if self._last is None or any(n not in self._ids for n in range(1, self._last + 1)):
            return None
        listed = [event_id for n in range(1, self._last + 1) for event_id in self._ids[n]]
        seen, totals = frozenset(listed), self._totals
        self._ids, self._totals, self._last = {}, set(), None
        return None if moved(len(listed), seen, totals) else seen


class Poller:
    """Polls one box office.

    Args:
        planner: whose schedule learns what was seen.
        snapshot: every event as it was last seen; whoever commits changes keeps it up to date.
    """

    def __init__(self, planner: Planner, snapshot: Mapping[str, EventFacts]) -> None:
        self.planner = planner
        self._snapshot = snapshot
        self._round = Round()
        self._proved = datetime.min.replace(tzinfo=UTC)
        # Of each page the cursor that the one before it gave: it knows where the list began.
        self._cursors: dict[int, Cursor] = {}
        self._odd_rows: dict[int, dict[str, str]] = {}
        self._odd_events: dict[str, str] = {}
        # When events were last polled by themselves, and what their rows said last.
        self._polled: dict[str, datetime] = {}
        self._rows: dict[str, EventFacts] = {}
        # Those whose rows said something else since.
        self._doubted: set[str] = set()

    @property
    def unreadable(self) -> Mapping[str, str]:
        """What could not be read when it was last polled, and why; see :class:`Observation`."""
        rows = {name: why for odd in self._odd_rows.values() for name, why in odd.items()}
        return rows | self._odd_events

    def poll(self, box_office: BoxOffice, poll: Poll) -> Flow[Observation]:
        """Send a poll, and report to the schedule what was seen.

        Raises:
            ApiError: it failed; the schedule knows.
        """
        try:
            if poll.question is not None:
                return (yield from self._asked(box_office, poll.question))
            if poll.event is None:
                return (yield from self._page(box_office, poll))
            return (yield from self._event(box_office, poll.event))
        except Exception:
            moment = yield from now()
            self.planner.schedule.failed(poll, moment.timestamp())
            raise

    def _page(self, box_office: BoxOffice, poll: Poll) -> Flow[Observation]:
        schedule, wanted = self.planner.schedule, poll.page or 1
        number, cursor = self._nearest(box_office, wanted)
        rows = yield from understood(box_office.rows(cursor), box_office)
        at = yield from now()
        self._cursors[number + 1] = rows.next
        last = rows.next is None
        if number < wanted and not last:
            schedule.failed(poll, at.timestamp())  # it comes when those before it were read
        believed = tuple([row for row in rows.events if self._is_believed(row, at)])
        schedule.page_seen(number, believed, at.timestamp(), last=last)
        self._odd_rows[number] = unreadable_rows(number, rows)
        if last:
            for beyond in [page for page in self._odd_rows if page > number]:
                del self._odd_rows[beyond]
        whole = self._round.read(number, rows)
        if whole is None or at - self._proved < _APART:
            return Observation(at, believed, complete=False)
        self._proved = at
        odd = [name for page in self._odd_rows.values() for name in page]
        whole |= shown_or_not_told(whole, odd, self._snapshot)
        ends = _ASKING + (yield from tick())
        there: dict[str, EventFacts | None] = {}
        missing = unseen_too_long(self._snapshot, whole, schedule)
        yield from one_by_one(box_office, schedule, missing, asked_for, there, ends)
        # Of whom it could not be found out, that can be asked after the next round.
        gone = frozenset(event_id for event_id, facts in there.items() if facts is None)
        for event_id in gone:
            schedule.gone(event_id)
        found = [facts for facts in there.values() if facts is not None]
        return Observation(at, (*believed, *found), gone=gone, elsewhere=whole)

    def _asked(self, box_office: BoxOffice, question: Question) -> Flow[Observation]:
        """Ask a question. An event that is not known is believed. Where a row says something else
        than what is known, or lacks, the event is polled by itself: an answer to a filter may be
        old."""
        if not isinstance(box_office, AskableBoxOffice):
            raise TypeError(f"{box_office.name} says that it answers questions, and has no `asked`")
        rows = yield from understood(box_office.asked(question), box_office)
        at = yield from now()
        news = [row for row in rows.events if self._is_news(row)]
        believed = tuple([row for row in rows.events if row.id not in self._snapshot])
        for row in news:
            self.planner.schedule.again(row.id, at.timestamp())
        doubted = self.planner.schedule.question_seen(
            question,
            rows.events,
            at.timestamp(),
            last=rows.next is None,
            total=rows.total,
            odd=len(rows.unreadable),
            believed=believed,
        )
        self._doubted.update(doubted, (row.id for row in news))
        return Observation(at, believed, complete=False, read=None)

    def _is_news(self, row: EventFacts) -> bool:
        """Whether the row of an answer says something else of an event that is known."""
        known = self._snapshot.get(row.id)
        return known is not None and (
            (row.status, row.starts_at) != (known.status, known.starts_at)
        )

    def _is_believed(self, row: EventFacts, at: datetime) -> bool:
        """Whether a row is taken for how its event is now.

        A list may be cached while single events are live. So a row that says something else than
        the poll of the event itself is a reason to poll the event again, and no more: at once if
        the row is new, else when that poll is a minute old.
        """
        before, polled = self._rows.get(row.id), self._polled.get(row.id)
        self._rows[row.id] = row
        known = self._snapshot.get(row.id)
        if polled is None or known is None or not says_otherwise(row, known):
            return True
        if row != before or at - polled >= _OLD:
            self._doubted.add(row.id)
            self.planner.schedule.again(row.id, at.timestamp())
        return False

    def _nearest(self, box_office: BoxOffice, number: int) -> tuple[int, Cursor]:
        """A page and its cursor; if nobody can tell where it begins, the nearest one before it."""
        for page in range(number, 1, -1):
            cursor = self._cursors.get(page) or box_office.cursor(page)
            if cursor is not None:
                return page, cursor
        return 1, None

    def _event(self, box_office: BoxOffice, event_id: str) -> Flow[Observation]:
        # What is known saves requests for what seldom changes, which may be what is in doubt.
        known = None if event_id in self._doubted else self._snapshot.get(event_id)
        try:
            facts = yield from understood(box_office.event(event_id, known), box_office)
        except ApiError as error:
            self._polled.pop(event_id, None)  # its row is the best there is
            if not of_all(error):
                self._odd_events[event_id] = str(error)
            raise
        self._odd_events.pop(event_id, None)
        self._doubted.discard(event_id)
        at = yield from now()
        if isinstance(facts, NotThere):
            # Whether it is gone for good, the rounds tell.
            self.planner.schedule.gone(event_id)
            return Observation(at, (), complete=False)
        self.planner.schedule.event_seen(facts, at.timestamp())
        self._polled[event_id] = at
        return Observation(at, (facts,), complete=False, polls=1)


_OLD = timedelta(minutes=1)
_APART = timedelta(seconds=50)
"""Between two rounds that prove who is absent: two in a row must not be one hiccup of a list."""
_DERIVED = frozenset(
    {"ticket_types", "types_seen_at", "sold_out", "absent", "vanished", "sale", "sales", "until"}
)
_TOLD = tuple(field.name for field in attrs.fields(EventFacts) if field.name not in _DERIVED)
_TOLD_OF_TYPES = tuple(field.name for field in attrs.fields(TypeFacts))


def says_otherwise(row: EventFacts, known: EventFacts) -> bool:
    """Whether a row says something else of an event than what is known. What it does not say, such
    as a ticket type's count, is not something else."""
    if _differs(row, known, _TOLD):
        return True
    for kind in row.ticket_types or ():
        was = next((was for was in known.ticket_types or () if was.id == kind.id), None)
        if was is None or _differs(kind, was, _TOLD_OF_TYPES):
            return True
    return False


def _differs(now: object, known: object, names: Iterable[str]) -> bool:
    return any(
        (told := getattr(now, name)) is not None and told != getattr(known, name) for name in names
    )

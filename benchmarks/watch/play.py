"""One policy on one market, in virtual time, through the real quota code."""

from __future__ import annotations

import random
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from typing import Any

import attrs
from market import DAY, HOUR, ORDER, START, Life, Market, Shown

from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.polling.budget import Poll, PollReason
from willcall.bridge.polling.forecast import Speed
from willcall.bridge.polling.priority import Watched
from willcall.bridge.polling.schedule import Schedule
from willcall.client.quota import Quota, Window

PAGE = 100

QUOTA = Quota(60)
PER_MINUTE = 54  # a tenth is kept for writes, retries and other users of the key
TRIP = 0.1  # seconds there and back, a third either way


@attrs.define
class Played:
    """What came of it: seconds until each crossing was seen, how many buyers a minute it turned
    away, and of which event it was; ``missed`` were over before they were seen."""

    delays: list[float]
    weights: list[float]
    events: list[int]
    missed: int = 0
    longest: float = 0.0
    requests: int = 0
    refused: int = 0


class Listing:
    """The list as it goes on: events that are announced, and for half a day those that are over."""

    def __init__(self, market: Market) -> None:
        comes = [(life.announced, 1, life.number) for life in market.lives]
        goes = [(life.starts + 12 * HOUR, -1, life.number) for life in market.lives]
        self._changes, self._at = sorted(comes + goes), 0
        self.rows: list[int] = []

    def move(self, at: float) -> list[int]:
        """Go on until a moment; who has left."""
        gone = []
        while self._at < len(self._changes) and self._changes[self._at][0] <= at:
            _, sign, number = self._changes[self._at]
            self._at += 1
            if sign > 0:
                insort(self.rows, number)
            else:
                del self.rows[bisect_left(self.rows, number)]
                gone.append(number)
        return gone


class InTurn:
    """What a script does: one event on sale after the other. It is given which are on sale,
    which favours it.

    Args:
        market: what is played.
        rate: requests a second.
        pages: whether it reads the list too, once a minute or with half of its requests.
        only: whether it does nothing else.
    """

    def __init__(
        self, market: Market, rate: float, *, pages: bool = False, only: bool = False
    ) -> None:
        self._lives, self._rate, self._pages, self._only = market.lives, rate, pages, only
        self._place = self._page = 0
        self._count = 1
        self._slot = self._swept = 0.0

    def next(self, at: float) -> Poll:
        """As :meth:`Schedule.next`."""
        at = self._slot = max(at, self._slot + 1 / self._rate)
        every = 0.0 if self._only else max(60.0 / self._count, 2 / self._rate)
        if self._pages and at - self._swept >= every:
            self._swept = at
            self._page = self._page % self._count + 1
            return Poll(at, PollReason.SWEEP, page=self._page)
        while True:
            self._place = (self._place + 1) % len(self._lives)
            life = self._lives[self._place]
            if life.opens <= at < life.starts:
                return Poll(at, PollReason.FLOOR, event=str(life.number))

    def page_seen(
        self, number: int, rows: Sequence[EventFacts], at: float, *, last: bool = False
    ) -> None:
        """As :meth:`Schedule.page_seen`."""
        del rows, at
        self._count = number if last else max(self._count, number + 1)

    def event_seen(self, facts: EventFacts, at: float) -> None:
        """It learns nothing."""

    def gone(self, event_id: str) -> None:
        """Nor from this."""


class Informed(Schedule):
    """The planner, given the true rates whenever they change.

    Args:
        market: what is played.
        rate: requests a second.
    """

    def __init__(self, market: Market, rate: float) -> None:
        super().__init__(rate)
        self._lives = market.lives
        steps = ((at, life.number) for life in market.lives for at in life.steps if at >= START)
        self._steps = deque(sorted(steps))

    def _speed(self, one: Watched, kind: TypeFacts, at: float) -> Speed:
        sale = self._lives[int(one.facts.id)].rate
        rate = ORDER * sale(at, int(kind.id[1:]))
        return Speed(rate, rate, brings=0.0, known=1e9)

    def next(self, at: float) -> Poll:
        """As :meth:`Schedule.next`."""
        while self._steps and self._steps[0][0] <= at:
            _, number = self._steps.popleft()
            one = self._events.get(str(number))
            if one is not None and one.polled and one.live:
                self._weigh(one, at)
                self._ranking.place(one)
        return super().next(at)


class Server:
    """TicketSmart: answers what it is asked, and counts what it would refuse."""

    def __init__(self, market: Market, *, rows_tell: bool) -> None:
        self._market, self._rows_tell = market, rows_tell
        self._shown, self._listing = Shown(market), Listing(market)
        self._arrivals: deque[float] = deque()
        self.requests = self.refused = 0
        # When an event's ticket types were shown, and when its row said that all is sold out.
        self.polls: list[list[float]] = [[] for _ in market.lives]
        self.status: list[list[float]] = [[] for _ in market.lives]

    def arrives(self, at: float) -> list[int]:
        """A request has come; who has left the list."""
        while self._arrivals and self._arrivals[0] <= at - QUOTA.seconds:
            self._arrivals.popleft()
        self.refused += len(self._arrivals) >= QUOTA.requests
        self._arrivals.append(at)
        self.requests += 1
        return self._listing.move(at)

    def event(self, number: int, at: float) -> EventFacts:
        """One event's ticket types."""
        self.polls[number].append(at)
        return self._dated(self._market.lives[number], self._shown.facts(number, at), at)

    def page(self, number: int, at: float) -> tuple[list[EventFacts], bool]:
        """A page of the list, and whether it is the last."""
        numbers = self._listing.rows[(number - 1) * PAGE : number * PAGE]
        if self._rows_tell:
            return [self.event(number, at) for number in numbers], len(numbers) < PAGE
        rows = []
        for one in numbers:
            row = self._dated(self._market.lives[one], self._shown.row(one, at), at)
            if row.status == "SOLD_OUT":
                self.status[one].append(at)
            rows.append(row)
        return rows, len(numbers) < PAGE

    @staticmethod
    def _dated(life: Life, facts: EventFacts, at: float) -> EventFacts:
        return attrs.evolve(facts, status="COMPLETED") if at >= life.starts else facts


def play(
    market: Market,
    policy: Any,
    *,
    rows_tell: bool = False,
    warm: float = DAY,
    seed: int = 0,
    servers: list[Server] | None = None,
) -> Played:
    """Play a policy to the end of a market; what happens in the first ``warm`` seconds does not
    count. The server is put into ``servers``, for whoever wants to know of every poll."""
    draw = random.Random(seed).random
    server, window, at = Server(market, rows_tell=rows_tell), Window(), START
    if servers is not None:
        servers.append(server)
    while True:
        poll = policy.next(at)
        at = max(at, poll.at)
        if at >= market.end:
            return measured(market, server, warm)
        while (wait := window.take(QUOTA, at, write=False)).slot is None:
            at += wait.seconds
        arrives = at + TRIP * (0.3 + 0.4 * draw())
        at = arrives + TRIP * (0.3 + 0.4 * draw())
        window.settle(QUOTA, at, wait.slot)
        for number in server.arrives(arrives):
            policy.gone(str(number))
        if poll.event is not None:
            policy.event_seen(server.event(int(poll.event), arrives), at)
        else:
            rows, last = server.page(poll.page, arrives)
            policy.page_seen(poll.page, rows, at, last=last)


def measured(market: Market, server: Server, warm: float) -> Played:
    """When each crossing was seen, and what else is asked of a policy."""
    played = Played([], [], [], requests=server.requests, refused=server.refused)
    for crossing in market.crossings:
        if crossing.at < START + warm:
            continue
        end = min(crossing.until, market.end)
        seen = min(
            _first(server.polls[crossing.event], crossing.at),
            # That all is sold out says it of each ticket type, but not that one is merely low.
            end + 1 if crossing.low else _first(server.status[crossing.event], crossing.at),
        )
        played.missed += seen > end
        played.delays.append(min(seen, end) - crossing.at)
        played.weights.append(crossing.lost)
        played.events.append(crossing.event)
    for life in market.lives:
        before, end = max(life.opens, START + warm), min(life.starts, market.end)
        polls = server.polls[life.number]
        for moment in polls[bisect_left(polls, before) :]:
            if before < moment < end:
                played.longest = max(played.longest, moment - before)
                before = moment
        played.longest = max(played.longest, end - before)
    return played


def _first(moments: Sequence[float], at: float) -> float:
    place = bisect_left(moments, at)
    return moments[place] if place < len(moments) else float("inf")


def clairvoyant(market: Market, rate: float, warm: float = DAY) -> Played:
    """Looks right after each crossing, as far as the requests allow."""
    at, played = 0.0, Played([], [], [])
    for crossing in market.crossings:
        if crossing.at >= START + warm:
            at = max(at + 1 / rate, crossing.at)
            played.delays.append(at - crossing.at)
            played.weights.append(crossing.lost)
            played.events.append(crossing.event)
            played.requests += 1
    return played

"""One policy on one market, in virtual time, through the real quota code."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left, bisect_right, insort
from collections import deque

import attrs
from market import DAY, HOUR, START, Market, Shown

from willcall.bridge.schedule import Look, Schedule, Why
from willcall.client.quota import Quota, Window

QUOTA = Quota(60)
PER_MINUTE = 54


@attrs.define
class Played:
    delays: list[float]
    weights: list[float]
    missed: int
    longest: float
    requests: int
    refused: int
    why: dict[str, int]
    events: list[int] = attrs.field(factory=list)


class Listing:
    """The list as it goes on, a page at a time."""

    def __init__(self, market):
        self.market = market
        self.changes = sorted(
            [(l.announced, 1, l.number) for l in market.lives]
            + [(l.starts + 12 * HOUR, -1, l.number) for l in market.lives]
        )
        self.at = 0
        self.rows = []
        self.gone = []

    def move(self, at):
        while self.at < len(self.changes) and self.changes[self.at][0] <= at:
            _, sign, number = self.changes[self.at]
            self.at += 1
            if sign > 0:
                insort(self.rows, number)
            else:
                place = bisect_left(self.rows, number)
                if place < len(self.rows) and self.rows[place] == number:
                    del self.rows[place]
                    self.gone.append(number)


class InTurn:
    """What a script does: one event on sale after the other; it is told for nothing which are."""

    def __init__(self, market, rate, pages=False, only=False):
        self.only = only
        self.market, self.rate = market, rate
        self.place = 0
        self.slot = 0.0
        self.pages = pages
        self.page = 0
        self.count = 1
        self.swept = 0.0

    def next(self, at):
        at = self.slot = max(at, self.slot + 1 / self.rate)
        if self.pages:
            every = 0.0 if self.only else max(60.0 / self.count, 2 / self.rate)
            if at - self.swept >= every:
                self.swept = at
                self.page = self.page % self.count + 1
                return Look(at, Why.SWEEP, page=self.page)
        lives = self.market.lives
        while True:
            self.place = (self.place + 1) % len(lives)
            life = lives[self.place]
            if life.opens <= at < life.starts:
                return Look(at, Why.FLOOR, event=str(life.number))

    def page_seen(self, number, rows, at, *, last=False):
        self.count = number if last else max(self.count, number + 1)

    def event_seen(self, facts, at):
        pass

    def gone(self, name):
        pass


class Told(Schedule):
    """Ours, told the true rates, whenever they change."""

    def __init__(self, market, rate, **more):
        super().__init__(rate, **more)
        self.market = market
        self.steps = sorted(
            (at, life.number) for life in market.lives for at in life.steps if at >= START
        )
        self.step = 0

    def _speed(self, one, kind, at):
        return 2.2 * self.market.lives[int(one.facts.id)].rate(at, int(kind.id[1:])), 1e9

    def next(self, at):
        while self.step < len(self.steps) and self.steps[self.step][0] <= at:
            moment, number = self.steps[self.step]
            self.step += 1
            one = self._events.get(str(number))
            if one is not None and one.looked and one in self._oldest:
                self._looked(one, one.seen)
                self._weigh(one, at)
                self._ranking.place(one)
        return super().next(at)


def play(market, policy, *, rows_tell=False, warm=DAY, seed=0, trip=0.1, per_minute=PER_MINUTE):
    draw = random.Random(seed).random
    shown, listing = Shown(market), Listing(market)
    window = Window()
    looks = [[] for _ in market.lives]
    status = [[] for _ in market.lives]
    pages_looked = []
    arrivals = deque()
    at, refused, requests = START, 0, 0
    why = {}
    end = market.end
    while True:
        look = policy.next(at)
        at = max(at, look.at)
        if at >= end:
            break
        while (wait := window.take(QUOTA, at, write=False)).slot is None:
            at += wait.seconds
        arrive = at + trip * (0.3 + 0.4 * draw())
        answered = arrive + trip * (0.3 + 0.4 * draw())
        window.settle(QUOTA, answered, wait.slot)
        requests += 1
        why[look.why] = why.get(look.why, 0) + 1
        while arrivals and arrivals[0] <= arrive - 60:
            arrivals.popleft()
        refused += len(arrivals) >= 60
        arrivals.append(arrive)
        listing.move(arrive)
        if look.event is not None:
            number = int(look.event)
            life = market.lives[number]
            looks[number].append(arrive)
            facts = shown.facts(number, arrive)
            if arrive >= life.starts:
                facts = attrs.evolve(facts, status="COMPLETED")
            policy.event_seen(facts, answered)
        else:
            first = (look.page - 1) * 100
            numbers = listing.rows[first : first + 100]
            rows = []
            for number in numbers:
                life = market.lives[number]
                row = shown.facts(number, arrive) if rows_tell else shown.row(number, arrive)
                if arrive >= life.starts:
                    row = attrs.evolve(row, status="COMPLETED")
                if rows_tell:
                    looks[number].append(arrive)
                elif row.status == "SOLD_OUT":
                    status[number].append(arrive)
                rows.append(row)
            policy.page_seen(look.page, rows, answered, last=len(numbers) < 100)
            if listing.gone:
                for number in listing.gone:
                    policy.gone(str(number))
                listing.gone.clear()
        at = answered
    return measured(market, looks, status, warm, requests, refused, why)


def measured(market, looks, status, warm, requests, refused, why):
    delays, weights, events, missed = [], [], [], 0
    for one in market.crossings:
        if one.at < START + warm:
            continue
        best = min(one.until, market.end)
        ours = looks[one.event]
        place = bisect_left(ours, one.at)
        seen = ours[place] if place < len(ours) else best + 1
        if not one.low:
            more = status[one.event]
            place = bisect_left(more, one.at)
            if place < len(more):
                seen = min(seen, more[place])
        missed += seen > best
        delays.append(min(seen, best) - one.at)
        weights.append(one.lost)
        events.append(one.event)
    longest = 0.0
    for life in market.lives:
        begin, end = max(life.opens, START + warm), min(life.starts, market.end)
        if begin >= end:
            continue
        ours = looks[life.number]
        place = bisect_left(ours, begin)
        before = begin
        for moment in ours[place:]:
            if moment > end:
                break
            longest = max(longest, moment - before)
            before = moment
        longest = max(longest, end - before)
    return Played(delays, weights, missed, longest, requests, refused, why, events)


def clairvoyant(market, rate, warm=DAY):
    """Looks right after each crossing, as far as the requests allow."""
    at = 0.0
    delays, weights, events = [], [], []
    for one in market.crossings:
        if one.at < START + warm:
            continue
        at = max(at + 1 / rate, one.at)
        delays.append(at - one.at)
        weights.append(one.lost)
        events.append(one.event)
    return Played(delays, weights, 0, 0.0, len(delays), 0, {}, events)

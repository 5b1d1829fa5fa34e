"""A box office that sells: events, ticket types, orders, baskets, refunds and restocks, by a seed.

What is known of such sales, and where each figure comes from, stands in
docs/decisions/0047-the-planner-is-tuned-on-expected-delay.md. Moments are Unix seconds. An event's
whole life is drawn at once, as what changes when, so that a policy that polls later sees the same
market.
"""

from __future__ import annotations

import heapq
import math
import random
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import attrs

from willcall.bridge.model.facts import EventFacts, LowStock, TypeFacts

HOUR, DAY = 3_600.0, 86_400.0
START = datetime(2026, 11, 2, 5, 0, tzinfo=UTC).timestamp()  # a Monday, midnight in New York
LOW = LowStock()
ORDERS = (0.30, 0.72, 0.84, 0.96, 0.98, 1.0)  # how often an order is of 1, 2, … 6 tickets
ORDER = 2.2  # their mean
FLICKER = 900.0  # a condition that is gone for less than this is still the same


@attrs.frozen
class Model:
    """What may be turned about the market.

    Attributes:
        demand, spread: median of the demand over the capacity, and the deviation of its logarithm.
        sudden: the share of sales that open at a moment nobody has put into TicketSmart.
        surges: how many surges an event has a day, on average.
        abandoned, refunded: shares of orders whose seats come back: the basket's minutes later, or
            days later.
        restocked: how often a ticket type that sells out gets more seats.
    """

    demand: float = 0.55
    spread: float = 1.0
    sudden: float = 0.0
    surges: float = 0.1
    abandoned: float = 0.06
    refunded: float = 0.01
    restocked: float = 0.25


@attrs.frozen
class Crossing:
    """A ticket type was sold out or low from ``at`` until ``until``. ``lost`` is how many buyers a
    minute come for it then."""

    at: float
    until: float
    event: int
    low: bool
    lost: float


@attrs.define
class Life:
    """One event from its announcement to its end.

    ``times``, ``which`` and ``left`` say what is left of which ticket type from when on; ``more``
    are restocks (when, which, how many). ``gone`` are the times in which nothing at all is left.
    """

    number: int
    announced: float
    opens: float
    starts: float
    known: bool
    quantity: list[int]
    rate: _Rate
    steps: list[float]
    times: array[float] = attrs.field(factory=lambda: array("d"))
    which: array[int] = attrs.field(factory=lambda: array("b"))
    left: array[int] = attrs.field(factory=lambda: array("i"))
    more: list[tuple[float, int, int]] = attrs.field(factory=list)
    gone: list[tuple[float, float]] = attrs.field(factory=list)
    crossings: list[Crossing] = attrs.field(factory=list)


class Market:
    """``events`` places, in each of which one event follows another.

    Args:
        events: how many events there are at any time.
        days: for how long.
        seed: what is drawn.
        model: see :class:`Model`.
    """

    def __init__(self, events: int, days: float, seed: int, model: Model | None = None) -> None:
        self.model = model or Model()
        self.end = START + days * DAY
        self.random = random.Random(f"market {seed}")
        self.lives: list[Life] = []
        for _ in range(events):
            # As if it had gone on for ever: half a year ago these places were filled as well.
            at = START - self.random.uniform(180, 240) * DAY
            while at < self.end:
                life = self._life(self._drawn(at))
                if life.starts > START:
                    life.number = len(self.lives)
                    self.lives.append(life)
                at = life.starts + 3 * HOUR
        self.crossings = sorted(
            (
                attrs.evolve(crossing, event=life.number)
                for life in self.lives
                for crossing in life.crossings
                if START <= crossing.at < self.end
            ),
            key=lambda one: one.at,
        )

    def _drawn(self, announced: float) -> Life:
        draw = self.random
        wait = draw.uniform(1, 7) * DAY
        lead = min(120.0, max(3.0, draw.lognormvariate(math.log(35), 0.7))) * DAY
        opens = _ten(announced + wait)
        starts = _evening(opens + lead)
        capacity = min(20_000, max(60, draw.lognormvariate(math.log(350), 0.9)))
        shares = [draw.uniform(0.5, 1.5) / (1 + 0.6 * one) for one in range(draw.randint(2, 5))]
        quantity = [max(15, round(capacity * share / sum(shares))) for share in shares]
        return Life(
            0,
            announced,
            opens,
            starts,
            draw.random() >= self.model.sudden,
            quantity,
            _Rate(opens, starts, 0.0, [1.0] * len(quantity), [], []),
            [],
        )

    def _life(self, life: Life) -> Life:
        """Everything that happens to an event."""
        draw, model = self.random, self.model
        span = life.starts - life.opens
        ratio = draw.lognormvariate(math.log(model.demand), model.spread)
        total = ratio * sum(life.quantity) / ORDER
        opening = min(0.7, draw.uniform(0.05, 0.2) + 0.12 * ratio)
        late = (1 - opening) * draw.uniform(0.3, 0.6)
        fast = draw.lognormvariate(math.log(900), 0.7)
        surges = [
            (
                draw.uniform(life.opens, life.starts),
                draw.expovariate(25.0),
                draw.uniform(0.3, 2) * HOUR,
            )
            for _ in range(_poisson(draw, model.surges * span / DAY))
        ]
        middle = 1 - opening - late
        calm: list[tuple[float, Callable[[], float], Callable[[float], float]]] = [
            (opening * 0.5, *_decay(draw, life.opens, fast)),
            (opening * 0.5, *_decay(draw, life.opens, 8 * HOUR)),
            (late, *_rise(draw, life.starts, 2.5 * DAY)),
            (middle, *_flat(draw, life.opens, span)),
        ]
        stirred = [(share, *_decay(draw, at, length)) for at, share, length in surges]
        taste = [q * draw.lognormvariate(0, 0.5) for q in life.quantity]
        life.rate = _Rate(
            life.opens,
            life.starts,
            total,
            taste,
            [(weight, dense) for weight, _, dense in calm],
            [(weight, dense) for weight, _, dense in stirred],
        )
        life.steps = sorted(
            one
            for at in (life.opens, *(at for at, _, _ in surges))
            for one in (at + 1, at + 600, at + 1800, at + HOUR, at + 2 * HOUR, at + 6 * HOUR)
            if life.opens < one < life.starts
        )
        if life.starts <= START:
            return life
        orders = sorted(
            at
            for number, (weight, sample, _) in enumerate([*calm, *stirred])
            for _ in range(_poisson(draw, total * weight))
            if life.opens <= (at := sample()) < life.starts
            and (number < 2 or draw.random() * 1.8 < daily(at))
        )
        self._sell(life, orders, taste)
        return life

    def _sell(self, life: Life, orders: list[float], taste: list[float]) -> None:
        draw, model = self.random, self.model
        left = list(life.quantity)
        book = _Book(life, left)
        back: list[tuple[float, int, int, bool]] = []
        total = sum(taste)
        ends = [sum(taste[: one + 1]) / total for one in range(len(taste))]
        for at in (*orders, math.inf):
            while back and back[0][0] <= at and back[0][0] < life.starts:
                moment, one, count, restock = heapq.heappop(back)
                if restock:
                    life.quantity[one] += count
                    life.more.append((moment, one, count))
                left[one] += count
                book.note(moment, one)
            if at == math.inf:
                break
            one = bisect_right(ends, draw.random())
            one = min(one, len(left) - 1)
            count = bisect_right(ORDERS, draw.random()) + 1
            if left[one] == 0:
                others = [other for other, n in enumerate(left) if n]
                if not others or draw.random() < 0.5:
                    continue
                one = draw.choice(others)
            count = min(count, left[one])
            left[one] -= count
            book.note(at, one)
            luck = draw.random()
            if luck < model.abandoned:
                heapq.heappush(back, (at + draw.uniform(300, 720), one, count, False))
            elif luck < model.abandoned + model.refunded:
                heapq.heappush(back, (at + draw.expovariate(1 / (5 * DAY)), one, count, False))
            if left[one] == 0 and draw.random() < model.restocked:
                extra = max(2, round(life.quantity[one] * draw.uniform(0.03, 0.1)))
                heapq.heappush(back, (at + draw.expovariate(1 / (1.5 * DAY)), one, extra, True))
        book.close()


class _Book:
    """Writes down what changes, and which conditions begin and end."""

    def __init__(self, life: Life, left: list[int]) -> None:
        self.life, self.left = life, left
        self.since: dict[tuple[int, bool], tuple[float, float]] = {}
        self.none: float | None = None
        self.first = list(life.quantity)

    def note(self, at: float, one: int) -> None:
        life, n = self.life, self.left[one]
        life.times.append(at)
        life.which.append(one)
        life.left.append(n)
        level = LOW.level(life.quantity[one])
        self._is(at, (one, False), n == 0)
        # Sold out is not low any more; but it does not clear it either, so it is one condition.
        self._is(at, (one, True), n <= level)
        if (self.none is None) == (not any(self.left)):
            if self.none is None:
                self.none = at
            else:
                life.gone.append((self.none, at))
                self.none = None

    def _is(self, at: float, key: tuple[int, bool], on: bool) -> None:
        was = self.since.get(key)
        if on:
            if was is None or (was[1] and at - was[1] > FLICKER):
                self._done(key)
                self.since[key] = (at, 0.0)
            elif was[1]:
                self.since[key] = (was[0], 0.0)
        elif was is not None and not was[1]:
            self.since[key] = (was[0], at)

    def _done(self, key: tuple[int, bool]) -> None:
        was = self.since.pop(key, None)
        if was is not None:
            one, low = key
            lost = self.life.rate(was[0], one) * 60
            self.life.crossings.append(Crossing(was[0], was[1] or self.life.starts, 0, low, lost))

    def close(self) -> None:
        for key in list(self.since):
            self._done(key)
        if self.none is not None:
            self.life.gone.append((self.none, self.life.starts))
        self.life.quantity = self.first


class _Rate:
    """Orders a second that come for a ticket type."""

    def __init__(
        self,
        opens: float,
        starts: float,
        total: float,
        taste: list[float],
        calm: list[tuple[float, Callable[[float], float]]],
        surges: list[tuple[float, Callable[[float], float]]],
    ) -> None:
        self.opens, self.starts, self.total = opens, starts, total
        self._parts, self.usual = [*calm, *surges], len(calm)
        self.taste = [one / sum(taste) for one in taste]

    def __call__(self, at: float, one: int) -> float:
        return self.total * sum(self.densities(at)) * self.taste[one]

    def densities(self, at: float) -> list[float]:
        """Which share of all orders comes in a second, by what brings them: first what is usual
        (``usual`` of them), then surges."""
        if not self.opens <= at < self.starts:
            return []
        rhythm = daily(at) / 1.8
        return [
            weight * dense(at) * (1.0 if number < 2 else rhythm)
            for number, (weight, dense) in enumerate(self._parts)
        ]


def daily(at: float) -> float:
    """Sales by the hour in New York, over their mean: most in the early afternoon."""
    hour = ((at - START) % DAY) / HOUR
    return 1.0 + 0.8 * math.cos((hour - 14.0) / 24.0 * math.tau)


def _decay(
    draw: random.Random, begin: float, length: float
) -> tuple[Callable[[], float], Callable[[float], float]]:
    return (
        lambda: begin + draw.expovariate(1 / length),
        lambda at: math.exp((begin - at) / length) / length if at >= begin else 0.0,
    )


def _rise(
    draw: random.Random, end: float, length: float
) -> tuple[Callable[[], float], Callable[[float], float]]:
    return (
        lambda: end - draw.expovariate(1 / length),
        lambda at: math.exp((at - end) / length) / length if at < end else 0.0,
    )


def _flat(
    draw: random.Random, begin: float, span: float
) -> tuple[Callable[[], float], Callable[[float], float]]:
    return (lambda: begin + draw.random() * span, lambda _: 1 / span)


def _poisson(draw: random.Random, mean: float) -> int:
    if mean > 60:
        return max(0, round(draw.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, draw.random()
    while product > limit:
        count += 1
        product *= draw.random()
    return count


def _ten(at: float) -> float:
    """Sales open at ten in the morning."""
    return START + math.floor((at - START) / DAY) * DAY + 10 * HOUR


def _evening(at: float) -> float:
    return START + math.floor((at - START) / DAY) * DAY + 20 * HOUR


class Shown:
    """What TicketSmart shows of a market as time goes on: one for each play."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._lives = [_Shown(life) for life in market.lives]

    def facts(self, number: int, at: float) -> EventFacts:
        """An event with its ticket types."""
        return self._lives[number].facts(at)

    def row(self, number: int, at: float) -> EventFacts:
        """The same without them."""
        return self._lives[number].row(at)

    def listed(self, at: float) -> Iterator[int]:
        """The events that are announced and not over."""
        return (life.number for life in self.market.lives if life.announced <= at < life.starts)


class _Shown:
    def __init__(self, life: Life) -> None:
        self._life = life
        self._at, self._more = 0, 0
        self._left = list(life.quantity)
        self._gone = 0
        known = datetime.fromtimestamp(life.opens, UTC) if life.known else None
        types = tuple(
            TypeFacts(
                id=f"t{one}",
                name=f"t{one}",
                quantity=count,
                available=count,
                sale_starts_at=known,
            )
            for one, count in enumerate(life.quantity)
        )
        self._row = EventFacts(
            id=str(life.number),
            title="",
            status="PUBLISHED",
            starts_at=datetime.fromtimestamp(life.starts, UTC),
        )
        self._types = list(types)
        self._facts = attrs.evolve(self._row, ticket_types=types)

    def row(self, at: float) -> EventFacts:
        gone = self._life.gone
        while self._gone < len(gone) and gone[self._gone][1] <= at:
            self._gone += 1
        sold_out = self._gone < len(gone) and gone[self._gone][0] <= at
        status = "SOLD_OUT" if sold_out else "PUBLISHED"
        if status != self._row.status:
            self._row = attrs.evolve(self._row, status=status)
            self._facts = attrs.evolve(self._facts, status=status)
        return self._row

    def facts(self, at: float) -> EventFacts:
        life, place = self._life, self._at
        end = bisect_right(life.times, at, place)
        self.row(at)
        if end == place:
            return self._facts
        self._at = end
        changed = {}
        for step in range(place, end):
            changed[life.which[step]] = life.left[step]
        while self._more < len(life.more) and life.more[self._more][0] <= at:
            _, one, count = life.more[self._more]
            self._more += 1
            before = self._types[one]
            self._types[one] = attrs.evolve(before, quantity=before.quantity + count)
        for one, left in changed.items():
            before = self._types[one]
            self._types[one] = attrs.evolve(before, available=left)
        self._facts = attrs.evolve(self._facts, ticket_types=tuple(self._types))
        return self._facts

"""How late crossings are to be expected to be seen, whether or not one happened: to tune a planner.

What a play saw depends on whether crossings happened to fall early or late between its polls: over
four markets of six days that alone moves the mean by a tenth. Here each time between two polls of
an event counts, by what the model's true rates say: with F(t) the probability that a ticket type
crosses a threshold within t of a poll, F is summed up over all of them, and ∫F dt is the delay.
(Nearly the conditional expectation, given the polls: Rao-Blackwell.) What comes back between two
polls is left out, and so are rows that show that all is sold out.

Surges are few, and a single one that is seen late moves such a mean. So there is a second figure,
in which those that happened do not count, and one might begin at any moment between two polls:
what it would sell across a threshold, and how long before the next poll. (After that poll the
planner knows; what it then does shows in the surges that happened.) Words behind the policy turn
constants of the planner, not what is derived from them:

    python benchmarks/watch/expected.py --events 1000 --days 2.5 willcall informed \
        "willcall polling.priority._TWO=0.75"
"""

from __future__ import annotations

import argparse
import importlib
import math
import statistics
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import pairwise

import attrs
import play
from market import DAY, FLICKER, HOUR, LOW, ORDER, ORDERS, START, Life, Market, Model, daily

from willcall.bridge.polling.schedule import Schedule

RATE = play.PER_MINUTE / 60
SIZES = [ORDERS[0], *(more - less for less, more in pairwise(ORDERS))]
SQUARES = sum(share * size**2 for size, share in enumerate(SIZES, 1))
MOST = 64  # tickets: with more the sum of orders is as good as normal
# What a surge of the model brings on average, of an event's demand, and how long it lasts.
BRINGS, LASTS = 0.04, 1.15 * HOUR
# How many times that, and how probably: Gauss-Laguerre, since it is distributed exponentially.
TIMES = ((0.415775, 0.711093), (2.294280, 0.278518), (6.289945, 0.010389))
EVERY = 3  # of so many events one is asked what a surge would bring
LEAST, STEPS = -7.0, 25  # the least mean that is in the table, and how many there are to a decade


@attrs.define
class Sum:
    """Delays and crossings that are expected, and the part of both that falls into surges."""

    delay: float = 0.0
    crossings: float = 0.0
    surge_delay: float = 0.0
    surge_crossings: float = 0.0
    sprung_delay: float = 0.0
    sprung_crossings: float = 0.0

    def __add__(self, other: Sum) -> Sum:
        return Sum(*(a + b for a, b in zip(attrs.astuple(self), attrs.astuple(other), strict=True)))

    def line(self) -> str:
        """The means in words."""
        calm = (self.delay - self.surge_delay) / (self.crossings - self.surge_crossings)
        surge = self.surge_delay / max(1e-9, self.surge_crossings)
        return (
            f"expected {self.delay / self.crossings:7.2f} s of {self.crossings:6.0f} crossings; "
            f"in surges ({self.surge_crossings / self.crossings:.1%} of them) {surge:.1f}, "
            f"else {calm:.2f}\n  {self.even():.2f} if a surge might begin at any moment; "
            f"{self.sprung_crossings:.0f} crossings before the next poll, "
            f"{self.sprung_delay / max(1e-9, self.sprung_crossings):.0f} s each"
        )

    def even(self) -> float:
        """The mean in which surges count that might have been, instead of those that were."""
        return (self.delay - self.surge_delay + self.sprung_delay) / self.crossings


@cache
def _tails(step: int) -> list[float]:
    """Logarithms of the probability that orders of so many tickets or more have come (Panjer)."""
    mean = 10 ** (LEAST + step / STEPS)
    exactly = [math.exp(-mean)]
    for tickets in range(1, MOST):
        sizes = enumerate(SIZES[:tickets], 1)
        ways = sum(size * share * exactly[tickets - size] for size, share in sizes)
        exactly.append(mean / tickets * ways)
    if mean < 1:  # summed from the far end, where they are small
        tails, total = [0.0] * (MOST + 1), 0.0
        for tickets in range(MOST - 1, -1, -1):
            total += exactly[tickets]
            tails[tickets] = total
    else:
        tails = [max(0.0, 1 - sum(exactly[:tickets])) for tickets in range(MOST + 1)]
    return [math.log(max(tail, 1e-300)) for tail in tails]


def crossed(tickets: int, orders: float) -> float:
    """The probability that so many tickets or more are sold, where so many orders are expected."""
    if orders <= 10**LEAST:
        return orders * sum(SIZES[tickets - 1 :])
    if tickets >= MOST or orders > 200:
        mean, spread = ORDER * orders, math.sqrt(2 * SQUARES * orders)
        return 0.5 * math.erfc((tickets - 0.5 - mean) / spread)
    place = (math.log10(orders) - LEAST) * STEPS
    step = int(place)
    low, high = _tails(step)[tickets], _tails(step + 1)[tickets]
    return math.exp(low + (high - low) * (place - step))


@attrs.define
class Stock:
    """What is left of an event's ticket types as time goes on, and since when a condition is not
    any more: one that is gone for a moment only is still the same."""

    life: Life
    left: list[int]
    quantity: list[int]
    ended: dict[tuple[int, bool], float] = attrs.field(factory=dict)
    place: int = 0
    more: int = 0

    def move(self, at: float) -> None:
        """Go on until a moment."""
        life = self.life
        while self.place < len(life.times) and life.times[self.place] <= at:
            moment, one = life.times[self.place], life.which[self.place]
            while self.more < len(life.more) and life.more[self.more][0] <= moment:
                _, other, count = life.more[self.more]
                self.quantity[other] += count
                self.more += 1
            before, now = self.left[one], life.left[self.place]
            self.left[one] = now
            level = LOW.level(self.quantity[one])
            if before == 0 < now:
                self.ended[one, False] = moment
            if before <= level < now:
                self.ended[one, True] = moment
            self.place += 1

    def ahead(self, at: float) -> Iterator[tuple[int, float]]:
        """How many tickets are left until each threshold, and the share of the event's orders that
        come for that ticket type: half of those who find theirs sold out take another."""
        taste = self.life.rate.taste
        others = sum(1 for left in self.left if left)
        spilt = 0.5 * sum(taste[one] for one, left in enumerate(self.left) if not left)
        for one, left in enumerate(self.left):
            share = taste[one] + spilt / max(1, others)
            for low, tickets in ((False, left), (True, left - LOW.level(self.quantity[one]))):
                fresh = at - self.ended.get((one, low), -math.inf) < FLICKER
                if left > 0 and tickets > 0 and not fresh:
                    yield tickets, share


def between(stock: Stock, since: float, until: float) -> Sum:
    """What is expected of the time between two polls."""
    life, span = stock.life, until - since
    parts = 1 if span < 40 else 3 if span < 900 else 6 if span < 4000 else 12
    cuts = [since + span * part / parts for part in range(parts + 1)]
    if parts > 1:
        steps = life.steps
        cuts += steps[bisect_right(steps, since) : bisect_left(steps, until)]
        cuts.sort()
    pieces, orders, surged = [], 0.0, 0.0
    for begin, end in pairwise(cuts):
        each = life.rate.densities((begin + end) / 2)
        come = life.rate.total * sum(each) * (end - begin)
        pieces.append((end - begin, come))
        orders += come
        surged += life.rate.total * sum(each[life.rate.usual :]) * (end - begin)
    found = Sum()
    if orders <= 0:
        return found
    for tickets, share in stock.ahead(since):
        if orders * share * ORDER * 40 < tickets and tickets > 6 and orders * share < 0.02:
            continue  # as good as never
        come = before = delay = 0.0
        for seconds, some in pieces:
            come += some
            now = crossed(tickets, come * share)
            delay += seconds * (before + now) / 2
            before = now
        part = surged / orders
        found += Sum(delay, before, delay * part, before * part)
    return found


def sprung(stock: Stock, since: float, until: float) -> Sum:
    """What is expected of a surge that begins between two polls, until the second."""
    life, span = stock.life, until - since
    ahead = [one for one in stock.ahead(since) if one[0] < 200] if span >= 60 else []
    begins = Model().surges / DAY * span
    found = Sum()
    places = 4 if span < 4_000 else 8
    for times, chance in TIMES if ahead else ():
        most = life.rate.total * BRINGS * times
        for place in range(places):
            left = span * (place + 0.5) / places  # seconds until the second poll
            brings = most * daily(until - left) / 1.8
            # Most crossings come while it is young.
            ends = (0.15, 0.4, 1.0, left / LASTS) if left > 1.5 * LASTS else ()
            cuts = [LASTS * end for end in ends] or [left * one for one in (0.15, 0.4, 0.7, 1.0)]
            for tickets, share in ahead:
                if most * share * ORDER * 4 < tickets and tickets > 3:
                    continue  # as good as never
                before = delay = begin = 0.0
                for end in cuts:
                    come = brings * share * -math.expm1(-end / LASTS)
                    now = crossed(tickets, max(1e-12, come))
                    delay += (end - begin) * (before + now) / 2
                    before, begin = now, end
                weight = begins * chance / places
                found.sprung_delay += weight * delay
                found.sprung_crossings += weight * before
    return found


def reckoned(market: Market, polls: list[list[float]], warm: float) -> Sum:
    """All events of a market, as they were polled."""
    found = Sum()
    for life in market.lives:
        begin, end = max(life.opens, START + warm), min(life.starts, market.end)
        if begin >= end:
            continue
        stock = Stock(life, list(life.quantity), list(life.quantity))
        seen = polls[life.number]
        first = bisect_left(seen, begin)
        points = [*seen[max(0, first - 1) : bisect_left(seen, end)], end]
        if not first:
            points.insert(0, begin)
        for since, until in pairwise(points):
            stock.move(since)
            if until > max(since, begin):
                found += between(stock, max(since, begin), until)
                if life.number % EVERY == 0:
                    might = sprung(stock, max(since, begin), until)
                    found.sprung_delay += EVERY * might.sprung_delay
                    found.sprung_crossings += EVERY * might.sprung_crossings
    return found


def work(name: str, events: int, days: float, warm: float, seed: int) -> tuple[Sum, list[float]]:
    """One policy on one market: what is expected, and what happened."""
    policy, *turned = name.split()
    for setting in turned:
        where, _, value = setting.partition("=")
        module, _, constant = where.rpartition(".")
        found = importlib.import_module(f"willcall.bridge.{module}")
        if not hasattr(found, constant):
            raise ValueError(f"no {constant} in willcall.bridge.{module}")
        setattr(found, constant, float(value))
    market = Market(events, days, seed, Model())
    policies = {
        "willcall": lambda: Schedule(RATE),
        "informed": lambda: play.Informed(market, RATE),
        "sweep": lambda: play.InTurn(market, RATE),
    }
    servers: list[play.Server] = []
    played = play.play(market, policies[policy](), warm=warm, seed=seed, servers=servers)
    return reckoned(market, servers[0].polls, warm), played.delays


def main() -> int:
    """Read the arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("policies", nargs="+", help="willcall, informed or sweep, and constants")
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--days", type=float, default=2.5)
    parser.add_argument("--warm", type=float, default=0.5, help="days that do not count")
    parser.add_argument("--seeds", type=int, default=4, help="how many markets")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    chosen = parser.parse_args()
    sizes = (chosen.events, chosen.days, chosen.warm * DAY)
    with ProcessPoolExecutor(chosen.jobs, max_tasks_per_child=1) as pool:
        running = {
            name: [pool.submit(work, name, *sizes, seed) for seed in range(chosen.seeds)]
            for name in chosen.policies
        }
        for name, futures in running.items():
            done = [future.result() for future in futures]
            delays = [delay for _, some in done for delay in some]
            each = " ".join(f"{one.delay / one.crossings:.1f}" for one, _ in done)
            total = sum((one for one, _ in done), Sum())
            happened = f"{statistics.fmean(delays):.1f} of {len(delays)}"
            print(f"{name}\n  {total.line()}\n  by market {each}; happened {happened}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Something sells out; after how long is there a ticket? Three kinds of moment.

*announced*: a sale opens at a time that TicketSmart tells, and sells its last ticket some minutes
later. *sudden*: an event that sold quietly, or not at all, gets hot without notice; an order comes
every few seconds until the last ticket of a ticket type is gone. *at once*: one order takes all
that is left, and nothing announces it: no planner can do better than polling in turn.

The events that are chosen are chosen at random, and none twice. Half of the others sell quietly
meanwhile.
"""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
from scaled import Lag, Watched, quantile, until, watched

LIMIT = 1800.0
"""Seconds after which a moment counts as that."""

_AT_ONCE = 40.0
"""Seconds between two moments of the kind *at once*, on average. They need not wait for each other:
nothing is known of one before it is seen."""


@attrs.define
class Moment:
    """The last ticket of a ticket type is sold. ``took``: seconds until there was a ticket."""

    event: Any
    kind: Any
    sold_at: datetime
    took: float | None = None

    @property
    def subjects(self) -> tuple[str, str]:
        """How a ticket about it may begin."""
        return (
            f"{self.kind.name} sold out: {self.event.title}, ",
            f"Sold out: {self.event.title}, ",
        )


@attrs.frozen
class Found:
    """The moments of one kind; ``took`` is sorted."""

    took: tuple[float, ...]
    lag: Lag
    refused: int
    warm: float

    @property
    def late(self) -> int:
        """How many had no ticket within the limit, and count as it."""
        return sum(one >= LIMIT for one in self.took)

    def __str__(self) -> str:
        p50, p95 = quantile(self.took, 0.5), quantile(self.took, 0.95)
        late = f"; {self.late} not within {LIMIT:.0f} s, counted as that" if self.late else ""
        refused = f"; {self.refused} requests were REFUSED" if self.refused else ""
        return f"p50 {p50:.1f} s, p95 {p95:.1f} s, longest {self.took[-1]:.1f} s{late}{refused}"


class Trade:
    """What is sold beside: half of the events, some more than others, sell an order now and then.

    No ticket type runs low or out by it: that would be one more moment.
    """

    def __init__(self, one: Watched, dice: random.Random) -> None:
        office = one.sandbox.boxoffice
        self.events = sorted(office.events, key=lambda event: str(event.id))
        dice.shuffle(self.events)
        quiet = self.events[: len(self.events) // 2]
        weights = [1.0 / (1 + rank) for rank in range(len(quiet))]
        ours = random.Random(dice.random())
        self._over = threading.Event()

        def sell() -> None:
            while not self._over.wait(ours.expovariate(1 / 8.0) / one.factor):
                event = ours.choices(quiet, weights)[0]
                kind = ours.choice(event.ticket_types)
                if event in self.events and kind.available > 0.25 * kind.quantity + 12:
                    office.sell(event.id, kind.id, ours.randint(1, 2))

        self._thread = threading.Thread(target=sell, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def chosen(self, dice: random.Random, stock: range) -> tuple[Any, Any]:
        """An event that was not chosen before, and a ticket type of it with so many left."""
        fit = [
            (event, kinds)
            for event in self.events
            if (
                kinds := [
                    ticket_type
                    for ticket_type in event.ticket_types
                    if ticket_type.available in stock
                ]
            )
        ]
        if not fit:
            raise SystemExit(f"no event is left with {stock} tickets: --moments or --events")
        event, kinds = dice.choice(fit)
        self.events.remove(event)
        return event, dice.choice(kinds)


def moments(
    how: str,
    count: int,
    factor: float,
    events: int,
    seed: int = 6,
    *,
    rows: bool = False,
    stock: range = range(40, 301),
    most: float = LIMIT,
) -> Found:
    """So many moments of a kind, one watch.

    Args:
        how: *announced*, *sudden* or *at once*.
        count: how many.
        factor: how much faster the clock runs.
        events: how many there are.
        seed: what is drawn is drawn from it.
        rows: whether rows of the list carry ticket types.
        stock: how many tickets may be left of a ticket type that is to sell out; *at once* takes
            any.
        most: seconds that a ticket is waited for.
    """
    dice = random.Random(f"{how}/{seed}")
    with tempfile.TemporaryDirectory() as folder:
        with watched(Path(folder), factor, events, rows=rows) as one:
            trade = Trade(one, dice)
            trade.start()
            try:
                warm = one.warm_up()
                found = list(_KINDS[how](one, trade, dice, count, stock, most))
                until(one, lambda: all(_opened(one, moment) for moment in found), most)
            finally:
                trade.stop()
        took = sorted(LIMIT if moment.took is None else moment.took for moment in found)
        return Found(tuple(took), one.lag(), one.refused(), warm)


def _opened(one: Watched, moment: Moment) -> bool:
    """Whether there is a ticket about it, by the server's own clock."""
    if moment.took is None:
        for ticket in one.sandbox.desk.tickets:
            if ticket.subject.startswith(moment.subjects):
                moment.took = (ticket.created_at - moment.sold_at).total_seconds()
                break
    return moment.took is not None


def _announced(
    one: Watched, _: Trade, dice: random.Random, count: int, stock: range, most: float
) -> Iterator[Moment]:
    """One more event whose sale opens then and then, as it says."""
    office, clock = one.sandbox.boxoffice, one.clock
    for number in range(count):
        opens = clock.now() + timedelta(seconds=dice.uniform(90.0, 150.0) if most >= LIMIT else 5.0)
        event = office.create(
            f"Big Night {number}",
            clock.now() + timedelta(days=dice.randint(5, 60)),
            ticket_types=[
                {
                    "name": "Floor",
                    "price": 4500,
                    "quantity": dice.randrange(stock.start, min(stock.stop, 161)),
                    "sale_starts_at": opens,
                },
                {"name": "Balcony", "price": 3000, "quantity": 300},
            ],
            status="PUBLISHED",
        )
        clock.sleep((opens - clock.now()).total_seconds())
        moment = _sold_down(one, dice, event, event.ticket_types[0], 3.0)
        until(one, lambda moment=moment: _opened(one, moment), most)
        yield moment


def _sudden(
    one: Watched, trade: Trade, dice: random.Random, count: int, stock: range, most: float
) -> Iterator[Moment]:
    """One of the events gets hot, and nobody has said so."""
    for _ in range(count):
        one.clock.sleep(dice.uniform(0.0, 60.0) if most >= LIMIT else 0.0)
        event, kind = trade.chosen(dice, stock)
        moment = _sold_down(one, dice, event, kind, dice.uniform(2.0, 6.0))
        until(one, lambda moment=moment: _opened(one, moment), most)
        yield moment


def _at_once(
    one: Watched, trade: Trade, dice: random.Random, count: int, _: range, most: float
) -> Iterator[Moment]:
    """All that is left goes in one order."""
    for _ in range(count):
        one.clock.sleep(dice.expovariate(1 / _AT_ONCE) if most >= LIMIT else 1.0)
        event, kind = trade.chosen(dice, range(1, 301))
        at = one.clock.now()
        one.sandbox.boxoffice.sell(event.id, kind.id, kind.available)
        yield Moment(event, kind, at)


_Kind = Callable[[Watched, Trade, random.Random, int, range, float], Iterator[Moment]]
_KINDS: dict[str, _Kind] = {"announced": _announced, "sudden": _sudden, "at once": _at_once}
KINDS = tuple(_KINDS)


def _sold_down(one: Watched, dice: random.Random, event: Any, kind: Any, pause: float) -> Moment:
    """Orders come, ``pause`` seconds apart on average, until nothing is left."""
    office, clock = one.sandbox.boxoffice, one.clock
    while kind.available > 1:
        office.sell(event.id, kind.id, min(dice.randint(1, 4), kind.available - 1))
        clock.sleep(dice.expovariate(1 / pause))
    clock.sleep(dice.uniform(0.0, 2.0 * pause))
    at = clock.now()
    office.sell(event.id, kind.id, kind.available)
    return Moment(event, kind, at)

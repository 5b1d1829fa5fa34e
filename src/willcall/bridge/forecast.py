"""How fast a ticket type sells, and when it will be low and gone. Pure.

Sales run through phases: a burst as the sale opens, a long slow middle, a rise in the last days.
How fast each phase sells on average is learned from all ticket types together (:class:`Profile`).
What is kept of one ticket type (:class:`Velocity`) is only how many times the average it sells:
tickets sold over tickets expected, a Gamma-Poisson estimate. So a new event is not blind, a burst
is not taken for a lasting rate, and looks a few seconds apart, in which hardly anything was
expected, prove hardly anything. Both sums are forgotten over a day.

All moments are Unix seconds, rates tickets a second.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from .facts import LowStock, TypeFacts

MEMORY = 86_400.0
"""Seconds over which what was seen of a ticket type counts for less, to 1/e of it."""

_SHAPE = 0.5  # of the prior: one half of an order is all that the average of others is worth
_ORDER = 2.2  # tickets an order; sales come in orders, so tickets are that much more uneven
_ODDS = 1.2816  # of a normal variable, one in ten is further out on either side

_SINCE = (900.0, 3_600.0, 14_400.0, 86_400.0, 604_800.0)  # seconds on sale
_UNTIL = (86_400.0, 259_200.0)  # seconds until the event starts
# What is believed of each phase before anything was seen: shares of the quantity sold a second.
_BELIEVED = (1e-4, 4e-5, 1.5e-5, 5e-6, 1.5e-6, 7e-7)
_RISE = (4.0, 2.0, 1.0)
_BELIEF = 20.0  # in quantities' worth of tickets: so much must be seen to be believed as much


def phase(one: TypeFacts, starts_at: float, at: float) -> int:
    """Which phase of its sale a ticket type is in; one that nobody has put a date to is in the
    middle of it."""
    opened = None if one.sale_starts_at is None else one.sale_starts_at.timestamp()
    since = len(_SINCE) if opened is None else bisect_right(_SINCE, at - opened)
    return since * (len(_UNTIL) + 1) + bisect_right(_UNTIL, starts_at - at)


class Profile:
    """How fast each phase sells, learned from every ticket type that is looked at.

    Args:
        seen: what :meth:`to_json` wrote.
    """

    def __init__(self, seen: Sequence[Sequence[float]] | None = None) -> None:
        believed = [share * rise for share in _BELIEVED for rise in _RISE]
        usable = seen is not None and len(seen) == len(believed)
        self._sold = [float(s) for s, _ in seen or ()] if usable else [0.0] * len(believed)
        self._watched = [float(w) for _, w in seen or ()] if usable else [0.0] * len(believed)
        self._believed = believed

    def rate(self, number: int) -> float:
        """The share of its quantity that an average ticket type sells a second in a phase."""
        believed = _BELIEF / self._believed[number]
        return (_BELIEF + self._sold[number]) / (believed + self._watched[number])

    def learn(self, number: int, share: float, seconds: float) -> None:
        """A ticket type has sold such a share of its quantity in so many seconds."""
        self._sold[number] += share
        self._watched[number] += seconds

    def to_json(self) -> list[list[float]]:
        """The profile as JSON, for the ledger."""
        return [[s, w] for s, w in zip(self._sold, self._watched, strict=True)]


@attrs.frozen
class Interval:
    """Seconds from now until something is expected: one time in ten it is sooner than
    ``soonest``, one in ten later than ``latest``."""

    soonest: float
    expected: float
    latest: float


@attrs.frozen
class Forecast:
    """What is expected of one ticket type.

    ``rate`` is in tickets a second. ``sold_out`` is None where there is nothing to sell out, and
    ``low`` where it is low already, or was never told.
    """

    rate: float
    left: int | None
    sold_out: Interval | None = None
    low: Interval | None = None


@attrs.frozen
class Velocity:
    """What is kept of how fast one ticket type sells.

    ``tickets`` were sold where ``expected`` would have been by the average, both forgotten over a
    day; ``left`` and ``quantity`` are of the last look, which was ``at``.
    """

    tickets: float = 0.0
    expected: float = 0.0
    left: int | None = None
    quantity: int | None = None
    at: float = 0.0

    def seen(self, one: TypeFacts, at: float, share: float) -> Velocity:
        """This, after one more look.

        A restock is no sale, nor is it a refund; seats that come back (refunded, or held in a
        basket and let go) take back as many of the sales. A clock that was set back tells nothing.

        Args:
            one: what the look saw.
            at: when.
            share: the share of its quantity that the average sells a second, see
                :meth:`Profile.rate`.
        """
        left, quantity = one.available, one.quantity
        if left is None:
            return self
        span = at - self.at
        if self.left is None or span < 0:
            return Velocity(self.tickets, self.expected, left, quantity, at)
        sold = self.sold_since(one)
        kept = math.exp(-span / MEMORY)
        # Nothing can be sold where nothing is left: such time tells nothing of demand.
        watched = 0.0 if self.left <= 0 else MEMORY * (1.0 - kept)
        return Velocity(
            max(0.0, self.tickets * kept + sold),
            self.expected * kept + share * size(one) * watched,
            left,
            quantity,
            at,
        )

    def sold_since(self, one: TypeFacts) -> int:
        """How many were sold since the last look: fewer than none, where some came back."""
        if self.left is None or one.available is None:
            return 0
        sold = self.left - one.available
        if self.quantity is not None and one.quantity is not None:
            return sold + one.quantity - self.quantity
        return max(0, sold)

    def rate(self, share: float, tickets: float) -> float:
        """Tickets a second, where the average sells ``share`` of the quantity a second and the
        quantity is so many ``tickets``."""
        prior = _SHAPE * _ORDER
        return share * tickets * (self.tickets + prior) / (self.expected + prior)

    def forecast(self, one: TypeFacts, share: float, low: LowStock) -> Forecast:
        """What to expect, if it goes on selling as it does. See :meth:`rate`."""
        rate = self.rate(share, size(one))
        left = one.available
        if left is None or left <= 0:
            return Forecast(rate, left)
        spare = left - low.level(one.quantity)
        return Forecast(
            rate, left, self._until(left, rate), self._until(spare, rate) if spare > 0 else None
        )

    def _until(self, tickets: int, rate: float) -> Interval:
        """When so many more are sold. How long an order takes and how well the rate is known are
        both uncertain by a factor, so they add up in its logarithm."""
        orders = max(1.0, tickets / _ORDER)
        known = self.tickets / _ORDER + _SHAPE
        spread = math.exp(_ODDS * math.sqrt(1.0 / orders + 1.0 / known))
        expected = tickets / rate
        return Interval(expected / spread, expected, expected * spread)

    def to_json(self) -> list[float | None]:
        """This as JSON, for the ledger."""
        return [
            round(self.tickets, 3),
            round(self.expected, 6),
            self.left,
            self.quantity,
            round(self.at, 3),
        ]

    @classmethod
    def from_json(cls, value: Any) -> Velocity:
        """What :meth:`to_json` wrote; anything else is as good as nothing seen."""
        try:
            tickets, expected, left, quantity, at = value
            return cls(
                max(0.0, float(tickets)),
                max(0.0, float(expected)),
                None if left is None else int(left),
                None if quantity is None else int(quantity),
                float(at),
            )
        except (TypeError, ValueError):
            return cls()


def size(one: TypeFacts) -> float:
    """How many tickets the average's share is taken of."""
    return float(max(one.quantity or 0, one.available or 0, 1))


def velocities(value: Mapping[str, Any]) -> dict[str, Velocity]:
    """Velocities by ticket type's id, from JSON."""
    return {str(name): Velocity.from_json(one) for name, one in value.items()}

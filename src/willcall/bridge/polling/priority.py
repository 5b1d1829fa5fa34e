"""What a look is worth. Pure.

It grows with the seconds τ since the last look: τ times the number of thresholds (low, sold out)
that are expected to have been crossed meanwhile, over an event's ticket types. With μ orders a
second and n tickets left until a threshold, one order crosses it with the probability that it is
of n tickets or more, so with μτ·P(order ≥ n). Where one is not enough, two halves of the way
must have been gone: 0.3·(vτ/n)²·(1 + 1/a) for v tickets a second learned from `a` orders, so that
what is badly known is looked at sooner. Higher powers, which counting on with three
and more would give, trust today's rate too far: they did worse. Only from 15 tickets on it is
(15/n)² of that. A surge may begin that brings so many; and where one may be on, v² is its mean over
both. Where none is left, some may come back, and be gone again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import attrs

from ..model.facts import EventFacts, EventState, LowStock, TypeFacts
from .forecast import ORDER, Speed, Velocity

SURPRISE = 1e-12
"""How often a second a ticket type does what no forecast knows, so that none is worth nothing."""

_TWO = 0.3  # of `twice`: with more, looks go to what is far from any threshold
_FAR = 15.0  # tickets: from there on two halves of the way are too few, outside of surges
_RETURNS = 6e-6  # a second, just after it sold out: refunds, baskets let go, more seats
_RETURNING = 172_800.0  # seconds until that is 1/e of it
_SELDOM = 0.05  # but never less than this share
_RETURNED = 0.05  # of the quantity come back at a time, or two tickets
_SOON = 1_800.0  # seconds in which they must sell out to be missed by usual looks

# The odds that an order is of one ticket or more, of two or more, and so on: people come by twos
# and fours. Their sum is ORDER.
_OR_MORE = (1.0, 0.7, 0.3, 0.14, 0.04, 0.02)


@attrs.define(eq=False)
class Unit:
    """What one request shows, and what looking at it is worth.

    ``once`` and ``twice`` are the factors of τ and τ² in the expected number of crossings, which
    are at most ``most``. ``due`` is when it is worth ``price``, ``placed`` its valid entry in the
    heap (None while it is under way), ``ringed`` whether it is in the ring, ``live`` whether it is
    to be looked at in its turn at all.
    """

    seen: float
    once: float = 0.0
    twice: float = 0.0
    most: float = 0.0
    due: float = math.inf
    price: float = 0.0
    placed: int | None = None
    failures: int = 0
    live: bool = False
    ringed: bool = False

    def worth(self, at: float) -> float:
        """What a look is worth now, in seconds of delay."""
        wait = max(0.0, at - self.seen)
        return wait * min(self.most, max(self.once, self.twice * wait) * wait)

    def wait(self, price: float) -> float:
        """After how many seconds a look is worth so much."""
        if self.most <= 0:
            return math.inf
        once = math.sqrt(price / self.once) if self.once > 0 else math.inf
        twice = math.cbrt(price / self.twice) if self.twice > 0 else math.inf
        return max(price / self.most, min(once, twice))


class Selling(NamedTuple):
    """A ticket type on sale: how fast, and for how many seconds nothing has been left of it, if
    nothing is."""

    kind: TypeFacts
    speed: Speed
    empty_for: float


@attrs.define(eq=False)
class Watched(Unit):
    """One event.

    ``looked`` says whether its ticket types were seen, ``page`` where its row is, and ``moment``
    what is known to come next. ``surge`` is the probability that it sells in a surge, ``pace`` how
    many orders a second are expected of it if it does not, and ``stirred`` if it does. ``tried`` is
    when it was asked for in vain, and 0 once it could be read.
    """

    facts: EventFacts = attrs.field(kw_only=True)
    starts: float = attrs.field(kw_only=True)
    types: dict[str, Velocity] = attrs.field(kw_only=True)
    looked: bool = False
    page: int = 1
    moment: float = math.inf
    surge: float = 0.0
    pace: float = 0.0
    stirred: float = 0.0
    tried: float = 0.0

    def weigh(
        self,
        selling: Iterable[Selling],
        low: LowStock,
        weight: float,
    ) -> None:
        """How soon a look is worth something.

        Args:
            selling: the ticket types on sale.
            low: when one runs low.
            weight: how much the event counts.
        """
        once = twice = most = 0.0
        # Where nothing at all is left, the list tells when something is again.
        sold_out = self.facts.status == EventState.SOLD_OUT
        for kind, speed, empty_for in selling:
            rate = speed.rate(self.surge)
            once += SURPRISE
            most += 1.0
            left = kind.available or 0
            if left <= 0 and not sold_out:
                once += _again(kind, rate, empty_for)
            for tickets in (left, left - low.level(kind.quantity)):
                if tickets <= 0:
                    continue
                most += 1.0
                once += rate / ORDER * _crosses(tickets)
                once += speed.sprung(tickets) * (1.0 - self.surge)
                if tickets > ORDER:
                    calm = (1.0 - self.surge) * (speed.usual * min(1.0, _FAR / tickets)) ** 2
                    square = calm + self.surge * speed.stirred**2
                    twice += _TWO * square / tickets**2 * (1.0 + 1.0 / speed.known)
        self.once, self.twice, self.most = once * weight, twice * weight, most * weight


def _crosses(tickets: int) -> float:
    """The odds that one order is of so many tickets or more."""
    last = len(_OR_MORE)
    return _OR_MORE[tickets - 1] if tickets <= last else _OR_MORE[-1] * 0.5 ** (tickets - last)


def _again(kind: TypeFacts, rate: float, empty_for: float) -> float:
    """How often a second some come back of a ticket type of which nothing is left, and are sold
    out again before a look that is due anyway."""
    returned = max(2.0, _RETURNED * (kind.quantity or 0))
    return (
        _RETURNS * (math.exp(-empty_for / _RETURNING) + _SELDOM) * min(1.0, rate * _SOON / returned)
    )


@attrs.define(eq=False)
class PagePriority(Unit):
    """One page of a list whose rows carry ticket types."""

    number: int = attrs.field(kw_only=True)
    events: tuple[Watched, ...] = ()

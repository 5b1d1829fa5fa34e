"""The priority of a poll: the seconds of delay that it is expected to save. Pure.

It grows with τ, the seconds since the last poll: τ times the number of thresholds (low, sold out)
that an event's ticket types are expected to have crossed since then. For a ticket type that sells
μ orders a second and has n tickets left until a threshold, that number is the sum of

- μτ·P(order ≥ n): a single order crosses it;
- 0.3·(vτ/n)²·(1 + 1/a), for v tickets a second learned from `a` orders: several orders cross it
  together. The last factor polls an event sooner whose rate is not well known. From n = 15 on the
  term is multiplied by (15/n)². Terms of higher powers trust the present rate too far, and did
  worse;
- the chance that a surge begins that sells n tickets. If a surge may be under way, v² is the mean
  over both states.

A ticket type that is sold out may get tickets back and sell out again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import attrs

from ..model.facts import EventFacts, EventState, LowStock, TypeFacts
from .forecast import ORDER, Speed, Velocity

SURPRISE = 1e-12
"""How often a second a ticket type does what no forecast knows, so that no priority is zero."""

_TWO = 0.3  # of `twice`: with more, polls go to what is far from any threshold
_FAR = 15.0  # tickets: from here on the term of several orders is reduced, outside of surges
_RETURNS = 6e-6  # a second, just after it sold out: refunds, baskets let go, more seats
_RETURNING = 172_800.0  # seconds until that is 1/e of it
_SELDOM = 0.05  # but never less than this share
_RETURNED = 0.05  # of the quantity come back at a time, or two tickets
_SOON = 1_800.0  # seconds in which they must sell out to be missed by the usual polls

# The odds that an order is of one ticket or more, of two or more, and so on: people come by twos
# and fours. Their sum is ORDER.
_OR_MORE = (1.0, 0.7, 0.3, 0.14, 0.04, 0.02)


@attrs.define(eq=False)
class Unit:
    """What one request shows, and the priority of that request.

    Attributes:
        seen: when it was last seen, in Unix seconds.
        once: the factor of τ in the expected number of crossings.
        twice: the factor of τ² in it.
        most: the most crossings that are possible.
        due: when the priority reaches ``price``, in Unix seconds.
        price: the price by which it was placed in the heap.
        placed: the number of its valid entry in the heap; None while its poll is under way.
        failures: how many polls in a row have failed.
        live: whether it gets a turn of its own.
        ringed: whether it is in the ring.
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

    def priority(self, at: float) -> float:
        """The seconds of delay that a poll at this moment is expected to save."""
        wait = max(0.0, at - self.seen)
        return wait * min(self.most, max(self.once, self.twice * wait) * wait)

    def wait(self, price: float) -> float:
        """After how many seconds without a poll the priority reaches a price."""
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

    Attributes:
        facts: the event as it is known.
        starts: when it starts, in Unix seconds.
        types: what is known of how fast its ticket types sell, by their ids.
        polled: whether its ticket types were ever seen.
        page: the page of the list that has its row, from 1.
        moment: the next moment at which something is known to happen, in Unix seconds.
        surge: the probability that it sells in a surge.
        pace: how many orders a second are expected outside of a surge.
        stirred: how many orders a second are expected in a surge.
        tried: when it last could not be read, in Unix seconds; 0 once it could.
    """

    facts: EventFacts = attrs.field(kw_only=True)
    starts: float = attrs.field(kw_only=True)
    types: dict[str, Velocity] = attrs.field(kw_only=True)
    polled: bool = False
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
        """Set the factors from which the priority follows.

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
    out again before a poll that is due anyway."""
    returned = max(2.0, _RETURNED * (kind.quantity or 0))
    return (
        _RETURNS * (math.exp(-empty_for / _RETURNING) + _SELDOM) * min(1.0, rate * _SOON / returned)
    )


@attrs.define(eq=False)
class PagePriority(Unit):
    """One page of a list whose rows carry ticket types."""

    number: int = attrs.field(kw_only=True)
    events: tuple[Watched, ...] = ()

"""How fast a ticket type sells, and when it will be low and gone. Pure.

Sales run through phases: a burst as the sale opens, a long slow middle, a rise in the last days.
How fast each phase sells on average is learned from all ticket types together (:class:`Profile`).
What is kept of one ticket type (:class:`Velocity`) is only how many times the average it sells:
tickets sold over tickets expected, a Gamma-Poisson estimate, with what it sold since its sale
opened as its prior. So a new event has a forecast at once, a slow sale is not forgotten, a burst is
not taken for a lasting rate, and polls a few seconds apart, between which hardly any sale was
expected, change hardly anything. Sales count for less and less over a day.

Beside that an event may sell in a surge: for an hour or so all its ticket types sell many times as
fast, and nothing announces it (:func:`surging`).

All moments are Unix seconds, rates tickets a second.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import attrs

from ..model.facts import LowStock, TypeFacts

MEMORY = 86_400.0
"""Seconds over which what was seen of a ticket type counts for less, to 1/e of it."""

ORDER = 2.2
"""Tickets in an order, on average: they are bought by twos and fours."""

_MOST = 20.0  # tickets: no more than so many are remembered, so that a surge is soon believed
_NO_SOONER = 300.0  # seconds; whatever was sold in less is not believed to go on as fast
_PRIOR = 0.5 * ORDER  # half an order is all that the average of others is worth
_LIFE = 4.0 * ORDER  # and four what it sold itself since its sale opened: sales change their pace
_ODDS = 1.2816  # of a normal variable, one in ten is further out on either side

_DAY = 86_400.0
_SINCE = (900.0, 3_600.0, 14_400.0, 43_200.0, _DAY, 3 * _DAY, 7 * _DAY)  # seconds on sale
_UNTIL = (_DAY, 2 * _DAY, 3 * _DAY, 5 * _DAY, 8 * _DAY)  # seconds until the event starts
# What is believed of each phase before anything was seen: shares of the quantity sold a second.
_BELIEVED = (1e-4, 4e-5, 1.5e-5, 7e-6, 4e-6, 2e-6, 1e-6, 7e-7)
_RISE = (4.0, 3.0, 2.0, 1.5, 1.2, 1.0)
_BELIEF = 20.0  # in quantities' worth of tickets: so much must be seen to be believed as much

_SURGE = 30.0  # times as fast sells what sells in a surge, at least
_SURGES = 0.07 / _DAY  # that begin a second
_LASTS = 3_600.0  # seconds, on average
_BRINGS = 0.05  # of all that was sold before it brings as much again, on average
_LEAST = 1e-12  # orders a second, so that none is impossible


class Speed(NamedTuple):
    """How fast one ticket type is expected to sell, in tickets a second: as ``usual``, or
    ``stirred`` in a surge, which ``brings`` so many tickets on average. It rests on ``known``
    orders, those before the first poll included."""

    usual: float
    stirred: float
    brings: float
    known: float

    def rate(self, chance: float) -> float:
        """Tickets a second, if it is so probable that it sells in a surge."""
        return self.usual + chance * (self.stirred - self.usual)

    def sprung(self, tickets: int) -> float:
        """How often a second a surge begins that brings so many tickets or more: what one brings
        is taken to be distributed exponentially."""
        return _SURGES * math.exp(-tickets / self.brings) if self.brings > 0 else 0.0


def surging(chance: float, orders: float, pace: float, stirred: float, seconds: float) -> float:
    """How probable it is that an event sells in a surge, after another poll.

    A surge is what nothing announces: an hour or so in which all ticket types of an event sell many
    times as fast, since somebody has spoken of it. A hidden Markov chain of two states, surge or
    not, in which orders come by chance; what both may have done between two polls is approximated.
    Tickets are seen and not orders, so one order of six or more counts as several.

    Args:
        chance: how probable it was at the last poll.
        orders: how many came since then.
        pace: how many a second are expected outside of a surge.
        stirred: how many a second are expected in a surge.
        seconds: how long ago the last poll was.
    """
    if seconds <= 0:
        return chance
    begun = -math.expm1(-_SURGES * min(seconds, _LASTS))
    now = chance * math.exp(-seconds / _LASTS) + (1.0 - chance) * begun
    more = (stirred - pace) * min(1.0, _LASTS / seconds)
    if more <= 0:
        return now  # nothing can be sold, or as much as ever: no evidence
    # A surge has filled only a part of a long time without a poll, and is likely to be over.
    over = (1.0 - now) * -math.expm1(-_SURGES * max(0.0, seconds - _LASTS))
    evidence = orders * math.log1p(more / max(pace, _LEAST)) - more * seconds
    odds = math.exp(max(-50.0, min(50.0, evidence)))
    return now * odds / (1.0 - now - over + (now + over) * odds)


def phase(opened: float | None, starts: float, at: float) -> int:
    """Which phase of its sale a ticket type is in; one that nobody has put a date to is in the
    middle of it.

    Args:
        opened: when its sale opened, as far as that is known.
        starts: when the event starts.
        at: now.
    """
    since = len(_SINCE) if opened is None else bisect_right(_SINCE, at - opened)
    return since * (len(_UNTIL) + 1) + len(_UNTIL) - bisect_right(_UNTIL, starts - at)


def _phases(opened: float, starts: float, at: float) -> Iterator[tuple[int, float]]:
    """The phases of a sale from its opening until now, with how many seconds each took."""
    ends = [*(opened + since for since in _SINCE), *(starts - until for until in _UNTIL)]
    begin = opened
    for end in (*sorted(end for end in ends if opened < end < at), at):
        yield phase(opened, starts, (begin + end) / 2), end - begin
        begin = end


class Profile:
    """How fast each phase sells, learned from every ticket type that is polled.

    Args:
        seen: what :meth:`to_json` wrote.
    """

    def __init__(self, seen: Sequence[Sequence[float]] | None = None) -> None:
        believed = [share * rise for share in _BELIEVED for rise in reversed(_RISE)]
        usable = seen is not None and len(seen) == len(believed)
        self._sold = [float(s) for s, _ in seen or ()] if usable else [0.0] * len(believed)
        self._watched = [float(w) for _, w in seen or ()] if usable else [0.0] * len(believed)
        self._believed = believed

    def rate(self, number: int) -> float:
        """The share of its quantity that an average ticket type sells a second in a phase."""
        believed = _BELIEF / self._believed[number]
        return (_BELIEF + self._sold[number]) / (believed + self._watched[number])

    def sold(self, opened: float, starts: float, at: float) -> float:
        """How many tickets an average ticket type would have sold since its sale opened, had it any
        number of them; over its quantity."""
        return sum(self.rate(number) * span for number, span in _phases(opened, starts, at))

    def learn(self, number: int, share: float, seconds: float) -> None:
        """A ticket type has sold a share of its quantity within some seconds."""
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
    ``low`` where it is low already, or where no count is known.
    """

    rate: float
    left: int | None
    sold_out: Interval | None = None
    low: Interval | None = None


@attrs.frozen
class Velocity:
    """What is kept of how fast one ticket type sells.

    ``tickets`` were sold where ``expected`` would have been by the average, both forgotten over a
    day; ``left`` and ``quantity`` are of the last poll, which was ``at``. ``opened`` is when the
    first sale was seen of one whose sale opened without notice, and ``emptied`` since when nothing
    has been left, if nothing is.
    """

    tickets: float = 0.0
    expected: float = 0.0
    left: int | None = None
    quantity: int | None = None
    at: float = 0.0
    opened: float | None = None
    emptied: float | None = None

    @property
    def known(self) -> float:
        """How many orders the estimate rests on; the prior counts as half an order."""
        return (self.tickets + _PRIOR) / ORDER

    def seen(self, ticket_type: TypeFacts, at: float, profile: Profile, starts: float) -> Velocity:
        """The velocity after another poll.

        A restock is not a sale. Seats that come back (refunded, or released from a basket) reduce
        the sales by as many. If the clock was set back, nothing is learned.

        Args:
            ticket_type: as it was seen.
            at: when.
            profile: how fast others sell; it learns from this poll.
            starts: when the event starts.
        """
        left, quantity = ticket_type.available, ticket_type.quantity
        if left is None:
            return self
        span = at - self.at
        if self.left is None or span <= 0:
            return attrs.evolve(
                self, left=left, quantity=quantity, at=at, emptied=self._emptied(left, at)
            )
        sold, opened = self.sold_since(ticket_type), self.opened
        if opened is None and self.left == self.quantity and sold > 0:
            opened = self.at + span / 2
        elif left == quantity:
            opened = None  # all came back: somebody had only held them
        kept = math.exp(-span / MEMORY)
        tickets, expected = max(0.0, self.tickets * kept + sold), self.expected * kept
        since = _opened(ticket_type, opened)
        # Nothing can be sold if nothing is left, or before the sale opens: nothing is learned.
        begun = self.at if since is None else min(at, max(self.at, since))
        if self.left > 0 and begun < at:
            number = phase(since, starts, at)
            expected += (
                profile.rate(number)
                * size(ticket_type)
                * MEMORY
                * (1 - math.exp((begun - at) / MEMORY))
            )
            profile.learn(number, max(0, sold) / size(ticket_type), at - begun)
        if tickets > _MOST:
            tickets, expected = _MOST, expected * _MOST / tickets
        return Velocity(tickets, expected, left, quantity, at, opened, self._emptied(left, at))

    def _emptied(self, left: int, at: float) -> float | None:
        if left > 0:
            return None
        return at if self.emptied is None else min(self.emptied, at)

    def empty_for(self, at: float) -> float:
        """For how many seconds nothing has been left; 0, where something is."""
        return 0.0 if self.emptied is None else max(0.0, at - self.emptied)

    def sold_since(self, ticket_type: TypeFacts) -> int:
        """How many were sold since the last poll; negative if some came back."""
        if self.left is None or ticket_type.available is None:
            return 0
        sold = self.left - ticket_type.available
        if self.quantity is not None and ticket_type.quantity is not None:
            return sold + ticket_type.quantity - self.quantity
        return max(0, sold)

    def speed(self, ticket_type: TypeFacts, profile: Profile, starts: float, at: float) -> Speed:
        """How fast it is expected to sell now."""
        opened = _opened(ticket_type, self.opened)
        average = profile.rate(phase(opened, starts, at)) * size(ticket_type)
        # The more orders were seen lately the less counts what was before: a sudden sale may be a
        # hundred times as fast.
        tickets, expected = _before(ticket_type, opened, profile, starts, at)
        less = math.exp(-self.tickets / _LIFE)
        tickets = less * tickets + self.tickets
        expected = less * expected + self.expected
        usual, brings = average * tickets / expected, _BRINGS * _sold(ticket_type)
        return Speed(usual, max(_SURGE * usual, brings / _LASTS), brings, tickets / ORDER)

    def forecast(
        self, ticket_type: TypeFacts, profile: Profile, starts: float, at: float, low: LowStock
    ) -> Forecast:
        """What to expect, if it goes on selling as it does now."""
        rate, left = self._pace(ticket_type, profile, starts, at), ticket_type.available
        if left is None or left <= 0:
            return Forecast(rate, left)
        spare = left - low.level(ticket_type.quantity)
        return Forecast(
            rate, left, self._until(left, rate), self._until(spare, rate) if spare > 0 else None
        )

    def _pace(self, ticket_type: TypeFacts, profile: Profile, starts: float, at: float) -> float:
        """Tickets a second, as shown to people: the more orders were seen, the less the average of
        others counts, since a sudden sale may be a thousand times as fast. One large order in a
        moment is not a pace: it counts as if it had taken some minutes."""
        average = profile.rate(phase(_opened(ticket_type, self.opened), starts, at)) * size(
            ticket_type
        )
        prior = _PRIOR * math.exp(-self.tickets / ORDER)
        watched = max(self.expected, average * _NO_SOONER)
        return average * (self.tickets + prior) / (watched + prior)

    def _until(self, tickets: int, rate: float) -> Interval:
        """When so many more are sold. How long the orders take and how well the rate is known are
        both uncertain by a factor, so their squares add up in its logarithm."""
        orders = max(1.0, tickets / ORDER)
        spread = math.exp(_ODDS * math.sqrt(1.0 / orders + 1.0 / self.known))
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
            None if self.opened is None else round(self.opened, 3),
            None if self.emptied is None else round(self.emptied, 3),
        ]

    @classmethod
    def from_json(cls, value: Any) -> Velocity:
        """What :meth:`to_json` wrote; anything else reads as an empty velocity."""
        try:
            tickets, expected, left, quantity, at, opened, emptied = value
            return cls(
                max(0.0, float(tickets)),
                max(0.0, float(expected)),
                None if left is None else int(left),
                None if quantity is None else int(quantity),
                float(at),
                None if opened is None else float(opened),
                None if emptied is None else float(emptied),
            )
        except (TypeError, ValueError):
            return cls()


def _opened(ticket_type: TypeFacts, seen: float | None) -> float | None:
    """When the sale of a ticket type opened: as the box office says, else as it was seen to."""
    return seen if ticket_type.sale_starts_at is None else ticket_type.sale_starts_at.timestamp()


def _before(
    ticket_type: TypeFacts, opened: float | None, profile: Profile, starts: float, at: float
) -> tuple[float, float]:
    """What is believed of a ticket type whatever it sold lately: tickets, and how many the average
    would have sold. What it has sold since its sale opened shows in its quantity."""
    if (
        opened is None
        or at <= opened
        or ticket_type.quantity is None
        or ticket_type.available is None
    ):
        return _PRIOR, _PRIOR
    sold = _sold(ticket_type)
    average = profile.sold(opened, starts, at) * size(ticket_type)
    tickets = min(_LIFE, sold + _PRIOR)
    return tickets, tickets * (average + _PRIOR) / (sold + _PRIOR)


def _sold(ticket_type: TypeFacts) -> int:
    """How many were sold since its sale opened, as far as that is known."""
    if ticket_type.quantity is None or ticket_type.available is None:
        return 0
    return max(0, ticket_type.quantity - ticket_type.available)


def size(ticket_type: TypeFacts) -> float:
    """How many tickets the average's share is taken of."""
    return float(max(ticket_type.quantity or 0, ticket_type.available or 0, 1))


def velocities(value: Mapping[str, Any]) -> dict[str, Velocity]:
    """Velocities by ticket type's id, from JSON."""
    return {str(name): Velocity.from_json(kept) for name, kept in value.items()}

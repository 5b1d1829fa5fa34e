"""How many polls a watch sends: as our own limits allow, less what it leaves to others. Pure.

What leaves here is counted before it leaves, so that a 429 is never of our own making: somebody on
another machine spends the same key's requests, and nothing but refusals tells of it. Going on at
the full rate would run into one refusal after another, and leave the others only what is left.

So each refusal takes a tenth of the polls that are sent. Quiet gives them back as CUBIC does, by
which strangers share a line (RFC 9438): soon nearly as many as were refused, for minutes not many
more, since the others are probably still there, and then ever faster. One refusal from nowhere
costs a tenth at first, and nothing after six minutes. Only polls give way: writes and deliveries do
not.

Moments are monotonic seconds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import attrs

LEAST = 1.0 / 3.0
"""The part of the polls that is sent however often we are refused, so that no event is starved: two
others get as much."""

KEPT = 0.9
"""Of the part that is made, after a refusal."""

GROWTH = 0.05 / 300.0**3
"""What comes back, over the third power of seconds: beside somebody who takes a half, what was
refused is tried again after five minutes; once he has gone, all is ours after sixteen."""

_LONGEST_TRIP = 5.0
_TELL, _WELL = 0.75, 0.95  # less than the first is worth a word, until it is more than the second


@attrs.define
class GivingWay:
    """Which part of the polls that our own limits allow is sent, beside others with the key."""

    _after: float = 1.0
    _aim: float = 1.0
    _at: float = -math.inf

    def refused(self, moment: float) -> None:
        """Somebody else has used up the requests."""
        part = self.part(moment)
        # Refused at less than the last time: others need more than that, so that less is aimed at.
        more = part < self._aim
        self._after, self._at = max(LEAST, KEPT * part), moment
        self._aim = max(self._after, part * (1.0 + KEPT) / 2 if more else part)

    def part(self, moment: float) -> float:
        """The part to make now, from :data:`LEAST` to 1."""
        back = math.cbrt((self._aim - self._after) / GROWTH)  # seconds until it is as aimed at
        quiet = min(1e6, max(0.0, moment - self._at))
        return min(1.0, max(self._after, self._aim + GROWTH * (quiet - back) ** 3))


@attrs.define
class RateController:
    """How many polls a watch sends.

    Args:
        allowed: how many polls a second our own limits allow, if each takes so many seconds.
    """

    allowed: Callable[[float], float]
    _trip: float = attrs.field(default=0.0, init=False)
    _way: GivingWay = attrs.field(factory=GivingWay, init=False)
    _told: bool = attrs.field(default=False, init=False)
    _stated: deque[tuple[float, float]] = attrs.field(factory=deque, init=False)

    def polled(self, moment: float, took: float | None, *, refused: bool = False) -> str:
        """A look is over; what is worth saying of it, if anything.

        Args:
            moment: when it was.
            took: how many seconds it took, for as much longer its place in the quota was taken;
                None: it came to nothing.
            refused: whether a request of it was answered with a 429.
        """
        if refused:
            self._way.refused(moment)
        elif took is not None:
            self._trip += 0.1 * (took - self._trip)
        return self._news(moment)

    def part(self, moment: float) -> float:
        """Which part of the polls that our own limits allow is sent now."""
        return self._way.part(moment)

    def rate(self, moment: float) -> float:
        """Looks a second, evenly spread."""
        return self.allowed(max(0.0, min(self._trip, _LONGEST_TRIP))) * self.part(moment)

    def bound(self, moment: float, longest: float) -> float:
        """How long an event can be unseen at the most, if at this rate it is ``longest`` seconds.

        With more polls than a moment ago the bound is shorter; but what was last seen before that
        may be as old as the longer one said, for as long as that was.
        """
        stated = self._stated
        stated.append((moment, longest))
        while stated[0][0] + stated[0][1] <= moment:
            stated.popleft()
        return max(seconds for at, seconds in stated if at + seconds > moment)

    def _news(self, moment: float) -> str:
        part = self.part(moment)
        if part >= (_WELL if self._told else _TELL):
            said = "the key's requests are ours again" if self._told else ""
            self._told = False
            return said
        if self._told:
            return ""
        self._told = True
        return f"others use the same key: {60 * self.rate(moment):.0f} polls a minute are left"

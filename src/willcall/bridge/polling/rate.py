"""How many polls a watch sends: as our own limits allow, less what it leaves to others. Pure.

Requests are counted before they are sent and stay within the limits. So a 429 means that a program
on another machine uses the same key; there is no other sign of it. Polling on at the full rate
would meet one refusal after another, and leave the other program only the rest.

Therefore each refusal reduces the polls that are sent by a tenth. Without refusals the rate grows
again as in CUBIC (RFC 9438), by which TCP connections share a line: soon to nearly the rate that
was refused, for some minutes not much above it, since the other program is probably still there,
and then faster and faster. A single refusal costs a tenth at first, and nothing after six minutes.
Only polls are reduced; writes and deliveries are not.

Moments are monotonic seconds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import attrs

LEAST = 1.0 / 3.0
"""The least part of the polls that is sent, however many are refused, so that no event is starved.
Two other programs get as much each."""

KEPT = 0.9
"""The part of the rate that a refusal leaves."""

GROWTH = 0.05 / 300.0**3
"""The growth of the rate, over the third power of seconds. If another program takes half of the
requests, the refused rate is tried again after five minutes; once that program has stopped, the
full rate is reached after sixteen."""

_LONGEST_TRIP = 5.0
_REDUCED, _RESTORED = 0.75, 0.95  # below the first a notice is due, above the second it is over


@attrs.define
class GivingWay:
    """The part of the allowed polls that is sent while other programs use the same key."""

    _after: float = 1.0
    _aim: float = 1.0
    _at: float = -math.inf

    def refused(self, moment: float) -> None:
        """A poll was refused: another program has used up the requests."""
        part = self.part(moment)
        # Refused at a lower rate than the last time: the others need more, so aim lower.
        more = part < self._aim
        self._after, self._at = max(LEAST, KEPT * part), moment
        self._aim = max(self._after, part * (1.0 + KEPT) / 2 if more else part)

    def part(self, moment: float) -> float:
        """The part to send now, from :data:`LEAST` to 1."""
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
    _noticed: bool = attrs.field(default=False, init=False)
    _stated: deque[tuple[float, float]] = attrs.field(factory=deque, init=False)

    def polled(self, moment: float, took: float | None, *, refused: bool = False) -> str:
        """Note that a poll has ended; returns a notice for the log, or an empty text.

        Args:
            moment: when it was.
            took: how many seconds it took, for which its place in the quota stays taken; None if it
                failed.
            refused: whether one of its requests was answered with a 429.
        """
        if refused:
            self._way.refused(moment)
        elif took is not None:
            self._trip += 0.1 * (took - self._trip)
        return self._notice(moment)

    def part(self, moment: float) -> float:
        """The part of the allowed polls that is sent now, from :data:`LEAST` to 1."""
        return self._way.part(moment)

    def rate(self, moment: float) -> float:
        """Polls a second, evenly spread."""
        return self.allowed(max(0.0, min(self._trip, _LONGEST_TRIP))) * self.part(moment)

    def bound(self, moment: float, longest: float) -> float:
        """How long an event can be unseen at the most, if at this rate it is ``longest`` seconds.

        With a higher rate the bound is shorter; but an event that was last seen before the rate
        rose may be as old as the earlier bound said, until that time is over.
        """
        stated = self._stated
        stated.append((moment, longest))
        while stated[0][0] + stated[0][1] <= moment:
            stated.popleft()
        return max(seconds for at, seconds in stated if at + seconds > moment)

    def _notice(self, moment: float) -> str:
        part = self.part(moment)
        if part >= (_RESTORED if self._noticed else _REDUCED):
            said = "the key's requests are ours again" if self._noticed else ""
            self._noticed = False
            return said
        if self._noticed:
            return ""
        self._noticed = True
        return f"others use the same key: {60 * self.rate(moment):.0f} polls a minute are left"

"""When to try again, and after how long: pure decisions, no clock and no network."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

import attrs

from ..errors import Reply, TransportError

# Statuses after which the same request may well succeed.
_PASSING = frozenset({408, 500, 502, 503, 504})
_TOO_MANY = 429


@attrs.frozen
class Retry:
    """How a call is repeated.

    Args:
        tries: how often at the most, the first included.
        base: the first back-off is drawn from 0 to this many seconds, and doubles.
        cap: no back-off is longer than this many seconds.
        longest_wait: a Retry-After beyond this many seconds is not waited for but raised.
    """

    tries: int = 3
    base: float = 0.5
    cap: float = 8.0
    longest_wait: float = 120.0


def backoff(policy: Retry, tried: int, draw: float) -> float:
    """Full jitter: anywhere from 0 to the doubled base, after ``tried`` tries (from 1)."""
    return draw * min(policy.cap, policy.base * 2.0 ** min(tried - 1, 32))


def retry_after(raw: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for; None if it is missing or makes no sense.

    Both forms of HTTP are read: seconds, and a date.
    """
    if raw is None:
        return None
    try:
        seconds = float(raw)
    except ValueError:
        try:
            moment = parsedate_to_datetime(raw)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return max(0.0, seconds) if isfinite(seconds) else None


def after_reply(
    policy: Retry, reply: Reply, *, safe: bool, tried: int, draw: float, now: datetime
) -> float | None:
    """Seconds to wait before the next try after an error reply; None: give up.

    A 429 says that nothing was done, so even a write may be repeated; after any other error only
    a request that is ``safe`` to repeat is.
    """
    if tried >= policy.tries:
        return None
    if reply.status != _TOO_MANY and not (safe and reply.status in _PASSING):
        return None
    asked = retry_after(reply.headers.get("retry-after"), now)
    if asked is None:
        return backoff(policy, tried, draw)
    # A little more than was asked: a hundred clients told "60" should not come back as one.
    return asked + 0.25 * draw if asked <= policy.longest_wait else None


def after_failure(
    policy: Retry, failure: TransportError, *, safe: bool, tried: int, draw: float
) -> float | None:
    """Seconds to wait before the next try when no answer came; None: give up.

    A write is repeated only when it surely never reached the provider.
    """
    if tried >= policy.tries or not (safe or not failure.arrived):
        return None
    return backoff(policy, tried, draw)

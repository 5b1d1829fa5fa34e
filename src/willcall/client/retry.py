"""When to try again, and after how long: pure decisions, no clock and no network."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import attrs

from ..errors import InputError, TransportError

# Statuses after which the same request may well succeed; 520 to 524 are Cloudflare's for an origin
# that does not answer as it should, 529 means "overloaded".
_PASSING = frozenset({408, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_TOO_MANY = 429


def _times(_: Any, field: attrs.Attribute[int], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(
            field.name, f"{value!r} is not a number of tries", "1 means: do not repeat"
        )


def _seconds(_: Any, field: attrs.Attribute[float], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise InputError(field.name, f"{value!r} is not a number of seconds from 0 on")


@attrs.frozen
class Retry:
    """How a call is repeated.

    Args:
        tries: how often at the most, the first included.
        base: the first back-off is drawn from 0 to this many seconds, and doubles.
        cap: no back-off is longer than this many seconds.
        longest_wait: a Retry-After beyond this many seconds is not waited for but raised.

    Raises:
        InputError: a number that makes no sense.
    """

    tries: int = attrs.field(default=3, validator=_times)
    base: float = attrs.field(default=0.5, validator=_seconds)
    cap: float = attrs.field(default=8.0, validator=_seconds)
    longest_wait: float = attrs.field(default=120.0, validator=_seconds)


def backoff(policy: Retry, tried: int, draw: float) -> float:
    """Full jitter: anywhere from 0 to the doubled base, after ``tried`` tries (from 1)."""
    return draw * min(policy.cap, policy.base * 2.0 ** min(tried - 1, 32))


def http_date(raw: str | None) -> datetime | None:
    """A date as HTTP writes it, aware; None if it is missing or none."""
    try:
        moment = parsedate_to_datetime(raw or "")
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def retry_after(raw: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for; None if it is missing or makes no sense.

    Both forms of HTTP are read: seconds, and a date. ``now`` is best the reply's own Date: then a
    clock that is off does no harm.
    """
    if raw is None:
        return None
    try:
        seconds = float(raw)
    except ValueError:
        moment = http_date(raw)
        if moment is None:
            return None
        seconds = (moment - now).total_seconds()
    return max(0.0, seconds) if isfinite(seconds) else None


def after_reply(
    policy: Retry,
    status: int,
    asked: float | None,
    *,
    safe: bool,
    tried: int,
    draw: float,
    refused: int = 1,
    repeatable: bool | None = None,
) -> float | None:
    """Seconds to wait before the next try after an error reply; None: give up.

    A 429 says that nothing was done, so even a write may be repeated; after any other error only
    a request that is ``safe`` to repeat is. ``repeatable`` is what the provider itself says, and
    takes precedence. ``asked`` is what the provider asks us to wait, and ``refused`` how many 429s
    there were in a row: from the second on the wait doubles (public, of Ticket0).
    """
    if tried >= policy.tries:
        return None
    if repeatable is None:
        repeatable = status == _TOO_MANY or (safe and status in _PASSING)
    if not repeatable:
        return None
    if asked is None:
        return backoff(policy, tried, draw)
    if asked > policy.longest_wait:
        return None
    doubled = min(asked * 2.0 ** min(max(refused - 1, 0), 32), policy.longest_wait)
    # A little more than was asked, so that a hundred clients do not come back at the same moment.
    return doubled + 0.25 * draw


def after_failure(
    policy: Retry, failure: TransportError, *, safe: bool, tried: int, draw: float
) -> float | None:
    """Seconds to wait before the next try when no answer came; None: give up.

    A write is repeated only when it surely never reached the provider.
    """
    if tried >= policy.tries or not (safe or not failure.arrived):
        return None
    return backoff(policy, tried, draw)

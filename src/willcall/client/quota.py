"""How many requests may leave, and when: a rolling window, so that we never cause a 429."""

from __future__ import annotations

import threading
from collections import deque

import attrs


@attrs.frozen
class Quota:
    """At most ``requests`` in any ``seconds``."""

    requests: int
    seconds: float = 60.0


class Pace:
    """Hands out the moments at which requests may leave. Safe to share between threads.

    The moments are monotonic seconds, given by whoever asks: there is no clock in here.
    """

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._granted: deque[float] = deque(maxlen=quota.requests)
        self._lock = threading.Lock()

    def wait(self, now: float) -> float:
        """How many seconds a request made now would have to wait; takes nothing."""
        with self._lock:
            return max(0.0, self._next(now) - now)

    def take(self, now: float) -> float:
        """Take the next free moment; how many seconds to wait until it."""
        with self._lock:
            moment = self._next(now)
            self._granted.append(moment)
            return max(0.0, moment - now)

    def _next(self, now: float) -> float:
        if len(self._granted) < self.quota.requests:
            return now
        # The oldest of the last `requests` grants must have left the window. Granted moments
        # never decrease, so later callers queue up behind earlier ones.
        return max(now, self._granted[0] + self.quota.seconds)

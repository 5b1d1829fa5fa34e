"""The two rate limits, as pure bookkeeping over moments in seconds."""

from __future__ import annotations

import math
from collections import deque


class RollingWindow:
    """TicketSmart's: at most ``limit`` requests in any ``window`` seconds (documented).

    A refused request is not counted (inferred), so that the stated wait is always enough.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._taken: deque[float] = deque()

    def take(self, at: float, limit: int | None, window: float) -> int | None:
        """Count one request at ``at``; ``None`` if it may pass, else whole seconds to wait."""
        # Computed like the stated wait, so that both are rounded alike.
        while self._taken and at >= self._taken[0] + window:
            self._taken.popleft()
        if limit is not None and len(self._taken) >= limit:
            # If the limit was lowered meanwhile, several requests must expire first.
            first_in_the_way = self._taken[len(self._taken) - limit]
            return max(1, math.ceil(first_in_the_way + window - at))
        self._taken.append(at)
        return None


class FirstRequestWindow:
    """Ticket0's: ``limit`` requests in a window that starts with its first request (public)."""

    def __init__(self) -> None:
        """Start with no window open."""
        self._opened: float | None = None
        self._count = 0

    def take(self, at: float, limit: int | None, window: float) -> int | None:
        """Count one request at ``at``; ``None`` if it may pass, else whole seconds to wait."""
        if self._opened is None or at >= self._opened + window:
            self._opened, self._count = at, 0
        if limit is not None and self._count >= limit:
            return max(1, math.ceil(self._opened + window - at))
        self._count += 1
        return None

    def left(self, limit: int) -> int:
        """How many requests are left in the window."""
        return max(0, limit - self._count)

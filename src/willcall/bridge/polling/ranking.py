"""The unit of highest priority, found without computing the priority of every unit. Pure.

A heap orders units by the moment at which their priority reaches the current price. The price
follows the priorities of the units that are taken out, so that about one unit at a time is due.
When the price changes, units are placed again a few at a time: a unit that would come too early
when it comes up, a unit that would come too late as its turn in a ring comes.
"""

from __future__ import annotations

import heapq
import math
from collections import deque

from .priority import Unit

_LEAST = 1e-12
_LEARNING = 0.05  # of the price from one poll, in its logarithm
_STALE = 0.05  # a price that has changed by less moves no unit
_MOVED = 32  # units at most are placed again by one decision, which must stay short
_RENEWED = 2000  # decisions after which every unit has been placed by the new price


class Ranking:
    """Units by the moment at which their priority reaches the price.

    Args:
        price: the first price, in seconds of delay that a poll is expected to save.
    """

    def __init__(self, price: float) -> None:
        self.price = max(_LEAST, price)
        self._heap: list[tuple[float, int, Unit]] = []
        self._ring: deque[Unit] = deque()
        self._serial = 0

    def place(self, unit: Unit) -> None:
        """Put a unit where the price says."""
        if not unit.ringed:
            unit.ringed = True
            self._ring.append(unit)
        wait = unit.wait(self.price)
        unit.price, unit.due, unit.placed = self.price, unit.seen + wait, None
        if wait < math.inf:
            self._serial += 1
            unit.placed = self._serial
            heapq.heappush(self._heap, (unit.due, self._serial, unit))

    def best(self, at: float) -> Unit | None:
        """Take out the unit that reached the price first; the price follows its priority."""
        heap, moved = self._heap, 0
        while heap:
            due, serial, unit = heapq.heappop(heap)
            if unit.placed != serial:
                continue
            if moved < _MOVED and due <= at and unit.price < self.price * (1 - _STALE):
                # Placed at a lower price: it may not be its turn yet.
                self.place(unit)
                moved += 1
                continue
            unit.placed = None
            off = math.log(max(unit.priority(at), 1e-30) / self.price)
            price = self.price * math.exp(_LEARNING * max(-1.0, min(1.0, off)))
            self.price = max(_LEAST, price)
            return unit
        return None

    def renew(self) -> None:
        """Place a few units again that were placed at a higher price."""
        ring = self._ring
        for _ in range(min(len(ring), 2 + len(ring) // _RENEWED)):
            unit = ring.popleft()
            if not unit.live:
                unit.ringed = False
                continue
            ring.append(unit)
            if unit.placed is not None and unit.price > self.price * (1 + _STALE):
                self.place(unit)
        if len(self._heap) > 8 * len(ring) + 1024:
            self._heap = [entry for entry in self._heap if entry[2].placed == entry[1]]
            heapq.heapify(self._heap)

    def clear(self) -> None:
        """Forget every unit."""
        for unit in self._ring:
            unit.ringed, unit.placed = False, None
        self._ring.clear()
        self._heap.clear()

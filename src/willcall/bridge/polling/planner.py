"""The schedule of a box office with all that it has learned, from one process to the next. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import attrs
import orjson

from ..model.facts import EventFacts, LowStock
from ..model.sale import SELLING
from .schedule import Schedule

_LONGEST = 64 * 1024 * 1024
"""Bytes: no memory of ours is longer, and what says so is not read."""


@attrs.define
class Planner:
    """What to poll next.

    ``schedule`` decides; ``page`` is the page of the list with which a pass begins that could not
    read all of it the last time.
    """

    schedule: Schedule
    page: int = 1

    @classmethod
    def of(
        cls,
        rate: float,
        low_stock: LowStock,
        snapshot: Mapping[str, EventFacts] | None = None,
        memory: bytes | None = None,
        *,
        asks: bool = False,
    ) -> Planner:
        """A planner that knows these events.

        Args:
            rate: how many requests a second may be spent on polling.
            low_stock: when a ticket type runs low.
            snapshot: the events, by id.
            memory: what :meth:`packed` gave; what cannot be read is as good as nothing.
            asks: whether the list answers questions.
        """
        known = _unpacked(memory)
        office, events = known.get("office"), known.get("events")
        schedule = Schedule(
            rate,
            low_stock=low_stock,
            memory=office if isinstance(office, dict) else None,
            asks=asks,
        )
        memories = events if isinstance(events, dict) else {}
        there = [facts for facts in (snapshot or {}).values() if not facts.vanished]
        # Turns follow the last poll of each event, not the order of the ledger.
        for facts in sorted(
            there, key=lambda event: (memories.get(event.id) or {}).get("at") or 0.0
        ):
            schedule.remember(facts, memories.get(facts.id))
        page = known.get("page")
        return cls(schedule, page if isinstance(page, int) and page > 0 else 1)

    def packed(self, snapshot: Mapping[str, EventFacts]) -> bytes:
        """What the next process needs: of the box office, and of the events that can sell."""
        events = {
            name: self.schedule.memory(name)
            for name, facts in snapshot.items()
            if facts.status in SELLING and not facts.vanished
        }
        whole = {"office": self.schedule.to_json(), "events": events, "page": self.page}
        return zlib.compress(orjson.dumps(whole), level=1)


def _unpacked(memory: bytes | None) -> dict[str, Any]:
    """The memory; empty if it is none of ours."""
    if memory is None:
        return {}
    try:
        values = orjson.loads(zlib.decompressobj().decompress(memory, _LONGEST))
    except (zlib.error, ValueError):
        return {}
    return values if isinstance(values, dict) else {}

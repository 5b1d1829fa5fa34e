"""What was seen of a box office at one moment. Values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from .facts import EventFacts

SWEEPS = 2
"""How many complete sweeps must not show an event before it is polled by itself and may be gone."""


@attrs.frozen
class Observation:
    """One reading of a box office.

    Args:
        at: when (aware).
        events: those that were seen.
        complete: whether every row of the list was read, as far as it can be known (rows may move
            from page to page meanwhile). Only then does an absence prove anything.
        gone: ids of events that the box office itself says are not there.
        polls: how many events were polled by themselves.
        trouble: the error that ended those polls early.
        elsewhere: ids of events that another part of the same sweep has shown, or may have.
        unreadable: what could not be read while the rest could: an event's id, or its place in the
            list if that is all that is known, and why; None if this says nothing of it.
        read: ids of events of which everything that is needed was read; None for all that are not
            unreadable.
    """

    at: datetime
    events: tuple[EventFacts, ...]
    complete: bool = True
    gone: frozenset[str] = frozenset()
    polls: int = 0
    trouble: str | None = None
    elsewhere: frozenset[str] = frozenset()
    unreadable: Mapping[str, str] | None = None
    read: frozenset[str] | None = frozenset()

    @property
    def untried(self) -> frozenset[str]:
        """The events whose row was read, but that have to be polled for the rest, and were not."""
        if self.read is None:
            return frozenset()
        return frozenset(event.id for event in self.events) - self.read

"""What was seen of a box office at one moment. Values."""

from __future__ import annotations

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
        elsewhere: ids of events that another part of the same sweep has shown.
    """

    at: datetime
    events: tuple[EventFacts, ...]
    complete: bool = True
    gone: frozenset[str] = frozenset()
    polls: int = 0
    trouble: str | None = None
    elsewhere: frozenset[str] = frozenset()

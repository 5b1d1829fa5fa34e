"""What was seen of a box office at one moment. Values."""

from __future__ import annotations

from datetime import datetime

import attrs

from .facts import EventFacts


@attrs.frozen
class Observation:
    """One reading of a box office.

    ``complete`` says whether every row was read, as far as it can be known (rows may move from page
    to page meanwhile): only then does an absence prove anything. ``gone`` are events that
    TicketSmart, asked for each of them, says are not there. ``elsewhere`` are events that another
    part of the same sweep has shown. ``looks`` is how many events were looked at one by one, and
    ``trouble`` what cut that short.
    """

    at: datetime
    events: tuple[EventFacts, ...]
    complete: bool = True
    gone: frozenset[str] = frozenset()
    looks: int = 0
    trouble: str | None = None
    elsewhere: frozenset[str] = frozenset()

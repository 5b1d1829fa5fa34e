"""The list of a box office, read step by step: whether all of it was seen. Pure.

Rows may move from step to step while a list is read. Where that shows (an event came twice, or the
total changed or does not match) the list is read again, up to :data:`ROUNDS` times.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

import attrs

from ..model.facts import EventFacts
from ..ports import EventRows

ROUNDS = 3
"""How often a list is read whose rows keep moving."""

_STALE = 20
"""So many steps in a row without a new event: the list goes round in circles."""


@attrs.define
class Listing:
    """A list that is read from its start to its end, and again if need be.

    ``events`` are all that were seen, by id, each as it was seen last; ``unreadable`` are the rows
    that could not be read, as in :func:`unreadable_rows`.
    """

    events: dict[str, EventFacts] = attrs.field(factory=dict)
    unreadable: dict[str, str] = attrs.field(factory=dict)
    _round: int = 1
    _before: frozenset[str] | None = None
    _ids: set[str] = attrs.field(factory=set)
    _rows: int = 0
    _steps: int = 0
    _stale: int = 0
    _totals: set[int | None] = attrs.field(factory=set)

    def take(self, rows: EventRows) -> None:
        """A step was read."""
        known = len(self._ids)
        for event in rows.events:
            self.events[event.id] = event
            self._ids.add(event.id)
        odd = unreadable_rows(self._steps + 1, rows)
        self._ids |= odd.keys()
        self.unreadable |= odd
        self._rows += len(rows.events) + len(rows.unreadable)
        self._steps += 1
        self._totals.add(rows.total)
        self._stale = 0 if len(self._ids) > known else self._stale + 1

    @property
    def endless(self) -> bool:
        """Whether the list does not end."""
        return self._stale >= _STALE

    def complete(self) -> bool | None:
        """At the end of the list: whether every event was seen, as far as it can be known. None if
        the list has to be read again to tell."""
        ids = frozenset(self._ids)
        still = not moved(self._rows, ids, self._totals - {None})
        # Twice the same. If the total says otherwise, it means something else.
        if still or (ids == self._before and len(ids) == self._rows):
            return True
        if self._round >= ROUNDS or self._steps == 1:
            return False
        self._round, self._before = self._round + 1, ids
        self._ids, self._rows, self._steps, self._totals = set(), 0, 0, set()
        self.unreadable = {}
        return None


def unreadable_rows(step: int, rows: EventRows) -> dict[str, str]:
    """Why the unreadable rows of a step could not be read, by the event's id; where that could not
    be read either, by the row's place."""
    return {
        row.id or f"row {row.row + 1} of page {step}": f"{row.field}: {row.problem}"
        for row in rows.unreadable
    }


def shown_or_not_told(
    rows: Container[str], unreadable: Iterable[str], snapshot: Iterable[str]
) -> frozenset[str]:
    """The events of a snapshot that a list may have shown in a row that could not be read: that of
    their id, or any, if there is a row whose id could not be read."""
    odd = set(unreadable)
    known = set(snapshot)
    return frozenset(known if odd - known else odd) - {name for name in known if name in rows}


def moved(rows: int, ids: Iterable[str], totals: Iterable[int | None]) -> bool:
    """Whether rows have moved while a list was read.

    Args:
        rows: how many rows were read.
        ids: the ids of the events in them.
        totals: how many events there are, as each step said.
    """
    count, values = len(set(ids)), set(totals)
    return count < rows or (bool(values) and values != {count})

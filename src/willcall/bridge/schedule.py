"""Which request to spend next. Pure.

Told what was seen, asked what to look at. Knows no ledger, network or clock: moments are handed in,
as Unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

import attrs

from ..ticketsmart.models import EventStatus
from .facts import EventFacts, LowStock, TypeFacts
from .forecast import Forecast, Profile, Velocity, phase, velocities

PAGE = 100
"""Rows on a page of the list."""


class Why(StrEnum):
    """What a look is good for."""

    SWEEP = "sweep"
    """The list, page by page: whatever shows in a row, new events, and those that are gone."""
    FIRST = "first"
    """An event whose ticket types were never seen."""
    LAUNCH = "launch"
    """A moment known beforehand: a sale opens or closes, an event starts."""
    WORTH = "worth"
    """It is worth most by the forecast."""
    FLOOR = "floor"
    """It was longest ago; so that nothing is starved, whatever the forecast says."""


@attrs.frozen
class Look:
    """One request: a page of the list, or one event's ticket types.

    ``at`` is when it should leave: at most one request's spacing after it was asked for.
    """

    at: float
    why: Why
    page: int | None = None
    event: str | None = None


@attrs.frozen(kw_only=True)
class Shares:
    """How the requests are shared out.

    Attributes:
        floor: the share that goes to whatever was unseen longest.
        sweep: the most that status sweeps may take.
        sweep_seconds: no sweep of the whole list takes less time than this.
    """

    floor: float = 0.05
    sweep: float = 0.1
    sweep_seconds: float = 60.0


class Schedule:
    """What one process looks at next in one box office.

    The way to use it: :meth:`remember` what the ledger knows, then for ever: when a request may
    leave, ask :meth:`next`; sleep until its ``at``; send it; tell what came of it with exactly one
    of :meth:`page_seen`, :meth:`event_seen`, :meth:`gone` and :meth:`failed`. Several looks may be
    under way at once.

    Args:
        rate: how many requests a second may be spent on looking; they are spread evenly.
        low_stock: when a ticket type runs low.
        weight: how much an event counts, beside others; 1 is usual.
        shares: see :class:`Shares`.
        memory: what :meth:`to_json` wrote.
    """

    def __init__(
        self,
        rate: float,
        *,
        low_stock: LowStock | None = None,
        weight: Callable[[EventFacts], float] = lambda _: 1.0,
        shares: Shares | None = None,
        memory: Mapping[str, Any] | None = None,
    ) -> None:
        self.rate = rate
        self.low_stock = low_stock or LowStock()
        self.shares = shares or Shares()
        self._weight = weight
        self._profile = Profile((memory or {}).get("profile"))
        self._slot = 0.0
        self._facts: dict[str, EventFacts] = {}
        self._seen_at: dict[str, float] = {}
        self._velocities: dict[str, dict[str, Velocity]] = {}
        self._pages = 1
        self._page = 0
        self._turn: list[str] = []

    # -- being told ---------------------------------------------------------------------------

    def remember(self, facts: EventFacts, memory: Mapping[str, Any] | None = None) -> None:
        """An event that the ledger knows, and what :meth:`memory` told about it."""
        self._facts[facts.id] = facts
        self._velocities[facts.id] = velocities((memory or {}).get("types") or {})
        self._seen_at[facts.id] = float((memory or {}).get("at") or 0.0)

    def memory(self, event_id: str) -> dict[str, Any]:
        """What is to be kept of an event between two processes, as JSON."""
        known = self._velocities.get(event_id, {})
        return {
            "at": self._seen_at.get(event_id, 0.0),
            "types": {name: one.to_json() for name, one in known.items()},
        }

    def to_json(self) -> dict[str, Any]:
        """What is to be kept of the box office as a whole between two processes, as JSON."""
        return {"profile": self._profile.to_json()}

    def page_seen(
        self, number: int, rows: Sequence[EventFacts], at: float, *, last: bool = False
    ) -> None:
        """A page of the list was read.

        Args:
            number: which, from 1.
            rows: its events; whether rows carry ticket types is found out by itself.
            at: when it was answered.
            last: whether the list ends with it.
        """
        self._pages = number if last else max(self._pages, number + 1)
        for row in rows:
            if row.ticket_types is not None:
                self.event_seen(row, at)
            else:
                self._facts[row.id] = row

    def event_seen(self, facts: EventFacts, at: float) -> None:
        """An event was looked at, together with its ticket types."""
        known = self._velocities.setdefault(facts.id, {})
        self._facts[facts.id], self._seen_at[facts.id] = facts, at
        for one in facts.ticket_types or ():
            share = self._share(facts, one, at)
            known[one.id] = known.get(one.id, Velocity()).seen(one, at, share)

    def gone(self, event_id: str) -> None:
        """An event is not there any more: answered with a 404, or missed by a complete sweep."""
        for known in (self._facts, self._seen_at, self._velocities):
            known.pop(event_id, None)

    def failed(self, look: Look, at: float) -> None:
        """A look came to nothing (an error, a 429): it is due again, a little later each time."""

    # -- being asked --------------------------------------------------------------------------

    def next(self, at: float) -> Look:
        """What to look at now. There is always something, if only the list once more."""
        self._slot = max(at, self._slot + 1.0 / self.rate)
        if not self._turn:
            self._page = self._page % self._pages + 1
            self._turn = [one.id for one in self._facts.values() if _live(one)]
            return Look(self._slot, Why.SWEEP, page=self._page)
        return Look(self._slot, Why.FLOOR, event=self._turn.pop())

    def forecasts(self, event_id: str, at: float) -> dict[str, Forecast]:
        """What is expected of each ticket type of an event, by its id."""
        facts = self._facts.get(event_id)
        known = self._velocities.get(event_id, {})
        if facts is None:
            return {}
        return {
            one.id: known[one.id].forecast(one, self._share(facts, one, at), self.low_stock)
            for one in facts.ticket_types or ()
            if one.id in known
        }

    def due(self, event_id: str) -> float | None:
        """When an event will be looked at next by what is known now; None if it will not."""
        return self._slot if event_id in self._turn else None

    @property
    def sweep_seconds(self) -> float:
        """How old what a row of the list shows can be, in seconds: one sweep of all pages."""
        return max(self.shares.sweep_seconds, (self._pages + 1) / (self.shares.sweep * self.rate))

    @property
    def longest_unseen(self) -> float:
        """No event that can sell goes unseen for longer than so many seconds, as long as its
        requests are answered at :attr:`rate`."""
        live = sum(map(_live, self._facts.values()))
        return (live + 2) / (self.shares.floor * self.rate)

    @property
    def rows_tell(self) -> bool | None:
        """Whether rows of the list carry ticket types; None while no page was seen."""
        return None

    def _share(self, facts: EventFacts, one: TypeFacts, at: float) -> float:
        return self._profile.rate(phase(one, facts.starts_at.timestamp(), at))


def _live(facts: EventFacts) -> bool:
    return not facts.vanished and facts.status in (EventStatus.PUBLISHED, EventStatus.SOLD_OUT)

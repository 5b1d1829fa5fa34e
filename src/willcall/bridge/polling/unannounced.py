"""Sales that open without notice. Pure.

An event whose ticket types have no date of opening, and of which nothing was ever sold, counts as
open and sells nothing, so nothing would be expected of it. But its sale may be about to open, and
most is sold right then. How often that happens here is learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from ..model.facts import EventFacts, EventState

_DAYS = 4 * 86_400.0  # the seconds for which one opening is taken as seen beforehand
_WORTH = 0.1  # crossings that are expected of an opening, for the priority of its event
_FORGOTTEN = 4_000_000_000.0  # event-seconds that count at most


@attrs.define
class UnannouncedSales:
    """How many sales have opened without notice, in how many seconds in which one could."""

    opened: float = 0.0
    watched: float = 0.0

    @classmethod
    def of(cls, memory: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` wrote."""
        opened, watched = memory.get("opened"), memory.get("watched")
        if not isinstance(opened, int | float) or not isinstance(watched, int | float):
            return cls()
        return cls(max(0.0, float(opened)), max(0.0, float(watched)))

    def to_json(self) -> dict[str, float]:
        """What is to be kept, as JSON."""
        return {"opened": round(self.opened, 3), "watched": round(self.watched)}

    def seen(self, seconds: float, *, opened: bool) -> None:
        """An event whose sale had not opened was seen again after so many seconds."""
        self.watched += max(0.0, seconds)
        self.opened += opened
        if self.watched > _FORGOTTEN:
            self.watched, self.opened = self.watched / 2, self.opened / 2

    @property
    def worth(self) -> float:
        """Crossings a second that are expected of an event whose sale may open."""
        return _WORTH * (1.0 + self.opened) / (_DAYS + self.watched)


def is_sealed(facts: EventFacts) -> bool:
    """Whether nothing was sold, and nobody has said when the sale opens."""
    return (
        bool(facts.ticket_types)
        and facts.status == EventState.PUBLISHED
        and all(
            kind.sale_starts_at is None
            and kind.available is not None
            and kind.available == kind.quantity
            for kind in facts.ticket_types or ()
        )
    )

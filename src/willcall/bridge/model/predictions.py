"""What we said would sell out, and what came of it. Values, and pure functions.

A prediction is made when a ticket type begins to sell fast (``ticket_type.selling_fast``), and
stays open until something answers it. It is kept so that a report can say how good such forecasts
are; nothing else depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import attrs

from .changes import Change


class Came(StrEnum):
    """What came of a prediction."""

    SOLD_OUT = "sold out"
    MORE = "more"  # more tickets were put on sale: the question has changed
    OVER = "over"  # the event, or the ticket type, is gone: nobody will know


@attrs.frozen(kw_only=True)
class Prediction:
    """When a ticket type was expected to sell out, and what came.

    ``left`` is how many were left when it was made. ``earliest`` to ``latest`` is the interval that
    was to hold it with a probability of 80 %, ``likely`` the middle of it. ``came`` is None as long
    as nothing has answered it, and ``came_at`` when that was seen.
    """

    box_office: str
    event_id: str
    ticket_type_id: str
    title: str
    ticket_type: str
    made_at: datetime
    left: int
    earliest: datetime
    likely: datetime
    latest: datetime
    came: Came | None = None
    came_at: datetime | None = None

    @property
    def hit(self) -> bool | None:
        """Whether it sold out within the interval; None while, or if, nobody can say."""
        if self.came is not Came.SOLD_OUT or self.came_at is None:
            return None
        return self.earliest <= self.came_at <= self.latest

    @property
    def off(self) -> float | None:
        """By how many seconds it came later than the middle; less than 0: sooner."""
        if self.came is not Came.SOLD_OUT or self.came_at is None:
            return None
        return (self.came_at - self.likely).total_seconds()


@attrs.frozen
class Answer:
    """What answers the open predictions about an event (``ticket_type_id`` None) or one type."""

    event_id: str
    ticket_type_id: str | None
    came: Came
    at: datetime


_ANSWERS = {
    "ticket_type.sold_out": Came.SOLD_OUT,
    "event.sold_out": Came.SOLD_OUT,
    "ticket_type.quantity_changed": Came.MORE,
    "ticket_type.restocked": Came.MORE,
    "ticket_type.removed": Came.OVER,
    "ticket_type.hidden": Came.OVER,
    "event.cancelled": Came.OVER,
    "event.completed": Came.OVER,
    "event.archived": Came.OVER,
    "event.vanished": Came.OVER,
}


def answers(changes: Iterable[Change]) -> tuple[Answer, ...]:
    """What these changes say of predictions that are open."""
    return tuple(
        Answer(
            change.event.id,
            None if change.ticket_type is None else change.ticket_type.id,
            _ANSWERS[change.kind],
            change.observed_at,
        )
        for change in changes
        if change.kind in _ANSWERS and change.event is not None
    )

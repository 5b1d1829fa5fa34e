"""Predictions of sell-outs, and their outcomes. Values, and pure functions.

A prediction is made when a ticket type begins to sell fast (``ticket_type.selling_fast``), and
stays open until a change settles it. The report shows how good the predictions were; nothing else
depends on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import attrs

from .changes import Change


class PredictionOutcome(StrEnum):
    """How a prediction was settled."""

    SOLD_OUT = "sold out"
    MORE = "more"  # more tickets were put on sale, so it no longer applies
    OVER = "over"  # the event or the ticket type is gone, so it cannot be answered


@attrs.frozen(kw_only=True)
class Prediction:
    """When a ticket type was expected to sell out, and what happened.

    Args:
        box_office: where.
        event_id: the event.
        ticket_type_id: the ticket type.
        title: the title of the event.
        ticket_type: the name of the ticket type.
        made_at: when the prediction was made.
        left: how many tickets were left then.
        earliest: the start of the interval that holds the sell-out with a probability of 80 %.
        likely: the middle of it.
        latest: its end.
        outcome: what happened; None while the prediction is open.
        outcome_at: when that was seen.
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
    outcome: PredictionOutcome | None = None
    outcome_at: datetime | None = None

    @property
    def hit(self) -> bool | None:
        """Whether it sold out within the interval; None if it is open or did not sell out."""
        if self.outcome is not PredictionOutcome.SOLD_OUT or self.outcome_at is None:
            return None
        return self.earliest <= self.outcome_at <= self.latest

    @property
    def off(self) -> float | None:
        """How many seconds after ``likely`` it sold out; negative if before."""
        if self.outcome is not PredictionOutcome.SOLD_OUT or self.outcome_at is None:
            return None
        return (self.outcome_at - self.likely).total_seconds()


@attrs.frozen
class Settlement:
    """What settles the open predictions about a ticket type, or about all of an event
    (``ticket_type_id`` None)."""

    event_id: str
    ticket_type_id: str | None
    outcome: PredictionOutcome
    at: datetime


_OUTCOMES = {
    "ticket_type.sold_out": PredictionOutcome.SOLD_OUT,
    "event.sold_out": PredictionOutcome.SOLD_OUT,
    "ticket_type.quantity_changed": PredictionOutcome.MORE,
    "ticket_type.restocked": PredictionOutcome.MORE,
    "ticket_type.removed": PredictionOutcome.OVER,
    "ticket_type.hidden": PredictionOutcome.OVER,
    "ticket_type.off_sale": PredictionOutcome.OVER,
    "event.cancelled": PredictionOutcome.OVER,
    "event.completed": PredictionOutcome.OVER,
    "event.archived": PredictionOutcome.OVER,
    "event.vanished": PredictionOutcome.OVER,
}


def settlements(changes: Iterable[Change]) -> tuple[Settlement, ...]:
    """The predictions that these changes settle."""
    return tuple(
        Settlement(
            change.event.id,
            None if change.ticket_type is None else change.ticket_type.id,
            _OUTCOMES[change.kind],
            change.observed_at,
        )
        for change in changes
        if change.kind in _OUTCOMES and change.event is not None
    )

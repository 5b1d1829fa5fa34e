"""What a pass has learned, in SQL: the planner's memory and its predictions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import attrs
from sqlalchemy import Connection, delete, insert, update

from ...model.predictions import Prediction, Settlement
from ..records import PREDICTIONS_KEPT
from . import schema


def write_planner(connection: Connection, box_office: str, blob: bytes, now: datetime) -> None:
    """Replace what the planner knew by what it has learned."""
    planners = schema.planners
    values = {"blob": blob, "at": now}
    mine = planners.c.box_office == box_office
    if connection.execute(update(planners).where(mine).values(**values)).rowcount == 0:
        connection.execute(insert(planners).values(box_office=box_office, **values))


def write_predictions(
    connection: Connection,
    box_office: str,
    made: Sequence[Prediction],
    settled: Iterable[Settlement],
    now: datetime,
) -> None:
    """Add new predictions, and what came of earlier ones."""
    predictions = schema.predictions
    for answer in settled:
        wanted = [
            predictions.c.box_office == box_office,
            predictions.c.event_id == answer.event_id,
            predictions.c.outcome.is_(None),
        ]
        if answer.ticket_type_id is not None:
            wanted.append(predictions.c.ticket_type_id == answer.ticket_type_id)
        connection.execute(
            update(predictions)
            .where(*wanted)
            .values(outcome=str(answer.outcome), outcome_at=answer.at)
        )
    if made:
        connection.execute(
            delete(predictions).where(predictions.c.made_at < now - PREDICTIONS_KEPT)
        )
        rows = [attrs.asdict(prediction) for prediction in made]
        connection.execute(insert(predictions), rows)

"""What the planner has learned, and what it foretold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import attrs
from sqlalchemy import Connection, delete, insert, select, update

from ..predictions import Answer, Came, Prediction
from . import schema
from .care import Cared

PREDICTIONS_KEPT = timedelta(days=400)
"""How long the ledger remembers what was foretold: a season and some more."""


class Foresighted(Cared):
    """A ledger that remembers where was looked, and what was expected."""

    def planner(self, box_office: str) -> bytes | None:
        """What the planner had learned of a box office; None if nothing is known."""
        planners = schema.planners
        with self._told(), self._reading() as connection:
            found = connection.execute(
                select(planners.c.blob).where(planners.c.box_office == box_office)
            ).scalar()
            return None if found is None else bytes(found)

    def forecasts(self, box_office: str | None, since: datetime) -> list[Prediction]:
        """What was foretold since then, oldest first, and what came of it.

        Args:
            box_office: of which; None for all.
            since: from when on.
        """
        predictions = schema.predictions
        wanted = [predictions.c.made_at >= since]
        if box_office is not None:
            wanted.append(predictions.c.box_office == box_office)
        with self._told(), self._reading() as connection:
            rows = connection.execute(
                select(predictions).where(*wanted).order_by(predictions.c.made_at, predictions.c.id)
            ).all()
        names = [field.name for field in attrs.fields(Prediction)]
        return [
            Prediction(
                **{
                    **{name: getattr(row, name) for name in names},
                    "came": None if row.came is None else Came(row.came),
                }
            )
            for row in rows
        ]


def write_planner(connection: Connection, box_office: str, blob: bytes, now: datetime) -> None:
    """What the planner has learned, in place of what it knew."""
    planners = schema.planners
    values = {"blob": blob, "at": now}
    mine = planners.c.box_office == box_office
    if connection.execute(update(planners).where(mine).values(**values)).rowcount == 0:
        connection.execute(insert(planners).values(box_office=box_office, **values))


def write_predictions(
    connection: Connection,
    box_office: str,
    made: Sequence[Prediction],
    answers: Iterable[Answer],
    now: datetime,
) -> None:
    """What is newly foretold, and what has answered earlier predictions."""
    predictions = schema.predictions
    for answer in answers:
        wanted = [
            predictions.c.box_office == box_office,
            predictions.c.event_id == answer.event_id,
            predictions.c.came.is_(None),
        ]
        if answer.ticket_type_id is not None:
            wanted.append(predictions.c.ticket_type_id == answer.ticket_type_id)
        connection.execute(
            update(predictions).where(*wanted).values(came=str(answer.came), came_at=answer.at)
        )
    if made:
        connection.execute(
            delete(predictions).where(predictions.c.made_at < now - PREDICTIONS_KEPT)
        )
        rows = [attrs.asdict(one) for one in made]
        connection.execute(insert(predictions), rows)

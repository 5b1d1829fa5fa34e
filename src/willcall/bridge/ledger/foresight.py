"""What the planner has learned, and what it foretold."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import select

from ..model.predictions import Came, Prediction
from . import schema
from .maintenance import Cared


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

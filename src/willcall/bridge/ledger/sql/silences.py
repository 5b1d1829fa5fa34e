"""Silences, in SQL."""

from __future__ import annotations

from datetime import datetime

import attrs
from sqlalchemy import insert, select, update

from ...model.rules import Silence
from . import schema
from .database import Database
from .rows import silence_of


class SqlSilences(Database):
    """See :class:`~willcall.bridge.ledger.protocols.Silences`."""

    def silences(self) -> list[Silence]:
        with self._reading() as connection:
            rows = connection.execute(select(schema.silences).order_by(schema.silences.c.id))
            return list(map(silence_of, rows))

    def add_silence(self, silence: Silence) -> int:
        row = {**attrs.asdict(silence), "kinds": list(silence.kinds)}
        del row["id"]
        with self._writing() as connection:
            added = connection.execute(insert(schema.silences).values(**row))
            number = added.inserted_primary_key
        return 0 if number is None else int(number[0])

    def expire_silence(self, number: int, now: datetime) -> bool:
        silences = schema.silences
        with self._writing() as connection:
            ended = connection.execute(
                update(silences)
                .where(silences.c.id == number, silences.c.until > now)
                .values(until=now)
            )
            return ended.rowcount == 1

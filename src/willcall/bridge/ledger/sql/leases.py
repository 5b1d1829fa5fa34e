"""Who may write and send for a box office, in SQL."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from datetime import datetime

from sqlalchemy import Engine, select, update

from ....errors import LedgerError
from ..records import LEASE, Fence, can_be_taken
from . import schema
from .database import Database, ensure_office, lease_time


class SqlLeases(Database):
    """See :class:`~willcall.bridge.ledger.protocols.Leases`."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._held: dict[str, Fence] = {}

    def take_lease(self, box_office: str, now: datetime) -> Fence | None:
        offices = schema.box_offices
        holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        with self._writing() as connection:
            ensure_office(connection, box_office)
            row = connection.execute(
                select(offices.c.fence, offices.c.lease_until)
                .where(offices.c.name == box_office)
                .with_for_update()
            ).one()
            now = lease_time(connection, now)
            if not can_be_taken(row.lease_until, now):
                return None
            connection.execute(
                update(offices)
                .where(offices.c.name == box_office)
                .values(fence=row.fence + 1, lease_holder=holder, lease_until=now + LEASE)
            )
            fence = self._held[box_office] = Fence(box_office, row.fence + 1, holder)
            return fence

    def renew(self, fence: Fence, now: datetime) -> None:
        with self._fenced(fence, now):
            pass

    def release_lease(self, fence: Fence) -> None:
        self._held.pop(fence.box_office, None)
        offices = schema.box_offices
        with self._writing() as connection:
            connection.execute(
                update(offices)
                .where(offices.c.name == fence.box_office, offices.c.fence == fence.number)
                .values(lease_holder=None, lease_until=None)
            )

    def let_go(self) -> None:
        for fence in list(self._held.values()):
            with suppress(LedgerError):
                self.release_lease(fence)

    def abandon(self) -> None:
        self._held.clear()

"""How every role of an SQL ledger speaks to its database: transactions, the fence, and errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, Insert, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ....errors import LedgerError, TakenOverError, UndecodableReplyError
from ..records import LEASE, Fence
from . import schema
from .errors import ledger_error, shown_url


class Database:
    """A database, its transactions, and errors that say what to do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def _name(self) -> str:
        url = self._engine.url
        at = url.database if url.get_backend_name() == "sqlite" else None
        return f"the ledger {(at or shown_url(url)).removeprefix('file:')}"

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Errors of the database, and of what is in it, as ours."""
        try:
            yield
        except SQLAlchemyError as error:
            served = self._engine.url.get_backend_name() != "sqlite"
            raise ledger_error(self._name, error, served=served) from None
        except UndecodableReplyError as error:
            way = "restore a copy, or start a new one with `willcall recover`"
            raise LedgerError(
                f"{self._name} holds what willcall did not write: {error} ({way})"
            ) from None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._translated(), self._engine.connect() as connection:
            yield connection.execution_options(reading=True)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction, committed at the end."""
        with self._translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _fenced(self, fence: Fence, now: datetime) -> Iterator[Connection]:
        """A transaction under a lease, which it renews.

        Raises:
            TakenOverError: another process has the lease.
        """
        with self._writing() as connection:
            self._pass_fence(connection, fence, now)
            yield connection

    def _pass_fence(self, connection: Connection, fence: Fence, now: datetime) -> None:
        offices = schema.box_offices
        now = ledger_time(connection, now)
        renewed = connection.execute(
            update(offices)
            .where(offices.c.name == fence.box_office, offices.c.fence == fence.number)
            .values(lease_holder=fence.holder, lease_until=now + LEASE)
        )
        if renewed.rowcount != 1:
            raise TakenOverError(f"another run has taken over {fence.box_office!r}; this one stops")


def insert_if_absent(connection: Connection, row: Insert) -> None:
    """Insert a row unless it is there. With SQLite one program writes at a time; another database
    lets two come this far, and the second must neither fail nor end its transaction."""
    with suppress(IntegrityError), connection.begin_nested():
        connection.execute(row)


def ensure_office(connection: Connection, box_office: str) -> None:
    """Make the row of a box office unless it is there."""
    offices = schema.box_offices
    known = select(offices.c.name).where(offices.c.name == box_office)
    if connection.execute(known).first() is None:
        insert_if_absent(connection, insert(offices).values(name=box_office, fence=0))


def server_clock(connection: Connection) -> float | None:
    """What the server's clock shows now, in seconds since 1970, and not when the transaction began;
    None without a server."""
    if connection.dialect.name != "postgresql":
        return None
    return float(
        connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one()
    )


def ledger_time(connection: Connection, now: datetime) -> datetime:
    """The time by the server's clock, if there is a server. The clocks of two machines differ: the
    machine that is ahead would take the other's lease, and repeat its acts too early."""
    seconds = server_clock(connection)
    return now if seconds is None else datetime.fromtimestamp(seconds, UTC)

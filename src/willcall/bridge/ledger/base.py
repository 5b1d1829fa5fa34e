"""How every method of the ledger speaks to its database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Engine, Insert, func, select
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ...errors import LedgerError, UndecodableReplyError

# What a database says, and what to do about it.
_WAYS_OUT = (
    ("locked", "another program holds it; the next run tries again"),
    ("disk", "make room on the disk; the next run goes on"),
    ("timeout", "the next run tries again"),
    ("read-only", "its server is a standby for now; the next run tries again"),
    ("readonly", "let willcall write to the file and its folder"),
    ("unable to open", "let willcall read and write the file and its folder"),
    (
        "not a database",
        "it is damaged or something else: restore it, or point [state] url elsewhere",
    ),
    ("malformed", "it is damaged: restore it from a copy"),
    ("authentication failed", "see user and password in [state] url"),
    ("does not exist", "make the database and its user, or change [state] url"),
    ("connection", "see that its server runs and can be reached; the next run tries again"),
)
_PASSES_BY_ITSELF = ("locked", "disk", "timeout", "read-only", "connection")


def insert_if_absent(connection: Connection, row: Insert) -> None:
    """Insert a row unless it is there. With SQLite one program writes at a time; another database
    lets two come this far, and the second must neither fail nor end its transaction."""
    with suppress(IntegrityError), connection.begin_nested():
        connection.execute(row)


def server_clock(connection: Connection) -> float | None:
    """What the server's clock shows now, and not when the transaction began; None: no server."""
    if connection.dialect.name != "postgresql":
        return None
    return float(
        connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one()
    )


class Base:
    """A database, and errors that say what to do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Database errors as ours: which ledger, what to do, and no SQL with somebody's data."""
        try:
            yield
        except DBAPIError as error:
            said = (str(error.orig).splitlines() or [type(error.orig).__name__])[0]
            known = next(((word, way) for word, way in _WAYS_OUT if word in said), None)
            if known is None and isinstance(error, OperationalError) and self._served:
                known = _WAYS_OUT[-1]  # a server says it in many words, and in many languages
            temporary = known is not None and known[0] in _PASSES_BY_ITSELF
            text = f"{self._name} cannot be used: {said}" + (f" ({known[1]})" if known else "")
            raise LedgerError(text, temporary=temporary) from None
        except UndecodableReplyError as error:
            way = "restore a copy, or start a new one with `willcall recover`"
            raise LedgerError(
                f"{self._name} holds what none of us wrote: {error} ({way})"
            ) from None
        except SQLAlchemyError as error:
            temporary = isinstance(error, PoolTimeoutError)  # too many threads want a connection
            text = f"{self._name} cannot be used: {type(error).__name__}"
            raise LedgerError(text, temporary=temporary) from None

    @property
    def _served(self) -> bool:
        """Whether it is another program's, which may be away."""
        return self._engine.url.get_backend_name() != "sqlite"

    @property
    def _name(self) -> str:
        url = self._engine.url
        at = url.database if url.get_backend_name() == "sqlite" else None
        return f"the ledger {(at or url.render_as_string()).removeprefix('file:')}"

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection.execution_options(reading=True)

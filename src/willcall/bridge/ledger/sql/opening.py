"""Opens a ledger: where it is, who may read it, and how durable its transactions are."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from ....errors import ConfigError, LedgerError
from .ledger import SqlLedger

log = logging.getLogger("willcall.ledger")

_BUSY = 5000
"""How long to wait for another program that is writing, in milliseconds."""

_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""How long to wait for a PostgreSQL server, by libpq's names, unless the URL sets them. Without
these limits a server that vanishes can delay a pass by a quarter of an hour or more."""

_LIBPQ = {"psycopg", "psycopg2"}
"""The drivers that know those names."""

_LIMITS = """
SELECT set_config(name, wanted, false)
FROM (VALUES
    ('lock_timeout', '5000'),
    ('statement_timeout', '30000'),
    ('idle_in_transaction_session_timeout', '60000')
) AS limits (name, wanted)
WHERE current_setting(name) = '0'
"""
"""Limits for locks of other sessions, for a statement, and for a process that is paused within a
transaction; in milliseconds. A limit that is set already (in the URL, for the role or the database)
stays."""


def _on_connect(engine: Engine, settings: Callable[[Any], None]) -> None:
    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        try:
            settings(connection)
        except BaseException:
            connection.close()  # SQLAlchemy drops it, and would leave it open
            raise


def _sqlite(engine: Engine, *, reading: bool) -> None:
    def settings(connection: Any) -> None:
        # We begin transactions ourselves, see below.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {_BUSY}")
        if reading:
            connection.execute("PRAGMA query_only = ON")
            return
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: with NORMAL a power cut can lose the last commits, hence an "attempting" mark, hence
        # a duplicate ticket.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    _on_connect(engine, settings)

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        # IMMEDIATE: a second writer waits here, and never in the middle of its transaction.
        reads = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _postgresql(engine: Engine) -> None:
    def settings(connection: Any) -> None:
        # Within a transaction it would be undone with that.
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(_LIMITS)
        connection.autocommit = False

    _on_connect(engine, settings)


def _no_url() -> ConfigError:
    return ConfigError(
        "state.url", "it is not a database URL", "write sqlite:///willcall.db, with three slashes"
    )


def _resolved(url: str, folder: Path) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _no_url() from None
    if parsed.get_backend_name() == "sqlite" and (
        parsed.host or parsed.username or parsed.password
    ):
        raise _no_url()
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")  # the driver that our extra brings
    if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        parsed = parsed.set(database=str((folder / str(parsed.database)).resolve()))
    return parsed


def _readable(url: URL, *, exists: bool) -> URL:
    """The URL for reading only; that of an empty ledger if there is no file."""
    if not exists:
        return make_url("sqlite://")
    # A connection that may write tidies away its -wal and -shm files; `query_only` holds it back.
    mode = "rw" if os.access(str(url.database), os.W_OK) else "ro"
    return url.set(database=f"file:{url.database}", query={"mode": mode, "uri": "true"})


@cache
def _warn_if_others_read(path: str) -> None:
    """Warn, once a process, of a ledger that other users of this machine may read."""
    if os.name == "posix" and stat.S_IMODE(os.stat(path).st_mode) & 0o077:
        log.warning("others on this machine may read the ledger; run: chmod 600 %s", path)


def open_ledger(url: str, folder: Path, *, reading: bool = False) -> SqlLedger:
    """Open a ledger, making it or bringing it up to date where that is needed.

    Args:
        url: an SQLAlchemy URL; a relative SQLite path starts at ``folder``.
        folder: where the configuration file is.
        reading: write nothing, not even a file: a ledger that is not there reads as an empty one.

    Raises:
        ConfigError: the URL makes no sense, or its folder is not there.
        LedgerError: the ledger cannot be opened, or a newer willcall has written it.
    """
    parsed = _resolved(url, folder)
    try:
        if parsed.get_backend_name() == "postgresql" and parsed.get_driver_name() in _LIBPQ:
            wanted = {name: n for name, n in _PATIENCE.items() if name not in parsed.query}
            # No more are open at once than there are threads, and none of those waits for another.
            engine = create_engine(parsed, connect_args=wanted, max_overflow=-1)
            exists = True
        elif parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
            engine = create_engine(parsed)
            exists = True
        else:
            path = Path(str(parsed.database))
            if not path.parent.is_dir():
                raise ConfigError(
                    "state.url", f"there is no folder {path.parent}", "make it, or change the path"
                )
            exists = path.exists()
            if not exists and not reading:
                # Made here, so that no other user can read it even for a moment.
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            elif not reading:
                _warn_if_others_read(str(path))
            engine = create_engine(_readable(parsed, exists=exists) if reading else parsed)
    except (NoSuchModuleError, ModuleNotFoundError):
        raise ConfigError(
            "state.url",
            f"no driver is installed for {parsed.drivername}",
            "pip install 'willcall[postgres]' for PostgreSQL, or use sqlite:///willcall.db",
        ) from None
    except OSError as error:
        said = (error.strerror or "").lower()
        raise LedgerError(f"the ledger {parsed.database} cannot be made: {said}") from None
    if engine.dialect.name == "sqlite":
        _sqlite(engine, reading=reading and exists)
    elif engine.driver in _LIBPQ:
        _postgresql(engine)
    ledger = SqlLedger(engine, reading=reading)
    try:
        if reading and exists:
            ledger.maintenance.check_version()
        else:
            ledger.maintenance.upgrade()
    except BaseException:
        ledger.close()  # it is not returned, so no caller can
        raise
    return ledger


def is_there(url: str, folder: Path) -> bool:
    """Whether there is a ledger that could be opened; a database on a server is assumed to exist.

    Raises:
        ConfigError: the URL makes no sense.
    """
    parsed = _resolved(url, folder)
    if parsed.get_backend_name() != "sqlite":
        return True
    return parsed.database not in {None, "", ":memory:"} and Path(str(parsed.database)).exists()


def ledger_on(connection: Any) -> SqlLedger:
    """A ledger on an open connection to SQLite whose tables are up to date: for the simulation,
    where several processes share a database in memory."""
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    _sqlite(engine, reading=False)
    return SqlLedger(engine)

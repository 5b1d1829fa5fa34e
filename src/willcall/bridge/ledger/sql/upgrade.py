"""Bringing a ledger to the version of this code. alembic is imported only when there is work."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from ....errors import LedgerError

# The newest version in migrations/versions; a test holds it to be that. Kept here so that a run on
# a ledger that is up to date, as nearly all are, need not import alembic to find out.
HEAD = "0001"
MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x77696C6C  # "will": any number that is ours alone
_KNOWN = ("0001",)


def version_of(connection: Connection) -> str | None:
    """The version a ledger has, or None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if row is None else str(row[0])


def is_known(version: str) -> bool:
    """Whether this code can bring that version up to date."""
    return version in _KNOWN


def unlimited(connection: Connection) -> None:
    """Lift the limits of time for this transaction; it may have to wait for another upgrade."""
    if connection.dialect.name == "postgresql":
        for limit in ("lock_timeout", "statement_timeout"):
            connection.execute(text(f"SET LOCAL {limit} = 0"))


def upgrade(connection: Connection) -> None:
    """Bring the ledger to :data:`HEAD`.

    Raises:
        LedgerError: a newer willcall has written it, or it is another program's database.
    """
    version = version_of(connection)
    if version == HEAD:
        return
    if connection.dialect.name == "postgresql":
        unlimited(connection)
        # Several machines may start in the same minute; SQLite lets one program write at a time.
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        version = version_of(connection)
        if version == HEAD:
            return
    if version is not None and version not in _KNOWN:
        raise LedgerError(
            f"the ledger has version {version}, which a newer willcall must have written; "
            f"this one knows up to {HEAD}: upgrade willcall"
        )
    if version is None and inspect(connection).get_table_names():
        raise LedgerError(
            "the database holds tables that are not a ledger's; point [state] url at one of its own"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)

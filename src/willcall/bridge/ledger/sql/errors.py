"""Database errors as ours: by their code, never by their words, which differ by language.

SQLite names each error (``sqlite_errorname``; an extended name such as ``SQLITE_IOERR_WRITE`` says
more than its first part), PostgreSQL has SQLSTATE (five characters, of which two are the class). A
code that is in no table is unexpected: the error is not temporary and shows the code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ....errors import LedgerError


@attrs.frozen
class Remedy:
    """What to do about an error.

    Args:
        fix: what to do.
        temporary: whether the next run may succeed without it.
    """

    fix: str
    temporary: bool = False


_BUSY = Remedy("another program holds it; the next run tries again", temporary=True)
_AGAIN = Remedy("the next run tries again", temporary=True)
_FULL = Remedy("make room on the disk; the next run goes on", temporary=True)
_WRITE = Remedy("let willcall write to the file and its folder")
_OPEN = Remedy("let willcall read and write the file and its folder")
_DAMAGED = Remedy("it is damaged: restore it from a copy")
_DISK = Remedy(
    "its disk fails, or a quota on it is used up: see the system's log, and move the ledger to a "
    "sound disk"
)

SQLITE: Mapping[str, Remedy] = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_PROTOCOL": _BUSY,
    "SQLITE_INTERRUPT": _AGAIN,
    "SQLITE_NOMEM": Remedy("the machine has no memory left; the next run tries again", True),
    "SQLITE_FULL": _FULL,
    # The file for shared memory grows first, and cannot: the disk is full.
    "SQLITE_IOERR_SHMSIZE": _FULL,
    "SQLITE_IOERR_NOMEM": Remedy("the machine has no memory left; the next run tries again", True),
    "SQLITE_IOERR": _DISK,
    "SQLITE_READONLY": _WRITE,
    "SQLITE_READONLY_DBMOVED": Remedy("its file was moved or replaced: start willcall anew"),
    "SQLITE_PERM": _OPEN,
    "SQLITE_CANTOPEN": _OPEN,
    "SQLITE_NOTADB": Remedy(
        "it is damaged or something else: restore it, or point [state] url elsewhere"
    ),
    "SQLITE_CORRUPT": _DAMAGED,
}
"""By name; what is not there goes by the longest name that it extends."""

_REACH = Remedy(
    "see that its server runs and can be reached; the next run tries again", temporary=True
)
_PASSWORD = Remedy("see user and password in [state] url")

POSTGRESQL: Mapping[str, Remedy] = {
    "08": _REACH,
    "25006": Remedy("its server is a standby for now; the next run tries again", temporary=True),
    "25P03": _AGAIN,
    "28": _PASSWORD,
    "3D000": Remedy("make the database, or change [state] url"),
    "40": _AGAIN,  # serialization, deadlock
    "42501": Remedy("let the user of [state] url use the database and the ledger's tables"),
    "53": Remedy("its server has no room or memory left; the next run goes on", temporary=True),
    "53300": Remedy(
        "its server has no connection left: close others, or raise max_connections; the next run "
        "tries again",
        temporary=True,
    ),
    "55P03": _BUSY,
    "57": _AGAIN,  # canceled by a limit, shutting down, starting
    "58": Remedy("its server's disk fails: see its log"),
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
}
"""By SQLSTATE, or by its class."""

UNREACHED = Remedy(
    "see that its server runs and can be reached, and that user, password and database in [state] "
    "url are right; the next run tries again",
    temporary=True,
)
"""libpq hands on no code when a connection fails or breaks. It may be that the server is away."""


def code_in(error: object) -> str | None:
    """The code of an error of ``sqlite3``, ``psycopg`` or ``psycopg2``; None if it has none."""
    for name in ("sqlite_errorname", "sqlstate", "pgcode"):
        code = getattr(error, name, None)
        if code:
            return str(code)
    return None


def remedy(code: str) -> Remedy | None:
    """What to do about an error with this code; None if it is unexpected."""
    if not code.startswith("SQLITE_"):
        return POSTGRESQL.get(code) or POSTGRESQL.get(code[:2])
    while code not in SQLITE and code.count("_") > 1:
        code = code.rpartition("_")[0]
    return SQLITE.get(code)


# Its value is quoted in the query of a URL, and may stand between quotes in libpq's own notation.
_SECRET = re.compile(
    r"((?:pass|pwd|secret|token)\w*(?:\s|%20)*(?:=|%3D)(?:\s|%20)*)(?:%27.*?%27|'.*?'|[^&\s]+)",
    re.IGNORECASE,
)


def shown_url(url: URL) -> str:
    """A ledger's URL as people may see it: without its password, wherever libpq would read it."""
    return _SECRET.sub(r"\1***", url.render_as_string(hide_password=True))


def ledger_error(name: str, error: SQLAlchemyError, *, served: bool) -> LedgerError:
    """A database error as ours: which ledger, and what to do; without SQL, which may hold names.

    Args:
        name: the ledger as people know it, without a password.
        error: what SQLAlchemy raised.
        served: whether the database is a server's, which may be away.
    """
    if not isinstance(error, DBAPIError) or error.orig is None:
        temporary = isinstance(error, PoolTimeoutError)  # too many threads want a connection
        return LedgerError(f"{name} cannot be used: {type(error).__name__}", temporary=temporary)
    said = (str(error.orig).splitlines() or [type(error.orig).__name__])[0]
    code = code_in(error.orig)
    if code is not None:
        known = remedy(code)
    elif served and _is_wanting_a_password(error.orig):
        known = _PASSWORD
    else:
        known = UNREACHED if served and _is_operational(error.orig) else None
    if known is None:
        return LedgerError(f"{name} cannot be used: {said}" + (f" [{code}]" if code else ""))
    return LedgerError(f"{name} cannot be used: {said} ({known.fix})", temporary=known.temporary)


def _is_operational(error: BaseException) -> bool:
    """Whether the database and not the program is at fault, as every driver says it (PEP 249)."""
    return any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)


def _is_wanting_a_password(error: BaseException) -> bool:
    """Whether a server asked for a password, and the URL has none."""
    return bool(getattr(getattr(error, "pgconn", None), "needs_password", False))

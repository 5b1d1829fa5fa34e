"""Database errors go by their codes: what to do, and whether the next run may succeed anyway."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from support import postgres
from willcall.bridge.config.tables import StateTable
from willcall.bridge.ledger import SqlLedger, open_ledger
from willcall.bridge.ledger.sql.errors import POSTGRESQL, SQLITE, ledger_error, remedy, shown_url
from willcall.bridge.model.exit_codes import code_of
from willcall.errors import LedgerError

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "temporary", "fix"),
    [
        ("SQLITE_BUSY", True, "another program holds it"),
        ("SQLITE_BUSY_SNAPSHOT", True, "another program holds it"),
        ("SQLITE_LOCKED_SHAREDCACHE", True, "another program holds it"),
        ("SQLITE_FULL", True, "make room"),
        ("SQLITE_IOERR_SHMSIZE", True, "make room"),
        ("SQLITE_NOMEM", True, "memory"),
        ("SQLITE_IOERR", False, "its disk fails"),
        ("SQLITE_IOERR_WRITE", False, "its disk fails"),
        ("SQLITE_IOERR_FSYNC", False, "its disk fails"),
        ("SQLITE_READONLY", False, "let willcall write"),
        ("SQLITE_READONLY_DIRECTORY", False, "let willcall write"),
        ("SQLITE_READONLY_DBMOVED", False, "moved or replaced"),
        ("SQLITE_CANTOPEN", False, "let willcall read and write"),
        ("SQLITE_CANTOPEN_ISDIR", False, "let willcall read and write"),
        ("SQLITE_NOTADB", False, "damaged or something else"),
        ("SQLITE_CORRUPT_INDEX", False, "restore it"),
        ("08006", True, "see that its server runs"),
        ("25006", True, "standby"),
        ("25P03", True, "tries again"),
        ("28P01", False, "user and password"),
        ("3D000", False, "make the database"),
        ("40001", True, "tries again"),
        ("40P01", True, "tries again"),
        ("42501", False, "let the user"),
        ("53100", True, "no room"),
        ("53300", True, "max_connections"),
        ("55P03", True, "another program holds it"),
        ("57014", True, "tries again"),
        ("57P01", True, "tries again"),
        ("57P03", True, "tries again"),
        ("58030", False, "disk fails"),
        ("XX001", False, "restore it"),
    ],
)
def test_a_code_says_what_to_do(code: str, temporary: bool, fix: str) -> None:
    """And whether the next run may succeed without it."""
    known = remedy(code)
    assert known is not None
    assert (known.temporary, fix in known.fix) == (temporary, True)


@pytest.mark.parametrize(
    "code", ["SQLITE_CONSTRAINT_UNIQUE", "SQLITE_ERROR", "SQLITE", "23505", "42P01", "XX000", ""]
)
def test_what_nobody_foresaw_is_shown_with_its_code_and_is_not_temporary(code: str) -> None:
    """It would be a mistake of ours, and waiting mends none."""

    class UnforeseenError(Exception):
        sqlite_errorname = code

    assert remedy(code) is None
    error = ledger_error("it", ProgrammingError("SELECT 1", {}, UnforeseenError("oh")), served=True)
    assert str(error) == "it cannot be used: oh" + (f" [{code}]" if code else "")
    assert not error.temporary


def test_every_row_of_the_tables_is_for_a_code() -> None:
    """Of the right form."""
    assert all(name.startswith("SQLITE_") for name in SQLITE)
    assert all(len(code) in {2, 5} and code == code.upper() for code in POSTGRESQL)


def test_the_words_of_an_error_do_not_matter() -> None:
    """They come in every language; a server that hands on no code may be away."""
    error = OperationalError("SELECT 1", {}, _server_error("le serveur a fermé la connexion"))
    assert ledger_error("it", error, served=True).temporary
    error = OperationalError("SELECT 1", {}, _server_error("disk is locked: connection timeout"))
    assert not ledger_error("it", error, served=False).temporary


def _server_error(words: str) -> Exception:
    error: Exception = type("OperationalError", (Exception,), {})(words)
    return error


# -- real conditions (a damaged file, a read-only file, a held lock: see test_opening.py) ----------


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    """A new one, in a file."""
    ledger = open_ledger("sqlite:///willcall.db", tmp_path)
    yield ledger
    ledger.close()


def written_until_it_fails(ledger: SqlLedger) -> LedgerError:
    """What it is refused with."""

    def write() -> None:
        for _ in range(5000):
            ledger.record_run("main-room", NOW, NOW, 0, {"said": "a" * 2000})

    with pytest.raises(LedgerError) as caught:
        write()
    return caught.value


def refused(ledger: SqlLedger, *statements: str) -> LedgerError:
    """What a transaction of these statements is refused with."""

    def execute() -> None:
        with ledger._writing() as connection:
            for statement in statements:
                connection.execute(text(statement))

    with pytest.raises(LedgerError) as caught:
        execute()
    return caught.value


def test_a_full_disk_is_for_now(ledger: SqlLedger) -> None:
    """SQLite says the same where a disk is full and where a file may not grow."""
    with ledger._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 80")
    error = written_until_it_fails(ledger)
    assert "make room on the disk" in str(error)
    assert code_of(error) == 75


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The system refuses to write beyond that, as it does on a disk that fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fails_is_not_for_now(ledger: SqlLedger) -> None:
    """A watch does not wait for it: 78."""
    with files_of_at_most(400_000):
        error = written_until_it_fails(ledger)
    assert "disk I/O error (its disk fails" in str(error)
    assert code_of(error) == 78


class TestPostgreSQL:
    """With a real server."""

    pytestmark = postgres.MARKS

    @pytest.fixture
    def ledger(self, server: str, tmp_path: Path) -> Iterator[SqlLedger]:
        """A ledger of these tests' own."""
        admin = create_engine(
            postgres.engine_url(server) + "/postgres", isolation_level="AUTOCOMMIT"
        )
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS errors WITH (FORCE)"))
            connection.execute(text("CREATE DATABASE errors"))
        admin.dispose()
        ledger = open_ledger(f"{server}/errors", tmp_path)
        yield ledger
        ledger.close()

    def test_a_session_that_the_server_ends_is_for_now(self, ledger: SqlLedger) -> None:
        """As when it is restarted; the next transaction has a new one."""
        pids = "SELECT pg_backend_pid()"
        with ledger._engine.connect() as connection:
            pid = connection.execute(text(pids)).scalar_one()
        error = refused(ledger, f"SELECT pg_terminate_backend({pid})", pids)
        assert error.temporary
        assert "tries again" in str(error)
        assert ledger.take_lease("main-room", NOW) is not None

    def test_a_statement_that_takes_too_long_is_for_now(self, ledger: SqlLedger) -> None:
        error = refused(ledger, "SET LOCAL statement_timeout = 10", "SELECT pg_sleep(5)")
        assert error.temporary
        assert "tries again" in str(error)

    def test_a_table_that_is_not_there_is_not(self, ledger: SqlLedger) -> None:
        error = refused(ledger, "SELECT 1 FROM recipes")
        assert not error.temporary
        assert "[42P01]" in str(error)

    def test_a_user_who_may_not_is_told_so(self, ledger: SqlLedger) -> None:
        error = refused(
            ledger, "CREATE ROLE stranger", "SET LOCAL ROLE stranger", "SELECT 1 FROM runs"
        )
        assert not error.temporary
        assert "let the user" in str(error)

    def test_a_connection_that_fails_names_all_that_may_be_wrong(
        self, server: str, tmp_path: Path
    ) -> None:
        """Its driver hands on no code then: the server may be away, or refuse."""
        with pytest.raises(LedgerError, match="user, password and database") as caught:
            open_ledger(f"{server}/nowhere", tmp_path)
        assert caught.value.temporary

    def test_a_server_that_was_stopped_is_for_now(self, tmp_path: Path) -> None:
        """In the middle of a watch."""
        with postgres.running() as url:
            ledger = open_ledger(f"{url}/postgres", tmp_path)
            fence = ledger.take_lease("main-room", NOW)
            assert fence is not None
        for _ in range(2):  # the connection breaks, and then there is none
            with pytest.raises(LedgerError, match="the next run tries again") as caught:
                ledger.renew(fence, NOW)
            assert caught.value.temporary
        ledger.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://me:hunter2@localhost:1/db",
        "postgresql+psycopg://me@localhost:1/db?password=hunter2",
        "postgresql+psycopg://me@localhost:1/db?sslmode=disable&PassWord=hunter2&connect_timeout=1",
        "postgresql+psycopg://me@localhost:1/db?sslpassword=hunter2",
        "postgresql+psycopg://localhost:1/host=localhost%20password='hunter2%20hunter2'",
        "mysql://me@localhost:1/db?passwd=hunter2",
    ],
)
def test_no_password_of_a_ledger_is_shown_wherever_its_url_holds_it(url: str) -> None:
    shown = shown_url(make_url(url))
    assert "hunter2" not in shown
    assert "localhost:1" in shown
    assert "***" in shown


@pytest.mark.parametrize("rest", ["me:hunter2@localhost:1/d", "me@localhost:1/d?password=hunter2"])
def test_a_ledger_that_cannot_be_reached_does_not_show_its_password(
    rest: str, tmp_path: Path
) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(LedgerError) as caught:
        open_ledger(f"postgresql://{rest}", tmp_path)
    assert "hunter2" not in str(caught.value) + repr(caught.value)
    state = StateTable(url=f"postgresql://{rest}")
    assert "hunter2" not in repr(state) + str(state)
    engine = create_engine(f"postgresql+psycopg://{rest}")
    assert "hunter2" not in repr(SqlLedger(engine))

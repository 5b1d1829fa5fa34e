"""The ledger: it keeps its word, knows its own version, and says what is wrong with it."""

import os
import pickle
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import dbapi2
from typing import Any

import attrs
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from support.ledgers import CASE, EVENT, INTENT, KNOWN, NOW, decision, leased
from willcall.bridge.ledger import SqlLedger, open_ledger
from willcall.bridge.ledger.records import LEASE, RUNS_KEPT
from willcall.bridge.ledger.sql import opening, schema, upgrade
from willcall.bridge.model.cases import (
    CaseState,
    IntentState,
    State,
)
from willcall.bridge.model.exit_codes import code_of
from willcall.errors import ConfigError, LedgerError

URL = "sqlite:///willcall.db"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    """A new one, in a file."""
    ledger = open_ledger(URL, tmp_path)
    yield ledger
    ledger.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits five seconds for a lock in a test."""
    monkeypatch.setattr(opening, "_BUSY", 50)


def trouble(url: str, folder: Path, *, reading: bool = False) -> LedgerError:
    """The error that opening a ledger ends with. No connection to it stays open."""
    connections: list[sqlite3.Connection] = []
    connect = dbapi2.connect

    def recording(*args: Any, **options: Any) -> sqlite3.Connection:
        connections.append(connect(*args, **options))
        return connections[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbapi2, "connect", recording)
        with pytest.raises(LedgerError) as caught:
            open_ledger(url, folder, reading=reading)
    for connection in connections:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    return caught.value


def sql(folder: Path, statement: str) -> list[Any]:
    """What another program would see, or do."""
    with closing(sqlite3.connect(folder / "willcall.db", isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


# -- versions -------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_tables_that_the_code_has(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    """What changes in schema.py needs a migration beside it."""
    engine = create_engine(f"sqlite:///{tmp_path}/willcall.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()
    # Of an index alembic compares the columns, but not its WHERE: that of open cases matters most.
    indexes = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    fresh = create_engine("sqlite://")
    with fresh.begin() as connection:
        schema.metadata.create_all(connection)
        wanted = {row.name: row.sql for row in connection.exec_driver_sql(indexes)}
    fresh.dispose()
    assert dict(sql(tmp_path, indexes)) == wanted
    assert "WHERE state IN ('open', 'held')" in wanted["uq_cases_live_condition"]


def test_the_versions_that_the_code_knows_are_those_in_the_folder() -> None:
    """HEAD spares a run on a ledger that is up to date the import of alembic."""
    config = Config()
    config.set_main_option(
        "script_location", str(Path(upgrade.__file__).parent / "migrations").replace("%", "%%")
    )
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_current_head() == upgrade.HEAD
    assert set(upgrade._KNOWN) == {script.revision for script in scripts.walk_revisions()}


def test_a_ledger_of_a_newer_willcall_is_left_alone(ledger: SqlLedger, tmp_path: Path) -> None:
    """Neither written nor read, and who can mend it is told."""
    ledger.close()
    sql(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    error = trouble(URL, tmp_path)
    assert "version 9999, which a newer willcall must have written" in str(error)
    assert "upgrade willcall" in str(error)
    assert code_of(error) == 78
    assert "version 9999" in str(trouble(URL, tmp_path, reading=True))


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """Not a table is added to it."""
    sql(tmp_path, "CREATE TABLE recipes (name TEXT)")
    error = trouble(URL, tmp_path)
    assert "point [state] url at one of its own" in str(error)
    assert code_of(error) == 78
    assert sql(tmp_path, "SELECT name FROM sqlite_master") == [("recipes",)]


def test_opening_it_again_finds_everything(ledger: SqlLedger, tmp_path: Path) -> None:
    """As the next run does."""
    ledger.commit(leased(ledger), decision(baseline=True), NOW)
    ledger.close()
    again = open_ledger(URL, tmp_path)
    assert again.state("main-room") == KNOWN
    ((case, intent),) = again.unsettled("main-room")
    assert case == CASE
    assert attrs.evolve(intent, id=None) == INTENT
    again.close()


def test_a_case_may_come_before_the_baseline(ledger: SqlLedger) -> None:
    """A removal that failed is reported, not seen: reporting it again must find it."""
    ledger.commit(leased(ledger), decision(facts={}), NOW, swept=False)
    assert ledger.state("main-room") == attrs.evolve(KNOWN, snapshot=None)


def test_many_may_make_the_same_ledger_at_once(tmp_path: Path) -> None:
    """One of them makes it, the others find it."""
    errors: list[BaseException] = []
    start = threading.Barrier(6)

    def make() -> None:
        try:
            start.wait()
            open_ledger(URL, tmp_path).close()
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sql(tmp_path, "SELECT version_num FROM alembic_version") == [(upgrade.HEAD,)]


# -- how SQLite keeps its word --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
def test_sqlite_is_told_to_be_careful(ledger: SqlLedger, pragma: str, expected: object) -> None:
    """synchronous 2 is FULL: a commit that a power cut took back would be a duplicate ticket."""
    with ledger._engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == expected


def test_nobody_else_on_the_machine_can_read_it(tmp_path: Path) -> None:
    """It holds titles and addresses; nor the files beside it."""
    before = os.umask(0)
    try:
        ledger = open_ledger(URL, tmp_path)
        ledger.commit(leased(ledger), decision(), NOW)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        ledger.close()
    finally:
        os.umask(before)
    assert modes["willcall.db"] == 0o600
    assert set(modes.values()) == {0o600}


def test_the_last_line_of_defence_refuses_a_second_open_case(ledger: SqlLedger) -> None:
    """Of one condition; once the first has ended it may come again."""
    fence = leased(ledger)
    ledger.commit(fence, decision(), NOW)
    second = attrs.evolve(CASE, marker="wc-00000002", occurrence=2)
    with pytest.raises(LedgerError, match="UNIQUE constraint failed"):
        ledger.commit(fence, decision(cases=(second,), intents=()), NOW)
    ended = attrs.evolve(CASE, state=CaseState.CLEARED, ended_at=NOW)
    ledger.commit(fence, decision(cases=(ended, second), intents=()), NOW)
    assert ledger.state("main-room").cases == (second,)


def test_a_pass_is_written_whole_or_not_at_all(ledger: SqlLedger) -> None:
    """Here its last part is refused: an act of a case that is not there."""
    fence = leased(ledger)
    before = ledger.state("main-room")
    stray = attrs.evolve(INTENT, case="wc-99999999")
    with pytest.raises(LedgerError, match="FOREIGN KEY constraint failed"):
        ledger.commit(fence, decision(baseline=True, intents=(INTENT, stray)), NOW)
    assert ledger.state("main-room") == before
    assert ledger.unsettled("main-room") == []


# -- where it is, and what is wrong there ---------------------------------------------------------


def test_a_relative_path_starts_in_the_folder_of_the_configuration(tmp_path: Path) -> None:
    """An absolute one where it says."""
    (tmp_path / "etc").mkdir()
    open_ledger("sqlite:///a.db", tmp_path / "etc").close()
    open_ledger(f"sqlite:///{tmp_path}/b.db", tmp_path / "etc").close()
    open_ledger("sqlite:///../c d.db", tmp_path / "etc").close()
    made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.db")}
    assert made == {"etc/a.db", "b.db", "c d.db"}


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("willcall.db", "it is not a database URL"),
        ("sqlite://willcall.db", "it is not a database URL"),
        ("sqlite://me:hunter2@/willcall.db", "it is not a database URL"),
        ("postgresql://me:hunter2@db:port/w", "it is not a database URL"),
        ("sqlite:///nowhere/willcall.db", "there is no folder"),
        ("oracle+nothing://me:hunter2@example.com/db", "no driver is installed"),
        ("nosuch://me:hunter2@example.com/db", "no driver is installed"),
    ],
)
@pytest.mark.parametrize("reading", [False, True])
def test_a_url_that_makes_no_sense_is_the_configurations_fault(
    tmp_path: Path, url: str, problem: str, reading: bool
) -> None:
    """Told by its key, with a way out, and without the password."""
    with pytest.raises(ConfigError) as caught:
        open_ledger(url, tmp_path, reading=reading)
    assert caught.value.field == "state.url"
    assert problem in caught.value.problem
    assert caught.value.fix
    assert "hunter2" not in repr(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_in_no_repr_and_no_error() -> None:
    """Nor in one that was pickled on its way."""
    from sqlalchemy.exc import OperationalError

    class Shared:
        url = create_engine("sqlite://").url.set(
            drivername="postgresql", username="me", password="hunter2", host="db", database="w"
        )

        def begin(self) -> Any:
            raise OperationalError("SELECT secret", {}, Exception("no route to db"))

    shared = SqlLedger(Shared())  # type: ignore[arg-type]
    assert repr(shared) == "<SqlLedger postgresql://me:***@db/w>"
    with pytest.raises(LedgerError) as caught:
        shared.take_lease("main-room", NOW)
    told = repr(pickle.loads(pickle.dumps(caught.value)))
    assert "postgresql://me:***@db/w cannot be used: no route to db" in told
    assert "hunter2" not in told
    assert "secret" not in told


@pytest.mark.parametrize("reading", [False, True])
@pytest.mark.parametrize(
    "content", [b"not a ledger" * 500, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_a_damaged_file_is_told_by_its_name(tmp_path: Path, content: bytes, reading: bool) -> None:
    """A person has to see to it: 78. It is left as it is."""
    file = tmp_path / "willcall.db"
    file.write_bytes(content)
    error = trouble(URL, tmp_path, reading=reading)
    assert str(file) in str(error)
    assert code_of(error) == 78
    assert "restore it" in str(error)
    assert file.read_bytes() == content


@pytest.mark.parametrize("reading", [False, True])
def test_a_folder_in_its_place_is_told_by_its_name(tmp_path: Path, reading: bool) -> None:
    """78 as well."""
    (tmp_path / "willcall.db").mkdir()
    error = trouble(URL, tmp_path, reading=reading)
    assert f"{tmp_path}/willcall.db" in str(error)
    assert code_of(error) == 78


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """As a user who may not do everything: root may write what is read-only."""
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_file_that_may_not_be_written_can_still_be_planned_from() -> None:
    """A run says what to do: 78; a plan only reads."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger = open_ledger(URL, folder)
        ledger.commit(leased(ledger), decision(baseline=True), NOW)
        ledger.close()
        with as_nobody(folder):
            (folder / "willcall.db").chmod(0o400)
            ledger = open_ledger(URL, folder)
            with pytest.raises(LedgerError, match="let willcall write to the file") as caught:
                ledger.take_lease("main-room", NOW + LEASE)
            assert code_of(caught.value) == 78
            ledger.close()
            reading = open_ledger(URL, folder, reading=True)
            assert reading.state("main-room").snapshot == {EVENT.id: EVENT}
            reading.close()
            (folder / "willcall.db").unlink()
            folder.chmod(0o500)
            error = trouble(URL, folder)
            assert "permission denied" in str(error).lower()
            assert str(folder / "willcall.db") in str(error)
            folder.chmod(0o700)


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_is_for_now(ledger: SqlLedger, tmp_path: Path) -> None:
    """75: the next run tries again."""
    ledger.close()
    with closing(sqlite3.connect(tmp_path / "willcall.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        error = trouble(URL, tmp_path)
        assert "database is locked" in str(error)
        assert "the next run tries again" in str(error)
        assert code_of(error) == 75
        other.execute("ROLLBACK")
    open_ledger(URL, tmp_path).close()


def test_a_writer_does_not_keep_a_plan_waiting(ledger: SqlLedger, tmp_path: Path) -> None:
    """In WAL, readers see what was committed last."""
    with closing(sqlite3.connect(tmp_path / "willcall.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        reading = open_ledger(URL, tmp_path, reading=True)
        assert reading.state("main-room") == State()
        reading.close()


# -- reading only ---------------------------------------------------------------------------------


def test_reading_writes_nothing_and_makes_nothing(tmp_path: Path) -> None:
    """A ledger that is not there reads as an empty one, and still is not there."""
    reading = open_ledger(URL, tmp_path, reading=True)
    assert reading.state("main-room") == State()
    assert reading.unsettled("main-room") == []
    reading.close()
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_opened_for_reading_refuses_to_write(ledger: SqlLedger, tmp_path: Path) -> None:
    """Even by mistake."""
    ledger.close()
    before = (tmp_path / "willcall.db").read_bytes()
    reading = open_ledger(URL, tmp_path, reading=True)
    with pytest.raises(LedgerError, match="readonly"):
        reading.take_lease("main-room", NOW)
    reading.close()
    assert (tmp_path / "willcall.db").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["willcall.db"]


def test_an_empty_file_says_how_to_make_it_a_ledger(tmp_path: Path) -> None:
    """A run that was ended as it made it leaves one."""
    (tmp_path / "willcall.db").touch()
    assert "`willcall run` brings" in str(trouble(URL, tmp_path, reading=True))
    open_ledger(URL, tmp_path).close()
    open_ledger(URL, tmp_path, reading=True).close()


# -- the lease ------------------------------------------------------------------------------------


def test_a_lease_is_for_one_and_each_has_a_number_of_its_own(ledger: SqlLedger) -> None:
    """By box office."""
    first = leased(ledger)
    assert ledger.take_lease("main-room", NOW) is None
    other = ledger.take_lease("annexe", NOW)
    assert other is not None
    ledger.release_lease(first)
    second = leased(ledger)
    assert second.number > first.number
    assert second.holder != first.holder


def test_a_lease_runs_out(ledger: SqlLedger) -> None:
    """To the second, unless it was renewed; then the old holder writes nothing more."""
    first = leased(ledger)
    assert ledger.take_lease("main-room", NOW + LEASE - timedelta(seconds=1)) is None
    second = leased(ledger, NOW + LEASE)
    for write in (
        lambda: ledger.commit(first, decision(), NOW),
        lambda: ledger.attempting(first, INTENT, {}, NOW),
        lambda: ledger.settle(first, INTENT, IntentState.DONE, NOW),
        lambda: ledger.give_up(first, CASE, "gone", NOW),
    ):
        with pytest.raises(LedgerError, match="another run has taken over 'main-room'") as caught:
            write()
        assert code_of(caught.value) == 75
    assert ledger.state("main-room").cases == ()
    ledger.release_lease(first)  # not its to give
    assert ledger.take_lease("main-room", NOW + LEASE) is None
    ledger.commit(second, decision(), NOW + LEASE)


def test_a_run_that_is_interrupted_lets_the_next_one_in(ledger: SqlLedger, tmp_path: Path) -> None:
    """Closing gives back what was taken, but not what somebody else has taken since."""
    leased(ledger)
    ledger.close()
    other = open_ledger(URL, tmp_path)
    leased(ledger)
    leased(other, NOW + LEASE)
    ledger.close()
    assert ledger.take_lease("main-room", NOW + LEASE) is None
    other.close()


def test_whatever_is_written_renews_the_lease(ledger: SqlLedger) -> None:
    """A long delivery keeps it."""
    fence = leased(ledger)
    for minute in range(1, 10):
        moment = NOW + timedelta(minutes=minute)
        ledger.commit(fence, decision(cases=(), intents=()), moment)
        assert ledger.take_lease("main-room", moment + timedelta(seconds=59)) is None


@pytest.mark.parametrize(
    ("ahead", "free"),
    [(timedelta(minutes=1), False), (timedelta(minutes=30), True), (timedelta(days=400), True)],
)
def test_a_lease_taken_under_a_wrong_clock_does_not_last_for_ever(
    ledger: SqlLedger, ahead: timedelta, free: bool
) -> None:
    """The clock was ahead, and has been set right since."""
    leased(ledger, NOW + ahead)
    assert (ledger.take_lease("main-room", NOW) is not None) == free


# -- what it forgets ------------------------------------------------------------------------------


def test_runs_are_forgotten_after_a_month(ledger: SqlLedger, tmp_path: Path) -> None:
    """Each box office's own; the rest is kept."""

    def note(box_office: str, moment: datetime) -> None:
        ledger.record_run(box_office, moment, moment, 0, {"events": 1})

    note("annexe", NOW)
    for day in range(40):
        note("main-room", NOW + timedelta(days=day))
    count = "SELECT box_office, count(*) FROM runs GROUP BY box_office"
    assert dict(sql(tmp_path, count)) == {"annexe": 1, "main-room": RUNS_KEPT.days + 1}


def test_moments_are_kept_in_utc_whatever_they_came_in(ledger: SqlLedger) -> None:
    """SQLite has no time zones."""
    from zoneinfo import ZoneInfo

    there = NOW.astimezone(ZoneInfo("America/New_York"))
    ledger.commit(leased(ledger), decision(cases=(attrs.evolve(CASE, opened_at=there),)), NOW)
    (kept,) = ledger.state("main-room").cases
    assert kept.opened_at == NOW
    assert kept.opened_at.tzinfo is UTC

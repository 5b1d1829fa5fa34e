"""The ledger in a real PostgreSQL, which several machines can share.

A server of the test's own, on a socket of this machine alone. Where PostgreSQL is not installed
there is nothing to try, and the reason for skipping says so.
"""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text, update

from support import postgres
from support.virtual_bridge import START, Crash, VirtualBridge
from support.waiting import eventually
from willcall.bridge.ledger import Fence, Ledger, SqlLedger, open_ledger
from willcall.bridge.ledger.sql import opening, schema, upgrade
from willcall.bridge.model.cases import Decision
from willcall.errors import LedgerError, TakenOverError

pytestmark = postgres.MARKS


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """A database of the test's own."""
    name = f"ledger_{abs(hash(request.node.name)) % 10**8}"
    admin = create_engine(postgres.engine_url(server) + "/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return f"{server}/{name}"


@pytest.fixture
def house(url: str, tmp_path: Path) -> Iterator[VirtualBridge]:
    """The main job on it, after its baseline."""
    house = VirtualBridge(tmp_path, ledger=url)
    assert house.run().exit_code == 0
    yield house
    house.ledger.close()


def lease_runs_out(ledger: Ledger) -> None:
    """As if its two minutes had passed; the server's clock cannot be put forward."""
    assert isinstance(ledger, SqlLedger)
    with ledger._engine.begin() as connection:
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        connection.execute(
            update(schema.box_offices)
            .where(schema.box_offices.c.lease_until.is_not(None))
            .values(lease_until=long_ago)
        )


def together(works: Sequence[Callable[[], None]]) -> None:
    """Each in a thread of its own, until all have ended."""
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_the_main_job_from_the_first_run_to_the_resolved_ticket(house: VirtualBridge) -> None:
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    assert house.run().exit_code == 0
    assert [t.status for t in house.desk.tickets] == ["open"]
    for ticket_type in event.ticket_types:
        house.box_office.restock(event.id, ticket_type.name, 5)
    assert house.run().exit_code == 0
    assert [t.status for t in house.desk.tickets] == ["resolved"]
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


def test_the_migrations_make_exactly_the_tables_that_the_code_has(
    house: VirtualBridge, url: str
) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = create_engine(postgres.engine_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
        assert set(inspect(connection).get_table_names()) >= set(schema.metadata.tables)
    engine.dispose()


def test_the_end_of_a_process_at_any_boundary_repeats_nothing(server: str, tmp_path: Path) -> None:
    """Some boundaries of the pass that opens a ticket; SQLite's test takes every one."""
    admin = create_engine(postgres.engine_url(server) + "/postgres", isolation_level="AUTOCOMMIT")
    endings = set()
    for boundary in range(1, 600, 9):
        name = f"boundary_{boundary}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
        house = VirtualBridge(tmp_path, ledger=f"{server}/{name}")
        try:
            house.run()
            house.box_office.sell_out(house.event())
            try:
                house.run(crash_at=boundary)
                untouched = True
            except Crash:
                untouched = False
            lease_runs_out(house.ledger)
            for _ in range(4):
                house.clock.advance(180)
                report = house.run()
            assert report.exit_code == 0
            endings.add(str(house.shape()))
        finally:
            house.ledger.close()
        if untouched:
            break
    else:
        pytest.fail("the pass never ended")
    admin.dispose()
    assert len(endings) == 1
    assert boundary > 20


def test_of_many_that_want_the_lease_one_gets_it(
    house: VirtualBridge, url: str, tmp_path: Path
) -> None:
    """From connections of their own, at the same moment, time and again."""
    ledgers = [open_ledger(url, tmp_path) for _ in range(6)]
    now = START + timedelta(hours=1)

    def want(ledger: Ledger, start: threading.Barrier, taken: list[tuple[Ledger, Fence]]) -> None:
        start.wait()
        fence = ledger.take_lease("main-room", now)
        if fence is not None:
            taken.append((ledger, fence))

    for _ in range(15):
        taken: list[tuple[Ledger, Fence]] = []
        start = threading.Barrier(len(ledgers))

        together([partial(want, ledger, start, taken) for ledger in ledgers])
        ((holder, fence),) = taken
        holder.release_lease(fence)
    for ledger in ledgers:
        ledger.close()


def test_a_passed_fence_writes_nothing(house: VirtualBridge, url: str, tmp_path: Path) -> None:
    late, early = open_ledger(url, tmp_path), house.ledger
    now = house.clock.now()
    old = early.take_lease("main-room", now)
    lease_runs_out(early)
    new = late.take_lease("main-room", now)
    assert old is not None
    assert new is not None
    with pytest.raises(LedgerError):
        early.commit(old, Decision(box_office="main-room", at=now), now)
    late.close()


@pytest.mark.parametrize("wrong", [timedelta(hours=1), timedelta(hours=-1), timedelta(minutes=3)])
def test_a_lease_goes_by_the_clock_of_the_server(
    house: VirtualBridge, url: str, tmp_path: Path, wrong: timedelta
) -> None:
    """A machine whose clock is wrong neither takes another's over nor loses its own."""
    other, now = open_ledger(url, tmp_path), house.clock.now()
    fence = house.ledger.take_lease("main-room", now)
    assert fence is not None
    assert other.take_lease("main-room", now + wrong) is None
    house.ledger.renew(fence, now + wrong)
    assert other.take_lease("main-room", now) is None
    assert other.take_lease("main-room", now + 2 * wrong) is None
    lease_runs_out(other)
    assert other.take_lease("main-room", now + wrong) is not None
    with pytest.raises(LedgerError):
        house.ledger.renew(fence, now)
    other.close()


def test_a_title_with_any_character_is_kept(house: VirtualBridge) -> None:
    event = house.box_office.event(house.event())
    house.box_office.update(event.id, title="Late \x00 \U0001f600 \u202e Laughs\x1b[31m")
    house.box_office.sell_out(event.id)
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


def test_no_count_of_the_quota_is_lost_between_machines(
    house: VirtualBridge, url: str, tmp_path: Path
) -> None:
    ledgers = [open_ledger(url, tmp_path) for _ in range(4)]

    def count(ledger: SqlLedger) -> None:
        for _ in range(25):
            ledger.change("a key", lambda text, _: (str(int(text or "0") + 1), None))

    together([partial(count, ledger) for ledger in ledgers])
    assert ledgers[0].change("a key", lambda text, _: (text or "", text)) == "100"
    for ledger in ledgers:
        ledger.close()


def test_the_quota_is_counted_by_the_clock_of_the_server(
    house: VirtualBridge, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is when the step is taken, after whoever held the row has let it go; and not by this
    machine's, which is wrong by an hour."""
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() - 3600.0)
    other, held, shown = open_ledger(url, tmp_path), threading.Event(), []

    def hold(_: str | None, __: float | None) -> tuple[str, None]:
        held.set()
        time.sleep(1.0)
        shown.append(right())
        return "", None

    def take(_: str | None, moment: float | None) -> tuple[str, None]:
        shown.append(moment or 0.0)
        return "", None

    def wait_and_take() -> None:
        held.wait()
        other.change("a key", take)

    together([lambda: house.ledger.change("a key", hold), wait_and_take])
    before, after = shown
    assert before <= after < before + 30.0
    other.close()


def test_limits_that_somebody_has_set_stay(url: str, tmp_path: Path) -> None:
    """In the URL, or for the role."""

    def shown(ledger: SqlLedger) -> list[str]:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        with ledger._reading() as connection:
            return [connection.execute(text(f"SHOW {name}")).scalar_one() for name in names]

    plain = open_ledger(url, tmp_path)
    assert shown(plain) == ["30s", "5s", "1min"]
    plain.close()
    own = open_ledger(f"{url}?options=-c%20statement_timeout%3D300000", tmp_path)
    assert shown(own) == ["5min", "5s", "1min"]
    own.close()


def test_whoever_upgrades_is_waited_for(url: str, tmp_path: Path) -> None:
    """For longer than for anything else that is locked."""
    admin = create_engine(postgres.engine_url(url))
    with admin.begin() as connection:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({upgrade._LOCK})"))
        opened: list[SqlLedger] = []
        second = threading.Thread(target=lambda: opened.append(open_ledger(url, tmp_path)))
        second.start()
        second.join(6.5)
        assert second.is_alive()
    second.join(30)
    (ledger,) = opened
    ledger.close()
    admin.dispose()


def test_a_standby_is_for_now(house: VirtualBridge) -> None:
    """Until it is promoted, or the address leads elsewhere."""
    ledger = house.ledger
    assert isinstance(ledger, SqlLedger)
    with ledger._engine.begin() as connection:
        connection.execute(text("SET default_transaction_read_only = on"))
    with pytest.raises(LedgerError, match="standby") as caught:
        ledger.change("a key", lambda kept, _: (kept or "", None))
    assert caught.value.temporary


def test_many_may_make_the_same_ledger_at_once(url: str, tmp_path: Path) -> None:
    """Several machines start on an empty database in the same minute."""
    wrong: list[Exception] = []

    def make() -> None:
        try:
            open_ledger(url, tmp_path).close()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown
            wrong.append(error)

    together([make] * 4)
    assert wrong == []


def test_a_server_that_takes_a_connection_and_says_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has hung, or something between has swallowed it."""
    monkeypatch.setitem(opening._PATIENCE, "connect_timeout", 2)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = f"postgresql://willcall@127.0.0.1:{mute.getsockname()[1]}/none"
        for more, least, most in (("", 1.5, 5.0), ("?connect_timeout=6", 5.0, 9.0)):
            began = time.monotonic()
            with pytest.raises(LedgerError) as caught:
                open_ledger(url + more, tmp_path)
            assert caught.value.temporary
            assert least < time.monotonic() - began < most


def test_what_another_session_holds_is_waited_for_as_with_sqlite(
    house: VirtualBridge, url: str, tmp_path: Path
) -> None:
    """For five seconds; the limit stays where a transaction was given up."""
    other, held, over = open_ledger(url, tmp_path), threading.Event(), threading.Event()

    def hold(_: str | None, __: float | None) -> tuple[str, None]:
        held.set()
        over.wait(30)
        return "", None

    holder = threading.Thread(target=lambda: house.ledger.change("a key", hold))
    holder.start()
    held.wait(10)
    try:
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(LedgerError, match="lock timeout") as caught:
                other.change("a key", lambda kept, _: (kept or "", None))
            assert caught.value.temporary
            assert 4.0 < time.monotonic() - began < 8.0
    finally:
        over.set()
        holder.join(10)
    other.change("a key", lambda kept, _: (kept or "", None))
    other.close()


def test_a_server_that_is_away_is_for_now_and_its_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught:
        open_ledger("postgresql://willcall:s3cret@127.0.0.1:9/none", tmp_path)
    assert caught.value.temporary
    assert "s3cret" not in str(caught.value)


HOLDS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from willcall.bridge.ledger import open_ledger
from willcall.bridge.ledger.holders import OsProcess
OsProcess.name = lambda _: "elsewhere:1:abcdef"  # of another machine: only its session speaks of it
ledger = open_ledger(sys.argv[1], Path())
print(ledger.take_lease("main-room", datetime.now(UTC)), flush=True)
input()
"""


def test_a_holder_that_was_killed_loses_its_lease_at_once(url: str) -> None:
    """Its session ends with it, wherever it ran."""
    ledger = open_ledger(url, Path())
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert "elsewhere:1" in process.stdout.readline()
        assert ledger.take_lease("main-room", START) is None
        process.send_signal(signal.SIGSTOP)
        assert ledger.take_lease("main-room", START) is None, "stopped is not ended"
    finally:
        process.kill()
        process.communicate()
    eventually(lambda: ledger.take_lease("main-room", START) is not None, "the lease")
    ledger.close()


def test_a_holder_whose_session_was_cut_is_fenced(url: str) -> None:
    """It lives, and others cannot know: they take over, and it writes nothing more."""
    ledger, other = open_ledger(url, Path()), open_ledger(url, Path())
    fence = ledger.take_lease("main-room", START)
    assert fence is not None
    with other._engine.begin() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        )
    eventually(lambda: other.take_lease("main-room", START) is not None, "the lease")
    with pytest.raises(TakenOverError):
        ledger.renew(fence, START)
    other.close()
    again = ledger.take_lease("main-room", START)
    assert again is not None, "with a session of its own again"
    ledger.close()


def test_the_settle_time_is_the_servers(url: str) -> None:
    """Forty seconds of difference between two machines make nobody believe that time has passed."""
    ledger = open_ledger(url, Path())
    ours, theirs = ledger.clock(START), ledger.clock(START + timedelta(seconds=40))
    assert timedelta(0) <= theirs - ours < timedelta(seconds=30)
    assert abs(ours - datetime.now(UTC)) < timedelta(minutes=5)
    ledger.close()

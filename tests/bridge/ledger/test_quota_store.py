"""One window of requests for every process on a ledger: this run knows what the last one spent."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from willcall import Bridge
from willcall.bridge.ledger import open_ledger
from willcall.client.quota import Quota, Window
from willcall.sandbox import Sandbox, serve
from willcall.sandbox.server import Served


@pytest.fixture
def served() -> Iterator[Served]:
    """Both services, with 250 events: a run makes three requests of TicketSmart."""
    with serve(Sandbox(season=250)) as served:
        yield served


@pytest.fixture
def config(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration for it."""
    monkeypatch.setenv("TICKETSMART_API_KEY", served.sandbox.ticketsmart_key)
    monkeypatch.setenv("TICKET0_API_KEY", served.sandbox.ticket0_key)
    file = tmp_path / "willcall.toml"
    file.write_text(
        f"""
[[box_office]]
name = "main-room"
base_url = "{served.ticketsmart_url}"
[desk]
base_url = "{served.ticket0_url}"
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
""",
        "utf-8",
    )
    return file


def test_a_store_hands_on_what_was_kept(tmp_path: Path) -> None:
    """Each name by itself, and over the end of a process."""
    ledger = open_ledger("sqlite:///willcall.db", tmp_path)
    assert ledger.change("a", lambda kept, _: ("1", kept)) is None
    assert ledger.change("b", lambda kept, _: ("2", kept)) is None
    ledger.close()
    ledger = open_ledger("sqlite:///willcall.db", tmp_path)
    assert ledger.change("a", lambda kept, _: ("3", kept)) == "1"
    assert ledger.change("a", lambda kept, _: ("3", kept)) == "3"
    assert ledger.change("a", lambda _, moment: ("3", moment)) is None  # a file has no clock
    ledger.close()


def spend(folder: Path, requests: int) -> None:
    """As other runs of the last minute would have spent them, of TicketSmart's quota."""
    ledger = open_ledger("sqlite:///willcall.db", folder)
    with closing(sqlite3.connect(folder / "willcall.db")) as file:
        names = [name for (name,) in file.execute("SELECT name FROM quotas")]
    (name,) = [name for name in names if name.startswith("ticketsmart")]

    def step(kept: str | None, _: float | None) -> tuple[str, None]:
        window = Window.load(kept)
        for _ in range(requests):
            assert window.take(Quota(60), time.time(), write=False).slot is not None
        return window.dump(), None

    ledger.change(name, step)
    ledger.close()


def test_runs_one_after_the_other_never_cause_a_429(served: Served, config: Path) -> None:
    """Each a process of its own as far as it can tell. A run for which nothing is left of the 60
    requests that a minute allows stops before it sends."""
    codes: list[int] = []
    while 75 not in codes and len(codes) < 9:
        with Bridge.from_config(config, max_seconds=20) as bridge:
            (report,) = bridge.run()
            codes.append(report.exit_code)
        if len(codes) == 1:
            spend(config.parent, 42)
    log = [r for r in served.sandbox.requests if r.service == "ticketsmart"]
    assert {r.status for r in log} == {200}
    assert codes[:5] == [0] * 5
    assert codes[-1] == 75
    assert 50 < 42 + len(log) <= 60


def test_a_plan_counts_nothing(config: Path) -> None:
    """Nothing is written anywhere, not even how much was asked."""
    with Bridge.from_config(config) as bridge:
        bridge.run()
        kept = (config.parent / "willcall.db").read_bytes()
        bridge.plan()
    assert (config.parent / "willcall.db").read_bytes() == kept


def test_the_ledger_does_not_give_the_keys_away(served: Served, config: Path) -> None:
    """The windows have names; the keys are not in them."""
    with Bridge.from_config(config) as bridge:
        bridge.run()
    written = b"".join(path.read_bytes() for path in config.parent.glob("willcall.db*"))
    assert b"ticketsmart http" in written
    assert served.sandbox.ticketsmart_key.encode() not in written
    assert served.sandbox.ticket0_key.encode() not in written

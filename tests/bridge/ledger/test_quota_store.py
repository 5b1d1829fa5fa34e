"""One window of requests for every process on a ledger: this run knows what the last one spent."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from willcall import Bridge
from willcall.bridge.ledger import open_ledger
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


def test_runs_one_after_the_other_never_cause_a_429(served: Served, config: Path) -> None:
    """Twenty-five runs in a row, each a process of its own as far as it can tell, want 75 requests
    of the 60 that a minute allows: the later ones stop before they send."""
    codes = []
    for _ in range(25):
        with Bridge.from_config(config, max_seconds=1) as bridge:
            (report,) = bridge.run()
            codes.append(report.exit_code)
    log = [r for r in served.sandbox.requests if r.service == "ticketsmart"]
    assert [r.status for r in log if r.status != 200] == []
    assert 50 < len(log) <= 60
    assert codes[:16] == [0] * 16
    assert codes[-1] == 75


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

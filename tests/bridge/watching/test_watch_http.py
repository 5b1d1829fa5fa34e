"""From the sale at the server to the ticket at the server, and what is used of the limit.

A moment or two of each kind here, and some minutes of virtual time; fifty of each, an hour, and
minutes of real time in ``make bench-watch-http``.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

BENCH = Path(__file__).parents[3] / "benchmarks" / "watch_http"
MODULES = ("scaled", "moments", "minutes", "hour", "shared_key")


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """The measurement's modules."""
    import importlib

    sys.path.insert(0, str(BENCH))
    try:
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    finally:
        sys.path.remove(str(BENCH))
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.mark.parametrize("how", ["announced", "sudden", "at once"])
def test_a_sell_out_is_a_ticket_within_seconds(bench: Any, how: str) -> None:
    """Among 200 events whose rows carry ticket types; nothing was refused meanwhile."""
    found = bench.moments.moments(
        how, 2, 20.0, 200, rows=True, stock=range(4, 13), most=60.0, seed=1
    )
    assert len(found.took) == 2
    assert found.late == 0
    assert found.refused == 0
    # How fast it was is measured by the benchmark; this machine may be busy.
    assert 0.0 < found.took[0] <= found.took[-1]
    assert str(found).startswith("p50 ")


def test_what_is_not_seen_in_time_counts_as_the_limit_and_is_told(bench: Any) -> None:
    """It is neither left out nor the end of the measurement."""
    lag = bench.scaled.Lag(20.0, (0.1, 0.2, 0.3), (0.0, 0.0, 0.0), 0.1, 57.0)
    found = bench.moments.Found((1.0, 2.0, bench.moments.LIMIT), lag, 0, 300.0)
    assert found.late == 1
    assert str(found) == (
        "p50 2.0 s, p95 1800.0 s, longest 1800.0 s; 1 not within 1800 s, counted as that"
    )
    assert "REFUSED" in str(bench.moments.Found((1.0,), lag, 3, 300.0))


def test_no_event_is_chosen_twice_and_trade_makes_no_moment(bench: Any) -> None:
    """Half of the others sell, and none of their ticket types runs out by it."""
    from willcall.sandbox import ManualClock, Sandbox

    sandbox = Sandbox(ManualClock(), season=40)
    fast: Any = SimpleNamespace(sandbox=sandbox, clock=None, factor=1e6)
    dice = random.Random(3)
    trade = bench.moments.Trade(fast, dice)
    chosen = [trade.chosen(dice, range(1, 301))[0].id for _ in range(20)]
    sold = sum(ticket_type.sold for event in trade.events for ticket_type in event.ticket_types)
    trade.start()
    while (
        sum(ticket_type.sold for event in trade.events for ticket_type in event.ticket_types)
        < sold + 40
    ):
        time.sleep(0.01)
    trade.stop()
    assert len(set(chosen)) == 20
    assert all(
        ticket_type.available > 0
        for event in sandbox.boxoffice.events
        for ticket_type in event.ticket_types
    )
    with pytest.raises(SystemExit, match="no event is left"):
        trade.chosen(dice, range(500, 501))


# -- the limit ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [False, True])
def test_full_work_uses_the_limit_and_is_never_refused(bench: Any, rows: bool) -> None:
    """With 200 events, beside cron and a person on the same ledger, however the network jitters."""
    used = bench.hour.hour(3, 200, rows=rows, beside=(2.0, 8.0), warm=60.0)
    assert used.refused == 0
    assert used.least >= 0.95
    assert set(used.codes) == {75}
    assert len(used.codes) == 3
    assert used.failed == 0
    assert max(used.waits) < 5.0


def test_it_gives_way_to_somebody_on_another_machine(bench: Any) -> None:
    """Who asks every two seconds gets it, and refusals become few; nothing that is stated of the
    longest an event is unseen becomes untrue by it."""
    without = bench.shared_key.shared("steady", 0.25, giving_way=False, warm=90.0)
    found = bench.shared_key.shared("steady", 0.25, warm=90.0)
    assert without.refused > 300
    assert without.theirs < 0.9 * without.wanted
    assert found.refused < 0.2 * without.refused
    assert found.theirs > 0.95 * found.wanted
    assert found.ours > 24.0
    assert found.unseen < found.stated
    assert found.stated > without.stated
    assert "a minute and were refused" in str(found)


def test_refusals_from_nowhere_now_and_then_cost_next_to_nothing(bench: Any) -> None:
    """A tenth, for some minutes."""
    found = bench.shared_key.shared("strays", 0.3, warm=90.0)
    assert found.refused == pytest.approx(1 / 0.3)
    assert found.ours > 54.0

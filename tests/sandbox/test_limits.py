"""Both rate limits, in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from willcall.sandbox import ManualClock, Sandbox
from willcall.sandbox.inprocess import Caller
from willcall.sandbox.limits import FirstRequestWindow, RollingWindow


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    return Sandbox(clock, season=False, desk="2025")


def test_ticketsmart_refuses_the_61st_as_documented(sandbox: Sandbox, clock: ManualClock) -> None:
    ts = Caller(sandbox, "ticketsmart")
    assert {ts.get("/events").status for _ in range(60)} == {200}
    answer = ts.get("/events")
    assert answer.status == 429
    assert answer.json() == {"error": "Rate limit exceeded. Try again later.", "retryAfter": 60}
    assert answer.header("retry-after") == "60"
    clock.advance(59.5)
    assert ts.get("/events").json()["retryAfter"] == 1
    clock.advance(0.5)
    assert ts.get("/events").status == 200


def test_ticketsmart_rolls(sandbox: Sandbox, clock: ManualClock) -> None:
    ts = Caller(sandbox, "ticketsmart")
    for _ in range(60):
        assert ts.get("/events").status == 200
        clock.advance(0.5)
    # 30 s on, the window is full; one place a half second comes free from now on.
    assert ts.get("/events").header("retry-after") == "30"
    clock.advance(30)
    assert ts.get("/events").status == 200
    assert ts.get("/events").status == 429
    clock.advance(0.5)
    assert ts.get("/events").status == 200


def test_ticketsmart_counts_per_key_and_not_unknown_ones(sandbox: Sandbox) -> None:
    ts = Caller(sandbox, "ticketsmart")
    other = Caller(sandbox, "ticketsmart", sandbox.new_key("ticketsmart"))
    stranger = Caller(sandbox, "ticketsmart", "ts_sk_nobody")
    for _ in range(61):
        ts.get("/events")
    assert ts.get("/events").status == 429
    assert other.get("/events").status == 200
    assert {stranger.get("/events").status for _ in range(61)} == {401}


def test_ticketsmart_counts_errors_and_no_preflight(sandbox: Sandbox) -> None:
    ts = Caller(sandbox, "ticketsmart")
    for _ in range(59):
        assert ts.get("/events/none").status == 404
    assert {ts.send("OPTIONS", "/events").status for _ in range(61)} == {204}
    assert ts.get("/events").status == 200
    assert ts.get("/events").status == 429


def test_ticket0_window_starts_with_the_first_request(sandbox: Sandbox, clock: ManualClock) -> None:
    t0 = Caller(sandbox, "ticket0")
    clock.advance(17)
    assert t0.get("/tickets").status == 200
    clock.advance(50)
    assert {t0.get("/tickets").status for _ in range(59)} == {200}
    answer = t0.get("/tickets")
    assert answer.status == 429
    assert answer.json() == {"error": {"code": "RATE_LIMITED", "message": "Rate limit exceeded"}}
    assert answer.header("retry-after") == "10"
    clock.advance(10)
    # A fresh window, all at once: unlike a rolling one.
    assert {t0.get("/tickets").status for _ in range(60)} == {200}
    assert t0.get("/tickets").status == 429


def test_ticket0_is_shared_by_all_keys(sandbox: Sandbox) -> None:
    t0 = Caller(sandbox, "ticket0")
    other = Caller(sandbox, "ticket0", sandbox.new_key("ticket0"))
    for _ in range(30):
        assert t0.get("/tickets").status == 200
        assert other.get("/tickets").status == 200
    assert t0.get("/tickets").status == 429
    assert other.get("/tickets").status == 429


def test_limits_can_be_changed_and_switched_off(sandbox: Sandbox) -> None:
    ts, t0 = Caller(sandbox, "ticketsmart"), Caller(sandbox, "ticket0")
    sandbox.settings.change({"ticketsmart_limit": None, "ticket0_limit": 2, "limit_window": 10})
    assert {ts.get("/events").status for _ in range(100)} == {200}
    assert [t0.get("/tickets").status for _ in range(3)] == [200, 200, 429]
    assert t0.get("/tickets").header("retry-after") == "10"


gaps = st.lists(st.floats(0, 30, allow_nan=False), max_size=200)


@given(gaps)
def test_no_rolling_window_ever_holds_more_than_the_limit(waits: list[float]) -> None:
    window, at, passed = RollingWindow(), 0.0, []
    for wait in waits:
        at += wait
        told = window.take(at, 5, 60)
        if told is None:
            passed.append(at)
        else:
            assert 1 <= told <= 60
    for start in passed:
        assert sum(start <= moment < start + 60 for moment in passed) <= 5


@given(gaps)
@example(
    [0, 1.5763226273182127, 1.0009999999999994, 1.0009999999999994, 1.6224951670046943, 1 / 3]
    + [0] * 5
)
def test_waiting_as_told_is_always_enough(waits: list[float]) -> None:
    for window in (RollingWindow(), FirstRequestWindow()):
        at = 0.0
        for wait in waits:
            at += wait
            told = window.take(at, 5, 60)
            if told is not None:
                at += told
                assert window.take(at, 5, 60) is None


def test_a_limit_lowered_meanwhile_still_tells_enough() -> None:
    window = RollingWindow()
    for second in range(10):
        assert window.take(second, 10, 60) is None
    told = window.take(10, 3, 60)
    assert told == 57
    assert window.take(10 + told, 3, 60) is None

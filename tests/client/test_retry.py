"""When a call is repeated: the decisions, as tables."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from willcall.client.retry import (
    Retry,
    after_failure,
    after_reply,
    backoff,
    http_date,
    retry_after,
)
from willcall.errors import (
    ConnectError,
    ConnectionLostError,
    InputError,
    RequestTimeoutError,
    TransportError,
)

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
POLICY = Retry()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, None),
        ("60", 60.0),
        ("0", 0.0),
        ("1.5", 1.5),
        (" 7 ", 7.0),
        ("-3", 0.0),
        ("1e9", 1e9),
        ("inf", None),
        ("1e999", None),
        ("nan", None),
        ("", None),
        ("soon", None),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 13:00:30 +0100", 30.0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
        ("Sat, 21 Nov 2026 11:59:00 GMT", 0.0),
        ("Sat, 99 Nov 2026 11:59:00 GMT", None),
        ("Sat, 21 Nov 99999999999 11:59:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_every_form(raw: str | None, expected: float | None) -> None:
    assert expected == retry_after(raw, NOW)


def test_a_date_is_aware_or_nothing() -> None:
    assert datetime(2026, 11, 21, 12, tzinfo=UTC) == http_date("Sat, 21 Nov 2026 12:00:00 -0000")
    assert http_date(None) is None


def test_backoff_is_full_jitter_that_doubles_to_a_cap() -> None:
    assert [backoff(POLICY, n, 1.0) for n in range(1, 7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert backoff(POLICY, 3, 0.0) == 0.0
    assert backoff(POLICY, 3, 0.5) == 1.0
    assert backoff(POLICY, 10_000, 1.0) == 8.0


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, *range(520, 525), 529])
@pytest.mark.parametrize("safe", [True, False])
def test_a_passing_fault_is_repeated_only_where_that_is_safe(status: int, safe: bool) -> None:
    pause = after_reply(POLICY, status, None, safe=safe, tried=1, draw=1.0)

    assert (0.5 if safe else None) == pause


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 422, 501])
@pytest.mark.parametrize("safe", [True, False])
def test_what_will_not_change_is_not_repeated(status: int, safe: bool) -> None:
    assert after_reply(POLICY, status, 1.0, safe=safe, tried=1, draw=1.0) is None


@pytest.mark.parametrize("safe", [True, False])
def test_a_429_is_waited_out_even_by_a_write(safe: bool) -> None:
    assert after_reply(POLICY, 429, 30.0, safe=safe, tried=1, draw=0.0) == 30.0
    assert after_reply(POLICY, 429, 30.0, safe=safe, tried=1, draw=1.0) == 30.25
    assert after_reply(POLICY, 429, None, safe=safe, tried=2, draw=1.0) == 1.0


def test_a_second_429_in_a_row_doubles_the_wait_up_to_the_limit() -> None:
    waits = [
        after_reply(Retry(tries=9), 429, 30.0, safe=True, tried=n, draw=0.0, refused=n)
        for n in (1, 2, 3, 4)
    ]

    assert waits == [30.0, 60.0, 120.0, 120.0]


def test_an_absurd_wait_is_not_waited_for() -> None:
    assert after_reply(POLICY, 429, 120.0, safe=True, tried=1, draw=0.0) == 120.0
    assert after_reply(POLICY, 429, 120.1, safe=True, tried=1, draw=0.0) is None
    assert after_reply(POLICY, 503, 86400.0, safe=True, tried=1, draw=0.0) is None


def test_the_last_try_is_the_last() -> None:
    assert after_reply(POLICY, 429, 1.0, safe=True, tried=3, draw=0.0) is None
    assert after_failure(POLICY, ConnectError("x"), safe=True, tried=3, draw=0.0) is None


@pytest.mark.parametrize(
    ("failure", "safe", "repeated"),
    [
        (ConnectError("x"), True, True),
        (ConnectError("x"), False, True),
        (RequestTimeoutError("x"), True, True),
        (RequestTimeoutError("x"), False, False),
        (ConnectionLostError("x"), True, True),
        (ConnectionLostError("x"), False, False),
        (TransportError("x"), False, False),
    ],
)
def test_a_write_is_repeated_only_if_it_never_left(
    failure: TransportError, safe: bool, repeated: bool
) -> None:
    pause = after_failure(POLICY, failure, safe=safe, tried=1, draw=1.0)

    assert (0.5 if repeated else None) == pause


@pytest.mark.parametrize(
    "wrong",
    [
        {"tries": 0},
        {"tries": -1},
        {"tries": 1.5},
        {"tries": True},
        {"base": -1.0},
        {"cap": "8"},
        {"longest_wait": float("nan")},
        {"base": True},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        Retry(**wrong)  # type: ignore[arg-type]

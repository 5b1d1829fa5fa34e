"""A box office's own trouble: what needs a person counts at once, what may pass by itself later."""

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.detection.troubles import AFTER, another_ledger, kind_of, noted
from willcall.bridge.model.cases import Condition, State
from willcall.errors import (
    AuthenticationError,
    ConnectError,
    InputError,
    LedgerError,
    PermissionDeniedError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
    UndecodableReplyError,
    WillcallError,
)

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
DOWN = ServerError("down", provider="ticketsmart", status=503)
ERRORS: list[tuple[WillcallError | None, str | None]] = [
    (AuthenticationError("no", provider="ticketsmart", status=401), "box_office.key_rejected"),
    (PermissionDeniedError("no", provider="ticketsmart", status=403), "box_office.scope_missing"),
    (RateLimitError("no", provider="ticketsmart", status=429), "box_office.quota_exhausted"),
    (RateLimitError("our own pacing", provider="ticketsmart"), None),
    (DOWN, "box_office.unreachable"),
    (ConnectError("no", provider="ticketsmart"), "box_office.unreachable"),
    (RequestTimeoutError("no", provider="ticketsmart"), "box_office.unreachable"),
    (UndecodableReplyError("no", provider="ticketsmart"), "box_office.unreachable"),
    (LedgerError("locked", temporary=True), None),
    (InputError("a", "b", "c"), None),
    (None, None),
]
ENDS = {
    "box_office.key_rejected": "box_office.key_accepted",
    "box_office.scope_missing": "box_office.key_accepted",
    "box_office.unreachable": "box_office.reachable",
    "box_office.quota_exhausted": "box_office.quota_free",
}


@pytest.mark.parametrize(("error", "kind"), ERRORS)
def test_which_trouble_an_error_is(error: WillcallError | None, kind: str | None) -> None:
    """What is ours, or passes with our own pacing, is none of the box office's."""
    assert kind_of(error) == kind


@pytest.mark.parametrize(("error", "kind"), [pair for pair in ERRORS if pair[1]])
def test_a_trouble_is_told_once_and_its_end_once(error: WillcallError, kind: str) -> None:
    """After as many runs in a row as it takes; the count stops where it has said all it can."""
    counts: dict[str, int] = {}
    told = []
    for _ in range(6):
        changes, counts = noted("main-room", counts, error, NOW)
        told.append([change.kind for change in changes])
    runs = AFTER[kind]
    assert told == [[]] * (runs - 1) + [[kind]] + [[]] * (6 - runs)
    assert counts == {kind: runs + 1}
    (change, *none), counts = noted("main-room", counts, None, NOW)
    assert (change.kind, change.box_office, none, counts) == (ENDS[kind], "main-room", [], {})
    assert noted("main-room", counts, None, NOW) == ((), {})


def test_a_bad_minute_is_nobodys_news() -> None:
    """Nor is its end."""
    counts: dict[str, int] = {}
    for _ in range(5):
        for error in (DOWN, DOWN, None):
            changes, counts = noted("main-room", counts, error, NOW)
            assert changes == ()


def test_what_says_nothing_of_the_box_office_changes_no_count() -> None:
    """Neither for better nor for worse."""
    counts = {"box_office.unreachable": 2}
    assert noted("main-room", counts, RateLimitError("own pacing"), NOW) == ((), counts)


def test_a_key_that_is_good_again_ends_both_of_its_troubles_with_one_change() -> None:
    """It is one piece of good news."""
    counts: dict[str, int] = {}
    for error, _ in ERRORS[:2]:
        _, counts = noted("main-room", counts, error, NOW)
    changes, _ = noted("main-room", counts, None, NOW)
    assert [change.kind for change in changes] == ["box_office.key_accepted"]


@pytest.mark.parametrize(
    ("fault", "subject", "runs"),
    [
        ({"kind": "status", "status": 503}, "TicketSmart cannot be reached for main-room", 3),
        ({"kind": "status", "status": 401}, "TicketSmart rejects the key of main-room", 1),
        (
            {"kind": "status", "status": 429, "headers": {"Retry-After": "90"}},
            "Others use up the requests of main-room",
            3,
        ),
    ],
)
def test_the_desk_hears_of_it_and_that_it_is_over(
    house: VirtualBridge, fault: dict[str, Any], subject: str, runs: int
) -> None:
    """One ticket however long it lasts, resolved by itself; nothing that happened is lost."""
    broken = house.sandbox.faults.add(service="ticketsmart", **fault)
    house.box_office.sell_out(house.event())
    for run in range(1, runs + 3):
        house.run()
        assert house.subjects() == ([subject] if run >= runs else [])
    house.sandbox.faults.remove(broken)
    assert house.run().exit_code == 0
    statuses = {t.subject.split(" [")[0]: t.status for t in house.desk.tickets}
    assert statuses.pop(subject) == "resolved"
    assert list(statuses.values()) == ["open"]
    assert house.ledger.state("main-room").troubles == {}


def test_another_ledger_begins_one_condition_and_ends_it() -> None:
    """While its tickets are there it is said once, and that it is over only if it was said."""
    ours = State(others=("Gala Night: tkt_2 [wc-3k9f2m7q]",))
    (began,) = another_ledger("main-room", ours, NOW)
    assert (began.kind, began.box_office, began.observed_at, began.detail) == (
        "box_office.another_ledger",
        "main-room",
        NOW,
        "- Gala Night: tkt_2 [wc-3k9f2m7q]",
    )
    held = (Condition(change=began),)
    assert another_ledger("main-room", attrs.evolve(ours, conditions=held), NOW) == ()
    (ended,) = another_ledger("main-room", State(conditions=held), NOW)
    assert ended.kind == "box_office.one_ledger"
    assert another_ledger("main-room", State(), NOW) == ()

"""The ledger in memory keeps the same word as the one in SQLite."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from willcall.bridge.ledger import LEASE, Ledger, MemoryLedger
from willcall.bridge.model.cases import Act, Case, CaseState, Decision, Intent, IntentState
from willcall.errors import LedgerError
from willcall.simulation.ledgers import in_sqlite

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
OFFICE = "main-room"
CASE = Case(
    box_office=OFFICE,
    rule="built-in/event.sold_out",
    kind="event.sold_out",
    subject="evt_1",
    occurrence=1,
    marker="wc-00000001",
    title="Late Laughs",
    opened_at=NOW,
    members=(("event.sold_out", "evt_1"),),
    acts=1,
)
OPEN = Intent(case=CASE.marker, position=1, act=Act.OPEN, payload={"subject": "s", "body": "b"})
AGAIN = attrs.evolve(CASE, marker="wc-00000002", occurrence=2)


@pytest.fixture(params=[MemoryLedger, in_sqlite], ids=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    make: Callable[[], Ledger] = request.param
    return make()


def _decided(ledger: Ledger, *cases: Case, intents: tuple[Intent, ...] = ()) -> None:
    fence = ledger.take_lease(OFFICE, NOW)
    assert fence is not None
    try:
        ledger.commit(fence, Decision(box_office=OFFICE, at=NOW, cases=cases, intents=intents), NOW)
    finally:
        ledger.release_lease(fence)


@pytest.mark.parametrize(
    ("cases", "intents"),
    [
        ((AGAIN,), ()),
        ((attrs.evolve(AGAIN, occurrence=1, state=CaseState.CLEARED),), ()),
        ((), (OPEN,)),
        ((), (attrs.evolve(OPEN, case="wc-00000009"),)),
    ],
    ids=["two live ones", "the same occurrence", "the same position", "an act of no case"],
)
def test_what_the_tables_forbid_is_written_nowhere(
    ledger: Ledger, cases: tuple[Case, ...], intents: tuple[Intent, ...]
) -> None:
    """Not even half of it: also the case that may be changed stays as it was."""
    _decided(ledger, CASE, intents=(OPEN,))
    before = ledger.state(OFFICE), ledger.unsettled(OFFICE)
    with pytest.raises(LedgerError):
        _decided(ledger, attrs.evolve(CASE, title="changed"), *cases, intents=intents)
    assert (ledger.state(OFFICE), ledger.unsettled(OFFICE)) == before


def test_a_lease_is_one_process_s_until_it_is_over(ledger: Ledger) -> None:
    mine = ledger.take_lease(OFFICE, NOW)
    other = ledger.twin()
    assert mine is not None
    assert other.take_lease(OFFICE, NOW + LEASE - timedelta(seconds=1)) is None
    assert other.take_lease(OFFICE, NOW + LEASE) is not None
    with pytest.raises(LedgerError, match="has taken over"):
        ledger.attempting(mine, OPEN, {}, NOW + LEASE)
    ledger.release_lease(mine)  # it is no longer ours to give back
    assert ledger.take_lease(OFFICE, NOW + LEASE) is None


@pytest.mark.parametrize("drop", [True, False], ids=["dropped", "retried"])
def test_a_dead_letter_is_dropped_or_taken_up_again(ledger: Ledger, drop: bool) -> None:
    _decided(ledger, CASE, intents=(OPEN,))
    fence = ledger.take_lease(OFFICE, NOW)
    assert fence is not None
    ((_, intent),) = ledger.unsettled(OFFICE)
    tried = ledger.attempting(fence, intent, {"inbox_id": "inb_1"}, NOW)
    ledger.settle(fence, tried, IntentState.DEAD, NOW, error="400")
    ((_, dead),) = ledger.dead()
    assert ledger.state(OFFICE).dead == (f"Late Laughs: open of {CASE.marker}",)
    assert dead.id is not None
    assert (ledger.drop_dead if drop else ledger.retry_dead)(dead.id, NOW)
    assert not ledger.retry_dead(dead.id, NOW)
    (case,) = ledger.cases()
    ((_, left),) = ledger.unsettled(OFFICE) or ((None, None),)
    assert case.state is (CaseState.GONE if drop else CaseState.OPEN)
    assert (left is None) == drop
    assert left is None or (left.state, left.tries) == (IntentState.UNKNOWN, 0)

"""What was predicted, and what came of it: written with the decision, read by a report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from willcall.bridge.ledger import Fence, Ledger, open_ledger
from willcall.bridge.model.cases import Decision, Evaluation, Recorded, State
from willcall.bridge.model.changes import Change
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.kinds.ticket_types import LOW_STOCK, SELLING_FAST
from willcall.bridge.model.predictions import Prediction, PredictionOutcome, settlements
from willcall.bridge.templates.examples import EVENT, example

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SAID = Prediction(
    box_office="main-room",
    event_id=EVENT.id,
    ticket_type_id="tt_1",
    title=EVENT.title,
    ticket_type="Orchestra",
    made_at=NOW,
    left=42,
    earliest=NOW + 20 * MINUTE,
    likely=NOW + 30 * MINUTE,
    latest=NOW + 50 * MINUTE,
)


def evaluate(
    ledger: Ledger,
    fence: Fence,
    at: datetime,
    *changes: Change,
    predictions: tuple[Prediction, ...] = (),
) -> None:
    """One poll with these changes."""

    def step(state: State) -> Evaluation:
        recorded = tuple(Recorded(change, "noted") for change in changes)
        decision = Decision(box_office="main-room", at=at, recorded=recorded)
        return Evaluation(decision=decision, swept=False, predictions=predictions)

    ledger.evaluate(fence, at, step)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(open_ledger("sqlite:///state.db", tmp_path)) as ledger:
        yield ledger


def test_a_prediction_is_answered_by_the_sell_out(ledger: Ledger) -> None:
    """Seen within the interval it is a hit; and it is answered once."""
    fence = ledger.take_lease("main-room", NOW)
    assert fence is not None
    other = attrs.evolve(SAID, ticket_type_id="tt_2", ticket_type="Balcony")
    evaluate(ledger, fence, NOW, predictions=(SAID, other))
    assert ledger.forecasts("main-room", NOW) == [SAID, other]
    sold = example("ticket_type.sold_out", at=NOW + 25 * MINUTE)
    evaluate(ledger, fence, NOW + 25 * MINUTE, sold)
    evaluate(ledger, fence, NOW + 90 * MINUTE, attrs.evolve(sold, observed_at=NOW + 90 * MINUTE))
    first, second = ledger.forecasts(None, NOW)
    assert (first.outcome, first.outcome_at) == (PredictionOutcome.SOLD_OUT, NOW + 25 * MINUTE)
    assert (first.hit, first.off) == (True, -300.0)
    assert (second.outcome, second.hit, second.off) == (None, None, None)
    assert ledger.forecasts("elsewhere", NOW) == []
    assert ledger.forecasts("main-room", NOW + MINUTE) == []


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("event.sold_out", PredictionOutcome.SOLD_OUT),
        ("event.cancelled", PredictionOutcome.OVER),
        ("ticket_type.quantity_changed", PredictionOutcome.MORE),
        ("ticket_type.renamed", None),
    ],
)
def test_what_answers(kind: str, outcome: PredictionOutcome | None) -> None:
    """An event's own end answers for all its ticket types; most changes say nothing."""
    if kind == "ticket_type.renamed":
        assert settlements([example("event.renamed"), example("box_office.storm")]) == ()
        return
    (answer,) = settlements([example(kind, at=NOW)])
    assert (answer.event_id, answer.outcome, answer.at) == (EVENT.id, outcome, NOW)
    assert (answer.ticket_type_id is None) == kind.startswith("event.")


def test_what_supersedes_a_forecast_settles_its_prediction() -> None:
    """Except that it runs low, as was predicted: it may still sell out in time."""
    ends = set(KINDS[SELLING_FAST].superseded_by) - {LOW_STOCK}
    assert [kind for kind in ends if not settlements([example(kind)])] == []


def test_outside_the_interval_it_is_no_hit() -> None:
    """By how much it was off is told all the same; of what was called off nobody can say."""
    late = attrs.evolve(SAID, outcome=PredictionOutcome.SOLD_OUT, outcome_at=NOW + 60 * MINUTE)
    assert (late.hit, late.off) == (False, 1800.0)
    over = attrs.evolve(SAID, outcome=PredictionOutcome.OVER, outcome_at=NOW + 25 * MINUTE)
    assert (over.hit, over.off) == (None, None)


def test_what_the_planner_learned_outlives_the_process(ledger: Ledger, tmp_path: Path) -> None:
    """The last it wrote, and nothing of another box office."""
    fence = ledger.take_lease("main-room", NOW)
    assert fence is not None
    for blob in (b"first", b"second"):
        ledger.evaluate(fence, NOW, lambda _: None, planner=blob)
    ledger.close()
    with closing(open_ledger("sqlite:///state.db", tmp_path)) as again:
        assert again.planner("main-room") == b"second"
        assert again.planner("elsewhere") is None


def test_what_was_not_written_into_the_history_comes_with_the_next(ledger: Ledger) -> None:
    """A poll may leave the history for later; then the delta is from what the history has."""
    from willcall.bridge.model.history import snapshots

    fence = ledger.take_lease("main-room", NOW)
    assert fence is not None

    def seen_at(at: datetime, available: int, unwritten: object, fence: Fence = fence) -> None:
        types = (attrs.evolve(EVENT.ticket_types[0], available=available), EVENT.ticket_types[1])  # type: ignore[index]
        facts = {EVENT.id: attrs.evolve(EVENT, ticket_types=types)}
        decision = Decision(box_office="main-room", at=at, facts=facts, baseline=available == 42)
        ledger.evaluate(
            fence,
            at,
            lambda _: Evaluation(decision=decision, swept=False, unwritten=unwritten),  # type: ignore[arg-type]
        )

    seen_at(NOW, 42, {})
    seen_at(NOW + MINUTE, 41, None)
    seen_at(NOW + 2 * MINUTE, 40, None)
    assert len(ledger.history("main-room", NOW)) == 1
    seen_at(NOW + 3 * MINUTE, 39, {EVENT.id: EVENT})
    played = [
        (at, facts[EVENT.id].ticket_types[0].available)  # type: ignore[index]
        for at, facts in snapshots(ledger.history("main-room", NOW))
    ]
    assert played == [(NOW, 42), (NOW + 3 * MINUTE, 39)]

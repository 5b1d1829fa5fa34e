"""What the ledger remembers of a box office, and what can be asked of it afterwards."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from willcall.bridge.ledger import Fence, Ledger, open_ledger
from willcall.bridge.model.cases import (
    Act,
    Case,
    CaseState,
    Condition,
    Decision,
    Intent,
    IntentState,
    Recorded,
    RemovalState,
    RemovalTry,
    State,
)
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.rules import Silence

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
URL = "sqlite:///willcall.db"
EVENT = EventFacts(id="evt_1", title="Late Laughs", status="PUBLISHED", starts_at=NOW)
CHANGE = Change(
    kind="event.sold_out",
    box_office="main-room",
    observed_at=NOW,
    event=EVENT,
    before=attrs.evolve(EVENT, title="Laughs"),
    ticket_type=TypeFacts(id="tt_1", name="Floor", sale_ends_at=NOW),
    detail="two\nlines",
)
CONDITION = Condition(
    change=CHANGE,
    announced=frozenset({"built-in/event.sold_out", "gala"}),
    covered_by="event.cancelled",
    ending=attrs.evolve(CHANGE, kind="event.back_on_sale"),
)
CASE = Case(
    box_office="main-room",
    rule="built-in/event.sold_out",
    kind="event.sold_out",
    subject="evt_1",
    occurrence=1,
    marker="wc-00000001",
    title="Late Laughs",
    opened_at=NOW,
    members=(("event.sold_out", "evt_1"), ("event.moved", "evt_1")),
    group="event evt_1",
    acts=1,
)
KNOWN = State(
    snapshot={EVENT.id: EVENT},
    conditions=(CONDITION,),
    cases=(CASE,),
    occurrences={CASE.led_by: 1},
    troubles={"box_office.unreachable": 2},
)
INTENT = Intent(case=CASE.marker, position=1, act=Act.OPEN, payload={"subject": "s", "body": "b"})


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A new one, in a file."""
    ledger = open_ledger(URL, tmp_path)
    yield ledger
    ledger.close()


def leased(ledger: Ledger, now: datetime = NOW) -> Fence:
    """The lease of the main room, which must be free."""
    fence = ledger.take_lease("main-room", now)
    assert fence is not None
    return fence


def decision(**more: Any) -> Decision:
    """A decision that opens one case, and all that may come with one."""
    values: dict[str, Any] = {
        "facts": {EVENT.id: EVENT},
        "recorded": (Recorded(CHANGE, "opened", CASE.marker),),
        "conditions": (CONDITION,),
        "troubles": {"box_office.unreachable": 2},
        "cases": (CASE,),
        "intents": (INTENT,),
        **more,
    }
    return Decision(box_office="main-room", at=NOW, **values)


def test_a_condition_is_replaced_and_goes(ledger: Ledger) -> None:
    """By its name; others are left alone."""
    fence = leased(ledger)
    other = Condition(change=attrs.evolve(CHANGE, kind="event.moved"))
    ledger.commit(fence, decision(conditions=(CONDITION, other)), NOW)
    again = attrs.evolve(CONDITION, announced=frozenset(), covered_by=None, ending=None)
    nothing: dict[str, Any] = {"cases": (), "intents": (), "recorded": ()}
    ledger.commit(fence, decision(conditions=(again,), **nothing), NOW)
    assert set(ledger.state("main-room").conditions) == {again, other}
    ledger.commit(fence, decision(conditions=(), over=(again.name,), **nothing), NOW)
    assert ledger.state("main-room").conditions == (other,)


def test_a_case_that_ended_is_known_as_long_as_it_may_be_reopened(ledger: Ledger) -> None:
    """And its occurrences are counted for ever."""
    ended = attrs.evolve(CASE, state=CaseState.CLEARED, members=(), ended_at=NOW)
    ledger.commit(leased(ledger), decision(cases=(ended,), conditions=()), NOW)
    assert ledger.state("main-room").cases == ()
    assert ledger.state("main-room", NOW + timedelta(seconds=1)).cases == ()
    assert ledger.state("main-room", NOW).cases == (ended,)
    assert ledger.state("main-room").occurrences == {CASE.led_by: 1}


@pytest.mark.parametrize("state", CaseState)
def test_a_case_may_stand_anywhere(ledger: Ledger, state: CaseState) -> None:
    """Whatever its state, it reads back as it was written."""
    case = attrs.evolve(CASE, state=state, ended_at=NOW)
    ledger.commit(leased(ledger), decision(cases=(case,)), NOW)
    assert ledger.cases() == [case]
    assert ledger.cases(since=NOW + timedelta(seconds=1)) == []


def test_a_case_is_found_by_its_marker_and_by_its_ticket(ledger: Ledger) -> None:
    """Delivery writes the ticket's id; a later decision does not take it away."""
    fence = leased(ledger)
    ledger.commit(fence, decision(), NOW)
    ((_, intent),) = ledger.unsettled("main-room")
    ledger.settle(fence, intent, IntentState.DONE, NOW, ticket_id="tkt_1")
    ledger.commit(fence, decision(intents=(), recorded=()), NOW)
    known = [attrs.evolve(CASE, ticket_id="tkt_1")]
    assert ledger.cases(name="tkt_1") == ledger.cases(name=CASE.marker) == known
    assert ledger.cases(name="tkt_2") == []
    assert [one.state for one in ledger.intents(CASE.marker)] == [IntentState.DONE]


def test_the_log_is_filtered_and_tells_the_latest_in_order(ledger: Ledger) -> None:
    """By box office, event, kind, case and time."""
    fence = leased(ledger)
    moments = [NOW + timedelta(minutes=n) for n in range(3)]
    recorded = tuple(
        Recorded(attrs.evolve(CHANGE, kind=kind, observed_at=moment), f"said {kind}", marker)
        for moment, kind, marker in zip(
            moments,
            ("event.sold_out", "event.moved", "event.sold_out"),
            (CASE.marker, None, None),
            strict=True,
        )
    )
    ledger.commit(fence, decision(recorded=recorded), NOW)

    def told(**filters: Any) -> list[datetime]:
        return [one.change.observed_at for one in ledger.log(**filters)]

    assert [one.change for one in ledger.log()] == [one.change for one in recorded]
    assert [one.outcome for one in ledger.log()] == [one.outcome for one in recorded]
    assert told(limit=2) == moments[1:]
    assert told(kinds=("event.sold_out",)) == [moments[0], moments[2]]
    assert told(marker=CASE.marker) == [moments[0]]
    assert told(since=moments[1]) == moments[1:]
    assert told(event="evt_1", box_office="main-room") == moments
    assert told(event="evt_2") == told(box_office="annexe") == []


def test_a_silence_is_kept_for_the_record_and_can_be_ended(ledger: Ledger) -> None:
    """Once; who ends it twice is told so."""
    silence = Silence(
        box_office="main-room",
        event="gala",
        kinds=("event.*",),
        rule="gala",
        begins=NOW,
        until=NOW + timedelta(days=1),
        author="ada",
        reason="rehearsal",
    )
    number = ledger.add_silence(silence)
    wide = Silence(begins=NOW, until=NOW + timedelta(days=2), author="a", reason="b")
    other = ledger.add_silence(wide)
    assert ledger.silences()[0] == attrs.evolve(silence, id=number)
    assert ledger.state("main-room").silences == tuple(ledger.silences())
    later = NOW + timedelta(hours=1)
    assert ledger.expire_silence(number, later)
    assert not ledger.expire_silence(number, later)
    assert not ledger.expire_silence(number + other, later)
    assert [one.until for one in ledger.silences()] == [later, wide.until]


@pytest.mark.parametrize("state", RemovalState)
def test_how_far_a_removal_has_come(ledger: Ledger, state: RemovalState) -> None:
    """Each box office's own; the last word counts."""
    fence = leased(ledger)
    tried = RemovalTry(state=state, attempted_at=NOW, sold=3, said="3 were sold")
    ledger.note_removal(fence, "one", RemovalTry(), NOW)
    ledger.note_removal(fence, "one", tried, NOW)
    ledger.note_removal(fence, "two", RemovalTry(), NOW)
    assert ledger.removals("main-room") == {"one": tried, "two": RemovalTry()}
    assert ledger.removals("annexe") == {}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_kept(ledger: Ledger, kind: str) -> None:
    """With a marker, and read back as it was."""
    change = attrs.evolve(CHANGE, kind=kind)
    held = Condition(change=change)
    ledger.commit(
        leased(ledger),
        decision(recorded=(Recorded(change, "told"),), conditions=(held,)),
        NOW,
    )
    assert [one.change for one in ledger.log()] == [change]
    assert ledger.state("main-room").conditions == (held,)

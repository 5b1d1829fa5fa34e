"""What the tests of ledgers keep in them: an event, a change, a condition, a case, a decision."""

from datetime import UTC, datetime
from typing import Any

import attrs

from support.decider import Decider, a_rule
from willcall.bridge.ledger import Fence, Ledger
from willcall.bridge.model.cases import Act, Case, Condition, Decision, Intent, Recorded, State
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, TypeFacts

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
NIGHT = Decider.quiet("22:00", "08:00", "Europe/Berlin")
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
    known=True,
    turned={"gala": NOW},
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
    wishes=a_rule("event.sold_out", id="gala", note="Row M", quiet_hours=NIGHT),
    taken_back={("event.sold_out", "evt_1"): NOW},
)
KNOWN = State(
    snapshot={EVENT.id: EVENT},
    conditions=(CONDITION,),
    cases=(CASE,),
    occurrences={CASE.led_by: 1},
    troubles={"box_office.unreachable": 2},
    unsent={CASE.marker: frozenset({Act.OPEN})},
)
INTENT = Intent(case=CASE.marker, position=1, act=Act.OPEN, payload={"subject": "s", "body": "b"})


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

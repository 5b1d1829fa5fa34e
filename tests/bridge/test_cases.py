"""The life of a case: what a pass's changes open and end, and the acts that follow."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from willcall.bridge.cases import Act, Case, CaseState, Decision, State, decide
from willcall.bridge.changes import KINDS, Change
from willcall.bridge.facts import EventFacts, TypeFacts
from willcall.bridge.marker import case_marker, marks, read_subject

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
GA = TypeFacts(id="tt_ga", name="General Admission", price=2500, quantity=100, available=0)
EVENT = EventFacts(
    id="evt_1", title="Late Laughs", status="PUBLISHED", starts_at=NOW + timedelta(days=9)
)
OTHER = attrs.evolve(EVENT, id="evt_10", title="Open Mic")


def happens(kind: str, event: EventFacts = EVENT, ticket_type: TypeFacts = GA) -> Change:
    """A change of that kind."""
    type_or_none = ticket_type if KINDS[kind].of_ticket_type else None
    return Change(kind=kind, event=event, ticket_type=type_or_none, observed_at=NOW)


def an_open(kind: str, event: EventFacts = EVENT, *, episode: int = 1, acts: int = 3) -> Case:
    """An open case of that kind."""
    subject = happens(kind, event).subject
    return Case(
        box_office="main-room",
        kind=kind,
        subject=subject,
        episode=episode,
        marker=case_marker("main-room", kind, subject, episode),
        title=event.title,
        opened_at=NOW - timedelta(days=1),
        ticket_id="tkt_1",
        acts=acts,
    )


def knowing(*cases: Case) -> State:
    """What the ledger knows, these cases being open."""
    counted = {case.condition: case.episode for case in cases}
    return State({EVENT.id: EVENT}, {case.condition: case for case in cases}, counted)


def decided(state: State, *changes: Change, sends_messages: bool = True) -> Decision:
    """What these changes mean."""
    return decide("main-room", state, changes, {}, NOW, sends_messages=sends_messages)


def told(decision: Decision) -> list[str]:
    """What became of each change, cases named by their kind."""
    words = []
    for one in decision.recorded:
        outcome = one.outcome
        for case in decision.cases:
            outcome = outcome.replace(case.marker, case.kind)
        words.append(outcome)
    return words


def acts(decision: Decision) -> list[tuple[str, int, str]]:
    """The intents: of which kind of case, at which place in its life, and what they do."""
    kinds = {case.marker: case.kind for case in decision.cases}
    return [(kinds[i.case], i.position, i.act.value) for i in decision.intents]


OPENED = ["open", "tag", "message"]

TABLE: dict[str, tuple[Sequence[str], Sequence[str], list[str], list[tuple[str, int, str]]]] = {
    "nothing": ([], [], [], []),
    "a sell-out opens": (
        [],
        ["event.sold_out"],
        ["opened event.sold_out"],
        [("event.sold_out", n, act) for n, act in enumerate(OPENED, 1)],
    ),
    "what ends nothing is only recorded": (
        [],
        ["event.back_on_sale", "event.completed", "ticket_type.removed"],
        ["no ticket to end"] * 3,
        [],
    ),
    "back on sale clears": (
        ["event.sold_out"],
        ["event.back_on_sale"],
        ["ended event.sold_out"],
        [("event.sold_out", 4, "message"), ("event.sold_out", 5, "resolve")],
    ),
    "an event that is over overtakes": (
        ["event.sold_out"],
        ["event.completed"],
        ["ended event.sold_out"],
        [("event.sold_out", 4, "note"), ("event.sold_out", 5, "resolve")],
    ),
    "a cancellation overtakes all there is, and covers the rest": (
        ["event.rescheduled", "ticket_type.sold_out"],
        ["event.cancelled", "event.moved"],
        ["opened event.cancelled", "covered by event.cancelled"],
        [
            ("event.rescheduled", 4, "note"),
            ("event.rescheduled", 5, "resolve"),
            ("ticket_type.sold_out", 4, "note"),
            ("ticket_type.sold_out", 5, "resolve"),
            *[("event.cancelled", n, act) for n, act in enumerate(OPENED, 1)],
        ],
    ),
    "a sell-out covers its ticket types in the same pass": (
        [],
        ["event.sold_out", "ticket_type.sold_out"],
        ["opened event.sold_out", "covered by event.sold_out"],
        [("event.sold_out", n, act) for n, act in enumerate(OPENED, 1)],
    ),
    "whichever comes first": (
        [],
        ["ticket_type.sold_out", "event.sold_out"],
        ["covered by event.sold_out", "opened event.sold_out"],
        [("event.sold_out", n, act) for n, act in enumerate(OPENED, 1)],
    ),
    "a sell-out that holds covers as well": (
        ["event.sold_out"],
        ["ticket_type.sold_out"],
        ["covered by event.sold_out"],
        [],
    ),
    "a sell-out does not cover a new date": (
        ["event.sold_out"],
        ["event.rescheduled"],
        ["opened event.rescheduled"],
        [("event.rescheduled", n, act) for n, act in enumerate(OPENED, 1)],
    ),
    "a ticket type that is gone": (
        ["ticket_type.removal_failed", "ticket_type.sold_out"],
        ["ticket_type.removed"],
        ["ended ticket_type.removal_failed, ticket_type.sold_out"],
        [
            ("ticket_type.removal_failed", 4, "message"),
            ("ticket_type.removal_failed", 5, "resolve"),
            ("ticket_type.sold_out", 4, "note"),
            ("ticket_type.sold_out", 5, "resolve"),
        ],
    ),
    "on again, and sold out at once": (
        ["event.cancelled"],
        ["event.reinstated", "event.sold_out"],
        ["ended event.cancelled", "opened event.sold_out"],
        [
            ("event.cancelled", 4, "message"),
            ("event.cancelled", 5, "resolve"),
            *[("event.sold_out", n, act) for n, act in enumerate(OPENED, 1)],
        ],
    ),
}


@pytest.mark.parametrize("scene", TABLE)
def test_what_changes_mean(scene: str) -> None:
    """Open cases and changes → what is said of each change, and the acts in their order."""
    held, changes, said, done = TABLE[scene]
    decision = decided(knowing(*map(an_open, held)), *map(happens, changes))
    assert said == told(decision)
    assert done == acts(decision)


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.opens])
def test_every_kind_that_opens_opens_once(kind: str) -> None:
    """Unless it is news each time, and ends the ticket before it."""
    decision = decided(knowing(an_open(kind)), happens(kind))
    again = kind in KINDS[kind].overtaken_by
    assert bool(decision.intents) == again
    if not again:
        (recorded,) = decision.recorded
        assert recorded.outcome == f"already open as {an_open(kind).marker}"
        assert recorded.marker == an_open(kind).marker


def test_twice_in_one_pass_is_once() -> None:
    """The second sees what the first has opened."""
    decision = decided(knowing(), happens("event.sold_out"), happens("event.sold_out"))
    assert len(decision.cases) == 1
    assert len(decision.intents) == 3


def test_a_second_new_date_ends_the_ticket_about_the_first() -> None:
    """With a note, and a case of its own: episode 2, another marker."""
    first = an_open("event.rescheduled")
    decision = decided(knowing(first), happens("event.rescheduled"))
    old, new = decision.cases
    assert (old.marker, old.state, old.ended_at) == (first.marker, CaseState.OVERTAKEN, NOW)
    assert (new.state, new.episode, new.acts) == (CaseState.OPEN, 2, 3)
    assert new.marker != old.marker
    assert [i.act for i in decision.intents] == [
        Act.NOTE, Act.RESOLVE, Act.OPEN, Act.TAG, Act.MESSAGE,
    ]  # fmt: skip


def test_the_same_thing_again_is_the_next_episode() -> None:
    """Counted by the ledger, whatever became of the ones before."""
    state = State({EVENT.id: EVENT}, {}, {("event.sold_out", "evt_1"): 4})
    (case,) = decided(state, happens("event.sold_out")).cases
    assert case.episode == 5
    assert case.marker == case_marker("main-room", "event.sold_out", "evt_1", 5)


def test_what_is_cleared_and_what_is_overtaken_are_told_apart() -> None:
    """Good news goes out; what no longer matters stays inside."""
    cleared = decided(knowing(an_open("event.sold_out")), happens("event.back_on_sale"))
    overtaken = decided(knowing(an_open("event.sold_out")), happens("event.cancelled"))
    assert cleared.cases[0].state is CaseState.CLEARED
    assert overtaken.cases[0].state is CaseState.OVERTAKEN
    assert [case.ended_at for case in (*cleared.cases, overtaken.cases[0])] == [NOW, NOW]


def test_without_messages_only_the_support_team_hears() -> None:
    """Opening: no message. Clearing: a note in its place."""
    opened = decided(knowing(), happens("event.sold_out"), sends_messages=False)
    assert [i.act for i in opened.intents] == [Act.OPEN, Act.TAG]
    case = an_open("event.sold_out", acts=2)
    cleared = decided(knowing(case), happens("event.back_on_sale"), sends_messages=False)
    assert acts(cleared) == [("event.sold_out", 3, "note"), ("event.sold_out", 4, "resolve")]


@pytest.mark.parametrize("sends_messages", [True, False])
def test_every_act_carries_its_marker(sends_messages: bool) -> None:
    """The case's in the subject and the tags, its own in a message or note."""
    decision = decided(
        knowing(an_open("event.sold_out")),
        happens("event.back_on_sale"),
        happens("event.rescheduled"),
        sends_messages=sends_messages,
    )
    for intent in decision.intents:
        payload: Any = intent.payload
        if intent.act is Act.OPEN:
            assert read_subject(payload["subject"]) == intent.case
        elif intent.act is Act.TAG:
            assert payload["tags"] == ["willcall", intent.case]
        elif intent.act is Act.RESOLVE:
            assert payload == {}
        else:
            assert marks(payload["text"], f"{intent.case}-{intent.position}")


def test_an_event_whose_id_begins_like_another_is_left_alone() -> None:
    """``evt_1`` and ``evt_10``, and their ticket types."""
    held = knowing(an_open("event.sold_out", OTHER), an_open("ticket_type.sold_out", OTHER))
    decision = decided(held, happens("event.cancelled"))
    assert [case.subject for case in decision.cases] == ["evt_1"]


def test_a_ticket_type_of_another_name_is_left_alone() -> None:
    """Its neighbour's return is not its own."""
    other = attrs.evolve(GA, id="tt_vip", name="VIP")
    decision = decided(
        knowing(an_open("ticket_type.sold_out")),
        happens("ticket_type.back_on_sale", ticket_type=other),
    )
    assert told(decision) == ["no ticket to end"]


def test_deciding_is_pure() -> None:
    """The same twice, and what it was given is as it was."""
    state = knowing(an_open("event.sold_out"))
    changes = [happens("event.cancelled"), happens("event.moved")]
    before = attrs.asdict(state)
    assert decided(state, *changes) == decided(state, *changes)
    assert attrs.asdict(state) == before

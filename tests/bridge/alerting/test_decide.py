"""The life of a case: what a pass's changes begin and end, and the acts that follow."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from support.decider import EVENT, FLOOR, HOME, NOW, Decider, a_rule, happens
from willcall.bridge.alerting.outbox_builder import TAG
from willcall.bridge.model.cases import Act, CaseState
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.markers import case_marker, marks, read_subject
from willcall.bridge.model.rules import GroupBy, OnClear, Rules

OPENED = ["open", "tag", "message"]
CHANGES = [name for name in KINDS if name != "box_office.storm"]
CONDITIONS = [name for name, kind in KINDS.items() if kind.holds]
NOTICES = [name for name in CHANGES if not KINDS[name].holds]


def of_each(attribute: str) -> list[tuple[str, str]]:
    """Every pair of a kind and one that ends it."""
    return [
        (name, other)
        for name, kind in KINDS.items()
        for other in getattr(kind, attribute)
        if name != "box_office.storm"
    ]


def ended_by(kind: str) -> set[str]:
    """The other kinds that end it."""
    return {*KINDS[kind].cleared_by, *KINDS[kind].superseded_by} - {kind}


COVERING = [
    (kind.name, other)
    for kind in KINDS.values()
    for other in CHANGES
    if kind.does_cover(other) and other != kind.name
]


# -- every kind, generically ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", CHANGES)
def test_every_kind_can_open_a_ticket(kind: str) -> None:
    """Once: told again by the next pass, it is the same ticket."""
    decider = Decider(a_rule(kind))
    assert decider.apply(kind) == OPENED
    (case,) = decider.live
    assert (case.kind, case.rule, case.occurrence) == (kind, "r0", 1)
    assert decider.apply() == []


@pytest.mark.parametrize("kind", CONDITIONS)
def test_a_condition_that_is_seen_again_is_the_same(kind: str) -> None:
    """However often it is reported."""
    decider = Decider(a_rule(kind))
    decider.apply(kind)
    (case,) = decider.live
    assert decider.apply(kind) == []
    assert decider.outcomes == [f"already open as {case.marker}"]


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_that_comes_again_is_news_again(kind: str) -> None:
    """Each new price is; the ticket about the last one has had its day."""
    decider = Decider(a_rule(kind))
    decider.apply(kind)
    (first,) = decider.live
    assert decider.apply(kind) == ["note", "resolve", *OPENED]
    (second,) = decider.live
    assert (second.occurrence, decider.state_of(first)) == (2, CaseState.SUPERSEDED)


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_that_no_rule_takes_is_forgotten(kind: str) -> None:
    """It has happened, and is over."""
    decider = Decider()
    assert decider.apply(kind) == []
    assert decider.outcomes == ["no rule takes it"]
    assert decider.state.conditions == ()


@pytest.mark.parametrize(("kind", "clears"), of_each("cleared_by"))
def test_good_news_clears(kind: str, clears: str) -> None:
    """The customer hears, and the ticket is resolved."""
    decider = Decider(a_rule(kind))
    decider.apply(kind)
    (case,) = decider.live
    assert decider.apply(clears) == ["message", "resolve"]
    assert decider.outcomes[0] == f"ended {case.marker}"
    assert decider.state_of(case) is CaseState.CLEARED
    assert not [one for one in decider.state.conditions if one.change.kind == kind]


@pytest.mark.parametrize(
    ("kind", "ends"),
    # A sell-out of the event ends those of its ticket types by a ticket: see test_inhibition.py.
    [pair for pair in of_each("superseded_by") if pair[1] not in {pair[0], "event.sold_out"}],
)
def test_what_no_longer_matters_is_superseded(kind: str, ends: str) -> None:
    """The team hears by a note, the customer does not."""
    decider = Decider(a_rule(kind))
    decider.apply(kind)
    (case,) = decider.live
    assert decider.apply(ends) == ["note", "resolve"]
    assert decider.state_of(case) is CaseState.SUPERSEDED


@pytest.mark.parametrize(("cover", "kind"), COVERING)
@pytest.mark.parametrize("order", [1, -1])
def test_a_ticket_covers_what_its_reader_knows(cover: str, kind: str, order: int) -> None:
    """In one pass, whichever comes first; not where nobody is told of the cover."""
    pair = [cover, kind][::order]
    if {cover, kind} & {*ended_by(cover), *ended_by(kind)}:
        return  # they cannot both be so
    decider = Decider(a_rule(cover, id="r0"), a_rule(kind, id="r1"))
    decider.apply(*pair)
    assert {case.kind for case in decider.live} <= {cover}
    assert f"covered by {cover}" in decider.outcomes
    alone = Decider(a_rule(kind, id="r1"))
    alone.apply(*pair)
    assert [case.kind for case in alone.live] == [kind]


@pytest.mark.parametrize("kind", CHANGES)
def test_what_happens_to_another_event_changes_nothing(kind: str) -> None:
    """``evt_1`` and ``evt_10``, and their ticket types."""
    if not KINDS[kind].of_event:
        return
    other = attrs.evolve(EVENT, id="evt_10")
    decider = Decider(a_rule(*CHANGES))
    decider.apply("event.sold_out", event=other)
    decider.apply(kind)
    assert [case.group for case in decider.live if case.group == "event evt_10"] == ["event evt_10"]


@pytest.mark.parametrize("on_clear", OnClear)
@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("cleared", [True, False])
def test_what_becomes_of_a_ticket_when_its_condition_ends(
    on_clear: OnClear, writes: bool, cleared: bool
) -> None:
    """By the rule; the customer is written to only by rules that write, and only good news."""
    decider = Decider(a_rule("event.sold_out", on_clear=on_clear, message=writes))
    decider.apply("event.sold_out")
    said = decider.apply("event.back_on_sale" if cleared else "event.archived")
    good = {
        OnClear.RESOLVE: ["message" if writes else "note", "resolve"],
        OnClear.RESOLVE_ALWAYS: ["message" if writes else "note", "resolve"],
        OnClear.MESSAGE: ["message" if writes else "note"],
        OnClear.NOTE: ["note"],
        OnClear.NOTHING: [],
    }[on_clear]
    assert said == (good if cleared else ["note", *(["resolve"] if "resolve" in good else [])])
    assert decider.live == []


# -- what a rule says -----------------------------------------------------------------------------


def test_an_opening_is_as_the_rule_has_it() -> None:
    """Its words, tags, assignee, note and severity."""
    rule = a_rule(
        "event.sold_out",
        subject="{{ event.title }}!",
        body="b",
        note="n",
        message="m",
        tags=("gala", "willcall"),
        assignee_id="usr_1",
    )
    decider = Decider(rule)
    assert decider.apply("event.sold_out") == ["open", "tag", "note", "message"]
    opening, triage, note, message = (intent.payload for intent in decider.intents)
    (case,) = decider.live
    assert opening == {"subject": f"Late Laughs! [{case.marker}]", "body": "b"}
    assert triage == {
        "tags": [TAG, case.marker, "high", "gala"],
        "assignee_id": "usr_1",
    }
    assert note["text"] == f"n\n\nReference: {case.marker}-3"
    assert message["text"] == f"m\n\nReference: {case.marker}-4"


def test_nobody_is_written_to_without_a_from_address_or_by_a_rule_that_does_not_write() -> None:
    """The team still gets its ticket."""
    silent = attrs.evolve(HOME, mails=False)
    for rule in (a_rule("event.sold_out", message=False), a_rule("event.sold_out", address=silent)):
        decider = Decider(rule)
        assert decider.apply("event.sold_out") == ["open", "tag"]
        assert decider.apply("event.back_on_sale") == ["note", "resolve"]


def test_every_act_carries_its_marker() -> None:
    """The case's in the subject and the tags, its own in a message or note."""
    decider = Decider(a_rule("event.*", note="n", reopen_within=timedelta(days=1)))
    for kinds in (["event.sold_out"], ["event.back_on_sale"], ["event.sold_out"]):
        decider.apply(*kinds)
        for intent in decider.intents:
            payload: Any = intent.payload
            if intent.act is Act.OPEN:
                assert read_subject(payload["subject"]) == intent.case
            elif intent.act is Act.TAG:
                assert intent.case in payload["tags"]
            elif intent.act not in {Act.RESOLVE, Act.REOPEN}:
                marker = f"{intent.case}-{intent.position}"
                assert marks(payload["text"], marker)
                assert marks(payload.get("note", payload["text"]), marker)


def test_the_first_rule_that_matches_decides_unless_it_goes_on() -> None:
    """Two rules that both take a thing have a ticket each, with words of their own."""
    first, second = a_rule("event.sold_out", id="a"), a_rule("event.sold_out", id="b")
    decider = Decider(first, second)
    decider.apply("event.sold_out")
    assert [case.rule for case in decider.live] == ["a"]
    decider = Decider(
        attrs.evolve(first, go_on=True, subject="A"), attrs.evolve(second, subject="B")
    )
    decider.apply("event.sold_out")
    assert sorted(case.rule for case in decider.live) == ["a", "b"]
    subjects = {i.payload["subject"][0] for i in decider.intents if i.act is Act.OPEN}
    assert subjects == {"A", "B"}
    assert "Also:" not in decider.intents[0].payload["body"]
    assert decider.apply("event.back_on_sale") == ["message", "resolve"] * 2


# -- time -----------------------------------------------------------------------------------------

TEN = timedelta(minutes=10)


def test_a_condition_must_hold_for_as_long_as_the_rule_says() -> None:
    """And be gone as long before it is over: a flapping one opens one ticket, and ends once."""
    decider = Decider(a_rule("event.sold_out", hold=TEN))
    assert decider.apply("event.sold_out") == []
    assert decider.outcomes == ["waits whether it holds for 0:10:00"]
    assert decider.apply(after=TEN - timedelta(minutes=2)) == []
    assert decider.apply(after=timedelta(minutes=2)) == OPENED
    for _ in range(5):
        assert decider.apply("event.back_on_sale") == []
        assert decider.outcomes == ["waits whether it stays so"]
        assert decider.apply("event.sold_out", after=timedelta(minutes=9)) == []
        assert decider.outcomes == ["on again before it counted as over"]
        assert decider.apply(after=TEN) == []
    assert decider.apply("event.back_on_sale") == []
    assert decider.apply(after=TEN - timedelta(minutes=2)) == []
    assert decider.apply(after=timedelta(minutes=2)) == ["message", "resolve"]
    assert decider.state.conditions == ()


def test_what_is_gone_before_its_time_was_nothing() -> None:
    """Flapping before it has held once opens no ticket at all."""
    decider = Decider(a_rule("event.sold_out", hold=TEN))
    for _ in range(5):
        assert decider.apply("event.sold_out", after=timedelta(minutes=9)) == []
        assert decider.apply("event.back_on_sale", after=timedelta(minutes=9)) == []
    assert (decider.live, decider.state.conditions) == ([], ())


def test_a_cancellation_does_not_wait_whether_a_sell_out_stays_over() -> None:
    """What supersedes is over at once."""
    decider = Decider(a_rule("event.sold_out", hold=TEN))
    decider.apply("event.sold_out")
    decider.apply(after=TEN)
    decider.apply("event.back_on_sale")
    assert decider.apply("event.cancelled") == ["note", "resolve"]


def test_what_waited_is_told_with_the_numbers_of_now() -> None:
    """Not with those of when it began; nor are those of a report replaced by older ones."""
    low = attrs.evolve(FLOOR, available=9)
    less = attrs.evolve(FLOOR, available=2)
    decider = Decider(a_rule("ticket_type.low_stock", hold=TEN))
    decider.apply("ticket_type.low_stock", event=attrs.evolve(EVENT, ticket_types=(low,)))
    decider.sees(attrs.evolve(EVENT, ticket_types=(less,)))
    decider.apply(after=TEN)
    assert decider.intents[0].payload["subject"].startswith("2 left of Floor")
    decider = Decider(a_rule("ticket_type.removal_failed"))
    decider.sees(EVENT)
    sold = attrs.evolve(EVENT, ticket_types=(attrs.evolve(FLOOR, sold=77),))
    decider.apply("ticket_type.removal_failed", event=sold)
    assert "(77 so far)" in decider.intents[0].payload["body"]


@pytest.mark.parametrize(
    ("gap", "reopens"), [(timedelta(hours=23), True), (timedelta(days=1, minutes=1), False)]
)
def test_the_same_ticket_again_within_the_time_a_rule_gives(gap: timedelta, reopens: bool) -> None:
    """Else a new one."""
    decider = Decider(a_rule("event.sold_out", reopen_within=timedelta(days=1)))
    decider.apply("event.sold_out")
    (first,) = decider.live
    decider.apply("event.back_on_sale")
    said = decider.apply("event.sold_out", after=gap)
    assert said == (["reopen", "note", "message"] if reopens else OPENED)
    (second,) = decider.live
    assert (second.marker == first.marker) == reopens
    assert decider.apply("event.back_on_sale") == ["message", "resolve"]


def test_the_same_thing_again_is_the_next_occurrence() -> None:
    """Counted for ever, whatever became of the ones before."""
    decider = Decider(a_rule("event.sold_out"))
    decider.state = attrs.evolve(decider.state, occurrences={("r0", "event.sold_out", "evt_1"): 4})
    decider.apply("event.sold_out")
    (case,) = decider.live
    assert case.marker == case_marker("main-room", "r0", "event.sold_out", "evt_1", 5)


# -- what shares a ticket -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timezone", "tickets"), [("America/New_York", 1), ("Asia/Tokyo", 1), (None, 2)]
)
def test_a_day_is_that_of_the_venue(timezone: str | None, tickets: int) -> None:
    """Half past six and half past seven of an evening in New York are one day, and two in UTC."""
    decider = Decider(a_rule("event.*", group_by=GroupBy.DAY))
    events = [attrs.evolve(EVENT, id=f"evt_{number}", timezone=timezone) for number in (1, 2)]
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    decider.apply("event.cancelled", event=events[0], after=late - decider.at)
    decider.apply("event.cancelled", event=events[1], after=timedelta(hours=1))
    assert len(decider.live) == tickets


@pytest.mark.parametrize(
    ("group_by", "tickets"),
    [(GroupBy.EVENT, 2), (GroupBy.BOX_OFFICE, 1), (GroupBy.DAY, 1), (GroupBy.NONE, 4)],
)
def test_what_shares_a_ticket(group_by: GroupBy, tickets: int) -> None:
    """Two changes of each of two events, in one pass or one after the other."""
    other = attrs.evolve(EVENT, id="evt_2", title="Open Mic")
    pairs = [(kind, event) for event in (EVENT, other) for kind in ("event.moved", "event.renamed")]
    rule = a_rule("event.*", group_by=group_by)
    at_once, in_turn = Decider(rule), Decider(rule)
    at_once.apply(*(happens(kind, event, at_once.at) for kind, event in pairs))
    for kind, event in pairs:
        in_turn.apply(kind, event=event)
    assert len(at_once.live) == len(in_turn.live) == tickets
    members = sorted(name for case in at_once.live for name in case.members)
    assert members == sorted(name for case in in_turn.live for name in case.members)


def test_a_day_is_over_at_midnight() -> None:
    """The next has a ticket of its own."""
    decider = Decider(a_rule("event.*", group_by=GroupBy.DAY))
    decider.apply("event.moved")
    decider.apply("event.renamed", after=timedelta(days=1))
    assert len(decider.live) == 2


def test_several_changes_of_one_event_in_one_pass_are_one_ticket() -> None:
    """Even under several rules; the gravest leads, and the others stand in it, in one mail."""
    decider = Decider(*(a_rule(kind, id=kind) for kind in ("event.renamed", "event.moved")))
    assert decider.apply("event.renamed", "event.moved") == OPENED
    (case,) = decider.live
    assert case.kind == "event.moved"
    assert "Also:\n- was called" in decider.intents[0].payload["body"]


def test_several_ends_of_one_ticket_in_one_pass_are_one_message() -> None:
    """Good news first; the ticket is resolved once, when nothing is left of it."""
    kinds = ("ticket_type.sold_out", "ticket_type.low_stock", "ticket_type.hidden")
    types = tuple(attrs.evolve(FLOOR, id=f"tt_{n}", name=f"Type {n}") for n in range(3))
    event = attrs.evolve(EVENT, ticket_types=types)
    decider = Decider(a_rule("ticket_type.*"))
    begun = zip(kinds, types, strict=True)
    decider.apply(*(happens(kind, event, decider.at, one) for kind, one in begun))
    (case,) = decider.live
    back = happens("ticket_type.back_on_sale", event, decider.at, types[0])
    shown = happens("ticket_type.shown", event, decider.at, types[2])
    said = decider.apply(back, shown)
    assert said.count("resolve") == 0
    assert next(i.act.value for i in decider.intents if i.case == case.marker) == "message"
    assert "Also:\n- " in decider.intents[0].payload["text"]
    assert "shown" in decider.intents[0].payload["text"]
    assert (decider.apply("event.archived").count("note"), decider.live) == (1, [])


def test_what_ends_all_of_a_ticket_is_said_once() -> None:
    """Not once for each of its conditions, nor beside itself."""
    decider = Decider(a_rule("event.sold_out", "event.moved", "event.renamed"))
    decider.apply("event.sold_out", "event.moved", "event.renamed")
    assert decider.apply("event.archived") == ["note", "resolve"]
    assert "Also" not in decider.intents[0].payload["text"]
    assert decider.intents[0].payload["text"].count("archived") == 1


@pytest.mark.parametrize("good_last", [True, False])
def test_good_news_leads_whatever_comes_first(good_last: bool) -> None:
    """The customer is told of it, and of the rest beside it; the case counts as cleared."""
    types = tuple(attrs.evolve(FLOOR, id=f"tt_{n}", name=f"Type {n}") for n in range(2))
    event = attrs.evolve(EVENT, ticket_types=types)
    decider = Decider(a_rule("ticket_type.low_stock"))
    decider.apply(*(happens("ticket_type.low_stock", event, decider.at, one) for one in types))
    removed = happens("ticket_type.removed", event, decider.at, types[0])
    restocked = happens("ticket_type.restocked", event, decider.at, types[1])
    ends = [removed, restocked] if good_last else [restocked, removed]
    assert decider.apply(*ends) == ["message", "resolve"]
    text = decider.intents[0].payload["text"]
    assert text.index("no longer runs low") < text.index('Also:\n- "Type 0" removed')
    assert [case.state for case in decider.state.cases] == [CaseState.CLEARED]


# -- silences, quiet hours, and what cannot be read ------------------------------------------------


def test_what_is_silenced_opens_when_the_silence_ends_if_it_still_holds() -> None:
    """A notice is let go; what clears is told all the same."""
    decider = Decider(a_rule("event.sold_out", "event.renamed"))
    decider.silence(timedelta(hours=1))
    assert decider.apply("event.sold_out", "event.renamed") == []
    assert decider.outcomes == ["silenced by ada: rehearsal"] * 2
    assert decider.apply(after=timedelta(hours=1)) == OPENED
    assert "Also" not in decider.intents[0].payload["body"]
    decider.silence(timedelta(hours=1))
    assert decider.apply("event.back_on_sale") == ["message", "resolve"]


def test_a_silence_is_for_what_it_names() -> None:
    """Another event, kind, rule or box office is told."""
    for names in (
        {"event": "Open Mic"},
        {"kinds": ("ticket_type.*",)},
        {"rule": "x"},
        {"box_office": "annexe"},
    ):
        decider = Decider(a_rule("event.sold_out"))
        decider.silence(timedelta(hours=1), **names)
        assert decider.apply("event.sold_out") == OPENED
    for names in (
        {"event": "evt_1"},
        {"event": "late l"},
        {"event": "late-laughs"},
        {},
        {"kinds": ("event.*",)},
        {"rule": "r0"},
        {"box_office": "main-room"},
    ):
        decider = Decider(a_rule("event.sold_out"))
        decider.silence(timedelta(hours=1), **names)
        assert decider.apply("event.sold_out") == []


def test_nothing_is_opened_in_quiet_hours_and_nothing_lost_in_them() -> None:
    """Neither a condition nor a notice; both come with the morning, even when TicketSmart cannot
    be read at that very moment."""
    decider = Decider(a_rule("event.*", quiet_hours=Decider.quiet("17:00", "19:00")))
    assert decider.apply("event.sold_out", "event.renamed") == []
    assert decider.outcomes[0].startswith("quiet until 19:00")
    assert decider.apply(after=timedelta(minutes=30)) == []
    assert decider.apply(after=timedelta(hours=1), partial=True) == []
    assert decider.apply() == OPENED
    assert "Also:\n- was called" in decider.intents[0].payload["body"]


def test_what_ends_in_quiet_hours_is_told_when_they_end() -> None:
    """If it is still so. What is on again by then has not ended, and nothing is said."""
    quiet = Decider.quiet("20:00", "08:00")
    decider = Decider(a_rule("event.sold_out", quiet_hours=quiet))
    assert decider.apply("event.sold_out") == OPENED
    assert [intent.retry_at for intent in decider.intents] == [None] * 3
    assert decider.apply("event.back_on_sale", after=timedelta(hours=4)) == []
    assert decider.apply("event.sold_out", after=timedelta(hours=4)) == []
    assert decider.apply(after=timedelta(hours=6)) == []
    assert len(decider.live) == 1
    assert decider.apply("event.back_on_sale", after=timedelta(hours=12)) == []
    assert decider.apply(after=timedelta(hours=12)) == ["message", "resolve"]
    assert decider.live == []


def test_what_supersedes_in_quiet_hours_is_noted_when_they_end() -> None:
    """The acts are written down at once, and keep until then."""
    quiet = Decider.quiet("20:00", "08:00")
    decider = Decider(a_rule("event.sold_out", quiet_hours=quiet))
    decider.apply("event.sold_out")
    decider.apply("event.archived", after=timedelta(hours=4))
    morning = NOW.replace(hour=8) + timedelta(days=1)
    assert [intent.retry_at for intent in decider.intents] == [morning] * 2


def test_a_box_office_that_cannot_be_read_opens_and_ends_nothing_of_its_own() -> None:
    """But its own trouble is told."""
    decider = Decider(a_rule("event.sold_out", hold=TEN), a_rule("box_office.unreachable", id="r1"))
    decider.apply("event.sold_out")
    assert decider.apply("box_office.unreachable", after=TEN, partial=True) == OPENED
    assert [case.kind for case in decider.live] == ["box_office.unreachable"]
    assert decider.apply("box_office.reachable") == ["message", "resolve", *OPENED]


def test_a_notice_under_a_cover_that_waits_is_told_until_the_cover_is() -> None:
    """An event that was cancelled by mistake has still another date."""
    rules = a_rule("event.cancelled", hold=TEN), a_rule("event.rescheduled", id="r1")
    decider = Decider(*rules)
    assert decider.apply("event.cancelled", "event.rescheduled") == OPENED
    assert [case.kind for case in decider.live] == ["event.rescheduled"]
    assert decider.apply(after=TEN) == ["note", "resolve", *OPENED]
    assert [case.kind for case in decider.live] == ["event.cancelled"]
    assert [one.change.kind for one in decider.state.conditions] == ["event.cancelled"]


# -- rules come and go ----------------------------------------------------------------------------


def test_a_ticket_outlives_its_rule() -> None:
    """It ends as its rule wished; nothing new is opened."""
    decider = Decider(a_rule("event.sold_out", on_clear=OnClear.NOTHING, hold=TEN))
    decider.apply("event.sold_out")
    decider.apply(after=TEN)
    decider.rules = Rules(rules=(), default=HOME)
    assert decider.apply() == []
    assert decider.apply("event.back_on_sale") == []
    assert len(decider.live) == 1
    assert decider.apply(after=TEN) == []
    assert decider.live == []


def test_a_rule_of_its_own_idea_of_low_ends_when_that_is_over() -> None:
    """For another it may still hold."""
    rules = (
        a_rule("ticket_type.low_stock", id="few", remaining_below=10, go_on=True),
        a_rule("ticket_type.low_stock", id="many", remaining_below=50),
    )
    decider = Decider(*rules)

    def left(available: int) -> list[str]:
        event = attrs.evolve(EVENT, ticket_types=(attrs.evolve(FLOOR, available=available),))
        known = decider.state.snapshot
        decider.sees(event)
        return decider.apply(*(["ticket_type.low_stock"] if not known else []), event=event)

    assert left(8) == OPENED * 2
    assert left(30) == ["message", "resolve"]
    assert [case.rule for case in decider.live] == ["many"]
    assert left(9) == OPENED
    assert left(60) == ["message", "resolve"] * 2


def test_deciding_is_pure() -> None:
    """The same twice, and what it was given is as it was."""
    decider = Decider(a_rule("event.*"))
    decider.apply("event.sold_out")
    before = attrs.asdict(decider.state)
    again = Decider(a_rule("event.*"))
    again.state, again.at = decider.state, decider.at
    assert decider.apply("event.cancelled") == again.apply("event.cancelled")
    assert decider.intents == again.intents
    assert attrs.asdict(again.state) == attrs.asdict(decider.state) != before

"""The life of a case: what a pass's changes begin and end, and the acts that follow."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from support.court import EVENT, FLOOR, HOME, NOW, Court, a_rule, happens
from willcall.bridge.alerting.outbox_builder import TAG
from willcall.bridge.model.cases import Act, CaseState
from willcall.bridge.model.changes import KINDS
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
    court = Court(a_rule(kind))
    assert court.hears(kind) == OPENED
    (case,) = court.live
    assert (case.kind, case.rule, case.episode) == (kind, "r0", 1)
    assert court.hears() == []


@pytest.mark.parametrize("kind", CONDITIONS)
def test_a_condition_that_is_seen_again_is_the_same(kind: str) -> None:
    """However often it is reported."""
    court = Court(a_rule(kind))
    court.hears(kind)
    (case,) = court.live
    assert court.hears(kind) == []
    assert court.told == [f"already open as {case.marker}"]


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_that_comes_again_is_news_again(kind: str) -> None:
    """Each new price is; the ticket about the last one has had its day."""
    court = Court(a_rule(kind))
    court.hears(kind)
    (first,) = court.live
    assert court.hears(kind) == ["note", "resolve", *OPENED]
    (second,) = court.live
    assert (second.episode, court.state_of(first)) == (2, CaseState.SUPERSEDED)


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_that_no_rule_takes_is_forgotten(kind: str) -> None:
    """It has happened, and is over."""
    court = Court()
    assert court.hears(kind) == []
    assert court.told == ["no rule takes it"]
    assert court.state.conditions == ()


@pytest.mark.parametrize(("kind", "clears"), of_each("cleared_by"))
def test_good_news_clears(kind: str, clears: str) -> None:
    """The customer hears, and the ticket is resolved."""
    court = Court(a_rule(kind))
    court.hears(kind)
    (case,) = court.live
    assert court.hears(clears) == ["message", "resolve"]
    assert court.told[0] == f"ended {case.marker}"
    assert court.state_of(case) is CaseState.CLEARED
    assert not [one for one in court.state.conditions if one.change.kind == kind]


@pytest.mark.parametrize(
    ("kind", "ends"), [pair for pair in of_each("superseded_by") if pair[0] != pair[1]]
)
def test_what_no_longer_matters_is_overtaken(kind: str, ends: str) -> None:
    """The team hears by a note, the customer does not."""
    court = Court(a_rule(kind))
    court.hears(kind)
    (case,) = court.live
    assert court.hears(ends) == ["note", "resolve"]
    assert court.state_of(case) is CaseState.SUPERSEDED


@pytest.mark.parametrize(("cover", "kind"), COVERING)
@pytest.mark.parametrize("order", [1, -1])
def test_a_ticket_covers_what_its_reader_knows(cover: str, kind: str, order: int) -> None:
    """In one pass, whichever comes first; not where nobody is told of the cover."""
    pair = [cover, kind][::order]
    if {cover, kind} & {*ended_by(cover), *ended_by(kind)}:
        return  # they cannot both be so
    court = Court(a_rule(cover, id="r0"), a_rule(kind, id="r1"))
    court.hears(*pair)
    assert {case.kind for case in court.live} <= {cover}
    assert f"covered by {cover}" in court.told
    alone = Court(a_rule(kind, id="r1"))
    alone.hears(*pair)
    assert [case.kind for case in alone.live] == [kind]


@pytest.mark.parametrize("kind", CHANGES)
def test_what_happens_to_another_event_changes_nothing(kind: str) -> None:
    """``evt_1`` and ``evt_10``, and their ticket types."""
    if not KINDS[kind].of_event:
        return
    other = attrs.evolve(EVENT, id="evt_10")
    court = Court(a_rule(*CHANGES))
    court.hears("event.sold_out", event=other)
    court.hears(kind)
    assert [case.group for case in court.live if case.group == "event evt_10"] == ["event evt_10"]


@pytest.mark.parametrize("on_clear", OnClear)
@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("cleared", [True, False])
def test_what_becomes_of_a_ticket_when_its_condition_ends(
    on_clear: OnClear, writes: bool, cleared: bool
) -> None:
    """By the rule; the customer is written to only by rules that write, and only good news."""
    court = Court(a_rule("event.sold_out", on_clear=on_clear, message=writes))
    court.hears("event.sold_out")
    said = court.hears("event.back_on_sale" if cleared else "event.archived")
    good = {
        OnClear.RESOLVE: ["message" if writes else "note", "resolve"],
        OnClear.MESSAGE: ["message" if writes else "note"],
        OnClear.NOTE: ["note"],
        OnClear.NOTHING: [],
    }[on_clear]
    assert said == (good if cleared else ["note", *(["resolve"] if "resolve" in good else [])])
    assert court.live == []


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
    court = Court(rule)
    assert court.hears("event.sold_out") == ["open", "tag", "note", "message"]
    opening, triage, note, message = (intent.payload for intent in court.intents)
    (case,) = court.live
    assert opening == {"subject": f"Late Laughs! [{case.marker}]", "body": "b"}
    assert triage == {
        "tags": [TAG, case.marker, "high", "gala"],
        "assignee_id": "usr_1",
    }
    assert note["text"] == f"n\n\nReference: {case.marker}-3"
    assert message["text"] == f"m\n\nReference: {case.marker}-4"


def test_nobody_is_written_to_without_a_from_address_or_by_a_rule_that_does_not_write() -> None:
    """The team still gets its ticket."""
    silent = attrs.evolve(HOME, from_address=None)
    for rule in (a_rule("event.sold_out", message=False), a_rule("event.sold_out", address=silent)):
        court = Court(rule)
        assert court.hears("event.sold_out") == ["open", "tag"]
        assert court.hears("event.back_on_sale") == ["note", "resolve"]


def test_every_act_carries_its_marker() -> None:
    """The case's in the subject and the tags, its own in a message or note."""
    court = Court(a_rule("event.*", note="n", reopen_within=timedelta(days=1)))
    for kinds in (["event.sold_out"], ["event.back_on_sale"], ["event.sold_out"]):
        court.hears(*kinds)
        for intent in court.intents:
            payload: Any = intent.payload
            if intent.act is Act.OPEN:
                assert read_subject(payload["subject"]) == intent.case
            elif intent.act is Act.TAG:
                assert intent.case in payload["tags"]
            elif intent.act in {Act.RESOLVE, Act.REOPEN}:
                assert payload == {}
            else:
                assert marks(payload["text"], f"{intent.case}-{intent.position}")


def test_the_first_rule_that_matches_decides_unless_it_goes_on() -> None:
    """Two rules that both take a thing have a ticket each, with words of their own."""
    first, second = a_rule("event.sold_out", id="a"), a_rule("event.sold_out", id="b")
    court = Court(first, second)
    court.hears("event.sold_out")
    assert [case.rule for case in court.live] == ["a"]
    court = Court(attrs.evolve(first, go_on=True, subject="A"), attrs.evolve(second, subject="B"))
    court.hears("event.sold_out")
    assert sorted(case.rule for case in court.live) == ["a", "b"]
    subjects = {i.payload["subject"][0] for i in court.intents if i.act is Act.OPEN}
    assert subjects == {"A", "B"}
    assert "Also:" not in court.intents[0].payload["body"]
    assert court.hears("event.back_on_sale") == ["message", "resolve"] * 2


# -- time -----------------------------------------------------------------------------------------

TEN = timedelta(minutes=10)


def test_a_condition_must_hold_for_as_long_as_the_rule_says() -> None:
    """And be gone as long before it is over: a flapping one opens one ticket, and ends once."""
    court = Court(a_rule("event.sold_out", hold=TEN))
    assert court.hears("event.sold_out") == []
    assert court.told == ["waits whether it holds for 0:10:00"]
    assert court.hears(after=TEN - timedelta(minutes=2)) == []
    assert court.hears(after=timedelta(minutes=2)) == OPENED
    for _ in range(5):
        assert court.hears("event.back_on_sale") == []
        assert court.told == ["waits whether it stays so"]
        assert court.hears("event.sold_out", after=timedelta(minutes=9)) == []
        assert court.told == ["on again before it counted as over"]
        assert court.hears(after=TEN) == []
    assert court.hears("event.back_on_sale") == []
    assert court.hears(after=TEN - timedelta(minutes=2)) == []
    assert court.hears(after=timedelta(minutes=2)) == ["message", "resolve"]
    assert court.state.conditions == ()


def test_what_is_gone_before_its_time_was_nothing() -> None:
    """Flapping before it has held once opens no ticket at all."""
    court = Court(a_rule("event.sold_out", hold=TEN))
    for _ in range(5):
        assert court.hears("event.sold_out", after=timedelta(minutes=9)) == []
        assert court.hears("event.back_on_sale", after=timedelta(minutes=9)) == []
    assert (court.live, court.state.conditions) == ([], ())


def test_a_cancellation_does_not_wait_whether_a_sell_out_stays_over() -> None:
    """What supersedes is over at once."""
    court = Court(a_rule("event.sold_out", hold=TEN))
    court.hears("event.sold_out")
    court.hears(after=TEN)
    court.hears("event.back_on_sale")
    assert court.hears("event.cancelled") == ["note", "resolve"]


def test_what_waited_is_told_with_the_numbers_of_now() -> None:
    """Not with those of when it began; nor are those of a report replaced by older ones."""
    low = attrs.evolve(FLOOR, available=9)
    less = attrs.evolve(FLOOR, available=2)
    court = Court(a_rule("ticket_type.low_stock", hold=TEN))
    court.hears("ticket_type.low_stock", event=attrs.evolve(EVENT, ticket_types=(low,)))
    court.sees(attrs.evolve(EVENT, ticket_types=(less,)))
    court.hears(after=TEN)
    assert court.intents[0].payload["subject"].startswith("2 left of Floor")
    court = Court(a_rule("ticket_type.removal_failed"))
    court.sees(EVENT)
    sold = attrs.evolve(EVENT, ticket_types=(attrs.evolve(FLOOR, sold=77),))
    court.hears("ticket_type.removal_failed", event=sold)
    assert "(77 so far)" in court.intents[0].payload["body"]


@pytest.mark.parametrize(
    ("gap", "reopens"), [(timedelta(hours=23), True), (timedelta(days=1, minutes=1), False)]
)
def test_the_same_ticket_again_within_the_time_a_rule_gives(gap: timedelta, reopens: bool) -> None:
    """Else a new one."""
    court = Court(a_rule("event.sold_out", reopen_within=timedelta(days=1)))
    court.hears("event.sold_out")
    (first,) = court.live
    court.hears("event.back_on_sale")
    said = court.hears("event.sold_out", after=gap)
    assert said == (["reopen", "note", "message"] if reopens else OPENED)
    (second,) = court.live
    assert (second.marker == first.marker) == reopens
    assert court.hears("event.back_on_sale") == ["message", "resolve"]


def test_the_same_thing_again_is_the_next_episode() -> None:
    """Counted for ever, whatever became of the ones before."""
    court = Court(a_rule("event.sold_out"))
    court.state = attrs.evolve(court.state, episodes={("r0", "event.sold_out", "evt_1"): 4})
    court.hears("event.sold_out")
    (case,) = court.live
    assert case.marker == case_marker("main-room", "r0", "event.sold_out", "evt_1", 5)


# -- what shares a ticket -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("group_by", "tickets"),
    [(GroupBy.EVENT, 2), (GroupBy.BOX_OFFICE, 1), (GroupBy.DAY, 1), (GroupBy.NONE, 4)],
)
def test_what_shares_a_ticket(group_by: GroupBy, tickets: int) -> None:
    """Two changes of each of two events, in one pass or one after the other."""
    other = attrs.evolve(EVENT, id="evt_2", title="Open Mic")
    pairs = [(kind, event) for event in (EVENT, other) for kind in ("event.moved", "event.renamed")]
    rule = a_rule("event.*", group_by=group_by)
    at_once, in_turn = Court(rule), Court(rule)
    at_once.hears(*(happens(kind, event, at_once.at) for kind, event in pairs))
    for kind, event in pairs:
        in_turn.hears(kind, event=event)
    assert len(at_once.live) == len(in_turn.live) == tickets
    members = sorted(name for case in at_once.live for name in case.members)
    assert members == sorted(name for case in in_turn.live for name in case.members)


def test_a_day_is_over_at_midnight() -> None:
    """The next has a ticket of its own."""
    court = Court(a_rule("event.*", group_by=GroupBy.DAY))
    court.hears("event.moved")
    court.hears("event.renamed", after=timedelta(days=1))
    assert len(court.live) == 2


def test_several_changes_of_one_event_in_one_pass_are_one_ticket() -> None:
    """Even under several rules; the gravest leads, and the others stand in it, in one mail."""
    court = Court(*(a_rule(kind, id=kind) for kind in ("event.renamed", "event.moved")))
    assert court.hears("event.renamed", "event.moved") == OPENED
    (case,) = court.live
    assert case.kind == "event.moved"
    assert "Also:\n- was called" in court.intents[0].payload["body"]


def test_several_ends_of_one_ticket_in_one_pass_are_one_message() -> None:
    """Good news first; the ticket is resolved once, when nothing is left of it."""
    kinds = ("ticket_type.sold_out", "ticket_type.low_stock", "ticket_type.hidden")
    types = tuple(attrs.evolve(FLOOR, id=f"tt_{n}", name=f"Type {n}") for n in range(3))
    event = attrs.evolve(EVENT, ticket_types=types)
    court = Court(a_rule("ticket_type.*"))
    begun = zip(kinds, types, strict=True)
    court.hears(*(happens(kind, event, court.at, one) for kind, one in begun))
    (case,) = court.live
    back = happens("ticket_type.back_on_sale", event, court.at, types[0])
    shown = happens("ticket_type.shown", event, court.at, types[2])
    said = court.hears(back, shown)
    assert said.count("resolve") == 0
    assert next(i.act.value for i in court.intents if i.case == case.marker) == "message"
    assert "Also:\n- " in court.intents[0].payload["text"]
    assert "shown" in court.intents[0].payload["text"]
    assert (court.hears("event.archived").count("note"), court.live) == (1, [])


def test_what_ends_all_of_a_ticket_is_said_once() -> None:
    """Not once for each of its conditions, nor beside itself."""
    court = Court(a_rule("event.sold_out", "event.moved", "event.renamed"))
    court.hears("event.sold_out", "event.moved", "event.renamed")
    assert court.hears("event.archived") == ["note", "resolve"]
    assert "Also" not in court.intents[0].payload["text"]
    assert court.intents[0].payload["text"].count("archived") == 1


def test_good_news_leads_whatever_comes_first() -> None:
    """The customer is told of it, and of the rest beside it."""
    types = tuple(attrs.evolve(FLOOR, id=f"tt_{n}", name=f"Type {n}") for n in range(2))
    event = attrs.evolve(EVENT, ticket_types=types)
    court = Court(a_rule("ticket_type.low_stock"))
    court.hears(*(happens("ticket_type.low_stock", event, court.at, one) for one in types))
    removed = happens("ticket_type.removed", event, court.at, types[0])
    restocked = happens("ticket_type.restocked", event, court.at, types[1])
    assert court.hears(removed, restocked) == ["message", "resolve"]
    text = court.intents[0].payload["text"]
    assert text.index("no longer runs low") < text.index('Also:\n- "Type 0" removed')
    assert [case.state for case in court.state.cases] == [CaseState.CLEARED]


# -- silences, quiet hours, and what cannot be read ------------------------------------------------


def test_what_is_silenced_opens_when_the_silence_ends_if_it_still_holds() -> None:
    """A notice is let go; what clears is told all the same."""
    court = Court(a_rule("event.sold_out", "event.renamed"))
    court.silence(timedelta(hours=1))
    assert court.hears("event.sold_out", "event.renamed") == []
    assert court.told == ["silenced by ada: rehearsal"] * 2
    assert court.hears(after=timedelta(hours=1)) == OPENED
    assert "Also" not in court.intents[0].payload["body"]
    court.silence(timedelta(hours=1))
    assert court.hears("event.back_on_sale") == ["message", "resolve"]


def test_a_silence_is_for_what_it_names() -> None:
    """Another event, kind, rule or box office is told."""
    for names in (
        {"event": "Open Mic"},
        {"kinds": ("ticket_type.*",)},
        {"rule": "x"},
        {"box_office": "annexe"},
    ):
        court = Court(a_rule("event.sold_out"))
        court.silence(timedelta(hours=1), **names)
        assert court.hears("event.sold_out") == OPENED
    for names in (
        {"event": "evt_1"},
        {"event": "late l"},
        {"event": "late-laughs"},
        {},
        {"kinds": ("event.*",)},
        {"rule": "r0"},
        {"box_office": "main-room"},
    ):
        court = Court(a_rule("event.sold_out"))
        court.silence(timedelta(hours=1), **names)
        assert court.hears("event.sold_out") == []


def test_nothing_is_opened_in_quiet_hours_and_nothing_lost_in_them() -> None:
    """Neither a condition nor a notice; both come with the morning, even when TicketSmart cannot
    be read at that very moment."""
    court = Court(a_rule("event.*", quiet_hours=Court.quiet("17:00", "19:00")))
    assert court.hears("event.sold_out", "event.renamed") == []
    assert court.told[0].startswith("quiet until 19:00")
    assert court.hears(after=timedelta(minutes=30)) == []
    assert court.hears(after=timedelta(hours=1), blind=True) == []
    assert court.hears() == OPENED
    assert "Also:\n- was called" in court.intents[0].payload["body"]


def test_what_ends_in_quiet_hours_is_told_when_they_end() -> None:
    """The acts are written down at once, and keep until then."""
    quiet = Court.quiet("20:00", "08:00")
    court = Court(a_rule("event.sold_out", quiet_hours=quiet))
    assert court.hears("event.sold_out") == OPENED
    assert [intent.retry_at for intent in court.intents] == [None] * 3
    court.hears("event.back_on_sale", after=timedelta(hours=4))
    morning = NOW.replace(hour=8) + timedelta(days=1)
    assert [intent.retry_at for intent in court.intents] == [morning] * 2


def test_a_box_office_that_cannot_be_read_opens_and_ends_nothing_of_its_own() -> None:
    """But its own trouble is told."""
    court = Court(a_rule("event.sold_out", hold=TEN), a_rule("box_office.unreachable", id="r1"))
    court.hears("event.sold_out")
    assert court.hears("box_office.unreachable", after=TEN, blind=True) == OPENED
    assert [case.kind for case in court.live] == ["box_office.unreachable"]
    assert court.hears("box_office.reachable") == ["message", "resolve", *OPENED]


def test_what_an_untold_condition_covered_is_told_after_all() -> None:
    """A sell-out that did not last covered a ticket type that is still sold out."""
    court = Court(a_rule("event.sold_out", hold=TEN), a_rule("ticket_type.sold_out", id="r1"))
    assert court.hears("event.sold_out", "ticket_type.sold_out") == []
    assert court.hears("event.back_on_sale") == OPENED
    (case,) = court.live
    assert case.kind == "ticket_type.sold_out"


def test_a_notice_under_an_untold_cover_is_told_after_all() -> None:
    """An event that was cancelled by mistake has still another date."""
    court = Court(a_rule("event.cancelled", hold=TEN), a_rule("event.rescheduled", id="r1"))
    assert court.hears("event.cancelled", "event.rescheduled") == []
    assert court.hears("event.reinstated") == OPENED
    court = Court(a_rule("event.cancelled", hold=TEN), a_rule("event.rescheduled", id="r1"))
    court.hears("event.cancelled", "event.rescheduled")
    assert court.hears(after=TEN) == OPENED
    assert [one.change.kind for one in court.state.conditions] == ["event.cancelled"]


# -- rules come and go ----------------------------------------------------------------------------


def test_a_ticket_outlives_its_rule() -> None:
    """It ends as most do; nothing new is opened."""
    court = Court(a_rule("event.sold_out", on_clear=OnClear.NOTHING, hold=TEN))
    court.hears("event.sold_out")
    court.hears(after=TEN)
    court.rules = Rules(rules=(), default=HOME)
    assert court.hears() == []
    assert court.hears("event.back_on_sale") == ["message", "resolve"]


def test_a_rule_of_its_own_idea_of_low_ends_when_that_is_over() -> None:
    """For another it may still hold."""
    rules = (
        a_rule("ticket_type.low_stock", id="few", remaining_below=10, go_on=True),
        a_rule("ticket_type.low_stock", id="many", remaining_below=50),
    )
    court = Court(*rules)

    def left(available: int) -> list[str]:
        event = attrs.evolve(EVENT, ticket_types=(attrs.evolve(FLOOR, available=available),))
        known = court.state.snapshot
        court.sees(event)
        return court.hears(*(["ticket_type.low_stock"] if not known else []), event=event)

    assert left(8) == OPENED * 2
    assert left(30) == ["message", "resolve"]
    assert [case.rule for case in court.live] == ["many"]
    assert left(9) == OPENED
    assert left(60) == ["message", "resolve"] * 2


def test_deciding_is_pure() -> None:
    """The same twice, and what it was given is as it was."""
    court = Court(a_rule("event.*"))
    court.hears("event.sold_out")
    before = attrs.asdict(court.state)
    again = Court(a_rule("event.*"))
    again.state, again.at = court.state, court.at
    assert court.hears("event.cancelled") == again.hears("event.cancelled")
    assert court.intents == again.intents
    assert attrs.asdict(again.state) == attrs.asdict(court.state) != before

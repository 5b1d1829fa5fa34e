"""Why something did or did not open a ticket, rule by rule."""

from datetime import timedelta

import attrs

from support.played import hall
from support.virtual_bridge import ADDRESS, START
from willcall.bridge.alerting.decide import decide
from willcall.bridge.insight.explain import RuleAnswer, explain, rule_answers
from willcall.bridge.model.cases import Case, CaseState, Condition, State
from willcall.bridge.model.facts import derived
from willcall.bridge.model.predicates import Predicates
from willcall.bridge.model.rules import KNOWN_BEFORE, Rule, Rules, Silence, built_in_rules
from willcall.bridge.templates.examples import EVENT, example

OSLO = Rule(
    id="oslo", kinds=("event.sold_out",), predicates=Predicates(city=("Oslo",)), address=ADDRESS
)
SLOW = Rule(id="slow", kinds=("event.sold_out",), hold=timedelta(minutes=10), address=ADDRESS)
RULES = Rules(rules=(OSLO, SLOW, *built_in_rules(ADDRESS)), default=ADDRESS)
CHANGE = example("event.sold_out", at=START)
SILENCE = Silence(
    id=1, begins=START, until=START + timedelta(hours=1), author="Ana", reason="known"
)


def test_each_rule_says_its_part() -> None:
    """Why not, why not yet, and who was not asked."""
    found = rule_answers(RULES, CHANGE, CHANGE.event, START, (), START)
    assert found[:2] == (
        RuleAnswer(rule="oslo", why="city is New York"),
        RuleAnswer(rule="slow", takes=True, why="waits whether it holds for 0:10:00"),
    )
    assert len(found) == len(RULES.rules)
    mine = next(one for one in found if one.rule == "built-in/event.sold_out")
    assert mine == RuleAnswer(rule=mine.rule, why="not asked: slow has decided", asked=False)
    assert not next(one for one in found if one.rule == "built-in/event.moved").about
    # The rule that took it, not the one that stands before.
    assert {one.why for one in found[2:]} == {"not asked: slow has decided"}
    later = rule_answers(RULES, CHANGE, CHANGE.event, START, (), START + timedelta(minutes=10))
    assert later[1] == RuleAnswer(rule="slow", takes=True)
    silent = rule_answers(RULES, CHANGE, CHANGE.event, START, (SILENCE,), START)
    assert silent[1] == RuleAnswer(rule="slow", takes=True, why="silenced by Ana: known")


def test_then_and_now() -> None:
    """A change is judged as things were; what still holds, as they are."""
    moved = attrs.evolve(EVENT, city="Oslo")
    found = explain(
        "main-room",
        RULES,
        [(1, CHANGE, "waits", None)],
        [Condition(change=CHANGE)],
        [],
        [],
        {EVENT.id: moved},
        START + timedelta(hours=1),
    )
    assert found.title == "Gala Night"
    assert found.event is moved
    (told,), (standing,) = found.changes, found.conditions
    assert told.rules[0] == RuleAnswer(rule="oslo", why="city is New York")
    assert standing.rules[0] == RuleAnswer(rule="oslo", takes=True)
    assert not standing.rules[1].asked


def test_what_covers_a_condition_is_named() -> None:
    """The ticket that says it, with its number and its marker; not one that has ended, or is about
    another event."""
    other = attrs.evolve(EVENT, id="evt_other")
    of_type = example("ticket_type.sold_out", at=START)
    covered = Condition(change=of_type, covered_by="event.sold_out")
    elsewhere = attrs.evolve(CHANGE, event=other)
    whole = Condition(change=CHANGE)
    cases = [
        Case(
            marker=f"wc-{number}",
            box_office="main-room",
            rule="r",
            kind=change.kind,
            subject=change.subject,
            occurrence=number,
            title="t",
            members=(Condition(change=change).name,),
            state=state,
            opened_at=START,
            ticket_id=f"tkt_{number}",
        )
        for number, (change, state) in enumerate(
            [
                (CHANGE, CaseState.OPEN),
                (CHANGE, CaseState.CLEARED),
                (elsewhere, CaseState.OPEN),
                (of_type, CaseState.OPEN),
            ]
        )
    ]
    conditions = (covered, whole, Condition(change=elsewhere))
    state = State(conditions=conditions, cases=tuple(cases))
    later = START + timedelta(hours=1)
    found = explain("main-room", RULES, [], [covered, whole], [], [], {}, later, state)
    assert [known.covered_in for known in found.conditions] == [(cases[0],), ()]


def test_a_whole_box_office() -> None:
    """Has no event, and no snapshot to look into."""
    change = example("box_office.unreachable", at=START)
    condition = Condition(change=change)
    found = explain(
        "main-room", RULES, [(1, change, "opened wc-1", "wc-1")], [condition], [], [], {}, START
    )
    assert (found.title, found.event) == ("main-room", None)
    assert any(rule.takes for rule in found.changes[0].rules)


def test_nothing_to_tell() -> None:
    """Is told as nothing."""
    found = explain("main-room", RULES, [], [], [], [], {}, START)
    assert (found.changes, found.conditions, found.cases) == ((), (), ())


def test_what_was_known_before_is_explained_as_such() -> None:
    """Not as something that a rule takes and no ticket announces."""
    few = derived(hall(ga=4), START)
    decision = decide("main-room", State(), [], {few.id: few}, START, RULES)
    (condition,) = decision.conditions
    found = explain("main-room", RULES, [], [condition], [], [], {few.id: few}, START)
    (held,) = found.conditions
    assert [answer.why for answer in held.rules if answer.takes] == [KNOWN_BEFORE]

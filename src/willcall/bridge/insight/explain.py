"""Why a change did or did not open a ticket, rule by rule. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import attrs

from ..model.cases import Case, CaseState, Condition, Intent, State
from ..model.changes import Change
from ..model.facts import EventFacts
from ..model.predicates import Situation
from ..model.rules import KNOWN_BEFORE, Rules, Silence, wait


@attrs.frozen(kw_only=True)
class RuleAnswer:
    """The answer of a rule about a change.

    Args:
        rule: its id.
        takes: whether it takes the change.
        why: why it does not, or not yet.
        about: whether the kind of the change is in its ``when``.
        asked: whether it was asked: an earlier rule may have taken the change for good.
    """

    rule: str
    takes: bool = False
    why: str | None = None
    about: bool = True
    asked: bool = True


@attrs.frozen(kw_only=True)
class ExplainedChange:
    """A change, what became of it then, and the answers of the rules as they are now."""

    number: int
    change: Change
    outcome: str
    marker: str | None
    rules: tuple[RuleAnswer, ...]


@attrs.frozen(kw_only=True)
class ExplainedCondition:
    """A condition that still holds, the answers of the rules now, and the cases whose tickets cover
    it."""

    condition: Condition
    rules: tuple[RuleAnswer, ...]
    covered_in: tuple[Case, ...] = ()


@attrs.frozen(kw_only=True)
class ExplainedCase:
    """A case, and all its acts."""

    case: Case
    acts: tuple[Intent, ...]


@attrs.frozen(kw_only=True)
class Explanation:
    """Everything that is known about an event, a ticket, a case or a box office."""

    box_office: str
    title: str
    event: EventFacts | None
    changes: tuple[ExplainedChange, ...]
    conditions: tuple[ExplainedCondition, ...]
    cases: tuple[ExplainedCase, ...]


def rule_answers(
    rules: Rules,
    change: Change,
    event: EventFacts | None,
    since: datetime,
    silences: Iterable[Silence],
    now: datetime,
) -> tuple[RuleAnswer, ...]:
    """The answer of each rule about a change.

    Args:
        rules: all rules.
        change: the change.
        event: the event as it was at ``now``.
        since: when the change was seen.
        silences: the silences.
        now: the time.
    """
    ticket_type = change.ticket_type
    if ticket_type is not None and event is not None:
        ticket_type = event.ticket_type(ticket_type.id) or ticket_type
    known = tuple(silences)
    found = []
    for verdict in rules.verdicts(Situation(change, event, ticket_type, now)):
        rule, why = verdict.rule, verdict.why_not
        takes = why is None
        if takes:
            why = wait(rule, change, since, known, now)
        about = change.kind in rule.kinds
        found.append(RuleAnswer(rule=rule.id, takes=takes, why=why, about=about))
    decider = found[-1].rule if found else ""
    for rule in rules.rules[len(found) :]:
        about = change.kind in rule.kinds
        why = f"not asked: {decider} has decided"
        found.append(RuleAnswer(rule=rule.id, why=why, about=about, asked=False))
    return tuple(found)


def _as_it_goes(
    rules: Rules,
    condition: Condition,
    answer: RuleAnswer,
    silences: Iterable[Silence],
    now: datetime,
) -> RuleAnswer:
    """The answer of a rule that takes a condition and has no ticket about it: whether it is silent,
    since it took what was known before; or for how long it has taken it."""
    rule = rules.by_id(answer.rule)
    if rule is None:
        return answer
    if condition.known and rules.took(rule, condition.change, condition.since):
        return attrs.evolve(answer, why=KNOWN_BEFORE)
    since = condition.turned.get(rule.id, condition.since)
    return attrs.evolve(answer, why=wait(rule, condition.change, since, silences, now))


def _covering(condition: Condition, state: State) -> tuple[Case, ...]:
    """The open cases whose tickets cover a condition: those about what covers it, of its event."""
    event = condition.change.event
    if condition.covered_by is None or event is None:
        return ()
    names = {
        other.name
        for other in state.conditions
        if other.change.kind == condition.covered_by
        and other.change.event is not None
        and other.change.event.id == event.id
    }
    return tuple(
        case
        for case in state.cases
        if case.state is CaseState.OPEN and names.intersection(case.members)
    )


def explain(
    box_office: str,
    rules: Rules,
    logged: Sequence[tuple[int, Change, str, str | None]],
    conditions: Sequence[Condition],
    cases: Sequence[ExplainedCase],
    silences: Sequence[Silence],
    snapshot: Mapping[str, EventFacts],
    now: datetime,
    state: State | None = None,
) -> Explanation:
    """Put together what the ledger remembers and what the rules answer.

    Args:
        box_office: its name.
        rules: the rules as they are now.
        logged: of each change its number, the change, what became of it, and its case's marker.
        conditions: the conditions that still hold.
        cases: the cases.
        silences: the silences, then and now.
        snapshot: the events as they were last seen.
        now: the time.
        state: all that is known of the box office, in which the tickets that cover a condition are.
    """
    state = state or State()
    changes = tuple(
        ExplainedChange(
            number=number,
            change=change,
            outcome=outcome,
            marker=marker,
            rules=rule_answers(
                rules, change, change.event, change.observed_at, silences, change.observed_at
            ),
        )
        for number, change, outcome, marker in logged
    )
    explained = []
    for condition in conditions:
        was = condition.change.event
        event = None if was is None else snapshot.get(was.id, was)
        found = rule_answers(rules, condition.change, event, condition.since, silences, now)
        found = tuple(
            _as_it_goes(rules, condition, answer, silences, now)
            if answer.takes and answer.rule not in condition.announced
            else answer
            for answer in found
        )
        covered_in = _covering(condition, state)
        explained.append(
            ExplainedCondition(condition=condition, rules=found, covered_in=covered_in)
        )
    first = changes[0].change if changes else None
    event_id = first.event.id if first and first.event else None
    title = first.title if first else cases[0].case.title if cases else box_office
    return Explanation(
        box_office=box_office,
        title=title,
        event=snapshot.get(event_id) if event_id else None,
        changes=changes,
        conditions=tuple(explained),
        cases=tuple(cases),
    )

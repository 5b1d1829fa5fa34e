"""How a due condition opens a ticket, joins an open one, or reopens an earlier one. Pure.

The conditions of a pass that concern the same event and go to the same address become one case,
led by the most severe. Later conditions of the same rule and group join it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import attrs

from ..model.cases import Case, CaseState, Condition, Name
from ..model.changes import Change
from ..model.kinds import KINDS
from ..model.predicates import Predicates
from ..model.rules import GroupBy, Rule
from ..templates.rendering import local
from .storms import digest_held, held_kinds, is_storm
from .unit_of_work import UnitOfWork

Due = tuple[Rule, Condition]
"""A rule, and a condition that is to be announced under it now."""


def open_cases(work: UnitOfWork, due: Iterable[Due], recent: timedelta) -> None:
    """Open a ticket for everything that is due, or hold it back if it is too much at once.

    Args:
        work: the conditions and cases.
        due: what is to be announced, and under which rule.
        recent: cases that were opened within this time count towards a storm as well.
    """
    joining: list[tuple[Case, Rule, Condition]] = []
    fresh: dict[object, list[Due]] = {}
    for rule, condition in due:
        case = _joinable(work, rule, condition)
        if case is not None:
            joining.append((case, rule, condition))
        else:
            key = _together(rule, condition)
            if any(other.name == condition.name for _, other in fresh.get(key, ())):
                key = key, rule.id  # a second rule that takes it has its own words
            fresh.setdefault(key, []).append((rule, condition))
    for case, rule, condition in joining:
        _join(work, work.cases[case.marker], rule, condition)
    storm, alike = is_storm(work, len(fresh), recent), held_kinds(work)
    opened = [
        _open(work, group, held=storm or any(c.change.kind in alike for _, c in group))
        for group in fresh.values()
    ]
    if any(case.state is CaseState.HELD for case in opened) or recent:
        digest_held(work, recent)


def _group(rule: Rule, condition: Condition) -> str:
    """What a condition must share with a case to join its ticket; empty if none may join."""
    change = condition.change
    if rule.group_by is GroupBy.EVENT and change.event is not None:
        return f"event {change.event.id}"
    if rule.group_by is GroupBy.DAY:
        # The day of those who are there: a late evening is not the next day.
        here = local(condition.since, None if change.event is None else change.event.timezone)
        return f"day {here.date().isoformat()}"
    return "" if rule.group_by is GroupBy.NONE else "box_office"


def _together(rule: Rule, condition: Condition) -> object:
    """What the conditions of a pass must share to have a ticket together. Several rules may share
    one: an event that changes its date and its place is one ticket."""
    group = _group(rule, condition)
    if rule.group_by is GroupBy.EVENT:
        return group, rule.address
    return (group, rule.id) if group else (rule.id, condition.name)


# -- joining an open ticket -------------------------------------------------------------------


def _joinable(work: UnitOfWork, rule: Rule, condition: Condition) -> Case | None:
    group = _group(rule, condition)
    for case in work.live():
        # A case that it has led before may be open about others.
        if case.led_by == (rule.id, *condition.name):
            return case
        if group and (case.rule, case.group) == (rule.id, group):
            return case
    return None


def _join(work: UnitOfWork, case: Case, rule: Rule, condition: Condition) -> None:
    """Announce another condition in an open ticket."""
    members = tuple(dict.fromkeys((*case.members, condition.name)))
    case = work.put(attrs.evolve(case, members=members))
    work.mark_announced(condition.name, frozenset({rule.id}))
    work.record(condition.change, f"added to {case.marker}", case.marker)
    if case.state is not CaseState.HELD:
        work.put(work.outbox.add(case, rule, work.as_it_is_now(condition.change)))


# -- a new ticket, or one that is reopened ---------------------------------------------------------


def _open(work: UnitOfWork, group: Sequence[Due], *, held: bool) -> Case:
    ranked = sorted(group, key=_rank)
    rule, lead = ranked[0]
    others = [work.as_it_is_now(condition.change) for _, condition in ranked[1:]]
    lead = attrs.evolve(lead, change=work.as_it_is_now(lead.change))
    for _, condition in ranked:
        work.mark_announced(
            condition.name, frozenset(r.id for r, c in ranked if c.name == condition.name)
        )
    members = tuple(dict.fromkeys(condition.name for _, condition in ranked))
    case = None if held else _reopened(work, rule, lead, members, others)
    if case is None:
        case = work.new_case(rule, lead, members, _group(rule, lead), held=held)
        if not held:
            earlier = _earlier(work, case, rule)
            case = work.put(work.outbox.announce(case, rule, lead.change, others, earlier))
    word = "held" if held else "opened"
    for _, condition in ranked:
        work.record(condition.change, f"{word} {case.marker}", case.marker)
    return case


def _rank(due: Due) -> tuple[int, int, str]:
    """Sorts by severity, the most severe first."""
    rule, condition = due
    change = condition.change
    return -rule.severity_of(change.kind).weight, _ORDER[change.kind], change.subject


_ORDER = {kind: number for number, kind in enumerate(KINDS)}


def _reopened(
    work: UnitOfWork,
    rule: Rule,
    lead: Condition,
    members: tuple[Name, ...],
    others: Sequence[Change],
) -> Case | None:
    """The case that ended within ``reopen_within``, open again with its ticket; None if there is
    none."""
    case = _ended_recently(work, rule, lead)
    if case is None:
        return None
    case = attrs.evolve(
        case,
        state=CaseState.OPEN,
        ended_at=None,
        members=members,
        wishes=attrs.evolve(rule, predicates=Predicates()),
    )
    return work.put(work.outbox.reopen(case, rule, lead.change, others))


def _earlier(work: UnitOfWork, case: Case, rule: Rule) -> Case | None:
    """The latest case of the rule about the same event whose ticket a person has ended, or which
    takes nothing more; None if there is none."""
    about = case.subject.partition("/")[0]
    found = [
        other
        for other in work.known_cases.values()
        if other.rule == rule.id
        and other.ticket_id is not None
        and other.subject.partition("/")[0] == about
        and (
            other.state in {CaseState.LEFT, CaseState.GONE}
            or (other.state is CaseState.OPEN and not other.group and case.group)
        )
    ]
    return max(found, key=lambda other: other.opened_at, default=None)


def _ended_recently(work: UnitOfWork, rule: Rule, lead: Condition) -> Case | None:
    for case in work.cases.values():
        if case.rule != rule.id or case.ended_at is None:
            continue
        within = rule.reopen_within if case.led_by == (rule.id, *lead.name) else timedelta(0)
        if lead.name in case.taken_back and KINDS[lead.change.kind].damped:
            # It came and went: the customer reads of it in one conversation.
            within = max(within, work.rules.damping.once_in)
        ended = case.state in {CaseState.CLEARED, CaseState.SUPERSEDED}
        since = work.at - case.ended_at
        if ended and case.acts and timedelta(0) < since <= within:
            return case
    return None

"""What is to be announced now, and what need not be since another ticket says it. Pure.

A condition is *inhibited* while a ticket exists that says it: the ticket of a condition of the same
event whose kind covers it. When that condition ends, or while it is silenced, waits or is taken by
no rule, the inhibited condition is announced by itself. So nothing that holds is without a ticket.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from ..model.cases import Condition
from ..model.kinds import KINDS, over
from ..model.rules import KNOWN_BEFORE, Rule, wait
from .ending import Endings
from .opening import Due
from .unit_of_work import UnitOfWork

# A condition is judged after those that may inhibit it.
_ORDER = {
    name: number
    for number, name in enumerate(
        sorted(KINDS, key=lambda kind: sum(map(KINDS[kind].does_cover, KINDS)), reverse=True)
    )
}


def uninhibited(work: UnitOfWork, endings: Endings, seen: Iterable[Condition]) -> list[Due]:
    """The rules and conditions that are to be announced now.

    Cases whose conditions become inhibited end.

    Args:
        work: the conditions and cases.
        endings: collects the ends of cases.
        seen: the conditions that this pass may announce.
    """
    names = [known.name for known in seen]
    inhibitors: dict[str, list[Condition]] = {}
    for condition in work.conditions.values():
        if KINDS[condition.change.kind].covers and condition.change.event is not None:
            inhibitors.setdefault(condition.change.event.id, []).append(condition)
    due: dict[tuple[str, str], list[Rule]] = {}
    for name in sorted(names, key=lambda name: _ORDER[name[0]]):
        known = work.conditions.get(name)
        if known is None:
            continue
        event = known.change.event
        for inhibitor in inhibitors.get(event.id, ()) if event is not None else ():
            if inhibitor.name in work.conditions and _inhibits(
                work.conditions[inhibitor.name], known, due
            ):
                _inhibit(endings, work, known, inhibitor)
                break
        else:
            if known.covered_by is not None:
                known = _freed(work, known)
            due[name] = [] if known is None else _due(work, known)
    return [
        (rule, work.conditions[name])
        for name in names
        if name in work.conditions
        for rule in due.get(name, ())
    ]


def _inhibits(
    inhibitor: Condition, condition: Condition, due: dict[tuple[str, str], list[Rule]]
) -> bool:
    """Whether one condition inhibits another now."""
    kind, other = inhibitor.change.kind, condition.change.kind
    if inhibitor.name == condition.name or not KINDS[kind].does_cover(other):
        return False
    if inhibitor.announced or due.get(inhibitor.name):
        # A notice that is announced has its ticket; only what supersedes it ends that.
        return not condition.announced or kind in KINDS[other].superseded_by
    # What a cancellation has superseded stays so, although nobody is told of the cancellation.
    return condition.covered_by == kind and kind in over(other)


def _inhibit(endings: Endings, work: UnitOfWork, condition: Condition, by: Condition) -> None:
    kind = by.change.kind
    endings.supersede(condition, by.change)
    if condition.covered_by != kind:
        work.record_unless_recorded(condition.change, f"covered by {kind}")


def _freed(work: UnitOfWork, condition: Condition) -> Condition | None:
    """A condition that nothing inhibits any more; None if it does not hold any more."""
    if not work.still(condition):
        del work.conditions[condition.name]
        return None
    condition = attrs.evolve(condition, covered_by=None)
    work.conditions[condition.name] = condition
    return condition


def _predecessor(work: UnitOfWork, condition: Condition, vacant: Sequence[str], rule: Rule) -> str:
    """Which of the rules that no longer take a condition is this one, under another name: the one
    whose ticket was opened with the same wishes, else the first."""
    for case in work.live_with(condition.name):
        kept = case.wishes
        if case.rule not in vacant or kept is None:
            continue
        renamed = attrs.evolve(kept, id=rule.id, predicates=rule.predicates, go_on=rule.go_on)
        if renamed == rule:
            return case.rule
    return vacant[0]


def _due(work: UnitOfWork, condition: Condition) -> list[Rule]:
    """The rules under which a condition is to be announced now."""
    if condition.ending is not None:
        return []
    due: list[Rule] = []
    why = "no rule takes it"
    rules = work.taking(condition)
    for other in condition.turned.keys() - condition.announced - {rule.id for rule in rules}:
        work.turn(condition.name, other, None)  # it counts anew once it is taken again
    vacant = sorted(condition.announced - {rule.id for rule in rules})
    for rule in rules:
        if rule.id in condition.announced:
            why = "already announced"
            continue
        if work.rules.took(rule, condition.change, condition.since):
            # It was renamed, moved or added, or its threshold was: what holds is no news by that.
            if vacant:
                old = _predecessor(work, condition, vacant, rule)
                vacant.remove(old)
                condition = work.hand_over(condition, old, rule)
                why = "already announced"
                continue
            if condition.known:
                why = KNOWN_BEFORE
                continue
        since = work.taken_since(rule, condition)
        waits = wait(rule, condition.change, since, work.silences, work.at)
        if waits is None:
            due.append(rule)
        else:
            why = waits
    if not due:
        work.record_unless_recorded(condition.change, why)
    return due

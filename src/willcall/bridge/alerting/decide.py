"""What a pass's changes begin and end, and the acts that follow. Pure.

::

    change ──▶ condition ──▶ waiting ──▶ case open ──▶ cleared | superseded ──▶ (reopened)
                  │             │ for, quiet hours, a silence   │
                  │             └ gone before its time: nothing │
                  └ covered: told by another ticket             └ gone: its ticket was deleted

Many at once are *held*: one digest ticket lists them, and ``willcall release`` lets them go.

This is the order of one pass; how things begin, end and storm stands beside it (``opening.py``,
``ending.py``, ``storms.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from ..model.cases import Condition, Decision, State
from ..model.changes import Change
from ..model.facts import EventFacts
from ..model.kinds import KINDS
from ..model.rules import Rule, Rules, wait
from .ending import Endings
from .opening import open_cases
from .storms import let_go
from .unit_of_work import UnitOfWork


def decide(
    box_office: str,
    state: State,
    changes: Iterable[Change],
    facts: Mapping[str, EventFacts],
    at: datetime,
    rules: Rules,
    *,
    blind: bool = False,
    lately: timedelta = timedelta(0),
) -> Decision:
    """What a pass's changes mean for the cases, and what time has ripened.

    Args:
        box_office: its name in the configuration.
        state: what the ledger knows.
        changes: what differs.
        facts: the events that differ, for the next snapshot.
        at: when they were observed.
        rules: what to do about what.
        blind: the box office was not read whole: nothing but these changes may open or end
            anything, since nobody knows whether the rest still holds.
        lately: cases opened so short a while ago count towards a storm as well: whoever looks often
            sees one in parts.
    """
    work = UnitOfWork(box_office, state, facts, at, rules)
    endings = Endings(work)
    for change in changes:
        _hear(work, endings, change)
    new = {(change.kind, change.subject) for change in work.news}
    seen = [one for one in work.conditions.values() if not blind or one.name in new]
    endings.ripen(seen)
    _cover(work)
    due = [
        (rule, condition)
        for condition in seen
        for rule in _due(work, work.conditions.get(condition.name, condition))
    ]
    open_cases(work, due, lately)
    _let_go_of_notices(work, seen)
    return work.decision(facts)


def release(
    box_office: str, state: State, markers: Sequence[str], at: datetime, rules: Rules
) -> Decision:
    """Let held cases go: their tickets are opened after all.

    Args:
        markers: which; none for all.
    """
    work = UnitOfWork(box_office, state, {}, at, rules)
    let_go(work, markers)
    return work.decision({})


def _hear(work: UnitOfWork, endings: Endings, change: Change) -> None:
    """Apply one change: end what it ends, begin what it begins."""
    work.news.append(change)
    ended = endings.by(change)
    if ended:
        work.came_of(change, f"ended {', '.join(dict.fromkeys(ended))}", ended[0])
    name = change.kind, change.subject
    known = work.conditions.get(name)
    if known is None:
        work.conditions[name] = Condition(change=change)
    elif known.ending is not None:
        work.conditions[name] = attrs.evolve(known, ending=None)
        work.came_of(change, "on again before it counted as over")
    else:
        marker = next((case.marker for case in work.live_with(name)), None)
        already = "already known" if marker is None else f"already open as {marker}"
        work.came_of(change, already, marker)


def _cover(work: UnitOfWork) -> None:
    """Of what is new, find what another ticket says already, or will in this very pass."""
    new = dict.fromkeys((change.kind, change.subject) for change in work.news)
    for name in [name for name in new if name in work.conditions]:
        condition = work.conditions[name]
        change = condition.change
        if change.event is None or condition.told or condition.covered_by:
            continue
        for other in work.conditions.values():
            if other.name == name or other.change.subject != change.event.id:
                continue
            kind = other.change.kind
            # A ticket tells of it, or would if some rule's time had come.
            if KINDS[kind].does_cover(change.kind) and (other.told or work.taking(other)):
                work.conditions[name] = attrs.evolve(condition, covered_by=kind)
                work.came_of(change, f"covered by {kind}")
                break


def _due(work: UnitOfWork, condition: Condition) -> list[Rule]:
    """The rules whose time has come to tell of a condition."""
    if condition.covered_by is not None or condition.ending is not None:
        return []
    due: list[Rule] = []
    why = "no rule takes it"
    for rule in work.taking(condition):
        if rule.id in condition.told:
            why = "told already"
            continue
        waits = wait(rule, condition.change, condition.since, work.silences, work.at)
        if waits is None:
            due.append(rule)
        else:
            why = waits
    if not due:
        work.came_of_at_least(condition.change, why)
    return due


def _let_go_of_notices(work: UnitOfWork, seen: Iterable[Condition]) -> None:
    """A notice has happened, and is over, unless something still holds it."""
    for name in [one.name for one in seen if one.name in work.conditions]:
        if not _is_kept(work, work.conditions[name]):
            del work.conditions[name]


def _is_kept(work: UnitOfWork, condition: Condition) -> bool:
    if KINDS[condition.change.kind].holds or condition.told:
        return True
    if condition.covered_by is None:
        return _waits(work, condition)
    # Until what covers it is told, nobody has heard of it.
    return any(other.covers(condition) and not other.told for other in work.conditions.values())


def _waits(work: UnitOfWork, condition: Condition) -> bool:
    """Whether a notice waits for the end of quiet hours; a silenced one is let go."""
    return any(
        rule.quiet_hours is not None
        and rule.quiet_hours.until(work.at) is not None
        and not any(one.covers(condition.change, rule, work.at) for one in work.silences)
        for rule in work.taking(condition)
    )

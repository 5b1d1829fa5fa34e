"""What a pass's changes begin and end, and the acts that follow. Pure.

::

    change ──▶ condition ──▶ waiting ──▶ case open ──▶ cleared | superseded ──▶ (reopened)
                  │             │ `for`, quiet hours,           │
                  │             │ a silence                     └ gone: its ticket was deleted
                  │             └ ended while it waited: nothing is sent
                  └ inhibited: the ticket of another condition says it, as long as that ticket does

Too many new cases at once are *held*: a digest ticket lists them, and ``willcall release`` opens
their tickets.

This module is the order of a pass. What inhibits what is in ``inhibition.py``; how cases open, end
and are held is in ``opening.py``, ``ending.py`` and ``storms.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from ..model.cases import Case, CaseState, Condition, Decision, State
from ..model.changes import Change
from ..model.facts import EventFacts
from ..model.kinds import KINDS
from ..model.kinds.box_offices import STORM
from ..model.rules import Rules
from .ending import Endings
from .inhibition import uninhibited
from .levels import begin_what_holds
from .opening import open_cases
from .storms import release_held
from .unit_of_work import UnitOfWork
from .unsent import judge_unsent


def decide(
    box_office: str,
    state: State,
    changes: Iterable[Change],
    facts: Mapping[str, EventFacts],
    at: datetime,
    rules: Rules,
    *,
    partial: bool = False,
    everything: bool = False,
    recent: timedelta = timedelta(0),
) -> Decision:
    """Decide what the changes of a pass, and the time that has gone by, mean for the cases.

    Args:
        box_office: its name in the configuration.
        state: what the ledger knows.
        changes: what differs.
        facts: the events that differ, for the next snapshot.
        at: when they were observed.
        rules: what to do about which changes.
        partial: whether the box office was read in part only. Then nothing but these changes opens
            or ends anything, since the other conditions may no longer hold.
        everything: whether every event is judged by what holds, and not only those that differ: the
            rules may have been edited since the last pass.
        recent: cases that were opened within this time before count towards a storm as well. A
            watch, which polls often, sees a storm in parts.
    """
    work = UnitOfWork(box_office, state, facts, at, rules)
    endings = Endings(work)
    for change in changes:
        _apply(work, endings, change)
    judged = work.events() if everything else facts.values()
    begin_what_holds(work, () if partial else judged, lambda change: _apply(work, endings, change))
    new = {(change.kind, change.subject) for change in work.changes}
    seen = [
        condition for condition in work.conditions.values() if not partial or condition.name in new
    ]
    endings.end_by_time(seen)
    due = uninhibited(work, endings, seen)
    endings.announce()
    open_cases(work, due, recent)
    judge_unsent(work, facts)
    _drop_notices(work, seen)
    return work.decision(facts)


def due_already(
    box_office: str, state: State, at: datetime, rules: Rules
) -> tuple[tuple[Case, ...], bool]:
    """The cases that the next pass would open though nothing is new: the rules were edited, or a
    wait is over. And whether they would be held, since they are too many.

    Args:
        box_office: its name in the configuration.
        state: what the ledger knows.
        at: the time.
        rules: what to do about which changes.
    """
    if state.snapshot is None:
        return (), False
    known = {case.marker for case in state.cases}
    cases = decide(box_office, state, (), {}, at, rules, everything=True).cases
    new = tuple(case for case in cases if case.marker not in known and case.kind != STORM)
    return new, any(case.state is CaseState.HELD for case in new)


def release(
    box_office: str, state: State, markers: Sequence[str], at: datetime, rules: Rules
) -> Decision:
    """Decide to open the tickets of held cases.

    Args:
        box_office: its name in the configuration.
        state: what the ledger knows.
        markers: the cases to release; none for all of them.
        at: the time.
        rules: what to do about which changes.
    """
    work = UnitOfWork(box_office, state, {}, at, rules)
    release_held(work, markers)
    return work.decision({})


def _apply(work: UnitOfWork, endings: Endings, change: Change) -> None:
    """End the conditions that a change ends, and begin its own."""
    work.changes.append(change)
    ended = endings.end_by(change)
    if ended:
        work.record(change, f"ended {', '.join(dict.fromkeys(ended))}", ended[0])
    name = change.kind, change.subject
    known = work.conditions.get(name)
    if known is None:
        work.conditions[name] = Condition(change=change)
    elif known.ending is not None:
        work.conditions[name] = attrs.evolve(known, ending=None)
        work.record(change, "on again before it counted as over")
    else:
        marker = next((case.marker for case in work.live_with(name)), None)
        already = "already known" if marker is None else f"already open as {marker}"
        work.record(change, already, marker)


def _drop_notices(work: UnitOfWork, seen: Iterable[Condition]) -> None:
    """A notice is over once it has been handled. Conditions stay until something ends them."""
    for name in [condition.name for condition in seen if condition.name in work.conditions]:
        if not _is_kept(work, work.conditions[name]):
            del work.conditions[name]


def _is_kept(work: UnitOfWork, condition: Condition) -> bool:
    if KINDS[condition.change.kind].holds:
        return True
    if condition.announced:
        return bool(work.live_with(condition.name))
    return condition.covered_by is None and _waits_for_quiet_hours(work, condition)


def _waits_for_quiet_hours(work: UnitOfWork, condition: Condition) -> bool:
    """Whether a notice waits for the end of quiet hours. A silenced notice does not."""
    return any(
        rule.is_quiet(work.at)
        and not any(silence.covers(condition.change, rule, work.at) for silence in work.silences)
        for rule in work.taking(condition)
    )

"""How conditions end, and their cases with them. Pure.

A condition is *cleared* by good news, which the customer hears, or *superseded* by what makes it
pointless, which only the team does. With the last of its conditions a case ends.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ..model.cases import Case, CaseState, Condition, Name
from ..model.changes import Change
from ..model.kinds import KINDS
from ..model.kinds.ticket_types import LOW_STOCK, RESTOCKED
from .unit_of_work import UnitOfWork


class Endings:
    """What ends in one pass. However many of a case's conditions end, it is told once."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._ends: dict[str, list[tuple[Change, bool]]] = {}

    def by(self, change: Change) -> list[str]:
        """End the conditions that a change clears or supersedes; the markers of their cases."""
        work = self._work
        ended: list[str] = []
        for name, condition in list(work.conditions.items()):
            kind = KINDS[name[0]]
            cleared = change.kind in kind.cleared_by
            if not change.bears_on(name[1]) or not (cleared or change.kind in kind.superseded_by):
                continue
            cases = work.live_with(name)
            if cleared and any(self._holds(case) for case in cases):
                # A rule that waits before it believes in a condition waits before it is over, too.
                work.conditions[name] = attrs.evolve(condition, ending=change)
                work.came_of(change, "waits whether it stays so", cases[0].marker)
                continue
            self._forget(condition)
            for case in cases:
                self._leave(case, name, change, cleared=cleared)
                ended.append(case.marker)
        return ended

    def ripen(self, seen: Iterable[Condition]) -> None:
        """End what time alone has ended, and tell of all that this pass has ended."""
        for condition in seen:
            if condition.ending is not None:
                self._end_if_gone_long(condition, condition.ending)
            elif condition.told:
                self._end_if_no_longer_low(condition)
        work = self._work
        for marker, ends in self._ends.items():
            case = work.cases[marker]
            work.put(work.scribe.tell_ends(case, work.rule_of(case), ends))
        self._ends.clear()

    def _holds(self, case: Case) -> bool:
        rule = self._work.rules.by_id(case.rule)
        return rule is not None and bool(rule.hold)

    def _end_if_gone_long(self, condition: Condition, ending: Change) -> None:
        work = self._work
        for case in work.live_with(condition.name):
            rule = work.rules.by_id(case.rule)
            if rule is None or work.at - ending.observed_at >= rule.hold:
                self._leave(case, condition.name, ending, cleared=True)
        if not work.live_with(condition.name):
            self._forget(condition)

    def _end_if_no_longer_low(self, condition: Condition) -> None:
        """A rule may have its own idea of "low": over for one, it may still hold for another."""
        if condition.change.kind != LOW_STOCK:
            return
        work = self._work
        event, one = work.now(condition.change)
        for case in work.live_with(condition.name):
            rule = work.rules.by_id(case.rule)
            if rule is None or work.rules.still_low(rule, one):
                continue
            restocked = attrs.evolve(
                condition.change,
                kind=RESTOCKED,
                event=event,
                ticket_type=one,
                before=condition.change.event,
                observed_at=work.at,
            )
            self._leave(case, condition.name, restocked, cleared=True)
            told = work.conditions[condition.name].told - {rule.id}
            work.conditions[condition.name] = attrs.evolve(condition, told=told)

    def _forget(self, condition: Condition) -> None:
        """A condition is over. What it covered is told after all, if it never was told itself."""
        conditions = self._work.conditions
        del conditions[condition.name]
        if condition.told:
            return
        for name, other in list(conditions.items()):
            if condition.covers(other):
                conditions[name] = attrs.evolve(other, covered_by=None)

    def _leave(self, case: Case, name: Name, change: Change, *, cleared: bool) -> None:
        """One of a case's conditions is over; with the last one the case is, too."""
        case = self._work.cases[case.marker]
        if case.state is CaseState.OPEN:
            self._ends.setdefault(case.marker, []).append((change, cleared))
        case = attrs.evolve(case, members=tuple(one for one in case.members if one != name))
        if not case.members:
            good = cleared or any(good for _, good in self._ends.get(case.marker, ()))
            state = CaseState.CLEARED if good else CaseState.SUPERSEDED
            case = attrs.evolve(case, state=state, ended_at=self._work.at)
        self._work.put(case)

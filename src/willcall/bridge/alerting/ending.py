"""How conditions end, and their cases with them. Pure.

A condition is *cleared* by good news, which the customer hears, or *superseded* by something that
makes it pointless, which an internal note says. A case ends with the last of its conditions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

import attrs

from ..model.cases import Act, Case, CaseState, Condition, Name
from ..model.changes import Change
from ..model.kinds import KINDS, RunsLow, over
from ..model.kinds.ticket_types import LOW_STOCK, RESTOCKED
from .damping import must_last_longer
from .unit_of_work import UnitOfWork


class Endings:
    """What ends in a pass. A case gets one message, however many of its conditions end."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._ends: dict[str, list[tuple[Change, bool]]] = {}

    def end_by(self, change: Change) -> list[str]:
        """End the conditions that a change clears or supersedes; the markers of their cases."""
        work = self._work
        ended: list[str] = []
        other = KINDS[change.kind]
        for name, condition in list(work.conditions.items()):
            kind = KINDS[name[0]]
            cleared = change.kind in kind.cleared_by
            if not change.bears_on(name[1]) or not (cleared or change.kind in kind.superseded_by):
                continue
            if other.holds and other.does_cover(name[0]) and not cleared:
                if change.kind in over(name[0]):
                    ended += self.supersede(condition, change)
                continue  # else it is inhibited once a ticket says so: see ``inhibition.py``
            cases = work.live_with(name)
            low = work.rules.runs_low
            if cleared and any(
                self._waits(case, condition, change.observed_at, low) for case in cases
            ):
                # In quiet hours nobody can be told: what is on again by their end has not ended.
                work.conditions[name] = attrs.evolve(condition, ending=change)
                work.record(change, "waits whether it stays so", cases[0].marker)
                continue
            del work.conditions[name]
            for case in cases:
                self._end_member(case, name, change, cleared=cleared)
                ended.append(case.marker)
        return ended

    def supersede(self, condition: Condition, change: Change) -> list[str]:
        """End the cases of a condition that another condition makes pointless; their markers.

        The condition itself is kept: it is announced again if it outlasts the other.

        Args:
            condition: the condition.
            change: what began the other condition.
        """
        work, name = self._work, condition.name
        if condition.ending is None and KINDS[name[0]].holds:
            work.conditions[name] = attrs.evolve(
                condition, announced=frozenset(), covered_by=change.kind
            )
        elif condition.announced:
            del work.conditions[name]
        else:
            work.conditions[name] = attrs.evolve(condition, covered_by=change.kind)
        cases = work.live_with(name)
        for case in cases:
            self._end_member(case, name, change, cleared=False)
        return [case.marker for case in cases]

    def end_by_time(self, seen: Iterable[Condition]) -> None:
        """End what time has ended.

        Args:
            seen: the conditions that this pass may end.
        """
        for condition in seen:
            if condition.ending is not None:
                self._end_if_gone_long_enough(condition, condition.ending)
            elif condition.announced:
                self._end_if_no_longer_low(condition)

    def announce(self) -> None:
        """Write down what is said about all that ended in this pass."""
        work = self._work
        for marker, ends in self._ends.items():
            case = work.cases[marker]
            work.put(work.outbox.announce_ends(case, work.rule_of(case), ends))
        self._ends.clear()

    def _waits(self, case: Case, condition: Condition, since: datetime, low: RunsLow) -> bool:
        """Whether the end of a condition of a case is not to be announced yet.

        Args:
            case: the case.
            condition: the condition.
            since: when it ended.
            low: whether a ticket type runs low, where low stock has ended.
        """
        work, rule = self._work, self._work.rule_of(case)
        unsent = work.unsent.get(case.marker, frozenset())
        if Act.OPEN in unsent or Act.REOPEN in unsent:
            return False  # nobody has heard of it, and nobody will
        if Act.MESSAGE in unsent and not rule.is_quiet(work.at):
            return False
        lasted = max(work.at - since, timedelta(0))
        if lasted < rule.hold or rule.is_quiet(work.at):
            return True
        return must_last_longer(work, condition, lasted, low)

    def _end_if_gone_long_enough(self, condition: Condition, ending: Change) -> None:
        work = self._work
        for case in work.live_with(condition.name):
            if not self._waits(case, condition, ending.observed_at, work.rules.runs_low):
                self._end_member(case, condition.name, work.as_it_is_now(ending), cleared=True)
        if not work.live_with(condition.name):
            del work.conditions[condition.name]

    def _end_if_no_longer_low(self, condition: Condition) -> None:
        """End low stock under the rules by whose own threshold the ticket type is no longer low. It
        may still be low under others."""
        if condition.change.kind != LOW_STOCK:
            return
        work = self._work
        event, ticket_type = work.now(condition.change)
        for case in work.live_with(condition.name):
            rule = work.rules.by_id(case.rule)
            if rule is None:
                continue
            if work.rules.still_low(rule, ticket_type):
                work.turn(condition.name, rule.id, None)
                continue
            since = condition.turned.get(rule.id, work.at)
            if self._waits(case, condition, since, partial(work.rules.still_low, rule)):
                work.turn(condition.name, rule.id, since)
                continue
            work.turn(condition.name, rule.id, None)
            restocked = attrs.evolve(
                condition.change,
                kind=RESTOCKED,
                event=event,
                ticket_type=ticket_type,
                before=condition.change.event,
                observed_at=work.at,
            )
            self._end_member(case, condition.name, restocked, cleared=True)
            now = work.conditions[condition.name]
            announced = now.announced - {rule.id}
            work.conditions[condition.name] = attrs.evolve(now, announced=announced)

    def _end_member(self, case: Case, name: Name, change: Change, *, cleared: bool) -> None:
        """End a condition of a case; if it was the last, end the case."""
        case = self._work.cases[case.marker]
        if case.state is CaseState.OPEN:
            self._ends.setdefault(case.marker, []).append((change, cleared))
            if cleared:
                taken_back = {**case.taken_back, name: self._work.at}
                case = attrs.evolve(case, taken_back=taken_back)
        members = tuple(member for member in case.members if member != name)
        lasting = [KINDS[kind] for kind, _ in members if KINDS[kind].holds]
        if not lasting and KINDS[name[0]].holds:
            # Notices that were announced beside a condition do not keep its ticket open.
            members = ()
        case = attrs.evolve(case, members=members)
        if not case.members:
            good = cleared or any(good for _, good in self._ends.get(case.marker, ()))
            state = CaseState.CLEARED if good else CaseState.SUPERSEDED
            case = attrs.evolve(case, state=state, ended_at=self._work.at)
        self._work.put(case)

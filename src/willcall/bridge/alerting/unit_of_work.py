"""The conditions and cases of a box office while one pass's changes are applied to them. Pure.

A unit of work: whoever begins or ends something changes it here, and what is new or differs at the
end is the decision, which the ledger writes down in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from ..model.cases import LIVE, Case, CaseState, Condition, Decision, Name, Recorded, State
from ..model.changes import Change
from ..model.facts import EventFacts, TypeFacts
from ..model.markers import case_marker
from ..model.predicates import Situation
from ..model.rules import Rule, Rules
from .outbox_builder import OutboxBuilder


class UnitOfWork:
    """What is known of a box office, and what becomes of it in one pass.

    Args:
        box_office: its name in the configuration.
        state: what the ledger knows.
        facts: the events that differ.
        at: when they were observed.
        rules: what to do about what.

    ``conditions`` and ``cases`` are as they stand now; ``known_cases`` as they stood before;
    ``news`` the changes so far. ``scribe`` writes the acts.
    """

    def __init__(
        self,
        box_office: str,
        state: State,
        facts: Mapping[str, EventFacts],
        at: datetime,
        rules: Rules,
    ) -> None:
        self.box_office = box_office
        self.at = at
        self.rules = rules
        self.silences = state.silences
        self.scribe = OutboxBuilder(at)
        self.news: list[Change] = []
        self._known_conditions = {one.name: one for one in state.conditions}
        self.conditions = dict(self._known_conditions)
        self.known_cases = {case.marker: case for case in state.cases}
        self.cases = dict(self.known_cases)
        self._events = {**(state.snapshot or {}), **facts}
        self._episodes = dict(state.episodes)
        self._outcomes: dict[int, tuple[str, str | None]] = {}

    # -- what is asked ------------------------------------------------------------------------

    def live(self) -> list[Case]:
        """The cases that have not ended."""
        return [case for case in self.cases.values() if case.state in LIVE]

    def live_with(self, name: Name) -> list[Case]:
        """Those of which a condition is a member."""
        return [case for case in self.live() if name in case.members]

    def rule_of(self, case: Case) -> Rule:
        """A case's rule; if that is no longer there, one that ends it as most are ended."""
        gone = Rule(id=case.rule, kinds=(case.kind,), address=self.rules.default)
        return self.rules.by_id(case.rule) or gone

    def now(self, change: Change) -> tuple[EventFacts | None, TypeFacts | None]:
        """The event and ticket type of a change as they are now."""
        if change.event is None:
            return None, None
        event = self._events.get(change.event.id, change.event)
        one = change.ticket_type
        return event, None if one is None else event.ticket_type(one.id) or one

    def as_it_is_now(self, change: Change) -> Change:
        """A change that has waited is told with the numbers of now, not of when it began."""
        if change.observed_at >= self.at:
            return change
        event, one = self.now(change)
        return attrs.evolve(change, event=event, ticket_type=one)

    def taking(self, condition: Condition) -> list[Rule]:
        """The rules that take a condition as it is now."""
        event, ticket_type = self.now(condition.change)
        return self.rules.taking(Situation(condition.change, event, ticket_type, self.at))

    # -- what is done -------------------------------------------------------------------------

    def came_of(self, change: Change, outcome: str, marker: str | None = None) -> None:
        """Note what became of a change, in words, and in which case."""
        self._outcomes[id(change)] = outcome, marker

    def came_of_at_least(self, change: Change, outcome: str) -> None:
        """The same, unless something is noted already."""
        self._outcomes.setdefault(id(change), (outcome, None))

    def told(self, name: Name, rules: frozenset[str]) -> None:
        """A condition has been told under more rules."""
        known = self.conditions[name]
        self.conditions[name] = attrs.evolve(known, told=known.told | rules)

    def put(self, case: Case) -> Case:
        """Keep a case as it is now."""
        self.cases[case.marker] = case
        return case

    def new_case(
        self,
        rule: Rule,
        lead: Condition,
        members: tuple[Name, ...],
        group: str,
        *,
        held: bool = False,
    ) -> Case:
        """A case that there was not; ``group`` is what others must share to join it."""
        kind, subject = lead.name
        led_by = (rule.id, kind, subject)
        episode = self._episodes.get(led_by, 0) + 1
        self._episodes[led_by] = episode
        case = Case(
            box_office=self.box_office,
            rule=rule.id,
            kind=kind,
            subject=subject,
            episode=episode,
            marker=case_marker(self.box_office, *led_by, episode),
            title=lead.change.title,
            opened_at=self.at,
            members=members,
            group=group,
            state=CaseState.HELD if held else CaseState.OPEN,
        )
        return self.put(case)

    # -- what comes of it -----------------------------------------------------------------------

    def decision(self, facts: Mapping[str, EventFacts]) -> Decision:
        """All that is new or differs."""
        recorded = []
        for change in self.news:
            outcome, marker = self._outcomes.get(id(change), ("no rule takes it", None))
            recorded.append(Recorded(change, outcome, marker))
        known = self._known_conditions
        return Decision(
            box_office=self.box_office,
            at=self.at,
            facts=facts,
            recorded=tuple(recorded),
            conditions=tuple(
                one for name, one in self.conditions.items() if known.get(name) != one
            ),
            over=tuple(name for name in known if name not in self.conditions),
            cases=tuple(
                case for marker, case in self.cases.items() if self.known_cases.get(marker) != case
            ),
            intents=tuple(self.scribe.intents),
        )

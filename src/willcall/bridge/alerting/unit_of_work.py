"""The conditions and cases of a box office while the changes of a pass are applied to them. Pure.

Whoever begins or ends something changes it here. What is new or differs at the end is the decision,
which the ledger writes in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import attrs

from ..model.cases import LIVE, Act, Case, CaseState, Condition, Decision, Name, Recorded, State
from ..model.changes import Change
from ..model.facts import EventFacts, TypeFacts
from ..model.kinds import KINDS, still_holds
from ..model.kinds.ticket_types import LOW_STOCK
from ..model.markers import case_marker
from ..model.predicates import Predicates, Situation
from ..model.rules import Rule, Rules
from .outbox_builder import OutboxBuilder


class UnitOfWork:
    """The state of a box office during a pass.

    Args:
        box_office: its name in the configuration.
        state: what the ledger knows.
        facts: the events that differ.
        at: when they were observed.
        rules: what to do about which changes.

    Attributes:
        conditions: the conditions now, by name.
        cases: the cases now, by marker.
        known_cases: the cases as they were before the pass.
        changes: the changes that were applied so far.
        outbox: writes the acts of the cases as intents.
        unsent: by the marker of a case, the acts that wait and were certainly not carried out.
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
        self.outbox = OutboxBuilder(at, rules)
        self.changes: list[Change] = []
        self._known_conditions = {known.name: known for known in state.conditions}
        self.conditions = dict(self._known_conditions)
        self.known_cases = {case.marker: case for case in state.cases}
        self.cases = dict(self.known_cases)
        self.unsent = state.unsent
        self._withdrawn: dict[str, frozenset[Act]] = {}
        self._snapshot = state.snapshot
        self._events = {**(state.snapshot or {}), **facts}
        self._occurrences = dict(state.occurrences)
        self._outcomes: dict[int, tuple[str, str | None]] = {}

    # -- questions ------------------------------------------------------------------------

    def announced_by(self, case: Case) -> tuple[Change, list[Change]] | None:
        """What a case announces as it is now: what leads it, and the rest; None for nothing."""
        known = [self.conditions[name] for name in case.members if name in self.conditions]
        if not known:
            return None
        lead = next((c for c in known if c.name == (case.kind, case.subject)), known[0])
        others = [self.as_it_is_now(c.change) for c in known if c is not lead]
        return self.as_it_is_now(lead.change), others

    def known_before(self, event_id: str) -> EventFacts | None:
        """An event as it was before this pass; None if it was not known."""
        return None if self._snapshot is None else self._snapshot.get(event_id)

    def live(self) -> list[Case]:
        """The cases that have not ended."""
        return [case for case in self.cases.values() if case.state in LIVE]

    def live_with(self, name: Name) -> list[Case]:
        """The cases that have not ended and of which this condition is a member."""
        return [case for case in self.live() if name in case.members]

    def rule_of(self, case: Case) -> Rule:
        """The rule of a case, as it was when the case was opened: it keeps those wishes though the
        rule is edited, renamed or removed."""
        if case.wishes is not None:
            return case.wishes
        gone = Rule(id=case.rule, kinds=(case.kind,), address=self.rules.default)
        return self.rules.by_id(case.rule) or gone

    def now(self, change: Change) -> tuple[EventFacts | None, TypeFacts | None]:
        """The event and ticket type of a change as they are now."""
        if change.event is None:
            return None, None
        event = self._events.get(change.event.id, change.event)
        known = change.ticket_type
        return event, None if known is None else event.ticket_type(known.id) or known

    def as_it_is_now(self, change: Change) -> Change:
        """The change with the present facts, not those of when it began: it may have waited."""
        if change.observed_at >= self.at:
            return change
        event, ticket_type = self.now(change)
        return attrs.evolve(change, event=event, ticket_type=ticket_type)

    def taking(self, condition: Condition) -> list[Rule]:
        """The rules that take a condition as it is now."""
        event, ticket_type = self.now(condition.change)
        return self.rules.taking(Situation(condition.change, event, ticket_type, self.at))

    def taken_since(self, rule: Rule, condition: Condition) -> datetime:
        """Since when a rule takes a condition: its ``for`` counts from then."""
        if not rule.hold or self.rules.took(rule, condition.change, condition.since):
            return condition.since
        since = condition.turned.get(rule.id, self.at)
        self.turn(condition.name, rule.id, since)
        return since

    @property
    def is_baseline(self) -> bool:
        """Whether nothing was known before this pass."""
        return self._snapshot is None

    def events(self) -> Iterable[EventFacts]:
        """Every event as it is now."""
        return self._events.values()

    def runs_low(self, event: EventFacts, ticket_type: TypeFacts) -> bool:
        """Whether a ticket type is on sale and runs low for any of the rules."""
        low = self.rules.runs_low
        return bool(still_holds(KINDS[LOW_STOCK], event, ticket_type, low))

    def still(self, condition: Condition) -> bool:
        """Whether a condition holds by the facts of now, as far as they tell."""
        kind = KINDS[condition.change.kind]
        event, ticket_type = self.now(condition.change)
        return still_holds(kind, event, ticket_type, self.rules.runs_low) is not False

    # -- changes -------------------------------------------------------------------------

    def record(self, change: Change, outcome: str, marker: str | None = None) -> None:
        """Record what became of a change, in words, and the marker of its case."""
        self._outcomes[id(change)] = outcome, marker

    def record_unless_recorded(self, change: Change, outcome: str) -> None:
        """The same, unless something is recorded already."""
        self._outcomes.setdefault(id(change), (outcome, None))

    def mark_announced(self, name: Name, rules: frozenset[str]) -> None:
        """A ticket announces a condition under these rules."""
        for rule in rules:
            self.turn(name, rule, None)
        known = self.conditions[name]
        self.conditions[name] = attrs.evolve(known, announced=known.announced | rules)

    def turn(self, name: Name, rule: str, since: datetime | None) -> None:
        """Note since when a condition is otherwise under a rule than its ticket says; None if it is
        as its ticket says."""
        known = self.conditions[name]
        turned = {other: at for other, at in known.turned.items() if other != rule}
        if since is not None:
            turned[rule] = since
        if turned != known.turned:
            self.conditions[name] = attrs.evolve(known, turned=turned)

    def hand_over(self, condition: Condition, old: str, rule: Rule) -> Condition:
        """Let a rule take the place of another, of this id, under which a ticket announces a
        condition. The ticket stays, and goes on as it was opened."""
        self.turn(condition.name, old, None)
        condition = self.conditions[condition.name]
        announced = condition.announced - {old} | {rule.id}
        condition = attrs.evolve(condition, announced=announced)
        self.conditions[condition.name] = condition
        leading = {case.led_by for case in self.live()}
        for case in self.live_with(condition.name):
            led_by = (rule.id, case.kind, case.subject)
            if case.rule == old and led_by not in leading:
                occurrence = self._occurrences[led_by] = self._occurrences.get(led_by, 0) + 1
                self.put(attrs.evolve(case, rule=rule.id, occurrence=occurrence))
        return condition

    def withdraw(self, marker: str, acts: frozenset[Act]) -> None:
        """Never carry out these acts of a case that still wait."""
        self._withdrawn[marker] = acts

    def put(self, case: Case) -> Case:
        """Replace a case by its new state."""
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
        """Add a case.

        Args:
            rule: its rule.
            lead: the condition that leads it.
            members: the names of all its conditions.
            group: what other conditions must share to join it.
            held: whether its ticket waits until it is released.
        """
        kind, subject = lead.name
        led_by = (rule.id, kind, subject)
        occurrence = self._occurrences.get(led_by, 0) + 1
        self._occurrences[led_by] = occurrence
        case = Case(
            box_office=self.box_office,
            rule=rule.id,
            kind=kind,
            subject=subject,
            occurrence=occurrence,
            marker=case_marker(self.box_office, *led_by, occurrence),
            title=lead.change.title,
            opened_at=self.at,
            members=members,
            group=group,
            state=CaseState.HELD if held else CaseState.OPEN,
            wishes=attrs.evolve(rule, predicates=Predicates()),
        )
        return self.put(case)

    # -- the result -----------------------------------------------------------------------

    def decision(self, facts: Mapping[str, EventFacts]) -> Decision:
        """Everything that is new or differs.

        Args:
            facts: the events that differ.
        """
        recorded = []
        for change in self.changes:
            outcome, marker = self._outcomes.get(id(change), ("no rule takes it", None))
            recorded.append(Recorded(change, outcome, marker))
        known = self._known_conditions
        return Decision(
            box_office=self.box_office,
            at=self.at,
            facts=facts,
            recorded=tuple(recorded),
            conditions=tuple(
                condition
                for name, condition in self.conditions.items()
                if known.get(name) != condition
            ),
            over=tuple(name for name in known if name not in self.conditions),
            cases=tuple(
                case for marker, case in self.cases.items() if self.known_cases.get(marker) != case
            ),
            intents=tuple(self.outbox.intents),
            withdrawn=self._withdrawn,
            warnings=tuple(self.outbox.warnings),
        )

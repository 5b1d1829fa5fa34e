"""A box office, its ledger and its desk in virtual time: what passes would conclude, without any
network, database or clock. Pure.

Rule tests and replays run on it, with the same ``decide`` and ``compose`` that a real pass has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import attrs

from ..alerting.decide import decide
from ..model.cases import Act, Case, CaseState, Decision, Intent, Name, State
from ..model.changes import Change
from ..model.facts import EventFacts
from ..model.markers import act_marker, read_subject
from ..model.rules import Rules, Silence


@attrs.frozen
class VirtualText:
    """A message to the customer, or a note to the team."""

    at: datetime
    text: str
    note: bool


@attrs.define(kw_only=True)
class VirtualTicket:
    """A support ticket as it would be; ``subject`` is without the marker."""

    case: str
    rule: str
    subject: str
    body: str
    customer_email: str
    options: Mapping[str, str]
    opened_at: datetime
    status: str = "open"
    assignee_id: str | None = None
    tags: list[str] = attrs.field(factory=list)
    said: list[VirtualText] = attrs.field(factory=list)

    @property
    def messages(self) -> list[str]:
        """What the customer got."""
        return [one.text for one in self.said if not one.note]

    @property
    def notes(self) -> list[str]:
        """What only the team reads."""
        return [one.text for one in self.said if one.note]


class Virtual:
    """One box office under some rules. Nothing is lost and nothing refused here."""

    def __init__(self, box_office: str, rules: Rules, silences: Iterable[Silence] = ()) -> None:
        self._box_office = box_office
        self._rules = rules
        self._cases: dict[str, Case] = {}
        self._waiting: list[Intent] = []
        self.state = State(silences=tuple(silences))
        self.tickets: list[VirtualTicket] = []
        self.members: dict[str, set[Name]] = {}
        """Of each case, by marker, all it ever told of."""

    @property
    def cases(self) -> list[Case]:
        """Every case so far, oldest first."""
        return list(self._cases.values())

    @property
    def held(self) -> list[Case]:
        """Those that a storm holds back."""
        return [case for case in self._cases.values() if case.state is CaseState.HELD]

    def baseline(self, facts: Mapping[str, EventFacts]) -> None:
        """The first look, which alerts nobody."""
        self.state = attrs.evolve(self.state, snapshot=dict(facts))

    def step(
        self,
        changes: Iterable[Change],
        differing: Mapping[str, EventFacts],
        at: datetime,
        *,
        partial: bool = False,
    ) -> Decision:
        """One pass: decide, take it down, and carry out what is due."""
        decision = decide(
            self._box_office, self.state, changes, differing, at, self._rules, partial=partial
        )
        self._take_down(decision)
        self._deliver(at)
        return decision

    def _take_down(self, decision: Decision) -> None:
        """What the ledger would write."""
        conditions = {one.name: one for one in self.state.conditions}
        for name in decision.over:
            conditions.pop(name, None)
        conditions.update({one.name: one for one in decision.conditions})
        occurrences = dict(self.state.occurrences)
        for case in decision.cases:
            self._cases[case.marker] = case
            self.members.setdefault(case.marker, set()).update(case.members)
            occurrences[case.led_by] = max(occurrences.get(case.led_by, 0), case.occurrence)
        self.state = attrs.evolve(
            self.state,
            snapshot={**(self.state.snapshot or {}), **decision.facts},
            conditions=tuple(conditions.values()),
            cases=tuple(self._cases.values()),
            occurrences=occurrences,
        )
        self._waiting += decision.intents

    def _deliver(self, at: datetime) -> None:
        """Carry out what no quiet hour keeps back, each case's acts in order."""
        left: list[Intent] = []
        stuck: set[str] = set()
        for intent in sorted(self._waiting, key=lambda one: one.position):
            early = intent.retry_at is not None and at < intent.retry_at
            if early or intent.case in stuck:
                stuck.add(intent.case)
                left.append(intent)
            else:
                self._carry_out(self._cases[intent.case], intent, at)
        self._waiting = left

    def _carry_out(self, case: Case, intent: Intent, at: datetime) -> None:
        address = self._rules.address(case.rule)
        if intent.act is Act.OPEN:
            subject = str(intent.payload["subject"])
            marker = read_subject(subject) or ""
            self.tickets.append(
                VirtualTicket(
                    case=case.marker,
                    rule=case.rule,
                    subject=subject.removesuffix(f" [{marker}]"),
                    body=intent.payload["body"],
                    customer_email=address.customer_email,
                    options=address.options,
                    opened_at=at,
                )
            )
            return
        ticket = next((one for one in self.tickets if one.case == case.marker), None)
        if ticket is None:
            return  # its opening is still kept back
        if intent.act is Act.TAG:
            ticket.tags += [tag for tag in intent.payload["tags"] if tag not in ticket.tags]
            ticket.assignee_id = ticket.assignee_id or intent.payload.get("assignee_id")
        elif intent.act in {Act.MESSAGE, Act.NOTE}:
            note = intent.act is Act.NOTE
            ticket.said.append(VirtualText(at, _unmarked(intent), note))
        else:
            ticket.status = "resolved" if intent.act is Act.RESOLVE else "open"

    def ripens(self, after: datetime) -> datetime | None:
        """When time alone may next mean something: a wait is over, a quiet hour or a silence ends,
        an event comes near."""
        moments = [*self._moments(after), *(i.retry_at for i in self._waiting if i.retry_at)]
        return min((one for one in moments if one > after), default=None)

    def _moments(self, after: datetime) -> Iterator[datetime]:
        snapshot = self.state.snapshot or {}
        for condition in self.state.conditions:
            known = condition.change.event
            event = None if known is None else snapshot.get(known.id, known)
            for rule in self._rules.rules:
                if condition.change.kind not in rule.kinds:
                    continue
                yield condition.since + rule.hold
                if condition.ending is not None:
                    yield condition.ending.observed_at + rule.hold
                quiet = rule.quiet_hours.until(after) if rule.quiet_hours else None
                if quiet is not None:
                    yield quiet
                if event is not None:
                    yield from rule.predicates.begins_at(event)
        for silence in self.state.silences:
            yield silence.until


def _unmarked(intent: Intent) -> str:
    """A text without the line by which it is recognised."""
    text = str(intent.payload["text"])
    return text.removesuffix(f"Reference: {act_marker(intent.case, intent.position)}").rstrip()

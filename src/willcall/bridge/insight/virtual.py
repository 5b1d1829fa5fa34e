"""A box office, its ledger and its desk in virtual time: what passes would decide and send, without
a network, a database or a clock. Pure.

Rule tests and replays run on it, with the same ``decide`` as a real pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import attrs

from ..alerting.decide import decide
from ..model.cases import Act, Case, CaseState, Decision, Intent, Name, State, address_of
from ..model.changes import Change
from ..model.facts import EventFacts
from ..model.markers import act_marker, read_subject
from ..model.rules import Rules, Silence


@attrs.frozen
class VirtualText:
    """A message to the customer, or an internal note."""

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
    texts: list[VirtualText] = attrs.field(factory=list)

    @property
    def messages(self) -> list[str]:
        """The messages to the customer."""
        return [text.text for text in self.texts if not text.note]

    @property
    def notes(self) -> list[str]:
        """The internal notes."""
        return [text.text for text in self.texts if text.note]


class Virtual:
    """A box office under some rules. Nothing is lost or refused here."""

    def __init__(self, box_office: str, rules: Rules, silences: Iterable[Silence] = ()) -> None:
        self._box_office = box_office
        self.rules = rules
        self._cases: dict[str, Case] = {}
        self._waiting: list[Intent] = []
        self.state = State(silences=tuple(silences))
        self.tickets: list[VirtualTicket] = []
        self.members: dict[str, set[Name]] = {}
        """By the marker of a case, the names of all conditions that it ever had."""

    @property
    def cases(self) -> list[Case]:
        """Every case so far, oldest first."""
        return list(self._cases.values())

    @property
    def held(self) -> list[Case]:
        """The cases that are held."""
        return [case for case in self._cases.values() if case.state is CaseState.HELD]

    def baseline(self, facts: Mapping[str, EventFacts], at: datetime) -> None:
        """Take these facts as the baseline, which alerts nobody."""
        self.step([], facts, at)

    def step(
        self,
        changes: Iterable[Change],
        differing: Mapping[str, EventFacts],
        at: datetime,
        *,
        partial: bool = False,
        everything: bool = False,
    ) -> Decision:
        """Run a pass: decide, write it down, and deliver what is due."""
        decision = decide(
            self._box_office,
            self.state,
            changes,
            differing,
            at,
            self.rules,
            partial=partial,
            everything=everything,
        )
        self._commit(decision)
        self._deliver(at)
        return decision

    def _commit(self, decision: Decision) -> None:
        """Keep what the ledger would keep."""
        conditions = {condition.name: condition for condition in self.state.conditions}
        for name in decision.over:
            conditions.pop(name, None)
        conditions.update({condition.name: condition for condition in decision.conditions})
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
        """Carry out the acts of each case in order, except those that quiet hours delay."""
        left: list[Intent] = []
        stuck: set[str] = set()
        for intent in sorted(self._waiting, key=lambda intent: intent.position):
            early = intent.retry_at is not None and at < intent.retry_at
            if early or intent.case in stuck:
                stuck.add(intent.case)
                left.append(intent)
            else:
                self._carry_out(self._cases[intent.case], intent, at)
        self._waiting = left

    def _carry_out(self, case: Case, intent: Intent, at: datetime) -> None:
        address = address_of(self.rules, case)
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
        ticket = next((known for known in self.tickets if known.case == case.marker), None)
        if ticket is None:
            return  # it is not open yet
        if intent.act is Act.TAG:
            ticket.tags += [tag for tag in intent.payload["tags"] if tag not in ticket.tags]
            ticket.assignee_id = ticket.assignee_id or intent.payload.get("assignee_id")
        elif intent.act in {Act.MESSAGE, Act.NOTE}:
            note = intent.act is Act.NOTE
            ticket.texts.append(VirtualText(at, _unmarked(intent), note))
        else:
            ticket.status = "resolved" if intent.act is Act.RESOLVE else "open"

    def next_change(self, after: datetime) -> datetime | None:
        """The next time after ``after`` at which time alone may change something: a wait, quiet
        hours or a silence end, or an event comes near."""
        moments = [*self._moments(after), *(i.retry_at for i in self._waiting if i.retry_at)]
        return min((moment for moment in moments if moment > after), default=None)

    def _moments(self, after: datetime) -> Iterator[datetime]:
        snapshot = self.state.snapshot or {}
        for condition in self.state.conditions:
            known = condition.change.event
            event = None if known is None else snapshot.get(known.id, known)
            for rule in self.rules.rules:
                if condition.change.kind not in rule.kinds:
                    continue
                yield condition.since + rule.hold
                over = [condition.ending.observed_at] if condition.ending else []
                for since in (*over, *condition.turned.values()):
                    yield since + rule.hold
                    yield since + self.rules.damping.lasts
                quiet = rule.quiet_hours.until(after) if rule.quiet_hours else None
                if quiet is not None:
                    yield quiet
                if event is not None:
                    yield from rule.predicates.begins_at(event)
        for case in self._cases.values():
            for taken_back in case.taken_back.values():
                yield taken_back + self.rules.damping.once_in
        for silence in self.state.silences:
            yield silence.until


def _unmarked(intent: Intent) -> str:
    """A text without its marker."""
    text = str(intent.payload["text"])
    return text.removesuffix(f"Reference: {act_marker(intent.case, intent.position)}").rstrip()

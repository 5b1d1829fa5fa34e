"""A lost ledger, read back from the marked tickets at the desk. Pure.

Markers are derived from box office, rule, kind, subject and occurrence. So the rules and the events
tell which tickets are ours and what they are about. Everything that a case would send is written
down as *unknown*: delivery looks each act up, finds it, and adopts it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from ..alerting.decide import decide
from ..alerting.storms import STORM_RULE
from ..model.cases import Act, Case, CaseState, Condition, Decision, Intent, IntentState, State
from ..model.changes import Change
from ..model.facts import EventFacts, TypeFacts
from ..model.kinds import KINDS, still_holds
from ..model.kinds.box_offices import STORM
from ..model.markers import case_marker
from ..model.predicates import Predicates
from ..model.rules import BUILT_IN, Rule, Rules, Storm
from ..ports import Standing, TicketState

EPISODES = 50
"""The highest occurrence that is tried when markers are traced back."""


@attrs.frozen(kw_only=True)
class Origin:
    """A marker, and what it was derived from."""

    marker: str
    rule: str
    kind: str
    subject: str
    occurrence: int
    event: EventFacts | None = None
    ticket_type: TypeFacts | None = None


@attrs.frozen
class RecoveredTicket:
    """One of our tickets, what it is about, and the highest position among what we said in it."""

    ticket: Standing
    origin: Origin
    last_said: int = 0

    @property
    def unresolved(self) -> bool:
        """Whether it is still to be ended."""
        return self.ticket.state is not TicketState.RESOLVED

    @property
    def led_by(self) -> tuple[str, str, str]:
        """What makes its case the same case again."""
        return self.origin.rule, self.origin.kind, self.origin.subject


def origins(
    box_office: str, events: Sequence[EventFacts], rules: Rules, markers: Mapping[str, object]
) -> dict[str, Origin]:
    """The markers that belong to this box office, and what each was derived from."""
    found: dict[str, Origin] = {}
    for rule, kind in _pairs(rules) if markers else ():
        for subject, event, ticket_type in _subjects(box_office, events, kind):
            for occurrence in range(1, EPISODES + 1):
                marker = case_marker(box_office, rule, kind, subject, occurrence)
                if marker in markers:
                    found[marker] = Origin(
                        marker=marker,
                        rule=rule,
                        kind=kind,
                        subject=subject,
                        occurrence=occurrence,
                        event=event,
                        ticket_type=ticket_type,
                    )
    return found


def _pairs(rules: Rules) -> list[tuple[str, str]]:
    mine = [(rule.id, kind) for rule in rules.rules for kind in rule.kinds]
    ours = [(f"{BUILT_IN}/{kind.name}", kind.name) for kind in KINDS.values() if kind.built_in]
    return list(dict.fromkeys((*mine, *ours, (STORM_RULE, STORM))))


def _subjects(
    box_office: str, events: Sequence[EventFacts], kind: str
) -> Iterator[tuple[str, EventFacts | None, TypeFacts | None]]:
    if not KINDS[kind].of_event:
        yield box_office, None, None
        return
    for event in events:
        if not KINDS[kind].of_ticket_type:
            yield event.id, event, None
            continue
        for ticket_type in event.ticket_types or ():
            yield f"{event.id}/{ticket_type.id}", event, ticket_type


def rebuilt(
    box_office: str,
    events: Sequence[EventFacts],
    found: Sequence[RecoveredTicket],
    at: datetime,
    rules: Rules,
) -> Decision:
    """The ledger that these tickets speak of, as the baseline of a box office.

    A ticket that is not resolved is an open case. One that is resolved is a case that has ended,
    and counts among the occurrences.
    """
    facts = {event.id: event for event in events}
    conditions: dict[tuple[str, str], Condition] = {}
    cases: list[Case] = []
    intents: list[Intent] = []
    last = {ticket.led_by: ticket for ticket in sorted(found, key=lambda t: t.origin.occurrence)}
    for recovered in found:
        if not (recovered.unresolved and last[recovered.led_by] is recovered):
            cases.append(_ended(box_office, recovered, at))
            continue
        decision = _reopened(box_office, recovered, facts, at, rules)
        for condition in decision.conditions:
            known = conditions.get(condition.name, condition)
            announced = known.announced | condition.announced
            conditions[condition.name] = attrs.evolve(known, announced=announced)
        for case in decision.cases:
            acts = max(recovered.last_said, case.acts) + 1
            wishes = rules.by_id(recovered.origin.rule)
            cases.append(
                attrs.evolve(case, acts=acts, opened_at=_since(recovered, at), wishes=wishes)
            )
        intents += [
            attrs.evolve(intent, state=IntentState.UNKNOWN)
            for intent in decision.intents
            # One message proves the rest: the rule may have worded them otherwise then.
            if not (recovered.last_said and intent.act in {Act.MESSAGE, Act.NOTE})
        ]
    # What holds without a ticket is known from now on, as at any baseline.
    for condition in decide(box_office, State(), [], facts, at, rules).conditions:
        conditions.setdefault(condition.name, condition)
    return Decision(
        box_office=box_office,
        at=at,
        facts=facts,
        conditions=tuple(conditions.values()),
        cases=tuple(cases),
        intents=tuple(intents),
        baseline=True,
    )


def over(
    found: Sequence[RecoveredTicket], box_office: str, at: datetime, rules: Rules
) -> list[Change]:
    """The ends of conditions that no longer hold, although their ticket is not resolved."""
    return [
        Change(
            kind=KINDS[recovered.origin.kind].cleared_by[0],
            box_office=box_office,
            observed_at=at,
            event=recovered.origin.event,
            ticket_type=recovered.origin.ticket_type,
        )
        for recovered in found
        if recovered.unresolved and _holds(recovered.origin, rules) is False
    ]


def _holds(origin: Origin, rules: Rules) -> bool | None:
    """Whether its condition still holds; None where the facts cannot say."""
    return still_holds(KINDS[origin.kind], origin.event, origin.ticket_type, rules.runs_low)


def _since(recovered: RecoveredTicket, at: datetime) -> datetime:
    return min(recovered.ticket.created_at or at, at)


def _ended(box_office: str, recovered: RecoveredTicket, at: datetime) -> Case:
    origin = recovered.origin
    return Case(
        box_office=box_office,
        rule=origin.rule,
        kind=origin.kind,
        subject=origin.subject,
        occurrence=origin.occurrence,
        marker=origin.marker,
        title=origin.event.title if origin.event else box_office,
        opened_at=_since(recovered, at),
        members=(),
        state=CaseState.CLEARED,
        ended_at=min(recovered.ticket.updated_at or at, at),
        ticket_id=recovered.ticket.id,
        acts=recovered.last_said + 10,
    )


def _reopened(
    box_office: str,
    recovered: RecoveredTicket,
    facts: Mapping[str, EventFacts],
    at: datetime,
    rules: Rules,
) -> Decision:
    """What was decided when its ticket was opened, decided again."""
    origin = recovered.origin
    rule = rules.by_id(origin.rule) or Rule(
        id=origin.rule, kinds=(origin.kind,), address=rules.default
    )
    rule = attrs.evolve(
        rule,
        kinds=(origin.kind,),
        predicates=Predicates(),
        hold=timedelta(0),
        quiet_hours=None,
        reopen_within=timedelta(0),
    )
    alone = attrs.evolve(rules, rules=(rule,), storm=Storm(limit=0))
    state = State(snapshot=facts, occurrences={recovered.led_by: origin.occurrence - 1})
    change = Change(
        kind=origin.kind,
        box_office=box_office,
        observed_at=_since(recovered, at),
        event=origin.event,
        ticket_type=origin.ticket_type,
    )
    return decide(box_office, state, [change], {}, at, alone, partial=True)

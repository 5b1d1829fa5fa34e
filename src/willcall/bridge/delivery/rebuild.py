"""A lost ledger, read back from Ticket0's marked tickets. Pure.

Markers are derived from box office, rule, kind, subject and episode, so whoever knows the rules and
the events can tell which tickets are ours and what they are about. Everything that a case would
send is written down as *unknown*: delivery looks for each, finds it, and adopts it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import attrs

from ...ticket0.models import Ticket, TicketStatus
from ..alerting.decide import decide
from ..alerting.storms import STORM_RULE
from ..model.cases import Act, Case, CaseState, Condition, Decision, Intent, IntentState, State
from ..model.changes import KINDS, Change
from ..model.facts import EventFacts, TypeFacts
from ..model.markers import case_marker
from ..model.predicates import Predicates
from ..model.rules import BUILT_IN, Rule, Rules, Storm

EPISODES = 50
"""So often may the same thing have happened."""


@attrs.frozen(kw_only=True)
class Origin:
    """What a marker was derived from."""

    rule: str
    kind: str
    subject: str
    episode: int
    event: EventFacts | None = None
    ticket_type: TypeFacts | None = None


@attrs.frozen
class RecoveredTicket:
    """One of our tickets, what it is about, and the highest place among our messages in it."""

    ticket: Ticket
    origin: Origin
    last_said: int = 0

    @property
    def standing(self) -> bool:
        """Whether it is still to be ended."""
        return self.ticket.status != TicketStatus.RESOLVED


def origins(
    box_office: str, events: Sequence[EventFacts], rules: Rules, markers: Mapping[str, object]
) -> dict[str, Origin]:
    """Of these markers, those of this box office, and what each was derived from."""
    found: dict[str, Origin] = {}
    for rule, kind in _pairs(rules) if markers else ():
        for subject, event, one in _subjects(box_office, events, kind):
            for episode in range(1, EPISODES + 1):
                marker = case_marker(box_office, rule, kind, subject, episode)
                if marker in markers:
                    found[marker] = Origin(
                        rule=rule,
                        kind=kind,
                        subject=subject,
                        episode=episode,
                        event=event,
                        ticket_type=one,
                    )
    return found


def _pairs(rules: Rules) -> list[tuple[str, str]]:
    mine = [(rule.id, kind) for rule in rules.rules for kind in rule.kinds]
    ours = [(f"{BUILT_IN}/{kind.name}", kind.name) for kind in KINDS.values() if kind.built_in]
    return list(dict.fromkeys((*mine, *ours, (STORM_RULE, "box_office.storm"))))


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
        for one in event.ticket_types or ():
            yield f"{event.id}/{one.id}", event, one


def rebuilt(
    box_office: str,
    events: Sequence[EventFacts],
    found: Sequence[RecoveredTicket],
    at: datetime,
    rules: Rules,
) -> Decision:
    """The ledger that these tickets tell of, as the baseline of a box office.

    A ticket that stands is a case that is open; one that is resolved is one that has ended, and
    counts among the episodes.
    """
    facts = {event.id: event for event in events}
    conditions: dict[tuple[str, str], Condition] = {}
    cases: list[Case] = []
    intents: list[Intent] = []
    last = {_led_by(one): one for one in sorted(found, key=lambda one: one.origin.episode)}
    for one in found:
        if not (one.standing and last[_led_by(one)] is one):
            cases.append(_ended(box_office, one, at))
            continue
        decision = _reopened(box_office, one, facts, at, rules)
        for condition in decision.conditions:
            known = conditions.get(condition.name, condition)
            told = known.told | condition.told
            conditions[condition.name] = attrs.evolve(known, told=told)
        for case in decision.cases:
            spoken = max([one.last_said, case.acts])
            cases.append(attrs.evolve(case, acts=spoken + 1, opened_at=_since(one, at)))
        intents += [
            attrs.evolve(intent, state=IntentState.UNKNOWN)
            for intent in decision.intents
            # Of what was said, one proves the rest: the rule may have said it otherwise then.
            if not (one.last_said and intent.act in {Act.MESSAGE, Act.NOTE})
        ]
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
    """The ends of what no longer holds, although its ticket stands: it ended unseen."""
    changes = []
    for one in found:
        origin = one.origin
        if one.standing and _holds(origin, rules) is False:
            changes.append(
                Change(
                    kind=KINDS[origin.kind].cleared_by[0],
                    box_office=box_office,
                    observed_at=at,
                    event=origin.event,
                    ticket_type=origin.ticket_type,
                )
            )
    return changes


def _holds(origin: Origin, rules: Rules) -> bool | None:
    """Whether it is still so; None where the facts cannot tell."""
    event, one = origin.event, origin.ticket_type
    if origin.kind == "event.sold_out" and event is not None:
        return event.sold_out
    if origin.kind == "event.cancelled" and event is not None:
        return event.status == "CANCELLED"
    if origin.kind == "ticket_type.sold_out" and one is not None:
        return one.sold_out
    if origin.kind == "ticket_type.low_stock" and one is not None:
        return rules.runs_low(one)
    return None


def _led_by(one: RecoveredTicket) -> tuple[str, str, str]:
    return one.origin.rule, one.origin.kind, one.origin.subject


def _since(one: RecoveredTicket, at: datetime) -> datetime:
    return min(one.ticket.created_at or at, at)


def _ended(box_office: str, one: RecoveredTicket, at: datetime) -> Case:
    origin = one.origin
    return Case(
        box_office=box_office,
        rule=origin.rule,
        kind=origin.kind,
        subject=origin.subject,
        episode=origin.episode,
        marker=case_marker(box_office, origin.rule, origin.kind, origin.subject, origin.episode),
        title=origin.event.title if origin.event else box_office,
        opened_at=_since(one, at),
        members=(),
        state=CaseState.CLEARED,
        ended_at=min(one.ticket.updated_at or at, at),
        ticket_id=one.ticket.id,
        acts=one.last_said + 10,
    )


def _reopened(
    box_office: str,
    one: RecoveredTicket,
    facts: Mapping[str, EventFacts],
    at: datetime,
    rules: Rules,
) -> Decision:
    """What was decided when its ticket was opened, decided again."""
    origin = one.origin
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
    state = State(snapshot=facts, episodes={_led_by(one): origin.episode - 1})
    change = Change(
        kind=origin.kind,
        box_office=box_office,
        observed_at=_since(one, at),
        event=origin.event,
        ticket_type=origin.ticket_type,
    )
    return decide(box_office, state, [change], {}, at, alone, blind=True)

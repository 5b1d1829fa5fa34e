"""Decisions without a ledger: a chain of passes, each decided on the state the last one left."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from willcall.bridge.alerting.decide import decide, release
from willcall.bridge.model.address import Address
from willcall.bridge.model.cases import Case, CaseState, Decision, Intent, State
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.model.kinds import KINDS, matching
from willcall.bridge.model.predicates import PREDICATES, Predicates
from willcall.bridge.model.rules import QuietHours, Rule, Rules, Silence, Storm

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOME = Address(
    customer_email="gala@example.com",
    options={"inbox_id": "inb_1", "from_address": "house@example.com"},
    mails=True,
)
FLOOR = TypeFacts(id="tt_1", name="Floor", price=2500, quantity=100, available=4)
EVENT = EventFacts(
    id="evt_1",
    title="Late Laughs",
    slug="late-laughs",
    status="PUBLISHED",
    starts_at=NOW + timedelta(days=9),
    venue_name="The Lantern Room",
    ticket_types=(FLOOR,),
)

_PREDICATES = set(PREDICATES)


def a_rule(*globs: str, id: str = "r0", **more: Any) -> Rule:  # noqa: A002 - as in the file
    """A rule for these kinds; predicates by their own names."""
    asks = {name: more.pop(name) for name in list(more) if name in _PREDICATES}
    values = {"address": HOME, "predicates": Predicates(**asks), **more}
    return Rule(id=id, kinds=matching(globs), **values)


def happens(
    kind: str, event: EventFacts = EVENT, at: datetime = NOW, one: TypeFacts | None = None
) -> Change:
    """A change of that kind."""
    if not KINDS[kind].of_event:
        return Change(kind=kind, box_office="main-room", observed_at=at, detail="said")
    types = event.ticket_types or (FLOOR,)
    return Change(
        kind=kind,
        box_office="main-room",
        observed_at=at,
        event=event,
        before=attrs.evolve(event, title="Laughs", venue_name="Town Hall"),
        ticket_type=(one or types[0]) if KINDS[kind].of_ticket_type else None,
    )


class Decider:
    """Decides passes a minute apart and keeps the state between them."""

    def __init__(self, *rules: Rule, storm: int = 20) -> None:
        self.rules = Rules(rules=rules, default=HOME, storm=Storm(storm))
        self.state = State(snapshot={})
        self.at = NOW
        self.intents: tuple[Intent, ...] = ()
        self.outcomes: list[str] = []

    def apply(
        self,
        *what: str | Change,
        event: EventFacts = EVENT,
        after: timedelta = MINUTE,
        partial: bool = False,
    ) -> list[str]:
        """Decide a pass in which this changes; returns the acts that follow."""
        self.at += after
        changes = [
            happens(one, event, self.at) if isinstance(one, str)
            else attrs.evolve(one, observed_at=self.at)
            for one in what
        ]  # fmt: skip
        return self._kept(
            decide("main-room", self.state, changes, {}, self.at, self.rules, partial=partial)
        )

    def releases(self, *markers: str) -> list[str]:
        """Release held cases; returns the acts that follow."""
        self.at += MINUTE
        return self._kept(release("main-room", self.state, markers, self.at, self.rules))

    def sees(self, event: EventFacts) -> None:
        """The snapshot knows this of an event."""
        self.state = attrs.evolve(
            self.state, snapshot={**(self.state.snapshot or {}), event.id: event}
        )

    def silence(self, lasts: timedelta, **names: Any) -> None:
        """Somebody says that something is to open nothing for a while."""
        new = Silence(
            begins=self.at, until=self.at + lasts, author="ada", reason="rehearsal", **names
        )
        self.state = attrs.evolve(self.state, silences=(*self.state.silences, new))

    @staticmethod
    def quiet(start: str, end: str, timezone: str = "UTC") -> QuietHours:
        """Quiet hours."""
        return QuietHours(time.fromisoformat(start), time.fromisoformat(end), ZoneInfo(timezone))

    @property
    def live(self) -> list[Case]:
        """The cases that are not over."""
        return [c for c in self.state.cases if c.state in {CaseState.OPEN, CaseState.HELD}]

    def state_of(self, case: Case) -> CaseState:
        """Where a case stands now."""
        return next(one.state for one in self.state.cases if one.marker == case.marker)

    def _kept(self, decision: Decision) -> list[str]:
        cases = {case.marker: case for case in (*self.state.cases, *decision.cases)}
        conditions = {condition.name: condition for condition in self.state.conditions}
        for name in decision.over:
            del conditions[name]
        conditions |= {condition.name: condition for condition in decision.conditions}
        occurrences = dict(self.state.occurrences)
        for case in cases.values():
            occurrences[case.led_by] = max(case.occurrence, occurrences.get(case.led_by, 0))
        live = [c.led_by for c in cases.values() if c.state in {CaseState.OPEN, CaseState.HELD}]
        assert len(live) == len(set(live)), "the ledger would refuse two of these"
        self.state = attrs.evolve(
            self.state,
            cases=tuple(cases.values()),
            conditions=tuple(conditions.values()),
            occurrences=occurrences,
        )
        self.intents = decision.intents
        self.outcomes = [one.outcome for one in decision.recorded]
        return [intent.act.value for intent in decision.intents]

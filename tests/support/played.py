"""A box office played in virtual time from facts alone: what is seen, compared and decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import attrs

from support.decider import EVENT, HOME, MINUTE, NOW
from willcall.bridge.detection.diff import between
from willcall.bridge.insight.virtual import Virtual, VirtualTicket
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, LowStock, TypeFacts, derived
from willcall.bridge.model.rules import Damping, Rule, Rules, Silence, built_in_rules


def hall(
    status: str = "PUBLISHED", hidden: Iterable[str] = (), *, vanished: bool = False, **left: int
) -> EventFacts:
    """An event with 100 of each ticket type, of which so many are left."""
    types = tuple(
        TypeFacts(
            id=f"tt_{name}",
            name=name.title(),
            quantity=100,
            sold=100 - count,
            available=count,
            hidden=name in hidden,
        )
        for name, count in left.items()
    )
    return attrs.evolve(EVENT, status=status, ticket_types=types, vanished=vanished)


class Played:
    """Passes a minute apart. The first event is the baseline."""

    def __init__(
        self,
        *rules: Rule,
        low_stock: LowStock | None = None,
        silences: Iterable[Silence] = (),
        damping: Damping | None = None,
    ) -> None:
        self.at = NOW
        self.low_stock = low_stock or LowStock()
        self.silences = silences
        self.damping = damping or Damping()
        self._edited = False
        self.virtual = Virtual("main-room", self._rules(rules), silences)

    def _rules(self, rules: Iterable[Rule]) -> Rules:
        return Rules(
            rules=(*rules, *built_in_rules(HOME)),
            default=HOME,
            low_stock=self.low_stock,
            damping=self.damping,
        )

    def sees(self, *events: EventFacts, after: timedelta = MINUTE) -> Played:
        """See these events one after the other."""
        for facts in events:
            self.at += after
            event = derived(facts, self.at)
            snapshot = self.virtual.state.snapshot
            if snapshot is None:
                self.virtual.baseline({event.id: event}, self.at)
                continue
            changes = between(
                "main-room", snapshot, {event.id: event}, self.at, self.virtual.rules.runs_low
            )
            differing = {event.id: event} if snapshot.get(event.id) != event else {}
            self._step(changes, differing)
        return self

    def waits(self, time: timedelta) -> Played:
        """Let time go by, with a pass at its end."""
        self.at += time
        self._step([], {})
        return self

    def _step(self, changes: Iterable[Change], differing: Mapping[str, EventFacts]) -> None:
        """Run a pass; after an edit it is the first of a new process."""
        self.virtual.step(changes, differing, self.at, everything=self._edited)
        self._edited = False

    def edits(self, *rules: Rule, low_stock: LowStock | None = None) -> Played:
        """Go on under other rules."""
        self.low_stock = low_stock or self.low_stock
        self.virtual.rules = self._rules(rules)
        self._edited = True
        return self

    @property
    def open(self) -> list[str]:
        """The subjects of the open tickets."""
        return sorted(ticket.subject for ticket in self.tickets if ticket.status == "open")

    @property
    def tickets(self) -> list[VirtualTicket]:
        """Every ticket, in the order in which they were opened."""
        return self.virtual.tickets

    @property
    def mails(self) -> list[str]:
        """Every message to the customer."""
        return [text for ticket in self.tickets for text in ticket.messages]

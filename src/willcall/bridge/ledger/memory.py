"""The ledger's transactions on plain values: for simulation, where SQL is nine tenths of the time.

Each method does what the one of the same name in :class:`~.store.Ledger` does, the constraints of
the tables included. A test plays the same seeds on both and compares them step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import attrs
from sqlalchemy import create_engine

from ...client.quota import Step
from ...errors import LedgerError, TakenOverError
from ..model.cases import (
    LIVE,
    UNSETTLED,
    Act,
    Case,
    CaseState,
    Conclusion,
    Condition,
    Decision,
    Intent,
    IntentState,
    Name,
    RemovalTry,
    State,
)
from ..model.facts import EventFacts
from .store import HISTORY_KEPT, LEASE, Fence, Ledger, attempted

T = TypeVar("T")
Pair = tuple[Case, Intent]

_NOWHERE = create_engine("sqlite://")
"""Whatever is not done here finds an empty database, and says so."""


@attrs.define
class Office:
    """What is kept of a box office."""

    fence: int = 0
    lease_until: datetime | None = None
    baseline_at: datetime | None = None
    troubles: Mapping[str, int] = attrs.field(factory=dict)
    facts: dict[str, EventFacts] = attrs.field(factory=dict)
    conditions: dict[Name, Condition] = attrs.field(factory=dict)
    removals: dict[str, RemovalTry] = attrs.field(factory=dict)
    planner: bytes | None = None


@attrs.define
class Book:
    """Everything that the processes share. ``acts`` are the intents of each case by position;
    ``owing`` the markers of the cases that have unsettled ones."""

    offices: dict[str, Office] = attrs.field(factory=dict)
    cases: dict[str, Case] = attrs.field(factory=dict)
    acts: dict[str, dict[int, Intent]] = attrs.field(factory=dict)
    owing: set[str] = attrs.field(factory=set)
    quotas: dict[str, str] = attrs.field(factory=dict)
    written: int = 0

    def add(self, intent: Intent) -> None:
        """Add an intent, and give it its number."""
        mine = self.acts.setdefault(intent.case, {})
        if intent.position in mine or intent.case not in self.cases:
            raise LedgerError(f"the ledger cannot be used: {intent.marker} is there already")
        self.written += 1
        self.put(attrs.evolve(intent, id=self.written))

    def put(self, intent: Intent) -> None:
        """Put an intent in its place."""
        mine = self.acts[intent.case]
        mine[intent.position] = intent
        if any(one.state in UNSETTLED for one in mine.values()):
            self.owing.add(intent.case)
        else:
            self.owing.discard(intent.case)

    def owed(self, marker: str) -> list[Intent]:
        """What is left to do for a case, in order."""
        mine = self.acts.get(marker, {})
        return [mine[at] for at in sorted(mine) if mine[at].state in UNSETTLED]

    def gone(self, marker: str, why: str, now: datetime) -> None:
        """Drop what is left to do for a case that has no ticket any more."""
        for one in [one for one in self.owed(marker) if "ticket_id" not in one.payload]:
            self.put(attrs.evolve(one, state=IntentState.DROPPED, error=why))
        case = self.cases[marker]
        self.cases[marker] = attrs.evolve(case, state=CaseState.GONE, ended_at=now)


class MemoryLedger(Ledger):
    """A ledger that lasts as long as its book."""

    def __init__(self, book: Book | None = None) -> None:
        super().__init__(_NOWHERE)
        self._book = book or Book()

    def twin(self) -> MemoryLedger:
        """The same ledger as another process has it."""
        return MemoryLedger(self._book)

    def _office(self, box_office: str) -> Office:
        return self._book.offices.setdefault(box_office, Office())

    # -- the lease ----------------------------------------------------------------------------

    def take_lease(self, box_office: str, now: datetime) -> Fence | None:
        """Become the one sender, or None while somebody else is."""
        office = self._office(box_office)
        if office.lease_until is not None and now < office.lease_until <= now + 2 * LEASE:
            return None
        office.fence += 1
        office.lease_until = now + LEASE
        self._held[box_office] = Fence(box_office, office.fence, "")
        return self._held[box_office]

    def release_lease(self, fence: Fence) -> None:
        """Let others in, if the lease is still ours."""
        self._held.pop(fence.box_office, None)
        office = self._office(fence.box_office)
        if office.fence == fence.number:
            office.lease_until = None

    def _pass_fence(self, connection: Any, fence: Fence, now: datetime) -> None:  # noqa: ARG002
        office = self._office(fence.box_office)
        if office.fence != fence.number:
            raise TakenOverError(f"another run has taken over {fence.box_office!r}; this one stops")
        office.lease_until = now + LEASE

    def renew(self, fence: Fence, now: datetime) -> None:
        """Keep the lease."""
        self._pass_fence(None, fence, now)

    # -- what is known ------------------------------------------------------------------------

    def planner(self, box_office: str) -> bytes | None:
        """What the planner had learned of a box office."""
        return self._office(box_office).planner

    def state(self, box_office: str, since: datetime | None = None) -> State:
        """What is known of a box office."""
        book = self._book
        office = book.offices.get(box_office)
        if office is None:
            return State()
        mine = [case for case in self._in_order() if case.box_office == box_office]
        episodes: dict[tuple[str, str, str], int] = {}
        for case in mine:
            episodes[case.led_by] = max(episodes.get(case.led_by, 0), case.episode)
        return State(
            snapshot=dict(sorted(office.facts.items())) if office.baseline_at else None,
            conditions=tuple(one for _, one in sorted(office.conditions.items())),
            cases=tuple(
                case
                for case in mine
                if case.state in LIVE
                or (since is not None and case.ended_at is not None and case.ended_at >= since)
            ),
            episodes=episodes,
            troubles=dict(office.troubles),
            dead=tuple(
                f"{case.title}: {intent.act} of {case.marker}"
                for case, intent in self.dead()
                if case.box_office == box_office
            ),
        )

    def _in_order(self) -> list[Case]:
        return sorted(self._book.cases.values(), key=lambda case: (case.opened_at, case.marker))

    def unsettled(self, box_office: str) -> Sequence[Pair]:
        """Every intent that is not done with, oldest case first, each case's in order."""
        book = self._book
        owing = [book.cases[marker] for marker in book.owing]
        owing.sort(key=lambda case: (case.opened_at, case.marker))
        return [
            (case, one)
            for case in owing
            if case.box_office == box_office
            for one in book.owed(case.marker)
        ]

    def repeated(self, box_office: str, since: datetime) -> Sequence[Pair]:
        """The openings that were sent more than once, lately or of a case with more to do."""
        book = self._book
        return self._numbered(
            (case, one)
            for case in book.cases.values()
            if case.box_office == box_office
            for one in book.acts.get(case.marker, {}).values()
            if one.act is Act.OPEN
            and one.state not in UNSETTLED
            and one.repeated_at is not None
            and (one.repeated_at >= since or case.marker in book.owing)
        )

    def dead(self) -> Sequence[Pair]:
        """Every dead letter, oldest first."""
        book = self._book
        return self._numbered(
            (book.cases[marker], one)
            for marker in book.owing
            for one in book.acts[marker].values()
            if one.state is IntentState.DEAD
        )

    @staticmethod
    def _numbered(pairs: Any) -> list[Pair]:
        return sorted(pairs, key=lambda pair: pair[1].id or 0)

    def cases(
        self,
        *,
        since: datetime | None = None,
        name: str | None = None,
        event: str | None = None,
    ) -> list[Case]:
        """Every case; which of them, is asked of a real ledger."""
        if since or name or event:
            raise LedgerError("a ledger in memory tells of all its cases, or of none")
        return list(self._book.cases.values())

    def intents(self, marker: str) -> list[Intent]:
        """Every act of a case, in order."""
        return [one for _, one in sorted(self._book.acts.get(marker, {}).items())]

    # -- what a pass writes -------------------------------------------------------------------

    def commit(
        self,
        fence: Fence,
        decision: Decision,
        now: datetime,
        *,
        swept: bool = True,  # noqa: ARG002 - when it was is nobody's question here
        keep: timedelta = HISTORY_KEPT,  # noqa: ARG002 - there is no history here
    ) -> None:
        """Write down all that a pass has concluded, or nothing of it."""
        self._pass_fence(None, fence, now)
        self._decided(decision)

    def conclude(
        self,
        fence: Fence,
        now: datetime,
        step: Callable[[State], Conclusion | None],
        *,
        since: datetime | None = None,
        snapshot: Mapping[str, EventFacts] | None = None,
        keep: timedelta = HISTORY_KEPT,  # noqa: ARG002 - there is no history here
        planner: bytes | None = None,
    ) -> Conclusion | None:
        """Read what is known, let ``step`` decide, and write it down."""
        self._pass_fence(None, fence, now)
        known = self.state(fence.box_office, since)
        if known.snapshot is not None and snapshot is not None:
            known = attrs.evolve(known, snapshot=snapshot)
        found = step(known)
        if found is not None:
            self._decided(found.decision)
        if planner is not None:
            self._office(fence.box_office).planner = planner
        return found

    def conclude_beside(
        self,
        box_office: str,
        now: datetime,  # noqa: ARG002 - nothing here is kept by time
        step: Callable[[State], Conclusion],
        since: datetime | None = None,
    ) -> Conclusion:
        """The same without a lease, beside whoever has it."""
        found = step(self.state(box_office, since))
        self._decided(found.decision)
        return found

    def _decided(self, decision: Decision) -> None:
        self._allowed(decision)
        book, office = self._book, self._office(decision.box_office)
        if decision.baseline:
            office.baseline_at = decision.at
        if decision.troubles is not None:
            office.troubles = dict(decision.troubles)
        office.facts.update(decision.facts)
        for name in decision.over:
            office.conditions.pop(name, None)
        for condition in decision.conditions:
            office.conditions[condition.name] = condition
        for case in decision.cases:
            known = book.cases.get(case.marker)
            ticket = None if known is None else known.ticket_id
            book.cases[case.marker] = attrs.evolve(case, ticket_id=ticket)
        for intent in decision.intents:
            book.add(intent)

    def _allowed(self, decision: Decision) -> None:
        """The constraints of the tables, before anything is changed."""
        markers = {case.marker for case in decision.cases}
        others = [case for case in self._book.cases.values() if case.marker not in markers]
        every = [*others, *decision.cases]
        live = [(c.box_office, *c.led_by) for c in every if c.state in LIVE]
        episodes = [(c.box_office, *c.led_by, c.episode) for c in every]
        acts = [(one.case, one.position) for one in decision.intents]
        acts += [(marker, at) for marker, mine in self._book.acts.items() for at in mine]
        homeless = {one.case for one in decision.intents} - markers - set(self._book.cases)
        if homeless or any(len(set(names)) < len(names) for names in (live, episodes, acts)):
            raise LedgerError("the ledger cannot be used: a constraint of its tables failed")

    def record_run(
        self,
        box_office: str,
        started_at: datetime,
        ended_at: datetime,
        exit_code: int,
        summary: Mapping[str, Any],
    ) -> None:
        """A run took place."""

    # -- what delivery writes -----------------------------------------------------------------

    def attempting(
        self, fence: Fence, intent: Intent, sent: Mapping[str, Any], now: datetime
    ) -> Intent:
        """Write down that an intent is about to leave; only then may it."""
        self._pass_fence(None, fence, now)
        tried = attempted(intent, sent, now)
        self._book.put(tried)
        return tried

    def settle(
        self,
        fence: Fence,
        intent: Intent,
        state: IntentState,
        now: datetime,
        *,
        error: str | None = None,
        retry_at: datetime | None = None,
        ticket_id: str | None = None,
    ) -> None:
        """Write down how a try ended."""
        self._pass_fence(None, fence, now)
        self._book.put(attrs.evolve(intent, state=state, error=error, retry_at=retry_at))
        if ticket_id is not None:
            case = self._book.cases[intent.case]
            self._book.cases[intent.case] = attrs.evolve(case, ticket_id=ticket_id)

    def fold(
        self,
        fence: Fence,
        case: Case,
        twins: Sequence[str],
        acts: Callable[[int, str], list[Intent]],
        now: datetime,
    ) -> int:
        """Write down that second tickets are to be folded into the first; how many are news."""
        self._pass_fence(None, fence, now)
        book, marker = self._book, case.marker
        known = {one.payload.get("ticket_id") for one in self.intents(marker)}
        new = [twin for twin in twins if twin not in known]
        for twin in new:
            held = book.cases[marker]
            more = acts(held.acts + 1, twin)
            for intent in more:
                book.add(intent)
            book.cases[marker] = attrs.evolve(held, acts=held.acts + len(more))
        return len(new)

    def give_up(self, fence: Fence, case: Case, why: str, now: datetime) -> None:
        """Drop all that is left to do for a case, because its ticket is gone."""
        self._pass_fence(None, fence, now)
        self._book.gone(case.marker, why, now)

    def retry_dead(self, number: int, now: datetime) -> bool:
        """Take a dead letter up again."""
        return self._raise(number, IntentState.UNKNOWN, now)

    def drop_dead(self, number: int, now: datetime) -> bool:
        """Let go of a dead letter."""
        return self._raise(number, IntentState.DROPPED, now)

    def _raise(self, number: int, state: IntentState, now: datetime) -> bool:
        found = next((one for _, one in self.dead() if one.id == number), None)
        if found is None:
            return False
        settled = state not in UNSETTLED
        since = found.first_tried_at if settled else None
        self._book.put(
            attrs.evolve(found, state=state, retry_at=None, tries=0, first_tried_at=since)
        )
        if settled and found.act is Act.OPEN:
            self._book.gone(found.case, "its ticket was never opened: dropped by hand", now)
        return True

    def spent(self, name: str) -> str | None:
        """What is spent of a quota; None: nothing yet."""
        return self._book.quotas.get(name)

    def change(self, name: str, step: Step[T]) -> T:
        """Change what is spent of a quota."""
        self._book.quotas[name], answer = step(self._book.quotas.get(name), None)
        return answer

    # -- removals -----------------------------------------------------------------------------

    def removals(self, box_office: str) -> dict[str, RemovalTry]:
        """What became of the scheduled removals so far, by name."""
        return dict(self._office(box_office).removals)

    def note_removal(self, fence: Fence, name: str, tried: RemovalTry, now: datetime) -> None:
        """Write down how far a scheduled removal has come."""
        self._pass_fence(None, fence, now)
        self._office(fence.box_office).removals[name] = tried


def in_memory() -> Ledger:
    """A new ledger that lasts as long as whoever holds it."""
    return MemoryLedger()

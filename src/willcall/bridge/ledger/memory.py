"""A ledger of plain values, which lasts as long as its process: for simulation, where SQL is
nine tenths of the time, and for tests.

It keeps the contract of ``protocols.py`` as the ledger in SQL does, with the constraints of its
tables. A test plays the same seeds on both and compares them step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import attrs

from ...client.quota import Step
from ...errors import LedgerError, TakenOverError
from ..model.cases import (
    LIVE,
    STAYS,
    UNSENT,
    UNSETTLED,
    WITHDRAWN,
    Act,
    Case,
    CaseState,
    Condition,
    Decision,
    Evaluation,
    Intent,
    IntentState,
    Name,
    State,
)
from ..model.facts import EventFacts
from ..model.history import FULL_EVERY, Entry, entry
from ..model.predictions import Prediction, settlements
from ..model.rules import Silence
from .holders import Holder, OsProcess
from .protocols import Pair
from .records import (
    CONFIRMED_WITHIN,
    FOLDS_FROM,
    HISTORY_KEPT,
    LEASE,
    LOG_LIMIT,
    PREDICTIONS_KEPT,
    RUNS_KEPT,
    Fence,
    Logged,
    OfficeRecord,
    RunRecord,
    attempted,
    can_be_taken,
    others_in,
)

T = TypeVar("T")


@attrs.define
class _Entry:
    """An entry of the history. ``make`` packs it, which takes time, only when it is asked for."""

    at: datetime
    full: bool
    make: Callable[[], Entry | None]


@attrs.define
class _Office:
    """What is kept of a box office."""

    fence: int = 0
    holder: str | None = None
    lease_until: datetime | None = None
    baseline_at: datetime | None = None
    swept_at: datetime | None = None
    troubles: Mapping[str, int] = attrs.field(factory=dict)
    facts: dict[str, EventFacts] = attrs.field(factory=dict)
    conditions: dict[Name, Condition] = attrs.field(factory=dict)
    removals: dict[str, Intent] = attrs.field(factory=dict)
    history: list[_Entry] = attrs.field(factory=list)
    runs: list[RunRecord] = attrs.field(factory=list)
    planner: bytes | None = None


@attrs.define
class _Book:
    """Everything that the processes share. ``intents`` are those of each case by position;
    ``owing`` the markers of the cases that have unsettled ones."""

    offices: dict[str, _Office] = attrs.field(factory=dict)
    cases: dict[str, Case] = attrs.field(factory=dict)
    intents: dict[str, dict[int, Intent]] = attrs.field(factory=dict)
    owing: set[str] = attrs.field(factory=set)
    log: list[Logged] = attrs.field(factory=list)
    predictions: list[Prediction] = attrs.field(factory=list)
    silences: list[Silence] = attrs.field(factory=list)
    quotas: dict[str, str] = attrs.field(factory=dict)
    written: int = 0

    def add(self, intent: Intent) -> None:
        """Add an intent, and give it its number."""
        mine = self.intents.setdefault(intent.case, {})
        if intent.position in mine or intent.case not in self.cases:
            raise LedgerError(f"the ledger cannot be used: {intent.marker} is there already")
        self.written += 1
        self.put(attrs.evolve(intent, id=self.written))

    def put(self, intent: Intent) -> None:
        """Put an intent in its place."""
        mine = self.intents[intent.case]
        mine[intent.position] = intent
        if any(other.state in UNSETTLED for other in mine.values()):
            self.owing.add(intent.case)
        else:
            self.owing.discard(intent.case)

    def of(self, marker: str) -> list[Intent]:
        """The intents of a case, in order."""
        return [intent for _, intent in sorted(self.intents.get(marker, {}).items())]

    def owed(self, marker: str) -> list[Intent]:
        """What is left to do for a case, in order."""
        return [intent for intent in self.of(marker) if intent.state in UNSETTLED]

    def pairs(self) -> Iterator[Pair]:
        """Every intent with its case."""
        for marker, mine in self.intents.items():
            for intent in mine.values():
                yield self.cases[marker], intent

    def in_order(self) -> list[Case]:
        """Every case, oldest first."""
        return sorted(self.cases.values(), key=_age)

    def gone(self, marker: str, why: str, now: datetime, state: CaseState = CaseState.GONE) -> None:
        """Drop what is left to do for a case that has no ticket any more."""
        self.drop(marker, why, [intent for intent in self.owed(marker) if not intent.folds])
        case = self.cases[marker]
        self.cases[marker] = attrs.evolve(case, state=state, ended_at=case.ended_at or now)

    def drop(self, marker: str, why: str, intents: Iterable[Intent]) -> set[Name]:
        """Drop acts of a case; what they should have announced counts as not announced."""
        case, unsaid = self.cases[marker], set[Name]()
        for intent in intents:
            self.put(attrs.evolve(intent, state=IntentState.DROPPED, error=why))
            unsaid.update(intent.says)
        known = self.offices[case.box_office].conditions
        for name in unsaid & set(known):
            announced = known[name].announced - {case.rule}
            known[name] = attrs.evolve(known[name], announced=announced)
        return unsaid


class MemoryLedger:
    """See :class:`~willcall.bridge.ledger.protocols.Ledger`."""

    reading = False

    def __init__(self, book: _Book | None = None, holder: Holder | None = None) -> None:
        self._book = book or _Book()
        self._held: dict[str, Fence] = {}
        self._holder = holder or OsProcess()

    def as_another_process(self, holder: Holder | None = None) -> MemoryLedger:
        return MemoryLedger(self._book, holder)

    def copy(self) -> MemoryLedger:
        """A copy of it as it is now, as a backup makes it."""
        return MemoryLedger(deepcopy(self._book), self._holder)

    def close(self) -> None:
        self.let_go()

    def _office(self, box_office: str) -> _Office:
        return self._book.offices.setdefault(box_office, _Office())

    # -- leases ---------------------------------------------------------------------------------

    def take_lease(self, box_office: str, now: datetime) -> Fence | None:
        office = self._office(box_office)
        ended = self._holder.has_ended(office.holder or "")
        if not ended and not can_be_taken(office.lease_until, now):
            return None
        office.fence += 1
        office.holder, office.lease_until = self._holder.name(), now + LEASE
        fence = self._held[box_office] = Fence(box_office, office.fence, office.holder)
        return fence

    def renew(self, fence: Fence, now: datetime) -> None:
        self._pass_fence(fence, now)

    def release_lease(self, fence: Fence) -> None:
        self._held.pop(fence.box_office, None)
        office = self._office(fence.box_office)
        if office.fence == fence.number:
            office.holder = office.lease_until = None

    def let_go(self) -> None:
        for fence in list(self._held.values()):
            self.release_lease(fence)

    def abandon(self) -> None:
        self._held.clear()

    def _pass_fence(self, fence: Fence, now: datetime) -> None:
        office = self._office(fence.box_office)
        if office.fence != fence.number:
            raise TakenOverError(f"another run has taken over {fence.box_office!r}; this one stops")
        office.holder, office.lease_until = fence.holder, now + LEASE

    # -- decisions ------------------------------------------------------------------------------

    def state(self, box_office: str, since: datetime | None = None) -> State:
        book = self._book
        office = book.offices.get(box_office)
        if office is None:
            return State(silences=tuple(book.silences))
        mine = [case for case in book.in_order() if case.box_office == box_office]
        occurrences: dict[tuple[str, str, str], int] = {}
        for case in mine:
            occurrences[case.led_by] = max(occurrences.get(case.led_by, 0), case.occurrence)
        return State(
            snapshot=dict(sorted(office.facts.items())) if office.baseline_at else None,
            conditions=tuple(condition for _, condition in sorted(office.conditions.items())),
            cases=tuple(
                case
                for case in mine
                if case.state in LIVE
                or (since is not None and case.ended_at is not None and case.ended_at >= since)
            ),
            occurrences=occurrences,
            silences=tuple(book.silences),
            troubles=dict(office.troubles),
            others=() if since is None else others_in(self.adopted(box_office, since)),
            dead=tuple(
                f"{case.title}: {intent.act} of {case.marker}"
                for case, intent in self.dead()
                if case.box_office == box_office
            ),
            unsent=self._unsent(mine),
        )

    def _unsent(self, cases: Sequence[Case]) -> dict[str, frozenset[Act]]:
        """By open case, the acts that wait and were certainly not carried out."""
        found = {
            case.marker: frozenset(
                intent.act
                for intent in self._book.owed(case.marker)
                if intent.state in UNSENT and not any(key in intent.payload for key in STAYS)
            )
            for case in cases
            if case.state is CaseState.OPEN
        }
        return {marker: acts for marker, acts in found.items() if acts}

    def planner(self, box_office: str) -> bytes | None:
        return self._office(box_office).planner

    def commit(
        self,
        fence: Fence,
        decision: Decision,
        now: datetime,
        *,
        swept: bool = True,
        keep: timedelta = HISTORY_KEPT,
    ) -> None:
        self._pass_fence(fence, now)
        self._write(decision, swept, keep, {})

    def evaluate(
        self,
        fence: Fence,
        now: datetime,
        step: Callable[[State], Evaluation | None],
        *,
        since: datetime | None = None,
        snapshot: Mapping[str, EventFacts] | None = None,
        keep: timedelta = HISTORY_KEPT,
        planner: bytes | None = None,
    ) -> Evaluation | None:
        self._pass_fence(fence, now)
        known = self.state(fence.box_office, since)
        if known.snapshot is not None and snapshot is not None:
            known = attrs.evolve(known, snapshot=snapshot)
        found = step(known)
        if found is not None:
            self._write_evaluation(found, now, keep)
        if planner is not None:
            self._office(fence.box_office).planner = planner
        return found

    def evaluate_without_lease(
        self,
        box_office: str,
        now: datetime,
        step: Callable[[State], Evaluation],
        since: datetime | None = None,
    ) -> Evaluation:
        self._office(box_office)
        found = step(self.state(box_office, since))
        self._write_evaluation(found, now, HISTORY_KEPT)
        return found

    def _write_evaluation(self, found: Evaluation, now: datetime, keep: timedelta) -> None:
        decision = found.decision
        self._write(decision, found.swept, keep, found.unwritten)
        self._predict(decision, found.predictions, now)

    def _write(
        self,
        decision: Decision,
        swept: bool,
        keep: timedelta,
        unwritten: Mapping[str, EventFacts] | None,
    ) -> None:
        self._allowed(decision)
        book, office = self._book, self._office(decision.box_office)
        if decision.baseline:
            office.baseline_at = decision.at
        if decision.troubles is not None:
            office.troubles = dict(decision.troubles)
        if swept:
            office.swept_at = decision.at
        if unwritten is not None and (swept or unwritten or decision.facts):
            _write_history(office, decision, keep, unwritten)
        office.facts.update(decision.facts)
        for name in decision.over:
            office.conditions.pop(name, None)
        for condition in decision.conditions:
            office.conditions[condition.name] = condition
        for case in decision.cases:
            known = book.cases.get(case.marker)
            ticket = None if known is None else known.ticket_id
            book.cases[case.marker] = attrs.evolve(case, ticket_id=ticket)
        for recorded in decision.recorded:
            book.log.append(
                Logged(
                    id=len(book.log) + 1,
                    change=recorded.change,
                    outcome=recorded.outcome,
                    marker=recorded.marker,
                )
            )
        for marker, acts in decision.withdrawn.items():
            for intent in book.owed(marker):
                stays = any(key in intent.payload for key in STAYS)
                if intent.act in acts and intent.state in UNSENT and not stays:
                    book.put(attrs.evolve(intent, state=IntentState.DROPPED, error=WITHDRAWN))
        for intent in decision.intents:
            book.add(intent)

    def _allowed(self, decision: Decision) -> None:
        """Check the constraints of the tables, before anything is changed."""
        markers = {case.marker for case in decision.cases}
        others = [case for case in self._book.cases.values() if case.marker not in markers]
        every = [*others, *decision.cases]
        live = [(case.box_office, *case.led_by) for case in every if case.state in LIVE]
        occurrences = [(case.box_office, *case.led_by, case.occurrence) for case in every]
        acts = [(intent.case, intent.position) for intent in decision.intents]
        acts += [(marker, at) for marker, mine in self._book.intents.items() for at in mine]
        homeless = {intent.case for intent in decision.intents} - markers - set(self._book.cases)
        if homeless or any(len(set(names)) < len(names) for names in (live, occurrences, acts)):
            raise LedgerError("the ledger cannot be used: a constraint of its tables failed")

    def _predict(self, decision: Decision, made: Sequence[Prediction], now: datetime) -> None:
        book = self._book
        for answer in settlements(recorded.change for recorded in decision.recorded):
            book.predictions = [
                attrs.evolve(prediction, outcome=answer.outcome, outcome_at=answer.at)
                if prediction.outcome is None
                and prediction.box_office == decision.box_office
                and prediction.event_id == answer.event_id
                and answer.ticket_type_id in {None, prediction.ticket_type_id}
                else prediction
                for prediction in book.predictions
            ]
        if made:
            horizon = now - PREDICTIONS_KEPT
            kept = [prediction for prediction in book.predictions if prediction.made_at >= horizon]
            book.predictions = [*kept, *made]

    def record_run(
        self,
        box_office: str,
        started_at: datetime,
        ended_at: datetime,
        exit_code: int,
        summary: Mapping[str, Any],
    ) -> None:
        office = self._office(box_office)
        office.runs = [run for run in office.runs if run.started_at >= started_at - RUNS_KEPT]
        office.runs.append(
            RunRecord(
                started_at=started_at,
                ended_at=ended_at,
                exit_code=exit_code,
                summary=dict(summary),
            )
        )

    # -- outbox ---------------------------------------------------------------------------------

    @property
    def has_clock(self) -> bool:
        return False

    def clock(self, now: datetime) -> datetime:
        return now

    def unsettled(self, box_office: str) -> Sequence[Pair]:
        book = self._book
        owing = sorted((book.cases[marker] for marker in book.owing), key=_age)
        return [
            (case, intent)
            for case in owing
            if case.box_office == box_office
            for intent in book.owed(case.marker)
        ]

    def repeated(self, box_office: str, since: datetime) -> Sequence[Pair]:
        return _by_number(
            (case, intent)
            for case, intent in self._book.pairs()
            if case.box_office == box_office
            and intent.act is Act.OPEN
            and intent.state not in UNSETTLED
            and intent.repeated_at is not None
            and (intent.repeated_at >= since or case.marker in self._book.owing)
        )

    def adopted(self, box_office: str, since: datetime) -> Sequence[Pair]:
        return _by_number(
            (case, intent)
            for case, intent in self._book.pairs()
            if case.box_office == box_office
            and case.opened_at >= since
            and intent.act is Act.OPEN
            and "other" in intent.sent
        )

    def attempting(
        self, fence: Fence, intent: Intent, sent: Mapping[str, Any], now: datetime
    ) -> Intent:
        self._pass_fence(fence, now)
        tried = attempted(intent, sent, now)
        if not self._put(fence, tried):
            return attrs.evolve(intent, state=IntentState.DROPPED)
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
        self._pass_fence(fence, now)
        self._put(fence, attrs.evolve(intent, state=state, error=error, retry_at=retry_at))
        if ticket_id is not None:
            case = self._book.cases[intent.case]
            self._book.cases[intent.case] = attrs.evolve(case, ticket_id=ticket_id)

    def fold(
        self,
        fence: Fence,
        case: Case,
        duplicates: Sequence[str],
        acts: Callable[[int, str], list[Intent]],
        now: datetime,
    ) -> int:
        self._pass_fence(fence, now)
        book, marker = self._book, case.marker
        known = {intent.payload.get("ticket_id") for intent in self.intents(marker)}
        new = [duplicate for duplicate in duplicates if duplicate not in known]
        for duplicate in new:
            last = max(book.intents.get(marker, {}), default=0)
            for intent in acts(max(last + 1, FOLDS_FROM), duplicate):
                book.add(intent)
        return len(new)

    def give_up(
        self,
        fence: Fence,
        case: Case,
        why: str,
        now: datetime,
        state: CaseState = CaseState.GONE,
    ) -> None:
        self._pass_fence(fence, now)
        self._book.gone(case.marker, why, now, state)

    def detach(self, fence: Fence, case: Case, why: str, now: datetime) -> None:
        self._pass_fence(fence, now)
        book = self._book
        joining = [intent for intent in book.owed(case.marker) if intent.says]
        unsaid = book.drop(case.marker, why, joining)
        held = book.cases[case.marker]
        members = tuple(name for name in held.members if name not in unsaid)
        book.cases[case.marker] = attrs.evolve(held, members=members, group="")

    def to_confirm(self, box_office: str, now: datetime) -> Sequence[Pair]:
        return _by_number(
            (case, intent)
            for case, intent in self._book.pairs()
            if case.box_office == box_office
            and intent.state is IntentState.DONE
            and intent.retry_at is not None
            and not now < intent.retry_at <= now + CONFIRMED_WITHIN
        )

    def dead(self) -> Sequence[Pair]:
        book = self._book
        return _by_number(
            (book.cases[marker], intent)
            for marker in book.owing
            for intent in book.intents[marker].values()
            if intent.state is IntentState.DEAD
        )

    def retry_dead(self, number: int, now: datetime) -> bool:
        return self._revive(number, IntentState.UNKNOWN, now)

    def drop_dead(self, number: int, now: datetime) -> bool:
        return self._revive(number, IntentState.DROPPED, now)

    def _revive(self, number: int, state: IntentState, now: datetime) -> bool:
        found = next((intent for _, intent in self.dead() if intent.id == number), None)
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

    def removals(self, box_office: str) -> Mapping[str, Intent]:
        return dict(self._office(box_office).removals)

    def schedule(
        self, fence: Fence, removals: Sequence[Intent], now: datetime
    ) -> Mapping[str, Intent]:
        self._pass_fence(fence, now)
        known = self._office(fence.box_office).removals
        for removal in removals:
            if removal.case not in known:
                self._book.written += 1
                known[removal.case] = attrs.evolve(removal, id=self._book.written)
        return dict(known)

    def _put(self, fence: Fence, intent: Intent) -> bool:
        """Write an intent, unless it was dropped meanwhile; whether it was written."""
        if intent.act is Act.REMOVE:
            self._office(fence.box_office).removals[intent.case] = intent
            return True
        known = self._book.intents[intent.case].get(intent.position)
        if known is not None and known.state is IntentState.DROPPED:
            return False
        self._book.put(intent)
        return True

    # -- history --------------------------------------------------------------------------------

    def log(
        self,
        *,
        box_office: str | None = None,
        since: datetime | None = None,
        event: str | None = None,
        kinds: Sequence[str] | None = None,
        marker: str | None = None,
        number: int | None = None,
        limit: int = LOG_LIMIT,
    ) -> list[Logged]:
        found = [
            logged
            for logged in self._book.log
            if (box_office is None or logged.change.box_office == box_office)
            and (since is None or logged.change.observed_at >= since)
            and (event is None or (logged.change.event and logged.change.event.id) == event)
            and (kinds is None or logged.change.kind in kinds)
            and (marker is None or logged.marker == marker)
            and (number is None or logged.id == number)
        ]
        return _latest(found, limit)

    def cases(
        self,
        *,
        since: datetime | None = None,
        name: str | None = None,
        event: str | None = None,
    ) -> list[Case]:
        return [
            case
            for case in self._book.in_order()
            if (since is None or case.opened_at >= since)
            and (name is None or name in {case.marker, case.ticket_id})
            and (event is None or _is_about(case, event))
        ]

    def acts(
        self,
        *,
        box_office: str | None = None,
        since: datetime | None = None,
        event: str | None = None,
        kinds: Sequence[str] | None = None,
        marker: str | None = None,
        limit: int = LOG_LIMIT,
    ) -> list[Pair]:
        found = [
            (intent.attempted_at, intent.id or 0, case, intent)
            for case, intent in self._book.pairs()
            if intent.attempted_at is not None
            and (box_office is None or case.box_office == box_office)
            and (since is None or intent.attempted_at >= since)
            and (event is None or _is_about(case, event))
            and (kinds is None or case.kind in kinds)
            and (marker is None or case.marker == marker)
        ]
        found.sort(key=lambda act: act[:2])
        return [(case, intent) for _, _, case, intent in _latest(found, limit)]

    def intents(self, marker: str) -> list[Intent]:
        return self._book.of(marker)

    def history(self, box_office: str, since: datetime) -> list[Entry]:
        entries = self._office(box_office).history
        first = max((seen.at for seen in entries if seen.full and seen.at <= since), default=since)
        made = [seen.make() for seen in entries if seen.at >= first]
        return [new for new in made if new is not None]

    def runs(self, box_office: str, since: datetime) -> list[RunRecord]:
        found = [run for run in self._office(box_office).runs if run.started_at >= since]
        return sorted(found, key=lambda run: run.started_at)

    def forecasts(self, box_office: str | None, since: datetime) -> list[Prediction]:
        found = [
            prediction
            for prediction in self._book.predictions
            if prediction.made_at >= since and box_office in {None, prediction.box_office}
        ]
        return sorted(found, key=lambda prediction: prediction.made_at)

    # -- queries --------------------------------------------------------------------------------

    def office(self, name: str) -> OfficeRecord:
        office = self._book.offices.get(name, _Office())
        return OfficeRecord(
            name=name,
            baseline_at=office.baseline_at,
            swept_at=office.swept_at,
            lease_holder=office.holder,
            lease_until=office.lease_until,
            last_run=office.runs[-1] if office.runs else None,
        )

    def known_offices(self) -> list[str]:
        offices = self._book.offices.items()
        return sorted(name for name, office in offices if office.baseline_at is not None)

    def spent(self, name: str) -> str | None:
        return self._book.quotas.get(name)

    def change(self, name: str, step: Step[T]) -> T:
        """See :class:`willcall.client.quota.QuotaStore`."""
        quotas = self._book.quotas
        quotas[name], answer = step(quotas.get(name) or None, None)
        return answer

    # -- silences -------------------------------------------------------------------------------

    def silences(self) -> list[Silence]:
        return list(self._book.silences)

    def add_silence(self, silence: Silence) -> int:
        silences = self._book.silences
        silences.append(attrs.evolve(silence, id=len(silences) + 1))
        return len(silences)

    def expire_silence(self, number: int, now: datetime) -> bool:
        for at, silence in enumerate(self._book.silences):
            if silence.id == number and silence.until > now:
                self._book.silences[at] = attrs.evolve(silence, until=now)
                return True
        return False


def _write_history(
    office: _Office,
    decision: Decision,
    keep: timedelta,
    unwritten: Mapping[str, EventFacts],
) -> None:
    whole = [seen.at for seen in office.history if seen.full]
    last_full = max(whole, default=None)
    full = last_full is None or decision.at - last_full >= FULL_EVERY
    names = office.facts.keys() if full else decision.facts.keys() | unwritten.keys()
    known = {name: office.facts[name] for name in names if name in office.facts}
    later = {name: known[name] for name in unwritten if name in known}
    differing = {**later, **decision.facts}
    if not full and not differing:
        return
    make = partial(entry, decision.at, {**known, **unwritten}, differing, last_full)
    office.history.append(_Entry(decision.at, full, make))
    if full:
        # What is older than the last whole snapshot before the horizon can no longer be read.
        horizon = max((at for at in whole if at <= decision.at - keep), default=None)
        if horizon is not None:
            office.history = [seen for seen in office.history if seen.at >= horizon]


def _age(case: Case) -> tuple[datetime, str]:
    return case.opened_at, case.marker


def _by_number(pairs: Iterable[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: pair[1].id or 0)


def _latest(found: list[T], limit: int) -> list[T]:
    return found[max(0, len(found) - limit) :]


def _is_about(case: Case, event: str) -> bool:
    """Whether a case is about an event or one of its ticket types."""
    return case.subject == event or case.subject.startswith(f"{event}/")

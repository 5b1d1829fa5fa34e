"""Carrying out one act after the other so that each happens once. A flow.

::

    pending ──▶ attempting ──▶ done
       ▲            │ no clear answer, or the process died       refused for good, or too long:
       │            ▼                                                        dead
       │         unknown ──▶ lookup ──▶ it is there: done (adopted)
       │            ▲          │ it is not there
       └────────────┼──────────┘ … and the settle time has passed: tried again
                    └ no lookup possible, or too soon: stays unknown until the next run

An intent is committed as *attempting* before its request leaves. So whatever happens afterwards,
the next run knows that the act may have been carried out. A lookup needs no wait; only repeating
does. An error during a lookup means "don't know yet", never "not there": see ``lookup.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import attrs

from ...client.flow import Flow, do, sleep, tick
from ...errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    TransportError,
    ValidationError,
)
from ..ledger import Fence, Ledger
from ..model.address import Address
from ..model.cases import WITHDRAWN, Act, Case, CaseState, Intent, IntentState, Name
from ..model.house import House
from ..model.policies import TRY, DeliveryPolicy
from ..ports import Desk, Said, Standing, TicketState
from .acts import carry_out, destination, sent_to
from .desk_habits import Learned
from .duplicates import note_duplicates
from .lookup import LookupResult, incomplete, look_up, snapshot_of, taken_over, ticket_of, unread
from .missing import DELETED_AFTER, LOOK_AGAIN, missing_since, not_found
from .openings import OTHER
from .tries import IN_DOUBT, Tries, before, is_ahead
from .whose import Course, course, is_conversation, yields

_REFUSED_AGAIN = timedelta(minutes=5)
_REFUSED_CAP = timedelta(days=1)
_SNOOZED_AGAIN = timedelta(minutes=5)
_PROCESSING_AGAIN = timedelta(seconds=20)
_ACCEPTED = 3
"""After so many tries, what the desk says it has done and never shows is left to a person: each
further try might be one more ticket, or mail, that nobody can find."""

_CONFIRMED_AFTER = {Act.RESOLVE: timedelta(seconds=20), Act.TAG: timedelta(seconds=60)}
"""A reply that the desk handles late may pull a resolved ticket back, and its triage may write over
tags. So such an act is looked at once more after this time."""
_CONFIRMATIONS = 3
"""An act that does not hold is repeated so often, and then left as the desk has it."""
_TRIES_AT_LEAST = 5
"""An act is given up after so many tries at least: days in which the machine was off do not count
against it."""


class Outcome(StrEnum):
    """What a run has made of an intent."""

    DONE = "done"
    ADOPTED = "adopted"  # an earlier try had been carried out after all
    ALREADY = "already so"  # nothing had to be sent: somebody, or an earlier try, has done it
    LEFT = "left"  # a person has changed the ticket since: it is theirs
    UNKNOWN = "unknown"
    FAILED = "failed"  # the desk fails at this ticket
    REFUSED = "refused"
    DEAD = "dead"  # refused for good, or for too long: a person has to see to it
    DROPPED = "dropped"  # its ticket is gone, or cannot take it
    WAITING = "waiting"  # for the end of its rule's quiet hours, or until its ticket wakes

    @property
    def settled(self) -> bool:
        """Whether the case's next act may be tried."""
        return self in {Outcome.DONE, Outcome.ADOPTED, Outcome.ALREADY, Outcome.LEFT}


@attrs.frozen
class Delivered:
    """What a run has done about an intent."""

    case: Case
    intent: Intent
    outcome: Outcome
    detail: str = ""


class Sender(Tries):
    """Carries out the acts of one case after the other.

    Args:
        ledger: where everything is written down.
        fence: the lease under which it is.
        desk: the desk.
        ends: the tick after which nothing more is begun.
        policy: how patient it is.
        stopping: whether the process was asked to leave: no further act is begun.
        house: whose tickets are ours.
    """

    def __init__(
        self,
        ledger: Ledger,
        fence: Fence,
        desk: Desk,
        ends: float,
        policy: DeliveryPolicy,
        stopping: Callable[[], bool],
        house: House,
    ) -> None:
        super().__init__(ledger, fence, desk.name, ends, policy)
        self._ledger, self._desk, self._house = ledger, desk, house
        self._address = Address(customer_email="")
        self._read: dict[str, Standing] = {}
        self._talks: dict[str, bool] = {}
        self._deleted: set[str] = set()
        self._over = self._detached = False
        self._written: set[tuple[Name, ...]] = set()
        self._resolve: Intent | None = None
        self.learned = Learned(ledger, desk.name, desk.title)
        self.stopping = stopping
        self.there: Mapping[str, LookupResult] = {}
        """What the desk held of the openings when the pass began, by marker."""
        self._opened: dict[str, datetime] = {}
        """When this pass began to open a ticket, by marker."""
        self.folded = 0
        """How many second tickets were found and are to be folded into the first."""

    def carry(
        self, acts: Sequence[tuple[Case, Intent]], address: Address, delivered: list[Delivered]
    ) -> Flow[None]:
        """Carry out the acts of a case, as long as each is settled.

        Args:
            acts: what the case has to do, in order.
            address: where its ticket goes.
            delivered: what was done is added to it.

        Raises:
            ApiError: the desk failed, and the case was left at that.
        """
        self._address = address
        self._forget()
        self._over = self._detached = False
        self._written = {intent.says for _, intent in acts if intent.act is Act.MESSAGE}
        resolves = [i for _, i in acts if i.act is Act.RESOLVE and not i.folds]
        self._resolve = resolves[-1] if resolves else None
        ticket_id = acts[0][0].ticket_id
        stuck: set[str | None] = set()
        for held, intent in acts:
            if self.stopping():
                return
            if not intent.folds and (self._over or (self._detached and intent.says)):
                continue  # it was dropped with an act before it
            if intent.payload.get("ticket_id") in stuck:
                continue  # an act before it, about the same ticket, is not settled
            case = attrs.evolve(held, ticket_id=ticket_id)
            try:
                try:
                    outcome, detail = yield from self._deliver(case, intent)
                except NotFoundError as error:
                    if intent.act is Act.OPEN:
                        raise
                    outcome, detail = yield from self._missing(case, intent, error)
            except ApiError as error:
                outcome = yield from self._failed(intent, error)
                delivered.append(Delivered(case, intent, outcome, str(error)))
                raise
            if intent.act is Act.OPEN and outcome.settled:
                ticket_id = detail
            case = attrs.evolve(case, ticket_id=ticket_id)
            delivered.append(Delivered(case, intent, outcome, detail))
            # Without its ticket nothing of a case can go out; else a dead letter holds up nothing.
            passed_over = intent.act is not Act.OPEN and (
                outcome in {Outcome.DEAD, Outcome.DROPPED}
            )
            if not (outcome.settled or passed_over):
                stuck.add(intent.payload.get("ticket_id"))

    def confirm(self, done: Sequence[tuple[Case, Intent]]) -> Flow[set[int | None]]:
        """Look at acts that were carried out a short while ago, whether they have held. One that
        has not is to be done again; the ids of those.

        Raises:
            ApiError: the desk could not be read.
        """
        again: set[int | None] = set()
        for case, intent in done:
            if self.stopping():
                break
            sent = {**intent.sent, "confirmed": intent.sent.get("confirmed", 0) + 1}
            held = yield from self._reopens(case, intent)
            try:
                found = None if held else (yield from self._look_up(case, intent))
            except NotFoundError:
                held = True  # the next act of the case sees to that
            else:
                held = found is None or found.there or not _was_undone(intent, found.ticket)
            state = IntentState.DONE if held else IntentState.PENDING
            yield from self._mark(attrs.evolve(intent, sent=sent), state)
            if not held:
                again.add(intent.id)
        return again

    def _reopens(self, case: Case, intent: Intent) -> Flow[bool]:
        """Whether an act resolves a ticket that the case has reopened since, or is about to."""
        if intent.act is not Act.RESOLVE:
            return False
        acts = yield from do("acts", lambda: self._ledger.intents(case.marker))
        return any(
            act.act is Act.REOPEN
            and act.position > intent.position
            and act.state is not IntentState.DROPPED
            for act in acts
        )

    # -- one act ------------------------------------------------------------------------------

    def _deliver(self, case: Case, intent: Intent) -> Flow[tuple[Outcome, str]]:
        moment = yield from self._now()
        why = (yield from self.learned.habits()).does_without(intent.act)
        if why is not None:
            return (yield from self._does_without(case, intent, why))
        if intent.state is IntentState.DEAD and not self._moved(intent):
            return Outcome.DEAD, intent.error or ""
        # A clock that was set back must not make it wait longer for another ledger.
        left = OTHER in intent.sent and not is_ahead(intent.retry_at, moment, self._policy.settle)
        if _kept_back(intent, moment) and not left:
            refused = intent.state is IntentState.REFUSED
            return (Outcome.REFUSED if refused else Outcome.WAITING), intent.error or ""
        found: LookupResult | None = None
        if intent.state in IN_DOUBT:
            found = yield from self._look_up(case, intent)
            if found.there:
                return (yield from self._settled(case, intent, Outcome.ADOPTED, found))
            if not (yield from self._may_repeat(intent, moment)):
                return Outcome.UNKNOWN, "not there yet; the next run looks it up again"
            if self._too_long(intent, moment):
                return (yield from self._dead(intent, intent.error or "no clear answer for days"))
            if intent.act is Act.NOTE and (yield from self.learned.habits()).lists_notes is False:
                why = "its answer was lost, and the desk lists no notes: it is not written again"
                return (yield from self._drop(intent, why))
        elif intent.act is Act.OPEN:
            found = self.there.get(case.marker)
            if found is not None and not found.there:
                raise unread(self._desk)
            if found is not None:
                # This ledger has not opened it: another has.
                others = attrs.evolve(intent, sent={**self._sent(intent, None), OTHER: "1"})
                return (yield from self._settled(case, others, Outcome.ADOPTED, found))
        elif intent.act in {Act.MESSAGE, Act.NOTE}:
            opening = yield from self._opening(case)
            if self._is_left_to_another(opening, intent):
                until = moment + self._policy.settle
                kept = attrs.evolve(intent, sent={OTHER: "1"})
                yield from self._mark(kept, IntentState.PENDING, retry_at=until)
                return Outcome.WAITING, "another ledger opened the ticket, and may say it"
            unlisted = intent.act is Act.NOTE and (
                (yield from self.learned.habits()).lists_notes is False
            )
            if not unlisted and not self._is_fresh(case, moment):
                found = yield from self._look_up(case, intent)
                if found.there:
                    return (yield from self._settled(case, intent, Outcome.ADOPTED, found))
        elif intent.act in {Act.TAG, Act.RESOLVE, Act.REOPEN}:
            # What a person has done in the meantime is theirs: look before touching the ticket.
            found = yield from self._look_up(case, intent)
            if found.there:
                return (yield from self._settled(case, intent, Outcome.ALREADY, found))
            intent = attrs.evolve(intent, sent=_confirmations(intent))
        as_note = False
        if intent.act is not Act.OPEN:
            ends = yield from self._given_way(case, intent, found, moment)
            if ends is not None:
                return ends
            if (yield from self._yields(case, intent)):
                as_note = intent.act is Act.MESSAGE
                why = (yield from self.learned.habits()).does_without(Act.NOTE)
                if intent.act is Act.RESOLVE:
                    why = "people talk in the ticket: it is theirs"
                if why is not None and (as_note or intent.act is Act.RESOLVE):
                    return (yield from self._drop(intent, why))
        if found is not None and found.ticket is not None and taken_over(intent, found.ticket):
            return (yield from self._settled(case, intent, Outcome.LEFT, found))
        if intent.act is Act.MESSAGE and not as_note and not self._address.mails:
            error = (
                "the desk can no longer write to the customer: set the sender in [desk] again, "
                "and the message goes out"
            )
            return (yield from self._dead(intent, error))
        return (yield from self._attempt(case, intent, found, as_note=as_note))

    # -- whose ticket it is -------------------------------------------------------------------

    def _forget(self) -> None:
        """What was read of tickets is old."""
        self._read.clear()
        self._talks.clear()

    def _standing(self, case: Case, intent: Intent) -> Flow[Standing]:
        """The ticket of an act, as it was read while this case's acts were carried out."""
        ticket_id = ticket_of(case, intent)
        if ticket_id not in self._read:
            desk = yield from self.reading()
            self._read[ticket_id] = yield from desk.standing(ticket_id)
        return self._read[ticket_id]

    def _given_way(
        self, case: Case, intent: Intent, found: LookupResult | None, moment: datetime
    ) -> Flow[tuple[Outcome, str] | None]:
        """The end of an act that cannot be carried out where its ticket stands; None if it can."""
        ticket = found.ticket if found is not None else None
        if ticket is None:
            ticket = yield from self._standing(case, intent)
        match course(case, intent, ticket, moment):
            case Course.GO | Course.AS_NOTE:
                return None
            case Course.WAIT:
                again = _SNOOZED_AGAIN if ticket.status == "snoozed" else _PROCESSING_AGAIN
                return (yield from self._wait_until(intent, moment + again, ticket))
            case Course.LEAVE:
                return (yield from self._drop(intent, f"the ticket is {ticket.status}"))
            case Course.DETACH:
                return (yield from self._detach(case, f"the ticket is {ticket.status}"))
            case Course.END:
                return (yield from self._end(case, ticket))

    def _wait_until(
        self, intent: Intent, moment: datetime, ticket: Standing
    ) -> Flow[tuple[Outcome, str]]:
        why = f"the ticket is {ticket.status}"
        state = intent.state if intent.state in IN_DOUBT else IntentState.PENDING
        yield from self._mark(intent, state, error=why, retry_at=moment)
        return Outcome.WAITING, why

    def _drop(self, intent: Intent, why: str) -> Flow[tuple[Outcome, str]]:
        yield from self._mark(intent, IntentState.DROPPED, error=why)
        return Outcome.DROPPED, why

    def _detach(self, case: Case, why: str) -> Flow[tuple[Outcome, str]]:
        """What the act says, and whatever comes later, gets a ticket of its own."""
        moment = yield from self._now()
        yield from do("detach", lambda: self._ledger.detach(self._fence, case, why, moment))
        self._detached = True
        return Outcome.DROPPED, f"{why}; what it says gets a ticket of its own"

    def _end(self, case: Case, ticket: Standing) -> Flow[tuple[Outcome, str]]:
        """The ticket has ended: what still holds and is not announced gets another. Unless we have
        resolved it ourselves, or may have, a person has ended it."""
        why = f"the ticket is {ticket.status}"
        waits = self._resolve
        over = ticket.state in {TicketState.RESOLVED, TicketState.CLOSED}
        if over and waits is not None and _may_have_been_sent(waits):
            # Nobody knew what became of it; this is what.
            yield from self._mark(waits, IntentState.DONE)
            waits = None
        by_us = case.state is not CaseState.OPEN and waits is None
        state = case.state if by_us else CaseState.LEFT
        moment = yield from self._now()
        yield from do("end", lambda: self._ledger.give_up(self._fence, case, why, moment, state))
        self._over = True
        return Outcome.DROPPED, why

    def _yields(self, case: Case, intent: Intent) -> Flow[bool]:
        """Whether an act gives way to people who talk in its ticket."""
        if not yields(intent):
            return False
        ticket_id = ticket_of(case, intent)
        if ticket_id not in self._talks:
            desk = yield from self.reading()
            said: Said = yield from desk.said(ticket_id)
            if not said.complete:
                raise incomplete(desk)
            ticket = yield from self._standing(case, intent)
            talk = is_conversation(said, self._house, case.marker, ticket.created_at)
            self._talks[ticket_id] = talk
        return self._talks[ticket_id]

    def _does_without(self, case: Case, intent: Intent, why: str) -> Flow[tuple[Outcome, str]]:
        """An act that the desk does not take: what a note would have announced gets a ticket of its
        own, unless a message announces it."""
        if intent.act is Act.NOTE and intent.says and intent.says not in self._written:
            return (yield from self._detach(case, why))
        return (yield from self._drop(intent, why))

    def _missing(
        self, case: Case, intent: Intent, error: NotFoundError
    ) -> Flow[tuple[Outcome, str]]:
        """The desk itself says that there is no such ticket. That counts once it has said so twice,
        with some minutes in between. If the ticket is there, something else was not found.

        Raises:
            ApiError: it could not be found out.
        """
        self._forget()
        desk = yield from self.reading()
        try:
            yield from desk.standing(ticket_of(case, intent))
        except NotFoundError as again:
            error = again
        else:
            if intent.state in IN_DOUBT:
                raise error
            return (yield from self._refused(intent, str(error)))
        moment = yield from self._now()
        since = missing_since(intent.error, moment)
        if moment - since >= DELETED_AFTER or ticket_of(case, intent) in self._deleted:
            self._deleted.add(ticket_of(case, intent))
            return Outcome.DROPPED, (yield from self._give_up(case, intent, error))
        why = not_found(since, error.message)
        state = IntentState.UNKNOWN if intent.state in IN_DOUBT else IntentState.REFUSED
        yield from self._mark(intent, state, error=why, retry_at=moment + LOOK_AGAIN)
        return (Outcome.UNKNOWN if state is IntentState.UNKNOWN else Outcome.REFUSED), why

    # -- one try ------------------------------------------------------------------------------

    def _attempt(
        self, case: Case, intent: Intent, found: LookupResult | None, *, as_note: bool = False
    ) -> Flow[tuple[Outcome, str]]:
        yield from self._left()
        moment = yield from self._now()
        intent = yield from do(
            "attempting",
            lambda: self._outbox.attempting(self._fence, intent, self._sent(intent, found), moment),
        )
        if intent.state is IntentState.DROPPED:
            return Outcome.WAITING, WITHDRAWN
        act = Act.NOTE if as_note else intent.act
        try:
            ticket: Standing | None = None
            if act is Act.NOTE:
                yield from self._write_note(case, intent)
            else:
                ticket = yield from self._send(case, intent, found)
        except OutcomeUnknownError as error:
            return (yield from self._unclear(case, intent, error))
        except (ValidationError, ConflictError, PermissionDeniedError, NotFoundError) as error:
            if intent.act is not Act.OPEN:
                ends = yield from self._meanwhile(case, intent)
                if ends is not None:
                    return ends
            return (yield from self._not_taken(case, intent, act, error))
        except RateLimitError as error:
            yield from self._put_back(intent, error)
            yield from self._wait_for(error)
            self._forget()
            # Much may have happened meanwhile: from the start, with another lookup.
            back = attrs.evolve(intent, state=before(intent), retry_at=None)
            return (yield from self._deliver(case, back))
        except (ConnectError, AuthenticationError) as error:
            yield from self._put_back(intent, error)
            raise
        if intent.act is Act.OPEN and intent.repeated_at is not None:
            # It was sent twice: has the first come through after all, a moment ago?
            found = yield from self._look_up(case, intent)
            if found.there:
                return (yield from self._settled(case, intent, Outcome.DONE, found))
        yield from self.learned.takes(act)
        if intent.act is Act.REOPEN and ticket is not None and not ticket.state.takes_more:
            return (yield from self._end(case, ticket))
        if intent.act is Act.OPEN:
            self._opened[case.marker] = moment
        return (yield from self._settled(case, intent, Outcome.DONE, LookupResult(True, ticket)))

    def _meanwhile(self, case: Case, intent: Intent) -> Flow[tuple[Outcome, str] | None]:
        """An act was refused: whether its ticket stands elsewhere by now, which explains it. None
        if it does not.

        Raises:
            ApiError: it could not be found out.
        """
        yield from self._mark(intent, before(intent), error="refused")
        self._forget()
        moment = yield from self._now()
        found = yield from self._look_up(case, intent)
        if found.there:
            return (yield from self._settled(case, intent, Outcome.ALREADY, found))
        return (yield from self._given_way(case, intent, found, moment))

    def _not_taken(
        self, case: Case, intent: Intent, act: Act, error: ApiError
    ) -> Flow[tuple[Outcome, str]]:
        """An act was refused, by a ticket that could take it; ``act`` is as what it was sent."""
        if isinstance(error, PermissionDeniedError):
            yield from self._put_back(intent, error)
            raise error
        if isinstance(error, NotFoundError) and intent.act is not Act.OPEN:
            yield from self._put_back(intent, error)
            raise error
        if intent.act is Act.REOPEN:
            ticket = yield from self._standing(case, intent)
            return (yield from self._end(case, ticket))
        if isinstance(error, ConflictError):
            return (yield from self._refused(intent, str(error)))
        yield from self.learned.refuses(act)
        why = (yield from self.learned.habits()).does_without(act)
        if why is not None:
            return (yield from self._does_without(case, intent, why))
        if intent.repeated_at is None:
            intent = attrs.evolve(intent, attempted_at=None)  # surely not on its way
        return (yield from self._dead(intent, str(error)))

    def _unclear(
        self, case: Case, intent: Intent, error: OutcomeUnknownError
    ) -> Flow[tuple[Outcome, str]]:
        """No clear answer: write that down, then look it up at once. A lookup needs no wait."""
        intent = yield from self._leave_unknown(intent, error.message)
        found = yield from self._look_up(case, intent)
        if found.there:
            return (yield from self._settled(case, intent, Outcome.ADOPTED, found))
        accepted = error.status is not None and 200 <= error.status < 300
        if accepted and intent.tries >= _ACCEPTED:
            why = f"{error.message}; the desk shows nothing of it after {intent.tries} tries"
            return (yield from self._dead(intent, why))
        return Outcome.UNKNOWN, f"{error.message}; the next run looks it up again"

    def _wait_for(self, error: RateLimitError) -> Flow[None]:
        wait = max(1.0, error.retry_after if error.retry_after is not None else 5.0)
        if (yield from tick()) + wait >= self._ends or self.stopping():
            raise error
        yield from sleep(wait)

    # -- the desk -----------------------------------------------------------------------------

    def reading(self) -> Flow[Desk]:
        """The desk, for reading within the time that is left.

        Raises:
            RateLimitError: none is left.
        """
        return self._desk.within((yield from self._left()), tries=3)

    def _look_up(self, case: Case, intent: Intent) -> Flow[LookupResult]:
        desk = yield from self.reading()
        address = sent_to(intent, self._address)
        found = yield from look_up(desk, case, intent, address, self._house)
        if found.ticket is not None:
            self._read[found.ticket.id] = found.ticket
        return found

    def _send(
        self, case: Case, intent: Intent, found: LookupResult | None
    ) -> Flow[Standing | None]:
        desk = self._desk.within((yield from self._left_for_a_try()), tries=1)
        ticket = yield from carry_out(desk, self._house, case, intent, self._address, found)
        if ticket is not None:
            self._read[ticket.id] = ticket
        return ticket

    def _write_note(self, case: Case, intent: Intent) -> Flow[None]:
        desk = self._desk.within((yield from self._left_for_a_try()), tries=1)
        text = intent.payload.get("note") or intent.payload["text"]
        if not (yield from desk.note(ticket_of(case, intent), text)):
            yield from self.learned.mails_notes()

    def _sent(self, intent: Intent, found: LookupResult | None) -> dict[str, Any]:
        """Where an act goes, or what its ticket looked like before."""
        if found is not None and found.ticket is not None:
            return {**snapshot_of(found.ticket), **_confirmations(intent)}
        return destination(intent, self._address)

    def _moved(self, intent: Intent) -> bool:
        """Whether a dead letter would go elsewhere now: somebody has mended the configuration."""
        goes_to = destination(intent, self._address)
        return bool(goes_to) and dict(intent.sent) != goes_to

    # -- the ledger ---------------------------------------------------------------------------

    def _opening(self, case: Case) -> Flow[Intent | None]:
        """How a case was opened."""
        mine = yield from do("opening", lambda: self._ledger.intents(case.marker))
        return next((intent for intent in mine if intent.act is Act.OPEN), None)

    @staticmethod
    def _is_left_to_another(opening: Intent | None, intent: Intent) -> bool:
        """Whether what is said in a ticket that another ledger has opened is left to that one for
        a settle time: it says the same, at about the same time."""
        new = intent.retry_at is None and not intent.tries and not intent.folds
        return new and opening is not None and OTHER in opening.sent

    def _is_fresh(self, case: Case, moment: datetime) -> bool:
        """Whether this very pass opened the ticket so short a while ago that no other ledger can
        have said anything in it: another leaves that to this one for a settle time. What the ledger
        itself says of that does not count, since it may be a copy."""
        opened = self._opened.get(case.marker)
        if opened is None:
            return False
        return timedelta(0) <= moment - opened < self._policy.settle - TRY

    def _settled(
        self, case: Case, intent: Intent, outcome: Outcome, found: LookupResult
    ) -> Flow[tuple[Outcome, str]]:
        opened = found.ticket.id if found.ticket is not None and intent.act is Act.OPEN else None
        yield from self._mark(
            intent,
            IntentState.DONE,
            ticket_id=opened,
            retry_at=(yield from self._look_once_more(intent, outcome)),
        )
        if intent.act is Act.NOTE and outcome is Outcome.DONE:
            yield from self._learn_of_notes(case, intent)
        if intent.act is Act.OPEN and found.duplicates:
            self.folded += yield from note_duplicates(
                self._outbox, self._fence, self._desk.title, case, found
            )
        return outcome, opened or ""

    def _look_once_more(self, intent: Intent, outcome: Outcome) -> Flow[datetime | None]:
        """When an act that is done is looked at once more; None if that is not necessary."""
        if intent.act is Act.OPEN:
            return (yield from self._now())  # at once: see openings.py
        after = _CONFIRMED_AFTER.get(intent.act)
        sent = outcome in {Outcome.DONE, Outcome.ADOPTED}
        if after is None or not sent or intent.sent.get("confirmed", 0) >= _CONFIRMATIONS:
            return None
        return (yield from self._now()) + after

    def _learn_of_notes(self, case: Case, intent: Intent) -> Flow[None]:
        """After the first note: whether notes are among the messages of a ticket."""
        if (yield from self.learned.habits()).lists_notes is not None:
            return
        try:
            found = yield from self._look_up(case, intent)
        except ApiError:
            return  # the next note shows it
        yield from self.learned.lists_notes(found.there)

    def _give_up(self, case: Case, intent: Intent, error: NotFoundError) -> Flow[str]:
        why = f"the ticket is gone: {error.message}"
        if intent.folds:
            yield from self._mark(intent, IntentState.DROPPED, error=why)
            return why
        moment = yield from self._now()
        yield from do("give up", lambda: self._ledger.give_up(self._fence, case, why, moment))
        self._over = True
        return why

    def _refused(self, intent: Intent, why: str) -> Flow[tuple[Outcome, str]]:
        moment = yield from self._now()
        if self._too_long(intent, moment):
            return (yield from self._dead(intent, why))
        until = moment + _pause(intent, moment)
        yield from self._mark(intent, IntentState.REFUSED, error=why, retry_at=until)
        return Outcome.REFUSED, why

    def _dead(self, intent: Intent, why: str) -> Flow[tuple[Outcome, str]]:
        yield from self._mark(intent, IntentState.DEAD, error=why)
        return Outcome.DEAD, why

    def _failed(self, intent: Intent, error: ApiError) -> Flow[Outcome]:
        """The desk failed at a lookup. What fails for days is a dead letter."""
        ours = isinstance(
            error, AuthenticationError | PermissionDeniedError | RateLimitError | TransportError
        )
        if not ours and self._too_long(intent, (yield from self._now())):
            return (yield from self._dead(intent, str(error)))[0]
        return Outcome.FAILED

    def _too_long(self, intent: Intent, moment: datetime) -> bool:
        since = intent.first_tried_at
        if since is None or intent.tries < _TRIES_AT_LEAST:
            return False
        return moment - since >= self._policy.give_up_after


def _may_have_been_sent(intent: Intent) -> bool:
    """Whether nobody knows what became of an act that was sent."""
    return intent.state in IN_DOUBT and intent.attempted_at is not None


def _confirmations(intent: Intent) -> dict[str, Any]:
    """How often it was looked at once more, as the ledger keeps it."""
    return {name: value for name, value in intent.sent.items() if name == "confirmed"}


def _was_undone(intent: Intent, ticket: Standing | None) -> bool:
    """Whether the desk itself has undone an act: a reply that it handled late has pulled a ticket
    back, or its triage has written over every tag of ours. A person takes off single tags."""
    if ticket is None:
        return False
    if intent.act is Act.RESOLVE:
        return ticket.state is TicketState.PENDING or ticket.state is TicketState.PROCESSING
    return not set(intent.payload["tags"]) & set(ticket.tags)


def _pause(intent: Intent, moment: datetime) -> timedelta:
    """How long an act that was refused waits: the time since it was first tried, so that the waits
    double; at least 5 minutes and at most a day."""
    tried_for = moment - (intent.first_tried_at or moment)
    return min(_REFUSED_CAP, max(_REFUSED_AGAIN, tried_for))


def _kept_back(intent: Intent, moment: datetime) -> bool:
    """Whether an act waits for a moment that is still to come."""
    if intent.state is IntentState.REFUSED:
        longest = _pause(intent, moment)
    elif intent.error is None:
        longest = 2 * _REFUSED_CAP  # quiet hours
    else:
        longest = _SNOOZED_AGAIN  # its ticket sleeps, or was not found
    return is_ahead(intent.retry_at, moment, longest)

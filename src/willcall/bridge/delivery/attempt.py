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

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

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
from ..ledger import Fence, Outbox
from ..model.address import Address
from ..model.cases import Act, Case, Intent, IntentState
from ..model.house import House
from ..model.policies import DeliveryPolicy
from ..ports import Desk, Standing
from .acts import carry_out, destination, sent_to
from .duplicates import note_duplicates
from .lookup import LookupResult, look_up, taken_over
from .tries import IN_DOUBT, Tries, before, is_ahead

_REFUSED_AGAIN = timedelta(minutes=5)
_REFUSED_CAP = timedelta(days=1)
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
    DROPPED = "dropped"  # its ticket is gone
    WAITING = "waiting"  # for the end of its rule's quiet hours

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
        outbox: where everything is written down.
        fence: the lease under which it is.
        desk: the desk.
        ends: the tick after which nothing more is begun.
        policy: how patient it is.
        stopping: whether the process was asked to leave: no further act is begun.
        house: whose tickets are ours.
    """

    def __init__(
        self,
        outbox: Outbox,
        fence: Fence,
        desk: Desk,
        ends: float,
        policy: DeliveryPolicy,
        stopping: Callable[[], bool],
        house: House,
    ) -> None:
        super().__init__(outbox, fence, desk.name, ends, policy)
        self._desk, self._house = desk, house
        self._address = Address(customer_email="")
        self.stopping = stopping
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
        ticket_id = acts[0][0].ticket_id
        for held, intent in acts:
            if self.stopping():
                return
            case = attrs.evolve(held, ticket_id=ticket_id)
            try:
                outcome, detail = yield from self._deliver(case, intent)
            except NotFoundError as error:
                if intent.act is Act.OPEN:
                    raise
                why = yield from self._give_up(case, intent, error)
                delivered.append(Delivered(case, intent, Outcome.DROPPED, why))
                if "ticket_id" in intent.payload:
                    continue
                return
            except ApiError as error:
                outcome = yield from self._failed(intent, error)
                delivered.append(Delivered(case, intent, outcome, str(error)))
                raise
            if intent.act is Act.OPEN and outcome.settled:
                ticket_id = detail
            case = attrs.evolve(case, ticket_id=ticket_id)
            delivered.append(Delivered(case, intent, outcome, detail))
            # Without its ticket nothing of a case can go out; else a dead letter holds up nothing.
            passed_over = outcome is Outcome.DEAD and intent.act is not Act.OPEN
            if not (outcome.settled or passed_over):
                return

    # -- one act ------------------------------------------------------------------------------

    def _deliver(self, case: Case, intent: Intent) -> Flow[tuple[Outcome, str]]:
        moment = yield from self._now()
        if intent.state is IntentState.DEAD and not self._moved(intent):
            return Outcome.DEAD, intent.error or ""
        if _kept_back(intent, moment):
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
        elif intent.act in {Act.TAG, Act.RESOLVE, Act.REOPEN}:
            # What a person has done in the meantime is theirs: look before touching the ticket.
            found = yield from self._look_up(case, intent)
            if found.there:
                return (yield from self._settled(case, intent, Outcome.ALREADY, found))
            intent = attrs.evolve(intent, sent={})
        if found is not None and found.ticket is not None and taken_over(intent, found.ticket):
            return (yield from self._settled(case, intent, Outcome.LEFT, found))
        if intent.act is Act.MESSAGE and not self._address.mails:
            error = (
                "the desk can no longer write to the customer: set the sender in [desk] again, "
                "and the message goes out"
            )
            return (yield from self._dead(intent, error))
        return (yield from self._attempt(case, intent, found))

    def _attempt(
        self, case: Case, intent: Intent, found: LookupResult | None
    ) -> Flow[tuple[Outcome, str]]:
        yield from self._left()
        moment = yield from self._now()
        intent = yield from do(
            "attempting",
            lambda: self._outbox.attempting(self._fence, intent, self._sent(intent, found), moment),
        )
        try:
            ticket = yield from self._send(case, intent, found)
        except OutcomeUnknownError as error:
            return (yield from self._unclear(case, intent, error))
        except RateLimitError as error:
            yield from self._put_back(intent, error)
            yield from self._wait_for(error)
            # Much may have happened meanwhile: from the start, with another lookup.
            back = attrs.evolve(intent, state=before(intent), retry_at=None)
            return (yield from self._deliver(case, back))
        except (ConnectError, AuthenticationError, PermissionDeniedError) as error:
            yield from self._put_back(intent, error)
            raise
        except ConflictError as error:
            return (yield from self._refused(intent, str(error)))
        except (ValidationError, NotFoundError) as error:
            if isinstance(error, NotFoundError) and intent.act is not Act.OPEN:
                yield from self._put_back(intent, error)
                raise
            if intent.repeated_at is None:
                intent = attrs.evolve(intent, attempted_at=None)  # surely not on its way
            return (yield from self._dead(intent, str(error)))
        if intent.act is Act.OPEN and intent.repeated_at is not None:
            # It was sent twice: has the first come through after all, a moment ago?
            found = yield from self._look_up(case, intent)
            if found.there:
                return (yield from self._settled(case, intent, Outcome.DONE, found))
        return (yield from self._settled(case, intent, Outcome.DONE, LookupResult(True, ticket)))

    def _unclear(
        self, case: Case, intent: Intent, error: OutcomeUnknownError
    ) -> Flow[tuple[Outcome, str]]:
        """No clear answer: write that down, then look it up at once. A lookup needs no wait."""
        intent = yield from self._leave_unknown(intent, error.message)
        found = yield from self._look_up(case, intent)
        if found.there:
            return (yield from self._settled(case, intent, Outcome.ADOPTED, found))
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
        return (yield from look_up(desk, case, intent, address, self._house))

    def _send(
        self, case: Case, intent: Intent, found: LookupResult | None
    ) -> Flow[Standing | None]:
        desk = self._desk.within((yield from self._left_for_a_try()), tries=1)
        return (yield from carry_out(desk, self._house, case, intent, self._address, found))

    def _sent(self, intent: Intent, found: LookupResult | None) -> dict[str, str]:
        """Where an act goes, or what its ticket looked like before."""
        if found is not None and found.ticket is not None:
            return {"seen": found.ticket.stamp}
        return destination(intent, self._address)

    def _moved(self, intent: Intent) -> bool:
        """Whether a dead letter would go elsewhere now: somebody has mended the configuration."""
        goes_to = destination(intent, self._address)
        return bool(goes_to) and dict(intent.sent) != goes_to

    # -- the ledger ---------------------------------------------------------------------------

    def _settled(
        self, case: Case, intent: Intent, outcome: Outcome, found: LookupResult
    ) -> Flow[tuple[Outcome, str]]:
        opened = found.ticket.id if found.ticket is not None and intent.act is Act.OPEN else None
        yield from self._mark(intent, IntentState.DONE, ticket_id=opened)
        if intent.act is Act.OPEN and found.duplicates:
            self.folded += yield from note_duplicates(
                self._outbox, self._fence, self._desk.title, case, found
            )
        return outcome, opened or ""

    def _give_up(self, case: Case, intent: Intent, error: NotFoundError) -> Flow[str]:
        why = f"the ticket is gone: {error.message}"
        if "ticket_id" in intent.payload:
            yield from self._mark(intent, IntentState.DROPPED, error=why)
            return why
        moment = yield from self._now()
        yield from do("give up", lambda: self._outbox.give_up(self._fence, case, why, moment))
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


def _pause(intent: Intent, moment: datetime) -> timedelta:
    """How long an act that was refused waits: the time since it was first tried, so that the waits
    double; at least 5 minutes and at most a day."""
    tried_for = moment - (intent.first_tried_at or moment)
    return min(_REFUSED_CAP, max(_REFUSED_AGAIN, tried_for))


def _kept_back(intent: Intent, moment: datetime) -> bool:
    """Whether an act waits for a moment that is still to come."""
    refused = intent.state is IntentState.REFUSED
    longest = _pause(intent, moment) if refused else 2 * _REFUSED_CAP
    return is_ahead(intent.retry_at, moment, longest)

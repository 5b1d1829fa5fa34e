"""Carrying out intents so that each happens once. A flow.

::

    pending ──▶ attempting ──▶ done
       ▲            │ no clear answer, or the process died       refused for good, or too long:
       │            ▼                                                        dead
       │         unknown ──▶ look ──▶ it is there: done (adopted)
       │            ▲          │ it is not there
       └────────────┼──────────┘ … and Δ has passed: tried again
                    └ could not look, or too soon: stays unknown until the next run

An intent is committed as *attempting* before its request leaves, so whatever happens afterwards,
the next run knows that it may have been carried out. Looking needs no wait; only repeating does.
An error while looking is "don't know yet", never "not there": see ``look.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

import attrs

from ...client.flow import Flow, do, now, sleep, tick
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
from ...ticket0.api import FlowTicket0
from ...ticket0.models import Ticket, TicketStatus
from ..ledger import Fence, Ledger
from ..model.address import Address
from ..model.cases import Act, Case, Intent, IntentState
from ..model.policies import TRY, DeliveryPolicy
from .duplicates import fold_twins, noticed, watched
from .lookup import Seen, look, missing, stamp, taken_over, ticket_of

_REFUSED_AGAIN = timedelta(minutes=5)
_REFUSED_CAP = timedelta(days=1)
_TRIES_AT_LEAST = 5
"""Days in which the machine was switched off wear nothing out."""

_SICK = 3
"""So many cases in a row that the desk fails at, and it is the desk that is sick."""


class Outcome(StrEnum):
    """How it stands with an intent after a run has been at it."""

    DONE = "done"
    ADOPTED = "adopted"  # an earlier try had been carried out after all
    ALREADY = "already so"  # nothing had to be sent: somebody, or an earlier try, has done it
    LEFT = "left"  # a person has changed the ticket since: it is theirs
    UNKNOWN = "unknown"
    FAILED = "failed"  # the desk fails at this one ticket
    REFUSED = "refused"
    DEAD = "dead"  # refused for good, or for too long: a person has to look
    DROPPED = "dropped"  # its ticket is gone
    WAITING = "waiting"  # for the end of its rule's quiet hours

    @property
    def settled(self) -> bool:
        """Whether the case's next act may be tried."""
        return self in {Outcome.DONE, Outcome.ADOPTED, Outcome.ALREADY, Outcome.LEFT}


@attrs.frozen
class Delivered:
    """What a run has done about one intent."""

    case: Case
    intent: Intent
    outcome: Outcome
    detail: str = ""


@attrs.frozen
class Deliveries:
    """What a run has delivered, and the error that stopped it before it had seen to everything.

    ``folded`` is how many second tickets it found and folded into the first.
    """

    delivered: tuple[Delivered, ...] = ()
    stopped: ApiError | None = None
    folded: int = 0


def deliver_all(
    ledger: Ledger,
    fence: Fence,
    api: FlowTicket0,
    address: Callable[[str], Address],
    ends: float,
    terms: DeliveryPolicy | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Flow[Deliveries]:
    """Carry out whatever is not settled, case by case, each case's acts in order.

    Args:
        ledger: where everything is written down.
        fence: the lease under which it is.
        api: the desk.
        address: where a rule's tickets go.
        ends: the tick after which nothing more is begun.
        terms: how patient it is.
        stopping: whether the process was asked to leave: no further act is begun.

    One case that is refused, unknown or failed at does not hold up the others; a desk that rejects
    the key, is out of requests, or cannot be reached ends the run.
    """
    delivered: list[Delivered] = []
    courier = _Sender(ledger, fence, api, ends, terms or DeliveryPolicy(), stopping)
    waiting = yield from do("unsettled", lambda: ledger.unsettled(fence.box_office))
    busy = (yield from watched(ledger, fence)) if waiting else ()
    stopped = yield from _round(courier, waiting, address, delivered)
    if stopped is not None or stopping():
        return Deliveries(tuple(delivered), stopped, courier.folded)
    try:
        courier.folded += yield from fold_twins(ledger, fence, courier.api, address, busy)
    except ApiError as error:
        return Deliveries(tuple(delivered), error, courier.folded)
    if courier.folded:
        waiting = yield from do("unsettled", lambda: ledger.unsettled(fence.box_office))
        stopped = yield from _round(courier, _folds(waiting), address, delivered)
    return Deliveries(tuple(delivered), stopped, courier.folded)


def _folds(waiting: Sequence[tuple[Case, Intent]]) -> list[tuple[Case, Intent]]:
    """The acts that fold a second ticket, of cases that have nothing before them to do."""
    busy = {case.marker for case, intent in waiting if "ticket_id" not in intent.payload}
    return [(case, intent) for case, intent in waiting if case.marker not in busy]


def _round(
    courier: _Sender,
    waiting: Sequence[tuple[Case, Intent]],
    address: Callable[[str], Address],
    delivered: list[Delivered],
) -> Flow[ApiError | None]:
    """One case after the other; the error that ended it."""
    sick, first = 0, None
    for _, group in groupby(waiting, key=lambda pair: pair[0].marker):
        if courier.stopping():
            break
        acts = list(group)
        try:
            yield from courier.carry(acts, address(acts[0][0].rule), delivered)
            sick = 0
        except (AuthenticationError, PermissionDeniedError, RateLimitError, TransportError) as end:
            return end
        except ApiError as error:
            # One ticket that the desk fails at must not hold up all the others.
            first, sick = first or error, sick + 1
            if sick >= _SICK:
                break
    return first


class _Sender:
    """Carries the acts of one case after the other."""

    def __init__(
        self,
        ledger: Ledger,
        fence: Fence,
        api: FlowTicket0,
        ends: float,
        terms: DeliveryPolicy,
        stopping: Callable[[], bool],
    ) -> None:
        self._ledger = ledger
        self._fence = fence
        self._plain_api = api
        self._ends = ends
        self._terms = terms
        self._address = Address(customer_email="")
        self.stopping = stopping
        self.folded = 0

    def carry(
        self, acts: Sequence[tuple[Case, Intent]], address: Address, delivered: list[Delivered]
    ) -> Flow[None]:
        """Carry out one act after the other, as long as each is settled."""
        self._address = address
        ticket_id = acts[0][0].ticket_id
        for held, intent in acts:
            if self.stopping():
                return
            case = attrs.evolve(held, ticket_id=ticket_id)
            try:
                outcome, detail = yield from self._one(case, intent)
            except NotFoundError as error:
                if intent.act is Act.OPEN:
                    raise
                why = yield from self._give_up(case, intent, error)
                delivered.append(Delivered(case, intent, Outcome.DROPPED, why))
                if "ticket_id" in intent.payload:
                    continue
                return
            except ApiError as error:
                gone = yield from self._failed(intent, error)
                delivered.append(Delivered(case, intent, gone, str(error)))
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

    def _one(self, case: Case, intent: Intent) -> Flow[tuple[Outcome, str]]:
        moment = yield from now()
        if intent.state is IntentState.DEAD and not self._moved(intent):
            return Outcome.DEAD, intent.error or ""
        if _kept_back(intent, moment):
            refused = intent.state is IntentState.REFUSED
            return (Outcome.REFUSED if refused else Outcome.WAITING), intent.error or ""
        seen: Seen | None = None
        if intent.state in {IntentState.ATTEMPTING, IntentState.UNKNOWN, IntentState.DEAD}:
            seen = yield from self._look(case, intent)
            if seen.there:
                return (yield from self._settled(case, intent, Outcome.ADOPTED, seen))
            if not (yield from self._may_repeat(intent, moment)):
                return Outcome.UNKNOWN, "not there yet; looked for again at the next run"
            if self._too_long(intent, moment):
                return (yield from self._dead(intent, intent.error or "no clear answer for days"))
        elif intent.act in {Act.TAG, Act.RESOLVE, Act.REOPEN}:
            # What a person has done in the meantime is theirs: look before touching the ticket.
            seen = yield from self._look(case, intent)
            if seen.there:
                return (yield from self._settled(case, intent, Outcome.ALREADY, seen))
            intent = attrs.evolve(intent, sent={})
        if seen is not None and seen.ticket is not None and taken_over(intent, seen.ticket):
            return (yield from self._settled(case, intent, Outcome.LEFT, seen))
        if intent.act is Act.MESSAGE and not self._address.mails:
            error = "desk.from_address is no longer set: set it, and the message goes out"
            return (yield from self._dead(intent, error))
        return (yield from self._attempt(case, intent, seen))

    def _attempt(self, case: Case, intent: Intent, seen: Seen | None) -> Flow[tuple[Outcome, str]]:
        yield from self._left()
        moment = yield from now()
        intent = yield from do(
            "attempting",
            lambda: self._ledger.attempting(self._fence, intent, self._sent(intent, seen), moment),
        )
        try:
            ticket = yield from self._send(case, intent, seen)
        except OutcomeUnknownError as error:
            return (yield from self._unclear(case, intent, error))
        except RateLimitError as error:
            yield from self._put_back(intent, error)
            yield from self._wait_for(error)
            # Much may have happened meanwhile: from the start, with another look.
            back = attrs.evolve(intent, state=self._before(intent), retry_at=None)
            return (yield from self._one(case, back))
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
            seen = yield from self._look(case, intent)
            if seen.there:
                return (yield from self._settled(case, intent, Outcome.DONE, seen))
        return (yield from self._settled(case, intent, Outcome.DONE, Seen(True, ticket)))

    def _unclear(
        self, case: Case, intent: Intent, error: OutcomeUnknownError
    ) -> Flow[tuple[Outcome, str]]:
        """No clear answer: write that down, then look at once. Looking needs no wait."""
        intent = yield from self._leave_unknown(intent, error.message)
        seen = yield from self._look(case, intent)
        if seen.there:
            return (yield from self._settled(case, intent, Outcome.ADOPTED, seen))
        return Outcome.UNKNOWN, f"{error.message}; looked for again at the next run"

    def _may_repeat(self, intent: Intent, moment: datetime) -> Flow[bool]:
        """Whether Δ has passed since its last try ended."""
        tried = intent.attempted_at
        if tried is None:
            return True
        if tried > moment:
            # Written under a clock that ran ahead: how long ago, nobody knows. Anew from now.
            yield from self._leave_unknown(intent, "not there yet; the clock was set back")
            return False
        # Of a try that the process did not survive, only the beginning is known.
        ended = tried + TRY if intent.state is IntentState.ATTEMPTING else tried
        return moment >= ended + self._terms.settle

    def _wait_for(self, error: RateLimitError) -> Flow[None]:
        wait = max(1.0, error.retry_after if error.retry_after is not None else 5.0)
        if (yield from tick()) + wait >= self._ends or self.stopping():
            raise error
        yield from sleep(wait)

    # -- the outside world --------------------------------------------------------------------

    def _left(self) -> Flow[float]:
        left = self._ends - (yield from tick())
        if left <= 0:
            raise RateLimitError(
                "the time for this run is up",
                provider="ticket0",
                hint="the next run goes on where this one stops",
            )
        return left

    def api(self) -> Flow[FlowTicket0]:
        """The desk, for reading."""
        return self._plain_api.with_options(deadline=(yield from self._left()), tries=3)

    def _look(self, case: Case, intent: Intent) -> Flow[Seen]:
        api = yield from self.api()
        inbox = intent.sent.get("inbox_id", self._address.options["inbox_id"])
        return (yield from look(api, case, intent, inbox))

    def _send(self, case: Case, intent: Intent, seen: Seen | None) -> Flow[Ticket | None]:
        # One try, and it ends within TRY: when an act was last sent must be known, see SETTLE.
        left = yield from self._left()
        api = self._plain_api.with_options(deadline=min(left, TRY.total_seconds()), tries=1)
        if intent.act is Act.OPEN:
            return (
                yield from api.tickets.create(
                    subject=intent.payload["subject"],
                    body=intent.payload["body"],
                    inbox_id=intent.sent["inbox_id"],
                    customer_email=intent.sent["customer_email"],
                )
            )
        ticket_id = ticket_of(case, intent)
        if intent.act is Act.MESSAGE:
            yield from api.messages.send(
                ticket_id,
                from_address=intent.sent["from_address"],
                body_text=intent.payload["text"],
            )
        elif intent.act is Act.NOTE:
            yield from api.messages.note(ticket_id, body=intent.payload["text"])
        elif intent.act is Act.TAG:
            assert seen is not None and seen.ticket is not None  # noqa: S101, PT018 - see _one
            return (yield from api.tickets.update(ticket_id, **missing(intent, seen.ticket)))
        else:
            resolve = intent.act is Act.RESOLVE
            status = TicketStatus.RESOLVED if resolve else TicketStatus.OPEN
            return (yield from api.tickets.update(ticket_id, status=status))
        return None

    def _sent(self, intent: Intent, seen: Seen | None) -> dict[str, str]:
        """Where an act goes, and what its ticket looked like before."""
        if seen is not None and seen.ticket is not None:
            return {"seen": stamp(seen.ticket)}
        return self._goes_to(intent)

    def _goes_to(self, intent: Intent) -> dict[str, str]:
        """Where an act goes, as the configuration has it now: mending it mends what was refused."""
        if intent.act is Act.OPEN:
            return {
                "inbox_id": self._address.options["inbox_id"],
                "customer_email": self._address.customer_email,
            }
        if intent.act is Act.MESSAGE and self._address.mails:
            return {"from_address": self._address.options["from_address"]}
        return {}

    def _moved(self, intent: Intent) -> bool:
        """Whether a dead letter would go elsewhere now: somebody has mended the configuration."""
        goes_to = self._goes_to(intent)
        return any(intent.sent.get(name) != value for name, value in goes_to.items())

    # -- the ledger ---------------------------------------------------------------------------

    def _settled(
        self, case: Case, intent: Intent, outcome: Outcome, seen: Seen
    ) -> Flow[tuple[Outcome, str]]:
        opened = seen.ticket.id if seen.ticket is not None and intent.act is Act.OPEN else None
        yield from self._mark(intent, IntentState.DONE, ticket_id=opened)
        if intent.act is Act.OPEN and seen.twins:
            self.folded += yield from noticed(self._ledger, self._fence, case, seen)
        return outcome, opened or ""

    def _leave_unknown(self, intent: Intent, why: str) -> Flow[Intent]:
        moment = yield from now()
        intent = attrs.evolve(intent, attempted_at=moment)
        yield from self._mark(intent, IntentState.UNKNOWN, error=why)
        return attrs.evolve(intent, state=IntentState.UNKNOWN)

    def _give_up(self, case: Case, intent: Intent, error: NotFoundError) -> Flow[str]:
        why = f"the ticket is gone: {error.message}"
        if "ticket_id" in intent.payload:
            yield from self._mark(intent, IntentState.DROPPED, error=why)
            return why
        moment = yield from now()
        yield from do("give up", lambda: self._ledger.give_up(self._fence, case, why, moment))
        return why

    def _put_back(self, intent: Intent, error: ApiError) -> Flow[None]:
        """This try was surely not carried out. If an earlier one is in doubt, it still is."""
        yield from self._mark(intent, self._before(intent), error=str(error))

    @staticmethod
    def _before(intent: Intent) -> IntentState:
        return IntentState.PENDING if intent.repeated_at is None else IntentState.UNKNOWN

    def _refused(self, intent: Intent, why: str) -> Flow[tuple[Outcome, str]]:
        moment = yield from now()
        if self._too_long(intent, moment):
            return (yield from self._dead(intent, why))
        until = moment + _pause(intent, moment)
        yield from self._mark(intent, IntentState.REFUSED, error=why, retry_at=until)
        return Outcome.REFUSED, why

    def _dead(self, intent: Intent, why: str) -> Flow[tuple[Outcome, str]]:
        yield from self._mark(intent, IntentState.DEAD, error=why)
        return Outcome.DEAD, why

    def _failed(self, intent: Intent, error: ApiError) -> Flow[Outcome]:
        """The desk failed while it was looked at. What fails for days is a dead letter."""
        ours = isinstance(
            error, AuthenticationError | PermissionDeniedError | RateLimitError | TransportError
        )
        if not ours and self._too_long(intent, (yield from now())):
            return (yield from self._dead(intent, str(error)))[0]
        return Outcome.FAILED

    def _too_long(self, intent: Intent, moment: datetime) -> bool:
        since = intent.first_tried_at
        if since is None or intent.tries < _TRIES_AT_LEAST:
            return False
        return moment - since >= self._terms.give_up_after

    def _mark(
        self,
        intent: Intent,
        state: IntentState,
        *,
        error: str | None = None,
        retry_at: datetime | None = None,
        ticket_id: str | None = None,
    ) -> Flow[None]:
        moment = yield from now()
        yield from do(
            state.value,
            lambda: self._ledger.settle(
                self._fence,
                intent,
                state,
                moment,
                error=error,
                retry_at=retry_at,
                ticket_id=ticket_id,
            ),
        )


def _pause(intent: Intent, moment: datetime) -> timedelta:
    """How long an act that was refused waits: as long again as it has been tried so far.

    So the waits double, however often it was tried for other reasons meanwhile.
    """
    tried_for = moment - (intent.first_tried_at or moment)
    return min(_REFUSED_CAP, max(_REFUSED_AGAIN, tried_for))


def _kept_back(intent: Intent, moment: datetime) -> bool:
    """Whether an act waits for a moment that is still to come. One that lies further ahead than its
    wait was ever to last was written under a clock that ran ahead."""
    until = intent.retry_at
    refused = intent.state is IntentState.REFUSED
    longest = _pause(intent, moment) if refused else 2 * _REFUSED_CAP
    return until is not None and moment < until <= moment + longest

"""Carrying out intents so that each happens once. A flow.

::

    pending ──▶ attempting ──▶ done
       ▲            │ no clear answer, or the process died
       │            ▼
       │         unknown ──▶ look ──▶ it is there: done (adopted)
       │            ▲          │ it is not there
       └────────────┼──────────┘ … and SETTLE has passed: tried again
                    └ could not look, or too soon: stays unknown until the next run

An intent is committed as *attempting* before its request leaves, so whatever happens afterwards,
the next run knows that it may have been carried out. Looking needs no wait; only repeating does.
An error while looking is "don't know yet", never "not there".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

import attrs

from ..client.flow import Flow, do, now, sleep, tick
from ..errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    ValidationError,
)
from ..ticket0.api import FlowTicket0
from ..ticket0.models import Direction, Ticket, TicketStatus
from .address import Address
from .cases import Act, Case, Intent, IntentState
from .ledger import Fence, Ledger
from .marker import marks, read_subject

SETTLE = timedelta(seconds=30)
"""How long after its last try an act that is not there may be tried again. Longer than any request
may take, so that one which is still on its way has arrived, or never will."""

_REFUSED_AGAIN = timedelta(minutes=5)
_REFUSED_CAP = timedelta(days=1)


class Outcome(StrEnum):
    """How it stands with an intent after a run has been at it."""

    DONE = "done"
    ADOPTED = "adopted"  # an earlier try had been carried out after all
    ALREADY = "already so"  # nothing had to be sent: somebody, or an earlier try, has done it
    UNKNOWN = "unknown"
    REFUSED = "refused"
    DROPPED = "dropped"  # its ticket is gone
    WAITING = "waiting"  # for the end of its rule's quiet hours

    @property
    def settled(self) -> bool:
        """Whether the case's next act may be tried."""
        return self in {Outcome.DONE, Outcome.ADOPTED, Outcome.ALREADY}


@attrs.frozen
class Delivered:
    """What a run has done about one intent."""

    case: Case
    intent: Intent
    outcome: Outcome
    detail: str = ""


@attrs.frozen
class Deliveries:
    """What a run has delivered, and the error that stopped it before it had seen to everything."""

    delivered: tuple[Delivered, ...] = ()
    stopped: ApiError | None = None


@attrs.frozen
class _Seen:
    """What a look found: whether the act is already carried out, and the ticket, where one is."""

    there: bool
    ticket: Ticket | None = None


def deliver_all(
    ledger: Ledger,
    fence: Fence,
    api: FlowTicket0,
    address: Callable[[str], Address],
    ends: float,
) -> Flow[Deliveries]:
    """Carry out whatever is not settled, case by case, each case's acts in order.

    Args:
        ledger: where everything is written down.
        fence: the lease under which it is.
        api: the desk.
        address: where a rule's tickets go.
        ends: the tick after which nothing more is begun.

    One case that is refused or unknown does not hold up the others; a desk that rejects the key, is
    out of requests, or cannot be reached ends the run.
    """
    waiting = yield from do("unsettled", lambda: ledger.unsettled(fence.box_office))
    delivered: list[Delivered] = []
    for _, group in groupby(waiting, key=lambda pair: pair[0].marker):
        acts = list(group)
        goes_to = address(acts[0][0].rule)
        try:
            yield from _Courier(ledger, fence, api, goes_to, ends).carry(acts, delivered)
        except ApiError as error:
            return Deliveries(tuple(delivered), error)
    return Deliveries(tuple(delivered))


class _Courier:
    """Carries the acts of one case."""

    def __init__(
        self, ledger: Ledger, fence: Fence, api: FlowTicket0, address: Address, ends: float
    ) -> None:
        self._ledger = ledger
        self._fence = fence
        self._plain_api = api
        self._address = address
        self._ends = ends

    def carry(self, acts: Sequence[tuple[Case, Intent]], delivered: list[Delivered]) -> Flow[None]:
        """Carry out one act after the other, as long as each is settled."""
        ticket_id = acts[0][0].ticket_id
        for held, intent in acts:
            case = attrs.evolve(held, ticket_id=ticket_id)
            try:
                outcome, detail = yield from self._one(case, intent)
            except NotFoundError as error:
                if intent.act is Act.OPEN:
                    raise
                why = yield from self._give_up(case, error)
                delivered.append(Delivered(case, intent, Outcome.DROPPED, why))
                return
            if intent.act is Act.OPEN and outcome.settled:
                ticket_id = detail
            delivered.append(
                Delivered(attrs.evolve(case, ticket_id=ticket_id), intent, outcome, detail)
            )
            if not outcome.settled:
                return

    # -- one act ------------------------------------------------------------------------------

    def _one(self, case: Case, intent: Intent) -> Flow[tuple[Outcome, str]]:
        moment = yield from now()
        if intent.retry_at is not None and moment < intent.retry_at:
            refused = intent.state is IntentState.REFUSED
            return (Outcome.REFUSED if refused else Outcome.WAITING), intent.error or ""
        seen: _Seen | None = None
        if intent.state in {IntentState.ATTEMPTING, IntentState.UNKNOWN}:
            seen = yield from self._look(case, intent)
            if seen.there:
                return (yield from self._settled(intent, Outcome.ADOPTED, seen.ticket))
            if not _may_repeat(intent, moment):
                yield from self._leave_unknown(intent, "not there yet; it may still be on its way")
                return Outcome.UNKNOWN, "not there yet; looked for again at the next run"
        elif intent.act in {Act.TAG, Act.RESOLVE, Act.REOPEN}:
            # What a person has done in the meantime is theirs: look before touching the ticket.
            seen = yield from self._look(case, intent)
            if seen.there:
                return (yield from self._settled(intent, Outcome.ALREADY, seen.ticket))
        if intent.act is Act.MESSAGE and self._address.from_address is None:
            error = "desk.from_address is no longer set: set it, and the message goes out"
            return (yield from self._refused(intent, error))
        return (yield from self._attempt(case, intent, seen))

    def _attempt(self, case: Case, intent: Intent, seen: _Seen | None) -> Flow[tuple[Outcome, str]]:
        while True:
            moment = yield from now()
            sent = self._sent(intent)
            tried = intent
            intent = yield from do(
                "attempting",
                lambda: self._ledger.attempting(self._fence, tried, sent, moment),  # noqa: B023
            )
            try:
                ticket = yield from self._send(case, intent, seen)
            except OutcomeUnknownError as error:
                return (yield from self._unclear(case, intent, error))
            except RateLimitError as error:
                yield from self._put_back(intent, error)
                yield from self._wait_for(error)
                continue
            except (ConnectError, AuthenticationError, PermissionDeniedError) as error:
                yield from self._put_back(intent, error)
                raise
            except (ValidationError, ConflictError, NotFoundError) as error:
                if isinstance(error, NotFoundError) and intent.act is not Act.OPEN:
                    yield from self._put_back(intent, error)
                    raise
                return (yield from self._refused(intent, str(error)))
            return (yield from self._settled(intent, Outcome.DONE, ticket))

    def _unclear(
        self, case: Case, intent: Intent, error: OutcomeUnknownError
    ) -> Flow[tuple[Outcome, str]]:
        """No clear answer: write that down, then look at once. Looking needs no wait."""
        yield from self._leave_unknown(intent, error.message)
        seen = yield from self._look(case, intent)
        if seen.there:
            return (yield from self._settled(intent, Outcome.ADOPTED, seen.ticket))
        return Outcome.UNKNOWN, f"{error.message}; looked for again at the next run"

    def _wait_for(self, error: RateLimitError) -> Flow[None]:
        wait = error.retry_after if error.retry_after is not None else 5.0
        if (yield from tick()) + wait >= self._ends:
            raise error
        yield from sleep(wait)

    # -- the outside world --------------------------------------------------------------------

    def _api(self, *, tries: int) -> Flow[FlowTicket0]:
        left = self._ends - (yield from tick())
        if left <= 0:
            raise RateLimitError(
                "the time for this run is up",
                provider="ticket0",
                hint="the next run goes on where this one stops",
            )
        return self._plain_api.with_options(deadline=left, tries=tries)

    def _look(self, case: Case, intent: Intent) -> Flow[_Seen]:
        """Whether an act is already carried out.

        Raises:
            ApiError: it could not be found out.
        """
        api = yield from self._api(tries=3)
        if intent.act is Act.OPEN:
            inbox = intent.sent.get("inbox_id", self._address.inbox_id)
            tickets = yield from api.tickets.list(inbox_id=inbox).all()
            seen = _oldest([t for t in tickets if read_subject(t.subject) == case.marker])
            return _sure(seen, tickets.whole)
        ticket_id = _ticket_id(case)
        if intent.act in {Act.MESSAGE, Act.NOTE}:
            messages = yield from api.messages.list(ticket_id).all()
            # A customer's answer may quote us, so what came in proves nothing.
            ours = (m for m in messages if m.direction != Direction.INBOUND)
            return _sure(
                _Seen(any(marks(m.body_text, intent.marker) for m in ours)), messages.whole
            )
        ticket = yield from api.tickets.get(ticket_id)
        if intent.act is Act.TAG:
            return _Seen(not _missing(intent, ticket), ticket)
        resolved = ticket.status == TicketStatus.RESOLVED
        return _Seen(resolved if intent.act is Act.RESOLVE else not resolved, ticket)

    def _send(self, case: Case, intent: Intent, seen: _Seen | None) -> Flow[Ticket | None]:
        # One try each: when an act was last sent must be known to the second, see SETTLE.
        api = yield from self._api(tries=1)
        if intent.act is Act.OPEN:
            return (
                yield from api.tickets.create(
                    subject=intent.payload["subject"],
                    body=intent.payload["body"],
                    inbox_id=intent.sent["inbox_id"],
                    customer_email=intent.sent["customer_email"],
                )
            )
        ticket_id = _ticket_id(case)
        if intent.act is Act.MESSAGE:
            yield from api.messages.send(
                ticket_id,
                from_address=intent.sent["from_address"],
                body_text=intent.payload["text"],
            )
        elif intent.act is Act.NOTE:
            yield from api.messages.note(ticket_id, body=intent.payload["text"])
        elif intent.act is Act.TAG:
            found = seen.ticket if seen is not None else None
            ticket = found or (yield from api.tickets.get(ticket_id))
            return (yield from api.tickets.update(ticket_id, **_missing(intent, ticket)))
        else:
            resolve = intent.act is Act.RESOLVE
            status = TicketStatus.RESOLVED if resolve else TicketStatus.OPEN
            return (yield from api.tickets.update(ticket_id, status=status))
        return None

    def _sent(self, intent: Intent) -> dict[str, str]:
        """Where an act goes, as the configuration has it now: mending it mends what was refused."""
        if intent.act is Act.OPEN:
            return {
                "inbox_id": self._address.inbox_id,
                "customer_email": self._address.customer_email,
            }
        if intent.act is Act.MESSAGE and self._address.from_address is not None:
            return {"from_address": self._address.from_address}
        return dict(intent.sent)

    # -- the ledger ---------------------------------------------------------------------------

    def _settled(
        self, intent: Intent, outcome: Outcome, ticket: Ticket | None
    ) -> Flow[tuple[Outcome, str]]:
        opened = ticket.id if ticket is not None and intent.act is Act.OPEN else None
        yield from self._mark(intent, IntentState.DONE, ticket_id=opened)
        return outcome, opened or ""

    def _leave_unknown(self, intent: Intent, why: str) -> Flow[None]:
        yield from self._mark(intent, IntentState.UNKNOWN, error=why)

    def _give_up(self, case: Case, error: NotFoundError) -> Flow[str]:
        why = f"the ticket is gone: {error.message}"
        moment = yield from now()
        yield from do("give up", lambda: self._ledger.give_up(self._fence, case, why, moment))
        return why

    def _put_back(self, intent: Intent, error: ApiError) -> Flow[None]:
        """It was surely not carried out: as if it had never been tried."""
        yield from self._mark(intent, IntentState.PENDING, error=str(error))

    def _refused(self, intent: Intent, why: str) -> Flow[tuple[Outcome, str]]:
        moment = yield from now()
        pause = min(_REFUSED_CAP, _REFUSED_AGAIN * 2 ** min(max(0, intent.tries - 1), 10))
        yield from self._mark(intent, IntentState.REFUSED, error=why, retry_at=moment + pause)
        return Outcome.REFUSED, why

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


def _missing(intent: Intent, ticket: Ticket) -> dict[str, Any]:
    """What a ticket lacks of its tags and its assignee. What people gave it is theirs: their tags
    stay, and so does whoever has it."""
    lacks: dict[str, Any] = {}
    wanted = [tag for tag in intent.payload["tags"] if tag not in ticket.tags]
    if wanted:
        lacks["tags"] = [*ticket.tags, *wanted]
    assignee = intent.payload.get("assignee_id")
    if assignee is not None and ticket.assignee_id is None:
        lacks["assignee_id"] = assignee
    return lacks


def _may_repeat(intent: Intent, moment: datetime) -> bool:
    return intent.attempted_at is None or moment >= intent.attempted_at + SETTLE


def _sure(seen: _Seen, whole: bool | None) -> _Seen:
    """What a look found, unless it found nothing in a list that would not hold still."""
    if not seen.there and whole is False:
        raise ApiError(
            "the list kept changing while it was read",
            provider="ticket0",
            hint="the next run looks again",
        )
    return seen


def _oldest(tickets: Sequence[Ticket]) -> _Seen:
    """Of several with one marker the oldest counts: one that was committed late is younger."""
    if not tickets:
        return _Seen(there=False)
    dated = [t for t in tickets if t.created_at is not None]
    first = min(dated, key=lambda t: (t.created_at, t.id)) if dated else tickets[0]
    return _Seen(there=True, ticket=first)


def _ticket_id(case: Case) -> str:
    if case.ticket_id is None:
        raise AssertionError(f"{case.marker}: an act was tried before its ticket was opened")
    return case.ticket_id

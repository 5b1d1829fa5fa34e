"""Scheduled removals: a ticket type is to be removed once its time has come. A flow.

A removal is an intent of the outbox like those of the desk, and is carried out like them::

    pending ──▶ attempting ──▶ done
       ▲            │ no clear answer, or the process died        tickets were sold:
       │            ▼                                                  refused
       │         unknown ──▶ the event is read ──▶ gone: done             │
       │            ▲            │ it is there                            │ another number
       └────────────┼────────────┘ … and the settle time has passed       ▼ is sold: tried again
                    └ not readable, or too soon: stays unknown until the next pass

The event is read before each try. An error while it is read means "don't know yet", never "gone".
That a removal was refused is committed only after the change that reports it: a process that ends
in between tries again, and is refused again, rather than forget to report it.

A ticket type that is not there is done only if it was there once. A name that was never seen is
misspelt, or of something that is yet to come: it waits, and that is warned of once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from ...client.flow import Flow, do, now
from ...errors import ApiError, OutcomeUnknownError
from ..detection.troubles import of_all
from ..ledger import Fence, Ledger
from ..model.cases import Act, Intent, IntentState
from ..model.changes import Change
from ..model.facts import EventFacts, TypeFacts, ambiguous, derived
from ..model.kinds.ticket_types import REMOVAL_FAILED
from ..model.policies import DeliveryPolicy
from ..ports import BoxOffice, Ignored, NotThere, Refused
from .tries import IN_DOUBT, Tries, is_ahead

_SELDOM = timedelta(hours=1)
"""How long a removal waits for what was never seen before the box office is asked again, as long as
nothing that was seen meanwhile looks like it."""


class Scheduled(Protocol):
    """A removal as the configuration has it; ``name`` is how the ledger knows it."""

    @property
    def name(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def ticket_type(self) -> str: ...
    @property
    def after(self) -> datetime: ...


@attrs.frozen
class RemovalsDone:
    """What came of the removals that were due.

    Args:
        changes: the refusals, for the pass to decide about.
        refused: the intents that were refused, and why: to be marked so once that is committed.
        trouble: the first error that kept a removal from being tried.
        warnings: what newly waits for something that was never seen, in words.
        ignored: the removals that have no effect, in words; None if that is not known.
        read: the events as they were read for it, by id, without what was removed. It is later than
            what the pass has observed, so the pass decides by it.
    """

    changes: tuple[Change, ...] = ()
    refused: tuple[tuple[Intent, str], ...] = ()
    trouble: ApiError | None = None
    warnings: tuple[str, ...] = ()
    ignored: tuple[str, ...] | None = None
    read: Mapping[str, EventFacts] = attrs.field(factory=dict)


def remove_due(
    box_office: BoxOffice,
    ledger: Ledger,
    fence: Fence,
    scheduled: Sequence[Scheduled],
    snapshot: Mapping[str, EventFacts],
    ends: float,
    policy: DeliveryPolicy | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Flow[RemovalsDone]:
    """Carry out the removals whose time has come. A removal that fails does not stop the others.

    Args:
        box_office: where the ticket types are.
        ledger: where each try is committed.
        fence: the lease under which it is.
        scheduled: the removals, due or not.
        snapshot: the events as they were last seen, by id.
        ends: the tick after which nothing more is begun.
        policy: how patient delivery is.
        stopping: whether the process was asked to leave: no further removal is begun.
    """
    moment = yield from now()
    due = {removal.name: removal for removal in scheduled if removal.after <= moment}
    if not due:
        return RemovalsDone(ignored=())
    known = yield from do("removals", lambda: ledger.removals(fence.box_office))
    new = [_intent(removal) for name, removal in due.items() if name not in known]
    if new:
        known = yield from do("schedule", lambda: ledger.schedule(fence, new, moment))
    remover = _Remover(box_office, ledger, fence, ends, policy or DeliveryPolicy())
    trouble: ApiError | None = None
    for name, removal in due.items():
        if stopping():
            break
        if known[name].state is IntentState.DONE:
            continue
        try:
            yield from remover.remove(removal, known[name], snapshot)
        except ApiError as error:
            trouble = trouble or error
    return RemovalsDone(
        tuple(remover.changes),
        tuple(remover.refused),
        trouble,
        tuple(remover.warnings),
        tuple(remover.ignored) if remover.ignored or trouble is None else None,
        remover.read,
    )


def mark_refused(ledger: Ledger, fence: Fence, removals: RemovalsDone) -> Flow[None]:
    """Mark the removals that were refused, once the changes that report it are committed."""
    moment = yield from now()
    for intent, why in removals.refused:
        yield from do(
            "refused",
            lambda: ledger.settle(fence, intent, IntentState.REFUSED, moment, error=why),  # noqa: B023
        )


def waits_for(intent: Intent) -> str | None:
    """What a removal waits for that was never seen, in words; None if it does not."""
    waiting = intent.state is IntentState.PENDING and intent.retry_at is not None
    return intent.error if waiting else None


def _intent(removal: Scheduled) -> Intent:
    return Intent(
        case=removal.name,
        position=1,
        act=Act.REMOVE,
        payload={"event": removal.event, "ticket_type": removal.ticket_type},
    )


class _Remover(Tries):
    """Carries out removals."""

    def __init__(
        self,
        box_office: BoxOffice,
        ledger: Ledger,
        fence: Fence,
        ends: float,
        policy: DeliveryPolicy,
    ) -> None:
        super().__init__(ledger, fence, box_office.name, ends, policy)
        self._box_office = box_office
        self._ledger = ledger
        self.changes: list[Change] = []
        self.refused: list[tuple[Intent, str]] = []
        self.warnings: list[str] = []
        self.ignored: list[str] = []
        self.read: dict[str, EventFacts] = {}

    def remove(
        self, removal: Scheduled, intent: Intent, snapshot: Mapping[str, EventFacts]
    ) -> Flow[None]:
        """Carry out a removal, or leave it for a later pass.

        Raises:
            ApiError: the box office failed.
        """
        moment = yield from self._now()
        if _is_ignored(intent) and is_ahead(intent.retry_at, moment, _SELDOM):
            self.ignored.append(_about(removal, intent.error or ""))
            return
        if _is_waited_for(removal, intent, snapshot, moment):
            return
        try:
            event = yield from self._read(removal)
        except ApiError as error:
            yield from self._unreadable(removal, intent, error)
            return
        if isinstance(event, NotThere):
            yield from self._wait(removal, intent, "there is no such event")
            return
        self.read[event.id] = event
        called = event.types_called(removal.ticket_type)
        if not called:
            yield from self._absent(removal, intent, event, snapshot)
            return
        if len(called) > 1:
            yield from self._wait(removal, intent, ambiguous(called))
            return
        ticket_type = called[0]
        if intent.state in IN_DOUBT and not (yield from self._may_repeat(intent, moment)):
            return
        refused = intent.state is IntentState.REFUSED
        if refused and intent.sent.get("sold") == ticket_type.sold:
            return  # nothing has changed, so neither would the answer
        yield from self._attempt(removal, intent, event, ticket_type)

    def _attempt(
        self, removal: Scheduled, intent: Intent, event: EventFacts, ticket_type: TypeFacts
    ) -> Flow[None]:
        left = yield from self._left_for_a_try()
        moment = yield from self._now()
        sent = {"sold": ticket_type.sold}
        intent = yield from do(
            "attempting", lambda: self._ledger.attempting(self._fence, intent, sent, moment)
        )
        try:
            box_office = self._box_office.within(left, tries=1)
            answer = yield from box_office.remove(event.id, ticket_type.id)
        except OutcomeUnknownError as error:
            yield from self._unclear(removal, intent, error)
            return
        except ApiError as error:
            yield from self._put_back(intent, error)
            raise
        if isinstance(answer, Ignored):
            yield from self._wait(removal, intent, f"{_NO_EFFECT}{answer.why}")
            self.ignored.append(_about(removal, f"{_NO_EFFECT}{answer.why}"))
            return
        if isinstance(answer, Refused):
            change = Change(
                kind=REMOVAL_FAILED,
                box_office=self._fence.box_office,
                event=event,
                ticket_type=ticket_type,
                observed_at=moment,
                detail=answer.why,
            )
            self.changes.append(change)
            self.refused.append((intent, answer.why))
            return
        self.read[event.id] = _without(event, ticket_type)
        yield from self._mark(intent, IntentState.DONE)

    def _unclear(
        self, removal: Scheduled, intent: Intent, error: OutcomeUnknownError
    ) -> Flow[None]:
        """No clear answer: commit that, then read the event at once. Reading needs no wait."""
        intent = yield from self._leave_unknown(intent, error.message)
        try:
            event = yield from self._read(removal)
        except ApiError as problem:
            yield from self._unreadable(removal, intent, problem)
            return
        if isinstance(event, NotThere):
            return
        self.read[event.id] = event
        if event.ticket_type(removal.ticket_type) is None:
            yield from self._mark(intent, IntentState.DONE)

    def _read(self, removal: Scheduled) -> Flow[EventFacts | NotThere]:
        left = yield from self._left()
        event = yield from self._box_office.within(left).event(removal.event)
        at = yield from now()
        return event if isinstance(event, NotThere) else derived(event, at)

    def _unreadable(self, removal: Scheduled, intent: Intent, error: ApiError) -> Flow[None]:
        """The event could not be read. If that is about this event alone, its removal waits, and
        that is warned of once.

        Raises:
            ApiError: it is about all of them.
        """
        if of_all(error):
            raise error
        why = f"the event cannot be read: {error.message}"
        if intent.error != why:
            self.warnings.append(f"{_about(removal)} waits: {why}")
            yield from self._mark(intent, intent.state, error=why)

    def _absent(
        self,
        removal: Scheduled,
        intent: Intent,
        event: EventFacts,
        snapshot: Mapping[str, EventFacts],
    ) -> Flow[None]:
        """The ticket type is not there: it is done, or its name was never seen."""
        if (yield from self._was_there(removal, intent, event, snapshot)):
            yield from self._mark(intent, IntentState.DONE, error="it is not there")
            return
        names = ", ".join(shown.name for shown in event.ticket_types or ()) or "none"
        yield from self._wait(removal, intent, f"there is no such ticket type; it has: {names}")

    def _wait(self, removal: Scheduled, intent: Intent, why: str) -> Flow[None]:
        """Leave a removal as it is for a while; that it waits is warned of once."""
        moment = yield from self._now()
        doubtful = intent.state in IN_DOUBT and not why.startswith(_NO_EFFECT)
        state = intent.state if doubtful else IntentState.PENDING
        if intent.error != why:
            self.warnings.append(f"{_about(removal)} waits: {why}")
        yield from self._mark(intent, state, error=why, retry_at=moment + _SELDOM)

    def _was_there(
        self,
        removal: Scheduled,
        intent: Intent,
        event: EventFacts,
        snapshot: Mapping[str, EventFacts],
    ) -> Flow[bool]:
        """Whether a ticket type that is not there was there before: by our own tries, by what was
        last seen, or by the log of what has changed."""
        if intent.tries:
            return True
        known = snapshot.get(event.id)
        last = None if known is None else known.ticket_type(removal.ticket_type)
        if last is not None:
            # What is there under another name was not removed.
            return event.ticket_type(last.id) is None
        removed = yield from do(
            "log",
            lambda: self._ledger.log(
                box_office=self._fence.box_office, event=event.id, kinds=("ticket_type.removed",)
            ),
        )
        gone = (logged.change.ticket_type for logged in removed)
        return any(
            ticket_type is not None and removal.ticket_type in {ticket_type.id, ticket_type.name}
            for ticket_type in gone
        )


def _without(event: EventFacts, ticket_type: TypeFacts) -> EventFacts:
    """An event without a ticket type that was removed."""
    kept = tuple(known for known in event.ticket_types or () if known.id != ticket_type.id)
    return attrs.evolve(event, ticket_types=kept)


_NO_EFFECT = "it has no effect: "
"""How the reason begins for which a removal waits that the box office does not understand."""


def _is_ignored(intent: Intent) -> bool:
    return intent.state is IntentState.PENDING and (intent.error or "").startswith(_NO_EFFECT)


def _about(removal: Scheduled, why: str = "") -> str:
    """A removal in words, and why it is spoken of."""
    said = f"the removal of {removal.ticket_type!r} from {removal.event!r}"
    return f"{said}: {why}" if why else said


def _is_waited_for(
    removal: Scheduled, intent: Intent, snapshot: Mapping[str, EventFacts], moment: datetime
) -> bool:
    """Whether the box office was asked a short while ago, and nothing that was seen since looks
    like what the removal is about."""
    seen = any(
        removal.event in {event.id, event.slug}
        and not event.vanished
        and (event.ticket_types is None or event.ticket_type(removal.ticket_type) is not None)
        for event in snapshot.values()
    )
    return not seen and is_ahead(intent.retry_at, moment, _SELDOM)

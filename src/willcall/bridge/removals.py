"""Scheduled removals: a ticket type that is to go once its time has come. A flow.

Removing is a write that is not idempotent, so each try is written down before it is sent, and the
event is looked at before each: what is gone is done, and nothing is sent twice. That one was
refused is written down only after the change that tells of it: a process that ends in between tries
again, and is refused again, rather than forget to tell.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import attrs

from ..client.flow import Flow, do, now
from ..errors import ApiError, NotFoundError, OutcomeUnknownError, SoldTicketsError
from ..ticketsmart.api import FlowTicketSmart
from .cases import RemovalState, RemovalTry
from .changes import Change
from .facts import event_facts, type_facts

if TYPE_CHECKING:
    from .ledger import Fence, Ledger

_SETTLE = timedelta(seconds=30)


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
class Removed:
    """What came of the removals that were due: ``changes`` for the pass to decide about, ``notes``
    to write down once it has, and the first error that kept one from being tried."""

    changes: tuple[Change, ...] = ()
    notes: tuple[tuple[str, RemovalTry], ...] = ()
    trouble: ApiError | None = None


def remove_due(
    api: FlowTicketSmart, ledger: Ledger, fence: Fence, scheduled: tuple[Scheduled, ...]
) -> Flow[Removed]:
    """Do the removals whose time has come. One that fails does not stop the others."""
    moment = yield from now()
    due = [one for one in scheduled if one.after <= moment]
    if not due:
        return Removed()
    known = yield from do("removals", lambda: ledger.removals(fence.box_office))
    changes: list[Change] = []
    notes: list[tuple[str, RemovalTry]] = []
    trouble: ApiError | None = None
    for one in due:
        tried = known.get(one.name, RemovalTry())
        if tried.state is RemovalState.DONE:
            continue
        try:
            refused = yield from _remove(api, ledger, fence, one, tried)
        except ApiError as error:
            trouble = trouble or error
            continue
        if refused is not None:
            change, note = refused
            changes.append(change)
            notes.append((one.name, note))
    return Removed(tuple(changes), tuple(notes), trouble)


def _remove(
    api: FlowTicketSmart, ledger: Ledger, fence: Fence, one: Scheduled, tried: RemovalTry
) -> Flow[tuple[Change, RemovalTry] | None]:
    """Try a removal; the change and the note if it was refused."""
    moment = yield from now()

    def note(new: RemovalTry, at: datetime = moment) -> Flow[None]:
        return do(f"removal {new.state}", lambda: ledger.note_removal(fence, one.name, new, at))

    try:
        event = event_facts((yield from api.events.get(one.event)), moment)
        if event.ticket_types is None:
            types = yield from api.events.ticket_types(one.event)
            event = attrs.evolve(event, ticket_types=tuple(map(type_facts, types)))
    except NotFoundError as error:
        gone = RemovalTry(state=RemovalState.WAITING, said=error.message)
        if gone != tried:
            yield from note(gone)
        return None
    ticket_type = event.ticket_type(one.ticket_type)
    if ticket_type is None:
        yield from note(RemovalTry(state=RemovalState.DONE, said="it is not there"))
        return None
    sent = tried.state is RemovalState.ATTEMPTING
    if sent and tried.attempted_at is not None and moment < tried.attempted_at + _SETTLE:
        return None  # it may still be on its way
    if tried.state is RemovalState.REFUSED and tried.sold == ticket_type.sold_count:
        return None  # nothing has changed, so neither would the answer
    yield from note(RemovalTry(state=RemovalState.ATTEMPTING, attempted_at=moment))
    try:
        yield from api.with_options(tries=1).events.remove_ticket_type(event.id, ticket_type.id)
    except SoldTicketsError as error:
        change = Change(
            kind="ticket_type.removal_failed",
            box_office=fence.box_office,
            event=event,
            ticket_type=ticket_type,
            observed_at=moment,
            detail=error.message,
        )
        return change, RemovalTry(
            state=RemovalState.REFUSED, sold=ticket_type.sold_count, said=error.message
        )
    except OutcomeUnknownError:
        return None  # the next run looks whether it is gone
    yield from note(RemovalTry(state=RemovalState.DONE), (yield from now()))
    return None

"""Scheduled removals: a ticket type that is to go once its time has come. A flow.

Removing is a write that is not idempotent, so each try is written down before it is sent, and the
event is looked at before each: what is gone is done, and nothing is sent twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from ..client.flow import Flow, do, now
from ..errors import NotFoundError, OutcomeUnknownError, SoldTicketsError
from ..ticketsmart.api import FlowTicketSmart
from .cases import RemovalState, RemovalTry
from .changes import Change
from .facts import event_facts

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


def remove_due(
    api: FlowTicketSmart, ledger: Ledger, fence: Fence, scheduled: tuple[Scheduled, ...]
) -> Flow[tuple[Change, ...]]:
    """Do the removals whose time has come; the changes that follow from them.

    Raises:
        ApiError: the event could not be looked at, or the removal failed for another reason.
    """
    moment = yield from now()
    due = [one for one in scheduled if one.after <= moment]
    if not due:
        return ()
    known = yield from do("removals", lambda: ledger.removals(fence.box_office))
    changes: list[Change] = []
    for one in due:
        tried = known.get(one.name, RemovalTry())
        if tried.state is not RemovalState.DONE:
            changes += yield from _remove(api, ledger, fence, one, tried)
    return tuple(changes)


def _remove(
    api: FlowTicketSmart, ledger: Ledger, fence: Fence, one: Scheduled, tried: RemovalTry
) -> Flow[list[Change]]:
    moment = yield from now()

    def note(new: RemovalTry, at: datetime = moment) -> Flow[None]:
        return do(f"removal {new.state}", lambda: ledger.note_removal(fence, one.name, new, at))

    try:
        event = event_facts((yield from api.events.get(one.event)), moment)
    except NotFoundError as error:
        yield from note(RemovalTry(state=RemovalState.WAITING, said=error.message))
        return []
    ticket_type = event.ticket_type(one.ticket_type)
    if ticket_type is None:
        yield from note(RemovalTry(state=RemovalState.DONE, said="it is not there"))
        return []
    sent = tried.state is RemovalState.ATTEMPTING
    if sent and tried.attempted_at is not None and moment < tried.attempted_at + _SETTLE:
        return []  # it may still be on its way
    if tried.state is RemovalState.REFUSED and tried.sold == ticket_type.sold_count:
        return []  # nothing has changed, so neither would the answer
    yield from note(RemovalTry(state=RemovalState.ATTEMPTING, attempted_at=moment))
    try:
        yield from api.with_options(tries=1).events.remove_ticket_type(event.id, ticket_type.id)
    except SoldTicketsError as error:
        refused = RemovalTry(
            state=RemovalState.REFUSED, sold=ticket_type.sold_count, said=error.message
        )
        yield from note(refused, (yield from now()))
        return [
            Change(
                kind="ticket_type.removal_failed",
                box_office=fence.box_office,
                event=event,
                ticket_type=ticket_type,
                observed_at=moment,
                detail=error.message,
            )
        ]
    except OutcomeUnknownError:
        return []  # the next run looks whether it is gone
    yield from note(RemovalTry(state=RemovalState.DONE), (yield from now()))
    return []

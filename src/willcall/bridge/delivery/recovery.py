"""Reading a lost ledger back, and noticing that one was lost. A flow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from ...client.flow import Flow, do, now
from ...client.observe import log
from ...errors import ApiError, LedgerError, NotFoundError
from ..alerting.decide import decide
from ..ledger import Fence
from ..model.facts import EventFacts, derived
from ..model.observation import Observation
from ..ports import Desk, Standing, TicketState
from .identity import belongs, find_marked, is_ours
from .job import Job
from .lookup import eldest
from .rebuild import Origin, RecoveredTicket, origins, over, rebuilt

_SAID = re.compile(r"^Reference: (wc-[0-9a-z]{8})-(\d{1,6})$", re.MULTILINE)


def marked(
    job: Job, desk: Desk, events: tuple[EventFacts, ...]
) -> Flow[list[tuple[Origin, list[Standing]]]]:
    """What our markers at the desk were derived from, and the tickets that carry each.

    Raises:
        ApiError: the desk could not be read; that says nothing of what is there.
    """
    addresses = [job.rules.default, job.rules.internal, *(rule.address for rule in job.rules.rules)]
    by_marker = yield from find_marked(desk, addresses, None)
    found = origins(job.name, events, job.rules, by_marker)
    return [(origin, by_marker[marker]) for marker, origin in found.items()]


def refuse_to_guess(job: Job, desk: Desk, observation: Observation) -> Flow[None]:
    """Before a baseline: if the desk holds tickets of ours, the ledger that knew them was lost.

    Raises:
        LedgerError: the desk holds tickets of ours.
        ApiError: the desk could not be read.
    """
    mine = yield from do("cases", job.ledger.cases)
    known = {case.ticket_id for case in mine}
    found = yield from marked(job, desk, observation.events)
    unknown = [
        (origin.marker, ticket)
        for origin, tickets in found
        for ticket in tickets
        if ticket.id not in known
    ]
    for marker, ticket in unknown:
        # One that is ours is enough; the others may be anybody's.
        if (yield from is_ours(desk, job.house, marker, ticket)):
            raise LedgerError(
                f"the ledger knows nothing of {job.name!r}, but {desk.title} holds tickets that "
                f"willcall has opened for it, such as {ticket.id}: `willcall recover` reads them "
                "back; or let [state] url name the ledger that they belong to"
            )


def rebuild(
    job: Job, fence: Fence, desk: Desk, observation: Observation
) -> Flow[list[RecoveredTicket]]:
    """Write the ledger anew from the tickets at the desk; returns these tickets.

    Raises:
        LedgerError: the ledger is not empty.
        ApiError: the desk could not be read.
    """
    state = yield from do("state", lambda: job.ledger.state(job.name))
    if state.snapshot is not None:
        raise LedgerError(
            f"the ledger knows {job.name!r}: there is nothing to recover; "
            "`willcall run` goes on with it"
        )
    seen_at, admits = observation.at, job.rules.admission
    events = tuple([derived(event, seen_at, admits) for event in observation.events])
    found = []
    at = yield from now()
    for origin, tickets in (yield from marked(job, desk, events)):
        recovered = yield from _recovered(job, desk, origin, tickets, at - job.horizon)
        if recovered is not None:
            found.append(recovered)
    first = rebuilt(job.name, events, found, at, job.rules)
    yield from do("recover", lambda: job.ledger.commit(fence, first, at))
    ended = over(found, job.name, at, job.rules)
    if ended:
        state = yield from do("state", lambda: job.ledger.state(job.name))
        second = decide(job.name, state, ended, {}, at, job.rules, partial=True)
        yield from do("commit", lambda: job.ledger.commit(fence, second, at, swept=False))
    return found


def _recovered(
    job: Job, desk: Desk, origin: Origin, tickets: Sequence[Standing], horizon: datetime
) -> Flow[RecoveredTicket | None]:
    """The eldest of the tickets with a marker that is ours; None if none is.

    What was resolved before ``horizon`` is taken for ours unread: nothing is ever done in it.
    """
    first = eldest(tickets)
    for ticket in (first.ticket, *first.duplicates):
        assert ticket is not None  # noqa: S101 - there is one at least
        changed = ticket.updated_at
        if ticket.state is TicketState.RESOLVED and changed is not None and changed < horizon:
            return RecoveredTicket(ticket, origin)
        try:
            said = yield from desk.said(ticket.id)
        except NotFoundError:
            continue
        if not said.complete:
            raise ApiError(
                "the messages kept changing while they were read",
                provider=desk.name,
                hint="run `willcall recover` again",
            )
        if belongs(said, job.house, origin.marker, opened_at=ticket.created_at):
            positions = [int(number) for text in said.texts for _, number in _SAID.findall(text)]
            return RecoveredTicket(ticket, origin, max(positions, default=0))
        log.warning(
            "%s carries the marker %s, and is not ours: it is left alone", ticket.id, origin.marker
        )
    return None

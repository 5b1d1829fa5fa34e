"""Reading a lost ledger back, and noticing that one was lost. A flow."""

from __future__ import annotations

import re

import attrs

from ...client.flow import Flow, do, now
from ...errors import ApiError, LedgerError
from ..alerting.decide import decide
from ..ledger import Fence
from ..model.facts import EventFacts
from ..model.observation import Observation
from ..ports import Desk
from .job import Job
from .lookup import eldest, find_marked
from .rebuild import RecoveredTicket, origins, over, rebuilt

_SAID = re.compile(r"^Reference: (wc-[0-9a-z]{8})-(\d{1,6})$", re.MULTILINE)


def ours(job: Job, desk: Desk, events: tuple[EventFacts, ...]) -> Flow[list[RecoveredTicket]]:
    """The tickets at the desk that willcall has opened for this box office.

    Raises:
        ApiError: the desk could not be read; that says nothing of what is there.
    """
    addresses = [job.rules.default, job.rules.internal, *(rule.address for rule in job.rules.rules)]
    by_marker = yield from find_marked(desk, addresses, None)
    found = origins(job.name, events, job.rules, by_marker)
    tickets = {marker: eldest(by_marker[marker]).ticket for marker in found}
    return [
        RecoveredTicket(ticket, found[marker])
        for marker, ticket in tickets.items()
        if ticket is not None
    ]


def refuse_to_guess(job: Job, desk: Desk, observation: Observation) -> Flow[None]:
    """Before a baseline: if the desk holds tickets of ours, the ledger that knew them was lost.

    Raises:
        LedgerError: the desk holds tickets of ours.
        ApiError: the desk could not be read.
    """
    mine = yield from do("cases", job.ledger.cases)
    known = {case.ticket_id for case in mine}
    found = yield from ours(job, desk, observation.events)
    unknown = [recovered for recovered in found if recovered.ticket.id not in known]
    if unknown:
        raise LedgerError(
            f"the ledger knows nothing of {job.name!r}, but {desk.title} holds "
            f"{len(unknown)} tickets that willcall has opened for it: `willcall recover` reads "
            "them back; or let [state] url name the ledger that they belong to"
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
    tickets = yield from ours(job, desk, observation.events)
    found = []
    for recovered in tickets:
        last_said = (yield from _last_said(desk, recovered)) if recovered.unresolved else 0
        found.append(attrs.evolve(recovered, last_said=last_said))
    at = yield from now()
    first = rebuilt(job.name, observation.events, found, at, job.rules)
    yield from do("recover", lambda: job.ledger.commit(fence, first, at))
    ended = over(found, job.name, at, job.rules)
    if ended:
        state = yield from do("state", lambda: job.ledger.state(job.name))
        second = decide(job.name, state, ended, {}, at, job.rules, partial=True)
        yield from do("commit", lambda: job.ledger.commit(fence, second, at, swept=False))
    return found


def _last_said(desk: Desk, recovered: RecoveredTicket) -> Flow[int]:
    """The highest position among the acts that have said something in a ticket; 0 for none."""
    said = yield from desk.said(recovered.ticket.id)
    if not said.complete:
        raise ApiError(
            "the messages kept changing while they were read",
            provider=desk.name,
            hint="run `willcall recover` again",
        )
    positions = [int(number) for text in said.texts for _, number in _SAID.findall(text)]
    return max(positions, default=0)

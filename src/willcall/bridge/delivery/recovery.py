"""Reading a lost ledger back, and noticing that one was lost. A flow."""

from __future__ import annotations

import re

from ...client.flow import Flow, do, now
from ...errors import LedgerError
from ...ticket0.api import FlowTicket0
from ...ticket0.models import Direction, Ticket
from ..alerting.decide import decide
from ..ledger import Fence
from ..model.facts import EventFacts
from ..model.observation import Observation
from .job import Job
from .lookup import eldest, marked
from .rebuild import RecoveredTicket, origins, over, rebuilt

_SAID = re.compile(r"^Reference: (wc-[0-9a-z]{8})-(\d{1,6})$", re.MULTILINE)


def ours(job: Job, api: FlowTicket0, events: tuple[EventFacts, ...]) -> Flow[list[RecoveredTicket]]:
    """The tickets at the desk that willcall has opened for this box office.

    Raises:
        ApiError: the desk could not be read; that says nothing of what is there.
    """
    inboxes = {rule.address.options["inbox_id"] for rule in job.rules.rules}
    inboxes.add(job.rules.default.options["inbox_id"])
    by_marker: dict[str, Ticket] = {}
    for inbox in sorted(inboxes):
        for marker, tickets in (yield from marked(api, inbox, None)).items():
            first = eldest(tickets).ticket
            if first is not None:
                by_marker.setdefault(marker, first)
    found = origins(job.box_office, events, job.rules, by_marker)
    return [RecoveredTicket(by_marker[marker], origin) for marker, origin in found.items()]


def refuse_to_guess(job: Job, api: FlowTicket0, observation: Observation) -> Flow[None]:
    """Before a baseline: a desk that holds tickets of ours belongs to a ledger that was lost.

    Raises:
        LedgerError: so it is.
        ApiError: the desk could not be read.
    """
    mine = yield from do("cases", job.ledger.cases)
    known = {case.ticket_id for case in mine}
    found = yield from ours(job, api, observation.events)
    found = [one for one in found if one.ticket.id not in known]
    if found:
        raise LedgerError(
            f"the ledger knows nothing of {job.box_office!r}, but Ticket0 holds {len(found)} "
            "tickets that willcall has opened for it: `willcall recover` reads them back; or let "
            "[state] url name the ledger that they belong to"
        )


def rebuild(
    job: Job, fence: Fence, api: FlowTicket0, observation: Observation
) -> Flow[list[RecoveredTicket]]:
    """Write the ledger anew from what the desk holds; the tickets it was read from.

    Raises:
        LedgerError: the ledger is not empty.
        ApiError: the desk could not be read.
    """
    state = yield from do("state", lambda: job.ledger.state(job.box_office))
    if state.snapshot is not None:
        raise LedgerError(
            f"the ledger knows {job.box_office!r}: there is nothing to recover; "
            "`willcall run` goes on with it"
        )
    tickets = yield from ours(job, api, observation.events)
    found = []
    for one in tickets:
        said = (yield from _last_said(api, one)) if one.standing else 0
        found.append(RecoveredTicket(one.ticket, one.origin, said))
    at = yield from now()
    first = rebuilt(job.box_office, observation.events, found, at, job.rules)
    yield from do("recover", lambda: job.ledger.commit(fence, first, at))
    ended = over(found, job.box_office, at, job.rules)
    if ended:
        state = yield from do("state", lambda: job.ledger.state(job.box_office))
        second = decide(job.box_office, state, ended, {}, at, job.rules, blind=True)
        yield from do("commit", lambda: job.ledger.commit(fence, second, at, swept=False))
    return found


def _last_said(api: FlowTicket0, one: RecoveredTicket) -> Flow[int]:
    messages = yield from api.messages.list(one.ticket.id).all()
    said = [
        int(number)
        for message in messages
        if message.direction != Direction.INBOUND
        for _, number in _SAID.findall(message.body_text)
    ]
    return max(said, default=0)

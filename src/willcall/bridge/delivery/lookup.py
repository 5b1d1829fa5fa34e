"""Whether an act is carried out already: what is asked before anything is repeated. A flow.

A ticket is found by the marker in its subject, a message or note by the marker in its text, and
what changes a ticket by the ticket itself. An error means "don't know yet", never "not there".
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import attrs

from ...client.flow import Flow
from ...errors import ApiError
from ..model.address import Address
from ..model.cases import Act, Case, Intent
from ..model.house import House
from ..model.markers import marks
from ..ports import Desk, Standing, TicketState
from .identity import Marked, find_ours


@attrs.frozen
class LookupResult:
    """What a lookup found.

    Args:
        there: whether the act is already carried out.
        ticket: its ticket, if there is one.
        duplicates: further tickets with the same marker, each younger than ``ticket``.
    """

    there: bool
    ticket: Standing | None = None
    duplicates: tuple[Standing, ...] = ()


def look_up(
    desk: Desk, case: Case, intent: Intent, address: Address, house: House | None = None
) -> Flow[LookupResult]:
    """Whether an act is already carried out.

    Args:
        desk: the desk.
        case: whose act it is.
        intent: the act.
        address: where its ticket would be.
        house: whose tickets are ours.

    Raises:
        ApiError: it could not be found out.
    """
    if intent.act is Act.OPEN:
        since = intent.first_tried_at
        found = yield from find_ours(desk, house or House(), [case.marker], [address], since)
        return sure(found, case.marker, desk)
    ticket_id = ticket_of(case, intent)
    if intent.act in {Act.MESSAGE, Act.NOTE}:
        said = yield from desk.said(ticket_id)
        there = any(marks(text, intent.marker) for text in said.texts)
        if not there and not said.complete:
            raise incomplete(desk)
        return LookupResult(there)
    ticket = yield from desk.standing(ticket_id)
    if intent.act is Act.TAG:
        return LookupResult(missing(intent, ticket) == ([], None), ticket)
    if intent.act is Act.RESOLVE:
        return LookupResult(ticket.state in {TicketState.RESOLVED, TicketState.CLOSED}, ticket)
    return LookupResult(ticket.state.takes_more, ticket)


def incomplete(desk: Desk) -> ApiError:
    """The messages of a ticket could not be read for certain."""
    return ApiError(
        "the messages kept changing while they were read",
        provider=desk.name,
        hint="the next run reads them again",
    )


def sure(found: Marked, marker: str, desk: Desk) -> LookupResult:
    """The eldest ticket of ours with a marker.

    Raises:
        ApiError: none is ours, and one that is listed could not be read: it may be.
    """
    if marker in found.unread and marker not in found.ours:
        raise unread(desk)
    return eldest(found.ours.get(marker, ()))


def unread(desk: Desk) -> ApiError:
    """A ticket with the marker is listed, and the desk says that it is not there."""
    return ApiError(
        "a ticket with this marker is listed, but reading it is answered with 404",
        provider=desk.name,
        hint="the next run reads it again",
    )


def eldest(tickets: Sequence[Standing]) -> LookupResult:
    """The oldest of several tickets with the same marker; a ticket that was committed late is
    younger. A ticket without a date counts as younger than those that have one."""
    if not tickets:
        return LookupResult(there=False)
    undated = [ticket for ticket in tickets if ticket.created_at is None]
    dated = sorted(
        (ticket for ticket in tickets if ticket.created_at is not None),
        key=lambda t: (t.created_at, t.id),
    )
    first, *duplicates = [*dated, *undated]
    return LookupResult(there=True, ticket=first, duplicates=tuple(duplicates))


def missing(intent: Intent, ticket: Standing) -> tuple[list[str], str | None]:
    """The tags that a ticket lacks, and the assignee. What people gave it is theirs: their tags
    stay, and so does whoever has it."""
    tags = [tag for tag in intent.payload["tags"] if tag not in ticket.tags]
    assignee = intent.payload.get("assignee_id") if ticket.assignee_id is None else None
    return tags, assignee


def snapshot_of(ticket: Standing) -> dict[str, str]:
    """What a ticket looked like before a try: see :func:`taken_over`."""
    dressed = json.dumps([sorted(ticket.tags), ticket.assignee_id])
    return {"seen": ticket.stamp, "status": ticket.status, "dressed": dressed}


def taken_over(intent: Intent, ticket: Standing) -> bool:
    """Whether a person may have undone a try without a clear answer: then it is theirs.

    The desk itself changes tickets, too. A change is its own if the ticket has other tags or
    another assignee now, or a status that it gives by itself.
    """
    if intent.act not in {Act.RESOLVE, Act.REOPEN}:
        return False
    sent = intent.sent
    if "seen" not in sent or not ticket.stamp or sent["seen"] == ticket.stamp:
        return False
    by_itself = ticket.state is TicketState.PENDING or sent.get("status") == "processing"
    return not by_itself and sent.get("dressed") == snapshot_of(ticket)["dressed"]


def ticket_of(case: Case, intent: Intent) -> str:
    """The ticket that an act is about: the case's own, or a duplicate of it."""
    ticket_id = intent.payload.get("ticket_id") or case.ticket_id
    if ticket_id is None:
        raise AssertionError(f"{case.marker}: an act was tried before its ticket was opened")
    return str(ticket_id)

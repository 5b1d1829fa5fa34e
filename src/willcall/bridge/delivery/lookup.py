"""Whether an act is carried out already: looking before anything is repeated. A flow.

A ticket is found by the marker in its subject, a message or note by the one in its text, what a
PATCH does by the ticket itself. An error while looking is "don't know yet", never "not there", and
so is a list that would not hold still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from ...client.flow import Flow
from ...errors import ApiError
from ...ticket0.api import FlowTicket0
from ...ticket0.models import Direction, Ticket, TicketStatus
from ..model.cases import Act, Case, Intent
from ..model.markers import marks, read_subject

CLOCKS = timedelta(days=1)
"""How far Ticket0's clock and ours may be apart before a look could stop too early."""

_PROOF = 20
"""So many tickets in the order of their creation are no accident."""


@attrs.frozen
class Seen:
    """What a look found: whether the act is already carried out, and the ticket, where one is.

    ``twins`` are further tickets with the same marker, each younger than ``ticket``.
    """

    there: bool
    ticket: Ticket | None = None
    twins: tuple[Ticket, ...] = ()


def look(api: FlowTicket0, case: Case, intent: Intent, inbox_id: str) -> Flow[Seen]:
    """Whether an act is already carried out.

    Args:
        api: the desk.
        case: whose act it is.
        intent: the act.
        inbox_id: where its ticket would be.

    Raises:
        ApiError: it could not be found out.
    """
    if intent.act is Act.OPEN:
        by_marker = yield from marked(api, inbox_id, intent.first_tried_at)
        return eldest(by_marker.get(case.marker, ()))
    ticket_id = ticket_of(case, intent)
    if intent.act in {Act.MESSAGE, Act.NOTE}:
        messages = yield from api.messages.list(ticket_id).all(certain=True)
        # A customer's answer may quote us, so what came in proves nothing.
        ours = (m for m in messages if m.direction != Direction.INBOUND)
        seen = Seen(any(marks(m.body_text, intent.marker) for m in ours))
        _sure(messages.whole, found=seen.there)
        return seen
    ticket = yield from api.tickets.get(ticket_id)
    if intent.act is Act.TAG:
        return Seen(not missing(intent, ticket), ticket)
    resolved = ticket.status == TicketStatus.RESOLVED
    return Seen(resolved if intent.act is Act.RESOLVE else not resolved, ticket)


def marked(
    api: FlowTicket0, inbox_id: str, since: datetime | None
) -> Flow[Mapping[str, list[Ticket]]]:
    """The tickets of an inbox that carry a marker, by marker.

    Every page is read, and read again until two readings agree: a ticket that somebody touches
    meanwhile may move to a page that was read before, and nothing would show it. Fewer are read
    only where the pages themselves have proved to be in the order of creation, and have gone past
    ``since``.

    Raises:
        ApiError: a page could not be read, or the list would not hold still.
    """
    order = _Order(None if since is None else since - CLOCKS)
    tickets = yield from api.tickets.list(inbox_id=inbox_id).until(order.is_past, certain=True)
    by_marker: dict[str, list[Ticket]] = {}
    for ticket in tickets:
        marker = read_subject(ticket.subject)
        if marker is not None:
            by_marker.setdefault(marker, []).append(ticket)
    _sure(tickets.whole, found=False)
    return by_marker


class _Order:
    """Watches tickets go by: are they in the order of creation, newest first, and past a moment?"""

    def __init__(self, since: datetime | None) -> None:
        self._since = since
        self._last: datetime | None = None
        self._count = 0
        self._broken = since is None

    def is_past(self, ticket: Ticket) -> bool:
        """Whether nothing that comes after this ticket can be younger than the moment."""
        at = ticket.created_at
        if at is None or (self._last is not None and at > self._last):
            self._broken = True
        self._last = at
        self._count += 1
        past = at is not None and self._since is not None and at < self._since
        return past and not self._broken and self._count >= _PROOF


def _sure(whole: bool | None, *, found: bool) -> None:
    """A list that would not hold still says nothing of what was not found in it."""
    if not found and whole is False:
        raise ApiError(
            "the list kept changing while it was read",
            provider="ticket0",
            hint="the next run looks again",
        )


def eldest(tickets: Sequence[Ticket]) -> Seen:
    """Of several with one marker the oldest counts: one that was committed late is younger."""
    if not tickets:
        return Seen(there=False)
    undated = [ticket for ticket in tickets if ticket.created_at is None]
    dated = sorted(
        (ticket for ticket in tickets if ticket.created_at is not None),
        key=lambda t: (t.created_at, t.id),
    )
    first, *twins = [*dated, *undated]
    return Seen(there=True, ticket=first, twins=tuple(twins))


def missing(intent: Intent, ticket: Ticket) -> dict[str, Any]:
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


def taken_over(intent: Intent, ticket: Ticket) -> bool:
    """Whether a person has changed since what an act would write: then it is theirs.

    Last written, current, desired: a ticket that we opened or reopened stands at *open*. One that
    is resolved because a condition is over stands there still, or somebody has put it elsewhere.
    After a try without a clear answer any trace of somebody else counts: was it our own change that
    they undid?
    """
    if intent.act is Act.RESOLVE and ticket.status != TicketStatus.OPEN:
        return True
    if intent.act not in {Act.RESOLVE, Act.REOPEN}:
        return False
    seen = intent.sent.get("seen")
    return seen is not None and ticket.updated_at is not None and seen != stamp(ticket)


def stamp(ticket: Ticket) -> str:
    """When a ticket was last changed, as text; empty where it is not told."""
    return "" if ticket.updated_at is None else ticket.updated_at.isoformat()


def ticket_of(case: Case, intent: Intent) -> str:
    """The ticket that an act is about: the case's own, or its twin."""
    twin = intent.payload.get("ticket_id")
    ticket_id = twin or case.ticket_id
    if ticket_id is None:
        raise AssertionError(f"{case.marker}: an act was tried before its ticket was opened")
    return str(ticket_id)

"""Ticket0's tickets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ..client.endpoint import Collection, F, endpoint, listing
from ..client.op import UNSET, Once, Op, Page, Unset, in_range, segment, text, words
from ..errors import InputError
from .marker import marked
from .models import Ticket, TicketStatus
from .wire import TicketCodec, wire_of


class Tickets(Collection[F]):
    """The support tickets of the workspace."""

    @cached_property
    def _wire(self) -> TicketCodec:
        """How its answers are read."""
        return wire_of(self._session.account.wire)

    @listing
    def list(
        self,
        *,
        status: TicketStatus | str | None = None,
        assignee_id: str | None = None,
        inbox_id: str | None = None,
        tag: str | None = None,
        limit: int = 100,
    ) -> Op[Page[Ticket]]:
        """Tickets, page by page. Their order is not documented.

        Args:
            status: only tickets with this status.
            assignee_id: only tickets of this assignee (2025).
            inbox_id: only tickets of this inbox (2025).
            tag: only tickets with this tag (2025).
            limit: tickets on a page, 1 to 100 (2026; Ticket0's own default is 20).

        Raises:
            InputError: limit out of range.
            ValidationError: Ticket0 refuses a filter.

        Scope: ``tickets:read``. Documented by Ticket0.
        """
        return _tickets_page(
            self._wire,
            {
                "status": status,
                "assigneeId": assignee_id,
                "inboxId": inbox_id,
                "tag": tag,
                "limit": in_range("limit", limit, 100),
            },
        )

    @endpoint
    def create(
        self,
        *,
        subject: str,
        customer_email: str,
        inbox_id: str | None = None,
        body: str,
        once: str | None = None,
        search_first: bool = False,
    ) -> Op[Ticket]:
        """Open a ticket. Tags and external ids cannot be given here: tag it afterwards.

        Args:
            subject: what the support team reads first.
            customer_email: the address of the customer, by which the customer record is linked.
            inbox_id: ``inb_…``. Workspaces of 2026 have no inboxes, and need none (2026); those
                of 2025 require it (2025).
            body: the first text.
            once: a marker of your own, new for each ticket, such as ``"order-4711"``. It is put at
                the end of the subject in brackets, unless it is there already. If the answer is
                lost, the tickets of the inbox, or of the workspace, are searched for it before the
                ticket is opened again: see :func:`willcall.client.once.carry_out`. So a call opens
                at most one ticket. Not covered: two calls with the same marker, unless
                ``search_first``.
            search_first: search for the marker before the first try as well, because a run that
                crashed may have used it. A ticket that is found is returned. This reads every
                one of those tickets, a request per hundred.

        Raises:
            InputError: a field is empty, or the marker is malformed.
            ValidationError: Ticket0 refuses a field, such as the customer's address.
            OutcomeUnknownError: no clear answer; the ticket may exist.

        Scope: ``tickets:write`` (with ``once`` also ``tickets:read``).
        Documented by Ticket0 (2025).
        """
        sent = text("subject", subject) if once is None else marked("subject", subject, once, " ")
        named = UNSET if inbox_id is None else text("inbox_id", inbox_id)
        spec = None
        if once is not None:
            mark = f"[{once}]"
            search = _tickets_page(self._wire, {"inboxId": named, "limit": 100})
            spec = Once(search, lambda ticket: mark in ticket.subject, first=search_first)
        return Op(
            "POST",
            "/tickets",
            self._wire.read_ticket,
            json={
                "subject": sent,
                "customerEmail": text("customer_email", customer_email),
                "inboxId": named,
                "body": text("body", body),
            },
            verify="look for its subject in tickets.list(…) before you open it again",
            route="/tickets",
            once=spec,
        )

    @endpoint
    def get(self, ticket_id: str) -> Op[Ticket]:
        """A ticket.

        Raises:
            NotFoundError: no such ticket in this workspace.

        Scope: ``tickets:read``. Documented by Ticket0 (2025).
        """
        return _read(self._wire, ticket_id)

    @endpoint
    def update(
        self,
        ticket_id: str,
        *,
        status: TicketStatus | str | Unset = UNSET,
        assignee_id: str | Unset | None = UNSET,
        tags: Sequence[str] | Unset = UNSET,
    ) -> Op[Ticket]:
        """Change a ticket. A field that is not given stays as it is.

        Args:
            ticket_id: ``tkt_…``.
            status: its new status.
            assignee_id: its new assignee; None for nobody.
            tags: the whole list of its tags; a tag that is left out is removed.

        Raises:
            InputError: nothing to change was given, or tags is a single word.
            NotFoundError: no such ticket in this workspace.
            OutcomeUnknownError: no clear answer; the change may have been made.

        Scope: ``tickets:write``. Documented by Ticket0 (2025).
        """
        changes = {
            "status": status,
            "assigneeId": assignee_id,
            "tags": tags if isinstance(tags, Unset) else words("tags", tags),
        }
        if all(value is UNSET for value in changes.values()):
            raise InputError("update", "nothing to change", "give status, assignee_id or tags")
        return Op(
            "PATCH",
            f"/tickets/{segment('ticket_id', ticket_id)}",
            self._wire.read_ticket,
            json=changes,
            reread=_read(self._wire, ticket_id),
            verify="get the ticket and see whether it has changed",
            about={"ticket": ticket_id},
            route="/tickets/{ticket_id}",
        )


def _read(wire: TicketCodec, ticket_id: str) -> Op[Ticket]:
    return Op(
        "GET",
        f"/tickets/{segment('ticket_id', ticket_id)}",
        wire.read_ticket,
        about={"ticket": ticket_id},
        route="/tickets/{ticket_id}",
    )


def _tickets_page(wire: TicketCodec, params: Mapping[str, Any]) -> Op[Page[Ticket]]:
    return wire.rows_page("/tickets", "tickets", Ticket, params, "/tickets")

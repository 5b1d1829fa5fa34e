"""Ticket0's endpoints, and all in which its wire differs from another provider's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ..client.codec import Codec, parse_object, parse_rows
from ..client.endpoint import (
    Async,
    AsyncClient,
    Collection,
    F,
    FlowClient,
    InFlow,
    Sync,
    SyncClient,
    endpoint,
    listing,
)
from ..client.engine import UNSET, Op, Problem, Provider, Unset, segment
from ..client.paging import Page
from ..client.quota import Quota
from ..errors import InputError, Reply
from . import inferred
from .models import Message, Ticket, TicketStatus


def _explain(reply: Reply) -> Problem:
    """``{"error": {"code": "UNAUTHORIZED", "message": "…"}}`` (seed)."""
    error = parse_object(reply)["error"]
    return Problem(
        message=str(error["message"]), code=str(error["code"]), details=error.get("details")
    )


PROVIDER = Provider(
    name="ticket0",
    base_url="https://app.ticket0.ai/api/v1",  # seed
    key_prefix="t0_",  # seed
    key_env="TICKET0_API_KEY",
    auth=lambda key: {"authorization": f"Bearer {key}"},  # seed
    explain=_explain,
    quota=Quota(60, 60.0),  # public: per workspace, shared by all its keys
    advice={
        401: "check the key under Settings > API keys; it may be revoked or past its expiry date",
        403: "make a key with tickets:read, tickets:write, messages:read and messages:send",
    },
)

_codec = Codec()


def _bare(reply: Reply, envelope: str) -> dict[str, Any]:
    body = parse_object(reply)
    inner = body.get(envelope)
    return inner if isinstance(inner, dict) else body


def _ticket(reply: Reply) -> Ticket:
    return _codec.structure(_bare(reply, inferred.TICKET_ENVELOPE), Ticket, "ticket")


def _both_shapes(row: Any) -> Any:
    """A message in the older shape, put into the public one; what is there is never replaced."""
    if not isinstance(row, dict):
        return row
    older = {"bodyText": row.get("body"), "fromAddress": row.get("authorEmail")}
    merged = {**{name: value for name, value in older.items() if value is not None}, **row}
    # A message may have only an HTML body; then its text is null.
    return {name: value for name, value in merged.items() if value is not None}


def _message(reply: Reply) -> Message:
    row = _both_shapes(_bare(reply, inferred.MESSAGE_ENVELOPE))
    return _codec.structure(row, Message, "message")


def _page(path: str, name: str, model: Any, params: Mapping[str, Any]) -> Op[Page[Any]]:
    """The call for one page of a list that is turned by cursor (public)."""

    def decode(reply: Reply) -> Page[Any]:
        body = parse_object(reply)
        rows = [_both_shapes(row) for row in parse_rows(body, name)]
        items = _codec.structure(rows, tuple[model, ...], name)
        cursor = body.get("nextCursor")
        following = _page(path, name, model, {**params, "cursor": cursor}) if cursor else None
        return Page(items, following)

    return Op("GET", path, decode, params)


class Tickets(Collection[F]):
    """The support tickets of the workspace."""

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
        """Tickets, page by page; in which order is not documented.

        Args:
            status: only tickets that stand so (seed).
            assignee_id: only tickets that this user has (older).
            inbox_id: only tickets of this inbox (older).
            tag: only tickets with this tag (older).
            limit: how many a page holds, 1 to 100 (public; Ticket0's own default is 20).

        Raises:
            InputError: limit out of range.

        Scope: ``tickets:read``.
        """
        if not 1 <= limit <= 100:
            raise InputError("limit", f"{limit} is out of range", "Ticket0 takes 1 to 100")
        params = {
            "status": status,
            "assigneeId": assignee_id,
            "inboxId": inbox_id,
            "tag": tag,
            "limit": limit,
        }
        return _page("/tickets", "tickets", Ticket, params)

    @endpoint
    def create(self, *, subject: str, customer_email: str, inbox_id: str, body: str) -> Op[Ticket]:
        """Open a ticket. It can carry no tags and no external id yet: tag it afterwards.

        Args:
            subject: what the support team reads first.
            customer_email: whom the ticket concerns; the customer record is linked by it.
            inbox_id: ``inb_…``.
            body: the first text.

        Raises:
            ValidationError: Ticket0 refuses a field, such as the customer's address.
            OutcomeUnknownError: no clear answer; the ticket may be there.

        Scope: ``tickets:write``. Source: older.
        """
        for field, value in (
            ("subject", subject),
            ("customer_email", customer_email),
            ("inbox_id", inbox_id),
        ):
            if not value.strip():
                raise InputError(field, "it is empty", "Ticket0 requires it")
        return Op(
            "POST",
            "/tickets",
            _ticket,
            json={
                "subject": subject,
                "customerEmail": customer_email,
                "inboxId": inbox_id,
                "body": body,
            },
            look="look for its subject in tickets.list(inbox_id=…) before you open it again",
        )

    @endpoint
    def get(self, ticket_id: str) -> Op[Ticket]:
        """One ticket.

        Raises:
            NotFoundError: no such ticket in this workspace.

        Scope: ``tickets:read``. Source: older.
        """
        return Op("GET", f"/tickets/{segment('ticket_id', ticket_id)}", _ticket)

    @endpoint
    def update(
        self,
        ticket_id: str,
        *,
        status: TicketStatus | str | Unset = UNSET,
        assignee_id: str | Unset | None = UNSET,
        tags: Sequence[str] | Unset = UNSET,
    ) -> Op[Ticket]:
        """Change a ticket; what is not given stays as it is.

        Args:
            status: where it is to stand.
            assignee_id: who is to have it; None takes it from whoever has it.
            tags: the whole list of its tags: one that is left out is taken off.

        Raises:
            InputError: nothing to change was given, or tags is a single word.
            NotFoundError: no such ticket in this workspace.

        Scope: ``tickets:write``. Source: older.
        """
        if isinstance(tags, str):
            raise InputError("tags", "it is one word, not a list", f"write tags=[{tags!r}]")
        changes = {"status": status, "assigneeId": assignee_id, "tags": tags}
        if all(value is UNSET for value in changes.values()):
            raise InputError("update", "nothing to change", "give status, assignee_id or tags")
        return Op(
            "PATCH",
            f"/tickets/{segment('ticket_id', ticket_id)}",
            _ticket,
            json=changes,
            look="get the ticket and see whether it has changed",
        )


class Messages(Collection[F]):
    """The conversation of a ticket: e-mails, chat and internal notes."""

    @listing
    def list(self, ticket_id: str) -> Op[Page[Message]]:
        """All messages of a ticket, oldest first.

        Raises:
            NotFoundError: no such ticket in this workspace.

        Scope: ``messages:read``. Source: public (the older revision had pages; both are read).
        """
        path = f"/tickets/{segment('ticket_id', ticket_id)}/messages"
        return _page(path, "messages", Message, {})

    @endpoint
    def send(self, ticket_id: str, *, from_address: str, body_text: str) -> Op[Message]:
        """Send a reply to the ticket's customer by e-mail.

        Args:
            ticket_id: ``tkt_…``.
            from_address: a monitored inbox address of the workspace.
            body_text: plain text.

        Raises:
            OutcomeUnknownError: no clear answer; the message may have been sent.

        Scope: ``messages:send``. Source: public.
        """
        return _post_message(
            ticket_id, {"fromAddress": from_address, "bodyText": body_text}, "body_text", body_text
        )

    @endpoint
    def note(self, ticket_id: str, *, body: str) -> Op[Message]:
        """Add an internal note; the customer never sees it.

        Raises:
            OutcomeUnknownError: no clear answer; the note may be there.

        Scope: ``messages:send``. Source: older.
        """
        return _post_message(ticket_id, {"body": body, "isNote": True}, "body", body)


def _post_message(ticket_id: str, json: Mapping[str, Any], field: str, text: str) -> Op[Message]:
    if not text.strip():
        raise InputError(field, "it is empty", "write something")
    return Op(
        "POST",
        f"/tickets/{segment('ticket_id', ticket_id)}/messages",
        _message,
        json=json,
        look="look for its text in messages.list(…) before you send it again",
    )


class Ticket0(SyncClient):
    __doc__ = f"Ticket0's API, blocking.\n\n{SyncClient.__doc__}"
    provider = PROVIDER

    @cached_property
    def tickets(self) -> Tickets[Sync]:
        """The support tickets of the workspace."""
        return Tickets(self._session)

    @cached_property
    def messages(self) -> Messages[Sync]:
        """The conversations of its tickets."""
        return Messages(self._session)


class AsyncTicket0(AsyncClient):
    __doc__ = f"Ticket0's API, awaited.\n\n{AsyncClient.__doc__}"
    provider = PROVIDER

    @cached_property
    def tickets(self) -> Tickets[Async]:
        """The support tickets of the workspace."""
        return Tickets(self._session)

    @cached_property
    def messages(self) -> Messages[Async]:
        """The conversations of its tickets."""
        return Messages(self._session)


class FlowTicket0(FlowClient):
    """Ticket0's API for use inside flows."""

    provider = PROVIDER

    @cached_property
    def tickets(self) -> Tickets[InFlow]:
        """The support tickets of the workspace."""
        return Tickets(self._session)

    @cached_property
    def messages(self) -> Messages[InFlow]:
        """The conversations of its tickets."""
        return Messages(self._session)

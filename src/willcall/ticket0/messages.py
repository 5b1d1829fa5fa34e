"""Ticket0's messages: replies to the customer and internal notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ..client.endpoint import Collection, F, endpoint, listing
from ..client.op import UNSET, Once, Op, Page, Unset, segment, text, words
from .marker import marked_body
from .models import Direction, Message
from .wire import TicketCodec, wire_of


class Messages(Collection[F]):
    """The messages of a ticket: e-mails, chat and internal notes."""

    @cached_property
    def _wire(self) -> TicketCodec:
        """How its answers are read."""
        return wire_of(self._session.account.wire)

    @listing
    def list(self, ticket_id: str) -> Op[Page[Message]]:
        """All messages of a ticket, oldest first.

        Raises:
            NotFoundError: no such ticket in this workspace.

        Scope: ``messages:read``. Documented by Ticket0 (2026). The documentation of
        2025 has pages; both are read.
        """
        return _messages_page(self._wire, ticket_id)

    @endpoint
    def send(
        self,
        ticket_id: str,
        *,
        from_address: str,
        body_text: str,
        body_html: str | Unset = UNSET,
        cc_addresses: Sequence[str] | Unset = UNSET,
        once: str | None = None,
        search_first: bool = False,
    ) -> Op[Message]:
        """Send a reply to the ticket's customer by e-mail.

        Args:
            ticket_id: ``tkt_…``.
            from_address: a monitored inbox address of the workspace.
            body_text: plain text.
            body_html: the same as HTML (inferred).
            cc_addresses: recipients of a copy (inferred).
            once: a marker of your own, new for each message. It becomes the last line of the text,
                in brackets, unless it is there already. If the answer is lost, the messages of the
                ticket are searched for it before the message is sent again: see
                :func:`willcall.client.once.carry_out`. So a call sends at most one message. Not
                covered: two calls with the same marker, unless ``search_first``.
            search_first: search for the marker before the first try as well, because it may have
                been used before. It costs a request.

        Raises:
            InputError: the text is empty, or the marker is malformed.
            NotFoundError: no such ticket in this workspace.
            ValidationError: Ticket0 refuses a field, such as an address it does not monitor.
            OutcomeUnknownError: no clear answer; the message may have been sent.

        Scope: ``messages:send`` (with ``once`` also ``messages:read``).
        Documented by Ticket0 (2026).
        """
        json = {
            "fromAddress": text("from_address", from_address),
            "bodyText": marked_body("body_text", body_text, once),
            self._wire.names["body_html"]: body_html,
            self._wire.names["cc_addresses"]: (
                UNSET if isinstance(cc_addresses, Unset) else words("cc_addresses", cc_addresses)
            ),
        }
        return _post_message(self._wire, ticket_id, json, once, search_first)

    @endpoint
    def note(
        self, ticket_id: str, *, body: str, once: str | None = None, search_first: bool = False
    ) -> Op[Message]:
        """Add an internal note; the customer never sees it.

        Args:
            ticket_id: ``tkt_…``.
            body: plain text.
            once: a marker of your own, new for each note, as in :meth:`send`.
            search_first: search for the marker before the first try as well.

        Raises:
            InputError: the text is empty, or the marker is malformed.
            NotFoundError: no such ticket in this workspace.
            OutcomeUnknownError: no clear answer; the note may exist.

        Scope: ``messages:send`` (with ``once`` also ``messages:read``).
        Documented by Ticket0 (2025).
        """
        json = {"body": marked_body("body", body, once), "isNote": True}
        return _post_message(self._wire, ticket_id, json, once, search_first)


def _messages_page(wire: TicketCodec, ticket_id: str) -> Op[Page[Message]]:
    path = f"/tickets/{segment('ticket_id', ticket_id)}/messages"
    return wire.rows_page(path, "messages", Message, {}, "/tickets/{ticket_id}/messages")


def _post_message(
    wire: TicketCodec, ticket_id: str, json: Mapping[str, Any], once: str | None, search_first: bool
) -> Op[Message]:
    spec = None
    if once is not None:
        mark = f"[{once}]"

        def match(message: Message) -> bool:
            # A customer who answers quotes what was sent to them, marker and all.
            return message.direction != Direction.INBOUND and (
                mark in message.body_text or mark in (message.body_html or "")
            )

        spec = Once(_messages_page(wire, ticket_id), match, first=search_first)
    return Op(
        "POST",
        f"/tickets/{segment('ticket_id', ticket_id)}/messages",
        wire.read_message,
        json=json,
        verify="look for its text in messages.list(…) before you send it again",
        about={"ticket": ticket_id},
        route="/tickets/{ticket_id}/messages",
        once=spec,
    )

"""Ticket0 as a desk of the bridge: inboxes, pages, tags as whole lists, statuses and directions.

Tickets cannot be searched by subject (2025), and the order of a list is not documented, so
:meth:`Ticket0Desk.tickets` reads an inbox page by page and judges by what it sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Self

import attrs

from ..bridge.model.address import Address
from ..bridge.ports import (
    Author,
    DeskAdapter,
    Incoming,
    Remark,
    Said,
    Setting,
    Spoken,
    Standing,
    TicketState,
)
from ..client.flow import Flow
from ..errors import ApiError, UndecodableReplyError
from .api import PROVIDER, FlowTicket0
from .inspection import inspect
from .models import AuthorType, Direction, Message, Ticket, TicketStatus

_STATES: Mapping[str, TicketState] = {status: TicketState(status.value) for status in TicketStatus}


@attrs.define
class _Observed:
    """What the answers of a workspace have shown of it."""

    has_inboxes: bool = False


@attrs.frozen
class Ticket0Desk:
    """A workspace of Ticket0."""

    _api: FlowTicket0
    _observed: _Observed = attrs.field(factory=_Observed)

    name = PROVIDER.name
    title = "Ticket0"

    def within(self, seconds: float, *, tries: int | None = None) -> Self:
        """The same desk, whose calls end after so many seconds and are tried so often."""
        options: dict[str, Any] = {} if tries is None else {"tries": tries}
        api = self._api.with_options(deadline=max(0.001, seconds), **options)
        return type(self)(api, self._observed)

    def open(self, address: Address, subject: str, body: str) -> Flow[Standing]:
        """Open a ticket, in the inbox of an address if that names one."""
        ticket = yield from self._api.tickets.create(
            subject=subject,
            body=body,
            inbox_id=address.options.get("inbox_id"),
            customer_email=address.customer_email,
        )
        return _standing(ticket)

    def tickets(
        self, addresses: Sequence[Address], since: datetime | None
    ) -> Flow[Sequence[Standing]]:
        """Every ticket of the inboxes that was opened since then; of the workspace, if an address
        names no inbox.

        Every page is read, and read again until two readings agree: a ticket that somebody changes
        meanwhile may move to a page that was read before, and nothing would show it. The rest of
        an inbox is left out only if its pages have proved to be in the order of creation and have
        gone past ``since``.

        Raises:
            ApiError: a page could not be read, or the list kept changing.
        """
        found: list[Standing] = []
        inboxes = [address.options.get("inbox_id") for address in addresses]
        for inbox_id in [None] if None in inboxes else sorted({*filter(None, inboxes)}):
            order = CreationOrder(since)
            listing = self._api.tickets.list(inbox_id=inbox_id)
            tickets = yield from listing.until(order.is_past, certain=True)
            if tickets.unreadable:
                raise UndecodableReplyError(
                    f"a ticket of the list could not be read: {tickets.unreadable[0]}",
                    provider=PROVIDER.name,
                )
            if tickets.whole is False:
                raise ApiError(
                    "the list kept changing while it was read",
                    provider=PROVIDER.name,
                    hint="the next run reads it again",
                )
            found += map(_standing, tickets)
        return found

    def said(self, ticket_id: str) -> Flow[Said]:
        """A ticket's messages, and its notes as far as they are listed."""
        messages = yield from self._api.messages.list(ticket_id).all(certain=True)
        texts: list[str] = []
        first: Incoming | None = None
        spoken: list[Spoken] = []
        for message in messages:
            author = self._author(message)
            spoken.append(
                Spoken(
                    text=message.body_text,
                    author=author,
                    at=message.created_at,
                    sender=message.from_address,
                )
            )
            if author is not Author.OUTSIDE:
                texts.append(message.body_text)
            elif first is None:
                first = Incoming(message.body_text, message.from_address, len(texts))
        return Said(tuple(texts), messages.whole is not False, first, tuple(spoken))

    def _author(self, message: Message) -> Author:
        """Who wrote a message. An ``agent`` is the AI (2026), and was a person (2025): it counts as
        a person if its id is a user's, or if the workspace still has inboxes."""
        if message.direction == Direction.INBOUND or message.author_type == AuthorType.CUSTOMER:
            return Author.OUTSIDE
        person = (message.author_id or "").startswith("usr_") or self._observed.has_inboxes
        if message.author_type == AuthorType.AGENT and not person:
            return Author.MACHINE
        return Author.DESK

    def standing(self, ticket_id: str) -> Flow[Standing]:
        """A ticket as it stands now."""
        ticket = yield from self._api.tickets.get(ticket_id)
        self._observed.has_inboxes |= ticket.inbox_id is not None
        return _standing(ticket)

    def say(self, ticket_id: str, text: str, address: Address) -> Flow[None]:
        """Reply to the customer by e-mail."""
        sender = address.options["from_address"]
        yield from self._api.messages.send(ticket_id, from_address=sender, body_text=text)

    def note(self, ticket_id: str, text: str) -> Flow[bool]:
        """Write an internal note; whether Ticket0's answer says that it is one."""
        return (yield from self._api.messages.note(ticket_id, body=text)).is_note

    def tag(
        self, standing: Standing, tags: Sequence[str], assignee_id: str | None
    ) -> Flow[Standing]:
        """Add tags and an assignee. Ticket0 takes the whole list of tags (2025)."""
        changes: dict[str, Any] = {}
        if tags:
            changes["tags"] = [*standing.tags, *tags]
        if assignee_id is not None:
            changes["assignee_id"] = assignee_id
        return _standing((yield from self._api.tickets.update(standing.id, **changes)))

    def resolve(self, ticket_id: str) -> Flow[Standing]:
        """Resolve a ticket."""
        return (yield from self._put(ticket_id, TicketStatus.RESOLVED))

    def reopen(self, ticket_id: str) -> Flow[Standing]:
        """Open a resolved ticket again."""
        return (yield from self._put(ticket_id, TicketStatus.OPEN))

    def _put(self, ticket_id: str, status: TicketStatus) -> Flow[Standing]:
        return _standing((yield from self._api.tickets.update(ticket_id, status=status)))

    def accepts_key(self) -> Flow[None]:
        """List one ticket."""
        yield from self._api.tickets.list(limit=1).page()

    def remarks(self, addresses: Sequence[Address]) -> Flow[Sequence[Remark]]:
        """In which order Ticket0 lists, whether its filters filter, which inboxes are in use."""
        inboxes = sorted({*filter(None, (a.options.get("inbox_id") for a in addresses))})
        return (yield from inspect(self._api, inboxes))


def _standing(ticket: Ticket) -> Standing:
    changed = ticket.updated_at
    return Standing(
        id=ticket.id,
        subject=ticket.subject,
        state=_STATES.get(ticket.status, TicketState.OTHER),
        status=str(ticket.status),
        tags=ticket.tags,
        assignee_id=ticket.assignee_id,
        created_at=ticket.created_at,
        updated_at=changed,
        stamp="" if changed is None else changed.isoformat(),
    )


class CreationOrder:
    """Judges the tickets of a list as they go by: are they in the order of creation, the newest
    first, and past a moment?"""

    PROOF = 20
    """So many tickets in the order of their creation are no accident."""

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
        return past and not self._broken and self._count >= self.PROOF


ADAPTER = DeskAdapter(
    provider=PROVIDER,
    title=Ticket0Desk.title,
    open=lambda account, _: Ticket0Desk(FlowTicket0(account)),
    settings=(
        Setting(
            "inbox_id",
            "the inbox where tickets go, if the workspace has inboxes",
            prefix="inb_",
            per_rule=True,
            example="inb_01abc",
        ),
        Setting(
            "from_address",
            "the monitored address that writes to the customer",
            email=True,
            per_rule=True,
            example="support@example.com",
        ),
    ),
    mails_with="from_address",
    assignee_prefix="usr_",
    scopes={
        "tickets:read": "to find what was sent",
        "tickets:write": "to open and resolve",
        "messages:read": "to find what was said",
        "messages:send": "for notes and messages",
    },
)

"""Ticket0's objects.

Each fact is marked with the documentation that states it: *2026* is Ticket0's newest public
documentation, *2025* an earlier revision of it. A status or direction that is not listed here is
kept as the plain string it came as.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from ..client.model import Model


class TicketStatus(StrEnum):
    """The status of a ticket (2025; PROCESSING and CLOSED: 2026)."""

    PROCESSING = "processing"
    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Direction(StrEnum):
    """The direction of a message (2026)."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Channel(StrEnum):
    """How a message was sent (2026)."""

    EMAIL = "email"
    CHAT = "chat"


class AuthorType(StrEnum):
    """Who wrote a message (2026)."""

    CUSTOMER = "customer"
    USER = "user"
    AGENT = "agent"


@attrs.frozen(kw_only=True)
class Ticket(Model):
    """A support ticket. It belongs to one inbox (2025), or to the workspace alone (2026)."""

    id: str
    """``tkt_…`` (2025)."""
    subject: str
    """What the support team reads first (2025)."""
    status: TicketStatus | str
    """Its status (2025)."""
    assignee_id: str | None = None
    """``usr_…``, or None if nobody is assigned (2025)."""
    customer_id: str | None = None
    """``cust_…`` (2026; ``cus_…`` in 2025)."""
    inbox_id: str | None = None
    """``inb_…`` (2025)."""
    tags: tuple[str, ...] = ()
    """Its tags (2025)."""
    created_at: datetime | None = None
    """When it was opened; aware (2025)."""
    updated_at: datetime | None = None
    """When it last changed; aware (2025)."""


@attrs.frozen(kw_only=True)
class Message(Model):
    """A message of a ticket: an e-mail, a chat line or an internal note.

    The documentation of 2026 and that of 2025 give it different shapes; both are read.
    """

    id: str
    """``msg_…`` (2026)."""
    direction: Direction | str | None = None
    """Inbound or outbound (2026 and 2025)."""
    body_text: str = ""
    """The text (2026: ``bodyText``; 2025: ``body``)."""
    body_html: str | None = None
    """The same as HTML, if there is any (2026)."""
    body_text_cleaned: str | None = None
    """The text without quotes and signature (2026)."""
    from_address: str | None = None
    """The address of the sender (2026: ``fromAddress``; 2025: ``authorEmail``)."""
    from_name: str | None = None
    """The name of the sender (2026)."""
    to_addresses: tuple[str, ...] = ()
    """The recipients (2026)."""
    cc_addresses: tuple[str, ...] = ()
    """The recipients of a copy (2026)."""
    author_type: AuthorType | str | None = None
    """Who wrote it (2026)."""
    author_id: str | None = None
    """The id of the author (2026)."""
    author_name: str | None = None
    """The name of the author (2026 and 2025)."""
    is_note: bool = False
    """Whether it is an internal note, which the customer never sees (2025)."""
    subject: str | None = None
    """Its subject (2026)."""
    channel: Channel | str | None = None
    """How it was sent (2026)."""
    external_id: str | None = None
    """The Message-ID of an e-mail (2026)."""
    in_reply_to: str | None = None
    """The Message-ID of what it answers (2026)."""
    conversation_id: str | None = None
    """Its conversation (2026)."""
    ticket_id: str | None = None
    """Its ticket (2025)."""
    ai_sentiment: Any = None
    """As it came; its type is not documented (2026)."""
    detected_language: str | None = None
    """Its language, as detected by Ticket0 (2026)."""
    created_at: datetime | None = None
    """When it was written; aware (2026 and 2025)."""


@attrs.frozen(kw_only=True)
class Customer(Model):
    """A customer (2025)."""

    id: str
    """``cust_…`` (2026; ``cus_…`` in 2025)."""
    email: str | None = None
    """Their address (2025)."""
    name: str | None = None
    """Their name (2025)."""
    external_id: str | None = None
    """Your own id for them (2025)."""
    metadata: Mapping[str, str] = attrs.field(factory=dict)
    """Your own facts, strings only (2025)."""
    ticket_count: int | None = None
    """How many tickets they have (2025)."""
    created_at: datetime | None = None
    """When the record was created; aware (2025)."""

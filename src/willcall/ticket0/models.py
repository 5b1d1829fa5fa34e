"""What Ticket0 knows, in its own words.

Each fact is marked with how it is known: *seed* (the API reference), *public* (the newest public
documentation, 2026), *older* (an earlier revision, 2025). A status or direction that is not listed
here is kept as the plain string it came as.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs


class TicketStatus(StrEnum):
    """Where a ticket stands (older)."""

    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    SNOOZED = "snoozed"


class Direction(StrEnum):
    """Which way a message went (public)."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Channel(StrEnum):
    """How a message travelled (public)."""

    EMAIL = "email"
    CHAT = "chat"


class AuthorType(StrEnum):
    """Who wrote a message (public)."""

    CUSTOMER = "customer"
    USER = "user"
    AGENT = "agent"


@attrs.frozen(kw_only=True)
class Ticket:
    """A support ticket. It belongs to one inbox (older)."""

    id: str
    """``tkt_…`` (older)."""
    subject: str
    """Older."""
    status: TicketStatus | str
    """Older."""
    assignee_id: str | None = None
    """``usr_…``, or None while nobody has it (older)."""
    customer_id: str | None = None
    """``cust_…`` (public; ``cus_…`` in the older revision)."""
    inbox_id: str | None = None
    """``inb_…`` (older)."""
    tags: tuple[str, ...] = ()
    """Older."""
    created_at: datetime | None = None
    """Aware (older)."""
    updated_at: datetime | None = None
    """Aware (older)."""


@attrs.frozen(kw_only=True)
class Message:
    """One message of a ticket's conversation: an e-mail, a chat line or an internal note.

    The public and the older documentation shape it differently; both are read.
    """

    id: str
    """``msg_…`` (public)."""
    direction: Direction | str | None = None
    """Public and older."""
    body_text: str = ""
    """The text (public ``bodyText``; older ``body``)."""
    body_html: str | None = None
    """The same as HTML, where there is any (public)."""
    body_text_cleaned: str | None = None
    """The text without quotes and signature (public)."""
    from_address: str | None = None
    """Public ``fromAddress``; older ``authorEmail``."""
    from_name: str | None = None
    """Public."""
    to_addresses: tuple[str, ...] = ()
    """Public."""
    cc_addresses: tuple[str, ...] = ()
    """Public."""
    author_type: AuthorType | str | None = None
    """Public."""
    author_id: str | None = None
    """Public."""
    author_name: str | None = None
    """Public and older."""
    is_note: bool = False
    """Whether it is internal, never sent to the customer (older)."""
    subject: str | None = None
    """Public."""
    channel: Channel | str | None = None
    """Public."""
    external_id: str | None = None
    """The Message-ID of an e-mail (public)."""
    in_reply_to: str | None = None
    """The Message-ID of what it answers (public)."""
    conversation_id: str | None = None
    """Public."""
    ticket_id: str | None = None
    """Older."""
    ai_sentiment: Any = None
    """Public; of which type is not said, so it is kept as it came."""
    detected_language: str | None = None
    """Public."""
    created_at: datetime | None = None
    """Aware (public and older)."""


@attrs.frozen(kw_only=True)
class Customer:
    """Somebody whom tickets concern (older)."""

    id: str
    """``cust_…`` (public; ``cus_…`` in the older revision)."""
    email: str | None = None
    """Older."""
    name: str | None = None
    """Older."""
    external_id: str | None = None
    """Your own id for them (older)."""
    metadata: Mapping[str, str] = attrs.field(factory=dict)
    """Strings only (older)."""
    ticket_count: int | None = None
    """How many tickets concern them (older)."""
    created_at: datetime | None = None
    """Aware (older)."""

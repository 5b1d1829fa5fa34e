"""What Ticket0 knows, in its own words.

Each fact is marked with how it is known: *seed* (the API reference), *public* (the newest public
documentation, 2026), *older* (an earlier revision, 2025). A status or direction that is not listed
here is kept as the plain string it came as.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

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
    from_address: str | None = None
    """Public ``fromAddress``; older ``authorEmail``."""
    to_addresses: tuple[str, ...] = ()
    """Public."""
    author_type: str | None = None
    """``customer``, ``user`` or ``agent`` (public)."""
    author_name: str | None = None
    """Public and older."""
    is_note: bool = False
    """Whether it is internal, never sent to the customer (older)."""
    subject: str | None = None
    """Public."""
    channel: str | None = None
    """``email`` or ``chat`` (public)."""
    ticket_id: str | None = None
    """Older."""
    created_at: datetime | None = None
    """Aware (public and older)."""

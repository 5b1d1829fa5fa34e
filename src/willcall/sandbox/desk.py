"""Ticket0's data: a workspace with its inboxes, users, customers, tickets and messages.

The acts here are those of the people at the desk and of customers writing in; what the API does
goes through ``create_ticket``, ``update_ticket`` and ``send`` as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from willcall.sandbox.locking import locked
from willcall.sandbox.wire import iso

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from willcall.sandbox.ids import Ids

STATUSES = ("open", "pending", "resolved", "snoozed")

AuthorType = Literal["customer", "user", "agent"]


@dataclass(frozen=True, slots=True)
class Inbox:
    """A monitored inbox; replies go out from one of its ``addresses``."""

    id: str
    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who works at the desk."""

    id: str
    name: str
    email: str


@dataclass(slots=True)
class Customer:
    """One customer record per e-mail address; ``metadata`` holds strings only."""

    id: str
    email: str
    created_at: datetime
    seq: int
    name: str | None = None
    external_id: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Message:
    """One message of a ticket. A note is seen by the desk only."""

    id: str
    ticket_id: str
    direction: Literal["inbound", "outbound"]
    body: str
    created_at: datetime
    author_type: AuthorType
    author_id: str
    author_name: str | None
    author_email: str
    subject: str
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    body_html: str | None = None
    is_note: bool = False
    in_reply_to: str | None = None

    @property
    def external_id(self) -> str:
        """The Message-ID of the e-mail."""
        return f"<{self.id}@mail.example.com>"


@dataclass(slots=True)
class Ticket:
    """One support ticket. ``tagged_at`` says when each present tag was put on."""

    id: str
    seq: int
    subject: str
    customer_id: str
    inbox_id: str
    created_at: datetime
    updated_at: datetime
    status: str = "open"
    assignee_id: str | None = None
    tagged_at: dict[str, datetime] = field(default_factory=dict)
    snoozed_until: datetime | None = None
    messages: list[Message] = field(default_factory=list)

    @property
    def tags(self) -> list[str]:
        """The tags in the order they were given."""
        return list(self.tagged_at)


class SandboxDesk:
    """One Ticket0 workspace. ``ticket`` below is always an id or a whole subject."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        settle: Callable[[], None],
        ids: Ids,
        lock: threading.RLock,
    ) -> None:
        """A workspace with two inboxes and two people, and no tickets.

        ``settle`` brings the truth up to the present before a look.
        """
        self.lock = lock
        self._now = now
        self._settle = settle
        self._ids = ids
        self._seq = 0
        self.inboxes: list[Inbox] = [
            Inbox("inb_01abc", "Box office", ("boxoffice@example.com", "support@example.com")),
            Inbox("inb_02def", "Groups and schools", ("groups@example.com",)),
        ]
        self.users: list[User] = [
            User("usr_01ada", "Ada Brandt", "ada@example.com"),
            User("usr_02ben", "Ben Okafor", "ben@example.com"),
        ]
        self._tickets: dict[str, Ticket] = {}
        self._customers: dict[str, Customer] = {}
        self._outbox: list[Message] = []

    def __repr__(self) -> str:
        return f"Desk({len(self._tickets)} tickets, {len(self._outbox)} messages sent)"

    # Looking.

    @property
    def tickets(self) -> list[Ticket]:
        """All tickets, oldest first."""
        with self.lock:
            self.wake()
            return list(self._tickets.values())

    @property
    def outbox(self) -> list[Message]:
        """What has really been e-mailed to customers, oldest first."""
        with self.lock:
            self._settle()
            return list(self._outbox)

    @property
    def customers(self) -> list[Customer]:
        """All customers, oldest first."""
        with self.lock:
            self._settle()
            return list(self._customers.values())

    @locked
    def by_id(self, ticket_id: str) -> Ticket | None:
        """What the API accepts in a path; ``None`` if there is no such ticket."""
        self.wake()
        return self._tickets.get(ticket_id)

    @locked
    def ticket(self, ref: str) -> Ticket:
        """A ticket by id or whole subject; ``LookupError`` if there is none."""
        if found := self.by_id(ref):
            return found
        for ticket in self._tickets.values():
            if ticket.subject == ref:
                return ticket
        raise LookupError(f"no ticket {ref!r}")

    @locked
    def customer(self, ref: str) -> Customer:
        """A customer by id, e-mail address or external id; ``LookupError`` if there is none."""
        for customer in self._customers.values():
            if ref in (customer.id, customer.external_id) or ref.lower() == customer.email:
                return customer
        raise LookupError(f"no customer {ref!r}")

    @locked
    def ticket_count(self, customer: Customer) -> int:
        """How many tickets concern a customer."""
        return sum(ticket.customer_id == customer.id for ticket in self._tickets.values())

    def inbox(self, inbox_id: str) -> Inbox | None:
        """An inbox by id."""
        return next((inbox for inbox in self.inboxes if inbox.id == inbox_id), None)

    def user(self, user_id: str) -> User | None:
        """A person at the desk by id."""
        return next((user for user in self.users if user.id == user_id), None)

    def inbox_of(self, address: str) -> Inbox | None:
        """The inbox an address belongs to."""
        address = address.lower()
        return next((inbox for inbox in self.inboxes if address in inbox.addresses), None)

    # What both the API and people do.

    @locked
    def create_ticket(self, subject: str, customer_email: str, inbox_id: str, body: str) -> Ticket:
        """A new open ticket whose first message comes from the customer."""
        customer = self.upsert_customer(customer_email)[0]
        now = self._now()
        self._seq += 1
        ticket = Ticket(
            self._ids.new("tkt"),
            self._seq,
            subject,
            customer.id,
            inbox_id,
            created_at=now,
            updated_at=now,
        )
        self._tickets[ticket.id] = ticket
        self._add(ticket, customer, body)
        return ticket

    @locked
    def update_ticket(self, /, ticket: str, **changes: Any) -> Ticket:
        """Set ``status``, ``assignee_id`` and/or ``tags`` (the whole list)."""
        found = self.ticket(ticket)
        now = self._now()
        if "status" in changes:
            found.status = changes["status"]
            found.snoozed_until = None
        if "assignee_id" in changes:
            found.assignee_id = changes["assignee_id"]
        if "tags" in changes:
            found.tagged_at = {tag: found.tagged_at.get(tag, now) for tag in changes["tags"]}
        found.updated_at = now
        return found

    @locked
    def send(
        self,
        ticket: str,
        body: str,
        *,
        author: User,
        from_address: str | None = None,
        author_type: AuthorType = "user",
        note: bool = False,
        body_html: str | None = None,
        cc: tuple[str, ...] = (),
    ) -> Message:
        """A reply to the customer by e-mail, or an internal note, which is not sent."""
        found = self.ticket(ticket)
        customer = self._customers[found.customer_id]
        message = Message(
            id=self._ids.new("msg"),
            ticket_id=found.id,
            direction="outbound",
            body=body,
            created_at=self._now(),
            author_type=author_type,
            author_id=author.id,
            author_name=author.name,
            author_email=from_address or author.email,
            subject=found.subject,
            to=() if note else (customer.email,),
            cc=cc,
            body_html=body_html,
            is_note=note,
            in_reply_to=None if note else self._last_inbound(found),
        )
        found.messages.append(message)
        found.updated_at = message.created_at
        if not note:
            self._outbox.append(message)
        return message

    @locked
    def upsert_customer(
        self,
        email: str,
        *,
        name: str | None = None,
        external_id: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> tuple[Customer, bool]:
        """The customer of an external id or an address, and whether the record is new.

        An existing record is returned as it is (older); only a missing external id is filled in
        (inferred).
        """
        email = email.lower()
        for customer in self._customers.values():
            if external_id is not None and customer.external_id == external_id:
                return customer, False
        for customer in self._customers.values():
            if customer.email == email:
                customer.external_id = customer.external_id or external_id
                return customer, False
        self._seq += 1
        customer = Customer(
            self._ids.new("cust"),
            email,
            self._now(),
            self._seq,
            name,
            external_id,
            dict(metadata or {}),
        )
        self._customers[customer.id] = customer
        return customer, True

    # What people do.

    @locked
    def reply(self, ticket: str, body: str) -> Message:
        """The customer answers; a ticket that was not open opens again."""
        found = self.ticket(ticket)
        message = self._add(found, self._customers[found.customer_id], body)
        if found.status != "open":
            self.update_ticket(found.id, status="open")
        return message

    def assign(self, ticket: str, user: str | None) -> Ticket:
        """Assign a ticket to a user (an id), or to nobody (None)."""
        if user is not None and self.user(user) is None:
            raise LookupError(f"no user {user!r}")
        return self.update_ticket(ticket, assignee_id=user)

    def tag(self, ticket: str, tag: str) -> Ticket:
        """Add a tag."""
        with self.lock:
            return self.update_ticket(ticket, tags=[*self.ticket(ticket).tags, tag])

    def untag(self, ticket: str, tag: str) -> Ticket:
        """Remove a tag."""
        with self.lock:
            kept = [other for other in self.ticket(ticket).tags if other != tag]
            return self.update_ticket(ticket, tags=kept)

    def resolve(self, ticket: str) -> Ticket:
        """Somebody says it is done."""
        return self.update_ticket(ticket, status="resolved")

    def reopen(self, ticket: str) -> Ticket:
        """Somebody says it is not done."""
        return self.update_ticket(ticket, status="open")

    @locked
    def snooze(self, ticket: str, seconds: float | None = None) -> Ticket:
        """Snooze a ticket for ``seconds``, or until the next act; then it reopens by itself."""
        found = self.update_ticket(ticket, status="snoozed")
        if seconds is not None:
            found.snoozed_until = self._now() + timedelta(seconds=seconds)
        return found

    @locked
    def rename(self, ticket: str, subject: str) -> Ticket:
        """Somebody edits the subject."""
        found = self.update_ticket(ticket)
        found.subject = subject
        return found

    @locked
    def delete(self, ticket: str) -> None:
        """The ticket is gone as if it had never been; what was e-mailed stays sent."""
        del self._tickets[self.ticket(ticket).id]

    @locked
    def wake(self) -> None:
        """Settle, and reopen what was snoozed until a moment that has come."""
        self._settle()
        now = self._now()
        for ticket in self._tickets.values():
            if ticket.snoozed_until is not None and ticket.snoozed_until <= now:
                ticket.status, ticket.updated_at = "open", ticket.snoozed_until
                ticket.snoozed_until = None

    # The truth, as plain data.

    @locked
    def truth(self) -> list[dict[str, Any]]:
        """Every ticket with its messages, oldest first, for people and tests."""
        return [
            {
                "id": ticket.id,
                "subject": ticket.subject,
                "status": ticket.status,
                "assigneeId": ticket.assignee_id,
                "customerEmail": self._customers[ticket.customer_id].email,
                "inboxId": ticket.inbox_id,
                "tags": ticket.tags,
                "createdAt": iso(ticket.created_at),
                "messages": [
                    {
                        "id": message.id,
                        "direction": message.direction,
                        "isNote": message.is_note,
                        "fromAddress": message.author_email,
                        "body": message.body,
                        "createdAt": iso(message.created_at),
                    }
                    for message in ticket.messages
                ],
            }
            for ticket in self.tickets
        ]

    # Inside.

    def _add(self, ticket: Ticket, customer: Customer, body: str) -> Message:
        inbox = self.inbox(ticket.inbox_id)
        message = Message(
            id=self._ids.new("msg"),
            ticket_id=ticket.id,
            direction="inbound",
            body=body,
            created_at=self._now(),
            author_type="customer",
            author_id=customer.id,
            author_name=customer.name,
            author_email=customer.email,
            subject=ticket.subject,
            to=inbox.addresses[:1] if inbox else (),
        )
        ticket.messages.append(message)
        ticket.updated_at = message.created_at
        return message

    def _last_inbound(self, ticket: Ticket) -> str | None:
        inbound = [message for message in ticket.messages if message.direction == "inbound"]
        return inbound[-1].external_id if inbound else None

"""Ticket0's data: a workspace with its inboxes, users, customers, tickets and messages.

The acts here are those of the people at the desk, of its machinery, and of customers writing in;
what the API does goes through ``create_ticket``, ``update_ticket`` and ``send`` as well. What
happens by itself (the end of ``processing``, triage, the wake-up of a snoozed ticket) happens at
its own moment, when the data is next read.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from willcall.sandbox.locking import locked
from willcall.sandbox.wire import iso

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from willcall.sandbox.ids import Ids
    from willcall.sandbox.settings import Settings

STATUSES = ("open", "pending", "resolved", "snoozed")
"""The statuses that the documents name for the API."""

CLOSED = "closed"
REPLY_LAG = 2.0
PULL_BACK = 3.0
LATELY = 60.0
_CENTURY = 3e9
TRIAGE_TAG = "triage:events"
SIGNATURE = "\n\n--\nThe box office team\nSent with Ticket0"

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


AI = User("ai_ticket0", "Ticket0 AI", "support@example.com")
"""Who writes what the desk's machinery writes."""


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
    """One support ticket. ``tagged_at`` says when each present tag was put on; ``listed_at`` from
    when on it is in lists. ``merged_into`` is the ticket that it was merged into, if it was.
    """

    id: str
    seq: int
    subject: str
    customer_id: str
    inbox_id: str | None
    created_at: datetime
    updated_at: datetime
    status: str = "open"
    assignee_id: str | None = None
    tagged_at: dict[str, datetime] = field(default_factory=dict)
    snoozed_until: datetime | None = None
    messages: list[Message] = field(default_factory=list)
    external_id: str | None = None
    listed_at: datetime | None = None
    replied_at: datetime | None = None
    resolved_at: datetime | None = None
    merged_into: str | None = None

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
        settings: Settings,
    ) -> None:
        """A workspace with two inboxes and two people, and no tickets.

        ``settle`` brings the truth up to the present before a look.
        """
        self.lock = lock
        self._now = now
        self._settle = settle
        self._ids = ids
        self._settings = settings
        self._seq = 0
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._planned = 0
        self._at: datetime | None = None
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
            self._settle()
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
        self._settle()
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

    # Time.

    @locked
    def pass_time(self, now: datetime) -> None:
        """Let happen what happens by itself until now, each at its own moment."""
        if self._at is not None:
            return
        while self._due and self._due[0][0] <= now:
            moment, _, happen = heapq.heappop(self._due)
            self._at = moment
            try:
                happen()
            finally:
                self._at = None

    def next_change(self) -> datetime | None:
        """When something happens by itself next; ``None`` if nothing will."""
        return self._due[0][0] if self._due else None

    def _clock(self) -> datetime:
        """The moment of what happens by itself while it happens, else now."""
        return self._at or self._now()

    def _later(self, delay: float, ticket: Ticket, happen: Callable[[Ticket], None]) -> None:
        """Let something happen to a ticket after some seconds, if it is still there."""

        def happens() -> None:
            if self._tickets.get(ticket.id) is ticket:
                happen(ticket)

        self._planned += 1
        due = self._clock() + timedelta(seconds=min(delay, _CENTURY))
        heapq.heappush(self._due, (due, self._planned, happens))

    # What both the API and people do.

    @locked
    def create_ticket(
        self, subject: str, customer_email: str, inbox_id: str | None, body: str
    ) -> Ticket:
        """A new ticket whose first message comes from the customer."""
        settings = self._settings
        customer = self.upsert_customer(customer_email)[0]
        now = self._clock()
        self._seq += 1
        ticket = Ticket(
            self._ids.new("tkt"),
            self._seq,
            subject,
            customer.id,
            inbox_id,
            created_at=now,
            updated_at=now,
            status="open" if settings.processing == "never" else "processing",
            listed_at=now + timedelta(seconds=settings.list_lag),
        )
        self._tickets[ticket.id] = ticket
        if settings.creation_text == "inbound":
            self._add(ticket, customer, body)
        elif settings.creation_text == "outbound":
            self._say(ticket, body, self.users[0], settings.api_author)
        if settings.routing:
            ticket.assignee_id = self.users[0].id
        delay = settings.processing_seconds if settings.processing == "seconds" else 0.0
        if settings.processing == "seconds":
            self._later(delay, ticket, self._processed)
        if settings.auto_answer != "nothing":
            self._later(delay, ticket, self._answered)
        if settings.triage != "never":
            before = () if settings.triage == "overwrites" else None
            self._later(settings.triage_seconds, ticket, lambda found: self._triaged(found, before))
        return ticket

    @locked
    def update_ticket(self, /, ticket: str, **changes: Any) -> Ticket:
        """Set ``status``, ``assignee_id`` and/or ``tags`` (the whole list)."""
        found = self.ticket(ticket)
        now = self._clock()
        if "status" in changes:
            self._set_status(found, changes["status"])
        if "assignee_id" in changes:
            found.assignee_id = changes["assignee_id"]
        if "tags" in changes:
            found.tagged_at = {tag: found.tagged_at.get(tag, now) for tag in changes["tags"]}
        found.updated_at = now
        return found

    def _set_status(self, ticket: Ticket, status: str) -> None:
        ticket.status = status
        ticket.snoozed_until = None
        if status != "resolved":
            ticket.resolved_at = None
            return
        moment = ticket.resolved_at = self._clock()
        settings = self._settings
        if settings.auto_close:
            self._later(settings.auto_close, ticket, lambda found: self._retired(found, moment))
        lately = ticket.replied_at is not None and (
            (moment - ticket.replied_at).total_seconds() < LATELY
        )
        if settings.resolve_holds == "pulled_back" and lately:
            self._later(PULL_BACK, ticket, lambda found: self._pulled_back(found, moment))

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
        delivered: bool = True,
    ) -> Message:
        """A reply to the customer by e-mail, or an internal note, which is not sent.

        A reply that is not ``delivered`` is in the ticket, and reaches nobody.
        """
        found = self.ticket(ticket)
        customer = self._customers[found.customer_id]
        if self._settings.signature and not note:
            body += SIGNATURE
        message = self._say(
            found,
            body,
            author,
            author_type,
            from_address=from_address,
            to=() if note else (customer.email,),
            cc=cc,
            body_html=body_html,
            note=note,
        )
        if note:
            return message
        if delivered:
            self._outbox.append(message)
        found.replied_at = message.created_at
        if self._settings.reply_makes == "pending":
            self._replied(found)
        elif self._settings.reply_makes == "pending_later":
            self._later(REPLY_LAG, found, self._replied)
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
        (inferred). ``known_address`` says what becomes of another id.
        """
        email = email.lower()
        known = self._settings.known_address
        for customer in self._customers.values():
            if external_id is not None and customer.external_id == external_id:
                return customer, False
        for customer in self._customers.values():
            if customer.email == email:
                other = external_id is not None and customer.external_id is not None
                if other and known == "second":
                    continue
                if other and known == "updated":
                    customer.external_id = external_id
                customer.external_id = customer.external_id or external_id
                return customer, False
        self._seq += 1
        customer = Customer(
            self._ids.new("cust"),
            email,
            self._clock(),
            self._seq,
            name,
            external_id,
            dict(metadata or {}),
        )
        self._customers[customer.id] = customer
        return customer, True

    # What people do. A closed ticket takes nothing more: ``ValueError``.

    @locked
    def reply(self, ticket: str, body: str) -> Message:
        """The customer answers; a ticket that was not open opens again."""
        found = self._not_closed(ticket)
        message = self._add(found, self._customers[found.customer_id], body)
        if found.status != "open":
            self.update_ticket(found.id, status="open")
        return message

    @locked
    def answer(self, ticket: str, body: str) -> Message:
        """Somebody at the desk answers the customer."""
        found = self._not_closed(ticket)
        author_type = self._settings.staff_author
        return self.send(found.id, body, author=self.users[0], author_type=author_type)

    @locked
    def note(self, ticket: str, body: str) -> Message:
        """Somebody at the desk writes an internal note."""
        found = self._not_closed(ticket)
        author_type = self._settings.staff_author
        return self.send(found.id, body, author=self.users[0], author_type=author_type, note=True)

    @locked
    def auto_reply(self, ticket: str, body: str) -> Message:
        """The desk's AI answers the customer."""
        found = self._not_closed(ticket)
        return self.send(found.id, body, author=AI, author_type="agent")

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
        return self.update_ticket(self._not_closed(ticket).id, status="resolved")

    def reopen(self, ticket: str) -> Ticket:
        """Somebody says it is not done."""
        return self.update_ticket(self._not_closed(ticket).id, status="open")

    def pending(self, ticket: str) -> Ticket:
        """Somebody says that it waits for the customer."""
        return self.update_ticket(self._not_closed(ticket).id, status="pending")

    def close(self, ticket: str) -> Ticket:
        """Somebody closes it, for good."""
        return self.update_ticket(ticket, status=CLOSED)

    @locked
    def merge(self, ticket: str, into: str) -> Ticket:
        """Somebody merges a ticket into another, which takes its messages; it is closed."""
        found, other = self._not_closed(ticket), self._not_closed(into)
        if found is other:
            raise ValueError(f"into: {into!r} is the ticket itself")
        other.messages = sorted(
            [*other.messages, *found.messages], key=lambda message: message.created_at
        )
        found.messages = []
        found.merged_into = other.id
        other.updated_at = self._clock()
        return self.update_ticket(found.id, status=CLOSED)

    @locked
    def snooze(self, ticket: str, seconds: float | None = None) -> Ticket:
        """Snooze a ticket for ``seconds``, or until the next act; then it reopens by itself."""
        found = self.update_ticket(self._not_closed(ticket).id, status="snoozed")
        if seconds is not None:
            until = found.snoozed_until = self._clock() + timedelta(seconds=seconds)

            def wakes(snoozed: Ticket) -> None:
                if snoozed.snoozed_until == until:
                    self.update_ticket(snoozed.id, status="open")

            self._later(seconds, found, wakes)
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

    # What the desk does by itself.

    def _processed(self, ticket: Ticket) -> None:
        if ticket.status == "processing":
            self.update_ticket(ticket.id, status="open")

    def _answered(self, ticket: Ticket) -> None:
        if ticket.status == CLOSED:
            return
        full = self._settings.auto_answer == "replies"
        words = "Here is what I found." if full else "Thank you, we have received your message."
        status = ticket.status
        self.send(ticket.id, words, author=AI, author_type="agent")
        self._set_status(ticket, "pending" if full and status != "resolved" else status)

    def _triaged(self, ticket: Ticket, before: tuple[str, ...] | None) -> None:
        tags = ticket.tags if before is None else before
        if ticket.status != CLOSED:
            self.update_ticket(ticket.id, tags=list(dict.fromkeys((*tags, TRIAGE_TAG))))

    def _replied(self, ticket: Ticket) -> None:
        moved = ("resolved", "snoozed") if self._settings.reply_from == "any" else ()
        if ticket.status in ("open", "processing", *moved):
            self.update_ticket(ticket.id, status="pending")

    def _pulled_back(self, ticket: Ticket, resolved_at: datetime) -> None:
        if ticket.status == "resolved" and ticket.resolved_at == resolved_at:
            self.update_ticket(ticket.id, status="pending")

    def _retired(self, ticket: Ticket, resolved_at: datetime) -> None:
        if ticket.status == "resolved" and ticket.resolved_at == resolved_at:
            self.update_ticket(ticket.id, status=CLOSED)

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
                "mergedInto": ticket.merged_into,
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

    def _not_closed(self, ref: str) -> Ticket:
        found = self.ticket(ref)
        if found.status == CLOSED:
            raise ValueError(f"{found.id} is closed: nothing more can be done with it")
        return found

    def _say(
        self,
        ticket: Ticket,
        body: str,
        author: User,
        author_type: AuthorType,
        *,
        from_address: str | None = None,
        to: tuple[str, ...] = (),
        cc: tuple[str, ...] = (),
        body_html: str | None = None,
        note: bool = False,
    ) -> Message:
        message = Message(
            id=self._ids.new("msg"),
            ticket_id=ticket.id,
            direction="outbound",
            body=body,
            created_at=self._clock(),
            author_type=author_type,
            author_id=author.id,
            author_name=author.name,
            author_email=from_address or author.email,
            subject=ticket.subject,
            to=to,
            cc=cc,
            body_html=body_html,
            is_note=note,
            in_reply_to=None if note else self._last_inbound(ticket),
        )
        ticket.messages.append(message)
        ticket.updated_at = message.created_at
        return message

    def _add(self, ticket: Ticket, customer: Customer, body: str) -> Message:
        inbox = self.inbox(ticket.inbox_id) if ticket.inbox_id else self.inboxes[0]
        message = Message(
            id=self._ids.new("msg"),
            ticket_id=ticket.id,
            direction="inbound",
            body=body,
            created_at=self._clock(),
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

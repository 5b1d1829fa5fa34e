"""The two ports of the bridge: a :class:`BoxOffice` is read, a :class:`Desk` is written to.

The bridge speaks to these and to no provider. An adapter implements a port for a provider and
stands beside that provider's client (``ticketsmart/box_office.py``, ``ticket0/desk.py``, or a
package of somebody else's that names its adapter by an entry point). Everything about pages,
batches, inboxes, labels as whole lists, names on the wire and statuses is the adapter's.

Every method that asks or writes is a flow, so the same adapter runs blocking, awaited and in the
simulation. Adapters raise the errors of :mod:`willcall.errors`; an error never means "not there".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self, runtime_checkable

import attrs

from ..client.flow import Flow
from ..client.op import UnreadableRow
from ..client.provider import Account, Provider
from ..client.quota import Quota
from .model.address import Address
from .model.facts import EventFacts
from .model.questions import Question

# -- box office -------------------------------------------------------------------------------


Cursor = Any
"""Where a step of the list begins, in whatever form its adapter likes; good in its process."""


@attrs.frozen(kw_only=True)
class EventRows:
    """One step of reading a box office's list of events.

    Args:
        events: the events that this step shows, in the order in which they were listed. What a row
            does not say is None, as are a ticket type's ``available`` and the ``ticket_types``.
        next: the cursor of the step after it; None if this was the last.
        total: how many events the list has, if the box office says so.
        unreadable: the rows of this step that could not be read. They are no proof that an event
            is gone.
    """

    events: tuple[EventFacts, ...]
    next: Cursor = None
    total: int | None = None
    unreadable: tuple[UnreadableRow, ...] = ()


@attrs.frozen
class NotThere:
    """The box office says that it has no such event. Only its own answer says so; an error, or a
    page of something in between, does not."""


@attrs.frozen
class Removed:
    """The ticket type was removed."""


@attrs.frozen
class Refused:
    """The ticket type was not removed, and will not be while things are as they are.

    Args:
        why: the reason, in the box office's words.
    """

    why: str


@attrs.frozen
class Ignored:
    """The ticket type was not removed, and not for a reason of its own: the box office does not
    understand the request, or answers it as done without an effect.

    Args:
        why: what it answered, and what to do about it.
    """

    why: str


@attrs.frozen(kw_only=True)
class BoxOfficeCapabilities:
    """What a box office can do through its API.

    Args:
        rows: how many events a full step of the list shows.
        remove: whether ticket types can be removed.
        questions: whether its list can be asked for events by status and start; see
            :meth:`AskableBoxOffice.asked`. Without that the list is read whole.
    """

    rows: int = 100
    remove: bool = False
    questions: bool = False


class BoxOffice(Protocol):
    """Where tickets are sold. One value is one account: one key, one list of events."""

    @property
    def name(self) -> str:
        """Its provider's name in errors, such as ``ticketsmart``."""

    @property
    def title(self) -> str:
        """What people call the service, such as ``TicketSmart``."""

    @property
    def quota(self) -> Quota:
        """How many requests it allows."""

    @property
    def capabilities(self) -> BoxOfficeCapabilities:
        """What it can do."""

    def within(self, seconds: float, *, tries: int | None = None) -> Self:
        """The same box office, whose calls end after so many seconds and are tried so often."""

    def rows(self, cursor: Cursor = None) -> Flow[EventRows]:
        """One step of the list: the first, or the one that a cursor stands for.

        Raises:
            ApiError: it could not be read.
        """

    def cursor(self, step: int) -> Cursor:
        """The cursor of a step by its number; None if only the step before it can tell.

        Args:
            step: 2 for the second, and so on.
        """

    def event(
        self, id_or_name: str, known: EventFacts | None = None, *, stock: bool = True
    ) -> Flow[EventFacts | NotThere]:
        """One event with its ticket types, as of one moment. What is answered is there: it is
        neither ``absent`` nor ``vanished``, whatever it was when it was last seen.

        Args:
            id_or_name: its id, or another name by which people know it (a slug).
            known: the event as it was last seen: saves the adapter a request where it can.
            stock: whether what is left of its ticket types is asked for; without it they may be
                None, which saves the adapter a request where it can.

        Raises:
            ApiError: it could not be read.
        """

    def remove(self, event_id: str, ticket_type_id: str) -> Flow[Removed | Refused | Ignored]:
        """Remove a ticket type. Not idempotent: who calls it has written that down before.

        Raises:
            OutcomeUnknownError: nobody knows whether it was done.
            ApiError: it was not done.
        """


class RemarkableBoxOffice(Protocol):
    """A box office that can be observed by reading, for ``willcall doctor``. Optional."""

    def remarks(self) -> Flow[Sequence[Remark]]:
        """What can be observed of it, such as names on the wire that no answer has.

        Raises:
            ApiError: it could not be read.
        """


@runtime_checkable
class AskableBoxOffice(Protocol):
    """A box office whose list can be asked for events by status and start. Optional: its
    capabilities say so."""

    def asked(self, question: Question) -> Flow[EventRows]:
        """The page of the list that a question asks for. Nobody trusts it blindly: it may hold
        rows that were not asked for, lack some, or be old.

        Raises:
            ApiError: it could not be read.
        """


# -- desk -------------------------------------------------------------------------------------


class TicketState(StrEnum):
    """Where a support ticket stands, as far as the bridge needs to know."""

    PROCESSING = "processing"  # the desk decides what to do with it; usually for seconds
    OPEN = "open"
    PENDING = "pending"  # awaits the customer; many desks set it after a reply, without a person
    SNOOZED = "snoozed"  # hidden until a time, then open again by itself
    RESOLVED = "resolved"
    CLOSED = "closed"  # for good: nothing more can be said in it
    OTHER = "other"  # a status that the adapter does not know

    @property
    def takes_more(self) -> bool:
        """Whether something may be said in it."""
        return self in {TicketState.PROCESSING, TicketState.OPEN, TicketState.PENDING}


@attrs.frozen(kw_only=True)
class Standing:
    """A support ticket as it stands at the desk.

    Args:
        id: the desk's id.
        subject: its subject, in which the bridge reads its marker.
        state: where it stands.
        status: the desk's own word for that.
        tags: its tags, or whatever the desk calls them.
        assignee_id: who has it, if anybody.
        created_at: when it was opened (aware), if the desk says so.
        updated_at: when it was last changed (aware), if the desk says so.
        stamp: changes whenever the ticket does; empty if the desk has nothing of the kind.
    """

    id: str
    subject: str
    state: TicketState
    status: str
    tags: tuple[str, ...] = ()
    assignee_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    stamp: str = ""


@attrs.frozen
class Incoming:
    """The first message of a ticket that came from outside, or counts as the customer's: many desks
    list the text with which a program opened a ticket as that.

    Args:
        text: its text.
        sender: the address that it came from, if the desk says so.
        after: how many of the other texts stand before it.
    """

    text: str
    sender: str | None = None
    after: int = 0


class Author(StrEnum):
    """Who wrote a message or an internal note."""

    OUTSIDE = "outside"  # the customer, or whoever wrote from outside
    DESK = "desk"  # a person at the desk, or a program with a key, such as the bridge
    MACHINE = "machine"  # the desk itself: its AI, an acknowledgement


@attrs.frozen(kw_only=True)
class Spoken:
    """A message or an internal note.

    Args:
        text: its text.
        author: who wrote it. Where a desk does not say, it was a person.
        at: when it was written (aware), if the desk says so.
        sender: the address that it came from, if the desk says so.
    """

    text: str
    author: Author = Author.DESK
    at: datetime | None = None
    sender: str | None = None


@attrs.frozen
class Said:
    """What was said in a ticket.

    Args:
        texts: the texts of its messages and internal notes, oldest first. What comes from outside
            is left out: a customer's reply may quote a message of ours, marker and all.
        complete: whether these are surely all. If not, a text that is missing proves nothing.
        first: the first message that came from outside; None if none did.
        messages: all of them, those from outside too, oldest first. Where a desk does not list
            notes, those are missing; where an adapter cannot tell who wrote what, there are none.
    """

    texts: tuple[str, ...]
    complete: bool = True
    first: Incoming | None = None
    messages: tuple[Spoken, ...] = ()


@attrs.frozen(kw_only=True)
class Remark:
    """What was observed of a desk, for ``willcall doctor``.

    Args:
        about: what it is about, as in ``inbox``.
        said: what was observed.
        do: what to do about it, if anything.
        warning: whether a person should see to it.
    """

    about: str
    said: str
    do: str = ""
    warning: bool = False


@attrs.frozen
class Setting:
    """A key that an adapter adds to its table in the configuration.

    Args:
        name: the key, as in ``inbox_id``.
        summary: what it is for, in a line.
        required: whether the table must have it.
        email: whether its value is an e-mail address.
        prefix: how its values begin; another beginning is warned of. Empty if that says nothing.
        per_rule: whether a rule's ``[rule.ticket]`` may say otherwise.
        example: a value to show, as in ``inb_01abc``.
    """

    name: str
    summary: str
    required: bool = False
    email: bool = False
    prefix: str = ""
    per_rule: bool = False
    example: str = ""


class Desk(Protocol):
    """Where support tickets are opened. One value is one workspace.

    Nothing here is repeated by the adapter unless that is safe: the bridge marks an act before it
    is tried and looks it up before it is repeated. So errors have to be exact. For acts (``open``,
    ``say``, ``note``, ``tag``, ``resolve``, ``reopen``) they mean:

    - :class:`~willcall.errors.OutcomeUnknownError`: nobody knows whether it was carried out.
    - :class:`~willcall.errors.ValidationError`: it was not, and never will be as it is.
    - :class:`~willcall.errors.ConflictError`: it was not; something stands in its way for now.
    - :class:`~willcall.errors.NotFoundError`: the desk itself says that its ticket is gone.
    - any other :class:`~willcall.errors.ApiError`: it was surely not carried out.
    """

    @property
    def name(self) -> str:
        """Its provider's name in errors, such as ``ticket0``."""

    @property
    def title(self) -> str:
        """What people call the service, such as ``Ticket0``."""

    def within(self, seconds: float, *, tries: int | None = None) -> Self:
        """The same desk, whose calls end after so many seconds and are tried so often."""

    def open(self, address: Address, subject: str, body: str) -> Flow[Standing]:
        """Open a ticket. It has no tags and nobody's name on it yet."""

    def tickets(
        self, addresses: Sequence[Address], since: datetime | None
    ) -> Flow[Sequence[Standing]]:
        """Every ticket opened since then at these addresses, whoever opened it. In any order; more
        of them do no harm.

        Args:
            addresses: where they may have been opened.
            since: by the desk's clock; None for all that there are.

        Raises:
            ApiError: it cannot be said with certainty what is there and what is not.
        """

    def said(self, ticket_id: str) -> Flow[Said]:
        """What was said in a ticket.

        Raises:
            NotFoundError: the desk itself says that there is no such ticket.
            ApiError: it could not be read.
        """

    def standing(self, ticket_id: str) -> Flow[Standing]:
        """A ticket as it stands now.

        Raises:
            NotFoundError: the desk itself says that there is no such ticket.
            ApiError: it could not be read.
        """

    def say(self, ticket_id: str, text: str, address: Address) -> Flow[None]:
        """Write to the customer. Only called if the address says that the desk can."""

    def note(self, ticket_id: str, text: str) -> Flow[bool]:
        """Write an internal note, which the customer never sees; its request carries no address.

        Returns whether the desk's answer says that it is one. If not, it may have been e-mailed.
        """

    def tag(
        self, standing: Standing, tags: Sequence[str], assignee_id: str | None
    ) -> Flow[Standing]:
        """Add tags to those that the ticket has, and assign it, if an assignee is given.

        Args:
            standing: the ticket as it was read a moment ago.
            tags: those that it lacks; may be empty.
            assignee_id: who is to have it; None leaves that as it is.
        """

    def resolve(self, ticket_id: str) -> Flow[Standing]:
        """Resolve a ticket."""

    def reopen(self, ticket_id: str) -> Flow[Standing]:
        """Open a resolved ticket again."""

    def accepts_key(self) -> Flow[None]:
        """Ask for something small, to learn whether the key is accepted.

        Raises:
            AuthenticationError, PermissionDeniedError: it is not.
            ApiError: nobody could say.
        """

    def remarks(self, addresses: Sequence[Address]) -> Flow[Sequence[Remark]]:
        """What can be observed of the desk by reading, such as whether an inbox is in use.

        Raises:
            ApiError: it could not be read.
        """


# -- adapters ---------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class BoxOfficeAdapter:
    """What an entry point in the group ``willcall.box_offices`` names.

    Args:
        provider: whose service it is: its name, address, key variable and quota.
        title: what people call the service.
        open: makes a box office of an account and the values of the settings.
        settings: the adapter's own keys of ``[[box_office]]``. One with the name of a path
            parameter of the provider is handed to it.
        scopes: the scopes that its key needs, and what for.
        removal_scopes: those that it needs besides, if it is to remove ticket types.
        capabilities: what it can do.
        categories: the categories of events that are known; others may be right all the same.
    """

    provider: Provider
    title: str
    open: Callable[[Account, Mapping[str, str]], BoxOffice]
    capabilities: BoxOfficeCapabilities = attrs.field(factory=BoxOfficeCapabilities)
    settings: tuple[Setting, ...] = ()
    scopes: Mapping[str, str] = attrs.field(factory=dict)
    removal_scopes: Mapping[str, str] = attrs.field(factory=dict)
    categories: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class DeskAdapter:
    """What an entry point in the group ``willcall.desks`` names.

    Args:
        provider: whose service it is.
        title: what people call the service.
        open: makes a desk of an account and the values of the settings.
        settings: the adapter's own keys of ``[desk]``.
        mails_with: the setting without which the desk writes to no customer; empty if it always
            can.
        scopes: the scopes that its key needs, and what for.
        assignee_prefix: how the ids of those begin to whom tickets are assigned; another beginning
            is warned of. Empty if that says nothing.
    """

    provider: Provider
    title: str
    open: Callable[[Account, Mapping[str, str]], Desk]
    settings: tuple[Setting, ...] = ()
    mails_with: str = ""
    assignee_prefix: str = ""
    scopes: Mapping[str, str] = attrs.field(factory=dict)

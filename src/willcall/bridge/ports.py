"""The two ports of the bridge: a :class:`BoxOffice` is read, a :class:`Desk` is written to.

The bridge speaks to these and to no provider. An adapter implements a port for a provider and
stands beside that provider's client (``ticketsmart/box_office.py``, ``ticket0/desk.py``, or a
package of somebody else's that names its adapter by an entry point). Everything about pages,
batches, inboxes, labels as whole lists, names on the wire and statuses is the adapter's.

Every method that asks or writes is a flow, so the same adapter runs blocking, awaited and in the
simulation. Adapters raise the errors of :mod:`willcall.errors`; an error never means "not there".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Self

import attrs

from ..client.flow import Flow
from ..client.provider import Account, Provider
from ..client.quota import Quota
from .model.address import Address
from .model.facts import EventFacts

# -- box office -------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Rows:
    """One step of reading a box office's list of events.

    Args:
        events: the events that this step shows, in the order in which they were listed.
        silent: ids of those whose row does not say what is left of every ticket type. What is left
            of them is known only after :meth:`BoxOffice.event`.
        next: the cursor of the next step; None if this was the last.
        total: how many events the list has, if the box office says so.
    """

    events: tuple[EventFacts, ...]
    silent: frozenset[str] = frozenset()
    next: Any = None
    total: int | None = None


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
        why: the box office's words.
    """

    why: str


@attrs.frozen(kw_only=True)
class BoxOfficeCapabilities:
    """What a box office can do through its API.

    Args:
        rows: about how many events one step of the list shows.
        remove: whether ticket types can be removed.
    """

    rows: int = 100
    remove: bool = False


class BoxOffice(Protocol):
    """Where tickets are sold. One value is one account: one key, one list of events."""

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

    def rows(self, cursor: Any = None) -> Flow[Rows]:
        """One step of the list, from the start or from a cursor that an earlier step gave.

        Raises:
            ApiError: it could not be read.
        """

    def event(
        self, id_or_name: str, known: EventFacts | None = None
    ) -> Flow[EventFacts | NotThere]:
        """One event with its ticket types, as of one moment.

        Args:
            id_or_name: its id, or another name by which people know it (a slug).
            known: the event as it was last seen: saves the adapter a request where it can.

        Raises:
            ApiError: it could not be read.
        """

    def remove(self, event_id: str, ticket_type_id: str) -> Flow[Removed | Refused]:
        """Remove a ticket type. Not idempotent: who calls it has written that down before.

        Raises:
            OutcomeUnknownError: nobody knows whether it was done.
            ApiError: it was not done.
        """


# -- desk -------------------------------------------------------------------------------------


class TicketState(StrEnum):
    """Where a support ticket stands, as far as the bridge needs to know."""

    OPEN = "open"
    RESOLVED = "resolved"
    OTHER = "other"  # a person, or the desk itself, has put it elsewhere


@attrs.frozen(kw_only=True)
class Standing:
    """A support ticket as it stands at the desk.

    Args:
        id: the desk's id.
        subject: its subject; a marker is read from it.
        state: where it stands.
        status: the desk's own word for that.
        labels: its labels (tags).
        assignee_id: who has it, if anybody.
        created_at: when it was opened, if the desk says so.
        stamp: changes whenever the ticket does; empty if the desk tells nothing of the kind.
    """

    id: str
    subject: str
    state: TicketState
    status: str
    labels: tuple[str, ...] = ()
    assignee_id: str | None = None
    created_at: datetime | None = None
    stamp: str = ""


@attrs.frozen
class Setting:
    """A key that an adapter adds to its table in the configuration.

    Args:
        name: the key, as in ``inbox_id``.
        summary: what it is for, in a line.
        required: whether the table must have it.
        email: whether its value is an e-mail address.
        per_rule: whether a rule's ``[rule.ticket]`` may say otherwise.
        example: a value to show, as in ``inb_01abc``.
    """

    name: str
    summary: str
    required: bool = False
    email: bool = False
    per_rule: bool = False
    example: str = ""


class Desk(Protocol):
    """Where support tickets are opened. One value is one workspace."""

    @property
    def title(self) -> str:
        """What people call the service, such as ``Ticket0``."""

    @property
    def quota(self) -> Quota:
        """How many requests it allows."""

    def within(self, seconds: float, *, tries: int | None = None) -> Self:
        """The same desk, whose calls end after so many seconds and are tried so often."""

    def open(self, address: Address, subject: str, body: str) -> Flow[Standing]:
        """Open a ticket; its marker stands in the subject.

        Raises:
            OutcomeUnknownError: nobody knows whether it was opened.
            ApiError: it was not.
        """

    def find(
        self, addresses: Sequence[Address], since: datetime | None
    ) -> Flow[Mapping[str, Sequence[Standing]]]:
        """The tickets that carry a marker in their subject, by marker, eldest first.

        Args:
            addresses: where they may have been opened.
            since: those opened earlier need not be found; None for all.

        Raises:
            ApiError: it cannot be said with certainty what is there and what is not.
        """

    def said(self, ticket_id: str) -> Flow[Sequence[str]]:
        """The texts of all messages and notes of a ticket that did not come from outside.

        Raises:
            NotFoundError: there is no such ticket.
            ApiError: they could not be read for certain.
        """

    def standing(self, ticket_id: str) -> Flow[Standing]:
        """A ticket as it stands now.

        Raises:
            NotFoundError: there is no such ticket.
        """

    def say(self, ticket_id: str, text: str, address: Address) -> Flow[None]:
        """Write to the customer."""

    def note(self, ticket_id: str, text: str) -> Flow[None]:
        """Write an internal note."""

    def label(
        self, standing: Standing, labels: Sequence[str], assignee_id: str | None
    ) -> Flow[Standing]:
        """Add labels to those that the ticket has, and assign it if an assignee is given."""

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


# -- adapters ---------------------------------------------------------------------------------


class OpensBoxOffice(Protocol):
    """Makes a box office of an account and the adapter's own settings."""

    def __call__(self, account: Account, settings: Mapping[str, str]) -> BoxOffice: ...


class OpensDesk(Protocol):
    """Makes a desk of an account and the adapter's own settings."""

    def __call__(self, account: Account, settings: Mapping[str, str]) -> Desk: ...


@attrs.frozen(kw_only=True)
class BoxOfficeAdapter:
    """What an entry point in the group ``willcall.box_offices`` names.

    Args:
        provider: whose service it is: its name, address, key variable and quota.
        open: makes a box office of an account.
        settings: the adapter's own keys of ``[[box_office]]``.
    """

    provider: Provider
    open: OpensBoxOffice
    settings: tuple[Setting, ...] = ()


@attrs.frozen(kw_only=True)
class DeskAdapter:
    """What an entry point in the group ``willcall.desks`` names.

    Args:
        provider: whose service it is.
        open: makes a desk of an account.
        settings: the adapter's own keys of ``[desk]``.
        mails_with: the setting without which the desk writes to no customer; empty if it always
            can.
    """

    provider: Provider
    open: OpensDesk
    settings: tuple[Setting, ...] = ()
    mails_with: str = ""

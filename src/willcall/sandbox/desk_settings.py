"""What Ticket0's documents leave open, as settings. The defaults are the desk of 2026.

``DESKS`` are whole desks by the year of the documents that describe them.
"""

# ruff: noqa: RUF009 - the functions in the defaults return ``dataclasses.field``

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

from willcall.sandbox.habit import choice, flag, seconds

Processing = Literal["seconds", "stuck", "never"]
Answers = Literal["nothing", "acknowledges", "replies"]
ReplyMakes = Literal["pending", "pending_later", "nothing"]
ReplyFrom = Literal["open", "any"]
ResolveHolds = Literal["holds", "pulled_back"]
PatchStatuses = Literal["documented", "all", "open_resolved", "resolved"]
ResolvedAgain = Literal["200", "400"]
OnClosed = Literal["409", "400", "403", "404", "422", "ignored", "accepted"]
Notes = Literal["work", "refused", "mailed"]
CreationText = Literal["inbound", "outbound", "absent"]
ListedNotes = Literal["marked", "unmarked", "absent"]
Inboxes = Literal["ignored", "optional", "required", "refused"]
CreationExtras = Literal["ignored", "refused", "taken"]
Tags = Literal["taken", "refused"]
TicketOrder = Literal["newest", "oldest", "updated"]
ClosedFilter = Literal["refused", "filters"]
Triage = Literal["adds", "overwrites", "never"]
Unmonitored = Literal["400", "403", "404", "accepted"]
KnownAddress = Literal["same", "updated", "second", "400", "409"]
RateHeaders = Literal["documented", "missing", "older"]
Subscription = Literal["active", "lapsed"]
StaffAuthor = Literal["user", "agent"]
ApiAuthor = Literal["user", "agent"]
MessageShape = Literal["public", "older"]
DeskYear = Literal["2026", "2025"]


class DeskSwitches(TypedDict, total=False):
    """The habits of Ticket0 as keyword arguments; see ``DeskSettings`` for their meaning."""

    processing: Processing
    processing_seconds: float
    processing_listed: bool
    list_lag: float
    read_lag: float
    auto_answer: Answers
    reply_makes: ReplyMakes
    reply_from: ReplyFrom
    resolve_holds: ResolveHolds
    patch_statuses: PatchStatuses
    resolved_again: ResolvedAgain
    on_closed: OnClosed
    auto_close: float
    notes: Notes
    listed_notes: ListedNotes
    creation_text: CreationText
    inboxes: Inboxes
    creation_extras: CreationExtras
    tags: Tags
    ticket_order: TicketOrder
    cursor_seconds: float
    list_closed: bool
    closed_filter: ClosedFilter
    triage: Triage
    triage_seconds: float
    routing: bool
    unmonitored: Unmonitored
    empty_creation: bool
    ticket_enveloped: bool
    known_address: KnownAddress
    rate_headers: RateHeaders
    subscription: Subscription
    signature: bool
    staff_author: StaffAuthor
    api_author: ApiAuthor
    message_shape: MessageShape


@dataclass(slots=True)
class DeskSettings:
    """The habits of Ticket0, each with our best guess as its default."""

    processing: Processing = choice(
        Processing,
        "what a new ticket does first: it is `processing` for `processing_seconds`, or stays so,"
        " or is `open` at once",
        "`processing` lasts seconds",
    )
    processing_seconds: float = seconds(3.0, "how long a new ticket is `processing`", "seconds")
    processing_listed: bool = flag(True, "a ticket that is `processing` is in the list")
    list_lag: float = seconds(0.0, "how long a new ticket takes to be in the list")
    read_lag: float = seconds(0.0, "how long a new ticket answers 404 under its own address")
    auto_answer: Answers = choice(
        Answers,
        "what the AI writes to the customer of a new ticket; its reply makes it `pending`",
        "auto-reply is off by default",
    )
    reply_makes: ReplyMakes = choice(
        ReplyMakes,
        "what a reply makes of its ticket: `pending` at once, two seconds later, or nothing",
        "`pending` after a reply",
    )
    reply_from: ReplyFrom = choice(
        ReplyFrom, "which tickets a reply makes `pending`: open ones, or resolved and snoozed too"
    )
    resolve_holds: ResolveHolds = choice(
        ResolveHolds,
        "whether a resolve within a minute of a reply holds; else the ticket is `pending` again"
        " three seconds later",
    )
    patch_statuses: PatchStatuses = choice(
        PatchStatuses,
        "the statuses that `PATCH` sets: the `documented` ones are open, pending, resolved and"
        " snoozed; `all` has closed, too; any other is a 400",
        "open, pending, resolved, snoozed",
    )
    resolved_again: ResolvedAgain = choice(
        ResolvedAgain, "the answer to resolving a ticket that is resolved"
    )
    on_closed: OnClosed = choice(
        OnClosed,
        "the answer to a reply, a note or a `PATCH` on a closed ticket; `ignored` is a 200 or 201"
        " without effect",
        "closed is terminal",
    )
    auto_close: float = seconds(
        604_800.0, "after how long a resolved ticket is closed", "after a retention window"
    )
    notes: Notes = choice(
        Notes,
        "notes are written, or refused (400), or `isNote` is ignored and their text is e-mailed to"
        " the customer",
        "notes, by the older revision",
    )
    listed_notes: ListedNotes = choice(
        ListedNotes,
        "how notes are listed among the messages: with `isNote`, as outbound messages, or not",
    )
    creation_text: CreationText = choice(
        CreationText, "how the text of a creation is listed among the messages"
    )
    inboxes: Inboxes = choice(
        Inboxes,
        "`inboxId` in body and filter: ignored, and no ticket has it; optional or required, and"
        " every ticket has it; or refused as an unknown field",
        "none any more in 2026; required in 2025",
    )
    creation_extras: CreationExtras = choice(
        CreationExtras, "`tags` and `externalId` at creation are ignored, refused (400) or taken"
    )
    tags: Tags = choice(
        Tags,
        "tags in `PATCH` are taken, or refused (400) as an unknown field",
        "tags, by the older revision",
    )
    ticket_order: TicketOrder = choice(
        TicketOrder, "the order of Ticket0's lists; `updated` is the last update first"
    )
    cursor_seconds: float = seconds(3600.0, "how long a cursor is good", "cursors are opaque")
    list_closed: bool = flag(True, "closed tickets are in the list")
    closed_filter: ClosedFilter = choice(
        ClosedFilter, "`?status=closed` is a 400, or filters", "the other statuses"
    )
    triage: Triage = choice(
        Triage,
        "auto-triage adds a tag to a new ticket after `triage_seconds`, or writes the tags it read"
        " at the beginning and its own, over whatever was set meanwhile",
        "auto-triage is on by default",
    )
    triage_seconds: float = seconds(2.0, "how long auto-triage takes")
    routing: bool = flag(
        False, "a routing rule assigns every new ticket", "routing rules may assign"
    )
    unmonitored: Unmonitored = choice(
        Unmonitored,
        "the answer to a `fromAddress` that is not monitored; `accepted` is never delivered",
        "the address must be monitored",
    )
    empty_creation: bool = flag(False, "a creation is answered without a body")
    ticket_enveloped: bool = flag(False, 'a single ticket comes as `{"ticket": {…}}`')
    known_address: KnownAddress = choice(
        KnownAddress,
        "a new customer with a known e-mail address and another `externalId`: the same record, the"
        " record with the new id, a second record, or an error",
        "one record for an address",
    )
    rate_headers: RateHeaders = choice(
        RateHeaders,
        "headers about the rate limit: `Retry-After` with a 429; none; or `X-RateLimit-*`, too",
        "`Retry-After`",
    )
    subscription: Subscription = choice(
        Subscription, "a lapsed subscription answers every request with 402", "one is needed"
    )
    signature: bool = flag(False, "replies get a signature appended", "replies get a signature")
    staff_author: StaffAuthor = choice(
        StaffAuthor,
        "`authorType` of what people at the desk write; where it is `agent`, the AI's is, too",
        "`user`; `agent` in 2025",
    )
    api_author: ApiAuthor = choice(ApiAuthor, "`authorType` of what comes through the API")
    message_shape: MessageShape = choice(
        MessageShape,
        "the message of the newest pages or of the older revision",
        "both, by revision",
    )


DESKS: Mapping[DeskYear, DeskSwitches] = {
    "2026": {},
    "2025": {
        "processing": "never",
        "reply_makes": "nothing",
        "triage": "never",
        "auto_close": 0.0,
        "inboxes": "required",
    },
}
"""The habits of a whole desk, by the year of the documents that describe it."""

"""Ticket0's v1 API and its webhooks: what its documents state, and what is inferred."""

from __future__ import annotations

from typing import Any

from willcall.ticket0.models import AuthorType, Channel, Direction, TicketStatus
from willcall.ticket0.webhooks import HEADER, EventType

from .facts import (
    NOT_BLANK,
    Json,
    Known,
    answer,
    in_path,
    in_query,
    items,
    moment,
    ref,
    sent_text,
    text,
    thing,
    value,
    whole,
    words,
)

ALL_STATUSES = tuple(status.value for status in TicketStatus)
STATUSES = ("open", "pending", "resolved", "snoozed")


def _address(known: Known, says: str, **more: Any) -> Json:
    return text(known, says, limits="inferred", format="email", minLength=3, maxLength=254, **more)


_RARE: dict[str, Any] = {"unread": True, "sometimes": True}

SCHEMAS: dict[str, Json] = {
    "Ticket": thing(
        "older",
        "A support ticket.",
        {
            "id": text("older", "`tkt_…`."),
            "subject": text("older", "What the support team reads first."),
            "status": words(
                "public",
                "Its status. `processing` is transient; `closed` is terminal; a reply makes it"
                " `pending`, which is no sign of a person.",
                ALL_STATUSES,
                opened=True,
            ),
            "assigneeId": text("older", "`usr_…`, or null if nobody is assigned.", null=True),
            "customerId": text("older", "`cust_…`; `cus_…` in 2025.", null=True),
            "inboxId": text(
                "older",
                "`inb_…`. Workspaces of 2026 have no inboxes (public).",
                null=True,
                sometimes=True,
            ),
            "tags": items("older", "Its tags. Auto-triage adds some by itself.", text("older")),
            "createdAt": moment("older", "When it was opened.", null=True),
            "updatedAt": moment("older", "When it last changed.", null=True),
            "externalId": text(
                "inferred",
                "Where a desk takes it at creation.",
                null=True,
                unread=True,
                sometimes=True,
            ),
        },
        needs=("id", "subject", "status"),
        model="ticket0.Ticket",
    ),
    "TicketAnswer": {
        "description": "One ticket: bare (older), or in an envelope.",
        "anyOf": [
            ref("Ticket"),
            thing(
                "inferred",
                "In an envelope.",
                {"ticket": {**ref("Ticket"), "x-wire": "ticket_envelope"}},
                needs=("ticket",),
            ),
        ],
        "x-known-from": "older",
    },
    "TicketList": thing(
        "older",
        "A page of tickets.",
        {
            "tickets": items("older", "The rows, in no documented order.", ref("Ticket")),
            "nextCursor": text("public", "The next `cursor`; null on the last page.", null=True),
        },
        needs=("tickets",),
    ),
    "Message": thing(
        "public",
        "A message of a ticket. The documents of 2026 and of 2025 give it different shapes; both"
        " are read.",
        {
            "id": text("public", "`msg_…`."),
            "direction": words(
                "public",
                "Inbound or outbound.",
                tuple(word.value for word in Direction),
                opened=True,
                null=True,
            ),
            "channel": words(
                "public",
                "How it was sent.",
                tuple(word.value for word in Channel),
                opened=True,
                null=True,
            ),
            "subject": text("public", "Its subject.", null=True),
            "fromAddress": text("public", "The address of the sender.", null=True),
            "fromName": text("public", "The name of the sender.", null=True),
            "toAddresses": items("public", "The recipients.", text("public")),
            "ccAddresses": items(
                "public", "The recipients of a copy.", text("public"), wire="cc_addresses"
            ),
            "bodyText": text(
                "public", "The text; a signature may be appended. `body` in 2025.", null=True
            ),
            "bodyHtml": text("public", "The same as HTML.", null=True, wire="body_html"),
            "bodyTextCleaned": text("public", "Without quotes and signature.", null=True),
            "externalId": text("public", "The Message-ID of an e-mail.", null=True),
            "inReplyTo": text("public", "The Message-ID of what it answers.", null=True),
            "authorType": words(
                "public",
                "Who wrote it: `customer`, `user` (an operator) or `agent` (AI or system; in 2025 a"
                " person).",
                tuple(word.value for word in AuthorType),
                opened=True,
                null=True,
            ),
            "authorId": text("public", "The id of the author.", null=True),
            "authorName": text("public", "The name of the author.", null=True),
            "conversationId": text("public", "Its conversation.", null=True),
            "aiSentiment": value(None, "public", "Its type is not documented."),
            "detectedLanguage": text("public", "Its language.", null=True),
            "createdAt": moment("public", "When it was written.", null=True),
            "ticketId": text("older", "Its ticket.", null=True, sometimes=True),
            "body": text("older", "The text; `bodyText` in 2026.", null=True, **_RARE),
            "authorEmail": text(
                "older",
                "The address of the sender; `fromAddress` in 2026.",
                null=True,
                unread=True,
                sometimes=True,
            ),
            "isNote": value(
                "boolean",
                "older",
                "An internal note. That 2026 has it is inferred.",
                sometimes=True,
            ),
        },
        needs=("id",),
        model="ticket0.Message",
    ),
    "MessageAnswer": {
        "description": "One message: bare, or in an envelope.",
        "anyOf": [
            ref("Message"),
            thing(
                "inferred",
                "In an envelope.",
                {"message": {**ref("Message"), "x-wire": "message_envelope"}},
                needs=("message",),
            ),
        ],
        "x-known-from": "inferred",
    },
    "MessageList": thing(
        "public",
        "The messages of a ticket, oldest first.",
        {
            "messages": items("public", "All of them; in 2025 a page.", ref("Message")),
            "total": whole("public", "How many there are.", sometimes=True),
            "nextCursor": text(
                "older", "The next `cursor`; null on the last page.", null=True, sometimes=True
            ),
        },
        needs=("messages",),
    ),
    "Customer": thing(
        "older",
        "A customer.",
        {
            "id": text("older", "`cust_…`; `cus_…` in 2025."),
            "email": text("older", "Their address.", null=True),
            "name": text("older", "Their name.", null=True),
            "externalId": text("older", "Your own id for them.", null=True),
            "metadata": value(
                "object",
                "older",
                "Your own facts, strings only.",
                additionalProperties={"type": ["string", "null"]},
            ),
            "ticketCount": whole("older", "How many tickets they have.", null=True),
            "createdAt": moment("older", "When the record was created.", null=True),
        },
        needs=("id",),
        model="ticket0.Customer",
    ),
    "CustomerAnswer": {
        "description": "One customer: bare (older), or in an envelope.",
        "anyOf": [
            ref("Customer"),
            thing(
                "inferred",
                "In an envelope.",
                {"customer": {**ref("Customer"), "x-wire": "customer_envelope"}},
                needs=("customer",),
            ),
        ],
        "x-known-from": "older",
    },
    "CustomerList": thing(
        "older",
        "A page of customers.",
        {
            "customers": items("older", "The rows, in no documented order.", ref("Customer")),
            "nextCursor": text("public", "The next `cursor`; null on the last page.", null=True),
        },
        needs=("customers",),
    ),
    "NewTicket": thing(
        "older",
        "A ticket to open. Tags and an external id cannot be given (older); whether they are"
        " ignored or refused is open.",
        {
            "subject": sent_text("older", "What the support team reads first.", 500),
            "customerEmail": _address(
                "older", "The customer, whose record is linked by this address."
            ),
            "inboxId": sent_text(
                "older",
                "Required in 2025; workspaces of 2026 have no inboxes (public).",
                5000,
                **{"x-refers-to": "inbox"},
            ),
            "body": sent_text("older", "The first text.", 100_000),
        },
        needs=("subject", "customerEmail", "body"),
    ),
    "TicketPatch": thing(
        "older",
        "What to change of a ticket.",
        {
            "status": words(
                "older",
                "Its new status. `resolved` surely works; which others do is open.",
                STATUSES,
                opened=False,
            ),
            "assigneeId": sent_text(
                "older",
                "Its new assignee; null for nobody.",
                5000,
                null=True,
                **{"x-refers-to": "user"},
            ),
            "tags": items(
                "older",
                "The whole list of its tags.",
                text("older", minLength=1, pattern=NOT_BLANK),
                limits="inferred",
                maxItems=100,
            ),
        },
    ),
    "Reply": thing(
        "public",
        "A reply to the customer by e-mail.",
        {
            "fromAddress": _address(
                "public", "A monitored address of the workspace.", **{"x-refers-to": "address"}
            ),
            "bodyText": sent_text("public", "Plain text.", 100_000),
            "bodyHtml": sent_text(
                "inferred", "The same as HTML.", 500_000, null=True, wire="body_html"
            ),
            "ccAddresses": items(
                "inferred",
                "Recipients of a copy.",
                text("inferred", minLength=1, pattern=NOT_BLANK),
                maxItems=100,
                wire="cc_addresses",
            ),
            "isNote": value("boolean", "older", "False, or left out.", enum=[False]),
        },
        needs=("fromAddress", "bodyText"),
    ),
    "Note": thing(
        "older",
        "An internal note, which the customer never sees. Whether 2026 has notes is open: a desk"
        " that ignores `isNote` would e-mail the text. So a note carries no address, and `isNote`"
        " of the answer is checked.",
        {
            "body": sent_text("older", "Plain text.", 100_000),
            "isNote": value("boolean", "older", "Always true.", enum=[True]),
        },
        needs=("body", "isNote"),
    ),
    "NewMessage": {
        "description": "A reply or a note.",
        "anyOf": [ref("Reply"), ref("Note")],
        "x-known-from": "public",
    },
    "NewCustomer": thing(
        "older",
        "A customer. An `externalId` that exists answers the customer who has it: the one create"
        " that is safe to repeat.",
        {
            "email": _address("older", "Their address."),
            "name": sent_text("older", "Their name.", 200, null=True),
            "externalId": sent_text("older", "Your own id for them.", 200, null=True),
            "metadata": value(
                "object",
                "older",
                "Your own facts, strings only.",
                additionalProperties={"type": "string"},
            ),
        },
        needs=("email",),
    ),
    "CustomerPatch": thing(
        "older",
        "What to change of a customer.",
        {
            "name": sent_text("older", "Their name.", 200, null=True),
            "metadata": value(
                "object",
                "older",
                "Facts to add or change; null removes a fact.",
                additionalProperties={"type": ["string", "null"]},
            ),
        },
    ),
    "Error": thing(
        "seed",
        "An error.",
        {
            "error": thing(
                "seed",
                "What is wrong.",
                {
                    "code": words(
                        "seed",
                        "Upper-case constants, to be compared exactly. There may be others.",
                        (
                            *("VALIDATION_ERROR", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND"),
                            *("RATE_LIMITED", "INTERNAL"),
                        ),
                        opened=True,
                    ),
                    "message": text("seed", "In words."),
                },
                needs=("code", "message"),
            )
        },
        needs=("error",),
    ),
    "WebhookEvent": thing(
        "older",
        "What every delivery says.",
        {
            "id": text("older", "`evt_…`; the same for each delivery of one event."),
            "type": words(
                "older",
                "What happened. The name of a ping is inferred.",
                (*(word.value for word in EventType), "ping"),
                opened=True,
                wire="ping",
            ),
            "createdAt": moment("older", "When it happened.", null=True),
            "workspaceId": text("older", "The workspace.", null=True),
            "data": {
                "description": "What it is about: the object under its name, or the object itself.",
                "anyOf": [
                    thing(
                        "inferred",
                        "Under its name.",
                        {
                            "ticket": {**ref("Ticket"), "x-wire": "data_ticket"},
                            "message": {**ref("Message"), "x-wire": "data_message"},
                            "customer": {**ref("Customer"), "x-wire": "data_customer"},
                        },
                    ),
                    ref("Ticket"),
                    ref("Message"),
                    ref("Customer"),
                ],
                "x-known-from": "older",
            },
        },
        needs=("id", "type"),
        model="ticket0.WebhookEvent",
    ),
}

_RETRY = {
    "Retry-After": {
        "description": "Seconds to wait. On a second 429 in a row, wait twice as long.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "x-known-from": "public",
    }
}
_ALLOW = {
    "Allow": {
        "description": "The methods that this path has.",
        "schema": {"type": "string"},
        "x-known-from": "inferred",
    }
}


def _error(says: str, code: str, message: str, known: Known = "seed", **more: Any) -> Json:
    found = answer(says, ref("Error"), known, **more)
    found["content"]["application/json"]["example"] = {"error": {"code": code, "message": message}}
    return found


RESPONSES: dict[str, Json] = {
    "Invalid": _error("Invalid body or parameter.", "VALIDATION_ERROR", "subject: Required"),
    "Unauthorized": _error(
        "The key is missing or invalid.", "UNAUTHORIZED", "Valid API key required"
    ),
    "Lapsed": _error(
        "The workspace has no active subscription. That a lapsed one answers so is inferred.",
        "SUBSCRIPTION_REQUIRED",
        "The workspace has no active subscription",
        "inferred",
    ),
    "Forbidden": _error(
        "The key lacks the scope.",
        "FORBIDDEN",
        "API key lacks the required scope: tickets:write",
    ),
    "NotFound": _error("Wrong id, or not in this workspace.", "NOT_FOUND", "Ticket not found"),
    "MethodNotAllowed": _error(
        "The path has no such method.",
        "METHOD_NOT_ALLOWED",
        "Method not allowed",
        "inferred",
        headers=_ALLOW,
    ),
    "Conflict": _error(
        "The ticket is closed, or the address has another customer. The status is open.",
        "CONFLICT",
        "Ticket is closed",
        "inferred",
    ),
    "RateLimited": _error(
        "More than 60 requests of the workspace in a minute.",
        "RATE_LIMITED",
        "Rate limit exceeded",
        headers=_RETRY,
    ),
    "Internal": _error(
        "An error of the service; safe to retry with exponential backoff. A create whose answer was"
        " lost is another matter.",
        "INTERNAL",
        "Unexpected server error",
    ),
}
_USUAL = {
    "400": "Invalid",
    "401": "Unauthorized",
    "402": "Lapsed",
    "403": "Forbidden",
    "405": "MethodNotAllowed",
    "429": "RateLimited",
    "500": "Internal",
}
_OF_ID = {**_USUAL, "404": "NotFound"}
_TICKET = in_path("ticketId", "`tkt_…`.", "older")
_CUSTOMER = in_path("customerId", "`cust_…`.", "older")
_CURSOR = in_query(
    "cursor",
    text("public", "`nextCursor` of the page before.", **{"x-refers-to": "cursor"}),
)
_LIMIT = in_query("limit", whole("public", "Rows on a page.", minimum=1, maximum=100, default=20))


def _link(operation: str, says: str, name: str) -> Json:
    return {
        "operationId": operation,
        "description": says,
        "parameters": {name: "$response.body#/id"},
    }


PATHS: dict[str, dict[str, Json]] = {
    "/tickets": {
        "get": {
            "operationId": "listTickets",
            "summary": "List tickets",
            "description": "The tickets of the workspace, in no documented order.",
            "x-scope": "tickets:read",
            "x-known-from": "seed",
            "x-client": ["tickets.list"],
            "parameters": [
                in_query("status", words("seed", "Only with this status.", STATUSES, opened=False)),
                in_query("assigneeId", text("older", "Only of this assignee.")),
                in_query("inboxId", text("older", "Only of this inbox.")),
                in_query("tag", text("older", "Only with this tag.")),
                _LIMIT,
                _CURSOR,
            ],
            "responses": {
                "200": answer("A page of tickets.", ref("TicketList"), "older"),
                **_USUAL,
            },
        },
        "post": {
            "operationId": "createTicket",
            "summary": "Open a ticket",
            "description": "Not idempotent, and no idempotency key is documented: after a timeout,"
            " look for its subject before it is tried again.",
            "x-scope": "tickets:write",
            "x-known-from": "older",
            "x-client": ["tickets.create"],
            "x-body": "NewTicket",
            "x-example": {
                "subject": "Sold out: Gala",
                "customerEmail": "organiser@example.com",
                "inboxId": "inb_01abc",
                "body": "Gala is sold out.",
            },
            "responses": {
                "201": answer(
                    "The ticket.",
                    ref("TicketAnswer"),
                    "older",
                    **{
                        "x-status-known-from": "inferred",
                        "links": {
                            "get": _link("getTicket", "The ticket of this answer.", "ticketId"),
                            "patch": _link("updateTicket", "Change it.", "ticketId"),
                            "messages": _link("listMessages", "Its messages.", "ticketId"),
                            "send": _link("createMessage", "A reply or a note.", "ticketId"),
                        },
                    },
                ),
                **_USUAL,
            },
        },
    },
    "/tickets/{ticketId}": {
        "get": {
            "operationId": "getTicket",
            "summary": "Get a ticket",
            "description": "One ticket.",
            "x-scope": "tickets:read",
            "x-known-from": "older",
            "x-client": ["tickets.get"],
            "parameters": [_TICKET],
            "responses": {"200": answer("The ticket.", ref("TicketAnswer"), "older"), **_OF_ID},
        },
        "patch": {
            "operationId": "updateTicket",
            "summary": "Change a ticket",
            "description": "Any of status, assignee and tags.",
            "x-scope": "tickets:write",
            "x-known-from": "older",
            "x-client": ["tickets.update"],
            "parameters": [_TICKET],
            "x-body": "TicketPatch",
            "x-example": {"status": "resolved", "tags": ["sold-out"]},
            "responses": {
                "200": answer("The ticket.", ref("TicketAnswer"), "older"),
                **_OF_ID,
                "409": "Conflict",
            },
        },
    },
    "/tickets/{ticketId}/messages": {
        "get": {
            "operationId": "listMessages",
            "summary": "List messages",
            "description": "The messages of a ticket, oldest first: all of them; in 2025 a page.",
            "x-scope": "messages:read",
            "x-known-from": "public",
            "x-client": ["messages.list"],
            "parameters": [_TICKET],
            "responses": {"200": answer("The messages.", ref("MessageList"), "public"), **_OF_ID},
        },
        "post": {
            "operationId": "createMessage",
            "summary": "Reply to the customer, or add a note",
            "description": "Not idempotent: after a timeout, look for the text before it is tried"
            " again.",
            "x-scope": "messages:send",
            "x-known-from": "public",
            "x-client": ["messages.send", "messages.note"],
            "parameters": [_TICKET],
            "x-body": "NewMessage",
            "x-example": {"fromAddress": "boxoffice@example.com", "bodyText": "There are 40."},
            "responses": {
                "201": answer(
                    "The message.",
                    ref("MessageAnswer"),
                    "inferred",
                ),
                **_OF_ID,
                "409": "Conflict",
            },
        },
    },
    "/customers": {
        "get": {
            "operationId": "listCustomers",
            "summary": "List customers",
            "description": "The customers of the workspace, in no documented order.",
            "x-scope": "customers:read",
            "x-known-from": "older",
            "x-client": ["customers.list"],
            "parameters": [
                in_query("email", text("older", "Only with this address.")),
                in_query("externalId", text("older", "Only with this external id.")),
                _LIMIT,
                _CURSOR,
            ],
            "responses": {
                "200": answer("A page of customers.", ref("CustomerList"), "older"),
                **_USUAL,
            },
        },
        "post": {
            "operationId": "createCustomer",
            "summary": "Create a customer",
            "description": "With an `externalId` it is an upsert.",
            "x-scope": "customers:write",
            "x-known-from": "older",
            "x-client": ["customers.create", "customers.upsert"],
            "x-body": "NewCustomer",
            "x-example": {"email": "organiser@example.com", "name": "Olu", "externalId": "org-1"},
            "responses": {
                "200": answer("The customer who has this id.", ref("CustomerAnswer"), "older"),
                "201": answer(
                    "The new customer.",
                    ref("CustomerAnswer"),
                    "older",
                    **{
                        "x-status-known-from": "inferred",
                        "links": {
                            "get": _link("getCustomer", "The customer.", "customerId"),
                            "patch": _link("updateCustomer", "Change it.", "customerId"),
                        },
                    },
                ),
                **_USUAL,
                "409": "Conflict",
            },
        },
    },
    "/customers/{customerId}": {
        "get": {
            "operationId": "getCustomer",
            "summary": "Get a customer",
            "description": "One customer.",
            "x-scope": "customers:read",
            "x-known-from": "older",
            "x-client": ["customers.get"],
            "parameters": [_CUSTOMER],
            "responses": {"200": answer("The customer.", ref("CustomerAnswer"), "older"), **_OF_ID},
        },
        "patch": {
            "operationId": "updateCustomer",
            "summary": "Change a customer",
            "description": "Name and metadata; metadata is merged.",
            "x-scope": "customers:write",
            "x-known-from": "older",
            "x-client": ["customers.update"],
            "parameters": [_CUSTOMER],
            "x-body": "CustomerPatch",
            "x-example": {"metadata": {"tier": "gold", "city": None}},
            "responses": {"200": answer("The customer.", ref("CustomerAnswer"), "older"), **_OF_ID},
        },
    },
}

INFO = {
    "title": "Ticket0 v1",
    "summary": "The tickets, messages and customers of a workspace, and its webhooks.",
    "description": "Written by the authors of willcall from what Ticket0 documents; no schema of"
    " its own could be read. Not a document of Ticket0's. Every fact says how it is known: `seed`"
    " is its API reference, `public` its newest public pages (2026), `older` an earlier revision of"
    " them (2025), and `inferred` is stated nowhere.",
}
SERVER = "https://app.ticket0.ai/api/v1"
SECURITY = {
    "type": "http",
    "scheme": "bearer",
    "description": "`t0_…`; a key may have an expiry date, and only Owners and Admins create or"
    " revoke keys. Scopes: tickets:read, tickets:write, messages:read, messages:send,"
    " customers:read, customers:write, and admin for all.",
    "x-known-from": "seed",
}
LIMIT = {
    "requests": 60,
    "seconds": 60,
    "window": "begins with the first request of a minute",
    "per": "workspace",
    "x-known-from": "public",
}
CORS: Json = {}
TAGS = {
    "tickets": "The support tickets of the workspace.",
    "messages": "The conversations of its tickets.",
    "customers": "The people whom its tickets concern.",
}


def _delivery(kind: str) -> Json:
    return {
        "post": {
            "operationId": "on" + "".join(part.capitalize() for part in kind.split(".")),
            "summary": f"`{kind}`",
            "description": "Anything but 2xx is retried after 1 min, 5 min, 30 min, 2 h and 6 h. So"
            " a delivery can come twice, late and out of order.",
            "x-known-from": "inferred" if kind == "ping" else "older",
            "security": [],
            "parameters": [
                {
                    "name": HEADER,
                    "in": "header",
                    "required": True,
                    "description": "`sha256=` and the hex HMAC-SHA256 of the raw body under the"
                    " webhook's secret. No timestamp is signed.",
                    "schema": {"type": "string", "pattern": "^sha256=[0-9a-f]{64}$"},
                    "x-known-from": "older",
                }
            ],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": ref("WebhookEvent")}},
            },
            "responses": {
                "200": {"description": "It was taken.", "x-known-from": "older"},
                "4XX": {
                    "description": "It was not taken, and comes again.",
                    "x-known-from": "older",
                },
            },
        }
    }


WEBHOOKS = {kind: _delivery(kind) for kind in (*(word.value for word in EventType), "ping")}

REVISIONS: dict[str, list[Json]] = {
    "2025": [
        {
            "op": "add",
            "path": "/components/schemas/NewTicket/required/-",
            "value": "inboxId",
        },
        {
            "op": "add",
            "path": "/paths/~1tickets~1{ticketId}~1messages/get/parameters/-",
            "value": in_query(
                "limit", whole("older", "Messages on a page.", minimum=1, maximum=200)
            ),
        },
        {
            "op": "add",
            "path": "/paths/~1tickets~1{ticketId}~1messages/get/parameters/-",
            "value": in_query(
                "cursor",
                text("older", "`nextCursor` of the page before.", **{"x-refers-to": "cursor"}),
            ),
        },
    ]
}
"""What another revision of the service says otherwise, as a JSON Patch."""

SWITCHES_AT: dict[str, tuple[str, ...]] = {
    "processing": ("Ticket",),
    "processing_seconds": ("Ticket",),
    "processing_listed": ("listTickets",),
    "list_lag": ("listTickets",),
    "read_lag": ("getTicket",),
    "auto_answer": ("createTicket",),
    "reply_makes": ("createMessage",),
    "reply_from": ("createMessage",),
    "resolve_holds": ("updateTicket",),
    "patch_statuses": ("TicketPatch",),
    "resolved_again": ("updateTicket",),
    "on_closed": ("updateTicket", "createMessage"),
    "auto_close": ("Ticket",),
    "notes": ("Note",),
    "listed_notes": ("listMessages",),
    "creation_text": ("listMessages",),
    "inboxes": ("NewTicket", "listTickets"),
    "creation_extras": ("NewTicket",),
    "tags": ("updateTicket",),
    "ticket_order": ("listTickets", "listCustomers"),
    "cursor_seconds": ("listTickets", "listCustomers"),
    "list_closed": ("listTickets",),
    "closed_filter": ("listTickets",),
    "triage": ("updateTicket",),
    "triage_seconds": ("Ticket",),
    "routing": ("Ticket",),
    "unmonitored": ("Reply",),
    "empty_creation": ("createTicket",),
    "ticket_enveloped": ("TicketAnswer",),
    "known_address": ("createCustomer",),
    "signature": ("Message",),
    "staff_author": ("Message",),
    "api_author": ("Message",),
    "message_shape": ("Message",),
}
"""The operation or schema that an open question is about; the others are about the whole API."""

OTHER_QUESTIONS: dict[str, Json] = {
    "webhook_signature": {
        "question": "Is a delivery of 2026 signed as 2025 documents it?",
        "answers": ["as documented in 2025", "with a timestamp", "another header"],
        "fault": None,
        "at": ("WebhookEvent",),
    },
    "webhook_data": {
        "question": "What does `data` hold, and when does `ticket.created` come?",
        "answers": [
            "the bare object",
            "the object under its name",
            "only ids",
            "before the POST is answered",
            "after it",
        ],
        "fault": None,
        "at": ("WebhookEvent",),
    },
    "tag_lag": {
        "question": "Does a filter by tag follow at once?",
        "answers": ["at once", "seconds later"],
        "fault": "tag_lag",
        "at": ("listTickets",),
    },
    "list_moves": {
        "question": "Can a row move between pages while the list is read?",
        "answers": ["no", "yes"],
        "fault": "moving",
        "at": ("listTickets",),
    },
    "unlisted_errors": {
        "question": "Which 4xx outside the documented list may come?",
        "answers": ["none", "any: it is permanent, and is shown"],
        "fault": "status",
        "at": ("Error",),
    },
}

"""Names and values that no document states. They are guesses, kept here so that each is one line.

Everything else on the wire is stated in the documents of the two services; the docstrings of the
endpoints say by which: *seed* (their reference pages), *public* (newest public pages), *older* (an
earlier revision of those), *inferred* (here).
"""

from __future__ import annotations

from typing import Final

# --- TicketSmart ---------------------------------------------------------------------------------

REMOVE_TICKET_TYPE: Final = "removeTicketTypeId"
TICKET_TYPES: Final = "ticketTypes"
PUBLIC_URL: Final = "publicUrl"
PUBLIC_URL_BASE: Final = "https://ticketsmart.ai/e/"

PAGE: Final = "page"
LIMIT: Final = "limit"
TOTAL: Final = "total"
TOTAL_PAGES: Final = "totalPages"
EVENTS_PER_PAGE: Final = 20

TYPE_SOLD: Final = "sold"
TYPE_AVAILABLE: Final = "available"
TYPE_HIDDEN: Final = "hidden"
TYPE_HELD: Final = "held"
TYPE_ADD_ON: Final = "isAddOn"
TYPE_SALE_STARTS: Final = "saleStartsAt"
TYPE_SALE_ENDS: Final = "saleEndsAt"
TYPE_MIN_PER_ORDER: Final = "minPerOrder"
TYPE_MAX_PER_ORDER: Final = "maxPerOrder"
AVAILABILITY_EVENT: Final = "eventId"
AVAILABILITY_SOLD_OUT: Final = "soldOut"

OTHER_REMOVAL: Final = "removeTicketType"
"""The name of the removal where ours is wrong."""

OTHER_NAMES: Final = {
    TICKET_TYPES: "tickets",
    PUBLIC_URL: "url",
    PAGE: "currentPage",
    LIMIT: "perPage",
    TOTAL: "totalCount",
    TOTAL_PAGES: "pageCount",
    TYPE_SOLD: "soldCount",
    TYPE_AVAILABLE: "remaining",
    TYPE_HIDDEN: "isHidden",
    TYPE_SALE_STARTS: "salesStart",
    TYPE_SALE_ENDS: "salesEnd",
    TYPE_MIN_PER_ORDER: "minQuantity",
    TYPE_MAX_PER_ORDER: "maxQuantity",
    AVAILABILITY_EVENT: "event",
    AVAILABILITY_SOLD_OUT: "isSoldOut",
}
"""What the service may call them instead."""

OTHER_STATUSES: Final = {400: 422, 401: 403, 403: 401, 404: 410, 409: 400}
"""Other statuses for the documented errors."""

NEW_EVENT_STATUS: Final = "DRAFT"
LIVE_STATUSES: Final = ("PUBLISHED", "SOLD_OUT")
"""``liveOnly=true``: these, as long as the event is not over."""

TICKETSMART_NOT_FOUND: Final = "Not found"
TICKETSMART_METHOD: Final = "Method not allowed"

# --- Ticket0 -------------------------------------------------------------------------------------

TICKETS_PER_PAGE: Final = 20  # public; the most is 100
MESSAGES_PER_PAGE: Final = 200  # older: the most; the default is not stated
BODY_HTML: Final = "bodyHtml"
CC_ADDRESSES: Final = "ccAddresses"
IS_NOTE: Final = "isNote"  # its place in the public message shape; older has it
METHOD_CODE: Final = "METHOD_NOT_ALLOWED"
CONFLICT_CODE: Final = "CONFLICT"
UNPROCESSABLE_CODE: Final = "UNPROCESSABLE"
LAPSED_CODE: Final = "SUBSCRIPTION_REQUIRED"

MESSAGE_FORBIDDEN: Final = "API key lacks the required scope: {scope}"
MESSAGE_NOT_FOUND: Final = "{what} not found"
MESSAGE_RATE_LIMITED: Final = "Rate limit exceeded"
MESSAGE_CLOSED: Final = "Ticket is closed"
MESSAGE_LAPSED: Final = "The workspace has no active subscription"
MESSAGE_UNMONITORED: Final = "Not the address of a monitored inbox"
MESSAGE_KNOWN_ADDRESS: Final = "A customer with this email exists already"
MESSAGE_INTERNAL: Final = "Unexpected server error"

# --- Both ----------------------------------------------------------------------------------------

CREATED: Final = 201
"""Status of an answer to a create; an upsert that found a record answers 200."""

"""Every name on TicketSmart's wire that is inferred: it is documented nowhere, and is our choice.

If the service uses another name, the correction is one line here.
"""

from __future__ import annotations

# The field of PATCH /events/{idOrSlug} that removes one unsold ticket type, by its id.
REMOVE_TICKET_TYPE = "removeTicketTypeId"

# The envelopes. A single event is also read bare.
EVENT_ENVELOPE = "event"
TICKET_TYPES_ENVELOPE = "ticketTypes"

# Inside a list's `pagination` object (it is documented; what is in it is inferred).
PAGINATION = "pagination"
TOTAL_PAGES = "totalPages"
TOTAL = "total"
LIMIT = "limit"

# An event that cannot be: ``check`` tries a write on it. Letters, digits and hyphens are what slugs
# are made of, so one with a tilde is nobody's slug, and no id has so many words.
NO_SUCH_EVENT = "willcall~checks~a~key~there~is~no~such~event"

EVENT_NAMES = {
    "id": "id",
    "slug": "slug",
    "status": "status",
    "ticket_types": "ticketTypes",
    "public_url": "publicUrl",
}

TICKET_TYPE_NAMES = {
    "id": "id",
    "price_cents": "price",  # documented; here because our name differs
    "currency": "currency",  # only if a ticket type says its own; else its event's is taken
    "sold": "sold",
    "available": "available",
    "sale_starts_at": "saleStartsAt",
    "sale_ends_at": "saleEndsAt",
    "min_per_order": "minPerOrder",
    "max_per_order": "maxPerOrder",
    "hidden": "hidden",
}

AVAILABILITY_NAMES = {
    "event_id": "eventId",
    "status": "status",
    "sold_out": "soldOut",
    "ticket_types": "ticketTypes",
}

TYPE_AVAILABILITY_NAMES = {
    "id": "id",
    "name": "name",
    "available": "available",
    "sold_out": "soldOut",
}

"""Every name on TicketSmart's wire that is inferred: it is documented nowhere, and is our choice.

If the service uses another name, one line sets it: see :mod:`willcall.client.names`.
"""

from __future__ import annotations

WIRE = {
    # The field of PATCH /events/{idOrSlug} that removes one unsold ticket type, by its id.
    "remove_ticket_type": "removeTicketTypeId",
    # The envelopes. A single event is also read bare.
    "event_envelope": "event",
    "ticket_types_envelope": "ticketTypes",
    # Inside a list's `pagination` object (it is documented; what is in it is inferred).
    "pagination": "pagination",
    "total_pages": "totalPages",
    "total": "total",
    "limit": "limit",
    "event_id": "id",
    "event_slug": "slug",
    "event_status": "status",
    "event_ticket_types": "ticketTypes",
    "event_public_url": "publicUrl",
    "ticket_type_id": "id",
    "ticket_type_price_cents": "price",  # documented; here because our name differs
    "ticket_type_currency": "currency",  # only if a ticket type says its own; else its event's
    "ticket_type_sold": "sold",
    "ticket_type_available": "available",
    "ticket_type_sale_starts_at": "saleStartsAt",
    "ticket_type_sale_ends_at": "saleEndsAt",
    "ticket_type_min_per_order": "minPerOrder",
    "ticket_type_max_per_order": "maxPerOrder",
    "ticket_type_hidden": "hidden",
    "ticket_type_add_on": "isAddOn",
    "availability_event_id": "eventId",
    "availability_status": "status",
    "availability_sold_out": "soldOut",
    "availability_ticket_types": "ticketTypes",
    "type_availability_id": "id",
    "type_availability_name": "name",
    "type_availability_available": "available",
    "type_availability_sold_out": "soldOut",
}

# An event that cannot be: ``check`` tries a write on it. Letters, digits and hyphens are what slugs
# are made of, so one with a tilde is nobody's slug, and no id has so many words.
NO_SUCH_EVENT = "willcall~checks~a~key~there~is~no~such~event"

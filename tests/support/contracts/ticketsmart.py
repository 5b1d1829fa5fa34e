"""TicketSmart's v1 API: what its reference states, and what is inferred."""

from __future__ import annotations

from typing import Any

from willcall.ticketsmart.models import Category, EventStatus, Visibility

from .facts import (
    NOT_BLANK,
    Json,
    answer,
    in_path,
    in_query,
    items,
    moment,
    ref,
    sent_moment,
    sent_text,
    text,
    thing,
    value,
    whole,
    words,
)

BIGGEST = 2**31 - 1
STATUSES, VISIBILITIES, CATEGORIES = (
    tuple(word.value for word in kind) for kind in (EventStatus, Visibility, Category)
)


def _event_fields(*, opened: bool, clears: bool) -> dict[str, Json]:
    """The fields of an event that can be sent, as they are sent or (``opened``) answered."""
    null: dict[str, Any] = {"null": clears or opened}

    def says(of: str, longest: int, **more: Any) -> Json:
        return text("seed", of, **more) if opened else sent_text("seed", of, longest, **more)

    when = moment if opened else sent_moment
    return {
        "title": says("What buyers read.", 200),
        "startsAt": when("seed", "When it starts."),
        "endsAt": when("seed", "When it ends; not before it starts (inferred).", **null),
        "doorsOpen": when("seed", "When the doors open.", **null),
        "timezone": says(
            "An IANA name such as America/New_York.", 64, **({"null": True} if opened else {})
        ),
        "venueName": says("The name of the venue.", 200, **null),
        "city": says("Where the venue is.", 100, **null),
        "country": says("Where the venue is; two letters in TicketSmart's example.", 100, **null),
        "currency": text("seed", "Three letters; USD if none is given.")
        if opened
        else text(
            "seed", "Three letters; USD if none is given.", limits="seed", pattern="^[A-Z]{3}$"
        ),
        "visibility": words("seed", "Who can see it.", VISIBILITIES, opened=opened, null=opened),
        "category": words(
            "seed", "What kind of event it is.", CATEGORIES, opened=opened, null=opened
        ),
    }


_SLUG_SENT = text(
    "seed",
    "Its name in URLs, unique.",
    limits="inferred",
    minLength=1,
    maxLength=100,
    pattern="^[a-z0-9]+(-[a-z0-9]+)*$",
)
_SALE_SENT = {
    "saleStartsAt": sent_moment("inferred", "When sales open.", null=True),
    "saleEndsAt": sent_moment("inferred", "When sales close.", null=True),
    "minPerOrder": whole("inferred", "Fewest an order may hold.", minimum=1, maximum=BIGGEST),
    "maxPerOrder": whole(
        "inferred", "Most an order may hold.", minimum=1, maximum=BIGGEST, null=True
    ),
    "hidden": value("boolean", "inferred", "Whether buyers do not see it."),
}
for _field in _SALE_SENT.values():
    _field["x-unsent"] = True

_NO_STATUS: dict[str, Any] = {"not": {"required": ["status"], "properties": {"status": {}}}}

_RARE: dict[str, Any] = {"unread": True, "sometimes": True}

SCHEMAS: dict[str, Json] = {
    "Event": thing(
        "seed",
        "An event of the key's box office.",
        {
            "id": text("inferred", "Its id.", wire="event_id"),
            "slug": text("seed", "Its name in URLs, unique.", null=True, wire="event_slug"),
            "status": words(
                "seed",
                "Its status; v1 cannot change it.",
                STATUSES,
                opened=True,
                wire="event_status",
            ),
            **_event_fields(opened=True, clears=True),
            "publicUrl": text(
                "inferred",
                "Where buyers find it; that a single event has it is in the seed.",
                null=True,
                wire="event_public_url",
            ),
            "ticketTypes": items(
                "inferred",
                "Its ticket types; that a single event has them is in the seed. A row may not.",
                ref("TicketType"),
                wire="event_ticket_types",
            ),
            "createdAt": moment("inferred", "When it was made.", unread=True),
            "updatedAt": moment("inferred", "When it last changed.", unread=True),
        },
        needs=("id", "title", "startsAt", "status"),
        model="ticketsmart.Event",
    ),
    "TicketType": thing(
        "seed",
        "A kind of admission to an event: prices, quantities, sale windows, limits of an order,"
        " hidden state and availability are in the seed; most of the names are inferred.",
        {
            "id": text("inferred", "Its id.", wire="ticket_type_id"),
            "name": text("seed", "What buyers read."),
            "price": whole(
                "seed", "Integer cents; 0 is free.", null=True, wire="ticket_type_price_cents"
            ),
            "currency": text(
                "inferred",
                "Only if a ticket type has its own; else its event's.",
                null=True,
                sometimes=True,
                wire="ticket_type_currency",
            ),
            "quantity": whole("seed", "How many can be sold in all.", null=True),
            "sold": whole(
                "inferred", "How many have been sold.", null=True, wire="ticket_type_sold"
            ),
            "available": whole(
                "inferred", "How many can be bought now.", null=True, wire="ticket_type_available"
            ),
            "saleStartsAt": moment(
                "inferred", "When sales open.", null=True, wire="ticket_type_sale_starts_at"
            ),
            "saleEndsAt": moment(
                "inferred", "When sales close.", null=True, wire="ticket_type_sale_ends_at"
            ),
            "minPerOrder": whole(
                "inferred",
                "Fewest an order may hold.",
                null=True,
                wire="ticket_type_min_per_order",
            ),
            "maxPerOrder": whole(
                "inferred", "Most an order may hold.", null=True, wire="ticket_type_max_per_order"
            ),
            "hidden": value(
                "boolean", "inferred", "Whether buyers do not see it.", wire="ticket_type_hidden"
            ),
            "isAddOn": value(
                "boolean",
                "inferred",
                "Whether it is bought beside a ticket and does not admit by itself.",
                wire="ticket_type_add_on",
                sometimes=True,
            ),
            "held": whole("inferred", "Seats in baskets, on some services.", **_RARE),
        },
        needs=("id", "name"),
        model="ticketsmart.TicketType",
    ),
    "EventAnswer": {
        "description": "One event, in an envelope or bare: which is not documented.",
        "anyOf": [
            thing(
                "inferred",
                "In an envelope.",
                {"event": {**ref("Event"), "x-wire": "event_envelope"}},
                needs=("event",),
            ),
            ref("Event"),
        ],
        "x-known-from": "inferred",
    },
    "EventList": thing(
        "seed",
        "A page of events.",
        {
            "events": items("seed", "The rows, in no documented order.", ref("Event")),
            "pagination": thing(
                "seed",
                "Where the page is in the list. Its fields are inferred.",
                {
                    "page": whole("inferred", "The page, from 1.", unread=True),
                    "limit": whole("inferred", "Rows on a page.", wire="limit"),
                    "total": whole("inferred", "Rows in the whole list.", wire="total"),
                    "totalPages": whole("inferred", "Pages in the whole list.", wire="total_pages"),
                },
                wire="pagination",
            ),
        },
        needs=("events", "pagination"),
    ),
    "TicketTypeList": thing(
        "inferred",
        "An event's ticket types. What they say is in the seed; the envelope is inferred.",
        {
            "ticketTypes": items(
                "inferred", "All of them.", ref("TicketType"), wire="ticket_types_envelope"
            )
        },
        needs=("ticketTypes",),
    ),
    "Availability": thing(
        "inferred",
        "The compact live stock of an event. That there is such a shape is in the seed.",
        {
            "eventId": text("inferred", "Its event.", wire="availability_event_id"),
            "status": words(
                "inferred",
                "The status of its event.",
                STATUSES,
                opened=True,
                wire="availability_status",
            ),
            "soldOut": value(
                "boolean", "inferred", "Whether nothing is left.", wire="availability_sold_out"
            ),
            "ticketTypes": items(
                "inferred",
                "What is left of each ticket type that is not hidden.",
                ref("TypeAvailability"),
                wire="availability_ticket_types",
            ),
        },
        model="ticketsmart.Availability",
    ),
    "TypeAvailability": thing(
        "inferred",
        "The live stock of a ticket type.",
        {
            "id": text("inferred", "Its id.", wire="type_availability_id"),
            "name": text("inferred", "What buyers read.", wire="type_availability_name"),
            "available": whole(
                "inferred",
                "How many can be bought now.",
                null=True,
                wire="type_availability_available",
            ),
            "soldOut": value(
                "boolean", "inferred", "Whether none is left.", wire="type_availability_sold_out"
            ),
        },
        needs=("id",),
        model="ticketsmart.TypeAvailability",
    ),
    "NewTicketType": thing(
        "seed",
        "A ticket type to create.",
        {
            "name": sent_text("seed", "What buyers read.", 100),
            "price": whole(
                "seed", "Integer cents; 0 is free.", limits="inferred", minimum=0, maximum=BIGGEST
            ),
            "quantity": whole(
                "seed", "How many can be sold.", limits="inferred", minimum=0, maximum=BIGGEST
            ),
            **_SALE_SENT,
        },
        needs=("name", "price", "quantity"),
    ),
    "NewEvent": thing(
        "seed",
        "An event to create. It becomes a draft (inferred). A status is refused (seed).",
        {
            **_event_fields(opened=False, clears=False),
            "slug": {**_SLUG_SENT, "x-known-from": "inferred", "x-unsent": True},
            "ticketTypes": items(
                "seed",
                "Ticket types to create with it.",
                ref("NewTicketType"),
                limits="inferred",
                maxItems=50,
            ),
        },
        needs=("title", "startsAt"),
        **_NO_STATUS,
    ),
    "EventPatch": thing(
        "seed",
        "What to change of an event; all of it is applied, or nothing (inferred). That null clears"
        " a field is inferred. A status is refused (seed).",
        {
            **_event_fields(opened=False, clears=True),
            "startsAt": sent_moment("seed", "When it starts.", null=False),
            "slug": _SLUG_SENT,
            "addTicketType": {
                **ref("NewTicketType"),
                "description": "One ticket type to add.",
                "x-known-from": "seed",
            },
            "removeTicketTypeId": text(
                "inferred",
                "The id of one unsold ticket type to remove; that one can be removed is in the"
                " seed.",
                minLength=1,
                maxLength=5000,
                pattern=NOT_BLANK,
                wire="remove_ticket_type",
                **{"x-refers-to": "ticketType"},
            ),
        },
        **_NO_STATUS,
    ),
    "Error": thing(
        "seed",
        "An error.",
        {
            "error": text("seed", "What is wrong; the documented texts are exact."),
            "details": items(
                "seed",
                "The problems of a validation error. What an entry holds is inferred.",
                {
                    "anyOf": [
                        thing(
                            "inferred",
                            "A field and what is wrong with it.",
                            {"path": text("inferred"), "message": text("inferred")},
                        ),
                        text("inferred", "Both in one text."),
                    ],
                    "x-known-from": "inferred",
                },
                sometimes=True,
            ),
            "hint": text("seed", "What to do.", sometimes=True),
            "missingScopes": items(
                "seed", "The scopes that the key lacks.", text("seed"), sometimes=True
            ),
            "retryAfter": whole("seed", "Seconds to wait.", sometimes=True),
        },
        needs=("error",),
    ),
}

_RETRY = {
    "Retry-After": {
        "description": "Seconds to wait.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "x-known-from": "seed",
    }
}
_ALLOW = {
    "Allow": {
        "description": "The methods that this path has.",
        "schema": {"type": "string"},
        "x-known-from": "inferred",
    }
}


def _error(says: str, example: Json, known: Any = "seed", **more: Any) -> Json:
    found = answer(says, ref("Error"), known, **more)
    found["content"]["application/json"]["example"] = example
    if known == "seed":
        # The seed does not name their statuses; its order suggests them.
        found["x-status-known-from"] = "inferred"
    return found


RESPONSES: dict[str, Json] = {
    "Invalid": _error(
        "Invalid JSON, an invalid filter, a status, or a field that does not fit.",
        {
            "error": "Validation failed",
            "details": [{"path": "title", "message": "Required"}],
        },
    ),
    "Unauthorized": _error(
        "The key is missing, malformed, revoked or unknown.",
        {"error": "Unauthorized", "hint": "Send your API key in the x-api-key request header"},
    ),
    "Forbidden": _error(
        "The key lacks the scope.", {"error": "Forbidden", "missingScopes": ["events:write"]}
    ),
    "NotFound": _error("The event is not in the key's box office.", {"error": "Event not found"}),
    "Conflict": _error(
        "The slug is taken (`Slug is already taken`), or the ticket type has sold tickets.",
        {"error": "Cannot remove a ticket type that has sold tickets"},
    ),
    "RateLimited": _error(
        "More than 60 requests of a key in 60 seconds.",
        {"error": "Rate limit exceeded. Try again later.", "retryAfter": 60},
        headers=_RETRY,
    ),
    "MethodNotAllowed": _error(
        "The path has no such method.",
        {"error": "Method not allowed"},
        "inferred",
        headers=_ALLOW,
    ),
}
_USUAL = {"400": "Invalid", "401": "Unauthorized", "403": "Forbidden", "405": "MethodNotAllowed"}
_OF_EVENT = {**_USUAL, "404": "NotFound", "429": "RateLimited"}
_EVENT = in_path("idOrSlug", "The id or slug of an event.", "seed")
_THE_EVENT = {
    "get": {
        "operationId": "getEvent",
        "description": "The event of this answer.",
        "parameters": {"idOrSlug": "$response.body#/event/id"},
    },
    "patch": {
        "operationId": "updateEvent",
        "description": "Change the event of this answer.",
        "parameters": {"idOrSlug": "$response.body#/event/id"},
    },
    "ticketTypes": {
        "operationId": "listTicketTypes",
        "description": "Its ticket types.",
        "parameters": {"idOrSlug": "$response.body#/event/id"},
    },
    "availability": {
        "operationId": "getAvailability",
        "description": "What is left of it.",
        "parameters": {"idOrSlug": "$response.body#/event/id"},
    },
}

PATHS: dict[str, dict[str, Json]] = {
    "/events": {
        "get": {
            "operationId": "listEvents",
            "summary": "List events",
            "description": "The events of the key's box office, in no documented order.",
            "x-scope": "events:read",
            "x-known-from": "seed",
            "x-client": ["events.list"],
            "parameters": [
                in_query("status", words("seed", "Only with this status.", STATUSES, opened=False)),
                in_query("search", text("seed", "Only those that match these words.")),
                in_query("dateFrom", sent_moment("seed", "Only from then on.")),
                in_query("dateTo", sent_moment("seed", "Only up to then.")),
                in_query("liveOnly", value("boolean", "seed", "Only live events.")),
                in_query(
                    "page",
                    whole(
                        "seed",
                        "The page, from 1.",
                        limits="seed",
                        minimum=1,
                        maximum=10**6,
                        default=1,
                    ),
                ),
                in_query(
                    "limit",
                    whole(
                        "seed",
                        "Rows on a page, 1 to 100. The default is inferred.",
                        minimum=1,
                        maximum=100,
                        default=20,
                    ),
                ),
            ],
            "responses": {
                "200": answer("A page of events.", ref("EventList"), "seed"),
                **_USUAL,
                "429": "RateLimited",
            },
        },
        "post": {
            "operationId": "createEvent",
            "summary": "Create an event",
            "description": "Not idempotent, and without idempotency keys: after a timeout, look for"
            " the event before it is tried again (seed).",
            "x-scope": "events:write",
            "x-known-from": "seed",
            "x-client": ["events.create"],
            "x-body": "NewEvent",
            "x-example": {
                "title": "Comedy Night",
                "startsAt": "2026-09-01T19:00:00Z",
                "timezone": "America/New_York",
                "venueName": "Main Room",
                "city": "New York",
                "country": "US",
                "currency": "USD",
                "visibility": "PUBLIC",
                "category": "COMEDY",
                "ticketTypes": [{"name": "General Admission", "price": 2500, "quantity": 120}],
            },
            "responses": {
                "201": answer("The event.", ref("EventAnswer"), "inferred", links=_THE_EVENT),
                **_USUAL,
                "409": "Conflict",
                "429": "RateLimited",
            },
        },
    },
    "/events/{idOrSlug}": {
        "get": {
            "operationId": "getEvent",
            "summary": "Get an event",
            "description": "One event with its ticket types and its public URL.",
            "x-scope": "events:read",
            "x-known-from": "seed",
            "x-client": ["events.get"],
            "parameters": [_EVENT],
            "responses": {"200": answer("The event.", ref("EventAnswer"), "seed"), **_OF_EVENT},
        },
        "patch": {
            "operationId": "updateEvent",
            "summary": "Change an event",
            "description": "Changes fields, adds one ticket type, or removes one that is unsold."
            " Not idempotent: after a timeout, read the event before it is tried again (seed).",
            "x-scope": "events:write",
            "x-known-from": "seed",
            "x-client": ["events.update", "events.add_ticket_type", "events.remove_ticket_type"],
            "parameters": [_EVENT],
            "x-body": "EventPatch",
            "x-example": {
                "title": "Late Show",
                "slug": "late-show",
                "addTicketType": {"name": "VIP", "price": 4500, "quantity": 20},
            },
            "responses": {
                "200": answer("The event.", ref("EventAnswer"), "seed"),
                **_OF_EVENT,
                "409": "Conflict",
            },
        },
    },
    "/events/{idOrSlug}/ticket-types": {
        "get": {
            "operationId": "listTicketTypes",
            "summary": "List ticket types",
            "description": "Prices, quantities, sale windows, limits of an order, hidden state and"
            " current availability.",
            "x-scope": "events:read",
            "x-known-from": "seed",
            "x-client": ["events.ticket_types"],
            "parameters": [_EVENT],
            "responses": {
                "200": answer("The ticket types.", ref("TicketTypeList"), "seed"),
                **_OF_EVENT,
            },
        }
    },
    "/events/{idOrSlug}/availability": {
        "get": {
            "operationId": "getAvailability",
            "summary": "Get the availability",
            "description": "The compact live stock, made for websites and inventory jobs.",
            "x-scope": "events:read",
            "x-known-from": "seed",
            "x-client": ["events.availability"],
            "parameters": [_EVENT],
            "responses": {
                "200": answer("What is left.", ref("Availability"), "seed"),
                **_OF_EVENT,
            },
        }
    },
}

INFO = {
    "title": "TicketSmart v1",
    "summary": "The events of a box office, its ticket types and their availability.",
    "description": "Written by the authors of willcall from TicketSmart's developer documentation,"
    " which offers no schema. Not a document of TicketSmart's. Every fact says how it is known:"
    " `seed` is that documentation, `inferred` is stated nowhere. Not in v1: publishing,"
    " cancelling, any change of a status, orders, refunds, checkout, webhooks.",
}
SERVER = "https://ticketsmart.ai/api/v1"
SECURITY = {
    "type": "apiKey",
    "in": "header",
    "name": "x-api-key",
    "description": "`ts_sk_…`. A key belongs to one box office, which has at most 10 active keys; a"
    " revoked key stops at once. Scopes: events:read, events:write; a new key has both.",
    "x-known-from": "seed",
}
LIMIT = {
    "requests": 60,
    "seconds": 60,
    "window": "rolling",
    "per": "key",
    "x-known-from": "seed",
}
CORS: Json = {
    "description": "Every path answers an OPTIONS preflight.",
    "headers": {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, POST, PATCH, OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type, x-api-key",
    },
    "x-known-from": "seed",
}
TAGS: dict[str, str] = {"events": "The events of the key's box office."}
WEBHOOKS: dict[str, Json] = {}
REVISIONS: dict[str, list[Json]] = {}

SWITCHES_AT: dict[str, tuple[str, ...]] = {
    "ticket_types_in_rows": ("listEvents",),
    "stock_in_events": ("listEvents", "getEvent"),
    "place_in_rows": ("listEvents",),
    "enveloped": ("EventAnswer",),
    "pagination_fields": ("EventList",),
    "details": ("Error",),
    "auto_sold_out": ("Event",),
    "status_lag": ("Event",),
    "held_seats": ("TicketType",),
    "overbooked": ("TicketType",),
    "unlimited": ("TicketType",),
    "available": ("TicketType",),
    "add_ons": ("TicketType",),
    "outside_sale": ("TicketType",),
    "stale_list": ("listEvents",),
    "list_order": ("listEvents",),
    "list_hides": ("listEvents",),
    "list_filters": ("listEvents",),
    "list_capped": ("listEvents",),
    "reused": ("Event",),
    "odd_row": ("Event",),
    "removal_name": ("EventPatch",),
    "error_statuses": ("Error",),
}
"""The operation or schema that an open question is about; the others are about the whole API."""

OTHER_QUESTIONS: dict[str, Json] = {
    "rows_move": {
        "question": "Can a row move between pages while the list is read?",
        "answers": ["no", "yes"],
        "fault": "moving",
        "at": ("listEvents",),
    },
    "unknown_words": {
        "question": "Which new status, visibility, category or field may come?",
        "answers": ["none", "any: it is kept as it is"],
        "fault": None,
        "at": ("Event",),
    },
}

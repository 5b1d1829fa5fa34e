"""Every call of both clients, with every argument that it takes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

KEYS = {"ticketsmart": "ts_sk_live_abcdef", "ticket0": "t0_abcdef"}
WHEN = datetime(2027, 3, 1, 19, 30, tzinfo=UTC)
KIND = {"name": "VIP", "price": 4500, "quantity": 20}

# Every call with every argument. A test compares the keys with the clients.
CALLS: dict[str, dict[str, Any]] = {
    "events.list": {
        "status": "DRAFT",
        "search": "x",
        "date_from": WHEN,
        "date_to": WHEN,
        "live_only": True,
    },
    "events.create": {
        "title": "T",
        "starts_at": WHEN,
        "ends_at": WHEN,
        "doors_open": WHEN,
        "timezone": "UTC",
        "venue_name": "V",
        "city": "C",
        "country": "US",
        "currency": "USD",
        "visibility": "PUBLIC",
        "category": "COMEDY",
        "ticket_types": [KIND],
    },
    "events.get": {"id_or_slug": "e"},
    "events.update": {
        "id_or_slug": "e",
        "title": "T",
        "slug": "s",
        "starts_at": WHEN,
        "ends_at": WHEN,
        "doors_open": WHEN,
        "timezone": "UTC",
        "venue_name": "V",
        "city": "C",
        "country": "US",
        "currency": "USD",
        "visibility": "PUBLIC",
        "category": "COMEDY",
        "add_ticket_type": KIND,
    },
    "events.add_ticket_type": {"id_or_slug": "e", **KIND},
    "events.remove_ticket_type": {"id_or_slug": "e", "ticket_type_id": "t"},
    "events.ticket_types": {"id_or_slug": "e"},
    "events.availability": {"id_or_slug": "e"},
    "tickets.list": {"status": "open", "assignee_id": "u", "inbox_id": "i", "tag": "t"},
    "tickets.create": {
        "subject": "S",
        "customer_email": "a@example.com",
        "inbox_id": "i",
        "body": "B",
    },
    "tickets.get": {"ticket_id": "t"},
    "tickets.update": {"ticket_id": "t", "status": "open", "assignee_id": "u", "tags": ["a"]},
    "messages.list": {"ticket_id": "t"},
    "messages.send": {
        "ticket_id": "t",
        "from_address": "a@example.com",
        "body_text": "B",
        "body_html": "B",
        "cc_addresses": ["a@example.com"],
    },
    "messages.note": {"ticket_id": "t", "body": "B"},
    "customers.list": {"email": "a@example.com", "external_id": "x"},
    "customers.create": {
        "email": "a@example.com",
        "name": "N",
        "external_id": "x",
        "metadata": {"a": "b"},
    },
    "customers.upsert": {
        "email": "a@example.com",
        "name": "N",
        "external_id": "x",
        "metadata": {"a": "b"},
    },
    "customers.get": {"customer_id": "c"},
    "customers.update": {"customer_id": "c", "name": "N", "metadata": {"a": "b"}},
}

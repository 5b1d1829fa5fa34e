"""Whatever is sent, both services answer as documented, and a refusal leaves no trace."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from willcall.sandbox import ManualClock, Sandbox

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
SPICE = st.sampled_from(
    [
        *(
            "PUBLISHED",
            "open",
            "2026-10-01T19:00:00Z",
            "2026-10-01T19:00:00",
            "9999-12-31T23:59:59Z",
        ),
        *("a@example.com", "inb_01abc", "usr_01ada", "boxoffice@example.com", "\ud800", "\x00", ""),
        *("late-show", "the-cherry-orchard", "USD", "COMEDY", True, 0, -1, 10**400, None),
    ]
)
NAMES = st.sampled_from(
    [
        *("title", "slug", "status", "startsAt", "endsAt", "currency", "category", "ticketTypes"),
        *("addTicketType", "removeTicketTypeId", "name", "price", "quantity", "subject", "body"),
        *("customerEmail", "inboxId", "tags", "assigneeId", "isNote", "bodyText", "fromAddress"),
        *("ccAddresses", "bodyHtml", "email", "externalId", "metadata", "cursor", "limit", "page"),
        *("dateFrom", "dateTo", "liveOnly", "search", "tag"),
    ]
)
values = st.dictionaries(NAMES, SPICE | anything | st.lists(SPICE, max_size=2), max_size=6)
bodies = values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=30)
queries = st.dictionaries(NAMES, st.text(max_size=12), max_size=4)

ENDPOINTS = [
    *(("ticketsmart", method, "/events") for method in ("GET", "POST")),
    *(("ticketsmart", method, "/events/the-cherry-orchard") for method in ("GET", "PATCH")),
    ("ticketsmart", "GET", "/events/the-cherry-orchard/ticket-types"),
    *(("ticket0", method, "/tickets") for method in ("GET", "POST")),
    *(("ticket0", method, "/tickets/{ticket}") for method in ("GET", "PATCH")),
    *(("ticket0", method, "/tickets/{ticket}/messages") for method in ("GET", "POST")),
    *(("ticket0", method, "/customers") for method in ("GET", "POST")),
    *(("ticket0", method, "/customers/{customer}") for method in ("GET", "PATCH")),
]


@settings(deadline=None, max_examples=200)
@given(endpoint=st.sampled_from(ENDPOINTS), query=queries, body=bodies, strict=st.booleans())
def test_anything_is_answered(endpoint: Any, query: Any, body: bytes, strict: bool) -> None:
    from urllib.parse import urlencode

    service, method, path = endpoint
    sandbox = Sandbox(ManualClock(), desk="2025", strict=strict)
    ticket = sandbox.desk.create_ticket("s", "a@example.com", "inb_01abc", "b")
    path = path.format(ticket=ticket.id, customer=ticket.customer_id)
    before = sandbox.truth()
    outcome = sandbox.exchange(
        service,
        method,
        path,
        query=urlencode(query),
        headers=[
            ("x-api-key", sandbox.ticketsmart_key),
            ("authorization", f"Bearer {sandbox.ticket0_key}"),
        ],
        body=body,
    )
    assert outcome.reply is not None
    answer = json.loads(outcome.reply.body)
    assert outcome.reply.status in (200, 201, 400, 409)
    if outcome.reply.status >= 400:
        assert "error" in answer
        assert sandbox.truth() == before
    if method == "GET":
        assert sandbox.truth() == before

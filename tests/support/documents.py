"""What the two services' own pages say, word for word, cut into the pieces that tests prove.

The excerpts are from TicketSmart's developer documentation and from Ticket0's API reference, as
both were published when this was written. Only the pieces that show or state something about the
wire are here, each whole. ``...`` inside JSON is theirs: it stands for what they left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T", bound=Callable[..., Any])

TICKETSMART = """
## quick start
The base URL is https://ticketsmart.ai/api/v1. Send your API key in the x-api-key request header.
curl "https://ticketsmart.ai/api/v1/events?limit=5" \\
-H "x-api-key: ts_sk_live_your_key"
## answer
A successful response returns { "events": [...], "pagination": {...} }. \
Prices are integer cents, so 2500 means $25.00.
## keys
A key is shown once when created and starts with ts_sk_. \
Each box office can have up to 10 active keys.
## scopes
events:read can list and inspect events. events:write can create and patch events. \
New keys default to both scopes unless you choose a narrower set.
## one workspace
A key is scoped to the box office where it was created. \
It cannot read or write another box office's events.
## revoking
Once revoked, a key immediately stops authenticating v1 requests.
## retries
GET requests are safe to retry. POST and PATCH requests are not idempotent in v1, so do not \
blindly retry writes after a timeout without checking the resulting event state.
## endpoint: list
/api/v1/eventsevents:readList events for the key's box office. Supports status, search, dateFrom, \
dateTo, liveOnly, page, and limit query parameters. limit is capped at 100.
## endpoint: create
/api/v1/eventsevents:writeCreate an event, optionally with ticket types in the same request. \
Status changes are not accepted on this endpoint.
curl -X POST "https://ticketsmart.ai/api/v1/events" \\
-H "x-api-key: ts_sk_live_your_key" \\
-H "Content-Type: application/json" \\
-d '{
"title": "Comedy Night",
"startsAt": "2026-09-01T19:00:00Z",
"timezone": "America/New_York",
"venueName": "Main Room",
"city": "New York",
"country": "US",
"currency": "USD",
"visibility": "PUBLIC",
"category": "COMEDY",
"ticketTypes": [
{ "name": "General Admission", "price": 2500, "quantity": 120 }
]
}'
## endpoint: get
/api/v1/events/{idOrSlug}events:readFetch one event by ID or slug, including ticket types and \
public URL.
## endpoint: update
/api/v1/events/{idOrSlug}events:writeUpdate event fields, add one ticket type, or remove an \
unsold ticket type. Publishing, cancellation, orders, refunds, and status changes are not \
exposed in v1.
{
"title": "Late Show",
"slug": "late-show",
"addTicketType": { "name": "VIP", "price": 4500, "quantity": 20 }
}
## endpoint: ticket types
/api/v1/events/{idOrSlug}/ticket-typesevents:readList ticket types with prices, quantities, sale \
windows, per-order limits, hidden state, and current availability.
## endpoint: availability
/api/v1/events/{idOrSlug}/availabilityevents:readReturn the compact live availability shape for \
external websites and inventory sync jobs.
## required fields
title and startsAt are required. startsAt, endsAt, and doorsOpen must be ISO-8601 datetimes.
## prices
Ticket type price is stored in cents as an integer. Free tickets use 0. Currency defaults to USD \
and must be a three-letter code.
## event filters
status accepts DRAFT, PUBLISHED, SOLD_OUT, CANCELLED, COMPLETED, or ARCHIVED. dateFrom and dateTo \
must be ISO-8601 datetimes.
## visibility and category
visibility accepts PUBLIC, UNLISTED, or PRIVATE. category accepts COMEDY, MUSIC, CONFERENCE, \
WORKSHOP, THEATER, SPORTS, or OTHER.
## cors: origin
Access-Control-Allow-Origin
*
## cors: methods
Access-Control-Allow-Methods
GET, POST, PATCH, OPTIONS
## cors: headers
Access-Control-Allow-Headers
Content-Type, x-api-key
## error: validation
Invalid JSON, invalid filters, unsupported status changes, or schema validation failure.
{ "error": "Validation failed", "details": [...] }
## error: unauthorized
Missing, malformed, revoked, or unknown API key.
{ "error": "Unauthorized", "hint": "Send your API key in the x-api-key request header" }
## error: forbidden
The key is valid but does not have the required scope.
{ "error": "Forbidden", "missingScopes": ["events:write"] }
## error: not found
The event was not found in the key's box office.
{ "error": "Event not found" }
## error: slug taken
A requested slug is already in use.
{ "error": "Slug is already taken" }
## error: sold tickets
A requested ticket-type removal cannot be completed because tickets have sold.
{ "error": "Cannot remove a ticket type that has sold tickets" }
## error: rate limited
The per-key rate limit was exceeded. Respect the Retry-After header before retrying.
{ "error": "Rate limit exceeded. Try again later.", "retryAfter": 60 }
## limit: requests
Per API key rolling 60-second window
60 req / min
## limit: pages
page starts at 1; limit accepts 1-100
100 max
## limit: keys
Maximum active API keys per box office
10 keys
## limit: idempotency
POST and PATCH do not accept idempotency keys in v1
check first
"""

TICKET0 = """
## base url
The Ticket0 REST API uses bearer tokens for authentication. All API requests must be made over \
HTTPS.
Base URL: https://app.ticket0.ai/api/v1
## keys
API keys start with t0_. Only workspace Owners and Admins can create or revoke keys.
## authenticated request
curl https://app.ticket0.ai/api/v1/tickets \\
-H "Authorization: Bearer t0_your_api_key"
## scope: tickets:read
tickets:read | Read tickets and ticket details |
## scope: tickets:write
tickets:write | Create and update tickets |
## scope: messages:read
messages:read | Read ticket messages |
## scope: messages:send
messages:send | Send replies on tickets |
## scope: customers:read
customers:read | Read customer records |
## scope: customers:write
customers:write | Create and update customers |
## scope: admin
admin | Full access to all resources and settings |
## error: shape
All errors return a consistent JSON body:
{
"error": {
"code": "UNAUTHORIZED",
"message": "Valid API key required"
}
}
## error: exact codes
Error code values are uppercase, underscore-separated constants — parse them as exact strings \
(e.g. "UNAUTHORIZED", not "unauthorized").
## error: 400
400 | VALIDATION_ERROR | Invalid request body or parameters (missing required field, bad enum \
value, etc.) |
## error: 401
401 | UNAUTHORIZED | Missing or invalid API key |
## error: 403
403 | FORBIDDEN | API key lacks the required scope |
## error: 404
404 | NOT_FOUND | Resource not found (wrong ID, or not in this workspace) |
## error: 429
429 | RATE_LIMITED | Rate limit exceeded — see Rate limiting |
## error: 500
500 | INTERNAL | Unexpected server error — safe to retry with exponential backoff |
## quick start
# List your 10 most recent open tickets
curl "https://app.ticket0.ai/api/v1/tickets?status=open&limit=10" \\
-H "Authorization: Bearer t0_your_api_key"
"""


def _pieces(document: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)\n", document.strip() + "\n", flags=re.MULTILINE)
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


SAID = {
    **{f"ticketsmart: {name}": text for name, text in _pieces(TICKETSMART).items()},
    **{f"ticket0: {name}": text for name, text in _pieces(TICKET0).items()},
}
PROVEN: dict[str, str] = {}


def proves(*names: str) -> Callable[[T], T]:
    """Says of a test which pieces it proves; of one that is not there, an error."""

    def mark(test: T) -> T:
        for name in names:
            assert name in SAID, name
            PROVEN[name] = test.__name__
        return test

    return mark


def group(prefix: str) -> list[str]:
    """The names that begin so."""
    return [name for name in SAID if name.startswith(prefix)]


def example(name: str, **filled: Any) -> Any:
    """The JSON in a piece; each ``...`` in it is replaced by the next of ``filled``."""
    text = SAID[name]
    for value in filled.values():
        text = text.replace("...", json.dumps(value)[1:-1], 1)
    start = re.search(r'\{\s*"', text)
    assert start is not None
    return json.loads(text[start.start() : text.rindex("}") + 1])


def curl(name: str) -> tuple[str, str, dict[str, str], Any]:
    """Method, URL, headers and JSON of the curl command in a piece."""
    text = SAID[name]
    command = text[text.index("curl") :]
    found = re.search(r"https://[^\s\"]+", command)
    assert found is not None
    headers = dict(re.findall(r'-H "([^:"]+): ([^"]+)"', command))
    method = re.search(r"-X (\w+)", command)
    body = re.search(r"-d '(.*)'", command, re.DOTALL)
    return (
        method[1] if method else "GET",
        found[0],
        headers,
        json.loads(body[1]) if body else None,
    )

"""The documentation is a test: each piece of both services' pages is decoded, or sent as shown.

The pieces are in ``support/documents.py``, word for word. A piece that nothing proves fails.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from support.documents import PROVEN, SAID, curl, example, group, proves
from support.endpoint_cases import CUSTOMER, INBOX, LAUGHS
from willcall import errors
from willcall.client.engine import perform
from willcall.client.flow import World, simulate
from willcall.client.money import Money
from willcall.client.op import Op
from willcall.client.options import Options
from willcall.client.provider import open_account
from willcall.errors import Reply
from willcall.sandbox import ManualClock, Sandbox, serve
from willcall.sandbox.app import App
from willcall.sandbox.inprocess import Caller, call
from willcall.sandbox.keys import SCOPES
from willcall.ticket0.api import PROVIDER as TICKET0
from willcall.ticket0.api import AsyncTicket0, Ticket0
from willcall.ticketsmart.api import PROVIDER as TICKETSMART
from willcall.ticketsmart.api import AsyncTicketSmart, TicketSmart
from willcall.ticketsmart.models import Category, EventStatus, NewTicketType, Visibility

KEYS = {"ticketsmart": "ts_sk_live_your_key", "ticket0": "t0_your_api_key"}
KINDS: dict[str, tuple[Any, Any]] = {
    "ticketsmart": (TicketSmart, AsyncTicketSmart),
    "ticket0": (Ticket0, AsyncTicket0),
}
FLAVOURS = ("sync", "async")
NOW = "2026-09-01T19:00:00Z"
EVENT = {"id": "evt_1", "title": "Comedy Night", "startsAt": NOW, "status": "DRAFT"}
TICKET = {"id": "tkt_1", "subject": "Hello", "status": "open"}

Act = Callable[[Any], Any]


def said_to(
    provider: str,
    act: Act,
    answer: Any,
    *,
    status: int = 200,
    flavour: str = "sync",
    **headers: str,
) -> tuple[Any, list[httpx.Request]]:
    """What a call comes to when it is answered so, and what httpx was about to put on the wire."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json=answer, headers=headers)

    transport = httpx.MockTransport(handle)
    kind = KINDS[provider][FLAVOURS.index(flavour)]
    if flavour == "sync":
        with httpx.Client(transport=transport) as client:
            return act(_opened(kind, provider, client)), seen

    async def awaited() -> Any:
        async with httpx.AsyncClient(transport=transport) as client:
            answer = act(_opened(kind, provider, client))
            return await answer if inspect.isawaitable(answer) else answer

    return asyncio.run(awaited()), seen


def _opened(kind: Any, provider: str, client: Any) -> Any:
    base = kind.provider.base_url
    return kind(KEYS[provider], base_url=base, pace=None, tries=1, http_client=client)


def refused(provider: str, act: Act, status: int, body: Any, **headers: str) -> errors.ApiError:
    """The error that a call ends with."""
    with pytest.raises(errors.ApiError) as caught:
        said_to(provider, act, body, status=status, **headers)
    return caught.value


def assert_sent_as_shown(
    name: str, request: httpx.Request, also: dict[str, str] | None = None
) -> None:
    """Method, URL, headers and JSON are those of the curl command in a piece."""
    method, url, headers, body = curl(name)
    assert request.method == method
    shown, sent = urlsplit(url), urlsplit(str(request.url))
    assert (sent.scheme, sent.netloc, sent.path) == (shown.scheme, shown.netloc, shown.path)
    assert dict(parse_qsl(sent.query)) == dict(parse_qsl(shown.query)) | (also or {})
    assert {header: request.headers[header] for header in headers} == headers
    if body is None:
        assert request.content == b""
        assert "content-type" not in request.headers
    else:
        assert json.loads(request.content) == body
        assert list(json.loads(request.content)) == list(body)


# -- TicketSmart ------------------------------------------------------------------------------


@pytest.mark.parametrize("flavour", FLAVOURS)
@proves("ticketsmart: quick start")
def test_the_first_request_goes_out_as_shown(flavour: str) -> None:
    """``page=1`` is said as well: that it is the default is not stated."""
    answer: dict[str, Any] = {"events": [], "pagination": {}}
    found, (request,) = said_to(
        "ticketsmart", lambda api: api.events.list(limit=5).all(), answer, flavour=flavour
    )
    assert list(found) == []
    assert_sent_as_shown("ticketsmart: quick start", request, {"page": "1"})
    assert TICKETSMART.base_url in SAID["ticketsmart: quick start"]
    assert "authorization" not in request.headers


@proves("ticketsmart: answer")
def test_a_successful_answer_is_read_and_2500_means_25_dollars() -> None:
    """Rows as they may come, and whatever ``pagination`` holds."""
    row = {**EVENT, "ticketTypes": [{"id": "tt_1", "name": "VIP", "price": 2500, "quantity": 1}]}
    told = {"total": 1, "somethingNew": [1]}
    answer = example("ticketsmart: answer", rows=[row], pagination=told)
    assert answer == {"events": [row], "pagination": told}
    (event,), _ = said_to("ticketsmart", lambda api: api.events.list().all(), answer)
    (kind,) = event.ticket_types
    assert (kind.price_cents, str(kind.price)) == (2500, "$25.00")


@proves("ticketsmart: keys", "ticketsmart: limit: keys", "ticketsmart: scopes")
def test_keys_start_as_documented_and_a_box_office_has_ten() -> None:
    """A new one has both scopes; the eleventh is refused (the sandbox stands in for that)."""
    assert f"starts with {TICKETSMART.key_prefix}." in SAID["ticketsmart: keys"]
    with pytest.raises(errors.InputError, match="ts_sk_"):
        TicketSmart("sk_live_your_key")
    sandbox = Sandbox(desk="2025")
    for _ in range(9):
        assert sandbox.new_key("ticketsmart").startswith("ts_sk_")
    with pytest.raises(ValueError, match="up to 10 active keys"):
        sandbox.new_key("ticketsmart")
    scopes = re.findall(r"events:\w+", SAID["ticketsmart: scopes"])
    assert scopes == list(TICKETSMART.probes) == list(SCOPES["ticketsmart"])


@proves("ticketsmart: one workspace")
def test_a_key_reads_only_its_own_box_office() -> None:
    """Another's event is not found."""
    sandbox = Sandbox(desk="2025")
    sandbox.new_box_office("annex")
    stranger = sandbox.new_key("ticketsmart", box_office="annex")
    with serve(sandbox) as served, TicketSmart(stranger, base_url=served.ticketsmart_url) as api:
        assert api.events.list().all() == ()
        with pytest.raises(errors.NotFoundError):
            api.events.get(LAUGHS)


@proves("ticketsmart: revoking")
def test_a_revoked_key_stops_at_once() -> None:
    """Between two requests of one client."""
    sandbox = Sandbox(desk="2025")
    key = sandbox.ticketsmart_key
    with serve(sandbox) as served, TicketSmart(key, base_url=served.ticketsmart_url) as api:
        api.events.get(LAUGHS)
        sandbox.revoke(key)
        with pytest.raises(errors.AuthenticationError):
            api.events.get(LAUGHS)


def _tries_after_a_loss(method: str) -> int:
    """How often a request is sent whose answers get lost."""
    account = open_account(TICKETSMART, KEYS["ticketsmart"], paced=False)
    world = World([errors.ConnectionLostError("lost")] * 3)
    op = Op(
        method, "/events/gala", lambda reply: reply.json(), json=None if method == "GET" else {}
    )
    with pytest.raises(errors.ApiError):
        simulate(perform(op, account, Options()), world)
    return len(world.requests)


@pytest.mark.parametrize(("method", "tries"), [("GET", 3), ("POST", 1), ("PATCH", 1)])
@proves("ticketsmart: retries")
def test_reads_are_retried_and_writes_are_not(method: str, tries: int) -> None:
    """As the documentation asks."""
    assert method in SAID["ticketsmart: retries"]
    assert _tries_after_a_loss(method) == tries


WHERE: dict[str, tuple[Act, str, str]] = {
    "list": (lambda api: api.events.list().first(), "GET", "/events"),
    "create": (
        lambda api: api.events.create(title="Gala", starts_at=datetime(2026, 9, 1, tzinfo=UTC)),
        "POST",
        "/events",
    ),
    "get": (lambda api: api.events.get("gala"), "GET", "/events/{idOrSlug}"),
    "update": (lambda api: api.events.update("gala", title="Ball"), "PATCH", "/events/{idOrSlug}"),
    "ticket types": (
        lambda api: api.events.ticket_types("gala"),
        "GET",
        "/events/{idOrSlug}/ticket-types",
    ),
    "availability": (
        lambda api: api.events.availability("gala"),
        "GET",
        "/events/{idOrSlug}/availability",
    ),
}


@pytest.mark.parametrize("name", group("ticketsmart: endpoint: "))
@proves(*group("ticketsmart: endpoint: "))
def test_an_endpoint_is_where_it_is_said_to_be_and_needs_the_scope_it_is_said_to_need(
    name: str,
) -> None:
    """A key without that scope is refused, and the error names it; one with it alone passes."""
    act, method, path = WHERE[name.removeprefix("ticketsmart: endpoint: ")]
    head = re.match(r"/api/v1(/\S*?)(events:(?:read|write))[A-Z]", SAID[name])
    assert head is not None
    scope = head[2]
    assert head[1] == path
    answer = {"event": EVENT, "events": [EVENT], "ticketTypes": []}
    _, (request,) = said_to("ticketsmart", act, answer)
    assert (request.method, request.url.path) == (
        method,
        "/api/v1" + path.replace("{idOrSlug}", "gala"),
    )
    sandbox = Sandbox(desk="2025")
    other = "events:write" if scope == "events:read" else "events:read"
    with serve(sandbox) as served:
        url = served.ticketsmart_url
        with TicketSmart(sandbox.new_key("ticketsmart", [other]), base_url=url) as api:
            with pytest.raises(errors.PermissionDeniedError) as caught:
                act(api)
            assert caught.value.missing_scopes == (scope,)
        key = sandbox.new_key("ticketsmart", [scope])
        # There is no gala; what matters is that it is let through to look.
        with TicketSmart(key, base_url=url) as api, suppress(errors.NotFoundError):
            act(api)


def test_the_list_takes_every_parameter_it_is_said_to_support() -> None:
    """And no others; the limit ends where it is said to."""
    _, (request,) = said_to(
        "ticketsmart",
        lambda api: api.events.list(
            status=EventStatus.SOLD_OUT,
            search="comedy",
            date_from=datetime(2026, 9, 1, tzinfo=UTC),
            date_to=datetime(2026, 10, 1, tzinfo=UTC),
            live_only=True,
            page=2,
            limit=100,
        ).all(),
        {"events": [], "pagination": {"totalPages": 2}},
    )
    said = re.search(r"Supports (.*?) query", SAID["ticketsmart: endpoint: list"])
    assert said is not None
    names = [name for name in re.split(r",\s*(?:and )?", said[1]) if name]
    assert list(request.url.params) == names
    assert request.url.params["dateFrom"] == "2026-09-01T00:00:00Z"
    assert request.url.params["liveOnly"] == "true"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_an_event_is_created_as_shown(flavour: str) -> None:
    """The curl command: URL, headers, and the JSON down to its order."""
    made = curl("ticketsmart: endpoint: create")[3]
    event, (request,) = said_to(
        "ticketsmart",
        lambda api: api.events.create(
            title="Comedy Night",
            starts_at=datetime(2026, 9, 1, 19, tzinfo=UTC),
            timezone="America/New_York",
            venue_name="Main Room",
            city="New York",
            country="US",
            currency="USD",
            visibility=Visibility.PUBLIC,
            category=Category.COMEDY,
            ticket_types=[NewTicketType("General Admission", Money(2500, "USD"), 120)],
        ),
        {**EVENT, "ticketTypes": [{"id": "tt_1", **made["ticketTypes"][0]}]},
        status=201,
        flavour=flavour,
    )
    assert_sent_as_shown("ticketsmart: endpoint: create", request)
    assert (event.title, event.starts_at.isoformat()) == (
        "Comedy Night",
        "2026-09-01T19:00:00+00:00",
    )
    assert event.ticket_types[0].price == Money(2500, "USD")


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_an_event_is_changed_as_shown(flavour: str) -> None:
    """New title, new slug and one more ticket type in one request."""
    _, (request,) = said_to(
        "ticketsmart",
        lambda api: api.events.update(
            "comedy-night",
            title="Late Show",
            slug="late-show",
            add_ticket_type=NewTicketType("VIP", 4500, 20),
        ),
        {"event": EVENT},
        flavour=flavour,
    )
    assert json.loads(request.content) == example("ticketsmart: endpoint: update")
    assert request.method == "PATCH"


def test_a_ticket_type_to_add_must_be_one() -> None:
    """Said here, before anything is sent."""
    with (
        TicketSmart(KEYS["ticketsmart"]) as api,
        pytest.raises(errors.InputError, match="NewTicket"),
    ):
        api.events.update("comedy-night", add_ticket_type={"name": "VIP"})


def test_what_v1_does_not_expose_no_call_offers() -> None:
    """A status cannot be sent by mistake, and the sandbox refuses one as the service does."""
    with TicketSmart(KEYS["ticketsmart"]) as api:
        for call_ in (api.events.create, api.events.update):
            assert "status" not in inspect.signature(call_).parameters
    sandbox = Sandbox(desk="2025")
    asked = Caller(sandbox, "ticketsmart").patch(f"/events/{LAUGHS}", {"status": "CANCELLED"})
    assert (asked.status, asked.json()["error"]) == (400, "Validation failed")


@proves("ticketsmart: required fields")
def test_title_and_start_are_required_and_times_are_iso_8601() -> None:
    """The client cannot be called without them, nor with a datetime that has no zone."""
    said = SAID["ticketsmart: required fields"]
    with TicketSmart(KEYS["ticketsmart"]) as api:
        parameters = inspect.signature(api.events.create).parameters
    required = [name for name, it in parameters.items() if it.default is it.empty]
    assert required == ["title", "starts_at"]
    assert said.startswith("title and startsAt are required.")
    moment = datetime(2026, 9, 1, 19, 30, tzinfo=UTC)
    _, (request,) = said_to(
        "ticketsmart",
        lambda api: api.events.create(
            title="Gala", starts_at=moment, ends_at=moment, doors_open=moment
        ),
        EVENT,
    )
    sent = json.loads(request.content)
    times = re.findall(r"startsAt|endsAt|doorsOpen", said.partition(". ")[2])
    assert [sent[name] for name in times] == ["2026-09-01T19:30:00Z"] * 3
    with pytest.raises(errors.InputError, match="time zone"):
        said_to(
            "ticketsmart",
            lambda api: api.events.create(title="Gala", starts_at=moment.replace(tzinfo=None)),
            EVENT,
        )


@proves("ticketsmart: prices")
def test_prices_are_integer_cents_free_is_0_and_the_currency_is_usd() -> None:
    """In both directions."""
    assert NewTicketType("Free", 0, 5).cents == 0
    for wrong in (25.0, "25", True):
        with pytest.raises(errors.InputError, match="cents"):
            NewTicketType("Wrong", wrong, 5)  # type: ignore[arg-type]
    with pytest.raises(errors.InputError, match="three letters"):
        Money(2500, "dollars")
    row = {**EVENT, "ticketTypes": [{"id": "tt_1", "name": "Free", "price": 0}]}
    event, _ = said_to("ticketsmart", lambda api: api.events.get("gala"), row)
    assert event.currency == "USD"
    assert event.ticket_types[0].price == Money(0, "USD")


@pytest.mark.parametrize(
    ("name", "field", "words"),
    [
        ("ticketsmart: event filters", "status", EventStatus),
        ("ticketsmart: visibility and category", "visibility", Visibility),
        ("ticketsmart: visibility and category", "category", Category),
    ],
)
@proves("ticketsmart: event filters", "ticketsmart: visibility and category")
def test_every_word_of_a_list_of_words_is_known(name: str, field: str, words: Any) -> None:
    """All that are listed and no others; each is read as itself, and an unknown one is kept."""
    said = re.search(rf"{field} accepts ([^.]*)\.", SAID[name])
    assert said is not None
    listed = re.findall(r"[A-Z_]{2,}", said[1])
    assert [word.value for word in words] == listed
    for word in [*listed, "SOMETHING_NEW"]:
        answer = {**EVENT, field: word}
        event, _ = said_to("ticketsmart", lambda api: api.events.get("gala"), answer)
        assert getattr(event, field) == word
        assert isinstance(getattr(event, field), words) is (word in listed)


@pytest.mark.parametrize("name", group("ticketsmart: cors: "))
@proves(*group("ticketsmart: cors: "))
def test_the_sandbox_answers_a_preflight_as_said(name: str) -> None:
    """Three headers, word for word, without a key."""
    header, value = SAID[name].split("\n")
    answer = call(App(Sandbox(desk="2025")), "OPTIONS", "/ticketsmart/api/v1/events")
    assert answer.header(header.lower()) == value


SHOWN_ERRORS: dict[str, tuple[int, dict[str, Any], type[errors.ApiError], dict[str, Any]]] = {
    "validation": (
        400,
        {"details": [{"path": "title"}]},
        errors.ValidationError,
        {"details": [{"path": "title"}]},
    ),
    "unauthorized": (
        401,
        {},
        errors.AuthenticationError,
        {"hint": "Send your API key in the x-api-key request header"},
    ),
    "forbidden": (403, {}, errors.PermissionDeniedError, {"missing_scopes": ("events:write",)}),
    "not found": (404, {}, errors.NotFoundError, {"hint": None}),
    "slug taken": (409, {}, errors.SlugTakenError, {"details": None}),
    "sold tickets": (409, {}, errors.SoldTicketsError, {"details": None}),
    "rate limited": (429, {}, errors.RateLimitError, {"retry_after": 60.0}),
}


@pytest.mark.parametrize("name", group("ticketsmart: error: "))
@proves(*group("ticketsmart: error: "))
def test_an_error_of_ticketsmart_is_read_as_shown(name: str) -> None:
    """Its class, its message and its extra fields; the status is inferred, so a 400 does as well
    where the message alone tells."""
    status, filled, kind, told = SHOWN_ERRORS[name.removeprefix("ticketsmart: error: ")]
    body = example(name, **filled)
    error = refused("ticketsmart", lambda api: api.events.get("gala"), status, body)
    assert type(error) is kind
    assert (error.message, error.status, error.code) == (body["error"], status, None)
    assert {field: getattr(error, field) for field in told} == told
    assert error.reply is not None
    assert error.reply.json() == body
    if status == 409:
        assert type(refused("ticketsmart", lambda api: api.events.get("x"), 400, body)) is kind


def test_the_retry_after_header_is_respected_before_the_field() -> None:
    """The header is what the documentation says to respect."""
    assert "Respect the Retry-After header" in SAID["ticketsmart: error: rate limited"]
    body = example("ticketsmart: error: rate limited")

    def act(api: Any) -> Any:
        return api.events.get("gala")

    assert refused("ticketsmart", act, 429, body, **{"retry-after": "7"}).retry_after == 7.0
    assert refused("ticketsmart", act, 429, body).retry_after == 60.0


@proves("ticketsmart: limit: requests")
def test_the_pace_is_the_documented_one() -> None:
    """60 in any 60 seconds, per key; the sandbox answers the 61st with a 429."""
    window, rate = SAID["ticketsmart: limit: requests"].split("\n")
    quota = TICKETSMART.quota
    assert (f"{quota.requests} req / min", quota.seconds) == (rate, 60.0)
    assert window == "Per API key rolling 60-second window"
    caller = Caller(Sandbox(ManualClock()), "ticketsmart")
    statuses = [caller.get("/events", limit=1).status for _ in range(61)]
    assert statuses == [200] * 60 + [429]


@proves("ticketsmart: limit: pages")
def test_pages_start_at_1_and_hold_up_to_100() -> None:
    """What is outside is refused here, before it costs a request."""
    with TicketSmart(KEYS["ticketsmart"]) as api:
        for page, limit in ((0, 100), (1, 0), (1, 101)):
            with pytest.raises(errors.InputError, match="out of range"):
                api.events.list(page=page, limit=limit)
        for limit in (1, 100):
            assert repr(api.events.list(page=1, limit=limit)) == "<pages of GET /events>"
    assert SAID["ticketsmart: limit: pages"] == "page starts at 1; limit accepts 1-100\n100 max"


@proves("ticketsmart: limit: idempotency")
def test_no_idempotency_key_is_sent_and_a_lost_write_says_to_check_first() -> None:
    """The word for it is OutcomeUnknownError, and it says how to look."""
    _, (request,) = said_to(
        "ticketsmart", lambda api: api.events.update("gala", title="Ball"), {"event": EVENT}
    )
    assert not [name for name in request.headers if "idempotency" in name]
    error = refused("ticketsmart", lambda api: api.events.update("gala", title="Ball"), 500, {})
    assert type(error) is errors.OutcomeUnknownError
    assert error.hint == "get the event and see whether it has changed"


# -- Ticket0 ----------------------------------------------------------------------------------


@proves("ticket0: base url")
def test_the_base_url_is_the_documented_one_and_plain_http_is_refused() -> None:
    """HTTPS only."""
    assert SAID["ticket0: base url"].endswith(f"Base URL: {TICKET0.base_url}")
    with pytest.raises(errors.InputError, match="in the clear"):
        Ticket0(KEYS["ticket0"], base_url=TICKET0.base_url.replace("https", "http"))


@proves("ticket0: keys")
def test_keys_of_ticket0_start_as_documented() -> None:
    """Anything else is refused before it is sent."""
    assert SAID["ticket0: keys"].startswith(f"API keys start with {TICKET0.key_prefix}.")
    with pytest.raises(errors.InputError, match="its keys start with t0_"):
        Ticket0("t1_your_api_key")


@pytest.mark.parametrize("flavour", FLAVOURS)
@proves("ticket0: authenticated request")
def test_the_key_is_sent_as_shown(flavour: str) -> None:
    """A bearer token; ``limit`` is said as well, to read as much as there may be at once."""
    found, (request,) = said_to(
        "ticket0",
        lambda api: api.tickets.list().all(),
        {"tickets": [TICKET], "nextCursor": None},
        flavour=flavour,
    )
    assert [ticket.id for ticket in found] == ["tkt_1"]
    assert_sent_as_shown("ticket0: authenticated request", request, {"limit": "100"})
    assert "x-api-key" not in request.headers


@pytest.mark.parametrize("flavour", FLAVOURS)
@proves("ticket0: quick start")
def test_the_first_request_to_ticket0_goes_out_as_shown(flavour: str) -> None:
    """To the letter."""
    _, (request,) = said_to(
        "ticket0",
        lambda api: api.tickets.list(status="open", limit=10).all(),
        {"tickets": [], "nextCursor": None},
        flavour=flavour,
    )
    assert_sent_as_shown("ticket0: quick start", request)
    assert str(request.url) == curl("ticket0: quick start")[1]


GRANTED: dict[str, Act] = {
    "tickets:read": lambda api: api.tickets.get(api.ticket),
    "tickets:write": lambda api: api.tickets.update(api.ticket, tags=["school"]),
    "messages:read": lambda api: api.messages.list(api.ticket).all(),
    "messages:send": lambda api: api.messages.note(api.ticket, body="Keep ten back."),
    "customers:read": lambda api: api.customers.list().all(),
    "customers:write": lambda api: api.customers.upsert(external_id="org-1", email=CUSTOMER),
}


@pytest.mark.parametrize("name", group("ticket0: scope: "))
@proves(*group("ticket0: scope: "))
def test_a_scope_grants_what_it_is_said_to_grant(name: str) -> None:
    """With it alone one kind of call passes and the others are refused; ``admin`` grants all."""
    scope, grants = SAID[name].rstrip(" |").split(" | ")
    assert name == f"ticket0: scope: {scope}"
    assert grants
    assert scope in TICKET0.probes
    sandbox = Sandbox(desk="2025")
    ticket = sandbox.desk.create_ticket("Seats", CUSTOMER, INBOX, "Are there 30?").id
    passed = set()
    with serve(sandbox) as served:
        key = sandbox.new_key("ticket0", [scope])
        with Ticket0(key, base_url=served.ticket0_url) as api:
            api.ticket = ticket  # type: ignore[attr-defined]
            for needed, act in GRANTED.items():
                with suppress(errors.PermissionDeniedError):
                    act(api)
                    passed.add(needed)
    assert passed == (set(GRANTED) if scope == "admin" else {scope})


def test_the_table_of_scopes_is_whole() -> None:
    """In its order."""
    listed = [name.removeprefix("ticket0: scope: ") for name in group("ticket0: scope: ")]
    assert listed == list(TICKET0.probes) == list(SCOPES["ticket0"])


@proves("ticket0: error: shape", "ticket0: error: exact codes")
def test_an_error_has_the_documented_shape_and_its_code_is_kept_exactly() -> None:
    """Upper case stays upper case; what comes in lower case is not mended."""
    body = example("ticket0: error: shape")
    error = refused("ticket0", lambda api: api.tickets.get("tkt_1"), 401, body)
    assert type(error) is errors.AuthenticationError
    assert (error.code, error.message) == ("UNAUTHORIZED", "Valid API key required")
    body["error"]["code"] = "unauthorized"
    assert refused("ticket0", lambda api: api.tickets.get("x"), 401, body).code == "unauthorized"
    assert '"UNAUTHORIZED", not "unauthorized"' in SAID["ticket0: error: exact codes"]


CLASSES = {
    400: errors.ValidationError,
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    429: errors.RateLimitError,
    500: errors.ServerError,
}
TABLE = [name for name in group("ticket0: error: ") if name[-3:].isdigit()]


@pytest.mark.parametrize("name", TABLE)
@proves(*TABLE)
def test_a_row_of_the_error_table_is_read(name: str) -> None:
    """Status, code and meaning; only what is said to be safe is tried again."""
    row, code, meaning = SAID[name].rstrip(" |").split(" | ")
    status = int(row)
    body = {"error": {"code": code, "message": meaning}}
    error = refused("ticket0", lambda api: api.tickets.get("tkt_1"), status, body)
    assert type(error) is CLASSES[status]
    assert (error.status, error.code, error.message) == (status, code, meaning)
    account = open_account(TICKET0, KEYS["ticket0"], paced=False)
    world = World([Reply(status, {}, json.dumps(body).encode())] * 3)
    op = Op("GET", "/tickets/tkt_1", lambda reply: reply.json())
    with pytest.raises(CLASSES[status]):
        simulate(perform(op, account, Options()), world)
    assert len(world.requests) == (3 if status in {429, 500} else 1)
    if status == 500:
        assert meaning.endswith("safe to retry with exponential backoff")


# -- all of them ------------------------------------------------------------------------------


def test_every_piece_of_the_documents_is_proven() -> None:
    """A piece that is added to the copy needs a test here."""
    assert [name for name in SAID if name not in PROVEN] == []

"""Whatever comes back, only our errors come out, soon, and they can be shown and pickled.

First as values, against every decoder and every call in virtual time; then through real sockets.
"""

from __future__ import annotations

import asyncio
import copy
import gzip
import json
import pickle
import socket
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from client.kit import always, http, tcp
from support.cassettes import HOME, STRANGER
from support.endpoint_cases import CUSTOMER, HOUSE, INBOX
from support.waiting import HANGS
from willcall import AsyncTicket0, AsyncTicketSmart, Ticket0, TicketSmart
from willcall.client.bodies import LONGEST_BODY
from willcall.client.codec import Codec
from willcall.client.flow import Flow, Request, World, simulate
from willcall.client.provider import Account, open_account
from willcall.errors import (
    ApiError,
    AuthenticationError,
    ConnectionLostError,
    OutcomeUnknownError,
    Reply,
    RequestTimeoutError,
    UndecodableReplyError,
    WebhookError,
)
from willcall.ticket0.api import PROVIDER as TICKET0
from willcall.ticket0.api import FlowTicket0
from willcall.ticket0.models import Customer, Message, Ticket
from willcall.ticket0.webhooks import WebhookEvent
from willcall.ticket0.webhooks import parse as parse_webhook
from willcall.ticket0.wire import USUAL as DESK_WIRE
from willcall.ticketsmart.api import PROVIDER as TICKETSMART
from willcall.ticketsmart.api import FlowTicketSmart
from willcall.ticketsmart.models import Availability, Event, NewTicketType, TicketType
from willcall.ticketsmart.wire import USUAL

# A bound per example would make a busy machine fail; that nothing hangs is shown by counting.
few = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def _account(provider: Any) -> Account:
    return open_account(provider, STRANGER[provider.name], paced=False)


SMART, DESK = FlowTicketSmart(_account(TICKETSMART)), FlowTicket0(_account(TICKET0))

CALLS: dict[str, Callable[[], Flow[Any]]] = {
    "ticketsmart/events.list": lambda: SMART.events.list().all(),
    "ticketsmart/events.create": lambda: SMART.events.create(title="Gala", starts_at=NOON),
    "ticketsmart/events.create-once": lambda: SMART.events.create(
        title="Gala", starts_at=NOON, once=True
    ),
    "ticketsmart/events.get": lambda: SMART.events.get("gala"),
    "ticketsmart/events.update": lambda: SMART.events.update(
        "gala", title="Ball", add_ticket_type=NewTicketType("VIP", 4500, 20)
    ),
    "ticketsmart/events.add_ticket_type": lambda: SMART.events.add_ticket_type(
        "gala", name="VIP", price=4500, quantity=20, once=True
    ),
    "ticketsmart/events.remove_ticket_type": lambda: SMART.events.remove_ticket_type("gala", "t"),
    "ticketsmart/events.ticket_types": lambda: SMART.events.ticket_types("gala"),
    "ticketsmart/events.availability": lambda: SMART.events.availability("gala"),
    "ticketsmart/check": SMART.check,
    "ticket0/tickets.list": lambda: DESK.tickets.list().all(),
    "ticket0/tickets.create": lambda: DESK.tickets.create(
        subject="S", customer_email=CUSTOMER, inbox_id=INBOX, body="B", once="order-4711"
    ),
    "ticket0/tickets.get": lambda: DESK.tickets.get("tkt_1"),
    "ticket0/tickets.update": lambda: DESK.tickets.update("tkt_1", tags=["a"]),
    "ticket0/messages.list": lambda: DESK.messages.list("tkt_1").all(),
    "ticket0/messages.send": lambda: DESK.messages.send(
        "tkt_1", from_address=HOUSE, body_text="B", once="order-4711", search_first=True
    ),
    "ticket0/messages.note": lambda: DESK.messages.note("tkt_1", body="B"),
    "ticket0/customers.list": lambda: DESK.customers.list().all(),
    "ticket0/customers.create": lambda: DESK.customers.create(email=CUSTOMER),
    "ticket0/customers.upsert": lambda: DESK.customers.upsert(external_id="x", email=CUSTOMER),
    "ticket0/customers.get": lambda: DESK.customers.get("cust_1"),
    "ticket0/customers.update": lambda: DESK.customers.update("cust_1", name="Olu"),
    "ticket0/check": DESK.check,
}


def _good(name: str) -> Any:
    """What the service answers when all is well, from the cassette of the call."""
    cassette = json.loads((HOME / f"{name}.json").read_text("utf-8"))
    return cassette["interactions"][-1]["response"]["body"]["json"]


GOOD = {name: _good(name) for name in CALLS if not name.endswith("check")}


def ends_well(name: str, answer: Callable[[Request], Reply]) -> Any:
    """Play a call; it returns, or raises one of ours that shows and pickles. Nothing else, and
    not after any number of requests."""
    count = 0

    def network(request: Request) -> Reply:
        nonlocal count
        count += 1
        assert count < 200, "it does not end"
        return answer(request)

    try:
        return simulate(CALLS[name](), World(network, start=NOON))
    except ApiError as problem:
        error = problem
    told = str(error) + repr(error)
    twin = pickle.loads(pickle.dumps(error))
    assert (str(twin), type(twin)) == (str(error), type(error))
    assert not [key for key in STRANGER.values() if key in told]
    return error


def _always(reply: Reply) -> Callable[[Request], Reply]:
    return lambda _: reply


def _json(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


# -- one thing wrong in a good answer ---------------------------------------------------------

DEEP: Any = 1
for _ in range(60):
    DEEP = [DEEP]

STRANGE: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    10**18,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    -1e308,
    "",
    "x",
    "5",
    "NaN",
    "9" * 5000,
    "\x00",
    "\ud800",
    "2026-99-99T00:00:00Z",
    "2026-09-01T19:00:00",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "T",
    [],
    {},
    [[]],
    [None],
    ["x"],
    [{}],
    {"": None},
    {"id": 1},
    {"error": {}},
    "<html>",
    DEEP,
]
values = st.sampled_from(STRANGE).map(copy.deepcopy) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, its root included; of a list the first two rows do."""
    found = [path]
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value[:2])
        for key, inner in inside:
            found += _places(inner, (*path, key))
    return found


@st.composite
def spoilt(draw: st.DrawFn, name: str) -> Any:
    """A good answer with one to three things missing, extra, or of another kind."""
    answer = copy.deepcopy(GOOD[name])
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from([p for p in _places(answer) if p] or [("x",)]))
        home = answer
        try:
            for key in path:
                home = home[key]
            act = draw(st.sampled_from(["drop", "put", "add"]))
            if act == "drop":
                del home[last]
            elif act == "put":
                home[last] = draw(values)
            else:
                home[draw(st.text(max_size=3))] = draw(values)
        except (KeyError, IndexError, TypeError):
            continue
    return answer


@pytest.mark.parametrize("name", GOOD)
@given(data=st.data())
@few
def test_a_good_answer_with_something_wrong_in_it(name: str, data: st.DataObject) -> None:
    body = _json(data.draw(spoilt(name)))
    headers = {"content-type": "application/json"}
    outcome = ends_well(name, lambda _: Reply(200, headers, body))
    if isinstance(outcome, ApiError):
        assert isinstance(outcome, UndecodableReplyError | OutcomeUnknownError)
        assert outcome.reply is not None or "does not end" in outcome.message


CODECS: dict[str, tuple[Codec, Any, Callable[[Any], Any]]] = {
    "ticketsmart/events.list": (USUAL.codec, tuple[Event, ...], lambda body: body["events"]),
    "ticketsmart/events.get": (USUAL.codec, Event, lambda body: body["event"]),
    "ticketsmart/events.ticket_types": (
        USUAL.codec,
        tuple[TicketType, ...],
        lambda body: body["ticketTypes"],
    ),
    "ticketsmart/events.availability": (USUAL.codec, Availability, lambda body: body),
    "ticket0/tickets.get": (DESK_WIRE.codec, Ticket, lambda body: body),
    "ticket0/messages.list": (DESK_WIRE.codec, tuple[Message, ...], lambda body: body["messages"]),
    "ticket0/customers.get": (DESK_WIRE.codec, Customer, lambda body: body),
}


@pytest.mark.parametrize("name", CODECS)
@given(data=st.data())
@few
def test_the_fast_way_and_the_exact_way_agree(name: str, data: st.DataObject) -> None:
    """What the fast way reads, the one that explains errors reads alike; and all that is good."""
    codec, model, part = CODECS[name]
    try:
        value = part(data.draw(spoilt(name)))
    except (KeyError, TypeError):
        return
    fast = exact = None
    with suppress(Exception):
        fast = codec._fast.get(model)(copy.deepcopy(value))
    with suppress(Exception):
        exact = codec._exact.structure(copy.deepcopy(value), model)
    if fast is not None:
        assert repr(fast) == repr(exact)
    good = codec._fast.get(model)(copy.deepcopy(part(GOOD[name])))
    assert good == codec._exact.structure(copy.deepcopy(part(GOOD[name])), model)


@pytest.mark.parametrize("name", GOOD)
def test_every_field_replaced_by_every_strange_value(name: str) -> None:
    """Not drawn by lot: each place of the answer, each value."""
    for path in _places(GOOD[name]):
        for value in STRANGE:
            answer: Any = copy.deepcopy(GOOD[name])
            if path:
                home = answer
                for key in path[:-1]:
                    home = home[key]
                home[path[-1]] = value
            else:
                answer = value
            body = _json(answer)
            outcome = ends_well(name, _always(Reply(200, {}, body)))
            if isinstance(outcome, ApiError):
                assert isinstance(outcome, UndecodableReplyError | OutcomeUnknownError), path


@pytest.mark.parametrize(
    "name", [name for name in GOOD if not name.endswith(("list", "-once", "send"))]
)
def test_a_required_field_that_is_missing_is_named(name: str) -> None:
    """By the path of the field, as the service spells it."""
    answer = copy.deepcopy(GOOD[name])
    rows = answer.get("ticketTypes") if "availability" in name or "ticket_types" in name else None
    one = rows[0] if rows else answer.get("event", answer)
    del one["id"]
    outcome = ends_well(name, lambda _: Reply(200, {}, _json(answer)))
    assert isinstance(outcome, UndecodableReplyError | OutcomeUnknownError)
    assert "the field 'id' is missing" in str(outcome)


# -- not an answer of the service at all ------------------------------------------------------

HTML = b"<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>"
BODIES = [
    b"",
    b" ",
    HTML,
    b"{",
    b'{"events": [{"id": "evt_',
    b"null",
    b"[]",
    b"{}",
    b"NaN",
    b'{"error": NaN}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"\x00" * 100,
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 1000 + b"]" * 1000,
    b'{"error":' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"error":"x","details":' + b"[" * 1000 + b"]" * 1000 + b"}",
    b'{"error":"x","retryAfter":' + b"9" * 4000 + b"}",
    b'{"error":"x","retryAfter":1e999}',
    b'{"error":"x","retryAfter":-1}',
    b'{"error":"x","missingScopes":[{}],"hint":[]}',
    b'{"error":{"code":{},"message":[]}}',
    b'{"error":{"code":"X","message":"' + b"y" * 100_000 + b'"}}',
    b'{"error":{"code":"X","message":"m","details":' + b"[" * 1000 + b"]" * 1000 + b"}}",
    b'{"error":{"code":"X","code":"Y","message":"m"}}',
    b'{"event":{"event":{}}}',
    b'{"nextCursor":"x","tickets":[],"messages":[],"customers":[],"events":[]}',
    b'{"pagination":{"totalPages":99999999999},"events":[]}',
    b'{"pagination":{"totalPages":3,"total":-1,"limit":0},"events":[]}',
]
STATUSES = [200, 201, 304, 400, 401, 404, 409, 429, 500, 999]


@pytest.mark.parametrize("name", CALLS)
def test_every_strange_body_with_every_status(name: str) -> None:
    """An answer that is not the service's own never looks like one of its own."""
    for body in BODIES:
        for status in STATUSES[:: 3 if name.endswith("check") else 1]:
            outcome = ends_well(name, _always(Reply(status, {}, body)))
            if status >= 300 and "check" not in name:
                assert isinstance(outcome, ApiError), (status, body[:50])


any_header = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
waits = st.sampled_from(
    [
        "0",
        "-1",
        "1e3",
        "1e999",
        "nan",
        "9" * 400,
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 0001 00:00:00 +1400",
        "Tue, 01 Sep 2026 12:00:30 GMT",
        "Tue, 01 Sep 2026 12:00:30 -9999",
        "60, 60",
        "60;q=1",
        "soon",
    ]
)


@pytest.mark.parametrize("name", ["ticketsmart/events.get", "ticket0/tickets.create"])
@given(
    status=st.integers(0, 999),
    body=st.binary(max_size=60) | values.map(_json),
    retry_after=waits | any_header,
    date=waits | any_header,
    kind=any_header | st.sampled_from(["application/json; charset=utf-7", "text/html"]),
)
@example(status=429, body=b"{}", retry_after="-9" * 10, date="x", kind=";")
@few
def test_any_status_body_and_headers(
    name: str, status: int, body: bytes, retry_after: str, date: str, kind: str
) -> None:
    headers = {
        "retry-after": retry_after,
        "date": date,
        "content-type": kind,
        "x-request-id": retry_after,
    }
    outcome = ends_well(name, lambda _: Reply(status, headers, body))
    if isinstance(outcome, ApiError) and outcome.retry_after is not None:
        assert outcome.retry_after >= 0


@given(body=st.binary(max_size=200) | values.map(_json))
@example(body=b"[" * 100_000)
@example(body=b'{"id":"evt_1","type":"ticket.created","data":' + b"[" * 900 + b"]" * 900 + b"}")
@example(body=b'{"id":"e","type":"message.sent","data":{"message":{"id":{}}}}')
@example(body=b'{"id":"e","type":"customer.created","data":{"id":"c","metadata":{"a":1}}}')
@example(body=b'{"id":"e","type":5}')
@example(body=b'{"id":"e","type":"ticket.created","createdAt":"never"}')
@example(body=b'{"id":"' + b"9" * 5000 + b'","type":"' + b"." * 500 + b'"}')
@few
def test_any_webhook_body(body: bytes) -> None:
    """An event, or WebhookError."""
    with suppress(WebhookError):
        assert isinstance(parse_webhook(body), WebhookEvent)


def test_a_cursor_that_never_ends_is_noticed() -> None:
    """A new one on each page, and never anything on it."""
    number = 0

    def endless(_: Request) -> Reply:
        nonlocal number
        number += 1
        return Reply(200, {}, _json({"tickets": [], "nextCursor": str(number)}))

    outcome = ends_well("ticket0/tickets.list", endless)
    assert isinstance(outcome, UndecodableReplyError)
    assert "does not end" in str(outcome)


def test_a_page_that_repeats_itself_is_noticed() -> None:
    """TicketSmart says that there are ten thousand pages, and sends the same one each time."""
    page = {"events": GOOD["ticketsmart/events.list"]["events"], "pagination": {"totalPages": 9e9}}
    page["pagination"] = {"totalPages": 10**9}
    outcome = ends_well("ticketsmart/events.list", lambda _: Reply(200, {}, _json(page)))
    assert isinstance(outcome, UndecodableReplyError)
    assert "does not end" in str(outcome)


# -- through real sockets ---------------------------------------------------------------------

EVENT = b'{"event":{"id":"e","title":"Gala","startsAt":"2026-09-01T19:00:00Z","status":"DRAFT"}}'
PACKED = gzip.compress(EVENT * 50)


def _chunked(*parts: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


def _then_close(*parts: bytes) -> Callable[[socket.socket, bytes], None]:
    def handle(connection: socket.socket, _: bytes) -> None:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_RDWR)

    return handle


def _encoded(kind: str, body: bytes) -> bytes:
    return http(body=body, headers={"content-encoding": kind})


# What is sent, whether the connection is closed after it, and what must come of it: the event's
# title, or an error of ours.
WIRE: dict[str, tuple[bytes, bool, Any]] = {
    "well": (http(body=EVENT), False, "Gala"),
    "chunked": (_chunked(EVENT[:20], EVENT[20:]), False, "Gala"),
    "packed": (_encoded("gzip", gzip.compress(EVENT)), False, "Gala"),
    "deflated": (_encoded("deflate", zlib.compress(EVENT)), False, "Gala"),
    "charset is ignored, JSON is UTF-8": (
        http(body=EVENT, headers={"content-type": "application/json; charset=utf-16"}),
        False,
        "Gala",
    ),
    "said to be HTML": (http(body=EVENT, headers={"content-type": "text/html"}), False, "Gala"),
    "headers twice": (
        http(body=EVENT).replace(b"\r\n\r\n", b"\r\nx-a: 1\r\nX-A: 2\r\nx-a: 3\r\n\r\n", 1),
        False,
        "Gala",
    ),
    "length twice, the same": (
        http(body=EVENT).replace(b"\r\n\r\n", b"\r\ncontent-length: %d\r\n\r\n" % len(EVENT), 1),
        False,
        "Gala",
    ),
    "html": (http(body=HTML, headers={"content-type": "text/html"}), False, UndecodableReplyError),
    "latin-1": (
        http(body=EVENT.replace(b"Gala", b"Caf\xe9")),
        False,
        "Caf\ufffd",
    ),
    "utf-16": (http(body=EVENT.decode().encode("utf-16")), False, "Gala"),
    "cut JSON": (http(body=EVENT[:40]), False, UndecodableReplyError),
    "empty": (http(body=b""), False, UndecodableReplyError),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", True, UndecodableReplyError),
    "cut in the middle": (http(body=EVENT)[:-30], True, ConnectionLostError),
    "cut in the headers": (b"HTTP/1.1 200 OK\r\ncontent-le", True, ConnectionLostError),
    "nothing": (b"", True, ConnectionLostError),
    "a chunk cut": (_chunked(EVENT, end=b"ff\r\nabc"), True, ConnectionLostError),
    "no last chunk": (_chunked(EVENT, end=b""), True, ConnectionLostError),
    "a chunk of no size": (_chunked(end=b"zz\r\n"), True, ConnectionLostError),
    "packed and cut": (_encoded("gzip", PACKED[: len(PACKED) // 2]), False, None),
    "packed and broken": (
        _encoded("gzip", PACKED[:10] + b"\x00" * 30),
        False,
        ConnectionLostError,
    ),
    "said to be packed": (_encoded("gzip", EVENT), False, ConnectionLostError),
    "said to be deflated": (_encoded("deflate", EVENT), False, ConnectionLostError),
    "packed in an unknown way": (_encoded("snappy", EVENT), False, "Gala"),
    "lengths that differ": (
        http(body=EVENT).replace(b"\r\n\r\n", b"\r\ncontent-length: 5\r\n\r\n", 1),
        True,
        ConnectionLostError,
    ),
    "a negative length": (
        b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n" + EVENT,
        True,
        ConnectionLostError,
    ),
    "not HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n", True, ConnectionLostError),
    "HTTP/9": (b"HTTP/9.9 200 OK\r\n\r\n", True, UndecodableReplyError),
    "a status of no meaning": (b"HTTP/1.1 999 ?\r\ncontent-length: 0\r\n\r\n", True, ApiError),
    "headers without end": (
        b"HTTP/1.1 200 OK\r\n" + b"x-a: " + b"y" * 200_000,
        True,
        ConnectionLostError,
    ),
    "a redirect": (
        b"HTTP/1.1 302 Found\r\nlocation: http://example.com/\r\ncontent-length: 0\r\n\r\n",
        False,
        UndecodableReplyError,
    ),
    "an error in HTML": (
        http(401, HTML, {"content-type": "text/html"}),
        False,
        AuthenticationError,
    ),
}


@pytest.mark.parametrize("flavour", ["sync", "async"])
@pytest.mark.parametrize("what", WIRE)
def test_on_the_wire(what: str, flavour: str) -> None:
    """A read: an event, or one of our errors, and no hanging."""
    sent, closes, expected = WIRE[what]
    with tcp(_then_close(sent) if closes else always(sent)) as (url, seen):
        outcome = _get(url, flavour)
    assert seen
    if isinstance(expected, str):
        assert outcome == expected
    else:
        assert isinstance(outcome, expected or ApiError)
        assert pickle.loads(pickle.dumps(outcome)).message == outcome.message


def _get(url: str, flavour: str, **options: Any) -> Any:
    key = STRANGER["ticketsmart"]
    options = {"tries": 1, "timeout": 5, "pace": None, **options}

    async def awaited() -> Any:
        async with AsyncTicketSmart(key, base_url=url, **options) as api:
            return (await api.events.get("gala")).title

    try:
        if flavour == "async":
            return asyncio.run(awaited())
        with TicketSmart(key, base_url=url, **options) as api:
            return api.events.get("gala").title
    except ApiError as error:
        return error


@pytest.mark.parametrize("flavour", ["sync", "async"])
@pytest.mark.parametrize("what", [name for name, (_, _, end) in WIRE.items() if end != "Gala"])
def test_a_write_that_is_answered_so_is_of_unknown_outcome_or_refused(
    what: str, flavour: str
) -> None:
    """Never an error after which the write may be repeated as it is, unless it was a refusal."""
    sent, closes, _ = WIRE[what]
    with tcp(_then_close(sent) if closes else always(sent)) as (url, seen):
        outcome = _note(url, flavour)
    assert len(seen) == 1
    assert isinstance(outcome, OutcomeUnknownError) or 300 <= (outcome.status or 0) < 500


def _note(url: str, flavour: str) -> ApiError:
    key = STRANGER["ticket0"]

    async def awaited() -> None:
        async with AsyncTicket0(key, base_url=url, timeout=5, pace=None) as desk:
            await desk.messages.note("tkt_1", body="Keep ten back.")

    def note() -> None:
        if flavour == "async":
            asyncio.run(awaited())
            return
        with Ticket0(key, base_url=url, timeout=5, pace=None) as desk:
            desk.messages.note("tkt_1", body="Keep ten back.")

    with pytest.raises(ApiError) as caught:
        note()
    return caught.value


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_a_body_that_unpacks_to_more_than_any_answer_is_given_up(flavour: str) -> None:
    """A megabyte on the wire, a gigabyte in memory: it is not read to its end."""
    squeeze = zlib.compressobj(9, wbits=31)
    block = b" " * (1 << 20)
    bomb = b"".join(squeeze.compress(block) for _ in range(LONGEST_BODY // len(block) + 64))
    bomb += squeeze.flush()
    with tcp(always(_encoded("gzip", bomb))) as (url, _):
        outcome = _get(url, flavour, timeout=20)
    assert isinstance(outcome, ConnectionLostError)
    assert "longer than" in str(outcome)


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_an_answer_that_drips_is_given_up_in_time(flavour: str) -> None:
    """A byte now and then would never let a read time out."""

    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _moment in range(20 * int(HANGS)):
            connection.sendall(b" ")
            time.sleep(0.05)

    with tcp(drip) as (url, _):
        outcome = _get(url, flavour, timeout=0.4)
    assert isinstance(outcome, RequestTimeoutError)

"""Webhooks: who sent it, what it says, and whether it was here before."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from typing import Any

import pytest

from client.kit import SOON
from willcall.errors import InputError, SignatureError, WebhookError
from willcall.ticket0.webhooks import (
    HEADER,
    CustomerEvent,
    EventType,
    MemoryGuard,
    MessageEvent,
    Ping,
    TicketEvent,
    WebhookEvent,
    Webhooks,
    parse,
    sign,
    verify,
)

SECRET = "whsec_planted"
TICKET = {"id": "tkt_1", "subject": "Sold out", "status": "resolved"}


def envelope(kind: str = "ticket.resolved", data: Any = None, **more: Any) -> bytes:
    body = {"id": "evt_1", "type": kind, "createdAt": SOON, "workspaceId": "ws_1", "data": data}
    return json.dumps(body | more).encode()


def test_the_signature_is_the_documented_one() -> None:
    body = envelope()

    expected = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert sign(body, SECRET) == expected
    verify(body, expected, SECRET)
    verify(body, f" {expected} ", [SECRET])
    verify(memoryview(body), expected, [SECRET])


@pytest.mark.parametrize(
    "signature",
    [None, "", "sha256=", "nonsense", sign(b"other", SECRET), sign(envelope(), "other"),
     sign(envelope(), SECRET).upper(), sign(envelope(), SECRET)[7:], "sha256=é\ud800"],
)  # fmt: skip
def test_any_other_signature_is_refused(signature: str | None) -> None:
    with pytest.raises(SignatureError) as caught:
        verify(envelope(), signature, SECRET)
    assert SECRET not in repr(caught.value)


def test_one_changed_byte_is_enough() -> None:
    body, signature = envelope(), sign(envelope(), SECRET)

    for place in range(len(body)):
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(SignatureError, match="wrong"):
            verify(changed, signature, SECRET)


def test_comparing_takes_every_secret_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def compare(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr("willcall.ticket0.webhooks.hmac.compare_digest", compare)
    verify(b"x", sign(b"x", "new"), ["new", "old", "older"])
    assert len(compared) == 3


def test_secrets_can_be_rotated() -> None:
    hooks = Webhooks(["new", "old"])

    for secret in ("new", "old"):
        hooks.receive(envelope(), {HEADER: sign(envelope(), secret)})
    with pytest.raises(SignatureError):
        hooks.receive(envelope(), {HEADER: sign(envelope(), "gone")})


@pytest.mark.parametrize("secrets", ["", [], [""], ["a", ""]])
def test_without_a_secret_nothing_is_accepted(secrets: Any) -> None:
    with pytest.raises(InputError, match="secrets"):
        Webhooks(secrets)
    with pytest.raises(InputError, match="secrets"):
        verify(b"x", sign(b"x", ""), secrets)


def test_a_body_that_was_parsed_already_is_refused() -> None:
    with pytest.raises(InputError, match="raw body"):
        verify("{}", sign(b"{}", SECRET), SECRET)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [HEADER, HEADER.lower(), HEADER.upper()])
def test_the_header_is_found_in_any_spelling(name: str) -> None:
    headers = {"x": "y", name: sign(envelope(), SECRET)}

    assert Webhooks(SECRET).receive(envelope(), headers).fresh
    with pytest.raises(SignatureError, match="missing"):
        Webhooks(SECRET).receive(envelope(), {})


@pytest.mark.parametrize("kind", [k for k in EventType if k.startswith("ticket.")])
@pytest.mark.parametrize("wrapped", [True, False])
def test_events_of_tickets_are_typed(kind: EventType, wrapped: bool) -> None:
    event = parse(envelope(kind, {"ticket": TICKET} if wrapped else TICKET))

    assert isinstance(event, TicketEvent)
    assert event.type is kind
    assert event.ticket is not None
    assert event.ticket.status == "resolved"
    assert (event.id, event.workspace_id) == ("evt_1", "ws_1")
    assert event.created_at is not None
    assert event.created_at.tzinfo is not None


def test_events_of_messages_and_customers_are_typed() -> None:
    message = parse(envelope("message.sent", {"message": {"id": "m", "body": "Hi"}}))
    customer = parse(envelope("customer.created", {"id": "c", "email": "a@example.com"}))

    assert isinstance(message, MessageEvent)
    assert message.message is not None
    assert message.message.body_text == "Hi"
    assert message.data == {"message": {"id": "m", "body": "Hi"}}
    assert isinstance(customer, CustomerEvent)
    assert customer.customer is not None
    assert customer.customer.email == "a@example.com"


def test_a_part_of_a_thing_is_left_in_data() -> None:
    event = parse(envelope("ticket.tagged", {"ticketId": "tkt_1", "tag": "vip"}))

    assert isinstance(event, TicketEvent)
    assert event.ticket is None
    assert event.data == {"ticketId": "tkt_1", "tag": "vip"}
    assert "vip" not in repr(event)


def test_what_nobody_knows_yet_is_kept() -> None:
    event = parse(envelope("ticket.merged", {"a": 1}, extra=True))

    assert type(event) is WebhookEvent
    assert (event.type, event.data) == ("ticket.merged", {"a": 1})
    assert type(parse(envelope("ping"))) is Ping
    odd: list[Any] = [None, [], "x", 5]
    for data in odd:
        assert parse(envelope("ping", data)).data == {}


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"[]", b"5", b"null", b"{}", b'{"id": 5, "type": "ping"}',
     b'{"id": "e"}', b'{"id": "e", "type": 5}', b'{"id": "e", "type": "x", "createdAt": "soon"}',
     b"\xff", b"[" * 100_000],
    ids=lambda body: body[:20],
)  # fmt: skip
def test_what_is_no_event_is_told(body: bytes) -> None:
    with pytest.raises(WebhookError):
        parse(body)
    with pytest.raises(WebhookError):
        Webhooks(SECRET).receive(body, {HEADER: sign(body, SECRET)})


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def receive(hooks: Webhooks, name: str = "evt_1") -> Any:
    body = envelope(id=name)
    return hooks.receive(body, {HEADER: sign(body, SECRET)})


def test_an_event_is_fresh_once() -> None:
    hooks = Webhooks(SECRET)

    with receive(hooks) as first:
        assert (first.fresh, first.busy) == (True, False)
    with receive(hooks) as again:
        assert (again.fresh, again.busy) == (False, False)
    with receive(hooks) as still:
        assert not still.fresh
    assert receive(hooks, "evt_2").fresh


def test_an_event_that_was_not_taken_care_of_is_fresh_again() -> None:
    hooks = Webhooks(SECRET)

    with pytest.raises(RuntimeError), receive(hooks):
        raise RuntimeError("the database is down")
    with receive(hooks) as again:
        assert again.fresh


def test_two_deliveries_at_the_same_time_are_one_fresh_and_one_busy() -> None:
    hooks = Webhooks(SECRET)

    with receive(hooks) as first, receive(hooks) as second:
        assert first.fresh
        assert (second.fresh, second.busy) == (False, True)
    # The busy one did not count as taken care of, nor did it disturb the first.
    assert not receive(hooks).fresh
    assert repr(hooks) == "<Webhooks with 1 secrets>"


def test_the_guard_remembers_for_a_day_and_not_without_end() -> None:
    clock = Clock()
    guard = MemoryGuard(seconds=100.0, most=3, clock=clock)

    assert guard.claim("a") is True
    guard.keep("a")
    assert guard.claim("a") is False
    clock.now += 100
    assert guard.claim("a") is False
    clock.now += 1
    assert guard.claim("a") is True
    guard.release("a")
    for name in "bcdef":
        guard.claim(name)
        guard.keep(name)
    assert guard.claim("f") is False
    assert len(guard._kept) == 3
    assert guard.claim("b") is True


def test_of_many_threads_exactly_one_gets_the_event() -> None:
    guard = MemoryGuard()
    claims: list[bool | None] = []
    threads = [
        threading.Thread(target=lambda: claims.append(guard.claim("evt_1"))) for _ in range(32)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(map(str, claims)) == ["None"] * 31 + ["True"]


def test_another_guard_can_be_used() -> None:
    guard = MemoryGuard()
    with receive(Webhooks(SECRET, guard=guard)):
        pass
    assert not receive(Webhooks(SECRET, guard=guard)).fresh


PLAIN = b'{"id": "evt_1", "type": "ticket.resolved", "data": {}}'


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_the_raw_body_comes_in_any_form(form: Any) -> None:
    assert sign(form(PLAIN), SECRET) == sign(PLAIN, SECRET)
    assert parse(form(PLAIN)).id == "evt_1"
    delivery = Webhooks(SECRET).receive(form(PLAIN), {HEADER: sign(PLAIN, SECRET)})
    assert delivery.event.id == "evt_1"


def test_a_slice_of_a_buffer_is_a_body() -> None:
    doubled = bytes(byte for byte in PLAIN for _ in range(2))

    verify(memoryview(doubled)[::2], sign(PLAIN, SECRET), SECRET)


@pytest.mark.parametrize("body", ["{}", None, {}, [1]])
def test_what_is_no_raw_body_is_refused_everywhere(body: Any) -> None:
    for call in (lambda: sign(body, SECRET), lambda: parse(body), lambda: verify(body, "", SECRET)):
        with pytest.raises(InputError, match="body"):
            call()


def _shapes(value: str) -> list[Any]:
    name, raw = HEADER.lower(), value.encode()
    return [
        {HEADER: value},
        {HEADER.upper(): raw},
        {name.encode(): raw},
        [(name.encode(), raw)],
        [("Host", "x"), (HEADER, value)],
        ((name, value) for _ in range(1)),
        {HEADER: [value]},
        {HEADER: (raw, b"another")},
        {"HTTP_TICKET0_SIGNATURE": value, "wsgi.input": object()},
        {5: "x", None: "y", HEADER: value},
    ]


@pytest.mark.parametrize("place", range(len(_shapes(""))))
def test_headers_come_in_any_form(place: int) -> None:
    headers = _shapes(f" {sign(PLAIN, SECRET)} ")[place]

    assert Webhooks(SECRET).receive(PLAIN, headers).fresh


@pytest.mark.parametrize(
    "headers", [{}, [], {HEADER: None}, {HEADER: []}, {HEADER: ""}, {b"\xff": b"x"}]
)
def test_headers_without_a_signature_prove_nothing(headers: Any) -> None:
    with pytest.raises(SignatureError, match="missing"):
        Webhooks(SECRET).receive(PLAIN, headers)


@pytest.mark.parametrize("value", [5, b"\xff", "\ud83d", ["\ud83d"], object(), "sha256="])
def test_signatures_of_any_sort_are_wrong(value: Any) -> None:
    with pytest.raises(SignatureError, match="wrong"):
        Webhooks(SECRET).receive(PLAIN, {HEADER: value})


@pytest.mark.parametrize("headers", [None, 5, "Host: x", [1], [("a",)]])
def test_what_are_no_headers_is_refused(headers: Any) -> None:
    with pytest.raises(InputError, match="headers"):
        Webhooks(SECRET).receive(PLAIN, headers)


@pytest.mark.parametrize(
    "secrets", [SECRET.encode(), [SECRET.encode()], bytearray(SECRET.encode())]
)
def test_secrets_may_be_bytes(secrets: Any) -> None:
    assert Webhooks(secrets).receive(PLAIN, {HEADER: sign(PLAIN, SECRET)}).fresh
    assert sign(PLAIN, SECRET.encode()) == sign(PLAIN, SECRET)


@pytest.mark.parametrize(
    "secrets", ["whsec_\ud83d", [SECRET, "\ud83d"], None, 5, [None], [5], b"", [b""], {}, [[]]]
)
def test_secrets_that_cannot_be_used_are_refused_at_once(secrets: Any) -> None:
    with pytest.raises(InputError, match="secrets"):
        Webhooks(secrets)
    with pytest.raises(InputError, match="secrets"):
        verify(PLAIN, "", secrets)


def test_a_delivery_is_read_as_tolerantly_as_an_answer() -> None:
    odd = b'\xef\xbb\xbf{"id": "evt_1", "type": "x", "data": {"subject": "Gala \\ud83c", "n": NaN}}'

    event = Webhooks(SECRET).receive(odd, {HEADER: sign(odd, SECRET)}).event

    assert event.data["subject"] == "Gala \ufffd"

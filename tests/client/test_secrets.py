"""A secret is planted, everything is done that could spill it, and it is found nowhere."""

from __future__ import annotations

import asyncio
import copy
import io
import logging
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from client.kit import DESK_KEY, KEY, account, get, play, reply, tcp, ticket0, ticketsmart
from support.secrets import seen_by_tools
from willcall import (
    AsyncTicket0,
    AsyncTicketSmart,
    Hooks,
    Ticket0,
    TicketSmart,
    Try,
    connect,
    connect_async,
)
from willcall.client.engine import perform
from willcall.client.flow import Request, Send
from willcall.client.http import library
from willcall.client.options import Options
from willcall.client.provider import open_account
from willcall.client.redact import hide, scrub, scrub_addresses, scrub_path, scrub_reply
from willcall.errors import ApiError, InputError, Reply, WillcallError
from willcall.sandbox.server import Served
from willcall.ticket0.webhooks import Webhooks, sign, verify
from willcall.ticketsmart.api import PROVIDER as TICKETSMART
from willcall.ticketsmart.api import FlowTicketSmart


def spilled(error: BaseException) -> str:
    """All that is commonly made of an error: texts, traceback, attributes, pickle, raw reply."""
    out = io.StringIO()
    traceback.TracebackException.from_exception(error, capture_locals=False).print(file=out)
    parts = [str(error), repr(error), out.getvalue()]
    parts += [repr(error.__dict__), repr(error.args)]
    parts.append(pickle.dumps(error).decode("latin-1"))
    if isinstance(error, ApiError) and error.reply is not None:
        parts += [error.reply.body.decode("latin-1"), repr(dict(error.reply.headers))]
    return "\n".join(parts)


FAULTS: list[dict[str, Any]] = [
    {"kind": "echo_key", "status": 500},
    {"kind": "echo_key", "status": 400},
    {"kind": "echo_key", "status": 401},
    {"kind": "echo_key", "status": 429},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 404, "headers": {"X-Echo": "KEY", "Location": "/?k=KEY"}},
    {"kind": "html"},
    {"kind": "garbage"},
    {"kind": "truncated"},
    {"kind": "cut"},
    {"kind": "down"},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("service", ["ticketsmart", "ticket0"])
def test_whatever_goes_wrong_the_key_stays_here(
    served: Served, service: str, fault: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    box = served.sandbox
    key = box.ticketsmart_key if service == "ticketsmart" else box.ticket0_key
    headers = {n: v.replace("KEY", key) for n, v in fault.get("headers", {}).items()}
    box.faults.add(**{**fault, "headers": headers, "service": service})
    told: list[str] = []
    hooks = Hooks(*[lambda it: told.append(f"{it} {it.reply and it.reply.body!r}")] * 3)
    caplog.set_level(logging.DEBUG)
    calls: list[Callable[[], Any]]
    if service == "ticketsmart":
        client = ticketsmart(served, tries=2, hooks=hooks)
        calls = [
            lambda: client.events.get("gala"),
            lambda: client.events.list().all(),
            lambda: client.events.remove_ticket_type("gala", "tt_1"),
        ]
    else:
        desk = ticket0(served, tries=2, hooks=hooks)
        calls = [
            lambda: desk.tickets.list().all(),
            lambda: desk.messages.note("tkt_1", body="a"),
            lambda: desk.customers.upsert(external_id="x", email="a@example.com"),
        ]
    for call in calls:
        with pytest.raises(WillcallError) as caught:
            call()
        assert key not in spilled(caught.value)
        cause = caught.value.__cause__
        while cause is not None:
            assert key not in spilled(cause)
            cause = cause.__cause__
    assert told
    assert key not in "\n".join(told)
    # httpx and httpcore would log whole URLs and headers; for our calls they do not.
    assert key not in caplog.text
    assert {record.name for record in caplog.records} == {"willcall"}
    (client if service == "ticketsmart" else desk).close()


def test_no_repr_of_anything_holds_the_key() -> None:
    smart, desk = TicketSmart(KEY, pace=None), Ticket0(DESK_KEY, pace=None)
    aio = AsyncTicketSmart(KEY, pace=None)

    things = [smart, desk, aio, smart.events, desk.tickets, smart.events.list(), smart._session]
    things += [smart._session.account, smart._session.options, smart._connections, vars(smart)]
    flow = perform(get(), account(), Options())
    effect: Any = next(flow)
    while not isinstance(effect, Send):
        effect = flow.send(0.0)
    things += [effect, effect.request, flow]
    flow.close()
    for thing in things:
        assert KEY not in repr(thing)
        assert DESK_KEY not in repr(thing)
        assert KEY not in str(thing)
    assert repr(smart) == "<TicketSmart at https://ticketsmart.ai/api/v1>"
    assert repr(smart.events) == "<ticketsmart events>"
    smart.close()
    desk.close()
    asyncio.run(aio.aclose())


def test_no_variable_of_ours_on_the_way_of_an_error_shows_the_key(served: Served) -> None:
    with ticketsmart(served) as client, pytest.raises(ApiError) as caught:
        client.events.get("no-such-event")

    shown = "\n".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    assert served.sandbox.ticketsmart_key not in shown


def test_a_key_that_is_refused_is_not_repeated() -> None:
    for wrong in ("sk_live_very_secret", f"{KEY}\n", f"{KEY} x", f"{KEY}é"):
        with pytest.raises(InputError) as caught:
            TicketSmart(wrong)
        assert "very_secret" not in spilled(caught.value)
        assert "secret_KEY" not in spilled(caught.value)


def test_a_key_given_as_an_id_is_not_repeated() -> None:
    with pytest.raises(ApiError) as caught:
        play(perform(get(f"/events/{KEY}"), account(), Options()), reply(404, {"error": KEY}))

    assert KEY not in spilled(caught.value)


def test_a_key_never_travels_in_a_url_or_a_body() -> None:
    answer = b"HTTP/1.1 404 No\r\ncontent-length: 2\r\n\r\n{}"
    with (
        tcp(lambda connection, _: connection.sendall(answer)) as (url, seen),
        TicketSmart(KEY, base_url=url, pace=None) as client,
    ):
        calls: list[Callable[[], Any]] = [
            lambda: client.events.get("gala"),
            lambda: client.events.update("gala", title="x"),
        ]
        for call in calls:
            with pytest.raises(ApiError):
                call()
    for request in seen:
        lines = [line for line in request.split(b"\r\n") if KEY.encode() in line]
        assert lines == [b"x-api-key: " + KEY.encode()]


def test_addresses_never_reach_a_log_or_an_errors_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[Try] = []
    opts = Options(hooks=Hooks(reply=told.append))
    op = get("/customers/ann.lee%40example.com")

    with pytest.raises(ApiError) as caught:
        play(perform(op, account(), opts), reply(404))

    assert caught.value.request == "GET /customers/***"
    assert told[0].request == "GET /customers/***"
    assert "ann.lee" not in caplog.text
    assert "-> 404" in caplog.text


def test_what_holds_a_key_is_not_pickled() -> None:
    with TicketSmart(KEY, pace=None) as client:
        request = Request("ticketsmart", "GET", "https://x/", {"x-api-key": KEY})
        for thing in (client._session.account, client._session, client, client.events, request):
            with pytest.raises((TypeError, AttributeError, pickle.PicklingError)) as caught:
                pickle.dumps(thing)
            assert KEY not in str(caught.value)


def test_httpx_still_logs_for_others(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with ticket0(served) as client:
        client.customers.list(email="ann.lee@example.com").all()

    async def main() -> None:
        async with AsyncTicket0(
            served.sandbox.ticket0_key, base_url=served.ticket0_url, pace=None
        ) as other:
            assert len(await other.customers.list(email="ann.lee@example.com").all()) == 0

    asyncio.run(main())
    assert caplog.text == ""
    with library().Client() as other:
        other.get(served.url)
    assert [record.name for record in caplog.records] == [library().__name__]


def test_what_is_scrubbed() -> None:
    assert scrub("x ts_sk_live_abc-DEF_9 y t0_abcd1 z") == "x ts_sk_*** y t0_*** z"
    assert scrub("mykey and more", "mykey", "") == "*** and more"
    assert scrub_addresses("to a.b+c@example.co.uk, d@localhost") == "to ***, d@localhost"
    assert scrub_path("/x/a@example.com/b%40example.com/k%2Fy", "k/y") == "/x/***/***/***"
    raw = Reply(200, {"x": "t0_abcdef"}, b"\xff t0_abcdef", "https://x/?k=t0_abcdef")
    clean = scrub_reply(raw)
    assert (clean.headers["x"], clean.body, clean.url) == (
        "t0_***",
        b"\xff t0_***",
        "https://x/?k=t0_***",
    )


LOGIN = "https://me:pass_WORD@box-office.example"
REFUSED: dict[str, Callable[[], Any]] = {
    "share": lambda: TicketSmart(KEY, share=2),
    "another provider's key": lambda: Ticket0(KEY),
    "a cut key": lambda: TicketSmart(f"{KEY}\n"),
    "bytes": lambda: TicketSmart(KEY.encode()),  # type: ignore[arg-type]
    "pace": lambda: TicketSmart(KEY, pace="x"),  # type: ignore[arg-type]
    "timeout": lambda: TicketSmart(KEY, timeout=-1),
    "hooks": lambda: AsyncTicketSmart(KEY, hooks=5),  # type: ignore[arg-type]
    "headers": lambda: AsyncTicketSmart(KEY, headers={"host": "x"}),
    "path_params": lambda: AsyncTicketSmart(KEY, path_params={"x": "y"}),
    "http_client": lambda: TicketSmart(KEY, http_client=5),
    "base_url": lambda: TicketSmart(KEY, base_url="http://example.com"),
    "a login in base_url": lambda: TicketSmart(KEY, base_url=LOGIN),
    "a login in base_url, async": lambda: AsyncTicketSmart(KEY, base_url=LOGIN),
    "no port in base_url": lambda: TicketSmart(KEY, base_url=f"{LOGIN}:port"),
    "by name": lambda: connect("ticketsmart", KEY, share=2),
    "by name, async": lambda: connect_async("ticketsmart", KEY, share=2),
    "by name, with a login": lambda: connect("ticketsmart", KEY, base_url=LOGIN),
    "by an unknown name": lambda: connect("nobody", KEY),
    "an account": lambda: open_account(TICKETSMART, KEY, LOGIN),
    "an account's share": lambda: open_account(TICKETSMART, KEY, share=0),
    "webhooks": lambda: Webhooks([KEY, ""]),
    "webhooks, half a character": lambda: Webhooks([KEY, "\ud83c"]),
    "webhooks, a number": lambda: Webhooks([KEY, 5]),  # type: ignore[list-item]
    "a forged delivery": lambda: Webhooks(KEY).receive(b"{}", {"Ticket0-Signature": "sha256=x"}),
    "a delivery without headers": lambda: Webhooks(KEY).receive(b"{}", 5),  # type: ignore[arg-type]
    "a forged signature": lambda: verify(b"{}", "sha256=x", [KEY]),
    "no raw body": lambda: verify("{}", "sha256=x", [KEY]),  # type: ignore[arg-type]
    "a signature for nothing": lambda: sign("{}", KEY),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_refuses_shows_no_secret_in_its_variables(what: str) -> None:
    with pytest.raises(WillcallError) as caught:
        REFUSED[what]()

    seen = seen_by_tools(caught.value)
    assert "secret_KEY" not in seen
    assert "pass_WORD" not in seen


def test_a_key_of_the_environment_is_not_shown_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETSMART_API_KEY", f"{KEY} x")
    monkeypatch.setenv("TICKETSMART_BASE_URL", LOGIN)
    for key in (None, KEY):
        with pytest.raises(InputError) as caught:
            TicketSmart(key)
        assert "secret_KEY" not in seen_by_tools(caught.value)
        assert "pass_WORD" not in seen_by_tools(caught.value)


def test_no_plain_data_of_an_account_holds_its_key() -> None:
    opened = account()

    for plain in (attrs.asdict(opened), attrs.astuple(opened), vars(TicketSmart(KEY, pace=None))):
        assert "secret_KEY" not in repr(plain)
    assert opened.key == KEY
    assert opened == account()
    assert opened != open_account(TICKETSMART, f"{KEY}_2", paced=False)
    assert attrs.evolve(opened, share=0.5).key == KEY
    hidden = hide(KEY)
    assert hide(hidden) is hidden
    assert {hidden: 1}[hide(KEY)] == 1
    assert hidden != KEY
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="secret"):
            copied(hidden)


def test_a_client_that_was_not_made_has_a_repr() -> None:
    for kind in (TicketSmart, AsyncTicketSmart, Ticket0, FlowTicketSmart):
        assert repr(object.__new__(kind)) == f"<{kind.__name__}, not opened>"

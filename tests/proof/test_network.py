"""Whatever a network does: no key leaks, no call hangs, "it never left" is told from "maybe"."""

from __future__ import annotations

import asyncio
import gc
import gzip
import os
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.kit import KEY, http
from support.hostile_server import (
    Authority,
    Server,
    drips,
    floods,
    garbage,
    pieces,
    proxy,
    resets,
    serving,
)
from support.waiting import HANGS, eventually
from willcall import AsyncTicketSmart, TicketSmart
from willcall.client import bodies, provider, redact, routes
from willcall.client import http as door
from willcall.client.flow import Request
from willcall.errors import (
    ApiError,
    ConnectError,
    ConnectionLostError,
    InputError,
    OutcomeUnknownError,
    RequestTimeoutError,
    WillcallError,
)
from willcall.ticket0.webhooks import MemoryGuard

EVENT = b'{"id":"e","title":"Gala","startsAt":"2026-09-01T19:00:00Z","status":"DRAFT"}'
ANSWER = http(body=EVENT)
HEAD, BODY = ANSWER[: -len(EVENT)], EVENT
NOON = datetime(2026, 9, 1, 19, tzinfo=UTC)
# Far below the 30 seconds for which a server drips, and far above what a busy machine needs.
SOON = 15.0

flavours = pytest.mark.parametrize("flavour", ["sync", "async"])
clients = pytest.mark.parametrize("given", [False, True], ids=["ours", "theirs"])


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine that runs the tests is set to."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    routes._leads_here.cache_clear()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.new(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authority]:
    """The authority is known."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    door._tls.cache_clear()
    yield authority
    door._tls.cache_clear()


def ask(
    url: str,
    flavour: str,
    call: Callable[[Any], Any] = lambda api: api.events.get("gala"),
    *,
    given: bool = False,
    **options: Any,
) -> Any:
    """What comes of a call: its answer, or its error."""
    options = {"pace": None, "tries": 1, "timeout": 0.3, **options}

    def blocking() -> Any:
        with ExitStack() as stack:
            if given:
                options["http_client"] = stack.enter_context(httpx.Client(verify=door._tls()))
            api = stack.enter_context(TicketSmart(KEY, base_url=url, **options))
            return call(api)

    async def awaited() -> Any:
        if not given:
            async with AsyncTicketSmart(KEY, base_url=url, **options) as api:
                return await call(api)
        async with httpx.AsyncClient(verify=door._tls()) as own:
            api = AsyncTicketSmart(KEY, base_url=url, http_client=own, **options)
            return await call(api)

    try:
        return blocking() if flavour == "sync" else asyncio.run(awaited())
    except WillcallError as error:
        return error


def write(api: Any) -> Any:
    return api.events.create(title="Gala", starts_at=NOON)


# Leaks.

LOOPBACK = ["127.0.0.1", "127.0.0.2", "localhost", "LOCALHOST", "shop.localhost", "[::1]"]


@flavours
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_nothing_for_this_machine_goes_through_a_proxy(
    variable: str, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy() as spy, serving(pieces(ANSWER)) as server:
        monkeypatch.setenv(variable, spy.url)
        monkeypatch.setenv("https_proxy", spy.url)
        assert ask(server.url, flavour).title == "Gala"
        assert len(server.seen) == 1
    assert spy.accepted == 0


@flavours
@pytest.mark.parametrize("name", LOOPBACK)
def test_every_name_of_this_machine_is_reached_directly(
    name: str, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = {"[::1]": "::1", "127.0.0.2": "127.0.0.2"}.get(name, "127.0.0.1")
    with proxy() as spy, serving(pieces(ANSWER), host=host, name=name) as server:
        monkeypatch.setenv("ALL_PROXY", spy.url)
        assert ask(server.url, flavour).title == "Gala"
    assert spy.accepted == 0


@flavours
def test_localhost_that_leads_elsewhere_gets_no_key(
    flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def elsewhere(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        return real(
            "192.0.2.1" if host in {"localhost", b"localhost"} else host, port, *more, **options
        )

    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
    got = ask("http://localhost:9", flavour)
    assert type(got) is ConnectError
    assert "not this machine" in got.message


@flavours
def test_a_client_of_yours_with_a_proxy_is_refused_in_the_clear(
    flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy() as spy, serving(pieces(ANSWER)) as server:
        monkeypatch.setenv("HTTP_PROXY", spy.url)
        got = ask(server.url, flavour, given=True)
        assert isinstance(got, InputError)
        assert (got.field, got.fix) == ("http_client", "open it with trust_env=False")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert ask(server.url, flavour, given=True).title == "Gala"
    assert spy.accepted == 0


@flavours
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_tunnels(
    variable: str, flavour: str, trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = trusted.context("box-office.example")
    with serving(pieces(ANSWER), tls=tls) as server, proxy(server.port) as between:
        monkeypatch.setenv(variable, between.url.removeprefix("http://"))
        assert ask("https://box-office.example/api", flavour, timeout=HANGS).title == "Gala"
    (asked,) = between.seen
    assert asked.startswith(b"CONNECT box-office.example:443 HTTP/1.1\r\n")
    assert KEY.encode() not in asked


@flavours
def test_a_name_that_leads_to_this_machine_takes_no_proxy(
    flavour: str, trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def hosts(host: Any, *more: Any, **options: Any) -> Any:
        mine = host in {"box-office.test", b"box-office.test"}
        return real("127.0.0.1" if mine else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hosts)
    tls = trusted.context("box-office.test")
    with serving(pieces(ANSWER), tls=tls, name="box-office.test") as server, proxy() as spy:
        monkeypatch.setenv("ALL_PROXY", spy.url)
        assert ask(server.url, flavour, timeout=HANGS).title == "Gala"
    assert spy.accepted == 0


@pytest.mark.parametrize(
    ("no_proxy", "host", "excepted"),
    [
        ("*", "a.example", True),
        ("a.example", "a.example", True),
        ("A.Example", "a.example", True),
        ("example", "a.example", True),
        (".example", "a.example", True),
        ("*.example", "a.example", True),
        ("https://a.example", "a.example", True),
        ("a.example:443", "a.example", True),
        ("a.example:444", "a.example", False),
        ("xample", "a.example", False),
        ("b.example, ,c.example", "a.example", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("fd07::/64", "[fd07::1]", True),
        ("[fd07::1]", "[fd07::1]", True),
        ("fd07::/64", "[fd08::1]", False),
        ("fd07::/64", "a.example", False),
        ("[fd07::/", "[fd07::1]", False),
        ("", "a.example", False),
    ],
)
def test_no_proxy(
    no_proxy: str, host: str, excepted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    monkeypatch.setattr(routes, "_leads_here", lambda _: False)

    chosen = routes.proxy_for(f"https://{host}/api/events")

    assert (chosen is None) is excepted
    assert chosen is None or chosen.url == "http://proxy.example:3128"


def test_a_proxy_of_the_system_has_a_name_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "getproxies", lambda: {"https": "http://127.0.0.1:3128"})
    monkeypatch.setattr(routes, "_leads_here", lambda _: False)

    chosen = routes.proxy_for("https://box-office.example")

    assert chosen == routes.Proxy("HTTPS_PROXY", "http://127.0.0.1:3128")
    assert "3128" not in repr(chosen)


def test_a_resolver_that_is_silent_holds_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def silent(*_: Any, **__: Any) -> Any:
        over.wait(HANGS)
        raise OSError

    monkeypatch.setattr(routes, "_RESOLVED_WITHIN", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", silent)
    assert routes._leads_here("silent.example") is False
    over.set()


@flavours
@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("HTTPS_PROXY", "socks5://secret:word@127.0.0.1:1080", "SOCKS"),
        ("ALL_PROXY", "socks5h://127.0.0.1:1080", "SOCKS"),
        ("all_proxy", "ftp://secret@127.0.0.1", "not the address of a proxy"),
        ("https_proxy", "http://[secret", "not the address of a proxy"),
        ("https_proxy", "http://127.0.0.1:port", "not the address of a proxy"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(
    variable: str, value: str, problem: str, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(routes, "_leads_here", lambda _: False)

    got = ask("https://box-office.example/api", flavour)

    assert isinstance(got, InputError)
    assert got.field == variable
    assert problem in got.problem
    assert got.fix
    assert "secret" not in str(got)


@flavours
@pytest.mark.parametrize("no_proxy", ["fd07::/64", "[", "::", "http://[::1", "a b,\\"])
def test_odd_entries_of_no_proxy_do_no_harm(
    no_proxy: str, flavour: str, trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", no_proxy)
    tls = trusted.context("box-office.example")
    with serving(pieces(ANSWER), tls=tls) as server, proxy(server.port) as between:
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        assert ask("https://box-office.example/api", flavour, timeout=HANGS).title == "Gala"


@flavours
@pytest.mark.parametrize(
    ("variable", "content"),
    [
        ("SSL_CERT_FILE", None),
        ("SSL_CERT_FILE", "no certificate"),
        ("SSL_CERT_FILE", ""),
        ("SSLKEYLOGFILE", None),
    ],
)
def test_files_of_tls_that_cannot_be_used_are_named(
    variable: str,
    content: str | None,
    flavour: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "nowhere" / "file.pem"
    if content is not None:
        file.parent.mkdir()
        file.write_text(content)
    monkeypatch.setenv(variable, str(file))
    door._tls.cache_clear()
    try:
        got = ask("https://box-office.example/api", flavour)
    finally:
        door._tls.cache_clear()
    assert isinstance(got, InputError)
    assert got.field == variable
    assert "unset it" in got.fix


def test_tls_that_fails_by_itself_is_no_fault_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> Any:
        raise OSError("no certificates at all")

    for name in door._TLS_FILES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(httpx, "create_ssl_context", broken)
    door._tls.cache_clear()
    with pytest.raises(OSError, match="at all"):
        door._tls()


# What breaks.


@flavours
@clients
@pytest.mark.parametrize("breaks", [resets, garbage])
def test_whatever_breaks_after_the_handshake_is_a_lost_connection(
    breaks: Any, given: bool, flavour: str, trusted: Authority
) -> None:
    with serving(breaks, tls=trusted.context("localhost"), name="localhost") as server:
        got = ask(server.url, flavour, given=given, timeout=HANGS)
        assert type(got) is ConnectionLostError
        lost = ask(server.url, flavour, write, given=given, timeout=HANGS)
        assert isinstance(lost, OutcomeUnknownError)
        assert len(server.seen) == 2


@flavours
@pytest.mark.parametrize("breaks", [resets, garbage])
def test_once_looks_after_a_broken_connection(
    breaks: Any, flavour: str, trusted: Authority
) -> None:
    """The event was created, and only the answer broke."""
    made: list[bytes] = []
    row = b'{"events":[' + EVENT + b'],"pagination":{"totalPages":1,"total":1}}'

    def handle(connection: socket.socket, request: bytes) -> None:
        if request.startswith(b"POST"):
            made.append(request)
            breaks(connection, request)
        elif b"/events?" in request:
            connection.sendall(http(body=row if made else b'{"events":[]}'))
        else:
            connection.sendall(ANSWER)

    with serving(handle, tls=trusted.context("localhost"), name="localhost") as server:
        got = ask(
            server.url,
            flavour,
            lambda api: api.events.create(title="Gala", starts_at=NOON, once=True),
            timeout=HANGS,
            settle=0.0,
        )
    assert getattr(got, "id", got) == "e"
    assert len(made) == 1


@flavours
@clients
@pytest.mark.parametrize("name", ["unknown authority", "another name"])
def test_a_certificate_that_proves_nothing_means_it_never_left(
    name: str, given: bool, flavour: str, authority: Authority, request: pytest.FixtureRequest
) -> None:
    if name == "another name":
        request.getfixturevalue("trusted")
    tls = authority.context("localhost" if name == "unknown authority" else "elsewhere.example")
    with serving(pieces(ANSWER), tls=tls, name="localhost") as server:
        assert type(ask(server.url, flavour, write, given=given, timeout=HANGS)) is ConnectError
        assert not server.seen


# What takes its time.

DRIPS = {
    "headers": drips(b"HTTP/1.1 200 OK\r\nx-a: ", b"a"),
    "more headers": drips(b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"),
    "status line": drips(b"H", b""),
    "100 continue": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 early hints": drips(b"", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"),
    "flood of 1xx": floods(b"HTTP/1.1 102 Processing\r\n\r\n"),
    "body": drips(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b" "),
    "chunks": drips(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "silence": pieces(30.0),
}


@flavours
@pytest.mark.parametrize("what", DRIPS)
@pytest.mark.parametrize("bound", ["timeout", "deadline"])
def test_no_drip_outlasts_a_timeout_or_a_deadline(what: str, bound: str, flavour: str) -> None:
    bounds = {"timeout": 0.3} if bound == "timeout" else {"timeout": None, "deadline": 0.3}
    with serving(DRIPS[what]) as server:
        began = time.monotonic()
        got = ask(server.url, flavour, **bounds)
        assert type(got) is RequestTimeoutError, got
        assert isinstance(ask(server.url, flavour, write, **bounds), OutcomeUnknownError)
        assert time.monotonic() - began < SOON


@flavours
@pytest.mark.parametrize("what", ["body", "chunks"])
def test_no_body_outlasts_a_client_of_yours(what: str, flavour: str) -> None:
    with serving(DRIPS[what]) as server:
        began = time.monotonic()
        assert type(ask(server.url, flavour, given=True)) is RequestTimeoutError
        assert time.monotonic() - began < SOON


@flavours
def test_no_drip_outlasts_an_async_client_of_yours(flavour: str) -> None:
    """A blocking one is bounded by httpx alone until the answer begins."""
    if flavour == "async":
        with serving(DRIPS["headers"]) as server:
            assert type(ask(server.url, flavour, given=True)) is RequestTimeoutError


CREATED = http(201, EVENT)


@flavours
@pytest.mark.parametrize("deadline", [None, 30.0])
@clients
def test_an_answer_that_has_begun_is_waited_for(
    given: bool, deadline: float | None, flavour: str
) -> None:
    """It was carried out, and says so: it is not thrown away at the timeout of its try."""
    late = pieces(0.7, CREATED[: -len(EVENT)], 0.7, EVENT)
    with serving(late) as server:
        got = ask(server.url, flavour, write, timeout=1.0, deadline=deadline, given=given)
        assert getattr(got, "id", got) == "e"


@flavours
def test_the_answer_to_a_write_may_take_the_whole_deadline(flavour: str) -> None:
    late = pieces(CREATED[: -len(EVENT)], 1.0, EVENT)
    with serving(late) as server:
        assert ask(server.url, flavour, write, timeout=0.3, deadline=30.0).id == "e"
        # A read is asked again instead.
        got = ask(server.url, flavour, timeout=0.3, deadline=30.0)
        assert type(got) is RequestTimeoutError


@flavours
def test_an_answer_that_came_in_time_is_read_late(
    flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process was stopped meanwhile: the answer is there when it goes on."""
    with serving(pieces(ANSWER)) as server:
        real = time.monotonic
        offset = [0.0]
        monkeypatch.setattr("willcall.client.network.time.monotonic", lambda: real() + offset[0])

        def handle(connection: socket.socket, request: bytes) -> None:
            connection.sendall(ANSWER)
            offset[0] += 1000.0

        with serving(handle) as slow:
            assert ask(slow.url, flavour).title == "Gala"
        assert server.seen == []


# Connections that are never made.


# Of a call through a client of yours that ends in its handshake, httpcore forgets the socket.
forgets = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def _holds(connection: socket.socket) -> None:
    """Accepts, and never begins TLS."""
    threading.Event().wait(3)
    connection.close()


@forgets
@flavours
@clients
def test_a_handshake_that_never_comes_means_it_never_left(
    given: bool, flavour: str, trusted: Authority
) -> None:
    tls = trusted.context("localhost")
    with serving(pieces(ANSWER), tls=tls, greet=_holds, name="localhost") as server:
        got = ask(server.url, flavour, write, given=given, timeout=0.2)
        assert type(got) is ConnectError
        assert not server.seen
    del got  # its traceback holds the socket
    gc.collect()


@forgets
@flavours
def test_connecting_and_a_handshake_together_overrun(
    flavour: str, trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes less than the timeout, and both together more: still nothing was sent."""
    real = socket.getaddrinfo

    def slow(*options: Any, **more: Any) -> Any:
        time.sleep(0.4)
        return real(*options, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    tls = trusted.context("localhost")

    def greet(_: socket.socket) -> None:
        time.sleep(0.4)

    with serving(pieces(ANSWER), tls=tls, greet=greet, name="localhost") as server:
        for given in (False, True) if flavour == "async" else (False,):
            got = ask(server.url, flavour, write, given=given, timeout=0.6)
            assert type(got) is ConnectError, got
        assert not server.seen
    del got  # its traceback holds the socket
    gc.collect()


@flavours
def test_a_tunnel_that_is_never_there_means_it_never_left(
    flavour: str, trusted: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_leads_here", lambda _: False)
    with proxy(1, stalls=True) as between:
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        got = ask("https://box-office.example/api", flavour, write)
        assert type(got) is ConnectError
        assert between.seen


def test_a_host_with_an_odd_name_means_it_never_left() -> None:
    """A client refuses it as its base URL; here comes what a resolver makes of it."""
    connections = door.Connections()
    with pytest.raises(ConnectError):
        connections(Request("ticketsmart", "POST", f"https://{'a' * 64}.example/events"))
    connections.close()


def test_each_address_of_a_host_has_its_share_of_the_time(
    monkeypatch: pytest.MonkeyPatch, trusted: Authority
) -> None:
    real = socket.getaddrinfo

    def two(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        # TEST-NET-1 leads nowhere: packets to it vanish, or it is refused at once.
        return real("192.0.2.1", port, *more, **options) + real("127.0.0.1", port, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", two)
    tls = trusted.context("localhost")
    with serving(pieces(ANSWER), tls=tls, name="localhost") as server:
        assert ask(server.url, "sync", timeout=2.0).title == "Gala"


# Many at once, and cancelled.


def _awaited(server: Server, main: Callable[[Any], Any], **options: Any) -> Any:
    async def run() -> Any:
        options.setdefault("timeout", HANGS)
        async with AsyncTicketSmart(KEY, base_url=server.url, pace=None, tries=1, **options) as api:
            return await main(api)

    return asyncio.run(run())


def test_five_hundred_calls_at_once_are_all_answered() -> None:
    async def main(api: Any) -> None:
        for _ in range(2):  # cold, and warm
            got = await asyncio.gather(*(api.events.get("gala") for _ in range(500)))
            assert len(got) == 500

    with serving(pieces(ANSWER)) as server:
        _awaited(server, main)
        assert server.accepted <= 100


def test_five_hundred_threads_at_once_are_all_answered() -> None:
    got: list[Any] = []
    with (
        serving(pieces(ANSWER)) as server,
        TicketSmart(KEY, base_url=server.url, pace=None, tries=1, timeout=HANGS) as api,
    ):
        threads = [
            threading.Thread(target=lambda: got.append(api.events.get("gala").id))
            for _ in range(500)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HANGS)
    assert got == ["e"] * 500


@pytest.mark.parametrize("after", [0.0, 0.001, 0.003, 0.01])
def test_cancelled_calls_never_wedge_the_client(after: float) -> None:
    async def main(api: Any) -> None:
        for round_ in range(8):
            calls = [asyncio.ensure_future(api.events.get("gala")) for _ in range(60)]
            await asyncio.sleep(after)
            for place, call in enumerate(calls):
                if place % 2 or round_ % 2:
                    call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        got = await asyncio.gather(*(api.events.get("gala") for _ in range(150)))
        assert len(got) == 150
        (pool,) = api._connections._pools.values()
        assert not pool.stuck
        assert pool.users == 0

    with serving(pieces(ANSWER)) as server:
        _awaited(server, main)


def test_a_call_cancelled_at_every_step_leaves_no_connection_behind() -> None:
    """Where httpcore's own pool would keep one for ever."""

    async def main(api: Any) -> None:
        for steps in range(60):
            call = asyncio.ensure_future(api.events.get("gala"))
            for _ in range(steps):
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        assert (await api.events.get("gala")).id == "e"
        for pool in api._connections._pools.values():
            assert not pool.stuck

    with serving(pieces(ANSWER)) as server:
        _awaited(server, main)


def test_a_wedged_pool_is_replaced_and_closed_after_its_last_call() -> None:
    class Stuck:
        def is_idle(self) -> bool:
            return False

        def is_closed(self) -> bool:
            return False

        async def aclose(self) -> None:
            pass

        def has_expired(self) -> bool:
            return False

        def is_available(self) -> bool:
            return False

        def can_handle_request(self, _: Any) -> bool:
            return False

    gate = threading.Event()

    def handle(connection: socket.socket, request: bytes) -> None:
        if b"slow" in request:
            gate.wait(HANGS)
        connection.sendall(ANSWER)

    async def main(api: Any) -> None:
        await api.events.get("gala")
        (pool,) = api._connections._pools.values()
        pool._core._connections.append(Stuck())
        slow = asyncio.ensure_future(api.events.get("slow"))
        hurt = asyncio.ensure_future(api.events.get("slow"))
        await asyncio.to_thread(eventually, lambda: len(server.seen) == 3)
        hurt.cancel()
        await asyncio.gather(hurt, return_exceptions=True)
        assert pool not in api._connections._pools.values()
        assert not pool.client.is_closed
        assert (await api.events.get("gala")).id == "e"
        gate.set()
        assert (await slow).id == "e"
        await asyncio.gather(*api._connections._closing)
        assert pool.client.is_closed

    with serving(handle) as server:
        _awaited(server, main)


def test_a_wait_for_a_connection_that_outlasts_the_call_means_it_never_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "_FIRST_CONNECTIONS", 1)

    async def main(api: Any) -> None:
        first = asyncio.ensure_future(api.events.get("gala"))
        await asyncio.to_thread(eventually, lambda: bool(server.seen))
        with pytest.raises(ConnectError):
            await api.with_options(deadline=0.1).events.get("gala")
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    with serving(pieces(30.0)) as server:
        _awaited(server, main)


def test_a_thread_whose_wait_outlasts_the_call_never_sent_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "_MOST_CONNECTIONS", 1)
    over = threading.Event()

    def handle(connection: socket.socket, _: bytes) -> None:
        over.wait(HANGS)
        connection.sendall(ANSWER)

    with (
        serving(handle) as server,
        TicketSmart(KEY, base_url=server.url, pace=None, tries=1, timeout=HANGS) as api,
    ):
        thread = threading.Thread(target=lambda: api.events.get("gala"))
        thread.start()
        eventually(lambda: bool(server.seen))
        with pytest.raises(ConnectError):
            api.with_options(deadline=0.1).events.get("gala")
        over.set()
        thread.join(HANGS)
        assert len(server.seen) == 1


def test_a_client_that_is_closed_waits_for_the_pools_that_it_has_retired() -> None:
    async def main(api: Any) -> None:
        await api.events.get("gala")
        connections = api._connections
        (pool,) = connections._pools.values()
        connections._retire(pool)
        connections._close(pool)
        await connections.close()
        assert pool.client.is_closed

    with serving(pieces(ANSWER)) as server:
        _awaited(server, main)


# Forks.


def test_a_child_leaves_the_connections_of_its_parent_open(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(pieces(ANSWER)) as server, TicketSmart(KEY, base_url=server.url) as api:
        api.events.get("gala")
        (client,) = api._connections._clients.values()
        monkeypatch.setattr("willcall.client.http.os.getpid", lambda: -1)
        api.close()
        assert not client.is_closed
        monkeypatch.undo()


def forked(child: Callable[[], bool]) -> bool:
    """Whether a child process says yes; a child that hangs is ended, and says no."""
    read, end = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - another process
        said = b"0"
        try:
            said = b"1" if child() else b"0"
        finally:
            os.write(end, said)
            os._exit(0)
    os.close(end)
    answered: list[bytes] = []
    reader = threading.Thread(target=lambda: answered.append(os.read(read, 1)), daemon=True)
    reader.start()
    reader.join(30)
    if not answered:
        os.kill(pid, 9)
    os.waitpid(pid, 0)
    reader.join()
    os.close(read)
    return answered == [b"1"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize("what", ["a client", "an async client", "webhooks", "a call"])
def test_a_forked_child_never_waits_for_a_lock_of_its_parent(what: str) -> None:
    """Each lock that outlives a call is held by a thread of the parent when it forks."""
    guard = MemoryGuard()
    held, over = threading.Event(), threading.Event()

    with serving(pieces(ANSWER)) as server, TicketSmart(KEY, base_url=server.url) as parent:
        assert parent.events.get("gala").id == "e"
        pace = parent._session.account.pace
        assert pace is not None

        def hold() -> None:
            with provider._shared_lock, redact._lock, guard._lock, pace._lock:
                held.set()
                over.wait(HANGS)

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(HANGS)

        def child() -> bool:
            if what == "a client":
                with TicketSmart(KEY, base_url=server.url) as api:
                    return bool(api.events.get("gala").id == "e")
            if what == "an async client":
                return bool(ask(server.url, "async", timeout=HANGS).id == "e")
            if what == "webhooks":
                return guard.claim("evt_1") is True
            return bool(parent.events.get("gala").id == "e")

        try:
            assert forked(child)
        finally:
            over.set()
            thread.join()
        assert parent.events.get("gala").id == "e"


# Bodies.


def packed(times: int, size: int) -> bytes:
    body = b"\0" * size
    for _ in range(times):
        body = gzip.compress(body, 9)
    return body


@flavours
@clients
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_body_that_unpacks_without_end_is_given_up(
    times: int, given: bool, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LONGEST_BODY", 1_000_000)
    encoding = ", ".join(["gzip"] * times)
    answer = http(body=packed(times, 5_000_000), headers={"content-encoding": encoding})
    with serving(pieces(answer)) as server:
        got = ask(server.url, flavour, given=given, timeout=HANGS)
        assert type(got) is ConnectionLostError
        assert "longer than 1000000 bytes" in got.message


@flavours
@clients
def test_no_layer_is_unpacked_beyond_the_limit(
    given: bool, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred megabytes of zeros, packed three times, are a few hundred bytes."""
    monkeypatch.setattr(bodies, "LONGEST_BODY", 4_000_000)
    answer = http(
        body=gzip.compress(gzip.compress(packed(1, 100_000_000))),
        headers={"content-encoding": "gzip, gzip, gzip"},
    )
    with serving(pieces(answer)) as server:
        ask(server.url, flavour, timeout=HANGS)
        tracemalloc.start()
        got = ask(server.url, flavour, given=given, timeout=HANGS)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert type(got) is ConnectionLostError
    assert peak < 4 * bodies.LONGEST_BODY


def _deflated(bare: bool) -> bytes:
    packer = zlib.compressobj(wbits=-15 if bare else 15)
    return packer.compress(EVENT) + packer.flush()


@flavours
@clients
@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", gzip.compress(EVENT)),
        ("X-GZIP", gzip.compress(EVENT)),
        ("deflate", _deflated(bare=False)),
        ("deflate", _deflated(bare=True)),
        ("gzip, deflate", None),
        ("identity", EVENT),
        ("utf-8", EVENT),
        ("identity, gzip", gzip.compress(EVENT)),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_bodies_are_unpacked(
    encoding: str, content: bytes | None, given: bool, flavour: str
) -> None:
    sent = zlib.compress(gzip.compress(EVENT)) if content is None else content
    with serving(pieces(http(body=sent, headers={"content-encoding": encoding}))) as server:
        assert ask(server.url, flavour, given=given, timeout=HANGS).title == "Gala"
    assert b"accept-encoding: gzip, deflate\r\n" in server.seen[0].lower()


@flavours
@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(EVENT)[:-9]),
        ("deflate", b"no deflate"),
        ("deflate", _deflated(bare=False)[:-5] + b"xxxxx"),
        ("gzip, " * 50 + "gzip", packed(1, 10)),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_bodies_that_are_not_packed_as_they_say_are_lost(
    encoding: str, content: bytes, flavour: str
) -> None:
    with serving(pieces(http(body=content, headers={"content-encoding": encoding}))) as server:
        got = ask(server.url, flavour, timeout=HANGS)
        assert type(got) is ConnectionLostError
        assert "DecodingError" in got.message


@flavours
def test_no_body_at_all_needs_no_unpacking(flavour: str) -> None:
    with serving(pieces(http(404, b"", {"content-encoding": "gzip"}))) as server:
        got = ask(server.url, flavour, timeout=HANGS)
        assert isinstance(got, ApiError)
        assert got.status == 404

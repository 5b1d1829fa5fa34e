"""Connections: what an exchange comes down to, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import os
import socket
import threading
import time
from typing import Any

import pytest

from client.kit import KEY, always, dead_url, http, tcp, ticketsmart
from willcall import AsyncTicketSmart
from willcall.client import bodies
from willcall.client import http as door
from willcall.client.flow import Request
from willcall.client.http import AsyncConnections, Connections, library, safe_base_url
from willcall.client.pools import Pool
from willcall.errors import (
    ConnectError,
    ConnectionLostError,
    InputError,
    NotFoundError,
    Reply,
    RequestTimeoutError,
    TransportError,
)
from willcall.sandbox.server import Served

httpx = library()
EVENT = b'{"event": {"id": "e", "title": "t", "startsAt": "2026-09-01T19:00:00Z", "status": "X"}}'


def ask(url: str, *, timeout: float | None = 5.0, content: bytes | None = None) -> Request:
    method = "GET" if content is None else "POST"
    return Request(
        "ticketsmart", method, url + "/events/gala", {"x-api-key": KEY}, content, timeout
    )


def both(request: Request, **options: Any) -> list[Reply | TransportError]:
    """What comes of a request, blocking and awaited."""
    outcomes: list[Reply | TransportError] = []
    blocking = Connections(**options)
    try:
        outcomes.append(blocking(request))
    except TransportError as error:
        outcomes.append(error)
    finally:
        blocking.close()

    async def awaited() -> None:
        connections = AsyncConnections(**options)
        try:
            outcomes.append(await connections(request))
        except TransportError as error:
            outcomes.append(error)
        finally:
            await connections.close()

    asyncio.run(awaited())
    return outcomes


def test_a_reply_is_a_plain_value() -> None:
    answer = http(201, b"hello", {"X-Request-Id": "r1", "X-Two": "a\r\nX-Two: b"})

    with tcp(always(answer)) as (url, seen):
        for got in both(ask(url)):
            assert isinstance(got, Reply)
            assert (got.status, got.body, got.request_id) == (201, b"hello", "r1")
            assert got.headers["x-two"] == "a, b"
            assert got.url == url + "/events/gala"
            assert "hello" not in repr(got)
    assert all(b"user-agent: willcall/" in head.lower() for head in seen)
    assert all(b"x-api-key: " + KEY.encode() in head for head in seen)


def test_a_compressed_body_is_read_and_a_broken_one_is_a_lost_connection() -> None:
    packed = gzip.compress(b"hello")

    with tcp(always(http(200, packed, {"content-encoding": "gzip"}))) as (url, _):
        assert [got.body for got in both(ask(url)) if isinstance(got, Reply)] == [b"hello"] * 2
    with tcp(always(http(200, b"no gzip", {"content-encoding": "gzip"}))) as (url, _):
        for got in both(ask(url)):
            assert type(got) is ConnectionLostError
            assert "DecodingError" in str(got)


def test_nobody_there_means_it_never_left() -> None:
    for got in both(ask(dead_url())):
        assert type(got) is ConnectError
        assert not got.arrived
        assert got.request == "GET /events/gala"
        assert got.provider == "ticketsmart"


def test_a_name_that_does_not_exist_means_it_never_left() -> None:
    for got in both(ask("http://no-such-host.invalid")):
        assert type(got) is ConnectError


def test_hanging_up_before_the_answer_means_it_may_have_arrived() -> None:
    with tcp(always()) as (url, _):
        for got in both(ask(url, content=b"{}")):
            assert type(got) is ConnectionLostError
            assert got.arrived


@pytest.mark.parametrize(
    "answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut"]
)
def test_what_is_no_http_or_cut_is_a_lost_connection(answer: bytes) -> None:
    def handle(connection: socket.socket, _: bytes) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    with tcp(handle) as (url, _):
        for got in both(ask(url)):
            assert type(got) is ConnectionLostError


def test_silence_is_a_timeout() -> None:
    with tcp(lambda connection, _: time.sleep(1)) as (url, _):
        for got in both(ask(url, timeout=0.1)):
            assert type(got) is RequestTimeoutError
            assert "no answer within 0.1 s" in got.message
            assert got.arrived


def test_an_answer_that_drips_is_a_timeout_too() -> None:
    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        for _n in range(40):
            time.sleep(0.05)
            connection.sendall(b" ")

    with tcp(drip) as (url, _):
        start = time.monotonic()
        for got in both(ask(url, timeout=0.2)):
            assert type(got) is RequestTimeoutError
        assert time.monotonic() - start < 1.5


def test_no_timeout_means_no_bound() -> None:
    def slow(connection: socket.socket, _: bytes) -> None:
        time.sleep(0.1)
        connection.sendall(http())

    with tcp(slow) as (url, _):
        for got in both(ask(url, timeout=None)):
            assert isinstance(got, Reply)


def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LONGEST_BODY", 1000)

    with tcp(always(http(200, b"x" * 1000))) as (url, _):
        assert all(isinstance(got, Reply) for got in both(ask(url)))
    with tcp(always(http(200, b"x" * 1001))) as (url, _):
        for got in both(ask(url)):
            assert type(got) is ConnectionLostError
            assert "longer than 1000 bytes" in got.message


def test_a_full_pool_means_it_never_left() -> None:
    with tcp(lambda connection, _: time.sleep(0.5)) as (url, _):
        own = httpx.Client(limits=httpx.Limits(max_connections=1))
        connections = Connections(own)

        def hold() -> None:
            with pytest.raises(TransportError):
                connections(ask(url, timeout=0.4))

        first = threading.Thread(target=hold)
        first.start()
        time.sleep(0.1)
        with pytest.raises(ConnectError, match="PoolTimeout"):
            connections(ask(url, timeout=0.05))
        first.join()
        own.close()


def test_errors_of_a_proxy_mean_it_never_left() -> None:
    def refuse(_: Any) -> Any:
        raise httpx.ProxyError("407 secret-proxy-password")

    own = httpx.Client(transport=httpx.MockTransport(refuse))
    with pytest.raises(ConnectError, match="the proxy answered 407") as caught:
        Connections(own)(ask("https://ticketsmart.ai"))
    assert "secret" not in str(caught.value)


# Base URLs.


@pytest.mark.parametrize(
    "url",
    [
        "http://ticketsmart.ai/api/v1",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://[::2]/",
        "ftp://localhost",
        "//localhost",
        "localhost:8080",
        "",
        "https://",
        "https://user:secret@ticketsmart.ai",
        "https://user@ticketsmart.ai",
        "https://ticketsmart.ai/?key=1",
        "https://ticketsmart.ai/#x",
        "https://[::1",
        "https://ticketsmart.ai:port",
        "https://ticketsmart.ai/a b",
    ],
)
def test_a_url_that_would_expose_the_key_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="base_url") as caught:
        safe_base_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://ticketsmart.ai/api/v1/", "https://ticketsmart.ai/api/v1"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/x//", "http://127.0.0.1:8080/x"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("HTTPS://ticketsmart.ai", "HTTPS://ticketsmart.ai"),
    ],
)
def test_a_good_url_loses_its_last_slash(url: str, clean: str) -> None:
    assert clean == safe_base_url(url)


# The life of a client.


def test_a_closed_client_says_so(served: Served) -> None:
    with ticketsmart(served) as client:
        twin = client.with_options(timeout=3)
        assert client.events.list().first() is not None
    for closed in (client, twin):
        with pytest.raises(InputError, match="closed"):
            closed.events.list().first()
    client.close()

    async def main() -> None:
        async with AsyncTicketSmart(KEY, base_url=served.ticketsmart_url) as never_used:
            pass
        with pytest.raises(InputError, match="closed"):
            await never_used.events.get("gala")

    asyncio.run(main())


def test_a_client_of_yours_stays_yours(served: Served) -> None:
    own = httpx.Client(headers={"x-mine": "1"})
    with ticketsmart(served, http_client=own) as client:
        client.events.list().first()
    assert not own.is_closed
    own.close()

    async def main() -> None:
        mine = httpx.AsyncClient()
        async with AsyncTicketSmart(
            served.sandbox.ticketsmart_key,
            base_url=served.ticketsmart_url,
            http_client=mine,
            pace=None,
        ) as client:
            assert await client.events.list().first() is not None
        assert not mine.is_closed
        await mine.aclose()

    asyncio.run(main())


def test_an_async_client_in_a_second_event_loop_says_so(served: Served) -> None:
    client = AsyncTicketSmart(
        served.sandbox.ticketsmart_key, base_url=served.ticketsmart_url, pace=None
    )

    async def first() -> None:
        assert await client.events.list().first() is not None
        await client.aclose()

    async def second() -> None:
        with pytest.raises(InputError, match=r"another event loop|closed"):
            await client.events.get("gala")

    asyncio.run(first())
    asyncio.run(second())

    open_one = AsyncConnections()

    async def use() -> None:
        with pytest.raises(ConnectError):
            await open_one(ask(dead_url()))

    async def use_again() -> None:
        with pytest.raises(InputError, match="one client per event loop"):
            await open_one(ask(dead_url()))

    asyncio.run(use())
    asyncio.run(use_again())


def test_many_threads_share_one_client_and_one_pool(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ticketsmart(served) as other:
        slugs = [event.slug for event in other.events.list()]
    client = ticketsmart(served)
    made: list[Any] = []

    class Counting(Pool):
        def __init__(self, *things: Any) -> None:
            time.sleep(0.02)
            made.append(self)
            super().__init__(*things)

    got: list[Any] = []

    def read(slug: str) -> None:
        got.extend(client.events.get(slug).slug == slug for _ in range(5))

    monkeypatch.setattr(door, "Pool", Counting)
    threads = [threading.Thread(target=read, args=(str(slug),)) for slug in slugs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [True] * 5 * len(slugs)
    assert len(made) == 1
    client.close()


def test_a_forked_child_opens_connections_of_its_own(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = httpx.Client()
    lent = ticketsmart(served, http_client=own)
    with ticketsmart(served) as client:
        client.events.list().first()
        (parents,) = client._connections._pools.values()
        client._connections._lock.acquire()
        monkeypatch.setattr("willcall.client.http.os.getpid", lambda: -1)

        assert client.events.list().first() is not None
        (childs,) = client._connections._pools.values()
        assert childs is not parents
        assert parents._idle
        with pytest.raises(InputError, match="before a fork"):
            lent.events.list().first()
    parents.close()
    own.close()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_real_fork(served: Served) -> None:
    with ticketsmart(served) as client:
        client.events.list().first()
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            # pytest must not see the child: it says one byte and is gone.
            code = b"0"
            try:
                if client.events.list().first() is not None:
                    code = b"1"
            finally:
                os.write(write, code)
                os._exit(0)
        os.waitpid(pid, 0)
        assert os.read(read, 1) == b"1"
        os.close(read)
        os.close(write)
        assert client.events.list().first() is not None


def test_one_tls_context_serves_all_clients() -> None:
    assert door._tls() is door._tls()


def test_an_async_call_that_is_cancelled_leaves_the_client_usable(served: Served) -> None:
    served.sandbox.faults.add("delay", seconds=5.0, count=1)

    async def main() -> None:
        async with AsyncTicketSmart(
            served.sandbox.ticketsmart_key, base_url=served.ticketsmart_url, pace=None
        ) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.events.get("nothing")
            with pytest.raises(NotFoundError):
                await client.events.get("nothing")

    asyncio.run(main())

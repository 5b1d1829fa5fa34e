"""Whatever takes its time: no call hangs, and an answer that came in time is read."""

from __future__ import annotations

import gc
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from client.kit import KEY, http
from support.hostile_server import (
    Authority,
    drips,
    floods,
    pieces,
    proxy,
    serving,
)
from support.network import ANSWER, EVENT, SOON, ask, clients, flavours, write
from support.waiting import HANGS
from willcall import TicketSmart
from willcall.client import http as door
from willcall.client import routes
from willcall.client.flow import Request
from willcall.errors import (
    ConnectError,
    InputError,
    OutcomeUnknownError,
    RequestTimeoutError,
)

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


@contextmanager
def deaf(host: str, port: int) -> Iterator[None]:
    """An address at which a connection is neither made nor refused: nobody accepts, and those who
    wait are as many as may."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect((host, port))
        yield


def test_each_address_of_a_host_has_its_share_of_the_time(
    monkeypatch: pytest.MonkeyPatch, trusted: Authority
) -> None:
    real = socket.getaddrinfo

    def two(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        return real("127.0.0.2", port, *more, **options) + real("127.0.0.1", port, *more, **options)

    tls = trusted.context("localhost")
    with (
        serving(pieces(ANSWER), tls=tls, name="localhost") as server,
        deaf("127.0.0.2", server.port),
    ):
        monkeypatch.setattr(socket, "getaddrinfo", two)
        got = ask(server.url, "sync", timeout=4.0)
        assert getattr(got, "title", got) == "Gala"


# Connecting has a time of its own.


@forgets
@flavours
@clients
def test_connecting_has_a_time_of_its_own(given: bool, flavour: str, trusted: Authority) -> None:
    tls = trusted.context("localhost")
    with serving(pieces(ANSWER), tls=tls, greet=_holds, name="localhost") as server:
        began = time.monotonic()
        got = ask(server.url, flavour, write, given=given, timeout=None, connect_timeout=0.2)
        assert type(got) is ConnectError
        assert "in time" in got.message
        assert time.monotonic() - began < SOON
    del got  # its traceback holds the socket
    gc.collect()


@flavours
@clients
@pytest.mark.parametrize("bounds", [(HANGS, 0.5), (HANGS, None), (None, 0.5)])
def test_an_answer_may_take_longer_than_connecting(
    bounds: tuple[float | None, float | None], given: bool, flavour: str, trusted: Authority
) -> None:
    timeout, connect = bounds
    tls = trusted.context("localhost")
    with serving(pieces(1.0, ANSWER), tls=tls, name="localhost") as server:
        got = ask(server.url, flavour, given=given, timeout=timeout, connect_timeout=connect)
        assert getattr(got, "title", got) == "Gala"


@flavours
def test_a_longer_time_for_connecting_is_within_that_of_the_try(
    flavour: str, trusted: Authority
) -> None:
    tls = trusted.context("localhost")
    with serving(pieces(ANSWER), tls=tls, greet=_holds, name="localhost") as server:
        began = time.monotonic()
        got = ask(server.url, flavour, timeout=0.2, connect_timeout=HANGS)
        assert type(got) is ConnectError
        assert time.monotonic() - began < SOON


def test_the_time_for_connecting_is_an_option_like_the_others() -> None:
    with TicketSmart(KEY, connect_timeout=2.0) as api:
        assert api.with_options(timeout=5)._session.options.connect_timeout == 2.0
        assert api.with_options(connect_timeout=None)._session.options.connect_timeout is None
        with pytest.raises(InputError, match="connect_timeout"):
            api.with_options(connect_timeout=0)

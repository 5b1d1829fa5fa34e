"""Why a connection failed is said in words and chained, and nothing secret is in the chain."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from client.kit import KEY, dead_url
from support.hostile_server import Authority, Server, garbage, pieces, proxy, resets, serving
from support.network import ANSWER, NOON, ask, clients, flavours, write
from support.secrets import seen_by_tools
from support.waiting import HANGS
from willcall.client import routes
from willcall.client.causes import Detail, cause_of, root, why
from willcall.errors import ConnectError, ConnectionLostError, OutcomeUnknownError


def _tls(
    authority: Authority, name: str = "localhost", age: int = 0
) -> AbstractContextManager[Any]:
    return serving(pieces(ANSWER), tls=authority.context(name, age=age), name="localhost")


def _plain(_: Authority) -> AbstractContextManager[Any]:
    """It answers what is no TLS."""
    return serving(lambda c, _: None, greet=lambda c: c.sendall(b"HTTP/1.1 400 No\r\n\r\n" * 9))


# Who is asked, whether its authority is trusted, what the error says, what to do, what caused it.
CASES: dict[str, tuple[Callable[[Authority], Any], bool, str, str, type[Exception]]] = {
    "an unknown authority": (
        _tls, False, "the certificate of localhost:PORT is not from a known authority",
        "SSL_CERT_FILE", ssl.SSLCertVerificationError,
    ),
    "another host": (
        lambda it: _tls(it, "elsewhere.example"), True,
        "the certificate of localhost:PORT is for another host",
        "check the address", ssl.SSLCertVerificationError,
    ),
    "expired": (
        lambda it: _tls(it, age=9), True, "the certificate of localhost:PORT has expired",
        "clock", ssl.SSLCertVerificationError,
    ),
    "not valid yet": (
        lambda it: _tls(it, age=-9), True, "the certificate of localhost:PORT is not valid yet",
        "clock", ssl.SSLCertVerificationError,
    ),
    "no TLS": (_plain, True, "no TLS with 127.0.0.1:PORT", "https://", ssl.SSLError),
    "nobody": (
        lambda _: nullcontext(Server(dead_url())), True, "127.0.0.1:PORT refuses the connection",
        "check the address", ConnectionRefusedError,
    ),
}  # fmt: skip


@flavours
@clients
@pytest.mark.parametrize("what", CASES)
def test_why_no_connection_was_made_is_said(
    what: str, given: bool, flavour: str, authority: Authority, request: pytest.FixtureRequest
) -> None:
    make, trusts, said, do, kind = CASES[what]
    if trusts:
        request.getfixturevalue("trusted")
    with make(authority) as server:
        url = server.url.replace("http://", "https://") if what == "no TLS" else server.url
        got = ask(url, flavour, write, given=given, timeout=HANGS)
        assert type(got) is ConnectError
        assert got.message.startswith("no connection: ")
        assert said.replace("PORT", str(server.port)) in got.message
        assert do in (got.hint or "")
        assert isinstance(got.__cause__, kind)
        assert got.__cause__.__traceback__ is None
    assert KEY not in seen_by_tools(got, suppressed=True)


@flavours
@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "nobody knows the name of localhost"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), "the name of localhost:9 could not be looked"),
        (OSError(errno.ENETUNREACH, "no"), "there is no route to localhost"),
        (OSError(errno.EMFILE, "no"), "this process has too many open files"),
        (UnicodeError("label too long"), "UnicodeError"),
        (OSError(errno.EPERM, "no"), "PermissionError"),
    ],
    ids=lambda it: str(it)[:30],
)
def test_why_a_name_leads_nowhere_is_said(
    problem: Exception, said: str, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise problem

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    got = ask("http://localhost:9", flavour)
    assert type(got) is ConnectError
    assert got.message.startswith(f"no connection: {said}")
    assert type(got.__cause__) is (Detail if isinstance(problem, UnicodeError) else type(problem))


@flavours
@clients
@pytest.mark.parametrize("breaks", [resets, garbage])
def test_why_a_connection_broke_is_chained_without_the_key(
    breaks: Any, given: bool, flavour: str, trusted: Authority
) -> None:
    """httpcore's own errors come from functions among whose variables are the headers."""
    with serving(breaks, tls=trusted.context("localhost"), name="localhost") as server:
        try:
            raise OSError(errno.EPERM, "of the caller, who asks in an except block")
        except OSError:
            got = ask(server.url, flavour, given=given, timeout=HANGS)
            lost = ask(server.url, flavour, write, given=given, timeout=HANGS)
    assert type(got) is ConnectionLostError
    assert isinstance(got.__cause__, OSError | Detail)
    assert "of the caller" not in str(got.__cause__)
    assert isinstance(lost, OutcomeUnknownError)
    assert isinstance(lost.__cause__, ConnectionLostError)
    assert isinstance(lost.__cause__.__cause__, OSError | Detail)
    for error in (got, lost):
        assert KEY not in seen_by_tools(error, suppressed=True)


@flavours
def test_a_break_while_the_request_is_sent_shows_no_headers(flavour: str) -> None:
    """h11 would have them among its variables."""
    with serving(resets, greet=resets) as server:
        got = ask(
            server.url,
            flavour,
            lambda api: api.events.create(title="x" * 20_000_000, starts_at=NOON),
            timeout=HANGS,
        )
    assert got.__cause__ is not None
    assert KEY not in seen_by_tools(got, suppressed=True)


@flavours
def test_what_a_server_echoes_is_masked_in_the_chain(flavour: str) -> None:
    with serving(lambda c, request: c.sendall(b"HTTP/1.1 " + KEY.encode() + b"\r\n\r\n")) as server:
        got = ask(server.url, flavour, timeout=HANGS)
    assert type(got) is ConnectionLostError
    assert isinstance(got.__cause__, Detail)
    assert str(got.__cause__).startswith("RemoteProtocolError: ")
    assert "ts_sk_***" in str(got.__cause__)
    assert KEY not in seen_by_tools(got, suppressed=True) + repr(got.__cause__)


@flavours
@pytest.mark.parametrize(
    ("answer", "said", "do"),
    [
        (b"HTTP/1.1 407 Login\r\ncontent-length: 0\r\n\r\n", "answered 407", "user and password"),
        (b"HTTP/1.1 503 \x1b[5mNo\r\ncontent-length: 0\r\n\r\n", "answered 503", "check the proxy"),
    ],
)
def test_what_a_proxy_says_is_said(
    answer: bytes, said: str, do: str, flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_leads_here", lambda _: False)
    with serving(pieces(answer)) as between:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:pass_WORD@127.0.0.1:{between.port}")
        got = ask("https://box-office.example/api", flavour, write, timeout=HANGS)
    assert type(got) is ConnectError
    assert got.message == f"no connection: the proxy in HTTPS_PROXY {said}"
    assert do in (got.hint or "")
    assert not {"pass_WORD", KEY} & set(seen_by_tools(got, suppressed=True).split())
    assert str(got.__cause__) in {"ProxyError: 407", "ProxyError: 503"}
    assert "pass_WORD" not in f"{got!r} {got.__cause__!r}"


@flavours
def test_a_proxy_that_is_not_there_is_named(flavour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "_leads_here", lambda _: False)
    monkeypatch.setenv("ALL_PROXY", dead_url())
    got = ask("https://box-office.example/api", flavour, write, timeout=HANGS)
    assert got.message == "no connection: the proxy in ALL_PROXY refuses the connection"


@flavours
def test_a_certificate_beyond_a_proxy_is_the_hosts(
    flavour: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_leads_here", lambda _: False)
    tls = authority.context("box-office.example")
    with serving(pieces(ANSWER), tls=tls) as server, proxy(server.port) as between:
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        got = ask("https://box-office.example/api", flavour, write, timeout=HANGS)
    assert "the certificate of box-office.example is not from a known authority" in got.message


def test_of_several_failures_the_last_one_counts() -> None:
    group = ExceptionGroup("several", [OSError(errno.EPERM, "a"), ConnectionRefusedError(111, "b")])
    outer = OSError("all attempts failed")
    outer.__cause__ = group

    assert isinstance(root(outer), ConnectionRefusedError)
    assert str(cause_of(ValueError())) == "ValueError"


def test_a_certificate_that_is_refused_for_another_reason_says_it() -> None:
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_code, error.verify_message = 79, "invalid CA certificate"

    assert why(error, "a.example") == (
        "the certificate of a.example is not accepted: invalid CA certificate",
        "",
    )
    assert why(ssl.SSLError(1, "no"), "a.example") == (
        "no TLS with a.example: the handshake failed",
        "check that it is an https:// address",
    )

"""Which way a request goes: no key leaves this machine in the clear; odd proxies are named."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from client.kit import KEY
from support.hostile_server import (
    Authority,
    pieces,
    proxy,
    serving,
)
from support.network import ANSWER, ask, flavours
from support.waiting import HANGS
from willcall.client import http as door
from willcall.client import routes
from willcall.errors import (
    ConnectError,
    InputError,
)

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
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Without a file of certificates, httpx2 writes no keys.
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
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
    monkeypatch.setattr(door.library(), "create_ssl_context", broken)
    door._tls.cache_clear()
    with pytest.raises(OSError, match="at all"):
        door._tls()

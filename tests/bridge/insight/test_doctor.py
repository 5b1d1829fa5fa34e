"""What the doctor makes of what was seen: each judgement once in each of its ways."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlsplit

import attrs
import pytest

from willcall.bridge.insight import doctor, handshake
from willcall.bridge.model.address import Address
from willcall.client.check import Access
from willcall.client.flow import Send, World, simulate
from willcall.client.op import Op
from willcall.client.provider import open_account
from willcall.errors import ConnectError, Reply
from willcall.ticket0.desk import ADAPTER
from willcall.ticketsmart.api import PROVIDER as TICKETSMART

NOW = datetime(2026, 11, 21, 18, 0, 0, 400_000, tzinfo=UTC)
NEEDED = {"events:read": "to look at all"}


@pytest.mark.parametrize(
    ("off", "level", "text"),
    [
        (0, "ok", "agrees"),
        (9, "ok", "agrees"),
        (-9, "ok", "agrees"),
        (60, "warning", "58 s behind the provider's"),
        (-60, "warning", "59 s ahead of the provider's"),
        (3600, "wrong", "behind"),
        (-3600, "wrong", "ahead of"),
    ],
)
def test_clocks_are_compared(off: int, level: str, text: str) -> None:
    """By a moment that was cut to whole seconds, somewhere between question and answer."""
    date = format_datetime(NOW.replace(microsecond=0) + timedelta(seconds=off), usegmt=True)
    found = doctor.clock("x", date, NOW, NOW + timedelta(milliseconds=200))
    assert (found.level, text in found.said) == (level, True), found.said
    assert bool(found.do) is (level != "ok")


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_a_provider_that_does_not_say_the_time_is_no_trouble(date: str | None) -> None:
    """There is nothing to compare with."""
    assert doctor.clock("x", date, NOW, NOW).level is doctor.Level.OK


def test_scopes_are_compared_with_what_is_needed() -> None:
    """Lacking is wrong, not known a warning, more than is needed is said."""

    def judged(**scopes: bool | None) -> list[tuple[str, str]]:
        named = {name.replace("_", ":"): has for name, has in scopes.items()}
        access = Access("ticketsmart", named, {"events:read": "HTTP 500"})
        return [(scope.level.value, scope.said) for scope in doctor.scopes("x", access, NEEDED)]

    assert judged(events_read=True) == [("ok", "accepted, with events:read")]
    assert judged(events_read=False) == [("wrong", "it lacks events:read (to look at all)")]
    assert judged(events_read=None) == [
        ("warning", "it is not known whether it has events:read: HTTP 500")
    ]
    assert judged(events_write=True)[0] == (
        "warning",
        "it is not known whether it has events:read: HTTP 500",
    )
    assert judged() == [("warning", "not checked: its provider has no call that shows its scopes")]
    more = judged(events_read=True, events_write=True)
    assert more[1] == ("ok", "it has more scopes than are needed: events:write")


def test_certificates_are_looked_at() -> None:
    """One that holds long, one that does not, one that is not trusted."""
    soon = handshake.Handshake(version="TLSv1.3", expires=NOW + timedelta(days=3))
    late = handshake.Handshake(version="TLSv1.3", expires=NOW + timedelta(days=80))
    none = handshake.Handshake(version="TLSv1.3", expires=None)
    assert doctor.certificate("x", soon, NOW).level is doctor.Level.WARNING
    assert (
        doctor.certificate("x", late, NOW).said == "TLSv1.3, its certificate is valid for 80 days"
    )
    assert doctor.certificate("x", none, NOW).said == "TLSv1.3"
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    found = doctor.untrusted("x", error)
    assert (found.level, found.code) == (doctor.Level.WRONG, 75)
    assert "not trusted: self-signed certificate" in found.said


@contextmanager
def plain_server() -> Iterator[int]:
    """A server that speaks no TLS; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def test_what_does_not_speak_tls_is_told() -> None:
    """A real handshake with a server that has none."""
    with plain_server() as port:
        where = handshake.server_of(f"https://127.0.0.1:{port}/api")
        assert (where.host, where.port, where.secure) == ("127.0.0.1", port, True)
        with pytest.raises(OSError, match=r".*") as caught:
            handshake.shake_hands(where, timeout=5)
    found = doctor.untrusted("x", caught.value)
    assert (found.level, found.code) == (doctor.Level.WRONG, 75)
    assert found.said.startswith("no TLS connection: ")


def test_a_proxy_is_the_way_if_the_environment_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then neither the name nor the certificate is ours to look at."""
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert not handshake.server_of("https://api.example.com/v1").proxy
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    assert handshake.server_of("https://api.example.com/v1").proxy
    account = open_account(TICKETSMART, "ts_sk_live_x", "https://api.example.com/v1")
    (first, second) = simulate(
        doctor.examine("TicketSmart", account, NEEDED), World([ConnectError("no connection")] * 9)
    )
    assert first.said == "api.example.com, through the proxy of the environment"
    assert (second.level, second.code) == (doctor.Level.WRONG, 75)


def test_a_provider_without_probes_or_with_path_parameters_is_examined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of the former nothing can be asked; a path of the latter is filled in."""
    monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
    probe = Op("GET", "/venues/{venue}/events", lambda reply: reply.status)
    for probes, asked in (({}, []), ({"events:read": probe}, ["/v1/venues/v17/events"] * 2)):
        provider = attrs.evolve(TICKETSMART, path_params=("venue",), probes=probes)
        account = open_account(
            provider, "ts_sk_live_x", "https://api.example.com/v1", path_params={"venue": "v17"}
        )
        world = World([Reply(200, {}, b"")] * len(asked))
        found = simulate(doctor.examine("Boxy", account, {}), world)
        assert [each for each in found if each.level is doctor.Level.WRONG] == []
        sent = [effect.request for effect in world.trace if isinstance(effect, Send)]
        assert [urlsplit(request.url).path for request in sent] == asked


def test_a_name_that_nobody_knows_ends_the_examination(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be found cannot be asked."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.delenv("https_proxy", raising=False)
    account = open_account(TICKETSMART, "ts_sk_live_x", "https://nowhere.invalid/v1")
    (found,) = simulate(doctor.examine("TicketSmart", account, NEEDED), World([]))
    assert (found.level, found.code) == (doctor.Level.WRONG, 75)
    assert found.said == "nowhere.invalid has no address (Name or service not known)"


def test_lists_that_cannot_be_read_are_a_warning() -> None:
    """The key was good; the desk is not."""
    desk = ADAPTER.open(open_account(ADAPTER.provider, "t0_x", "http://localhost/api/v1"), {})
    address = Address(customer_email="a@example.com", options={"inbox_id": "inb_1"})
    (found,) = simulate(doctor.observe_desk(desk, [address]), World([_broken()] * 9))
    assert (found.level, found.about) == (doctor.Level.WARNING, "Ticket0: lists")


def _broken() -> Reply:
    return Reply(500, {}, b"")

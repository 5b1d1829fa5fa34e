"""What breaks after the handshake, or in it: "it never left" is told from "maybe"."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from client.kit import http
from support.hostile_server import (
    Authority,
    garbage,
    pieces,
    resets,
    serving,
)
from support.network import ANSWER, EVENT, NOON, ask, clients, flavours, write
from support.waiting import HANGS
from willcall.errors import (
    ConnectError,
    ConnectionLostError,
    OutcomeUnknownError,
)


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

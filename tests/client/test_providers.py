"""One interface: connect by name, third parties by entry point, and what a key may do."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from client import third
from client.kit import account, desk, http, play, reply, sent, tcp, ticket0, ticketsmart
from willcall import (
    AsyncTicket0,
    AsyncTicketSmart,
    Ticket0,
    TicketSmart,
    connect,
    connect_async,
    provider_names,
)
from willcall.client.check import Access, check
from willcall.client.clients import AsyncClient, SyncClient
from willcall.client.op import Op
from willcall.client.options import Options
from willcall.errors import (
    AuthenticationError,
    ConnectError,
    InputError,
    ServerError,
    TransportError,
)
from willcall.providers import AsyncService, Service, clients_of
from willcall.sandbox.server import Served
from willcall.ticket0.api import FlowTicket0
from willcall.ticketsmart.api import FlowTicketSmart

ENTRY_POINTS = """\
[willcall.providers]
boxy = client.third:CLIENTS
wrong = client.third:PROVIDER
ticketsmart = client.third:CLIENTS
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package on the path with entry points, as pip would have put it there."""
    info = tmp_path / "willcall_boxy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: willcall-boxy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_ours_are_always_there() -> None:
    assert provider_names() == ("ticket0", "ticketsmart")
    with connect("ticketsmart", "ts_sk_12345678", timeout=3) as smart:
        assert type(smart) is TicketSmart
        assert smart._session.options.timeout == 3
    with connect("ticket0", "t0_12345678") as helpdesk:
        assert type(helpdesk) is Ticket0
    assert type(connect_async("ticketsmart", "ts_sk_12345678")) is AsyncTicketSmart
    assert type(connect_async("ticket0", "t0_12345678")) is AsyncTicket0
    assert clients_of("ticket0").in_flow is FlowTicket0
    assert clients_of("ticketsmart").provider.name == "ticketsmart"


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"'boxy' is not installed \(ticket0, ticketsmart\)"):
        connect("boxy", "bx_1")


@pytest.mark.usefixtures("installed")
def test_a_third_provider_is_served_like_ours() -> None:
    order = b'{"id": "o1", "total": 5, "placedAt": "2026-01-01T00:00:00Z"}'
    fault = b'{"fault": {"text": "no such order"}}'

    def handle(connection: socket.socket, request: bytes) -> None:
        path = request.split(b" ")[1]
        if path.startswith(b"/orders?") and b"after" not in path:
            connection.sendall(http(200, b'{"items": [' + order + b'], "after": "2"}'))
        elif path.startswith(b"/orders/o2"):
            connection.sendall(http(404, fault))
        elif path.startswith(b"/orders/"):
            connection.sendall(http(200, order))
        else:
            connection.sendall(http(200, b'{"items": []}'))

    assert provider_names() == ("boxy", "ticket0", "ticketsmart", "wrong")
    with tcp(handle) as (url, seen):
        with connect("boxy", "bx_12345678", base_url=url) as client:
            assert isinstance(client, third.Boxy)
            assert [order.id for order in client.orders.list()] == ["o1"]
            assert client.orders.refund("o1", cents=5).total == 5
            with pytest.raises(Exception, match="boxy: 404: no such order"):
                client.orders.get("o2")
            assert client.check().granted == ("orders:read",)
            assert list(client.collections) == ["orders"]

        async def main() -> None:
            async with connect_async("boxy", "bx_12345678", base_url=url) as client:
                assert isinstance(client, third.AsyncBoxy)
                assert (await client.orders.get("o1")).total == 5
                assert (await client.check()).granted == ("orders:read",)

        asyncio.run(main())
    assert all(b"x-token: bx_12345678" in request for request in seen)


@pytest.mark.usefixtures("installed")
def test_nobody_can_put_themselves_in_our_place_or_name_something_else() -> None:
    assert clients_of("ticketsmart").sync is TicketSmart
    with pytest.raises(InputError, match="does not name its clients"):
        clients_of("wrong")


def test_the_third_provider_is_small() -> None:
    assert len(Path(third.__file__).read_text().splitlines()) < 100


def test_every_client_has_the_shape_of_a_service() -> None:
    blocking: list[type[SyncClient]] = [TicketSmart, Ticket0, third.Boxy]
    awaited: list[type[AsyncClient]] = [AsyncTicketSmart, AsyncTicket0, third.AsyncBoxy]
    for cls in blocking:
        with cls(cls.provider.key_prefix + "12345678") as client:
            service: Service = client
            assert service.provider is cls.provider
            assert set(service.collections) <= {
                "events",
                "tickets",
                "messages",
                "customers",
                "orders",
            }
            assert service.collections
            assert type(service.with_options()) is cls
    for other in awaited:
        lazy: AsyncService = other(other.provider.key_prefix + "12345678")
        assert lazy.collections
        assert type(lazy.with_options()) is other
        asyncio.run(lazy.aclose())


# What a key may do.


@pytest.mark.parametrize(
    "scopes", [["events:read"], ["events:write"], ["events:read", "events:write"]]
)
def test_check_tells_ticketsmarts_scopes_and_changes_nothing(
    served: Served, scopes: list[str]
) -> None:
    before = served.sandbox.boxoffice.truth()
    with ticketsmart(served, served.sandbox.new_key("ticketsmart", scopes)) as client:
        access = client.check()

    assert set(access.granted) == set(scopes)
    assert set(access.missing) == {"events:read", "events:write"} - set(scopes)
    assert access.unknown == ()
    assert access.provider == "ticketsmart"
    assert served.sandbox.boxoffice.truth() == before
    assert len(served.sandbox.requests) == 2


DESK = ("tickets:read", "tickets:write", "messages:read", "messages:send", "customers:read",
        "customers:write")  # fmt: skip


@pytest.mark.parametrize("scope", DESK)
@pytest.mark.parametrize("lacks", [True, False])
def test_check_tells_ticket0s_scopes_and_changes_nothing(
    served: Served, scope: str, lacks: bool
) -> None:
    scopes = [name for name in DESK if name != scope] if lacks else [scope]
    key = served.sandbox.new_key("ticket0", scopes)
    before = served.sandbox.desk.truth()
    with ticket0(served, key) as client:
        access = client.check()

    assert list(access.granted) == scopes
    assert set(access.missing) == set(DESK) - set(scopes)
    assert access.unknown == ("admin",)
    assert access.trouble["admin"]
    assert served.sandbox.desk.truth() == before
    assert "admin: unknown" in str(access)
    assert f"{scope}: {'no' if lacks else 'yes'}" in str(access)


def test_check_awaited_and_in_a_flow(served: Served) -> None:
    async def main() -> Access:
        async with AsyncTicket0(
            served.sandbox.ticket0_key, base_url=served.ticket0_url, pace=None
        ) as client:
            return await client.check()

    with ticket0(served) as client:
        assert asyncio.run(main()) == client.check()
    access, world = play(
        FlowTicketSmart(account()).check(), reply(200, {}), reply(400, {"error": "no"})
    )
    assert access.granted == ("events:read", "events:write")
    assert sent(world)[1].startswith("PATCH /events/willcall~checks")
    assert world.requests[1].content == b"{}"


def test_check_says_unknown_where_nothing_is_proved() -> None:
    def scopes(*answers: Any) -> dict[str, bool | None]:
        access, _ = play(check(account(), Options()), *answers)
        return dict(access.scopes)

    # A change of what cannot be that "worked", a server that fails, a limit that holds.
    assert scopes(reply(200, {}), reply(200, {}))["events:write"] is None
    assert scopes(reply(200, {}), *[reply(500)] * 3)["events:write"] is None
    assert scopes(*[reply(429, {}, retry_after="1")] * 3, reply(404))["events:read"] is None
    assert scopes(reply(200, []), reply(404))["events:read"] is None


def test_check_is_repeated_since_nothing_can_be_done_twice() -> None:
    access, world = play(
        check(account(), Options()), reply(200, {}), TransportError("x"), reply(503), reply(404)
    )

    assert access.granted == ("events:read", "events:write")
    assert len(world.requests) == 4


def test_check_raises_when_the_key_or_the_connection_is_no_good() -> None:
    with pytest.raises(AuthenticationError):
        play(check(desk(), Options()), reply(401))
    with pytest.raises(ConnectError):
        play(check(desk(), Options()), *[ConnectError("x")] * 3)
    assert issubclass(ServerError, Exception)


def test_no_probe_can_change_anything() -> None:
    for clients in (clients_of("ticketsmart"), clients_of("ticket0")):
        for scope, op in clients.provider.probes.items():
            if op is None:
                assert scope == "admin"
                continue
            assert isinstance(op, Op)
            assert op.safe
            assert op.reads or (op.json == {} and "~no~such~" in op.path)

"""Keys and options are checked when they are given, before anything can be sent."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from client.kit import DESK_KEY, KEY, body_of, desk, http, play, reply, tcp, ticketsmart
from willcall import UNSET, AsyncTicket0, Hooks, Pace, Quota, Ticket0, TicketSmart
from willcall.client.options import Options
from willcall.client.provider import Provider, open_account
from willcall.errors import InputError, Reply
from willcall.sandbox.server import Served
from willcall.ticket0.api import FlowTicket0
from willcall.ticketsmart.api import PROVIDER


@pytest.mark.parametrize(
    "key",
    [
        "",
        "ts_sk_",
        "t0_12345678",
        "sk_12345678",
        " ts_sk_12345678",
        "ts_sk_12345678\n",
        "ts_sk_1234\r\nx: y",
        "ts_sk_1234 5678",
        "ts_sk_1234é",
        "ts_sk_1234\x00",
        "ts_sk_1234\u2028",
        5,
    ],
)
def test_a_key_of_the_wrong_shape_is_refused(key: Any) -> None:
    with pytest.raises(InputError, match="api_key"):
        TicketSmart(key)


def test_a_key_comes_from_the_argument_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKETSMART_API_KEY", raising=False)
    with pytest.raises(InputError, match="TICKETSMART_API_KEY"):
        TicketSmart()
    monkeypatch.setenv("TICKETSMART_API_KEY", "ts_sk_of_the_environment")
    monkeypatch.setenv("TICKET0_API_KEY", "ts_sk_wrong")
    assert open_account(PROVIDER).key == "ts_sk_of_the_environment"
    assert open_account(PROVIDER, KEY).key == KEY
    # An empty argument is a mistake, and not a wish for the environment's.
    with pytest.raises(InputError):
        TicketSmart("")
    with pytest.raises(InputError, match="ticket0 key"):
        Ticket0()
    with pytest.raises(InputError, match="ticket0 key"):
        AsyncTicket0()


@pytest.mark.parametrize("share", [0, -1, 1.01, "1", None, True, float("nan")])
def test_a_share_is_a_part(share: Any) -> None:
    with pytest.raises(InputError, match="share"):
        TicketSmart(KEY, share=share)


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": 0},
        {"timeout": -1},
        {"timeout": float("inf")},
        {"timeout": "10"},
        {"timeout": True},
        {"deadline": 0},
        {"deadline": float("nan")},
        {"settle": -1},
        {"settle": None},
        {"tries": 0},
        {"tries": None},
        {"headers": {"X-Api-Key": "x"}},
        {"headers": {"Authorization": "x"}},
        {"headers": {"Content-Type": "x"}},
        {"headers": {"Host": "x"}},
        {"headers": {"x": "a\r\nb: c"}},
        {"headers": {"x": "é"}},
        {"headers": {"x y": "a"}},
        {"headers": {"x:": "a"}},
        {"headers": {"": "a"}},
        {"headers": {"ü": "a"}},
        {"headers": {"x": 5}},
        {"headers": {5: "x"}},
    ],
    ids=str,
)
def test_an_option_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        TicketSmart(KEY, **wrong)
    with TicketSmart(KEY) as client, pytest.raises(InputError, match=next(iter(wrong))):
        client.with_options(**wrong)


def test_unset_is_not_none() -> None:
    with TicketSmart(KEY, timeout=3.0, deadline=9.0, headers={"X-A": "1"}) as client:
        same = client.with_options()._session.options
        assert (same.timeout, same.deadline, same.headers) == (3.0, 9.0, {"x-a": "1"})
        none = client.with_options(timeout=None, deadline=None)._session.options
        assert (none.timeout, none.deadline) == (None, None)
        changed = client.with_options(
            tries=1, headers={"X-B": "2"}, settle=0, hooks=Hooks(), timeout=1
        )._session.options
        assert (changed.retry.tries, changed.headers, changed.settle) == (1, {"x-b": "2"}, 0)
        assert client._session.options.retry.tries == 3
    with TicketSmart(KEY) as client:
        assert client._session.options == Options()
        assert client._session.options.timeout == 10.0


def test_options_are_what_is_sent() -> None:
    with tcp(lambda connection, _: connection.sendall(http(404))) as (url, seen):
        client = TicketSmart(KEY, base_url=url, pace=None, headers={"X-Trace": "1"})
        with client, pytest.raises(Exception, match="404"):
            client.with_options(headers={"User-Agent": "mine", "x-TRACE": "2"}).events.get("gala")
    head = seen[0].lower()
    assert b"x-trace: 2" in head
    assert b"user-agent: mine" in head
    assert head.count(b"user-agent") == head.count(b"x-trace") == 1
    # Whoever puts the headers together: each is sent once, in whatever spelling.
    sent = [line.split(b":")[0] for line in head.split(b"\r\n")[1:] if line]
    assert sorted(sent) == sorted(set(sent))
    assert b"\r\naccept: application/json\r\n" in head


def test_tries_and_timeouts_hold_over_real_http(served: Served) -> None:
    served.sandbox.faults.add("status", status=503)
    with ticketsmart(served, tries=2) as client:
        with pytest.raises(Exception, match="503"):
            client.events.get("gala")
        assert len(served.sandbox.requests) == 2
        with pytest.raises(Exception, match="503"):
            client.with_options(tries=1).events.get("gala")
        assert len(served.sandbox.requests) == 3


def test_a_pace_of_ones_own_or_none() -> None:
    own = Pace(Quota(600))
    with TicketSmart(KEY, pace=own) as client:
        assert client._session.account.pace is own
    with TicketSmart(KEY, pace=None, share=0.5) as client:
        assert client._session.account.pace is None
        assert client._session.account.share == 0.5
    with TicketSmart(KEY) as one, TicketSmart(KEY) as two:
        assert one._session.account.pace is two._session.account.pace
        assert one.with_options(tries=1)._session.account.pace is one._session.account.pace
    with TicketSmart(KEY) as one, TicketSmart(KEY + "x") as two:
        assert one._session.account.pace is not two._session.account.pace
    assert open_account(PROVIDER, KEY, paced=False).pace is None
    assert open_account(PROVIDER, KEY).pace is not open_account(PROVIDER, KEY).pace


def test_clients_with_one_key_never_get_a_429_from_a_real_limit(served: Served) -> None:
    """Three clients and their threads, a limit of twelve a second, over real HTTP."""
    served.sandbox.settings.change({"ticketsmart_limit": 12, "limit_window": 1.0})
    pace = Pace(Quota(12, 1.0))
    clients = [ticketsmart(served, pace=pace) for _ in range(3)]

    def read(client: TicketSmart) -> None:
        for _ in range(10):
            client.events.list(limit=1).first()

    threads = [threading.Thread(target=read, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        client.close()
    assert [entry.status for entry in served.sandbox.requests] == [200] * 30


def test_update_tells_unset_none_and_a_value_apart() -> None:
    def sent(**changes: Any) -> Any:
        flow = FlowTicket0(desk()).tickets.update("tkt_1", **changes)
        _, world = play(flow, reply(200, {"id": "t", "subject": "s", "status": "open"}))
        return body_of(world.requests[0])

    assert sent(assignee_id=None) == {"assigneeId": None}
    assert sent(assignee_id="usr_1", status=UNSET) == {"assigneeId": "usr_1"}
    assert sent(tags=[]) == {"tags": []}
    with pytest.raises(InputError, match="nothing to change"):
        sent()
    with pytest.raises(InputError, match="one word"):
        sent(tags="vip")


def test_the_key_of_the_desk_is_sent_as_a_bearer() -> None:
    _, world = play(
        FlowTicket0(desk()).tickets.get("tkt_1"),
        reply(200, {"id": "t", "subject": "s", "status": "open"}),
    )

    assert world.requests[0].headers["authorization"] == f"Bearer {DESK_KEY}"


def test_awaited_calls_at_once_never_get_a_429_from_a_real_limit(served: Served) -> None:
    served.sandbox.settings.change({"ticket0_limit": 12, "limit_window": 1.0})

    async def main() -> None:
        async with AsyncTicket0(
            served.sandbox.ticket0_key,
            base_url=served.ticket0_url,
            pace=Pace(Quota(12, 1.0)),
        ) as client:
            calls = [client.tickets.list(limit=1).first() for _ in range(30)]
            assert await asyncio.gather(*calls) == [None] * 30

    asyncio.run(main())
    assert [entry.status for entry in served.sandbox.requests] == [200] * 30


def test_a_service_without_an_api_needs_neither_key_nor_address() -> None:
    """Such as a folder on this machine: nothing is read from the environment for it."""
    folder = Provider.without_api("folder")
    account = open_account(folder)
    assert (account.key, account.base_url, account.pace) == ("", "", None)
    assert not folder.has_api
    assert PROVIDER.has_api
    assert folder.auth("x") == {}
    assert folder.explain(Reply(500, {}, b"")).message == ""

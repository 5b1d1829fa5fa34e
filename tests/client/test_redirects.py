"""Redirects of reads within the host that was asked, and of nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from client.kit import account, get, play, post, refused, reply
from support.hostile_server import serving
from support.network import ANSWER, ask, flavours, write
from support.waiting import HANGS
from willcall.client.engine import perform
from willcall.client.op import Op
from willcall.client.options import Options
from willcall.client.provider import Account
from willcall.errors import OutcomeUnknownError, Reply, UndecodableReplyError

HERE = "https://ticketsmart.ai"


def moved(location: str, status: int = 302) -> Any:
    return reply(status, location=location)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/api/v2/events/gala", f"{HERE}/api/v2/events/gala"),
        ("ball", f"{HERE}/api/v1/events/ball"),
        ("?a=b", f"{HERE}/api/v1/events/gala?a=b"),
        (f"{HERE}/x", f"{HERE}/x"),
        ("https://TICKETSMART.ai:443/x#part", f"{HERE}/x"),
        ("//ticketsmart.ai/a b", f"{HERE}/a%20b"),
        ("/x%2Fy?q=%20", f"{HERE}/x%2Fy?q=%20"),
        ("/\\evil.example/x", f"{HERE}/%5Cevil.example/x"),
    ],
)
def test_a_read_is_redirected_within_its_host(location: str, url: str, status: int) -> None:
    got, world = play(
        perform(get(), account(), Options()), moved(location, status), reply(200, {"a": 1})
    )

    assert got == {"a": 1}
    first, second = world.requests
    assert second.url == url
    assert second.headers == first.headers


ELSEWHERE = [
    "http://ticketsmart.ai/x",
    "https://evil.example/",
    "//evil.example/x",
    "https://ticketsmart.ai.evil.example/",
    "https://ticketsmart.ai@evil.example/",
    "https://evil.example\\@ticketsmart.ai/",
    "https://ticketsmart.ai\\@evil.example/",
    "https://ticketsmart.ai:444/",
    "https://sub.ticketsmart.ai/",
    "https://[::1/",
    "https://ticketsmart.ai:port/",
    "javascript:x",
    "/caf\xe9",
    "/a\tb",
    "",
]


@pytest.mark.parametrize("location", ELSEWHERE)
def test_a_redirect_elsewhere_is_not_followed(location: str) -> None:
    world: Any = None
    with pytest.raises(UndecodableReplyError, match="is not followed") as caught:
        _, world = play(perform(get(), account(), Options()), moved(location))
    assert world is None
    assert caught.value.status == 302


@pytest.mark.parametrize(
    "op",
    [
        post(),
        Op("PUT", "/events", Reply.json, repeatable=True),
        Op("DELETE", "/events", Reply.json),
    ],
)
def test_no_write_is_redirected(op: Op[Any]) -> None:
    with pytest.raises((OutcomeUnknownError, UndecodableReplyError), match="no write follows"):
        play(perform(op, account(), Options()), moved("/api/v1/events/2", 307))


def test_a_redirect_without_end_is_given_up() -> None:
    with pytest.raises(UndecodableReplyError, match="goes on and on"):
        play(perform(get(), account(), Options()), *[moved("/again")] * 6)


def test_a_redirect_costs_a_request_and_no_try() -> None:
    got, world = play(
        perform(get(), account(), Options()),
        moved("/1"), moved("/2"), refused(), moved("/3"), reply(503), reply(200, {"a": 1}),
    )  # fmt: skip

    assert got == {"a": 1}
    assert [r.url.rpartition("/")[2] for r in world.requests] == ["gala", "1", "2", "2", "3", "3"]


def test_each_request_takes_its_place_in_the_quota() -> None:
    paced: Account = account(paced=True)
    play(perform(get(), paced, Options()), moved("/1"), reply())

    assert paced.pace is not None
    assert len(paced.pace._window.slots) == 2


@flavours
@pytest.mark.parametrize("given", [False, True], ids=["ours", "theirs"])
def test_a_read_is_redirected_on_the_wire(given: bool, flavour: str) -> None:
    def handle(connection: Any, request: bytes) -> None:
        again = b" /events/gala " not in request
        there = b"HTTP/1.1 307 Moved\r\nlocation: /v2\r\ncontent-length: 0\r\n\r\n"
        connection.sendall(ANSWER if again else there)

    with serving(handle) as server, serving(handle) as other:
        assert ask(server.url, flavour, given=given, timeout=HANGS).title == "Gala"
        assert [line.split()[1] for line in server.seen] == [b"/events/gala", b"/v2"]

        def away(connection: Any, _: bytes) -> None:
            to = f"HTTP/1.1 302 Moved\r\nlocation: {other.url}/\r\ncontent-length: 0\r\n\r\n"
            connection.sendall(to.encode())

        with serving(away) as third:
            for call in (lambda api: api.events.get("gala"), write):
                outcome = ask(third.url, flavour, call, given=given, timeout=HANGS)
                assert isinstance(outcome, UndecodableReplyError | OutcomeUnknownError)
            assert len(third.seen) == 2
    assert other.seen == []

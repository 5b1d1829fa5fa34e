"""A client of ours puts on the wire what httpx itself would: its short way changes nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from client.kit import always, http, tcp
from support.cassettes import STRANGER
from willcall import AsyncTicketSmart, TicketSmart
from willcall.client.http import USER_AGENT, _tls, library

EVENT = b'{"id":"e","title":"Gala","startsAt":"2026-09-01T19:00:00Z","status":"DRAFT"}'


def _calls(api: Any) -> list[Any]:
    """A read, a read with a query, a write; one with headers of the caller's own."""
    mine = api.with_options(headers={"User-Agent": "mine/1", "X-Trace": "abc"}, timeout=None)
    return [
        lambda: api.events.get("Café & Bar/2"),
        lambda: api.events.list(search="ä ö&=?#", limit=3).first(),
        lambda: api.events.update("gala", title="Bücher"),
        lambda: mine.events.get("gala"),
    ]


def _heads(seen: list[bytes]) -> list[tuple[bytes, list[bytes], bytes]]:
    """Request line, headers in any order with their names in lower case, and body."""
    found = []
    for request in seen:
        head, _, body = request.partition(b"\r\n\r\n")
        line, *headers = head.split(b"\r\n")
        lower = [
            name.lower() + b":" + value for name, _, value in (h.partition(b":") for h in headers)
        ]
        found.append((line, sorted(lower), body))
    return found


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_a_client_of_ours_and_one_of_yours_send_the_same(flavour: str) -> None:
    answer = http(
        body=b'{"events":[' + EVENT + b'],"pagination":{"totalPages":1},"event":' + EVENT + b"}"
    )
    heads = []
    for given in (False, True):
        with tcp(always(answer)) as (url, seen):
            base = "http://localhost:" + url.rpartition(":")[2]
            _send(flavour, base, given=given)
        assert len(seen) == 4
        port = url.rpartition(":")[2].encode()
        heads.append([(a, [h.replace(port, b"0") for h in b], c) for a, b, c in _heads(seen)])
    ours, yours = heads
    assert ours == yours
    (line, headers, _), *_, (_, mine, _) = ours
    assert line == b"GET /events/Caf%C3%A9%20%26%20Bar%2F2 HTTP/1.1"
    assert [h for h in headers if h.startswith((b"host", b"accept:", b"user-agent"))] == [
        b"accept: application/json",
        b"host: localhost:0",
        b"user-agent: " + USER_AGENT.encode(),
    ]
    assert b"user-agent: mine/1" in mine
    assert b"content-length: 19" in ours[2][1]


def _send(flavour: str, base: str, *, given: bool) -> None:
    key, agent = STRANGER["ticketsmart"], {"user-agent": USER_AGENT}
    if flavour == "sync":
        own = library().Client(verify=_tls(), headers=agent) if given else None
        with TicketSmart(key, base_url=base, pace=None, http_client=own) as api:
            for call in _calls(api):
                call()
        if own is not None:
            own.close()
        return

    async def awaited() -> None:
        own = library().AsyncClient(verify=_tls(), headers=agent) if given else None
        async with AsyncTicketSmart(key, base_url=base, pace=None, http_client=own) as api:
            for call in _calls(api):
                await call()
        if own is not None:
            await own.aclose()

    asyncio.run(awaited())

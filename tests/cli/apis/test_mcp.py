"""``willcall mcp`` over stdio, with the SDK's own client. ``make test`` has the SDK in a folder of
its own, since it brings httpx2 with it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from support.shell import Shell

mcp = pytest.importorskip("mcp", reason="no mcp here: make tests runs this beside its SDK")


def played(with_session: Callable[[Any], Awaitable[None]], *options: str) -> None:
    """A session with ``willcall mcp`` in this folder."""

    async def play() -> None:
        server = mcp.StdioServerParameters(
            command=sys.executable,
            args=["-m", "willcall", "mcp", *options],
            env=dict(os.environ),
        )
        async with mcp.stdio_client(server) as streams, mcp.ClientSession(*streams) as session:
            with anyio.fail_after(60):
                await session.initialize()
                await with_session(session)

    anyio.run(play)


def test_an_assistant_reads_and_cannot_write(night: Shell) -> None:
    """Tools are listed with their hints, called, and answer with data or an error it can read."""

    async def session(client: Any) -> None:
        found = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert all(tool.annotations.read_only_hint for tool in found.values())
        assert "ticket0_tickets_create" not in found
        answer = await client.call_tool("ticketsmart_events_list", {"limit": 2})
        assert not answer.is_error
        assert len(answer.structured_content["events"]) == 2
        assert json.loads(answer.content[0].text) == answer.structured_content
        said = await client.call_tool("willcall_explain", {"name": "the-cherry-orchard"})
        assert "silence" in said.content[0].text
        missing = await client.call_tool("ticket0_tickets_get", {"ticketId": "tkt_none"})
        assert missing.is_error
        assert "404" in missing.content[0].text
        off = await client.call_tool("ticket0_tickets_create", {"subject": "S"})
        assert off.is_error
        assert "there is no tool" in off.content[0].text

    before = len(night.desk.tickets)
    played(session)
    assert len(night.desk.tickets) == before


def test_an_assistant_writes_what_was_shown(configured: Shell) -> None:
    """With --allow-writes, in two steps."""
    values = {"subject": "Seats", "customerEmail": "ada@example.com", "body": "30?"}

    async def session(client: Any) -> None:
        shown = (await client.call_tool("ticket0_tickets_create", values)).content[0].text
        assert "Nothing was sent." in shown
        code = shown.rpartition("=")[2]
        made = await client.call_tool("ticket0_tickets_create", {**values, "confirm": code})
        assert made.structured_content["subject"].startswith("Seats [mcp-")

    before = len(configured.desk.tickets)
    played(session, "--allow-writes")
    assert len(configured.desk.tickets) == before + 1

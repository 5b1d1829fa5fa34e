"""A call to a server that does what no server should, and what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from client.kit import KEY, http
from willcall import AsyncTicketSmart, TicketSmart
from willcall.client import http as door
from willcall.errors import WillcallError

EVENT = b'{"id":"e","title":"Gala","startsAt":"2026-09-01T19:00:00Z","status":"DRAFT"}'
ANSWER = http(body=EVENT)
NOON = datetime(2026, 9, 1, 19, tzinfo=UTC)
# Far below the 30 seconds for which a server drips, and far above what a busy machine needs.
SOON = 15.0

flavours = pytest.mark.parametrize("flavour", ["sync", "async"])
clients = pytest.mark.parametrize("given", [False, True], ids=["ours", "theirs"])


def ask(
    url: str,
    flavour: str,
    call: Callable[[Any], Any] = lambda api: api.events.get("gala"),
    *,
    given: bool = False,
    **options: Any,
) -> Any:
    """What comes of a call: its answer, or its error."""
    options = {"pace": None, "tries": 1, "timeout": 0.3, **options}

    def blocking() -> Any:
        with ExitStack() as stack:
            if given:
                options["http_client"] = stack.enter_context(
                    door.library().Client(verify=door._tls())
                )
            api = stack.enter_context(TicketSmart(KEY, base_url=url, **options))
            return call(api)

    async def awaited() -> Any:
        if not given:
            async with AsyncTicketSmart(KEY, base_url=url, **options) as api:
                return await call(api)
        async with door.library().AsyncClient(verify=door._tls()) as own:
            api = AsyncTicketSmart(KEY, base_url=url, http_client=own, **options)
            return await call(api)

    try:
        return blocking() if flavour == "sync" else asyncio.run(awaited())
    except WillcallError as error:
        return error


def write(api: Any) -> Any:
    """A call that must not be carried out twice."""
    return api.events.create(title="Gala", starts_at=NOON)

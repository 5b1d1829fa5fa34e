"""httpx2 where it is installed, else httpx; and a client of either from the user.

`make test` runs on httpx. `make test-httpx2` runs all tests of the clients on httpx2.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from client.kit import KEY, always, dead_url, http, tcp
from willcall import AsyncTicketSmart, TicketSmart
from willcall.client.http import library
from willcall.errors import ConnectError, ConnectionLostError, RequestTimeoutError, WillcallError

BODY = b'{"id":"e","title":"Gala","startsAt":"2026-09-01T19:00:00Z","status":"DRAFT"}'
ANSWER = http(body=BODY)

flavours = pytest.mark.parametrize("flavour", ["sync", "async"])
libraries = pytest.mark.parametrize("name", ["httpx", "httpx2"])


def ask(name: str, flavour: str, url: str) -> Any:
    """What comes of a call through a client of that library."""
    lib = pytest.importorskip(name)

    def blocking() -> Any:
        with lib.Client() as own:
            api = TicketSmart(KEY, base_url=url, http_client=own, timeout=0.3, tries=1, pace=None)
            return api.events.get("gala")

    async def awaited() -> Any:
        async with lib.AsyncClient() as own:
            api = AsyncTicketSmart(
                KEY, base_url=url, http_client=own, timeout=0.3, tries=1, pace=None
            )
            return await api.events.get("gala")

    try:
        return blocking() if flavour == "sync" else asyncio.run(awaited())
    except WillcallError as error:
        return error


def test_the_tests_run_on_the_library_that_they_say() -> None:
    assert library().__name__ == os.environ.get("WILLCALL_TESTS_ON", "httpx")


def test_httpx2_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = ModuleType("httpx2")
    monkeypatch.setitem(sys.modules, "httpx2", installed)
    assert library.__wrapped__() is installed
    monkeypatch.setitem(sys.modules, "httpx2", None)
    assert library.__wrapped__() is import_module("httpx")


@flavours
@libraries
def test_a_client_of_either_is_accepted(name: str, flavour: str) -> None:
    with tcp(always(ANSWER)) as (url, _):
        assert ask(name, flavour, url).title == "Gala"


@flavours
@libraries
def test_a_body_that_it_has_read_already_is_taken_as_it_is(name: str, flavour: str) -> None:
    lib = pytest.importorskip(name)
    transport = lib.MockTransport(lambda _: lib.Response(200, content=BODY))
    options: dict[str, Any] = {"base_url": "https://box-office.example", "pace": None}

    async def awaited() -> Any:
        async with lib.AsyncClient(transport=transport) as own:
            return await AsyncTicketSmart(KEY, http_client=own, **options).events.get("gala")

    if flavour == "async":
        assert asyncio.run(awaited()).title == "Gala"
        return
    with lib.Client(transport=transport) as own:
        assert TicketSmart(KEY, http_client=own, **options).events.get("gala").title == "Gala"


@flavours
@libraries
def test_its_errors_become_ours(name: str, flavour: str) -> None:
    assert type(ask(name, flavour, dead_url())) is ConnectError
    with tcp(always()) as (url, _):
        assert type(ask(name, flavour, url)) is ConnectionLostError
    with tcp(lambda connection, _: time.sleep(1)) as (url, _):
        assert type(ask(name, flavour, url)) is RequestTimeoutError

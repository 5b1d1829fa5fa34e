"""Many calls at once, cancelled calls, and forked children."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from client.kit import KEY
from support.hostile_server import (
    Server,
    pieces,
    serving,
)
from support.network import ANSWER, ask
from support.waiting import HANGS, eventually
from willcall import AsyncTicketSmart, TicketSmart
from willcall.client import http as door
from willcall.client import pools, provider, redact
from willcall.errors import ConnectError, InputError
from willcall.ticket0.webhooks import MemoryGuard


def _awaited(server: Server, main: Callable[[Any], Any], **options: Any) -> Any:
    async def run() -> Any:
        options.setdefault("timeout", HANGS)
        async with AsyncTicketSmart(KEY, base_url=server.url, pace=None, tries=1, **options) as api:
            return await main(api)

    return asyncio.run(run())


def test_five_hundred_calls_at_once_are_all_answered() -> None:
    async def main(api: Any) -> None:
        for _ in range(2):  # cold, and warm
            got = await asyncio.gather(*(api.events.get("gala") for _ in range(500)))
            assert len(got) == 500

    with serving(pieces(ANSWER)) as server:
        _awaited(server, main)
        assert server.accepted <= 100


def test_connections_are_opened_no_faster_than_they_are_answered() -> None:
    """A server with a short queue would refuse the others."""
    gate = threading.Event()

    def handle(connection: socket.socket, _: bytes) -> None:
        gate.wait(HANGS)
        connection.sendall(ANSWER)

    async def main(api: Any) -> None:
        calls = asyncio.gather(*(api.events.get("gala") for _ in range(60)))
        await asyncio.to_thread(eventually, lambda: len(server.seen) >= 10)
        await asyncio.sleep(0.1)
        assert server.accepted == 10
        gate.set()
        assert len(await calls) == 60

    with serving(handle) as server:
        _awaited(server, main)


def test_five_hundred_threads_at_once_are_all_answered() -> None:
    got: list[Any] = []
    with (
        serving(pieces(ANSWER)) as server,
        TicketSmart(KEY, base_url=server.url, pace=None, tries=1, timeout=HANGS) as api,
    ):
        threads = [
            threading.Thread(target=lambda: got.append(api.events.get("gala").id))
            for _ in range(500)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(HANGS)
    assert got == ["e"] * 500


@pytest.mark.parametrize("after", [0.0, 0.001, 0.003, 0.01])
def test_cancelled_calls_never_wedge_the_client(after: float) -> None:
    async def main(api: Any) -> None:
        for round_ in range(8):
            calls = [asyncio.ensure_future(api.events.get("gala")) for _ in range(60)]
            await asyncio.sleep(after)
            for place, call in enumerate(calls):
                if place % 2 or round_ % 2:
                    call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        got = await asyncio.gather(*(api.events.get("gala") for _ in range(150)))
        assert len(got) == 150
        (pool,) = api._connections._pools.values()
        assert not pool._used

    with serving(pieces(ANSWER)) as server:
        _awaited(server, main)


def test_a_call_cancelled_at_every_step_leaves_no_connection_behind() -> None:
    """Where httpcore's own pool would keep one for ever."""

    async def main(api: Any) -> None:
        for steps in range(60):
            call = asyncio.ensure_future(api.events.get("gala"))
            for _ in range(steps):
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        assert (await api.events.get("gala")).id == "e"
        (pool,) = api._connections._pools.values()
        assert not pool._used
        assert len(pool._idle) == 1

    with serving(pieces(ANSWER)) as server:
        _awaited(server, main)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is not used is kept for as long as a busy machine may need."""
    monkeypatch.setattr(pools, "KEPT", HANGS)
    monkeypatch.setattr(door, "KEPT", HANGS)


@pytest.mark.usefixtures("kept")
def test_the_connection_of_a_cancelled_call_is_closed_and_no_other() -> None:
    gate = threading.Event()

    def handle(connection: socket.socket, request: bytes) -> None:
        if b"slow" in request:
            gate.wait(HANGS)
        connection.sendall(ANSWER)

    async def main(api: Any) -> None:
        slow = asyncio.ensure_future(api.events.get("slow"))
        hurt = asyncio.ensure_future(api.events.get("slow"))
        await asyncio.to_thread(eventually, lambda: len(server.seen) == 2)
        (pool,) = api._connections._pools.values()
        assert len(pool._used) == 2
        hurt.cancel()
        await asyncio.gather(hurt, return_exceptions=True)
        assert len(pool._used) == 1
        assert not pool._idle
        assert (await api.events.get("gala")).id == "e"
        gate.set()
        assert (await slow).id == "e"
        assert len(pool._idle) == 2
        assert server.accepted == 3

    with serving(handle) as server:
        _awaited(server, main)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_connections_that_are_not_used_any_more_are_closed(
    flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was used last is used again, and the others get old."""
    both = threading.Barrier(2)

    def handle(connection: socket.socket, request: bytes) -> None:
        if b"together" in request:
            both.wait(HANGS)
        connection.sendall(ANSWER)

    def blocking(server: Server) -> None:
        with TicketSmart(KEY, base_url=server.url, pace=None, timeout=HANGS) as api:
            calls = [threading.Thread(target=lambda: api.events.get("together")) for _ in range(2)]
            for call in calls:
                call.start()
            for call in calls:
                call.join(HANGS)
            (pool,) = api._connections._pools.values()
            assert len(pool._idle) == 2
            monkeypatch.setattr(pools, "KEPT", -1.0)
            api.events.get("gala")
            assert len(pool._idle) == 1

    async def awaited(api: Any) -> None:
        await asyncio.gather(api.events.get("together"), api.events.get("together"))
        (pool,) = api._connections._pools.values()
        assert len(pool._idle) == 2
        monkeypatch.setattr(pools, "KEPT", -1.0)
        await api.events.get("gala")
        assert len(pool._idle) == 1

    with serving(handle) as server:
        if flavour == "sync":
            blocking(server)
        else:
            _awaited(server, awaited)
        assert server.accepted == 2


def test_a_transport_that_cannot_be_made_takes_no_place() -> None:
    def broken() -> Any:
        raise InputError("HTTPS_PROXY", "it is not the address of a proxy")

    blocking = pools.Pool(broken)
    for _ in range(pools.MOST + 1):
        with pytest.raises(InputError):
            blocking.take(0.1)

    async def main() -> None:
        awaited = pools.AsyncPool(broken)
        for _ in range(pools.FIRST + 1):
            with pytest.raises(InputError):
                await awaited.take(0.1)

    asyncio.run(main())


def test_a_wait_for_a_connection_that_outlasts_the_call_means_it_never_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "FIRST", 1)

    async def main(api: Any) -> None:
        first = asyncio.ensure_future(api.events.get("gala"))
        await asyncio.to_thread(eventually, lambda: bool(server.seen))
        with pytest.raises(ConnectError):
            await api.with_options(deadline=0.1).events.get("gala")
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    with serving(pieces(30.0)) as server:
        _awaited(server, main)


def test_a_thread_whose_wait_outlasts_the_call_never_sent_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "MOST", 1)
    over = threading.Event()

    def handle(connection: socket.socket, _: bytes) -> None:
        over.wait(HANGS)
        connection.sendall(ANSWER)

    with (
        serving(handle) as server,
        TicketSmart(KEY, base_url=server.url, pace=None, tries=1, timeout=HANGS) as api,
    ):
        thread = threading.Thread(target=lambda: api.events.get("gala"))
        thread.start()
        eventually(lambda: bool(server.seen))
        with pytest.raises(ConnectError):
            api.with_options(deadline=0.1).events.get("gala")
        over.set()
        thread.join(HANGS)
        assert len(server.seen) == 1


def test_a_pool_that_is_closed_waits_for_the_connections_that_it_gave_up() -> None:
    class Slow:
        closed = False

        async def aclose(self) -> None:
            await asyncio.sleep(0.05)
            self.closed = True

    async def main() -> None:
        pool = pools.AsyncPool(Slow)
        transport = await pool.take(None)
        pool.give_back(transport, answered=False)
        await pool.close()
        assert transport.closed

    asyncio.run(main())


def test_a_connection_whose_call_was_not_answered_is_not_used_again() -> None:
    """The rest of that answer may still arrive on it, and would be taken for the next one."""

    class Connection:
        def __init__(self) -> None:
            self.closed = False

        def close(self) -> None:
            self.closed = True

        async def aclose(self) -> None:
            self.closed = True

    blocking = pools.Pool(Connection)
    unanswered = blocking.take(None)
    blocking.give_back(unanswered, answered=False)
    assert unanswered.closed
    answered = blocking.take(None)
    assert answered is not unanswered
    blocking.give_back(answered, answered=True)
    assert blocking.take(None) is answered

    async def main() -> None:
        awaited = pools.AsyncPool(Connection)
        unanswered = await awaited.take(None)
        awaited.give_back(unanswered, answered=False)
        assert await awaited.take(None) is not unanswered
        await awaited.close()
        assert unanswered.closed

    asyncio.run(main())


def test_a_child_leaves_the_connections_of_its_parent_open(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(pieces(ANSWER)) as server, TicketSmart(KEY, base_url=server.url) as api:
        api.events.get("gala")
        (pool,) = api._connections._pools.values()
        monkeypatch.setattr("willcall.client.http.os.getpid", lambda: -1)
        api.close()
        assert pool._idle
        monkeypatch.undo()


def forked(child: Callable[[], bool]) -> bool:
    """Whether a child process says yes; a child that hangs is ended, and says no."""
    read, end = os.pipe()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - another process
        said = b"0"
        try:
            said = b"1" if child() else b"0"
        finally:
            os.write(end, said)
            os._exit(0)
    os.close(end)
    answered: list[bytes] = []
    reader = threading.Thread(target=lambda: answered.append(os.read(read, 1)), daemon=True)
    reader.start()
    reader.join(30)
    if not answered:
        os.kill(pid, 9)
    os.waitpid(pid, 0)
    reader.join()
    os.close(read)
    return answered == [b"1"]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize("what", ["a client", "an async client", "webhooks", "a call"])
def test_a_forked_child_never_waits_for_a_lock_of_its_parent(what: str) -> None:
    """Each lock that outlives a call is held by a thread of the parent when it forks."""
    guard = MemoryGuard()
    held, over = threading.Event(), threading.Event()

    with serving(pieces(ANSWER)) as server, TicketSmart(KEY, base_url=server.url) as parent:
        assert parent.events.get("gala").id == "e"
        pace = parent._session.account.pace
        assert pace is not None

        def hold() -> None:
            with provider._shared_lock, redact._lock, guard._lock, pace._lock:
                held.set()
                over.wait(HANGS)

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(HANGS)

        def child() -> bool:
            if what == "a client":
                with TicketSmart(KEY, base_url=server.url) as api:
                    return bool(api.events.get("gala").id == "e")
            if what == "an async client":
                return bool(ask(server.url, "async", timeout=HANGS).id == "e")
            if what == "webhooks":
                return guard.claim("evt_1") is True
            return bool(parent.events.get("gala").id == "e")

        try:
            assert forked(child)
        finally:
            over.set()
            thread.join()
        assert parent.events.get("gala").id == "e"

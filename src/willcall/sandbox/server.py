"""The sandbox over real HTTP on loopback. uvicorn speaks HTTP; this module starts and stops it.

uvicorn's own ``Server`` polls ten times a second for its end, logs, and handles signals. Tests
start a stand-in hundreds of times and need none of that, so its protocol class is run directly.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from willcall.sandbox.app import CONTROL_PREFIX, TICKET0_PREFIX, TICKETSMART_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from willcall.sandbox.sandbox import Sandbox

START_WITHIN = 10.0
"""Seconds; it takes a few hundredths."""


@dataclass(frozen=True, slots=True)
class Served:
    """Where a running sandbox answers. ``url`` has no slash at its end."""

    sandbox: Sandbox
    url: str

    @property
    def ticketsmart_url(self) -> str:
        """Base URL for a TicketSmart client."""
        return self.url + TICKETSMART_PREFIX

    @property
    def ticket0_url(self) -> str:
        """Base URL for a Ticket0 client."""
        return self.url + TICKET0_PREFIX

    @property
    def control_url(self) -> str:
        """Base URL of the control surface."""
        return self.url + CONTROL_PREFIX


@contextmanager
def serve(sandbox: Sandbox, port: int = 0, host: str = "127.0.0.1") -> Iterator[Served]:
    """Serve in a background thread for as long as the ``with`` block lasts.

    ``port`` 0 takes a free port; ``OSError`` if the port is taken. A delay takes real time, unless
    the sandbox has a clock of its own, such as a ``ManualClock``, which is advanced instead.
    """
    with _listening(host, port) as (listener, url):
        runner = _Runner(sandbox, listener)
        thread = threading.Thread(target=runner.run_aside, name="willcall-sandbox", daemon=True)
        thread.start()
        try:
            if not runner.started.wait(START_WITHIN):
                raise RuntimeError("the sandbox's server did not start")
            if runner.error is not None:
                raise runner.error
            yield Served(sandbox, url)
        finally:
            runner.stop()
            thread.join()


def run_forever(
    sandbox: Sandbox,
    port: int = 8080,
    host: str = "127.0.0.1",
    *,
    ready: Callable[[Served], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, then return; for the main thread of a command.

    ``ready`` is called once, when requests are answered. ``OSError`` if the port is taken. The
    control surface has no authentication: do not serve it on a ``host`` that others can reach.
    """
    with _listening(host, port) as (listener, url):
        runner = _Runner(sandbox, listener)
        before = {
            number: signal.signal(number, lambda *_: runner.stop())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            runner.run(None if ready is None else lambda: ready(Served(sandbox, url)))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Runner:
    """An event loop with a listening socket."""

    def __init__(self, sandbox: Sandbox, listener: socket.socket) -> None:
        self._sandbox = sandbox
        self._listener = listener
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self.started = threading.Event()
        self.error: BaseException | None = None

    def run(self, ready: Callable[[], None] | None = None) -> None:
        """Serve until ``stop``."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(ready))

    def run_aside(self) -> None:
        """``run`` for a thread: an error is kept for the thread that waits for the start."""
        try:
            self.run()
        except BaseException as error:  # noqa: BLE001 - raised by ``serve``
            self.error = error
        finally:
            self.started.set()

    def stop(self) -> None:
        """Stop the server, from any thread or a signal handler; may be called more than once."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended already
            self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(self, ready: Callable[[], None] | None) -> None:
        from willcall.sandbox.protocol import connections, protocol_factory

        factory, state = protocol_factory(self._sandbox)
        server = await self._loop.create_server(factory, sock=self._listener)
        self.started.set()
        if ready is not None:
            ready()
        await self._stop.wait()
        server.close()
        for transport in connections(state):
            transport.abort()
        # One turn of the loop for the aborted transports to close their sockets.
        await asyncio.sleep(0)


@contextmanager
def _listening(host: str, port: int) -> Iterator[tuple[socket.socket, str]]:
    """A listening socket and its URL, known before anything is served."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=128)
    try:
        name = f"[{host}]" if ":" in host else host
        yield listener, f"http://{name}:{listener.getsockname()[1]}"
    finally:
        listener.close()

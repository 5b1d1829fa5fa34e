"""Which connection a call goes over: its own, for as long as it lasts.

httpcore's pool considers all of its connections for each call, and takes that of a call whose task
was cancelled to be in use for ever. So each connection here is a transport of httpx for itself: a
call takes one and gives it back once it is answered. After anything else the connection is closed,
and another call opens a new one.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

# Seconds for which a connection is kept without a call, as httpx does.
KEPT = 5.0
MOST = 100
# So many connections are opened at once; each answer allows one more, up to the most. A server that
# is asked by 500 calls at the same moment would refuse some.
FIRST = 10


class _Kept:
    """Connections that no call uses. The one that was used last is taken first, so that the others
    get old and are closed."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._idle: deque[tuple[float, Any]] = deque()
        self._used: set[Any] = set()

    def _taken(self) -> Any:
        try:
            _, transport = self._idle.pop()
        except IndexError:
            transport = self._make()
        self._used.add(transport)
        return transport

    def _given_back(self, transport: Any) -> Any | None:
        """Keep a connection; another one that has been kept for too long, to be closed."""
        now = time.monotonic()
        try:
            since, oldest = self._idle.popleft()
        except IndexError:
            oldest = None
        else:
            if since + KEPT > now:
                self._idle.appendleft((since, oldest))
                oldest = None
        self._idle.append((now, transport))
        return oldest

    def _all(self) -> list[Any]:
        """All connections, which are kept no more."""
        idle = [transport for _, transport in self._idle]
        self._idle.clear()
        return [*idle, *self._used]


class Pool(_Kept):
    """The connections to one host, for calls that block. May be used from many threads.

    Args:
        make: opens a transport for one connection.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__(make)
        self._free = threading.Semaphore(MOST)

    def take(self, seconds: float | None) -> Any:
        """A connection for one call, once there is one.

        Raises:
            TimeoutError: there was none within so many seconds.
        """
        if not self._free.acquire(timeout=seconds):
            raise TimeoutError
        try:
            return self._taken()
        except BaseException:
            self._free.release()
            raise

    def give_back(self, transport: Any, *, answered: bool) -> None:
        """The call has ended; its connection is kept only if it was answered."""
        over = self._given_back(transport) if answered else transport
        self._used.discard(transport)
        self._free.release()
        if over is not None:
            over.close()

    def close(self) -> None:
        """Close all connections, those of calls that are under way as well."""
        for transport in self._all():
            transport.close()


class AsyncPool(_Kept):
    """The same for calls that are awaited."""

    def __init__(self, make: Callable[[], Any]) -> None:
        import asyncio

        super().__init__(make)
        self._loop = asyncio.get_running_loop()
        self._free = asyncio.Semaphore(FIRST)
        self._most = FIRST
        self._closing: set[Any] = set()

    async def take(self, seconds: float | None) -> Any:
        """A connection for one call, once there is one.

        Raises:
            TimeoutError: there was none within so many seconds.
        """
        if self._free.locked():
            import asyncio

            async with asyncio.timeout(seconds):
                await self._free.acquire()
        else:
            await self._free.acquire()
        try:
            return self._taken()
        except BaseException:
            self._free.release()
            raise

    def give_back(self, transport: Any, *, answered: bool) -> None:
        """The call has ended; its connection is kept only if it was answered."""
        over = self._given_back(transport) if answered else transport
        self._used.discard(transport)
        self._free.release()
        if answered and self._most < MOST:
            self._most += 1
            self._free.release()
        if over is not None:  # whatever becomes of the call that was its last
            task = self._loop.create_task(over.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close all connections, those of calls that are under way as well."""
        for transport in self._all():
            await transport.aclose()
        for task in list(self._closing):
            await task

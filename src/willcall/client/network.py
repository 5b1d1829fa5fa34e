"""What a request does on the network, within its time: httpcore's connections, each step bounded.

httpx bounds the wait for each piece of an answer, so an answer whose pieces drip would never time
out. Here each step is given what is left of the whole. And each call knows how far it has come, so
that "no connection could be made" is told from "it may have been carried out".
"""

# ruff: noqa: ARG002, ASYNC109 - httpcore hands a timeout to each step; what is left of the whole
# call is used instead.
from __future__ import annotations

import socket
import time
from contextvars import ContextVar
from typing import Any

import attrs

from .flow import Request
from .routes import is_loopback, known_name

# An answer may have come in time, to a process that had no time to read it. So this many reads are
# made after the end, for so many seconds each: they take what is there.
_LATE_READS = 8
_LATE = 0.01


class AwayError(Exception):
    """An address of this machine that leads elsewhere, where the key would travel in the clear."""


@attrs.define
class CallProgress:
    """How far a call has come, and until when it may go on.

    ``ends`` is the monotonic moment at which the step that is under way must have ended, None for
    no bound. ``connecting`` is whether a connection is being made for it, so that nothing of it has
    been sent yet, and ``connected_by`` until when it must be there. ``tunnelled`` is whether a
    proxy was reached and asked for a tunnel.
    """

    request: Request
    ends: float | None = None
    connecting: bool = False
    tunnelled: bool = False
    connected_by: float | None = None
    _late: int = 0

    @property
    def in_the_clear(self) -> bool:
        """Whether whoever listens on the way could read the key."""
        return not self.request.url[:6].lower().startswith("https:")

    def begin(self) -> None:
        """The request is about to be sent; its answer must begin in time."""
        timeout = self.request.timeout
        self.ends = None if timeout is None else time.monotonic() + timeout

    def connects(self) -> None:
        """A connection is about to be made."""
        self.connecting = True
        most = self.request.connect_timeout
        self.connected_by = None if most is None else time.monotonic() + most

    def answered(self) -> None:
        """The answer has begun. Its body may take as long again. The answer to a write, which is
        not asked for twice, may take as long as the whole call."""
        request = self.request
        if self.ends is None:
            return
        again = time.monotonic() + (request.timeout or 0.0)
        if request.ends is None:
            self.ends = again
        else:
            self.ends = request.ends if request.writes else min(again, request.ends)

    def left(self) -> float | None:
        """Seconds that are left; None for no bound.

        Raises:
            TimeoutError: none.
        """
        ends = self.ends
        if self.connecting and self.connected_by is not None:
            ends = self.connected_by if ends is None else min(ends, self.connected_by)
        if ends is None:
            return None
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def is_over(self) -> bool:
        """Whether the step should have ended by now."""
        return self.ends is not None and time.monotonic() > self.ends

    def left_of_call(self) -> float | None:
        """Seconds that are left of the whole call; None for no bound."""
        ends = self.request.ends
        return None if ends is None else max(0.0, ends - time.monotonic())

    def left_to_read(self) -> float | None:
        """The same for a read, which takes what has come already.

        Raises:
            TimeoutError: none.
        """
        try:
            return self.left()
        except TimeoutError:
            self._late += 1
            if self._late > _LATE_READS:
                raise
            return _LATE

    def sends(self, data: bytes) -> None:
        """Something is about to be written to a connection."""
        if data.startswith(b"CONNECT "):  # that is for a proxy, which only connects
            self.tunnelled = True
        else:
            self.connecting = False


# The call that is under way here, if it is one of ours.
current: ContextVar[CallProgress | None] = ContextVar("willcall_request", default=None)


def _progress() -> CallProgress:
    progress = current.get()
    assert progress is not None  # noqa: S101 - only our own calls come here
    return progress


class Stream:
    """A connection whose every step ends in time."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What comes next."""
        data: bytes = self._inner.read(max_bytes, timeout=_progress().left_to_read())
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send something. A body that is empty is nothing: the answer may be there by now."""
        if not buffer:
            return
        progress = _progress()
        progress.sends(buffer)
        self._inner.write(buffer, timeout=progress.left())

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> Stream:
        """The same connection, encrypted."""
        return Stream(self._inner.start_tls(ssl_context, server_hostname, _progress().left()))

    def close(self) -> None:
        """Close it."""
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        """Whatever httpcore asks of it."""
        return self._inner.get_extra_info(info)


class Backend:
    """Makes connections that end in time, and never to elsewhere in the clear."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, **more: Any
    ) -> Stream:
        """Connect to one of a host's addresses, each of which has its share of the time."""
        progress = _progress()
        progress.connects()
        found = socket.getaddrinfo(known_name(host), port, type=socket.SOCK_STREAM)
        addresses = _chosen(progress, found)
        failure: Exception | None = None
        for place, address in enumerate(addresses):
            left = progress.left()
            share = None if left is None else left / (len(addresses) - place)
            try:
                return Stream(self._inner.connect_tcp(address, port, timeout=share, **more))
            except Exception as error:  # noqa: BLE001 - the last one is raised
                failure = error
        assert failure is not None  # noqa: S101 - there is an address
        raise failure


class AsyncStream:
    """The same, awaited."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What comes next."""
        data: bytes = await self._inner.read(max_bytes, timeout=_progress().left_to_read())
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send something."""
        if not buffer:
            return
        progress = _progress()
        progress.sends(buffer)
        await self._inner.write(buffer, timeout=progress.left())

    async def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncStream:
        """The same connection, encrypted."""
        left = _progress().left()
        try:
            return AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, left))
        except BaseException:
            await self._inner.aclose()  # httpcore forgets it if the call is cancelled
            raise

    async def aclose(self) -> None:
        """Close it."""
        await self._inner.aclose()

    def get_extra_info(self, info: str) -> Any:
        """Whatever httpcore asks of it."""
        return self._inner.get_extra_info(info)


class AsyncBackend:
    """The same, awaited."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        **more: Any,
    ) -> AsyncStream:
        """Connect to a host; of several addresses, the first that answers."""
        progress = _progress()
        progress.connects()
        if not progress.in_the_clear:
            left = progress.left()
            return AsyncStream(await self._inner.connect_tcp(host, port, timeout=left, **more))
        import asyncio  # whoever blocks need not pay for it

        async with asyncio.timeout(progress.left()):
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo(known_name(host), port, type=socket.SOCK_STREAM)
        failure: Exception | None = None
        for address in _chosen(progress, found):
            left = progress.left()
            try:
                return AsyncStream(await self._inner.connect_tcp(address, port, left, **more))
            except Exception as error:  # noqa: BLE001 - the last one is raised
                failure = error
        assert failure is not None  # noqa: S101 - there is an address
        raise failure


def _chosen(progress: CallProgress, found: Any) -> list[str]:
    """The addresses to connect to: in the clear, this machine's own alone.

    Raises:
        AwayError: there is none.
    """
    addresses = [str(row[4][0]) for row in found]
    if progress.in_the_clear:
        addresses = [address for address in addresses if is_loopback(address)]
        if not addresses:
            raise AwayError
    return addresses

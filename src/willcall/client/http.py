"""The only module that imports httpx: connections, and what an exchange comes down to.

httpx's types stay behind this door: flows see our Request and Reply, and our TransportErrors.
httpx itself is imported when the first client is opened, since it takes longer than the rest.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from .._version import __version__
from ..errors import (
    ConnectError,
    ConnectionLostError,
    InputError,
    Reply,
    RequestTimeoutError,
    TransportError,
)
from .flow import Request
from .redact import scrub

if TYPE_CHECKING:
    import ssl

    import httpx

USER_AGENT = f"willcall/{__version__}"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# A page of a hundred events is a tenth of a megabyte; no answer of either API comes near this.
LONGEST_BODY = 64 * 1024 * 1024


def safe_base_url(url: Any) -> str:
    """The URL without a trailing slash, if a key may travel to it.

    Raises:
        InputError: it is not an absolute ``https://`` URL (``http://`` is let through to this
            machine only, where nobody can listen in), or it carries a login, query or fragment.
    """
    if not isinstance(url, str):
        raise InputError("base_url", f"expected a text, got {type(url).__name__}")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise InputError("base_url", str(error), "start it with https://") from None
    shown = repr(scrub(url))
    if parts.username is not None or parts.password is not None:
        raise InputError("base_url", "holds a login", "leave user and password out of the URL")
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise InputError("base_url", f"{shown} is not an absolute URL", "start it with https://")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InputError(
            "base_url",
            f"{shown} would send the key in the clear",
            "use https://; plain http:// is for localhost only",
        )
    # An empty label, or one of more than 63 characters, is refused only when a name is looked up.
    labels = [] if ":" in parts.hostname else parts.hostname.removesuffix(".").split(".")
    if not all(0 < len(label) < 64 for label in labels):
        raise InputError("base_url", f"{shown} names no host", "check the dots in its name")
    if parts.query or parts.fragment:
        raise InputError("base_url", f"{shown} has a query or fragment", "end it after the path")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InputError("base_url", f"{shown} holds what no URL can", "quote it")
    return url.rstrip("/")


# Set while a request of ours is under way.
_ours: ContextVar[bool] = ContextVar("willcall_request", default=False)
_LOUD = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")


def _not_ours(_: logging.LogRecord) -> bool:
    return not _ours.get()


@cache
def _hush() -> None:
    """httpx logs whole URLs, with the addresses in their queries, and httpcore logs headers. Of our
    requests only the logger ``willcall`` reports; those of others are logged as before."""
    for name in _LOUD:
        logging.getLogger(name).addFilter(_not_ours)


@cache
def _tls() -> ssl.SSLContext:
    """A context for the whole process: making it takes as long as a hundred requests."""
    import httpx

    return httpx.create_ssl_context()


def _failed(request: Request, error: Exception) -> NoReturn:
    """Raise our error for an httpx error. Its text may hold a URL, so it is left out."""
    import httpx

    kind: type[TransportError]
    # A full pool and a refused connection have in common that nothing was sent.
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ConnectError):
        kind, said = ConnectError, "no connection"
    elif isinstance(error, httpx.TimeoutException | TimeoutError):
        kind, said = RequestTimeoutError, f"no answer within {request.timeout or 0:g} s"
    elif isinstance(error, httpx.UnsupportedProtocol | httpx.ProxyError):
        kind, said = ConnectError, "no connection through the proxy"
    elif isinstance(error, _TooLongError):
        kind, said = ConnectionLostError, f"the answer is longer than {LONGEST_BODY} bytes"
    else:
        kind, said = ConnectionLostError, "the connection broke before the answer was read"
    raise kind(
        f"{said} ({type(error).__name__.lstrip('_')})",
        provider=request.provider,
        request=f"{request.method} {urlsplit(request.url).path}",
    ) from None


_WAITS = ("connect", "read", "write", "pool")


def _merged(client: Any, request: Request) -> httpx.Request:
    """The request as the caller's own client sends it: with its headers, cookies and parameters."""
    message: httpx.Request = client.build_request(
        request.method,
        request.url,
        headers=request.headers,
        content=request.content,
        timeout=request.timeout,
    )
    return message


def _plain(client: Any, request: Request) -> httpx.Request:
    """The same for our own client, which adds a few headers to every request and nothing else.

    It is built directly, since httpx's own way takes a tenth of a call.
    """
    import httpx

    url, content = httpx.URL(request.url), request.content
    headers = {b"host": url.netloc}
    headers |= {name.lower(): value for name, value in client.headers.raw}
    headers |= {name.encode(): value.encode() for name, value in request.headers.items()}
    if content is not None or request.method in {"POST", "PUT", "PATCH"}:
        headers[b"content-length"] = b"%d" % len(content or b"")
    return httpx.Request(
        request.method,
        url,
        headers=list(headers.items()),
        stream=httpx.ByteStream(content or b""),
        extensions={"timeout": dict.fromkeys(_WAITS, request.timeout)},
    )


class _TooLongError(Exception):
    """A body without end."""


def _failures() -> tuple[type[Exception], ...]:
    """The errors with which an exchange may end instead of an answer."""
    import httpx

    return (
        httpx.TransportError,
        httpx.DecodingError,
        httpx.StreamError,
        TimeoutError,
        _TooLongError,
    )


class _Body:
    """Collects a body, up to :data:`LONGEST_BODY`."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, part: bytes) -> None:
        self._length += len(part)
        if self._length > LONGEST_BODY:
            raise _TooLongError
        self._parts.append(part)

    def reply(self, response: httpx.Response, url: str) -> Reply:
        return Reply(
            response.status_code,
            {name.lower(): value for name, value in response.headers.items()},
            b"".join(self._parts),
            url,
        )


class Connections:
    """A pool of connections that blocks: the transport of :func:`~willcall.client.flow.drive`.

    After a fork the child opens its own pool: two processes on one TLS connection would read each
    other's answers. May be used from many threads.
    """

    def __init__(self, http_client: Any = None) -> None:
        self._given = http_client
        self._client: Any = http_client
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._closed = False

    def __call__(self, request: Request) -> Reply:
        client = self._open()
        _hush()
        # httpx bounds the wait for each piece; an answer that drips would never time out.
        ends = None if request.timeout is None else time.monotonic() + request.timeout
        body = _Body()
        hush = _ours.set(True)
        try:
            response = client.send(
                (_plain if self._given is None else _merged)(client, request),
                stream=True,
                follow_redirects=False,  # a redirect would carry the key to a stranger
            )
            try:
                for part in response.iter_bytes():
                    body.add(part)
                    if ends is not None and time.monotonic() > ends:
                        raise TimeoutError
            finally:
                response.close()
            return body.reply(response, request.url)
        except _failures() as error:
            _failed(request, error)
        finally:
            _ours.reset(hush)

    def _open(self) -> Any:
        if self._closed:
            raise InputError("client", "it is closed", "make a new one")
        if getattr(self._given, "is_closed", False):
            raise InputError("http_client", "it is closed", "open a new one")
        if self._pid != os.getpid():
            if self._given is not None:
                raise InputError(
                    "http_client", "it was opened before a fork", "open it in the child process"
                )
            # The parent's connections are left alone, and its lock with them: a thread of the
            # parent may have held it at the moment of the fork.
            self._client, self._pid, self._lock = None, os.getpid(), threading.Lock()
        if self._client is None:
            import httpx

            with self._lock:
                if self._client is None:
                    self._client = httpx.Client(verify=_tls(), headers={"user-agent": USER_AGENT})
        return self._client

    def close(self) -> None:
        """Close the pool, unless it was handed in: then its owner closes it."""
        self._closed = True
        if self._client is not None and self._given is None and self._pid == os.getpid():
            self._client.close()


class AsyncConnections:
    """The same for :func:`~willcall.client.flow.adrive`: it belongs to one event loop."""

    def __init__(self, http_client: Any = None) -> None:
        self._given = http_client
        self._client: Any = http_client
        self._loop: Any = None
        self._closed = False

    async def __call__(self, request: Request) -> Reply:
        import asyncio

        client = self._open()
        _hush()
        body = _Body()
        # httpx bounds the wait for each piece, this the whole; a little later than httpx, which can
        # tell a connection that was never made from an answer that never came.
        whole = None if request.timeout is None else request.timeout + 0.05
        hush = _ours.set(True)
        try:
            async with asyncio.timeout(whole):
                response = await client.send(
                    (_plain if self._given is None else _merged)(client, request),
                    stream=True,
                    follow_redirects=False,
                )
                try:
                    async for part in response.aiter_bytes():
                        body.add(part)
                finally:
                    await response.aclose()
                return body.reply(response, request.url)
        except _failures() as error:
            _failed(request, error)
        finally:
            _ours.reset(hush)

    def _open(self) -> Any:
        if self._closed:
            raise InputError("client", "it is closed", "make a new one")
        if getattr(self._given, "is_closed", False):
            raise InputError("http_client", "it is closed", "open a new one")
        import asyncio

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise InputError(
                "client", "no asyncio event loop is running", "run it with asyncio, not with trio"
            ) from None
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise InputError(
                "client",
                "it was first used in another event loop, where its connections live",
                "make one client per event loop",
            )
        if self._client is None:
            import httpx

            self._client = httpx.AsyncClient(verify=_tls(), headers={"user-agent": USER_AGENT})
        return self._client

    async def close(self) -> None:
        """Close the pool, unless it was handed in."""
        self._closed = True
        if self._client is not None and self._given is None:
            await self._client.aclose()


Transport = Callable[[Request], Reply]

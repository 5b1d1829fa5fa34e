"""The only module that imports httpx: connections, and what an exchange comes down to.

httpx's types stay behind this door: flows see our Request and Reply, and our TransportErrors.
httpx itself is imported when the first client is opened, since it costs more than all of us.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
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

if TYPE_CHECKING:
    import ssl

    import httpx

USER_AGENT = f"willcall/{__version__}"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def safe_base_url(url: str) -> str:
    """The URL without a trailing slash, if a key may travel to it.

    Raises:
        InputError: it is not an absolute ``https://`` URL (``http://`` is let through to this
            machine only, where nobody can listen in), or it carries a login, query or fragment.
    """
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise InputError("base_url", "holds a login", "leave user and password out of the URL")
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise InputError("base_url", f"{url!r} is no absolute URL", "start it with https://")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise InputError(
            "base_url",
            f"{url!r} would send the key in the clear",
            "use https://; plain http:// is for localhost only",
        )
    if parts.query or parts.fragment:
        raise InputError("base_url", f"{url!r} has a query or fragment", "end it after the path")
    return url.rstrip("/")


@cache
def _tls() -> ssl.SSLContext:
    """One context for the whole process: making one takes as long as a hundred requests."""
    import httpx

    return httpx.create_ssl_context()


def _failed(request: Request, error: Exception) -> NoReturn:
    """Raise what an httpx error means to us. Its own text may hold a URL: it stays behind."""
    import httpx

    kind: type[TransportError]
    # A full pool and a refused connection have in common that nothing was sent.
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ConnectError):
        kind, said = ConnectError, "no connection"
    elif isinstance(error, httpx.TimeoutException):
        kind, said = RequestTimeoutError, f"no answer within {request.timeout:g} s"
    elif isinstance(error, httpx.UnsupportedProtocol | httpx.ProxyError):
        kind, said = ConnectError, "no connection through the proxy"
    else:
        kind, said = ConnectionLostError, "the connection broke before the answer was read"
    raise kind(
        f"{said} ({type(error).__name__})",
        provider=request.provider,
        request=f"{request.method} {urlsplit(request.url).path}",
    ) from None


def _reply(response: httpx.Response) -> Reply:
    return Reply(
        response.status_code,
        {name.lower(): value for name, value in response.headers.items()},
        response.content,
        str(response.url),
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
        self._closed = False

    def __call__(self, request: Request) -> Reply:
        import httpx

        client = self._open()
        try:
            response = client.request(
                request.method,
                request.url,
                headers=request.headers,
                content=request.content,
                timeout=request.timeout,
                follow_redirects=False,  # a redirect would carry the key to a stranger
            )
        except (httpx.TransportError, httpx.DecodingError) as error:
            _failed(request, error)
        return _reply(response)

    def _open(self) -> Any:
        if self._closed:
            raise InputError("client", "it is closed", "make a new one")
        if self._pid != os.getpid():
            if self._given is not None:
                raise InputError(
                    "http_client", "it was opened before a fork", "open it in the child process"
                )
            self._client, self._pid = None, os.getpid()
        if self._client is None:
            import httpx

            self._client = httpx.Client(verify=_tls(), headers={"user-agent": USER_AGENT})
        return self._client

    def close(self) -> None:
        """Close the pool, unless it was handed in: then it belongs to whoever opened it."""
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
        import httpx

        client = self._open()
        try:
            response = await client.request(
                request.method,
                request.url,
                headers=request.headers,
                content=request.content,
                timeout=request.timeout,
                follow_redirects=False,
            )
        except (httpx.TransportError, httpx.DecodingError) as error:
            _failed(request, error)
        return _reply(response)

    def _open(self) -> Any:
        if self._closed:
            raise InputError("client", "it is closed", "make a new one")
        loop = asyncio.get_running_loop()
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

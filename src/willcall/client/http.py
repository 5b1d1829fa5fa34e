"""The only module that imports httpx or httpx2: connections, and what an exchange comes down to.

httpx2 continues httpx with the same API. Where it is installed, our own connections are made of it;
a client that the user hands in may be of either. "httpx" in this package means whichever it is.

Their types stay behind this door: flows see our Request and Reply, and our TransportErrors. The
library is imported when the first connection is opened, since it takes longer than the rest.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._version import __version__
from ..errors import InputError, Reply
from . import bodies
from .bodies import ENCODINGS, Body
from .causes import failure
from .flow import Request
from .network import AsyncBackend, AwayError, Backend, CallProgress, current
from .pools import KEPT, AsyncPool, Pool
from .redact import hide, scrub
from .routes import Proxy, names_this_machine, proxy_for

if TYPE_CHECKING:
    import ssl

    import httpx

USER_AGENT = f"willcall/{__version__}"


def safe_base_url(url: Any) -> str:
    """The URL without a trailing slash, if a key may travel to it.

    Args:
        url: the URL, as a text or hidden; it may hold a password by mistake.

    Raises:
        InputError: it is not an absolute ``https://`` URL (``http://`` is let through to this
            machine only, where nobody can listen in), or it carries a login, query or fragment.
    """
    hidden = hide(url)
    del url
    refusal = _refusal(hidden.reveal())
    if refusal is not None:
        raise refusal
    return str(hidden.reveal()).rstrip("/")


def _refusal(url: Any) -> InputError | None:
    """Why no key may travel to a URL; None: it may."""
    if not isinstance(url, str):
        return InputError("base_url", f"expected a text, got {type(url).__name__}")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return InputError("base_url", scrub(str(error)), "start it with https://")
    shown = repr(scrub(url))
    if parts.username is not None or parts.password is not None:
        return InputError("base_url", "holds a login", "leave user and password out of the URL")
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        return InputError("base_url", f"{shown} is not an absolute URL", "start it with https://")
    if parts.scheme == "http" and not names_this_machine(parts.hostname):
        return InputError(
            "base_url",
            f"{shown} would send the key in the clear",
            "use https://; plain http:// is for localhost only",
        )
    # An empty label, or one of more than 63 characters, is refused only when a name is looked up.
    labels = [] if ":" in parts.hostname else parts.hostname.removesuffix(".").split(".")
    if not all(0 < len(label) < 64 for label in labels):
        return InputError("base_url", f"{shown} names no host", "check the dots in its name")
    if parts.query or parts.fragment:
        return InputError("base_url", f"{shown} has a query or fragment", "end it after the path")
    if not url.isascii() or not url.isprintable() or " " in url:
        return InputError("base_url", f"{shown} holds what no URL can", "quote it")
    return None


@cache
def library() -> Any:
    """httpx2 where it is installed, else httpx."""
    try:
        import httpx2
    except ModuleNotFoundError:
        import httpx

        return httpx
    return httpx2


_LOUD = ("connection", "http11", "http2", "proxy")


def _not_ours(_: logging.LogRecord) -> bool:
    return current.get() is None


@cache
def _hush() -> None:
    """httpx logs whole URLs, with the addresses in their queries, and httpcore logs headers. Of our
    requests only the logger ``willcall`` reports; those of others are logged as before."""
    for httpx, core in (("httpx", "httpcore"), ("httpx2", "httpcore2")):
        for name in (httpx, *(f"{core}.{part}" for part in _LOUD)):
            logging.getLogger(name).addFilter(_not_ours)


@cache
def _tls() -> ssl.SSLContext:
    """A context for the whole process: making it takes as long as a hundred requests.

    Raises:
        InputError: the environment names certificates, or a file for keys, that cannot be used.
    """
    try:
        context: ssl.SSLContext = library().create_ssl_context()
    except OSError as error:  # an error of TLS is one of these
        name = _unusable()
        if name is None:
            raise
        why = error.strerror or type(error).__name__
        raise InputError(name, f"it cannot be used: {why}", _TLS_FILES[name]) from None
    return context


_TLS_FILES = {
    "SSLKEYLOGFILE": "name a file that can be written, or unset it",
    "SSL_CERT_FILE": "name a readable file of certificates in PEM format, or unset it",
    "SSL_CERT_DIR": "name a readable directory of certificates, or unset it",
}


def _unusable() -> str | None:
    """The variable for which TLS cannot be set up."""
    import ssl

    if os.environ.get("SSLKEYLOGFILE"):
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).keylog_filename = os.environ["SSLKEYLOGFILE"]
        except OSError:
            return "SSLKEYLOGFILE"
    return next((name for name in list(_TLS_FILES)[1:] if os.environ.get(name)), None)


def _bounds(request: Request) -> Any:
    """A request's timeouts as httpx takes them: to connect, read, write, and for its pool."""
    known = [it for it in (request.timeout, request.connect_timeout) if it is not None]
    return (min(known, default=None), request.timeout, request.timeout, request.timeout)


def _merged(client: Any, request: Request, trace: Any) -> httpx.Request:
    """The request as the caller's own client sends it: with its headers, cookies and parameters."""
    message: httpx.Request = client.build_request(
        request.method,
        request.url,
        headers={"accept-encoding": ENCODINGS, **request.headers},
        content=request.content,
        timeout=_bounds(request),
        extensions={"trace": trace},
    )
    return message


# What httpx sends with every request.
_HEADERS = {
    b"accept": b"*/*",
    b"accept-encoding": ENCODINGS.encode(),
    b"connection": b"keep-alive",
    b"user-agent": USER_AGENT.encode(),
}


@lru_cache(maxsize=256)
def _url(lib: Any, url: str) -> Any:
    """The URL as httpx has it. What is polled is polled again, and to parse a URL takes about as
    long as to read an event."""
    return lib.URL(url)


def _plain(request: Request) -> httpx.Request:
    """The request as our own connections send it: the same, built directly.

    httpx's way takes a tenth of a call.
    """
    lib, content = library(), request.content
    url = _url(lib, request.url)
    headers = {b"host": url.netloc, **_HEADERS}
    for name, value in request.headers.items():
        headers[name.encode()] = value.encode()
    if content is not None or request.method in {"POST", "PUT", "PATCH"}:
        headers[b"content-length"] = b"%d" % len(content or b"")
    message: httpx.Request = lib.Request(
        request.method,
        url,
        headers=list(headers.items()),
        stream=lib.ByteStream(content or b""),
    )
    return message


def _failures() -> tuple[type[Exception], ...]:
    """The errors with which an exchange may end instead of an answer.

    httpx lets errors of TLS, of sockets and of names that no resolver takes through as they are.
    """
    used = [sys.modules[name] for name in ("httpx", "httpx2") if name in sys.modules]
    return (
        *(kind for lib in used for kind in (lib.TransportError, lib.StreamError)),
        OSError,
        UnicodeError,
        AwayError,
        bodies.DecodingError,
        bodies.TooLongError,
    )


def _steps(progress: CallProgress) -> Callable[[str, Any], None]:
    """Follows how far a call through a client of the user's has come."""

    def step(name: str, info: Any) -> None:
        if name == "connection.connect_tcp.started":
            progress.connecting = True
        elif name == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            progress.connecting = False

    return step


def _body(response: httpx.Response) -> Body:
    return Body(response.headers.get("content-encoding", ""), bodies.LONGEST_BODY)


def _reply(response: httpx.Response, content: bytes, url: str) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, headers, content, url)


def _transport(proxy: Proxy | None, kind: str, backend: Callable[[Any], Any]) -> Any:
    """A transport of httpx for one connection through a proxy, or straight. It leaves out what
    ``httpx.Client`` adds: redirects, cookies and logins, which are not ours; a third of the time of
    a call.

    Raises:
        InputError: the proxy cannot be used.
    """
    lib = library()
    limits = lib.Limits(max_connections=1, keepalive_expiry=KEPT)
    make = partial(getattr(lib, kind), verify=_tls(), limits=limits)
    transport = make() if proxy is None else _through(proxy, make)
    pool = transport._pool  # httpx has no door to it
    pool._network_backend = backend(pool._network_backend)
    return transport


def _through(proxy: Proxy, make: Callable[..., Any]) -> Any:
    """A transport through a proxy.

    Raises:
        InputError: the proxy cannot be used.
    """
    lib = library()
    try:
        urlsplit(proxy.url)
        return make(proxy=lib.Proxy(proxy.url))
    except ImportError:
        raise InputError(
            proxy.variable,
            "it names a SOCKS proxy, for which a package is missing",
            f"pip install '{lib.__name__}[socks]', or name an http:// proxy",
        ) from None
    except (ValueError, lib.InvalidURL):
        raise InputError(
            proxy.variable,
            "it is not the address of a proxy",
            "write it as in http://proxy.example:3128, or unset it",
        ) from None


def _no_proxy_in_the_clear(client: Any, request: Request) -> None:
    """Refuse to carry a key through a proxy in the clear.

    Raises:
        InputError: the client of the user's would.
    """
    if request.url[:6].lower().startswith("https:"):
        return
    # httpx does not say which way a request would go; whoever makes a client of their own may have
    # given it any transport.
    choose = getattr(client, "_transport_for_url", None)
    transport = None if choose is None else choose(library().URL(request.url))
    pool = getattr(transport, "_pool", None)
    if any(
        kind.__name__ in {"HTTPProxy", "AsyncHTTPProxy", "SOCKSProxy", "AsyncSOCKSProxy"}
        for kind in type(pool).__mro__
    ):
        raise InputError(
            "http_client",
            "it would send the key to a proxy in the clear",
            "open it with trust_env=False",
        )


def _origin(url: str) -> str:
    """Scheme, host and port."""
    return "/".join(url.split("/", 3)[:3])


class Connections:
    """Pools of connections that block: the transport of :func:`~willcall.client.flow.drive`.

    After a fork the child opens pools of its own: two processes on one TLS connection would read
    each other's answers. May be used from many threads.
    """

    def __init__(self, http_client: Any = None) -> None:
        _hush()
        self._given = http_client
        self._start()
        self._closed = False

    def _start(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._pools: dict[str, Pool] = {}
        self._routes: dict[str, Proxy | None] = {}

    def __call__(self, request: Request) -> Reply:
        self._check()
        progress = CallProgress(request)
        token = current.set(progress)
        try:
            if self._given is not None:
                return self._by_their_client(request, progress)
            return self._by_ours(request, progress)
        except _failures() as error:
            lost = failure(progress, error, self._routes.get(_origin(request.url)))
        finally:
            current.reset(token)
        try:
            raise lost  # here, so that no error of httpx is its context: it would hold the key
        finally:
            del lost

    def _by_ours(self, request: Request, progress: CallProgress) -> Reply:
        pool = self._pool(request)
        progress.connecting = True
        transport = pool.take(progress.left_of_call())
        progress.connecting = answered = False
        try:
            progress.begin()
            response = transport.handle_request(_plain(request))
            try:
                progress.answered()
                body = _body(response)
                for part in response.stream:
                    body.add(part)
                reply = _reply(response, body.content(), request.url)
            finally:
                response.close()
            answered = True
            return reply
        finally:
            pool.give_back(transport, answered=answered)

    def _by_their_client(self, request: Request, progress: CallProgress) -> Reply:
        _no_proxy_in_the_clear(self._given, request)
        progress.begin()
        # A redirect would carry the key to a stranger.
        response = self._given.send(
            _merged(self._given, request, _steps(progress)), stream=True, follow_redirects=False
        )
        try:
            progress.answered()
            return _reply(response, _read(response, progress), request.url)
        finally:
            response.close()

    def _check(self) -> None:
        if self._closed:
            raise InputError("client", "it is closed", "make a new one")
        if getattr(self._given, "is_closed", False):
            raise InputError("http_client", "it is closed", "open a new one")
        if self._pid == os.getpid():
            return
        if self._given is not None:
            raise InputError(
                "http_client", "it was opened before a fork", "open it in the child process"
            )
        # The parent's connections are left alone, and its lock with them: a thread of the parent
        # may have held it at the moment of the fork.
        self._start()

    def _pool(self, request: Request) -> Pool:
        origin = _origin(request.url)
        pool = self._pools.get(origin)
        return self._opened(origin, request.url) if pool is None else pool

    def _opened(self, origin: str, url: str) -> Pool:
        with self._lock:
            if origin not in self._pools:
                proxy = self._routes[origin] = proxy_for(url)
                self._pools[origin] = Pool(lambda: _transport(proxy, "HTTPTransport", Backend))
            return self._pools[origin]

    def close(self) -> None:
        """Close the pools, unless a client was handed in: then its owner closes it."""
        self._closed = True
        if self._pid == os.getpid():
            for pool in self._pools.values():
                pool.close()


def _read(response: httpx.Response, progress: CallProgress) -> bytes:
    """The body of a response to a client of the user's, within its time."""
    if response.is_stream_consumed:  # the user's own client has read it
        return response.content
    body = _body(response)
    late = False
    for part in response.iter_raw():
        if late:  # a body that ends late has ended; one that goes on has not
            raise TimeoutError
        body.add(part)
        late = progress.is_over()
    return body.content()


async def _aread(response: httpx.Response) -> bytes:
    """The same, awaited; its time is watched elsewhere."""
    if response.is_stream_consumed:
        return response.content
    body = _body(response)
    async for part in response.aiter_raw():
        body.add(part)
    return body.content()


class AsyncConnections:
    """The same for :func:`~willcall.client.flow.adrive`: it belongs to one event loop."""

    def __init__(self, http_client: Any = None) -> None:
        _hush()
        self._given = http_client
        self._loop: Any = None
        self._closed = False
        self._pools: dict[str, AsyncPool] = {}
        self._routes: dict[str, Proxy | None] = {}

    async def __call__(self, request: Request) -> Reply:
        self._check()
        progress = CallProgress(request)
        token = current.set(progress)
        try:
            if self._given is not None:
                return await self._by_their_client(request, progress)
            return await self._by_ours(request, progress)
        except _failures() as error:
            lost = failure(progress, error, self._routes.get(_origin(request.url)))
        finally:
            current.reset(token)
        try:
            raise lost
        finally:
            del lost

    async def _by_ours(self, request: Request, progress: CallProgress) -> Reply:
        pool = await self._pool(request)
        progress.connecting = True
        transport = await pool.take(progress.left_of_call())
        progress.connecting = answered = False
        try:
            progress.begin()
            response = await transport.handle_async_request(_plain(request))
            try:
                progress.answered()
                body = _body(response)
                async for part in response.stream:
                    body.add(part)
                reply = _reply(response, body.content(), request.url)
            finally:
                await response.aclose()
            answered = True
            return reply
        finally:
            pool.give_back(transport, answered=answered)

    async def _by_their_client(self, request: Request, progress: CallProgress) -> Reply:
        import asyncio

        _no_proxy_in_the_clear(self._given, request)
        follow = _steps(progress)

        async def trace(name: str, info: Any) -> None:
            follow(name, info)

        progress.begin()
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(progress.left()) as whole:
            response = await self._given.send(
                _merged(self._given, request, trace), stream=True, follow_redirects=False
            )
            try:
                progress.answered()
                left = progress.left()
                whole.reschedule(None if left is None else loop.time() + left)
                return _reply(response, await _aread(response), request.url)
            finally:
                await response.aclose()

    def _check(self) -> None:
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

    async def _pool(self, request: Request) -> AsyncPool:
        origin = _origin(request.url)
        if origin not in self._pools:
            import asyncio

            # It may ask a resolver.
            proxy = await asyncio.to_thread(proxy_for, request.url)
            if origin not in self._pools:
                self._routes[origin] = proxy
                self._pools[origin] = AsyncPool(
                    lambda: _transport(proxy, "AsyncHTTPTransport", AsyncBackend)
                )
        return self._pools[origin]

    async def close(self) -> None:
        """Close the pools, unless a client was handed in."""
        self._closed = True
        for pool in self._pools.values():
            await pool.close()


Transport = Callable[[Request], Reply]

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
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._version import __version__
from ..errors import InputError, Reply
from . import bodies
from .bodies import ENCODINGS, Body
from .causes import failure
from .flow import Request
from .network import AsyncBackend, AwayError, Backend, CallProgress, current
from .redact import hide, scrub
from .routes import Proxy, names_this_machine, proxy_for

if TYPE_CHECKING:
    import ssl

    import httpx

USER_AGENT = f"willcall/{__version__}"
_MOST_CONNECTIONS = 100
# So many connections are opened at once; each answer allows one more, up to the most. A server that
# is asked by 500 calls at the same moment would refuse some.
_FIRST_CONNECTIONS = 10


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
    """A request's timeouts as httpx takes them."""
    import httpx

    known = [it for it in (request.timeout, request.connect_timeout) if it is not None]
    return httpx.Timeout(request.timeout, connect=min(known, default=None))


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


def _plain(request: Request) -> httpx.Request:
    """The request as our own connections send it: the same, built directly.

    httpx's way takes a tenth of a call.
    """
    lib, content = library(), request.content
    url = lib.URL(request.url)
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
        extensions={"timeout": {"pool": request.timeout}},
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


def _through(proxy: Proxy | None, kind: str) -> Any:
    """A transport of httpx through a proxy, or straight. It leaves out what ``httpx.Client`` adds:
    redirects, cookies and logins, which are not ours; a third of the time of a call.

    Raises:
        InputError: the proxy cannot be used.
    """
    httpx, tls = library(), _tls()
    transport = getattr(httpx, kind)
    limits = httpx.Limits(
        max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_CONNECTIONS
    )
    if proxy is None:
        return transport(verify=tls, limits=limits)
    try:
        urlsplit(proxy.url)
        return transport(verify=tls, limits=limits, proxy=httpx.Proxy(proxy.url))
    except ImportError:
        raise InputError(
            proxy.variable,
            "it names a SOCKS proxy, for which a package is missing",
            f"pip install '{httpx.__name__}[socks]', or name an http:// proxy",
        ) from None
    except (ValueError, httpx.InvalidURL):
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
        # httpcore never has to queue a call, see _Pool.
        self._free = threading.Semaphore(_MOST_CONNECTIONS)
        self._transports: dict[Proxy | None, Any] = {}
        self._routes: dict[str, Proxy | None] = {}

    def __call__(self, request: Request) -> Reply:
        self._check()
        given, progress = self._given, CallProgress(request)
        if given is None:
            transport = self._transport(request)
        else:
            _no_proxy_in_the_clear(given, request)
        free = self._free
        if not free.acquire(timeout=progress.left_of_call()):
            progress.connecting = True
            raise failure(progress, TimeoutError(), None)
        token = current.set(progress)
        try:
            progress.begin()
            if given is None:
                response = transport.handle_request(_plain(request))
            else:
                # A redirect would carry the key to a stranger.
                message = _merged(given, request, _steps(progress))
                response = given.send(message, stream=True, follow_redirects=False)
            try:
                progress.answered()
                content = _read(response, given=given is not None, progress=progress)
                return _reply(response, content, request.url)
            finally:
                response.close()
        except _failures() as error:
            lost = failure(progress, error, self._routes.get(_origin(request.url)))
        finally:
            free.release()
            current.reset(token)
        try:
            raise lost  # here, so that no error of httpx is its context: it would hold the key
        finally:
            del lost

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

    def _transport(self, request: Request) -> Any:
        origin = _origin(request.url)
        if origin not in self._routes:
            self._routes[origin] = proxy_for(request.url)
        proxy = self._routes[origin]
        transport = self._transports.get(proxy)
        return self._opened(proxy) if transport is None else transport

    def _opened(self, proxy: Proxy | None) -> Any:
        with self._lock:
            if proxy not in self._transports:
                transport = _through(proxy, "HTTPTransport")
                pool = transport._pool  # httpx has no door to it
                pool._network_backend = Backend(pool._network_backend)
                self._transports[proxy] = transport
            return self._transports[proxy]

    def close(self) -> None:
        """Close the pools, unless a client was handed in: then its owner closes it."""
        self._closed = True
        if self._pid == os.getpid():
            for transport in self._transports.values():
                transport.close()


def _read(response: httpx.Response, *, given: bool, progress: CallProgress) -> bytes:
    """The body of a response. Only of a client of the user's its time has to be watched here."""
    if response.is_stream_consumed:  # the user's own client has read it
        return response.content
    body = _body(response)
    late = False
    parts: Any = response.iter_raw() if given else response.stream
    for part in parts:
        if late:  # a body that ends late has ended; one that goes on has not
            raise TimeoutError
        body.add(part)
        late = given and progress.is_over()
    return body.content()


async def _aread(response: httpx.Response, *, given: bool) -> bytes:
    """The same, awaited."""
    if response.is_stream_consumed:
        return response.content
    body = _body(response)
    parts: Any = response.aiter_raw() if given else response.stream
    async for part in parts:
        body.add(part)
    return body.content()


class _Pool:
    """A pool of connections, and who uses it.

    A call whose task is cancelled may leave a connection behind that httpcore takes to be in use
    for ever. Such a pool is retired: no new call uses it, and it is closed after the last one.
    """

    def __init__(self, proxy: Proxy | None) -> None:
        import asyncio

        self.transport = _through(proxy, "AsyncHTTPTransport")
        self._core = self.transport._pool  # httpx has no door to it
        self._core._network_backend = AsyncBackend(self._core._network_backend)
        # httpcore never has to queue a call: with 500 of them its queue takes seconds.
        self._free = asyncio.Semaphore(_FIRST_CONNECTIONS)
        self._most = _FIRST_CONNECTIONS
        self.users = 0
        self.retired = self.closed = False

    async def enter(self, progress: CallProgress) -> None:
        """Wait for a connection; a wait that takes up the whole call is an error."""
        if self._free.locked():
            import asyncio

            try:
                async with asyncio.timeout(progress.left_of_call()):
                    await self._free.acquire()
            except TimeoutError:
                progress.connecting = True
                raise
        else:
            await self._free.acquire()
        self.users += 1

    def leave(self, *, answered: bool) -> None:
        """Its connection is free again, or closed."""
        self.users -= 1
        self._free.release()
        if answered and self._most < _MOST_CONNECTIONS:
            self._most += 1
            self._free.release()

    @property
    def stuck(self) -> bool:
        """Whether more connections are in use than there are calls."""
        busy = (not (it.is_idle() or it.is_closed()) for it in self._core.connections)
        return sum(busy) > self.users

    async def close(self) -> None:
        """Close its connections."""
        self.closed = True
        await self.transport.aclose()


class AsyncConnections:
    """The same for :func:`~willcall.client.flow.adrive`: it belongs to one event loop."""

    def __init__(self, http_client: Any = None) -> None:
        _hush()
        self._given = http_client
        self._loop: Any = None
        self._closed = False
        self._pools: dict[Proxy | None, _Pool] = {}
        self._routes: dict[str, Proxy | None] = {}
        self._closing: set[Any] = set()

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
        await pool.enter(progress)
        answered = False
        try:
            progress.begin()
            response = await pool.transport.handle_async_request(_plain(request))
            try:
                progress.answered()
                reply = _reply(response, await _aread(response, given=False), request.url)
            finally:
                await response.aclose()
            answered = True
            return reply
        finally:
            pool.leave(answered=answered)
            if not answered and pool.stuck:
                self._retire(pool)
            if pool.retired and pool.users == 0:
                self._close(pool)

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
                return _reply(response, await _aread(response, given=True), request.url)
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

    async def _pool(self, request: Request) -> _Pool:
        import asyncio

        origin = _origin(request.url)
        if origin not in self._routes:
            # It may ask a resolver.
            self._routes[origin] = await asyncio.to_thread(proxy_for, request.url)
        proxy = self._routes[origin]
        if proxy not in self._pools:
            self._pools[proxy] = _Pool(proxy)
        return self._pools[proxy]

    def _retire(self, pool: _Pool) -> None:
        """Use a pool no more."""
        pool.retired = True
        self._pools = {proxy: it for proxy, it in self._pools.items() if it is not pool}

    def _close(self, pool: _Pool) -> None:
        """Close a pool, whatever becomes of the call that was its last."""
        task = self._loop.create_task(pool.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close the pools, unless a client was handed in."""
        self._closed = True
        for pool in self._pools.values():
            await pool.close()
        for task in list(self._closing):
            await task


Transport = Callable[[Request], Reply]

"""Why no connection was made, or why it broke: in words, and as an error to chain.

The errors of httpx and httpcore are not chained as they are: their tracebacks have variables, and
their attributes have headers, in which the key is.
"""

from __future__ import annotations

import copy
import errno
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConnectError, ConnectionLostError, RequestTimeoutError, TransportError
from . import bodies
from .bodies import TooLongError
from .network import AwayError, CallProgress
from .redact import scrub
from .routes import Proxy

# By the number that OpenSSL gives a certificate that it refuses.
_EXPIRED, _NOT_YET = 10, 9
_WRONG_HOST = (62, 64)
_UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and what caused it.

    A context does not count: it may be any error of the caller's, in whose ``except`` the call was
    made. httpcore drops causes, but keeps them as arguments.
    """
    here: BaseException | None = error
    while here is not None:
        yield here
        inner = here.__cause__ or next(
            (it for it in here.args if isinstance(it, BaseException)), None
        )
        if isinstance(inner, BaseExceptionGroup):  # of several addresses, the last one tried
            inner = inner.exceptions[-1]
        here = inner


def root(error: BaseException) -> BaseException:
    """The error at the bottom: that of the operating system, of TLS or of the resolver if there is
    one."""
    found = [it for it in _chain(error) if isinstance(it, Exception)]
    own = [it for it in found if isinstance(it, OSError) and it.errno is not None]
    return (own or found)[-1]


class Detail(Exception):  # noqa: N818 - it is only ever the cause of an error
    """What a library said of a failure, without what else its error held."""


def cause_of(error: BaseException) -> Exception:
    """The error to chain: the one at the bottom, without its traceback, requests or keys."""
    bottom = root(error)
    if isinstance(bottom, OSError):
        clean: Exception = copy.copy(bottom)
        clean.args = tuple(scrub(it) if isinstance(it, str) else it for it in bottom.args)
    else:
        # A proxy may repeat the password that it refuses.
        text = str(bottom)[:3] if _is(bottom, "ProxyError") else str(bottom)
        clean = Detail(scrub(f"{type(bottom).__name__}: {text}".removesuffix(": ")))
    clean.__cause__ = clean.__context__ = clean.__traceback__ = None
    return clean


def failure(progress: CallProgress, error: Exception, proxy: Proxy | None) -> TransportError:
    """Our error for one of httpx or of the network.

    Args:
        progress: how far the call had come.
        error: the error. Its own text may hold a URL, so it is in the cause alone, scrubbed.
        proxy: through which it went.
    """
    kind, said, hint = _said(progress, error, proxy)
    request = progress.request
    ours = kind(
        said,
        provider=request.provider,
        request=f"{request.method} {urlsplit(request.url).path}",
        hint=hint or None,
    )
    ours.__cause__ = cause_of(error)
    return ours


def _is(error: BaseException, *names: str) -> bool:
    """Whether an error is of one of these kinds of httpx, which is not imported here."""
    return any(kind.__name__ in names for kind in type(error).__mro__)


def _said(
    progress: CallProgress, error: Exception, proxy: Proxy | None
) -> tuple[type[TransportError], str, str]:
    request, name = progress.request, type(error).__name__
    if isinstance(error, AwayError):
        said = "the address is not this machine, and plain http is for it alone"
        return ConnectError, said, "use https://"
    if _is(error, "UnsupportedProtocol", "ProxyError"):
        between = "the proxy" if proxy is None else f"the proxy in {proxy.variable}"
        status = str(error)[:3]
        answer = f"answered {status}" if status.isdecimal() else f"made no connection ({name})"
        hint = "put user and password into its URL" if status == "407" else "check the proxy"
        return ConnectError, f"no connection: {between} {answer}", hint
    # A full pool and a refused connection have in common that nothing was sent.
    if progress.connecting or _is(error, "ConnectTimeout", "PoolTimeout", "ConnectError"):
        where = _where(progress, proxy)
        if isinstance(error, TimeoutError) or _is(error, "TimeoutException"):
            return ConnectError, f"no connection to {where} in time ({name})", "try again later"
        said, hint = why(error, where) or (name, "")
        return ConnectError, f"no connection: {said}", hint
    if isinstance(error, TimeoutError) or _is(error, "TimeoutException"):
        return RequestTimeoutError, f"no answer within {request.timeout or 0:g} s ({name})", ""
    if isinstance(error, TooLongError):
        return ConnectionLostError, f"the answer is longer than {bodies.LONGEST_BODY} bytes", ""
    said, _ = why(error, _where(progress, None)) or (name, "")
    return ConnectionLostError, f"the connection broke before the answer was read ({said})", ""


def _where(progress: CallProgress, proxy: Proxy | None) -> str:
    """What was to be connected to: the host, or the proxy before it."""
    if proxy is not None and not progress.tunnelled:
        return f"the proxy in {proxy.variable}"
    parts = urlsplit(progress.request.url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def why(error: BaseException, where: str) -> tuple[str, str] | None:
    """What went wrong, and what to do about it; None: nothing more than the error's name is known.

    Args:
        error: as it came from the network.
        where: the host, or the proxy, that was to be connected to.
    """
    import socket
    import ssl

    bottom: Any = root(error)
    if isinstance(bottom, ssl.SSLCertVerificationError):
        return _certificate(bottom, where)
    if isinstance(bottom, ssl.SSLError):
        reason = (
            str(getattr(bottom, "reason", None) or "").lower().replace("_", " ")
            or "the handshake failed"
        )
        return f"no TLS with {where}: {reason}", "check that it is an https:// address"
    if isinstance(bottom, socket.gaierror):
        if bottom.errno == socket.EAI_AGAIN:
            return f"the name of {where} could not be looked up", "check the network's DNS"
        return f"nobody knows the name of {where}", "check its spelling, and the network's DNS"
    if isinstance(bottom, ConnectionRefusedError):
        return (
            f"{where} refuses the connection",
            "check the address; if it is right, try again later",
        )
    if isinstance(bottom, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return f"{where} closed the connection", "try again later"
    number = getattr(bottom, "errno", None)
    if number in {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}:
        return f"there is no route to {where}", "check the network"
    if number in {errno.EMFILE, errno.ENFILE}:
        return "this process has too many open files", "close some, or raise its limit (ulimit -n)"
    return None


def _certificate(error: Any, where: str) -> tuple[str, str]:
    code = error.verify_code
    if code in _WRONG_HOST:
        return f"the certificate of {where} is for another host", "check the address"
    if code == _EXPIRED:
        return f"the certificate of {where} has expired", "check this machine's clock"
    if code == _NOT_YET:
        return f"the certificate of {where} is not valid yet", "check this machine's clock"
    if code in _UNKNOWN_AUTHORITY:
        return (
            f"the certificate of {where} is not from a known authority",
            "name the file of its authority in SSL_CERT_FILE",
        )
    return f"the certificate of {where} is not accepted: {error.verify_message}", ""

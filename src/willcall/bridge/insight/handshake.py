"""Whether a server can be reached at all, step by step: its name, its port, its certificate.

For those who look for what is wrong; calls themselves never come here.
"""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import attrs

from ...client.http import _tls


@attrs.frozen(kw_only=True)
class Place:
    """Where a base URL leads; ``proxy`` says that requests take another way than the direct one."""

    host: str
    port: int
    secure: bool
    proxy: bool


@attrs.frozen(kw_only=True)
class Greeting:
    """What a server has shown of itself: the TLS version, and until when its certificate holds."""

    version: str
    expires: datetime | None


def place(base_url: str) -> Place:
    """Where a base URL leads."""
    parts = urlsplit(base_url)
    secure = parts.scheme == "https"
    host = parts.hostname or ""
    proxies = getproxies()
    proxied = bool(proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(host)
    return Place(
        host=host, port=parts.port or (443 if secure else 80), secure=secure, proxy=proxied
    )


def resolve(where: Place) -> list[str]:
    """The addresses behind a name.

    Raises:
        OSError: it has none, or nobody can be asked.
    """
    found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    return sorted({str(one[4][0]) for one in found})


def greet(where: Place, timeout: float = 10.0) -> Greeting:
    """Connect, and shake hands as a call would.

    Raises:
        ssl.SSLCertVerificationError: its certificate is not to be trusted.
        OSError: nobody answers, or not in TLS.
    """
    with (
        socket.create_connection((where.host, where.port), timeout) as plain,
        _tls().wrap_socket(plain, server_hostname=where.host) as secure,
    ):
        told = (secure.getpeercert() or {}).get("notAfter")
        expires = None
        if isinstance(told, str):
            expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(told), UTC)
        return Greeting(version=secure.version() or "TLS", expires=expires)

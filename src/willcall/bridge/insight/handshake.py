"""Whether a server can be reached, step by step: its name, its port, its certificate.

Only ``willcall doctor`` uses this; calls of the clients do not.
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
class Server:
    """The server of a base URL; ``proxy`` says that requests to it go through a proxy."""

    host: str
    port: int
    secure: bool
    proxy: bool


@attrs.frozen(kw_only=True)
class Handshake:
    """What a TLS handshake has shown: the version, and when the certificate expires."""

    version: str
    expires: datetime | None


def server_of(base_url: str) -> Server:
    """The server of a base URL."""
    parts = urlsplit(base_url)
    secure = parts.scheme == "https"
    host = parts.hostname or ""
    proxies = getproxies()
    proxied = bool(proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(host)
    return Server(
        host=host, port=parts.port or (443 if secure else 80), secure=secure, proxy=proxied
    )


def resolve(server: Server) -> list[str]:
    """The IP addresses of a server's name.

    Raises:
        OSError: it has none, or no name server answered.
    """
    found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    return sorted({str(address[4][0]) for address in found})


def shake_hands(server: Server, timeout: float = 10.0) -> Handshake:
    """Connect and do a TLS handshake as a call would.

    Raises:
        ssl.SSLCertVerificationError: the certificate is not trusted.
        OSError: the server does not answer, or not in TLS.
    """
    with (
        socket.create_connection((server.host, server.port), timeout) as plain,
        _tls().wrap_socket(plain, server_hostname=server.host) as secure,
    ):
        expiry = (secure.getpeercert() or {}).get("notAfter")
        expires = None
        if isinstance(expiry, str):
            expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(expiry), UTC)
        return Handshake(version=secure.version() or "TLS", expires=expires)

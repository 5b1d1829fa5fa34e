"""Which way a request goes: straight, or through the proxy that the environment names.

Nothing that is for this machine goes through a proxy, whatever the environment says: it would carry
the key over the network, in the clear if the address is ``http://``.
"""

from __future__ import annotations

import os
import socket
import threading
from functools import cache
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import attrs

# Seconds: a name that is not resolved by then does not lead to this machine.
_RESOLVED_WITHIN = 1.0


@attrs.frozen
class Proxy:
    """A proxy of the environment, and the variable that names it. Its URL may hold a password."""

    variable: str
    url: str = attrs.field(repr=False)


def is_loopback(address: str) -> bool:
    """Whether an IP address is one of this machine's own: 127.0.0.0/8 or ::1."""
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def names_this_machine(host: str) -> bool:
    """Whether a host can only be this machine: an address of its own, or ``localhost``."""
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)


def known_name(host: str) -> str:
    """A name for a host that every resolver knows: few know ``shop.localhost``."""
    return "localhost" if host.lower().rstrip(".").endswith(".localhost") else host


def getproxies() -> dict[str, str]:
    """The proxies that the environment, or the system, names by scheme.

    urllib.request is imported here, because it takes longer than the rest of a client.
    """
    from urllib import request

    return request.getproxies()


def proxy_for(url: str) -> Proxy | None:
    """The proxy through which a URL is to be asked; None: none."""
    parts = urlsplit(url)
    if parts.scheme == "http":
        return None  # it leads to this machine, or is refused
    proxies = getproxies()
    chosen = proxies.get(parts.scheme) or proxies.get("all")
    host = (parts.hostname or "").rstrip(".")
    if not chosen or _excepted(host, parts.port, proxies.get("no", "")):
        return None
    if names_this_machine(host) or _leads_here(host):
        return None
    # Without a scheme it is a proxy that speaks HTTP.
    return Proxy(_variable(chosen), chosen if "://" in chosen else f"http://{chosen}")


def _variable(value: str) -> str:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        if os.environ.get(name) == value:
            return name
    return "HTTPS_PROXY"  # it came from the settings of the system


def _excepted(host: str, port: int | None, no_proxy: str) -> bool:
    """Whether ``NO_PROXY`` names a host: by itself, by a suffix of it, or by a network."""
    for entry in no_proxy.lower().split(","):
        name = entry.strip().rpartition("://")[2].rstrip(".")
        if name == "*" or (name and _matches(host.lower(), port, name)):
            return True
    return False


def _matches(host: str, port: int | None, name: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        head, _, tail = name.rpartition(":")
        if head and tail.isdigit():
            if int(tail) != (port or 443):
                return False
            name = head
        name = name.removeprefix("*").lstrip(".")
        return host == name or host.endswith(f".{name}")
    try:
        return address in ip_network(name.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return False


@cache
def _leads_here(host: str) -> bool:
    """Whether a name is resolved to this machine, as by ``/etc/hosts``. A resolver that does not
    answer must not hold a call that goes through a proxy anyway."""
    found: list[bool] = []

    def resolve() -> None:
        try:
            addresses = {str(row[4][0]) for row in socket.getaddrinfo(host, None)}
        except (OSError, UnicodeError):
            return
        found.append(all(map(is_loopback, addresses)))

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(_RESOLVED_WITHIN)
    return found == [True]

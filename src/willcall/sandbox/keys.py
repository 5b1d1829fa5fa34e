"""API keys of both services: scopes, expiry, revocation. A key's text never shows in a repr."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from willcall.sandbox.ids import scramble

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

Service = Literal["ticketsmart", "ticket0"]

SERVICES: tuple[Service, ...] = ("ticketsmart", "ticket0")
SCOPES: dict[Service, tuple[str, ...]] = {
    "ticketsmart": ("events:read", "events:write"),
    "ticket0": (
        "tickets:read",
        "tickets:write",
        "messages:read",
        "messages:send",
        "customers:read",
        "customers:write",
        "admin",
    ),
}
PREFIX: dict[Service, str] = {"ticketsmart": "ts_sk_test_", "ticket0": "t0_test_"}
MOST_ACTIVE_KEYS = 10
"""TicketSmart: per box office (documented)."""


@dataclass(slots=True)
class Key:
    """One key. ``home`` is the box office it belongs to (TicketSmart), or the workspace."""

    service: Service
    name: str
    scopes: frozenset[str]
    home: str
    token: str = field(repr=False)
    expires_at: datetime | None = None
    revoked: bool = False

    def active(self, now: datetime) -> bool:
        """Whether the key authenticates at ``now``."""
        return not self.revoked and (self.expires_at is None or now < self.expires_at)

    def allows(self, scope: str) -> bool:
        """Whether the key grants ``scope``; ``admin`` grants all."""
        return scope in self.scopes or "admin" in self.scopes


class KeyRing:
    """All keys of a sandbox."""

    def __init__(self, seed: int, lock: threading.RLock) -> None:
        """The same ``seed`` makes the same keys in the same order."""
        self.lock = lock
        self._seed = seed
        self._keys: list[Key] = []

    def new(
        self,
        service: Service,
        *,
        scopes: Iterable[str] | None,
        name: str | None,
        home: str,
        expires_at: datetime | None,
        now: datetime,
    ) -> Key:
        """Make a key; ``ValueError`` for an unknown scope, a name in use, or an eleventh key."""
        if service not in SERVICES:
            raise ValueError(f"service: {service!r} is unknown; use one of {', '.join(SERVICES)}")
        usual = [scope for scope in SCOPES[service] if scope != "admin"]
        wanted = frozenset(usual if scopes is None else scopes)
        if unknown := wanted - set(SCOPES[service]):
            raise ValueError(
                f"scopes: {', '.join(sorted(unknown))} unknown; known: {', '.join(SCOPES[service])}"
            )
        with self.lock:
            number = 1 + sum(key.service == service for key in self._keys)
            name = name or f"{service}-{number}"
            if any(key.name == name for key in self._keys):
                raise ValueError(f"name: there is a key called {name!r} already")
            active = [key for key in self.of(service) if key.home == home and key.active(now)]
            if service == "ticketsmart" and len(active) >= MOST_ACTIVE_KEYS:
                raise ValueError(f"a box office can have up to {MOST_ACTIVE_KEYS} active keys")
            token = PREFIX[service] + scramble(f"{self._seed}/key/{service}/{number}", 24)
            key = Key(service, name, wanted, home, token, expires_at)
            self._keys.append(key)
            return key

    def of(self, service: Service) -> list[Key]:
        """The keys of a service, oldest first, including revoked keys."""
        with self.lock:
            return [key for key in self._keys if key.service == service]

    def find(self, token_or_name: str) -> Key:
        """A key by its text or its name; ``LookupError`` if there is none."""
        with self.lock:
            for key in self._keys:
                if token_or_name in (key.token, key.name):
                    return key
        raise LookupError("no such key")

    def authenticate(self, service: Service, token: str, now: datetime) -> Key | None:
        """The active key with this text, or ``None``."""
        with self.lock:
            for key in self._keys:
                if key.service == service and key.token == token and key.active(now):
                    return key
        return None

    def conceal(self, text: str) -> str:
        """``text`` with every known key replaced by its name in angle brackets."""
        with self.lock:
            for key in self._keys:
                text = text.replace(key.token, f"<{key.name}>")
        return text

"""What never reaches a log, a repr, a traceback, a cassette or an error.

A key is recognized by its shape where its provider has one (``ts_sk_…``, ``t0_…``). Any other key
is recognized by its value, which is given to :func:`keep_secret` when an account is opened.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import attrs

from ..errors import Reply
from .forks import ForkSafeLock

# Whatever looks like a key of TicketSmart or Ticket0; `_` and `-` occur inside live keys.
_KEYS = re.compile(r"\b(ts_sk_|t0_)[A-Za-z0-9_\-]{4,}")
_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
# The same in a path, where the at sign is quoted.
_QUOTED_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+%40[A-Za-z0-9.\-]+", re.IGNORECASE)
MASK = "***"


class Hidden:
    """A value that nothing shows: no repr, no ``attrs.asdict``, no pickle and no copy.

    Tools such as Sentry send the variables of every function on the way of an error. A function
    that is handed a secret hides it first and deletes its argument.
    """

    __slots__ = ("reveal",)

    def __init__(self, value: Any) -> None:
        self.reveal: Callable[[], Any] = lambda: value

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hidden) and bool(self.reveal() == other.reveal())

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __reduce__(self) -> Any:
        raise TypeError("it is secret, so it is neither pickled nor copied")


def hide(value: Any) -> Hidden:
    """A value, hidden if it is not yet."""
    return value if isinstance(value, Hidden) else Hidden(value)


_lock = ForkSafeLock()
# The values themselves: a hash could not be found within a text.
_kept: tuple[str, ...] = ()


def keep_secret(*secrets: str) -> None:
    """From now on :func:`scrub` masks these values wherever they occur, in this process.

    Their spellings in a URL and in JSON are masked as well. Secrets that have a known shape are
    masked without being kept.
    """
    global _kept  # noqa: PLW0603 - what is secret is so for the whole process
    spelled = {
        spelling
        for secret in secrets
        if secret and not _KEYS.fullmatch(secret)
        for spelling in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1])
    }
    with _lock:
        if not spelled.issubset(_kept):
            # The longest first: a secret may be a part of another.
            _kept = tuple(sorted(spelled.union(_kept), key=len, reverse=True))


def scrub(text: str, *secrets: str) -> str:
    """The text without keys: the given ones, those that are kept, and whatever looks like one."""
    for secret in (*secrets, *_kept):
        if secret:
            text = text.replace(secret, MASK)
    return _KEYS.sub(lambda found: found[1] + MASK, text)


def scrub_addresses(text: str) -> str:
    """The text without e-mail addresses."""
    return _EMAIL.sub(MASK, text)


def scrub_path(path: str, *secrets: str) -> str:
    """A quoted path without keys and e-mail addresses that were given as ids."""
    quoted = [quote(secret, safe="") for secret in secrets]
    return _QUOTED_EMAIL.sub(MASK, scrub_addresses(scrub(path, *secrets, *quoted)))


def scrub_reply(reply: Reply, *secrets: str) -> Reply:
    """The reply without keys, in case a provider or a proxy echoes what it was sent."""
    body = scrub(reply.body.decode("utf-8", "surrogateescape"), *secrets)
    headers = {name: scrub(value, *secrets) for name, value in reply.headers.items()}
    clean = body.encode("utf-8", "surrogateescape")
    return attrs.evolve(reply, body=clean, headers=headers, url=scrub(reply.url, *secrets))

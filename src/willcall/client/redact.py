"""What never reaches a log, a repr, a traceback, a cassette or an error."""

from __future__ import annotations

import re
from urllib.parse import quote

import attrs

from ..errors import Reply

# Anything that looks like one of the keys we know; `_` and `-` occur inside live keys.
_KEYS = re.compile(r"\b(ts_sk_|t0_)[A-Za-z0-9_\-]{4,}")
_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
# The same in a path, where the at sign is quoted.
_QUOTED_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+%40[A-Za-z0-9.\-]+", re.IGNORECASE)
MASK = "***"


def scrub(text: str, *secrets: str) -> str:
    """The text without keys: the given ones, and whatever has the shape of one."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    return _KEYS.sub(lambda found: found[1] + MASK, text)


def scrub_addresses(text: str) -> str:
    """The text without e-mail addresses."""
    return _EMAIL.sub(MASK, text)


def scrub_path(path: str, *secrets: str) -> str:
    """A quoted path without keys and e-mail addresses, should one have been given as an id."""
    quoted = [quote(secret, safe="") for secret in secrets]
    return _QUOTED_EMAIL.sub(MASK, scrub_addresses(scrub(path, *secrets, *quoted)))


def scrub_reply(reply: Reply, *secrets: str) -> Reply:
    """The reply without keys, in case a provider or a proxy echoes what it was sent."""
    body = scrub(reply.body.decode("utf-8", "surrogateescape"), *secrets)
    headers = {name: scrub(value, *secrets) for name, value in reply.headers.items()}
    clean = body.encode("utf-8", "surrogateescape")
    return attrs.evolve(reply, body=clean, headers=headers, url=scrub(reply.url, *secrets))

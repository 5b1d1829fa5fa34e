"""Markers: the short codes by which willcall recognises at the desk what it has sent.

The marker of a case stands in the subject of its ticket, ``… [wc-3k9f2m7q]``. The last line of a
message or note is the marker of the act, ``Reference: wc-3k9f2m7q-3``: that of the case, and the
position of the act. Markers are derived from what a case is about, so that a lost ledger can be
rebuilt from the tickets.
"""

from __future__ import annotations

import hashlib
import re

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing to misread on the phone
_LENGTH = 8
_IN_SUBJECT = re.compile(r"\[(wc-[0-9a-hjkmnp-tv-z]{8})\]")
LAST_LINE = "Reference: "
"""How a line that holds a marker begins."""


def case_marker(box_office: str, rule: str, kind: str, subject: str, occurrence: int) -> str:
    """The marker of a case. ``occurrence`` counts those of this rule, kind and subject, from 1."""
    identity = "\x1f".join((box_office, rule, kind, subject, str(occurrence)))
    return f"wc-{code(hashlib.sha256(identity.encode()).digest())}"


def code(digest: bytes) -> str:
    """The first bits of a digest as a short code."""
    number = int.from_bytes(digest[:8])
    return "".join(_ALPHABET[number >> (5 * i) & 31] for i in range(_LENGTH))


def act_marker(marker: str, position: int) -> str:
    """The marker of an act; ``position`` is its place among the acts of the case, from 1."""
    return f"{marker}-{position}"


def in_subject(subject: str, marker: str) -> str:
    """The subject with its marker."""
    return f"{subject} [{marker}]"


def read_subject(subject: str) -> str | None:
    """The marker in a subject, or None. The last counts, since a reply may quote others before."""
    found = _IN_SUBJECT.findall(subject)
    return found[-1] if found else None


def in_text(text: str, marker: str) -> str:
    """The text with its marker in the last line."""
    return f"{text}\n\n{LAST_LINE}{marker}"


def marks(text: str, marker: str) -> bool:
    """Whether a text has this marker in a line of its own.

    It was written as the last line, but a desk may append a signature.
    """
    return any(line.strip() == LAST_LINE + marker for line in text.splitlines())

"""Markers: the short codes by which an act of ours is recognised afterwards.

A case's marker stands in its ticket's subject, ``… [wc-3k9f2m7q]``. A message or note carries the
case's marker and its own place in the case's life in its last line, ``Reference: wc-3k9f2m7q-3``.
Markers are derived from what a case is about, so that a lost ledger can be rebuilt from them.
"""

from __future__ import annotations

import hashlib
import re

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: nothing to misread on the phone
_LENGTH = 8
_IN_SUBJECT = re.compile(r"\[(wc-[0-9a-hjkmnp-tv-z]{8})\]")
_LAST_LINE = "Reference: "


def case_marker(box_office: str, rule: str, kind: str, subject: str, occurrence: int) -> str:
    """The marker of a case: of the ``occurrence``-th time (from 1) that this happened to it."""
    told = "\x1f".join((box_office, rule, kind, subject, str(occurrence)))
    number = int.from_bytes(hashlib.sha256(told.encode()).digest()[:8])
    return "wc-" + "".join(_ALPHABET[number >> (5 * i) & 31] for i in range(_LENGTH))


def act_marker(marker: str, position: int) -> str:
    """The marker of the act at this position (from 1) in the life of a case."""
    return f"{marker}-{position}"


def in_subject(subject: str, marker: str) -> str:
    """The subject with its marker."""
    return f"{subject} [{marker}]"


def read_subject(subject: str) -> str | None:
    """The marker in a subject, or None; the last one counts, since replies may quote others."""
    found = _IN_SUBJECT.findall(subject)
    return found[-1] if found else None


def in_text(text: str, marker: str) -> str:
    """The text with its marker in the last line."""
    return f"{text}\n\n{_LAST_LINE}{marker}"


def marks(text: str, marker: str) -> bool:
    """Whether a text carries this marker in a line of its own.

    It was written into the last one, but a desk may well append a signature below it.
    """
    return any(line.strip() == _LAST_LINE + marker for line in text.splitlines())

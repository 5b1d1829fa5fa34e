"""The catalogue of kinds: what can change. Pure.

Each kind is a value that says everything about itself (``kind.py``): how it is detected, how much
it matters, what ends it, what it covers, and an example. Its words are a section of
``templates/words.toml``. To add a kind, add it to ``events.py``, ``ticket_types.py`` or
``box_offices.py``, and write its words.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from .box_offices import BOX_OFFICES
from .events import EVENTS
from .kind import (
    EventKind,
    Kind,
    OfficeKind,
    ReadFailure,
    ReportedBy,
    RunsLow,
    Severity,
    TypeKind,
    over,
    still_holds,
)
from .ticket_types import TICKET_TYPES

__all__ = [
    "KINDS",
    "EventKind",
    "Kind",
    "OfficeKind",
    "ReadFailure",
    "ReportedBy",
    "RunsLow",
    "Severity",
    "TypeKind",
    "matching",
    "over",
    "still_holds",
]

KINDS: dict[str, EventKind | TypeKind | OfficeKind] = {
    kind.name: kind for kind in (*EVENTS, *TICKET_TYPES, *BOX_OFFICES)
}
"""Every kind by its name. Of equally severe changes the first one here leads a ticket."""


def matching(globs: Iterable[str]) -> tuple[str, ...]:
    """The kinds that any of these globs (``event.*``) means, in the catalogue's order."""
    wanted = tuple(globs)
    return tuple(name for name in KINDS if any(fnmatchcase(name, glob) for glob in wanted))

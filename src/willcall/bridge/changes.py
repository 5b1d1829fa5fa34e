"""The catalogue: what can change, how much it matters, and what it opens, ends and covers.

A *condition* is something that holds for a while ("sold out"); its kind opens a case, and the kinds
it names in ``cleared_by`` end it with good news, those in ``overtaken_by`` without any. The words
for each kind stand in ``words.toml`` beside this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

import attrs

from .facts import EventFacts, TypeFacts


class Severity(StrEnum):
    """How much a change matters to a support team."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@attrs.frozen
class Kind:
    """One kind of change.

    Args:
        name: ``event.…`` or ``ticket_type.…``.
        summary: plain words, after the event's title and a colon.
        severity: how much it matters.
        opens: whether it opens a case.
        cleared_by: kinds that end its case with good news: the customer hears of it.
        overtaken_by: kinds that end its case because it no longer matters: a note says why.
        covers: kinds (globs) that open nothing while this one happens or holds, since whoever reads
            its ticket knows.
    """

    name: str
    summary: str
    severity: Severity = Severity.NORMAL
    opens: bool = False
    cleared_by: tuple[str, ...] = ()
    overtaken_by: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()

    @property
    def of_ticket_type(self) -> bool:
        """Whether it happens to a ticket type rather than to a whole event."""
        return self.name.startswith("ticket_type.")

    def does_cover(self, kind: str) -> bool:
        """Whether a change of that kind needs no ticket of its own beside this one."""
        return any(fnmatchcase(kind, glob) for glob in self.covers)


_OVER = ("event.cancelled", "event.completed", "event.archived")

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "event.sold_out",
            "sold out",
            Severity.HIGH,
            opens=True,
            cleared_by=("event.back_on_sale",),
            overtaken_by=_OVER,
            covers=("ticket_type.sold_out",),
        ),
        Kind("event.back_on_sale", "back on sale"),
        Kind(
            "event.cancelled",
            "cancelled",
            Severity.HIGH,
            opens=True,
            cleared_by=("event.reinstated",),
            overtaken_by=("event.archived",),
            covers=("event.rescheduled", "event.moved", "event.sold_out", "ticket_type.*"),
        ),
        Kind("event.reinstated", "on again after it was cancelled"),
        Kind(
            "event.rescheduled",
            "moved to another date",
            Severity.HIGH,
            opens=True,
            # Each new date is news of its own: the ticket about the last one has had its day.
            overtaken_by=(*_OVER, "event.rescheduled"),
        ),
        Kind(
            "event.moved",
            "moved to another place",
            Severity.HIGH,
            opens=True,
            overtaken_by=(*_OVER, "event.moved"),
        ),
        Kind("event.completed", "over", Severity.LOW),
        Kind("event.archived", "archived", Severity.LOW),
        Kind(
            "ticket_type.sold_out",
            "a ticket type is sold out",
            opens=True,
            cleared_by=("ticket_type.back_on_sale",),
            overtaken_by=(*_OVER, "event.sold_out", "ticket_type.removed"),
        ),
        Kind("ticket_type.back_on_sale", "a ticket type is back on sale"),
        Kind(
            "ticket_type.removal_failed",
            "a ticket type cannot be removed",
            opens=True,
            cleared_by=("ticket_type.removed",),
            overtaken_by=_OVER,
        ),
        Kind("ticket_type.removed", "a ticket type was removed"),
    )
}


@attrs.frozen(kw_only=True)
class Change:
    """Something differs. ``before`` is None when nothing was known before."""

    kind: str
    event: EventFacts
    observed_at: datetime
    before: EventFacts | None = None
    ticket_type: TypeFacts | None = None

    @property
    def subject(self) -> str:
        """What it happened to: an event's id, or ``event/ticket type``."""
        if self.ticket_type is None:
            return self.event.id
        return f"{self.event.id}/{self.ticket_type.id}"


def ended_by(kind: str, among: Iterable[str]) -> tuple[set[str], set[str]]:
    """Of the open conditions, those that a change of this kind clears, and those it overtakes."""
    names = list(among)
    cleared = {name for name in names if kind in KINDS[name].cleared_by}
    return cleared, {name for name in names if kind in KINDS[name].overtaken_by} - cleared

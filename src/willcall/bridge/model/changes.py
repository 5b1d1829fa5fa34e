"""The catalogue: what can change, how much it matters, and what it ends and covers.

Some kinds are *conditions*, which hold for a while ("sold out"): the kinds in ``cleared_by`` end
them with good news, those in ``superseded_by`` because they no longer matter. The others are
*notices* ("renamed"): they happen, and are over. The words for each kind stand in ``words.toml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

import attrs

from ...errors import UndecodableReplyError
from .facts import EventFacts, TypeFacts, from_json, to_json, type_from_json, type_to_json


class Severity(StrEnum):
    """How much a change matters to a support team. It becomes a tag, since Ticket0 documents no
    priority."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"

    @property
    def weight(self) -> int:
        """Higher matters more."""
        return list(Severity).index(self)


_OVER = ("event.cancelled", "event.completed", "event.archived", "event.vanished")
_GONE = (*_OVER, "ticket_type.removed")


def _end_of(name: str, cleared_by: tuple[str, ...]) -> tuple[str, ...]:
    """What ends a kind that does not say so itself: the end of what it happened to; and a notice
    the next of its kind: each new price is news of its own, and the last one has had its day."""
    over = {"event": _OVER, "ticket_type": _GONE}.get(name.partition(".")[0], ())
    others = tuple(other for other in over if other != name)
    return others if cleared_by else (*others, name)


@attrs.frozen
class Kind:
    """One kind of change.

    Args:
        name: ``event.…``, ``ticket_type.…`` or ``box_office.…``.
        summary: plain words, after what it happened to and a colon.
        severity: how much it matters.
        cleared_by: kinds that end it with good news: the customer hears of it.
        superseded_by: kinds that end it because it no longer matters: a note says why. If left out,
            those that end the event or ticket type itself, and, for a notice, the next of its kind.
        covers: kinds (globs) that need no ticket while this one happens or holds, since whoever
            reads its ticket knows.
        built_in: whether the built-in rules open a ticket for it.
    """

    name: str
    summary: str
    severity: Severity = Severity.NORMAL
    cleared_by: tuple[str, ...] = ()
    superseded_by: tuple[str, ...] = attrs.field(
        default=attrs.Factory(lambda self: _end_of(self.name, self.cleared_by), takes_self=True)
    )
    covers: tuple[str, ...] = ()
    built_in: bool = False

    @property
    def holds(self) -> bool:
        """Whether it is a condition, which lasts until something clears it."""
        return bool(self.cleared_by)

    @property
    def of_ticket_type(self) -> bool:
        """Whether it happens to a ticket type."""
        return self.name.startswith("ticket_type.")

    @property
    def of_event(self) -> bool:
        """Whether it happens to an event or to a ticket type of one, not to a whole box office."""
        return not self.name.startswith("box_office.")

    def does_cover(self, kind: str) -> bool:
        """Whether a change of that kind needs no ticket of its own beside this one."""
        return any(fnmatchcase(kind, glob) for glob in self.covers)


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        # -- events -----------------------------------------------------------------------------
        Kind("event.created", "new", Severity.LOW),
        Kind("event.published", "on sale for the first time", Severity.LOW),
        Kind(
            "event.sold_out",
            "sold out",
            Severity.HIGH,
            cleared_by=("event.back_on_sale",),
            covers=("ticket_type.sold_out", "ticket_type.low_stock", "ticket_type.selling_fast"),
            built_in=True,
        ),
        Kind("event.back_on_sale", "back on sale"),
        Kind(
            "event.cancelled",
            "cancelled",
            Severity.HIGH,
            cleared_by=("event.reinstated",),
            superseded_by=("event.completed", "event.archived", "event.vanished"),
            covers=(
                "event.rescheduled",
                "event.moved",
                "event.sold_out",
                "event.details_changed",
                "ticket_type.*",
            ),
            built_in=True,
        ),
        Kind("event.reinstated", "on again after it was cancelled"),
        Kind("event.completed", "over", Severity.LOW),
        Kind("event.archived", "archived", Severity.LOW),
        Kind(
            "event.rescheduled",
            "moved to another date",
            Severity.HIGH,
            covers=("event.details_changed",),
            built_in=True,
        ),
        Kind(
            "event.moved",
            "moved to another place",
            Severity.HIGH,
            built_in=True,
        ),
        Kind("event.renamed", "renamed", Severity.LOW),
        Kind("event.details_changed", "details changed", Severity.LOW),
        Kind("event.visibility_changed", "visible to others than before"),
        Kind(
            "event.vanished",
            "gone from TicketSmart",
            Severity.HIGH,
            cleared_by=("event.returned",),
            covers=("event.*", "ticket_type.*"),
            built_in=True,
        ),
        Kind("event.returned", "there again"),
        # -- ticket types -----------------------------------------------------------------------
        Kind("ticket_type.added", "a ticket type was added", Severity.LOW),
        Kind("ticket_type.removed", "a ticket type was removed", Severity.LOW),
        Kind(
            "ticket_type.sold_out",
            "a ticket type is sold out",
            cleared_by=("ticket_type.back_on_sale",),
            superseded_by=(*_GONE, "event.sold_out", "ticket_type.hidden"),
            built_in=True,
        ),
        Kind("ticket_type.back_on_sale", "a ticket type is back on sale"),
        Kind(
            "ticket_type.low_stock",
            "a ticket type runs low",
            cleared_by=("ticket_type.restocked",),
            superseded_by=(
                *_GONE,
                "ticket_type.sold_out",
                "event.sold_out",
                "ticket_type.hidden",
            ),
            built_in=True,
        ),
        Kind("ticket_type.restocked", "a ticket type no longer runs low"),
        # A forecast, and not a fact: no built-in rule opens a ticket for it. See selling.py.
        Kind(
            "ticket_type.selling_fast",
            "a ticket type is expected to sell out soon",
            cleared_by=("ticket_type.selling_slower",),
            superseded_by=(
                *_GONE,
                "ticket_type.low_stock",
                "ticket_type.sold_out",
                "event.sold_out",
                "ticket_type.hidden",
            ),
        ),
        Kind(
            "ticket_type.selling_slower",
            "a ticket type is no longer expected to sell out soon",
            Severity.LOW,
        ),
        Kind("ticket_type.price_changed", "a price changed"),
        Kind("ticket_type.quantity_changed", "a quantity changed", Severity.LOW),
        Kind(
            "ticket_type.hidden",
            "a ticket type is hidden",
            Severity.LOW,
            cleared_by=("ticket_type.shown",),
        ),
        Kind("ticket_type.shown", "a ticket type is shown", Severity.LOW),
        Kind("ticket_type.sale_window_changed", "a sale window changed", Severity.LOW),
        Kind(
            "ticket_type.removal_failed",
            "a ticket type cannot be removed",
            cleared_by=("ticket_type.removed",),
            superseded_by=_OVER,
            built_in=True,
        ),
        # -- the box office itself ----------------------------------------------------------------
        Kind(
            "box_office.key_rejected",
            "TicketSmart rejects the key",
            Severity.HIGH,
            cleared_by=("box_office.key_accepted",),
            built_in=True,
        ),
        Kind("box_office.key_accepted", "the key is accepted again"),
        Kind(
            "box_office.scope_missing",
            "the key lacks a scope",
            Severity.HIGH,
            cleared_by=("box_office.key_accepted",),
            built_in=True,
        ),
        Kind(
            "box_office.unreachable",
            "TicketSmart cannot be reached",
            Severity.HIGH,
            cleared_by=("box_office.reachable",),
            built_in=True,
        ),
        Kind("box_office.reachable", "TicketSmart can be reached again"),
        Kind(
            "box_office.quota_exhausted",
            "others use up its requests",
            cleared_by=("box_office.quota_free",),
            built_in=True,
        ),
        Kind("box_office.quota_free", "there are requests again"),
        Kind(
            "box_office.undelivered",
            "Ticket0 refuses something for good",
            Severity.HIGH,
            cleared_by=("box_office.delivered",),
            built_in=True,
        ),
        Kind("box_office.delivered", "nothing is refused any more"),
        # Not seen but concluded: see Storm in rules.py.
        Kind("box_office.storm", "many things at once", Severity.HIGH, superseded_by=()),
    )
}


@attrs.frozen(kw_only=True)
class Change:
    """Something differs. ``event`` is as it is now, and None for a whole box office; ``before`` is
    None when nothing was known; ``detail`` is what cannot be told from either."""

    kind: str
    box_office: str
    observed_at: datetime
    event: EventFacts | None = None
    before: EventFacts | None = None
    ticket_type: TypeFacts | None = None
    detail: str = ""

    @property
    def subject(self) -> str:
        """What it happened to: an event's id, ``event/ticket type``, or the box office's name."""
        if self.event is None:
            return self.box_office
        if self.ticket_type is None:
            return self.event.id
        return f"{self.event.id}/{self.ticket_type.id}"

    @property
    def type_before(self) -> TypeFacts | None:
        """The ticket type as it was before, where that is known."""
        if self.ticket_type is None or self.before is None:
            return None
        return self.before.ticket_type(self.ticket_type.id)

    @property
    def title(self) -> str:
        """What it happened to, as people call it."""
        return self.box_office if self.event is None else self.event.title

    def bears_on(self, subject: str) -> bool:
        """Whether it may end a condition of this subject: the same thing, or a part of it."""
        return subject == self.subject or subject.startswith(f"{self.subject}/")


def matching(globs: Iterable[str]) -> tuple[str, ...]:
    """The kinds that any of these globs (``event.*``) means, in the catalogue's order."""
    wanted = tuple(globs)
    return tuple(name for name in KINDS if any(fnmatchcase(name, glob) for glob in wanted))


def change_to_json(change: Change) -> dict[str, Any]:
    """A change as a JSON object, for the ledger."""
    return {
        "kind": change.kind,
        "observedAt": change.observed_at.isoformat(),
        "event": change.event and to_json(change.event),
        "before": change.before and to_json(change.before),
        "ticketType": change.ticket_type and type_to_json(change.ticket_type),
        "detail": change.detail,
    }


def change_from_json(box_office: str, value: Mapping[str, Any]) -> Change:
    """The change that :func:`change_to_json` wrote.

    Raises:
        UndecodableReplyError: the ledger holds something else.
    """
    try:
        event, before, one = value.get("event"), value.get("before"), value.get("ticketType")
        kind, detail = value["kind"], value.get("detail", "")
        if kind not in KINDS or not isinstance(detail, str):
            raise ValueError("no change of ours")
        observed_at = datetime.fromisoformat(value["observedAt"])
        if observed_at.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return Change(
            kind=kind,
            box_office=box_office,
            observed_at=observed_at,
            event=event and from_json(event),
            before=before and from_json(before),
            ticket_type=one and type_from_json(one),
            detail=detail,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UndecodableReplyError(f"a change that is none: {type(error).__name__}") from None

"""A change: what differs, in which event, and when that was seen. Its kind is in ``kinds``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from ...errors import UndecodableReplyError
from .facts import EventFacts, TypeFacts, from_json, to_json, type_from_json, type_to_json
from .kinds import KINDS


@attrs.frozen(kw_only=True)
class Change:
    """Something that changed.

    Args:
        kind: its kind, a name in the catalogue.
        box_office: where.
        observed_at: when it was seen.
        event: the event as it is now; None for a whole box office.
        before: the event as it was before; None if it was not known.
        ticket_type: the ticket type as it is now, or as it was last seen if it is gone; None for a
            whole event.
        detail: what the facts do not show: an error, a forecast, a list.
    """

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
        event, before = value.get("event"), value.get("before")
        ticket_type = value.get("ticketType")
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
            ticket_type=ticket_type and type_from_json(ticket_type),
            detail=detail,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UndecodableReplyError(f"a change that is none: {type(error).__name__}") from None

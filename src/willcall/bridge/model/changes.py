"""A change: what differs, in which event, and when that was seen. Its kind is in ``kinds``."""

from __future__ import annotations

from datetime import datetime

import attrs

from .facts import EventFacts, TypeFacts

SERVICE = "the box office"
"""What the service of a box office is called where nobody says."""


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

"""Whether a box office is the one that was known under its name before. A flow."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from ...client.flow import Flow
from ..model.facts import EventFacts
from ..ports import BoxOffice, NotThere
from .observe import asked_for, understood

_ASKED = 3
"""So many events that were known are asked for: a list may hide those that are over."""


def is_another(
    box_office: BoxOffice, snapshot: Mapping[str, EventFacts], shown: Container[str]
) -> Flow[bool]:
    """Whether none of the events that were known is there any more.

    An event may go; that all go at once means that the key is of another box office, or that
    somebody has begun anew. With fewer than two events nothing is concluded.

    Args:
        box_office: where the key leads.
        snapshot: the events as they were last seen, by id.
        shown: the ids of the events that its list shows.

    Raises:
        ApiError: an event could not be asked for.
    """
    alive = [event for event in snapshot.values() if not event.vanished]
    if len(alive) < 2 or any(event.id in shown for event in alive):
        return False
    alive.sort(key=lambda event: event.starts_at, reverse=True)
    for event in alive[:_ASKED]:
        found = yield from understood(asked_for(box_office, event.id), box_office)
        if not isinstance(found, NotThere):
            return False
    return True


def shared(snapshot: Iterable[EventFacts], shown: Container[str]) -> int:
    """How many events of a snapshot are among those that a list shows."""
    return sum(not event.vanished and event.id in shown for event in snapshot)

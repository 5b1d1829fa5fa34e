"""Looking at one event by itself, for runs and watches alike. A flow.

That an event tells what is left of its ticket types is inferred. Where it does, one request shows
all of one moment. Where it does not, its ticket types are asked for; and once that is known, they
alone: the rest is as the event was last seen. What would then make it sold out, or no longer, has
its status read once more, since an old status and a new stock may together never have been true.
"""

from __future__ import annotations

import attrs

from ...client.flow import Flow, now
from ...ticketsmart.api import FlowTicketSmart
from ...ticketsmart.models import Event
from ..model.facts import EventFacts, concluded_sold_out, event_facts, type_facts


def tells_stock(event: Event) -> bool:
    """Whether it says how many are left of its ticket types; if not, they must be asked for."""
    types = event.ticket_types
    return types is not None and all(one.available is not None for one in types)


class EventReader:
    """Looks at the events of one box office, and learns what they tell."""

    def __init__(self) -> None:
        self._silent = False

    def read(
        self, api: FlowTicketSmart, event_id: str, known: EventFacts | None
    ) -> Flow[EventFacts]:
        """An event and its ticket types.

        Args:
            api: the box office.
            event_id: which.
            known: the event as it was last seen; None if it never was.

        Raises:
            NotFoundError: it is not there.
        """
        seen = known
        if seen is None or not self._silent:
            event = yield from api.events.get(event_id)
            at = yield from now()
            if tells_stock(event):
                return event_facts(event, at, event.ticket_types)
            self._silent = True
            seen = event_facts(event, at)
        types = yield from api.events.ticket_types(event_id)
        at = yield from now()
        kept = tuple(map(type_facts, types))
        sold_out = concluded_sold_out(seen.status, kept)
        before = {} if known is None else {one.id: one.sold_out for one in known.ticket_types or ()}
        # The status was read at another moment than the ticket types: read both again at once.
        news = any(one.sold_out and not before.get(one.id, True) for one in kept)
        if news or sold_out != (known is not None and known.sold_out):
            return event_facts((yield from api.events.get(event_id)), at, types)
        return attrs.evolve(
            seen,
            ticket_types=kept,
            sold_out=sold_out,
            absent=0,
            vanished=False,
            types_seen_at=seen.types_seen_at or at,
        )

"""A box office in memory: the port as it is, without a provider, a request or a wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Self

import attrs

from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.ports import BoxOfficeCapabilities, EventRows, NotThere, Refused, Removed
from willcall.client.flow import Flow, do
from willcall.client.quota import Quota

STARTS = datetime(2027, 3, 11, 20, 0, tzinfo=UTC)


@attrs.define
class MemoryBoxOffice:
    """Events by id, listed two at a time; where a step begins only the one before it knows."""

    events: dict[str, EventFacts] = attrs.field(factory=dict)
    asked: list[str] = attrs.field(factory=list)

    name = "memory"
    title = "the shop"
    quota = Quota(600)
    capabilities = BoxOfficeCapabilities(rows=2, remove=True)

    def put(self, event_id: str, left: int, status: str = "PUBLISHED", sold: int = 0) -> None:
        """Have an event with one ticket type, of which so many are left."""
        kinds = (TypeFacts(id="floor", name="Floor", quantity=80, sold=sold, available=left),)
        self.events[event_id] = EventFacts(
            id=event_id, title=event_id, status=status, starts_at=STARTS,
            ticket_types=kinds,
        )  # fmt: skip

    def within(self, seconds: float, *, tries: int | None = None) -> Self:
        return self

    def rows(self, cursor: Any = None) -> Flow[EventRows]:
        ids = yield from do("rows", lambda: sorted(self.events))
        at = int(cursor or 0)
        self.asked.append(f"rows {at}")
        events = tuple(self.events[event_id] for event_id in ids[at : at + 2])
        return EventRows(events=events, next=at + 2 if at + 2 < len(ids) else None, total=len(ids))

    def cursor(self, step: int) -> None:
        """Nobody knows."""

    def event(
        self, id_or_name: str, known: EventFacts | None = None, *, stock: bool = True
    ) -> Flow[EventFacts | NotThere]:
        self.asked.append(id_or_name)
        return (yield from do("event", lambda: self.events.get(id_or_name, NotThere())))

    def remove(self, event_id: str, ticket_type_id: str) -> Flow[Removed | Refused]:
        event = yield from do("remove", lambda: self.events[event_id])
        kind = event.ticket_type(ticket_type_id)
        if kind is not None and kind.sold:
            return Refused("some were sold")
        self.events[event_id] = attrs.evolve(event, ticket_types=())
        return Removed()

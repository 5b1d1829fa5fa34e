"""Reading a box office within a request budget. A flow.

One request shows a hundred events. Whether their rows carry ticket types is not documented, so both
are served: where they do, the rows are all there is to read; where they do not, a few events a pass
are looked at one by one, those first that changed, then those whose last look is longest ago.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import attrs

from ..client.flow import Flow, now
from ..errors import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    WillcallError,
)
from ..ticketsmart.api import FlowTicketSmart
from ..ticketsmart.models import Event, EventStatus
from .facts import EventFacts, event_facts

_LONG_AGO = datetime.min.replace(tzinfo=UTC)

SWEEPS = 2
"""How many complete sweeps must not show an event, before it is asked for and may be gone."""

_MOST_ASKED_FOR = 25  # more than make a storm: a box office that is emptied must count as one


@attrs.frozen
class Observation:
    """One reading of a box office.

    ``complete`` says whether every row was read, as far as it can be known (rows may move from page
    to page meanwhile): only then does an absence prove anything. ``gone`` are events that
    TicketSmart, asked for each of them, says are not there. ``looks`` is how many events were
    looked at one by one, and ``trouble`` what cut that short.
    """

    at: datetime
    events: tuple[EventFacts, ...]
    complete: bool = True
    gone: frozenset[str] = frozenset()
    looks: int = 0
    trouble: str | None = None


def observe(
    api: FlowTicketSmart, snapshot: Mapping[str, EventFacts], looks: int
) -> Flow[Observation]:
    """Read every event of a box office, and the ticket types of as many as ``looks`` allows.

    Raises:
        ApiError: a page of the list could not be read. There is no half an observation.
    """
    at = yield from now()
    rows = yield from api.events.list().all()
    # A row that moved to another page while we read may come twice; the later one is newer.
    seen = {row.id: event_facts(row, at) for row in rows}
    by_id = {row.id: row for row in rows}
    gone: set[str] = set()
    done, trouble = 0, None
    missing = [
        event.id
        for event in snapshot.values()
        if event.id not in seen and event.absent + 1 >= SWEEPS and not event.vanished
    ][:_MOST_ASKED_FOR]
    try:
        for event_id in missing:
            found = yield from _asked_for(api, event_id, at)
            if found is None:
                gone.add(event_id)
            else:
                seen[event_id] = found
        for event in _in_turn(by_id, seen, snapshot)[:looks]:
            try:
                seen[event.id] = yield from _looked_at(api, event.id, at)
            except NotFoundError:
                continue  # it went between the list and the look; the next sweep tells
            done += 1
    except (AuthenticationError, PermissionDeniedError):
        raise
    except RateLimitError:
        # The rows were read whole, so the pass is good; the looks go on next time.
        trouble = "the minute's requests are spent; further looks next time"
    except WillcallError as error:
        trouble = str(error)
    return Observation(
        at,
        tuple(seen.values()),
        complete=rows.whole is not False,
        gone=frozenset(gone),
        looks=done,
        trouble=trouble,
    )


def _looked_at(api: FlowTicketSmart, event_id: str, at: datetime) -> Flow[EventFacts]:
    """An event and its ticket types as they are at one moment. Its row is older by then: what is
    put together from both may never have been true."""
    event = yield from api.events.get(event_id)
    types = event.ticket_types
    if types is None:
        types = yield from api.events.ticket_types(event_id)
    return event_facts(event, at, types)


def _asked_for(api: FlowTicketSmart, event_id: str, at: datetime) -> Flow[EventFacts | None]:
    """An event that the list does not show may still be there: only a 404 says that it is not."""
    try:
        return event_facts((yield from api.events.get(event_id)), at)
    except NotFoundError:
        return None


def _in_turn(
    rows: Mapping[str, Event], seen: Mapping[str, EventFacts], snapshot: Mapping[str, EventFacts]
) -> Sequence[Event]:
    """The events that can sell and whose row is silent on ticket types, most urgent first."""

    def urgency(row: Event) -> tuple[bool, datetime, str]:
        before = snapshot.get(row.id)
        if before is None:
            return (False, _LONG_AGO, row.id)
        changed = before.status != seen[row.id].status
        return (not changed, before.types_seen_at or _LONG_AGO, row.id)

    selling = (EventStatus.PUBLISHED, EventStatus.SOLD_OUT)
    return sorted(
        (r for r in rows.values() if r.ticket_types is None and r.status in selling), key=urgency
    )

"""How long it takes to find what changed among 10,000 events of five ticket types each.

Printed beside reading the same events from JSON with the standard library, which whoever compares
two exports has to do at least. Both sides have the events of the second poll before them as the
provider sends them; "diff" is the comparison alone, since the pass has the facts in hand.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from willcall.bridge.detection.diff import diff
from willcall.bridge.model.facts import EventFacts, TypeFacts, derived, to_json
from willcall.bridge.model.observation import Observation

EVENTS, TYPES = 10_000, 5
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


def season() -> dict[str, EventFacts]:
    """The events of a very large box office, by id."""
    return {
        f"evt_{number:05}": EventFacts(
            id=f"evt_{number:05}",
            title=f"Show number {number}",
            slug=f"show-number-{number}",
            status="PUBLISHED",
            starts_at=NOW + timedelta(hours=number),
            timezone="America/New_York",
            venue_name="Harbor Street Theatre",
            city="New York",
            public_url=f"https://ticketsmart.ai/e/show-number-{number}",
            ticket_types=tuple(
                TypeFacts(
                    id=f"tt_{number:05}_{one}",
                    name=f"Type {one}",
                    price=1000 + one,
                    quantity=200,
                    sold=150,
                    available=50,
                )
                for one in range(TYPES)
            ),
        )
        for number in range(EVENTS)
    }


def sold(event: EventFacts) -> EventFacts:
    """An event of which one more of each ticket type was sold; of every tenth, all of the first."""
    types = tuple(
        attrs.evolve(ticket_type, sold=151, available=49)
        if position or not event.id.endswith("0")
        else attrs.evolve(ticket_type, sold=200, available=0)
        for position, ticket_type in enumerate(event.ticket_types or ())
    )
    return attrs.evolve(event, ticket_types=types)


@attrs.frozen
class Measured:
    """What some work has cost: CPU seconds, and the most memory it held at once, in bytes."""

    seconds: float
    bytes: int
    result: Any


def measured(work: Callable[[], Any]) -> Measured:
    """Do some work twice: for its time, and for its memory, which slows it down."""
    before = time.process_time()
    result = work()
    seconds = time.process_time() - before
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Measured(seconds, peak, result)


def run() -> dict[str, Measured]:
    """Measure a quiet poll, one at which everything has sold a little, and the peer."""
    known = {name: derived(event, NOW) for name, event in season().items()}
    same = Observation(NOW, tuple(season().values()))
    busy = Observation(NOW, tuple(sold(event) for event in season().values()))
    text = json.dumps([to_json(event) for event in busy.events])
    return {
        "(making the facts of both polls)": measured(lambda: (season(), season())),
        "diff, nothing changed": measured(lambda: diff("main-room", known, same)),
        "diff, every event changed": measured(lambda: diff("main-room", known, busy)),
        "json.loads of the same": measured(lambda: json.loads(text)),
    }


def main() -> None:
    """Print the table."""
    found = run()
    peer = found["json.loads of the same"].seconds
    print(f"{EVENTS:,} events x {TYPES} ticket types{'':14}CPU       memory    against json.loads")
    for name, one in found.items():
        told = f"{one.seconds * 1000:6.0f} ms {one.bytes / 1e6:8.1f} MB"
        print(f"  {name:34}{told} {one.seconds / peer:12.2f}x")
    changes, _ = found["diff, every event changed"].result
    print(f"  ({len(changes):,} changes found)")


if __name__ == "__main__":
    main()

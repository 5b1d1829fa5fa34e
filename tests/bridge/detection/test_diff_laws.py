"""What holds of the differences between any two polls, also where rows are silent on ticket types.

That the changes tell all that differs is a law of its own: ``test_laws.py``.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from willcall.bridge.detection.diff import diff
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import (
    EventFacts,
    TypeFacts,
    derived,
    from_json,
    to_json,
)
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.observation import Observation

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
SHOW = datetime(2026, 12, 4, 20, 0, tzinfo=UTC)

types = st.builds(
    TypeFacts,
    id=st.sampled_from(["tt_1", "tt_2", "tt_3"]),
    available=st.none() | st.integers(-1, 12),
    name=st.sampled_from(["Floor", "Balcony"]),
    price=st.integers(0, 2),
    quantity=st.none() | st.sampled_from([10, 100]),
    hidden=st.booleans(),
    sale_starts_at=st.sampled_from([None, NOW]),
    sale_ends_at=st.sampled_from([None, SHOW]),
)


def _event(
    number: int, types: list[TypeFacts], polled: bool, status: str, **facts: Any
) -> EventFacts:
    kept = tuple(types) if polled else None
    event = EventFacts(
        id=f"evt_{number}",
        status=status,
        ticket_types=kept,
        types_seen_at=NOW if polled else None,
        **facts,
    )
    return derived(event, NOW)


events = st.builds(
    _event,
    st.integers(1, 4),
    st.lists(types, max_size=3, unique_by=lambda one: one.id),
    st.booleans(),
    st.sampled_from(
        ["DRAFT", "PUBLISHED", "SOLD_OUT", "CANCELLED", "COMPLETED", "ARCHIVED", "NEW"]
    ),
    title=st.sampled_from(["Late Laughs", "Later Laughs"]),
    slug=st.sampled_from([None, "late", "later"]),
    starts_at=st.sampled_from([SHOW, SHOW + timedelta(days=1)]),
    venue_name=st.sampled_from([None, "Town Hall", "The Lantern Room"]),
    city=st.sampled_from([None, "Chicago"]),
    timezone=st.sampled_from([None, "UTC"]),
    country=st.sampled_from([None, "US", "CA"]),
    category=st.sampled_from([None, "MUSIC", "COMEDY"]),
    visibility=st.sampled_from([None, "PUBLIC", "PRIVATE"]),
    currency=st.sampled_from(["USD", "CAD"]),
    ends_at=st.sampled_from([None, SHOW]),
    doors_open=st.sampled_from([None, SHOW]),
    public_url=st.sampled_from([None, "https://example.com/e"]),
)
rows = st.lists(events, max_size=4, unique_by=lambda event: event.id)
snapshots = rows.map(lambda found: {event.id: event for event in found})


def differences(
    before: dict[str, EventFacts], seen: list[EventFacts]
) -> tuple[tuple[Change, ...], dict[str, EventFacts]]:
    """What a complete sweep tells that shows these events, the others being there no more."""
    gone = frozenset(before) - {event.id for event in seen}
    return diff("main-room", before, Observation(NOW, tuple(seen), gone=gone))


@given(snapshots, rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    before: dict[str, EventFacts], seen: list[EventFacts], dice: Any
) -> None:
    """Pages shift while they are read."""
    shuffled = list(seen)
    dice.shuffle(shuffled)
    assert differences(before, seen) == differences(before, shuffled)


@given(snapshots)
def test_a_snapshot_does_not_differ_from_itself(before: dict[str, EventFacts]) -> None:
    """A quiet night tells nothing and writes nothing."""
    assert differences(before, list(before.values())) == ((), {})


@given(snapshots, rows)
def test_what_was_taken_in_does_not_differ_again(
    before: dict[str, EventFacts], seen: list[EventFacts]
) -> None:
    """A run after a run does nothing."""
    _, differing = differences(before, seen)
    assert differences({**before, **differing}, seen) == ((), {})


@given(events)
def test_facts_survive_the_ledger(event: EventFacts) -> None:
    """Every field of them."""
    assert event == from_json(to_json(event))


@given(snapshots, rows)
def test_only_what_differs_is_told(before: dict[str, EventFacts], seen: list[EventFacts]) -> None:
    """Every change has its event among those that differ, with a known kind."""
    changes, differing = differences(before, seen)
    assert {change.event.id for change in changes if change.event} <= set(differing)
    assert {change.kind for change in changes} <= set(KINDS)
    assert all(change.event == differing[change.subject.split("/")[0]] for change in changes)

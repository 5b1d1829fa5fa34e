"""What differs: before and after → kinds of change, as a table and as laws."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from willcall.bridge.changes import KINDS
from willcall.bridge.diff import diff
from willcall.bridge.facts import EventFacts, TypeFacts, concluded_sold_out, from_json, to_json
from willcall.bridge.observe import Observation

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
SHOW = datetime(2026, 12, 4, 20, 0, tzinfo=UTC)


def a_type(name: str, available: int | None, **facts: Any) -> TypeFacts:
    """A ticket type of which so many are left."""
    return TypeFacts(id=f"tt_{name}", name=name, quantity=100, available=available, **facts)


SOME, NONE_LEFT = a_type("ga", 10), a_type("ga", 0)
VIP, VIP_GONE = a_type("vip", 2), a_type("vip", 0)


def an_event(
    *types: TypeFacts, status: str = "PUBLISHED", looked: bool = True, **facts: Any
) -> EventFacts:
    """An event with these ticket types, or, not ``looked`` at, a row that is silent on them."""
    kept = types if looked else None
    values: dict[str, Any] = {
        "id": "evt_1",
        "title": "Late Laughs",
        "status": status,
        "starts_at": SHOW,
        "venue_name": "The Lantern Room",
        "city": "Chicago",
        "sold_out": concluded_sold_out(status, kept),
        "ticket_types": kept,
        "types_seen_at": NOW if looked else None,
        **facts,
    }
    return EventFacts(**values)


def row(status: str = "PUBLISHED", **facts: Any) -> EventFacts:
    """An event whose row is silent on ticket types."""
    return an_event(status=status, looked=False, **facts)


def kinds(before: EventFacts | None, after: EventFacts) -> list[str]:
    """The kinds of change between the two."""
    changes, _ = diff({before.id: before} if before else {}, Observation(NOW, (after,)))
    return [change.kind for change in changes]


TABLE: dict[str, tuple[EventFacts | None, EventFacts, list[str]]] = {
    "nothing": (an_event(SOME), an_event(SOME), []),
    "some sold, some left": (an_event(SOME), an_event(a_type("ga", 9)), []),
    # -- selling out, and back
    "TicketSmart says so": (row(), row("SOLD_OUT"), ["event.sold_out"]),
    "and takes it back": (row("SOLD_OUT"), row(), ["event.back_on_sale"]),
    "its only type is gone": (
        an_event(SOME),
        an_event(NONE_LEFT),
        ["event.sold_out", "ticket_type.sold_out"],
    ),
    "its only type is back": (
        an_event(NONE_LEFT),
        an_event(SOME),
        ["event.back_on_sale", "ticket_type.back_on_sale"],
    ),
    "one type of two is gone": (
        an_event(SOME, VIP),
        an_event(SOME, VIP_GONE),
        ["ticket_type.sold_out"],
    ),
    "and back": (an_event(SOME, VIP_GONE), an_event(SOME, VIP), ["ticket_type.back_on_sale"]),
    "the last of two is gone": (
        an_event(SOME, VIP_GONE),
        an_event(NONE_LEFT, VIP_GONE),
        ["event.sold_out", "ticket_type.sold_out"],
    ),
    "oversold is sold out": (
        an_event(SOME, VIP),
        an_event(SOME, a_type("vip", -1)),
        ["ticket_type.sold_out"],
    ),
    "the status follows the stock later": (
        an_event(NONE_LEFT),
        an_event(NONE_LEFT, status="SOLD_OUT"),
        [],
    ),
    "the status says no more than the stock did": (
        an_event(NONE_LEFT, status="SOLD_OUT"),
        an_event(NONE_LEFT),
        [],
    ),
    # -- hidden ticket types
    "a hidden type that is left does not count": (
        an_event(SOME, a_type("guests", 5, hidden=True)),
        an_event(NONE_LEFT, a_type("guests", 5, hidden=True)),
        ["event.sold_out", "ticket_type.sold_out"],
    ),
    "unless there are no others": (
        an_event(a_type("guests", 5, hidden=True)),
        an_event(a_type("guests", 0, hidden=True)),
        ["event.sold_out", "ticket_type.sold_out"],
    ),
    # -- what nobody has told us
    "the first look at ticket types is their baseline": (row(), an_event(SOME, VIP_GONE), []),
    "also of an event that turns out to be sold out": (row(), an_event(NONE_LEFT), []),
    "but not of what the status says": (
        row(),
        an_event(NONE_LEFT, status="SOLD_OUT"),
        ["event.sold_out"],
    ),
    "a silent row proves nothing": (an_event(SOME), row(), []),
    "nor about what is sold out": (an_event(NONE_LEFT), row(), []),
    "a silent row with a new status": (
        an_event(SOME),
        row("SOLD_OUT"),
        ["event.sold_out"],
    ),
    "a count that is not told is not sold out": (an_event(SOME), an_event(a_type("ga", None)), []),
    "nor back on sale": (an_event(NONE_LEFT), an_event(a_type("ga", None)), []),
    "a count that was never told, then none": (
        an_event(a_type("ga", None), VIP),
        an_event(NONE_LEFT, VIP),
        ["ticket_type.sold_out"],
    ),
    "no ticket types at all are not sold out": (
        an_event(SOME),
        an_event(),
        ["ticket_type.removed"],
    ),
    "nor back on sale again": (an_event(NONE_LEFT), an_event(), ["ticket_type.removed"]),
    # -- ticket types come and go
    "a new type": (an_event(SOME), an_event(SOME, VIP), []),
    "a new type that sold out between two looks": (
        an_event(SOME),
        an_event(SOME, VIP_GONE),
        ["ticket_type.sold_out"],
    ),
    "a new type puts a sold-out event on sale": (
        an_event(NONE_LEFT),
        an_event(NONE_LEFT, VIP),
        ["event.back_on_sale"],
    ),
    "a type is gone": (an_event(SOME, VIP), an_event(SOME), ["ticket_type.removed"]),
    # -- the life of an event
    "cancelled": (an_event(SOME), an_event(SOME, status="CANCELLED"), ["event.cancelled"]),
    "cancelled while sold out": (
        an_event(NONE_LEFT, status="SOLD_OUT"),
        an_event(NONE_LEFT, status="CANCELLED"),
        ["event.cancelled"],
    ),
    "on again": (an_event(SOME, status="CANCELLED"), an_event(SOME), ["event.reinstated"]),
    "on again as a draft": (row("CANCELLED"), row("DRAFT"), ["event.reinstated"]),
    "on again and sold out": (
        row("CANCELLED"),
        row("SOLD_OUT"),
        ["event.reinstated", "event.sold_out"],
    ),
    "over": (row(), row("COMPLETED"), ["event.completed"]),
    "archived": (row("COMPLETED"), row("ARCHIVED"), ["event.archived"]),
    "cancelled, then archived": (row("CANCELLED"), row("ARCHIVED"), ["event.archived"]),
    "a draft is published": (row("DRAFT"), row(), []),
    "a sold-out event becomes a draft": (row("SOLD_OUT"), row("DRAFT"), []),
    "a status of tomorrow": (row(), row("POSTPONED"), []),
    # -- when and where
    "another date": (
        row(),
        row(starts_at=SHOW + timedelta(days=1)),
        ["event.rescheduled"],
    ),
    "another hour": (row(), row(starts_at=SHOW + timedelta(hours=1)), ["event.rescheduled"]),
    "the same moment in another zone": (
        row(),
        row(starts_at=SHOW.astimezone(None), timezone="America/Chicago"),
        [],
    ),
    "another venue": (row(), row(venue_name="Town Hall"), ["event.moved"]),
    "another city": (row(), row(city="Boston"), ["event.moved"]),
    "no venue any more": (row(), row(venue_name=None), []),
    "another title": (row(), row(title="Later Laughs"), []),
    "all at once": (
        an_event(SOME),
        an_event(
            NONE_LEFT,
            status="CANCELLED",
            starts_at=SHOW + timedelta(days=1),
            venue_name="Town Hall",
        ),
        ["event.cancelled", "event.rescheduled", "event.moved", "ticket_type.sold_out"],
    ),
    # -- not known before
    "unknown before and on sale": (None, an_event(SOME), []),
    "unknown before and sold out": (
        None,
        an_event(NONE_LEFT),
        ["event.sold_out", "ticket_type.sold_out"],
    ),
    "unknown before and cancelled": (None, row("CANCELLED"), ["event.cancelled"]),
    "unknown before and a draft": (None, row("DRAFT"), []),
}


@pytest.mark.parametrize("case", TABLE)
def test_before_and_after(case: str) -> None:
    """One line each."""
    before, after, expected = TABLE[case]
    assert expected == kinds(before, after)


def test_every_kind_that_can_be_seen_is_in_the_table() -> None:
    """A removal that fails is not seen but reported."""
    seen = {kind for _, _, expected in TABLE.values() for kind in expected}
    assert set(KINDS) - {"ticket_type.removal_failed"} == seen


def follow(*events: EventFacts) -> list[list[str]]:
    """The kinds of change from each look to the next, the snapshot kept as the ledger keeps it."""
    snapshot: dict[str, EventFacts] = {}
    told = []
    for event in events:
        changes, differing = diff(snapshot, Observation(NOW, (event,)))
        snapshot.update(differing)
        told.append([change.kind for change in changes])
    return told


def test_a_sold_out_event_that_was_a_draft_for_a_while_still_comes_back_on_sale() -> None:
    """Or its ticket would stay open for ever."""
    looks = (row("SOLD_OUT"), row("DRAFT"), row("SOLD_OUT"), row("DRAFT"), row())
    assert follow(*looks) == [["event.sold_out"], [], [], [], ["event.back_on_sale"]]


def test_a_count_that_is_missing_for_a_while_hides_neither_end() -> None:
    """What was known is kept until something else is told."""
    unknown = an_event(a_type("ga", None), VIP)
    looks = (an_event(NONE_LEFT, VIP), unknown, unknown, an_event(SOME, VIP))
    assert follow(*looks) == [
        ["ticket_type.sold_out"],
        [],
        [],
        ["ticket_type.back_on_sale"],
    ]


def test_silent_rows_between_two_looks_lose_nothing() -> None:
    """Ticket types are carried over, with the time they were last seen."""
    _, kept = diff({"evt_1": an_event(SOME, VIP)}, Observation(NOW, (row(title="New"),)))
    assert kept["evt_1"].ticket_types == (SOME, VIP)
    assert kept["evt_1"].types_seen_at == NOW
    assert follow(an_event(SOME, VIP), row(), an_event(SOME, VIP_GONE)) == [
        [],
        [],
        ["ticket_type.sold_out"],
    ]


def test_an_event_that_is_not_seen_is_left_alone() -> None:
    """Its absence proves nothing."""
    assert diff({"evt_1": an_event(NONE_LEFT)}, Observation(NOW, ())) == ((), {})


def test_a_change_holds_what_was_and_what_is() -> None:
    """And which ticket type it happened to."""
    before, after = an_event(SOME, VIP), an_event(SOME, VIP_GONE)
    ((change,), differing) = diff({"evt_1": before}, Observation(NOW, (after,)))
    assert (before, after, VIP_GONE) == (change.before, change.event, change.ticket_type)
    assert (change.subject, change.observed_at) == ("evt_1/tt_vip", NOW)
    assert {"evt_1": after} == differing


# -- laws -----------------------------------------------------------------------------------------

types = st.builds(
    a_type,
    st.sampled_from(["ga", "vip", "guests"]),
    st.none() | st.integers(-1, 2),
    hidden=st.booleans(),
)
events = st.builds(
    lambda number, kept, looked, **facts: an_event(
        *kept, looked=looked, **{"id": f"evt_{number}", **facts}
    ),
    st.integers(1, 4),
    st.lists(types, max_size=3, unique_by=lambda one: one.id),
    st.booleans(),
    status=st.sampled_from(["DRAFT", "PUBLISHED", "SOLD_OUT", "CANCELLED", "COMPLETED", "NEW"]),
    starts_at=st.sampled_from([SHOW, SHOW + timedelta(days=1)]),
    venue_name=st.sampled_from([None, "Town Hall"]),
    public_url=st.sampled_from([None, "https://example.com/e"]),
)
rows = st.lists(events, max_size=4, unique_by=lambda event: event.id)
snapshots = rows.map(lambda found: {event.id: event for event in found})


@given(snapshots, rows, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    before: dict[str, EventFacts], seen: list[EventFacts], dice: Any
) -> None:
    """Pages shift while they are read."""
    shuffled = list(seen)
    dice.shuffle(shuffled)
    assert diff(before, Observation(NOW, tuple(seen))) == diff(
        before, Observation(NOW, tuple(shuffled))
    )


@given(snapshots)
def test_a_snapshot_does_not_differ_from_itself(before: dict[str, EventFacts]) -> None:
    """A quiet night tells nothing and writes nothing."""
    assert diff(before, Observation(NOW, tuple(before.values()))) == ((), {})


@given(snapshots, rows)
def test_what_was_taken_in_does_not_differ_again(
    before: dict[str, EventFacts], seen: list[EventFacts]
) -> None:
    """A run after a run does nothing."""
    observation = Observation(NOW, tuple(seen))
    _, differing = diff(before, observation)
    assert diff({**before, **differing}, observation) == ((), {})


@given(events)
def test_facts_survive_the_ledger(event: EventFacts) -> None:
    """Every field of them."""
    assert event == from_json(to_json(event))


@given(snapshots, rows)
def test_only_what_differs_is_told(before: dict[str, EventFacts], seen: list[EventFacts]) -> None:
    """Every change has its event among those that differ, with a known kind."""
    changes, differing = diff(before, Observation(NOW, tuple(seen)))
    assert {change.event.id for change in changes} <= set(differing)
    assert {change.kind for change in changes} <= set(KINDS)

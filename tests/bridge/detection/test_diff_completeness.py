"""The law of detection: whoever knew the first snapshot and hears the changes knows the second.

For which facts, exactly: of an event that was known and is still there its title, slug, date,
place, end, doors, time zone, country, category, visibility, currency, page and status, and whether
it is sold out; of its ticket types which there are, and of each its name, price, quantity, whether
it is hidden, its sale window, and, while it is not hidden, whether it is sold out. Not for how many
are left between two thresholds, for when it was polled, and for what a row does not tell: then
what was told last still holds. Nor for whether there is no limit: nobody has to act on that.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from willcall.bridge.detection.diff import diff
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, TypeFacts, derived
from willcall.bridge.model.observation import Observation

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
LATER = datetime(2026, 12, 4, 20, 0, tzinfo=UTC)

PLACE = ("venue_name", "city")
DETAILS = ("ends_at", "doors_open", "timezone", "country", "category", "currency", "public_url")
# Which facts of an event a change of a kind speaks for: only these are taken from it.
SPEAKS_FOR: Mapping[str, tuple[str, ...]] = {
    "event.published": ("status",),
    "event.sold_out": ("status", "sold_out"),
    "event.back_on_sale": ("status", "sold_out"),
    "event.off_sale": ("status", "sold_out"),
    "event.unknown_status": ("status",),
    "event.known_status": ("status",),
    "event.cancelled": ("status", "sold_out"),
    "event.reinstated": ("status", "sold_out"),
    "event.completed": ("status", "sold_out"),
    "event.archived": ("status", "sold_out"),
    "event.rescheduled": ("starts_at",),
    "event.moved": PLACE,
    "event.renamed": ("title", "slug"),
    "event.visibility_changed": ("visibility",),
    "event.details_changed": ("status", *PLACE, *DETAILS),
}
# The same for a ticket type; one that is shown is told anew.
OF_TYPE: Mapping[str, tuple[str, ...]] = {
    "ticket_type.price_changed": ("price",),
    "ticket_type.quantity_changed": ("quantity",),
    "ticket_type.hidden": ("hidden",),
    "ticket_type.shown": ("hidden",),
    "ticket_type.sale_window_changed": ("sale_starts_at", "sale_ends_at"),
}
OUT = {
    "ticket_type.sold_out": True,
    "ticket_type.back_on_sale": False,
    "ticket_type.off_sale": False,
}
# Nothing of an event that is over or cancelled is sold out.
ENDS = {"event.cancelled", "event.completed", "event.archived"}


def known_of_type(event: EventFacts, one: TypeFacts) -> dict[str, Any]:
    """The facts of a ticket type that the law is about."""
    kept = {field: getattr(one, field) for fields in OF_TYPE.values() for field in fields}
    return {"name": one.name, **kept, "sold_out": event.sale_of(one.id) == "sold out"}


def known(event: EventFacts) -> dict[str, Any]:
    """The facts of an event that the law is about."""
    kept = {field: getattr(event, field) for fields in SPEAKS_FOR.values() for field in fields}
    types = {one.id: known_of_type(event, one) for one in event.ticket_types or ()}
    return {**kept, "types": types}


def hear(facts: dict[str, Any], change: Change) -> None:
    """Take from a change what it speaks for, and nothing else."""
    event, one = change.event, change.ticket_type
    assert event is not None
    for field in SPEAKS_FOR.get(change.kind, ()):
        facts[field] = getattr(event, field)
    if change.kind == "event.details_changed":
        for other in event.ticket_types or ():
            if other.id in facts["types"]:
                facts["types"][other.id]["name"] = other.name
    if change.kind in ENDS:
        for known_type in facts["types"].values():
            known_type["sold_out"] = False
    if one is None:
        return
    if change.kind == "ticket_type.removed":
        facts["types"].pop(one.id)
    elif change.kind == "ticket_type.added":
        facts["types"][one.id] = known_of_type(event, one)
    for field in OF_TYPE.get(change.kind, ()):
        facts["types"][one.id][field] = getattr(one, field)
    if change.kind == "ticket_type.shown":
        facts["types"][one.id]["sold_out"] = False  # unless it is told beside it
    if change.kind == "ticket_type.hidden":
        facts["types"][one.id]["sold_out"] = False


def apply(first: Mapping[str, EventFacts], changes: Iterable[Change]) -> dict[str, dict[str, Any]]:
    """What somebody knows who knew the first snapshot and has heard the changes."""
    told = {event.id: known(event) for event in first.values()}
    heard = list(changes)
    for change in heard:
        assert change.event is not None
        if change.kind == "event.vanished":
            told.pop(change.event.id)
        elif change.kind == "event.created":
            told[change.event.id] = known(change.event)
        elif change.event.id in told:
            hear(told[change.event.id], change)
    for change in heard:
        if change.kind in OUT and change.event and change.ticket_type:
            types = told[change.event.id]["types"]
            types[change.ticket_type.id]["sold_out"] = OUT[change.kind]
    return told


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    """One of these."""
    return st.sampled_from(values)


types = st.builds(
    TypeFacts,
    id=one_of("tt_1", "tt_2", "tt_3"),
    name=one_of("Floor", "Balcony"),
    price=st.integers(0, 2),
    quantity=one_of(10, 100),
    available=st.integers(-1, 12),
    hidden=st.booleans(),
    sale_starts_at=one_of(None, NOW),
    sale_ends_at=one_of(None, LATER),
)


def _event(number: int, kept: list[TypeFacts], status: str, **facts: Any) -> EventFacts:
    event = EventFacts(id=f"evt_{number}", status=status, ticket_types=tuple(kept), **facts)
    return derived(event, NOW)


events = st.builds(
    _event,
    st.integers(1, 4),
    st.lists(types, max_size=3, unique_by=lambda one: one.id),
    one_of("DRAFT", "PUBLISHED", "SOLD_OUT", "CANCELLED", "COMPLETED", "ARCHIVED", "NEW"),
    title=one_of("Late Laughs", "Later Laughs"),
    slug=one_of(None, "late", "later"),
    starts_at=one_of(NOW, LATER),
    venue_name=one_of(None, "Town Hall", "The Lantern Room"),
    city=one_of(None, "Chicago", "Boston"),
    timezone=one_of(None, "UTC"),
    country=one_of("US", "CA"),
    category=one_of("MUSIC", "COMEDY"),
    visibility=one_of("PUBLIC", "PRIVATE"),
    currency=one_of("USD", "CAD"),
    ends_at=one_of(NOW, LATER),
    doors_open=one_of(NOW, LATER),
    public_url=one_of("https://example.com/a", "https://example.com/b"),
)
rows = st.lists(events, max_size=4, unique_by=lambda event: event.id)


@given(rows, rows)
@settings(max_examples=400)
def test_the_changes_lead_from_the_first_snapshot_to_the_second(
    before: list[EventFacts], seen: list[EventFacts]
) -> None:
    """Each speaking for no more than its kind says, and carrying the event as it is now."""
    first = {event.id: event for event in before}
    gone = frozenset(first) - {event.id for event in seen}
    changes, differing = diff("main-room", first, Observation(NOW, tuple(seen), gone=gone))
    second = {**first, **differing}
    assert apply(first, changes) == {
        event.id: known(event) for event in second.values() if not event.vanished
    }
    for change in changes:
        assert change.event is not None
        assert change.event == second[change.event.id]
        assert change.before == first.get(change.event.id)
        if change.ticket_type is not None and change.kind != "ticket_type.removed":
            assert change.ticket_type in (change.event.ticket_types or ())


@given(rows, rows, st.randoms(use_true_random=False), st.integers(1, 5), st.integers(0, 4))
def test_detection_is_the_same_however_rows_are_ordered_and_paged(
    before: list[EventFacts], seen: list[EventFacts], dice: Any, size: int, twice: int
) -> None:
    """Rows of one page or many, in any order, some of them seen on two pages."""
    first = {event.id: event for event in before}
    shuffled = [*seen, *seen[:twice]]
    dice.shuffle(shuffled)
    pages = [shuffled[at : at + size] for at in range(0, len(shuffled), size)]
    paged = tuple(event for page in pages for event in page)
    plain = diff("main-room", first, Observation(NOW, tuple(seen)))
    assert diff("main-room", first, Observation(NOW, paged)) == plain
    again = {name: first[name] for name in sorted(first, reverse=True)}
    assert diff("main-room", again, Observation(NOW, paged)) == plain


@given(rows, rows, rows)
def test_two_looks_tell_no_less_than_one(
    before: list[EventFacts], between: list[EventFacts], seen: list[EventFacts]
) -> None:
    """Whoever polls more often knows the same in the end."""
    first = {event.id: event for event in before}
    told = {event.id: known(event) for event in before}
    snapshot: Mapping[str, EventFacts] = first
    everybody = {event.id for event in (*before, *between, *seen)}
    for poll in (between, seen):
        whole = {**{e.id: e for e in snapshot.values() if not e.vanished}}
        whole |= {event.id: event for event in poll}
        changes, differing = diff("main-room", snapshot, Observation(NOW, tuple(whole.values())))
        told = apply(snapshot, changes)
        snapshot = {**snapshot, **differing}
    assert set(told) == everybody
    assert told == {event.id: known(event) for event in snapshot.values()}


def test_a_sell_out_that_a_draft_kept_ends_with_a_status_that_nobody_knows() -> None:
    """Its ticket stayed open: nothing said that it is no longer sold out."""
    event = _event(1, [], "SOLD_OUT", title="Late Laughs", starts_at=LATER)
    snapshot: Mapping[str, EventFacts] = {event.id: event}
    kinds = []
    for status in ("DRAFT", "POSTPONED"):
        poll = _event(1, [], status, title="Late Laughs", starts_at=LATER)
        changes, differing = diff("main-room", snapshot, Observation(NOW, (poll,)))
        kinds += [change.kind for change in changes]
        snapshot = {**snapshot, **differing}
    assert "event.off_sale" in kinds
    assert not snapshot[event.id].sold_out


OURS = {"sale", "sales", "until"}  # follow from the other facts and the time


def test_the_law_speaks_for_every_fact_but_those_it_names() -> None:
    """A field that is added to an event has to be told by some kind of change."""
    told = {field for fields in SPEAKS_FOR.values() for field in fields}
    kept = {field.name for field in attrs.fields(EventFacts)}
    assert (
        kept - told == {"id", "ticket_types", "types_seen_at", "absent", "vanished", "fresh"} | OURS
    )
    told = {field for fields in OF_TYPE.values() for field in fields}
    kept = {field.name for field in attrs.fields(TypeFacts)}
    assert kept - told == {"id", "name", "sold", "available", "unlimited", "add_on"}

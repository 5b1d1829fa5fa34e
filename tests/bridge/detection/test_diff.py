"""What differs: before and after → kinds of change, as a table."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from willcall.bridge.detection.diff import diff
from willcall.bridge.model.facts import EventFacts, TypeFacts, derived
from willcall.bridge.model.kinds import KINDS, ReadFailure, ReportedBy
from willcall.bridge.model.kinds.events import VANISHED
from willcall.bridge.model.observation import Observation

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
SHOW = datetime(2026, 12, 4, 20, 0, tzinfo=UTC)


def a_type(name: str, available: int | None, **facts: Any) -> TypeFacts:
    """A ticket type of which so many are left."""
    return TypeFacts(
        id=f"tt_{name}", name=name, price=0, quantity=100, available=available, **facts
    )


YEAR_1, YEAR_9999 = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
SOME, NONE_LEFT = a_type("ga", 50), a_type("ga", 0)
VIP, VIP_GONE = a_type("vip", 20), a_type("vip", 0)
FEW = a_type("ga", 10)
EARLY_BIRD = a_type("early", 40, sale_ends_at=NOW)
YESTERDAY: dict[str, Any] = {"starts_at": NOW - timedelta(days=1)}


def an_event(
    *types: TypeFacts, status: str = "PUBLISHED", polled: bool = True, **facts: Any
) -> EventFacts:
    """An event with these ticket types, or, if not ``polled``, a row that is silent on them."""
    kept = types if polled else None
    values: dict[str, Any] = {
        "id": "evt_1",
        "title": "Late Laughs",
        "status": status,
        "starts_at": SHOW,
        "venue_name": "The Lantern Room",
        "city": "Chicago",
        "ticket_types": kept,
        "types_seen_at": NOW if polled else None,
        **facts,
    }
    return derived(EventFacts(**values), NOW)


def row(status: str = "PUBLISHED", **facts: Any) -> EventFacts:
    """An event whose row is silent on ticket types."""
    return an_event(status=status, polled=False, **facts)


def told(field: str, value: Any) -> EventFacts:
    """A row that says this of this field."""
    return row(**{field: value})


def kinds(before: EventFacts | None, after: EventFacts) -> list[str]:
    """The kinds of change between the two."""
    known = {before.id: before} if before else {}
    changes, _ = diff("main-room", known, Observation(NOW, (after,)))
    return [change.kind for change in changes]


TABLE: dict[str, tuple[EventFacts | None, EventFacts, list[str]]] = {
    "nothing": (an_event(SOME), an_event(SOME), []),
    "a placeholder where the date was": (an_event(SOME), an_event(SOME, starts_at=YEAR_1), []),
    "the first date": (an_event(SOME, starts_at=YEAR_9999), an_event(SOME), []),
    "some sold, some left": (an_event(SOME), an_event(a_type("ga", 49)), []),
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
        ["event.details_changed"],
    ),
    "the status says no more than the stock did": (
        an_event(NONE_LEFT, status="SOLD_OUT"),
        an_event(NONE_LEFT),
        ["event.details_changed"],
    ),
    # -- hidden ticket types
    "a hidden type that is left does not count": (
        an_event(SOME, a_type("guests", 5, hidden=True)),
        an_event(NONE_LEFT, a_type("guests", 5, hidden=True)),
        ["event.sold_out", "ticket_type.sold_out"],
    ),
    "nor if there are no others": (
        an_event(a_type("guests", 5, hidden=True)),
        an_event(a_type("guests", 0, hidden=True)),
        [],
    ),
    "a hidden type that runs out or low is nobody's news": (
        an_event(SOME, evolve(VIP, hidden=True), a_type("guests", 50, hidden=True)),
        an_event(SOME, evolve(VIP_GONE, hidden=True), a_type("guests", 5, hidden=True)),
        [],
    ),
    "a sold-out type that is shown is": (
        an_event(SOME, evolve(VIP_GONE, hidden=True)),
        an_event(SOME, VIP_GONE),
        ["ticket_type.sold_out", "ticket_type.shown"],
    ),
    "and so is one that is low when it is shown": (
        an_event(VIP, evolve(FEW, hidden=True)),
        an_event(VIP, FEW),
        ["ticket_type.low_stock", "ticket_type.shown"],
    ),
    # -- what nobody has told us
    "the first poll of ticket types is their baseline": (row(), an_event(SOME, VIP_GONE), []),
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
    "a new type": (an_event(SOME), an_event(SOME, VIP), ["ticket_type.added"]),
    "a new type that sold out between two polls": (
        an_event(SOME),
        an_event(SOME, VIP_GONE),
        ["ticket_type.added", "ticket_type.sold_out"],
    ),
    "a new type puts a sold-out event on sale": (
        an_event(NONE_LEFT),
        an_event(NONE_LEFT, VIP),
        ["event.back_on_sale", "ticket_type.added"],
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
    "on again, and what is left is not told": (
        an_event(NONE_LEFT, status="CANCELLED"),
        an_event(a_type("ga", None)),
        ["event.reinstated"],
    ),
    "on again, and of what is hidden it is not told": (
        an_event(NONE_LEFT, evolve(VIP_GONE, hidden=True), status="CANCELLED"),
        an_event(NONE_LEFT, evolve(a_type("vip", None), hidden=True)),
        ["event.reinstated", "event.sold_out", "ticket_type.sold_out"],
    ),
    "still sold out, and what is left is not told": (
        an_event(NONE_LEFT),
        an_event(a_type("ga", None)),
        [],
    ),
    "over": (row(), row("COMPLETED"), ["event.completed"]),
    "archived": (row("COMPLETED"), row("ARCHIVED"), ["event.archived"]),
    "cancelled, then archived": (row("CANCELLED"), row("ARCHIVED"), ["event.archived"]),
    "a draft is published": (row("DRAFT"), row(), ["event.published"]),
    "a draft is published and sold out": (
        row("DRAFT"),
        row("SOLD_OUT"),
        ["event.published", "event.sold_out"],
    ),
    "a sold-out event becomes a draft": (row("SOLD_OUT"), row("DRAFT"), ["event.details_changed"]),
    "a status of tomorrow": (row(), row("POSTPONED"), ["event.off_sale", "event.unknown_status"]),
    "and after it": (row("POSTPONED"), row(), ["event.known_status"]),
    "a status of tomorrow, and then it is cancelled": (
        row("POSTPONED"),
        row("CANCELLED"),
        ["event.cancelled"],
    ),
    "the sale of a sold-out event ends": (
        an_event(NONE_LEFT),
        an_event(evolve(SOME, sale_ends_at=NOW)),
        ["event.off_sale", "ticket_type.off_sale", "ticket_type.sale_window_changed"],
    ),
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
        ["event.details_changed"],
    ),
    "another venue": (row(), row(venue_name="Town Hall"), ["event.moved"]),
    "another city": (row(), row(city="Boston"), ["event.moved"]),
    "a first venue": (row(venue_name=None), row(), ["event.details_changed"]),
    "a city is filled in": (row(city=None), row(), ["event.details_changed"]),
    "a place that a row does not tell": (row(), row(venue_name=None, city=None), []),
    "white space and letter case of the place": (
        row(),
        row(venue_name=" the  Lantern Room ", city="chicago "),
        [],
    ),
    "seconds of a time": (
        row(doors_open=SHOW),
        row(starts_at=SHOW.replace(second=30), doors_open=SHOW.replace(microsecond=1)),
        [],
    ),
    "another minute": (row(), row(starts_at=SHOW.replace(minute=1)), ["event.rescheduled"]),
    "another title": (row(), row(title="Later Laughs"), ["event.renamed"]),
    "another slug": (row(), row(slug="later"), ["event.renamed"]),
    # -- who may see it, and the rest
    "for friends only": (
        row(visibility="PUBLIC"),
        row(visibility="PRIVATE"),
        ["event.visibility_changed"],
    ),
    "who may see it is told for the first time": (row(), row(visibility="PUBLIC"), []),
    "and is not told any more": (row(visibility="PUBLIC"), row(), []),
    **{
        f"another {field}": (told(field, one), told(field, two), ["event.details_changed"])
        for field, one, two in (
            ("ends_at", SHOW, SHOW + timedelta(hours=3)),
            ("doors_open", SHOW, SHOW - timedelta(hours=1)),
            ("timezone", "America/Chicago", "America/New_York"),
            ("country", "US", "CA"),
            ("category", "COMEDY", "MUSIC"),
            ("currency", "USD", "CAD"),
            ("public_url", "https://example.com/a", "https://example.com/b"),
        )
    },
    "a row that is terser than the last": (
        row(ends_at=SHOW, doors_open=SHOW, category="MUSIC", public_url="x", country="US"),
        row(),
        [],
    ),
    # -- what is offered
    "dearer": (an_event(SOME), an_event(evolve(SOME, price=900)), ["ticket_type.price_changed"]),
    "more of them": (
        an_event(SOME),
        an_event(evolve(SOME, quantity=120)),
        ["ticket_type.quantity_changed"],
    ),
    "how many there are is told for the first time": (
        an_event(evolve(SOME, quantity=None)),
        an_event(SOME),
        [],
    ),
    "hidden": (
        an_event(SOME, VIP),
        an_event(SOME, evolve(VIP, hidden=True)),
        ["ticket_type.hidden"],
    ),
    "shown": (
        an_event(SOME, evolve(VIP, hidden=True)),
        an_event(SOME, VIP),
        ["ticket_type.shown"],
    ),
    "its sale begins later": (
        an_event(evolve(SOME, sale_starts_at=NOW)),
        an_event(evolve(SOME, sale_starts_at=SHOW)),
        ["event.off_sale", "ticket_type.off_sale", "ticket_type.sale_window_changed"],
    ),
    "its sale has an end": (
        an_event(SOME),
        an_event(evolve(SOME, sale_ends_at=SHOW)),
        ["ticket_type.sale_window_changed"],
    ),
    "a type is renamed": (
        an_event(SOME),
        an_event(evolve(SOME, name="Balcony")),
        ["event.details_changed"],
    ),
    # -- running low: ten of a hundred, or five
    "runs low": (an_event(SOME), an_event(FEW), ["ticket_type.low_stock"]),
    "one more than low": (an_event(SOME), an_event(a_type("ga", 11)), []),
    "still low": (an_event(FEW), an_event(a_type("ga", 1)), []),
    "no longer low": (an_event(FEW), an_event(SOME), ["ticket_type.restocked"]),
    "of twenty, five are low": (
        an_event(evolve(SOME, quantity=20, available=6)),
        an_event(evolve(SOME, quantity=20, available=5)),
        ["ticket_type.low_stock"],
    ),
    "of a few, the number is not low": (
        an_event(evolve(SOME, quantity=8, available=6)),
        an_event(evolve(SOME, quantity=8, available=1)),
        [],
    ),
    "what nobody has bought is not low": (
        an_event(evolve(SOME, quantity=4, available=4)),
        an_event(evolve(SOME, quantity=40, sold=0, available=4)),
        ["ticket_type.quantity_changed"],
    ),
    "published while it is low": (
        an_event(FEW, status="DRAFT"),
        an_event(FEW),
        ["event.published", "ticket_type.low_stock"],
    ),
    "from low to none": (
        an_event(FEW, VIP),
        an_event(NONE_LEFT, VIP),
        ["ticket_type.sold_out"],
    ),
    "a few are back": (
        an_event(NONE_LEFT, VIP),
        an_event(FEW, VIP),
        ["ticket_type.back_on_sale"],
    ),
    "a count that is not told is no end of low": (
        an_event(FEW),
        an_event(a_type("ga", None)),
        [],
    ),
    "a draft never runs low": (
        an_event(SOME, status="DRAFT"),
        an_event(FEW, status="DRAFT"),
        [],
    ),
    # -- what is on sale, and what is not
    "a placeholder in a draft": (
        row("DRAFT"),
        an_event(evolve(NONE_LEFT, quantity=0), status="DRAFT"),
        [],
    ),
    "a played event with nothing left": (
        an_event(SOME),
        an_event(evolve(NONE_LEFT, sold=50), status="COMPLETED"),
        ["event.completed"],
    ),
    "a past event whose quantity is lowered": (
        an_event(SOME, **YESTERDAY),
        an_event(evolve(NONE_LEFT, quantity=50), **YESTERDAY),
        ["ticket_type.quantity_changed"],
    ),
    "a quantity cut to nothing, with nothing sold": (
        an_event(SOME, VIP),
        an_event(evolve(SOME, quantity=0, sold=0, available=0), VIP),
        ["ticket_type.off_sale", "ticket_type.quantity_changed"],
    ),
    "the last that is on sale, beside one whose sale is over": (
        an_event(SOME, EARLY_BIRD),
        an_event(NONE_LEFT, EARLY_BIRD),
        ["event.sold_out", "ticket_type.sold_out"],
    ),
    "nothing can be had before the sale begins": (
        an_event(evolve(SOME, sale_starts_at=SHOW)),
        an_event(evolve(NONE_LEFT, sale_starts_at=SHOW)),
        [],
    ),
    "the sale begins": (
        an_event(evolve(NONE_LEFT, sale_starts_at=SHOW)),
        an_event(evolve(SOME, sale_starts_at=NOW)),
        ["ticket_type.sale_window_changed"],
    ),
    "a sold-out type whose sale is over, while the event says that it is sold out": (
        an_event(NONE_LEFT, VIP, status="SOLD_OUT"),
        an_event(evolve(NONE_LEFT, sale_ends_at=NOW), VIP, status="SOLD_OUT"),
        ["ticket_type.off_sale", "ticket_type.sale_window_changed"],
    ),
    "a sold-out type whose sale is yet to begin, while the event says that it is sold out": (
        an_event(NONE_LEFT, VIP, status="SOLD_OUT"),
        an_event(evolve(NONE_LEFT, sale_starts_at=SHOW), VIP, status="SOLD_OUT"),
        ["ticket_type.off_sale", "ticket_type.sale_window_changed"],
    ),
    "a second wave whose sale is yet to begin": (
        an_event(NONE_LEFT),
        an_event(evolve(SOME, sale_starts_at=SHOW)),
        ["event.off_sale", "ticket_type.off_sale", "ticket_type.sale_window_changed"],
    ),
    "a second wave beside it": (
        an_event(NONE_LEFT),
        an_event(NONE_LEFT, evolve(VIP, sale_starts_at=SHOW)),
        ["ticket_type.added"],
    ),
    "the sold-out type is hidden beside a hidden one with seats": (
        an_event(NONE_LEFT, evolve(VIP, hidden=True)),
        an_event(evolve(NONE_LEFT, hidden=True), evolve(VIP, hidden=True)),
        ["event.off_sale", "ticket_type.hidden"],
    ),
    "no limit any more": (
        an_event(NONE_LEFT),
        an_event(evolve(SOME, quantity=None, available=None, unlimited=True)),
        ["event.back_on_sale", "ticket_type.back_on_sale"],
    ),
    "the status says sold out while seats are left": (
        an_event(SOME),
        an_event(SOME, status="SOLD_OUT"),
        ["event.sold_out"],
    ),
    "seats are back before the status follows": (
        an_event(NONE_LEFT, status="SOLD_OUT"),
        an_event(SOME, status="SOLD_OUT"),
        [],
    ),
    # -- gone, and there again
    "there again": (row(vanished=True, absent=2), row(), ["event.returned"]),
    "there again and cancelled": (
        row(vanished=True, absent=2),
        row("CANCELLED"),
        ["event.returned", "event.cancelled"],
    ),
    "all at once": (
        an_event(SOME),
        an_event(
            NONE_LEFT,
            status="CANCELLED",
            starts_at=SHOW + timedelta(days=1),
            venue_name="Town Hall",
        ),
        ["event.cancelled", "event.rescheduled", "event.moved"],
    ),
    # -- not known before
    "unknown before and on sale": (
        None,
        an_event(SOME),
        ["event.created", "event.published"],
    ),
    "unknown before and running low": (
        None,
        an_event(FEW),
        ["event.created", "event.published", "ticket_type.low_stock"],
    ),
    "unknown before and sold out": (
        None,
        an_event(NONE_LEFT),
        ["event.created", "event.published", "event.sold_out", "ticket_type.sold_out"],
    ),
    "unknown before and cancelled": (
        None,
        row("CANCELLED"),
        ["event.created", "event.cancelled"],
    ),
    "unknown before and a draft": (None, row("DRAFT"), ["event.created"]),
}


@pytest.mark.parametrize("case", TABLE)
def test_before_and_after(case: str) -> None:
    """One line each."""
    before, after, expected = TABLE[case]
    assert expected == kinds(before, after)


def test_every_kind_that_can_be_seen_is_in_the_table() -> None:
    """That an event has vanished takes more than two polls: see below."""
    seen = {kind for _, _, expected in TABLE.values() for kind in expected}
    detected = {k.name for k in KINDS.values() if not isinstance(k.seen, ReportedBy | ReadFailure)}
    assert seen == detected - {VANISHED}


def follow(*events: EventFacts) -> list[list[str]]:
    """The kinds of change from each poll to the next, the snapshot kept as the ledger keeps it."""
    snapshot: dict[str, EventFacts] = {}
    told = []
    for event in events:
        changes, differing = diff("main-room", snapshot, Observation(NOW, (event,)))
        snapshot.update(differing)
        told.append([change.kind for change in changes])
    return told


def test_a_sold_out_event_that_was_a_draft_for_a_while_still_comes_back_on_sale() -> None:
    """Or its ticket would stay open for ever."""
    polls = (row("SOLD_OUT"), row("DRAFT"), row("SOLD_OUT"), row("DRAFT"), row())
    assert follow(*polls) == [
        ["event.created", "event.published", "event.sold_out"],
        ["event.details_changed"],
        ["event.published"],
        ["event.details_changed"],
        ["event.back_on_sale", "event.published"],
    ]


def test_a_count_that_is_missing_for_a_while_hides_neither_end() -> None:
    """What was known is kept until something else is told."""
    unknown = an_event(a_type("ga", None), VIP)
    polls = (an_event(NONE_LEFT, VIP), unknown, unknown, an_event(SOME, VIP))
    assert follow(*polls)[1:] == [
        [],
        [],
        ["ticket_type.back_on_sale"],
    ]


def test_silent_rows_between_two_looks_lose_nothing() -> None:
    """Ticket types are carried over, with the time they were last seen."""
    _, kept = diff(
        "main-room", {"evt_1": an_event(SOME, VIP)}, Observation(NOW, (row(title="New"),))
    )
    assert kept["evt_1"].ticket_types == (SOME, VIP)
    assert kept["evt_1"].types_seen_at == NOW
    assert follow(an_event(SOME, VIP), row(), an_event(SOME, VIP_GONE))[1:] == [
        [],
        ["ticket_type.sold_out"],
    ]


# -- what is not seen -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("absent", "complete", "asked", "expected", "told"),
    [
        (0, False, False, {}, []),
        (1, False, True, {}, []),
        (0, True, False, {"absent": 1}, []),
        (1, True, False, {"absent": 2}, []),
        (2, True, False, {}, []),
        (1, True, True, {"absent": 2, "vanished": True}, ["event.vanished"]),
        (2, True, True, {"absent": 2, "vanished": True}, ["event.vanished"]),
    ],
)
def test_an_event_that_is_not_seen(
    absent: int, complete: bool, asked: bool, expected: dict[str, Any], told: list[str]
) -> None:
    """A broken sweep proves nothing, a whole one is counted, and only a 404 says that it is gone.
    A count that has said all it can is not written again and again."""
    before = an_event(NONE_LEFT, absent=absent)
    gone = frozenset({"evt_1"}) if asked else frozenset()
    changes, differing = diff(
        "main-room", {"evt_1": before}, Observation(NOW, (), complete=complete, gone=gone)
    )
    assert [change.kind for change in changes] == told
    found = {name: getattr(event, name) for event in differing.values() for name in expected}
    assert (found, bool(differing)) == (expected, bool(expected))


def test_what_is_gone_stays_gone_and_comes_back_once() -> None:
    """With everything else that has changed meanwhile."""
    gone = an_event(SOME, absent=2, vanished=True)
    assert diff("main-room", {"evt_1": gone}, Observation(NOW, ())) == ((), {})
    told = follow(gone, an_event(SOME, title="Later Laughs"), an_event(SOME, title="Later Laughs"))
    assert told[1:] == [["event.returned", "event.renamed"], []]


def test_a_change_holds_what_was_and_what_is() -> None:
    """And which ticket type it happened to."""
    before, after = an_event(SOME, VIP), an_event(SOME, VIP_GONE)
    ((change,), differing) = diff("main-room", {"evt_1": before}, Observation(NOW, (after,)))
    assert (before, after, VIP_GONE) == (change.before, change.event, change.ticket_type)
    assert (change.subject, change.observed_at) == ("evt_1/tt_vip", NOW)
    assert {"evt_1": after} == differing


def test_a_price_that_was_not_said_is_no_other_price() -> None:
    unknown = an_event(evolve(SOME, price=None))

    assert kinds(an_event(SOME), unknown) == []
    assert kinds(unknown, an_event(evolve(SOME, price=900))) == []

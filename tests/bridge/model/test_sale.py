"""The state of a ticket type and of an event: one line each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from willcall.bridge.model.facts import (
    Admission,
    EventFacts,
    LowStock,
    TypeFacts,
    carried_over,
    derived,
)
from willcall.bridge.model.sale import EventSale as E
from willcall.bridge.model.sale import TypeSale as T
from willcall.bridge.model.sale import end_of, event_sale, is_past, type_sale

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
SHOW = NOW + timedelta(days=7)


def a_type(available: int | None = 40, **facts: Any) -> TypeFacts:
    return TypeFacts(**{"id": "ga", "name": "GA", "quantity": 100, "available": available, **facts})


def an_event(*types: TypeFacts, **facts: Any) -> EventFacts:
    values: dict[str, Any] = {"id": "evt", "title": "Gala", "status": "PUBLISHED"}
    return EventFacts(**{**values, "starts_at": SHOW, "ticket_types": types, **facts})


@pytest.mark.parametrize(
    ("status", "known", "state"),
    [
        ("PUBLISHED", a_type(), T.ON_SALE),
        ("PUBLISHED", a_type(None), T.ON_SALE),
        ("PUBLISHED", a_type(None, quantity=None, unlimited=True), T.ON_SALE),
        ("PUBLISHED", a_type(0), T.SOLD_OUT),
        ("PUBLISHED", a_type(-3), T.SOLD_OUT),
        ("PUBLISHED", a_type(0, quantity=0), T.PAUSED),
        ("PUBLISHED", a_type(0, quantity=0, sold=0), T.PAUSED),
        ("PUBLISHED", a_type(-3, quantity=0, sold=3), T.SOLD_OUT),
        ("PUBLISHED", a_type(0, hidden=True), T.PAUSED),
        ("PUBLISHED", a_type(0, sale_starts_at=NOW + HOUR), T.NOT_YET),
        ("PUBLISHED", a_type(sale_starts_at=NOW), T.ON_SALE),
        ("PUBLISHED", a_type(sale_ends_at=NOW), T.OVER),
        ("PUBLISHED", a_type(0, sale_ends_at=NOW - HOUR), T.OVER),
        ("PUBLISHED", a_type(sale_ends_at=NOW + HOUR), T.ON_SALE),
        # A count of 0 at the edge of a sale may be that of no sale: answers are older or newer.
        ("PUBLISHED", a_type(0, sale_starts_at=NOW), T.NOT_YET),
        ("PUBLISHED", a_type(0, sale_starts_at=NOW - 119 * SECOND), T.NOT_YET),
        ("PUBLISHED", a_type(0, sale_starts_at=NOW - 120 * SECOND), T.SOLD_OUT),
        ("PUBLISHED", a_type(0, sale_ends_at=NOW + 119 * SECOND), T.OVER),
        ("PUBLISHED", a_type(0, sale_ends_at=NOW + 120 * SECOND), T.SOLD_OUT),
        ("PUBLISHED", a_type(0, sold=98, sale_ends_at=NOW + SECOND), T.OVER),
        ("PUBLISHED", a_type(0, sold=100, sale_ends_at=NOW + SECOND), T.SOLD_OUT),
        ("PUBLISHED", a_type(-1, sold=101, sale_starts_at=NOW), T.SOLD_OUT),
        ("PUBLISHED", a_type(2, sale_ends_at=NOW + SECOND), T.ON_SALE),
        ("SOLD_OUT", a_type(), T.PAUSED),
        ("SOLD_OUT", a_type(0), T.SOLD_OUT),
        ("POSTPONED", a_type(0), T.PAUSED),
        ("DRAFT", a_type(0), T.NOT_YET),
        ("CANCELLED", a_type(0), T.OVER),
        ("COMPLETED", a_type(0), T.OVER),
        ("ARCHIVED", a_type(), T.OVER),
    ],
)
def test_the_state_of_a_ticket_type(status: str, known: TypeFacts, state: T) -> None:
    """At an event that is yet to come; of one that is past every sale is over."""
    assert type_sale(status, known, NOW) == state
    assert type_sale(status, known, NOW, past=True) == T.OVER


@pytest.mark.parametrize(
    ("status", "sales", "state"),
    [
        ("PUBLISHED", [], E.ON_SALE),
        ("PUBLISHED", [T.ON_SALE, T.SOLD_OUT], E.ON_SALE),
        ("PUBLISHED", [T.SOLD_OUT, T.OVER], E.SOLD_OUT),
        ("PUBLISHED", [T.SOLD_OUT, T.NOT_YET], E.SOLD_OUT),
        ("PUBLISHED", [T.SOLD_OUT, T.PAUSED], E.SOLD_OUT),
        ("PUBLISHED", [T.NOT_YET, T.OVER], E.NOT_YET),
        ("PUBLISHED", [T.OVER, T.PAUSED], E.CLOSED),
        ("PUBLISHED", [T.PAUSED], E.PAUSED),
        ("SOLD_OUT", [T.PAUSED], E.SOLD_OUT),
        ("POSTPONED", [T.PAUSED], E.PAUSED),
        ("DRAFT", [T.NOT_YET], E.DRAFT),
        ("CANCELLED", [T.OVER], E.CANCELLED),
        ("COMPLETED", [T.OVER], E.OVER),
        ("ARCHIVED", [], E.OVER),
    ],
)
def test_the_state_of_an_event(status: str, sales: list[T], state: E) -> None:
    """From its status and the states of its ticket types."""
    assert event_sale(status, sales) == state
    assert event_sale(status, sales, gone=True) == E.GONE
    past = state if state in {E.DRAFT, E.CANCELLED} else E.OVER
    assert event_sale(status, sales, past=True) == past


@pytest.mark.parametrize(
    ("starts", "ends", "past"),
    [
        (NOW - 11 * HOUR, None, False),
        (NOW - 12 * HOUR, None, True),
        (NOW - 2 * HOUR, NOW, True),
        (NOW - 48 * HOUR, NOW + HOUR, False),
        (NOW + HOUR, NOW - HOUR, False),
        (datetime(1, 1, 1, tzinfo=UTC), None, False),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), None, False),
    ],
)
def test_an_event_is_past_by_its_date(starts: datetime, ends: datetime | None, past: bool) -> None:
    """A placeholder date says nothing."""
    assert is_past("PUBLISHED", end_of(starts, ends), NOW) is past


def states(*events: EventFacts, at: tuple[timedelta, ...] = ()) -> list[tuple[str, str, bool]]:
    """The states of an event and of its first ticket type, and whether the event is sold out, from
    one poll to the next."""
    moments = [NOW + span for span in at] or [NOW] * len(events)
    known = derived(events[0], moments[0])
    found = [known]
    for event, moment in zip(events[1:], moments[1:], strict=True):
        known = carried_over(known, event, moment)
        found.append(known)
    return [(str(one.sale), str(one.sales[0]), one.sold_out) for one in found]


def test_time_alone_moves_a_state() -> None:
    """A sale begins, ends, and the event is over, though the box office shows the same."""
    event = an_event(a_type(sale_starts_at=NOW + HOUR, sale_ends_at=NOW + 2 * HOUR))
    spans = (timedelta(0), HOUR, 2 * HOUR, timedelta(days=8))
    assert states(event, event, event, event, at=spans) == [
        ("not yet on sale", "not yet on sale", False),
        ("on sale", "on sale", False),
        ("sale closed", "over", False),
        ("over", "over", False),
    ]


def test_what_does_not_differ_is_the_same_object() -> None:
    """A quiet poll writes nothing."""
    known = derived(an_event(a_type()), NOW)
    assert carried_over(known, an_event(a_type()), NOW + HOUR) is known


def test_a_count_that_is_not_told_changes_nothing_and_no_limit_does() -> None:
    """Null for what is left alone, and null for both."""
    gone, silent = an_event(a_type(0)), an_event(a_type(None))
    free = an_event(a_type(None, quantity=None, unlimited=True))
    assert states(gone, silent, free) == [
        ("sold out", "sold out", True),
        ("sold out", "sold out", True),
        ("on sale", "on sale", False),
    ]


def test_an_event_is_not_sold_out_by_a_count_that_is_not_told_any_more() -> None:
    """The floor was sold out, and its count is missing since; the balcony sells out, or is removed.
    It is once the count is told."""
    floor, silent = a_type(0, sold=100), a_type(None, sold=100)
    balcony, none = a_type(9, id="b"), a_type(0, id="b", sold=100)
    first = an_event(floor, balcony)
    for then in (an_event(silent, none), an_event(silent)):
        assert [out for _, _, out in states(first, then, then)] == [False] * 3
    told = [out for _, _, out in states(first, an_event(silent, none), an_event(floor, none))]
    assert told == [False, False, True]
    # One that says itself that it is sold out is.
    assert states(first, an_event(silent, none, status="SOLD_OUT"))[1][2]


def test_a_second_wave_is_on_sale_when_its_sale_begins() -> None:
    """And not when it is announced."""
    wave = an_event(a_type(20, sale_starts_at=NOW + 2 * HOUR))
    assert states(an_event(a_type(0)), wave, wave, at=(timedelta(0), HOUR, 2 * HOUR)) == [
        ("sold out", "sold out", True),
        ("not yet on sale", "not yet on sale", False),
        ("on sale", "on sale", False),
    ]


def test_a_count_at_the_begin_of_a_sale_is_judged_again() -> None:
    """Though nothing else differs: two minutes later a 0 is believed."""
    event = an_event(a_type(0, sale_starts_at=NOW))
    spans = (timedelta(0), 119 * SECOND, 120 * SECOND)
    assert [sold_out for _, _, sold_out in states(event, event, event, at=spans)] == [
        False,
        False,
        True,
    ]


def test_add_ons_never_keep_a_hall_from_being_sold_out() -> None:
    """Whatever is left of the parking."""
    event = an_event(a_type(0), a_type(9, id="p", name="Parking"))
    assert derived(event, NOW).sale == E.ON_SALE
    assert derived(event, NOW, lambda known: known.name != "Parking").sale == E.SOLD_OUT
    flagged = an_event(a_type(0), a_type(9, id="p", name="Parking", add_on=True))
    assert derived(flagged, NOW).sale == E.SOLD_OUT


@pytest.mark.parametrize(
    ("patterns", "admitting"),
    [
        (("!parking*",), ["GA", "VIP"]),
        (("ga", "VIP"), ["GA", "VIP"]),
        (("*", "!VIP", "!Parking ?"), ["GA"]),
        (("*",), ["GA", "VIP", "Parking 1"]),
    ],
)
def test_which_ticket_types_admit(patterns: tuple[str, ...], admitting: list[str]) -> None:
    """By patterns of their names; with "!" alone, all others do."""
    types = [a_type(name=name) for name in ("GA", "VIP", "Parking 1")]
    admits = Admission(patterns)
    assert [known.name for known in types if admits(known)] == admitting


def test_an_event_of_add_ons_alone() -> None:
    """Then all of them count: something is sold there."""
    event = an_event(a_type(9, name="Parking", add_on=True), a_type(0, name="Donation"))
    assert derived(event, NOW, Admission(("GA",))).sale == E.ON_SALE


def test_an_edit_of_what_admits_is_seen_though_nothing_else_moved() -> None:
    """The next poll shows the same, and the event is sold out."""
    event = an_event(a_type(0), a_type(9, id="p", name="Parking"))
    known = derived(event, NOW)
    full = carried_over(known, event, NOW + HOUR, Admission(("!Parking",)))
    assert full.sold_out
    assert carried_over(full, event, NOW + HOUR, Admission(("!Parking",))) is full
    assert carried_over(full, event, NOW + HOUR).sale == E.ON_SALE


@pytest.mark.parametrize(
    ("known", "low"),
    [
        (a_type(10), True),
        (a_type(11), False),
        (a_type(4, quantity=4), False),
        (a_type(1, quantity=4), False),
        (a_type(5, quantity=10), True),
        (a_type(5, quantity=9), False),
        (a_type(10, sold=0), False),
        (a_type(10, sold=1), True),
        (a_type(5, quantity=None), True),
        (a_type(None, quantity=None, unlimited=True), False),
        (a_type(0), False),
    ],
)
def test_low_stock_needs_a_sale_and_a_share(known: TypeFacts, low: bool) -> None:
    """Boxes and wheelchair places do not alarm."""
    assert LowStock()(known) is low

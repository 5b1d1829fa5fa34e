"""Every predicate both ways, in words; and what implies what."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from support.decider import EVENT, FLOOR, NOW, happens
from willcall.bridge.model.predicates import PREDICATES, Predicates, Situation

DAY = timedelta(days=1)
GALA = attrs.evolve(
    EVENT,
    title="Winter GALA",
    venue_name="Großer Saal",
    city="Berlin",
    category="MUSIC",
    starts_at=NOW + 7 * DAY,
)
LEFT = attrs.evolve(FLOOR, available=10, quantity=100, price=2500)

# A predicate, what suits it, what does not, and how that is said.
ASKED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ({"box_office": ("main-room",)}, {}, {"box_office": "annexe"}, "box_office is annexe"),
    ({"box_office": ("MAIN-room",)}, {}, {"box_office": "annexe"}, "box_office is annexe"),
    ({"event": ("evt_1",)}, {}, {"id": "evt_2"}, "event is late-laughs"),
    ({"event": ("x", "LATE-laughs")}, {}, {"slug": "gala"}, "event is gala"),
    (
        {"event_name_contains": ("gala",)},
        {},
        {"title": "Open Mic"},
        "event_name_contains: 'Open Mic' does not contain 'gala'",
    ),
    (
        {"event_name_contains": ("premiere", "GALA")},
        {},
        {"title": "Open Mic"},
        "event_name_contains: 'Open Mic' contains none of 'premiere', 'GALA'",
    ),
    (
        {"event_status": ("published", "SOLD_OUT")},
        {},
        {"status": "DRAFT"},
        "event_status is DRAFT",
    ),
    (
        {"venue_contains": ("GROSSER",)},
        {},
        {"venue_name": None},
        "venue_contains: '' does not contain 'GROSSER'",
    ),
    ({"city": ("berlin",)}, {}, {"city": None}, "city is None"),
    ({"category": ("Music",)}, {}, {"category": "COMEDY"}, "category is COMEDY"),
    (
        {"starts_within": 7 * DAY},
        {},
        {"starts_at": NOW + 7 * DAY + timedelta(seconds=1)},
        "starts_within: it starts later, or has begun",
    ),
    (
        {"starts_within": 7 * DAY},
        {"starts_at": NOW},
        {"starts_at": NOW - timedelta(seconds=1)},
        "starts_within: it starts later, or has begun",
    ),
    (
        {"starts_after": 7 * DAY},
        {},
        {"starts_at": NOW + 7 * DAY - timedelta(seconds=1)},
        "starts_after: it starts sooner",
    ),
    (
        {"ticket_type_name_contains": ("stalls", "FLOO")},
        {},
        {"name": "Balcony"},
        "ticket_type_name_contains: 'Balcony' contains none of 'stalls', 'FLOO'",
    ),
    (
        {"ticket_type_name_contains": ("FLOO",)},
        {},
        {"name": "Balcony"},
        "ticket_type_name_contains: 'Balcony' does not contain 'FLOO'",
    ),
    ({"remaining_below": 11}, {}, {"available": 11}, "remaining: 11 are left"),
    ({"remaining_below": 11}, {"available": 1}, {"available": 0}, "remaining: 0 are left"),
    ({"remaining_below": 11}, {}, {"available": None}, "remaining: None are left"),
    ({"remaining_share_below": 0.11}, {}, {"available": 11}, "remaining: 11 are left"),
    ({"remaining_share_below": 0.11}, {}, {"quantity": None}, "remaining: 10 are left"),
    (
        {"remaining_below": 20, "remaining_share_below": 0.2},
        {},
        {"quantity": 50},
        "remaining: 10 are left",
    ),
    ({"price_at_least": 2500}, {}, {"price": 2499}, "price_at_least: the price is 2499"),
    ({"price_at_least": 2500}, {}, {"price": None}, "price_at_least: the price is not known"),
]


def asked(asks: dict[str, Any], facts: dict[str, Any]) -> str | None:
    """Why a low stock with these facts is not as asked."""
    of_type = {k: v for k, v in facts.items() if hasattr(FLOOR, k) and k != "id"}
    of_event = {k: v for k, v in facts.items() if hasattr(EVENT, k) and k not in of_type}
    event, one = attrs.evolve(GALA, **of_event), attrs.evolve(LEFT, **of_type)
    change = happens("ticket_type.low_stock", event, one=one)
    change = attrs.evolve(change, box_office=facts.get("box_office", "main-room"))
    return Predicates(**asks).why_not(Situation(change, event, one, NOW))


@pytest.mark.parametrize(("asks", "suits", "not_so", "said"), ASKED)
def test_a_predicate_both_ways(
    asks: dict[str, Any], suits: dict[str, Any], not_so: dict[str, Any], said: str
) -> None:
    """It takes what is as asked, and says of what is not why."""
    assert asked(asks, suits) is None
    assert asked(asks, not_so) == said
    assert asked({}, not_so) is None


def test_no_other_predicate_is_known() -> None:
    """A misspelt name is an error, not a rule that takes everything."""
    with pytest.raises(TypeError, match="no predicate is called 'citty'"):
        Predicates(citty=("Oslo",))


def test_every_predicate_is_in_the_table() -> None:
    """One that is added needs its lines."""
    assert {name for asks, *_ in ASKED for name in asks} == {*PREDICATES}


@pytest.mark.parametrize("asks", [asks for asks, *_ in ASKED])
def test_a_predicate_implies_itself_and_what_asks_nothing(asks: dict[str, Any]) -> None:
    """And nothing implies it that does not ask it."""
    some, none = Predicates(**asks), Predicates()
    assert some.implies(some)
    assert some.implies(none)
    assert not none.implies(some)


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({"box_office": ("a", "b")}, {"box_office": ("b",)}),
        ({"event": ("a", "B")}, {"event": ("b",)}),
        ({"event_name_contains": ("gala",)}, {"event_name_contains": ("Gala night",)}),
        ({"event_status": ("DRAFT", "PUBLISHED")}, {"event_status": ("draft",)}),
        ({"venue_contains": ("hall",)}, {"venue_contains": ("Town Hall",)}),
        ({"city": ("Oslo", "Bergen")}, {"city": ("oslo",)}),
        ({"category": ("MUSIC", "COMEDY")}, {"category": ("music",)}),
        ({"starts_within": 7 * DAY}, {"starts_within": 2 * DAY}),
        ({"starts_after": 2 * DAY}, {"starts_after": 7 * DAY}),
        ({"ticket_type_name_contains": ("floor",)}, {"ticket_type_name_contains": ("Floor 2",)}),
        ({"price_at_least": 5000}, {"price_at_least": 9000}),
        ({"remaining_below": 10}, {"remaining_below": 5}),
        ({"remaining_share_below": 0.2}, {"remaining_share_below": 0.1}),
    ],
)
def test_what_is_narrower_implies_what_is_wider(
    wide: dict[str, Any], narrow: dict[str, Any]
) -> None:
    """And not the other way round."""
    assert Predicates(**narrow).implies(Predicates(**wide))
    assert not Predicates(**wide).implies(Predicates(**narrow))


@pytest.mark.parametrize("asks", [asks for asks, *_ in ASKED])
def test_what_cannot_be_asked_of_a_change_is_not_so(asks: dict[str, Any]) -> None:
    """Of a box office nothing but its name; of an event nothing about a ticket type."""
    whole = Predicates(**asks).why_not(
        Situation(happens("box_office.unreachable"), None, None, NOW)
    )
    about = "it is about a whole box office, not an event"
    assert whole == (None if "box_office" in asks else about)
    of_type = {"ticket_type_name_contains", "price_at_least", "remaining_below"}
    why_not = Predicates(**asks).why_not(
        Situation(happens("event.sold_out", GALA), GALA, None, NOW)
    )
    expected = set(asks) & {*of_type, "remaining_share_below"}
    assert why_not == ("it is about a whole event, not a ticket type" if expected else None)


def test_all_that_is_asked_must_be_so() -> None:
    """The first that is not is told."""
    asks = {"city": ("Berlin",), "event_name_contains": ("gala",), "price_at_least": 100}
    assert asked(asks, {}) is None
    assert asked(asks, {"price": 99}) == "price_at_least: the price is 99"
    assert asked(asks, {"price": 99, "city": "Oslo"}) == "city is Oslo"

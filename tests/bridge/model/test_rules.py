"""Which rule takes which change: every predicate both ways, in words; and when quiet hours end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.decider import EVENT, FLOOR, HOME, NOW, Decider, a_rule, happens
from willcall.bridge.config.rule_tables import duration
from willcall.bridge.model.address import Address
from willcall.bridge.model.facts import EventFacts, LowStock, TypeFacts
from willcall.bridge.model.kinds import KINDS, Severity
from willcall.bridge.model.predicates import PREDICATES, Predicates, Situation
from willcall.bridge.model.rules import Rules, built_in_rules

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


# -- order ----------------------------------------------------------------------------------------


def verdicts(*rules: Any, kind: str = "event.sold_out") -> list[tuple[str, str | None]]:
    """What the rules say of a change, until one has decided."""
    change = happens(kind, GALA)
    now = Situation(change, change.event, change.ticket_type, NOW)
    found = Rules(rules=rules, default=HOME).verdicts(now)
    return [(verdict.rule.id, verdict.why_not) for verdict in found]


def test_the_first_rule_that_takes_a_change_decides() -> None:
    """What stands below it is not asked, unless it goes on; each says why it does not take it."""
    oslo = a_rule("event.*", id="oslo", city=("Oslo",))
    moved = a_rule("event.moved", id="moved")
    first, second = a_rule("event.*", id="first"), a_rule("*", id="second")
    assert verdicts(oslo, moved, first, second) == [
        ("oslo", "city is Berlin"),
        ("moved", "it is not about event.sold_out"),
        ("first", None),
    ]
    going = attrs.evolve(first, go_on=True)
    assert verdicts(going, second)[-2:] == [("first", None), ("second", None)]
    change = happens("event.sold_out", GALA)
    now = Situation(change, GALA, None, NOW)
    taking = Rules(rules=(oslo, going, second), default=HOME).taking(now)
    assert [rule.id for rule in taking] == ["first", "second"]


def test_low_is_what_the_rule_says_and_else_what_is_general() -> None:
    """A rule with a threshold of its own may find low what the general one does not, and the other
    way round."""
    many, few = a_rule("ticket_type.*", id="m", remaining_below=50), a_rule("ticket_type.*", id="g")
    rules = Rules(rules=(many, few), default=HOME, low_stock=LowStock(5, 0.1))

    def low(available: int | None) -> tuple[bool, bool, bool]:
        one = attrs.evolve(LEFT, available=available)
        return rules.runs_low(one), rules.still_low(many, one), rules.still_low(few, one)

    assert low(50) == (False, False, False)
    assert low(49) == (True, True, False)
    assert low(10) == (True, True, True)
    assert low(0) == low(None) == (False, False, False)
    said = verdicts(few, kind="ticket_type.low_stock")
    assert said == [("g", None)]
    assert rules.still_low(few, None)


def test_the_built_in_rules_are_one_a_kind() -> None:
    """So that a subject names what it is about."""
    rules = built_in_rules(HOME)
    assert [rule.id for rule in rules] == [
        f"built-in/{name}" for name, kind in KINDS.items() if kind.built_in
    ]
    assert all(rule.built_in and rule.writes for rule in rules)
    other = Address(customer_email="x@example.com")
    known = Rules(rules=rules, default=other)
    assert known.address("built-in/event.sold_out") is HOME
    assert known.address("gone") is other
    assert known.by_id("gone") is None


def test_a_severity_is_the_rules_or_the_kinds() -> None:
    """It becomes a tag."""
    assert a_rule("*").severity_of("event.sold_out") is Severity.HIGH
    assert a_rule("*", severity=Severity.LOW).severity_of("event.sold_out") is Severity.LOW
    assert Severity.LOW.weight < Severity.NORMAL.weight < Severity.HIGH.weight


# -- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("30s", 30), ("10m", 600), ("2h", 7200), ("14d", 1209600), ("1w", 604800),
     ("10 m", 600), ("090m", 5400), ("999999w", 999999 * 604800)],
)  # fmt: skip
def test_a_span_of_time_as_people_write_it(text: str, seconds: int) -> None:
    """A number and a letter."""
    assert duration.read(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "10", "m", "-1m", "1.5h", "1h30m", "1M", "1 y", "9999999s"])
def test_what_is_no_span_of_time_is_told_how_to_write_one(text: str) -> None:
    """With an example."""
    with pytest.raises(ValueError, match="write it as in 30s, 10m, 2h, 14d or 1w"):
        duration.read(text)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        # within a day, to the second
        (("12:00", "14:00", "UTC"), "2026-11-21T11:59:59", None),
        (("12:00", "14:00", "UTC"), "2026-11-21T12:00:00", "2026-11-21T14:00:00"),
        (("12:00", "14:00", "UTC"), "2026-11-21T13:59:59", "2026-11-21T14:00:00"),
        (("12:00", "14:00", "UTC"), "2026-11-21T14:00:00", None),
        # across midnight
        (("23:00", "08:00", "UTC"), "2026-11-21T22:59:59", None),
        (("23:00", "08:00", "UTC"), "2026-11-21T23:00:00", "2026-11-22T08:00:00"),
        (("23:00", "08:00", "UTC"), "2026-11-22T00:00:00", "2026-11-22T08:00:00"),
        (("23:00", "08:00", "UTC"), "2026-11-22T07:59:59", "2026-11-22T08:00:00"),
        (("23:00", "08:00", "UTC"), "2026-11-22T08:00:00", None),
        (("23:00", "00:00", "UTC"), "2026-12-31T23:30:00", "2027-01-01T00:00:00"),
        # where the rule says
        (("23:00", "08:00", "America/New_York"), "2026-11-21T03:59:59", None),
        (
            ("23:00", "08:00", "America/New_York"),
            "2026-11-21T04:00:00",
            "2026-11-21T13:00:00",
        ),
        # the night in which the clocks go forward is an hour shorter, the other an hour longer
        (("23:00", "08:00", "Europe/Berlin"), "2026-03-28T22:30:00", "2026-03-29T06:00:00"),
        (("23:00", "08:00", "Europe/Berlin"), "2026-10-24T21:30:00", "2026-10-25T07:00:00"),
        # an end that the clocks skip comes when they have
        (("23:00", "02:30", "Europe/Berlin"), "2026-03-28T23:30:00", "2026-03-29T01:30:00"),
        # an end that they show twice
        (("23:00", "02:30", "Europe/Berlin"), "2026-10-24T22:00:00", "2026-10-25T00:30:00"),
        (("23:00", "02:30", "Europe/Berlin"), "2026-10-25T00:45:00", None),
        (("23:00", "02:30", "Europe/Berlin"), "2026-10-25T01:15:00", "2026-10-25T01:30:00"),
    ],
)
def test_quiet_hours(hours: tuple[str, str, str], now: str, until: str | None) -> None:
    """Until when, whatever the night's length."""
    found = Decider.quiet(*hours).until(datetime.fromisoformat(now).replace(tzinfo=UTC))
    expected = None if until is None else datetime.fromisoformat(until).replace(tzinfo=UTC)
    assert (found and found.astimezone(UTC)) == expected


clocks = st.times().map(lambda time: f"{time:%H:%M}")
zones = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(clocks, clocks, zones, moments)
def test_quiet_hours_end_after_now_and_within_a_day(
    start: str, end: str, zone: str, now: datetime
) -> None:
    """A day of the year may be an hour longer. When they end, they have ended."""
    if start == end:
        return
    hours = Decider.quiet(start, end, zone)
    until = hours.until(now)
    if until is not None:
        utc = until.astimezone(UTC)
        assert now < utc <= now + timedelta(hours=25)


def test_facts_that_nobody_has_told_run_nothing_low() -> None:
    """Half a fact is none."""
    assert not LowStock()(TypeFacts(id="t", name="t"))
    assert LowStock()(TypeFacts(id="t", name="t", available=5))
    assert not LowStock(number=0, share=0)(TypeFacts(id="t", name="t", available=1, quantity=9))
    assert isinstance(EVENT, EventFacts)

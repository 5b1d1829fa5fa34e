"""Which rule takes which change, and when quiet hours end."""

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
from willcall.bridge.model.predicates import Situation
from willcall.bridge.model.rules import Rules, built_in_rules
from willcall.bridge.model.sale import Include

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
    assert all(rule.built_in for rule in rules)
    assert all(rule.writes is KINDS[rule.kinds[0]].of_event for rule in rules)
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


@pytest.mark.parametrize(
    ("facts", "kind", "include", "takes"),
    [
        ({"status": "DRAFT"}, "event.rescheduled", (), False),
        ({"status": "DRAFT"}, "event.rescheduled", (Include.PAST,), False),
        ({"status": "DRAFT"}, "event.rescheduled", (Include.DRAFTS,), True),
        ({"status": "DRAFT", "vanished": True}, "event.vanished", (), False),
        ({"status": "DRAFT"}, "event.created", (), True),
        ({"starts_at": NOW - timedelta(days=1)}, "event.sold_out", (), False),
        ({"starts_at": NOW - timedelta(days=1)}, "event.sold_out", (Include.PAST,), True),
        ({"starts_at": NOW - timedelta(hours=1)}, "event.sold_out", (), True),
        ({"status": "COMPLETED"}, "event.rescheduled", (), False),
        ({"status": "COMPLETED"}, "event.completed", (), True),
        ({"status": "ARCHIVED"}, "event.archived", (), True),
        ({"status": "CANCELLED"}, "event.cancelled", (), True),
        ({"status": "POSTPONED"}, "event.unknown_status", (), True),
    ],
)
def test_drafts_and_the_past_are_news_to_a_rule_that_includes_them(
    facts: dict[str, Any], kind: str, include: tuple[Include, ...], takes: bool
) -> None:
    """And to no other."""
    event = attrs.evolve(EVENT, **facts)
    change = happens(kind, event)
    rule = a_rule(kind, include=frozenset(include))
    now = Situation(change, event, change.ticket_type, NOW)
    assert (Rules(rules=(rule,), default=HOME).taking(now) == [rule]) is takes

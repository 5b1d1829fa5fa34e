"""Forecasts as changes: when they begin and end, that they do not flap, and their words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from willcall.bridge.detection.selling_fast import Sales, in_words, sales
from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, LowStock
from willcall.bridge.model.kinds import KINDS
from willcall.bridge.model.kinds.ticket_types import SELLING_FAST, SELLING_SLOWER
from willcall.bridge.polling.forecast import Forecast, Interval
from willcall.bridge.templates.examples import EVENT

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
NAME = (SELLING_FAST, f"{EVENT.id}/tt_1")
HOUR = 3600.0


def expected(soonest: float, latest: float, left: int = 42) -> Forecast:
    """Between so many hours."""
    return Forecast(
        0.01, left, Interval(soonest * HOUR, (soonest + latest) / 2 * HOUR, latest * HOUR)
    )


def seen(forecast: Forecast | None, event: EventFacts = EVENT, *, holds: bool = False) -> Sales:
    """One poll the event, of whose first ticket type this is expected."""
    told = {} if forecast is None else {"tt_1": forecast}
    return sales("main-room", [(event, told)], {NAME} if holds else set(), NOW)


def kinds(found: Sales) -> list[str]:
    return [change.kind for change in found.changes]


def with_first(**more: object) -> EventFacts:
    """The event, with something else about its first ticket type."""
    first, second = EVENT.ticket_types or ()
    return attrs.evolve(EVENT, ticket_types=(attrs.evolve(first, **more), second))  # type: ignore[arg-type]


def test_it_begins_when_nine_times_in_ten_it_is_gone_in_time() -> None:
    """And what was foretold is kept, moment by moment."""
    found = seen(expected(0.5, 2.0))
    assert kinds(found) == [SELLING_FAST]
    change, (said,) = found.changes[0], found.predictions
    assert (change.subject, change.detail) == (f"{EVENT.id}/tt_1", "30 minutes to 2 hours")
    assert (said.made_at, said.left) == (NOW, 42)
    assert (said.earliest, said.latest) == (
        NOW + timedelta(hours=0.5),
        NOW + timedelta(hours=2),
    )
    assert kinds(seen(expected(0.5, 2.0), holds=True)) == []
    assert kinds(seen(expected(0.5, 2.1))) == []


def test_it_ends_when_nine_times_in_ten_it_is_not() -> None:
    """In between it stays as it was, whichever that is."""
    for near in (expected(0.5, 5.0), expected(1.9, 3.0)):
        assert kinds(seen(near)) == kinds(seen(near, holds=True)) == []
    assert kinds(seen(expected(2.1, 9.0), holds=True)) == [SELLING_SLOWER]
    assert kinds(seen(expected(2.1, 9.0))) == []
    assert kinds(seen(Forecast(0.0, 42), holds=True)) == [SELLING_SLOWER]
    assert kinds(seen(None, holds=True)) == []


@pytest.mark.parametrize(
    "event",
    [
        with_first(available=3),
        with_first(available=0),
        with_first(available=None),
        with_first(hidden=True),
        attrs.evolve(EVENT, status="SOLD_OUT"),
        attrs.evolve(EVENT, status="CANCELLED"),
        attrs.evolve(EVENT, ticket_types=None),
    ],
)
def test_what_is_told_otherwise_does_not_begin(event: EventFacts) -> None:
    """Low, sold out, unknown, hidden, off."""
    assert kinds(seen(expected(0.1, 0.5), event)) == []


def test_sold_out_is_no_slowing_down() -> None:
    """It is superseded by that."""
    assert kinds(seen(Forecast(0.0, 0), with_first(available=0), holds=True)) == []
    kind = KINDS[SELLING_FAST]
    assert kind.cleared_by == (SELLING_SLOWER,)
    assert {"ticket_type.sold_out", "ticket_type.low_stock", "event.sold_out"} <= set(
        kind.superseded_by
    )
    assert KINDS["event.sold_out"].does_cover(SELLING_FAST)
    assert not kind.built_in


def test_the_setting_and_the_threshold_count() -> None:
    """``[selling_fast] within`` and ``[low_stock]``."""
    told = [(EVENT, {"tt_1": expected(2.5, 5.0)})]
    assert sales("main-room", told, (), NOW, timedelta(hours=2)).changes == ()
    found = sales("main-room", told, (), NOW, timedelta(hours=6))
    assert [change.kind for change in found.changes] == [SELLING_FAST]
    low = LowStock(number=50)
    assert sales("main-room", told, (), NOW, timedelta(hours=6), low).changes == ()


@given(st.lists(st.tuples(st.floats(0.9, 1.4), st.floats(1.5, 2.5)), max_size=40))
def test_a_rate_near_the_edge_never_flaps(spans: list[tuple[float, float]]) -> None:
    """However the forecast moves about the edge, it begins once at the most, and does not end."""
    holds, news = False, list[str]()
    for soonest, latest in spans:
        found = kinds(seen(expected(soonest, latest), holds=holds))
        news += found
        holds = holds or SELLING_FAST in found
    assert news in ([], [SELLING_FAST])


@pytest.mark.parametrize(
    ("soonest", "latest", "words"),
    [
        (20, 50, "less than 1 minute"),
        (20, 400, "less than 7 minutes"),
        (70, 80, "1 to 2 minutes"),
        (2400, 7200, "40 minutes to 2 hours"),
        (2460, 6900, "40 to 115 minutes"),
        (7300, 30000, "2 to 9 hours"),
        (90000, 400000, "25 hours to 5 days"),
        (1500, 2400, "25 to 40 minutes"),
    ],
)
def test_intervals_in_words(soonest: float, latest: float, words: str) -> None:
    """As people say it; rounded outwards."""
    assert in_words(Interval(soonest, soonest, latest)) == words


@given(st.floats(0, 1e8), st.floats(1, 1e3))
def test_every_interval_has_words(soonest: float, factor: float) -> None:
    """Whatever is expected."""
    assert in_words(Interval(soonest, soonest, soonest * factor + 1))


def test_the_words_reach_the_ticket() -> None:
    """The interval stands in the ticket's text."""
    from willcall.bridge.model.address import Address
    from willcall.bridge.model.rules import Rule
    from willcall.bridge.templates.rendering import Wording

    address = Address(customer_email="a@example.com")
    (change,) = seen(expected(0.5, 2.0)).changes
    assert isinstance(change, Change)
    body = Wording(Rule(id="fast", kinds=(), address=address), change, ()).body()
    assert "the last of the 42 that are left is sold in 30 minutes to 2 hours." in body

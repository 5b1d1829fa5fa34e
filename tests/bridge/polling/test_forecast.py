"""How fast a ticket type sells, told from polls: what fools it, what does not, how sure it is."""

import json
import random
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from willcall.bridge.model.facts import LowStock, TypeFacts
from willcall.bridge.polling.forecast import (
    ORDER,
    Interval,
    Profile,
    Speed,
    Velocity,
    phase,
    surging,
)

START = datetime(2026, 12, 20, 20, 0, tzinfo=UTC).timestamp()
NOW = START - 20 * 86_400.0
LOW = LowStock()
SINCE = (60.0, 1_800.0, 7_200.0, 30_000.0, 60_000.0, 172_800.0, 400_000.0, 2e6)  # one a phase
UNTIL = (40_000.0, 120_000.0, 200_000.0, 300_000.0, 600_000.0, 1e6)


def seats(left: int | None, quantity: int | None = 200, opens: datetime | None = None) -> TypeFacts:
    """A ticket type with so many left."""
    return TypeFacts(id="t", name="t", available=left, quantity=quantity, sale_starts_at=opens)


def after(*polls: tuple[float, int | None], quantity: int | None = 200) -> Velocity:
    """What is known after polls, each so many seconds from now and with so many left."""
    velocity, profile = Velocity(), Profile()
    for at, left in polls:
        velocity = velocity.seen(seats(left, quantity), NOW + at, profile, START)
    return velocity


def rate(velocity: Velocity, at: float = 0.0) -> float:
    """Tickets an hour that it is believed to sell."""
    return 3600 * velocity.speed(seats(velocity.left), Profile(), START, NOW + at).usual


def test_it_learns_the_rate_of_what_sells_steadily() -> None:
    profile, velocity = Profile(), Velocity()
    for at, left in [(600.0 * n, 190 - 4 * n) for n in range(40)]:
        velocity = velocity.seen(seats(left), NOW + at, profile, START)
    found = velocity.speed(seats(left), profile, START, velocity.at)
    assert found.usual * 3600 == pytest.approx(24, rel=0.35)
    assert found.known > 5


def test_a_look_seconds_after_another_proves_hardly_anything() -> None:
    calm = [(3600.0 * n, 200 - n) for n in range(24)]
    # Two seats went between two polls three seconds apart: 2,400 an hour, if one believed it.
    fooled = after(*calm, (24 * 3600.0, 176), (24 * 3600.0 + 3, 174))
    assert rate(fooled, 24 * 3600.0) < 3 * rate(after(*calm), 24 * 3600.0) < 10


@pytest.mark.parametrize(
    ("what", "then", "as_if"),
    [
        ("seats held and let go", [(60.0, 194), (660.0, 200)], [(660.0, 200)]),
        ("a refund of all", [(60.0, 190), (90_000.0, 200)], [(90_000.0, 200)]),
    ],
)
def test_what_comes_back_was_no_sale(
    what: str, then: list[tuple[float, int]], as_if: list[tuple[float, int]]
) -> None:
    at = then[-1][0]
    believed, plain = rate(after((0.0, 200), *then), at), rate(after((0.0, 200), *as_if), at)
    assert 0.5 * plain < believed <= plain, what


def test_a_restock_is_neither_a_sale_nor_one_taken_back() -> None:
    profile, velocity = Profile(), Velocity()
    for at, left, quantity in ((0.0, 10, 100), (600.0, 4, 100), (1200.0, 54, 150)):
        velocity = velocity.seen(seats(left, quantity), NOW + at, profile, START)
    assert velocity.tickets == pytest.approx(6, rel=0.02)
    nobody_says = after((0.0, 10), (600.0, 4), (1200.0, 54), quantity=None)
    assert nobody_says.tickets == pytest.approx(6, rel=0.02)


def test_what_nobody_tells_and_a_clock_that_was_set_back_teach_nothing() -> None:
    known = after((0.0, 200), (600.0, 190))
    assert known.seen(seats(None), NOW + 700, Profile(), START) == known
    back = known.seen(seats(150), NOW - 3600, Profile(), START)
    assert (back.tickets, back.expected) == (known.tickets, known.expected)


def test_while_nothing_is_left_demand_is_not_seen_to_fall() -> None:
    out = after((0.0, 40), (600.0, 0))
    later = out.seen(seats(0), NOW + 7200, Profile(), START)
    assert later.expected <= out.expected


def test_a_surge_is_believed_within_some_orders() -> None:
    calm = [(3600.0 * n, 199 - n) for n in range(48)]
    end = 47 * 3600.0
    surge = [(end + 60.0 * n, 152 - 2 * n) for n in range(1, 16)]
    assert rate(after(*calm, *surge), end + 900) > 3 * rate(after(*calm), end)


def believed(sold: int, days: float, *polls: tuple[float, int]) -> float:
    """Tickets a day that one of 200 is believed to sell which opened so many days ago and has sold
    so many; then it was polled, so many seconds from now and with so many left."""
    opens = datetime.fromtimestamp(NOW - days * 86_400, UTC)
    velocity, profile = Velocity(), Profile()
    for at, left in ((0.0, 200 - sold), *polls):
        one = seats(left, opens=opens)
        velocity = velocity.seen(one, NOW + at, profile, START)
    speed = velocity.speed(one, profile, START, velocity.at)
    assert speed.known >= 0.5
    return speed.usual * 86_400


def test_the_first_look_tells_how_fast_it_has_sold_since_its_sale_opened() -> None:
    slow, usual, fast = (believed(sold, 20.0) for sold in (2, 40, 150))
    assert 2.5 * slow < usual
    assert 2.5 * usual < fast
    assert 150 / 20 / 5 < fast < 150 / 20  # it slows down after the opening, as others do
    # One that nobody has put an opening to is taken for the average.
    assert rate(after((0.0, 50))) == pytest.approx(rate(after((0.0, 190))))


def test_a_slow_sale_is_not_forgotten_while_nothing_is_sold() -> None:
    days = [(n * 86_400.0, 60) for n in range(1, 6)]
    still = believed(140, 30.0, *days)
    assert still > 0.3 * believed(140, 30.0)
    assert still > 5 * believed(1, 30.0, *((at, 199) for at, _ in days))


def test_what_it_sold_lately_counts_for_more_than_what_it_sold_before() -> None:
    surge = [(60.0 * n, 60 - 2 * n) for n in range(1, 16)]
    assert believed(140, 30.0, *surge) > 3 * believed(140, 30.0)


def test_it_is_known_since_when_nothing_is_left() -> None:
    assert after((0.0, 5), (600.0, 0), (1200.0, 0)).emptied == NOW + 600
    assert after((0.0, 0)).emptied == NOW
    assert after((0.0, 0), (600.0, 3)).emptied is None
    assert Velocity.from_json(after((0.0, 0)).to_json()).emptied == NOW


def test_a_burst_is_not_taken_for_a_lasting_rate() -> None:
    opened = datetime.fromtimestamp(NOW, UTC)
    profile, velocity = Profile(), Velocity()
    for step in range(10):
        one = seats(200 - 5 * step, opens=opened)
        velocity = velocity.seen(one, NOW + 60 * step, profile, START)
    then = velocity.speed(one, profile, START, NOW + 600)
    later = velocity.speed(one, profile, START, NOW + 2 * 86_400)
    assert then.usual > 10 * later.usual


def test_a_sale_that_opens_without_notice_is_a_burst_from_then_on() -> None:
    waiting = after((0.0, 200), (86_400.0, 200), (86_700.0, 190))
    assert waiting.opened == pytest.approx(NOW + 86_550.0)
    assert after((0.0, 150), (300.0, 140)).opened is None  # that was under way already


def test_phases() -> None:
    hour, day = 3600.0, 86_400.0
    found = [
        phase(NOW, NOW + until, NOW + since)
        for since, until in ((60.0, 9 * day), (2 * hour, 9 * day), (8 * day, 9 * day))
    ]
    assert len(set(found)) == 3
    assert phase(None, START, NOW) == phase(NOW - 30 * day, START, NOW)
    # The last day sells faster than the middle.
    profile = Profile()
    assert profile.rate(phase(None, NOW + hour, NOW)) > profile.rate(phase(None, START, NOW))


def test_the_profile_learns_from_all_and_is_kept() -> None:
    profile, middle = Profile(), phase(None, START, NOW)
    before = profile.rate(middle)
    for _ in range(2000):
        profile.learn(middle, 0.1, 3600.0)
    assert profile.rate(middle) > 5 * before
    again = Profile(json.loads(json.dumps(profile.to_json())))
    assert again.rate(middle) == profile.rate(middle)
    assert Profile([[1.0, 2.0]]).rate(middle) == before  # another version's is not misread


def test_what_is_believed_of_the_phases_rises_and_falls_as_sales_do() -> None:
    day, profile = 86_400.0, Profile()
    since = [profile.rate(phase(NOW - one, NOW + 60 * day, NOW)) for one in SINCE]
    until = [profile.rate(phase(NOW - 60 * day, NOW + one, NOW)) for one in UNTIL]
    assert since == sorted(since, reverse=True)
    assert len(set(since)) == len(SINCE)
    assert until == sorted(until, reverse=True)
    assert len(set(until)) == len(UNTIL)


DAILY = 5 / 86_400  # five orders a day, in orders a second


def believed_surge(*polls: tuple[float, float], pace: float = DAILY, chance: float = 0.0) -> float:
    """How probable a surge is after polls: so many orders in so many seconds each."""
    for orders, seconds in polls:
        chance = surging(chance, orders, pace, 30 * pace, seconds)
    return chance


def test_a_few_orders_at_once_of_an_event_that_sells_little_are_a_surge() -> None:
    assert believed_surge((0, 600.0)) < 0.002
    assert believed_surge((0, 600.0), (1, 300.0)) < 0.02
    assert 0.02 < believed_surge((0, 600.0), (2, 300.0)) < 0.5
    assert believed_surge((0, 600.0), (4, 300.0)) > 0.9
    # Where so many are usual they prove nothing, nor do they over half a day.
    assert believed_surge((0, 600.0), (3, 300.0), pace=3 / 300) < 0.002
    assert believed_surge((4, 43_200.0)) < 0.02
    # In half a day in which nobody polled there was one; whether it is still on is another thing.
    assert 0.03 < believed_surge((20, 43_200.0)) < 0.2
    assert 0.1 < believed_surge((7, 14_400.0)) < 0.4


def test_a_surge_is_over_when_nothing_more_is_sold() -> None:
    surge = believed_surge((5, 300.0))
    assert surge > 0.9
    silent = [believed_surge(*[(0, 300.0)] * n, chance=surge) for n in range(0, 25, 4)]
    assert silent == sorted(silent, reverse=True)
    assert silent[-1] < 0.05
    assert believed_surge((0, 7_200.0), chance=surge) < 0.05


def test_a_surge_brings_a_share_of_what_was_sold_before() -> None:
    """However little it sells now: that is what an event in its long middle is polled for."""
    opens = datetime.fromtimestamp(NOW - 40 * 86_400, UTC)
    much, little = (
        after((0.0, left)).speed(seats(left, opens=opens), Profile(), START, NOW)
        for left in (20, 190)
    )
    assert much.brings == pytest.approx(0.05 * 180)
    assert little.brings == pytest.approx(0.05 * 10)
    assert much.sprung(5) > 100 * little.sprung(5)
    assert much.sprung(5) > 2 * much.sprung(15) > 0
    assert much.sprung(5) < 0.07 / 86_400  # no more than begin at all
    # What it brings comes within an hour, or as fast as a surge is where it sells well anyway.
    slow, fast = Speed(1e-7, 9 / 3600, 9.0, 4.0), Speed(0.01, 0.3, 9.0, 4.0)
    assert much.stirred >= 9 / 3600
    for speed in (slow, fast):
        assert speed.rate(0.0) == speed.usual
        assert speed.rate(1.0) == pytest.approx(speed.stirred)
    unknown = after((0.0, 50)).speed(seats(50, None), Profile(), START, NOW)
    assert (unknown.brings, unknown.sprung(1)) == (0.0, 0.0)


def test_a_clock_set_back_tells_nothing_of_a_surge() -> None:
    assert surging(0.3, 5, DAILY, 1.0, 0.0) == 0.3
    assert surging(0.3, 5, DAILY, 1.0, -60.0) == 0.3


def test_where_nothing_can_be_sold_a_surge_is_over_some_time() -> None:
    assert 0.25 < surging(0.3, 5, 0.0, 0.0, 60.0) < 0.3
    assert surging(1.0, 0, 0.0, 0.0, 30_000.0) < 0.01


@given(
    st.floats(0, 1),
    st.floats(0, 1e6),
    st.floats(0, 1e3),
    st.floats(0, 1e5),
    st.floats(0, 1e8, allow_subnormal=False),
)
def test_a_probability_it_remains(
    chance: float, orders: float, pace: float, stirred: float, span: float
) -> None:
    assert 0.0 <= surging(chance, orders, pace, stirred, span) <= 1.0


def test_a_velocity_is_kept_as_json() -> None:
    known = after((0.0, 200), (86_400.0, 200), (86_700.0, 190))
    again = Velocity.from_json(json.loads(json.dumps(known.to_json())))
    assert rate(again, 90_000) == pytest.approx(rate(known, 90_000), rel=1e-3)
    for other in (None, [], [1], ["a"] * 6, {"b": 1}):
        assert Velocity.from_json(other) == Velocity()


def test_a_forecast_speaks_of_both_thresholds() -> None:
    known = after((0.0, 200), (600.0, 190), (1200.0, 180))
    forecast = known.forecast(seats(180), Profile(), START, NOW + 1200, LOW)
    assert forecast.sold_out
    assert forecast.low
    assert forecast.low.expected < forecast.sold_out.expected
    for one in (forecast.low, forecast.sold_out):
        assert one.soonest < one.expected < one.latest
    assert known.forecast(seats(15), Profile(), START, NOW, LOW).low is None
    assert known.forecast(seats(0), Profile(), START, NOW, LOW).sold_out is None
    assert known.forecast(seats(None), Profile(), START, NOW, LOW).left is None


def test_eight_times_in_ten_it_sells_out_within_the_interval() -> None:
    """While the rate stays as it is: orders as they come, of one to six tickets."""
    draw = random.Random(6)
    within, plays = 0, 300
    for _ in range(plays):
        pace = draw.lognormvariate(-6.5, 0.8)  # orders a second
        at, left, velocity, profile = 0.0, 400, Velocity(), Profile()
        forecast: tuple[float, Interval] | None = None
        poll = 0.0
        while left > 0:
            order = at + draw.expovariate(pace)
            while poll <= order:
                velocity = velocity.seen(seats(left, 400), NOW + poll, profile, NOW + 9e6)
                if forecast is None and left <= 60:
                    told = velocity.forecast(seats(left, 400), profile, NOW + 9e6, NOW + poll, LOW)
                    assert told.sold_out
                    forecast = poll, told.sold_out
                poll += 300.0
            at, left = order, max(0, left - min(6, 1 + int(draw.expovariate(1 / 1.7))))
        if forecast is not None:
            since, span = forecast
            within += span.soonest <= at - since <= span.latest
    assert 0.7 <= within / plays <= 0.97


def test_more_seats_cannot_be_sold_out_sooner() -> None:
    known = after((0.0, 200), (600.0, 190))
    few = known.forecast(seats(10), Profile(), START, NOW, LOW).sold_out
    many = known.forecast(seats(90), Profile(), START, NOW, LOW).sold_out
    assert few
    assert many
    assert few.expected < many.expected
    assert attrs.asdict(few)["soonest"] < 10 / (ORDER * 1e-9)

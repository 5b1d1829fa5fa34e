"""How many polls are made, beside others with the same key."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from willcall.bridge.polling.rate import KEPT, LEAST, GivingWay, RateController
from willcall.ticketsmart.api import PROVIDER

FULL = 300.0 * (math.cbrt((1.0 - LEAST) / 0.05) + math.cbrt(0.1 / 0.05))
"""Seconds of quiet after which everything is given back, however little was left."""


@given(st.lists(st.tuples(st.floats(0.0, 4000.0), st.booleans()), max_size=60))
def test_a_refusal_takes_a_tenth_and_quiet_gives_it_back(steps: list[tuple[float, bool]]) -> None:
    """Never more, never less than the least, whatever came before."""
    way, moment = GivingWay(), 100.0
    for pause, refused in steps:
        before = way.part(moment)
        moment += pause
        part = way.part(moment)
        assert before <= part <= 1.0
        if refused:
            way.refused(moment)
            assert way.part(moment) == pytest.approx(max(LEAST, KEPT * part))
    assert way.part(moment + FULL + 0.1) == 1.0


def test_one_refusal_from_nowhere_costs_a_tenth_for_some_minutes() -> None:
    """And no more: nobody is there to give way to."""
    way = GivingWay()
    way.refused(50.0)
    assert way.part(50.0) == pytest.approx(0.9)
    assert way.part(50.0 + 150.0) > 0.97
    assert way.part(50.0 + 379.0) == 1.0


def test_others_are_found_out_within_a_minute_and_probed_for_seldom() -> None:
    """Somebody takes half: refused whenever we make more than half, looking once a second or so."""
    way, moment, refusals, polls = GivingWay(), 0.0, [], []
    while moment < 7200.0:
        moment += 1.0 / way.part(moment)
        polls.append(moment)
        if way.part(moment) > 0.5:
            way.refused(moment)
            refusals.append(moment)
    assert refusals[6] < 12.0  # 0.9 to the seventh is less than a half
    later = [at for at in refusals if at >= 3600.0]
    assert len(later) < 13
    made = [at for at in polls if at >= 3600.0]
    assert len(made) > 0.94 * 0.5 * 3600.0  # of what the other leaves


def test_the_rate_is_what_our_own_limits_allow_less_what_is_left_to_others() -> None:
    """And the round trip, as ever."""
    quota = PROVIDER.quota
    controller = RateController(lambda trip: quota.rate(0.5, trip))
    assert controller.rate(0.0) == quota.rate(0.5)
    controller.polled(1.0, 2.0)
    assert controller.rate(1.0) == quota.rate(0.5, 0.2)
    controller.polled(2.0, 30.0, refused=True)  # what it waited for was no round trip
    assert controller.rate(2.0) == pytest.approx(quota.rate(0.5, 0.2) * KEPT)
    for _ in range(200):
        controller.polled(3.0, 60.0)
    assert controller.rate(3.0) > 0.4 * 30 / 60


def test_what_is_worth_saying_is_said_once() -> None:
    """When a quarter is gone, and when nearly all is back."""
    controller = RateController(lambda trip: PROVIDER.quota.rate(1.0, trip))
    said = [controller.polled(float(n), 0.1, refused=True) for n in range(6)]
    assert [n for n, one in enumerate(said) if one] == [2]
    assert said[2].startswith("others use the same key: 42 polls a minute")
    said = [controller.polled(6.0 + n, 0.1) for n in range(0, 2000, 10)]
    assert [one for one in said if one] == ["the key's requests are ours again"]


@given(st.lists(st.tuples(st.floats(1.0, 120.0), st.floats(1.0, 9000.0)), min_size=1, max_size=80))
def test_a_bound_that_was_stated_holds_for_as_long_as_it_said(
    steps: list[tuple[float, float]],
) -> None:
    """Whoever was last seen under it may be as old as it said."""
    controller, moment = RateController(lambda trip: PROVIDER.quota.rate(1.0, trip)), 0.0
    stated: list[tuple[float, float]] = []
    for pause, longest in steps:
        moment += pause
        stated.append((moment, longest))
        wanted = max(seconds for at, seconds in stated if at + seconds > moment)
        assert controller.bound(moment, longest) == wanted

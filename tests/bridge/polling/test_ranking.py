"""Which poll is worth most: where the price has moved, so have the moments."""

import pytest

from willcall.bridge.polling.priority import Unit
from willcall.bridge.polling.ranking import Ranking


def unit(once: float = 0.0, twice: float = 0.0) -> Unit:
    """Something last seen at 0, that can be polled."""
    return Unit(0.0, once=once, twice=twice, most=1.0, live=True)


def test_what_was_placed_when_looks_were_cheap_lets_the_worthier_go_first() -> None:
    ranking = Ranking(1e-4)
    even, steep = unit(once=1e-5), unit(twice=1e-6)
    for one in (even, steep):
        ranking.place(one)
    assert even.due < steep.due
    ranking.price = 0.5
    assert even.priority(100.0) < 0.5 < steep.priority(100.0)
    assert ranking.best(100.0) is steep
    assert even.due == pytest.approx(223.6, abs=1.0)


def test_what_was_placed_when_looks_were_dear_comes_up_sooner() -> None:
    ranking = Ranking(100.0)
    slow = unit(once=1e-5)
    ranking.place(slow)
    assert slow.due > 3000
    ranking.price = 1e-3
    ranking.renew()
    assert slow.due == pytest.approx(10.0)
    assert ranking.best(20.0) is slow
    assert ranking.best(20.0) is None  # it is under way, and stands nowhere twice


def test_what_rests_is_forgotten_and_its_old_entries_with_it() -> None:
    ranking = Ranking(1.0)
    units = [unit(once=1e-5) for _ in range(50)]
    for _ in range(100):
        for one in units:
            ranking.place(one)
    for one in units[1:]:
        one.placed, one.live = None, False
    for _ in range(200):
        ranking.renew()
    assert [one.ringed for one in units] == [True] + [False] * 49
    assert len(ranking._heap) <= 1100
    assert ranking.best(1e6) is units[0]
    assert ranking.best(1e6) is None


def test_the_price_follows_what_looks_turn_out_to_be_worth() -> None:
    ranking = Ranking(1e-6)
    for _ in range(400):
        one = unit(once=1e-5)
        ranking.place(one)
        assert ranking.best(100.0) is one  # worth 0.1
    assert ranking.price == pytest.approx(0.1, rel=0.1)

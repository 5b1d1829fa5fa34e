"""A condition begins when it holds and did not, whatever has moved."""

from datetime import timedelta

import attrs
import pytest

from support.decider import MINUTE, NOW, a_rule
from support.played import Played, hall
from willcall.bridge.alerting.decide import decide
from willcall.bridge.model.cases import Act, State
from willcall.bridge.model.facts import EventFacts, LowStock, derived
from willcall.bridge.model.rules import Rules, Storm, built_in_rules

GALA = a_rule("ticket_type.low_stock", id="gala", event="gala", remaining_below=50)
HERE = a_rule("ticket_type.low_stock", id="here", remaining_below=50)


@pytest.mark.parametrize("first", [60, 40])
def test_the_threshold_of_another_event_keeps_nothing_silent(first: int) -> None:
    """A rule for the gala, and jazz runs low by the built-in rule; also if it was below the gala's
    threshold at the baseline."""
    played = Played(GALA).sees(hall(jazz=first), hall(jazz=40), hall(jazz=3))
    assert [ticket.rule for ticket in played.tickets] == ["built-in/ticket_type.low_stock"]


def test_what_held_at_the_baseline_is_silent_until_it_ends() -> None:
    """Fewer and fewer is the same condition; restocked and low again is another."""
    played = Played().sees(hall(ga=4), hall(ga=2), hall(ga=1)).waits(timedelta(days=1))
    assert played.tickets == []
    assert len(played.sees(hall(ga=60), hall(ga=4)).tickets) == 1


def test_what_held_at_the_baseline_is_silent_under_a_rule_that_is_added() -> None:
    """It held for that rule as well; a rule for which it did not hold is another matter."""
    played = Played().sees(hall(ga=4)).edits(HERE).waits(MINUTE)
    assert played.tickets == []
    few = a_rule("ticket_type.low_stock", id="few", remaining_below=3)
    played.edits(few).waits(MINUTE)
    assert played.tickets == []
    assert [ticket.rule for ticket in played.sees(hall(ga=2)).tickets] == ["few"]


def test_a_threshold_that_is_raised_begins_what_is_below_it() -> None:
    """In the first pass after the edit; the next is silent."""
    played = Played(low_stock=LowStock(5, 0)).sees(hall(ga=60), hall(ga=15)).waits(MINUTE)
    assert played.tickets == []
    played.edits(low_stock=LowStock(20, 0)).waits(MINUTE)
    assert len(played.tickets) == 1
    played.sees(hall(ga=4)).waits(MINUTE)
    assert len(played.tickets) == 1


def test_a_threshold_that_is_lowered_ends_what_is_above_it() -> None:
    """Its ticket says what is no longer so by the rules."""
    played = Played(low_stock=LowStock(20, 0)).sees(hall(ga=60), hall(ga=15))
    assert len(played.open) == 1
    assert played.edits(low_stock=LowStock(5, 0)).waits(MINUTE).open == []


def test_what_is_low_when_it_goes_on_sale_has_a_ticket() -> None:
    """A draft runs low for nobody."""
    played = Played().sees(hall("DRAFT", ga=4), hall(ga=4), hall(ga=2))
    assert len(played.tickets) == 1


def test_what_is_back_with_a_few_does_not_run_low_beside_the_good_news() -> None:
    """It says itself how many there are."""
    played = Played().sees(hall(ga=60), hall(ga=0), hall(ga=3), hall(ga=2))
    assert played.open == []
    assert len(played.tickets) == 1


def test_ticket_types_that_are_first_seen_are_known() -> None:
    """A list told nothing of them until now."""
    nothing = attrs.evolve(hall(ga=4), ticket_types=None)
    assert Played().sees(nothing, hall(ga=4), hall(ga=2)).tickets == []


def test_for_counts_from_when_the_rule_takes_it() -> None:
    """Forty left are low for the gala's rule only; three for both."""
    waits = a_rule("ticket_type.low_stock", id="waits", remaining_below=5, hold=10 * MINUTE)
    played = Played(waits, HERE).sees(hall(ga=60), hall(ga=40)).waits(timedelta(hours=1))
    assert [ticket.rule for ticket in played.tickets] == ["here"]
    played.sees(hall(ga=3)).waits(5 * MINUTE)
    assert len(played.tickets) == 1
    played.sees(hall(ga=6)).sees(hall(ga=3)).waits(6 * MINUTE)
    assert len(played.tickets) == 1
    assert [t.rule for t in played.waits(5 * MINUTE).tickets] == ["here", "waits"]


def _many(count: int) -> dict[str, EventFacts]:
    found = {}
    for number in range(count):
        event = attrs.evolve(hall(ga=15), id=f"evt_{number}", title=f"Night {number}")
        event = derived(event, NOW)
        found[event.id] = event
    return found


def test_an_edit_that_would_open_many_is_held() -> None:
    """The storm limit holds them; one digest lists them."""
    home = HERE.address
    state = State(snapshot=_many(5))
    rules = Rules(
        rules=built_in_rules(home), default=home, low_stock=LowStock(20, 0), storm=Storm(3)
    )
    decision = decide("main-room", state, [], {}, NOW, rules, everything=True)
    states = [str(case.state) for case in decision.cases]
    assert states.count("held") == 5
    assert [intent.act for intent in decision.intents].count(Act.OPEN) == 1
    assert not decide("main-room", state, [], {}, NOW, rules).cases


def test_a_cancelled_event_that_was_over_is_news_with_a_date_to_come() -> None:
    """Not while it is over by its date, but with a new date, in the same pass or later."""
    past, later = NOW - timedelta(days=1), NOW + timedelta(days=9)
    played_off = attrs.evolve(hall(ga=50), starts_at=past)
    off = attrs.evolve(hall("CANCELLED", ga=50), starts_at=past)
    again = attrs.evolve(hall("CANCELLED", ga=50), starts_at=later)
    assert Played().sees(played_off, off).tickets == []
    for seen in ((played_off, again), (played_off, off, again)):
        assert [text.split(":")[0] for text in Played().sees(*seen).open] == ["Cancelled"]

"""A few tickets that come and go: announced at once, taken back only when it lasted."""

from datetime import timedelta

import attrs
import pytest

from support.decider import a_rule
from support.played import Played, hall
from willcall.bridge.model.facts import EventFacts
from willcall.bridge.model.rules import Damping

HOUR = timedelta(hours=1)
DAMPED = Damping(HOUR)


def flapping(played: Played, gaps: list[timedelta]) -> Played:
    """The last seat goes into a basket for half an hour, and into the next one after a gap."""
    played.sees(hall(ga=2), hall(ga=1))
    for gap in gaps:
        played.sees(hall(ga=0))
        for _ in range(6):
            played.waits(HOUR / 12)
        played.sees(hall(ga=1))
        for _ in range(int(gap / (HOUR / 12))):
            played.waits(HOUR / 12)
    return played


@pytest.mark.parametrize(
    "gaps",
    [
        [HOUR / 6] * 8,
        [HOUR * 2.5] * 8,
        [HOUR / 2, HOUR * 5, HOUR / 2, HOUR * 3, HOUR * 9, HOUR / 4, HOUR / 4, HOUR * 2],
    ],
    ids=["close", "all day", "at random"],
)
def test_the_last_seat_in_and_out_of_a_basket_is_one_ticket(gaps: list[timedelta]) -> None:
    """Eight times a day: four mails at the most, and at last it is on sale and the ticket ends."""
    played = flapping(Played(damping=DAMPED), gaps)
    assert len(played.tickets) == 1
    assert len(played.mails) <= 3
    for _ in range(26):
        played.waits(HOUR)
    assert played.open == []
    assert len(played.mails) in {2, 4}


def test_without_damping_each_is_announced() -> None:
    """So the world of these tests does flap."""
    assert len(flapping(Played(), [HOUR / 6] * 8).mails) == 16


def test_a_sell_out_is_announced_within_the_pass() -> None:
    """Also the second, after the first was taken back."""
    played = Played(damping=DAMPED).sees(hall(ga=2), hall(ga=0))
    assert len(played.mails) == 1
    played.sees(hall(ga=1)).waits(2 * HOUR)
    assert len(played.mails) == 2
    played.sees(hall(ga=0))
    assert len(played.mails) == 3
    (ticket,) = played.tickets
    assert ticket.status == "open"


def larger(event: EventFacts) -> EventFacts:
    """The same with two tickets more of each type."""
    types = [attrs.evolve(known, quantity=102) for known in event.ticket_types or ()]
    return attrs.evolve(event, ticket_types=tuple(types))


@pytest.mark.parametrize(
    "back", [hall(ga=11), larger(hall(ga=2))], ids=["many", "more than there were"]
)
def test_what_no_basket_explains_is_taken_back_at_once(back: EventFacts) -> None:
    """Somebody has put more tickets on sale."""
    played = Played(damping=DAMPED).sees(hall(ga=2), hall(ga=0), back)
    assert len(played.mails) == 2
    assert played.open == []


def test_many_that_are_back_while_a_few_were_waited_for() -> None:
    """The wait ends."""
    played = Played(damping=DAMPED).sees(hall(ga=2), hall(ga=0), hall(ga=1), hall(ga=40))
    assert played.open == []


def test_low_stock_at_its_threshold() -> None:
    """Nine left, eleven left, nine left: it runs low all the while."""
    played = Played(damping=DAMPED).sees(hall(ga=20), *[hall(ga=9), hall(ga=11)] * 4)
    assert len(played.mails) == 1
    played.waits(HOUR)
    assert len(played.mails) == 2


def test_low_stock_at_the_threshold_of_a_rule() -> None:
    """The same where another rule has a wider threshold."""
    wide = a_rule("ticket_type.low_stock", id="wide", event="evt_other", remaining_below=50)
    played = Played(wide, damping=DAMPED).sees(hall(ga=60), *[hall(ga=9), hall(ga=11)] * 4)
    assert len(played.mails) == 1
    played.waits(HOUR)
    assert len(played.mails) == 2
    assert played.open == []


def test_a_sell_out_of_one_type_is_seen_while_the_event_flaps() -> None:
    """VIP is sold out for good: it has its ticket once the event is on sale again."""
    played = Played(damping=DAMPED).sees(
        hall(ga=5, vip=5), hall(ga=0, vip=0), hall(ga=1, vip=0), hall(ga=0, vip=0)
    )
    assert len(played.tickets) == 1
    played.sees(hall(ga=1, vip=0)).waits(HOUR)
    assert [text.split(":")[0] for text in played.open] == ["Vip sold out"], played.open


def test_a_cancellation_is_taken_back_at_once() -> None:
    """No basket cancels an event."""
    played = Played(damping=DAMPED).sees(hall(ga=50), hall("CANCELLED", ga=50), hall(ga=50))
    assert len(played.mails) == 2

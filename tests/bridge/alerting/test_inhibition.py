"""What another ticket says needs none of its own, as long as that ticket exists and says it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from support.decider import NOW, Decider, a_rule
from support.played import Played, hall
from willcall.bridge.model.facts import EventFacts
from willcall.bridge.model.rules import Silence

TEN = timedelta(minutes=10)
BOTH, VIP_OUT, NONE = hall(ga=50, vip=50), hall(ga=50, vip=0), hall(ga=0, vip=0)


def kinds(played: Played) -> list[str]:
    """The kinds that the open tickets are about."""
    status = {ticket.case: ticket.status for ticket in played.tickets}
    return sorted(c.kind for c in played.virtual.cases if status.get(c.marker) == "open")


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (NONE, "event.sold_out"),
        (hall("CANCELLED", ga=50, vip=0), "event.cancelled"),
        (hall(ga=50, vip=0, vanished=True), "event.vanished"),
    ],
)
def test_what_a_ticket_says_comes_back_when_that_ticket_ends(away: EventFacts, said: str) -> None:
    """The VIP seats are sold out all the while; one ticket says so at any time."""
    played = Played().sees(BOTH, VIP_OUT)
    assert kinds(played) == ["ticket_type.sold_out"]
    played.sees(away)
    assert kinds(played) == [said]
    played.sees(VIP_OUT)
    assert kinds(played) == ["ticket_type.sold_out"]
    assert played.sees(BOTH).open == []


@pytest.mark.parametrize(
    "away", [NONE, hall("CANCELLED", ga=50, vip=0), hall(ga=50, vip=0, vanished=True)]
)
def test_what_has_ended_meanwhile_does_not_come_back(away: EventFacts) -> None:
    """It has seats again by the time the other ticket ends."""
    played = Played().sees(BOTH, VIP_OUT, away, BOTH)
    assert kinds(played) == []


def test_a_sold_out_event_that_is_cancelled_and_on_again_is_sold_out() -> None:
    """By the event's own ticket, not those of its ticket types."""
    played = Played().sees(BOTH, NONE, hall("CANCELLED", ga=0, vip=0))
    assert kinds(played) == ["event.cancelled"]
    assert kinds(played.sees(NONE)) == ["event.sold_out"]


def _silenced() -> Played:
    return Played(
        silences=[
            Silence(
                kinds=("event.sold_out",),
                begins=NOW,
                until=NOW + timedelta(hours=1),
                author="ada",
                reason="rehearsal",
            )
        ]
    )


def _in_for() -> Played:
    return Played(a_rule("event.sold_out", id="slow", hold=timedelta(minutes=59)))


@pytest.mark.parametrize("make", [_silenced, _in_for])
def test_a_ticket_that_is_not_there_inhibits_nothing(make: Callable[[], Played]) -> None:
    """The ticket types are announced until the event is; then the event's ticket says it."""
    played = make().sees(BOTH, VIP_OUT, NONE)
    assert kinds(played) == ["ticket_type.sold_out"]  # both types, in one ticket
    assert len(played.tickets) == 1
    played.waits(timedelta(hours=1))
    assert kinds(played) == ["event.sold_out"]
    played.sees(VIP_OUT).waits(timedelta(hours=1))
    assert kinds(played) == ["ticket_type.sold_out"]


def test_an_event_that_nobody_is_told_of_inhibits_nothing() -> None:
    """No rule takes the event's sell-out."""
    decider = Decider(a_rule("ticket_type.sold_out"))
    decider.apply("ticket_type.sold_out")
    assert decider.apply("event.sold_out") == []
    assert [case.kind for case in decider.live] == ["ticket_type.sold_out"]


def test_a_refused_removal_whose_ticket_type_is_hidden_then_is_over() -> None:
    """Hiding it is what the ticket advises."""
    decider = Decider(a_rule("ticket_type.removal_failed"))
    decider.apply("ticket_type.removal_failed")
    assert decider.apply("ticket_type.hidden") == ["note", "resolve"]
    assert decider.live == []

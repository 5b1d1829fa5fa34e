"""At the end of quiet hours what is so then is said, and nothing that was so meanwhile."""

from datetime import timedelta

import pytest

from support.decider import NOW, Decider, a_rule
from support.played import Played, hall

# Quiet from four hours after the start of a test (22:00) until 14 hours after it (08:00).
KINDS = "event.sold_out", "ticket_type.sold_out", "ticket_type.low_stock"
BY_DAY = a_rule(*KINDS, id="by-day", quiet_hours=Decider.quiet("22:00", "08:00"))
BEGINS, ENDS = timedelta(hours=4), timedelta(hours=14)


def night(*moments: tuple[float, int], before: int = 50) -> Played:
    """A night in which so many are left at these hours after 22:00, until 08:01."""
    played = Played(BY_DAY).sees(hall(ga=50), hall(ga=before))
    for hours, left in moments:
        at = NOW + BEGINS + timedelta(hours=hours)
        played.sees(hall(ga=left), after=at - played.at)
    return played.waits(NOW + ENDS + timedelta(minutes=1) - played.at)


@pytest.mark.parametrize(
    ("moments", "before", "mails", "is_open"),
    [
        ([(0, 0), (1.5, 50), (4, 0)], 50, 1, True),
        ([(0, 0), (1.5, 50)], 50, 0, False),
        ([(1.5, 50), (4, 0)], 0, 1, True),
        ([(1.5, 50)], 0, 2, False),
        ([(1.5, 50), (4, 0), (6, 60)], 0, 2, False),
    ],
    ids=["sold out again", "back", "announced before", "ended at night", "ended twice"],
)
def test_at_eight_only_what_is_so_is_said(
    moments: list[tuple[float, int]], before: int, mails: int, *, is_open: bool
) -> None:
    """Sold out at 22:00, back at 23:30, sold out at 02:00; and its neighbours."""
    played = night(*moments, before=before)
    assert len(played.mails) == mails
    assert bool(played.open) is is_open


def test_what_runs_low_differently_by_then_is_said_as_it_is() -> None:
    """Four were left at night, two are left in the morning."""
    low = a_rule("ticket_type.low_stock", id="low", quiet_hours=Decider.quiet("22:00", "08:00"))
    played = Played(low).sees(hall(ga=50))
    played.sees(hall(ga=4), after=timedelta(hours=5)).sees(hall(ga=2))
    assert played.tickets == []
    played.waits(timedelta(hours=10))
    (ticket,) = played.tickets
    assert ticket.subject.startswith("2 left of")

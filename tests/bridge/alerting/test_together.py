"""What happens in one pass and shares a ticket: all of it is said, and the ticket ends."""

from datetime import timedelta

import attrs

from support.decider import EVENT
from support.played import Played, hall


def test_two_types_that_run_low_in_one_run_are_both_named_in_the_mail() -> None:
    """The customer reads the mail, not the ticket's first text."""
    played = Played().sees(hall(ga=50, vip=50), hall(ga=4, vip=3))
    (mail,) = played.mails
    assert "Ga" in mail
    assert "Vip" in mail


def test_a_sell_out_a_new_date_and_a_new_place_are_one_mail_and_the_ticket_ends() -> None:
    """The date and the place are news, and over; the sell-out ends the ticket with its end."""
    after = attrs.evolve(
        hall(ga=0), starts_at=EVENT.starts_at + timedelta(days=7), venue_name="Town Hall"
    )
    played = Played().sees(hall(ga=50), after)
    (ticket,) = played.tickets
    (mail,) = played.mails
    for text in ("sold out", "Town Hall", "Mon 7 Dec"):
        assert text in mail, mail
    played.sees(attrs.evolve(after, ticket_types=hall(ga=9).ticket_types, sold_out=False))
    assert ticket.status == "resolved"
    assert len(played.mails) == 2


def test_news_alone_keeps_its_ticket_open() -> None:
    """Nothing ends a new place but the next, or the end of the event."""
    played = Played().sees(hall(ga=50), attrs.evolve(hall(ga=50), venue_name="Town Hall"))
    assert len(played.open) == 1

"""Whose ticket it is: what merely carries a marker is left alone, and ours is found."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.delivery.identity import belongs
from willcall.bridge.model.house import House
from willcall.bridge.model.markers import case_marker, read_subject
from willcall.bridge.ports import Author, Incoming, Said, Spoken
from willcall.bridge.run import recover_pass
from willcall.sandbox.desk import Ticket
from willcall.simulation.desks import NOT_FOUND

MARKER = "wc-3k9f2m7q"
HOUSE = House(secret="a-secret-of-the-house", addresses=frozenset({"organiser@example.com"}))
LINE = HOUSE.reference(MARKER)
OURS = HOUSE.opening(MARKER, "It is sold out.")
ORGANISER, STRANGER = "organiser@example.com", "mallory@example.net"


def incoming(text: str, sender: str | None = ORGANISER, after: int = 0) -> Incoming:
    return Incoming(text, sender, after)


@pytest.mark.parametrize(
    "said",
    [
        Said((), first=incoming(OURS)),
        Said((), first=incoming(f"\r\n {OURS}".replace("\n", "\r\n"))),
        Said((), first=incoming(OURS, "Organiser@Example.com")),
        Said((), first=incoming(OURS, None)),
        Said((), first=incoming(OURS + "\n\n-- \nTicket0")),
        Said((OURS,), first=incoming("Thank you!", after=1)),
        Said((OURS,)),
        Said(()),
        Said(("We have received your message.",)),
        Said((f"It is sold out.\n\nReference: {MARKER}-3",), first=incoming("Thank you!", after=1)),
    ],
    ids=[
        "as the customer's",
        "with other line ends",
        "a customer in other letters",
        "a customer who is not named",
        "with a signature",
        "as our own",
        "as our own, and nothing else",
        "nothing is listed yet",
        "not listed, and acknowledged",
        "not listed, and answered",
    ],
)
def test_ours(said: Said) -> None:
    """Wherever a desk lists the text of a creation."""
    assert belongs(said, HOUSE, MARKER)


@pytest.mark.parametrize(
    "said",
    [
        Said((), first=incoming("Please call me about this.")),
        Said((), first=incoming("Please call me.\n\n" + OURS)),
        Said((), first=incoming("> " + OURS.replace("\n", "\n> "))),
        Said((), first=incoming(OURS, STRANGER)),
        Said((), first=incoming(f"Reference: {MARKER}-00000000\n\nIt is sold out.")),
        Said((), first=incoming(f"Reference: {MARKER}-3\n\nIt is sold out.")),
        Said((), first=incoming(House(secret="of another").opening(MARKER, "It is sold out."))),
        Said((f"See there.\n\nReference: {MARKER}-3",), first=incoming("Hello")),
        Said(("We have received your message.",), first=incoming("Hello")),
    ],
    ids=[
        "the organiser's own new mail",
        "below other words",
        "quoted",
        "copied by a stranger",
        "a guess",
        "a reference of a message",
        "another house's",
        "what was said after her mail",
        "acknowledged",
    ],
)
def test_a_bystander(said: Said) -> None:
    """It carries the marker, and is somebody's own."""
    assert not belongs(said, HOUSE, MARKER)


def test_an_address_that_the_ledger_has_named() -> None:
    """The configuration may name another by now."""
    said = Said((), first=incoming(OURS, STRANGER))
    assert belongs(said, HOUSE, MARKER, frozenset({STRANGER.upper()}))


def test_a_proof_is_short_and_differs_by_secret_and_marker() -> None:
    assert HOUSE.reference(MARKER) == LINE
    assert len(LINE) == len("Reference: wc-3k9f2m7q-12345678")
    others = {HOUSE.reference("wc-3k9f2m7r"), House(secret="b").reference(MARKER)}
    assert len(others | {LINE}) == 3
    assert "a-secret" not in repr(HOUSE)


# -- with a desk ------------------------------------------------------------------------------


def coming(event: str) -> str:
    """The marker of a sell-out to come: an outsider knows what it is made of."""
    return case_marker("main-room", "built-in/event.sold_out", "event.sold_out", event, 1)


def mailed(house: VirtualBridge, marker: str, sender: str, text: str = "Call me!") -> Ticket:
    """A mail that becomes a ticket of its own."""
    subject = f"Re: Sold out [{marker}]: please call me"
    return house.desk.create_ticket(subject, sender, "inb_01abc", text)


def untouched(ticket: Ticket) -> None:
    assert (ticket.status, ticket.tags, len(ticket.messages)) == ("open", [], 1)


@pytest.mark.parametrize("sender", [STRANGER, ORGANISER])
def test_a_mail_with_the_marker_of_what_is_to_come(house: VirtualBridge, sender: str) -> None:
    """One lost answer, and her ticket is the only one with the marker."""
    event = house.event()
    mail = mailed(house, coming(event), sender)
    house.box_office.sell_out(event)
    house.sandbox.faults.add(
        "lost_request", service="ticket0", method="POST", path="/tickets", count=1
    )
    house.run()
    house.run()
    assert house.run().exit_code == 0
    untouched(mail)
    (ours,) = [ticket for ticket in house.desk.tickets if ticket.id != mail.id]
    assert read_subject(ours.subject) == coming(event)
    assert {message.ticket_id for message in house.desk.outbox} == {ours.id}


def test_the_organisers_own_new_mail_is_no_duplicate(house: VirtualBridge) -> None:
    """An opening was repeated, so second tickets are looked for; hers is none."""
    event = house.event()
    house.box_office.sell_out(event)
    house.sandbox.faults.add(
        "lost_request", service="ticket0", method="POST", path="/tickets", count=1
    )
    house.run()
    assert house.run().exit_code == 0
    mail = mailed(house, coming(event), ORGANISER)
    for _ in range(3):
        assert house.run().deliveries.folded == 0
    untouched(mail)


def test_a_mail_before_the_first_run_blocks_nothing_and_is_not_recovered(tmp_path: Path) -> None:
    house = VirtualBridge(tmp_path)
    event = house.event()
    mail = mailed(house, coming(event), STRANGER)
    assert house.run().exit_code == 0
    house.ledger.close()
    house.ledger = house.open_ledger()
    report = house._play(recover_pass)
    assert report.recovered == 0
    house.box_office.sell_out(event)
    house.run()
    untouched(mail)
    assert len(house.desk.tickets) == 2


def test_two_houses_on_one_workspace_do_not_mix(tmp_path: Path) -> None:
    """Their trouble has the same marker; each has its own ticket."""
    house = VirtualBridge(tmp_path)
    first, second = house.house, attrs.evolve(house.house, secret="the-secret-of-the-other")
    ledgers = house.ledger, house.open_ledger()
    for ledger, whose in zip(ledgers, (first, second), strict=True):
        house.ledger, house.house = ledger, whose
        assert house.run().exit_code == 0
    house.sandbox.faults.add("status", service="ticketsmart", status=503, body="{}")
    for number, (ledger, whose) in enumerate(zip(ledgers, (first, second), strict=True), 1):
        house.ledger, house.house = ledger, whose
        house.sandbox.faults.add(
            "lost_response", service="ticket0", method="POST", path="/tickets", count=1
        )
        for _ in range(6):
            house.run()
        assert len(house.desk.tickets) == number
    assert len({read_subject(ticket.subject) for ticket in house.desk.tickets}) == 1
    assert {ticket.status for ticket in house.desk.tickets} == {"open"}


@pytest.mark.parametrize("where", ["inbound", "outbound", "absent"])
def test_ours_is_found_wherever_the_desk_lists_its_text(house: VirtualBridge, where: str) -> None:
    """After a lost answer, and by a ledger that is new."""
    house.sandbox.settings.change({"creation_text": where})
    house.box_office.sell_out(house.event())
    house.sandbox.faults.add(
        "lost_response", service="ticket0", method="POST", path="/tickets", count=1
    )
    house.run()
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1
    house.ledger.close()
    house.ledger = house.open_ledger()
    assert house._play(recover_pass).recovered == 1
    house.run()
    assert len(house.desk.tickets) == 1


def test_what_is_sent_begins_with_the_line(house: VirtualBridge) -> None:
    """And goes on with the words of the rule."""
    house.box_office.sell_out(house.event())
    house.run()
    (ticket,) = house.desk.tickets
    marker = read_subject(ticket.subject)
    assert marker is not None
    assert ticket.messages[0].body.startswith(house.house.reference(marker) + "\n\n")


# -- desks that do not list the text of a creation ---------------------------------------------

OPENED = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


def answered(after: float, sender: str | None = ORGANISER) -> Said:
    """A ticket whose first message came from outside, so many seconds after it was opened."""
    at = OPENED + timedelta(seconds=after)
    message = Spoken(text="Thank you!", author=Author.OUTSIDE, at=at, sender=sender)
    return Said((), first=Incoming("Thank you!", sender, 0), messages=(message,))


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        (answered(107), True),
        (answered(60), True),
        (answered(107, None), True),
        (answered(0), False),
        (answered(59), False),
        (answered(107, STRANGER), False),
    ],
    ids=[
        "the customer has answered",
        "a minute later",
        "a desk that does not say who",
        "the mail that opened the ticket",
        "soon after",
        "somebody else's",
    ],
)
def test_a_first_mail_that_is_younger_than_its_ticket(said: Said, ours: bool) -> None:
    """Mail that opens a ticket is as old as the ticket; what is younger answers something."""
    assert belongs(said, HOUSE, MARKER, opened_at=OPENED) is ours
    assert not belongs(said, HOUSE, MARKER)  # when it was opened is not known


def test_the_customer_answers_before_we_look(house: VirtualBridge) -> None:
    """The answer to the opening was lost, and its text is not listed."""
    house.sandbox.settings.change({"creation_text": "absent"})
    house.box_office.sell_out(house.event())
    house.sandbox.faults.add(
        "lost_response", service="ticket0", method="POST", path="/tickets", count=1
    )
    house.sandbox.faults.add("status", service="ticket0", path="/tickets/*/messages", status=503)
    house.run()
    house.clock.advance(90)
    house.desk.reply(house.desk.tickets[0].id, "Thank you!")
    house.sandbox.faults.clear()
    for _ in range(5):
        house.run()
    assert len(house.desk.tickets) == 1
    assert len(house.ledger.unsettled("main-room")) == 0


@pytest.mark.parametrize("opened", [True, False], ids=["in doubt", "never tried"])
def test_a_ticket_that_is_listed_and_not_there(house: VirtualBridge, opened: bool) -> None:
    """The key of another workspace, or a ticket deleted a moment ago: whose it is is not known, so
    nothing is opened beside it."""
    event = house.event()
    house.box_office.sell_out(event)
    path = "/tickets/*/messages"
    house.sandbox.faults.add("status", service="ticket0", path=path, status=404, body=NOT_FOUND)
    if opened:
        house.sandbox.faults.add(
            "lost_response", service="ticket0", method="POST", path="/tickets", count=1
        )
    else:
        mailed(house, coming(event), STRANGER)
    for _ in range(6):
        house.run()
    assert len(house.desk.tickets) == 1
    house.sandbox.faults.clear()
    for _ in range(4):
        house.run()
    ours = [ticket for ticket in house.desk.tickets if "willcall" in ticket.tags]
    assert (len(ours), len(house.desk.tickets)) == (1, 1 if opened else 2)

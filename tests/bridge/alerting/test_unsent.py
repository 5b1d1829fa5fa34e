"""What waits for a desk that cannot be reached is judged again before it is sent."""

from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.model.cases import Act, CaseState
from willcall.bridge.model.rules import Damping, Rule
from willcall.sandbox.desk import Message


@pytest.fixture
def house(tmp_path: Path) -> VirtualBridge:
    """A bridge after its baseline."""
    made = VirtualBridge(tmp_path)
    made.run()
    return made


def leave(house: VirtualBridge, event: str, left: int) -> None:
    """So many are left of each ticket type of an event."""
    for known in house.box_office.event(event).ticket_types:
        sold = house.box_office.event(event).ticket_type(known.name).sold
        house.box_office.set_quantity(event, known.name, sold + left)


def out_of_reach(house: VirtualBridge) -> str:
    """The desk refuses the key, and so surely carries out nothing. The key that it takes."""
    key, house.keys["ticket0"] = house.keys["ticket0"], "t0_revoked"
    return key


def mails(house: VirtualBridge) -> list[Message]:
    """What was written to customers."""
    written = [message for ticket in house.desk.tickets for message in ticket.messages[1:]]
    return [message for message in written if not message.is_note]


def test_what_is_over_before_it_could_be_sent_is_not_sent(house: VirtualBridge) -> None:
    """No ticket, no mail; the case has ended, and nothing is left to do."""
    event = house.event()
    leave(house, event, 50)
    house.run()
    key = out_of_reach(house)
    house.box_office.sell_out(event)
    assert house.run().exit_code == 77
    leave(house, event, 50)
    house.run()
    house.keys["ticket0"] = key
    assert house.run().exit_code == 0
    assert house.desk.tickets == []
    assert {case.state for case in house.ledger.cases()} == {CaseState.WITHDRAWN}
    assert house.ledger.unsettled("main-room") == []
    house.box_office.sell_out(event)
    house.run()
    assert len(house.desk.tickets) == 1


def test_what_is_otherwise_by_then_is_said_as_it_is(house: VirtualBridge) -> None:
    """Four were left when it was decided, two when it was sent: one ticket, one mail, and two."""
    event = house.event()
    leave(house, event, 50)
    house.run()
    key = out_of_reach(house)
    for left in (4, 3, 2):
        leave(house, event, left)
        house.run()
    house.keys["ticket0"] = key
    assert house.run().exit_code == 0
    (ticket,) = house.desk.tickets
    assert "2 left" in ticket.subject
    assert len(mails(house)) == 1
    assert "4" not in mails(house)[0].body.split(":")[0]


def test_several_things_during_an_outage_are_one_mail(house: VirtualBridge) -> None:
    """They are said together, as if they had happened together."""
    event = house.event()
    key = out_of_reach(house)
    house.box_office.reschedule(event, days=7)
    house.run()
    house.box_office.reschedule(event, days=7)
    house.run()
    house.keys["ticket0"] = key
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1
    assert len(mails(house)) == 1


def test_a_customer_who_has_not_heard_of_it_does_not_hear_that_it_is_over(
    house: VirtualBridge,
) -> None:
    """The ticket is open, its message waits: it becomes a ticket that is resolved, with a note."""
    event = house.event()
    leave(house, event, 50)
    house.run()
    fault = house.sandbox.faults.add(
        "status", service="ticket0", method="POST", path="/tickets/*/messages", status=429,
        headers={"Retry-After": "600"},
    )  # fmt: skip
    house.box_office.sell_out(event)
    house.run()
    (ticket,) = house.desk.tickets
    assert mails(house) == []
    leave(house, event, 50)
    house.run()
    fault.count = 0
    house.sandbox.faults.clear()
    house.clock.advance(900)
    for _ in range(3):
        house.run()
    assert mails(house) == []
    assert ticket.status == "resolved"
    assert house.ledger.unsettled("main-room") == []
    dropped = [i for i in house.ledger.intents(house.ledger.cases()[0].marker) if i.error]
    assert [intent.act for intent in dropped] == [Act.MESSAGE]


def test_a_case_whose_ticket_was_never_opened_is_not_reopened(house: VirtualBridge) -> None:
    """The same again has a ticket of its own, also where the rule reopens within a day."""
    rules = [attrs.evolve(rule, reopen_within=timedelta(days=1)) for rule in house.rules.rules]
    house.rules = attrs.evolve(house.rules, rules=tuple(rules), damping=Damping(timedelta(hours=1)))
    event = house.event()
    leave(house, event, 50)
    house.run()
    key = out_of_reach(house)
    house.box_office.sell_out(event)
    house.run()
    leave(house, event, 50)
    house.run()
    house.keys["ticket0"] = key
    house.box_office.sell_out(event)
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1
    assert len(mails(house)) == 1


def test_a_mail_that_takes_back_what_was_said_is_not_withdrawn(house: VirtualBridge) -> None:
    """The customer has heard of the sell-out; the ticket stays open for something else."""
    kinds = ("event.sold_out", "ticket_type.removal_failed")
    both = Rule(id="both", kinds=kinds, address=house.rules.default)
    house.rules = attrs.evolve(house.rules, rules=(both,))
    event = house.event()
    leave(house, event, 50)
    house.run()
    name = house.box_office.event(event).ticket_types[0].name
    house.box_office.sell_out(event)
    house.report(event, name)
    house.run()
    key = out_of_reach(house)
    leave(house, event, 50)
    house.run()
    leave(house, event, 60)
    house.run()
    house.keys["ticket0"] = key
    house.run()
    assert any("back on sale" in mail.body for mail in mails(house))

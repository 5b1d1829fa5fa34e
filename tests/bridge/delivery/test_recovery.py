"""A ledger that was lost: nothing is guessed, nothing is said twice, and nothing is forgotten."""

from pathlib import Path

import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.ports import Said
from willcall.bridge.run import PassReport, recover_pass
from willcall.client.flow import Flow
from willcall.errors import LedgerError
from willcall.ticket0.desk import Ticket0Desk


def lose(house: VirtualBridge) -> None:
    """The file is gone, and a new one is made."""
    house.ledger.close()
    house.ledger = house.open_ledger()


def recover(house: VirtualBridge) -> PassReport:
    return house._play(recover_pass)


def _busy(house: VirtualBridge) -> list[str]:
    events = [house.event(n) for n in range(3)]
    house.box_office.sell_out(events[0])
    house.box_office.cancel(events[1])
    house.box_office.reschedule(events[2], days=1)
    house.run()
    return events


def test_a_new_ledger_beside_old_tickets_refuses_to_guess(house: VirtualBridge) -> None:
    """Exit 78, and what to do; nothing is written, so the next run says the same."""
    _busy(house)
    shape = house.shape()
    lose(house)
    for _ in range(2):
        with pytest.raises(LedgerError, match="willcall recover"):
            house.run()
    assert house.shape() == shape
    assert house.ledger.state("main-room").snapshot is None


def test_a_desk_that_cannot_be_read_is_no_empty_desk(tmp_path: Path) -> None:
    """No baseline is taken before somebody has looked."""
    house = VirtualBridge(tmp_path)
    down = house.sandbox.faults.add("down", service="ticket0")
    report = house.run()
    assert report.exit_code == 75
    assert house.ledger.state("main-room").snapshot is None
    house.sandbox.faults.remove(down)
    assert house.run().exit_code == 0
    assert house.ledger.state("main-room").snapshot is not None


def test_the_ledger_is_read_back_and_nothing_is_sent_again(house: VirtualBridge) -> None:
    """The same tickets, the same messages; and the cases live on where they stood."""
    events = _busy(house)
    shape = house.shape()
    before = {c.marker: c for c in house.ledger.state("main-room").cases}
    lose(house)
    report = recover(house)
    assert (report.exit_code, report.recovered) == (0, 3)
    assert house.shape() == shape
    after = {c.marker: c for c in house.ledger.state("main-room").cases}
    assert after.keys() == before.keys()
    for marker, case in after.items():
        old = before[marker]
        assert (case.ticket_id, case.kind, case.occurrence) == (
            old.ticket_id,
            old.kind,
            old.occurrence,
        )
        assert case.acts >= old.acts
    sold_out = house.box_office.event(events[0])
    house.box_office.restock(sold_out.id, sold_out.ticket_types[0].name, 5)
    house.box_office.publish(events[1])
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 3
    standing = [t.subject for t in house.desk.tickets if t.status != "resolved"]
    assert len(standing) == 1
    assert house.run().exit_code == 0


def test_the_next_occurrence_has_a_marker_of_its_own(house: VirtualBridge) -> None:
    """A ticket that was resolved counts: the same thing again is the second time."""
    event = house.box_office.event(house.event())
    for _ in range(2):
        house.box_office.sell_out(event.id)
        house.run()
        for known in event.ticket_types:
            house.box_office.restock(event.id, known.name, 5)
        house.run()
    lose(house)
    assert recover(house).recovered == 2
    house.box_office.sell_out(event.id)
    assert house.run().exit_code == 0
    assert len({ticket.subject for ticket in house.desk.tickets}) == 3


def test_what_ended_unseen_is_ended_now(house: VirtualBridge) -> None:
    """More seats came while there was no ledger: the customer hears it, and the ticket ends."""
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    house.run()
    lose(house)
    house.box_office.restock(event.id, event.ticket_types[0].name, 5)
    assert recover(house).exit_code == 0
    (ticket,) = house.desk.tickets
    assert ticket.status == "resolved"
    assert len(ticket.messages) == 3


def test_what_was_not_sent_before_the_loss_is_sent_after_it(house: VirtualBridge) -> None:
    """The ticket was opened, and then the disk died: its tags and its message are still owed."""
    house.box_office.sell_out(house.event())
    house.sandbox.faults.add("down", service="ticket0", path="/tickets/**")
    house.run()
    (ticket,) = house.desk.tickets
    assert (ticket.tags, len(ticket.messages)) == ([], 1)
    house.sandbox.faults.clear()
    lose(house)
    assert recover(house).exit_code == 0
    assert "willcall" in ticket.tags
    assert len(ticket.messages) == 2


def test_a_ledger_that_knows_something_is_not_overwritten(house: VirtualBridge) -> None:
    """There is nothing to recover."""
    with pytest.raises(LedgerError, match="nothing to recover"):
        recover(house)


def test_what_was_said_is_not_guessed(
    house: VirtualBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A position too low would give a new note the marker of an old one."""
    _busy(house)
    lose(house)

    def moving(self: Ticket0Desk, ticket_id: str) -> Flow[Said]:
        yield from ()
        return Said((), complete=False)

    monkeypatch.setattr(Ticket0Desk, "said", moving)
    report = recover(house)
    assert "kept changing" in str(report.trouble)
    assert house.ledger.state("main-room").snapshot is None


def test_what_is_so_without_a_ticket_is_listed_and_opened_on_demand(house: VirtualBridge) -> None:
    """It sold out while the ledger was lost: nobody was told."""
    lose(house)
    event, other = house.event(0), house.event(1)
    house.box_office.sell_out(event)
    house.box_office.cancel(other)
    report = recover(house)
    (said,) = report.warnings
    for known in (event, other):
        assert house.box_office.event(known).title in said
    assert "--open" in said
    assert house.desk.tickets == []
    report = house._play(lambda job: recover_pass(job, opens=True))
    assert report.exit_code == 0
    assert report.recovered is None
    opened = [ticket.subject for ticket in house.desk.tickets]
    for known in (event, other):
        title = house.box_office.event(known).title
        assert len([subject for subject in opened if title in subject]) == 1
    assert house.run().exit_code == 0
    report = house._play(lambda job: recover_pass(job, opens=True))
    assert (report.warnings, len(house.desk.tickets)) == ((), len(opened))


def test_what_another_ledger_has_opened_is_not_opened_again(house: VirtualBridge) -> None:
    """On demand, too, the desk is asked first."""
    event = house.event()
    second = house.open_ledger()
    mine, house.ledger = house.ledger, second
    house.box_office.sell_out(event)
    house.run()
    assert house.desk.tickets == []
    house.ledger = mine
    house.run()
    assert len(house.desk.tickets) == 1
    house.ledger = second
    house._play(lambda job: recover_pass(job, opens=True))
    assert len([t for t in house.desk.tickets if "Sold out" in t.subject]) == 1


def test_a_run_with_a_new_ledger_says_what_it_cannot_know(tmp_path: Path) -> None:
    """Its baseline alerts nobody; what has no ticket is named once."""
    house = VirtualBridge(tmp_path)
    event = house.event()
    house.box_office.sell_out(event)
    report = house.run()
    assert report.exit_code == 0
    assert any(house.box_office.event(event).title in warning for warning in report.warnings)
    assert house.run().warnings == ()

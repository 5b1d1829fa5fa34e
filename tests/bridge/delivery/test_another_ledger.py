"""Several ledgers at one desk: one ticket and one message each, whatever becomes of a ledger."""

from collections import Counter
from pathlib import Path

import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.delivery.attempt import Outcome
from willcall.bridge.ledger import Ledger
from willcall.bridge.model.kinds.box_offices import ANOTHER_LEDGER
from willcall.bridge.model.markers import read_subject
from willcall.bridge.run import PassReport
from willcall.sandbox.desk import Ticket


@pytest.fixture
def second(house: VirtualBridge) -> Ledger:
    """A second installation, whose baseline is taken, too."""
    ledger = house.open_ledger()
    run(house, ledger)
    return ledger


def run(house: VirtualBridge, ledger: Ledger) -> PassReport:
    """A pass with this ledger."""
    mine, house.ledger = house.ledger, ledger
    try:
        return house.run()
    finally:
        house.ledger = mine


def about(house: VirtualBridge, event: str) -> list[Ticket]:
    """The tickets that speak of an event; others speak of the ledgers."""
    title = house.box_office.event(event).title
    return [ticket for ticket in house.desk.tickets if title in ticket.subject]


def once(house: VirtualBridge, event: str) -> Ticket:
    """One ticket stays, and each message was sent once."""
    tickets = about(house, event)
    (stays,) = [ticket for ticket in tickets if not folded(ticket)]
    said = Counter(message.body.rsplit("\n", 1)[-1] for message in house.desk.outbox)
    assert set(said.values()) <= {1}, said
    return stays


def folded(ticket: Ticket) -> bool:
    return ticket.status == "resolved" and any(m.is_note for m in ticket.messages)


def test_two_installations_that_run_for_good(house: VirtualBridge, second: Ledger) -> None:
    """From the sell-out to the end: the second finds what the first has done."""
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    assert house.run().exit_code == 0
    report = run(house, second)
    assert report.exit_code == 0
    assert Outcome.ADOPTED in {done.outcome for done in report.deliveries.delivered}
    for _ in range(4):
        house.run()
        run(house, second)
    for ticket_type in event.ticket_types:
        house.box_office.restock(event.id, ticket_type.name, 5)
    for _ in range(5):
        assert house.run().exit_code == 0
        assert run(house, second).exit_code == 0
    assert len(about(house, event.id)) == 1
    assert once(house, event.id).status == "resolved"
    assert len([m for m in house.desk.outbox if event.title in m.subject]) == 2


def test_the_second_says_that_another_is_at_work(house: VirtualBridge, second: Ledger) -> None:
    """A condition of its own, which is over a day after the last such ticket."""
    house.box_office.sell_out(house.event())
    house.run()
    run(house, second)
    run(house, second)
    conditions = {c.change.kind for c in second.state("main-room").conditions}
    assert ANOTHER_LEDGER in conditions
    (ticket,) = [t for t in house.desk.tickets if t.subject.startswith("Another ledger")]
    assert ANOTHER_LEDGER not in {c.change.kind for c in house.ledger.state("main-room").conditions}
    house.clock.advance(2 * 86_400)
    run(house, second)
    run(house, second)
    assert ticket.status == "resolved"


def test_the_second_goes_on_where_the_first_is_gone(house: VirtualBridge, second: Ledger) -> None:
    """The first opened the ticket, and never sent its message: that is sent after a settle time."""
    event = house.event()
    house.box_office.sell_out(event)
    house.sandbox.faults.add("status", service="ticket0", path="/tickets/**", status=503)
    house.run()
    house.sandbox.faults.clear()
    assert len(about(house, event)) == 1
    run(house, second)
    assert house.desk.outbox == []
    run(house, second)
    run(house, second)
    assert len(about(house, event)) == 1
    assert len([m for m in house.desk.outbox if m.ticket_id == about(house, event)[0].id]) == 1


@pytest.mark.parametrize("hidden", [0, 20], ids=["listed at once", "listed late"])
def test_two_creates_that_cross(house: VirtualBridge, second: Ledger, hidden: int) -> None:
    """Neither sees the other's ticket before its own: the eldest stays, for both."""
    house.sandbox.settings.change({"list_lag": float(hidden)})
    event = house.event()
    house.box_office.sell_out(event)
    # As if both had looked before either opened: the list is empty for the second's first look.
    crossing = house.sandbox.faults.add(
        "late_commit", service="ticket0", method="POST", path="/tickets", seconds=70, count=1
    )
    house.run()
    run(house, second)
    house.sandbox.faults.remove(crossing)
    for _ in range(6):
        house.run()
        run(house, second)
    assert len(about(house, event)) == 2
    stays = once(house, event)
    for ledger in (house.ledger, second):
        (case,) = [case for case in ledger.cases() if case.marker == read_subject(stays.subject)]
        assert case.ticket_id == stays.id


def test_a_restored_copy_sends_nothing_again(tmp_path: Path) -> None:
    """The copy is older than the sell-out, the ticket, and its message."""
    house = VirtualBridge(tmp_path, ledger=f"sqlite:///{tmp_path}/willcall.db")
    assert house.run().exit_code == 0
    house.ledger.maintenance.backup(tmp_path / "copy.db")  # type: ignore[attr-defined]
    event = house.event()
    house.box_office.sell_out(event)
    assert house.run().exit_code == 0
    shape = house.shape()
    house.ledger.close()
    house.ledger = house.open_ledger(f"sqlite:///{tmp_path}/copy.db")
    for _ in range(4):
        assert house.run().exit_code == 0
    assert len(about(house, event)) == 1
    assert [t for t in house.shape() if "Another ledger" not in str(t)] == shape


def test_what_an_opening_costs(house: VirtualBridge) -> None:
    """In requests to the desk: three readings for the openings of a pass, and five for each."""
    counts = []
    for events in (1, 3):
        for number in range(events):
            house.box_office.sell_out(house.event(number))
        house.sandbox.forget_requests()
        for _ in range(3):
            house.run()
        counts.append(house.sent("ticket0"))
    assert counts == [3 + 5, 3 + 3 * 5]


def test_a_desk_that_cannot_be_read_opens_nothing(house: VirtualBridge) -> None:
    """An error never reads as "not there"."""
    house.box_office.sell_out(house.event())
    house.sandbox.faults.add("status", service="ticket0", method="GET", path="/tickets", status=500)
    assert house.run().exit_code != 0
    assert house.desk.tickets == []
    house.sandbox.faults.clear()
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1

"""Second tickets where they are hard to see, or hard to avoid; most of it the simulation found."""

from pathlib import Path

from support.virtual_bridge import VirtualBridge
from willcall.bridge.model.cases import CaseState

TWICE = "opened this ticket twice"


def _sell_out(house: VirtualBridge) -> str:
    event = house.event()
    house.box_office.sell_out(event)
    return event


def _back_on_sale(house: VirtualBridge, event: str) -> None:
    for known in house.box_office.event(event).ticket_types:
        house.box_office.restock(event, known.name, 5)


def test_one_that_comes_after_the_first_was_deleted_is_not_wanted_either(
    house: VirtualBridge,
) -> None:
    """The simulation's seed 1013815: nobody looked after a case that had lost its ticket."""
    event = _sell_out(house)
    house.sandbox.faults.add(
        "late_commit", service="ticket0", method="POST", path="/tickets", seconds=700, count=1
    )
    assert house.run().exit_code == 3
    assert house.run().exit_code == 0
    (first,) = house.desk.tickets
    house.desk.delete(first.id)
    _back_on_sale(house, event)
    for _ in range(7):
        house.run()
    (case,) = house.ledger.cases()
    assert case.state is CaseState.GONE
    house.clock.advance(400)
    (late,) = house.desk.tickets
    assert late.status == "open"
    assert house.run().deliveries.folded == 1
    assert late.status == "resolved"
    (note,) = [message.body for message in late.messages if TWICE in message.body]
    assert "deleted since" in note
    assert house.run().deliveries.delivered == ()


def test_its_folding_outlasts_the_first(house: VirtualBridge) -> None:
    """The simulation's seed 1015516: with its ticket, a case lost what was to fold the second."""
    _sell_out(house)
    house.sandbox.faults.add(
        "late_commit", service="ticket0", method="POST", path="/tickets", seconds=61, count=1
    )
    assert house.run().exit_code == 3
    # The answer to the repeat takes so long that the first try comes through before it.
    house.sandbox.faults.add(
        "delay", service="ticket0", method="POST", path="/tickets", seconds=5, count=1
    )
    sick = house.sandbox.faults.add("status", service="ticket0", method="PATCH", status=500)
    report = house.run()
    assert (report.deliveries.folded, report.exit_code) == (1, 3)
    first, late = house.desk.tickets
    house.sandbox.faults.remove(sick)
    house.desk.delete(first.id)
    for _ in range(8):
        house.run()
    assert late.status == "resolved"
    assert house.ledger.unsettled("main-room") == []


def test_one_that_moves_while_it_is_looked_for_is_not_opened_again(tmp_path: Path) -> None:
    """It stands on a later page, and somebody touches it: it moves to the first, which was read."""
    house = VirtualBridge(tmp_path, season=3, switches={"ticket_order": "oldest"})
    for _ in range(100):
        house.desk.create_ticket("Where do I park?", "guest@example.com", "inb_01abc", "By car.")
    house.run()
    _sell_out(house)
    add = house.sandbox.faults.add
    add("lost_response", service="ticket0", method="POST", path="/tickets", count=1)
    blind = add("status", service="ticket0", method="GET", path="/tickets", status=500)
    assert house.run().exit_code == 3
    house.sandbox.faults.remove(blind)
    # Of the next look the second page is the one on which it stands.
    moved = add("moving", service="ticket0", method="GET", path="/tickets", nth=2)
    assert house.run().exit_code == 0
    assert moved.hits == 1
    assert sum("[wc-" in ticket.subject for ticket in house.desk.tickets) == 1

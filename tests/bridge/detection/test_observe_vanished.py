"""When an event is gone: two whole sweeps that do not show it, and TicketSmart's own word."""

from pathlib import Path
from typing import Any

import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.model.facts import EventFacts


def facts(house: VirtualBridge, event: str) -> EventFacts:
    """What is known of an event."""
    return (house.ledger.state("main-room").snapshot or {})[event]


def test_a_deleted_event_opens_its_ticket_after_two_sweeps(house: VirtualBridge) -> None:
    """Not after one; and once, however long it stays away."""
    event = house.event()
    title = house.box_office.event(event).title
    house.box_office.delete(event)
    house.run()
    assert (house.desk.tickets, facts(house, event).absent) == ([], 1)
    for _ in range(4):
        assert house.run().exit_code == 0
    (ticket,) = house.desk.tickets
    assert ticket.subject.startswith(f"Gone from TicketSmart: {title}, ")
    assert facts(house, event).vanished


def test_it_is_asked_for_only_when_a_second_sweep_misses_it_and_until_it_is_gone(
    house: VirtualBridge,
) -> None:
    """A request more, once."""
    event = house.event()
    house.box_office.delete(event)
    asked = []
    for _ in range(4):
        house.sandbox.forget_requests()
        house.run()
        asked.append(sum(r.path.endswith(f"/{event}") for r in house.sandbox.requests))
    assert asked == [0, 1, 0, 0]


def test_its_open_tickets_end_with_it(house: VirtualBridge) -> None:
    """What was sold out is of no interest now; the team hears by a note."""
    event = house.event()
    house.box_office.sell_out(event)
    house.run()
    house.box_office.delete(event)
    house.run()
    house.run()
    sold_out = next(t for t in house.desk.tickets if t.subject.startswith("Sold out"))
    assert (sold_out.status, sold_out.messages[-1].is_note) == ("resolved", True)
    assert len(house.desk.tickets) == 2


def test_an_event_that_comes_back_clears_its_ticket(
    house: VirtualBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what has changed meanwhile is told as well."""
    event = house.event()
    hidden = {event}
    _hide(monkeypatch, house, hidden, really=True)
    for _ in range(3):
        house.run()
    assert [t.subject.split(":")[0] for t in house.desk.tickets] == ["Gone from TicketSmart"]
    hidden.clear()
    house.box_office.sell_out(event)
    house.run()
    statuses = {t.subject.split(":")[0]: t.status for t in house.desk.tickets}
    assert statuses == {"Gone from TicketSmart": "resolved", "Sold out": "open"}
    gone = next(t for t in house.desk.tickets if t.subject.startswith("Gone"))
    assert "is in TicketSmart again" in gone.messages[-1].body
    assert facts(house, event).absent == 0


def _hide(
    monkeypatch: pytest.MonkeyPatch, house: VirtualBridge, hidden: set[str], *, really: bool
) -> None:
    """Leave events out of the list; ``really``: out of everything."""
    kind = type(house.box_office)
    everything: Any = vars(kind)["events"]
    get, single = everything.fget, kind.by_id_or_slug
    monkeypatch.setattr(
        kind, "events", property(lambda self: [e for e in get(self) if e.id not in hidden])
    )
    if really:
        monkeypatch.setattr(
            kind,
            "by_id_or_slug",
            lambda self, ref: None if ref in hidden else single(self, ref),
        )


def test_a_list_that_hides_an_event_proves_nothing(
    house: VirtualBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for, it is there: no ticket, and its changes are seen all the same."""
    event = house.event()
    hidden = {event}
    _hide(monkeypatch, house, hidden, really=False)
    for _ in range(6):
        assert house.run().exit_code == 0
    assert house.desk.tickets == []
    assert not facts(house, event).vanished
    hidden.clear()
    house.box_office.cancel(event)
    hidden.add(event)
    house.run()
    house.run()
    assert [t.subject.split(":")[0] for t in house.desk.tickets] == ["Cancelled"]


def test_a_sweep_that_would_not_hold_still_proves_nothing(tmp_path: Path) -> None:
    """Rows that move from page to page may be missed."""
    house = VirtualBridge(tmp_path, season=150)
    house.run()
    house.sandbox.faults.add("shuffle", service="ticketsmart", path="/events")
    before = house.ledger.state("main-room").snapshot
    for _ in range(4):
        house.run()
    after = house.ledger.state("main-room").snapshot
    assert house.desk.tickets == []
    assert {e.absent for e in (after or {}).values()} == {0}
    assert set(before or {}) == set(after or {})
    house.ledger.close()


@pytest.mark.parametrize(("status", "body"), [(500, None), (404, "<h1>no such site</h1>")])
def test_an_event_that_cannot_be_asked_for_is_not_gone(
    house: VirtualBridge, status: int, body: str | None
) -> None:
    """Only a 404 of TicketSmart's own says so."""
    event = house.event()
    house.box_office.delete(event)
    broken = house.sandbox.faults.add(
        "status", service="ticketsmart", path=f"/events/{event}", status=status, body=body
    )
    for _ in range(4):
        assert house.run().exit_code == 0
    unread = [ticket for ticket in house.desk.tickets if "cannot be read" in ticket.subject]
    assert house.desk.tickets == unread
    house.sandbox.faults.remove(broken)
    house.run()
    assert {ticket.status for ticket in unread} <= {"resolved"}
    assert len(house.desk.tickets) == len(unread) + 1


def test_many_that_go_at_once_are_asked_for_a_few_at_a_time(tmp_path: Path) -> None:
    """All are found to be gone in the end; as a storm, nobody is mailed about each."""
    house = VirtualBridge(tmp_path, season=60)
    house.run()
    for event in list(house.box_office.events)[:45]:
        house.box_office.delete(event.id)
    for _ in range(6):
        house.run()
    known = (house.ledger.state("main-room").snapshot or {}).values()
    assert sum(event.vanished for event in known) == 45
    assert house.desk.outbox == []
    assert {s.split(" in ")[0] for s in house.subjects()} == {"Many changes at once"}
    house.ledger.close()

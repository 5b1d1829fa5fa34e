"""A box office with an event that cannot be read: no other is lost, and the odd one is named."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from support.virtual_bridge import VirtualBridge
from support.virtual_watch import VirtualWatch
from willcall.errors import Reply
from willcall.sandbox.faults import Kind
from willcall.simulation.play import OFFICE

Edit = Callable[[dict[str, Any]], object]


def _priced(row: dict[str, Any], price: object) -> None:
    for ticket_type in row.get("ticketTypes", [])[:1]:
        ticket_type["price"] = price


ODD: dict[str, Edit] = {
    "no start": lambda row: row.update(startsAt=None),
    "no title": lambda row: row.update(title=None),
    "a number for an id": lambda row: row.update(id=17),
    "no id": lambda row: row.update(id=None),
    "half a cent": lambda row: _priced(row, 25.5),
    "a ticket type that is none": lambda row: row.update(ticketTypes=["VIP"]),
}
HARMLESS: dict[str, Edit] = {
    "cents with a point": lambda row: _priced(row, 2500.0),
    "small letters": lambda row: row.update(currency="usd"),
    "no currency": lambda row: row.update(currency=""),
    "no price": lambda row: _priced(row, None),
}


class Edited:
    """A network on which the rows of an event, and its single answer, are edited on their way."""

    def __init__(self) -> None:
        self.event = ""
        self.edit: Edit | None = None

    def __call__(self, reply: Reply) -> Reply:
        if self.edit is None or "/ticketsmart/" not in reply.url or reply.status != 200:
            return reply
        body = json.loads(reply.body)
        for row in [*body.get("events", ()), *([body["event"]] if "event" in body else ())]:
            if row["id"] == self.event:
                self.edit(row)
        return attrs.evolve(reply, body=json.dumps(body).encode())


@pytest.fixture(params=[True, False], ids=["rows tell all", "rows tell little"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VirtualBridge]:
    """The small season, baseline taken."""
    house = VirtualBridge(tmp_path, switches={"ticket_types_in_rows": request.param})
    house.run()
    yield house
    house.ledger.close()


@pytest.fixture
def network(house: VirtualBridge, monkeypatch: pytest.MonkeyPatch) -> Edited:
    """What is between the bridge and the services."""
    network, carry = Edited(), house._carry
    monkeypatch.setattr(house, "_carry", lambda request: network(carry(request)))
    return network


@pytest.mark.parametrize("edit", ODD)
def test_one_odd_event_costs_no_other_its_ticket(
    house: VirtualBridge, network: Edited, edit: str
) -> None:
    """It is named once, in the ledger as long as it lasts; it is not gone; and all ends well. Its
    ticket is internal: it mails nobody, and ends by itself."""
    network.event, other = house.event(0), house.event(1)
    title = house.box_office.event(network.event).title
    network.edit = ODD[edit]
    first, *later = [house.run() for _ in range(4)]
    assert [report.exit_code for report in (first, *later)] == [0, 0, 0, 0]
    told = [warning for report in (first, *later) for warning in report.warnings]
    assert len(told) == 1, told
    assert "cannot be read" in told[0]
    run = house.ledger.office("main-room").last_run
    assert run is not None
    assert len(run.summary["unreadable"]) == 1
    house.box_office.sell_out(other)
    assert house.run().exit_code == 0
    assert [subject for subject in house.subjects() if title in subject] == []
    internal, sold_out = house.desk.tickets
    assert internal.subject.startswith("An event of main-room cannot be read")
    assert told[0].partition(" cannot be read")[0] in internal.messages[0].body
    assert [message.is_note for message in internal.messages[1:]] == []
    assert "Sold out" in sold_out.subject
    network.edit = None
    assert house.run().exit_code == 0
    run = house.ledger.office("main-room").last_run
    assert run is not None
    assert run.summary["unreadable"] == {}
    assert len(house.desk.tickets) == 2
    assert internal.status == "resolved"
    assert [message.is_note for message in internal.messages[1:]] == [True]


@pytest.mark.parametrize("edit", HARMLESS)
def test_what_can_be_read_all_the_same_is_read(
    house: VirtualBridge, network: Edited, edit: str
) -> None:
    """A sell-out of this very event is seen."""
    network.event = house.event(0)
    network.edit = HARMLESS[edit]
    report = house.run()
    assert (report.exit_code, report.warnings) == (0, ())
    house.box_office.sell_out(network.event)
    assert house.run().exit_code == 0
    assert len([s for s in house.subjects() if "Sold out" in s]) == 1


@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_a_refusal_about_one_event_stays_with_it(tmp_path: Path, status: int) -> None:
    """The key is good: the list was read with it. The others are seen, every run."""
    house = VirtualBridge(tmp_path, switches={"ticket_types_in_rows": False})
    house.run()
    bad, other = house.event(0), house.event(1)
    kind: Kind = "status"
    house.sandbox.faults.add(kind, service="ticketsmart", path=f"/events/{bad}", status=status)
    reports = [house.run() for _ in range(4)]
    assert [report.exit_code for report in reports] == [0, 0, 0, 0]
    assert len([warning for report in reports for warning in report.warnings]) == 1
    house.box_office.sell_out(other)
    assert house.run().exit_code == 0
    assert [subject.partition(":")[0].partition(" [")[0] for subject in house.subjects()] == [
        "An event of main-room cannot be read",
        "Sold out",
    ]


@pytest.mark.parametrize("little", [False, True], ids=["rows tell all", "rows tell little"])
def test_a_watch_goes_on_beside_an_odd_event(monkeypatch: pytest.MonkeyPatch, little: bool) -> None:
    """And names it once."""
    virtual = VirtualWatch(switches={"ticket_types_in_rows": not little})
    network = Edited()
    monkeypatch.setattr(
        "willcall.simulation.network.Reply", lambda *answer, **more: network(Reply(*answer, **more))
    )
    virtual.run()
    virtual.begin()
    virtual.pass_time(5.0)
    network.event, other = [e.id for e in virtual.box_office.events if e.status == "PUBLISHED"][:2]
    network.edit = ODD["half a cent"] if little else ODD["no start"]
    virtual.pass_time(300.0)
    virtual.box_office.sell_out(other)
    virtual.pass_time(60.0)
    assert len(virtual.desk.tickets) == 2
    told = [w for n in virtual.news if n.report is not None for w in n.report.warnings]
    assert len(told) == 1, told
    assert network.event in told[0]
    run = virtual.ledger.office(OFFICE).last_run
    assert run is not None
    assert (run.exit_code, list(run.summary["unreadable"])) == (0, [network.event])
    assert virtual.leave().exit_code == 0

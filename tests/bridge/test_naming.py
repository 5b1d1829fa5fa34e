"""Names and keys that no longer belong together are noticed, and nothing follows from them."""

import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from support.virtual_bridge import VirtualBridge
from support.virtual_watch import VirtualWatch
from willcall.bridge.ledger import SqlLedger
from willcall.bridge.run import Job, PassReport, run_pass
from willcall.client.flow import Flow
from willcall.errors import LedgerError, TakenOverError


@pytest.fixture
def sold(tmp_path: Path) -> VirtualBridge:
    """A house with a ledger in a file, and a ticket about a sell-out."""
    house = VirtualBridge(tmp_path, ledger="sqlite:///willcall.db")
    house.run()
    house.box_office.sell_out(house.event(0))
    house.run()
    assert len(house.desk.tickets) == 1
    house.sandbox.forget_requests()
    return house


def run_as(house: VirtualBridge, name: str, *configured: str) -> PassReport:
    """A pass of a box office under another name."""

    def renamed(job: Job) -> Flow[PassReport]:
        job = attrs.evolve(job, name=name, configured=configured or (name,))
        return run_pass(job)

    return house._play(renamed)


def maintenance(house: VirtualBridge) -> Any:
    assert isinstance(house.ledger, SqlLedger)
    return house.ledger.maintenance


def test_a_renamed_box_office_takes_no_new_baseline(sold: VirtualBridge) -> None:
    """It says what to do; once that is done, its tickets go on."""
    title = sold.desk.tickets[0].subject.removeprefix("Sold out: ").partition(",")[0]
    event = next(event.id for event in sold.box_office.events if event.title == title)
    report = run_as(sold, "great-hall")
    assert report.exit_code == 78
    assert "willcall rename main-room great-hall" in str(report.trouble)
    assert sold.ledger.office("great-hall").baseline_at is None
    assert maintenance(sold).rename("main-room", "great-hall", sold.clock.now()) == 1
    assert sold.ledger.known_offices() == ["great-hall"]
    assert maintenance(sold).complaints(thorough=True) == []
    assert run_as(sold, "great-hall").exit_code == 0
    for kind in sold.box_office.event(event).ticket_types:
        sold.box_office.restock(event, kind.id, 30)
    for _ in range(60):
        assert run_as(sold, "great-hall").exit_code == 0
    (ticket,) = sold.desk.tickets
    assert ticket.status == "resolved"
    assert {logged.change.box_office for logged in sold.ledger.log()} == {"great-hall"}


def test_trouble_of_a_box_office_goes_on_under_its_new_name(sold: VirtualBridge) -> None:
    """What happens to the whole of it has its name for a subject."""
    key, sold.keys["ticketsmart"] = sold.keys["ticketsmart"], "ts_sk_revoked" + "0" * 20
    sold.run()
    assert len(sold.desk.tickets) == 2
    maintenance(sold).rename("main-room", "great-hall", sold.clock.now())
    assert run_as(sold, "great-hall").exit_code == 77
    sold.keys["ticketsmart"] = key
    assert run_as(sold, "great-hall").exit_code == 0
    assert [ticket.status for ticket in sold.desk.tickets] == ["open", "resolved"]


def test_a_box_office_that_is_no_longer_configured_is_named_once(sold: VirtualBridge) -> None:
    """Another one, with other events, takes its baseline beside it."""
    side = sold.sandbox.new_box_office("side-room")
    starts = sold.clock.now() + timedelta(days=9)
    for title in ("Puppets", "Shadows"):
        side.create(title, starts, status="PUBLISHED")
    sold.keys["ticketsmart"] = sold.sandbox.new_key("ticketsmart", box_office="side-room")
    first, second = (run_as(sold, "side-room") for _ in range(2))
    assert (first.exit_code, second.exit_code, second.warnings) == (0, 0, ())
    (warning,) = first.warnings
    assert "the ledger knows 'main-room', which is not configured" in warning


def test_a_key_of_another_box_office_is_noticed(sold: VirtualBridge) -> None:
    """No event is called gone, none is called new; with the right key all goes on."""
    side = sold.sandbox.new_box_office("side-room")
    for title in ("Puppets", "Shadows"):
        side.create(title, sold.clock.now() + timedelta(days=9), status="PUBLISHED")
    key = sold.keys["ticketsmart"]
    sold.keys["ticketsmart"] = sold.sandbox.new_key("ticketsmart", box_office="side-room")
    before = copy.deepcopy(sold.ledger.state("main-room").snapshot)
    for _ in range(4):
        report = sold.run()
        assert report.exit_code == 78
        assert "it seems to be of another box office" in str(report.trouble)
    assert "another box office" in str(sold.plan().trouble)
    assert sold.ledger.state("main-room").snapshot == before
    assert len(sold.desk.tickets) == 1
    sold.keys["ticketsmart"] = key
    assert sold.run().exit_code == 0
    assert len(sold.desk.tickets) == 1


def test_a_key_of_an_empty_box_office_is_noticed(sold: VirtualBridge) -> None:
    """That every event is gone at once is not believed."""
    sold.sandbox.new_box_office("side-room")
    sold.keys["ticketsmart"] = sold.sandbox.new_key("ticketsmart", box_office="side-room")
    assert [sold.run().exit_code for _ in range(3)] == [78, 78, 78]
    assert len(sold.desk.tickets) == 1


def test_a_list_that_hides_what_is_known_is_believed(sold: VirtualBridge) -> None:
    """Those that are over may be left out of it: they are asked for."""
    for event in sold.box_office.events:
        sold.box_office.update(event.id, starts_at=sold.clock.now() - timedelta(days=2))
    sold.sandbox.settings.change({"list_hides": "both"})
    sold.box_office.create("Shadows", sold.clock.now() + timedelta(days=9), status="PUBLISHED")
    assert [sold.run().exit_code for _ in range(3)] == [0, 0, 0]


def test_a_watch_does_not_begin_with_a_key_of_another_box_office() -> None:
    """It ends before its first poll."""
    virtual = VirtualWatch()
    virtual.run()
    for event in list(virtual.box_office.events):
        virtual.box_office.delete(event.id)
    starts = virtual.stage.now() + timedelta(days=9)
    virtual.box_office.create("Shadows", starts, status="PUBLISHED")
    virtual.begin()
    virtual.pass_time(30.0)
    report = virtual.leave()
    assert report.exit_code == 78
    assert "another box office" in str(report.trouble)
    assert virtual.desk.tickets == []


def test_a_rename_that_makes_no_sense_is_refused(sold: VirtualBridge) -> None:
    """An unknown name, a name that is taken, a box office at work."""
    with pytest.raises(LedgerError, match="knows no box office 'main'; it knows: main-room"):
        maintenance(sold).rename("main", "hall", sold.clock.now())
    with pytest.raises(LedgerError, match="knows a box office 'main-room' already"):
        maintenance(sold).rename("main-room", "main-room", sold.clock.now())
    fence = sold.ledger.take_lease("main-room", sold.clock.now())
    assert fence is not None
    with pytest.raises(TakenOverError, match="is at work on 'main-room'"):
        maintenance(sold).rename("main-room", "hall", sold.clock.now())
    sold.ledger.release_lease(fence)
    assert maintenance(sold).rename("main-room", "hall", sold.clock.now()) == 1

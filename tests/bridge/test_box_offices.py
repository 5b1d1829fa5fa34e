"""What every box office has to do: one suite for TicketSmart on the sandbox over HTTP, whatever its
rows and events tell, and for one in memory. And nothing in the bridge needs TicketSmart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

import attrs
import pytest

from support.memory_box_office import MemoryBoxOffice
from support.virtual_bridge import START, VirtualBridge
from support.virtual_watch import VirtualWatch
from willcall.bridge.config.rule_tables import RemovalTable
from willcall.bridge.detection.observe import observe
from willcall.bridge.detection.poller import Poller
from willcall.bridge.ledger import Ledger
from willcall.bridge.model.facts import EventFacts, EventState, LowStock
from willcall.bridge.polling.budget import Poll, PollReason
from willcall.bridge.polling.planner import Planner
from willcall.bridge.ports import BoxOffice, EventRows, NotThere, Refused, Removed
from willcall.bridge.run import Job
from willcall.client.flow import Flow, World, drive, simulate
from willcall.client.http import Connections
from willcall.client.provider import open_account
from willcall.errors import AuthenticationError, UndecodableReplyError
from willcall.sandbox import Sandbox
from willcall.sandbox.server import serve
from willcall.sandbox.settings import Switches
from willcall.ticketsmart.box_office import ADAPTER

T = TypeVar("T")
EVENTS = 5
SHAPES: dict[str, Switches] = {
    "ticketsmart": {},
    "ticketsmart, silent rows": {"ticket_types_in_rows": False},
    "ticketsmart, silent events": {"ticket_types_in_rows": False, "stock_in_events": False},
    "ticketsmart, no totals": {"pagination_fields": False, "enveloped": False},
}


class Shop(Protocol):
    """A box office with five events on sale, and what happens in it."""

    box_office: BoxOffice
    ids: list[str]

    def sell_out(self, event_id: str) -> None:
        """Nothing is left of an event."""

    def sell(self, event_id: str) -> None:
        """Somebody buys a ticket."""

    def delete(self, event_id: str) -> None:
        """Somebody deletes an event."""


class AtTicketSmart:
    """TicketSmart's adapter on the sandbox, over HTTP."""

    def __init__(self, sandbox: Sandbox, url: str) -> None:
        self._office = sandbox.boxoffice
        account = open_account(ADAPTER.provider, sandbox.ticketsmart_key, url)
        self.box_office: BoxOffice = ADAPTER.open(account, {})
        self.ids = [
            self._office.create(
                f"Night {number}",
                datetime.now(UTC) + timedelta(days=20),
                ticket_types=[{"name": "Floor", "price": 2500, "quantity": 80}],
                status="PUBLISHED",
            ).id
            for number in range(EVENTS)
        ]

    def sell_out(self, event_id: str) -> None:
        self._office.sell_out(event_id)

    def sell(self, event_id: str) -> None:
        event = self._office.event(event_id)
        self._office.sell(event_id, event.ticket_types[0].id, 1)

    def delete(self, event_id: str) -> None:
        self._office.delete(event_id)


class InMemory:
    """The box office of the tests' own."""

    def __init__(self) -> None:
        self._office = MemoryBoxOffice()
        self.box_office: BoxOffice = self._office
        self.ids = [f"night-{number}" for number in range(EVENTS)]
        for event_id in self.ids:
            self._office.put(event_id, 80)

    def sell_out(self, event_id: str) -> None:
        self._office.put(event_id, 0, "SOLD_OUT", sold=80)

    def sell(self, event_id: str) -> None:
        self._office.put(event_id, 79, sold=1)

    def delete(self, event_id: str) -> None:
        del self._office.events[event_id]


@pytest.fixture(params=[*SHAPES, "memory"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Each box office in turn."""
    if request.param == "memory":
        yield InMemory()
        return
    with serve(Sandbox(season=False, **SHAPES[request.param])) as served:
        yield AtTicketSmart(served.sandbox, served.ticketsmart_url)


@pytest.fixture
def office(shop: Shop) -> BoxOffice:
    """The box office alone."""
    return shop.box_office.within(20.0, tries=1)


def play(flow: Flow[T]) -> T:
    """Run a flow for real."""
    connections = Connections()
    try:
        return drive(flow, connections)
    finally:
        connections.close()


def listed(office: BoxOffice) -> list[EventFacts]:
    """The whole list, step by step."""
    rows = play(office.rows())
    found = list(rows.events)
    while rows.next is not None:
        assert len(rows.events) <= office.capabilities.rows
        rows = play(office.rows(rows.next))
        found += rows.events
    assert rows.total in {None, len(found)}
    return found


def known(office: BoxOffice, event_id: str, before: EventFacts | None = None) -> EventFacts:
    """An event that is there."""
    found = play(office.event(event_id, before))
    assert not isinstance(found, NotThere)
    return found


def test_the_list_shows_every_event_once(office: BoxOffice, shop: Shop) -> None:
    """In facts, and there; a row that tells of ticket types tells the same as the event does."""
    rows = {event.id: event for event in listed(office)}
    assert sorted(rows) == sorted(shop.ids)
    for event_id, row in rows.items():
        event = known(office, event_id)
        assert (row.title, row.status, row.starts_at) == (
            event.title,
            event.status,
            event.starts_at,
        )
        assert (row.absent, row.vanished, row.sold_out) == (0, False, False)
        if row.tells_stock:
            assert row.ticket_types == event.ticket_types


def test_an_event_tells_what_is_left(office: BoxOffice, shop: Shop) -> None:
    """Whoever asks first, and whoever asks again knowing what was seen."""
    event_id = shop.ids[0]
    first = known(office, event_id)
    assert first.tells_stock
    assert [kind.available for kind in first.ticket_types or ()] == [80]
    shop.sell(event_id)
    for before in (first, None):
        again = known(office, event_id, before)
        assert [kind.available for kind in again.ticket_types or ()] == [79]
        assert not again.sold_out


def test_an_event_that_sells_out_is_sold_out_as_of_one_moment(
    office: BoxOffice, shop: Shop
) -> None:
    """Its status and its stock; also where only one of them was known before."""
    before = known(office, shop.ids[0])
    shop.sell_out(shop.ids[0])
    for seen in (before, None):
        after = known(office, shop.ids[0], seen)
        assert after.status == EventState.SOLD_OUT
        assert {kind.available for kind in after.ticket_types or ()} == {0}


def test_what_is_there_is_neither_absent_nor_gone(office: BoxOffice, shop: Shop) -> None:
    """Whatever was believed of it."""
    known(office, shop.ids[1])
    lost = attrs.evolve(known(office, shop.ids[0]), absent=2, vanished=True)
    found = known(office, shop.ids[0], lost)
    assert (found.absent, found.vanished) == (0, False)


def test_an_event_that_is_not_there_is_said_not_to_be(office: BoxOffice, shop: Shop) -> None:
    """And the others are; with or without their stock, known or not."""
    before = known(office, shop.ids[0])
    shop.delete(shop.ids[0])
    for flow in (
        office.event(shop.ids[0]),
        office.event(shop.ids[0], before),
        office.event(shop.ids[0], stock=False),
        office.event("no-such-event"),
    ):
        assert play(flow) == NotThere()
    assert not isinstance(play(office.event(shop.ids[1], stock=False)), NotThere)
    assert sorted(event.id for event in listed(office)) == sorted(shop.ids[1:])


def test_a_ticket_type_is_removed_unless_some_were_sold(office: BoxOffice, shop: Shop) -> None:
    """And it says why not."""
    (kind,) = known(office, shop.ids[0]).ticket_types or ()
    assert play(office.remove(shop.ids[0], kind.id)) == Removed()
    assert known(office, shop.ids[0]).ticket_types == ()
    (kind,) = known(office, shop.ids[1]).ticket_types or ()
    shop.sell(shop.ids[1])
    refused = play(office.remove(shop.ids[1], kind.id))
    assert isinstance(refused, Refused)
    assert "sold" in refused.why
    assert known(office, shop.ids[1]).ticket_type(kind.id) is not None


def test_it_has_names_and_a_quota(office: BoxOffice) -> None:
    """By which errors and people call it, and by which polls are planned."""
    assert office.name.islower()
    assert office.title
    assert office.quota.requests > 0


def test_an_error_is_no_answer() -> None:
    """That a key is refused does not mean that an event is not there."""
    with serve(Sandbox()) as served:
        account = open_account(ADAPTER.provider, "ts_sk_live_nobody", served.ticketsmart_url)
        with pytest.raises(AuthenticationError):
            play(ADAPTER.open(account, {}).event("gala"))


def test_a_page_is_asked_for_by_its_number() -> None:
    """At TicketSmart; so a pass goes on where the last one stopped."""
    with serve(Sandbox(season=230)) as served:
        account = open_account(
            ADAPTER.provider, served.sandbox.ticketsmart_key, served.ticketsmart_url
        )
        office = ADAPTER.open(account, {})
        third = play(office.rows(office.cursor(3)))
        assert (len(third.events), third.next) == (30, None)


# -- the bridge with a box office that is none of ours ---------------------------------------------


class ShopBridge(VirtualBridge):
    """The box office in memory, and the sandbox's desk."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.shop = MemoryBoxOffice()
        self.rules = attrs.evolve(self.rules, services={"main-room": self.shop.title})
        for number in range(EVENTS):
            self.shop.put(f"night-{number}", 80)

    def job(self, ledger: Ledger | None = None) -> Job:
        return attrs.evolve(super().job(ledger), box_office=self.shop)


def test_a_pass_opens_tickets_for_any_box_office(tmp_path: Path) -> None:
    """What sells out, what vanishes, and what cannot be removed."""
    bridge = ShopBridge(tmp_path)
    assert bridge.run().exit_code == 0
    bridge.shop.put("night-1", 0, sold=80)
    del bridge.shop.events["night-2"]
    bridge.shop.put("night-3", 79, sold=1)
    bridge.removals = (
        RemovalTable(box_office="main-room", event="night-3", ticket_type="Floor", after=START),
    )
    for _ in range(3):
        assert bridge.run().exit_code == 0
    assert [subject.split(",")[0] for subject in bridge.subjects()] == [
        "Cannot remove Floor: night-3",
        "Gone from the shop: night-2",
        "Sold out: night-1",
    ]
    assert bridge.sent() == 0
    bridge.shop.put("night-1", 5, sold=75)
    bridge.run()
    (sold_out,) = (t for t in bridge.desk.tickets if t.subject.startswith("Sold out"))
    assert sold_out.status == "resolved"


def test_a_watch_does_too() -> None:
    """By its own two flows."""
    shop = MemoryBoxOffice()
    for number in range(EVENTS):
        shop.put(f"night-{number}", 80)
    virtual = VirtualWatch(job=lambda job: attrs.evolve(job, box_office=shop))
    virtual.begin()
    virtual.pass_time(30.0)
    shop.put("night-4", 0, sold=80)
    virtual.pass_time(30.0)
    assert [t.subject.split(",")[0] for t in virtual.desk.tickets] == ["Sold out: night-4"]
    assert virtual.leave().exit_code == 0


def test_a_page_that_cannot_be_jumped_to_is_reached_step_by_step() -> None:
    """By a process that has not read those before it; each step is seen for what it is."""
    shop = MemoryBoxOffice()
    for number in range(EVENTS):
        shop.put(f"night-{number}", 80)
    poller = Poller(Planner.of(1.0, LowStock(), {}), {})
    last = Poll(0.0, PollReason.SWEEP, page=3)
    seen = [simulate(poller.poll(shop, last), World(())) for _ in range(3)]
    assert [[event.id for event in each.events] for each in seen] == [
        ["night-0", "night-1"],
        ["night-2", "night-3"],
        ["night-4"],
    ]
    assert seen[-1].complete
    assert seen[-1].elsewhere == set(shop.events)


def test_a_page_that_could_not_be_reached_yet_is_due_again() -> None:
    """Its turn was not taken by the one that was read in its place."""
    shop = MemoryBoxOffice()
    for number in range(EVENTS):
        shop.put(f"night-{number}", 80)
    planner = Planner.of(1.0, LowStock(), {})
    poll = Poll(0.0, PollReason.SWEEP, page=3)
    world = World(())
    simulate(Poller(planner, {}).poll(shop, poll), world)
    at = world.start.timestamp()
    pages = [planner.schedule.next(at + second) for second in range(1, 8)]
    assert (3, PollReason.RETRY) in [(each.page, each.why) for each in pages]


def test_a_pass_that_cannot_go_on_where_it_stopped_begins_anew() -> None:
    """And then it has seen everything."""
    shop = MemoryBoxOffice()
    for number in range(EVENTS):
        shop.put(f"night-{number}", 80)
    planner = Planner.of(1.0, LowStock(), shop.events)
    planner.page = 2
    seen = simulate(observe(shop, dict(shop.events), 0, planner), World(()))
    assert (len(seen.events), seen.complete) == (EVENTS, True)
    assert shop.asked == ["rows 0", "rows 2", "rows 4"]


class Circle(MemoryBoxOffice):
    """Its last step points back to its first."""

    def rows(self, cursor: Any = None) -> Flow[EventRows]:
        rows = yield from super().rows(cursor)
        return attrs.evolve(rows, next=rows.next or 0.0)


def test_a_list_without_an_end_is_an_error() -> None:
    """After some twenty steps, and not after an hour."""
    shop = Circle()
    shop.put("gala", 80)
    with pytest.raises(UndecodableReplyError, match="the list does not end"):
        simulate(observe(shop, {}, 0), World(()))
    assert len(shop.asked) < 30

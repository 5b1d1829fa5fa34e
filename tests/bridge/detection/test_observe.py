"""Reading a box office: all of it or nothing, and within the budget of polls."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.detection.observe import FAILURES, observe
from willcall.bridge.model.facts import EventFacts, LowStock
from willcall.bridge.model.observation import Observation
from willcall.bridge.polling.planner import Planner
from willcall.client.flow import Request, World, simulate
from willcall.client.provider import open_account
from willcall.client.quota import Pace, Quota
from willcall.errors import AuthenticationError, Reply, UndecodableReplyError
from willcall.ticketsmart.api import PROVIDER
from willcall.ticketsmart.box_office import ADAPTER

LOOKS = "/events/*"


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[VirtualBridge]:
    """A house whose list rows carry no ticket types; nothing known yet."""
    house = VirtualBridge(tmp_path, switches={"ticket_types_in_rows": False})
    yield house
    house.ledger.close()


def observe_in(
    house: VirtualBridge, snapshot: dict[str, EventFacts] | None = None, polls: int = 25
) -> Observation:
    """One observation, now."""
    house.sandbox.forget_requests()
    house.world = World(house._carry, start=house.clock.now())
    return simulate(observe(house.job().box_office, snapshot or {}, polls), house.world)


def polled_in(house: VirtualBridge) -> list[str]:
    """The events that were polled one by one, in this order."""
    paths = [r.path for r in house.sandbox.requests if r.path.startswith("/events/")]
    return [path.removeprefix("/events/") for path in paths]


def on_sale(house: VirtualBridge) -> list[str]:
    """The events that can sell, by id."""
    return sorted(e.id for e in house.box_office.events if e.status in {"PUBLISHED", "SOLD_OUT"})


def test_rows_that_carry_ticket_types_are_all_there_is_to_read(tmp_path: Path) -> None:
    """Not one poll beside them."""
    house = VirtualBridge(tmp_path)
    seen = observe_in(house)
    assert (seen.complete, seen.polls, seen.trouble) == (True, 0, None)
    assert len(seen.events) == len(house.box_office.events) == 10
    assert house.sent() == 1
    assert all(event.ticket_types for event in seen.events)
    assert seen.at == house.clock.now()


def test_every_page_is_read(tmp_path: Path) -> None:
    """A hundred events each."""
    house = VirtualBridge(tmp_path, season=201)
    seen = observe_in(house)
    assert len({event.id for event in seen.events}) == 201
    assert house.sent() == 3


def test_an_empty_box_office_is_seen_to_be_empty(tmp_path: Path) -> None:
    """It is no error to have nothing on."""
    house = VirtualBridge(tmp_path, season=False)
    seen = observe_in(house)
    assert (seen.events, seen.complete, house.sent()) == ((), True, 1)


def test_only_what_can_sell_is_looked_at(silent: VirtualBridge) -> None:
    """Neither drafts nor what is over."""
    seen = observe_in(silent)
    assert sorted(polled_in(silent)) == on_sale(silent)
    assert seen.polls == len(on_sale(silent))
    unknown = [event.status for event in seen.events if event.ticket_types is None]
    assert sorted(unknown) == ["COMPLETED", "DRAFT"]


@pytest.mark.parametrize("polls", [0, 1, 3])
def test_no_more_looks_than_are_allowed(silent: VirtualBridge, polls: int) -> None:
    """The rest has its turn later."""
    assert observe_in(silent, polls=polls).polls == len(polled_in(silent)) == polls


def test_what_changed_is_looked_at_first_then_what_the_planner_says(silent: VirtualBridge) -> None:
    """A status that changed may mean anything."""
    snapshot = {event.id: event for event in observe_in(silent).events}
    silent.clock.advance(60)
    ids = on_sale(silent)
    silent.box_office.sell_out(ids[5])
    observe_in(silent, snapshot, polls=4)
    first, *others = polled_in(silent)
    assert first == ids[5]
    assert len({first, *others}) == 4


def test_from_pass_to_pass_every_event_has_its_turn(silent: VirtualBridge) -> None:
    """The planner remembers where it polled last, and one poll a pass goes to the oldest."""
    silent.polls = 3
    polled: set[str] = set()
    for _ in range(8):
        silent.sandbox.forget_requests()
        silent.run()
        polled.update(polled_in(silent))
    assert sorted(polled) == on_sale(silent)


def test_a_list_that_is_too_long_for_one_pass_is_read_in_parts(tmp_path: Path) -> None:
    """What this pass could not read is first the next; only then is a sweep complete."""
    house = VirtualBridge(tmp_path, season=330)
    house.run()
    facts = house.ledger.state("main-room").snapshot or {}
    planner = Planner.of(1.0, LowStock(), facts)
    key, url = house.keys["ticketsmart"], "http://localhost/ticketsmart/api/v1"
    two = open_account(PROVIDER, key, url, pace=Pace(Quota(2)))
    api = ADAPTER.open(two, {}).within(5.0)
    house.world = World(house._carry, start=house.clock.now())
    seen = simulate(observe(api, facts, 0, planner), house.world)
    assert (len(seen.events), seen.complete, planner.page) == (200, False, 3)
    assert seen.trouble is not None
    assert "next time" in seen.trouble
    kept = Planner.of(1.0, LowStock(), facts, planner.packed(facts))
    house.world = World(house._carry, start=house.clock.now())
    rest = simulate(observe(house.job().box_office, facts, 0, kept), house.world)
    assert (len(rest.events), rest.complete, kept.page) == (130, False, 1)
    assert {e.id for e in (*seen.events, *rest.events)} == set(facts)
    house.ledger.close()


def test_an_event_that_went_between_the_list_and_the_look_is_passed_over(
    silent: VirtualBridge,
) -> None:
    """The next sweep tells."""
    silent.sandbox.faults.add("status", service="ticketsmart", path=LOOKS, status=404, count=1)
    seen = observe_in(silent)
    assert (seen.polls, seen.trouble) == (len(on_sale(silent)) - 1, None)


@pytest.mark.parametrize("status", [500, 503])
def test_a_look_that_fails_does_not_keep_the_others_from_being_seen(
    silent: VirtualBridge, status: int
) -> None:
    """Its row is kept, and what went wrong is told."""
    observe_in(silent, polls=3)
    third = polled_in(silent)[2]
    path = LOOKS.replace("*", third)
    silent.sandbox.faults.add("status", service="ticketsmart", path=path, status=status)
    seen = observe_in(silent)
    assert (len(seen.events), seen.complete, seen.polls) == (10, True, len(on_sale(silent)) - 1)
    assert f" {status}: " in str(seen.trouble)
    bare = [event.id for event in seen.events if event.ticket_types is None]
    assert third in bare
    assert len(bare) == 10 - seen.polls


def test_a_server_that_fails_at_every_look_is_soon_left_alone(silent: VirtualBridge) -> None:
    """Whoever asks on makes it worse."""
    silent.sandbox.faults.add("status", service="ticketsmart", path=LOOKS, status=500)
    seen = observe_in(silent)
    assert (seen.polls, len(seen.events), seen.complete) == (0, 10, True)
    assert len(set(polled_in(silent))) == FAILURES
    assert " 500: " in str(seen.trouble)


def breaks(house: VirtualBridge, event_id: str, kind: Literal["status", "delay"]) -> None:
    """From now on it answers with an error for ever, or not in time."""
    path = LOOKS.replace("*", event_id)
    how: dict[str, Any] = {"status": 500} if kind == "status" else {"seconds": 60}
    house.sandbox.faults.add(kind, service="ticketsmart", path=path, **how)


def seen_in(house: VirtualBridge, passes: int) -> list[int]:
    """How many events were polled in each of so many passes."""
    reports = [house.run() for _ in range(passes)]
    return [report.observation.polls for report in reports if report.observation]


@pytest.mark.parametrize("kind", ["status", "delay"])
@pytest.mark.parametrize("broken", [1, 2, 4])
@pytest.mark.parametrize("max_seconds", [20.0, 50.0])
def test_events_that_fail_for_ever_starve_no_other(
    silent: VirtualBridge, broken: int, kind: Literal["status", "delay"], max_seconds: float
) -> None:
    """From pass to pass they come behind the others, and there is time left to deliver."""
    silent.polls, silent.max_seconds = 2, max_seconds
    silent.run()
    for event_id in on_sale(silent)[:broken]:
        breaks(silent, event_id, kind)
    well = on_sale(silent)[broken:]
    polled: set[str] = set()
    for _ in range(20):
        silent.sandbox.forget_requests()
        silent.run()
        polled.update(polled_in(silent))
    assert polled >= set(well)
    free = next(one for one in map(silent.event, range(9)) if one in well)
    silent.box_office.sell_out(free)
    for _ in range(16):
        silent.run()
    title = next(event.title for event in silent.box_office.events if event.id == free)
    assert [subject for subject in silent.subjects() if title in subject]


def test_most_looks_of_a_pass_go_to_events_that_can_be_read(silent: VirtualBridge) -> None:
    """Of eight, three never could be, and two are not there though the list shows them."""
    silent.polls = 4
    for event_id in on_sale(silent)[:3]:
        breaks(silent, event_id, "status")
    for event_id in on_sale(silent)[3:5]:
        path = LOOKS.replace("*", event_id)
        silent.sandbox.faults.add("status", service="ticketsmart", path=path, status=404)
    assert sum(seen_in(silent, 30)[10:]) >= 30


def test_slow_looks_leave_time_to_deliver(silent: VirtualBridge) -> None:
    silent.run()
    silent.box_office.sell_out(silent.event())
    silent.sandbox.faults.add("delay", service="ticketsmart", path=LOOKS, seconds=8)
    for _ in range(3):
        report = silent.run()
        assert silent.world.elapsed <= silent.max_seconds
        assert report.left == {}
    assert len(silent.subjects()) == 1


def test_a_slow_server_is_asked_only_as_long_as_there_is_time(silent: VirtualBridge) -> None:
    """What was not polled has its turn the next time, first."""
    silent.run()
    silent.sandbox.faults.add("delay", service="ticketsmart", path=LOOKS, seconds=7)
    polled: list[str] = []
    for _ in range(3):
        silent.sandbox.forget_requests()
        assert seen_in(silent, 1) == [4]
        assert silent.world.elapsed <= silent.max_seconds
        polled += polled_in(silent)
    assert set(polled) == set(on_sale(silent))


def test_after_a_list_that_took_its_time_there_is_some_for_looks(tmp_path: Path) -> None:
    house = VirtualBridge(tmp_path, season=600, switches={"ticket_types_in_rows": False})
    house.sandbox.faults.add("delay", service="ticketsmart", path="/events", seconds=8)
    first, second = seen_in(house, 2)
    assert (first > 20, second) == (True, 25)
    house.ledger.close()


@pytest.mark.parametrize("kind", ["status", "delay"])
def test_who_cannot_be_asked_for_keeps_no_other_from_being_missed(
    silent: VirtualBridge, kind: Literal["status", "delay"]
) -> None:
    """Nor from being polled."""
    silent.run()
    *broken, last = on_sale(silent)[:4]
    for event_id in (*broken, last):
        silent.box_office.delete(event_id)
    for event_id in broken:
        breaks(silent, event_id, kind)
    gone: set[str] = set()
    polled: set[str] = set()
    for _ in range(8):
        silent.sandbox.forget_requests()
        report = silent.run()
        assert report.observation is not None
        gone |= report.observation.gone
        polled.update(polled_in(silent))
    assert gone == {last}
    assert polled >= set(on_sale(silent))


def test_requests_that_are_spent_end_the_looks(silent: VirtualBridge) -> None:
    """The rows were read; the minute's budget is told in words."""
    silent.sandbox.faults.add(
        "status", service="ticketsmart", path=LOOKS, status=429, headers={"Retry-After": "600"}
    )
    seen = observe_in(silent)
    assert (seen.polls, len(seen.events)) == (0, 10)
    assert seen.trouble == "the minute's requests are spent; further polls next time"


def test_a_key_that_is_rejected_during_the_looks_is_no_small_trouble(silent: VirtualBridge) -> None:
    """A person has to see to it."""
    silent.sandbox.faults.add("status", service="ticketsmart", path=LOOKS, status=401)
    with pytest.raises(AuthenticationError):
        observe_in(silent)


def test_a_page_that_breaks_is_no_observation(tmp_path: Path) -> None:
    """There is no half of one."""
    house = VirtualBridge(tmp_path, season=250)
    house.sandbox.faults.add("html", service="ticketsmart", path="/events", nth=3)
    with pytest.raises(UndecodableReplyError):
        observe_in(house)


def test_a_list_that_never_holds_still_proves_no_absence(tmp_path: Path) -> None:
    """Rows that move between pages may be missed; each that was seen is told once, and is good."""
    house = VirtualBridge(tmp_path, season=150)
    house.sandbox.faults.add("shuffle", service="ticketsmart", path="/events")
    seen = observe_in(house)
    assert not seen.complete
    assert len({event.id for event in seen.events}) == len(seen.events) > 100


def test_a_desk_that_never_holds_still_is_not_believed_to_lack_a_ticket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not found in a moving list may be there: it is not sent, not even the first time."""
    from willcall.client.paging import Rows

    house = VirtualBridge(tmp_path)
    house.run()
    house.box_office.sell_out(house.event())
    real = Rows.of.__func__  # type: ignore[attr-defined]
    monkeypatch.setattr(Rows, "of", classmethod(lambda cls, items, *_: real(cls, items, False)))
    for _ in range(3):
        report = house.run()
        assert "kept changing" in str(report.deliveries.stopped)
        assert (report.exit_code, report.left) == (3, {"pending": 3})
    assert house.desk.tickets == []
    monkeypatch.undo()
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


def test_what_a_moving_list_does_not_show_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows whether the first request was carried out, so the ticket may be there."""
    from willcall.client.paging import Rows

    house = VirtualBridge(tmp_path)
    house.run()
    house.box_office.sell_out(house.event())
    house.sandbox.faults.add(
        "lost_request", service="ticket0", method="POST", path="/tickets", count=1
    )
    assert house.run().left == {"unknown": 1, "pending": 2}
    real = Rows.of.__func__  # type: ignore[attr-defined]
    monkeypatch.setattr(Rows, "of", classmethod(lambda cls, items, *_: real(cls, items, False)))
    for _ in range(3):
        report = house.run()
        assert "kept changing" in str(report.deliveries.stopped)
        assert (report.exit_code, report.left) == (3, {"unknown": 1, "pending": 2})
    assert house.desk.tickets == []
    monkeypatch.undo()
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


def test_a_look_shows_one_moment(tmp_path: Path) -> None:
    """The simulation's seed 3005033: on sale in its row, sold out in the poll forty seconds later,
    but cancelled in between: it was never sold out while it was on sale."""
    house = VirtualBridge(
        tmp_path, switches={"ticket_types_in_rows": False, "auto_sold_out": False}
    )
    event = house.event()
    real = house._carry

    def carry(request):  # type: ignore[no-untyped-def]
        if event in request.url:
            house.box_office.cancel(event)
            house.box_office.sell_out(event)
        return real(request)

    house._carry = carry  # type: ignore[method-assign]
    (seen,) = [one for one in observe_in(house).events if one.id == event]
    assert seen.status == "CANCELLED"
    assert not seen.sold_out


def test_an_event_that_comes_without_its_ticket_types_is_asked_for_them(tmp_path: Path) -> None:
    """That a single event carries them is documented; nothing hangs on it."""
    house = VirtualBridge(tmp_path, switches={"ticket_types_in_rows": False})
    event = house.event()
    real = house._carry

    def carry(request):  # type: ignore[no-untyped-def]
        reply = real(request)
        if request.url.endswith(f"/events/{event}"):
            bare = json.loads(reply.body)
            (bare.get("event") or bare).pop("ticketTypes")
            return attrs.evolve(reply, body=json.dumps(bare).encode())
        return reply

    house._carry = carry  # type: ignore[method-assign]
    (seen,) = [one for one in observe_in(house).events if one.id == event]
    assert seen.ticket_types


# -- a service that tells what is left only with the ticket types themselves -------------------


@pytest.mark.parametrize("in_rows", [True, False])
def test_a_ticket_type_that_sells_out_is_seen_where_events_do_not_tell_stock(
    tmp_path: Path, in_rows: bool
) -> None:
    """That an event's ticket types tell what is left is inferred; nothing hangs on it."""
    house = VirtualBridge(
        tmp_path, switches={"ticket_types_in_rows": in_rows, "stock_in_events": False}
    )
    assert house.run().exit_code == 0
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id, event.ticket_types[0].name)
    house.sandbox.forget_requests()
    assert house.run().exit_code == 0
    (subject,) = house.subjects()
    assert event.ticket_types[0].name in subject
    # One request a poll, once it is known; one more for the first, and one for the news, since the
    # event may have been cancelled meanwhile.
    polls = [
        request.path.rsplit("/", 1)[-1]
        for request in house.sandbox.requests
        if "/events/" in request.path
    ]
    assert polls.count("ticket-types") == len(polls) - 2 > 1
    house.ledger.close()


def test_what_would_be_sold_out_has_its_status_read_once_more(tmp_path: Path) -> None:
    """Cancelled after its row was read, and sold out then: it was never sold out while on sale."""
    house = VirtualBridge(tmp_path, switches={"stock_in_events": False, "auto_sold_out": False})
    house.run()
    first, event = house.event(0), house.event(1)
    snapshot = dict(house.ledger.state("main-room").snapshot or {})
    real = house._carry

    def carry(request: Request) -> Reply:
        if request.url.endswith(f"/{event}/ticket-types"):
            house.box_office.cancel(event)
            house.box_office.sell_out(event)
        return real(request)

    house._carry = carry  # type: ignore[method-assign]
    seen = {event.id: event for event in observe_in(house, snapshot).events}
    assert (seen[event].status, seen[event].sold_out) == ("CANCELLED", False)
    assert {ticket_type.available for ticket_type in seen[event].ticket_types or ()} == {0}
    assert (seen[first].status, seen[first].sold_out) == ("PUBLISHED", False)
    house.ledger.close()

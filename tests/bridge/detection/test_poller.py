"""Looks one by one: what a page proves, what an event tells, and what the planner keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import orjson
import pytest

from support.virtual_bridge import VirtualBridge
from support.virtual_watch import VirtualWatch
from willcall.bridge.detection.diff import diff
from willcall.bridge.detection.poller import Poller, Round
from willcall.bridge.model.facts import EventFacts, LowStock
from willcall.bridge.model.observation import Observation
from willcall.bridge.polling.budget import Poll, PollReason
from willcall.bridge.polling.planner import Planner
from willcall.bridge.ports import EventRows
from willcall.client.flow import Request, World, simulate
from willcall.errors import ApiError, Reply, ServerError


def page(*ids: str, total: int | None = 0, last: bool = False) -> EventRows:
    """A page with these events."""
    start = datetime(2027, 3, 11, tzinfo=UTC)
    rows = tuple(EventFacts(id=one, title=one, status="DRAFT", starts_at=start) for one in ids)
    return EventRows(events=rows, next=None if last else "more", total=total)


def test_a_round_ends_with_its_last_page_in_whatever_order() -> None:
    """Only then does it say who is there."""
    one = Round()
    assert one.read(1, page("a", "b", total=5)) is None
    assert one.read(3, page("e", total=5, last=True)) is None
    assert one.read(2, page("c", "d", total=5)) == frozenset("abcde")
    assert one.read(1, page("a", total=1, last=True)) == frozenset("a")


@pytest.mark.parametrize(
    "pages",
    [
        [page("a", "b", total=3), page("b", total=3, last=True)],  # one came twice
        [page("a", "b", total=4), page("c", total=3, last=True)],  # the total changed
        [page("a", "b", total=4), page("c", total=4, last=True)],  # one was missed
    ],
)
def test_a_round_in_which_rows_moved_proves_nothing(pages: list[EventRows]) -> None:
    """And the next one begins anew."""
    one = Round()
    assert [one.read(number, read) for number, read in enumerate(pages, 1)] == [None, None]
    assert one.read(1, page("a", total=1, last=True)) == frozenset("a")


def test_a_list_without_totals_is_believed_and_one_that_grows_is_read_on() -> None:
    """Its absences are asked for all the same, before anything is gone."""
    one = Round()
    assert one.read(1, page("a", total=None)) is None
    assert one.read(2, page("b", total=None, last=True)) == frozenset("ab")
    assert one.read(2, page("b", total=None, last=True)) is None
    assert one.read(2, page("b", total=None)) is None
    assert one.read(1, page("a", total=None)) is None
    assert one.read(3, page("c", total=None, last=True)) == frozenset("abc")


# -- on the sandbox -------------------------------------------------------------------------------


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[VirtualBridge]:
    """A house whose list rows carry no ticket types, baseline taken."""
    house = VirtualBridge(tmp_path, switches={"ticket_types_in_rows": False})
    house.run()
    house.sandbox.forget_requests()
    yield house
    house.ledger.close()


class Beat:
    """A poller in a house."""

    def __init__(self, house: VirtualBridge) -> None:
        self.house = house
        self.snapshot = dict(house.ledger.state("main-room").snapshot or {})
        self.planner = Planner.of(1.0, LowStock(), self.snapshot)
        self.poller = Poller(self.planner, self.snapshot)
        self.box_office = house.job().box_office

    def poll(self, event: str | None = None, number: int = 1) -> Observation:
        """One poll."""
        self.house.world = World(self.house._carry, start=self.house.clock.now())
        one = Poll(0.0, PollReason.PRIORITY, page=None if event else number, event=event)
        poll = self.poller.poll(self.box_office, one)
        return simulate(poll, self.house.world)


def paths(house: VirtualBridge) -> list[str]:
    return [request.path.rsplit("/", 1)[-1] for request in house.sandbox.requests]


def test_one_request_shows_an_event_whole(silent: VirtualBridge) -> None:
    """Its status and its stock are of one moment."""
    beat, event = Beat(silent), silent.event(0)
    silent.box_office.sell_out(event)
    seen = beat.poll(event)
    assert (len(seen.events), seen.complete, seen.polls) == (1, False, 1)
    assert seen.events[0].status == "SOLD_OUT"
    assert {kind.available for kind in seen.events[0].ticket_types or ()} == {0}
    assert paths(silent) == [event]


def test_where_an_event_tells_no_stock_its_ticket_types_are_asked_for(
    silent: VirtualBridge,
) -> None:
    """From then on they alone: one request a poll."""
    beat, event = Beat(silent), silent.event(0)
    carry = silent._carry

    def terse(request: Request) -> Reply:
        reply = carry(request)
        body = reply.json()
        body.get("event", {}).pop("ticketTypes", None)
        return attrs.evolve(reply, body=orjson.dumps(body))

    silent._carry = terse  # type: ignore[method-assign]
    first, second = beat.poll(event), beat.poll(event)
    assert first.events[0].ticket_types == second.events[0].ticket_types
    assert paths(silent) == [event, "ticket-types", "ticket-types"]


def test_an_event_that_is_not_there_is_no_error_and_no_absence(silent: VirtualBridge) -> None:
    """The rounds tell whether it is gone."""
    beat, event = Beat(silent), silent.event(0)
    silent.box_office.delete(event)
    seen = beat.poll(event)
    assert (seen.events, seen.complete, seen.gone) == ((), False, frozenset())


def test_a_poll_that_fails_is_reported_to_the_schedule(silent: VirtualBridge) -> None:
    """It is due again."""
    beat, event = Beat(silent), silent.event(0)
    failed: list[Poll] = []
    beat.planner.schedule.failed = lambda poll, at: failed.append(poll)  # type: ignore[method-assign]
    silent.sandbox.faults.add("status", service="ticketsmart", status=500)
    with pytest.raises(ServerError):
        beat.poll(event)
    with pytest.raises(ApiError):
        beat.poll()
    assert [poll.event for poll in failed] == [event, None]


def test_who_is_missing_is_asked_for_and_an_error_is_no_404(silent: VirtualBridge) -> None:
    """Twice unseen: then a 404 counts, and nothing else does."""
    beat, event = Beat(silent), silent.event(0)
    silent.box_office.delete(event)
    assert beat.poll().gone == frozenset()
    beat.snapshot[event] = attrs.evolve(beat.snapshot[event], absent=1)
    path = f"/events/{event}"
    silent.sandbox.faults.add("status", service="ticketsmart", path=path, status=500)
    silent.clock.advance(60)  # rounds that prove something are a minute apart
    seen = beat.poll()
    assert (seen.gone, seen.complete) == (frozenset(), True)
    silent.sandbox.faults.clear()
    silent.clock.advance(60)  # rounds that prove something are a minute apart
    seen = beat.poll()
    assert (seen.gone, event in seen.elsewhere) == (frozenset({event}), False)


@pytest.mark.parametrize("broken", [1, 3])
def test_who_cannot_be_asked_for_keeps_no_other_from_being_missed(
    silent: VirtualBridge, broken: int
) -> None:
    """From round to round they come behind the others."""
    beat = Beat(silent)
    free = {silent.event(number) for number in range(broken + 1)}
    events = [event for event in beat.snapshot if event in free]
    for event in events:
        silent.box_office.delete(event)
        beat.snapshot[event] = attrs.evolve(beat.snapshot[event], absent=1)
    for event in events[:broken]:
        path = f"/events/{event}"
        silent.sandbox.faults.add("status", service="ticketsmart", path=path, status=500)
    gone: set[str] = set()
    for _ in range(3):
        silent.clock.advance(60)
        gone |= beat.poll().gone
    assert gone == {events[broken]}


def test_pages_are_asked_for_as_the_ones_before_them_say(tmp_path: Path) -> None:
    """And by their number where nobody has said."""
    house = VirtualBridge(tmp_path, season=130)
    house.run()
    beat = Beat(house)
    second = beat.poll(number=2)
    assert (len(second.events), second.complete) == (30, False)
    first = beat.poll(number=1)
    assert (len(first.events), first.complete, len(first.elsewhere)) == (100, True, 130)
    # What the other page has shown is not absent from a round that ends with this one.
    assert diff("main-room", beat.snapshot, first)[1] == {}
    again = beat.poll(number=2)
    assert (len(again.events), again.complete) == (30, False)
    house.ledger.close()


# -- what is kept ---------------------------------------------------------------------------------


def _facts(**more: Any) -> EventFacts:
    from willcall.bridge.templates.examples import EVENT

    return attrs.evolve(EVENT, **more)


def test_a_planner_remembers_what_it_learned(silent: VirtualBridge) -> None:
    """Velocities, last polls, and where in the list it stopped."""
    beat, event = Beat(silent), silent.event(0)
    beat.poll(event)
    beat.planner.page = 7
    kept = beat.planner.packed(beat.snapshot)
    again = Planner.of(1.0, LowStock(), beat.snapshot, kept)
    assert again.page == 7
    assert again.schedule.memory(event) == beat.planner.schedule.memory(event)
    assert again.packed(beat.snapshot) == kept


@pytest.mark.parametrize("memory", [None, b"", b"garbage", b"x\x9c\x03\x00\x00\x00\x00\x01"])
def test_a_memory_that_is_none_is_as_good_as_nothing(memory: bytes | None) -> None:
    """A planner never keeps a run from running."""
    facts = _facts()
    planner = Planner.of(1.0, LowStock(), {facts.id: facts}, memory)
    assert planner.page == 1
    assert planner.schedule.next(1000.0).at >= 1000.0


def test_what_cannot_sell_is_not_kept() -> None:
    """The memory grows with what is on, not with what ever was."""
    live, over = _facts(), _facts(id="evt_over", status="COMPLETED")
    gone = _facts(id="evt_gone", vanished=True)
    known = {one.id: one for one in (live, over, gone)}
    planner = Planner.of(1.0, LowStock(), known)
    only = Planner.of(1.0, LowStock(), {live.id: live})
    assert len(planner.packed(known)) == len(only.packed({live.id: live}))


# -- rows that are older than the events themselves ----------------------------------------------


def test_a_row_that_is_older_than_its_event_is_not_believed(silent: VirtualBridge) -> None:
    """It is a reason to poll the event again, whole, and no more; and once a minute at the most."""
    silent.sandbox.settings.change({"stale_list": 40.0})
    beat, event = Beat(silent), silent.event(0)
    assert event in {row.id for row in beat.poll().events}
    silent.box_office.sell_out(event)
    silent.clock.advance(5)
    (seen,) = beat.poll(event).events
    assert seen.status == "SOLD_OUT"
    beat.snapshot[event] = seen
    silent.clock.advance(5)
    assert event not in {row.id for row in beat.poll().events}, "the list is cached"
    moment = silent.clock.now().timestamp()
    polls = [beat.planner.schedule.next(moment) for _ in range(4)]
    assert PollReason.RETRY not in {poll.why for poll in polls}
    silent.clock.advance(31)
    (row,) = [row for row in beat.poll().events if row.id == event]
    assert row.status == "SOLD_OUT"


def test_a_row_that_is_newer_than_its_event_makes_it_be_polled(silent: VirtualBridge) -> None:
    """With all that is told of it: where its ticket types are asked for alone, its date is not."""
    carry = silent._carry

    def terse(request: Request) -> Reply:
        reply = carry(request)
        body = reply.json()
        body.get("event", {}).pop("ticketTypes", None)
        return attrs.evolve(reply, body=orjson.dumps(body))

    silent._carry = terse  # type: ignore[method-assign]
    beat, event = Beat(silent), silent.event(0)
    beat.poll()
    for _ in range(2):
        (beat.snapshot[event],) = beat.poll(event).events
    silent.box_office.reschedule(event, days=1)
    silent.clock.advance(5)
    assert event not in {row.id for row in beat.poll().events}
    moment = silent.clock.now().timestamp()
    polls = [beat.planner.schedule.next(moment) for _ in range(4)]
    assert PollReason.RETRY in {poll.why for poll in polls if poll.event == event}
    (seen,) = beat.poll(event).events
    assert seen.starts_at != beat.snapshot[event].starts_at
    beat.snapshot[event] = seen
    silent.clock.advance(5)
    assert event in {row.id for row in beat.poll().events}


def test_a_row_of_an_event_that_cannot_be_polled_is_believed(silent: VirtualBridge) -> None:
    """It is the best there is."""
    beat, event = Beat(silent), silent.event(0)
    (beat.snapshot[event],) = beat.poll(event).events
    silent.sandbox.faults.add("status", service="ticketsmart", path=f"/events/{event}", status=500)
    with pytest.raises(ApiError):
        beat.poll(event)
    silent.box_office.cancel(event)
    (row,) = [row for row in beat.poll().events if row.id == event]
    assert row.status == "CANCELLED"


def test_a_cached_list_beside_live_events_does_not_make_a_watch_flap() -> None:
    """One ticket for a sell-out, and one for a new date."""
    virtual = VirtualWatch(switches={"ticket_types_in_rows": False, "stale_list": 300.0})
    virtual.run()
    virtual.begin()
    virtual.pass_time(60.0)
    first, second = virtual.on_sale()[:2]
    virtual.box_office.sell_out(first.id)
    virtual.box_office.reschedule(second.id, days=1)
    virtual.pass_time(200.0)
    assert virtual.kinds().count("event.sold_out") == 1
    assert virtual.kinds().count("event.rescheduled") == 1
    assert "event.back_on_sale" not in virtual.kinds()
    assert len(virtual.desk.tickets) == 2
    assert virtual.leave().exit_code == 0

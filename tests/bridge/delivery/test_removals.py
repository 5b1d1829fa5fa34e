"""Scheduled removals: when due, checked first, never twice, and told when refused."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

import attrs
import pytest

from support.virtual_bridge import START, Crash, VirtualBridge, boundaries
from support.virtual_watch import VirtualWatch
from willcall.bridge.config.rule_tables import RemovalTable
from willcall.bridge.model.cases import IntentState
from willcall.bridge.model.policies import DeliveryPolicy
from willcall.client.flow import Effect
from willcall.sandbox.events import Event, TicketType
from willcall.sandbox.faults import Kind


@pytest.fixture
def planned(house: VirtualBridge) -> VirtualBridge:
    """A house with one removal ten minutes ahead, of a type of which nothing is sold."""
    event = some_event(house)
    house.box_office.refund(event.id, event.ticket_types[0].name, event.ticket_types[0].sold)
    plan(house, event)
    house.run()
    house.sandbox.forget_requests()
    return house


def some_event(house: VirtualBridge) -> Event:
    """One with several ticket types, of the first of which some are sold."""
    return next(
        e
        for e in house.box_office.events
        if len(e.ticket_types) > 1 and e.ticket_types[0].sold and e.status == "PUBLISHED"
    )


def plan(house: VirtualBridge, event: Event, *, by: str = "name") -> None:
    """Schedule the removal of its first ticket type."""
    one = event.ticket_types[0]
    house.removals = (
        RemovalTable(
            box_office="main-room",
            event=event.id if by == "id" else str(event.slug),
            ticket_type=one.id if by == "id" else one.name,
            after=START + timedelta(minutes=10),
        ),
    )


def scheduled(house: VirtualBridge) -> tuple[Event, TicketType | None]:
    """The event and the ticket type of the removal, while it is there."""
    (removal,) = house.removals
    event = house.box_office.event(removal.event)
    named = (t for t in event.ticket_types if removal.ticket_type in {t.id, t.name})
    return event, next(named, None)


def state(house: VirtualBridge) -> IntentState | None:
    """How far the removal has come."""
    (removal,) = house.removals
    tried = house.ledger.removals("main-room").get(removal.name)
    return tried.state if tried else None


def sent(house: VirtualBridge) -> list[int | None]:
    """The answers that removals have had."""
    asked = (r for r in house.sandbox.requests if r.service == "ticketsmart")
    return [request.status for request in asked if request.method == "PATCH"]


def tries(house: VirtualBridge) -> int:
    """How often a removal was sent."""
    return len(sent(house))


def test_it_waits_for_its_time_and_asks_nothing_before(planned: VirtualBridge) -> None:
    """Then it is done, once, and nothing is said: what was asked for has happened."""
    for _ in range(3):
        planned.run()
    assert (tries(planned), state(planned)) == (0, None)
    assert {r.path.rsplit("/", 1)[-1] for r in planned.sandbox.requests} == {"events"}
    planned.clock.advance(600)
    for _ in range(3):
        assert planned.run().exit_code == 0
    assert (tries(planned), state(planned)) == (1, IntentState.DONE)
    assert scheduled(planned)[1] is None
    assert planned.desk.tickets == []


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_refusal_opens_one_ticket_and_is_tried_again_when_the_count_changes(
    house: VirtualBridge, by: str
) -> None:
    """Not before; when it succeeds the ticket is resolved."""
    event = some_event(house)
    plan(house, event, by=by)
    one = event.ticket_types[0]
    house.clock.advance(600)
    for _ in range(4):
        assert house.run().exit_code == 0
    assert (tries(house), state(house)) == (1, IntentState.REFUSED)
    (ticket,) = house.desk.tickets
    assert ticket.subject.startswith(f"Cannot remove {one.name}: ")
    assert f"({one.sold} so far)" in ticket.messages[0].body
    assert "dashboard" in ticket.messages[0].body
    house.box_office.refund(event.id, one.name, 1)
    house.run()
    house.run()
    assert tries(house) == 2
    house.box_office.refund(event.id, one.name, one.sold)
    house.run()
    assert (tries(house), state(house)) == (3, IntentState.DONE)
    house.run()
    assert ticket.status == "resolved"
    assert "has now been removed" in ticket.messages[-1].body
    assert len(house.desk.tickets) == 1


def test_the_pass_decides_by_what_a_removal_has_read(planned: VirtualBridge) -> None:
    """Its reading is later than that of the rows: what is sold out without the ticket type that it
    has removed is reported in the same run, although no event was polled."""
    event, ticket_type = scheduled(planned)
    assert ticket_type is not None
    for other in event.ticket_types[1:]:
        planned.box_office.sell_out(event.id, other.id)
    planned.sandbox.settings.change({"ticket_types_in_rows": False})
    planned.polls = 0
    planned.clock.advance(600)
    planned.run()
    assert state(planned) is IntentState.DONE
    (ticket,) = planned.desk.tickets
    assert ticket.subject.startswith("Sold out: ")


def test_what_a_removal_has_read_is_not_said_to_be_otherwise(planned: VirtualBridge) -> None:
    """The rows, and a poll before, say that all is sold; the removal has read that it is not."""
    event, ticket_type = scheduled(planned)
    assert ticket_type is not None
    planned.sandbox.settings.change({"ticket_types_in_rows": False})
    planned.box_office.sell_out(event.id)
    planned.run()
    (ticket,) = planned.desk.tickets
    assert ticket.status == "open"
    planned.polls = 0
    planned.box_office.restock(event.id, event.ticket_types[1].id, 60)
    planned.clock.advance(600)
    planned.run()
    assert ticket.status == "resolved"


def test_a_refusal_opens_its_ticket_in_the_same_run_however_long_requests_take(
    house: VirtualBridge,
) -> None:
    """The refusal is later than the moment at which the events were read."""
    plan(house, some_event(house))
    house.run()
    house.clock.advance(600)
    house.sandbox.faults.add("delay", seconds=2, count=None)
    house.run()
    assert [ticket.subject.split(" ")[0] for ticket in house.desk.tickets] == ["Cannot"]


@pytest.mark.parametrize("fault", ["lost_response", "truncated", "cut", "garbage"])
def test_an_answer_that_is_lost_is_looked_for(planned: VirtualBridge, fault: Kind) -> None:
    """It was done, so it is not done again."""
    planned.clock.advance(600)
    planned.sandbox.faults.add(fault, service="ticketsmart", method="PATCH", count=1)
    planned.run()
    for _ in range(3):
        assert planned.run().exit_code == 0
    assert (tries(planned), state(planned)) == (1, IntentState.DONE)


def test_a_request_that_is_lost_is_sent_again_only_after_it_has_settled(
    planned: VirtualBridge,
) -> None:
    """It may still be on its way."""
    planned.clock.advance(600)
    planned.sandbox.faults.add("lost_request", service="ticketsmart", method="PATCH", count=1)
    planned.run()
    assert state(planned) is IntentState.UNKNOWN
    real = planned.clock.advance
    seconds = iter([10.0])
    planned.clock.advance = lambda s: real(next(seconds, s) if s == 60 else s)  # type: ignore[method-assign, assignment]
    planned.run()
    assert tries(planned) == 1
    planned.run()
    assert (tries(planned), state(planned)) == (2, IntentState.DONE)


def test_what_is_gone_already_is_done(planned: VirtualBridge) -> None:
    """Somebody has removed it by hand: nothing is sent."""
    event, one = scheduled(planned)
    assert one is not None
    planned.box_office.remove_ticket_type(event.id, one.name)
    planned.clock.advance(600)
    planned.run()
    assert (tries(planned), state(planned)) == (0, IntentState.DONE)


def misspelt(house: VirtualBridge, **names: str) -> str:
    """The removal of the house with another name for its event or ticket type; what is told."""
    (removal,) = house.removals
    house.removals = (removal.model_copy(update=names),)  # type: ignore[attr-defined]
    house.clock.advance(600)
    report = house.run()
    (told,) = report.warnings
    assert (report.exit_code, tries(house), state(house)) == (0, 0, IntentState.PENDING)
    again = house.run()
    assert (again.exit_code, again.warnings) == (0, ())
    return told


def test_a_ticket_type_that_was_never_seen_is_not_done(planned: VirtualBridge) -> None:
    """It is misspelt, which is told once; or it is yet to come, and goes when it has."""
    event, _ = scheduled(planned)
    names = ", ".join(ticket_type.name for ticket_type in event.ticket_types)
    assert misspelt(planned, ticket_type="Erly Bird") == (
        f"the removal of 'Erly Bird' from {event.slug!r} waits: "
        f"there is no such ticket type; it has: {names}"
    )
    planned.box_office.add_ticket_type(event.id, name="Erly Bird", price=900, quantity=4)
    assert planned.run().warnings == planned.run().warnings == ()
    assert (tries(planned), state(planned)) == (1, IntentState.DONE)


def test_an_event_that_was_never_seen_is_told(planned: VirtualBridge) -> None:
    """Once, and waited for."""
    assert misspelt(planned, event="gala-nigth").endswith(
        " from 'gala-nigth' waits: there is no such event"
    )


def test_what_has_another_name_now_is_not_done(planned: VirtualBridge) -> None:
    """It is still there."""
    _, one = scheduled(planned)
    assert one is not None
    was, one.name = one.name, "Late Bird"
    told = misspelt(planned)
    assert "it has: Late Bird, " in told
    assert was in told


def test_what_was_removed_by_hand_long_before_is_done(planned: VirtualBridge) -> None:
    """The log of what has changed knows that it was there."""
    event, one = scheduled(planned)
    assert one is not None
    planned.box_office.remove_ticket_type(event.id, one.name)
    planned.run()
    planned.clock.advance(600)
    report = planned.run()
    assert (report.warnings, tries(planned), state(planned)) == ((), 0, IntentState.DONE)


def test_a_watch_tells_of_what_was_never_seen() -> None:
    """Once, in its first minute."""
    wanted = RemovalTable(
        box_office="main-room", event="gala-nigth", ticket_type="Balcony", after=START
    )
    virtual = VirtualWatch(job=lambda job: attrs.evolve(job, removals=(wanted,)))
    virtual.begin()
    virtual.pass_time(200.0)
    told = [warning for one in virtual.news if one.report for warning in one.report.warnings]
    assert told == ["the removal of 'Balcony' from 'gala-nigth' waits: there is no such event"]
    virtual.leave()


def test_an_event_that_is_not_there_is_waited_for(planned: VirtualBridge) -> None:
    """It may not have been made yet; nothing else stops for it."""
    planned.clock.advance(600)
    event, _ = scheduled(planned)
    planned.sandbox.faults.add("status", service="ticketsmart", path=f"/events/{event.slug}",
                               status=404)  # fmt: skip
    planned.box_office.sell_out(planned.event())
    assert planned.run().exit_code == 0
    assert (tries(planned), state(planned)) == (0, IntentState.PENDING)
    assert len(planned.desk.tickets) == 1


def test_a_single_event_without_its_ticket_types_is_asked_for_them(
    planned: VirtualBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That they are not told does not mean that the one in question is gone."""
    monkeypatch.setattr("willcall.ticketsmart.box_office._tells_stock", lambda _: False)
    planned.clock.advance(600)
    planned.run()
    assert (tries(planned), state(planned)) == (1, IntentState.DONE)


def test_a_key_that_may_not_write_is_told_and_stops_nothing_else(planned: VirtualBridge) -> None:
    """What happens is seen and told all the same."""
    planned.keys["ticketsmart"] = planned.sandbox.new_key("ticketsmart", scopes=["events:read"])
    planned.clock.advance(600)
    planned.box_office.sell_out(planned.event())
    report = planned.run()
    assert report.exit_code == 77
    assert report.observation is not None
    planned.run()
    kinds = sorted(subject.split(":")[0] for subject in planned.subjects())
    assert kinds == ["Sold out", "The key of main-room lacks a scope"]
    assert state(planned) is IntentState.PENDING


def test_one_that_fails_does_not_stop_the_others(planned: VirtualBridge) -> None:
    """Each has its own turn."""
    (last,) = planned.removals
    other = next(e for e in planned.box_office.events if e.slug != last.event)
    wanted = {"event": str(other.slug), "ticket_type": other.ticket_types[0].name}
    first = RemovalTable(box_office="main-room", after=last.after, **wanted)
    planned.removals = (first, last)
    planned.sandbox.faults.add("status", service="ticketsmart", path=f"/events/{other.slug}",
                               status=500)  # fmt: skip
    planned.clock.advance(600)
    report = planned.run()
    assert (report.exit_code, tries(planned)) == (75, 1)
    assert report.observation is not None


def test_a_removal_that_was_surely_not_carried_out_waits_for_nothing(
    planned: VirtualBridge,
) -> None:
    """A 429 says that nothing was done: the next pass removes, within the settle time."""
    planned.delivery_policy = DeliveryPolicy(settle=timedelta(hours=2))
    planned.sandbox.faults.add(
        "status", service="ticketsmart", method="PATCH", status=429, count=1,
        headers={"Retry-After": "300"},
    )  # fmt: skip
    planned.clock.advance(601)
    planned.run()
    assert (state(planned), tries(planned)) == (IntentState.PENDING, 1)
    planned.run()
    assert (state(planned), sent(planned)[-1]) == (IntentState.DONE, 200)


def test_a_removal_that_waits_for_its_ticket_type_does_not_wait_once_it_is_seen(
    planned: VirtualBridge,
) -> None:
    """It asks again after an hour, or at once when what it names is there."""
    event, _ = scheduled(planned)
    planned.removals = (
        RemovalTable(
            box_office="main-room",
            event=event.id,
            ticket_type="Early Bird",
            after=START + timedelta(minutes=10),
        ),
    )
    planned.clock.advance(601)
    planned.run()
    assert (state(planned), tries(planned)) == (IntentState.PENDING, 0)
    planned.box_office.add_ticket_type(event.id, name="Early Bird", price=900, quantity=90)
    for _ in range(2):
        planned.run()
    assert (state(planned), tries(planned)) == (IntentState.DONE, 1)


@pytest.mark.parametrize("refused", [True, False])
def test_a_process_may_end_at_any_boundary_of_a_removal(tmp_path: Path, refused: bool) -> None:
    """A refusal is always told, once; a success happens once."""
    effects = _ended_at(tmp_path, None, refused=refused)
    for boundary in boundaries(effects):
        _ended_at(tmp_path, boundary, refused=refused)


def _ended_at(folder: Path, boundary: int | None, *, refused: bool) -> list[Effect]:
    """Let the run that removes end at a boundary; its effects."""
    house = VirtualBridge(folder)
    event = some_event(house)
    one = event.ticket_types[0]
    if not refused:
        house.box_office.refund(event.id, one.name, one.sold)
    plan(house, event)
    house.run()
    house.sandbox.forget_requests()
    house.clock.advance(600)
    if boundary is None:
        house.run()
    else:
        with pytest.raises(Crash):
            house.run(crash_at=boundary)
        house.clock.advance(180)
    effects = house.world.trace
    for _ in range(2):
        assert house.run().exit_code == 0
    assert len(house.desk.tickets) == refused, f"ended at boundary {boundary}"
    assert len(house.desk.outbox) == refused
    assert (scheduled(house)[1] is None) != refused
    assert state(house) is (IntentState.REFUSED if refused else IntentState.DONE)
    assert sent(house).count(200) == (not refused)
    house.ledger.close()
    return effects


@pytest.mark.parametrize("answer", ["ignored", "refused"])
def test_a_removal_that_is_not_understood_is_neither_done_nor_refused(
    planned: VirtualBridge, answer: Literal["ignored", "refused"]
) -> None:
    """It is told once, with the name to set, tried once an hour, and done once it is understood."""
    planned.sandbox.settings.removal_name = answer
    planned.clock.advance(601)
    reports = [planned.run() for _ in range(3)]
    assert [report.exit_code for report in reports] == [0, 0, 0]
    (warning,) = [warning for report in reports for warning in report.warnings]
    assert "it has no effect: " in warning
    assert "removeTicketTypeId" in warning
    assert state(planned) is IntentState.PENDING
    assert sent(planned) == [{"ignored": 200, "refused": 400}[answer]]
    (ticket,) = planned.desk.tickets
    assert ticket.subject.startswith("A removal in main-room has no effect")
    assert "removeTicketTypeId" in ticket.messages[0].body
    assert len(ticket.messages) == 1, "nobody is mailed"
    planned.sandbox.settings.removal_name = "inferred"
    planned.clock.advance(3601)
    assert planned.run().exit_code == 0
    assert scheduled(planned)[1] is None
    assert state(planned) is IntentState.DONE
    planned.run()
    assert ticket.status == "resolved"


def test_a_removal_from_an_event_that_cannot_be_read_waits(planned: VirtualBridge) -> None:
    """It is warned of once, and done once the event can be read."""
    event, _ = scheduled(planned)
    planned.sandbox.settings.change({"odd_row": "title_null"}, event.id)
    planned.clock.advance(601)
    reports = [planned.run() for _ in range(3)]
    assert [report.exit_code for report in reports] == [0, 0, 0]
    told = [warning for report in reports for warning in report.warnings if "removal" in warning]
    assert len(told) == 1
    assert (state(planned), tries(planned)) == (IntentState.PENDING, 0)
    planned.sandbox.settings.change({"odd_row": "none"}, event.id)
    planned.run()
    assert state(planned) is IntentState.DONE


def test_a_403_that_names_no_scope_stays_with_its_event(planned: VirtualBridge) -> None:
    """The list was read with the same key: no word of a scope."""
    event, _ = scheduled(planned)
    kind: Kind = "status"
    path = f"/events/{event.slug}"
    planned.sandbox.faults.add(kind, service="ticketsmart", path=path, status=403, body=DENIED)
    planned.clock.advance(601)
    reports = [planned.run() for _ in range(3)]
    assert [report.exit_code for report in reports] == [0, 0, 0]
    assert len([warning for report in reports for warning in report.warnings]) == 1
    assert planned.desk.tickets == []


DENIED = '{"error": "Not for this key"}'


def test_a_name_that_two_ticket_types_have_asks_for_the_id(planned: VirtualBridge) -> None:
    """The wrong one of them might go. It is warned of once, and done once the id is there."""
    (removal,) = planned.removals
    event = planned.box_office.event(removal.event)
    first = event.ticket_types[0]
    twin = planned.box_office.add_ticket_type(event.id, first.name, 900, 40)
    planned.clock.advance(600)
    warned = [text for _ in range(3) for text in planned.run().warnings]
    assert len(warned) == 1
    assert f"2 ticket types have that name; write the id: {first.id} (" in warned[0]
    assert f"{twin.id} (0 sold, 40 left)" in warned[0]
    assert tries(planned) == 0
    planned.removals = (
        RemovalTable(
            box_office="main-room", event=event.id, ticket_type=twin.id, after=removal.after
        ),
    )
    planned.run()
    planned.run()
    left = [kind.id for kind in planned.box_office.event(event.id).ticket_types]
    assert first.id in left
    assert twin.id not in left

"""One pass: what opens, what clears, what stays silent; in virtual time, on the sandbox's logic."""

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from support.virtual_bridge import ADDRESS, VirtualBridge
from willcall.bridge.model.facts import Admission
from willcall.bridge.model.markers import read_subject


def test_the_first_run_is_a_baseline_and_alerts_nobody(tmp_path: Path) -> None:
    """Even of what is already sold out or cancelled by then."""
    house = VirtualBridge(tmp_path)
    house.box_office.sell_out(house.event())
    house.box_office.cancel(house.event(1))
    report = house.run()
    assert report.decision is not None
    assert report.decision.baseline
    assert (report.exit_code, house.desk.tickets) == (0, [])
    assert house.run().decision != report.decision
    assert house.desk.tickets == []


SCENES: dict[str, tuple[Callable[[VirtualBridge, str], object], str]] = {
    "sold out": (lambda h, e: h.box_office.sell_out(e), "Sold out: "),
    "cancelled": (lambda h, e: h.box_office.cancel(e), "Cancelled: "),
    "rescheduled": (lambda h, e: h.box_office.reschedule(e, days=3), "New date: "),
    "moved": (lambda h, e: h.box_office.move(e, "Town Hall"), "New venue: "),
}


@pytest.mark.parametrize("scene", SCENES)
def test_a_change_opens_one_ticket_with_its_marker_tags_and_message(
    house: VirtualBridge, scene: str
) -> None:
    """And a run after the run does nothing."""
    happens, subject = SCENES[scene]
    event = house.box_office.event(house.event())
    happens(house, event.id)
    report = house.run()
    assert report.exit_code == 0
    (ticket,) = house.desk.tickets
    assert ticket.subject.startswith(subject + event.title)
    marker = read_subject(ticket.subject)
    assert ticket.tags == ["willcall", marker, "high"]
    assert [m.direction for m in ticket.messages] == ["inbound", "outbound"]
    assert ticket.messages[1].body.endswith(f"Reference: {marker}-3")
    assert [m.to for m in house.desk.outbox] == [("organiser@example.com",)]
    before = house.shape()
    again = house.run()
    assert again.decision is not None
    assert (again.decision.recorded, again.deliveries.delivered) == ((), ())
    assert house.shape() == before


def test_back_on_sale_writes_to_the_customer_and_resolves(house: VirtualBridge) -> None:
    """The same ticket that the sell-out opened."""
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    house.run()
    house.box_office.restock(event.id, event.ticket_types[0].name, 5)
    report = house.run()
    ticket, rest = house.desk.tickets
    assert report.exit_code == 0
    assert (ticket.status, rest.status) == ("resolved", "open")
    assert "is back on sale" in ticket.messages[-1].body
    assert ticket.messages[-1].body in [m.body for m in house.desk.outbox]
    assert rest.subject.startswith(f"{event.ticket_types[1].name} sold out")
    still = [t.name for t in event.ticket_types[1:]]
    assert all(f"Still sold out: {', '.join(still)}" in ticket.messages[-1].body for _ in still)


def test_the_same_thing_happening_again_is_a_new_case(house: VirtualBridge) -> None:
    """With a marker of its own; the old ticket stays resolved."""
    event = house.box_office.event(house.event())
    for _ in range(3):
        house.box_office.sell_out(event.id)
        house.run()
        for ticket_type in event.ticket_types:
            house.box_office.restock(event.id, ticket_type.name, 5)
        house.run()
    markers = {read_subject(ticket.subject) for ticket in house.desk.tickets}
    assert len(markers) == 3
    assert {ticket.status for ticket in house.desk.tickets} == {"resolved"}


def test_a_sell_out_covers_those_of_its_ticket_types(house: VirtualBridge) -> None:
    """One condition, one ticket; the ticket of a type that sold out before is folded into it."""
    event = next(e for e in house.box_office.events if len(e.ticket_types) > 1)
    first, *_ = event.ticket_types
    house.box_office.sell_out(event.id, first.name)
    house.run()
    assert house.subjects() == [
        s for s in house.subjects() if s.startswith(f"{first.name} sold out: {event.title}")
    ]
    house.box_office.sell_out(event.id)
    house.run()
    assert len(house.desk.tickets) == 2
    folded = next(t for t in house.desk.tickets if t.subject.startswith(first.name))
    assert folded.status == "resolved"
    assert folded.messages[-1].is_note
    assert "The whole event is sold out now" in folded.messages[-1].body
    house.box_office.restock(event.id, event.ticket_types[1].name, 5)
    house.run()
    assert [t.subject[: len(first.name)] for t in house.desk.tickets if t.status == "open"] == [
        first.name
    ]
    assert len(house.desk.tickets) == 3


def test_a_ticket_type_that_sells_out_alone_has_its_own_ticket_and_clears(
    house: VirtualBridge,
) -> None:
    """While the event is still on sale."""
    event = next(e for e in house.box_office.events if len(e.ticket_types) > 1)
    name = event.ticket_types[0].name
    house.box_office.sell_out(event.id, name)
    house.run()
    house.box_office.restock(event.id, name, 3)
    house.run()
    (ticket,) = house.desk.tickets
    assert ticket.status == "resolved"
    assert f'"{name}" for {event.title}' in ticket.messages[-1].body


def test_a_cancellation_overtakes_what_no_longer_matters(house: VirtualBridge) -> None:
    """The sell-out's ticket is resolved with a note, which the customer never sees."""
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    house.run()
    sent = len(house.desk.outbox)
    house.box_office.cancel(event.id)
    house.run()
    sold_out = next(t for t in house.desk.tickets if t.subject.startswith("Sold out"))
    cancelled = next(t for t in house.desk.tickets if t.subject.startswith("Cancelled"))
    assert (sold_out.status, cancelled.status) == ("resolved", "open")
    assert sold_out.messages[-1].is_note
    assert len(house.desk.outbox) == sent + 1


def test_an_event_that_is_on_again_clears_its_cancellation(house: VirtualBridge) -> None:
    """It is not "back on sale", since it never was sold out."""
    event = house.box_office.event(house.event())
    house.box_office.cancel(event.id)
    house.run()
    house.box_office.publish(event.id)
    house.run()
    (ticket,) = house.desk.tickets
    assert ticket.status == "resolved"
    assert "is on again" in ticket.messages[-1].body


def test_each_new_date_is_news_of_its_own(house: VirtualBridge) -> None:
    """The ticket about the last date has had its day."""
    event = house.box_office.event(house.event())
    house.box_office.reschedule(event.id, days=1)
    house.run()
    house.box_office.reschedule(event.id, days=1)
    house.run()
    assert len(house.desk.tickets) == 2
    assert sorted(t.status for t in house.desk.tickets) == ["open", "resolved"]


def test_an_event_first_seen_sold_out_after_the_baseline_opens_its_ticket(
    house: VirtualBridge,
) -> None:
    """It sold out between two looks: that is news, not history."""
    house.box_office.create(
        "Surprise Show",
        house.clock.now().replace(year=2027),
        ticket_types=[{"name": "All", "price": 1000, "quantity": 10}],
        status="PUBLISHED",
    )
    house.box_office.sell_out("Surprise Show")
    house.run()
    assert house.subjects() == ["Sold out: Surprise Show, Sun 21 Nov 2027"]


def test_without_a_from_address_tickets_are_opened_and_nobody_is_written_to(
    tmp_path: Path,
) -> None:
    """The support team still hears when it clears, by a note."""
    quiet = attrs.evolve(ADDRESS, mails=False)
    house = VirtualBridge(tmp_path, address=quiet)
    house.run()
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    house.run()
    for ticket_type in event.ticket_types:
        house.box_office.restock(event.id, ticket_type.name, 5)
    house.run()
    (ticket,) = house.desk.tickets
    assert house.desk.outbox == []
    assert (ticket.status, ticket.messages[-1].is_note) == ("resolved", True)


# -- removal failures ---------------------------------------------------------------------------


def test_a_refused_removal_opens_one_ticket_however_often_it_is_reported(
    house: VirtualBridge,
) -> None:
    """With how many were sold, so that somebody can do something about it."""
    event = next(e for e in house.box_office.events if any(t.sold for t in e.ticket_types))
    kind = next(t for t in event.ticket_types if t.sold)
    for _ in range(2):
        report = house.report(event.id, kind.id)
        assert report.exit_code == 0
    (ticket,) = house.desk.tickets
    assert ticket.subject.startswith(f"Cannot remove {kind.name}: {event.title}")
    assert f"({kind.sold} so far)" in ticket.messages[0].body


def test_a_refused_removal_may_be_reported_before_any_baseline(tmp_path: Path) -> None:
    """And does not count as one."""
    house = VirtualBridge(tmp_path)
    event = next(e for e in house.box_office.events if any(t.sold for t in e.ticket_types))
    house.report(str(event.slug), event.ticket_types[0].name)
    assert len(house.desk.tickets) == 1
    report = house.run()
    assert report.decision is not None
    assert report.decision.baseline


def test_a_removal_that_works_after_all_clears_the_case(house: VirtualBridge) -> None:
    """The next run sees that the ticket type is gone."""
    event = next(e for e in house.box_office.events if len(e.ticket_types) > 1)
    kind = event.ticket_types[0]
    house.report(event.id, kind.id)
    house.box_office.refund(event.id, kind.name, kind.sold)
    house.box_office.remove_ticket_type(event.id, kind.name)
    house.run()
    (ticket,) = house.desk.tickets
    assert ticket.status == "resolved"
    assert "has now been removed" in ticket.messages[-1].body


# -- looking ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("in_rows", "requests"), [(True, 3), (False, 28)])
def test_the_requests_of_a_quiet_pass_over_250_events(
    tmp_path: Path, in_rows: bool, requests: int
) -> None:
    """Three pages where rows carry ticket types; 25 looks beside them where they do not."""
    house = VirtualBridge(tmp_path, season=250, switches={"ticket_types_in_rows": in_rows})
    house.run()
    house.sandbox.forget_requests()
    report = house.run()
    assert report.decision is not None
    assert report.decision.recorded == ()
    assert (house.sent("ticketsmart"), house.sent("ticket0")) == (requests, 0)


def test_without_ticket_types_in_rows_events_are_looked_at_in_turn(tmp_path: Path) -> None:
    """Every event on sale has its turn, and a ticket type's sell-out is found when it comes."""
    house = VirtualBridge(tmp_path, polls=3, switches={"ticket_types_in_rows": False})
    for _ in range(4):
        house.run()
    event = next(e for e in house.box_office.events if len(e.ticket_types) > 1)
    house.box_office.sell_out(event.id, event.ticket_types[0].name)
    house.sandbox.forget_requests()
    for _ in range(8):
        house.run()
    looked = {r.path for r in house.sandbox.requests if r.path.startswith("/events/")}
    on_sale = [e for e in house.box_office.events if e.status == "PUBLISHED"]
    assert len(looked) == len(on_sale)
    assert house.subjects() == [s for s in house.subjects() if event.title in s]
    assert len(house.desk.tickets) == 1


def test_an_event_whose_status_does_not_follow_its_stock_still_counts_as_sold_out(
    tmp_path: Path,
) -> None:
    """Nothing documents that TicketSmart sets SOLD_OUT by itself."""
    house = VirtualBridge(tmp_path, switches={"auto_sold_out": False})
    house.run()
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    assert event.status == "PUBLISHED"
    house.run()
    for ticket_type in event.ticket_types:
        house.box_office.restock(event.id, ticket_type.name, 1)
    house.run()
    (ticket,) = house.desk.tickets
    assert ticket.subject.startswith("Sold out")
    assert ticket.status == "resolved"


@pytest.mark.parametrize("enveloped", [True, False])
@pytest.mark.parametrize("message_shape", ["public", "older"])
def test_what_is_not_documented_is_read_either_way(
    tmp_path: Path, enveloped: bool, message_shape: str
) -> None:
    """Envelopes, message shapes, an empty pagination object."""
    house = VirtualBridge(
        tmp_path,
        switches={
            "enveloped": enveloped,
            "ticket_enveloped": enveloped,
            "message_shape": "public" if message_shape == "public" else "older",
            "pagination_fields": enveloped,
        },
    )
    house.run()
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    house.sandbox.faults.add("lost_response", service="ticket0", method="POST", count=2)
    assert house.run().exit_code == 0
    (ticket,) = house.desk.tickets
    assert len(ticket.messages) == 2
    kind = next(t for t in event.ticket_types if t.sold)
    assert house.report(event.id, kind.id).exit_code == 0


def test_what_people_do_in_the_desk_is_left_alone(house: VirtualBridge) -> None:
    """Tags they added stay; a ticket they resolved stays so, and hears nothing more."""
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    house.run()
    (ticket,) = house.desk.tickets
    house.desk.tag(ticket.id, "vip")
    house.desk.assign(ticket.id, "usr_01ada")
    house.desk.resolve(ticket.id)
    house.sandbox.forget_requests()
    for ticket_type in event.ticket_types:
        house.box_office.restock(event.id, ticket_type.name, 5)
    house.run()
    assert {r.method for r in house.sandbox.requests if r.service == "ticket0"} == {"GET"}
    assert len(house.desk.outbox) == 1
    assert "vip" in ticket.tags
    assert ticket.assignee_id == "usr_01ada"


def test_a_plan_is_what_the_run_then_does_and_writes_nothing(tmp_path: Path) -> None:
    """Neither to the ledger nor to either API."""
    house = VirtualBridge(tmp_path, ledger="sqlite:///willcall.db")
    house.run()
    house.sandbox.forget_requests()
    house.box_office.sell_out(house.event())
    house.ledger.close()
    house.ledger = house.open_ledger("sqlite:///willcall.db", reading=True)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    plan = house.plan()
    house.ledger.close()
    assert {r.method for r in house.sandbox.requests} == {"GET"}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "willcall.db": files["willcall.db"]
    }
    house.ledger = house.open_ledger("sqlite:///willcall.db")
    assert plan.pending
    assert plan.decision is not None
    report = house.run()
    assert report.decision is not None
    assert [(i.marker, i.act) for i in plan.decision.intents] == [
        (i.marker, i.act) for i in report.decision.intents
    ]
    (opening,) = (i for i in plan.decision.intents if "subject" in i.payload)
    assert [ticket.subject for ticket in house.desk.tickets] == [opening.payload["subject"]]
    assert not house.plan().pending
    house.ledger.close()


@pytest.mark.parametrize("how", ["flagged", "named", "no"])
def test_parking_that_is_left_does_not_keep_a_hall_from_being_sold_out(
    house: VirtualBridge, how: str
) -> None:
    """By the flag of the box office, or by a pattern of the configuration."""
    event = house.event()
    house.sandbox.settings.change({"add_ons": "flagged" if how == "flagged" else "unmarked"})
    if how == "named":
        house.rules = attrs.evolve(house.rules, admission=Admission(("!parking*",)))
    house.box_office.add_ticket_type(event, "Parking", 900, 40, add_on=True)
    house.run()
    for kind in house.box_office.event(event).ticket_types[:-1]:
        house.box_office.sell_out(event, kind.id)
    house.run()
    subjects = [ticket.subject.partition(":")[0] for ticket in house.desk.tickets]
    assert ("Sold out" in subjects) is (how != "no")
    assert subjects != []

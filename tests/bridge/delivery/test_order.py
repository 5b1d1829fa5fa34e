"""What goes ahead of what: an act that is not settled holds up what follows in its ticket, and a
desk that fails ends a run only as far as it has to."""

import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.delivery.attempt import Outcome
from willcall.bridge.model.cases import Act, IntentState
from willcall.errors import ServerError
from willcall.sandbox.faults import Kind

REFUSED = '{"error": {"code": "CONFLICT", "message": "not now"}}'


def _back_on_sale(house: VirtualBridge) -> str:
    """An event that sold out, has its ticket, and is on sale again; its id."""
    event = house.box_office.event(house.event())
    house.box_office.sell_out(event.id)
    assert house.run().exit_code == 0
    for ticket_type in event.ticket_types:
        house.box_office.restock(event.id, ticket_type.name, 5)
    return event.id


@pytest.mark.parametrize(
    ("kind", "outcome"), [("lost_request", Outcome.UNKNOWN), ("status", Outcome.REFUSED)]
)
def test_nothing_is_resolved_before_its_message(
    house: VirtualBridge, kind: Kind, outcome: Outcome
) -> None:
    """The message is unknown or refused: the resolution waits for it."""
    _back_on_sale(house)
    house.sandbox.faults.add(
        kind, service="ticket0", method="POST", path="/tickets/*/messages", count=1,
        status=409, body=REFUSED,
    )  # fmt: skip
    report = house.run()
    (ticket,) = house.desk.tickets
    tried = [(done.intent.act, done.outcome) for done in report.deliveries.delivered]
    assert tried == [(Act.MESSAGE, outcome)]
    assert ticket.status != "resolved"
    house.clock.advance(600)
    assert house.run().exit_code == 0
    assert ticket.status == "resolved"
    assert len(ticket.messages) == 3


def test_nothing_is_resolved_before_a_message_that_waits(house: VirtualBridge) -> None:
    """The message waits for a moment that is still to come."""
    _back_on_sale(house)
    down = house.sandbox.faults.add("down", service="ticket0")
    house.run()
    house.sandbox.faults.remove(down)
    moment = house.clock.now()
    ((_, message), *_) = house.ledger.unsettled("main-room")
    assert message.act is Act.MESSAGE
    fence = house.ledger.take_lease("main-room", moment)
    assert fence is not None
    until = moment.replace(hour=23)
    house.ledger.settle(fence, message, IntentState.PENDING, moment, retry_at=until)
    house.ledger.release_lease(fence)
    report = house.run()
    tried = [(done.intent.act, done.outcome) for done in report.deliveries.delivered]
    assert tried == [(Act.MESSAGE, Outcome.WAITING)]
    assert house.desk.tickets[0].status != "resolved"


def test_a_429_that_outlasts_the_run_is_not_slept_through(house: VirtualBridge) -> None:
    """The desk asks for longer than the run has."""
    house.box_office.sell_out(house.event())
    house.sandbox.faults.add(
        "status", service="ticket0", method="POST", path="/tickets", status=429,
        headers={"Retry-After": "300"}, count=1,
    )  # fmt: skip
    report = house.run()
    assert report.exit_code == 3
    assert house.world.elapsed < house.max_seconds
    assert house.run().exit_code == 0


def test_a_429_is_not_slept_through_by_a_process_that_is_to_leave(house: VirtualBridge) -> None:
    """SIGTERM came while the request was under way."""
    house.box_office.sell_out(house.event())
    house.sandbox.faults.add(
        "status", service="ticket0", method="POST", path="/tickets", status=429,
        headers={"Retry-After": "20"}, count=1,
    )  # fmt: skip
    house.stopping = lambda: any(request.status == 429 for request in house.sandbox.requests)
    house.run()
    assert house.world.elapsed < 5


def _with_tickets(house: VirtualBridge, count: int) -> list[str]:
    """So many events with a ticket each, all on sale again, the desk failing at each of the
    tickets with a status of its own; the paths of the tickets, in the order of delivery."""
    events = [house.box_office.event(house.event(number)) for number in range(count)]
    for event in events:
        house.box_office.sell_out(event.id)
    assert house.run().exit_code == 0
    for event in events:
        for ticket_type in event.ticket_types:
            house.box_office.restock(event.id, ticket_type.name, 5)
    return [f"/tickets/{ticket.id}" for ticket in house.desk.tickets]


def test_the_first_error_at_a_ticket_is_reported_however_the_others_end(
    house: VirtualBridge,
) -> None:
    """One ticket fails, the next does not; and of two that fail it is the first."""
    paths = _with_tickets(house, 4)
    for path, status in zip(paths, (500, 501), strict=False):
        house.sandbox.faults.add(
            "status", service="ticket0", method="GET", path=f"{path}/messages", status=status
        )
    report = house.run()
    stopped = report.deliveries.stopped
    assert isinstance(stopped, ServerError)
    assert stopped.reply is not None
    assert stopped.reply.status == 500
    assert report.exit_code == 3
    assert [ticket.status for ticket in house.desk.tickets].count("resolved") == 2


def test_three_tickets_in_a_row_at_which_the_desk_fails_end_the_run(house: VirtualBridge) -> None:
    """Then it is the desk that fails: the others are left for the next run."""
    paths = _with_tickets(house, 4)
    for path in paths[:3]:
        house.sandbox.faults.add("status", service="ticket0", path=f"{path}**", status=500)
    house.run()
    assert house.desk.tickets[3].status != "resolved"


def test_two_tickets_at_which_the_desk_fails_do_not(house: VirtualBridge) -> None:
    """And a ticket that works in between starts the count again."""
    paths = _with_tickets(house, 6)
    for path in (*paths[:2], *paths[3:5]):
        house.sandbox.faults.add("status", service="ticket0", path=f"{path}**", status=500)
    house.run()
    assert house.desk.tickets[2].status == house.desk.tickets[5].status == "resolved"


def test_what_fails_for_days_while_it_is_looked_up_is_a_dead_letter(house: VirtualBridge) -> None:
    """Its answer was lost, and ever since the desk fails when it is looked for."""
    _back_on_sale(house)
    house.sandbox.faults.add(
        "lost_request", service="ticket0", method="POST", path="/tickets/*/messages", count=5
    )
    for _ in range(5):
        house.run()
        house.clock.advance(600)
    house.sandbox.faults.add("status", service="ticket0", path="/tickets/**", status=500)
    assert house.run().left.get("dead") is None
    house.clock.advance(8 * 86400)
    house.run()
    assert Act.MESSAGE in {intent.act for _, intent in house.ledger.dead()}

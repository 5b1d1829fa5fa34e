"""What a plan's acts would make of a ticket: as delivery would carry them out."""

import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.delivery.projection import after
from willcall.bridge.model.cases import Act
from willcall.bridge.ports import Standing, TicketState


def at(status: str, *tags: str, assignee: str | None = None) -> Standing:
    """A ticket that stands so."""
    states = {"open": TicketState.OPEN, "resolved": TicketState.RESOLVED}
    state = states.get(status, TicketState.OTHER)
    return Standing(
        id="1", subject="s", state=state, status=status, tags=tags, assignee_id=assignee
    )


OPEN = at("open", "vip", assignee="usr_9")


@pytest.mark.parametrize(
    ("act", "payload", "now", "then"),
    [
        (Act.RESOLVE, {}, OPEN, at("resolved", "vip", assignee="usr_9")),
        (Act.REOPEN, {}, at("resolved"), at("open")),
        (Act.REOPEN, {}, at("snoozed"), at("snoozed")),
        (
            Act.TAG,
            {"tags": ["willcall", "vip"], "assignee_id": "usr_1"},
            OPEN,
            at("open", "vip", "willcall", assignee="usr_9"),
        ),
        (
            Act.TAG,
            {"tags": ["willcall"], "assignee_id": "usr_1"},
            at("open"),
            at("open", "willcall", assignee="usr_1"),
        ),
        (Act.NOTE, {"text": "x"}, OPEN, OPEN),
        (Act.MESSAGE, {"text": "x"}, OPEN, OPEN),
    ],
)
def test_each_act(act: Act, payload: dict[str, object], now: Standing, then: Standing) -> None:
    """What people did is theirs: their tags stay, and so does whoever has it."""
    assert after(now, act, payload) == then


def test_a_plan_is_what_the_run_then_does(house: VirtualBridge) -> None:
    """Status and tags, to the letter; and nothing was written to find out."""
    event = house.event()
    house.box_office.sell_out(event)
    house.run()
    for known in house.box_office.event(event).ticket_types:
        house.box_office.restock(event, known.name, 9)
    house.sandbox.forget_requests()
    plan = house.plan()
    assert {request.method for request in house.sandbox.requests} == {"GET"}
    (ahead,) = plan.outlooks.tickets
    assert ahead.then is not None
    house.run()
    (ticket,) = house.desk.tickets
    assert (ticket.status, tuple(ticket.tags)) == (ahead.then.status, ahead.then.tags)


def test_a_desk_that_says_no_and_a_ticket_that_is_gone(house: VirtualBridge) -> None:
    """The first ends the looking, and says so in the exit code; the second has no outlook."""
    event = house.event()
    house.box_office.sell_out(event)
    house.run()
    house.box_office.restock(event, house.box_office.event(event).ticket_types[0].name, 9)
    house.keys["ticket0"] = "t0_another_key"
    plan = house.plan()
    assert plan.outlooks.tickets == ()
    assert plan.exit_code == 77
    assert plan.pending
    house.keys["ticket0"] = house.sandbox.ticket0_key
    house.desk.delete(house.desk.tickets[0].id)
    (ahead,) = house.plan().outlooks.tickets
    assert (ahead.now, ahead.then) == (None, None)

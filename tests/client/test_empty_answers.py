"""A 2xx without a body: the write was carried out, and what it changed is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from client.kit import account, desk, event, lost, play, reply, sent, ticket0, ticketsmart
from willcall.client.engine import perform
from willcall.client.op import Op
from willcall.client.options import Options
from willcall.client.retry import Retry
from willcall.errors import NoEffectError, NotFoundError, OutcomeUnknownError, Reply
from willcall.sandbox.server import Served
from willcall.ticket0.api import FlowTicket0
from willcall.ticketsmart.api import FlowTicketSmart
from willcall.ticketsmart.models import EventStatus

SMART, DESK = FlowTicketSmart(account()), FlowTicket0(desk())
NOTHING = Reply(204, {}, b"")
TICKET = {"id": "t", "subject": "S", "status": "open"}
CUSTOMER = {"id": "c", "email": "a@example.com"}

CHANGES: dict[str, tuple[Callable[[], Any], Any, str]] = {
    "update": (lambda: SMART.events.update("e", title="a"), event("e"), "/events/e"),
    "a new slug": (lambda: SMART.events.update("e", slug="f"), event("e"), "/events/f"),
    "add": (
        lambda: SMART.events.add_ticket_type("e", name="a", price=1, quantity=1),
        event("e"),
        "/events/e",
    ),
    "remove": (lambda: SMART.events.remove_ticket_type("e", "t"), event("e"), "/events/e"),
    "ticket": (lambda: DESK.tickets.update("t", tags=["a"]), TICKET, "/tickets/t"),
    "customer": (lambda: DESK.customers.update("c", name="a"), CUSTOMER, "/customers/c"),
}


@pytest.mark.parametrize("answer", [NOTHING, Reply(200, {}, b""), Reply(202, {}, b"")])
@pytest.mark.parametrize("what", CHANGES)
def test_a_change_that_is_answered_with_nothing_is_read(what: str, answer: Reply) -> None:
    call, thing, path = CHANGES[what]

    got, world = play(call(), answer, reply(200, thing))

    assert got.id == thing["id"]
    assert [it.split()[0] for it in sent(world)] == ["PATCH", "GET"]
    assert world.requests[1].url.endswith(path)


def test_a_reading_that_fails_never_makes_it_undone() -> None:
    with pytest.raises(OutcomeUnknownError) as caught:
        play(SMART.events.update("e", title="a"), NOTHING, reply(404, {"error": "no"}))

    assert "it was accepted, and was probably carried out" in caught.value.message
    assert "reading it failed" in caught.value.message
    assert caught.value.status == 204
    assert isinstance(caught.value.__cause__, NotFoundError)


def test_a_removal_that_changed_nothing_is_noticed() -> None:
    still = event("e", ticketTypes=[{"id": "t", "name": "Floor", "price": 1, "quantity": 1}])
    with pytest.raises(NoEffectError):
        play(SMART.events.remove_ticket_type("e", "t"), NOTHING, reply(200, still))


def test_the_reading_is_within_the_deadline_of_the_call() -> None:
    slow = Options(deadline=3.0, retry=Retry(tries=9))
    op = SMART.events.update.op("e", title="a")
    with pytest.raises(OutcomeUnknownError):
        play(perform(op, account(), slow), NOTHING, *[reply(503, retry_after="2")] * 9)


def test_a_creation_that_is_answered_with_nothing_is_probably_there() -> None:
    with pytest.raises(OutcomeUnknownError) as caught:
        play(DESK.messages.note("t", body="a"), Reply(201, {}, b""))

    assert caught.value.message == (
        "it was accepted, and was probably carried out: expected JSON, and the answer has no body"
    )
    assert "messages.list" in (caught.value.hint or "")


def test_once_finds_what_was_created_and_answered_with_nothing() -> None:
    page = {"messages": [{"id": "m", "direction": "internal", "bodyText": "a\n[mark]"}]}

    got, world = play(DESK.messages.note("t", body="a", once="mark"), NOTHING, reply(200, page))

    assert got.id == "m"
    assert [it.split()[0] for it in sent(world)] == ["POST", "GET"]


def test_a_read_that_is_answered_with_nothing_cannot_be_read() -> None:
    with pytest.raises(Exception, match="no body"):
        play(SMART.events.get("e"), NOTHING)


def test_a_provider_of_yours_may_take_an_empty_answer_as_it_is() -> None:
    op = Op("DELETE", "/x", lambda got: got.status)

    assert play(perform(op, account(), Options()), NOTHING)[0] == 204


def test_a_write_whose_answer_is_lost_is_not_read_for_it() -> None:
    with pytest.raises(OutcomeUnknownError):
        play(SMART.events.update("e", title="a"), lost())


def test_on_the_wire(served: Served) -> None:
    served.sandbox.faults.add(kind="status", status=204, body="", carried_out=True, method="PATCH")
    with ticketsmart(served) as smart, ticket0(served) as helpdesk:
        found = smart.events.list(status=EventStatus.PUBLISHED).first()
        assert found is not None
        assert smart.events.update(found.id, title="New").title == "New"
        ticket = helpdesk.tickets.create(
            subject="S", customer_email="a@example.com", inbox_id="inb_01abc", body="B"
        )
        assert helpdesk.tickets.update(ticket.id, tags=["a"]).tags == ("a",)

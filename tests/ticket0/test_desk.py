"""Ticket0's adapter: how far an inbox has to be read, and what a change leaves alone."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from client.kit import body_of, desk, play, reply, tickets
from willcall.bridge.model.address import Address
from willcall.bridge.ports import Author, Standing, TicketState
from willcall.client.flow import Send
from willcall.errors import ApiError
from willcall.ticket0.api import FlowTicket0
from willcall.ticket0.desk import CreationOrder, Ticket0Desk
from willcall.ticket0.models import Ticket

START = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


def _tickets(*minutes: int) -> list[Ticket]:
    return [
        Ticket(id=f"t{m}", subject="x", status="open", created_at=START + timedelta(minutes=m))
        for m in minutes
    ]


def test_looking_stops_early_only_in_a_list_that_proves_its_order() -> None:
    """Twenty in the order of creation, and past the moment."""
    order = CreationOrder(START)
    answers = [order.is_past(ticket) for ticket in _tickets(*range(10, -20, -1))]
    assert answers.index(True) == 19
    shuffled = CreationOrder(START)
    assert not any(shuffled.is_past(t) for t in _tickets(5, 9, *range(4, -60, -1)))
    undated = CreationOrder(START)
    rows = [attrs.evolve(_tickets(3)[0], created_at=None), *_tickets(*range(2, -60, -1))]
    assert not any(undated.is_past(ticket) for ticket in rows)
    assert not any(CreationOrder(None).is_past(ticket) for ticket in _tickets(*range(0, -60, -1)))


def _sent(tags: list[str], assignee: str | None) -> object:
    """What tagging a ticket that has a tag sends."""
    standing = Standing(
        id="t1", subject="x", state=TicketState.OPEN, status="open", tags=("vip",), stamp="1"
    )
    answered = reply(200, {"id": "t1", "subject": "x", "status": "elsewhere"})
    after, world = play(Ticket0Desk(FlowTicket0(desk())).tag(standing, tags, assignee), answered)
    assert after.state is TicketState.OTHER
    (sent,) = (effect.request for effect in world.trace if isinstance(effect, Send))
    return body_of(sent)


def test_what_is_not_to_change_is_not_sent() -> None:
    """Tags go as a whole list, which takes off whatever somebody adds meanwhile."""
    assert _sent(["new"], None) == {"tags": ["vip", "new"]}
    assert _sent([], "usr_1") == {"assigneeId": "usr_1"}


def test_a_list_that_keeps_changing_says_nothing() -> None:
    """A ticket that is not on it may be there all the same."""
    address = Address(customer_email="a@example.com", options={"inbox_id": "inb_1"})
    pages = [tickets(f"t{n}", cursor=f"c{n}" if n % 2 else None) for n in range(1, 13)]
    with pytest.raises(ApiError, match="kept changing"):
        play(Ticket0Desk(FlowTicket0(desk())).tickets([address], None), *pages)


def test_an_agent_is_the_ai_unless_its_id_is_a_users() -> None:
    """Of 2026; see the page of the documents about messages."""
    rows = [
        {
            "id": f"m{number}",
            "direction": "outbound",
            "authorType": "agent",
            "authorId": author,
            "bodyText": "Hello",
        }
        for number, author in enumerate((None, "usr_1"))
    ]
    answer = reply(200, {"messages": rows, "nextCursor": None})
    said, _ = play(Ticket0Desk(FlowTicket0(desk())).said("t1"), answer)
    assert [spoken.author for spoken in said.messages] == [Author.MACHINE, Author.DESK]

"""Check-first writes: there once, whatever becomes of the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from client.kit import (
    account,
    body_of,
    desk,
    event,
    events,
    lost,
    options,
    play,
    refused,
    reply,
    sent,
    tickets,
)
from willcall.client.flow import Crash, World, simulate
from willcall.client.options import Options
from willcall.errors import InputError, OutcomeUnknownError, ServerError, ValidationError
from willcall.sandbox import ManualClock, Sandbox
from willcall.sandbox.app import App
from willcall.ticket0.api import FlowTicket0
from willcall.ticketsmart.api import FlowTicketSmart

START = datetime(2026, 9, 1, 19, tzinfo=UTC)
TICKET = {
    "subject": "Sold out",
    "customer_email": "a@example.com",
    "inbox_id": "inb_1",
    "body": "None left.",
}
MADE = reply(201, {"id": "tkt_9", "subject": "Sold out [wc-1234]", "status": "open"})


def open_ticket(opts: Options | None = None, **more: Any) -> Any:
    arguments: dict[str, Any] = {**TICKET, "once": "wc-1234", **more}
    return FlowTicket0(desk(), opts).tickets.create(**arguments)


def test_a_good_answer_costs_no_look() -> None:
    got, world = play(open_ticket(), MADE)

    assert got.id == "tkt_9"
    assert sent(world) == ["POST /tickets"]
    assert body_of(world.requests[0])["subject"] == "Sold out [wc-1234]"


def test_a_lost_answer_is_looked_for_and_adopted() -> None:
    found = tickets("tkt_1", subject="Something else", cursor="2")
    there = tickets("tkt_9", subject="Sold out [wc-1234]")

    got, world = play(open_ticket(), lost(), found, there)

    assert got.id == "tkt_9"
    assert sent(world) == [
        "POST /tickets",
        "GET /tickets?inboxId=inb_1&limit=100",
        "GET /tickets?inboxId=inb_1&limit=100&cursor=2",
    ]
    assert world.elapsed < 1


def test_what_comes_late_is_adopted_too() -> None:
    got, world = play(
        open_ticket(), lost(), tickets(), tickets("tkt_9", subject="Sold out [wc-1234]")
    )

    assert got.id == "tkt_9"
    assert world.elapsed == pytest.approx(30.0)


def test_what_is_not_there_after_all_is_written_again() -> None:
    got, world = play(open_ticket(), lost(), tickets(), tickets(), MADE)

    assert got.id == "tkt_9"
    assert [line.split("?")[0] for line in sent(world)] == [
        "POST /tickets",
        "GET /tickets",
        "GET /tickets",
        "POST /tickets",
    ]


def test_a_look_that_fails_is_never_taken_for_not_there() -> None:
    with pytest.raises(OutcomeUnknownError, match="looking for it failed") as caught:
        play(open_ticket(options(1)), lost(), reply(500))

    assert isinstance(caught.value.__cause__, ServerError)
    assert caught.value.hint == "look for its subject in tickets.list(…) before you open it again"
    with pytest.raises(OutcomeUnknownError, match="looking for it failed"):
        play(open_ticket(options(2)), lost(), tickets(), *[lost()] * 2)


def test_it_gives_up_after_so_many_tries_and_says_that_it_does_not_know() -> None:
    world = World([lost(), tickets(), tickets(), lost(), tickets()])

    with pytest.raises(OutcomeUnknownError, match="may or may not"):
        simulate(open_ticket(options(2)), world)
    assert [line.split("?")[0] for line in sent(world)].count("POST /tickets") == 2


def test_it_gives_up_when_there_is_no_time_to_be_sure() -> None:
    with pytest.raises(OutcomeUnknownError, match="may or may not"):
        play(open_ticket(Options(deadline=20.0)), lost(), tickets())
    got, world = play(open_ticket(Options(deadline=40.0)), lost(), tickets(), tickets(), MADE)
    assert got.id == "tkt_9"
    assert world.requests[-1].timeout == pytest.approx(10.0, abs=0.6)


def test_a_clear_refusal_is_no_reason_to_look() -> None:
    with pytest.raises(ValidationError):
        play(open_ticket(), reply(400, {"error": {"code": "VALIDATION_ERROR", "message": "no"}}))


def test_a_marker_that_may_be_old_is_looked_for_first() -> None:
    there = tickets("tkt_9", subject="Sold out [wc-1234]")

    got, world = play(open_ticket(search_first=True), there)
    assert got.id == "tkt_9"
    assert sent(world) == ["GET /tickets?inboxId=inb_1&limit=100"]
    got, world = play(open_ticket(search_first=True), tickets(), MADE)
    assert sent(world)[-1] == "POST /tickets"
    with pytest.raises(ServerError):
        play(open_ticket(options(1), search_first=True), reply(500))


def test_a_subject_that_has_the_marker_keeps_it_where_it_stands() -> None:
    _, world = play(open_ticket(subject="[wc-1234] Sold out"), MADE)

    assert body_of(world.requests[0])["subject"] == "[wc-1234] Sold out"


@pytest.mark.parametrize("marker", ["", "abc", "a b c d", "[abcd]", "-abcd", "x" * 65, 1234, True])
def test_a_marker_is_a_short_word(marker: Any) -> None:
    with pytest.raises(InputError, match="once"):
        open_ticket(once=marker)


# Messages and notes.


def message(text: str, direction: str = "outbound", **more: Any) -> dict[str, Any]:
    return {"id": "msg_" + direction, "direction": direction, "bodyText": text, **more}


def send(opts: Options | None = None, **more: Any) -> Any:
    return FlowTicket0(desk(), opts).messages.send(
        "tkt_1", from_address="b@example.com", body_text="Hello", once="wc-1234", **more
    )


def talk(*rows: dict[str, Any]) -> Any:
    return reply(200, {"messages": list(rows), "total": len(rows)})


def test_a_lost_message_is_found_by_its_last_line() -> None:
    got, world = play(send(), lost(), talk(message("Hi"), message("Hello\n\n[wc-1234]")))

    assert got.body_text == "Hello\n\n[wc-1234]"
    assert body_of(world.requests[0]) == {
        "fromAddress": "b@example.com",
        "bodyText": "Hello\n\n[wc-1234]",
    }
    html = message("", bodyHtml="<p>Hello</p>[wc-1234]")
    assert play(send(), lost(), talk(html))[0].body_html


def test_a_customer_who_quotes_the_marker_is_not_taken_for_us() -> None:
    quoted = talk(message("> Hello\n> [wc-1234]", "inbound"))

    got, world = play(send(), lost(), quoted, quoted, reply(201, message("Hello\n\n[wc-1234]")))

    assert got.direction == "outbound"
    assert len(world.requests) == 4


def test_a_note_is_sent_once_in_the_same_way() -> None:
    def note(**more: Any) -> Any:
        return FlowTicket0(desk()).messages.note("tkt_1", body="Called", once="wc-1234", **more)

    older = {"id": "m", "body": "Called\n\n[wc-1234]", "isNote": True}
    got, world = play(note(), lost(), talk(older))
    assert got.is_note
    assert body_of(world.requests[0]) == {"body": "Called\n\n[wc-1234]", "isNote": True}
    assert sent(play(note(search_first=True), talk(older))[1]) == ["GET /tickets/tkt_1/messages"]


# TicketSmart: no marker, so it looks first.


def make(opts: Options | None = None, **more: Any) -> Any:
    fields: dict[str, Any] = {"title": "Gala", "starts_at": START, "once": True, **more}
    return FlowTicketSmart(account(), opts).events.create(**fields)


GALA = event("evt_1", title="Gala ", startsAt="2026-09-01T21:00:00.500+02:00", venueName="Hall")


def test_an_event_is_looked_for_first_and_the_whole_of_it_is_fetched() -> None:
    listed = reply(200, {"events": [event("evt_0"), GALA]})

    got, world = play(make(venue_name="Hall"), listed, reply(200, GALA))

    assert got.id == "evt_1"
    assert sent(world) == [
        (
            "GET /events?dateFrom=2026-08-31T19%3A00%3A00Z&dateTo=2026-09-02T19%3A00%3A00Z"
            "&page=1&limit=100"
        ),
        "GET /events/evt_1",
    ]


@pytest.mark.parametrize(
    "other",
    [{"title": "Galas"}, {"startsAt": "2026-09-01T19:00:02Z"}, {"venueName": "Other"}],
)
def test_another_event_is_not_taken_for_it(other: dict[str, Any]) -> None:
    listed = reply(200, {"events": [GALA | other]})

    got, world = play(make(venue_name="Hall"), listed, reply(201, GALA))

    assert got.id == "evt_1"
    assert sent(world)[-1] == "POST /events"


def test_a_lost_event_is_adopted_and_a_missing_one_made_again() -> None:
    listed = reply(200, {"events": [GALA]})

    assert play(make(), events(), lost(), listed, reply(200, GALA))[0].id == "evt_1"
    _, world = play(make(), events(), refused(), lost(), events(), events(), reply(201, GALA))
    assert [line.split("?")[0] for line in sent(world)].count("POST /events") == 3


def test_a_start_at_the_edge_of_time_cannot_be_searched_for() -> None:
    with pytest.raises(InputError, match="starts_at"):
        make(starts_at=datetime(9999, 12, 31, tzinfo=UTC))


BALCONY = {"id": "tt_1", "name": "Balcony", "price": 2500, "quantity": 80}


def add(**more: Any) -> Any:
    fields: dict[str, Any] = {"name": "Balcony", "price": 2500, "quantity": 80, **more}
    return FlowTicketSmart(account()).events.add_ticket_type("gala", once=True, **fields)


def test_a_ticket_type_is_added_once() -> None:
    with_it = reply(200, event("e", ticketTypes=[BALCONY]))
    other = reply(200, event("e", ticketTypes=[BALCONY | {"price": 2600}]))

    assert sent(play(add(), with_it)[1]) == ["GET /events/gala"]
    assert sent(play(add(), other, lost(), with_it)[1]) == [
        "GET /events/gala",
        "PATCH /events/gala",
        "GET /events/gala",
    ]
    bare = reply(200, event("e"))
    got, world = play(add(), bare, lost(), bare, bare, with_it)
    assert got.ticket_types[0].name == "Balcony"
    assert body_of(world.requests[-1]) == {
        "addTicketType": {"name": "Balcony", "price": 2500, "quantity": 80}
    }
    unsaid = reply(200, event("e", ticketTypes=[BALCONY | {"quantity": None}]))
    assert len(play(add(), unsaid)[1].requests) == 1


# Against the sandbox's own truth, with a process that ends at any step.


def test_whenever_the_process_ends_calling_again_makes_exactly_one_event() -> None:
    from urllib.parse import urlsplit

    from willcall.client.provider import open_account
    from willcall.errors import ConnectionLostError
    from willcall.sandbox.inprocess import Dropped, call
    from willcall.ticketsmart.api import PROVIDER

    for fault in (None, "lost_response", "lost_request"):
        at = 0
        while True:
            sandbox = Sandbox(ManualClock(START), season=False, desk="2025")
            if fault:
                sandbox.faults.add(fault, method="POST", count=1)

            def carry(request: Any, sandbox: Sandbox = sandbox) -> Any:
                parts = urlsplit(request.url)
                try:
                    got = call(
                        App(sandbox),
                        request.method,
                        parts.path,
                        parts.query,
                        request.headers.items(),
                        request.content or b"",
                    )
                except Dropped:
                    raise ConnectionLostError("dropped") from None
                from willcall.errors import Reply

                return Reply(got.status, dict(got.headers), got.body, request.url)

            opened = open_account(
                PROVIDER, sandbox.ticketsmart_key, "http://localhost/ticketsmart/api/v1"
            )
            api = FlowTicketSmart(opened)
            try:
                simulate(
                    api.events.create(title="Gala", starts_at=START, once=True),
                    World(carry, crash_at=at),
                )
                ended = False
            except Crash:
                ended = True
            # The next process does the same.
            opened = open_account(
                PROVIDER, sandbox.ticketsmart_key, "http://localhost/ticketsmart/api/v1"
            )
            simulate(
                FlowTicketSmart(opened).events.create(title="Gala", starts_at=START, once=True),
                World(carry),
            )
            assert len(sandbox.boxoffice.events) == 1, (fault, at)
            if not ended:
                break
            at += 1
        assert at > 10

"""TicketSmart's adapter: what became of a removal, and which inferred names its answers have."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from client.kit import account, event, events, lost, play, reply
from willcall.bridge.model.questions import Question
from willcall.bridge.ports import BoxOffice, Ignored, Refused, Removed
from willcall.errors import OutcomeUnknownError, Reply
from willcall.ticketsmart.api import FlowTicketSmart
from willcall.ticketsmart.box_office import ADAPTER, TicketSmartBoxOffice
from willcall.ticketsmart.inspection import inspect, names_in

STALLS = {"id": "tt_1", "name": "Stalls", "price": 2500, "quantity": 100}


def office() -> BoxOffice:
    return ADAPTER.open(account(), {})


def types(*rows: dict[str, Any]) -> Reply:
    return reply(200, {"ticketTypes": list(rows)})


def test_a_removal_is_done_once_the_event_lacks_the_ticket_type() -> None:
    """An answer without ticket types says nothing, so they are asked for."""
    done, _ = play(office().remove("e", "tt_1"), reply(200, event("e", ticketTypes=[])))
    assert done == Removed()
    done, world = play(office().remove("e", "tt_1"), reply(200, event("e")), types())
    assert (done, len(world.requests)) == (Removed(), 2)


def test_a_removal_without_effect_is_neither_done_nor_refused() -> None:
    """Whether the answer shows the ticket type, or only another request does."""
    still = event("e", ticketTypes=[STALLS])
    ignored, _ = play(office().remove("e", "tt_1"), reply(200, still), types(STALLS))
    assert isinstance(ignored, Ignored)
    assert ignored.why.startswith("200: ")
    ignored, _ = play(office().remove("e", "tt_1"), reply(200, event("e")), types(STALLS))
    assert ignored == Ignored("200, and the ticket type is still there")
    done, _ = play(office().remove("e", "tt_1"), reply(200, still), types())
    assert done == Removed(), "the answer showed the event as it was before"


def test_a_400_says_what_it_names_and_not_what_was_asked_for() -> None:
    answer = reply(400, {"error": "Validation failed", "details": {"removeTicketTypeId": "?"}})
    ignored, _ = play(office().remove("e", "tt_1"), answer)
    assert isinstance(ignored, Ignored)
    assert ignored.why.startswith("400: Validation failed; ")
    assert "removeTicketTypeId" in ignored.why


def test_sold_tickets_refuse_it() -> None:
    answer = reply(409, {"error": "Cannot remove a ticket type that has sold tickets"})
    refused, _ = play(office().remove("e", "tt_1"), answer)
    assert isinstance(refused, Refused)


def test_a_removal_that_cannot_be_looked_at_is_in_doubt() -> None:
    with pytest.raises(OutcomeUnknownError, match="may or may not have been removed"):
        play(office().remove("e", "tt_1"), reply(200, event("e")), *[lost()] * 9)


def test_no_event_on_sale_shows_no_names() -> None:
    (remark,), _ = play(TicketSmartBoxOffice(FlowTicketSmart(account())).remarks(), events())
    assert "cannot be observed" in remark.said


@pytest.mark.parametrize("bare", [True, False])
def test_the_names_of_an_event_on_sale_are_looked_at(bare: bool) -> None:
    """In an envelope or without."""
    api = FlowTicketSmart(account())
    whole = event("e") if bare else {api.names["event_envelope"]: event("e")}
    listed = reply(200, [STALLS]) if bare else types(STALLS)
    (remark,), _ = play(inspect(api, api.names), events("e"), reply(200, whole), listed)
    assert "no answer has these fields" in remark.said
    assert "[wire.ticketsmart]" in remark.do


def test_ticket_types_that_cannot_be_read_show_no_names() -> None:
    api = FlowTicketSmart(account())
    odd = reply(200, {"types": [STALLS]})
    (remark,), _ = play(inspect(api, api.names), events("e"), reply(200, event("e")), odd)
    assert "ticket_type_available" in remark.said


def test_every_name_that_is_there_is_good_news() -> None:
    names = FlowTicketSmart(account()).names
    row = {name: 1 for key, name in names.items() if key.startswith("ticket_type_")}
    of_event = {name: 1 for key, name in names.items() if key.startswith("event_")}
    assert names_in(names, of_event, [row]).do == ""


@pytest.mark.parametrize("page", [1, 3])
def test_a_question_is_one_request_for_its_page(page: int) -> None:
    """Its total is of all that it asks for, whichever page is read."""
    since, until = (datetime(2026, 12, day, tzinfo=UTC) for day in (1, 24))
    question = Question("SOLD_OUT", since, until, page)
    answer = events("a", page=page, limit=100, total=201, totalPages=3)
    rows, world = play(TicketSmartBoxOffice(FlowTicketSmart(account())).asked(question), answer)
    (request,) = world.requests
    asked = dict(parse_qsl(urlsplit(request.url).query))
    assert asked.pop("page", "1") == str(page)
    assert asked == {
        "status": "SOLD_OUT",
        "dateFrom": "2026-12-01T00:00:00Z",
        "dateTo": "2026-12-24T00:00:00Z",
        "limit": "100",
    }
    assert ([row.id for row in rows.events], rows.total) == (["a"], 201)

"""JSON to models: what is unknown is kept or told, what is wrong is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from client.kit import SOON, event, reply
from willcall.client.codec import Codec, camel, moment, parse, parse_object, parse_rows
from willcall.errors import Reply, UndecodableReplyError
from willcall.ticket0.models import AuthorType, Direction, TicketStatus
from willcall.ticket0.wire import USUAL as DESK
from willcall.ticketsmart.models import Category, EventStatus, Visibility
from willcall.ticketsmart.wire import USUAL

read_customer, read_message, read_ticket = DESK.read_customer, DESK.read_message, DESK.read_ticket
read_event, read_ticket_types = USUAL.read_event, USUAL.read_ticket_types
read_availability = USUAL.read_availability


def wrong(body: Any, reader: Any = read_event) -> str:
    with pytest.raises(UndecodableReplyError) as caught:
        reader(reply(200, body))
    return caught.value.message


def test_names_and_moments() -> None:
    assert camel("starts_at") == "startsAt"
    assert camel("id") == "id"
    assert moment("2026-09-01T19:00:00Z") == datetime(2026, 9, 1, 19, tzinfo=UTC)
    assert moment("2026-09-01T19:00:00") == datetime(2026, 9, 1, 19, tzinfo=UTC)
    east = timezone(timedelta(hours=2))
    assert moment("2026-09-01T19:00:00+02:00").utcoffset() == east.utcoffset(None)


def test_an_event_with_only_what_it_must_have() -> None:
    got = read_event(reply(200, event("evt_1")))

    assert got.id == "evt_1"
    assert got.status is EventStatus.PUBLISHED
    assert got.currency == "USD"
    assert got.ticket_types is None
    assert got.visibility is None
    assert read_event(reply(200, event("evt_1", visibility=None, category=None))).category is None


@pytest.mark.parametrize("enveloped", [True, False])
def test_an_event_whole(enveloped: bool) -> None:
    body = event(
        "evt_1",
        slug="gala",
        visibility="UNLISTED",
        category="MUSIC",
        endsAt=SOON,
        doorsOpen=None,
        currency="EUR",
        venueName="Main Room",
        publicUrl="https://ticketsmart.ai/e/gala",
        somethingNew={"a": 1},
        ticketTypes=[
            {"id": "tt_1", "name": "Balcony", "price": 2500, "quantity": 80, "hidden": None},
            {"id": "tt_2", "name": "Box", "price": 0, "currency": "CHF", "saleStartsAt": SOON},
        ],
    )

    got = read_event(reply(200, {"event": body} if enveloped else body))

    assert got.visibility is Visibility.UNLISTED
    assert got.category is Category.MUSIC
    assert got.ends_at == moment(SOON)
    assert got.doors_open is None
    assert got.ticket_types is not None
    balcony, box = got.ticket_types
    assert str(balcony.price) == "€25.00"
    assert balcony.price is not None
    assert balcony.price_cents == int(balcony.price) == 2500
    assert balcony.hidden is False
    assert str(box.price) == "0.00 CHF"
    assert box.sale_starts_at == moment(SOON)


def test_words_that_nobody_knows_yet_are_kept() -> None:
    got = read_event(reply(200, event("e", status="POSTPONED", visibility="VIP", category="OPERA")))

    assert (got.status, got.visibility, got.category) == ("POSTPONED", "VIP", "OPERA")
    assert read_ticket(reply(200, {"id": "t", "subject": "s", "status": "merged"})).status == (
        "merged"
    )


def test_nulls_are_read_as_nothing_said() -> None:
    body = event("e", currency=None, ticketTypes=[{"id": "a", "name": "b", "price": None}])

    got = read_event(reply(200, body))

    assert got.currency == "USD"
    assert got.ticket_types is not None
    assert got.ticket_types[0].price is None  # not the same as free
    ticket = {"id": "t", "subject": "s", "status": "open", "tags": None, "assigneeId": None}
    assert read_ticket(reply(200, ticket)).tags == ()


def test_the_first_wrong_field_is_named() -> None:
    both = wrong(event("e", title=5, visibility=None, ticketTypes=[{"id": "a", "name": "b"}]))
    assert both == "unexpected JSON: expected str, got int @ event.title"
    assert (
        wrong(event("e", title=None)) == "unexpected JSON: expected str, got NoneType @ event.title"
    )
    assert "expected str, got int @ event.id" in wrong(event("e", id=5))
    assert "'startsAt' is missing" in wrong({"id": "e", "title": "t", "status": "DRAFT"})
    assert "(and 2 more)" in wrong({"id": "e"})
    assert "expected a whole number, got 2.5 @ event.ticketTypes[1].price" in wrong(
        event("e", ticketTypes=[{"id": "a", "name": "b"}, {"id": "a", "name": "b", "price": 2.5}])
    )
    assert "expected int, got bool" in wrong(
        event("e", ticketTypes=[{"id": "a", "name": "b", "price": True}])
    )


@pytest.mark.parametrize(
    "change",
    [
        {"startsAt": "tomorrow"},
        {"startsAt": 5},
        {"status": 5},
        {"status": None},
        {"ticketTypes": "abc"},
        {"ticketTypes": {"a": 1}},
        {"ticketTypes": [5]},
        {"ticketTypes": [None]},
        {"slug": {}},
        {"visibility": 5},
        {"visibility": []},
    ],
)
def test_a_wrong_type_is_an_error_of_ours(change: dict[str, Any]) -> None:
    assert wrong(event("e") | change).startswith("unexpected JSON: ")


@pytest.mark.parametrize("body", [[], 5, "x", None])
def test_what_is_no_object_is_told(body: Any) -> None:
    answer = Reply(200, {}, b"null" if body is None else reply(200, body).body)

    for reader in (read_event, read_ticket, read_message, read_customer, read_availability):
        with pytest.raises(UndecodableReplyError, match="expected a JSON object"):
            reader(answer)


def test_an_answer_without_a_body_says_so() -> None:
    with pytest.raises(UndecodableReplyError, match="expected JSON, and the answer has no body"):
        parse(Reply(200, {}, b""))


@pytest.mark.parametrize("body", [b"<html>", b'{"a": ', b"\xff\xfe", b"[" * 5000])
def test_what_is_no_json_is_told_with_its_kind_and_length(body: bytes) -> None:
    answer = Reply(200, {"content-type": "text/html; charset=x"}, body)

    with pytest.raises(UndecodableReplyError, match=rf"{len(body)} bytes .*\(text/html\)"):
        parse(answer)
    with pytest.raises(UndecodableReplyError, match="no content type"):
        parse(Reply(200, {}, body))
    with pytest.raises(UndecodableReplyError, match="not JSON"):
        answer.json()


def test_lists_and_objects_are_told_apart() -> None:
    assert parse_object(reply(200, {"a": 1})) == {"a": 1}
    assert parse_rows({"a": [1]}, "a") == [1]
    bodies: list[dict[str, Any]] = [{}, {"a": None}, {"a": {}}, {"a": "x"}]
    for body in bodies:
        with pytest.raises(UndecodableReplyError, match="list 'a' is missing"):
            parse_rows(body, "a")


def test_ticket_types_come_in_an_envelope_or_bare() -> None:
    rows = [{"id": "a", "name": "b", "price": 5}]

    shapes: list[Any] = [rows, {"ticketTypes": rows}]
    for body in shapes:
        (got,) = read_ticket_types(reply(200, body))
        assert str(got.price) == "0.05"
        assert got.currency is None
    assert "list 'ticketTypes' is missing" in wrong({}, read_ticket_types)


def test_availability() -> None:
    got = read_availability(
        reply(200, {"eventId": "e", "soldOut": True, "ticketTypes": [{"id": "a", "available": 0}]})
    )

    assert got.sold_out is True
    assert got.ticket_types[0].available == 0
    assert read_availability(reply(200, {"ticketTypes": None})).ticket_types == ()


def test_a_message_in_the_public_shape() -> None:
    got = read_message(
        reply(
            200,
            {
                "id": "msg_1",
                "direction": "outbound",
                "bodyText": "Hello",
                "bodyHtml": None,
                "body": "never this",
                "fromAddress": "a@example.com",
                "ccAddresses": ["c@example.com"],
                "toAddresses": None,
                "authorType": "agent",
                "aiSentiment": {"score": 0.5},
                "createdAt": SOON,
            },
        )
    )

    assert got.body_text == "Hello"
    assert got.direction is Direction.OUTBOUND
    assert got.author_type is AuthorType.AGENT
    assert got.cc_addresses == ("c@example.com",)
    assert got.to_addresses == ()
    assert got.ai_sentiment == {"score": 0.5}


def test_a_message_in_the_older_shape_and_in_an_envelope() -> None:
    older = {"id": "m", "body": "Hello", "authorEmail": "a@example.com", "isNote": True}

    for body in (older, {"message": older}):
        got = read_message(reply(200, body))
        assert (got.body_text, got.from_address, got.is_note) == ("Hello", "a@example.com", True)


def test_tickets_and_customers_in_an_envelope_or_bare() -> None:
    ticket = {"id": "t", "subject": "s", "status": "open"}
    customer = {"id": "c", "metadata": {"a": "b", "c": None}, "ticketCount": 2}

    tickets: list[Any] = [ticket, {"ticket": ticket}]
    customers: list[Any] = [customer, {"customer": customer}]
    for body in tickets:
        assert read_ticket(reply(200, body)).status is TicketStatus.OPEN
    for body in customers:
        got = read_customer(reply(200, body))
        assert got.metadata == {"a": "b"}
        assert got.ticket_count == 2
    assert "expected str, got int" in wrong({"id": "c", "metadata": {"a": 5}}, read_customer)
    assert "unexpected JSON" in wrong({"id": "c", "metadata": 5}, read_customer)


def test_a_model_whose_reading_fails_in_an_unforeseen_way_still_ends_in_our_error() -> None:
    def burst(_: dict[str, Any]) -> None:
        raise RuntimeError("unforeseen")

    @attrs.frozen
    class Thing:
        id: str

    with pytest.raises(UndecodableReplyError, match="unforeseen"):
        Codec(before={Thing: burst}).structure({"id": "a"}, Thing)


def decoded(model: Any, value: Any) -> Any:
    return Codec().structure(value, model)


@attrs.frozen
class Checked:
    price: int = attrs.field(validator=attrs.validators.ge(0))


@attrs.frozen
class Mended:
    name: str

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "name", self.name.upper())


@attrs.define(slots=False)
class Loose:
    name: str


@attrs.frozen
class Odd:
    numbers: dict[str, int]
    many: list[int]
    maybe: int | None
    tags: tuple[str, ...] = ("a",)
    extra: dict[str, Any] = attrs.field(factory=dict)


def test_what_the_fast_way_does_not_know_the_slow_way_reads() -> None:
    assert decoded(Checked, {"price": 5}).price == 5
    assert decoded(Mended, {"name": "a"}).name == "A"
    assert decoded(Loose, {"name": "a"}).name == "a"
    odd = decoded(Odd, {"numbers": {"a": 1}, "many": [2], "maybe": None, "tags": ["b"]})
    assert (odd.numbers, odd.many, odd.maybe, odd.tags) == ({"a": 1}, [2], None, ("b",))
    assert decoded(list[int], [1, 2]) == [1, 2]
    with pytest.raises(UndecodableReplyError):
        decoded(Checked, {"price": -5})


@attrs.frozen
class Plain:
    maybe: int | None
    tags: tuple[str, ...] = ("a",)
    extra: dict[str, Any] = attrs.field(factory=dict)
    facts: dict[str, str] = attrs.field(factory=dict)
    when: datetime | None = None


def test_both_ways_read_alike() -> None:
    codec = Codec()
    values: list[dict[str, Any]] = [
        {"maybe": 5, "tags": [], "extra": {"a": [1]}, "facts": {"a": "b"}, "when": SOON},
        {"maybe": None, "tags": None, "extra": None, "facts": None, "when": None},
        {"maybe": 0, "when": "2026-09-01T19:00:00"},
        {"maybe": 2500.0},
    ]
    for value in values:
        fast = codec._fast.get(Plain)(dict(value))
        assert fast == codec._exact.structure(dict(value), Plain)
        assert fast == codec.structure(dict(value), Plain)
        assert hash(fast.tags) == hash(("a",) if value.get("tags") is None else ())
    for wrong in (
        {"tags": ["a", 5]},
        {"tags": "ab"},
        {"facts": {"a": 1}},
        {"facts": 5},
        {"when": 5},
        {"maybe": 25.5},
        {"maybe": 1e300},
        {"maybe": "5"},
    ):
        with pytest.raises(UndecodableReplyError):
            codec.structure({"maybe": None, **wrong}, Plain)
    assert decoded(Plain, {"maybe": 1}).extra is not decoded(Plain, {"maybe": 1}).extra


@pytest.mark.parametrize(
    ("counts", "unlimited"),
    [
        ({"quantity": None, "available": None}, True),
        ({"quantity": 100, "available": None}, False),
        ({"quantity": None}, False),
        ({"available": None}, False),
        ({"sold": 12}, False),
        ({"sold": 12, "quantity": None}, False),
        ({}, False),
    ],
)
def test_two_nulls_are_no_limit_and_a_missing_count_is_not_said(
    counts: dict[str, object], unlimited: bool
) -> None:
    """Null and missing are told apart."""
    (got,) = read_ticket_types(reply(200, [{"id": "tt_1", "name": "GA", "price": 0, **counts}]))
    assert (got.unlimited, got.available) == (unlimited, None)

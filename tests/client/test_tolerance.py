"""What can be read is read, row by row; and what came from the wire never blames its reader."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from client.kit import KEY, always, event, http, names, play, reply, tcp
from willcall import AsyncTicketSmart, TicketSmart
from willcall.bridge.model.address import Address
from willcall.client.money import Money
from willcall.client.op import Page, UnreadableRow
from willcall.client.provider import open_account
from willcall.errors import Reply, UndecodableReplyError
from willcall.ticket0.api import PROVIDER as TICKET0
from willcall.ticket0.api import FlowTicket0
from willcall.ticket0.desk import Ticket0Desk
from willcall.ticketsmart.api import PROVIDER, FlowTicketSmart
from willcall.ticketsmart.box_office import TicketSmartBoxOffice
from willcall.ticketsmart.wire import USUAL

SOUND = '{"id":"e%d","title":"Gala","startsAt":"2026-09-01T19:00:00Z","status":"PUBLISHED"%s}'
CUT = "Gala \ufffd"


def body(*rows: str) -> bytes:
    """A page of events, character for character."""
    end = f'],"pagination":{{"totalPages":1,"total":{len(rows)}}}}}'
    return ('{"events":[' + ",".join(rows) + end).encode()


def rows(count: int, **odd: str) -> list[str]:
    """So many events, some of them changed: ``rows(3, e1=',"slug":NaN')``."""
    return [SOUND % (n, odd.get(f"e{n}", "")) for n in range(count)]


def page_of(text: bytes) -> Page[Any]:
    return USUAL.events_page({"page": 1, "limit": 100}, first=1).decode(Reply(200, {}, text))


def fetched(text: bytes) -> list[Any]:
    """The list as both flavours read it: its items and what they say of it."""
    read: list[Any] = []
    with tcp(always(http(200, text))) as (url, _):
        with TicketSmart(KEY, base_url=url, pace=None) as client:
            pages = client.events.list()
            everything = pages.all()
            read.append((list(everything), everything.whole, everything.unreadable))
            assert pages.unreadable == everything.unreadable

        async def main() -> None:
            async with AsyncTicketSmart(KEY, base_url=url, pace=None) as awaited:
                listed = awaited.events.list()
                got = await listed.all()
                read.append((list(got), got.whole, got.unreadable))
                assert listed.unreadable == got.unreadable

        asyncio.run(main())
    return read


@pytest.mark.parametrize(
    ("title", "read"),
    [
        ('"Gala \\ud83c"', CUT),
        ('"Gala \\uDF89"', CUT),
        ('"Gala \\ud83c\\ud83c\\udf89"', "Gala \ufffd\U0001f389"),
        ('"Gala \\ud83cx\\\\ud83c"', "Gala \ufffdx\\ud83c"),
        ('"Gala \\\\\\ud83c"', "Gala \\\ufffd"),
        ('"Gala\t\n"', "Gala\t\n"),
    ],
)
def test_a_text_cut_inside_a_character_costs_that_character(title: str, read: str) -> None:
    text = body(*rows(98), SOUND.replace('"Gala"', title) % (98, ""))

    for items, whole, unreadable in fetched(text):
        assert len(items) == 99
        assert items[98].title == read
        assert whole is True
        assert unreadable == ()
        items[98].title.encode()  # it can be printed and stored


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_byte_order_mark_and_other_encodings_are_read(mark: bytes, encoding: str) -> None:
    text = body(*rows(3)).decode().encode(encoding)

    assert len(page_of((mark if encoding == "utf-8" else b"") + text).items) == 3


def test_bytes_that_are_no_character_cost_that_character() -> None:
    text = body(*rows(2)).replace(b'"Gala"', b'"Gala \xf0\x9f\x8e"', 1)

    assert [item.title for item in page_of(text).items] == [CUT, "Gala"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "9" * 5000])
def test_a_number_that_is_none_is_ignored_where_nobody_reads_it(number: str) -> None:
    for items, whole, unreadable in fetched(body(*rows(99, e50=f',"weight":{number}'))):
        assert (len(items), whole, unreadable) == (99, True, ())


@pytest.mark.parametrize(
    ("odd", "field", "problem"),
    [
        (
            ',"ticketTypes":[{"id":"t","name":"GA","price":NaN}]',
            "ticketTypes[0].price",
            "whole number",
        ),
        (
            ',"ticketTypes":[{"id":"t","name":"GA","quantity":' + "9" * 400 + "}]",
            "ticketTypes[0].quantity",
            "whole number",
        ),
        (',"slug":Infinity', "slug", "float"),
        (',"slug":{"a":1}', "slug", "dict"),
        (',"endsAt":"soon"', "endsAt", "isoformat"),
    ],
)
def test_an_odd_row_costs_that_row_and_its_field_is_named(
    odd: str, field: str, problem: str
) -> None:
    for items, whole, unreadable in fetched(body(*rows(99, e50=odd))):
        assert len(items) == 98
        assert "e50" not in names(items)
        assert whole is False
        (row,) = unreadable
        assert (row.row, row.id) == (50, "e50")
        assert row.field == f"events[50].{field}"
        assert problem in row.problem
        assert "e50" in str(row)


def test_a_row_that_is_no_object_has_no_id() -> None:
    page = page_of(body(*rows(2), "7", "null", '{"id":5}'))

    assert [(row.row, row.id) for row in page.unreadable] == [(2, None), (3, None), (4, None)]
    assert str(page.unreadable[0]) == "events[2]: expected an object for Event, got int"


def test_a_list_of_which_nothing_can_be_read_is_an_error() -> None:
    with pytest.raises(UndecodableReplyError, match=r"no row can be read; events\[0\]"):
        page_of(body('{"id":1}', '{"id":2}'))
    assert len(page_of(body('{"id":1}')).unreadable) == 1
    assert page_of(body()).unreadable == ()


def test_an_odd_row_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    odd = events("w0", w9={"title": 5})
    flow = FlowTicketSmart(open_account(PROVIDER, KEY, paced=False))

    with caplog.at_level(logging.DEBUG, "willcall"):
        for _ in range(2):
            got, _ = play(flow.events.list().all(), odd)
            assert (names(got), got.whole, len(got.unreadable)) == (["w0"], False, 1)
    said = [r for r in caplog.records if "could not be read" in r.message]
    assert [r.levelname for r in said] == ["WARNING", "DEBUG"]
    assert "GET /events: a row could not be read: events[1].title: expected str, got int" in (
        said[0].message
    )


def events(*ids: str, **odd: Any) -> Reply:
    """A page of events, of which some are odd."""
    bad = [event(name, **more) for name, more in odd.items()]
    return reply(200, {"events": [*map(event, ids), *bad]})


def test_unreadable_rows_count_as_rows() -> None:
    """Else a total that is right would have the list read again and again."""
    odd = {"events": [event("a"), event("b", title=5)], "pagination": {"total": 2, "totalPages": 1}}
    flow = FlowTicketSmart(open_account(PROVIDER, KEY, paced=False))

    got, world = play(flow.events.list().all(certain=True), reply(200, odd))

    assert (names(got), got.whole, len(world.requests)) == (["a"], False, 1)


def test_a_page_whose_rows_are_odd_still_leads_on() -> None:
    first = reply(200, {"events": [event(f"a{n}", title=5 if n else "t") for n in range(100)]})
    flow = FlowTicketSmart(open_account(PROVIDER, KEY, paced=False))

    got, world = play(flow.events.list(limit=100).all(), first, events("b"))

    assert names(got) == ["a0", "b"]
    assert len(got.unreadable) == 99
    assert len(world.requests) == 2


def test_what_was_not_found_among_odd_rows_is_not_known_to_be_missing() -> None:
    flow = FlowTicketSmart(open_account(PROVIDER, KEY, paced=False))
    from datetime import UTC, datetime

    starts = datetime(2026, 9, 1, 19, tzinfo=UTC)
    with pytest.raises(UndecodableReplyError, match="may be what was looked for") as caught:
        play(
            flow.events.create(title="Gala", starts_at=starts, once=True), events("a", b={"id": 5})
        )
    assert caught.value.status is None

    found, world = play(
        flow.events.create(title="a", starts_at=starts, once=True),
        events("a", b={"id": 5}),
        reply(200, event("a")),
    )
    assert found.id == "a"
    assert len(world.requests) == 2


def test_the_desk_never_takes_an_odd_row_for_nothing() -> None:
    desk = Ticket0Desk(FlowTicket0(open_account(TICKET0, "t0_secret_KEY-1234567890", paced=False)))
    odd = reply(
        200, {"tickets": [{"id": "t1", "subject": 5, "status": "open"}], "nextCursor": None}
    )
    address = Address(customer_email="a@b.example", options={"inbox_id": "inb_1"})

    with pytest.raises(UndecodableReplyError, match=r"tickets\[0\].subject: expected str"):
        play(desk.tickets([address], None), *[odd] * 4)


def test_the_box_office_hands_on_what_could_not_be_read() -> None:
    office = TicketSmartBoxOffice(FlowTicketSmart(open_account(PROVIDER, KEY, paced=False)))

    step, _ = play(office.rows(), events("a", b={"title": 5}))

    assert names(step.events) == ["a"]
    assert step.unreadable == (UnreadableRow(1, "events[1].title", "expected str, got int", "b"),)


@pytest.mark.parametrize(
    ("currency", "shown"),
    [
        ('"usd"', "$25.00"),
        ('" Eur"', "€25.00"),
        ('"bitcoin"', "25.00"),
        ('""', "$25.00"),
        ('"€"', "25.00"),
        ("null", "$25.00"),
    ],
)
def test_a_currency_from_the_wire_blames_nobody(currency: str, shown: str) -> None:
    kinds = f',"currency":{currency},"ticketTypes":[{{"id":"t","name":"GA","price":2500}}]'

    (read,) = page_of(body(*rows(1, e0=kinds))).items

    assert str(read.ticket_types[0].price) == shown


@pytest.mark.parametrize("price", ['"price":null', '"name":"GA"'])
def test_a_price_that_is_not_said_is_not_free(price: str) -> None:
    text = f'{{"ticketTypes":[{{"id":"t","name":"GA",{price}}}]}}'

    (kind,) = USUAL.read_ticket_types(Reply(200, {}, text.encode()))

    assert (kind.price_cents, kind.price) == (None, None)
    assert Money.answered(0, "USD") == Money(0, "USD")


def test_the_raw_reply_is_read_as_tolerantly() -> None:
    got = Reply(200, {}, b'\xef\xbb\xbf{"a":"\\ud83c","b":NaN,"c":' + b"9" * 400 + b"}").json()

    assert got["a"] == "\ufffd"
    assert got["b"] != got["b"]
    assert got["c"] == int("9" * 400)
    for wrong in (b"<html>", b"", b"[" * 100_000, b"9" * 5000, b"\xff\xfe\x00"):
        with pytest.raises(UndecodableReplyError):
            Reply(200, {}, wrong).json()
        with pytest.raises(UndecodableReplyError):
            USUAL.read_event(Reply(200, {}, wrong))

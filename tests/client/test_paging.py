"""Reading lists: to the end, once each, never for ever, and honest about what nobody can know."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import attrs
import pytest

from client.kit import account, desk, events, names, play, reply, sent, tickets
from willcall.client.engine import Answer
from willcall.client.op import Op, Page
from willcall.client.options import Options
from willcall.client.paging import AsyncPages, FlowPages, Pages, Rows, Walk, search
from willcall.errors import InputError, Reply, ServerError, UndecodableReplyError
from willcall.ticket0.api import FlowTicket0
from willcall.ticketsmart.api import FlowTicketSmart

EVENTS = FlowTicketSmart(account()).events
TICKETS = FlowTicket0(desk()).tickets


def read(*answers: Reply | Exception, **filters: Any) -> tuple[Rows[Any], list[str]]:
    rows, world = play(EVENTS.list(**filters).all(), *answers)
    return rows, sent(world)


def test_a_short_page_is_the_last() -> None:
    rows, requests = read(events("a", "b"), events("c"), limit=2)

    assert names(rows) == ["a", "b", "c"]
    assert requests == ["GET /events?page=1&limit=2", "GET /events?page=2&limit=2"]
    assert rows.whole is None


def test_one_page_is_the_whole() -> None:
    rows, _ = read(events("a"), limit=2)

    assert rows.whole is True
    assert isinstance(rows, tuple)
    assert read(events(), limit=2)[0] == ()


def test_a_page_count_is_believed_where_it_asks_to_read_on() -> None:
    rows, _ = read(events("a", totalPages=3), events(totalPages=3), events("b"), limit=2)

    assert names(rows) == ["a", "b"]


def test_an_absurd_page_count_is_not_followed_for_ever() -> None:
    with pytest.raises(UndecodableReplyError, match="does not end: 20 pages in a row"):
        read(*[events("a", totalPages=10**12)] * 30, limit=2)


def test_an_empty_page_in_the_middle_does_not_end_a_list() -> None:
    rows, requests = read(events("a", "b"), events(), events("c"), limit=2)

    assert names(rows) == ["a", "b", "c"]
    assert len(requests) == 3
    # Two empty ones in a row do.
    assert names(read(events("a", "b"), events(), events(), limit=2)[0]) == ["a", "b"]


def test_a_service_that_gives_fewer_than_asked_for_is_read_on() -> None:
    rows, _ = read(events("a", "b", limit=2), events("c", limit=2), limit=100)

    assert names(rows) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "pagination",
    [None, [], "x", {"totalPages": "3"}, {"totalPages": None, "limit": 0, "total": "9"}],
)
def test_pagination_of_any_shape_does_no_harm(pagination: Any) -> None:
    page = reply(200, {"events": [], "pagination": pagination})

    assert read(page, limit=2)[0] == ()


def test_a_known_total_that_is_met_proves_that_all_was_read() -> None:
    rows, _ = read(
        events("a", "b", total=3, totalPages=2), events("c", total=3, totalPages=2), limit=2
    )

    assert rows.whole is True


def test_a_row_that_moved_up_unseen_is_found_and_one_that_came_twice_is_given_once() -> None:
    # b is deleted after page 1: c moves up to page 1 unseen. The total tells.
    rows, requests = read(
        events("a", "b", total=4, totalPages=2),
        events("d", total=3, totalPages=2),
        events("a", "c", total=3, totalPages=2),
        events("d", total=3, totalPages=2),
        limit=2,
    )
    assert sorted(names(rows)) == ["a", "b", "c", "d"]
    assert len(requests) == 4
    assert rows.whole is True

    # x is added after page 1: b moves down and comes twice. That tells, without any total.
    rows, _ = read(
        events("a", "b"), events("b", "c"), events(), events(),
        events("x", "a"), events("b", "c"), events(), events(),
        limit=2,
    )  # fmt: skip
    assert names(rows) == ["a", "b", "c", "x"]
    assert rows.whole is None


def test_rows_that_do_not_stop_moving_are_admitted() -> None:
    moving = [events("a", "b"), events("b", "c"), events("d")]

    rows, requests = read(*moving * 3, limit=2)

    assert names(rows) == ["a", "b", "c", "d"]
    assert len(requests) == 9
    assert rows.whole is False


def test_a_total_that_means_something_else_is_found_out() -> None:
    # It counts archived events, say: twice the same rows, so it is the total that is off.
    pages = [events("a", "b", total=9, totalPages=2), events("c", total=9, totalPages=2)]
    rows, requests = read(*pages * 2, limit=2)
    assert names(rows) == ["a", "b", "c"]
    assert len(requests) == 4
    assert rows.whole is None

    # It counts the rows of the page: then it says nothing.
    rows, requests = read(events("a", "b", total=2), events("c", total=1), limit=2)
    assert len(requests) == 2
    assert rows.whole is None

    # One page cannot be out of step with itself.
    rows, requests = read(events("a", total=9), limit=2)
    assert rows.whole is False
    assert len(requests) == 1


def test_reading_from_a_later_page_knows_no_total() -> None:
    rows, requests = read(events("c", total=3), page=2, limit=2)

    assert requests == ["GET /events?page=2&limit=2"]
    assert rows.whole is True
    assert read(events(), page=5, limit=2)[0] == ()


def desk_read(*answers: Reply | Exception) -> Rows[Any]:
    rows: Rows[Any] = play(TICKETS.list(limit=2).all(), *answers)[0]
    return rows


def test_a_cursor_is_followed_through_empty_pages() -> None:
    rows = desk_read(tickets("a", cursor="1"), tickets(cursor="2"), tickets("b"))

    assert names(rows) == ["a", "b"]
    assert rows.whole is None


@pytest.mark.parametrize("pages", [["1", "1"], ["1", "2", "1"]])
def test_a_repeated_cursor_ends_with_an_error(pages: list[str]) -> None:
    answers = [tickets(f"t{n}", cursor=cursor) for n, cursor in enumerate(pages)]

    with pytest.raises(UndecodableReplyError, match="points back"):
        desk_read(*answers)


def test_a_list_that_goes_in_circles_with_new_cursors_ends_with_an_error() -> None:
    with pytest.raises(UndecodableReplyError, match="20 pages in a row held nothing new"):
        desk_read(*[tickets("a", cursor=str(n)) for n in range(50)])


def test_a_page_that_fails_fails_the_list() -> None:
    with pytest.raises(ServerError):
        play(TICKETS.list().all(), tickets("a", cursor="1"), *[reply(500)] * 3)


def test_whoever_turns_the_pages_by_hand_reads_the_same() -> None:
    """A page at a time, from the first on; each says where the next one is."""
    pages = TICKETS.list(limit=2)

    def flow() -> Any:
        walk = pages.walk()
        read: list[Any] = []
        while walk.op is not None:
            page = yield from pages.page(walk.op)
            read += walk.take(page).items
            walk.turn(page)
        return read

    found, world = play(flow(), tickets("a", cursor="1"), tickets("b"))
    assert names(found) == ["a", "b"]
    assert sent(world) == ["GET /tickets?limit=2", "GET /tickets?limit=2&cursor=1"]
    first, _ = play(pages.page(), tickets("a", cursor="1"))
    assert names(first.items) == ["a"]


def test_until_stops_after_the_page_with_the_item() -> None:
    rows, world = play(
        TICKETS.list().until(lambda ticket: ticket.id == "b"),
        tickets("a", cursor="1"),
        tickets("b", "c", cursor="2"),
    )

    assert names(rows) == ["a", "b", "c"]
    assert rows.whole is None
    assert len(world.requests) == 2


def test_a_search_reads_all_pages_and_gives_the_reply_too() -> None:
    op = TICKETS.__class__.list.build(TICKETS)

    def flow(wanted: str) -> Any:
        return search(op, lambda ticket: ticket.id == wanted, desk(), Options())

    found, world = play(flow("c"), tickets("a", cursor="1"), tickets("b", "c", cursor="2"))
    assert isinstance(found, Answer)
    assert found.value.id == "c"
    assert found.reply.json()["nextCursor"] == "2"
    assert len(world.requests) == 2
    assert play(flow("x"), tickets("a", cursor="1"), tickets("b"))[0] is None


# The readers themselves, over pages in memory.


@attrs.frozen
class Row:
    id: str


def book(*pages: list[Any]) -> tuple[list[int], Any, Op[Page[Any]]]:
    """Pages in memory: which were read, a call for them, and the op of the first."""
    read: list[int] = []

    def op(number: int) -> Op[Page[Any]]:
        return Op("GET", "/rows", lambda _: Page(()), {"page": number}, route="/rows")

    def call(wanted: Op[Page[Any]]) -> Page[Any]:
        number = wanted.params["page"]
        read.append(number)
        following = op(number + 1) if number + 1 < len(pages) else None
        return Page(tuple(pages[number]), following)

    return read, call, op(0)


def test_the_sync_reader() -> None:
    read, call, op = book([Row("a"), Row("b")], [Row("b")], [Row("c")])
    pages: Pages[Row] = Pages(call, op)

    assert read == []
    assert names(pages.all()) == ["a", "b", "c"]
    assert pages.all().whole is False
    read.clear()
    assert pages.first() == Row("a")
    assert names(pages.take(2)) == ["a", "b"]
    assert pages.take(0) == []
    assert read == [0, 0]
    assert pages.whole is None
    assert [len(page.items) for page in pages.pages()] == [2, 0, 1] + [0] * 6
    assert repr(pages) == "<pages of GET /rows>"
    assert Pages(*book([])[1:]).first() is None


def test_the_async_reader() -> None:
    read, call, op = book([Row("a"), Row("b")], [Row("b")], [Row("c")])

    async def acall(wanted: Op[Page[Any]]) -> Page[Any]:
        page: Page[Any] = call(wanted)
        return page

    async def main() -> None:
        pages: AsyncPages[Row] = AsyncPages(acall, op)
        assert read == []
        assert names(await pages.all()) == ["a", "b", "c"]
        assert pages.whole is False
        read.clear()
        assert await pages.first() == Row("a")
        assert names(await pages.take(2)) == ["a", "b"]
        assert names(await pages.take(9)) == ["a", "b", "c"]
        assert await pages.take(0) == []
        assert [len(page.items) async for page in pages.pages()] == [2, 0, 1] + [0] * 6
        assert repr(pages) == "<pages of GET /rows>"

    asyncio.run(main())

    async def nothing(_: Op[Page[Any]]) -> Page[Any]:
        return Page(())

    assert asyncio.run(AsyncPages(nothing, op).first()) is None


@pytest.mark.parametrize("wrong", [-1, True, 1.5, "3"])
def test_a_number_of_items_is_a_number(wrong: Any) -> None:
    _, call, op = book([])

    with pytest.raises(InputError, match="count"):
        Pages(call, op).take(wrong)


def test_items_without_an_id_are_all_given() -> None:
    _, call, op = book(["a", "a"], ["a"])

    assert list(Pages(call, op).take(3)) == ["a", "a", "a"]


def test_rows_are_a_tuple_that_pickles() -> None:
    rows = Rows.of(["a", "b"], True)

    assert pickle.loads(pickle.dumps(rows)) == ("a", "b")
    assert pickle.loads(pickle.dumps(rows)).whole is True


def test_a_walk_starts_with_its_first_call() -> None:
    _, _, op = book([])

    assert Walk(op).op is op
    assert FlowPages(lambda _: iter(()), op) is not None  # type: ignore[arg-type,return-value]


def pages_of(*pages: str, end: bool = True) -> list[Reply]:
    """Pages of tickets, a letter each; each but the last with a cursor."""
    last = len(pages) - 1
    return [
        tickets(*page, cursor=None if number == last and end else f"{page}{number}")
        for number, page in enumerate(pages)
    ]


def certainly(*answers: Reply) -> tuple[Rows[Any], list[str]]:
    rows, world = play(TICKETS.list().all(certain=True), *answers)
    return rows, sent(world)


def test_who_must_be_certain_has_a_list_read_until_two_readings_agree() -> None:
    # c is touched after the first page was read, and moves to its top: nothing shows it.
    rows, requests = certainly(*pages_of("ab", "d"), *pages_of("ca", "bd"), *pages_of("ca", "bd"))
    assert sorted(names(rows)) == ["a", "b", "c", "d"]
    assert rows.whole is True
    assert len(requests) == 6


def test_a_list_that_will_not_hold_still_is_not_certain() -> None:
    rows, requests = certainly(*pages_of("ab", "d"), *pages_of("ca", "bd"), *pages_of("ce", "bd"))
    assert rows.whole is False
    assert len(requests) == 6


def test_one_page_is_certain_at_once() -> None:
    rows, requests = certainly(*pages_of("abc"))
    assert rows.whole is True
    assert len(requests) == 1


def test_a_second_reading_of_a_long_list_goes_to_its_end() -> None:
    """Its pages hold nothing new, and that is no circle."""
    alphabet = [chr(ord("A") + number) for number in range(30)]
    rows, requests = certainly(*pages_of(*alphabet), *pages_of(*alphabet))
    assert rows.whole is True
    assert len(requests) == 60

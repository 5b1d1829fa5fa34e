"""What a provider of somebody else's needs, on a made-up shop that needs all of it.

Ids in every path, calls that are made of several, conditional reads, a 409 that may be repeated,
rows without an id, bare arrays, names in snake_case, and keys without a prefix.
"""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import logging
import traceback
import types
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import attrs
import pytest

from client.kit import play, reply
from willcall.client.clients import AsyncClient, Clients, FlowClient, SyncClient
from willcall.client.codec import Codec, parse_list, parse_object
from willcall.client.endpoint import (
    Async,
    Collection,
    F,
    InFlow,
    Sync,
    endpoint,
    listing,
    procedure,
)
from willcall.client.engine import Answer, perform
from willcall.client.flow import Flow, World, simulate
from willcall.client.op import Op, Page, path_of
from willcall.client.options import Options
from willcall.client.paging import Walk
from willcall.client.provider import Account, Problem, Provider, open_account
from willcall.client.quota import Quota
from willcall.client.redact import keep_secret, scrub
from willcall.errors import (
    ApiError,
    ConflictError,
    ConnectError,
    InputError,
    OutcomeUnknownError,
    RateLimitError,
    Reply,
    ServerError,
    UndecodableReplyError,
)

KEY = "q8ZtR/2vLm=n0prefix\\at-all"
ORGANIZER = {"organizer": "acme"}
_codec = Codec(spelling=str)


@attrs.frozen(kw_only=True)
class Seat:
    """A row without an id."""

    row_name: str
    facts: Mapping[str, str] = attrs.field(factory=dict)


def _explain(got: Reply) -> Problem:
    body = parse_object(got)
    return Problem(body["detail"], repeatable=body.get("again"))


PROVIDER = Provider(
    name="shop",
    base_url="https://shop.example/api/v1",
    key_prefix="",
    key_env="SHOP_API_KEY",
    auth=lambda key: {"Authorization": f"Token {key}"},
    explain=_explain,
    quota=Quota(100, 1.0),
    path_params=("organizer",),
)


def _seats(op: Op[Any]) -> Op[Page[Seat]]:
    def decode(got: Reply) -> Page[Seat]:
        rows = _codec.structure(parse_list(got), tuple[Seat, ...], "seats")
        number = int(got.headers.get("x-next", "0"))
        following = _seats(attrs.evolve(op, params={"page": number})) if number else None
        return Page(rows, following, got)

    return attrs.evolve(op, decode=decode)


class Seats(Collection[F]):
    """Where people sit."""

    @listing
    def list(self, event: str) -> Op[Page[Seat]]:
        """All seats of an event."""
        return _seats(self._op("GET", ROUTE, parse_list, {"event": event}))

    @endpoint
    def stamp(self, event: str, *, etag: str | None = None) -> Op[str | None]:
        """The newest version of the list; None: it is still the one with this etag."""
        return self._op(
            "GET",
            ROUTE,
            lambda got: None if got.status == 304 else got.headers["etag"],
            {"event": event},
            headers={} if etag is None else {"If-None-Match": etag},
            answers={304},
        )

    @endpoint
    def book(self, event: int, *, seat: str) -> Op[Any]:
        """Take a seat."""
        return self._op("POST", ROUTE, parse_object, {"event": event}, json={"seat": seat})

    @procedure
    def book_all(self: Seats[InFlow], event: int, *, first: str) -> Flow[tuple[str, ...]]:
        """Book every seat whose row comes after another."""
        rows = yield from self.list(str(event)).all()
        for row in rows:
            if row.row_name > first:
                yield from self.book(event, seat=row.row_name)
        return tuple(row.row_name for row in rows)

    @procedure
    def book_twice(self: Seats[InFlow], event: int) -> Flow[tuple[str, ...]]:
        """A procedure in a procedure."""
        yield from self.book_all(event, first="A")
        return (yield from self.book_all(event, first="A"))


ROUTE = "/organizers/{organizer}/events/{event}/seats/"


class Shop(SyncClient):
    provider = PROVIDER
    seats = cached_property[Seats[Sync]](lambda self: Seats(self._session))


class AsyncShop(AsyncClient):
    provider = PROVIDER
    seats = cached_property[Seats[Async]](lambda self: Seats(self._session))


class FlowShop(FlowClient):
    provider = PROVIDER
    seats = cached_property[Seats[InFlow]](lambda self: Seats(self._session))


CLIENTS = Clients(Shop, AsyncShop, FlowShop)


def shop(options: Options | None = None) -> FlowShop:
    return FlowShop(open_account(PROVIDER, KEY, paced=False, path_params=ORGANIZER), options)


def rows(*names: str, following: int = 0) -> Reply:
    return reply(200, [{"row_name": name, "facts": {}} for name in names], x_next=str(following))


# Ids that are given once.


def test_an_id_that_is_given_to_the_client_is_in_every_path() -> None:
    op = shop().seats.book.op(7, seat="A")

    assert op.path == "/organizers/acme/events/7/seats/"
    assert op.route == ROUTE
    assert op.about == {"event": "7"}
    with Shop(KEY, path_params={"organizer": "a/b"}) as client:
        assert client.seats.list.op("x").path == "/organizers/a%2Fb/events/x/seats/"
        assert client.with_options(tries=1).seats.list.op("x").path.startswith("/organizers/a%2Fb/")
    asked = AsyncShop(KEY, path_params=ORGANIZER)
    assert asked.seats.list.op("x").path == "/organizers/acme/events/x/seats/"


def test_an_id_is_read_from_the_environment_and_an_argument_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_ORGANIZER", "from-the-environment")

    with Shop(KEY) as client:
        assert client.seats.list.op("x").path.split("/")[2] == "from-the-environment"
    with Shop(KEY, path_params=ORGANIZER) as client:
        assert client.seats.list.op("x").path.split("/")[2] == "acme"


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({}, "organizer: none was given (pass path_params={'organizer': …} or set SHOP_ORGANIZER)"),
        (
            {"organiser": "acme"},
            "path_params: shop has no 'organiser' (it has these: organizer)",
        ),
        (
            {"organizer": ".."},
            "organizer: '..' is not an id (give the id as the provider shows it)",
        ),
        ({"organizer": 5}, "organizer: 5 is not an id (give the id as the provider shows it)"),
    ],
)
def test_an_id_that_is_missing_or_wrong_is_refused_before_anything_is_sent(
    params: Any, problem: str
) -> None:
    with pytest.raises(InputError) as caught:
        Shop(KEY, path_params=params)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("values", "path"),
    [({"a": "x", "b": 7}, "/x/y/7"), ({"a": "../z", "b": "ü?"}, "/..%2Fz/y/%C3%BC%3F")],
)
def test_a_path_is_filled_in_and_quoted(values: Any, path: str) -> None:
    assert path_of("/{a}/y/{b}", values) == path


@pytest.mark.parametrize("values", [{"a": "x"}, {"a": "x", "b": None}, {"a": "x", "b": True}])
def test_a_path_with_a_gap_is_refused(values: Any) -> None:
    with pytest.raises(InputError, match=r"b: .* is not an id"):
        path_of("/{a}/y/{b}", values)


# Calls made of several.


class Server:
    """Answers by method, and keeps what it was asked."""

    def __init__(self, **answers: Reply) -> None:
        self.answers, self.asked = answers, list[Any]()

    def __call__(self, request: Any) -> Reply:
        self.asked.append((request.method, request.content))
        return self.answers[request.method]


SEQUENCE = [("GET", None), ("POST", b'{"seat":"B"}'), ("POST", b'{"seat":"C"}')]


def test_a_procedure_blocks_is_awaited_and_is_part_of_a_flow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def server() -> Server:
        return Server(GET=rows("A", "B", "C"), POST=reply(200, {}))

    here = server()
    monkeypatch.setattr("willcall.client.http.Connections.__call__", lambda _, r: here(r))
    with Shop(KEY, path_params=ORGANIZER, pace=None) as client:
        assert client.seats.book_all(7, first="A") == ("A", "B", "C")
    assert here.asked == SEQUENCE

    here = server()

    async def answered(_: Any, request: Any) -> Reply:
        return here(request)

    monkeypatch.setattr("willcall.client.http.AsyncConnections.__call__", answered)

    async def main() -> Any:
        async with AsyncShop(KEY, path_params=ORGANIZER, pace=None) as asked:
            return await asked.seats.book_all(7, first="A")

    assert asyncio.run(main()) == ("A", "B", "C")
    assert here.asked == SEQUENCE

    here = server()
    assert simulate(shop().seats.book_all(7, first="A"), World(here)) == ("A", "B", "C")
    assert here.asked == SEQUENCE


def test_a_procedure_shows_its_answer_and_its_own_words() -> None:
    call = shop().seats.book_all

    assert str(inspect.signature(call)) == "(event: 'int', *, first: 'str') -> 'tuple[str, ...]'"
    assert call.__doc__ == "Book every seat whose row comes after another."
    assert inspect.iscoroutinefunction(AsyncShop(KEY, path_params=ORGANIZER).seats.book_all)
    assert shop().seats.book_all is not call  # another client
    on_class: Any = Seats.book_all
    assert on_class(shop().seats, 7, first="A").__class__ is types.GeneratorType


def test_all_calls_of_a_procedure_share_one_deadline() -> None:
    slow = reply(503, {"detail": "busy"}, retry_after="4")
    flow = shop(Options(deadline=10)).seats.book_twice(7)

    with pytest.raises(ServerError) as caught:
        # 4 s and a little for the first list, 4 s and a little for the second: no third time.
        play(flow, slow, rows("A"), slow, slow)
    assert caught.value.status == 503

    value, world = play(shop(Options(deadline=10)).seats.book_twice(7), slow, rows("A"), rows("A"))
    assert value == ("A",)
    assert 4 <= world.elapsed < 5
    assert world.requests[0].timeout == 10
    assert world.requests[-1].timeout == pytest.approx(10 - world.elapsed)


def test_an_error_in_a_procedure_ends_it() -> None:
    answers = (rows("A", "B", "C"), reply(409, {"detail": "taken"}))

    with pytest.raises(ConflictError, match="taken"):
        play(shop().seats.book_all(7, first="A"), *answers)


# Headers of one call, and answers that are no 2xx.


def test_a_conditional_read_can_be_answered_with_not_modified() -> None:
    seats = shop().seats
    fresh, world = play(seats.stamp("x"), reply(200, [], etag='"v1"'))
    assert fresh == '"v1"'
    assert "if-none-match" not in world.requests[0].headers

    same, world = play(seats.stamp("x", etag=fresh), Reply(304, {}, b""))
    assert same is None
    assert world.requests[0].headers["if-none-match"] == '"v1"'

    whole, _ = play(seats.stamp.raw("x", etag=fresh), Reply(304, {"date": "now"}, b""))
    assert (whole.value, whole.reply.status, whole.reply.headers["date"]) == (None, 304, "now")


def test_nobody_replaces_the_key_under_another_spelling_of_its_header() -> None:
    provider = attrs.evolve(PROVIDER, auth=lambda key: {"X-Token": key}, path_params=())
    op = Op("GET", "/x", parse_object, headers={"x-token": "call"})
    opts = Options(headers={"X-TOKEN": "client"})

    _, world = play(perform(op, open_account(provider, KEY, paced=False), opts), reply())

    assert world.requests[0].headers == {"accept": "application/json", "x-token": KEY}


def test_a_call_can_take_any_status_for_an_answer() -> None:
    op = Op("GET", "/x", lambda got: got.status, answers={404, 409})

    assert play(perform(op, _account(), Options()), reply(404))[0] == 404
    assert play(perform(op, _account(), Options()), reply(409))[0] == 409
    with pytest.raises(ApiError):
        play(perform(op, _account(), Options()), reply(403))


@pytest.mark.parametrize("status", [301, 304, 404])
def test_an_answer_that_a_call_does_not_expect_stays_an_error(status: int) -> None:
    op = shop().seats.list.op("x")
    with pytest.raises(ApiError) as caught:
        play(perform(op, _account(), Options()), Reply(status, {}, b""))
    assert caught.value.status == status


def test_headers_of_a_call_come_before_the_clients_and_never_before_the_key() -> None:
    op = attrs.evolve(shop().seats.list.op("x"), headers={"X-Trace": "call", "Accept": "text/csv"})
    opts = Options(headers={"x-trace": "client", "x-other": "1"})

    _, world = play(perform(op, _account(), opts), rows("A"))

    assert world.requests[0].headers == {
        "accept": "text/csv",
        "x-trace": "call",
        "x-other": "1",
        "authorization": f"Token {KEY}",
    }


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "x"}, {"Host": "x"}, {"a b": "c"}, {"a": "b\r\nc: d"}, {"a": 5}],
)
def test_a_header_that_cannot_be_sent_is_refused_where_the_call_is_made(headers: Any) -> None:
    with pytest.raises(InputError, match="headers: "):
        Op("GET", "/", parse_object, headers=headers)


# What the provider says about sending a request again.


@pytest.mark.parametrize(
    ("method", "status", "says", "tries"),
    [
        ("GET", 409, None, 1),
        ("GET", 409, True, 3),
        ("POST", 409, None, 1),
        ("POST", 409, True, 3),
        ("POST", 409, False, 1),
        ("GET", 503, None, 3),
        ("GET", 503, False, 1),
        ("POST", 503, None, 1),
        ("POST", 503, True, 3),
        ("POST", 429, None, 3),
        ("POST", 429, False, 1),
    ],
)
def test_a_provider_may_say_whether_a_request_may_be_sent_again(
    method: str, status: int, says: bool | None, tries: int
) -> None:
    refusal = reply(status, {"detail": "busy", **({} if says is None else {"again": says})})
    op = Op(method, "/x", parse_object)
    server = Server(GET=refusal, POST=refusal)

    with pytest.raises(ApiError) as caught:
        simulate(perform(op, _account(), Options()), World(server))

    assert len(server.asked) == tries
    unknown = method == "POST" and status == 503 and says is not True
    assert isinstance(caught.value, OutcomeUnknownError) == unknown
    if not unknown:
        assert caught.value.repeatable is says
    kinds = {409: ConflictError, 429: RateLimitError, 503: ServerError}
    assert unknown or type(caught.value) is kinds[status]


def test_a_page_of_a_proxy_says_nothing_about_sending_again() -> None:
    html = Reply(409, {"content-type": "text/html"}, b'{"detail": <p>')
    with pytest.raises(UndecodableReplyError) as caught:
        play(perform(Op("GET", "/x", parse_object), _account(), Options()), html)
    assert caught.value.repeatable is None


# Rows without an id, and bare arrays.


def test_rows_without_an_id_are_all_given_even_equal_ones() -> None:
    found, _ = play(shop().seats.list("x").all(), rows("A", "A", following=2), rows("A", "B"))

    assert [row.row_name for row in found] == ["A", "A", "A", "B"]
    assert found.whole is None


def test_rows_without_an_id_can_be_read_until_two_readings_agree() -> None:
    first, moved = rows("A", following=2), rows("B", following=2)
    pages = (first, rows("B"), moved, rows("C"), moved, rows("C"))

    found, _ = play(shop().seats.list("x").all(certain=True), *pages)

    assert [row.row_name for row in found] == ["A", "B", "C"]
    assert found.whole is True


def test_a_list_of_rows_without_an_id_that_goes_in_circles_ends() -> None:
    circle = [rows("A", following=number) for number in range(2, 40)]
    with pytest.raises(UndecodableReplyError, match="20 pages in a row held nothing new"):
        play(shop().seats.list("x").all(), *circle)


@pytest.mark.parametrize("item", [{"name": "A"}, ["A"], "A", 5, None, 2.5])
def test_rows_of_any_kind_are_read(item: Any) -> None:
    walk: Walk[Any] = Walk(Op("GET", "/x", lambda _: Page(())))
    page = Page((item, item))

    assert walk.take(page).items == (item, item)
    walk.turn(page)
    assert walk.whole is None or walk.whole is True


def test_a_page_can_say_what_identifies_its_rows() -> None:
    walk: Walk[Seat] = Walk(Op("GET", "/x", lambda _: Page(())))
    one, again = Seat(row_name="A"), Seat(row_name="A", facts={"sold": "yes"})

    assert walk.take(Page((one, again), key=lambda seat: seat.row_name)).items == (one,)


@pytest.mark.parametrize("body", [{}, "x", None, 5])
def test_a_body_that_is_no_array_is_named(body: Any) -> None:
    with pytest.raises(UndecodableReplyError, match="expected a JSON array, got"):
        parse_list(Reply(200, {}, json.dumps(body).encode()))


def test_names_can_be_spelled_as_the_wire_spells_them() -> None:
    with pytest.raises(UndecodableReplyError, match=r"'row_name' is missing @ seats\[0\]"):
        play(shop().seats.list("x").all(), reply(200, [{"rowName": "A"}]))


# `.op` and `.raw` of lists.


def test_a_list_shows_its_first_call_and_its_first_page() -> None:
    seats = shop().seats
    assert str(seats.list.op("x")) == "GET /organizers/acme/events/x/seats/"

    answer, world = play(seats.list.raw("x"), rows("A", following=2))

    assert isinstance(answer, Answer)
    assert [row.row_name for row in answer.value.items] == ["A"]
    assert answer.value.following.params == {"page": 2}
    assert answer.reply.headers["x-next"] == "2"
    assert len(world.requests) == 1


# Keys that nobody could recognize.


def spilled(error: BaseException) -> str:
    return "".join(
        [
            str(error),
            repr(error),
            repr(error.__dict__),
            repr(error.args),
            *traceback.format_exception(error),
        ]
    )


ECHOES: list[tuple[str, Callable[[], Reply | Exception]]] = [
    ("an error", lambda: reply(400, {"detail": f"no {KEY}"})),
    ("a header", lambda: reply(404, {"detail": "no"}, x_echo=KEY)),
    ("a model", lambda: reply(200, [{"row_name": 5, KEY: KEY}])),
    ("a page of a proxy", lambda: Reply(404, {"content-type": KEY}, KEY.encode())),
    ("no JSON", lambda: Reply(200, {"content-type": KEY}, b"<")),
    ("no connection", lambda: ConnectError("no", provider="shop", request=f"GET /{KEY}")),
    ("too often", lambda: reply(429, {"detail": f"stop {KEY}"})),
]


@pytest.mark.parametrize(("name", "echo"), ECHOES, ids=[name for name, _ in ECHOES])
def test_a_key_without_a_prefix_is_found_nowhere(
    name: str, echo: Callable[[], Reply | Exception], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = shop(Options())

    with pytest.raises(ApiError) as caught:
        play(client.seats.list(KEY).all(), *[echo()] * 3)

    text = spilled(caught.value) + repr(client) + repr(client.seats.list) + caplog.text
    for spelling in (KEY, json.dumps(KEY)[1:-1], path_of("{key}", {"key": KEY})):
        assert spelling not in text
    assert "***" in text


def test_secrets_are_masked_by_value_in_every_spelling() -> None:
    keep_secret("pass/word=1", "pass/word=123", "")

    assert scrub("a pass/word=123 b pass%2Fword%3D1 c") == "a *** b *** c"
    assert scrub("pass/word") == "pass/word"
    keep_secret('quo"te\\d')
    assert scrub(json.dumps({"key": 'quo"te\\d'})) == '{"key": "***"}'


def test_what_stands_for_a_key_in_its_header_is_masked_as_well() -> None:
    def basic(key: str) -> Mapping[str, str]:
        return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}

    provider = attrs.evolve(PROVIDER, auth=basic, path_params=())
    opened = open_account(provider, "another-key-of-somebody")
    sent = basic(opened.key)["authorization"].removeprefix("Basic ")

    assert scrub(f"you sent {sent}, that is {opened.key}") == "you sent ***, that is ***"


@pytest.mark.parametrize("key", ["", "a", "1234567"])
def test_a_key_that_is_too_short_to_be_told_from_other_words_is_refused(key: str) -> None:
    with pytest.raises(InputError, match="api_key"):
        open_account(PROVIDER, key, path_params=ORGANIZER)


def _account() -> Account:
    return open_account(PROVIDER, KEY, paced=False, path_params=ORGANIZER)

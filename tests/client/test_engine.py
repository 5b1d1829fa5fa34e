"""One call, simulated: repeated, bounded, mapped, and never done twice by mistake."""

from __future__ import annotations

import json
from typing import Any

import attrs
import pytest

from client.kit import (
    account,
    desk,
    get,
    late,
    lost,
    options,
    play,
    post,
    refused,
    reply,
    sent,
)
from willcall.client.engine import Op, Options, answer, error_from, perform
from willcall.client.flow import Sleep, World, simulate
from willcall.client.op import UNSET, given, in_range, segment, text, wire, words
from willcall.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    InputError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    Reply,
    RequestTimeoutError,
    ServerError,
    SlugTakenError,
    SoldTicketsError,
    UndecodableReplyError,
    ValidationError,
)


def test_a_value_comes_with_its_raw_reply() -> None:
    whole = reply(200, {"a": 1}, x_request_id="req_1")

    got, _ = play(answer(get(), account(), Options()), whole)

    assert got.value == {"a": 1}
    assert got.reply is whole
    assert got.reply.request_id == "req_1"


def test_a_read_is_repeated_until_it_works() -> None:
    got, world = play(
        perform(get(), account(), options(tries=5)),
        refused(),
        late(),
        reply(503),
        reply(429, retry_after="7"),
        reply(200, {"a": 1}),
    )

    assert got == {"a": 1}
    assert len(world.requests) == 5
    assert len(set(map(id, world.requests))) == 1
    assert 7.0 <= world.elapsed <= 7.25 + 0.5 + 1 + 2


@pytest.mark.parametrize("failure", [refused(), late(), lost()])
def test_a_read_that_never_works_raises_the_last_failure(failure: ApiError) -> None:
    with pytest.raises(type(failure)) as caught:
        play(perform(get(), account(), options(tries=2)), failure, failure)

    assert caught.value.request == "GET /events/gala"


def test_a_write_is_repeated_only_when_it_never_left() -> None:
    got, world = play(
        perform(post(), account(), options(tries=3)), refused(), reply(429), reply(201, {"a": 1})
    )

    assert got == {"a": 1}
    assert len(world.requests) == 3


@pytest.mark.parametrize(
    "outcome",
    [late(), lost(), reply(500), reply(503), reply(408), reply(200, "not an event", x="y")],
)
def test_a_write_without_a_clear_answer_is_unknown_and_says_how_to_look(outcome: Any) -> None:
    def decode(got: Reply) -> Any:
        raise UndecodableReplyError("not an event")

    op = Op("POST", "/events", decode, json={}, verify="look at the list", about={"event": "gala"})

    with pytest.raises(OutcomeUnknownError, match="look at the list") as caught:
        play(perform(op, account(), options(tries=3)), outcome)

    assert isinstance(caught.value.__cause__, ApiError)
    assert caught.value.about == {"event": "gala"}
    assert caught.value.provider == "ticketsmart"
    assert caught.value.request == "POST /events"


def test_an_unknown_outcome_carries_what_the_provider_said() -> None:
    """How long to wait before looking, and the details."""
    problem = {"error": "busy", "details": {"queue": 7}}
    with pytest.raises(OutcomeUnknownError) as caught:
        play(perform(post(), account(), options(tries=1)), reply(503, problem, retry_after="17"))
    assert caught.value.retry_after == 17.0
    assert caught.value.details == {"queue": 7}


def test_a_write_that_surely_never_left_is_not_unknown() -> None:
    with pytest.raises(ConnectError):
        play(perform(post(), account(), options(tries=2)), refused(), refused())


def test_a_repeatable_write_is_repeated_like_a_read() -> None:
    op: Op[Any] = Op("POST", "/customers", lambda got: got.json(), json={}, repeatable=True)

    got, world = play(perform(op, desk(), options(tries=3)), lost(), reply(500), reply(200, {}))

    assert got == {}
    assert len(world.requests) == 3
    with pytest.raises(ServerError):
        play(perform(op, desk(), options(tries=1)), reply(500))


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (200, UndecodableReplyError),
        (304, UndecodableReplyError),
        (400, ValidationError),
        (401, AuthenticationError),
        (402, PermissionDeniedError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (405, ValidationError),
        (407, ConnectError),
        (408, RequestTimeoutError),
        (409, ConflictError),
        (410, NotFoundError),
        (418, ValidationError),
        (422, ValidationError),
        (429, RateLimitError),
        (451, PermissionDeniedError),
        (500, ServerError),
        (501, ServerError),
        (599, ServerError),
    ],
)
def test_every_status_has_its_error(status: int, cls: type[ApiError]) -> None:
    told = reply(status, {"error": "sorry"})

    def decode(_: Reply) -> Any:
        raise UndecodableReplyError("not what was asked for")

    with pytest.raises(cls) as caught:
        play(perform(Op("GET", "/events", decode), account(), options(tries=1)), told)

    assert type(caught.value) is cls
    assert caught.value.status == status
    assert caught.value.reply is not None
    assert caught.value.reply.body == told.body


PAGE = Reply(404, {"content-type": "text/html; charset=utf-8"}, b"<h1>sorry</h1>")


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 418, 422])
def test_only_the_provider_can_say_that_a_thing_is_not_there_or_not_valid(status: int) -> None:
    """A page of somebody in between proves nothing, neither for a read nor for a write."""
    page = attrs.evolve(PAGE, status=status)

    with pytest.raises(UndecodableReplyError, match="base_url") as caught:
        play(perform(get(), account(), options(tries=1)), page)
    assert caught.value.status == status

    with pytest.raises(OutcomeUnknownError, match="not the provider's own"):
        play(perform(post(), account(), options(tries=1)), page)


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (407, ConnectError),
        (408, RequestTimeoutError),
        (429, RateLimitError),
        (502, ServerError),
    ],
)
def test_somebody_in_between_may_want_a_login_or_a_pause(status: int, cls: type[ApiError]) -> None:
    with pytest.raises(cls) as caught:
        play(perform(get(), account(), options(tries=1)), attrs.evolve(PAGE, status=status))
    assert type(caught.value) is cls


def test_a_redirect_is_named_as_such() -> None:
    with pytest.raises(UndecodableReplyError, match="redirect"):
        play(perform(get(), account(), options(1)), reply(302, location="https://evil.example"))


def _error(status: int, body: Any, at: Any = None, **headers: str) -> ApiError:
    with pytest.raises(ApiError) as caught:
        play(perform(get(), at or account(), options(tries=1)), reply(status, body, **headers))
    return caught.value


def test_ticketsmart_errors_are_read_whole() -> None:
    error = _error(
        403, {"error": "Forbidden", "missingScopes": ["events:write"], "details": [{"a": 1}]}
    )

    assert error.missing_scopes == ("events:write",)
    assert error.details == [{"a": 1}]
    assert error.message == "Forbidden"
    assert error.code is None
    assert "events:write" in str(error)
    assert "make a key with the missing scopes" in str(error)


def test_the_providers_own_hint_goes_before_ours() -> None:
    error = _error(401, {"error": "Unauthorized", "hint": "Send your API key"})

    assert error.hint == "Send your API key"


@pytest.mark.parametrize("status", [400, 409, 422])
def test_the_documented_words_decide_what_a_conflict_is(status: int) -> None:
    slug = _error(status, {"error": "Slug is already taken"})
    sold = _error(status, {"error": "Cannot remove a ticket type that has sold tickets."})

    assert type(slug) is SlugTakenError
    assert type(sold) is SoldTicketsError


def test_ticket0_errors_are_read_whole() -> None:
    error = _error(
        400, {"error": {"code": "VALIDATION_ERROR", "message": "no", "details": ["x"]}}, desk()
    )

    assert error.code == "VALIDATION_ERROR"
    assert error.message == "no"
    assert error.details == ["x"]
    assert error.provider == "ticket0"


@pytest.mark.parametrize(
    "body", [[], "x", 5, {}, {"error": None}, {"error": 5}, {"error": {"code": "X"}}, {"error": []}]
)
@pytest.mark.parametrize("at", [account(), desk()])
def test_an_error_body_of_any_shape_leaves_the_status_standing(body: Any, at: Any) -> None:
    error = _error(500, body, at)

    assert type(error) is ServerError
    assert "not the provider's own" in error.message


@pytest.mark.parametrize("after", ["60", None, True, [1]])
def test_a_retry_after_of_the_wrong_kind_does_no_harm(after: Any) -> None:
    error = _error(429, {"error": "Slow down", "hint": 5, "retryAfter": after, "missingScopes": 5})

    assert error.retry_after == (1.0 if after is True else None)
    assert error.missing_scopes == ()


def test_the_bodys_retry_after_counts_where_the_header_is_missing_or_garbage() -> None:
    body = {"error": "Rate limit exceeded.", "retryAfter": 9}

    assert _error(429, body).retry_after == 9.0
    assert _error(429, body, retry_after="soon").retry_after == 9.0
    assert _error(429, body, retry_after="3").retry_after == 3.0
    _, world = play(perform(get(), account(), options(2)), reply(429, body), reply(200))
    assert 9.0 <= world.elapsed <= 9.25


def test_a_date_is_measured_from_the_servers_own_clock() -> None:
    error = _error(
        429,
        {},
        date="Sat, 21 Nov 2020 12:00:00 GMT",
        retry_after="Sat, 21 Nov 2020 12:00:05 GMT",
    )

    assert error.retry_after == 5.0


def test_an_absurd_retry_after_is_raised_at_once() -> None:
    with pytest.raises(RateLimitError) as caught:
        play(perform(get(), account(), options(3)), reply(429, retry_after="86400"))

    assert caught.value.retry_after == 86400.0


def test_two_429s_in_a_row_double_the_wait() -> None:
    _, world = play(
        perform(get(), account(), options(4)),
        reply(429, retry_after="10"),
        reply(429, retry_after="10"),
        reply(200),
    )

    sleeps = [effect.seconds for effect in world.trace if isinstance(effect, Sleep)]
    assert [int(seconds) for seconds in sleeps] == [10, 20]


def test_the_deadline_bounds_the_whole_call() -> None:
    op, opts = get(), Options(timeout=10.0, deadline=5.0)
    with pytest.raises(RateLimitError):
        play(perform(op, account(), opts), reply(429, retry_after="6"))
    with pytest.raises(ServerError):
        play(perform(op, account(), Options(deadline=1e-9)), reply(500))


def test_each_try_has_the_timeout_or_what_is_left_of_the_deadline() -> None:
    def timeouts(**more: Any) -> list[float | None]:
        _, world = play(
            perform(get(), account(), Options(**more)), reply(429, retry_after="4"), reply(200)
        )
        return [request.timeout for request in world.requests]

    assert timeouts() == [10.0, 10.0]
    assert timeouts(timeout=None) == [None, None]
    first, second = timeouts(deadline=6.0)
    assert first == 6.0
    assert second is not None
    assert 1.7 < second <= 2.0
    assert timeouts(timeout=None, deadline=6.0)[0] == 6.0
    assert timeouts(timeout=1.0, deadline=6.0) == [1.0, 1.0]


def test_what_is_sent() -> None:
    op: Op[Any] = Op(
        "GET",
        "/events",
        lambda got: None,
        {"a": None, "b": UNSET, "c": True, "d": False, "e": "x y&z", "f": 3},
    )

    _, world = play(perform(op, account(), Options(headers={"X-Trace": "1"})), reply())

    (request,) = world.requests
    assert sent(world) == ["GET /events?c=true&d=false&e=x+y%26z&f=3"]
    assert request.headers["x-trace"] == "1"
    assert request.headers["accept"] == "application/json"
    assert "content-type" not in request.headers
    assert request.content is None


def test_a_body_is_json_with_null_kept_and_unset_left_out() -> None:
    op: Op[Any] = Op("PATCH", "/x", lambda got: None, json={"a": None, "b": UNSET, "c": ["é"]})

    _, world = play(perform(op, account(), Options()), reply())

    (request,) = world.requests
    assert json.loads(request.content or b"") == {"a": None, "c": ["é"]}
    assert request.headers["content-type"] == "application/json"


def test_what_cannot_be_json_is_refused_before_anything_is_sent() -> None:
    op: Op[Any] = Op("POST", "/x", lambda got: None, json={"a": object()})

    with pytest.raises(InputError, match="json"):
        play(perform(op, account(), Options()))


def test_an_error_can_be_made_of_a_reply_alone() -> None:
    world = World(())
    error = error_from(
        get("/events/ts_sk_live_abcdef"), account(), reply(404, {"error": "No"}), world.start
    )

    assert type(error) is NotFoundError
    assert "abcdef" not in str(error)


def test_a_step_of_a_path_cannot_leave_it() -> None:
    assert segment("id", "a/b?c#d%") == "a%2Fb%3Fc%23d%25"
    for wrong in ("", ".", "..", None, 5):
        with pytest.raises(InputError, match="id"):
            segment("id", wrong)


def test_small_checks() -> None:
    assert wire("x", UNSET) is UNSET
    assert given({"a": (1, {"b": UNSET, "c": None})}) == {"a": [1, {"c": None}]}
    assert repr(UNSET) == "UNSET"
    assert not UNSET
    assert words("tags", ("a", "b")) == ["a", "b"]
    for act in (
        lambda: words("tags", "ab"),
        lambda: text("title", " "),
        lambda: text("title", 5),
        lambda: in_range("limit", 0, 100),
        lambda: in_range("limit", 101, 100),
        lambda: in_range("limit", True, 100),
        lambda: in_range("limit", "5", 100),
    ):
        with pytest.raises(InputError):
            act()


def test_a_failure_that_is_not_ours_passes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        play(perform(get(), account(), Options()), ZeroDivisionError())


def test_calls_say_what_they_are() -> None:
    assert str(get()) == "GET /events/gala"
    assert get().safe
    assert get().reads
    assert not post().safe


def test_simulated_transport_failures_keep_their_class() -> None:
    for failure in (refused(), late(), lost()):
        with pytest.raises(type(failure)):
            simulate(perform(get(), account(), options(1)), World([failure]))
    assert lost().arrived
    assert not refused().arrived
    assert isinstance(lost(), ConnectionLostError)

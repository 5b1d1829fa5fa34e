"""Errors: each says what happened, carries what is known, and travels between processes."""

from __future__ import annotations

import copy
import pickle

import pytest

from willcall import errors
from willcall.errors import (
    ApiError,
    InputError,
    LedgerError,
    OutcomeUnknownError,
    Reply,
    TransportError,
    WillcallError,
)

REPLY = Reply(429, {"retry-after": "5", "x-request-id": "req_1"}, b'{"error": "x"}', "https://x/")
WHOLE = {
    "provider": "ticketsmart",
    "request": "GET /events",
    "status": 429,
    "code": "RATE_LIMITED",
    "details": [{"path": "a"}],
    "hint": "wait",
    "missing_scopes": ("events:read",),
    "retry_after": 5.0,
    "reply": REPLY,
    "about": {"event": "gala"},
    "repeatable": True,
}


def family(cls: type[WillcallError]) -> list[type[WillcallError]]:
    return [cls, *(below for child in cls.__subclasses__() for below in family(child))]


ALL = sorted(set(family(WillcallError)), key=lambda cls: cls.__name__)
API = [cls for cls in ALL if issubclass(cls, ApiError)]
INPUT = [cls for cls in ALL if issubclass(cls, InputError)]
PLAIN = [cls for cls in ALL if cls not in API and cls not in INPUT and cls is not LedgerError]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("cls", API)
def test_every_api_error_pickles_whole(cls: type[ApiError], protocol: int) -> None:
    error = cls("too many", **WHOLE)  # type: ignore[arg-type]

    for again in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error)):
        assert type(again) is cls
        assert str(again) == str(error)
        assert again.__dict__ == error.__dict__ == {"message": "too many", **WHOLE}
        assert again.reply is not None
        assert again.reply.json() == {"error": "x"}


@pytest.mark.parametrize("cls", INPUT)
def test_every_input_error_pickles_whole(cls: type[InputError]) -> None:
    again = pickle.loads(pickle.dumps(cls("limit", "too big", "give 100")))

    assert type(again) is cls
    assert (again.field, again.problem, again.fix) == ("limit", "too big", "give 100")
    assert str(again) == "limit: too big (give 100)"
    assert str(cls("limit", "too big")) == "limit: too big"
    assert isinstance(again, ValueError)


def test_a_ledger_error_pickles_whole() -> None:
    again = pickle.loads(pickle.dumps(LedgerError("locked", temporary=True)))

    assert (str(again), again.temporary) == ("locked", True)


@pytest.mark.parametrize("cls", PLAIN)
def test_every_other_error_pickles_whole(cls: type[WillcallError]) -> None:
    again = pickle.loads(pickle.dumps(cls("wrong")))

    assert (type(again), str(again)) == (cls, "wrong")


def test_an_error_says_all_that_helps() -> None:
    error = ApiError("too many", **WHOLE)  # type: ignore[arg-type]

    assert str(error) == (
        "ticketsmart: 429 RATE_LIMITED: too many [GET /events]; [{'path': 'a'}]; "
        "the key lacks events:read; wait (request id req_1)"
    )
    assert repr(error) == f"<ApiError {error}>"
    assert str(ApiError("odd")) == "provider: odd"
    assert error.request_id == "req_1"
    assert ApiError("odd").request_id is None
    assert len(str(ApiError("odd", details="x" * 9999))) < 400


def test_only_a_connection_that_was_never_made_has_surely_not_arrived() -> None:
    surely = [cls.__name__ for cls in API if issubclass(cls, TransportError) and not cls.arrived]

    assert surely == ["ConnectError"]
    assert not issubclass(OutcomeUnknownError, TransportError)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = errors.__doc__ or ""

    for cls in ALL:
        if cls.__module__ == errors.__name__:
            assert f" {cls.__name__} " in f" {drawn} ".replace("\n", " "), cls
            if cls is not WillcallError:
                assert cls.__doc__


def test_a_reply_hides_what_may_be_private() -> None:
    assert repr(REPLY) == "Reply(status=429, url='https://x/')"
    assert REPLY.request_id == "req_1"

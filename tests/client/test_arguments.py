"""Whatever is handed in: refused by name before anything is sent, and never a raw error."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from client.kit import DESK_KEY, KEY
from willcall import (
    ApiError,
    AsyncTicketSmart,
    InputError,
    NewTicketType,
    Ticket0,
    TicketSmart,
)
from willcall.client.endpoint import Collection, Sync
from willcall.client.http import library

HALF = "Gala \ud83c"
SOON = datetime(2027, 3, 1, 19, 30, tzinfo=UTC)
NOBODY = "http://127.0.0.1:9"
ODD: list[Any] = [
    None, HALF, 5, object(), ["a"], [None], [HALF], {"a": 1}, {"a": HALF}, b"x", "", float("nan"),
]  # fmt: skip


def _calls() -> Iterator[tuple[Collection[Sync], str]]:
    options: Any = {"base_url": NOBODY, "tries": 1, "pace": None, "settle": 0}
    for client in (TicketSmart(KEY, **options), Ticket0(DESK_KEY, **options)):
        for collection in client.collections.values():
            for name, defined in vars(type(collection)).items():
                if hasattr(defined, "build"):
                    yield collection, name


def _arguments(call: Any) -> dict[str, Any]:
    """The arguments that a call needs, each of the right kind."""
    known = {"starts_at": SOON, "price": 1, "quantity": 1}
    parameters = inspect.signature(call).parameters.values()
    return {p.name: known.get(p.name, "x") for p in parameters if p.default is p.empty}


def _made(answer: Any) -> Any:
    """What a call gives; a list is read only now."""
    return answer.all() if hasattr(answer, "all") else answer


@pytest.mark.parametrize(
    ("collection", "name"),
    [pytest.param(*it, id=f"{type(it[0]).__name__}.{it[1]}") for it in _calls()],
)
def test_no_argument_whatever_raises_anything_but_ours(
    collection: Collection[Sync], name: str
) -> None:
    call = getattr(collection, name)
    parameters = inspect.signature(call).parameters
    for parameter in parameters:
        for odd in ODD:
            for once in ({}, {"once": True}) if "once" in parameters else ({},):
                arguments = {**_arguments(call), **once, parameter: odd}
                with pytest.raises((InputError, ApiError)) as caught:
                    _made(call(**arguments))
                str(caught.value).encode()  # it can be printed


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("id_or_slug", lambda api: api.events.get(HALF)),
        ("search", lambda api: api.events.list(search=HALF).all()),
        ("starts_at", lambda api: api.events.create(title="a", starts_at="x", once=True)),
        ("ticket_types", lambda api: api.events.create.op(
            title="a", starts_at=SOON, ticket_types=None)),
        ("ticket_types[1].price", lambda api: api.events.create.op(
            title="a", starts_at=SOON,
            ticket_types=[NewTicketType("a", 1, 1), {"name": "b", "price": 2.5, "quantity": 1}])),
        ("ticket_types[0]", lambda api: api.events.create.op(
            title="a", starts_at=SOON, ticket_types=[{"name": "b", "prize": 2}])),
        ("add_ticket_type", lambda api: api.events.update.op("a", add_ticket_type=5)),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(field: str, call: Any) -> None:
    api = TicketSmart(KEY, base_url=NOBODY, tries=1, pace=None)
    with pytest.raises(InputError) as caught:
        call(api)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("tags", lambda desk: desk.tickets.update.op("t", tags=None)),
        ("tags[1]", lambda desk: desk.tickets.update.op("t", tags=["a", 5])),
        ("metadata", lambda desk: desk.customers.create.op(email="a@b.c", metadata=None)),
    ],
)
def test_what_is_wrong_at_the_desk_is_named(field: str, call: Any) -> None:
    with pytest.raises(InputError) as caught:
        call(Ticket0(DESK_KEY, base_url=NOBODY))
    assert caught.value.field == field


def test_a_dict_stands_for_a_new_ticket_type() -> None:
    events = TicketSmart(KEY, base_url=NOBODY).events
    plain = {"name": "Balcony", "price": 2500, "quantity": 80}
    made = events.create.op(title="a", starts_at=SOON, ticket_types=(plain,))
    assert made == events.create.op(
        title="a", starts_at=SOON, ticket_types=[NewTicketType("Balcony", 2500, 80)]
    )
    assert made.json is not None
    assert made.json["ticketTypes"] == [plain]
    added = events.update.op("a", add_ticket_type=plain)
    assert added.json is not None
    assert added.json["addTicketType"] == plain


URLS = ["https://a..b", "https://.a", f"https://{'a' * 64}.com", "https://\ud83d", "https://[::1",
        "https://a:99999"]  # fmt: skip


@pytest.mark.parametrize("cls", [TicketSmart, AsyncTicketSmart])
@pytest.mark.parametrize(
    "field",
    ["api_key", "base_url", "timeout", "deadline", "tries", "headers", "settle", "hooks", "share",
     "pace", "http_client", "path_params"],
)  # fmt: skip
def test_no_option_whatever_raises_anything_but_ours(cls: Any, field: str) -> None:
    for odd in [*ODD, *(URLS if field == "base_url" else ())]:
        try:
            client = cls(**{"api_key": KEY, "base_url": NOBODY, "tries": 1, field: odd})
        except InputError as error:
            str(error).encode()
            continue
        if cls is TicketSmart and field not in {"base_url", "api_key"}:
            with pytest.raises(ApiError):
                client.with_options(timeout=1, deadline=1).events.get("x")


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_names_no_host_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="base_url"):
        TicketSmart(KEY, base_url=url)


def test_a_dot_at_the_end_of_a_host_is_allowed() -> None:
    assert TicketSmart(KEY, base_url="https://box.example.com.") is not None


def test_the_client_of_the_other_flavour_or_a_closed_one_is_refused() -> None:
    blocking, awaited = library().Client(), library().AsyncClient()
    with pytest.raises(InputError, match=r"expected an httpx\.Client, got AsyncClient"):
        TicketSmart(KEY, http_client=awaited)
    with pytest.raises(InputError, match=r"expected an httpx\.AsyncClient, got Client"):
        AsyncTicketSmart(KEY, http_client=blocking)
    early = TicketSmart(KEY, http_client=blocking, tries=1)
    early_too = AsyncTicketSmart(KEY, http_client=awaited, tries=1)
    blocking.close()
    asyncio.run(awaited.aclose())
    with pytest.raises(InputError, match="it is closed"):
        TicketSmart(KEY, http_client=blocking)
    with pytest.raises(InputError, match="it is closed"):
        AsyncTicketSmart(KEY, http_client=awaited)
    with pytest.raises(InputError, match="it is closed"):
        early.events.get("x")
    with pytest.raises(InputError, match="it is closed"):
        asyncio.run(early_too.events.get("x"))


def test_an_event_loop_that_is_not_asyncios_is_refused() -> None:
    """As trio's: it drives the coroutine by itself."""
    call = AsyncTicketSmart(KEY, base_url=NOBODY, tries=1).events.get("x")
    with pytest.raises(InputError, match="no asyncio event loop is running"):
        call.send(None)

"""What a type checker sees: exact types of every call, blocking, awaited and inside a flow.

Nothing here is run. mypy and pyright read it: ``tests/client/test_typing.py``, and mypy in
``make test`` as well.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Protocol, assert_type

from willcall import (
    UNSET,
    Access,
    Answer,
    AsyncTicket0,
    AsyncTicketSmart,
    Hooks,
    Money,
    NewTicketType,
    Reply,
    Ticket0,
    TicketSmart,
    Try,
    connect,
    connect_async,
)
from willcall.client.clients import AsyncClient, SyncClient
from willcall.client.endpoint import Async, Collection, F, InFlow, Sync, procedure
from willcall.client.flow import Flow
from willcall.client.op import Op
from willcall.client.paging import AsyncPages, FlowPages, Page, Pages, Rows
from willcall.ticket0.api import FlowTicket0
from willcall.ticket0.models import Customer, Message, Ticket, TicketStatus
from willcall.ticket0.webhooks import TicketEvent, WebhookEvent, parse
from willcall.ticketsmart.api import FlowTicketSmart
from willcall.ticketsmart.models import Availability, Event, EventStatus, TicketType

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def blocking(smart: TicketSmart, desk: Ticket0) -> None:
    assert_type(smart.events.list(status=EventStatus.PUBLISHED, date_from=NOW), Pages[Event])
    assert_type(smart.events.list().first(), Event | None)
    assert_type(smart.events.list().take(3), list[Event])
    assert_type(smart.events.list().all(), Rows[Event])
    for page in smart.events.list().pages():
        assert_type(page, Page[Event])
        assert_type(page.reply, Reply | None)
    for event in smart.events.list():
        assert_type(event, Event)
    assert_type(smart.events.create(title="a", starts_at=NOW, once=True), Event)
    assert_type(smart.events.get("a"), Event)
    assert_type(smart.events.update("a", ends_at=None, title=UNSET), Event)
    assert_type(smart.events.add_ticket_type("a", name="b", price=Money(1), quantity=1), Event)
    assert_type(smart.events.remove_ticket_type("a", "b"), Event)
    assert_type(smart.events.ticket_types("a"), tuple[TicketType, ...])
    assert_type(smart.events.ticket_types("a")[0].price, Money | None)
    assert_type(smart.events.availability("a"), Availability)
    assert_type(smart.events.get.raw("a"), Answer[Event])
    assert_type(smart.events.get.raw("a").value, Event)
    assert_type(smart.events.get.raw("a").reply, Reply)
    assert_type(smart.events.get.op("a"), Op[Any])
    assert_type(smart.events.list.op(limit=5), Op[Page[Event]])
    assert_type(smart.events.list.raw(), Answer[Page[Event]])
    assert_type(smart.with_options(timeout=None, tries=1), TicketSmart)
    assert_type(smart.check(), Access)
    with smart as same:
        assert_type(same, TicketSmart)

    assert_type(desk.tickets.list(tag="a"), Pages[Ticket])
    assert_type(
        desk.tickets.create(subject="a", customer_email="b", inbox_id="c", body="d", once="e"),
        Ticket,
    )
    assert_type(desk.tickets.get("a"), Ticket)
    assert_type(desk.tickets.get("a").status, TicketStatus | str)
    assert_type(desk.tickets.update("a", assignee_id=None), Ticket)
    assert_type(desk.messages.list("a"), Pages[Message])
    assert_type(desk.messages.send("a", from_address="b", body_text="c"), Message)
    assert_type(desk.messages.note("a", body="b"), Message)
    assert_type(desk.customers.list(email="a"), Pages[Customer])
    assert_type(desk.customers.create(email="a"), Customer)
    assert_type(desk.customers.upsert(external_id="a", email="b"), Customer)
    assert_type(desk.customers.get("a"), Customer)
    assert_type(desk.customers.update("a", metadata={"b": None}), Customer)


async def awaited(smart: AsyncTicketSmart, desk: AsyncTicket0) -> None:
    assert_type(smart.events.list(), AsyncPages[Event])
    assert_type(await smart.events.list().first(), Event | None)
    assert_type(await smart.events.list().take(3), list[Event])
    assert_type(await smart.events.list().all(), Rows[Event])
    async for page in smart.events.list().pages():
        assert_type(page, Page[Event])
    async for event in smart.events.list():
        assert_type(event, Event)
    coming = assert_type(smart.events.get("a"), Coroutine[Any, Any, Event])
    assert_type(await coming, Event)
    assert_type(await smart.events.create(title="a", starts_at=NOW), Event)
    assert_type(await smart.events.update("a", slug="b"), Event)
    assert_type(await smart.events.add_ticket_type("a", name="b", price=1, quantity=1), Event)
    assert_type(await smart.events.remove_ticket_type("a", "b"), Event)
    assert_type(await smart.events.ticket_types("a"), tuple[TicketType, ...])
    assert_type(await smart.events.availability("a"), Availability)
    assert_type(await smart.events.get.raw("a"), Answer[Event])
    assert_type(smart.events.get.op("a"), Op[Any])
    assert_type(smart.events.list.op(limit=5), Op[Page[Event]])
    assert_type(await smart.events.list.raw(), Answer[Page[Event]])
    assert_type(smart.with_options(headers={}), AsyncTicketSmart)
    assert_type(await smart.check(), Access)
    async with desk as same:
        assert_type(same, AsyncTicket0)

    assert_type(desk.tickets.list(), AsyncPages[Ticket])
    assert_type(
        await desk.tickets.create(subject="a", customer_email="b", inbox_id="c", body="d"), Ticket
    )
    assert_type(await desk.tickets.get("a"), Ticket)
    assert_type(await desk.tickets.update("a", tags=["b"]), Ticket)
    assert_type(desk.messages.list("a"), AsyncPages[Message])
    assert_type(await desk.messages.send("a", from_address="b", body_text="c"), Message)
    assert_type(await desk.messages.note("a", body="b"), Message)
    assert_type(desk.customers.list(), AsyncPages[Customer])
    assert_type(await desk.customers.create(email="a"), Customer)
    assert_type(await desk.customers.upsert(external_id="a", email="b"), Customer)
    assert_type(await desk.customers.get("a"), Customer)
    assert_type(await desk.customers.update("a", name=None), Customer)


def in_flow(smart: FlowTicketSmart, desk: FlowTicket0) -> Flow[None]:
    assert_type(smart.events.list(), FlowPages[Event])
    assert_type((yield from smart.events.list().all()), Rows[Event])
    assert_type(smart.events.get("a"), Flow[Event])
    assert_type((yield from smart.events.get("a")), Event)
    assert_type((yield from smart.events.ticket_types("a")), tuple[TicketType, ...])
    assert_type((yield from smart.events.availability("a")), Availability)
    assert_type((yield from smart.events.remove_ticket_type("a", "b")), Event)
    assert_type((yield from smart.events.get.raw("a")), Answer[Event])
    assert_type(smart.events.get.op("a"), Op[Any])
    assert_type((yield from smart.check()), Access)
    assert_type((yield from desk.tickets.get("a")), Ticket)
    assert_type((yield from desk.messages.list("a").all()), Rows[Message])
    assert_type((yield from desk.customers.get("a")), Customer)
    assert_type(smart.with_options(tries=1), FlowTicketSmart)


def by_name(name: str) -> None:
    assert_type(connect("ticketsmart"), TicketSmart)
    assert_type(connect("ticket0", "t0_x", timeout=None, share=0.5), Ticket0)
    assert_type(connect(name), SyncClient)
    assert_type(connect_async("ticketsmart"), AsyncTicketSmart)
    assert_type(connect_async("ticket0"), AsyncTicket0)
    assert_type(connect_async(name), AsyncClient)


def values() -> None:
    assert_type(Money(1) + Money(2), Money)
    assert_type(2 * Money(1), Money)
    assert_type(NewTicketType("a", 1, 2).cents, int)
    event = parse(b"")
    assert_type(event, WebhookEvent)
    if isinstance(event, TicketEvent):
        assert_type(event.ticket, Ticket | None)


class Doors(Collection[F]):
    """A collection with a call that is made of several."""

    @procedure
    def count(self: Doors[InFlow], event: str) -> Flow[int]:
        """How often it was asked."""
        yield from ()
        return len(event)


def procedures(sync: Doors[Sync], awaited: Doors[Async], in_flow: Doors[InFlow]) -> None:
    assert_type(sync.count("a"), int)
    coming = assert_type(awaited.count("a"), Coroutine[Any, Any, int])
    coming.close()
    assert_type(in_flow.count(event="a"), Flow[int])


class ReadsEvents(Protocol):
    """What a program may ask of a client, or of a stand-in of its own."""

    def get(self, id_or_slug: str) -> Event: ...

    def list(self, *, limit: int = 100) -> Pages[Event]: ...


class AwaitsEvents(Protocol):
    async def get(self, id_or_slug: str) -> Event: ...


class BoxOffice(Protocol):
    @property
    def events(self) -> ReadsEvents: ...


class StandIn:
    def get(self, id_or_slug: str) -> Event:
        raise NotImplementedError

    def list(self, *, limit: int = 100) -> Pages[Event]:
        raise NotImplementedError


async def protocols(smart: TicketSmart, awaited: AsyncTicketSmart) -> None:
    readers: list[ReadsEvents] = [smart.events, StandIn()]
    office: BoxOffice = smart
    assert_type(office.events.get("a"), Event)
    for waiting in list[AwaitsEvents]([awaited.events]):
        assert_type(await waiting.get("a"), Event)
    assert_type(readers[0].get("a"), Event)
    assert_type(readers[0].list(limit=5).first(), Event | None)


def hooks_may_be_awaited(told: list[Try]) -> None:
    async def awaited(it: Try) -> None:
        told.append(it)

    Hooks(request=told.append, reply=awaited, retry=lambda _: None, wait=awaited)

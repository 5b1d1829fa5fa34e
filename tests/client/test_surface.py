"""Every operation of both providers, blocking, awaited and inside a flow, over real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from client.kit import account, desk, names, play, reply, ticket0, ticketsmart
from willcall import AsyncTicket0, AsyncTicketSmart, Money, NewTicketType
from willcall.client.endpoint import Collection
from willcall.client.flow import adrive, drive
from willcall.client.http import AsyncConnections, Connections
from willcall.client.provider import open_account
from willcall.errors import (
    InputError,
    NotFoundError,
    OutcomeUnknownError,
    SlugTakenError,
    SoldTicketsError,
    ValidationError,
)
from willcall.sandbox.server import Served
from willcall.ticket0.api import FlowTicket0
from willcall.ticket0.models import Channel, TicketStatus
from willcall.ticketsmart.api import FlowTicketSmart
from willcall.ticketsmart.models import Category, EventStatus, Visibility

START = datetime(2027, 3, 1, 19, 30, tzinfo=UTC)
Asked = Callable[[str, str, str], Any]


@pytest.fixture(params=["blocking", "awaited", "in flow", "in awaited flow"])
def do(request: pytest.FixtureRequest, served: Served) -> Any:
    """Carries out ``(provider, "events.get", …)`` in one of the flavours."""
    box = served.sandbox
    keys = {"ticketsmart": box.ticketsmart_key, "ticket0": box.ticket0_key}
    urls = {"ticketsmart": served.ticketsmart_url, "ticket0": served.ticket0_url}

    def method(client: Any, path: str) -> Any:
        collection, _, name = path.partition(".")
        found: Collection[Any] = getattr(client, collection)
        return getattr(found, name)

    def blocking(provider: str, path: str, *args: Any, **kwargs: Any) -> Any:
        make = ticketsmart if provider == "ticketsmart" else ticket0
        with make(served) as client:
            got = method(client, path)(*args, **kwargs)
            return got.all() if path.endswith(".list") else got

    def awaited(provider: str, path: str, *args: Any, **kwargs: Any) -> Any:
        cls: Any = AsyncTicketSmart if provider == "ticketsmart" else AsyncTicket0

        async def main() -> Any:
            options = {"base_url": urls[provider], "pace": None, "settle": 0.01}
            async with cls(keys[provider], **options) as client:
                got = method(client, path)(*args, **kwargs)
                return await (got.all() if path.endswith(".list") else got)

        return asyncio.run(main())

    def in_flow(provider: str, path: str, args: Any, kwargs: Any) -> Any:
        cls: Any = FlowTicketSmart if provider == "ticketsmart" else FlowTicket0
        opened = open_account(cls.provider, keys[provider], urls[provider], paced=False)
        got = method(cls(opened).with_options(settle=0.01), path)(*args, **kwargs)
        return got.all() if path.endswith(".list") else got

    def blocking_flow(provider: str, path: str, *args: Any, **kwargs: Any) -> Any:
        connections = Connections()
        try:
            return drive(in_flow(provider, path, args, kwargs), connections)
        finally:
            connections.close()

    def awaited_flow(provider: str, path: str, *args: Any, **kwargs: Any) -> Any:
        async def main() -> Any:
            connections = AsyncConnections()
            try:
                return await adrive(in_flow(provider, path, args, kwargs), connections)
            finally:
                await connections.close()

        return asyncio.run(main())

    return {
        "blocking": blocking,
        "awaited": awaited,
        "in flow": blocking_flow,
        "in awaited flow": awaited_flow,
    }[request.param]


def test_the_life_of_an_event(do: Any, served: Served) -> None:
    truth = served.sandbox.boxoffice
    made = do(
        "ticketsmart",
        "events.create",
        title="Gala",
        starts_at=START,
        ends_at=START + timedelta(hours=3),
        doors_open=START - timedelta(hours=1),
        timezone="Europe/Berlin",
        venue_name="Main Room",
        city="Berlin",
        country="DE",
        currency="EUR",
        visibility=Visibility.UNLISTED,
        category="MUSIC",
        ticket_types=[
            NewTicketType("Balcony", Money(2500, "EUR"), 80),
            NewTicketType("Floor", 0, 5),
        ],
    )
    assert (made.title, made.starts_at, made.currency) == ("Gala", START, "EUR")
    assert made.ends_at == START + timedelta(hours=3)
    assert made.doors_open == START - timedelta(hours=1)
    assert (made.visibility, made.category) == (Visibility.UNLISTED, Category.MUSIC)
    assert (made.venue_name, made.city, made.country) == ("Main Room", "Berlin", "DE")
    assert made.timezone == "Europe/Berlin"
    assert made.public_url.endswith("/gala")
    assert [str(kind.price) for kind in made.ticket_types] == ["€25.00", "€0.00"]

    changed = do(
        "ticketsmart",
        "events.update",
        "gala",
        title="Late Show",
        slug="late-show",
        starts_at=START + timedelta(days=1),
        ends_at=None,
        doors_open=None,
        venue_name=None,
        city=None,
        country="AT",
        timezone="Europe/Vienna",
        currency="CHF",
        visibility="PUBLIC",
        category=Category.COMEDY,
        add_ticket_type=NewTicketType("Bar", 500, 9),
    )
    assert [kind.name for kind in changed.ticket_types] == ["Balcony", "Floor", "Bar"]
    do("ticketsmart", "events.remove_ticket_type", "late-show", changed.ticket_types[-1].id)
    assert (changed.id, changed.title, changed.slug) == (made.id, "Late Show", "late-show")
    assert (changed.ends_at, changed.doors_open, changed.venue_name) == (None, None, None)
    assert (changed.city, changed.country, changed.currency) == (None, "AT", "CHF")
    assert changed.starts_at == START + timedelta(days=1)

    added = do(
        "ticketsmart", "events.add_ticket_type", "late-show", name="VIP", price=4500, quantity=20
    )
    vip = added.ticket_types[-1]
    assert (vip.name, vip.price, vip.quantity) == ("VIP", Money(4500, "CHF"), 20)
    assert truth.event("late-show").ticket_type("VIP").price == 4500

    kinds = do("ticketsmart", "events.ticket_types", "late-show")
    assert [kind.name for kind in kinds] == ["Balcony", "Floor", "VIP"]
    assert kinds[0].available == 80
    assert kinds[0].max_per_order == 10

    truth.publish("late-show")
    truth.sell("late-show", "Floor", 5)
    left = do("ticketsmart", "events.availability", "late-show")
    assert left.event_id == made.id
    assert left.status is EventStatus.PUBLISHED
    assert [kind.available for kind in left.ticket_types] == [80, 0, 20]
    assert [kind.sold_out for kind in left.ticket_types] == [False, True, False]

    fewer = do("ticketsmart", "events.remove_ticket_type", "late-show", vip.id)
    assert [kind.name for kind in fewer.ticket_types] == ["Balcony", "Floor"]
    with pytest.raises(SoldTicketsError) as caught:
        do("ticketsmart", "events.remove_ticket_type", "late-show", kinds[1].id)
    assert caught.value.about == {"event": "late-show", "ticket_type": kinds[1].id}
    with pytest.raises(SlugTakenError):
        do("ticketsmart", "events.update", "late-show", slug=truth.events[0].slug)
    for path in ("get", "ticket_types", "availability"):
        with pytest.raises(NotFoundError):
            do("ticketsmart", f"events.{path}", "no-such-event")
    assert do("ticketsmart", "events.get", made.id).slug == "late-show"


def test_the_filters_of_events(do: Any, served: Served) -> None:
    everything = do("ticketsmart", "events.list")
    assert len(everything) == len(served.sandbox.boxoffice.events)
    assert everything.whole is True
    assert names(do("ticketsmart", "events.list", limit=3)) == names(everything)
    assert len(do("ticketsmart", "events.list", page=2, limit=6)) == 4
    published = do("ticketsmart", "events.list", status=EventStatus.PUBLISHED)
    assert {event.status for event in published} == {"PUBLISHED"}
    found = do("ticketsmart", "events.list", search="cherry")
    assert [event.title for event in found] == ["The Cherry Orchard"]
    middle = everything[4].starts_at
    assert all(e.starts_at >= middle for e in do("ticketsmart", "events.list", date_from=middle))
    assert all(e.starts_at <= middle for e in do("ticketsmart", "events.list", date_to=middle))
    live = do("ticketsmart", "events.list", live_only=True)
    assert 0 < len(live) < len(everything)
    assert len(do("ticketsmart", "events.list", live_only=False)) == len(everything)


TICKET: dict[str, Any] = {
    "subject": "Sold out",
    "customer_email": "ann@example.com",
    "inbox_id": "inb_01abc",
    "body": "None left.",
}


def test_the_life_of_a_ticket(do: Any, served: Served) -> None:
    made = do("ticket0", "tickets.create", **TICKET)
    assert (made.subject, made.status, made.inbox_id) == (
        "Sold out",
        TicketStatus.OPEN,
        "inb_01abc",
    )
    changed = do(
        "ticket0",
        "tickets.update",
        made.id,
        status=TicketStatus.PENDING,
        assignee_id="usr_01ada",
        tags=("vip", "gala"),
    )
    assert (changed.status, changed.assignee_id, changed.tags) == (
        "pending",
        "usr_01ada",
        ("vip", "gala"),
    )
    do("ticket0", "tickets.create", **TICKET | {"inbox_id": "inb_02def"})
    for filters in (
        {"status": "pending"},
        {"assignee_id": "usr_01ada"},
        {"inbox_id": "inb_01abc"},
        {"tag": "vip"},
    ):
        assert names(do("ticket0", "tickets.list", **filters)) == [made.id]
    assert len(do("ticket0", "tickets.list", limit=1)) == 2
    assert do("ticket0", "tickets.update", made.id, assignee_id=None).assignee_id is None
    assert do("ticket0", "tickets.get", made.id).status == "pending"
    for call in (("tickets.get", {}), ("tickets.update", {"status": "open"})):
        with pytest.raises(NotFoundError):
            do("ticket0", call[0], "tkt_none", **call[1])
    with pytest.raises(ValidationError):
        do("ticket0", "tickets.create", **TICKET | {"customer_email": "nobody"})


def test_the_conversation_of_a_ticket(do: Any, served: Served) -> None:
    ticket = do("ticket0", "tickets.create", **TICKET)
    sent = do(
        "ticket0",
        "messages.send",
        ticket.id,
        from_address="boxoffice@example.com",
        body_text="More seats",
        body_html="<p>More seats</p>",
        cc_addresses=["boss@example.com"],
    )
    note = do("ticket0", "messages.note", ticket.id, body="Called them")

    assert sent.body_html == "<p>More seats</p>"
    assert sent.cc_addresses == ("boss@example.com",)
    assert sent.channel is Channel.EMAIL
    assert note.is_note
    assert len(served.sandbox.desk.outbox) == 1
    for shape in ("public", "older"):
        served.sandbox.settings.change({"message_shape": shape})
        told = do("ticket0", "messages.list", ticket.id)
        assert [m.body_text for m in told] == ["None left.", "More seats", "Called them"]
        assert [m.is_note for m in told] == [False, False, True]
        assert [m.direction for m in told] == ["inbound", "outbound", "outbound"]
    with pytest.raises(NotFoundError):
        do("ticket0", "messages.list", "tkt_none")
    with pytest.raises(ValidationError):
        do("ticket0", "messages.send", ticket.id, from_address="x@example.com", body_text="a")


def test_the_life_of_a_customer(do: Any) -> None:
    made = do(
        "ticket0",
        "customers.create",
        email="Ann@example.com",
        name="Ann",
        metadata={"seat": "A1", "club": "gold"},
    )
    assert (made.email, made.name, made.ticket_count) == ("ann@example.com", "Ann", 0)
    known = do("ticket0", "customers.upsert", external_id="crm-1", email="bob@example.com")
    again = do(
        "ticket0",
        "customers.upsert",
        external_id="crm-1",
        email="other@example.com",
        name="Other",
        metadata={},
    )
    assert again == known
    changed = do(
        "ticket0", "customers.update", made.id, name=None, metadata={"seat": None, "row": "2"}
    )
    assert changed.name is None
    assert changed.metadata == {"club": "gold", "row": "2"}
    assert do("ticket0", "customers.get", made.id) == changed
    assert names(do("ticket0", "customers.list", email="ann@example.com")) == [made.id]
    assert names(do("ticket0", "customers.list", external_id="crm-1")) == [known.id]
    assert len(do("ticket0", "customers.list", limit=1)) == 2
    for call in (("customers.get", {}), ("customers.update", {"name": "x"})):
        with pytest.raises(NotFoundError):
            do("ticket0", call[0], "cust_none", **call[1])
    with pytest.raises(ValidationError):
        do("ticket0", "customers.create", email="nobody", external_id=None, name=None)


@pytest.mark.parametrize("fault", ["lost_response", "lost_request", "truncated", "cut", "html"])
@pytest.mark.parametrize("write", ["event", "ticket type", "ticket", "message", "note"])
def test_check_first_writes_happen_once_whatever_is_lost(
    served: Served, write: str, fault: Any
) -> None:
    box, smart, helpdesk = served.sandbox, ticketsmart(served), ticket0(served)
    gala = smart.events.create(title="Gala", starts_at=START)
    ticket = helpdesk.tickets.create(**TICKET)
    service = "ticketsmart" if write in ("event", "ticket type") else "ticket0"
    method = "PATCH" if write == "ticket type" else "POST"
    box.faults.add(fault, service=service, method=method, count=1)

    if write == "event":
        got: Any = smart.events.create(title="Late Show", starts_at=START, once=True)
        assert [e.id for e in box.boxoffice.events if e.title == "Late Show"] == [got.id]
    elif write == "ticket type":
        got = smart.events.add_ticket_type(gala.id, name="VIP", price=1, quantity=2, once=True)
        assert [kind.name for kind in got.ticket_types] == ["VIP"]
    elif write == "ticket":
        got = helpdesk.tickets.create(**TICKET, once="wc-1234")
        assert [t.id for t in box.desk.tickets if "[wc-1234]" in t.subject] == [got.id]
    elif write == "message":
        got = helpdesk.messages.send(
            ticket.id, from_address="boxoffice@example.com", body_text="Hello", once="wc-1234"
        )
        assert [message.id for message in box.desk.outbox] == [got.id]
        assert got.body_text == "Hello\n\n[wc-1234]"
    else:
        got = helpdesk.messages.note(ticket.id, body="Hello", once="wc-1234")
        assert [m.id for m in box.desk.ticket(ticket.id).messages if m.is_note] == [got.id]
    smart.close()
    helpdesk.close()


def test_without_once_a_lost_answer_is_left_unknown(served: Served) -> None:
    served.sandbox.faults.add("lost_response", method="POST", count=1)
    with ticket0(served) as helpdesk, pytest.raises(OutcomeUnknownError, match="look for"):
        helpdesk.tickets.create(**TICKET)
    assert len(served.sandbox.desk.tickets) == 1


def test_the_raw_reply_stands_beside_the_value(served: Served) -> None:
    with ticketsmart(served) as client:
        (page,) = client.events.list().pages()
        assert page.reply is not None
        assert page.reply.json()["events"][0]["createdAt"]
        got = client.events.get.raw(page.items[0].id)
        assert got.value == client.events.get(page.items[0].id)
        assert got.reply.status == 200
        assert got.reply.json()["event"]["updatedAt"]

    async def main() -> None:
        async with AsyncTicketSmart(
            served.sandbox.ticketsmart_key, base_url=served.ticketsmart_url, pace=None
        ) as client:
            answer = await client.events.get.raw(page.items[0].id)
            assert answer.value == got.value

    asyncio.run(main())
    flow = FlowTicketSmart(account()).events.availability.raw("gala")
    answer, _ = play(flow, reply(200, {"soldOut": True}))
    assert (answer.value.sold_out, answer.reply.status) == (True, 200)


# What is refused before anything is sent.

NAIVE = datetime(2026, 9, 1, 19)  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("date_from", lambda api: api.events.list(date_from=NAIVE)),
        ("date_to", lambda api: api.events.list(date_to=NAIVE)),
        ("starts_at", lambda api: api.events.create(title="a", starts_at=NAIVE)),
        ("starts_at", lambda api: api.events.create(title="a", starts_at=NAIVE, once=True)),
        ("ends_at", lambda api: api.events.create(title="a", starts_at=START, ends_at=NAIVE)),
        ("doors_open", lambda api: api.events.create(title="a", starts_at=START, doors_open=NAIVE)),
        ("starts_at", lambda api: api.events.update("e", starts_at=NAIVE)),
        ("ends_at", lambda api: api.events.update("e", ends_at=NAIVE)),
        ("doors_open", lambda api: api.events.update("e", doors_open=NAIVE)),
        ("page", lambda api: api.events.list(page=0)),
        ("limit", lambda api: api.events.list(limit=101)),
        ("title", lambda api: api.events.create(title=" ", starts_at=START)),
        ("update", lambda api: api.events.update("e")),
        ("add_ticket_type", lambda api: api.events.update("e", add_ticket_type={"name": "a"})),
        ("id_or_slug", lambda api: api.events.get("")),
        ("id_or_slug", lambda api: api.events.update("..", title="x")),
        ("ticket_type_id", lambda api: api.events.remove_ticket_type("e", "")),
        ("name", lambda api: api.events.add_ticket_type("e", name="", price=1, quantity=1)),
        ("price", lambda api: api.events.add_ticket_type("e", name="a", price=2.5, quantity=1)),
        ("price", lambda api: api.events.add_ticket_type("e", name="a", price=-1, quantity=1)),
        ("price", lambda api: api.events.add_ticket_type("e", name="a", price=True, quantity=1)),
        (
            "price",
            lambda api: api.events.add_ticket_type("e", name="a", price=Money(-1), quantity=1),
        ),
        ("quantity", lambda api: api.events.add_ticket_type("e", name="a", price=1, quantity=-1)),
        ("quantity", lambda api: api.events.add_ticket_type("e", name="a", price=1, quantity=1.5)),
        (
            r"ticket_types\[0\]",
            lambda api: api.events.create(title="a", starts_at=START, ticket_types=[{"name": "a"}]),
        ),
        (
            r"ticket_types\[0\].price: it is in EUR, and the event in USD",
            lambda api: api.events.create(
                title="a", starts_at=START, ticket_types=[NewTicketType("a", Money(1, "EUR"), 1)]
            ),
        ),
    ],
)
def test_ticketsmart_is_not_asked_what_makes_no_sense(field: str, call: Any) -> None:
    with pytest.raises(InputError, match=field):
        call(FlowTicketSmart(account()))


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("limit", lambda api: api.tickets.list(limit=0)),
        ("subject", lambda api: api.tickets.create(**TICKET | {"subject": ""})),
        ("subject", lambda api: api.tickets.create(**TICKET | {"subject": ""}, once="wc-1234")),
        ("customer_email", lambda api: api.tickets.create(**TICKET | {"customer_email": ""})),
        ("inbox_id", lambda api: api.tickets.create(**TICKET | {"inbox_id": ""})),
        ("body", lambda api: api.tickets.create(**TICKET | {"body": " "})),
        ("ticket_id", lambda api: api.tickets.get("..")),
        ("ticket_id", lambda api: api.messages.list("")),
        ("from_address", lambda api: api.messages.send("t", from_address="", body_text="a")),
        ("body_text", lambda api: api.messages.send("t", from_address="a@b.c", body_text="")),
        (
            "cc_addresses",
            lambda api: api.messages.send(
                "t", from_address="a@b.c", body_text="a", cc_addresses="b@b.c"
            ),
        ),
        ("body", lambda api: api.messages.note("t", body="")),
        ("limit", lambda api: api.customers.list(limit=200)),
        ("email", lambda api: api.customers.create(email="")),
        ("external_id", lambda api: api.customers.upsert(external_id="", email="a@b.c")),
        ("metadata", lambda api: api.customers.create(email="a@b.c", metadata={"a": 5})),
        ("metadata", lambda api: api.customers.create(email="a@b.c", metadata={"a": None})),
        ("metadata", lambda api: api.customers.update("c", metadata={"a": 5})),
        ("update", lambda api: api.customers.update("c")),
        ("customer_id", lambda api: api.customers.get("")),
    ],
)
def test_ticket0_is_not_asked_what_makes_no_sense(field: str, call: Any) -> None:
    with pytest.raises(InputError, match=field):
        call(FlowTicket0(desk()))


def test_a_new_ticket_type_is_cents_in_the_end() -> None:
    assert NewTicketType("a", 2500, 1).cents == NewTicketType("a", Money(2500, "USD"), 1).cents


@pytest.mark.parametrize(
    "switch",
    [
        {"ticket_types_in_rows": False},
        {"stock_in_events": False},
        {"enveloped": False},
        {"pagination_fields": False},
        {"details": "strings"},
        {"ticket_enveloped": True},
        {"message_shape": "older"},
        {"ticket_order": "oldest"},
    ],
    ids=str,
)
def test_every_shape_that_the_documents_leave_open_is_read(
    served: Served, switch: dict[str, Any]
) -> None:
    served.sandbox.settings.change(switch)
    with ticketsmart(served) as smart:
        rows = smart.events.list(limit=3).all()
        assert len(rows) == len(served.sandbox.boxoffice.events)
        assert rows.whole is (None if "pagination_fields" in switch else True)
        assert (rows[0].ticket_types is None) is ("ticket_types_in_rows" in switch)
        assert smart.events.get(rows[0].id).ticket_types
        assert smart.events.ticket_types(rows[0].id)[0].available is not None
        with pytest.raises(ValidationError, match=r"startsAt|starts at") as caught:
            smart.events.update(rows[0].id, ends_at=rows[0].starts_at - timedelta(days=1))
        assert caught.value.details
    with ticket0(served) as helpdesk:
        made = [helpdesk.tickets.create(**TICKET) for _ in range(3)]
        assert sorted(names(helpdesk.tickets.list(limit=2))) == sorted(names(made))
        note = helpdesk.messages.note(made[0].id, body="Called", once="wc-1234", search_first=True)
        again = helpdesk.messages.note(made[0].id, body="Called", once="wc-1234", search_first=True)
        assert note == again
        assert [m.body_text for m in helpdesk.messages.list(made[0].id)][1:] == [note.body_text]


@pytest.mark.parametrize(("settle", "tickets"), [(0.6, 1), (0.0, 2)])
def test_a_write_carried_out_after_its_connection_died_is_met_by_settling(
    served: Served, settle: float, tickets: int
) -> None:
    """The bound of the promise: shorter than the provider may take, and there are two."""
    served.sandbox.faults.add("late_commit", method="POST", seconds=0.3, count=1)
    with ticket0(served, settle=settle) as helpdesk:
        helpdesk.tickets.create(**TICKET, once="wc-1234")
    time.sleep(0.35)

    assert len(served.sandbox.desk.tickets) == tickets

"""Mistakes a type checker must find: each line's ignore is an error where there is no mistake."""

from __future__ import annotations

from willcall import AsyncTicketSmart, Money, NewTicketType, Ticket0, TicketSmart, connect


def blocking(smart: TicketSmart, desk: Ticket0) -> None:
    smart.events.get()  # type: ignore[call-arg]
    smart.events.get(5)  # type: ignore[arg-type]
    smart.events.get("a", "b")  # type: ignore[call-arg]
    smart.events.get.raw(5)  # type: ignore[arg-type]
    smart.events.nothing  # type: ignore[attr-defined]  # noqa: B018
    smart.events.create(title="a")  # type: ignore[call-arg]
    smart.events.create(title="a", starts_at="2026-01-01")  # type: ignore[arg-type]
    smart.events.update("a", title=None)  # type: ignore[arg-type]
    smart.events.update("a", status="CANCELLED")  # type: ignore[call-arg]
    smart.events.add_ticket_type("a", name="b", price=2.5, quantity=1)  # type: ignore[arg-type]
    smart.events.list(limit="5")  # type: ignore[arg-type]
    smart.with_options(tries=None)  # type: ignore[arg-type]
    smart.tickets  # type: ignore[attr-defined]  # noqa: B018
    desk.tickets.update("a", status=None)  # type: ignore[arg-type]
    desk.customers.upsert(email="a")  # type: ignore[call-arg]
    NewTicketType("a", 2.5, 1)  # type: ignore[arg-type]
    Money(1) + 1  # type: ignore[operator]
    connect("ticketsmart", timeot=3)  # type: ignore[call-overload]


async def awaited(smart: AsyncTicketSmart) -> None:
    smart.events.get("a").title  # type: ignore[attr-defined]  # noqa: B018
    for _ in smart.events.list():  # type: ignore[attr-defined]
        pass

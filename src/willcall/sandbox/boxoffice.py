"""TicketSmart's data: the events of a box office, and what people do to them.

The acts here (sell, cancel, publish …) are those of the dashboard and of the public buying tickets:
the v1 API exposes none of them, so tests and the demo do them directly.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from willcall.sandbox.events import Event, Hold, SharedPool, TicketType
from willcall.sandbox.locking import locked
from willcall.sandbox.wire import iso

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from willcall.sandbox.ids import Ids
    from willcall.sandbox.settings import Settings


class SlugTakenError(ValueError):
    """Another event of the box office has this slug."""


class HasSalesError(ValueError):
    """The ticket type has sold tickets and cannot be removed."""


class SandboxBoxOffice:
    """The events of a box office. The parameter ``event`` is an id, a slug or a title."""

    def __init__(
        self,
        name: str,
        *,
        now: Callable[[], datetime],
        settle: Callable[[], None],
        ids: Ids,
        lock: threading.RLock,
        settings: Settings,
    ) -> None:
        """An empty box office; ``settle`` brings the truth up to the present before a look."""
        self.name = name
        self.lock = lock
        self._now = now
        self._settle = settle
        self._ids = ids
        self._settings = settings
        self._events: dict[str, Event] = {}
        self._by_slug: dict[str, Event] = {}
        self._holds: list[Hold] = []
        self._free_ids: list[str] = []
        self._turning: list[Event] = []

    def __repr__(self) -> str:
        return f"BoxOffice({self.name!r}, {len(self._events)} events)"

    # Looking.

    @property
    def events(self) -> list[Event]:
        """All events in the order of their creation."""
        with self.lock:
            self._settle()
            return list(self._events.values())

    @locked
    def by_id_or_slug(self, ref: str) -> Event | None:
        """What the API accepts in a path; ``None`` if there is no such event."""
        self._settle()
        return self._events.get(ref) or self._by_slug.get(ref)

    @locked
    def event(self, ref: str) -> Event:
        """An event by id, slug or title; ``LookupError`` if there is none."""
        if found := self.by_id_or_slug(ref):
            return found
        for event in self._events.values():
            if event.title.casefold() == ref.casefold():
                return event
        raise LookupError(f"no event {ref!r} in box office {self.name!r}")

    # Making.

    @locked
    def create(
        self,
        /,
        title: str,
        starts_at: datetime,
        *,
        ticket_types: list[dict[str, Any]] | None = None,
        slug: str | None = None,
        **fields: Any,
    ) -> Event:
        """A new event; ``fields`` are those of ``Event``; ``SlugTakenError`` if so."""
        now = self._now()
        if slug is not None:
            self._claim(slug, None)
        event = Event(
            id=self._new_id(),
            title=title,
            slug=slug or self._free_slug(title),
            starts_at=starts_at.astimezone(UTC),
            created_at=now,
            updated_at=now,
            **fields,
        )
        for kind in ticket_types or []:
            event.ticket_types.append(TicketType(id=self._ids.new("tt"), **kind))
        self._events[event.id] = self._by_slug[event.slug] = event
        self._follow_stock(event)
        return event

    @locked
    def update(self, /, event: str, **fields: Any) -> Event:
        """Set fields of ``Event``, all or none; ``SlugTakenError`` if the slug is in use."""
        found = self.event(event)
        if slug := fields.get("slug"):
            self._claim(slug, found)
            if self._by_slug.get(found.slug) is found:
                del self._by_slug[found.slug]
            self._by_slug[slug] = found
        for name, value in fields.items():
            setattr(found, name, value)
        return self._touch(found)

    @locked
    def delete(self, event: str) -> None:
        """The event is gone as if it had never been."""
        found = self.event(event)
        del self._events[found.id]
        if self._by_slug.get(found.slug) is found:
            del self._by_slug[found.slug]
        self._holds = [hold for hold in self._holds if hold.event is not found]
        self._free_ids.append(found.id)

    # Selling.

    @locked
    def sell(self, event: str, ticket_type: str | None = None, count: int = 1) -> Event:
        """Sell ``count`` tickets (of the first type with enough left, unless one is named).

        ``ValueError`` if fewer are left; sale windows and per-order limits are not looked at.
        """
        found = self.event(event)
        _positive(count)
        if ticket_type is None:
            kinds = [kind for kind in found.ticket_types if not kind.hidden]
            kind = next((kind for kind in kinds if kind.available >= count), None)
            if kind is None:
                raise ValueError(f"{found.title} has no ticket type with {count} left")
        else:
            kind = found.ticket_type(ticket_type)
        if kind.available < count:
            raise ValueError(f"{found.title}: {kind.name} has only {kind.available} left")
        kind.sold += count
        return self._stock_changed(found)

    @locked
    def oversell(self, event: str, ticket_type: str, count: int = 1) -> Event:
        """Sell ``count`` tickets of a type, whether they are left or not."""
        found = self.event(event)
        _positive(count)
        found.ticket_type(ticket_type).sold += count
        return self._stock_changed(found)

    def hold(
        self, event: str, ticket_type: str, count: int = 1, seconds: float | None = None
    ) -> Event:
        """Put seats into a basket that lapses after ``seconds``, else the habit's.

        ``ValueError`` if fewer are left.
        """
        return self._take(event, ticket_type, count, "basket", seconds)

    def order(
        self, event: str, ticket_type: str, count: int = 1, seconds: float | None = None
    ) -> Event:
        """Order tickets, which count as sold, without paying: the order lapses after ``seconds``,
        else the habit's. ``ValueError`` if fewer are left."""
        return self._take(event, ticket_type, count, "order", seconds)

    @locked
    def _take(
        self,
        event: str,
        ticket_type: str,
        count: int,
        what: Literal["basket", "order"],
        seconds: float | None,
    ) -> Event:
        found = self.event(event)
        _positive(count)
        kind = found.ticket_type(ticket_type)
        if kind.available < count:
            raise ValueError(f"{found.title}: {kind.name} has only {kind.available} left")
        if seconds is None:
            habits = self._settings.of(found.id)
            seconds = habits.basket_seconds if what == "basket" else habits.order_seconds
        hold = Hold(found, kind, count, self._now() + timedelta(seconds=seconds), what)
        hold.take()
        self._holds.append(hold)
        return self._stock_changed(found)

    @locked
    def pay(self, event: str, ticket_type: str) -> Event:
        """All baskets and orders of a ticket type are paid: their seats are sold."""
        found = self.event(event)
        kind = found.ticket_type(ticket_type)
        for hold in [hold for hold in self._holds if hold.kind is kind]:
            self._holds.remove(hold)
            hold.let_go()
            kind.sold += hold.count
        return self._stock_changed(found)

    @locked
    def let_go(self, event: str, ticket_type: str) -> Event:
        """All baskets and orders of a ticket type are given up."""
        found = self.event(event)
        kind = found.ticket_type(ticket_type)
        for hold in [hold for hold in self._holds if hold.kind is kind]:
            self._holds.remove(hold)
            hold.let_go()
        return self._stock_changed(found)

    @locked
    def sell_out(self, event: str, ticket_type: str | None = None) -> Event:
        """Sell everything that is left, of a type or of all types that are not hidden."""
        found = self.event(event)
        if ticket_type is None:
            kinds = [kind for kind in found.ticket_types if not kind.hidden]
        else:
            kinds = [found.ticket_type(ticket_type)]
        for kind in kinds:
            kind.sold += 0 if kind.unlimited else kind.available
        return self._stock_changed(found)

    @locked
    def refund(self, event: str, ticket_type: str, count: int = 1) -> Event:
        """Take back ``count`` sold tickets; ``ValueError`` if fewer were sold."""
        found = self.event(event)
        _positive(count)
        kind = found.ticket_type(ticket_type)
        if kind.sold < count:
            raise ValueError(f"{found.title}: only {kind.sold} of {kind.name} were sold")
        kind.sold -= count
        return self._stock_changed(found)

    @locked
    def restock(self, event: str, ticket_type: str, count: int) -> Event:
        """Put ``count`` more tickets of a type on sale."""
        found = self.event(event)
        _positive(count)
        found.ticket_type(ticket_type).quantity += count
        return self._stock_changed(found)

    @locked
    def set_quantity(self, event: str, ticket_type: str, quantity: int | None) -> Event:
        """Set the quantity of a type, also below what was sold; ``None`` for unlimited."""
        found = self.event(event)
        if quantity is not None and quantity < 0:
            raise ValueError(f"quantity must be 0 or more, not {quantity}")
        kind = found.ticket_type(ticket_type)
        kind.unlimited = quantity is None
        kind.quantity = kind.quantity if quantity is None else quantity
        return self._stock_changed(found)

    @locked
    def set_sale(
        self,
        event: str,
        ticket_type: str,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
    ) -> Event:
        """Set the sale window of a type; ``None`` for no bound."""
        found = self.event(event)
        kind = found.ticket_type(ticket_type)
        kind.sale_starts_at, kind.sale_ends_at = starts_at, ends_at
        return self._touch(found)

    @locked
    def share(self, event: str, quantity: int) -> Event:
        """Let all ticket types of an event but its add-ons share ``quantity`` seats."""
        found = self.event(event)
        kinds = [kind for kind in found.ticket_types if not kind.add_on]
        pool = SharedPool(quantity, kinds)
        for kind in kinds:
            kind.pool = pool
        return self._stock_changed(found)

    @locked
    def hide(self, event: str, ticket_type: str, hidden: bool = True) -> Event:
        """Hide a ticket type from the public, or show it again."""
        found = self.event(event)
        found.ticket_type(ticket_type).hidden = hidden
        return self._stock_changed(found)

    @locked
    def set_price(self, event: str, ticket_type: str, price: int) -> Event:
        """Change a price, in cents."""
        found = self.event(event)
        found.ticket_type(ticket_type).price = price
        return self._touch(found)

    @locked
    def add_ticket_type(
        self, /, event: str, name: str, price: int, quantity: int, **more: Any
    ) -> TicketType:
        """Add a ticket type; ``more`` are further fields of ``TicketType``."""
        found = self.event(event)
        kind = TicketType(self._ids.new("tt"), name, price, quantity, **more)
        found.ticket_types.append(kind)
        self._stock_changed(found)
        return kind

    @locked
    def remove_ticket_type(self, event: str, ticket_type: str) -> Event:
        """Remove an unsold ticket type; ``HasSalesError`` if any ticket of it was sold."""
        found = self.event(event)
        kind = found.ticket_type(ticket_type)
        if kind.sold:
            raise HasSalesError(f"{found.title}: {kind.sold} of {kind.name} were sold")
        found.ticket_types.remove(kind)
        if kind.pool is not None:
            kind.pool.kinds.remove(kind)
        return self._stock_changed(found)

    # The life of an event.

    @locked
    def set_status(self, event: str, status: str) -> Event:
        """Set any status, including those in no document.

        SOLD_OUT set this way while tickets are left is a sale closed by hand: it stays until
        another status is set.
        """
        found = self.event(event)
        found.status = status
        found.closed_by_hand = status == "SOLD_OUT" and not found.sold_out
        return self._touch(found)

    def publish(self, event: str) -> Event:
        """Put an event on sale (it is SOLD_OUT at once if nothing is left)."""
        with self.lock:
            return self._stock_changed(self.set_status(event, "PUBLISHED"))

    def cancel(self, event: str) -> Event:
        """Cancel an event."""
        return self.set_status(event, "CANCELLED")

    def complete(self, event: str) -> Event:
        """The event has taken place."""
        return self.set_status(event, "COMPLETED")

    def archive(self, event: str) -> Event:
        """Put an event away."""
        return self.set_status(event, "ARCHIVED")

    @locked
    def reschedule(
        self, event: str, starts_at: datetime | None = None, *, days: float = 0
    ) -> Event:
        """Move an event in time, to a moment or by days; doors and end move along."""
        found = self.event(event)
        if starts_at is None:
            by = timedelta(days=days)
        elif starts_at.tzinfo is None:
            raise ValueError("starts_at must be an aware datetime")
        else:
            by = starts_at - found.starts_at
        found.starts_at += by
        found.ends_at = found.ends_at and found.ends_at + by
        found.doors_open = found.doors_open and found.doors_open + by
        return self._touch(found)

    def move(
        self, event: str, venue: str, city: str | None = None, country: str | None = None
    ) -> Event:
        """Move an event to another venue."""
        place: dict[str, str] = {"venue_name": venue}
        if city is not None:
            place["city"] = city
        if country is not None:
            place["country"] = country
        return self.update(event, **place)

    def rename(self, event: str, title: str) -> Event:
        """Give an event another title; its slug stays."""
        return self.update(event, title=title)

    # The truth, as plain data.

    @locked
    def truth(self) -> list[dict[str, Any]]:
        """Every event with its stock, for people and tests: not the shape of the API."""
        return [
            {
                "id": event.id,
                "slug": event.slug,
                "title": event.title,
                "status": event.status,
                "visibility": event.visibility,
                "startsAt": iso(event.starts_at),
                "venueName": event.venue_name,
                "city": event.city,
                "ticketTypes": [
                    {
                        "id": kind.id,
                        "name": kind.name,
                        "price": kind.price,
                        "quantity": kind.quantity,
                        "sold": kind.sold,
                        "available": kind.available,
                        "hidden": kind.hidden,
                        "held": kind.held,
                        "unlimited": kind.unlimited,
                        "addOn": kind.add_on,
                    }
                    for kind in event.ticket_types
                ],
            }
            for event in self.events
        ]

    # Time.

    @locked
    def pass_time(self, now: datetime) -> None:
        """Let baskets and orders lapse, and the status follow the stock, up to ``now``."""
        if not self._holds and not self._turning:
            return
        lapsed = sorted(
            (hold for hold in self._holds if hold.until <= now), key=lambda hold: hold.until
        )
        for hold in lapsed:
            self._turn(hold.until)
            self._holds.remove(hold)
            hold.let_go()
            self._follow_stock(hold.event, hold.until)
            hold.event.updated_at = hold.until
        self._turn(now)

    def next_change(self) -> datetime | None:
        """When something changes by itself next, if nobody does anything."""
        moments = [hold.until for hold in self._holds]
        moments += [event.turns_at for event in self._turning if event.turns_at is not None]
        return min(moments, default=None)

    # Inside.

    def _touch(self, event: Event) -> Event:
        event.updated_at = self._now()
        return event

    def _stock_changed(self, event: Event) -> Event:
        self._follow_stock(event)
        return self._touch(event)

    def _follow_stock(self, event: Event, now: datetime | None = None) -> None:
        habits = self._settings.of(event.id)
        if not habits.auto_sold_out or event.closed_by_hand:
            return
        if self._status_by_stock(event) == event.status:
            event.turns_at = None
        elif not habits.status_lag:
            event.status = self._status_by_stock(event)
        elif event.turns_at is None:
            event.turns_at = (now or self._now()) + timedelta(seconds=habits.status_lag)
            self._turning.append(event)

    def _status_by_stock(self, event: Event) -> str:
        if event.status not in ("PUBLISHED", "SOLD_OUT"):
            return event.status
        flagged = self._settings.of(event.id).add_ons == "flagged"
        gone = event.full if flagged else event.sold_out
        return "SOLD_OUT" if gone else "PUBLISHED"

    def _turn(self, now: datetime) -> None:
        """The status of events follows the stock late."""
        for event in list(self._turning):
            if event.turns_at is None or event.turns_at > now:
                continue
            if not event.closed_by_hand:
                event.status = self._status_by_stock(event)
            event.updated_at, event.turns_at = event.turns_at, None
        self._turning = [event for event in self._turning if event.turns_at is not None]

    def _new_id(self) -> str:
        if self._settings.reused == "ids" and self._free_ids:
            return self._free_ids.pop()
        return self._ids.new("evt")

    def _claim(self, slug: str, owner: Event | None) -> None:
        holder = self._by_slug.get(slug, owner)
        if holder is not owner and not (holder and self._gives_way(holder)):
            raise SlugTakenError(slug)

    def _gives_way(self, event: Event) -> bool:
        """Whether another event may take over its slug."""
        return self._settings.reused == "slugs" and event.over(self._now())

    def _free_slug(self, title: str) -> str:
        stem = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-") or "event"
        slug, number = stem, 1
        while slug in self._by_slug and not self._gives_way(self._by_slug[slug]):
            number += 1
            slug = f"{stem}-{number}"
        return slug


def _positive(count: int) -> None:
    if count < 1:
        raise ValueError(f"count must be 1 or more, not {count}")

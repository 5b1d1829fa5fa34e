"""pretix's REST API as a client: events, dates of a series, items (ticket types) and quotas.

Every fact about pretix is documented in its REST API guide and was seen on a real pretix 2026.8.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from functools import cached_property
from typing import Any, TypeVar

import attrs

from willcall.client.clients import AsyncClient, Clients, FlowClient, SyncClient
from willcall.client.codec import Codec, parse, parse_object, parse_rows
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
from willcall.client.flow import Flow
from willcall.client.money import Money
from willcall.client.op import Op, Page, in_range
from willcall.client.paging import Rows
from willcall.client.provider import Problem, Provider
from willcall.client.quota import Quota as Limit
from willcall.errors import ConflictError, Reply, UndecodableReplyError

EVENTS = "/organizers/{organizer}/events/"
EVENT = EVENTS + "{event}/"
DATES = "/organizers/{organizer}/subevents/"


@attrs.frozen(kw_only=True)
class Event:
    """An event, or a series of events if ``has_subevents``."""

    slug: str
    name: Mapping[str, str]
    live: bool
    currency: str
    date_from: datetime
    date_to: datetime | None = None
    date_admission: datetime | None = None
    is_public: bool = True
    has_subevents: bool = False
    timezone: str | None = None
    public_url: str | None = None


@attrs.frozen(kw_only=True)
class Date:
    """A date in a series of events."""

    id: int
    event: str
    name: Mapping[str, str]
    active: bool
    date_from: datetime
    date_to: datetime | None = None
    date_admission: datetime | None = None
    is_public: bool = True


@attrs.frozen(kw_only=True)
class Variation:
    """A variation of an item, with its own price."""

    id: int
    value: Mapping[str, str]
    price: str
    active: bool


@attrs.frozen(kw_only=True)
class Item:
    """What can be bought; an item without variations is a ticket type."""

    id: int
    name: Mapping[str, str]
    default_price: str
    active: bool
    admission: bool = False
    require_voucher: bool = False
    available_from: datetime | None = None
    available_until: datetime | None = None
    variations: tuple[Variation, ...] = ()


@attrs.frozen(kw_only=True)
class Quota:
    """How many can be sold of some items; ``size`` and ``available_number`` None: unlimited."""

    id: int
    name: str
    size: int | None
    items: tuple[int, ...]
    variations: tuple[int, ...] = ()
    subevent: int | None = None
    available: bool | None = None
    available_number: int | None = None


@attrs.frozen
class Stock:
    """A ticket type of an event, and what is left of it. None: unlimited."""

    id: str
    name: str
    price: Money
    size: int | None
    available: int | None
    hidden: bool
    sale_starts_at: datetime | None = None
    sale_ends_at: datetime | None = None
    admission: bool = True


T = TypeVar("T", Event, Date, Item, Quota)
_codec = Codec(spelling=str)


def words(texts: Mapping[str, str]) -> str:
    """A text in English if pretix has it, else in whichever language comes first."""
    return texts.get("en") or next(iter(texts.values()), "")


def _explain(reply: Reply) -> Problem:
    body = parse(reply)
    if not isinstance(body, dict) or "detail" not in body:
        return Problem("pretix refuses some fields", details=body)
    message = str(body["detail"])
    busy = reply.status == 409 and "try again" in message  # a lock could not be had in time
    used = reply.status == 403 and "cannot be deleted" in message
    return Problem(
        message, error=ConflictError if used else None, repeatable=True if busy else None
    )


def _paged(op: Op[Any], model: type[T]) -> Op[Page[T]]:
    """Turned by number; the way on is given as a whole address, so that only its being there is
    read: an address from a reply is not to be followed with a key. A row that cannot be read costs
    that row alone."""

    def decode(reply: Reply) -> Page[T]:
        body = parse_object(reply)
        results = parse_rows(body, "results")
        items, odd = _codec.rows(results, model, "results")
        number = {"page": op.params.get("page", 1) + 1}
        following = attrs.evolve(op, params={**op.params, **number})
        return Page(
            items,
            _paged(following, model) if body.get("next") else None,
            reply,
            body.get("count"),
            _key,
            tuple(attrs.evolve(row, id=_id(results[row.row])) for row in odd),
        )

    return attrs.evolve(op, decode=decode)


def _id(row: Any) -> str | None:
    """By what a row that could not be read is known: an event by its slug, a date of a series as
    ``cabaret/2``."""
    if not isinstance(row, dict) or ("slug" not in row and "event" not in row):
        return None
    return str(row["slug"]) if "slug" in row else f"{row['event']}/{row.get('id')}"


def _whole(rows: Rows[T]) -> Rows[T]:
    """Rows of which none may be missing.

    Raises:
        UndecodableReplyError: one could not be read.
    """
    if rows.unreadable:
        raise UndecodableReplyError(str(rows.unreadable[0]))
    return rows


def _key(row: Any) -> Any:
    return row.slug if isinstance(row, Event) else row.id


def _read(model: type[T]) -> Any:
    return lambda reply: _codec.structure(parse_object(reply), model, model.__name__.lower())


PROVIDER = Provider(
    name="pretix",
    base_url="https://pretix.eu/api/v1",
    key_prefix="",
    key_env="PRETIX_API_KEY",
    auth=lambda key: {"authorization": f"Token {key}"},
    explain=_explain,
    quota=Limit(360, 60.0),
    advice={403: "the token's team may lack a permission, or there is no such event or organizer"},
    probes={"events": Op("GET", EVENTS, parse_object, route=EVENTS)},
    path_params=("organizer",),
)


class Events(Collection[F]):
    """The events of an organizer."""

    @listing
    def list(self, *, page_size: int = 50) -> Op[Page[Event]]:
        """All events and series that the token's team may see."""
        params = {"page_size": in_range("page_size", page_size, 50)}
        return _paged(self._op("GET", EVENTS, parse_object, params=params), Event)

    @endpoint
    def get(self, event: str) -> Op[Event]:
        """One event or series.

        Raises:
            PermissionDeniedError: no such event, or the token's team may not see it.
        """
        return self._op("GET", EVENT, _read(Event), {"event": event})

    @procedure
    def stock(
        self: Events[InFlow],
        event: str,
        *,
        date: int | None = None,
        currency: str | None = None,
    ) -> Flow[tuple[Stock, ...]]:
        """The ticket types of an event, or of a date in a series, and what is left of each.

        It takes two requests, for the event's items and its quotas, and another for its currency if
        that is not given.

        Raises:
            UndecodableReplyError: an item or a quota cannot be read.
        """
        items = Items(self._session)
        currency = currency or (yield from self.get(event)).currency
        # A quota that could not be read might be the one that is sold out.
        found = _whole((yield from items.list(event).all()))
        quotas = _whole((yield from items.quotas(event, date=date).all()))
        return tuple(
            _stock(item, variation, quotas, currency)
            for item in found
            for variation in item.variations or (None,)
        )


class Dates(Collection[F]):
    """The dates of all series of an organizer; pretix calls them subevents."""

    @listing
    def list(self, *, page_size: int = 50) -> Op[Page[Date]]:
        """All dates of all series."""
        params = {"page_size": in_range("page_size", page_size, 50)}
        return _paged(self._op("GET", DATES, parse_object, params=params), Date)

    @endpoint
    def get(self, event: str, date: int) -> Op[Date]:
        """One date.

        Raises:
            NotFoundError: the series has no such date.
            PermissionDeniedError: no such series, or the token's team may not see it.
        """
        route = EVENT + "subevents/{date}/"
        return self._op("GET", route, _read(Date), {"event": event, "date": date})


class Items(Collection[F]):
    """What can be bought for an event."""

    @listing
    def list(self, event: str) -> Op[Page[Item]]:
        """All items."""
        return _paged(self._op("GET", EVENT + "items/", parse_object, {"event": event}), Item)

    @endpoint
    def changed(self, event: str, *, since: datetime) -> Op[bool]:
        """Whether an item was changed since a moment (aware); it costs next to nothing if not."""
        return self._op(
            "GET",
            EVENT + "items/",
            lambda reply: reply.status != 304,
            {"event": event},
            headers={"if-modified-since": format_datetime(since, usegmt=True)},
            answers={304},
        )

    @listing
    def quotas(self, event: str, *, date: int | None = None) -> Op[Page[Quota]]:
        """All quotas, and how many are left of each; of a series those of one date."""
        params = {"with_availability": True, "subevent": date}
        op = self._op("GET", EVENT + "quotas/", parse_object, {"event": event}, params=params)
        return _paged(op, Quota)

    @endpoint
    def delete(self, event: str, item: int) -> Op[None]:
        """Delete an item.

        Raises:
            ConflictError: it was sold, or is in somebody's cart.
            NotFoundError: no such item.
        """
        return self._op(
            "DELETE",
            EVENT + "items/{item}/",
            lambda _: None,
            {"event": event, "item": item},
            verify="see whether the item is still in items.list(…)",
        )


def _stock(
    item: Item, variation: Variation | None, quotas: tuple[Quota, ...], currency: str
) -> Stock:
    """What is left is the least of all quotas that the ticket type is in; in none, nothing is."""
    if variation is None:
        mine = [quota for quota in quotas if item.id in quota.items]
    else:
        mine = [quota for quota in quotas if variation.id in quota.variations]
    left = [quota.available_number for quota in mine if quota.available_number is not None]
    sizes = [quota.size for quota in mine if quota.size is not None]
    return Stock(
        id=str(item.id) if variation is None else f"{item.id}-{variation.id}",
        name=" · ".join(words(part) for part in (item.name, variation and variation.value) if part),
        price=Money.of(item.default_price if variation is None else variation.price, currency),
        size=min(sizes) if sizes else None,
        available=min(left) if left else (None if mine else 0),
        hidden=not item.active
        or item.require_voucher
        or not (variation is None or variation.active),
        sale_starts_at=item.available_from,
        sale_ends_at=item.available_until,
        admission=item.admission,
    )


class Pretix(SyncClient):
    __doc__ = f"pretix's API, blocking.\n\n{SyncClient.__doc__}"
    provider = PROVIDER
    events = cached_property[Events[Sync]](lambda self: Events(self._session))
    dates = cached_property[Dates[Sync]](lambda self: Dates(self._session))
    items = cached_property[Items[Sync]](lambda self: Items(self._session))


class AsyncPretix(AsyncClient):
    __doc__ = f"pretix's API, awaited.\n\n{AsyncClient.__doc__}"
    provider = PROVIDER
    events = cached_property[Events[Async]](lambda self: Events(self._session))
    dates = cached_property[Dates[Async]](lambda self: Dates(self._session))
    items = cached_property[Items[Async]](lambda self: Items(self._session))


class FlowPretix(FlowClient):
    """pretix's API for use inside flows."""

    provider = PROVIDER
    events = cached_property[Events[InFlow]](lambda self: Events(self._session))
    dates = cached_property[Dates[InFlow]](lambda self: Dates(self._session))
    items = cached_property[Items[InFlow]](lambda self: Items(self._session))


CLIENTS = Clients(Pretix, AsyncPretix, FlowPretix)

"""TicketSmart's endpoints, and everything in which its API differs from another provider's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar

from ..client.clients import AsyncClient, Clients, FlowClient, SyncClient
from ..client.codec import parse_object
from ..client.endpoint import Async, Collection, F, InFlow, Sync, collection, endpoint, listing
from ..client.money import Money
from ..client.names import how_to_set
from ..client.op import UNSET, Once, Op, Page, Unset, in_range, segment, sequence, text, wire
from ..client.provider import Provider
from ..client.quota import Quota
from ..errors import InputError, NoEffectError, Reply
from . import inferred
from .models import (
    Availability,
    Category,
    Event,
    EventStatus,
    NewTicketType,
    TicketType,
    Visibility,
)
from .wire import EventCodec, explain, wire_of

T = TypeVar("T")

_REMOVE = "remove_ticket_type"

PROVIDER = Provider(
    name="ticketsmart",
    base_url="https://ticketsmart.ai/api/v1",
    key_prefix="ts_sk_",
    key_env="TICKETSMART_API_KEY",
    auth=lambda key: {"x-api-key": key},
    explain=explain,
    quota=Quota(60, 60.0),  # per key, in any rolling 60 seconds
    advice={
        401: "check the key under Box Offices > Settings > API Keys; a revoked key stops at once",
        403: "make a key with the missing scopes; v1 knows events:read and events:write",
    },
    probes={
        "events:read": Op("GET", "/events", parse_object, {"limit": 1}, route="/events"),
        "events:write": Op(
            "PATCH",
            f"/events/{inferred.NO_SUCH_EVENT}",
            lambda reply: reply.status,
            json={},
            route="/events/{id_or_slug}",
            repeatable=True,
        ),
    },
    wire=inferred.WIRE,
    wire_sent=(_REMOVE,),
)


def _on_event(
    method: str, id_or_slug: str, rest: str, decode: Callable[[Reply], T], **more: Any
) -> Op[T]:
    """A call about one event."""
    path = f"/events/{segment('id_or_slug', id_or_slug)}{rest}"
    about = {"event": id_or_slug, **more.pop("about", {})}
    return Op(method, path, decode, route=f"/events/{{id_or_slug}}{rest}", about=about, **more)


def _change(
    wire_: EventCodec,
    id_or_slug: str,
    json: Mapping[str, Any],
    decode: Callable[[Reply], Event] | None = None,
    **more: Any,
) -> Op[Event]:
    """A change of an event, which is answered with the event."""
    decode = decode or wire_.read_event
    name = json.get("slug", UNSET)
    reread = _on_event("GET", id_or_slug if name is UNSET else name, "", decode)
    return _on_event("PATCH", id_or_slug, "", decode, json=json, reread=reread, **more)


class Events(Collection[F]):
    """The events of the key's box office."""

    @cached_property
    def _wire(self) -> EventCodec:
        """How its answers are read."""
        return wire_of(self._session.account.wire)

    @listing
    def list(
        self,
        *,
        status: EventStatus | str | None = None,
        search: str | None = None,
        date_from: datetime | None = None,
        date_to: datetime | None = None,
        live_only: bool | None = None,
        page: int = 1,
        limit: int = 100,
    ) -> Op[Page[Event]]:
        """Events, page by page. Their order is not documented.

        Args:
            status: only events with this status.
            search: only events that match these words.
            date_from: only events from this moment on (aware).
            date_to: only events up to this moment (aware).
            live_only: only live events.
            page: the first page to read, from 1.
            limit: events on a page, 1 to 100.

        Raises:
            InputError: page or limit out of range, or a datetime without a time zone.
            ValidationError: TicketSmart refuses a filter.

        Scope: ``events:read``. Documented by TicketSmart.
        """
        in_range("page", page, 10**6)
        in_range("limit", limit, 100)
        params: dict[str, Any] = {
            "status": status,
            "search": search,
            "dateFrom": wire("date_from", date_from),
            "dateTo": wire("date_to", date_to),
            "liveOnly": live_only,
            "page": page,
            "limit": limit,
        }
        return self._wire.events_page(params, first=page)

    @endpoint
    def create(
        self,
        *,
        title: str,
        starts_at: datetime,
        ends_at: datetime | Unset = UNSET,
        doors_open: datetime | Unset = UNSET,
        timezone: str | Unset = UNSET,
        venue_name: str | Unset = UNSET,
        city: str | Unset = UNSET,
        country: str | Unset = UNSET,
        currency: str | Unset = UNSET,
        visibility: Visibility | str | Unset = UNSET,
        category: Category | str | Unset = UNSET,
        ticket_types: Sequence[NewTicketType | Mapping[str, Any]] | Unset = UNSET,
        once: bool = False,
    ) -> Op[Event]:
        """Create an event. It can be published only in the dashboard, not through v1.

        Args:
            title: what buyers read.
            starts_at: when it starts (aware).
            ends_at: when it ends (aware).
            doors_open: when the doors open (aware).
            timezone: an IANA name such as ``America/New_York``.
            venue_name: the name of the venue.
            city: where the venue is.
            country: where the venue is; two letters in TicketSmart's example.
            currency: three letters; USD if not given.
            visibility: who can see it.
            category: what kind of event it is.
            ticket_types: such as ``[NewTicketType("Balcony", 2500, 80)]``, or dicts with ``name``,
                ``price`` and ``quantity``.
            once: make sure that exactly one event has this title, start and (if given) venue. The
                event is searched for first, and returned if it exists, so the same call may be
                repeated, in this process or another. A lost answer is resolved as
                :func:`willcall.client.once.carry_out` describes. Costs at least one more request.
                Not covered: another caller who creates the same event at the same moment.

        Raises:
            InputError: a datetime without a time zone, or a price that is not in integer cents.
            ValidationError: TicketSmart refuses a field.
            OutcomeUnknownError: no clear answer; the event may exist.

        Scope: ``events:write`` (with ``once`` also ``events:read``). Documented by TicketSmart.
        """
        kinds = _new_ticket_types(ticket_types, currency)
        json = {
            "title": text("title", title),
            "startsAt": wire("starts_at", starts_at),
            "endsAt": wire("ends_at", ends_at),
            "doorsOpen": wire("doors_open", doors_open),
            "timezone": timezone,
            "venueName": venue_name,
            "city": city,
            "country": country,
            "currency": currency,
            "visibility": visibility,
            "category": category,
            "ticketTypes": kinds,
        }
        return Op(
            "POST",
            "/events",
            self._wire.read_event,
            json=json,
            verify="look for its title and start in events.list(…) before you create it again",
            route="/events",
            once=_same_event(self._wire, title, starts_at, venue_name) if once else None,
        )

    @endpoint
    def get(self, id_or_slug: str) -> Op[Event]:
        """An event, with its ticket types and public URL.

        Raises:
            NotFoundError: no such event in the key's box office.

        Scope: ``events:read``. Documented by TicketSmart.
        """
        return _on_event("GET", id_or_slug, "", self._wire.read_event)

    @endpoint
    def update(
        self,
        id_or_slug: str,
        *,
        title: str | Unset = UNSET,
        slug: str | Unset = UNSET,
        starts_at: datetime | Unset = UNSET,
        ends_at: datetime | Unset | None = UNSET,
        doors_open: datetime | Unset | None = UNSET,
        timezone: str | Unset = UNSET,
        venue_name: str | Unset | None = UNSET,
        city: str | Unset | None = UNSET,
        country: str | Unset | None = UNSET,
        currency: str | Unset = UNSET,
        visibility: Visibility | str | Unset = UNSET,
        category: Category | str | Unset = UNSET,
        add_ticket_type: NewTicketType | Mapping[str, Any] | Unset = UNSET,
    ) -> Op[Event]:
        """Change an event. A field that is not given stays as it is; None clears it.

        Args:
            id_or_slug: which event.
            title: what buyers read.
            slug: its name in URLs.
            starts_at: when it starts (aware).
            ends_at: when it ends (aware).
            doors_open: when the doors open (aware).
            timezone: an IANA name.
            venue_name: the name of the venue.
            city: where the venue is.
            country: where the venue is.
            currency: three letters.
            visibility: who can see it.
            category: what kind of event it is.
            add_ticket_type: a further ticket type, in the same request. :meth:`add_ticket_type`
                does only that, and takes ``once``.

        Raises:
            InputError: nothing to change was given, or a datetime without a time zone.
            NotFoundError: no such event in the key's box office.
            SlugTakenError: another event has this slug.
            OutcomeUnknownError: no clear answer; the change may have been made.

        Scope: ``events:write``. Documented by TicketSmart. Inferred: that fields can be cleared.
        """
        changes = {
            "title": title,
            "slug": slug,
            "startsAt": wire("starts_at", starts_at),
            "endsAt": wire("ends_at", ends_at),
            "doorsOpen": wire("doors_open", doors_open),
            "timezone": timezone,
            "venueName": venue_name,
            "city": city,
            "country": country,
            "currency": currency,
            "visibility": visibility,
            "category": category,
            "addTicketType": _added(add_ticket_type),
        }
        if all(value is UNSET for value in changes.values()):
            raise InputError("update", "nothing to change", "give at least one field")
        verify = "get the event and see whether it has changed"
        return _change(self._wire, id_or_slug, changes, verify=verify)

    @endpoint
    def add_ticket_type(
        self, id_or_slug: str, *, name: str, price: int | Money, quantity: int, once: bool = False
    ) -> Op[Event]:
        """Add a ticket type; returns the event.

        Args:
            id_or_slug: which event.
            name: what buyers read.
            price: integer cents, or Money in the event's currency; 0 is free.
            quantity: how many can be sold.
            once: make sure that exactly one ticket type has this name, price and quantity. It is
                searched for first, and nothing is added if it exists, so the same call may be
                repeated, in this process or another. A lost answer is resolved as
                :func:`willcall.client.once.carry_out` describes. Costs at least one more request.
                Not covered: another caller who adds the same ticket type at the same moment.

        Raises:
            InputError: a price that is not in integer cents, or a quantity below 0.
            NotFoundError: no such event in the key's box office.
            OutcomeUnknownError: no clear answer; the ticket type may have been added.

        Scope: ``events:write`` (with ``once`` also ``events:read``). Documented by TicketSmart.
        """
        new = NewTicketType(name, price, quantity)
        return _change(
            self._wire,
            id_or_slug,
            {"addTicketType": _sent(new)},
            verify="see with events.ticket_types(…) whether it is there",
            once=_same_ticket_type(self._wire, id_or_slug, new) if once else None,
        )

    @endpoint
    def remove_ticket_type(self, id_or_slug: str, ticket_type_id: str) -> Op[Event]:
        """Remove a ticket type of which nothing has been sold; returns the event.

        Raises:
            SoldTicketsError: tickets of it have been sold; it was not removed.
            NoEffectError: the answer says that it was done, and still has the ticket type.
            NotFoundError: no such event in the key's box office.
            OutcomeUnknownError: no clear answer; the ticket type may have been removed.

        Scope: ``events:write``. Documented by TicketSmart; the name of the field is
        inferred.
        """

        field = self._wire.names[_REMOVE]

        def without(reply: Reply) -> Event:
            event = self._wire.read_event(reply)
            if any(kind.id == ticket_type_id for kind in event.ticket_types or ()):
                raise NoEffectError(
                    f"{field!r} had no effect: the ticket type is still there",
                    hint=how_to_set(PROVIDER.name, _REMOVE),
                )
            return event

        return _change(
            self._wire,
            id_or_slug,
            {field: text("ticket_type_id", ticket_type_id)},
            decode=without,
            verify="see with events.ticket_types(…) whether it is still there",
            about={"ticket_type": ticket_type_id},
        )

    @endpoint
    def ticket_types(self, id_or_slug: str) -> Op[tuple[TicketType, ...]]:
        """An event's ticket types, with prices, sale windows and stock.

        Their ``price`` has no currency, since the answer does not say it. Prices from
        ``events.get`` have one.

        Raises:
            NotFoundError: no such event in the key's box office.

        Scope: ``events:read``. Documented by TicketSmart; the names of the fields
        are inferred.
        """
        return _on_event("GET", id_or_slug, "/ticket-types", self._wire.read_ticket_types)

    @endpoint
    def availability(self, id_or_slug: str) -> Op[Availability]:
        """The stock of an event, in a compact shape.

        Raises:
            NotFoundError: no such event in the key's box office.

        Scope: ``events:read``. Documented by TicketSmart; the shape is inferred.
        """
        return _on_event("GET", id_or_slug, "/availability", self._wire.read_availability)


def _sent(new: NewTicketType) -> Mapping[str, Any]:
    return {"name": new.name, "price": new.cents, "quantity": new.quantity}


def _added(new: NewTicketType | Mapping[str, Any] | Unset) -> Mapping[str, Any] | Unset:
    if isinstance(new, Unset):
        return UNSET
    return _sent(_new_ticket_type("add_ticket_type", new))


def _new_ticket_type(name: str, value: Any) -> NewTicketType:
    """A ticket type to create; a mapping stands for it, too.

    Raises:
        InputError: it is neither, or a field is missing, unknown or wrong.
    """
    if isinstance(value, NewTicketType):
        return value
    if not isinstance(value, Mapping):
        raise InputError(name, "it is not a NewTicketType", _NEW)
    if set(value) != {"name", "price", "quantity"}:
        odd = ", ".join(sorted(map(repr, {"name", "price", "quantity"} ^ set(value))))
        raise InputError(name, f"missing or unknown: {odd}", _NEW)
    try:
        return NewTicketType(**value)
    except InputError as error:
        raise InputError(f"{name}.{error.field}", error.problem, error.fix) from None


_NEW = 'such as NewTicketType("Balcony", 2500, 80), or a dict with name, price and quantity'


def _new_ticket_types(
    kinds: Sequence[NewTicketType | Mapping[str, Any]] | Unset, currency: str | Unset
) -> Sequence[Mapping[str, Any]] | Unset:
    """Ticket types to send with a new event; a Money must be in the event's currency."""
    if isinstance(kinds, Unset):
        return UNSET
    news = [
        _new_ticket_type(f"ticket_types[{place}]", kind)
        for place, kind in enumerate(sequence("ticket_types", kinds))
    ]
    for place, kind in enumerate(news):
        given = kind.price.currency if isinstance(kind.price, Money) else None
        if given is not None and given != (currency or "USD"):
            raise InputError(
                f"ticket_types[{place}].price",
                f"it is in {given}, and the event in {currency or 'USD'}",
                "an event has one currency",
            )
    return [_sent(kind) for kind in news]


def _same_event(
    wire_: EventCodec, title: str, starts_at: Any, venue_name: str | Unset
) -> Once[Event]:
    """How an event that was just created is recognised: it carries nothing else of ours."""
    day = timedelta(days=1)
    if not isinstance(starts_at, datetime):
        said = f"expected a datetime to search for, got {type(starts_at).__name__}"
        raise InputError("starts_at", said, "such as datetime(2027, 3, 1, 19, 30, tzinfo=UTC)")
    if not 1 < starts_at.year < 9999:
        raise InputError("starts_at", f"{starts_at.isoformat()} cannot be searched for")
    # Wider than needed: whether the bounds are inclusive is not documented.
    params = {
        "dateFrom": wire("starts_at", starts_at - day),
        "dateTo": wire("starts_at", starts_at + day),
        "page": 1,
        "limit": 100,
    }

    def match(event: Event) -> bool:
        return (
            event.title.strip() == title.strip()
            and abs(event.starts_at - starts_at) < timedelta(seconds=1)
            and venue_name in (UNSET, event.venue_name)
        )

    def fetch(event: Event) -> Op[Event]:
        return _on_event("GET", event.id, "", wire_.read_event)

    return Once(wire_.events_page(params, first=1), match, fetch, first=True)


def _same_ticket_type(wire_: EventCodec, id_or_slug: str, new: NewTicketType) -> Once[Event]:
    """How a ticket type that was just added is recognised."""

    def page(reply: Reply) -> Page[Event]:
        return Page((wire_.read_event(reply),), reply=reply)

    def match(event: Event) -> bool:
        return any(
            kind.name.strip() == new.name.strip()
            and kind.price_cents == new.cents
            and kind.quantity in (None, new.quantity)
            for kind in event.ticket_types or ()
        )

    return Once(_on_event("GET", id_or_slug, "", page), match, first=True)


class TicketSmart(SyncClient):
    __doc__ = f"TicketSmart's API, blocking.\n\n{SyncClient.__doc__}"
    provider = PROVIDER

    @collection
    def events(self) -> Events[Sync]:
        """The events of the key's box office."""
        return Events(self._session)


class AsyncTicketSmart(AsyncClient):
    __doc__ = f"TicketSmart's API, awaited.\n\n{AsyncClient.__doc__}"
    provider = PROVIDER

    @collection
    def events(self) -> Events[Async]:
        """The events of the key's box office."""
        return Events(self._session)


class FlowTicketSmart(FlowClient):
    """TicketSmart's API for use inside flows."""

    provider = PROVIDER

    @property
    def names(self) -> Mapping[str, str]:
        """The inferred names, and what they are on the wire."""
        return self._session.account.wire

    @collection
    def events(self) -> Events[InFlow]:
        """The events of the key's box office."""
        return Events(self._session)


CLIENTS = Clients(TicketSmart, AsyncTicketSmart, FlowTicketSmart)

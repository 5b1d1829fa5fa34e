"""TicketSmart's endpoints, and all in which its wire differs from another provider's."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from ..client.codec import Codec, parse, parse_object, parse_rows
from ..client.endpoint import (
    Async,
    AsyncClient,
    Collection,
    F,
    FlowClient,
    InFlow,
    Sync,
    SyncClient,
    endpoint,
    listing,
)
from ..client.engine import Op, Problem, Provider, segment
from ..client.paging import Page
from ..client.quota import Quota
from ..errors import InputError, Reply, SlugTakenError, SoldTicketsError
from . import inferred
from .models import Availability, Event, EventStatus, TicketType, TypeAvailability

# "Cannot remove a ticket type that has sold tickets" and "Slug is already taken" (seed). The words
# are documented and the status is not, so the words decide.
_BY_MESSAGE = {
    "slug is already taken": SlugTakenError,
    "cannot remove a ticket type that has sold tickets": SoldTicketsError,
}


def _explain(reply: Reply) -> Problem:
    """``{"error": "…"}`` plus, at times, details, hint, missingScopes, retryAfter (seed)."""
    body = parse_object(reply)
    message = body["error"]
    if not isinstance(message, str):
        raise TypeError("no TicketSmart error")
    hint, after = body.get("hint"), body.get("retryAfter")
    scopes = body.get("missingScopes")
    return Problem(
        message=message,
        details=body.get("details"),
        hint=hint if isinstance(hint, str) else None,
        missing_scopes=tuple(map(str, scopes)) if isinstance(scopes, list) else (),
        retry_after=max(0.0, float(after)) if isinstance(after, int | float) else None,
        error=_BY_MESSAGE.get(message.strip().rstrip(".").lower()),
    )


PROVIDER = Provider(
    name="ticketsmart",
    base_url="https://ticketsmart.ai/api/v1",  # seed
    key_prefix="ts_sk_",  # seed
    key_env="TICKETSMART_API_KEY",
    auth=lambda key: {"x-api-key": key},  # seed
    explain=_explain,
    quota=Quota(60, 60.0),  # seed: per key, in any rolling 60 seconds
    advice={
        401: "check the key under Box Offices > Settings > API Keys; a revoked key stops at once",
        403: "make a key with the missing scopes; v1 knows events:read and events:write",
    },
)

# No box office has so many; a `totalPages` beyond it is a mistake not to be followed.
_MOST_PAGES = 10_000

_codec = Codec(
    {
        Event: inferred.EVENT_NAMES,
        TicketType: inferred.TICKET_TYPE_NAMES,
        Availability: inferred.AVAILABILITY_NAMES,
        TypeAvailability: inferred.TYPE_AVAILABILITY_NAMES,
    }
)


def _event(reply: Reply) -> Event:
    body = parse_object(reply)
    inner = body.get(inferred.EVENT_ENVELOPE)
    return _codec.structure(inner if isinstance(inner, dict) else body, Event, "event")


def _ticket_types(reply: Reply) -> tuple[TicketType, ...]:
    body = parse(reply)
    rows = (
        body
        if isinstance(body, list)
        else parse_rows(parse_object(reply), inferred.TICKET_TYPES_ENVELOPE)
    )
    return _codec.structure(rows, tuple[TicketType, ...], inferred.TICKET_TYPES_ENVELOPE)


def _availability(reply: Reply) -> Availability:
    return _codec.structure(parse_object(reply), Availability, "availability")


def _events_page(params: dict[str, Any]) -> Op[Page[Event]]:
    """The call for one page of events; its answer carries the call for the next."""

    def decode(reply: Reply) -> Page[Event]:
        body = parse_object(reply)
        events = _codec.structure(parse_rows(body, "events"), tuple[Event, ...], "events")
        # What `pagination` holds is inferred: a full page may be followed by another, a short one
        # is the last. `totalPages` is believed only where it asks us to read on.
        pagination = body.get(inferred.PAGINATION)
        pages = pagination.get(inferred.TOTAL_PAGES) if isinstance(pagination, dict) else None
        more = len(events) >= params["limit"] or (
            isinstance(pages, int) and params["page"] < min(pages, _MOST_PAGES)
        )
        return Page(events, _events_page({**params, "page": params["page"] + 1}) if more else None)

    return Op("GET", "/events", decode, params)


class Events(Collection[F]):
    """The events of the key's box office."""

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
        """Events, page by page; in which order is not documented.

        Args:
            status: only events that stand so.
            search: only events that match these words.
            date_from: only events from this moment on (aware).
            date_to: only events up to this moment (aware).
            live_only: only events that are live.
            page: the first page to read, from 1.
            limit: how many a page holds, 1 to 100.

        Raises:
            InputError: page or limit out of range, or a datetime without a time zone.
            ValidationError: TicketSmart refuses a filter.

        Scope: ``events:read``. Source: seed.
        """
        _check_page(page, limit)
        params: dict[str, Any] = {
            "status": status,
            "search": search,
            "dateFrom": date_from,
            "dateTo": date_to,
            "liveOnly": live_only,
            "page": page,
            "limit": limit,
        }
        return _events_page(params)

    @endpoint
    def get(self, id_or_slug: str) -> Op[Event]:
        """One event, with its ticket types and public URL.

        Raises:
            NotFoundError: no such event in the key's box office.

        Scope: ``events:read``. Source: seed.
        """
        return Op("GET", f"/events/{segment('id_or_slug', id_or_slug)}", _event)

    @endpoint
    def ticket_types(self, id_or_slug: str) -> Op[tuple[TicketType, ...]]:
        """An event's ticket types, with prices, sale windows and what is left.

        Raises:
            NotFoundError: no such event in the key's box office.

        Scope: ``events:read``. Source: seed; field names inferred.
        """
        path = f"/events/{segment('id_or_slug', id_or_slug)}/ticket-types"
        return Op("GET", path, _ticket_types)

    @endpoint
    def availability(self, id_or_slug: str) -> Op[Availability]:
        """What is left of an event, in a compact shape.

        Raises:
            NotFoundError: no such event in the key's box office.

        Scope: ``events:read``. Source: seed; shape inferred.
        """
        path = f"/events/{segment('id_or_slug', id_or_slug)}/availability"
        return Op("GET", path, _availability)

    @endpoint
    def remove_ticket_type(self, id_or_slug: str, ticket_type_id: str) -> Op[Event]:
        """Remove one ticket type of which nothing has been sold; answers with the event as it is.

        Raises:
            SoldTicketsError: tickets of it have been sold, so it stays.
            NotFoundError: no such event in the key's box office.
            OutcomeUnknownError: no clear answer; see whether the ticket type is still there.

        Scope: ``events:write``. Source: seed; the field's name is inferred.
        """
        if not ticket_type_id:
            raise InputError("ticket_type_id", "it is empty", "give the ticket type's id")
        return Op(
            "PATCH",
            f"/events/{segment('id_or_slug', id_or_slug)}",
            _event,
            json={inferred.REMOVE_TICKET_TYPE: ticket_type_id},
            look="see with events.ticket_types(…) whether it is still there",
            about={"event": id_or_slug, "ticket_type": ticket_type_id},
        )


def _check_page(page: int, limit: int) -> None:
    if page < 1:
        raise InputError("page", f"{page} is no page", "pages count from 1")
    if not 1 <= limit <= 100:
        raise InputError("limit", f"{limit} is out of range", "TicketSmart takes 1 to 100")


class TicketSmart(SyncClient):
    __doc__ = f"TicketSmart's API, blocking.\n\n{SyncClient.__doc__}"
    provider = PROVIDER

    @cached_property
    def events(self) -> Events[Sync]:
        """The events of the key's box office."""
        return Events(self._session)


class AsyncTicketSmart(AsyncClient):
    __doc__ = f"TicketSmart's API, awaited.\n\n{AsyncClient.__doc__}"
    provider = PROVIDER

    @cached_property
    def events(self) -> Events[Async]:
        """The events of the key's box office."""
        return Events(self._session)


class FlowTicketSmart(FlowClient):
    """TicketSmart's API for use inside flows."""

    provider = PROVIDER

    @cached_property
    def events(self) -> Events[InFlow]:
        """The events of the key's box office."""
        return Events(self._session)

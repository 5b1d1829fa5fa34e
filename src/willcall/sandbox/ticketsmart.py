"""TicketSmart's v1 API on the wire.

Base path ``/api/v1``; header ``x-api-key``; errors are ``{"error": "<message>"}`` with, at times,
``details``, ``hint``, ``missingScopes`` or ``retryAfter``. All of that is documented.

How well a fact is known: *documented* by TicketSmart, or *inferred* (see ``inferred.py``).
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from willcall.sandbox import inferred
from willcall.sandbox import ticketsmart_shapes as shapes
from willcall.sandbox.boxoffice import SlugTakenError
from willcall.sandbox.calls import ApiCall, View
from willcall.sandbox.checks import MISSING, Checker
from willcall.sandbox.events import STATUSES
from willcall.sandbox.limits import RollingWindow
from willcall.sandbox.wire import (
    Refusal,
    Route,
    WireReply,
    WireRequest,
    find_route,
    read_json_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from willcall.sandbox.boxoffice import SandboxBoxOffice
    from willcall.sandbox.events import Event
    from willcall.sandbox.keys import Key, KeyRing
    from willcall.sandbox.settings import Settings

HINT = "Send your API key in the x-api-key request header"
_CAP = 40  # rows
_STALE = 600.0  # seconds
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, PATCH, OPTIONS",
    "access-control-allow-headers": "Content-Type, x-api-key",
}


class TicketSmartWire:
    """Answers requests from the truth of the key's box office."""

    def __init__(
        self, box_offices: Mapping[str, SandboxBoxOffice], keys: KeyRing, settings: Settings
    ) -> None:
        """``box_offices`` by name: a key sees its own box office (documented)."""
        self._box_offices = box_offices
        self._keys = keys
        self._settings = settings
        self._windows: dict[str, RollingWindow] = {}
        self._cached: dict[str, tuple[datetime, list[Event]]] = {}
        self._routes: list[Route[Callable[[ApiCall], WireReply]]] = [
            Route("GET", "/events", "events:read", self._list),
            Route("POST", "/events", "events:write", self._create),
            Route("GET", "/events/{event}", "events:read", self._get),
            Route("PATCH", "/events/{event}", "events:write", self._patch),
            Route("GET", "/events/{event}/ticket-types", "events:read", self._ticket_types),
            Route("GET", "/events/{event}/availability", "events:read", self._availability),
        ]

    def identify(self, request: WireRequest, now: datetime) -> Key | None:
        """The key a request was sent with, if it authenticates."""
        return self._keys.authenticate("ticketsmart", request.headers.get("x-api-key", ""), now)

    def answer(
        self, request: WireRequest, now: datetime, view: View, *, counted: bool = True
    ) -> WireReply:
        """Carry a request out. ``counted`` is False if it was counted before."""
        if self._settings.apex != "answers":
            return self._redirect(request)
        try:
            reply = self._answer(request, now, view, counted=counted)
        except Refusal as refusal:
            reply = refusal.reply
        if self._settings.error_statuses == "other":
            reply.status = inferred.OTHER_STATUSES.get(reply.status, reply.status)
        if self._settings.field_names == "other" and reply.body and reply.status < 300:
            renamed = shapes.otherwise(json.loads(reply.body))
            reply = WireReply.json(renamed, reply.status, reply.headers)
        reply.headers = {**CORS, **reply.headers}
        return reply

    def _redirect(self, request: WireRequest) -> WireReply:
        """The apex knows only where the service is."""
        host = request.headers.get("host", "ticketsmart.ai")
        query = f"?{request.query}" if request.query else ""
        target = f"https://www.{host}/api/v1{request.path}{query}"
        return WireReply(int(self._settings.apex), headers={"location": target})

    def _answer(
        self, request: WireRequest, now: datetime, view: View, *, counted: bool
    ) -> WireReply:
        if request.method == "OPTIONS":
            return WireReply(204)
        key = self.identify(request, now)
        if key is None:
            return WireReply.json({"error": "Unauthorized", "hint": HINT}, 401)
        if counted and (wait := self.take(key, now)) is not None:
            return WireReply.json(
                {"error": "Rate limit exceeded. Try again later.", "retryAfter": wait},
                429,
                {"retry-after": str(wait)},
            )
        route, path, allowed = find_route(self._routes, request.method, request.path)
        if route is None:
            if allowed:
                return WireReply.json(
                    {"error": inferred.TICKETSMART_METHOD}, 405, {"allow": ", ".join(allowed)}
                )
            return WireReply.json({"error": inferred.TICKETSMART_NOT_FOUND}, 404)
        if not key.allows(route.scope):
            return WireReply.json({"error": "Forbidden", "missingScopes": [route.scope]}, 403)
        return route.handler(ApiCall(request, key, now, path, view))

    def take(self, key: Key, now: datetime) -> int | None:
        """Count a request of a key; returns the seconds to wait if it is refused."""
        window = self._windows.setdefault(key.token, RollingWindow())
        return window.take(
            now.timestamp(), self._settings.ticketsmart_limit, self._settings.limit_window
        )

    # Endpoints.

    def _list(self, call: ApiCall) -> WireReply:
        """``GET /events`` → ``{"events": […], "pagination": {…}}``.

        Documented: the parameters, limit 1 to 100, page from 1. Inferred: order by start,
        ``search`` in title, venue and city, inclusive dates, a 400 for a limit out of range, the
        fields of ``pagination``.
        """
        habits = self._settings
        query = dict(call.request.params())
        check = Checker(query)
        status = check.one_of("status", STATUSES)
        search = check.raw("search")
        earliest = check.moment("dateFrom")
        latest = check.moment("dateTo")
        live_only = check.flag_in_query("liveOnly")
        page = check.number_in_query("page", default=1, least=1, most=10**6)
        limit = check.number_in_query("limit", default=inferred.EVENTS_PER_PAGE, least=1, most=100)
        self._refuse_problems(check)
        stale = habits.list_filters == "stale" and status is not MISSING
        if habits.list_filters == "ignored":
            status = MISSING
        if habits.list_filters in ("ignored", "status_only"):
            earliest = latest = MISSING
        edge = habits.list_filters != "exclusive"
        limit = min(limit, _CAP) if habits.list_capped else limit

        def wanted(event: Event) -> bool:
            starts = event.starts_at
            return (
                (status is MISSING or event.status == status)
                and (search is MISSING or shapes.mentions(event, search))
                and (earliest is MISSING or starts > earliest or (edge and starts == earliest))
                and (latest is MISSING or starts < latest or (edge and starts == latest))
                and (live_only is not True or shapes.live(event, call.now))
                and not (status is MISSING and shapes.hidden_from_list(event, habits, call.now))
            )

        rows = call.view.arrange(
            (event for event in self._listed(call, _STALE if stale else 0.0) if wanted(event)),
            key=shapes.order(habits),
            name=lambda event: event.id,
        )
        shown = rows[(page - 1) * limit : page * limit]
        return WireReply.json(
            {
                "events": [
                    self._shape(
                        call, event, with_types=self._of(event).ticket_types_in_rows, in_row=True
                    )
                    for event in shown
                ],
                "pagination": shapes.pagination(page, limit, len(rows))
                if habits.pagination_fields
                else {},
            }
        )

    def _create(self, call: ApiCall) -> WireReply:
        """``POST /events`` → the event. Documented: fields, no status. Inferred: 201."""
        body = self._body(call)
        check = Checker(body)
        fields = shapes.read_event_fields(check, creating=True)
        kinds = shapes.read_ticket_types(check)
        self._refuse_status(check)
        self._refuse_problems(check)
        try:
            event = self._home(call).create(
                ticket_types=kinds, status=inferred.NEW_EVENT_STATUS, **fields
            )
        except SlugTakenError:
            return self._conflict("Slug is already taken")
        return self._one(call, event, inferred.CREATED)

    def _get(self, call: ApiCall) -> WireReply:
        """``GET /events/{idOrSlug}`` → the event with ticket types and public URL (documented)."""
        return self._one(call, self._event(call))

    def _patch(self, call: ApiCall) -> WireReply:
        """``PATCH /events/{idOrSlug}`` → the event; all of the patch is applied, or nothing.

        Documented: event fields, ``addTicketType``, removal of an unsold type, no status. Inferred:
        the name of the removal, and a 400 for an unknown ticket type.
        """
        event = self._event(call)
        body = self._body(call)
        check = Checker(body)
        fields = shapes.read_event_fields(check, creating=False, current=event)
        added = shapes.read_added_ticket_type(check)
        removed = self._removed(check, event)
        self._refuse_status(check)
        self._refuse_problems(check)
        box_office = self._home(call)
        # What can still fail comes first, so that a refused patch leaves no trace.
        if removed is not MISSING and event.ticket_type(removed).sold:
            return self._conflict("Cannot remove a ticket type that has sold tickets")
        try:
            box_office.update(event.id, **fields)
        except SlugTakenError:
            return self._conflict("Slug is already taken")
        if removed is not MISSING:
            box_office.remove_ticket_type(event.id, removed)
        if added is not MISSING:
            box_office.add_ticket_type(event.id, **added)
        return self._one(call, event)

    def _ticket_types(self, call: ApiCall) -> WireReply:
        """``GET /events/{idOrSlug}/ticket-types``. Documented: the facts. Inferred: names."""
        event = self._event(call)
        return WireReply.json(
            {inferred.TICKET_TYPES: shapes.ticket_types(event, self._of(event), call.now)}
        )

    def _availability(self, call: ApiCall) -> WireReply:
        """``GET /events/{idOrSlug}/availability``. Documented: compact. Inferred: its shape."""
        event = self._event(call)
        return WireReply.json(shapes.availability(event, self._of(event), call.now))

    # Inside.

    def _home(self, call: ApiCall) -> SandboxBoxOffice:
        return self._box_offices[call.key.home]

    def _event(self, call: ApiCall) -> Event:
        event = self._home(call).by_id_or_slug(call.path["event"])
        if event is None:
            raise Refusal(WireReply.json({"error": "Event not found"}, 404))
        return event

    def _of(self, event: Event) -> Settings:
        return self._settings.of(event.id)

    def _listed(self, call: ApiCall, stale: float = 0.0) -> list[Event]:
        """The events as the list knows them: as they are, or as they were a while ago."""
        office = self._home(call)
        lasts = max(stale, self._settings.stale_list)
        if not lasts:
            return office.events
        at, events = self._cached.get(office.name, (None, []))
        if at is None or (call.now - at).total_seconds() >= lasts:
            events = copy.deepcopy(office.events)
            self._cached[office.name] = call.now, events
        return events

    def _removed(self, check: Checker, event: Event) -> Any:
        """The id of the ticket type that a patch removes, or ``MISSING``."""
        name = inferred.REMOVE_TICKET_TYPE
        if (habit := self._of(event).removal_name) != "inferred":
            if habit == "ignored":
                check.raw(name)  # ``strict`` is about other fields
            elif check.raw(name) is not MISSING:
                check.problem(name, "Unrecognized key")
            name = inferred.OTHER_REMOVAL
        removed = check.text(name)
        if removed is not MISSING and all(kind.id != removed for kind in event.ticket_types):
            check.problem(name, "This event has no such ticket type")
        return removed

    def _one(self, call: ApiCall, event: Event, status: int = 200) -> WireReply:
        shape = self._shape(call, event, with_types=True)
        return WireReply.json({"event": shape} if self._settings.enveloped else shape, status)

    def _shape(self, call: ApiCall, event: Event, *, with_types: bool, in_row: bool = False) -> Any:
        habits = self._of(event)
        return shapes.event(event, habits, call.now, with_types=with_types, in_row=in_row)

    def _conflict(self, message: str) -> WireReply:
        return WireReply.json({"error": message}, 409)

    def _invalid(self, problems: list[tuple[str, str]]) -> Refusal:
        details: list[Any]
        if self._settings.details == "strings":
            details = [f"{path}: {message}" if path else message for path, message in problems]
        else:
            details = [{"path": path, "message": message} for path, message in problems]
        return Refusal(WireReply.json({"error": "Validation failed", "details": details}, 400))

    def _body(self, call: ApiCall) -> dict[str, Any]:
        return read_json_object(call.request.body, lambda reason: self._invalid([("", reason)]))

    def _refuse_status(self, check: Checker) -> None:
        if check.raw("status") is not MISSING:
            check.problem("status", "Status changes are not supported in v1")

    def _refuse_problems(self, check: Checker) -> None:
        if self._settings.strict:
            check.nothing_else()
        if check.problems:
            raise self._invalid(check.problems)

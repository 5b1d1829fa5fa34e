"""The control surface: JSON over HTTP for what people do to events and tickets, and for faults.

Settings, keys and the clock are here, too. It is served beside the two APIs, under ``/_control``;
``GET /_control/`` lists its routes. It is for loopback: there is no authentication. The text of a
new key is only in the answer that creates it.
"""

# ruff: noqa: ARG002, ARG005 - all handlers share one signature

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from willcall.sandbox.clock import ManualClock
from willcall.sandbox.season import series
from willcall.sandbox.settings import HABITS
from willcall.sandbox.wire import (
    Refusal,
    Route,
    WireReply,
    find_route,
    iso,
    read_datetime,
    read_json_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from willcall.sandbox.sandbox import Sandbox

EVENT_ACTS: dict[str, tuple[str, ...]] = {
    "sell": ("ticket_type", "count"),
    "sell-out": ("ticket_type",),
    "oversell": ("ticket_type", "count"),
    "hold": ("ticket_type", "count", "seconds"),
    "order": ("ticket_type", "count", "seconds"),
    "pay": ("ticket_type",),
    "let-go": ("ticket_type",),
    "refund": ("ticket_type", "count"),
    "restock": ("ticket_type", "count"),
    "set-quantity": ("ticket_type", "quantity"),
    "set-sale": ("ticket_type", "starts_at", "ends_at"),
    "share": ("quantity",),
    "hide": ("ticket_type", "hidden"),
    "set-price": ("ticket_type", "price"),
    "add-ticket-type": ("name", "price", "quantity", "hidden", "add_on"),
    "remove-ticket-type": ("ticket_type",),
    "publish": (),
    "cancel": (),
    "complete": (),
    "archive": (),
    "set-status": ("status",),
    "reschedule": ("starts_at", "days"),
    "move": ("venue", "city", "country"),
    "rename": ("title",),
    "delete": (),
}
"""Acts on an event by the names of ``SandboxBoxOffice``'s methods, with the fields each takes."""

TICKET_ACTS: dict[str, tuple[str, ...]] = {
    "reply": ("body",),
    "answer": ("body",),
    "note": ("body",),
    "auto-reply": ("body",),
    "assign": ("user",),
    "tag": ("tag",),
    "untag": ("tag",),
    "resolve": (),
    "reopen": (),
    "pending": (),
    "close": (),
    "merge": ("into",),
    "snooze": ("seconds",),
    "rename": ("subject",),
    "delete": (),
}
"""Acts on a ticket by the names of ``SandboxDesk``'s methods."""

EVENT_TEXTS = {
    "slug",
    "status",
    "visibility",
    "category",
    "timezone",
    "venue_name",
    "city",
    "country",
    "currency",
}
"""What a new event may be given besides title, start and ticket types."""

TYPES: dict[str, tuple[type, ...]] = {
    "ticket_type": (str, type(None)),
    "count": (int,),
    "hidden": (bool,),
    "add_on": (bool,),
    "unlimited": (bool,),
    "sold": (int,),
    "price": (int,),
    "quantity": (int,),
    "name": (str,),
    "status": (str,),
    "days": (int, float),
    "venue": (str,),
    "city": (str, type(None)),
    "country": (str, type(None)),
    "title": (str,),
    "body": (str,),
    "user": (str, type(None)),
    "tag": (str,),
    "seconds": (int, float, type(None)),
    "subject": (str,),
    "into": (str,),
    "starts_at": (datetime,),
    "ends_at": (datetime,),
}

_MOST_DATES = 5000
_TYPE_FIELDS = ("name", "price", "quantity", "sold", "hidden", "add_on", "unlimited")


class Control:
    """Answers requests to the control surface of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Control ``sandbox``."""
        self._sandbox = sandbox
        self._routes: list[Route[Callable[[dict[str, str], dict[str, Any]], object]]] = [
            Route("GET", "/", "", self._index),
            Route("GET", "/truth", "", lambda path, values: sandbox.truth()),
            Route("GET", "/events", "", self._events),
            Route("POST", "/events", "", self._create_event),
            Route("POST", "/events/{event}/{act}", "", self._act_on_event),
            Route("GET", "/tickets", "", lambda path, values: {"tickets": sandbox.desk.truth()}),
            Route("POST", "/tickets", "", self._create_ticket),
            Route("POST", "/tickets/{ticket}/{act}", "", self._act_on_ticket),
            Route("GET", "/outbox", "", self._outbox),
            Route("GET", "/requests", "", self._requests),
            Route("DELETE", "/requests", "", self._forget_requests),
            Route("GET", "/keys", "", self._keys),
            Route("POST", "/keys", "", self._new_key),
            Route("POST", "/keys/{name}/revoke", "", self._revoke),
            Route("POST", "/box-offices", "", self._new_box_office),
            Route("GET", "/settings", "", lambda path, values: sandbox.settings.as_dict()),
            Route("PATCH", "/settings", "", self._change_settings),
            Route("GET", "/habits", "", self._habits),
            Route("POST", "/series", "", self._series),
            Route("GET", "/faults", "", self._faults),
            Route("POST", "/faults", "", self._add_fault),
            Route("DELETE", "/faults", "", self._clear_faults),
            Route("DELETE", "/faults/{fault}", "", self._remove_fault),
            Route("GET", "/clock", "", self._clock),
            Route("POST", "/clock/advance", "", self._advance),
            Route("POST", "/reset", "", self._reset),
        ]

    def answer(self, method: str, path: str, query: str, body: bytes) -> WireReply:
        """Carry out a request; 400 if a value is wrong, 404 if something does not exist.

        Errors are ``{"error": "<what and why>"}``. Query and JSON body are merged.
        """
        route, parameters, allowed = find_route(self._routes, method, path)
        if route is None:
            if allowed:
                return WireReply.json({"error": f"use {' or '.join(allowed)}"}, 405)
            return WireReply.json({"error": "no such route; GET /_control/ lists them"}, 404)
        try:
            values: dict[str, Any] = dict(parse_qsl(query))
            if body:
                values |= read_json_object(body, ValueError)
            with self._sandbox.lock:
                self._sandbox.settle()
                return WireReply.json(route.handler(parameters, values))
        except Refusal as refusal:
            return refusal.reply
        except LookupError as reason:
            return WireReply.json({"error": str(reason.args[0])}, 404)
        except (ValueError, TypeError) as reason:
            return WireReply.json({"error": str(reason)}, 400)

    # Events.

    def _events(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        office = self._office(values)
        _nothing_left(values)
        return {"events": office.truth()}

    def _create_event(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        office = self._office(values)
        title, starts_at = values.pop("title", None), read_datetime(values.pop("starts_at", None))
        if not isinstance(title, str) or starts_at is None:
            raise ValueError("title and starts_at (ISO-8601 with offset) are required")
        kinds = values.pop("ticket_types", [])
        if unknown := set(values) - EVENT_TEXTS:
            raise ValueError(f"{', '.join(sorted(unknown))}: not known here")
        if not all(isinstance(value, str) for value in values.values()):
            raise TypeError(f"{', '.join(values)}: texts, please")
        for kind in kinds:
            _arguments({"ticket_types": _TYPE_FIELDS}, "ticket_types", kind)
            if not {"name", "price", "quantity"} <= set(kind):
                raise ValueError("ticket_types: each needs name, price, quantity")
        event = office.create(title, starts_at, ticket_types=kinds, **values)
        return next(row for row in office.truth() if row["id"] == event.id)

    def _act_on_event(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        office = self._office(values)
        arguments = _arguments(EVENT_ACTS, path["act"], values)
        event = office.event(path["event"])
        getattr(office, path["act"].replace("-", "_"))(event.id, **arguments)
        if path["act"] == "delete":
            return {"deleted": event.id}
        return next(row for row in office.truth() if row["id"] == event.id)

    def _office(self, values: dict[str, Any]) -> Any:
        name = values.pop("box_office", None)
        return self._sandbox.boxoffice if name is None else self._sandbox.box_office(name)

    def _new_box_office(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        name = values.pop("name", None)
        _nothing_left(values)
        if not isinstance(name, str) or not name:
            raise ValueError("name is required")
        self._sandbox.new_box_office(name)
        return {"boxOffices": self._sandbox.box_offices}

    # Tickets.

    def _create_ticket(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        desk = self._sandbox.desk
        wanted = ("subject", "customer_email", "inbox_id", "body")
        has_inboxes = self._sandbox.settings.inboxes in ("optional", "required")
        inbox = values.setdefault("inbox_id", desk.inboxes[0].id if has_inboxes else None)
        texts = (value for name, value in values.items() if name != "inbox_id" or value is not None)
        if set(values) != set(wanted) or not all(isinstance(value, str) for value in texts):
            raise ValueError(f"send exactly {', '.join(wanted)} (inbox_id may be left out)")
        if inbox is not None and desk.inbox(inbox) is None:
            raise LookupError(f"no inbox {inbox!r}")
        ticket = desk.create_ticket(**values)
        return next(row for row in desk.truth() if row["id"] == ticket.id)

    def _act_on_ticket(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        desk = self._sandbox.desk
        arguments = _arguments(TICKET_ACTS, path["act"], values)
        ticket = desk.ticket(path["ticket"])
        getattr(desk, path["act"].replace("-", "_"))(ticket.id, **arguments)
        if path["act"] == "delete":
            return {"deleted": ticket.id}
        return next(row for row in desk.truth() if row["id"] == ticket.id)

    def _outbox(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        return {
            "messages": [
                {
                    "id": message.id,
                    "ticketId": message.ticket_id,
                    "from": message.author_email,
                    "to": list(message.to),
                    "cc": list(message.cc),
                    "subject": message.subject,
                    "body": message.body,
                    "createdAt": iso(message.created_at),
                }
                for message in self._sandbox.desk.outbox
            ]
        }

    # The machinery.

    def _index(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        return {
            "routes": [f"{route.method} /_control{route.template}" for route in self._routes],
            "eventActs": {act: list(fields) for act, fields in EVENT_ACTS.items()},
            "ticketActs": {act: list(fields) for act, fields in TICKET_ACTS.items()},
        }

    def _requests(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        return {"requests": [line.as_dict() for line in self._sandbox.requests]}

    def _forget_requests(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        self._sandbox.forget_requests()
        return {"requests": []}

    def _keys(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        ring = self._sandbox.keys
        return {
            "keys": [
                {
                    "name": key.name,
                    "service": key.service,
                    "scopes": sorted(key.scopes),
                    "home": key.home,
                    "active": key.active(self._sandbox.now()),
                }
                for key in (*ring.of("ticketsmart"), *ring.of("ticket0"))
            ]
        }

    def _new_key(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        expires = values.pop("expires_at", None)
        if expires is not None:
            expires = read_datetime(expires)
            if expires is None:
                raise ValueError("expires_at must be ISO-8601 with offset")
        token = self._sandbox.new_key(values.pop("service", ""), expires_at=expires, **values)
        return {"name": self._sandbox.keys.find(token).name, "key": token}

    def _revoke(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        self._sandbox.revoke(path["name"])
        return {"revoked": path["name"]}

    def _change_settings(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        settings = self._sandbox.settings
        reference = values.pop("event", None)
        if reference is None:
            settings.change(values)
            return settings.as_dict()
        event = self._office(values).event(reference)
        settings.change(values, event.id)
        return settings.of(event.id).as_dict()

    def _habits(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        now = self._sandbox.settings
        return {
            "habits": [
                {
                    "name": habit.name,
                    "value": getattr(now, habit.name),
                    "values": habit.values,
                    "meaning": habit.meaning,
                    "documented": habit.documented,
                }
                for habit in HABITS
            ]
        }

    def _series(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        office = self._office(values)
        dates, title = values.pop("dates", None), values.pop("title", "The Long Run")
        _nothing_left(values)
        if type(dates) is not int or not 1 <= dates <= _MOST_DATES or not isinstance(title, str):
            raise ValueError(f"dates: a number from 1 to {_MOST_DATES} is required")
        series(office, self._sandbox.now(), dates, title)
        return {"events": len(office.events)}

    def _faults(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        return {"faults": [fault.as_dict() for fault in self._sandbox.faults.all()]}

    def _add_fault(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        kind = values.pop("kind", "")
        for name in ("service", "method", "path", "body"):
            if not isinstance(values.get(name, ""), str):
                raise TypeError(f"{name}: a text, please")
        return self._sandbox.faults.add(kind, **values).as_dict()

    def _clear_faults(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        self._sandbox.faults.clear()
        return {"faults": []}

    def _remove_fault(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        self._sandbox.faults.remove(path["fault"])
        return self._faults(path, values)

    def _clock(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        manual = isinstance(self._sandbox.clock, ManualClock)
        return {"now": iso(self._sandbox.now()), "manual": manual}

    def _advance(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        clock = self._sandbox.clock
        if not isinstance(clock, ManualClock):
            raise Refusal(
                WireReply.json({"error": "this sandbox runs on the machine's clock"}, 409)
            )
        seconds = values.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise TypeError("seconds: a number is required")
        clock.advance(seconds)
        self._sandbox.settle()
        return {"now": iso(self._sandbox.now()), "manual": True}

    def _reset(self, path: Mapping[str, str], values: dict[str, Any]) -> object:
        self._sandbox.reset()
        return {"reset": True}


def _arguments(
    acts: Mapping[str, tuple[str, ...]], act: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The values as arguments of an act's method, each with the right type."""
    if act not in acts:
        raise LookupError(f"no act {act!r}; known: {', '.join(sorted(acts))}")
    arguments = dict(values)
    for name in values:
        if name not in acts[act]:
            raise ValueError(f"{name}: {act} takes {', '.join(acts[act]) or 'nothing'}")
        if name in ("starts_at", "ends_at"):
            arguments[name] = read_datetime(values[name])
        value = arguments[name]
        # In Python a bool is an int, but ``true`` is not a number of tickets.
        flag = bool in TYPES[name]
        nothing = value is None and (act, name) == ("set-quantity", "quantity")
        if not nothing and (not isinstance(value, TYPES[name]) or isinstance(value, bool) != flag):
            raise ValueError(f"{name}: {values[name]!r} is not possible here")
    return arguments


def _nothing_left(values: Mapping[str, Any]) -> None:
    if values:
        raise ValueError(f"{', '.join(values)}: not known here")

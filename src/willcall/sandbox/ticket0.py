"""Ticket0's v1 API on the wire.

Base path ``/api/v1``; ``Authorization: Bearer t0_…``; errors are ``{"error": {"code", "message"}}``
with upper-case codes. All of that is documented.

How well a fact is known: *documented* by Ticket0, on its *public* pages, in an *older* revision of
them, or *inferred* (see ``inferred.py``).
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, TypeVar

from willcall.sandbox import inferred
from willcall.sandbox import ticket0_shapes as shapes
from willcall.sandbox.calls import ApiCall, View
from willcall.sandbox.checks import MISSING, Checker
from willcall.sandbox.desk import CLOSED, STATUSES, Customer, Message, Ticket, User
from willcall.sandbox.ids import scramble
from willcall.sandbox.limits import FirstRequestWindow
from willcall.sandbox.wire import (
    Refusal,
    Route,
    WireReply,
    WireRequest,
    find_route,
    read_json_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from willcall.sandbox.desk import SandboxDesk
    from willcall.sandbox.keys import Key, KeyRing
    from willcall.sandbox.settings import Settings

ROBOT = User("usr_00api", "API", "support@example.com")
"""Who wrote what came through the API (inferred)."""

CLOSED_CODES = {
    "400": "VALIDATION_ERROR",
    "403": "FORBIDDEN",
    "404": "NOT_FOUND",
    "409": inferred.CONFLICT_CODE,
    "422": inferred.UNPROCESSABLE_CODE,
}
"""What a closed ticket may answer, and the code that goes with it."""

FRONT = 1_000_000_000
"""Further ahead than any number that a row is given."""

Row = TypeVar("Row", Ticket, Customer)


class Ticket0Wire:
    """Answers requests from the data of the workspace."""

    def __init__(self, desk: SandboxDesk, keys: KeyRing, settings: Settings) -> None:
        """A wire to ``desk``."""
        self._desk = desk
        self._keys = keys
        self._settings = settings
        self._window = FirstRequestWindow()
        self._front: dict[str, int] = {}
        """Rows that have moved to the front of their lists, and which came last."""
        self._routes: list[Route[Callable[[ApiCall], WireReply]]] = [
            Route("GET", "/tickets", "tickets:read", self._list),
            Route("POST", "/tickets", "tickets:write", self._create),
            Route("GET", "/tickets/{ticket}", "tickets:read", self._get),
            Route("PATCH", "/tickets/{ticket}", "tickets:write", self._patch),
            Route("GET", "/tickets/{ticket}/messages", "messages:read", self._messages),
            Route("POST", "/tickets/{ticket}/messages", "messages:send", self._send),
            Route("GET", "/customers", "customers:read", self._customers),
            Route("POST", "/customers", "customers:write", self._create_customer),
            Route("GET", "/customers/{customer}", "customers:read", self._customer),
            Route("PATCH", "/customers/{customer}", "customers:write", self._patch_customer),
        ]

    def identify(self, request: WireRequest, now: datetime) -> Key | None:
        """The key a request was sent with, if it authenticates."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        return self._keys.authenticate("ticket0", token.strip(), now)

    def answer(
        self, request: WireRequest, now: datetime, view: View, *, counted: bool = True
    ) -> WireReply:
        """Carry a request out. ``counted`` is False if it was counted before."""
        try:
            reply = self._answer(request, now, view, counted=counted)
        except Refusal as refusal:
            reply = refusal.reply
        if self._settings.rate_headers == "older":
            limit = self._settings.ticket0_limit or 60
            reply.headers["x-ratelimit-limit"] = str(limit)
            reply.headers["x-ratelimit-remaining"] = str(self._window.left(limit))
        return reply

    def _answer(
        self, request: WireRequest, now: datetime, view: View, *, counted: bool
    ) -> WireReply:
        key = self.identify(request, now)
        if key is None:
            return error(401, "UNAUTHORIZED", "Valid API key required")
        if counted and (wait := self.take(key, now)) is not None:
            reply = error(429, "RATE_LIMITED", inferred.MESSAGE_RATE_LIMITED)
            if self._settings.rate_headers != "missing":
                reply.headers["retry-after"] = str(wait)
            return reply
        if self._settings.subscription == "lapsed":
            return error(402, inferred.LAPSED_CODE, inferred.MESSAGE_LAPSED)
        route, path, allowed = find_route(self._routes, request.method, request.path)
        if route is None:
            if allowed:
                reply = error(405, inferred.METHOD_CODE, "Method not allowed")
                reply.headers["allow"] = ", ".join(allowed)
                return reply
            return error(404, "NOT_FOUND", inferred.MESSAGE_NOT_FOUND.format(what="Resource"))
        if not key.allows(route.scope):
            return error(403, "FORBIDDEN", inferred.MESSAGE_FORBIDDEN.format(scope=route.scope))
        return route.handler(ApiCall(request, key, now, path, view))

    def take(self, key: Key, now: datetime) -> int | None:  # noqa: ARG002 - shared by all keys
        """Count a request of the workspace; returns the seconds to wait if it is refused."""
        return self._window.take(
            now.timestamp(), self._settings.ticket0_limit, self._settings.limit_window
        )

    # Tickets.

    def _list(self, call: ApiCall) -> WireReply:
        """``GET /tickets`` → ``{"tickets": […], "nextCursor": …}``.

        Documented: ``status``, ``limit``. Older: ``assigneeId``, ``inboxId``, ``tag``, the answer.
        Public: ``cursor``, limit 20 by default and at most 100. Inferred: newest first.
        """
        check = Checker(dict(call.request.params()))
        filters = self._settings.closed_filter == "filters"
        status = check.one_of("status", (*STATUSES, CLOSED) if filters else STATUSES)
        assignee = check.raw("assigneeId")
        inbox = self._inbox(check)
        tag = check.raw("tag")

        def tagged(ticket: Ticket) -> bool:
            since = ticket.tagged_at.get(tag)
            return since is not None and (call.now - since).total_seconds() >= call.view.tag_lag

        rows = [
            ticket
            for ticket in self._desk.tickets
            if self._listed(ticket, call.now)
            and (status is MISSING or ticket.status == status)
            and (assignee is MISSING or ticket.assignee_id == assignee)
            and (inbox is MISSING or ticket.inbox_id == inbox)
            and (tag is MISSING or tagged(ticket))
        ]
        shown, cursor = self._page(call, check, rows)
        return WireReply.json(
            {"tickets": [shapes.ticket(row) for row in shown], "nextCursor": cursor}
        )

    def _listed(self, ticket: Ticket, now: datetime) -> bool:
        """Whether lists show a ticket."""
        if ticket.listed_at is not None and now < ticket.listed_at:
            return False
        if ticket.status == "processing" and not self._settings.processing_listed:
            return False
        return self._settings.list_closed or ticket.status != CLOSED

    def _inbox(self, check: Checker, *, new: bool = False) -> Any:
        """``inboxId`` of a body or a query, as the habit has it; MISSING if there is none."""
        habit = self._settings.inboxes
        if habit == "refused":
            return MISSING if check.raw("inboxId") is MISSING else check.unknown("inboxId")
        if not new:
            inbox = check.raw("inboxId")
            return MISSING if habit == "ignored" else inbox
        if habit == "ignored":
            check.text("inboxId")  # a value of another type is refused all the same
            return MISSING
        inbox = check.text("inboxId", required=habit == "required")
        if inbox is not MISSING and self._desk.inbox(inbox) is None:
            check.problem("inboxId", "No such inbox in this workspace")
        return self._desk.inboxes[0].id if inbox is MISSING else inbox

    def _create(self, call: ApiCall) -> WireReply:
        """``POST /tickets`` ``{subject, customerEmail, inboxId, body}`` → the ticket (older).

        No tags and no external id at creation: sent, they are ignored. inferred: 201.
        """
        check = self._body(call)
        subject = check.text("subject", required=True, longest=500)
        email = check.address("customerEmail", required=True)
        inbox = self._inbox(check, new=True)
        body = check.text("body", required=True, longest=100_000)
        tags, external = self._extras(check)
        self._refuse_problems(check)
        ticket = self._desk.create_ticket(subject, email, None if inbox is MISSING else inbox, body)
        ticket.tagged_at = dict.fromkeys(tags, ticket.created_at)
        ticket.external_id = external
        if self._settings.empty_creation:
            return WireReply(inferred.CREATED)
        return self._one(ticket, inferred.CREATED)

    def _extras(self, check: Checker) -> tuple[list[str], str | None]:
        """The tags and the external id of a creation, where they are taken."""
        habit = self._settings.creation_extras
        if habit == "ignored":
            return [], None
        tags, external = check.texts("tags"), check.text("externalId", nullable=True)
        if habit == "refused":
            for name, value in (("tags", tags), ("externalId", external)):
                if value is not MISSING:
                    check.unknown(name)
        return ([] if tags is MISSING else tags), (None if external is MISSING else external)

    def _get(self, call: ApiCall) -> WireReply:
        """``GET /tickets/{id}`` → the ticket (older)."""
        return self._one(self._ticket(call))

    def _patch(self, call: ApiCall) -> WireReply:
        """``PATCH /tickets/{id}`` any of ``{status, assigneeId, tags}`` → the ticket (older).

        ``tags`` is the whole list. Any other status is a 400 (documented: bad enum value).
        """
        ticket = self._ticket(call)
        check = self._body(call)
        if self._closed(ticket):
            return self._one(ticket)
        found = {
            "status": check.one_of("status", self._settable()),
            "assignee_id": check.text("assigneeId", nullable=True),
            "tags": check.texts("tags"),
        }
        assignee = found["assignee_id"]
        if isinstance(assignee, str) and self._desk.user(assignee) is None:
            check.problem("assigneeId", "No such user in this workspace")
        again = found["status"] == ticket.status == "resolved"
        if again and self._settings.resolved_again == "400":
            check.problem("status", "The ticket is resolved already")
        if found["tags"] is not MISSING and self._settings.tags == "refused":
            check.unknown("tags")
        self._refuse_problems(check)
        changes = {name: value for name, value in found.items() if value is not MISSING}
        return self._one(self._desk.update_ticket(ticket.id, **changes))

    def _settable(self) -> tuple[str, ...]:
        """The statuses that a PATCH may set."""
        return {
            "documented": STATUSES,
            "all": (*STATUSES, CLOSED),
            "open_resolved": ("open", "resolved"),
            "resolved": ("resolved",),
        }[self._settings.patch_statuses]

    def _closed(self, ticket: Ticket) -> bool:
        """Whether an act on a ticket has no effect because it is closed. Raises the refusal of
        those desks that refuse it."""
        habit = self._settings.on_closed
        if ticket.status != CLOSED or habit == "accepted":
            return False
        if habit == "ignored":
            return True
        raise Refusal(error(int(habit), CLOSED_CODES[habit], inferred.MESSAGE_CLOSED))

    # Messages.

    def _messages(self, call: ApiCall) -> WireReply:
        """``GET /tickets/{id}/messages``, oldest first.

        public: all of them, ``{"messages": […], "total": n}``. older: with ``limit`` (at most 200),
        ``cursor`` and ``nextCursor``.
        """
        messages = self._ticket(call).messages
        how = self._settings.listed_notes
        if how == "absent":
            messages = [message for message in messages if not message.is_note]
        if self._settings.message_shape == "public":
            rows = [shapes.public_message(m, marked=how == "marked") for m in messages]
            return WireReply.json({"messages": rows, "total": len(messages)})
        check = Checker(dict(call.request.params()))
        most = inferred.MESSAGES_PER_PAGE
        limit = check.number_in_query("limit", default=most, least=1, most=most)
        start = self._read_cursor(check, "messages", call.now)
        if start is not None and not (type(start) is int and start >= 0):
            check.problem("cursor", "Invalid cursor")
        self._refuse_problems(check)
        first = start or 0
        rest = first + limit < len(messages)
        return WireReply.json(
            {
                "messages": [
                    shapes.older_message(m, marked=how == "marked")
                    for m in messages[first : first + limit]
                ],
                "nextCursor": write_cursor("messages", first + limit, call.now) if rest else None,
            }
        )

    def _send(self, call: ApiCall) -> WireReply:
        """``POST /tickets/{id}/messages`` → the message.

        public: ``{fromAddress, bodyText}``, e-mailed, from a monitored address. older: ``{body,
        isNote: true}``, a note. inferred: ``bodyHtml``, ``ccAddresses``, 201.
        """
        ticket = self._ticket(call)
        check = self._body(call)
        closed = self._closed(ticket)
        note = check.flag("isNote") is True
        message = self._noted(ticket, check) if note else self._replied(ticket, check)
        if closed:
            ticket.messages.remove(message)
        public = self._settings.message_shape == "public"
        shape = shapes.public_message(message) if public else shapes.older_message(message)
        return WireReply.json(shape, inferred.CREATED)

    def _noted(self, ticket: Ticket, check: Checker) -> Message:
        """An internal note; by e-mail to the customer, if ``isNote`` is ignored."""
        habit = self._settings.notes
        text = check.text("body", required=True, longest=100_000)
        if habit == "refused":
            check.unknown("isNote")
        self._refuse_problems(check)
        author_type = self._settings.api_author
        return self._desk.send(
            ticket.id,
            text,
            author=ROBOT,
            author_type=author_type,
            note=habit == "work" or ticket.status == CLOSED,
        )

    def _replied(self, ticket: Ticket, check: Checker) -> Message:
        """A reply by e-mail."""
        sender = check.address("fromAddress", required=True)
        text = check.text("bodyText", required=True, longest=100_000)
        html = check.text(inferred.BODY_HTML, nullable=True, longest=500_000)
        copies = check.texts(inferred.CC_ADDRESSES)
        monitored = sender is MISSING or self._desk.inbox_of(sender) is not None
        habit = self._settings.unmonitored
        if not monitored and habit == "400":
            check.problem("fromAddress", "Not the address of a monitored inbox")
        self._refuse_problems(check)
        if not monitored and habit in ("403", "404"):
            raise Refusal(error(int(habit), CLOSED_CODES[habit], inferred.MESSAGE_UNMONITORED))
        closed = ticket.status == CLOSED and self._settings.on_closed == "ignored"
        return self._desk.send(
            ticket.id,
            text,
            author=ROBOT,
            author_type=self._settings.api_author,
            from_address=sender,
            body_html=None if html is MISSING else html,
            cc=() if copies is MISSING else tuple(copies),
            delivered=monitored and not closed,
        )

    # Customers.

    def _customers(self, call: ApiCall) -> WireReply:
        """``GET /customers?email&externalId`` → ``{"customers", "nextCursor"}`` (older)."""
        check = Checker(dict(call.request.params()))
        email = check.raw("email")
        external = check.raw("externalId")
        rows = [
            customer
            for customer in self._desk.customers
            if (email is MISSING or customer.email == email.lower())
            and (external is MISSING or customer.external_id == external)
        ]
        shown, cursor = self._page(call, check, rows)
        return WireReply.json({"customers": [self._shape(c) for c in shown], "nextCursor": cursor})

    def _create_customer(self, call: ApiCall) -> WireReply:
        """``POST /customers`` ``{email, name, externalId, metadata}`` → the customer (older).

        An ``externalId`` that exists answers the existing customer; inferred: with 200, not 201.
        """
        check = self._body(call)
        email = check.address("email", required=True)
        name = check.text("name", nullable=True, longest=200)
        external = check.text("externalId", nullable=True, longest=200)
        metadata = self._metadata(check, removable=False)
        self._refuse_problems(check)
        self._refuse_known(email, external)
        customer, new = self._desk.upsert_customer(
            email,
            name=None if name is MISSING else name,
            external_id=None if external is MISSING else external,
            metadata=metadata,
        )
        return WireReply.json(self._shape(customer), inferred.CREATED if new else 200)

    def _refuse_known(self, email: str, external: Any) -> None:
        """Refuse a known address with another external id, if that is the habit."""
        habit = self._settings.known_address
        if habit not in ("400", "409") or external in (MISSING, None):
            return
        known = {customer.external_id: customer.email for customer in self._desk.customers}
        others = [name for name, address in known.items() if address == email.lower() and name]
        if others and external not in known:
            raise Refusal(error(int(habit), CLOSED_CODES[habit], inferred.MESSAGE_KNOWN_ADDRESS))

    def _customer(self, call: ApiCall) -> WireReply:
        """``GET /customers/{id}`` → the customer (older)."""
        return WireReply.json(self._shape(self._known_customer(call)))

    def _patch_customer(self, call: ApiCall) -> WireReply:
        """``PATCH /customers/{id}`` ``{name, metadata}``: merged, ``null`` removes (older)."""
        customer = self._known_customer(call)
        check = self._body(call)
        name = check.text("name", nullable=True, longest=200)
        metadata = self._metadata(check, removable=True)
        self._refuse_problems(check)
        if name is not MISSING:
            customer.name = name
        for key, value in metadata.items():
            if value is None:
                customer.metadata.pop(key, None)
            else:
                customer.metadata[key] = value
        return WireReply.json(self._shape(customer))

    # Inside.

    def _ticket(self, call: ApiCall) -> Ticket:
        ticket = self._desk.by_id(call.path["ticket"])
        lag = self._settings.read_lag
        if ticket is None or (lag and (call.now - ticket.created_at).total_seconds() < lag):
            raise Refusal(error(404, "NOT_FOUND", inferred.MESSAGE_NOT_FOUND.format(what="Ticket")))
        return ticket

    def _known_customer(self, call: ApiCall) -> Customer:
        wanted = call.path["customer"]
        for customer in self._desk.customers:
            if customer.id == wanted:
                return customer
        raise Refusal(error(404, "NOT_FOUND", inferred.MESSAGE_NOT_FOUND.format(what="Customer")))

    def _one(self, ticket: Ticket, status: int = 200) -> WireReply:
        shape = shapes.ticket(ticket)
        return WireReply.json(
            {"ticket": shape} if self._settings.ticket_enveloped else shape, status
        )

    def _shape(self, customer: Customer) -> dict[str, Any]:
        return shapes.customer(customer, self._desk.ticket_count(customer))

    def _body(self, call: ApiCall) -> Checker:
        return Checker(read_json_object(call.request.body, lambda reason: invalid([("", reason)])))

    def _metadata(self, check: Checker, *, removable: bool) -> dict[str, Any]:
        value = check.raw("metadata")
        if value is MISSING:
            return {}
        kinds = (str, type(None)) if removable else (str,)
        if not isinstance(value, dict) or not all(isinstance(v, kinds) for v in value.values()):
            check.problem("metadata", "Expected object of strings")
            return {}
        return value

    def _refuse_problems(self, check: Checker) -> None:
        if self._settings.strict:
            check.nothing_else()
        if check.problems:
            raise invalid(check.problems)

    def _page(self, call: ApiCall, check: Checker, rows: list[Row]) -> tuple[list[Row], str | None]:
        """One page of rows after the cursor, and the next cursor.

        A cursor names the last row shown, so that rows which come or go meanwhile neither repeat
        nor hide others; what order it belongs to is part of it.
        """
        limit = check.number_in_query("limit", default=inferred.TICKETS_PER_PAGE, least=1, most=100)
        habit = self._settings.ticket_order
        salt = call.view.shuffle
        order = f"shuffled-{salt}" if salt else habit

        def place(row: Row) -> int | str:
            if salt:
                return scramble(f"{salt}/{row.id}", 12)
            if row.id in self._front:
                return -self._front[row.id]
            changed = getattr(row, "updated_at", None)
            if habit == "updated" and changed is not None:
                return -int(changed.timestamp() * 1000) * 100_000 - row.seq
            return row.seq if habit == "oldest" else -row.seq

        after = self._read_cursor(check, order, call.now)
        if after is not None and type(after) is not (str if salt else int):
            check.problem("cursor", "Invalid cursor")
        self._refuse_problems(check)
        places = sorted(((place(row), row) for row in rows), key=lambda pair: pair[0])
        if after is not None:
            places = [pair for pair in places if pair[0] > after]
            if call.view.moving and not salt and places:
                gone = min(
                    places, key=lambda pair: scramble(f"{call.view.moving}/{pair[1].id}", 12)
                )
                places.remove(gone)
                self._front[gone[1].id] = max(self._front.values(), default=FRONT) + 1
        shown = places[:limit]
        more = len(places) > limit
        cursor = write_cursor(order, shown[-1][0], call.now) if more else None
        return [row for _, row in shown], cursor

    def _read_cursor(self, check: Checker, order: str, now: datetime) -> Any:
        """The position of a cursor; ``None`` without one. A bad cursor, or one that was given out
        too long ago, is noted as a problem."""
        text = check.raw("cursor")
        if text is MISSING:
            return None
        try:
            order_of, place, given = json.loads(base64.urlsafe_b64decode(text.encode()))
            good = now.timestamp() <= given + self._settings.cursor_seconds
        except (ValueError, TypeError, RecursionError):
            order_of, place, good = None, None, False
        if order_of != order or place is None or not good:
            check.problem("cursor", "Invalid cursor")
            return None
        return place


def write_cursor(order: str, place: int | str, now: datetime) -> str:
    """An opaque cursor (public: that it is opaque; inferred: its content)."""
    content = [order, place, round(now.timestamp(), 3)]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def error(status: int, code: str, message: str) -> WireReply:
    """An error as Ticket0 sends it (documented)."""
    return WireReply.json({"error": {"code": code, "message": message}}, status)


def invalid(problems: list[tuple[str, str]]) -> Refusal:
    """A 400 that names every problem in its message (documented: the code; inferred: the words)."""
    words = "; ".join(f"{path}: {message}" if path else message for path, message in problems)
    return Refusal(error(400, "VALIDATION_ERROR", words))

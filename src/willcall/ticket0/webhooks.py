"""Ticket0's webhooks: checking a signature, reading an event, and noticing one that came before.

::

    webhooks = Webhooks(secrets=[new_secret, old_secret])

    with webhooks.receive(request.body, request.headers) as delivery:
        if delivery.fresh:
            match delivery.event:
                case TicketEvent(type="ticket.resolved", ticket=ticket): ...

Everything here is documented by Ticket0 (2025). No timestamp is signed, so an old delivery can be
replayed. A delivery that was not answered with 2xx comes again after 1 min, 5 min, 30 min, 2 h and
6 h. The guard protects against both, by the event's id.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Any, Protocol, Self

import attrs

from ..errors import InputError, SignatureError, UndecodableReplyError, WebhookError
from . import inferred
from .models import Customer, Message, Ticket
from .wire import codec

HEADER = "Ticket0-Signature"


class EventType(StrEnum):
    """What happened (2025). An unknown type is kept as the string it came as."""

    TICKET_CREATED = "ticket.created"
    TICKET_ASSIGNED = "ticket.assigned"
    TICKET_RESOLVED = "ticket.resolved"
    TICKET_REOPENED = "ticket.reopened"
    TICKET_TAGGED = "ticket.tagged"
    MESSAGE_SENT = "message.sent"
    CUSTOMER_CREATED = "customer.created"


@attrs.frozen(kw_only=True)
class WebhookEvent:
    """What every delivery says: something happened at Ticket0.

    An instance of this class itself has an unknown type; its ``data`` is kept as it came.
    """

    id: str
    """``evt_…``; the same for each delivery of one event (2025)."""
    type: EventType | str
    """What happened (2025)."""
    created_at: datetime | None = None
    """When it happened; aware (2025)."""
    workspace_id: str | None = None
    """The workspace (2025)."""
    data: Mapping[str, Any] = attrs.field(factory=dict, repr=False)
    """What it is about, as it came (its content is inferred)."""


@attrs.frozen(kw_only=True)
class Ping(WebhookEvent):
    """The webhook was just set up (2025)."""


@attrs.frozen(kw_only=True)
class TicketEvent(WebhookEvent):
    """Something happened to a ticket. ``ticket`` is None if ``data`` does not hold a whole one."""

    ticket: Ticket | None = None


@attrs.frozen(kw_only=True)
class MessageEvent(WebhookEvent):
    """A message was sent. ``message`` is None if ``data`` does not hold a whole one."""

    message: Message | None = None


@attrs.frozen(kw_only=True)
class CustomerEvent(WebhookEvent):
    """A customer was created. ``customer`` is None if ``data`` does not hold a whole one."""

    customer: Customer | None = None


def sign(body: bytes, secret: str) -> str:
    """The value of the signature header for a raw body, as Ticket0 computes it."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(body: bytes, signature: str | None, secrets: str | Sequence[str]) -> None:
    """Check that a delivery was signed with one of the secrets, in constant time.

    Args:
        body: the raw body, byte for byte as it came. JSON that was parsed and written again is
            another body.
        signature: the ``Ticket0-Signature`` header.
        secrets: a secret, or several while you rotate them.

    Raises:
        SignatureError: it is missing, or fits none of the secrets.
        InputError: no secret, or an empty one, with which anybody could sign; or no raw body.
    """
    known = [secrets] if isinstance(secrets, str) else list(secrets)
    if not known or not all(known):
        raise InputError("secrets", "none was given, or an empty one", "copy it from Ticket0")
    if not isinstance(body, bytes | bytearray | memoryview):
        raise InputError("body", "it is not the raw body", "hand in the bytes as they came")
    given = (signature or "").strip().encode("utf-8", "replace")
    # Every secret is tried, whichever fits: how long it takes tells nothing.
    fits = [hmac.compare_digest(given, sign(bytes(body), secret).encode()) for secret in known]
    if not any(fits):
        raise SignatureError("the signature is missing" if not given else "the signature is wrong")


def parse(body: bytes) -> WebhookEvent:
    """The event in a raw body; verify it first.

    Raises:
        WebhookError: it is not an event.
    """
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookError("the body is not JSON") from None
    try:
        event = codec.structure(_without_data(envelope), WebhookEvent, "event")
    except UndecodableReplyError as error:
        raise WebhookError(error.message) from None
    data = envelope.get("data")
    return _typed(attrs.evolve(event, data=data if isinstance(data, dict) else {}))


def _without_data(envelope: Any) -> Any:
    if not isinstance(envelope, dict):
        return envelope
    return {name: value for name, value in envelope.items() if name != "data"}


def _typed(event: WebhookEvent) -> WebhookEvent:
    facts = {field.name: getattr(event, field.name) for field in attrs.fields(WebhookEvent)}
    family = event.type.partition(".")[0]
    if event.type == inferred.PING:
        return Ping(**facts)
    if not isinstance(event.type, EventType):
        return event
    if family == "ticket":
        return TicketEvent(**facts, ticket=_whole(event.data, inferred.DATA_TICKET, Ticket))
    if family == "message":
        return MessageEvent(**facts, message=_whole(event.data, inferred.DATA_MESSAGE, Message))
    return CustomerEvent(**facts, customer=_whole(event.data, inferred.DATA_CUSTOMER, Customer))


def _whole(data: Mapping[str, Any], name: str, model: type[Any]) -> Any:
    """The object, bare or under its name; None if only a part of it is there."""
    inner = data.get(name)
    try:
        # A copy, since reading may change what it reads, and `data` is kept as it came.
        return codec.structure(dict(inner if isinstance(inner, dict) else data), model, name)
    except UndecodableReplyError:
        return None


class Guard(Protocol):
    """Remembers which events were handled. A guard that lasts survives a restart."""

    def claim(self, event_id: str) -> bool | None:
        """True: it is yours. False: it was handled before. None: it is being handled right now."""

    def keep(self, event_id: str) -> None:
        """It was handled."""

    def release(self, event_id: str) -> None:
        """It was not handled; the next delivery is fresh again."""


class MemoryGuard:
    """Remembers events in memory, for longer than Ticket0 repeats them.

    Args:
        seconds: how long an event is remembered; Ticket0 gives up after 8 h 36 min.
        most: how many are remembered at most; the oldest are dropped first.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        seconds: float = 24 * 3600.0,
        most: int = 100_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._kept: dict[str, float] = {}
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def claim(self, event_id: str) -> bool | None:
        """True: it is yours. False: it was handled before. None: it is being handled right now."""
        moment = self._clock()
        with self._lock:
            while self._kept and (
                len(self._kept) > self._most
                or next(iter(self._kept.values())) + self._seconds < moment
            ):
                del self._kept[next(iter(self._kept))]
            if event_id in self._kept:
                return False
            if event_id in self._busy:
                return None
            self._busy.add(event_id)
            return True

    def keep(self, event_id: str) -> None:
        """It was handled."""
        with self._lock:
            self._busy.discard(event_id)
            self._kept[event_id] = self._clock()

    def release(self, event_id: str) -> None:
        """It was not handled; the next delivery is fresh again."""
        with self._lock:
            self._busy.discard(event_id)


class Delivery:
    """A delivery of an event, to be handled inside a ``with`` block.

    ``fresh`` is True if the event is yours to handle. If the block ends without an error, the event
    is remembered; if it raises, the event is forgotten, so that Ticket0's next try is fresh again.
    ``busy`` is True if another delivery of the same event is being handled right now: answer 503,
    and Ticket0 tries again later.
    """

    def __init__(self, event: WebhookEvent, guard: Guard) -> None:
        self.event = event
        self._guard = guard
        claimed = guard.claim(event.id)
        self.fresh = claimed is True
        self.busy = claimed is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self.fresh:
            (self._guard.keep if kind is None else self._guard.release)(self.event.id)


class Webhooks:
    """Receives Ticket0's deliveries.

    Args:
        secrets: the webhook's secret, or several while you rotate them.
        guard: remembers what was handled; in memory by default.

    Raises:
        InputError: no secret, or an empty one.
    """

    def __init__(self, secrets: str | Sequence[str], *, guard: Guard | None = None) -> None:
        self._secrets = (secrets,) if isinstance(secrets, str) else tuple(secrets)
        self._guard = guard or MemoryGuard()
        if not self._secrets or not all(self._secrets):
            raise InputError("secrets", "none was given, or an empty one", "copy it from Ticket0")

    def __repr__(self) -> str:
        return f"<Webhooks with {len(self._secrets)} secrets>"

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Delivery:
        """Verify and read a delivery, and find out whether its event came before.

        Args:
            body: the raw body, byte for byte as it came.
            headers: the headers of the request, in any case.

        Raises:
            SignatureError: it does not prove that Ticket0 sent it.
            WebhookError: it is not an event.
        """
        wanted = HEADER.lower()
        signature = next((value for name, value in headers.items() if name.lower() == wanted), None)
        verify(body, signature, self._secrets)
        return Delivery(parse(body), self._guard)

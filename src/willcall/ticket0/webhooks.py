"""Ticket0's webhooks: checking a signature, reading an event, and noticing one that came before.

::

    webhooks = Webhooks(secrets=[new_secret, old_secret])

    with webhooks.receive(request.body, request.headers) as delivery:
        if delivery.fresh:
            match delivery.event:
                case TicketEvent(type="ticket.resolved", ticket=ticket): ...

Everything here is documented by Ticket0 (2025). A delivery that was not answered with 2xx comes
again after 1 min, 5 min, 30 min, 2 h and 6 h.

What is defended: nobody can forge or change a delivery without a secret, and an event is handled
once for as long as the guard remembers its id. What is not: no timestamp is signed beside the body,
so whoever has recorded a delivery can send it again, and after the guard has forgotten its id it is
fresh. :class:`MemoryGuard` forgets after a day, after 100,000 later events, and when the process
ends. Where an old event does harm, use a guard that lasts, or refuse events whose ``created_at``
(which is part of the signed body) is older than a day.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

import attrs

from .. import _json
from ..client.forks import ForkSafeLock
from ..client.names import wire_names
from ..client.redact import Hidden, hide
from ..errors import InputError, SignatureError, UndecodableReplyError, WebhookError
from . import inferred
from .models import Customer, Message, Ticket
from .wire import TicketCodec, wire_of

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


Raw: TypeAlias = bytes | bytearray | memoryview
Secret: TypeAlias = str | bytes | bytearray
Headers: TypeAlias = Mapping[Any, Any] | Iterable[tuple[Any, Any]]


def sign(body: Raw, secret: Secret) -> str:
    """The value of the signature header for a raw body, as Ticket0 computes it."""
    hidden = hide((secret,))
    del secret  # a tool that shows variables on the way of an error shows none
    known, raw = _secrets(hidden), _raw(body)
    return _signed(raw, known.reveal()[0])


def _signed(body: bytes, secret: bytes) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def _raw(body: Any) -> bytes:
    if not isinstance(body, bytes | bytearray | memoryview):
        raise InputError("body", "it is not the raw body", "hand in the bytes as they came")
    return bytes(body)


def _secrets(secrets: Hidden) -> Hidden:
    """One secret or several, as a tuple of bytes.

    Raises:
        InputError: none, or one that cannot be used.
    """
    known = hide(_known(secrets.reveal()))
    if isinstance(known.reveal(), InputError):
        raise known.reveal()
    return known


def _known(secrets: Any) -> tuple[bytes, ...] | InputError:
    """Secrets as bytes, or what is wrong with them."""
    if isinstance(secrets, str | bytes | bytearray):
        secrets = (secrets,)
    if not isinstance(secrets, Iterable):
        return InputError("secrets", "it is neither a secret nor several", "copy it from Ticket0")
    known = []
    for secret in secrets:
        try:
            raw = secret.encode() if isinstance(secret, str) else secret
        except UnicodeEncodeError:
            raw = None
        if not isinstance(raw, bytes | bytearray):
            return InputError(
                "secrets",
                "one of them is not text, or is cut inside a character",
                "copy it from Ticket0 again",
            )
        known.append(bytes(raw))
    if not all(known) or not known:
        return InputError("secrets", "none was given, or an empty one", "copy it from Ticket0")
    return tuple(known)


def verify(body: Raw, signature: str | bytes | None, secrets: Secret | Sequence[Secret]) -> None:
    """Check that a delivery was signed with one of the secrets, in constant time.

    Args:
        body: the raw body, byte for byte as it came, as bytes, bytearray or memoryview. JSON that
            was parsed and written again is another body.
        signature: the ``Ticket0-Signature`` header.
        secrets: a secret, or several while you rotate them.

    Raises:
        SignatureError: it is missing, or fits none of the secrets.
        InputError: no secret, or an empty one, with which anybody could sign; or no raw body.
    """
    hidden = hide(secrets)
    del secrets  # a tool that shows variables on the way of an error shows none
    _verify(body, signature, _secrets(hidden))


def _verify(body: Raw, signature: str | bytes | None, secrets: Hidden) -> None:
    raw = _raw(body)
    given = (
        signature
        if isinstance(signature, bytes)
        else str(signature or "").encode("utf-8", "replace")
    )
    if not _fits(raw, given.strip(), secrets.reveal()):
        missing = not given.strip()
        raise SignatureError("the signature is missing" if missing else "the signature is wrong")


def _fits(body: bytes, signature: bytes, secrets: tuple[bytes, ...]) -> bool:
    """Whether a signature was made with one of the secrets.

    Every secret is tried, whichever fits: how long it takes tells nothing.
    """
    fits = [hmac.compare_digest(signature, _signed(body, key).encode()) for key in secrets]
    return any(fits)


def _signature(headers: Any) -> str | bytes | None:
    """The signature among headers in any form that servers have for them.

    Raises:
        InputError: they are no headers.
    """
    pairs = headers.items() if callable(getattr(headers, "items", None)) else headers
    try:
        for name, value in pairs:
            text = name.decode("latin-1") if isinstance(name, bytes) else str(name)
            # WSGI calls it HTTP_TICKET0_SIGNATURE.
            if text.lower().replace("_", "-").removeprefix("http-") == HEADER.lower():
                return value[0] if isinstance(value, list | tuple) and value else value or None
    except (TypeError, ValueError):
        raise InputError(
            "headers", "they are neither a mapping nor pairs", "hand in the request's headers"
        ) from None
    return None


def parse(body: Raw, *, wire: Mapping[str, str] | None = None) -> WebhookEvent:
    """The event in a raw body; verify it first.

    Args:
        body: the raw body.
        wire: inferred names that Ticket0 calls otherwise, as for :class:`Webhooks`.

    Raises:
        WebhookError: it is not an event.
        InputError: it is no raw body, or an unknown name.
    """
    return _parse(body, _wire(wire))


def _wire(given: Mapping[str, str] | None) -> TicketCodec:
    return wire_of(wire_names("ticket0", inferred.WIRE, given))


def _parse(body: Raw, wire: TicketCodec) -> WebhookEvent:
    raw = _raw(body)
    try:
        envelope = _json.loads(raw)
    except ValueError:
        raise WebhookError("the body is not JSON") from None
    try:
        event = wire.codec.structure(_without_data(envelope), WebhookEvent, "event")
    except UndecodableReplyError as error:
        raise WebhookError(error.message) from None
    data = envelope.get("data")
    return _typed(attrs.evolve(event, data=data if isinstance(data, dict) else {}), wire)


def _without_data(envelope: Any) -> Any:
    if not isinstance(envelope, dict):
        return envelope
    return {name: value for name, value in envelope.items() if name != "data"}


def _typed(event: WebhookEvent, wire: TicketCodec) -> WebhookEvent:
    facts = {field.name: getattr(event, field.name) for field in attrs.fields(WebhookEvent)}
    family = event.type.partition(".")[0]
    if event.type == wire.names["ping"]:
        return Ping(**facts)
    if not isinstance(event.type, EventType):
        return event
    if family == "ticket":
        return TicketEvent(**facts, ticket=_whole(event.data, wire, "data_ticket", Ticket))
    if family == "message":
        return MessageEvent(**facts, message=_whole(event.data, wire, "data_message", Message))
    return CustomerEvent(**facts, customer=_whole(event.data, wire, "data_customer", Customer))


def _whole(data: Mapping[str, Any], wire: TicketCodec, key: str, model: type[Any]) -> Any:
    """The object, bare or under its name; None if only a part of it is there."""
    name = wire.names[key]
    inner = data.get(name)
    try:
        # A copy, since reading may change what it reads, and `data` is kept as it came.
        return wire.codec.structure(dict(inner if isinstance(inner, dict) else data), model, name)
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
        self._lock = ForkSafeLock()

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
        guard: remembers what was handled; in memory by default. See above for what it defends.
        wire: names inside a delivery that no documentation states, where Ticket0 uses others, such
            as ``{"data_ticket": "object"}``; else the environment (``WILLCALL_WIRE``) is read.

    Raises:
        InputError: no secret, or an empty one; or an unknown name of the wire.
    """

    def __init__(
        self,
        secrets: Secret | Sequence[Secret],
        *,
        guard: Guard | None = None,
        wire: Mapping[str, str] | None = None,
    ) -> None:
        hidden = hide(secrets)
        del secrets
        self._secrets = _secrets(hidden)
        self._guard = guard or MemoryGuard()
        self._wire = _wire(wire)

    def __repr__(self) -> str:
        return f"<Webhooks with {len(self._secrets.reveal())} secrets>"

    def receive(self, body: Raw, headers: Headers) -> Delivery:
        """Verify and read a delivery, and find out whether its event came before.

        Args:
            body: the raw body, byte for byte as it came.
            headers: the headers of the request: a mapping or pairs, of texts or bytes, in any case;
                also those of ASGI and the environment of WSGI.

        Raises:
            SignatureError: it does not prove that Ticket0 sent it.
            WebhookError: it is not an event.
            InputError: no raw body, or no headers.
        """
        _verify(body, _signature(headers), self._secrets)
        return Delivery(_parse(body, self._wire), self._guard)

"""Every way a call can fail.

::

    WillcallError
    ├── InputError                  refused here; nothing was sent, nothing was changed
    │   └── ConfigError             … because of the configuration
    ├── LedgerError                 the ledger cannot be used as it is; nothing was sent
    │   └── TakenOverError          … because another run has it, or has taken it over
    ├── StoppedError                the process was asked to stop
    ├── WebhookError                a delivery that cannot be accepted
    │   └── SignatureError              … because it does not prove who sent it
    └── ApiError                    a provider refused, failed, or could not be understood
        ├── ValidationError         400, 422   the request is wrong
        ├── AuthenticationError     401        the key is missing, malformed, revoked or unknown
        ├── PermissionDeniedError   403        the key lacks a scope: see ``missing_scopes``
        ├── NotFoundError           404        in the provider's own words
        ├── ConflictError           409
        │   ├── SlugTakenError                 TicketSmart: another event has this slug
        │   └── SoldTicketsError               TicketSmart: the ticket type has sold tickets
        ├── RateLimitError          429        see ``retry_after``
        ├── ServerError             5xx
        ├── UndecodableReplyError   an answer that is not what was asked for (HTML, cut JSON, …)
        │   └── NoEffectError              a write was answered as done, and nothing has changed
        ├── TransportError          no answer at all
        │   ├── ConnectError                   the request surely never left
        │   ├── RequestTimeoutError            no answer in time
        │   └── ConnectionLostError            the connection broke before the answer was read
        └── OutcomeUnknownError     a write that may or may not have been carried out

All of them pickle. None of them ever holds a key: what a provider echoes is scrubbed first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from . import _json


@attrs.frozen
class Reply:
    """What a provider answered, independent of any HTTP library.

    ``headers`` have lower-case names; of a repeated header the values are joined by ``", "``.
    ``body`` is the decompressed content. Neither shows in the repr: both may hold personal data.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    url: str = ""

    @property
    def request_id(self) -> str | None:
        """The provider's id of this exchange, if it sent it (not documented by either)."""
        return self.headers.get("x-request-id")

    def json(self) -> Any:
        """The body as JSON, with every field the models do not know.

        Half a character, as in ``"\\ud83c"``, is read as U+FFFD.

        Raises:
            UndecodableReplyError: it is not JSON.
        """
        try:
            return _json.exact(self.body)
        except ValueError:
            raise UndecodableReplyError("the body is not JSON", reply=self) from None


class WillcallError(Exception):
    """The root: ``except WillcallError`` catches whatever this library raises on purpose."""


class InputError(WillcallError, ValueError):
    """Something handed to willcall is wrong. Nothing was sent and nothing was changed.

    ``field`` names what is wrong, ``problem`` says why, ``fix`` says what to do about it.
    """

    def __init__(self, field: str, problem: str, fix: str = "") -> None:
        super().__init__(field, problem, fix)
        self.field, self.problem, self.fix = field, problem, fix

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}" + (f" ({self.fix})" if self.fix else "")


class ConfigError(InputError):
    """The configuration is wrong: ``field`` is the key's path, as in ``desk.inbox_id``."""


class LedgerError(WillcallError):
    """The ledger cannot be used as it is; nothing was sent.

    ``temporary`` says whether the next run may succeed (locked, disk full) or a person has to
    repair it (corrupt, written by a newer version).
    """

    def __init__(self, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.temporary = temporary

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class TakenOverError(LedgerError):
    """Another run holds the lease of a box office, or has taken it over. Temporary."""

    def __init__(self, message: str) -> None:
        super().__init__(message, temporary=True)


def _rebuild(cls: type[WillcallError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class StoppedError(WillcallError):
    """The process was asked to stop (SIGTERM): it begins nothing more; the next run continues."""


class WebhookError(WillcallError):
    """A webhook delivery that cannot be accepted; answer it with 400."""


class SignatureError(WebhookError):
    """A delivery that does not prove that it comes from the provider; answer it with 401."""


class ApiError(WillcallError):
    """A provider refused, failed, or could not be reached or understood.

    Attributes:
        provider: ``"ticketsmart"``, ``"ticket0"``, or a third party's name.
        message: what happened, in the provider's words where it has any.
        request: what was asked, as ``"PATCH /events/late-show"``; never a query, never a key.
        status: the HTTP status, or None when there was no answer.
        code: the provider's error code (Ticket0: ``"RATE_LIMITED"``); TicketSmart has none.
        details: further facts from the provider, as it sent them (TicketSmart: seed).
        hint: what to do about it, from the provider or from us.
        missing_scopes: scopes the key lacks, as far as the provider names them.
        retry_after: seconds to wait before another try, where the provider said so.
        reply: the raw answer, or None when there was none.
        about: what the call was about, such as ``{"event": "late-show", "ticket_type": "tt_1"}``.
        repeatable: whether the provider says that the same request may be sent again: True, nothing
            was carried out; False, it would fail again; None, it says neither.
    """

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        request: str = "",
        status: int | None = None,
        code: str | None = None,
        details: Any = None,
        hint: str | None = None,
        missing_scopes: tuple[str, ...] = (),
        retry_after: float | None = None,
        reply: Reply | None = None,
        about: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.about = dict(about or {})
        self.message = message
        self.provider = provider
        self.request = request
        self.status = status
        self.code = code
        self.details = details
        self.hint = hint
        self.missing_scopes = missing_scopes
        self.retry_after = retry_after
        self.reply = reply
        self.repeatable = repeatable

    def __str__(self) -> str:
        head = " ".join(str(part) for part in (self.status, self.code) if part is not None)
        text = f"{self.provider or 'provider'}: {head + ': ' if head else ''}{self.message}"
        if self.request:
            text += f" [{self.request}]"
        if self.details:
            text += f"; {str(self.details)[:300]}"
        if self.missing_scopes:
            text += f"; the key lacks {', '.join(self.missing_scopes)}"
        if self.hint:
            text += f"; {self.hint}"
        if self.request_id:
            text += f" (request id {self.request_id[:80]})"
        return text

    @property
    def request_id(self) -> str | None:
        """The provider's id of this exchange, if it sent it: what its support asks for."""
        return self.reply.request_id if self.reply is not None else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class ValidationError(ApiError):
    """The provider found the request wrong; ``details`` says where, if it said so."""


class AuthenticationError(ApiError):
    """The key is missing, malformed, revoked, expired or unknown."""


class PermissionDeniedError(ApiError):
    """The key is good but lacks a scope: see ``missing_scopes`` (Ticket0 does not name it)."""


class NotFoundError(ApiError):
    """No such thing, or not in this key's box office or workspace."""


class ConflictError(ApiError):
    """The request is right, but what is there stands in its way."""


class SlugTakenError(ConflictError):
    """TicketSmart: another event already has this slug."""


class SoldTicketsError(ConflictError):
    """TicketSmart: the ticket type cannot be removed, because tickets of it have been sold."""


class RateLimitError(ApiError):
    """Too many requests; ``retry_after`` is how long the provider (or our own pacing) says."""


class ServerError(ApiError):
    """The provider failed on its side."""


class UndecodableReplyError(ApiError):
    """An answer came, but it is not what was asked for: HTML, cut JSON, a wrong type."""


class NoEffectError(UndecodableReplyError):
    """A write was answered as if it had been done, and the answer shows that nothing has changed.

    The provider may call a field otherwise than willcall; ``hint`` says which name to set.
    """


class TransportError(ApiError):
    """No answer. ``arrived`` is False when the request surely never reached the provider."""

    arrived: bool = True


class ConnectError(TransportError):
    """No connection could be made, so the request surely never reached the provider."""

    arrived = False


class RequestTimeoutError(TransportError):
    """No answer within the timeout; the provider may have carried the request out."""


class ConnectionLostError(TransportError):
    """The connection broke; the provider may have carried the request out."""


class OutcomeUnknownError(ApiError):
    """A write was sent and no clear answer came: it may or may not have been carried out.

    It was not repeated, since neither API has idempotency keys. Find out before you try again;
    ``hint`` says how. ``__cause__`` is what went wrong.
    """

"""How calls are observed: the log, and OpenTelemetry if it is used.

The logger is ``willcall``. It gets a line per try (DEBUG), per repetition and wait for the quota
(INFO), and per 429 or unknown outcome (WARNING). No line holds a key, an e-mail address, a query or
a body.

OpenTelemetry is used if the program has imported it; a program that does not use it pays nothing.
Spans and the metric follow the semantic conventions for HTTP clients; ``url.full`` is sent without
its query, which may hold addresses.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Awaitable
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import attrs

from .._version import __version__
from ..errors import ApiError, Reply
from .op import Op, Page
from .options import Hook, Hooks, Try
from .provider import Account
from .redact import scrub, scrub_path

log = logging.getLogger("willcall")
# Rows that were warned of; after a thousand others, a row is warned of again.
_warned: deque[tuple[str, str, str]] = deque(maxlen=1000)
# Silent until the program sets logging up: a library must not write to its user's terminal.
log.addHandler(logging.NullHandler())

# Seconds, as the semantic conventions advise.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


@cache
def _instruments() -> tuple[Any, Any]:
    """A tracer and the histogram of durations; both follow a provider that is set later."""
    trace, metrics = map(import_module, ("opentelemetry.trace", "opentelemetry.metrics"))
    meter = metrics.get_meter("willcall", __version__)
    about = {"unit": "s", "description": "Duration of HTTP client requests."}
    name = "http.client.request.duration"
    try:
        histogram = meter.create_histogram(
            name, **about, explicit_bucket_boundaries_advisory=_BUCKETS
        )
    except TypeError:  # opentelemetry-api before 1.30 takes no advice
        histogram = meter.create_histogram(name, **about)
    return trace.get_tracer("willcall", __version__), histogram


@attrs.define
class CallObserver:
    """Reports a call, try by try, to the log, the hooks and OpenTelemetry."""

    op: Op[Any]
    account: Account
    hooks: Hooks
    number: int = 0
    _what: str = ""
    _span: Any = None
    _began: float = 0.0

    @property
    def what(self) -> str:
        """Names the call, without its query, keys or addresses."""
        if not self._what:
            self._what = f"{self.op.method} {scrub_path(self.op.path, self.account.key)}"
        return self._what

    def about_to_send(self) -> Awaitable[None] | None:
        """A try follows; what is to be awaited first, if the request hook is a coroutine function.

        Raises:
            whatever the request hook raises.
        """
        self.number += 1
        return None if self.hooks.request is None else self.hooks.request(self._try())

    def sending(self, moment: float) -> None:
        """A try is sent now."""
        self._began = moment
        if "opentelemetry.trace" in sys.modules:
            self._open_span()

    def came(
        self, moment: float, reply: Reply | None = None, error: ApiError | None = None
    ) -> Awaitable[None] | None:
        """A try has ended, with a reply or an error."""
        seconds = moment - self._began
        if log.isEnabledFor(logging.DEBUG):
            outcome = type(error).__name__ if reply is None else str(reply.status)
            request_id = scrub(
                (None if reply is None else reply.request_id) or "-", self.account.key
            )
            name = self.account.provider.name
            log.debug(
                "%s %s -> %s in %.3f s (try %d, request id %.80s)",
                name,
                self.what,
                outcome,
                seconds,
                self.number,
                request_id,
            )
        if self._span is not None:
            self._close_span(None if reply is None else reply.status, error, seconds)
        return self._call(self.hooks.reply, seconds=seconds, reply=reply, error=error)

    def abandoned(self) -> None:
        """The call was cancelled while a try was under way."""
        if self._span is not None:
            self._span.set_attribute("error.type", "cancelled")
            self._span.end()
            self._span = None

    def waiting(self, pause: float) -> Awaitable[None] | None:
        """The quota lets the next try go after a pause."""
        name = self.account.provider.name
        log.info("%s %s: waiting %.2f s for the quota", name, self.what, pause)
        return self._call(self.hooks.wait, next_=1, pause=pause)

    def repeating(self, error: ApiError, pause: float) -> Awaitable[None] | None:
        """Another try follows after a pause."""
        level = logging.WARNING if error.status == 429 else logging.INFO
        log.log(
            level,
            "%s %s: %s, trying again in %.2f s (after try %d)",
            self.account.provider.name,
            self.what,
            error.status or type(error).__name__,
            pause,
            self.number,
        )
        return self._call(self.hooks.retry, reply=error.reply, error=error, pause=pause)

    def decoded(self, page: Page[Any]) -> None:
        """A page was read, perhaps without some of its rows. Each is warned of once a process."""
        for row in page.unreadable:
            said = scrub(str(row), self.account.key)
            name = self.account.provider.name
            known = (name, row.id or row.field, row.problem)
            level = logging.DEBUG if known in _warned else logging.WARNING
            _warned.append(known)
            log.log(level, "%s %s: a row could not be read: %.300s", name, self.what, said)

    def unknown(self, error: ApiError) -> None:
        """A write got no clear answer."""
        log.warning(
            "%s %s: may or may not have been carried out (%s)",
            self.account.provider.name,
            self.what,
            error.status or type(error).__name__,
        )

    def _try(self, next_: int = 0, **facts: Any) -> Try:
        return Try(self.account.provider.name, self.what, self.number + next_, **facts)

    def _call(self, hook: Hook | None, **facts: Any) -> Awaitable[None] | None:
        """Call a hook; what is to be awaited, if it is a coroutine function."""
        if hook is None:
            return None
        try:
            return hook(self._try(**facts))
        except Exception as error:  # noqa: BLE001 - a watcher cannot undo what was done
            self.hook_failed(error)
            return None

    def hook_failed(self, error: Exception) -> None:
        """A hook raised. Its text may hold anything, so only its type is logged."""
        name = self.account.provider.name
        log.error("%s %s: a hook raised %s", name, self.what, type(error))

    def _open_span(self) -> None:
        op, (tracer, _) = self.op, _instruments()
        attributes = self._common()
        url = urlsplit(self.account.base_url)
        path = self.what.partition(" ")[2]
        attributes["url.full"] = f"{url.scheme}://{url.netloc}{url.path}{path}"
        if op.route is not None:
            attributes["url.template"] = op.route
        if self.number > 1:
            attributes["http.request.resend_count"] = self.number - 1
        name = op.method if op.route is None else f"{op.method} {op.route}"
        client = sys.modules["opentelemetry.trace"].SpanKind.CLIENT
        self._span = tracer.start_span(name, kind=client, attributes=attributes)

    def _close_span(self, status: int | None, error: ApiError | None, seconds: float) -> None:
        span, self._span = self._span, None
        outcome: dict[str, Any] = {}
        if status is not None:
            outcome["http.response.status_code"] = status
        if error is not None or (status is not None and status >= 400):
            outcome["error.type"] = type(error).__qualname__ if status is None else str(status)
            span.set_status(sys.modules["opentelemetry.trace"].StatusCode.ERROR)
        span.set_attributes(outcome)
        span.end()
        _instruments()[1].record(seconds, self._common() | outcome)

    def _common(self) -> dict[str, Any]:
        url = urlsplit(self.account.base_url)
        return {
            "http.request.method": self.op.method,
            "server.address": url.hostname,
            "server.port": url.port or (443 if url.scheme == "https" else 80),
        }

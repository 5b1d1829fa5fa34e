"""One call to a provider, from a value that describes it to a typed answer or one of our errors.

:class:`Op` is a call as a value. :class:`Provider` is all in which one API differs from another.
:func:`perform` is the flow that turns the one into an answer of the other: pacing, retries,
deadlines and error mapping are written here once, for every provider and every driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote, urlencode

import attrs
import orjson

from ..errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    InputError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    Reply,
    ServerError,
    TransportError,
    UndecodableReplyError,
    ValidationError,
)
from .flow import Flow, Request, draw, now, send, sleep, tick
from .quota import Pace, Quota
from .redact import scrub_reply
from .retry import Retry, after_failure, after_reply, retry_after

T = TypeVar("T")


class Unset(Enum):
    """Says "nothing was given", which is not the same as None."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET


@attrs.frozen
class Op(Generic[T]):
    """One call to a provider, as a value: nothing has been sent yet.

    ``path`` is relative to the base URL, its parts already quoted (:func:`segment`). ``params`` and
    ``json`` leave out whatever is UNSET. ``look`` says, for a write, how to find out whether it was
    carried out after all. ``about`` names what the call is about; errors carry it on.
    """

    method: str
    path: str
    decode: Callable[[Reply], T]
    params: Mapping[str, Any] = attrs.field(factory=dict)
    json: Mapping[str, Any] | None = None
    look: str = "look at what is there before you try again"
    about: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def safe(self) -> bool:
        """Whether it may be repeated without doing anything twice."""
        return self.method in {"GET", "HEAD", "OPTIONS"}

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@attrs.frozen
class Problem:
    """What a provider's error reply says, read by :attr:`Provider.explain`.

    ``error`` overrides the class that the status alone would give.
    """

    message: str
    code: str | None = None
    details: Any = None
    hint: str | None = None
    missing_scopes: tuple[str, ...] = ()
    retry_after: float | None = None
    error: type[ApiError] | None = None


@attrs.frozen
class Provider:
    """All in which one API differs from another.

    Args:
        name: how errors and logs call it.
        base_url: where it lives, unless a client is told otherwise.
        key_prefix: how its keys begin; a key that begins otherwise is refused before it is sent.
        key_env: the environment variable a key is read from.
        auth: the headers that carry a key.
        explain: reads an error reply; may raise anything on a reply that is not the provider's
            (HTML from a proxy, say): then the status alone decides.
        quota: how many requests it allows.
        advice: what to do about a status, where the provider says nothing itself.
    """

    name: str
    base_url: str
    key_prefix: str
    key_env: str
    auth: Callable[[str], Mapping[str, str]]
    explain: Callable[[Reply], Problem]
    quota: Quota
    advice: Mapping[int, str] = attrs.field(factory=dict)


@attrs.frozen
class Options:
    """How calls are made. ``timeout`` bounds each try, ``deadline`` the whole call, in seconds;
    None means no bound. ``headers`` are sent in addition, never instead of the key."""

    timeout: float | None = 10.0
    deadline: float | None = None
    retry: Retry = attrs.field(factory=Retry)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.frozen
class Account:
    """A provider and a key to it: where requests go, what they carry, and how fast they may."""

    provider: Provider
    key: str = attrs.field(repr=False)
    base_url: str
    pace: Pace = attrs.field(repr=False)


def segment(name: str, value: str) -> str:
    """One part of a path, quoted, so that an id can never become another path.

    Raises:
        InputError: it is empty, or only dots.
    """
    if not value or not value.strip("."):
        raise InputError(name, f"{value!r} is no id", "give the id as the provider shows it")
    return quote(value, safe="")


def wire(name: str, value: Any) -> Any:
    """A value as the wire wants it.

    Raises:
        InputError: a datetime without a time zone: nobody can know which moment it means.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None or value.utcoffset() is None:
            raise InputError(
                name, f"{value.isoformat()} has no time zone", "add one, such as tzinfo=UTC"
            )
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, list | tuple):
        return [wire(name, item) for item in value]
    if isinstance(value, Mapping):
        return given(value)
    return value


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, as the wire wants it: UNSET is left out, None stays None."""
    return {name: wire(name, value) for name, value in values.items() if value is not UNSET}


def _query(params: Mapping[str, Any]) -> str:
    pairs = given(params)
    words = {True: "true", False: "false"}
    return urlencode(
        {k: words[v] if isinstance(v, bool) else v for k, v in pairs.items() if v is not None}
    )


def _request(op: Op[Any], account: Account, options: Options) -> Request:
    headers = {**options.headers, **account.provider.auth(account.key)}
    headers["accept"] = "application/json"
    content = None
    if op.json is not None:
        headers["content-type"] = "application/json"
        content = orjson.dumps(given(op.json))
    query = _query(op.params)
    return Request(
        provider=account.provider.name,
        method=op.method,
        url=account.base_url + op.path + ("?" + query if query else ""),
        headers=headers,
        content=content,
        timeout=options.timeout,
    )


def perform(op: Op[T], account: Account, options: Options) -> Flow[T]:
    """Make one call, as a flow: wait for a free moment, send, repeat where that is safe, decode.

    Raises:
        ApiError: see :mod:`willcall.errors`.
        OutcomeUnknownError: a write got no clear answer.
    """
    request = _request(op, account, options)
    start = yield from tick()
    ends = None if options.deadline is None else start + options.deadline
    tried = 0
    while True:
        yield from _pace(op, account, ends)
        tried += 1
        try:
            reply = yield from send(_in_time(request, ends, (yield from tick())))
        except TransportError as failure:
            failure.request = str(op)
            pause = after_failure(
                options.retry, failure, safe=op.safe, tried=tried, draw=(yield from draw())
            )
            if pause is not None and _fits(ends, (yield from tick()), pause):
                yield from sleep(pause)
                continue
            if op.safe or not failure.arrived:
                raise
            raise _unknown(op, failure) from failure
        if 200 <= reply.status < 300:
            return _decode(op, account, reply)
        moment = yield from now()
        pause = after_reply(
            options.retry,
            reply,
            safe=op.safe,
            tried=tried,
            draw=(yield from draw()),
            now=moment,
        )
        if pause is not None and _fits(ends, (yield from tick()), pause):
            yield from sleep(pause)
            continue
        error = error_from(op, account, reply, moment)
        if isinstance(error, ServerError) and not op.safe:
            raise _unknown(op, error) from error
        raise error


def _pace(op: Op[Any], account: Account, ends: float | None) -> Flow[None]:
    moment = yield from tick()
    wait = account.pace.wait(moment)
    if not _fits(ends, moment, wait):
        raise RateLimitError(
            "this minute's requests are spent",
            provider=account.provider.name,
            request=str(op),
            hint="it was not sent; try again later, or allow more time",
            retry_after=wait,
        )
    wait = account.pace.take(moment)
    if wait > 0:
        yield from sleep(wait)


def _fits(ends: float | None, moment: float, pause: float) -> bool:
    return ends is None or moment + pause < ends


def _in_time(request: Request, ends: float | None, moment: float) -> Request:
    if ends is None:
        return request
    left = max(0.001, ends - moment)
    return attrs.evolve(
        request, timeout=left if request.timeout is None else min(request.timeout, left)
    )


def _unknown(op: Op[Any], cause: ApiError) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"it may or may not have been carried out: {cause.message}",
        provider=cause.provider,
        request=str(op),
        status=cause.status,
        code=cause.code,
        hint=op.look,
        reply=cause.reply,
        about=op.about,
    )


def _decode(op: Op[T], account: Account, reply: Reply) -> T:
    try:
        return op.decode(reply)
    except UndecodableReplyError as error:
        error.provider, error.request = account.provider.name, str(op)
        error.status = reply.status
        error.reply = scrub_reply(reply, account.key)
        if op.safe:
            raise
        raise _unknown(op, error) from error


_BY_STATUS: Mapping[int, type[ApiError]] = {
    400: ValidationError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: ValidationError,
    429: RateLimitError,
}


def error_from(op: Op[Any], account: Account, reply: Reply, moment: datetime) -> ApiError:
    """The error that a reply stands for: by its status, and by what the provider says in it."""
    provider = account.provider
    reply = scrub_reply(reply, account.key)
    try:
        problem = provider.explain(reply)
    except Exception:  # noqa: BLE001 - whatever a foreign body does to a reader, the status stands
        problem = Problem(_foreign(reply))
    cls = problem.error or _BY_STATUS.get(reply.status)
    if cls is None:
        cls = ServerError if reply.status >= 500 else UndecodableReplyError
    if cls is UndecodableReplyError and 300 <= reply.status < 400:
        problem = Problem("a redirect, which is not followed since it would carry the key along")
    asked = retry_after(reply.headers.get("retry-after"), moment)
    return cls(
        problem.message,
        provider=provider.name,
        request=str(op),
        status=reply.status,
        code=problem.code,
        details=problem.details,
        hint=problem.hint or provider.advice.get(reply.status),
        missing_scopes=problem.missing_scopes,
        retry_after=problem.retry_after if asked is None else asked,
        reply=reply,
        about=op.about,
    )


def _foreign(reply: Reply) -> str:
    kind = reply.headers.get("content-type", "no content type").split(";")[0]
    return f"an answer that is not the provider's own ({kind}, {len(reply.body)} bytes)"

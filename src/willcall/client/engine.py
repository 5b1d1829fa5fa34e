"""A call to a provider, from the value that describes it to a typed answer or an error.

:func:`answer` is the flow that turns an :class:`Op` into an answer: pacing, retries, deadlines and
error mapping are written here once, for every provider and every driver.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import SplitResult, quote, urlencode, urljoin, urlsplit, urlunsplit

import attrs
import orjson

from ..errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    ConnectError,
    InputError,
    NoEffectError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    Reply,
    RequestTimeoutError,
    ServerError,
    TransportError,
    UndecodableReplyError,
    ValidationError,
)
from .flow import Await, Flow, Request, draw, now, send, sleep, tick
from .names import how_to_set
from .observe import CallObserver, log
from .op import UNSET, Once, Op, Page, Unset, encodable, given, segment, wire
from .options import Hooks, Options, Try
from .provider import Account, Problem, Provider
from .quota import Turn
from .redact import scrub, scrub_path, scrub_reply
from .retry import Retry, after_failure, after_reply, http_date, retry_after

__all__ = [
    "UNSET",
    "Account",
    "Answer",
    "Hooks",
    "Once",
    "Op",
    "Options",
    "Page",
    "Problem",
    "Provider",
    "Retry",
    "Try",
    "Unset",
    "answer",
    "error_from",
    "given",
    "perform",
    "segment",
    "wire",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@attrs.frozen
class Answer(Generic[T_co]):
    """A typed value beside the raw reply it was read from."""

    value: T_co
    reply: Reply


_WORDS = {True: "true", False: "false"}


def _query(params: Mapping[str, Any]) -> str:
    if not params:
        return ""
    sent = {name: value for name, value in given(params).items() if value is not None}
    texts = {k: _WORDS[v] if isinstance(v, bool) else str(v) for k, v in sent.items()}
    return urlencode({k: encodable(k, v) for k, v in texts.items()})


def _content(op: Op[Any]) -> bytes | None:
    if op.json is None:
        return None
    try:
        return orjson.dumps(given(op.json))
    except TypeError as error:
        raise InputError("json", str(error), "give texts, numbers, lists and mappings") from None


def _request(op: Op[Any], account: Account, options: Options) -> Request:
    # The key comes last: a traceback that shows variables must not show it.
    query, content = _query(op.params), _content(op)
    headers = {"accept": "application/json", **options.headers, **op.headers}
    if content is not None:
        headers["content-type"] = "application/json"
    for name, value in account.provider.auth(account.key).items():
        headers[name.lower()] = value
    return Request(
        provider=account.provider.name,
        method=op.method,
        url=account.base_url + op.path + ("?" + query if query else ""),
        headers=headers,
        content=content,
        timeout=options.timeout,
        connect_timeout=options.connect_timeout,
    )


def perform(op: Op[T], account: Account, options: Options) -> Flow[T]:
    """Make a call, as a flow, and return its value.

    Raises:
        ApiError: see :mod:`willcall.errors`.
        OutcomeUnknownError: a write got no clear answer.
    """
    got = yield from answer(op, account, options)
    return got.value


def answer(op: Op[T], account: Account, options: Options) -> Flow[Answer[T]]:
    """Make a call, as a flow: wait for the quota, send, repeat if that is safe, decode.

    Raises:
        ApiError: see :mod:`willcall.errors`.
        OutcomeUnknownError: a write got no clear answer.
    """
    request = _request(op, account, options)
    watch = CallObserver(op, account, options.hooks)
    moment = yield from tick()
    ends = None if options.deadline is None else moment + options.deadline
    refused = redirects = 0
    while True:
        turn, moment = yield from _pace(op, account, options, watch, ends, moment)
        hook = watch.about_to_send()
        if hook is not None:
            yield Await(hook)
            moment = yield from tick()
        watch.sending(moment)
        reply, error = yield from _try(request, watch, account, turn, ends, moment)
        if reply is not None and (200 <= reply.status < 300 or reply.status in op.answers):
            if op.reread is not None and not reply.body:
                return (yield from _reread(op.reread, account, options, watch, ends, reply))
            return Answer(_decode(op, account, watch, reply), reply)
        if reply is not None:
            target = _redirected(op, request.url, reply) if redirects < _MOST_REDIRECTS else None
            if target is not None:
                redirects += 1
                request = attrs.evolve(request, url=target)
                moment = yield from tick()
                continue
            error = error_from(op, account, reply, (yield from now()))
        assert error is not None  # noqa: S101 - there is a reply or an error
        error.request, error.about = watch.what, _about(op, account)
        refused = refused + 1 if error.status == 429 else 0
        pause = yield from _pause(op, options, error, watch.number - redirects, refused)
        moment = yield from tick()
        if refused and turn is not None:
            yield from _closed(turn, moment, error, pause)
        if pause is None or not _fits(ends, moment, pause):
            raise _final(op, watch, error)
        yield from _heard(watch, watch.repeating(error, pause))
        yield from sleep(pause)
        moment = yield from tick()


def _try(
    request: Request,
    watch: CallObserver,
    account: Account,
    turn: Turn | None,
    ends: float | None,
    moment: float,
) -> Flow[tuple[Reply | None, ApiError | None]]:
    """Send once; the reply, or the failure."""
    reply: Reply | None = None
    failure: TransportError | None = None
    try:
        reply = yield from send(_in_time(request, ends, moment))
    except TransportError as error:
        failure = error
    except BaseException:  # cancelled, or our own transport refused (a closed client, say)
        watch.abandoned()
        raise
    moment = yield from tick()
    shown = None if reply is None else _shown(reply, account)
    hook = watch.came(moment, shown, failure)
    if turn is not None:
        yield from _settle(turn, moment)
    if hook is not None:
        yield from _heard(watch, hook)
    return reply, failure


def _heard(watch: CallObserver, hook: Awaitable[None] | None) -> Flow[None]:
    """Wait for a hook that is a coroutine function. What it raises undoes nothing."""
    if hook is None:
        return
    try:
        yield Await(hook)
    except Exception as error:  # noqa: BLE001
        watch.hook_failed(error)


def _reread(
    op: Op[T],
    account: Account,
    options: Options,
    watch: CallObserver,
    ends: float | None,
    reply: Reply,
) -> Flow[Answer[T]]:
    """Read what a write has changed that was answered without a body."""
    if ends is not None:
        moment = yield from tick()
        options = attrs.evolve(options, deadline=max(0.001, ends - moment))
    try:
        return (yield from answer(op, account, options))
    except NoEffectError:
        raise
    except ApiError as error:
        done = UndecodableReplyError(
            f"it was answered with {reply.status} and no body, and reading it failed: {error}",
            status=reply.status,
            retry_after=error.retry_after,
            reply=reply,
        )
        raise _unknown(watch, done) from error


def _redirected(op: Op[Any], url: str, reply: Reply) -> str | None:
    """Where a read is redirected to, if the key may follow; else None.

    Only a path of the address that was asked: the URL is put together from that address, so that
    no reading of an odd ``Location`` leads the key elsewhere.
    """
    location = reply.headers.get("location", "")
    if not op.reads or reply.status not in _REDIRECTS or not location:
        return None
    if not location.isascii() or not location.isprintable():
        return None
    here = urlsplit(url)
    try:
        there = urlsplit(urljoin(url, location))
        same = (there.scheme, there.hostname, _port(there)) == (
            here.scheme,
            here.hostname,
            _port(here),
        )
    except ValueError:
        return None
    if not same or "@" in there.netloc:
        return None
    return urlunsplit((here.scheme, here.netloc, quote(there.path, _AS_IT_IS), there.query, ""))


# A path that is quoted already stays as it is; what no URL can hold is quoted.
_AS_IT_IS = "/%:@!$&'()*+,;=~"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5


def _port(parts: SplitResult) -> int:
    return parts.port or (80 if parts.scheme == "http" else 443)


def _shown(reply: Reply, account: Account) -> Reply:
    """The reply as hooks may see it: an error may echo what was sent."""
    return reply if reply.status < 400 else scrub_reply(reply, account.key)


def _pause(
    op: Op[Any], options: Options, error: ApiError, tried: int, refused: int
) -> Flow[float | None]:
    """How long to wait before another try; None: there is none."""
    if tried >= options.retry.tries:
        return None
    number = yield from draw()
    if isinstance(error, TransportError) and error.status is None:
        return after_failure(options.retry, error, safe=op.safe, tried=tried, draw=number)
    return after_reply(
        options.retry,
        error.status or 0,
        error.retry_after,
        safe=op.safe,
        tried=tried,
        draw=number,
        refused=refused,
        repeatable=error.repeatable,
    )


def _pace(
    op: Op[Any],
    account: Account,
    options: Options,
    watch: CallObserver,
    ends: float | None,
    moment: float,
) -> Flow[tuple[Turn | None, float]]:
    """Wait until the quota lets the call go; its turn, and the moment it is by then."""
    if account.pace is None:
        return None, moment
    turn = account.pace.turn(write=not op.reads, share=account.share)
    try:
        while True:
            wait = yield from turn.ask(moment, math.inf if ends is None else ends - moment)
            if wait.seconds <= 0:
                return turn, moment
            absurd = wait.closed and wait.seconds > options.retry.longest_wait
            if absurd or not _fits(ends, moment, wait.seconds):
                raise RateLimitError(
                    "this minute's requests are spent",
                    provider=account.provider.name,
                    request=watch.what,
                    hint="it was not sent; try again later, or allow more time",
                    retry_after=wait.seconds,
                    about=_about(op, account),
                )
            yield from _heard(watch, watch.waiting(wait.seconds))
            yield from sleep(wait.seconds)
            moment = yield from tick()
    finally:
        turn.leave()


def _settle(turn: Turn, moment: float) -> Flow[None]:
    """Count an answer. A store that fails now must not take the answer away again."""
    try:
        yield from turn.settle(moment)
    except Exception as error:  # noqa: BLE001
        log.warning("the quota's store failed: %s", type(error).__name__)


def _closed(turn: Turn, moment: float, error: ApiError, pause: float | None) -> Flow[None]:
    """Close the window after a 429, so that no other call of this process runs into it."""
    asked = error.retry_after if error.retry_after is not None else pause
    if asked:
        try:
            yield from turn.refused(moment, asked)
        except Exception as problem:  # noqa: BLE001
            log.warning("the quota's store failed: %s", type(problem).__name__)


def _about(op: Op[Any], account: Account) -> dict[str, str]:
    """What the call is about, without the key, should it have been given as an id."""
    return {name: scrub(value, account.key) for name, value in op.about.items()}


def _fits(ends: float | None, moment: float, pause: float) -> bool:
    return ends is None or moment + pause < ends


def _in_time(request: Request, ends: float | None, moment: float) -> Request:
    if ends is None:
        return request
    left = max(0.001, ends - moment)
    timeout = left if request.timeout is None else min(request.timeout, left)
    return attrs.evolve(request, timeout=timeout, ends=ends)


def _final(op: Op[Any], watch: CallObserver, error: ApiError) -> ApiError:
    """The error to raise: for a write that may have been carried out, an unknown outcome."""
    unclear = isinstance(error, ServerError | UndecodableReplyError) or (
        isinstance(error, TransportError) and error.arrived
    )
    clear = not unclear or op.safe or error.repeatable is True
    return error if clear else _unknown(watch, error)


def _unknown(watch: CallObserver, cause: ApiError) -> OutcomeUnknownError:
    watch.unknown(cause)
    op, reply = watch.op, cause.reply
    accepted = reply is not None and 200 <= reply.status < 300 and not reply.body
    known = "it was accepted, and was probably" if accepted else "it may or may not have been"
    error = OutcomeUnknownError(
        f"{known} carried out: {cause.message}",
        provider=watch.account.provider.name,
        request=watch.what,
        status=cause.status,
        code=cause.code,
        details=cause.details,
        hint=op.verify,
        retry_after=cause.retry_after,
        reply=cause.reply,
        about=_about(op, watch.account),
    )
    error.__cause__ = cause
    return error


def _decode(op: Op[T], account: Account, watch: CallObserver, reply: Reply) -> T:
    try:
        value = op.decode(reply)
    except UndecodableReplyError as error:
        error.provider, error.request = account.provider.name, watch.what
        error.status, error.about = reply.status, _about(op, account)
        error.reply = scrub_reply(reply, account.key)
        error.message = scrub(error.message, account.key)  # it may quote a value of the reply
        error.args = (error.message,)
        if op.safe or isinstance(error, NoEffectError):
            raise
        raise _unknown(watch, error) from error
    if isinstance(value, Page) and value.unreadable:
        watch.decoded(value)
    return value


_BY_STATUS: Mapping[int, type[ApiError]] = {
    401: AuthenticationError,
    402: PermissionDeniedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    407: ConnectError,  # a proxy on the way wants a login; the provider never saw it
    408: RequestTimeoutError,
    409: ConflictError,
    410: NotFoundError,
    429: RateLimitError,
    451: PermissionDeniedError,
}


def _class_of(status: int) -> type[ApiError]:
    if status >= 500:
        return ServerError
    if status >= 400:
        return _BY_STATUS.get(status, ValidationError)
    return UndecodableReplyError


def error_from(op: Op[Any], account: Account, reply: Reply, moment: datetime) -> ApiError:
    """The error that a reply stands for: by its status, and by what the provider says in it."""
    provider = account.provider
    reply = scrub_reply(reply, account.key)
    try:
        problem = provider.explain(reply)
    except Exception:  # noqa: BLE001 - whatever a foreign body does to a reader
        problem = Problem(_foreign(reply), hint=_WHOSE, error=_foreign_class(reply.status))
    if 300 <= reply.status < 400:
        problem = Problem(_NOT_FOLLOWED if op.reads else "a redirect, which no write follows")
    asked = retry_after(
        reply.headers.get("retry-after"), http_date(reply.headers.get("date")) or moment
    )
    return (problem.error or _class_of(reply.status))(
        problem.message,
        provider=provider.name,
        request=f"{op.method} {scrub_path(op.path, account.key)}",
        status=reply.status,
        code=problem.code,
        details=None if _bottomless(problem.details) else problem.details,
        hint=problem.hint or _other_name(account, problem) or provider.advice.get(reply.status),
        missing_scopes=problem.missing_scopes,
        retry_after=problem.retry_after if asked is None else asked,
        reply=reply,
        about=_about(op, account),
        repeatable=problem.repeatable,
    )


_NOT_FOLLOWED = (
    "a redirect, which is not followed: it leads elsewhere, where the key must not go, or goes on "
    "and on"
)


def _other_name(account: Account, problem: Problem) -> str | None:
    """How to set an inferred name that was sent, if a refusal names what it stands for."""
    if not problem.details or not account.provider.wire_sent or _bottomless(problem.details):
        return None
    said = str(problem.details)
    for name in account.provider.wire_sent:
        if account.wire[name] in said:
            return how_to_set(account.provider.name, name)
    return None


_WHOSE = "a proxy answered in its place: try again later; if it persists, check base_url"


def _foreign_class(status: int) -> type[ApiError] | None:
    """The error for a page that is not the provider's. A proxy may ask for a login or a pause; but
    only the provider can say that a thing is not there, or not valid."""
    own_alone = 400 <= status < 500 and _class_of(status) in (
        ConflictError,
        NotFoundError,
        ValidationError,
    )
    return UndecodableReplyError if own_alone else None


def _bottomless(value: Any, depth: int = 32) -> bool:
    """Whether it is nested so deeply that an error with it could be neither shown nor pickled."""
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(_bottomless(item, depth - 1) for item in inside)


def _foreign(reply: Reply) -> str:
    kind = reply.headers.get("content-type", "no content type").split(";")[0]
    return f"an answer that is not the provider's own ({kind}, {len(reply.body)} bytes)"

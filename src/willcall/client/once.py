"""Check-first writes: ``once=…`` for an API that has no idempotency keys.

After a write that got no clear answer, its result is searched for before the write is repeated. If
it is found, it becomes the answer, as if nothing had gone wrong.
"""

from __future__ import annotations

from typing import TypeVar

import attrs

from ..errors import OutcomeUnknownError, WillcallError
from .engine import Answer, answer
from .flow import Flow, sleep, tick
from .op import Once, Op
from .options import Options
from .paging import search
from .provider import Account

T = TypeVar("T")


def carry_out(
    op: Op[T], account: Account, options: Options, ends: float | None = None
) -> Flow[Answer[T]]:
    """Make a call; a check-first write so that it is carried out once.

    After an unknown outcome: search; wait ``options.settle`` seconds, for a request may be carried
    out after its connection died; search again; and repeat only if neither search found it. Every
    search reads all pages, and a search that fails never means "it is not there".

    Guaranteed: while ``settle`` is longer than the provider can take to carry out a request whose
    connection has died, and nobody else writes the same, the thing is there exactly once when this
    returns. When it raises OutcomeUnknownError, it is there at most once.
    Not guaranteed: two callers that do this at the same moment may both find nothing and write.

    Args:
        op: the call.
        account: whose call it is.
        options: how it is made.
        ends: the tick at which it must have ended, where it is a part of something longer; else
            ``options.deadline`` counts from now.

    Raises:
        OutcomeUnknownError: it could not be found out, in time, or at all.
    """
    once = op.once
    if once is None:
        return (yield from answer(op, account, (yield from _left(options, ends))))
    ends = (yield from deadline(options)) if ends is None else ends
    if once.first:
        found = yield from _search(once, account, (yield from _left(options, ends)))
        if found is not None:
            return found
    tries = 0
    while True:
        tries += 1
        try:
            return (yield from answer(op, account, (yield from _left(options, ends))))
        except OutcomeUnknownError as unknown:
            lost = unknown
        try:
            found = yield from _search(once, account, (yield from _left(options, ends)))
            if found is None and tries < options.retry.tries:
                moment = yield from tick()
                if ends is not None and moment + options.settle >= ends:
                    raise lost
                yield from sleep(options.settle)
                found = yield from _search(once, account, (yield from _left(options, ends)))
        except OutcomeUnknownError:
            raise
        except WillcallError as error:
            raise _unsearched(lost, error) from error
        if found is not None:
            return found
        if tries >= options.retry.tries:
            raise lost


def _search(once: Once[T], account: Account, options: Options) -> Flow[Answer[T] | None]:
    """The thing, if it is there; of several the first that was read."""
    found = yield from search(once.search, once.match, account, options)
    if found is None or once.fetch is None:
        return found
    return (yield from answer(once.fetch(found.value), account, options))


def deadline(options: Options) -> Flow[float | None]:
    """The tick at which a call that begins now must have ended; None: at any time."""
    if options.deadline is None:
        return None
    return (yield from tick()) + options.deadline


def _left(options: Options, ends: float | None) -> Flow[Options]:
    """The options, with what is left of the deadline."""
    if ends is None:
        return options
    moment = yield from tick()
    return attrs.evolve(options, deadline=max(0.001, ends - moment))


def _unsearched(lost: OutcomeUnknownError, error: WillcallError) -> OutcomeUnknownError:
    return OutcomeUnknownError(
        f"{lost.message}; and looking for it failed: {error}",
        provider=lost.provider,
        request=lost.request,
        status=lost.status,
        code=lost.code,
        details=lost.details,
        hint=lost.hint,
        retry_after=lost.retry_after,
        reply=lost.reply,
        about=lost.about,
    )

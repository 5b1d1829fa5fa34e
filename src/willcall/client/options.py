"""How calls are made: time, tries, headers, hooks. Checked when they are given, not when used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from math import isfinite
from typing import Any

import attrs

from ..errors import ApiError, InputError, Reply
from .op import header_names
from .retry import Retry


@attrs.frozen
class Try:
    """A try of a call, as hooks see it. It holds no key, query or body.

    ``number`` counts from 1. ``reply``, ``error`` and ``seconds`` are its outcome; they are None
    before it is sent. ``pause`` is the wait before the next try in seconds, None if there is none.
    """

    provider: str
    request: str
    number: int
    seconds: float | None = None
    reply: Reply | None = None
    error: ApiError | None = None
    pause: float | None = None


Hook = Callable[[Try], Awaitable[None] | None]


@attrs.frozen
class Hooks:
    """Your functions that watch calls.

    Args:
        request: called before each try. If it raises, the call ends and nothing is sent.
        reply: called after each try, with its reply or error. If it raises, that is logged and
            ignored, since what was done cannot be undone.
        retry: called before each wait for another try. If it raises, that is logged and ignored.
        wait: called before each wait for the quota, with its seconds as ``pause``; ``number`` is
            the try that it delays. If it raises, that is logged and ignored.

    The async clients call them on the event loop: keep them quick. There a hook may also be a
    coroutine function, which is awaited before the call goes on.
    """

    request: Hook | None = None
    reply: Hook | None = None
    retry: Hook | None = None
    wait: Hook | None = None


def _bound(_: Any, field: attrs.Attribute[Any], value: Any) -> None:
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not isfinite(value) or value <= 0:
        raise InputError(
            field.name, f"{value!r} is not a number of seconds above 0", "None means no bound"
        )


def _wait(_: Any, field: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise InputError(field.name, f"{value!r} is not a number of seconds from 0 on")


def _hooks(_: Any, field: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, Hooks):
        raise InputError(field.name, f"expected Hooks, got {type(value).__name__}")


@attrs.frozen
class Options:
    """How calls are made.

    Args:
        timeout: seconds for each try, until its answer begins; its body may take as long again.
            None for no bound.
        deadline: seconds for a whole call, waits included; None for no bound.
        retry: how a call is repeated.
        headers: sent in addition, never instead of the key.
        settle: for check-first writes (``once=…``): seconds that must pass after a lost answer
            before it concludes "it is not there".
        hooks: your functions that watch calls.
        connect_timeout: seconds of ``timeout`` that connecting may take: looking up the name, TCP,
            a proxy and TLS. None: all of it.

    Raises:
        InputError: a value that makes no sense.
    """

    timeout: float | None = attrs.field(default=10.0, validator=_bound)
    deadline: float | None = attrs.field(default=None, validator=_bound)
    retry: Retry = attrs.field(factory=Retry)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False, converter=header_names)
    settle: float = attrs.field(default=30.0, validator=_wait)
    hooks: Hooks = attrs.field(factory=Hooks, repr=False, validator=_hooks)
    connect_timeout: float | None = attrs.field(default=None, validator=_bound)

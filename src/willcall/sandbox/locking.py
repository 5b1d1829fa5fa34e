"""One lock for the whole sandbox: the server's thread and a test's thread share its truth."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


class HasLock(Protocol):
    """Anything that carries the sandbox's (re-entrant) lock."""

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """The lock."""


Self_ = TypeVar("Self_", bound=HasLock)
P = ParamSpec("P")
R = TypeVar("R")


def locked(method: Callable[Concatenate[Self_, P], R]) -> Callable[Concatenate[Self_, P], R]:
    """Run a method with its object's ``lock`` held."""

    @functools.wraps(method)
    def held(self: Self_, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.lock:
            return method(self, *args, **kwargs)

    return held

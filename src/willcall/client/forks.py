"""A lock that survives a fork.

A thread of the parent may hold a lock at the moment of the fork; in the child nobody would ever
release it. Servers fork after their application was loaded (gunicorn with ``--preload``), so
everything that outlives a call uses this lock.
"""

from __future__ import annotations

import os
import threading
from typing import Any
from weakref import WeakSet


class ForkSafeLock:
    """A lock for ``with``, which a forked child finds free."""

    def __init__(self) -> None:
        self.renew()
        _locks.add(self)

    def renew(self) -> None:
        """Be free, whoever held it."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


_locks: WeakSet[ForkSafeLock] = WeakSet()


def _renew_all() -> None:  # pragma: no cover - it runs in the child, which is not measured
    for lock in list(_locks):
        lock.renew()


# Where there is no fork, there is nothing to do after it.
_at_fork: Any = getattr(os, "register_at_fork", lambda **_: None)
_at_fork(after_in_child=_renew_all)

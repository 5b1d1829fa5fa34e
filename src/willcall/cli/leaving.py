"""SIGTERM: finish the act in hand, begin no other, and be gone within five seconds."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from ..bridge.run import STOPPED

PATIENCE = 4.0
"""Seconds for the act in hand; then it is left as it is, in doubt, and the next run looks."""


@contextmanager
def leaving(stop: Callable[[], None]) -> Iterator[None]:
    """While this lasts, SIGTERM calls ``stop``; what does not come to its end soon is ended."""

    def asked(_signal: int, _frame: FrameType | None) -> None:
        stop()
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def overdue(_signal: int, _frame: FrameType | None) -> None:
        raise _OverdueError

    before = signal.signal(signal.SIGTERM, asked), signal.signal(signal.SIGALRM, overdue)
    try:
        yield
    except _OverdueError:
        raise typer.Exit(STOPPED) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGALRM, before[1])


class _OverdueError(BaseException):
    """The act in hand takes too long: nothing in a flow may catch it."""

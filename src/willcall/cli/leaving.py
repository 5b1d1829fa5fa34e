"""SIGTERM, and Ctrl-C where asked for: finish the act in hand, and be gone within five seconds."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from ..bridge.run import STOPPED

INTERRUPTED = 130
"""The exit code of what was interrupted from the keyboard: 128 + 2, as shells count."""

PATIENCE = 4.0
"""Seconds for the act in hand; then it is left as it is, in doubt, and the next run looks."""

_CLOSING = 1.0
"""Seconds for what is to be closed after that: a database may not answer to that either."""


@contextmanager
def leaving(stop: Callable[[], None], *, interrupts: bool = False) -> Iterator[None]:
    """While this lasts, SIGTERM calls ``stop``; what does not come to its end soon is ended.

    Args:
        stop: asks for the end.
        interrupts: an interrupt from the keyboard asks for it, too; the exit code is then 130.

    Raises:
        KeyboardInterrupt: in the end, if it was one.
    """
    interrupted = False

    def asked(number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = interrupted or number == signal.SIGINT
        stop()
        signal.setitimer(signal.ITIMER_REAL, PATIENCE, _CLOSING)

    def overdue(_signal: int, _frame: FrameType | None) -> None:
        raise _OverdueError

    before = signal.signal(signal.SIGTERM, asked), signal.signal(signal.SIGALRM, overdue)
    keyboard = signal.getsignal(signal.SIGINT)
    if interrupts:
        signal.signal(signal.SIGINT, asked)
    try:
        yield
    except _OverdueError:
        raise typer.Exit(INTERRUPTED if interrupted else STOPPED) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGALRM, before[1])
        signal.signal(signal.SIGINT, keyboard)
    if interrupted:
        raise KeyboardInterrupt


class _OverdueError(BaseException):
    """The act in hand takes too long: nothing in a flow may catch it."""

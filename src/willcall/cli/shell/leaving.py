"""SIGTERM, and Ctrl-C where asked for: finish the act in hand, and be gone within five seconds."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import typer

from ...bridge.model.exit_codes import STOPPED
from ...bridge.run import STUCK, stuck

INTERRUPTED = 130
"""The exit code of what was interrupted from the keyboard: 128 + 2, as shells count."""

PATIENCE = 4.0
"""Seconds for the act in hand; then it is left as it is, in doubt, and the next run looks."""

_CLOSING = 1.0
"""Seconds for what is to be closed after that: a database may not answer to that either."""

_CLOSING_STUCK = 15.0
"""The same for what was not asked to leave, and has something to say yet."""

_EVERY = 20.0
"""Seconds between two looks whether work hangs."""


@contextmanager
def leaving(
    stop: Callable[[], None],
    *,
    interrupts: bool = False,
    silent: Callable[[], float] | None = None,
) -> Iterator[None]:
    """While this lasts, SIGTERM calls ``stop``; what does not come to its end soon is ended.

    Args:
        stop: asks for the end.
        interrupts: an interrupt from the keyboard asks for it, too; the exit code is then 130.
        silent: for how many seconds the work has given no sign. Without one for long it hangs, and
            is ended unasked.

    Raises:
        KeyboardInterrupt: in the end, if it was one.
        LedgerError: it hung.
    """
    code = overdue = 0

    def asked(number: int, _frame: FrameType | None) -> None:
        nonlocal code
        code = INTERRUPTED if INTERRUPTED in {code, 128 + number} else STOPPED
        stop()
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def late(_signal: int, _frame: FrameType | None) -> None:
        nonlocal overdue
        if overdue:  # closing hangs as well, and there is nothing left to do it more gently
            os._exit(code or 75)
        if not code and silent is not None and silent() <= STUCK:
            signal.setitimer(signal.ITIMER_REAL, _EVERY)
            return
        overdue = 1
        signal.setitimer(signal.ITIMER_REAL, _CLOSING if code else _CLOSING_STUCK)
        raise _OverdueError

    before = signal.signal(signal.SIGTERM, asked), signal.signal(signal.SIGALRM, late)
    keyboard = signal.getsignal(signal.SIGINT)
    if interrupts:
        signal.signal(signal.SIGINT, asked)
    if silent is not None:
        signal.setitimer(signal.ITIMER_REAL, _EVERY)
    try:
        yield
    except _OverdueError:
        if not code:
            raise stuck() from None
        raise typer.Exit(code) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGALRM, before[1])
        signal.signal(signal.SIGINT, keyboard)
    if code == INTERRUPTED:
        raise KeyboardInterrupt


class _OverdueError(BaseException):
    """The act in hand takes too long: nothing in a flow may catch it."""

"""Ends a command on SIGTERM or Ctrl-C: the act in hand is finished, within five seconds."""

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
"""The exit code after an interrupt from the keyboard: 128 + 2, as in shells."""

PATIENCE = 4.0
"""Seconds for the act in hand. Then it is abandoned, in doubt, and the next run looks it up."""

_CLOSING = 1.0
"""Seconds for closing afterwards: the database may not answer either."""

_CLOSING_STUCK = 15.0
"""The same for a command that hangs and was not asked to end: it has an error to report."""

_EVERY = 20.0
"""Seconds between two checks whether work hangs."""


@contextmanager
def leaving(
    stop: Callable[[], None],
    *,
    interrupts: bool = False,
    silent: Callable[[], float] | None = None,
) -> Iterator[None]:
    """In this context SIGTERM calls ``stop``; work that does not end soon after is abandoned.

    Args:
        stop: asks the work to end.
        interrupts: whether an interrupt from the keyboard calls ``stop`` too; the exit code is then
            130.
        silent: for how many seconds the work has shown no progress. If that is too long, the work
            hangs and is abandoned.

    Raises:
        KeyboardInterrupt: after the work has ended because of an interrupt.
        LedgerError: the work hung.
    """
    code = overdue = 0

    def asked(number: int, _frame: FrameType | None) -> None:
        nonlocal code
        code = INTERRUPTED if INTERRUPTED in {code, 128 + number} else STOPPED
        stop()
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def late(_signal: int, _frame: FrameType | None) -> None:
        nonlocal overdue
        if overdue:  # closing hangs as well
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
    """The act in hand takes too long. No handler in a flow may catch this."""

"""Progress of long work on a terminal: pages, events, deliveries and waits.

Progress is derived from the effects of the flows (``client/flow.py``), which know nothing of it.
Nothing is shown on a pipe or for short work, and rich is imported only when something is shown.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from ...client.flow import Do, Draw, Effect, Send, Sleep, Tick
from . import terminal
from .logs import machine

T = TypeVar("T")
PATIENCE = 0.6
"""Seconds of work before anything is shown."""

_SETTLED = frozenset({"done", "unknown", "refused", "dead", "dropped"})


def wanted() -> bool:
    """Whether stderr is a terminal that can move its cursor."""
    return not machine() and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def shown(*, quiet: bool = False) -> Iterator[Callable[[str], Progress | None]]:
    """In this context progress is shown; yields the observer of a box office, by its name."""
    if quiet or not wanted():
        yield lambda _: None
        return
    screen = Screen()
    try:
        yield lambda name: Progress(name, screen)
    finally:
        screen.close()


@contextmanager
def counted(items: Iterable[T], what: str) -> Iterator[Iterable[T]]:
    """The same items; progress is shown as they are consumed."""
    if not wanted():
        yield items
        return
    screen, every = Screen(), list(items)

    def each() -> Iterator[T]:
        for number, item in enumerate(every, 1):
            screen.show(what, number, len(every))
            yield item

    try:
        yield each()
    finally:
        screen.close()


class Screen:
    """One line that is redrawn, once the work has taken ``patience`` seconds."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._begun = time.monotonic()
        self._patience = patience
        self._bar: Any = None
        self._task: Any = None

    def show(
        self, what: str, done: int = 0, of: int | None = None, wait: tuple[float, str] | None = None
    ) -> None:
        """Show what is being done, how far it is, and how long (seconds) it waits for what."""
        long = wait is not None and wait[0] > self._patience
        if self._bar is None and not long and time.monotonic() - self._begun < self._patience:
            return
        until = None if wait is None else (time.monotonic() + wait[0], wait[1])
        fresh = self._bar is None
        if fresh:
            self._bar, self._task = _bar()
        self._bar.update(
            self._task, description=terminal.harmless(what), completed=done, total=of, until=until
        )
        if fresh:
            self._bar.start()  # from here on a thread of its own redraws it

    def close(self) -> None:
        """Remove the line: what is printed next takes its place."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def waiting(until: tuple[float, str] | None, moment: float) -> str:
    """The text of a countdown."""
    if until is None:
        return ""
    left = max(0, math.ceil(until[0] - moment))
    return f"waiting {left} s {until[1]}"


def _bar() -> tuple[Any, Any]:
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, TextColumn
    from rich.progress import Progress as Bar
    from rich.text import Text

    class Countdown(ProgressColumn):
        """Counts down while the work sleeps."""

        def render(self, task: Any) -> Text:
            return Text(waiting(task.fields.get("until"), time.monotonic()), style="yellow")

    class Count(ProgressColumn):
        """How many are done, and of how many if that is known."""

        def render(self, task: Any) -> Text:
            if not task.completed:
                return Text("")
            of = "" if task.total is None else f"/{int(task.total)}"
            return Text(f"{int(task.completed)}{of}")

    bar = Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        Count(),
        Countdown(),
        console=Console(stderr=True),
        transient=True,
    )
    return bar, bar.add_task("", total=None, until=None)


class Progress:
    """Derives the progress of a pass from its effects."""

    def __init__(self, name: str, screen: Screen) -> None:
        from ...bridge.adapters import DESKS, provider_names

        self._name, self._screen = name, screen
        self._desks = frozenset(provider_names(DESKS))
        self._what, self._done = "beginning", 0
        self._of: int | None = None
        self._ticks, self._refused = 0, True

    def begins(self, effect: Effect) -> None:
        """An effect is about to be carried out."""
        wait = None
        if isinstance(effect, Sleep):
            wait = effect.seconds, self._why()
        elif isinstance(effect, Send):
            self._sends(effect.request.provider, effect.request.method, effect.request.url)
        elif isinstance(effect, Draw):
            self._ticks = 0
        elif isinstance(effect, Tick):
            self._ticks += 1
        self._screen.show(f"{self._name}: {self._what}", self._done, self._of, wait)

    def ended(self, effect: Effect, answer: Any) -> None:
        """An effect was carried out."""
        if isinstance(effect, Send):
            self._refused = getattr(answer, "status", None) == 429
        if isinstance(effect, Send) and self._what == "reading events":
            self._done += not isinstance(answer, Exception)
            self._of = _pages(answer) or self._of
        elif isinstance(effect, Do) and effect.name == "unsettled":
            if not isinstance(answer, Exception):
                self._phase("delivering")
                self._of = self._done + len(answer)
        elif isinstance(effect, Do) and effect.name in _SETTLED:
            self._done += 1

    def _why(self) -> str:
        """What a wait is for.

        After a failure the engine draws a random number; to retry, it asks for the time once and
        sleeps. Every other wait is for the rate limit.
        """
        failed = self._ticks <= 1 and not self._refused
        return "before a retry" if failed else "for the rate limit"

    def _sends(self, provider: str, method: str, url: str) -> None:
        if method != "GET" or self._what == "delivering":
            return
        if provider in self._desks:
            self._phase("looking things up at the desk")
            self._done += 1
        elif urlsplit(url).path.rstrip("/").endswith("/events"):
            self._phase("reading events")
        else:
            self._phase("polling single events")
            self._done += 1

    def _phase(self, what: str) -> None:
        if self._what != what:
            self._what, self._done, self._of = what, 0, None


def _pages(answer: Any) -> int | None:
    """How many pages a list of events has, if its first page says so; only for display."""
    try:
        pages = answer.json()["pagination"]["totalPages"]
    except Exception:  # noqa: BLE001 - without it, no total is shown
        return None
    return pages if isinstance(pages, int) else None

"""Clocks of the sandbox: that of the machine, or one that a test advances."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

DEFAULT_START = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


class Clock(Protocol):
    """What the sandbox asks of a clock: the time, and a way to let time pass."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""


class RealClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Really wait ``seconds``."""
        time.sleep(max(0.0, seconds))


class ManualClock:
    """A clock that moves only when it is advanced. Thread-safe."""

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        """Start at ``start`` (aware, else ``ValueError``)."""
        self._lock = threading.Lock()
        self._now = _in_utc(start)

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move ``seconds`` forward and return the new time; time never runs backwards."""
        if seconds < 0:
            raise ValueError(f"seconds must be 0 or more, not {seconds}")
        with self._lock:
            self._now += timedelta(seconds=seconds)
            return self._now

    def sleep(self, seconds: float) -> None:
        """The same as ``advance``: virtual time passes at once."""
        self.advance(seconds)

    def __repr__(self) -> str:
        return f"ManualClock({self._now.isoformat()})"


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("start must be an aware datetime: give it a tzinfo, e.g. UTC")
    return moment.astimezone(UTC)

"""Waiting for a condition. A limit here is for what hangs, and never a measure of speed."""

from __future__ import annotations

import time
from collections.abc import Callable

HANGS = 300.0
"""Seconds after which something has surely hung, on a machine however busy."""


def eventually(done: Callable[[], object], what: str = "it") -> None:
    """Wait until a condition holds.

    Raises:
        AssertionError: it did not within :data:`HANGS` seconds.
    """
    ends = time.monotonic() + HANGS
    while not done():
        assert time.monotonic() < ends, f"{what} has not happened within {HANGS:.0f} s"
        time.sleep(0.02)

"""What the benchmarks of the clients share: a server on this machine, and pacing as in life."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from willcall import Pace, TicketSmart
from willcall.client.quota import Window

KEY = "ts_sk_live_benchmark"


@contextmanager
def server() -> Iterator[str]:
    """The loopback server, in a process of its own; its URL."""
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("server.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.communicate()


class Bursts:
    """Pacing as it is in life, 60 a minute; every 50 requests a minute passes at once."""

    def __init__(self) -> None:
        self.pace = Pace(TicketSmart.provider.quota)
        self._count = 0

    def count(self) -> None:
        """One more request is about to be made."""
        self._count += 1
        if self._count % 50 == 0:
            self.pace._window = Window()

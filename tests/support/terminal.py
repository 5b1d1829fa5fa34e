"""A house to look at: the sandbox over real HTTP, a folder with a configuration, the command line,
a terminal that is as wide as one likes, and a clock that moves only when it is told to."""

from __future__ import annotations

import io
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

from willcall.cli.shell.app import run
from willcall.sandbox import Sandbox, serve
from willcall.sandbox.clock import ManualClock
from willcall.sandbox.server import Served

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
CONFIG = """\
[[box_office]]
name = "main-room"

[desk]
customer_email = "organiser@example.com"
secret = "a-secret-of-this-house"
from_address = "boxoffice@example.com"
"""


class Screen(io.StringIO):
    """A stdout that looks like a terminal."""

    def isatty(self) -> bool:
        """It is one, for whoever asks."""
        return True


class _Aside(io.StringIO):
    """A stderr that is read on the same screen, and is no terminal: how long things take, and so
    whether a progress bar comes up, is nothing to compare."""

    def __init__(self, screen: io.StringIO) -> None:
        super().__init__()
        self._screen = screen

    def write(self, text: str, /) -> int:
        """Onto the screen."""
        return self._screen.write(text)


@attrs.frozen
class _Yes:
    """A stdin at which somebody says yes to every question; the screen shows it as well."""

    screen: io.StringIO

    def isatty(self) -> bool:
        """Somebody sits there."""
        return True

    def readline(self) -> str:
        """The next answer."""
        self.screen.write("y\n")
        return "y\n"


class _Told(datetime):
    """``datetime`` with the time of a clock that is moved by hand."""

    clock: ClassVar[ManualClock]

    @classmethod
    def now(cls, tz: Any = None) -> _Told:
        return cls.fromtimestamp(cls.clock.now().timestamp(), tz)


@attrs.frozen
class Terminal:
    """A box office, a desk, and a folder with a configuration; it is noon until time is moved."""

    served: Served
    folder: Path
    clock: ManualClock
    patch: pytest.MonkeyPatch

    @property
    def sandbox(self) -> Sandbox:
        """Both services."""
        return self.served.sandbox

    def configure(self, more: str = "") -> None:
        """Write willcall.toml, with tables of its own at the end."""
        (self.folder / "willcall.toml").write_text(CONFIG + more, "utf-8")

    def __call__(self, *words: str) -> str:
        """What a command says through a pipe, with the exit code where that is not 0."""
        code, said = self.typed(words, io.StringIO())
        return said + (f"(exit {code})\n" if code else "")

    def typed(
        self, words: tuple[str, ...], screen: io.StringIO, *, errors: bool = False
    ) -> tuple[int, str]:
        """The exit code of a command, and what it says on stdout; with ``errors`` on stderr too,
        and with somebody there who answers every question with yes."""
        with self.patch.context() as only:
            only.setattr(sys, "stdout", screen)
            if errors:
                only.setattr(sys, "stderr", _Aside(screen))
                only.setattr(sys, "stdin", _Yes(screen))
            code = run(words)
        return code, screen.getvalue()

    def screen(self, words: tuple[str, ...], columns: int, *, colour: bool) -> str:
        """What a command shows on a terminal that is so wide."""
        with self.patch.context() as only:
            only.setenv("COLUMNS", str(columns))
            only.setenv("TERM", "xterm-256color")
            only.delenv("NO_COLOR", raising=False)
            if not colour:
                only.setenv("NO_COLOR", "1")
            code, said = self.typed(words, Screen())
        return said + (f"(exit {code})\n" if code else "")


@contextmanager
def opened(folder: Path) -> Iterator[Terminal]:
    """A house for as long as the block lasts, with the folder as where commands are typed."""
    with pytest.MonkeyPatch.context() as patch:
        clock = ManualClock(NOON)
        sandbox = Sandbox(clock, ticketsmart_limit=None, ticket0_limit=None)
        with serve(sandbox) as served:
            patch.chdir(folder)
            patch.setenv("TZ", "UTC")
            time.tzset()
            patch.delenv("WILLCALL_CONFIG", raising=False)
            patch.setenv("TICKETSMART_BASE_URL", served.ticketsmart_url)
            patch.setenv("TICKET0_BASE_URL", served.ticket0_url)
            patch.setenv("TICKETSMART_API_KEY", sandbox.ticketsmart_key)
            patch.setenv("TICKET0_API_KEY", sandbox.ticket0_key)
            patch.setattr(_Told, "clock", clock, raising=False)
            patch.setattr("willcall.client.flow.datetime", _Told)
            patch.setattr("willcall.cli.shell.times.now", clock.now)
            house = Terminal(served, folder, clock, patch)
            house.configure()
            yield house
    time.tzset()

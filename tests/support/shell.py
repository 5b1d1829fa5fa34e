"""A shell for the tests of the command line."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from support.sandbox_config import CONFIG
from support.waiting import HANGS
from willcall import Ticket0, TicketSmart
from willcall.cli.shell.app import run
from willcall.client.endpoint import endpoint, listing
from willcall.sandbox.boxoffice import SandboxBoxOffice
from willcall.sandbox.desk import SandboxDesk
from willcall.sandbox.server import Served

BY_HAND = {
    f"{collection} {name.replace('_', '-')}": (collection, name)
    for client in (TicketSmart("ts_sk_12345678"), Ticket0("t0_12345678"))
    for collection, those in client.collections.items()
    for name, one in inspect.getmembers_static(type(those))
    if isinstance(one, endpoint | listing)
}
"""Every endpoint of both clients, under the words that it has on the command line."""
VARIABLES = (
    "TICKETSMART_API_KEY",
    "TICKETSMART_BASE_URL",
    "TICKET0_API_KEY",
    "TICKET0_BASE_URL",
    "WILLCALL_CONFIG",
)


@attrs.frozen
class Said:
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str

    def lines(self, skip: int) -> list[str]:
        """Its lines of output after the first ones."""
        return self.out.splitlines()[skip:]

    def json(self) -> list[Any]:
        """Every line of its output, each of which must be one JSON object."""
        return [json.loads(line) for line in self.out.splitlines()]


@attrs.define
class Shell:
    """Runs commands, in this process or in one of their own, against a sandbox on loopback."""

    served: Served
    capture: pytest.CaptureFixture[str]

    @property
    def box_office(self) -> SandboxBoxOffice:
        """The truth of the main box office."""
        return self.served.sandbox.boxoffice

    @property
    def desk(self) -> SandboxDesk:
        """The truth of the workspace."""
        return self.served.sandbox.desk

    def __call__(self, *words: str) -> Said:
        """Run ``willcall words…`` in this process."""
        self.capture.readouterr()
        code = run(words)
        said = self.capture.readouterr()
        return Said(code, said.out, said.err)

    def object(self, *words: str) -> Any:
        """The JSON object that a command prints, when all is well."""
        said = self(*words, "--json")
        assert (said.code, said.err) == (0, ""), said
        (found,) = said.json()
        return found

    def writes(self) -> list[tuple[str, str]]:
        """Method and path of the requests that could have changed something."""
        return [
            (line.method, line.path)
            for line in self.served.sandbox.requests
            if line.method not in {"GET", "OPTIONS"}
        ]

    def real(self, *words: str, python: Sequence[str] = ("-W", "error")) -> Said:
        """Run ``python -m willcall words…`` as a process of its own."""
        ended = subprocess.run(
            [sys.executable, *python, "-m", "willcall", *words],
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "NO_COLOR": "1"},
            check=False,
            timeout=HANGS,
        )
        return Said(ended.returncode, ended.stdout, ended.stderr)

    def configure(self, text: str = CONFIG, more: str = "") -> None:
        """Write willcall.toml; ``more`` is added at its end."""
        filled = text.format(
            ticketsmart=self.served.ticketsmart_url, ticket0=self.served.ticket0_url
        )
        Path("willcall.toml").write_text(filled + more, "utf-8")

    def baseline(self) -> None:
        """Configuration and first run."""
        self.configure()
        assert self("run").code == 0
        self.served.sandbox.forget_requests()

"""The command line against a sandbox over real HTTP, in a folder of its own."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from support.sandbox_config import CONFIG
from support.waiting import HANGS
from willcall import Ticket0, TicketSmart
from willcall.cli.shell.app import run
from willcall.client.endpoint import endpoint, listing
from willcall.sandbox import Sandbox, serve
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
    """What a command has said, and its exit code."""

    code: int
    out: str
    err: str

    def lines(self, skip: int) -> list[str]:
        """Its lines of output after the first few."""
        return self.out.splitlines()[skip:]

    def json(self) -> list[Any]:
        """Every line of its output, each of which must be one JSON object."""
        return [json.loads(line) for line in self.out.splitlines()]


@attrs.define
class Shell:
    """Where commands are typed: this process for speed, or a real one for the truth."""

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

    def configure(self, text: str = CONFIG) -> None:
        """Write willcall.toml."""
        filled = text.format(
            ticketsmart=self.served.ticketsmart_url, ticket0=self.served.ticket0_url
        )
        Path("willcall.toml").write_text(filled, "utf-8")

    def baseline(self) -> None:
        """Configuration and first run."""
        self.configure()
        assert self("run").code == 0
        self.served.sandbox.forget_requests()


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and nothing of ours in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shell(
    bare: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """A shell with both keys in its environment, and no configuration yet."""
    with serve(Sandbox()) as served:
        monkeypatch.setenv("TICKETSMART_API_KEY", served.sandbox.ticketsmart_key)
        monkeypatch.setenv("TICKET0_API_KEY", served.sandbox.ticket0_key)
        yield Shell(served, capsys)

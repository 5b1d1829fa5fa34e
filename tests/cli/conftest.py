"""Shells for the tests of the command line: an empty folder, then more and more in it."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.shell import VARIABLES, Shell
from willcall.sandbox import Sandbox, serve

PLAY = "the-cherry-orchard"
LAUGHS = "late-laughs-with-priya-raman"


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


@pytest.fixture
def configured(shell: Shell) -> Shell:
    """A shell with a configuration."""
    shell.configure()
    return shell


@pytest.fixture
def night(configured: Shell) -> Shell:
    """A night of sales: one silenced sell-out, one cancellation."""
    assert configured("run", "-q").code == 0
    configured.box_office.sell_out(PLAY)
    configured.box_office.cancel(LAUGHS)
    added = configured(
        "silence", "add", "--event", "cherry", "--until", "2h", "--author", "Ana",
        "--reason", "the plan is being redone",
    )  # fmt: skip
    assert added.code == 0
    assert configured("run", "-q").code == 0
    return configured


@pytest.fixture
def storm(shell: Shell) -> Shell:
    """Three sell-outs at once, where two are a storm."""
    shell.configure(more="[storm]\nlimit = 2\n")
    shell("run", "-q")
    free = (event for event in shell.box_office.events if event.status == "PUBLISHED")
    for event in itertools.islice(free, 3):
        shell.box_office.sell_out(event.id)
    assert shell("run", "-q").code == 0
    return shell

"""A folder with a configuration, a served sandbox, and the command line in this very process."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from willcall.cli.shell.app import run
from willcall.sandbox import Sandbox, serve
from willcall.sandbox.server import Served

PLAY = "the-cherry-orchard"
LAUGHS = "late-laughs-with-priya-raman"
CLUB = "nachtschicht-live-elektronik"


@attrs.frozen
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def objects(self) -> list[Any]:
        """Its output as JSON, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@attrs.frozen
class Desk:
    """The folder, the services, and the command line."""

    served: Served
    folder: Path
    run: Callable[..., Ended]

    def configure(self, more: str = "", head: str = "") -> None:
        """Write willcall.toml anew, with tables of its own at the end or keys at its head."""
        text = f"""{head}
[[box_office]]
name = "main-room"
base_url = "{self.served.ticketsmart_url}"
[desk]
base_url = "{self.served.ticket0_url}"
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
from_address = "boxoffice@example.com"
{more}"""
        (self.folder / "willcall.toml").write_text(text, "utf-8")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command in this process."""

    def command(*args: str) -> Ended:
        capsys.readouterr()
        code = run(args)
        told = capsys.readouterr()
        return Ended(code, told.out, told.err)

    return command


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Ended]
) -> Iterator[Desk]:
    """A configured folder and both services, with nothing run yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    with serve(Sandbox()) as served:
        monkeypatch.setenv("TICKETSMART_API_KEY", served.sandbox.ticketsmart_key)
        monkeypatch.setenv("TICKET0_API_KEY", served.sandbox.ticket0_key)
        desk = Desk(served, tmp_path, cli)
        desk.configure()
        yield desk


@pytest.fixture
def night(desk: Desk) -> Desk:
    """A night of sales: one silenced sell-out, one cancellation."""
    assert desk.run("run", "-q").code == 0
    box_office = desk.served.sandbox.boxoffice
    box_office.sell_out(PLAY)
    box_office.cancel(LAUGHS)
    added = desk.run(
        "silence", "add", "--event", "cherry", "--until", "2h", "--author", "Ana",
        "--reason", "the plan is being redone",
    )  # fmt: skip
    assert added.code == 0
    assert desk.run("run", "-q").code == 0
    return desk


@pytest.fixture
def storm(desk: Desk) -> Desk:
    """Three sell-outs at once, where two are a storm."""
    desk.configure("[storm]\nlimit = 2\n")
    desk.run("run", "-q")
    box_office = desk.served.sandbox.boxoffice
    free = (event for event in box_office.events if event.status == "PUBLISHED")
    for event in itertools.islice(free, 3):
        box_office.sell_out(event.id)
    assert desk.run("run", "-q").code == 0
    return desk

"""The README is run: its Python against the sandbox, its TOML through the reader, its picture
against the demo, its tables against the code."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from willcall.bridge.config import checked
from willcall.cli.app import EXIT_CODES, app
from willcall.sandbox import Sandbox, serve
from willcall.sandbox.server import Served

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def served() -> Iterator[Served]:
    """Both services on loopback."""
    with serve(Sandbox()) as served:
        yield served


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python_blocks_run(served: Served, tmp_path: Path, number: int) -> None:
    """As a reader would paste them into a file."""
    config = f"""
[[box_office]]
name = "main-room"
base_url = "{served.ticketsmart_url}"
[desk]
base_url = "{served.ticket0_url}"
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
"""
    (tmp_path / "willcall.toml").write_text(config, "utf-8")
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", blocks("python")[number]],
        cwd=tmp_path,
        env={
            **os.environ,
            "TICKETSMART_API_KEY": served.sandbox.ticketsmart_key,
            "TICKETSMART_BASE_URL": served.ticketsmart_url,
            "TICKET0_API_KEY": served.sandbox.ticket0_key,
            "TICKET0_BASE_URL": served.ticket0_url,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout


def test_toml_blocks_are_valid() -> None:
    """To the last key; the first is a whole file, and the others go below it."""
    whole, *more = blocks("toml")
    checked(tomllib.loads(whole))
    for block in more:
        checked(tomllib.loads(whole + block))


def test_every_command_is_in_the_table() -> None:
    """And none that is not there."""
    told = set(re.findall(r"^\| `willcall (\w+)", README, re.MULTILINE))
    commands = {one.name for one in app.registered_commands}
    groups = {one.name for one in app.registered_groups}
    assert told == commands | groups


def test_the_picture_is_what_the_demo_shows() -> None:
    """Line by line, apart from dates, which move with the calendar."""
    ended = subprocess.run(
        [sys.executable, "-m", "willcall", "demo"],
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    def undated(text: str) -> list[str]:
        text = re.sub(r"\w{3} \d{1,2} \w{3} \d{4}(, \d\d:\d\d \w+)?", "<date>", text)
        return [line.strip() for line in text.splitlines() if line.strip() not in {"…", "│ …"}]

    shown = set(undated(ended.stdout))
    picture = next(block for block in blocks("text") if "┌" in block)
    assert [line for line in undated(picture) if line not in shown] == []


def test_the_exit_codes_are_those_of_the_help() -> None:
    """One table in two places."""
    told = dict(re.findall(r"^\| (\d+) \| (.*) \|$", README, re.MULTILINE))
    helped = dict(re.findall(r"^  (\d+)\s+(.*)$", EXIT_CODES, re.MULTILINE))
    assert {code: text.replace("`", "") for code, text in told.items()} == helped

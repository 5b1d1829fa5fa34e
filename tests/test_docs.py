"""The documents are run: their Python against the sandbox, their TOML through its reader, their
pictures against the demo, their commands and tables against the code.

A block in a language that nothing here runs is an error.
"""

import inspect
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from support.waiting import HANGS
from willcall import Ticket0, TicketSmart, errors
from willcall.bridge import adapters
from willcall.bridge.config.file import checked
from willcall.cli.shell.app import EXIT_CODES
from willcall.cli.shell.commands import BY_NAME
from willcall.client.clients import SyncClient
from willcall.client.endpoint import endpoint, listing
from willcall.client.options import Options
from willcall.providers import GROUP
from willcall.sandbox import Sandbox, serve
from willcall.sandbox.server import Served

ROOT = Path(__file__).parent.parent
# The tutorial, the how-to pages and the cookbook are played: test_pages.py, test_cookbook.py.
PLAYED = {"tutorial.md", "cookbook.md"}
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in (ROOT / "docs").glob("*.md") if page.name not in PLAYED),
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
]
README = (ROOT / "README.md").read_text("utf-8")
GUARANTEES = (ROOT / "docs" / "guarantees.md").read_text("utf-8")
CLIENTS = (ROOT / "docs" / "clients.md").read_text("utf-8")
_BLOCK = re.compile(r"^```(.*?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(language: str, *, only: str | None = None) -> dict[str, str]:
    """The fenced blocks in a language, by document and number."""
    return {
        f"{path.relative_to(ROOT)}:{number}": text
        for path in DOCUMENTS
        if only in {None, path.name}
        for number, (spoken, text) in enumerate(_BLOCK.findall(path.read_text("utf-8")), 1)
        if spoken.strip() == language
    }


@pytest.fixture
def served() -> Iterator[Served]:
    """Both services on loopback."""
    with serve(Sandbox()) as served:
        yield served


def environment(served: Served) -> dict[str, str]:
    """What a reader has set up before the first block."""
    return {
        **os.environ,
        "NO_COLOR": "1",
        "TICKETSMART_API_KEY": served.sandbox.ticketsmart_key,
        "TICKETSMART_BASE_URL": served.ticketsmart_url,
        "TICKET0_API_KEY": served.sandbox.ticket0_key,
        "TICKET0_BASE_URL": served.ticket0_url,
    }


def write_config(served: Served, folder: Path) -> None:
    """The configuration of the README, pointed at the sandbox."""
    config = f"""
[[box_office]]
name = "main-room"
base_url = "{served.ticketsmart_url}"
[desk]
base_url = "{served.ticket0_url}"
inbox_id = "inb_01abc"
customer_email = "organiser@example.com"
"""
    (folder / "willcall.toml").write_text(config, "utf-8")


@pytest.mark.parametrize("where", blocks("python"))
def test_python_blocks_run(served: Served, tmp_path: Path, where: str) -> None:
    """As a reader would paste them into a file; what they say in a comment they print."""
    write_config(served, tmp_path)
    code = blocks("python")[where]
    first = code.partition("\n")[0]
    for name in re.findall(r"(\w+) [\d.]+\d", first) if first.startswith("# With ") else ():
        if find_spec(name) is None:
            pytest.skip(f"no {name} here")
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env=environment(served),
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )
    quiet = [line for line in ended.stderr.splitlines() if not line.startswith(("DEBUG:", "INFO:"))]
    assert (ended.returncode, quiet) == (0, [])
    for told in re.findall(r"^ *print\(.*\)  # (.*)$", code, re.MULTILINE):
        # An ellipsis stands for what differs; words that are no output are in plain prose.
        if not told.startswith(("one ", "two", "a field", "printed")):
            start = told.partition("…")[0]
            assert any(line.startswith(start) for line in ended.stdout.splitlines()), told


def test_calls_in_the_tables_are_written_as_they_are_called() -> None:
    """Their arguments in order, and a star before what is given by name; an ellipsis stands for
    others."""
    rows = re.findall(r"^\| `(\w+)\.(\w+)\(([^`]*)\)` \| `[A-Z]+ /", CLIENTS, re.MULTILINE)
    collections = {
        name: it for kind in (TicketSmart, Ticket0) for name, it in _collections(kind).items()
    }
    calls = {
        (name, call)
        for name, collection in collections.items()
        for call, it in vars(type(collection)).items()
        if isinstance(it, endpoint | listing)
    }
    assert {(collection, call) for collection, call, _ in rows} == calls
    for collection, call, shown in rows:
        signature = inspect.signature(getattr(collections[collection], call))
        known: list[str] = []
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY and "*" not in known:
                known.append("*")
            known.append(parameter.name)
        written = [name for name in shown.split(", ") if name != "…"]
        left_out = [name for name in known if name not in written]
        assert written == [name for name in known if name in written], shown
        assert bool(left_out) is shown.endswith("…"), (collection, call, left_out)
        needed = {p.name for p in signature.parameters.values() if p.default is p.empty}
        assert not needed & set(left_out), (collection, call, left_out)


def _collections(kind: Any) -> Mapping[str, Any]:
    with kind("ts_sk_12345678" if kind is TicketSmart else "t0_12345678") as client:
        return dict(client.collections)


@pytest.fixture
def examples_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapters under ``examples/``, found as if their packages were installed."""
    points = [
        EntryPoint(name, value, group)
        for file in ROOT.glob("examples/*/pyproject.toml")
        for group, named in tomllib.loads(file.read_text("utf-8"))["project"][
            "entry-points"
        ].items()
        for name, value in named.items()
    ]

    def found(*, group: str, name: str | None = None) -> tuple[EntryPoint, ...]:
        return tuple(
            point for point in points if point.group == group and name in {None, point.name}
        )

    monkeypatch.setattr(adapters, "entry_points", found)


@pytest.mark.usefixtures("examples_installed")
def test_toml_blocks_are_valid() -> None:
    """A configuration to the last key; an entry point to a group that is looked in."""
    whole, *more = blocks("toml", only="README.md").values()
    checked(tomllib.loads(whole))
    for block in more:
        checked(tomllib.loads(whole + block))
    for where, block in blocks("toml").items():
        if where.startswith("README.md") or "rules.md" in where:
            continue  # the page on rules has a test of its own
        value = tomllib.loads(block)
        if "project" in value:
            groups = set(value["project"]["entry-points"])
            assert groups <= {GROUP, adapters.BOX_OFFICES, adapters.DESKS}, where
        else:
            checked(value if "box_office" in value else tomllib.loads(whole + block))


def test_commands_in_the_table_are_there() -> None:
    """docs/cli.md has all of them; the README those that a new user needs."""
    named = set(re.findall(r"^\| `willcall (\w+)", README, re.MULTILINE))
    assert {"run", "watch", "plan"} <= named <= set(BY_NAME)


EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE))
VARIABLES = set(re.findall(r"\$\((?:if )?\$?\(?([A-Z_]+)\)", MAKEFILE))


@pytest.mark.parametrize("where", blocks("console"))
def test_console_blocks_say_commands_that_there_are(where: str) -> None:
    """`make` has the target and minds the variable, the package has the extra, willcall has the
    command."""
    lines = [line[2:] for line in blocks("console")[where].splitlines() if line.startswith("$ ")]
    assert lines
    for line in lines:
        program, *words = shlex.split(line, comments=True)
        if program == "make":
            named = {word.partition("=")[0] for word in words if "=" in word}
            assert named <= VARIABLES, line
            assert {word for word in words if "=" not in word} <= TARGETS, line
        elif program == "pip":
            assert words[0] == "install"
            found = re.fullmatch(r"willcall(?:\[(\w+)\])?", words[1])
            assert found is not None, line
            assert found[1] is None or found[1] in EXTRAS, line
        else:
            assert program == "willcall", line
            command = [word for word in words if not word.startswith("-")]
            ended = subprocess.run(
                [sys.executable, "-m", "willcall", *command, "--help"],
                capture_output=True,
                check=False,
                timeout=HANGS,
            )
            assert ended.returncode == 0, line


def test_no_block_is_left_out() -> None:
    """Text is a picture, or a drawing; everything else is run or read above."""
    spoken = {
        language.strip()
        for path in DOCUMENTS
        for language, _ in _BLOCK.findall(path.read_text("utf-8"))
    }
    assert spoken <= {"python", "toml", "console", "text"}


def test_the_cron_line_runs(served: Served, tmp_path: Path) -> None:
    """Its command, as cron would call it; the keys come from the file it reads."""
    line = next(block for block in blocks("text", only="README.md").values() if "* * *" in block)
    command = line.partition("&& . ./keys.env && ")[2].strip()
    assert command.startswith("willcall run")
    write_config(served, tmp_path)
    ended = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)],
        cwd=tmp_path,
        env=environment(served),
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_the_picture_is_what_the_demo_shows() -> None:
    """Line by line, apart from dates, which move with the calendar."""
    ended = subprocess.run(
        [sys.executable, "-m", "willcall", "demo"],
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=HANGS,
    )

    def undated(text: str) -> list[str]:
        text = re.sub(r"\w{3} \d{1,2} \w{3} \d{4}(, \d\d:\d\d \w+)?", "<date>", text)
        return [line.strip() for line in text.splitlines() if line.strip() not in {"…", "│ …"}]

    shown = set(undated(ended.stdout))
    picture = next(block for block in blocks("text", only="README.md").values() if "┌" in block)
    assert [line for line in undated(picture) if line not in shown] == []


def test_every_exit_code_has_a_remedy() -> None:
    """In the guarantees, for whoever is on call."""
    section = GUARANTEES.partition("## Exit codes")[2].partition("\n## ")[0]
    explained = re.findall(r"^\| (\d+) \|", section, re.MULTILINE)
    assert explained == re.findall(r"^  (\d+)\s", EXIT_CODES, re.MULTILINE)


def test_files_that_the_architecture_names_are_there() -> None:
    """Under their name or the end of their path."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = set(re.findall(r"`([\w/]+(?:\.(?:py|toml)|/))`", page))
    assert len(named) > 30
    package = ROOT / "src" / "willcall"
    files = [
        file.as_posix()
        for files in (ROOT.iterdir(), package.rglob("*"), (ROOT / "tests").rglob("*"))
        for file in files
    ]
    for name in named - {"willcall.toml"}:
        assert any(file.endswith(f"/{name.rstrip('/')}") for file in files), name


def test_the_guide_says_what_to_do_about_every_error() -> None:
    """In the order of the tree."""
    section = CLIENTS.partition("## Errors")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+Error)` \|", section, re.MULTILINE)
    every = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, Exception)
    }
    assert sorted(told) == sorted(every - {"WillcallError", "ApiError"})


def test_the_guide_lists_every_option() -> None:
    """Those of the client; the ones for a single call come first."""
    section = CLIENTS.partition("## Options")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    every = set(inspect.signature(SyncClient.__init__).parameters) - {"self", "api_key"}
    assert sorted(told) == sorted(every)
    single = set(inspect.signature(SyncClient.with_options).parameters) - {"self"}
    assert set(told[: told.index("share")]) == single
    defaults = Options()
    for name in ("timeout", "settle"):
        assert f"| `{name}` | {getattr(defaults, name):g} |" in section


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Strictly: a link that leads nowhere, or a reference to what is not there, is an error."""
    config = ROOT / "docs" / "mkdocs" / "mkdocs.yml"
    ended = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", tmp_path],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )
    assert (ended.returncode, re.findall(r"^(?:WARNING|ERROR).*", ended.stderr, re.MULTILINE)) == (
        0,
        [],
    )
    page = (tmp_path / "reference" / "ticketsmart.html").read_text("utf-8")
    text = re.sub(r"<[^>]+>", "", page).replace("&gt;", ">")
    # What a caller sees, not how it is written: the answer, and no `self`.
    assert ") -> Pages[Event]" in re.sub(r"\s+", " ", text)
    assert "get(id_or_slug: str) -> Event" in re.sub(r"\s+", " ", text)
    assert "Op[" not in text

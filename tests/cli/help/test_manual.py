"""``willcall manual``, and the pages that are made with it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.shell import Shell
from support.waiting import HANGS
from willcall.cli.help.manual import CommandPage, commands, man, markdown
from willcall.cli.shell.codes import CODES

ROOT = Path(__file__).parents[3]


PAGES = list(commands())


def test_the_documents_say_what_the_help_says() -> None:
    """`make manual` writes both."""
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    _, mark, generated = page.partition("<!-- From here on it is generated: `make manual` -->\n")
    assert mark
    assert generated == "\n" + markdown(), "run: make manual"
    assert (ROOT / "docs" / "man" / "willcall.1").read_text("utf-8") == man(), "run: make manual"


def test_code_in_the_documents_shows_no_backslash() -> None:
    """Markdown takes what stands between backticks as it is."""
    assert "up to the rate limit less `[watch] spare`" in markdown()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_explains_itself(page: CommandPage) -> None:
    """A text, examples that begin with what is typed, and a word on each option."""
    assert page.text
    assert all(says for _, says in page.options), page.options
    if page.group:
        return
    assert page.examples
    assert any(f"willcall {page.name}" in line for line in page.examples)


@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man here")
def test_the_man_page_is_one() -> None:
    """man reads it without a warning, and shows it as it was meant."""
    page = ROOT / "docs" / "man" / "willcall.1"
    ended = subprocess.run(
        ["man", "--warnings", "-l", str(page)],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
        env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    shown = re.sub(r".\x08", "", ended.stdout)
    assert "willcall - from the box office to the support desk" in shown
    assert "willcall run [OPTIONS]" in shown
    assert "--max-seconds S" in shown
    assert "* * * * *  cd /srv/willcall && willcall run -q" in shown
    for code, says in CODES.items():
        assert re.search(rf"^ +{code}\s+{re.escape(says[:40])}", shown, re.MULTILINE), code


def test_the_manual_is_printed(shell: Shell) -> None:
    """For whoever has no `man willcall`."""
    assert shell("manual").out == man()
    assert shell("manual", "--form", "markdown").out == markdown()

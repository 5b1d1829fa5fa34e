"""One source for the help, the man page and the documents; and completion that a shell can use."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.waiting import HANGS
from willcall.cli.help.manual import commands, man, markdown
from willcall.cli.shell.codes import CODES

from .conftest import Shell

ROOT = Path(__file__).parent.parent.parent
TOLD = list(commands())


def test_the_documents_say_what_the_help_says() -> None:
    """`make manual` writes both anew."""
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    _, mark, generated = page.partition("<!-- From here on it is generated: `make manual` -->\n")
    assert mark
    assert generated == "\n" + markdown(), "run: make manual"
    assert (ROOT / "docs" / "man" / "willcall.1").read_text("utf-8") == man(), "run: make manual"


@pytest.mark.parametrize("one", TOLD, ids=lambda one: one.name)
def test_every_command_explains_itself(one: object) -> None:
    """A text, examples that begin with what is typed, and a word on each option."""
    name, text = getattr(one, "name", ""), getattr(one, "text", ())
    examples, options = getattr(one, "examples", ()), getattr(one, "options", ())
    assert text
    assert all(says for _, says in options), options
    if getattr(one, "group", False):
        return
    assert examples
    assert any(f"willcall {name}" in line for line in examples)


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


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_every_shell_is_given_its_words(shell: Shell, shell_name: str) -> None:
    """A script that asks willcall itself."""
    said = shell("completion", shell_name)
    assert (said.code, said.err) == (0, "")
    assert f"_WILLCALL_COMPLETE=complete_{shell_name}" in said.out


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("willcall sil", ["silence"]),
        ("willcall silence ", ["add", "list", "expire"]),
        ("willcall run --max", ["--max-seconds"]),
        ("willcall completion ", ["bash", "zsh", "fish"]),
    ],
)
def test_bash_completes(tmp_path: Path, typed: str, offered: list[str]) -> None:
    """In bash itself, with what `willcall completion bash` prints."""
    program = tmp_path / "willcall"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m willcall "$@"\n', "utf-8")
    program.chmod(0o755)
    script = """
        eval "$(willcall completion bash)"
        complete -p willcall > /dev/null || exit 1
        COMP_WORDS=($1); [[ "$1" == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _willcall_completion willcall
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    ended = subprocess.run(
        ["bash", "-c", script, "bash", typed],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )
    assert (ended.returncode, ended.stdout.split()) == (0, offered), ended.stderr


def test_a_shell_that_is_not_known_is_refused(shell: Shell) -> None:
    """With those that are."""
    said = shell("completion", "tcsh")
    assert said.code == 2
    assert "'bash', 'zsh', 'fish'" in said.err


def test_the_manual_is_printed(shell: Shell) -> None:
    """For whoever has no `man willcall`."""
    assert shell("manual").out == man()
    assert shell("manual", "--form", "markdown").out == markdown()

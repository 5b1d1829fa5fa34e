"""``willcall completion``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.shell import Shell
from support.waiting import HANGS


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

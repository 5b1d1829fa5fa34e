"""``willcall completion``: the script that makes a shell complete commands and options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ..shell import terminal


class Shell(StrEnum):
    """The supported shells."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> int:
    """Print the script that makes a shell complete commands and options.

    The script calls willcall itself, so completion is never out of date.

    \b
    Examples:
      eval "$(willcall completion bash)"                  # in ~/.bashrc
      willcall completion zsh > ~/.zfunc/_willcall        # a folder of $fpath
      willcall completion fish > ~/.config/fish/completions/willcall.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    terminal.say(
        get_completion_script(
            prog_name="willcall", complete_var="_WILLCALL_COMPLETE", shell=shell.value
        )
    )
    return 0

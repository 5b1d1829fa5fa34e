"""The command line. Each way in imports what it needs when it is taken, so that all start fast.

Decisions: 0031, 0032, 0033, 0034, 0039, 0040, 0041 (docs/decisions).
"""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from .._version import __version__

        print(f"willcall {__version__}")  # noqa: T201 - data goes to stdout
        return
    # What is imported stays: to look through it for rubbish again and again is time lost.
    gc.set_threshold(20_000, 20, 20)
    # pydantic looks through every installed package for plugins: nothing here is for them.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    # httpx imports a command line of its own, with rich and pygments, wherever they are installed:
    # a third of what it costs. Told that it is not there, httpx goes on without, as it should.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    from .shell.app import run

    code = run(sys.argv[1:])
    # The process ends, and its memory with it: nobody need look through that for cycles first,
    # which took a seventh of a quiet run.
    gc.freeze()
    sys.exit(code)

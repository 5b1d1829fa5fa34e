"""The command line: ``main`` is the entry point of the ``willcall`` command.

Commands are grouped in packages as ``willcall --help`` groups them: ``begin``, ``daily``,
``rules``, ``apis``, ``maintenance``, ``tryout`` and ``help``. What they share is in ``shell``. A
command's module is imported only when the command is called, so that every command starts fast.

Decisions: 0031, 0032, 0033, 0034, 0039, 0040, 0041, 0078, 0081, 0082 (docs/decisions).
"""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run the command line and exit with its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from .._version import __version__

        print(f"willcall {__version__}")  # noqa: T201 - data goes to stdout
        return
    # Imported modules stay in memory: collecting garbage among them again and again is lost time.
    gc.set_threshold(20_000, 20, 20)
    # pydantic searches every installed package for plugins; willcall uses none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    # httpx imports its own command line, with rich and pygments, wherever these are installed: a
    # third of its import time. If the module is marked as missing, httpx goes on without it.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    try:
        from .shell.app import run
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("willcall"):
            raise
        sys.exit(f"willcall: the command line needs {error.name}: pip install 'willcall[cli]'")

    code = run(sys.argv[1:])
    # The process ends and frees its memory: a last search for cycles took a seventh of a quiet run.
    gc.freeze()
    sys.exit(code)

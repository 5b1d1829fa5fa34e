"""The command line. Each way in imports what it needs when it is taken, so that all start fast."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from .._version import __version__

        print(f"willcall {__version__}")  # noqa: T201 - data goes to stdout
        return
    # httpx imports a command line of its own, with rich and pygments, wherever they are installed:
    # a third of what it costs. Told that it is not there, httpx goes on without, as it should.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
    from .app import run

    sys.exit(run(sys.argv[1:]))

"""Commands, and what becomes of their errors: one line that says what to do, and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import cast

import typer

from ...client.redact import scrub
from ...errors import ApiError, ConfigError, InputError, WillcallError
from .codes import CODES
from .commands import Commands
from .logs import begin, line, machine

# typer carries a copy of click in newer versions and needs the package in older ones: the family
# of its errors is the same in both, and this is the one member that typer itself exports.
_Misused = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])

EXIT_CODES = "Exit codes:\n\n\b\n" + "".join(
    f"  {code:<3} {says}\n" for code, says in CODES.items()
)

app = typer.Typer(
    name="willcall",
    cls=Commands,
    help="From the box office to the support desk.\n\n"
    "Begin with `willcall init`; to try it out without keys, with `willcall sandbox`.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    context: typer.Context,
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(False, "--version", "-V", help="Show the version and leave."),
) -> None:
    """Keep what holds for every command."""
    context.obj = {"debug": debug}
    if version:
        from ..._version import __version__

        typer.echo(f"willcall {__version__}")
        raise typer.Exit


def run(args: Sequence[str]) -> int:
    """Run the command line; the exit code."""
    begin()
    if "_WILLCALL_COMPLETE" in os.environ:  # a shell asks, see completion.py
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    try:
        code = app(list(args), prog_name="willcall", standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        code = 130
    except typer.Exit as end:
        code = end.exit_code
    except _Misused as error:
        from .misuse import misused

        told = misused(error)
        if told is not None:
            return _say(told, error.exit_code)
        error.show()
        return error.exit_code
    except SystemExit as end:
        # The one thing that typer ends by itself in this mode: nobody reads on.
        if isinstance(end.__context__, OSError):
            return _unread()
        raise
    except BrokenPipeError:
        return _unread()
    except WillcallError as error:
        if "--debug" in args:
            _trace()
        return _say(_told(error), _code(error))
    except Exception as error:  # noqa: BLE001 - the last place: a traceback helps no support team
        if "--debug" in args:
            _trace()
        said = f"unexpected {type(error).__name__}: {error}; `willcall --debug …` shows where"
        return _say(said, 1)
    if code == 130:
        return _say("interrupted", 130)
    return code if isinstance(code, int) else 0


def _unread() -> int:
    """The reader (head, say) has seen enough. What is still in the buffer goes nowhere."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    return 0


def _code(error: WillcallError) -> int:
    from ...bridge.model.exit_codes import code_of

    # What is wrong on the command line is the caller's to mend, not the configuration's.
    if isinstance(error, InputError) and not isinstance(error, ConfigError):
        return 78 if error.field in {"api_key", "base_url"} else 2
    if isinstance(error, ApiError) and error.status in {400, 404, 409, 422}:
        return 3
    return code_of(error)


def _told(error: WillcallError) -> str:
    from .show import told

    return told(error)


def _trace() -> None:
    """Where an error came from; what a library puts into its text is not ours to trust."""
    print(scrub(traceback.format_exc()), end="", file=sys.stderr)  # noqa: T201


def _say(text: str, code: int) -> int:
    if machine():
        line("error", scrub(text), exit_code=code)
    else:
        print(f"willcall: {scrub(text)}", file=sys.stderr)  # noqa: T201 - the one place for errors
    return code

"""The application: runs a command and turns its errors into one line and an exit code."""

from __future__ import annotations

import io
import os
import traceback
from collections.abc import Sequence
from typing import cast

import typer

from ...client.redact import scrub
from ...errors import ApiError, ConfigError, InputError, WillcallError
from . import logs, terminal
from .codes import CODES
from .commands import Commands
from .logs import begin, line, machine

# Newer versions of typer vendor click, older ones import it. The base class of usage errors is the
# same in both, and BadParameter is the one subclass that typer itself exports.
_Misused = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])

EXIT_CODES = "Exit codes:\n\n\b\n" + "".join(
    f"  {code:<3} {meaning}\n" for code, meaning in CODES.items()
)

app = typer.Typer(
    name="willcall",
    cls=Commands,
    help="From the box office to the support desk.\n\n"
    "Start with `willcall init`, or without keys with `willcall sandbox`.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error."),
    version: bool = typer.Option(False, "--version", "-V", help="Show the version and exit."),
) -> None:
    """Options that every command has."""
    logs.debug(debug)
    if version:
        from ..._version import __version__

        terminal.say(f"willcall {__version__}")
        raise typer.Exit


def run(args: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    begin()
    if "_WILLCALL_COMPLETE" in os.environ:  # set by the scripts of help/completion.py
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

        text = misused(error)
        if text is not None:
            return _fail(text, error.exit_code)
        shown = io.StringIO()
        error.show(shown)
        terminal.aside(shown.getvalue(), end="")
        return error.exit_code
    except SystemExit as end:
        # In this mode typer exits by itself only if stdout was closed by its reader.
        if isinstance(end.__context__, OSError):
            return _closed()
        raise
    except BrokenPipeError:
        return _closed()
    except WillcallError as error:
        if "--debug" in args:
            _trace()
        return _fail(_text(error), _code(error))
    except Exception as error:  # noqa: BLE001 - a traceback helps no support team
        if "--debug" in args:
            _trace()
        text = f"unexpected {type(error).__name__}: {error}; `willcall --debug …` shows where"
        return _fail(text, 1)
    if code == 130:
        return _fail("interrupted", 130)
    return code if isinstance(code, int) else 0


def _closed() -> int:
    """The reader of stdout (``head``, for example) has closed it: drop what is still buffered."""
    terminal.close()
    return 0


def _code(error: WillcallError) -> int:
    from ...bridge.model.exit_codes import code_of

    # A wrong option is an error of the command line (2), a wrong key one of the configuration (78).
    if isinstance(error, InputError) and not isinstance(error, ConfigError):
        return 78 if error.field in {"api_key", "base_url"} else 2
    if isinstance(error, ApiError) and error.status in {400, 404, 409, 422}:
        return 3
    return code_of(error)


def _text(error: WillcallError) -> str:
    from .show import error_text

    return error_text(error)


def _trace() -> None:
    """Print the traceback of an error, redacted: libraries may put anything into their messages."""
    terminal.aside(scrub(traceback.format_exc()), end="")


def _fail(text: str, code: int) -> int:
    if machine():
        line("error", scrub(text), exit_code=code)
    else:
        terminal.aside(f"willcall: {scrub(text)}")
    return code

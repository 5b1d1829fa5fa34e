"""``willcall manual``: the command line as a man page, or as a page of the documents.

Both are generated from the commands, so that they agree with ``--help``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import attrs
import typer

from ..shell import terminal
from ..shell.codes import CODES
from ..shell.commands import TABLE, load


class Form(StrEnum):
    """The formats of the manual."""

    MAN = "man"
    MARKDOWN = "markdown"


@attrs.frozen
class CommandPage:
    """The help of a command: usage, paragraphs, examples, arguments and options."""

    name: str
    section: str
    usage: str
    text: tuple[str, ...]
    examples: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    group: bool


def manual(
    form: Annotated[
        Form, typer.Option("--form", metavar="FORM", help="man or markdown.")
    ] = Form.MAN,
) -> int:
    """Print this command line as a man page, or as a page of the documents.

    \b
    Examples:
      willcall manual > ~/.local/share/man/man1/willcall.1
      willcall manual | man -l -
    """
    terminal.say(man() if form is Form.MAN else markdown(), end="")
    return 0


# -- reading the commands ---------------------------------------------------------------------


def commands() -> Iterator[CommandPage]:
    """Every command in the order of the table, a group before its subcommands."""
    from ..shell.app import app

    root = typer.main.get_command(app)
    above = root.make_context("willcall", ["plan"], resilient_parsing=True)
    for row in TABLE:
        yield from _pages(load(row.name), row.name, row.section, above)


def _pages(command: Any, name: str, section: str, above: Any) -> Iterator[CommandPage]:
    context = command.context_class(command, info_name=name, parent=above)
    text, examples = _parted(command.help or "")
    full = context.command_path.removeprefix("willcall ")
    usage = " ".join(command.collect_usage_pieces(context))
    records = (parameter.get_help_record(context) for parameter in command.get_params(context))
    options = tuple(
        (names, says)
        for record in records
        if record is not None and not record[0].startswith("-h,")
        for names, says in [record]
    )
    inner = getattr(command, "commands", {})
    yield CommandPage(full, section, usage, text, examples, options, bool(inner))
    for below, found in inner.items():
        yield from _pages(found, below, section, context)


def _parted(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paragraphs of a help text, and the lines of its examples."""
    paragraphs, examples = [], []
    for part in re.split(r"\n\s*\n", text.replace("\b\n", "").strip()):
        lines = part.splitlines()
        if lines[0].strip() == "Examples:":
            examples += [line.strip() for line in lines[1:]]
        else:
            paragraphs.append(" ".join(line.strip() for line in lines))
    return tuple(paragraphs), tuple(examples)


# -- a man page -------------------------------------------------------------------------------


def _roff(text: str) -> str:
    """Text escaped for troff: no line is a request, no hyphen becomes a dash."""
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    return re.sub(r"^([.'])", r"\\&\1", safe, flags=re.MULTILINE)


def man() -> str:
    """The man page, in the man macros."""
    from ..._version import __version__

    lines = [
        f'.TH WILLCALL 1 "" "willcall {__version__}" "User Commands"',
        ".SH NAME",
        "willcall \\- from the box office to the support desk",
        ".SH SYNOPSIS",
        ".B willcall",
        "[\\-\\-debug] COMMAND [OPTIONS] [ARGUMENTS]",
        ".SH DESCRIPTION",
        _roff(
            "willcall polls box offices and opens exactly one support ticket for each change "
            "that matters. Data goes to stdout, everything else to stderr."
        ),
        ".SH COMMANDS",
    ]
    for page in commands():
        lines += [".SS " + f'"willcall {_roff(page.name)} {_roff(page.usage)}"']
        for number, paragraph in enumerate(page.text):
            lines += ([".PP"] if number else []) + [_roff(paragraph)]
        for names, says in page.options:
            lines += [".TP", f"\\fB{_roff(names)}\\fR", _roff(says) or "\\&"]
        if page.examples:
            lines += [".PP", "Examples:", ".PP", ".nf", ".RS"]
            lines += [*map(_roff, page.examples), ".RE", ".fi"]
    lines.append(".SH EXIT STATUS")
    for code, says in CODES.items():
        lines += [".TP", f"\\fB{code}\\fR", _roff(says)]
    lines.append(".SH ENVIRONMENT")
    for name, says in ENVIRONMENT.items():
        lines += [".TP", f"\\fB{_roff(name)}\\fR", _roff(says)]
    return "\n".join(lines) + "\n"


ENVIRONMENT = {
    "TICKETSMART_API_KEY": "the key of the box office, unless the configuration names another",
    "TICKET0_API_KEY": "the key of the desk, unless the configuration names another",
    "TICKETSMART_BASE_URL": "another address of TicketSmart, such as a sandbox",
    "TICKET0_BASE_URL": "another address of Ticket0, such as a sandbox",
    "WILLCALL_CONFIG": "the configuration; default ./willcall.toml",
    "NO_COLOR": "if it is set, output has no colours",
}


# -- a page of the documents ------------------------------------------------------------------


def markdown() -> str:
    """The generated part of docs/cli.md."""
    lines = ["## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code} | {_cell(says)} |" for code, says in CODES.items()]
    lines += ["", "## Environment", "", "| variable | meaning |", "|---|---|"]
    lines += [f"| `{name}` | {_cell(says)} |" for name, says in ENVIRONMENT.items()]
    section = ""
    for page in commands():
        if page.section != section:
            section = page.section
            lines += ["", f"## {section}"]
        lines += ["", f"### `willcall {page.name}`", ""]
        lines += [line for paragraph in page.text for line in (_prose(paragraph), "")]
        lines += ["```text", f"willcall {page.name} {page.usage}".rstrip(), "```"]
        if page.options:
            lines += ["", "| option | meaning |", "|---|---|"]
            lines += [
                f"| `{names.replace('|', '/')}` | {_cell(says)} |" for names, says in page.options
            ]
        if page.examples:
            lines += ["", "```text", *page.examples, "```"]
    return "\n".join(lines) + "\n"


def _prose(text: str) -> str:
    """Text escaped for Markdown. In a code span a backslash would be shown, so none is added."""
    return re.sub(r"(`[^`]*`)|([<*\[\]])", lambda found: found[1] or f"\\{found[2]}", text)


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|")

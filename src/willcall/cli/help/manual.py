"""``willcall manual``: the command line as a man page, or as a page of the documents.

Both are read off the commands themselves, so that they say what ``--help`` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

import attrs
import typer

from ..shell.codes import CODES
from ..shell.commands import TABLE, load


class Form(StrEnum):
    """How it is written."""

    MAN = "man"
    MARKDOWN = "markdown"


@attrs.frozen
class CommandPage:
    """One command as its help tells it: usage, paragraphs, examples, arguments and options."""

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
    typer.echo(man() if form is Form.MAN else markdown(), nl=False)
    return 0


# -- reading the commands ---------------------------------------------------------------------


def commands() -> Iterator[CommandPage]:
    """Every command in the order of the table, each group before its own."""
    from ..shell.app import app

    root = typer.main.get_command(app)
    above = root.make_context("willcall", ["plan"], resilient_parsing=True)
    for row in TABLE:
        yield from _told(load(row.name), row.name, row.section, above)


def _told(command: Any, name: str, section: str, above: Any) -> Iterator[CommandPage]:
    context = command.context_class(command, info_name=name, parent=above)
    text, examples = _parted(command.help or "")
    full = context.command_path.removeprefix("willcall ")
    usage = " ".join(command.collect_usage_pieces(context))
    records = (one.get_help_record(context) for one in command.get_params(context))
    options = tuple(
        (names, says)
        for record in records
        if record is not None and not record[0].startswith("-h,")
        for names, says in [record]
    )
    inner = getattr(command, "commands", {})
    yield CommandPage(full, section, usage, text, examples, options, bool(inner))
    for below, found in inner.items():
        yield from _told(found, below, section, context)


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
    """Text that troff leaves alone: no line is a request, no hyphen turns into another sign."""
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
            "willcall watches a TicketSmart box office and opens exactly one Ticket0 support "
            "ticket for what matters. Data goes to stdout, all else to stderr."
        ),
        ".SH COMMANDS",
    ]
    for one in commands():
        lines += [".SS " + f'"willcall {_roff(one.name)} {_roff(one.usage)}"']
        for number, paragraph in enumerate(one.text):
            lines += ([".PP"] if number else []) + [_roff(paragraph)]
        for names, says in one.options:
            lines += [".TP", f"\\fB{_roff(names)}\\fR", _roff(says) or "\\&"]
        if one.examples:
            lines += [".PP", "Examples:", ".PP", ".nf", ".RS"]
            lines += [*map(_roff, one.examples), ".RE", ".fi"]
    lines.append(".SH EXIT STATUS")
    for code, says in CODES.items():
        lines += [".TP", f"\\fB{code}\\fR", _roff(says)]
    lines.append(".SH ENVIRONMENT")
    for name, says in ENVIRONMENT.items():
        lines += [".TP", f"\\fB{_roff(name)}\\fR", _roff(says)]
    return "\n".join(lines) + "\n"


ENVIRONMENT = {
    "TICKETSMART_API_KEY": "the box office's key, unless the configuration names another place",
    "TICKET0_API_KEY": "the desk's key, unless the configuration names another place",
    "TICKETSMART_BASE_URL": "another address for TicketSmart, such as a sandbox's",
    "TICKET0_BASE_URL": "another address for Ticket0, such as a sandbox's",
    "WILLCALL_CONFIG": "the configuration; else ./willcall.toml",
    "NO_COLOR": "if it is set to anything, nothing is coloured",
}


# -- a page of the documents ------------------------------------------------------------------


def markdown() -> str:
    """The reference of the command line: what follows the hand-written part of docs/cli.md."""
    lines = ["## Exit codes", "", "| code | means |", "|---|---|"]
    lines += [f"| {code} | {_cell(says)} |" for code, says in CODES.items()]
    lines += ["", "## Environment", "", "| variable | says |", "|---|---|"]
    lines += [f"| `{name}` | {_cell(says)} |" for name, says in ENVIRONMENT.items()]
    section = ""
    for one in commands():
        if one.section != section:
            section = one.section
            lines += ["", f"## {section}"]
        lines += ["", f"### `willcall {one.name}`", ""]
        lines += [line for paragraph in one.text for line in (_prose(paragraph), "")]
        lines += ["```text", f"willcall {one.name} {one.usage}".rstrip(), "```"]
        if one.options:
            lines += ["", "| option | does |", "|---|---|"]
            lines += [
                f"| `{names.replace('|', '/')}` | {_cell(says)} |" for names, says in one.options
            ]
        if one.examples:
            lines += ["", "```text", *one.examples, "```"]
    return "\n".join(lines) + "\n"


def _prose(text: str) -> str:
    return re.sub(r"([<*\[\]])", r"\\\1", text)


def _cell(text: str) -> str:
    return _prose(text).replace("|", "\\|")

"""The table of commands, and how a command is loaded.

The module of a command is imported when the command runs or its own help is shown, and not before.
To add a command, add a line to the table and write a function (or a ``typer.Typer`` with
subcommands) in a module of that name.
"""

from __future__ import annotations

from importlib import import_module
from itertools import groupby
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Row(NamedTuple):
    """A command.

    Args:
        name: what is typed.
        module: where it is, below ``willcall.cli``, as in ``daily.run``.
        attribute: its function or ``typer.Typer`` in that module.
        summary: its line in the list of commands.
        section: the heading under which it is listed.
    """

    name: str
    module: str
    attribute: str
    summary: str
    section: str


def _rows(section: str, package: str, /, **commands: str) -> tuple[Row, ...]:
    """The commands of a package. Each is a function of its name in a module of its name, unless
    ``_ELSEWHERE`` says otherwise."""
    rows = []
    for name, summary in commands.items():
        module, attribute = _ELSEWHERE.get(name, (f"{package}.{name}", name))
        rows.append(Row(name, module, attribute, summary, section))
    return tuple(rows)


_ELSEWHERE = {
    "report": ("daily.report.command", "report"),
    "test": ("rules.test", "run_tests"),  # pytest and its linters take `test` for a test
}


TABLE: tuple[Row, ...] = (
    *_rows(
        "Begin",
        "begin",
        init="Set willcall up: configuration, keys, baseline.",
        doctor="Check keys, ledger, clock, APIs and configuration.",
    ),
    *_rows(
        "Daily use",
        "daily",
        run="Poll every box office once and deliver; for cron.",
        watch="Poll continuously and deliver at once.",
        plan="Show what a run would do, word for word.",
        status="Show runs, open cases, polls and requests.",
        log="Show changes and what was done about them.",
        report="Write a page about a period: tickets, stock, runs.",
        silence="Keep changes from opening tickets for a while.",
        release="Open the tickets that a storm held back.",
        dead="List, retry or drop what the desk refused.",
    ),
    *_rows(
        "Rules",
        "rules",
        check="Check the configuration.",
        test="Test rules in virtual time.",
        preview="Show a ticket as a rule would write it.",
        explain="Explain why something did or did not open a ticket.",
        replay="Compare past tickets with those under edited rules.",
        simulate="Test your rules against simulated failures.",
    ),
    *_rows(
        "APIs by hand",
        "apis",
        events="TicketSmart: the events of a box office.",
        tickets="Ticket0: the support tickets of the desk.",
        messages="Ticket0: the messages and notes of a ticket.",
        customers="Ticket0: the people whom tickets concern.",
        webhooks="Ticket0: verify a delivery of a webhook.",
        contracts="Both APIs as documents, and what they really send.",
        mcp="Offer both APIs and the bridge to an assistant.",
    ),
    *_rows(
        "Maintenance",
        "maintenance",
        db="Check, copy, migrate or prune the ledger.",
        recover="Rebuild a lost ledger from the desk.",
        rename="Rename a box office in the ledger.",
    ),
    *_rows(
        "Try out",
        "tryout",
        sandbox="Run stand-ins for both services on this machine.",
        demo="Play the main job on the sandbox.",
    ),
    *_rows(
        "Help",
        "help",
        completion="Print the completion script for bash, zsh or fish.",
        manual="Print this command line as a man page or Markdown.",
    ),
)
BY_NAME = {row.name: row for row in TABLE}


def load(name: str) -> Any:
    """Import a command; returns the ``TyperCommand`` or ``TyperGroup`` that typer runs."""
    row = BY_NAME[name]
    found = getattr(import_module(f"willcall.cli.{row.module}"), row.attribute)
    if isinstance(found, typer.Typer):
        found.rich_markup_mode = None
        command: Any = typer.main.get_group(found)
    else:
        alone = typer.Typer(rich_markup_mode=None, add_completion=False)
        alone.command(name)(found)
        command = typer.main.get_command(alone)
    command.name = name
    return command


class Commands(TyperGroup):
    """All commands by name and summary; a command is loaded when it is called."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.commands = {
            row.name: TyperCommand(row.name, short_help=row.summary, rich_markup_mode=None)
            for row in TABLE
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is called, and load it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in BY_NAME else command, rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """List the commands under their headings, in the order of the table."""
        width = max(len(row.name) for row in TABLE)
        for section, rows in groupby(TABLE, key=lambda row: row.section):
            with formatter.section(section):
                formatter.write_dl([(row.name.ljust(width), row.summary) for row in rows])

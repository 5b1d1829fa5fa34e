"""The table of commands, and how one is loaded: its module is imported when it runs, or when its
own help is shown, and not before.

So a new command is a row here and a function (or a ``typer.Typer`` with subcommands) in a module.
"""

from __future__ import annotations

from importlib import import_module
from itertools import groupby
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Row(NamedTuple):
    """One command: its name, where it is (``group.module:attribute`` in ``willcall.cli``), its
    line in the list of commands, and the heading under which it is listed."""

    name: str
    where: str
    says: str
    section: str


def _rows(section: str, **rows: tuple[str, str]) -> tuple[Row, ...]:
    return tuple(Row(name, *row, section) for name, row in rows.items())


TABLE: tuple[Row, ...] = (
    *_rows(
        "To begin",
        init=("begin.init:init", "Ask what is needed, write willcall.toml, take the baseline."),
        doctor=("begin.doctor:doctor", "What is well, what is not, and what to do about it."),
    ),
    *_rows(
        "Every day",
        run=("daily.passes:run", "Look once, and deliver what follows; for cron."),
        watch=("daily.watch:watch", "Look without end, where it is worth most."),
        plan=("daily.passes:plan", "What a run would do, word for word."),
        status=("daily.status:status", "How it stands: open cases, looks, requests spent."),
        log=("daily.log:log", "What has happened, and what was done about it."),
        report=("daily.report:report", "A page about a while: tickets, stock, runs, requests."),
        silence=("daily.silence:silence", "Open nothing about something for a while."),
        release=("daily.release:release", "Open the tickets that a storm held back."),
        dead=("daily.dead:dead", "What Ticket0 refused for good."),
    ),
    *_rows(
        "Rules",
        check=("rules.check:check", "What is wrong with the configuration."),
        test=("rules.ruletest:try_rules", "Try rules out in virtual time."),
        preview=("rules.preview:preview", "A ticket as it would read."),
        explain=("rules.explain:explain", "Why something did or did not open a ticket."),
        replay=("rules.replay:replay", "A past time under edited rules."),
        simulate=("rules.simulate:simulate", "Your rules against everything that can break."),
    ),
    *_rows(
        "Both APIs by hand",
        events=("apis.events:events", "TicketSmart: the events of a box office."),
        tickets=("apis.tickets:tickets", "Ticket0: the support tickets of the desk."),
        messages=("apis.messages:messages", "Ticket0: what is said in a ticket."),
        customers=("apis.customers:customers", "Ticket0: the people whom tickets concern."),
        webhooks=("apis.webhooks:webhooks", "Ticket0: check a delivery's signature."),
    ),
    *_rows(
        "Care",
        db=("maintenance.db:db", "Check, copy, migrate or prune the ledger."),
        recover=("daily.passes:recover", "Read a lost ledger back from the desk."),
    ),
    *_rows(
        "To try things out",
        sandbox=("tryout.sandbox:sandbox", "Stand-ins for both services on this machine."),
        demo=("tryout.demo:demo", "The main job, played on the sandbox."),
    ),
    *_rows(
        "For the shell",
        completion=(
            "help.completion:completion",
            "What makes bash, zsh or fish complete commands.",
        ),
        manual=(
            "help.manual:manual",
            "This command line as a man page or a page of the documents.",
        ),
    ),
)
BY_NAME = {row.name: row for row in TABLE}


def load(name: str) -> Any:
    """Import a command; as typer runs it: a ``TyperCommand`` or a ``TyperGroup``."""
    row = BY_NAME[name]
    module, _, attribute = row.where.partition(":")
    found = getattr(import_module(f"willcall.cli.{module}"), attribute)
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
    """All commands as names and lines of help; one is loaded when it is called."""

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.commands = {
            row.name: TyperCommand(row.name, short_help=row.says, rich_markup_mode=None)
            for row in TABLE
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is called, and load it."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, load(name) if name in BY_NAME else command, rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """List them under their headings, in the order of the table."""
        width = max(len(row.name) for row in TABLE)
        for section, rows in groupby(TABLE, key=lambda row: row.section):
            with formatter.section(section):
                formatter.write_dl([(row.name.ljust(width), row.says) for row in rows])

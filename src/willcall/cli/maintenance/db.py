"""``willcall db``: checks, copies, migrates and prunes the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ...errors import LedgerError
from ..shell import screen
from ..shell.options import ConfigFile

db = typer.Typer(help="Check, copy, migrate or prune the ledger.", no_args_is_help=True)


@db.command()
def check(config: ConfigFile = None) -> int:
    """Check whether the ledger is sound. Exit 78 if it is not.

    \b
    Examples:
      willcall db check
    """
    from ...bridge.service import opened_ledger

    with opened_ledger(config, reading=True) as ledger:
        found = ledger.maintenance.complaints(thorough=True)
        version = ledger.maintenance.version()
    for line in found:
        screen.line(line)
    if found:
        raise LedgerError("the ledger is damaged: restore a copy, or run `willcall recover`")
    screen.line(f"the ledger is sound (version {version})")
    return 0


@db.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist yet.")],
    config: ConfigFile = None,
) -> int:
    """Copy the ledger, even while a run is at work.

    \b
    Examples:
      willcall db backup willcall-2026-11-21.db
    """
    from ...bridge.service import opened_ledger

    with opened_ledger(config, reading=True) as ledger:
        ledger.maintenance.backup(target)
    screen.line(f"copied to {target}")
    return 0


@db.command()
def migrate(config: ConfigFile = None) -> int:
    """Migrate the ledger to this version of willcall, after making a copy. A run does so too.

    \b
    Examples:
      willcall db migrate
    """
    from ...bridge.service import opened_ledger

    with opened_ledger(config) as ledger:
        screen.line(f"the ledger has version {ledger.maintenance.version()}")
    return 0


@db.command()
def prune(
    config: ConfigFile = None,
    keep: Annotated[str, typer.Option("--keep", metavar="SPAN", help="As in 90d or 12w.")] = "90d",
) -> int:
    """Delete runs, closed changes and snapshots that are older than --keep.

    \b
    Examples:
      willcall db prune --keep 30d
    """
    from ...bridge.config.rule_tables import duration
    from ...errors import InputError

    try:
        span = duration.read(keep)
    except ValueError as error:
        problem, _, fix = str(error).partition("; ")
        raise InputError("--keep", problem, fix) from None
    from ...bridge.service import opened_ledger

    with opened_ledger(config) as ledger:
        for what, count in ledger.maintenance.prune(datetime.now(UTC), span).items():
            screen.line(f"{count} {what} deleted")
    return 0

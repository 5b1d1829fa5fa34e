"""``willcall rename``: another name for a box office, in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from ...errors import InputError
from ..shell import screen
from ..shell.options import ConfigFile


def rename(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The name that the ledger knows.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The name from now on.")],
    config: ConfigFile = None,
) -> int:
    """Rename a box office in the ledger, after it was renamed in the configuration.

    Its tickets, snapshot and history go on under the new name. To begin anew with a box office,
    give what is known of it a name that the configuration does not have.

    \b
    Examples:
      willcall rename main-room great-hall
    """
    from ...bridge.service import opened_ledger

    if not new.strip():
        raise InputError("NEW", "it is empty", "give the name from the configuration")
    with opened_ledger(config) as ledger:
        cases = ledger.maintenance.rename(old, new, datetime.now(UTC))
    screen.line(f"{old} is {new} now, with {cases} {'case' if cases == 1 else 'cases'}")
    return 0

"""``willcall recover``: a new ledger from the tickets at the desk."""

from __future__ import annotations

from typing import Annotated

import typer

from ..shell import terminal
from ..shell.logs import Format, LogFormat, begin, machine
from ..shell.options import AsJson, ConfigFile, MaxSeconds


def recover(
    config: ConfigFile = None,
    opens: Annotated[
        bool, typer.Option("--open", help="Open tickets for what holds now without one.")
    ] = False,
    max_seconds: MaxSeconds = 300,
    as_json: AsJson = False,
    log_format: LogFormat = Format.TEXT,
) -> int:
    """Rebuild a lost ledger from the tickets that willcall has opened at the desk.

    The ledger must be new. Tickets are recognised by the marker in their subject and by their first
    line. What was sent already is found and not sent again; what was not sent is sent.

    What is sold out or cancelled now without a ticket of ours is listed. With --open, tickets are
    opened for it; then the ledger need not be new.

    \b
    Examples:
      willcall recover
      willcall recover --max-seconds 900
      willcall recover --open
    """
    begin(log_format)
    from ...bridge.model.exit_codes import worst
    from ...bridge.service import Bridge
    from ..shell import passes, show
    from ..shell.progress import shown

    with (
        shown() as onlooker,
        Bridge.from_config(config, max_seconds=max_seconds, onlooker=onlooker) as bridge,
    ):
        reports = bridge.recover(opens=opens)
    for report in reports:
        if as_json:
            show.as_json(passes.pass_data(report))
        elif machine():
            passes.log_pass(report, quiet=False)
        else:
            if report.recovered is not None:
                terminal.say(f"{report.box_office}: read back from {report.recovered} tickets")
            passes.show_pass(report, quiet=False)
    return worst(report.exit_code for report in reports)

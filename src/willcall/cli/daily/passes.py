"""``willcall run`` and ``willcall plan``."""

from __future__ import annotations

from typing import Annotated

import typer

from ..shell.logs import Format, LogFormat, begin, machine
from ..shell.options import AsJson, ConfigFile, MaxSeconds, Quiet


def run(
    config: ConfigFile = None,
    max_seconds: MaxSeconds = 50,
    quiet: Quiet = False,
    as_json: AsJson = False,
    log_format: LogFormat = Format.TEXT,
) -> int:
    """Look at every box office once, and deliver what follows. This is what cron runs.

    The first run of a box office takes a baseline and alerts nobody.

    \b
    Examples:
      willcall run
      * * * * *  cd /srv/willcall && willcall run -q
    """
    begin(log_format)
    from ...bridge.model.exit_codes import STOPPED, worst
    from ...bridge.service import Bridge
    from ..shell import show
    from ..shell.leaving import leaving
    from ..shell.progress import shown

    with (
        shown(quiet=quiet) as onlooker,
        Bridge.from_config(config, max_seconds=max_seconds, onlooker=onlooker) as bridge,
        leaving(bridge.stop, silent=lambda: bridge.silent),
    ):
        reports = bridge.run()
    for report in reports:
        if as_json:
            show.as_json(show.pass_data(report))
        elif machine():
            show.pass_log(report, quiet=quiet)
        else:
            show.pass_report(report, quiet=quiet)
    return STOPPED if bridge.stopping else worst(report.exit_code for report in reports)


def recover(
    config: ConfigFile = None,
    max_seconds: MaxSeconds = 300,
    as_json: AsJson = False,
    log_format: LogFormat = Format.TEXT,
) -> int:
    """Read a lost ledger back from the tickets that willcall has opened at the desk.

    For a ledger that is new. Every ticket of ours is known by the marker in its subject; what was
    sent already is found and not sent again, what was not is sent.

    \b
    Examples:
      willcall recover
      willcall recover --max-seconds 900
    """
    begin(log_format)
    from ...bridge.model.exit_codes import worst
    from ...bridge.service import Bridge
    from ..shell import show
    from ..shell.progress import shown

    with (
        shown() as onlooker,
        Bridge.from_config(config, max_seconds=max_seconds, onlooker=onlooker) as bridge,
    ):
        reports = bridge.recover()
    for report in reports:
        if as_json or machine():
            show.as_json(show.pass_data(report)) if as_json else show.pass_log(report, quiet=False)
            continue
        if report.recovered is not None:
            typer.echo(f"{report.box_office}: read back from {report.recovered} tickets")
        show.pass_report(report, quiet=False)
    return worst(report.exit_code for report in reports)


def plan(
    config: ConfigFile = None,
    max_seconds: MaxSeconds = 50,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 4 if a run would change something.")
    ] = False,
    as_json: AsJson = False,
    log_format: LogFormat = Format.TEXT,
) -> int:
    """Show what a run would do now, word for word. Nothing is written or sent anywhere.

    \b
    Examples:
      willcall plan
      willcall plan --json | jq -r '.acts[].subject'
    """
    begin(log_format)
    from ...bridge.model.exit_codes import worst
    from ...bridge.service import Bridge
    from ..shell import show
    from ..shell.progress import shown

    with (
        shown() as onlooker,
        Bridge.from_config(config, max_seconds=max_seconds, onlooker=onlooker) as bridge,
    ):
        plans = bridge.plan()
    for one in plans:
        if as_json:
            show.as_json(show.plan_data(one))
        else:
            show.plan(one)
    code = worst(one.exit_code for one in plans)
    if code == 0 and detailed_exitcode and any(one.pending for one in plans):
        return 4
    return code

"""``willcall run``: one pass over every box office."""

from __future__ import annotations

from ..shell.logs import Format, LogFormat, begin, machine
from ..shell.options import AsJson, ConfigFile, MaxSeconds, Quiet


def run(
    config: ConfigFile = None,
    max_seconds: MaxSeconds = 50,
    quiet: Quiet = False,
    as_json: AsJson = False,
    log_format: LogFormat = Format.TEXT,
) -> int:
    """Poll every box office once and deliver what follows. Cron calls this every minute.

    The first run of a box office takes a baseline and alerts nobody.

    \b
    Examples:
      willcall run
      * * * * *  cd /srv/willcall && willcall run -q
    """
    begin(log_format)
    from ...bridge.model.exit_codes import STOPPED, worst
    from ...bridge.service import Bridge
    from ..shell import passes, show
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
            show.as_json(passes.pass_data(report))
        elif machine():
            passes.log_pass(report, quiet=quiet)
        else:
            passes.show_pass(report, quiet=quiet)
    return STOPPED if bridge.stopping else worst(report.exit_code for report in reports)

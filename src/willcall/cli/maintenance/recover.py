"""``willcall recover``: a new ledger from the tickets at the desk."""

from __future__ import annotations

from ..shell import terminal
from ..shell.logs import Format, LogFormat, begin, machine
from ..shell.options import AsJson, ConfigFile, MaxSeconds


def recover(
    config: ConfigFile = None,
    max_seconds: MaxSeconds = 300,
    as_json: AsJson = False,
    log_format: LogFormat = Format.TEXT,
) -> int:
    """Rebuild a lost ledger from the tickets that willcall has opened at the desk.

    The ledger must be new. Tickets are recognised by the marker in their subject. What was sent
    already is found and not sent again; what was not sent is sent.

    \b
    Examples:
      willcall recover
      willcall recover --max-seconds 900
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
        reports = bridge.recover()
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

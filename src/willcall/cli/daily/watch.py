"""``willcall watch``."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Annotated

import typer

from ..shell.logs import Format, LogFormat, begin, machine
from ..shell.options import AsJson, ConfigFile, Quiet

if TYPE_CHECKING:
    from ...bridge.watching.heartbeat import WatchNotice


def watch(
    config: ConfigFile = None,
    max_seconds: Annotated[
        float | None,
        typer.Option("--max-seconds", min=1, metavar="S", help="Leave after so long."),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    log_format: LogFormat = Format.TEXT,
) -> int:
    """Look at every box office without end, where it is worth most, and deliver at once.

    It spends the requests that TicketSmart allows one by one, evenly, and leaves [watch] spare to
    others. For a service manager: it runs in the foreground, says a line for each thing that
    happens, leaves within five seconds when asked to (SIGTERM, Ctrl-C), and is to be started again
    when it ends. Beside another watch, or a run, it leaves the box office alone (75).

    \b
    Examples:
      willcall watch
      willcall watch --json >> /var/log/willcall.jsonl
    """
    begin(log_format)
    from ...bridge.model.exit_codes import STOPPED, worst
    from ...bridge.service import Bridge
    from ..shell import show
    from ..shell.leaving import leaving

    def tell(news: WatchNotice) -> None:
        if as_json:
            show.as_json(show.news_data(news))
        elif machine():
            show.news_log(news, quiet=quiet)
        else:
            show.news(news, quiet=quiet)

    with (
        Bridge.from_config(config) as bridge,
        leaving(bridge.stop, interrupts=True),
    ):
        reports = bridge.watch(tell, seconds=inf if max_seconds is None else max_seconds)
    for report in reports:
        if report.trouble is not None and not bridge.stopping:
            show.trouble(report.box_office, report.trouble)
    return STOPPED if bridge.stopping else worst(report.exit_code for report in reports)

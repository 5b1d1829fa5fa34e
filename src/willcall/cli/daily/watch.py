"""``willcall watch``: polls every box office continuously."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..shell import logs, terminal
from ..shell.logs import Format, LogFormat, begin
from ..shell.options import AsJson, ConfigFile, Quiet

if TYPE_CHECKING:
    from ...bridge.watching.heartbeat import WatchNotice


def watch(
    config: ConfigFile = None,
    max_seconds: Annotated[
        float | None,
        typer.Option("--max-seconds", min=1, metavar="S", help="End after this many seconds."),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
    log_format: LogFormat = Format.TEXT,
) -> int:
    """Poll every box office continuously, where a change is most likely, and deliver at once.

    Requests are spread evenly over the minute, up to the rate limit less `[watch] spare`. For a
    service manager: the command runs in the foreground, prints a line for each thing that happens,
    ends within five seconds of SIGTERM or Ctrl-C, and should be restarted when it ends. If another
    watch or run holds the box office, it exits with 75.

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

    def notify(notice: WatchNotice) -> None:
        if as_json:
            show.as_json(_data(notice))
        elif logs.machine():
            _log(notice, quiet=quiet)
        else:
            _show(notice, quiet=quiet)

    with (
        Bridge.from_config(config) as bridge,
        leaving(bridge.stop, interrupts=True),
    ):
        reports = bridge.watch(notify, seconds=inf if max_seconds is None else max_seconds)
    for report in reports:
        if report.trouble is not None and not bridge.stopping:
            show.trouble(report.box_office, report.trouble)
    return STOPPED if bridge.stopping else worst(report.exit_code for report in reports)


def _show(notice: WatchNotice, *, quiet: bool) -> None:
    """Print a notice, each line with the time."""
    from ...bridge.templates.rendering import plain
    from ...client.redact import scrub
    from ..shell import passes, show

    report = notice.report
    head = f"{notice.at.astimezone():%Y-%m-%d %H:%M:%S} {notice.box_office}:"
    if notice.said and not quiet:
        terminal.say(f"{head} {scrub(plain(notice.said))}")
    if report is None:
        return
    for line in () if quiet else passes.changes_and_acts(report):
        terminal.say(f"{head} {line}")
    for error in (report.trouble, report.deliveries.stopped):
        if error is not None:
            show.aside(f"{head} {show.error_text(error)}")
    for warning in report.warnings:
        show.aside(f"{head} {scrub(plain(warning))}")


def _data(notice: WatchNotice) -> dict[str, Any]:
    """A notice as JSON data: that of a pass, with the time."""
    from ...client.redact import scrub
    from ..shell.passes import pass_data

    if notice.report is None:
        return {"at": notice.at, "box_office": notice.box_office, "said": scrub(notice.said)}
    found = pass_data(notice.report)
    del found["exit_code"], found["events"]
    return {"at": notice.at, **found}


def _log(notice: WatchNotice, *, quiet: bool) -> None:
    """Write a notice as one line of the log."""
    wrong = notice.report is not None and bool(notice.report.exit_code)
    if wrong or not quiet:
        logs.line("error" if wrong else "info", "watch", **_data(notice))

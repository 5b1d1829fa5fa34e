"""``willcall report``: a page about a period, to read, keep and send."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ....errors import InputError
from ...shell import terminal
from ...shell.options import ConfigFile

if TYPE_CHECKING:
    from ....bridge.config.account_tables import BoxOfficeTable, DeskTable
    from ....bridge.insight.report import LedgerRows, Report, ServiceAccount
    from ....bridge.ledger import Ledger

_ALL = 1_000_000

Form = Literal["html", "md", "json"]
_SUFFIXES: dict[str, Form] = {
    ".html": "html",
    ".htm": "html",
    ".md": "md",
    ".markdown": "md",
    ".json": "json",
}


def report(
    config: ConfigFile = None,
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="From then on: 7d, 12h, or a date.")
    ] = "7d",
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where to write it; default stdout."),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format", metavar="FORMAT", help="html, md or json; by default as FILE ends, or md."
        ),
    ] = None,
    box_office: Annotated[
        str | None, typer.Option("--box-office", metavar="NAME", help="Only this box office.")
    ] = None,
) -> int:
    """Write a page about a period: tickets and how long they took, stock, runs, dead letters.

    Everything is read from the ledger; no request is sent. The HTML page is one file that loads
    nothing, so that it can be mailed or put on any web server.

    \b
    Examples:
      willcall report --since 7d -o week.html
      willcall report --since 24h
      willcall report --format json | jq '.offices[].tickets[] | .title'
    """
    from ....bridge.config.file import pick
    from ...shell import show
    from ...shell.ledgers import opened
    from ...shell.times import now, past

    begin, until = past("--since", since), now()
    if begin is None or begin >= until:
        raise InputError("--since", f"{since!r} has not passed", "write a span as in 7d, or a date")
    with opened(config) as (settings, ledger):
        offices = settings.box_office
        if box_office is not None:
            offices = [pick(settings, box_office)]
        services = {office.name: _services(office, settings.desk) for office in offices}
        found = gathered(ledger, services, begin, until)
    wanted = form or _SUFFIXES.get(output.suffix.lower() if output else "", "md")
    text = written(found, wanted)
    if output is None or str(output) == "-":
        terminal.json_text(text) if wanted == "json" else terminal.say(text, end="")
    else:
        _save(output, text)
        show.aside(f"willcall: wrote {output}")
    return 0


def _services(*tables: BoxOfficeTable | DeskTable) -> tuple[ServiceAccount, ...]:
    from ....bridge.insight.report import ServiceAccount

    return tuple(
        ServiceAccount(
            name=table.service.name, title=table.adapter.title, allowed=table.service.quota.requests
        )
        for table in tables
    )


def gathered(
    ledger: Ledger,
    services: Mapping[str, Sequence[ServiceAccount]],
    since: datetime,
    until: datetime,
) -> Report:
    """The report on some box offices, from what the ledger holds.

    Args:
        ledger: the ledger.
        services: the services of each box office, by its name.
        since: the begin of the period.
        until: its end.
    """
    from ....bridge.insight.report import report

    rows = [_rows(ledger, name, found, since) for name, found in services.items()]
    return report(rows, since, until)


def written(report: Report, form: Form, zone: tzinfo | None = None) -> str:
    """A report in a form; ``zone`` is the reader's time zone, None that of this machine."""
    from . import markdown, page

    if form == "html":
        return page.page(report, zone)
    return markdown.markdown(report, zone) if form == "md" else markdown.as_json(report)


def _rows(
    ledger: Ledger, office: str, services: Sequence[ServiceAccount], since: datetime
) -> LedgerRows:
    from ....bridge.insight.report import LedgerRows

    state = ledger.state(office)
    return LedgerRows(
        box_office=office,
        services=services,
        history=ledger.history(office, since),
        changes=[
            (entry.id, entry.change, entry.outcome, entry.marker)
            for entry in ledger.log(box_office=office, since=since, limit=_ALL)
        ],
        cases=[case for case in ledger.cases() if case.box_office == office],
        acts=ledger.acts(box_office=office, since=since, limit=_ALL),
        runs=[(run.started_at, run.exit_code, run.summary) for run in ledger.runs(office, since)],
        dead=[pair for pair in ledger.dead() if pair[0].box_office == office],
        silences=[silence for silence in ledger.silences() if silence.box_office in {None, office}],
        forecasts=ledger.forecasts(office, since),
        timezones={name: event.timezone for name, event in (state.snapshot or {}).items()},
    )


def _save(path: Path, text: str) -> None:
    """Write a file as a whole or not at all: a web server may be serving the old one."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, "utf-8")  # a pipe, for example, must not be replaced
            return
        try:
            beside.write_text(text, "utf-8")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        problem = f"{path} cannot be written: {(error.strerror or '').lower()}"
        raise InputError("--output", problem, "name another file") from None

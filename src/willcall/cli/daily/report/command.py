"""``willcall report``: what happened in a while, as one page to read, keep and send on."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ....errors import InputError
from ...shell.options import ConfigFile

if TYPE_CHECKING:
    from ....bridge.insight.report import LedgerRows, Report
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
        typer.Option("-o", "--output", metavar="FILE", help="Write it there; else to stdout."),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--format", metavar="FORMAT", help="html, md or json; else as FILE ends, else md."
        ),
    ] = None,
    box_office: Annotated[
        str | None, typer.Option("--box-office", metavar="NAME", help="Only this one.")
    ] = None,
) -> int:
    """Tell what happened: tickets and how long they took, stock, runs, requests, dead letters.

    Everything is read from the ledger; nothing is asked of the services, and nothing is sent. The
    page is one file that loads nothing, so that it can be mailed or put on any web server.

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
        names = [office.name for office in settings.box_office]
        if box_office is not None:
            names = [pick(settings, box_office).name]
        told = gathered(ledger, names, begin, until)
    wanted = form or _SUFFIXES.get(output.suffix.lower() if output else "", "md")
    text = written(told, wanted)
    if output is None or str(output) == "-":
        typer.echo(text, nl=False)
    else:
        _save(output, text)
        show.aside(f"willcall: wrote {output}")
    return 0


def gathered(ledger: Ledger, offices: Iterable[str], since: datetime, until: datetime) -> Report:
    """The report on these box offices, from what the ledger holds."""
    from ....bridge.insight.report import report

    rows = [_rows(ledger, office, since) for office in offices]
    return report(rows, since, until)


def written(told: Report, form: Form, zone: tzinfo | None = None) -> str:
    """A report as text of that form; ``zone`` is the reader's, None this machine's."""
    from . import markdown, page

    if form == "html":
        return page.page(told, zone)
    return markdown.markdown(told, zone) if form == "md" else markdown.as_json(told)


def _rows(ledger: Ledger, office: str, since: datetime) -> LedgerRows:
    from ....bridge.insight.report import LedgerRows

    state = ledger.state(office)
    return LedgerRows(
        box_office=office,
        history=ledger.history(office, since),
        changes=[
            (one.id, one.change, one.outcome, one.marker)
            for one in ledger.log(box_office=office, since=since, limit=_ALL)
        ],
        cases=[case for case in ledger.cases() if case.box_office == office],
        acts=ledger.acts(box_office=office, since=since, limit=_ALL),
        runs=[(run.started_at, run.exit_code, run.summary) for run in ledger.runs(office, since)],
        dead=[pair for pair in ledger.dead() if pair[0].box_office == office],
        silences=[one for one in ledger.silences() if one.box_office in {None, office}],
        forecasts=ledger.forecasts(office, since),
        timezones={name: one.timezone for name, one in (state.snapshot or {}).items()},
    )


def _save(path: Path, text: str) -> None:
    """Write a file whole or not at all: a web server may be serving the last one."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, "utf-8")  # a pipe, say: nothing may take its place
            return
        try:
            beside.write_text(text, "utf-8")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        said = f"{path} cannot be written: {(error.strerror or '').lower()}"
        raise InputError("--output", said, "name another file") from None

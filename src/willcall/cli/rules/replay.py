"""``willcall replay``: a past time under other rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..shell import screen
from ..shell.logs import Format, LogFormat, begin
from ..shell.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from datetime import datetime

    from ...bridge.config.tables import Config
    from ...bridge.insight.replay import Compared, Replay
    from ...bridge.ledger import Ledger

_ALL = 1_000_000


def replay(
    config: ConfigFile = None,
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="From then on: 30d, 12h, or a date.")
    ] = "30d",
    as_json: AsJson = False,
    log_format: LogFormat = Format.TEXT,
) -> int:
    """Show what would have been opened under these rules, beside what was. Nothing is sent.

    What was seen is kept in the ledger for as long as `[history] keep` says. Name an edited copy
    of the configuration with -c; it finds the same ledger if it lies in the same folder.

    \b
    Examples:
      willcall replay --since 30d -c edited.toml
      willcall replay --json | jq -r '.compared[] | select(.fate != "same")'
    """
    begin(log_format)
    from ..shell import show
    from ..shell.ledgers import opened
    from ..shell.times import now, past

    first = past("--since", since) or now()
    with opened(config) as (settings, ledger):
        found = [_one(settings, ledger, office.name, first) for office in settings.box_office]
    for one in found:
        if as_json:
            show.as_json(_data(one))
        else:
            _text(one)
    return 0


def _one(config: Config, ledger: Ledger, box_office: str, since: datetime) -> Replay:
    from ...bridge.insight.replay import replay
    from ..shell.progress import counted
    from ..shell.times import now

    logged = ledger.log(box_office=box_office, limit=_ALL)
    with counted(ledger.history(box_office, since), f"{box_office}: playing again") as entries:
        return replay(
            box_office,
            entries,
            [(one.change, one.marker) for one in logged],
            [case for case in ledger.cases(since=since) if case.box_office == box_office],
            config.rules(),
            ledger.silences(),
            since,
            now(),
        )


_SIGNS = {"same": "=", "added": "+", "missing": "-"}


def _text(one: Replay) -> None:
    from ...bridge.insight.replay import Fate
    from ..shell import times

    if one.begins is None:
        screen.line(f"{one.box_office}: the ledger has no history yet")
        return
    same, added, gone = (one.count(fate) for fate in (Fate.SAME, Fate.ADDED, Fate.MISSING))
    screen.line(
        f"{one.box_office} since {times.moment(one.since)}: {same + gone} opened then, "
        f"{same + added} under these rules ({same} the same, {added} added, {gone} missing)"
    )
    for compared in one.compared:
        screen.line(f"  {_SIGNS[compared.fate]} {times.moment(compared.at)}  {_line(compared)}")


def _line(one: Compared) -> str:
    from ...bridge.model.kinds import KINDS
    from ...bridge.templates.rendering import plain

    what = f"{plain(one.title)}: {KINDS[one.kind].summary}"
    if one.fate == "missing":
        return f"{what} [{one.marker}], then under {one.then}; now: {one.why}"
    held = ", held as part of a storm" if one.held else ""
    if one.fate == "added":
        other = f"; then {one.why}" if one.why else ""
        return f"{what}, under {one.now}{held}: {one.subject or 'not yet'}{other}"
    instead = "" if one.then == one.now else f", under {one.now} instead of {one.then}"
    return f"{what} [{one.marker}]{instead}{held}"


def _data(one: Replay) -> dict[str, Any]:
    return {
        "box_office": one.box_office,
        "begins": one.begins,
        "since": one.since,
        "compared": one.compared,
    }

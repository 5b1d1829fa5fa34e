"""``willcall replay``: the past under edited rules."""

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
    """Compare the tickets of the past with those under edited rules. Nothing is sent.

    The ledger keeps what was seen for as long as `[history] keep` says. Name an edited copy of the
    configuration with -c; in the same folder, it uses the same ledger.

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
        found = [_replay(settings, ledger, office.name, first) for office in settings.box_office]
    for replayed in found:
        if as_json:
            show.as_json(_data(replayed))
        else:
            _text(replayed)
    return 0


def _replay(config: Config, ledger: Ledger, box_office: str, since: datetime) -> Replay:
    from ...bridge.insight.replay import replay
    from ..shell.progress import counted
    from ..shell.times import now

    logged = ledger.log(box_office=box_office, limit=_ALL)
    with counted(ledger.history(box_office, since), f"{box_office}: replaying") as entries:
        return replay(
            box_office,
            entries,
            [(entry.change, entry.marker) for entry in logged],
            [case for case in ledger.cases(since=since) if case.box_office == box_office],
            config.rules(),
            ledger.silences(),
            since,
            now(),
        )


_SIGNS = {"same": "=", "added": "+", "missing": "-"}


def _text(found: Replay) -> None:
    from ...bridge.insight.replay import Fate
    from ..shell import times

    if found.begins is None:
        screen.line(f"{found.box_office}: the ledger has no history yet")
        return
    same, added, gone = (found.count(fate) for fate in (Fate.SAME, Fate.ADDED, Fate.MISSING))
    screen.line(
        f"{found.box_office} since {times.moment(found.since)}: {same + gone} opened then, "
        f"{same + added} under these rules ({same} the same, {added} added, {gone} missing)"
    )
    for compared in found.compared:
        screen.line(f"  {_SIGNS[compared.fate]} {times.moment(compared.at)}  {_line(compared)}")


def _line(compared: Compared) -> str:
    from ...bridge.model.kinds import KINDS
    from ...bridge.templates.rendering import plain

    what = f"{plain(compared.title)}: {KINDS[compared.kind].summary}"
    if compared.fate == "missing":
        return f"{what} [{compared.marker}], then under {compared.then}; now: {compared.why}"
    held = ", held as part of a storm" if compared.held else ""
    if compared.fate == "added":
        other = f"; then {compared.why}" if compared.why else ""
        return f"{what}, under {compared.now}{held}: {compared.subject or 'not yet'}{other}"
    instead = (
        ""
        if compared.then == compared.now
        else f", under {compared.now} instead of {compared.then}"
    )
    return f"{what} [{compared.marker}]{instead}{held}"


def _data(found: Replay) -> dict[str, Any]:
    return {
        "box_office": found.box_office,
        "begins": found.begins,
        "since": found.since,
        "compared": found.compared,
    }

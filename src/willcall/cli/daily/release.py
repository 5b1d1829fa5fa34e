"""``willcall release``: opens the tickets that a storm held back."""

from __future__ import annotations

from typing import Annotated

import typer

from ..shell import screen
from ..shell.options import AsJson, BoxOffice, ConfigFile, MaxSeconds, Quiet


def release(
    markers: Annotated[
        list[str] | None,
        typer.Argument(metavar="MARKER", help="Which cases (wc-…); all that are held by default."),
    ] = None,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    listing: Annotated[
        bool, typer.Option("--list", help="Only list what is held; nothing is sent.")
    ] = False,
    max_seconds: MaxSeconds = 50,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> int:
    """Open the tickets that were held back because too many came at once.

    The digest ticket of a storm lists them with their markers.

    \b
    Examples:
      willcall release --list
      willcall release wc-fe6j7trg
      willcall release
    """
    from ...bridge.model.exit_codes import worst
    from ...bridge.service import Bridge
    from ..shell import passes, show

    if listing:
        _list(config, as_json=as_json)
        return 0
    with Bridge.from_config(config, max_seconds=max_seconds) as bridge:
        reports = bridge.release(*(markers or ()), box_office=box_office)
    for report in reports:
        if as_json:
            show.as_json(passes.pass_data(report))
            continue
        released = len(report.decision.cases) if report.decision else 0
        if not quiet and report.decision is not None:
            screen.line(f"{report.box_office}: {released or 'nothing'} released")
        passes.show_pass(report, quiet=quiet, changes=False)
    return worst(report.exit_code for report in reports)


def _list(config: ConfigFile, *, as_json: bool) -> None:
    from ...bridge.model.cases import CaseState
    from ...bridge.model.kinds import KINDS
    from ..shell import show, times
    from ..shell.ledgers import opened

    with opened(config) as (settings, ledger):
        held = [
            case
            for office in settings.box_office
            for case in ledger.state(office.name).cases
            if case.state is CaseState.HELD
        ]
    if as_json:
        for case in held:
            show.as_json(case)
        return
    show.table(
        ("MARKER", "TITLE", "WHAT", "RULE", "SINCE"),
        [
            (c.marker, c.title, KINDS[c.kind].summary, c.rule, times.moment(c.opened_at))
            for c in held
        ],
    )

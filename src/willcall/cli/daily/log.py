"""``willcall log``: what has changed, and what was done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import InputError
from ..shell import screen
from ..shell.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from datetime import datetime

    from ...bridge.config.tables import Config
    from ...bridge.ledger import Ledger, Logged
    from ...bridge.model.cases import Case, Intent


def log(
    config: ConfigFile = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="From then on: 7d, 2h, or a date.")
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="EVENT", help="Only this event: id, slug or title.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Only this kind of change; event.* means many."),
    ] = None,
    marker: Annotated[
        str | None, typer.Option(metavar="MARKER", help="Only this case (wc-…).")
    ] = None,
    box_office: Annotated[
        str | None, typer.Option("--box-office", metavar="NAME", help="Only this box office.")
    ] = None,
    limit: Annotated[
        int, typer.Option("-n", "--limit", metavar="N", min=1, help="Only the last N entries.")
    ] = 50,
    as_json: AsJson = False,
) -> int:
    """Show changes and every act that was tried, oldest first. Nothing is sent.

    \b
    Examples:
      willcall log --since 7d
      willcall log --event the-cherry-orchard --kind 'ticket_type.*'
      willcall log --json -n 1000 | jq -r 'select(.what == "act") | .marker'
    """
    from ...bridge.config.file import pick
    from ..shell import show, times
    from ..shell.ledgers import kinds_named, opened

    begin = times.past("--since", since)
    kinds = None if kind is None else kinds_named(kind)
    with opened(config) as (settings, ledger):
        office = pick(settings, box_office).name if box_office else None
        event_id = None if event is None else _event(settings, ledger, event)
        wanted: dict[str, Any] = {
            "box_office": office,
            "since": begin,
            "event": event_id,
            "kinds": kinds,
            "marker": marker.strip("[]") if marker else None,
            "limit": limit,
        }
        rows: list[tuple[datetime, int, Logged | tuple[Case, Intent]]] = [
            *((logged.change.observed_at, 0, logged) for logged in ledger.log(**wanted)),
            *((_attempted_at(pair), 1, pair) for pair in ledger.acts(**wanted)),
        ]
    rows.sort(key=lambda row: row[:2])
    for at, _, row in rows[-limit:]:
        if as_json:
            show.as_json(_data(at, row))
        else:
            screen.line(f"{times.moment(at)}  {_line(row)}")
    if not rows:
        show.aside("willcall: the ledger has no such entries")
    return 0


def _event(settings: Config, ledger: Ledger, name: str) -> str:
    from ..shell.ledgers import ambiguous, events_named, snapshots

    found = events_named(snapshots(settings, ledger), name)
    if not found:
        fix = "give its id, its slug or a part of its title"
        raise InputError("--event", f"no event {name!r} has been seen", fix)
    if len(found) > 1:
        raise ambiguous("--event", name, found)
    return found[0][1].id


def _attempted_at(pair: tuple[Case, Intent]) -> datetime:
    at = pair[1].attempted_at
    if at is None:
        raise AssertionError(f"{pair[1].marker}: the ledger lists an act that was never tried")
    return at


def _line(row: Logged | tuple[Case, Intent]) -> str:
    from ...bridge.model.kinds import KINDS
    from ...bridge.templates.rendering import plain

    if isinstance(row, tuple):
        case, act = row
        error = f": {act.error}" if act.error else ""
        state = "" if act.state == "done" else f" ({act.state}{error})"
        what = ""
        if act.act in {"open", "reopen"}:
            what = f": {plain(case.title)}, {KINDS[case.kind].summary}"
        return f"      {act.act} {case.ticket_id or 'no ticket yet'} [{act.marker}]{what}{state}"
    change = row.change
    name = f' "{plain(change.ticket_type.name)}"' if change.ticket_type else ""
    summary = KINDS[change.kind].summary
    return f"#{row.id:<4} {plain(change.title)}{name}: {summary} ({row.outcome})"


def _data(at: datetime, row: Logged | tuple[Case, Intent]) -> dict[str, Any]:
    if isinstance(row, tuple):
        case, act = row
        return {
            "what": "act",
            "at": at,
            "box_office": case.box_office,
            "marker": act.marker,
            "case": case.marker,
            "rule": case.rule,
            "ticket_id": case.ticket_id,
            "act": act.act,
            "state": act.state,
            "tries": act.tries,
            "error": act.error,
        }
    change = row.change
    return {
        "what": "change",
        "at": at,
        "number": row.id,
        "box_office": change.box_office,
        "kind": change.kind,
        "event": change.event and {"id": change.event.id, "title": change.event.title},
        "ticket_type": change.ticket_type
        and {"id": change.ticket_type.id, "name": change.ticket_type.name},
        "outcome": row.outcome,
        "marker": row.marker,
    }

"""``willcall log``: what has happened, and what was done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import InputError
from ..shell import screen
from ..shell.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from datetime import datetime

    from ...bridge.ledger import Logged
    from ...bridge.model.cases import Case, Intent


def log(
    config: ConfigFile = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Only since then: 7d, 2h, or a date.")
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="EVENT", help="Only this one: id, slug or title.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Only this kind; event.* means many.")
    ] = None,
    marker: Annotated[
        str | None, typer.Option(metavar="MARKER", help="Only this case (wc-…).")
    ] = None,
    box_office: Annotated[
        str | None, typer.Option("--box-office", metavar="NAME", help="Only this one.")
    ] = None,
    limit: Annotated[
        int, typer.Option("-n", "--limit", metavar="N", min=1, help="The last so many.")
    ] = 50,
    as_json: AsJson = False,
) -> int:
    """Show what has happened, and every act that was tried, oldest first. Nothing is sent.

    \b
    Examples:
      willcall log --since 7d
      willcall log --event the-cherry-orchard --kind 'ticket_type.*'
      willcall log --json -n 1000 | jq -r 'select(.what == "act") | .marker'
    """
    from ...bridge.config.file import pick
    from ..shell import show
    from ..shell.ledgers import ago, opened

    begin = ago("--since", since)
    kinds = None if kind is None else _kinds(kind)
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
            *((one.change.observed_at, 0, one) for one in ledger.log(**wanted)),
            *((_tried(pair), 1, pair) for pair in ledger.acts(**wanted)),
        ]
    rows.sort(key=lambda row: row[:2])
    for at, _, row in rows[-limit:]:
        if as_json:
            show.as_json(_data(at, row))
        else:
            screen.line(f"{show.moment(at)}  {_line(row)}")
    if not rows:
        show.aside("willcall: nothing of that kind is in the ledger")
    return 0


def _kinds(globs: list[str]) -> tuple[str, ...]:
    from ...bridge.model.kinds import KINDS, matching
    from ...bridge.templates.lint import near

    for glob in globs:
        if not matching([glob]):
            raise InputError("--kind", f"{glob!r} is no kind of change", near(glob, KINDS))
    return matching(globs)


def _event(settings: Any, ledger: Any, name: str) -> str:
    from ..shell.ledgers import named, snapshots

    found = named(snapshots(settings, ledger), name)
    if len(found) == 1:
        return found[0][1].id
    told = ", ".join(event.slug or event.id for _, event in found[:10])
    fix = f"name one of: {told}" if found else "give its id, its slug or a part of its title"
    said = "may be several events" if found else "is no event that was seen"
    raise InputError("--event", f"{name!r} {said}", fix)


def _tried(pair: tuple[Case, Intent]) -> datetime:
    at = pair[1].attempted_at
    if at is None:
        raise AssertionError(f"{pair[1].marker}: the ledger lists an act that was never tried")
    return at


def _line(row: Logged | tuple[Case, Intent]) -> str:
    from ...bridge.model.kinds import KINDS
    from ...bridge.templates.rendering import plain

    if isinstance(row, tuple):
        case, act = row
        said = f": {act.error}" if act.error else ""
        state = "" if act.state == "done" else f" ({act.state}{said})"
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

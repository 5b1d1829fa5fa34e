"""``willcall status``: how it stands, from the ledger alone."""

from __future__ import annotations

import io
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import InputError
from ..shell import screen
from ..shell.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from ...bridge.insight.status import Look, OfficeStatus, Spent, Status

_CLEAR = "\x1b[H\x1b[2J"
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


def status(
    config: ConfigFile = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Paint it anew every few seconds, until Ctrl-C.")
    ] = False,
    every: Annotated[
        float, typer.Option("--every", min=0.2, metavar="S", help="How many seconds, with --watch.")
    ] = 2.0,
    looks: Annotated[
        int, typer.Option("--looks", min=0, metavar="N", help="How many events to show looks of.")
    ] = 10,
    as_json: AsJson = False,
) -> int:
    """Show how it stands: runs, open cases, silences, dead letters, requests spent, looks.

    All of it is read from the ledger; nothing is sent, and no run is held up.

    \b
    Examples:
      willcall status
      willcall status --watch --every 5
      willcall status --json | jq '.offices[].open[].ticket_id'
    """
    if watch and not (as_json or sys.stdout.isatty()):
        fix = "leave --watch out, or say --json for a line every few seconds"
        raise InputError("--watch", "there is no terminal to paint on", fix)

    def say() -> None:
        _say(_taken(config), as_json=as_json, count=looks)

    if watch:
        return _watch(say, every, paint=not as_json)
    say()
    return 0


def _taken(config: Path | None) -> Status:
    """How it stands now. The ledger is opened each time: it may come, go or be restored."""
    from ...bridge.config.file import find
    from ...bridge.insight.status import status as take
    from ..shell.ledgers import now, opened

    with opened(config) as (settings, ledger):
        return take(settings, find(config).resolve().parent, ledger, now())


class _Canvas(io.StringIO):
    """Where a screen is painted before it is shown: as wide and as colourful as the terminal."""

    def isatty(self) -> bool:
        """It stands for one."""
        return True


def _watch(say: Callable[[], None], every: float, *, paint: bool) -> int:
    """Say it again and again; painted in one write each, so that nothing flickers."""
    out = sys.stdout
    try:
        while True:
            screen = _Canvas() if paint else io.StringIO()
            with redirect_stdout(screen):
                say()
            out.write((_CLEAR + _HIDE if paint else "") + screen.getvalue())
            out.flush()
            time.sleep(every)
    except KeyboardInterrupt:
        return 0
    finally:
        if paint:
            out.write(_SHOW)
            out.flush()


def _say(found: Status, *, as_json: bool, count: int) -> None:
    from ..shell import show

    if as_json:
        show.as_json(_data(found))
        return
    for office in found.offices:
        _office(office, found.at)
    for one in found.offices:
        _cases(one)
    _silences(found)
    _dead(found)
    _spent(found)
    _looks(found, count)


def _head(text: str) -> None:
    screen.line(f"\n{text}")


def _office(one: OfficeStatus, now: datetime) -> None:
    from ...bridge.templates.rendering import plain
    from ...client.redact import scrub

    office, run = one.office, one.office.last_run
    screen.line(f"{office.name}: {_run_words(one, now)}")
    if office.swept_at is not None:
        known = "what is known is as old as that"
        if one.bound is not None:
            known = f"no event goes unseen for more than {span(one.bound)}"
        screen.line(f"  seen whole   {ago(now - office.swept_at)}: {known}")
    if office.lease_holder and office.lease_until and office.lease_until > now:
        screen.line(f"  at work now  {office.lease_holder}")
        part = None if run is None else run.summary.get("part")
        if isinstance(part, float) and part < 0.95:
            screen.line(f"  gives way    {part:.0%} of its looks are made: others use the same key")
    if run is not None and run.summary.get("trouble"):
        screen.line(f"  trouble      {scrub(str(run.summary['trouble']))}")
    for waits in one.removals:
        screen.line(f"  removal      {scrub(plain(waits))}")
    if one.waiting:
        said = ", ".join(f"{number} {state}" for state, number in one.waiting.items())
        screen.line(f"  undelivered  {said}")


def _run_words(one: OfficeStatus, now: datetime) -> str:
    run = one.office.last_run
    if run is None:
        return "no run yet; `willcall run` takes the baseline"
    parts = [f"last run {ago(now - run.ended_at)}, exit code {run.exit_code}"]
    if run.summary.get("events") is not None:
        parts.append(f"{run.summary['events']} events")
    return ", ".join(parts)


def _cases(one: OfficeStatus) -> None:
    from ...bridge.model.kinds import KINDS
    from ..shell import show

    cases = (*one.open, *one.held)
    if not cases:
        _head(f"{one.office.name}: no open cases")
        return
    _head(f"{one.office.name}: {len(one.open)} open, {len(one.held)} held")
    show.table(
        ("CASE", "WHAT", "ABOUT", "TICKET", "SINCE"),
        [
            (
                case.marker,
                KINDS[case.kind].summary if case.kind in KINDS else case.kind,
                case.title,
                case.ticket_id or ("held" if case in one.held else "not yet"),
                show.moment(case.opened_at),
            )
            for case in cases
        ],
    )


def _silences(found: Status) -> None:
    from ..shell import show

    if found.silences:
        _head("silent")
        show.table(
            ("SILENCE", "WHAT", "UNTIL", "REASON"),
            [
                (
                    one.id,
                    ", ".join(filter(None, (one.box_office, one.event, *one.kinds, one.rule))),
                    show.moment(one.until),
                    one.reason,
                )
                for one in found.silences
            ],
        )


def _dead(found: Status) -> None:
    from ..shell import show

    if found.dead:
        _head("dead letters: `willcall dead list` says why")
        show.table(
            ("NUMBER", "ACT", "CASE", "ABOUT"),
            [(act.id, act.act.value, case.marker, case.title) for case, act in found.dead],
        )


def _spent(found: Status) -> None:
    from ..shell import show

    _head("requests in the last minute")
    show.table(
        ("ACCOUNT", "SPENT", "OF", ""),
        [
            (one.account, "?" if one.requests is None else one.requests, one.of, _closed(one))
            for one in found.spent
        ],
    )


def _closed(one: Spent) -> str:
    if one.requests is None:
        return "its key is not at hand here"
    seconds = one.closed_for.total_seconds()
    return f"asked to stay away for {seconds:.0f} s" if seconds > 0 else ""


def _looks(found: Status, count: int) -> None:
    from ..shell import show

    every = [(one.bound, look) for one in found.offices for look in one.looks]
    if not every or not count:
        return
    _head(f"looks, the oldest first ({min(count, len(every))} of {len(every)} events on sale)")
    show.table(
        ("EVENT", "TITLE", "LAST LOOK", "NEXT LOOK"),
        [
            (
                look.event.slug or look.event.id,
                look.event.title,
                *_look_words(look, found.at, "at the next run" if bound is None else "in its turn"),
            )
            for bound, look in every[:count]
        ],
    )


def _look_words(look: Look, now: datetime, unknown: str) -> tuple[str, str]:
    last = "never" if look.last_at is None else ago(now - look.last_at)
    if look.next_at is None:
        return last, unknown
    ahead = look.next_at - now
    return last, f"in {span(ahead)}" if ahead.total_seconds() > 0 else "due"


def span(value: timedelta) -> str:
    """A span as people say it: 12 s, 5 min, 3 h, 2 days."""
    seconds = max(0.0, value.total_seconds())
    for unit, size, least in (("days", 86400, 172800), ("h", 3600, 7200), ("min", 60, 120)):
        if seconds >= least:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def ago(value: timedelta) -> str:
    """How long ago."""
    return f"{span(value)} ago"


def _data(found: Status) -> dict[str, Any]:
    return {
        "at": found.at,
        "offices": [
            {
                "name": one.office.name,
                "baseline_at": one.office.baseline_at,
                "swept_at": one.office.swept_at,
                "age_seconds": (age := one.age(found.at)) and age.total_seconds(),
                "bound_seconds": one.bound and one.bound.total_seconds(),
                "lease_holder": one.office.lease_holder,
                "lease_until": one.office.lease_until,
                "last_run": one.office.last_run,
                "open": one.open,
                "held": one.held,
                "undelivered": one.waiting,
                "removals": list(one.removals),
                "looks": [
                    {
                        "event": look.event.id,
                        "title": look.event.title,
                        "last_at": look.last_at,
                        "next_at": look.next_at,
                    }
                    for look in one.looks
                ],
            }
            for one in found.offices
        ],
        "silences": found.silences,
        "dead": [
            {"number": act.id, "act": act.act, "marker": case.marker, "title": case.title}
            for case, act in found.dead
        ],
        "spent": [
            {
                "account": one.account,
                "requests": one.requests,
                "of": one.of,
                "closed_seconds": one.closed_for.total_seconds(),
            }
            for one in found.spent
        ],
    }

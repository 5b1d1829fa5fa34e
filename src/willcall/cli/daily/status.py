"""``willcall status``: the status of every box office, from the ledger alone."""

from __future__ import annotations

import io
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import InputError
from ..shell import screen, terminal, times
from ..shell.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ...bridge.insight.status import AccountUsage, EventPolls, OfficeStatus, Status

_CLEAR = "\x1b[H\x1b[2J"
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"


def status(
    config: ConfigFile = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Refresh every few seconds, until Ctrl-C.")
    ] = False,
    every: Annotated[
        float,
        typer.Option(
            "--every", min=0.2, metavar="S", help="Seconds between refreshes, with --watch."
        ),
    ] = 2.0,
    polls: Annotated[
        int, typer.Option("--polls", min=0, metavar="N", help="Show the polls of this many events.")
    ] = 10,
    as_json: AsJson = False,
) -> int:
    """Show runs, open cases, silences, dead letters, requests and polls.

    Everything is read from the ledger; nothing is sent, and no run is delayed.

    \b
    Examples:
      willcall status
      willcall status --watch --every 5
      willcall status --json | jq '.offices[].open[].ticket_id'
    """
    if watch and not (as_json or sys.stdout.isatty()):
        fix = "leave out --watch, or add --json for a line every few seconds"
        raise InputError("--watch", "stdout is not a terminal", fix)

    def show() -> None:
        _show(_status(config), as_json=as_json, count=polls)

    if watch:
        return _watch(show, every, redraw=not as_json)
    show()
    return 0


def _status(config: Path | None) -> Status:
    """The status now. The ledger is opened each time: it may appear or be restored meanwhile."""
    from ...bridge.config.file import find
    from ...bridge.insight.status import status as read_status
    from ..shell.ledgers import opened
    from ..shell.times import now

    with opened(config) as (settings, ledger):
        return read_status(settings, find(config).resolve().parent, ledger, now())


class _Canvas(io.StringIO):
    """A buffer for a screen, with the width and the colours of the terminal."""

    def isatty(self) -> bool:
        """It is shown on a terminal."""
        return True


def _watch(show: Callable[[], None], every: float, *, redraw: bool) -> int:
    """Show it again and again, each screen in a single write so that nothing flickers."""
    try:
        while True:
            buffer = _Canvas() if redraw else io.StringIO()
            with redirect_stdout(buffer):
                show()
            terminal.redraw(buffer.getvalue(), before=_CLEAR + _HIDE if redraw else "")
            time.sleep(every)
    except KeyboardInterrupt:
        return 0
    finally:
        if redraw:
            terminal.redraw(_SHOW)


def _show(found: Status, *, as_json: bool, count: int) -> None:
    from ..shell import show

    if as_json:
        show.as_json(_data(found))
        return
    for office in found.offices:
        _office(office, found.at)
    for office in found.offices:
        _cases(office)
    _silences(found)
    _dead(found)
    _usage(found)
    _polls(found, count)


def _heading(text: str) -> None:
    screen.line(f"\n{text}")


def _office(status: OfficeStatus, now: datetime) -> None:
    from ...bridge.ledger import at_work
    from ...bridge.templates.rendering import plain
    from ...client.redact import scrub

    office, run = status.office, status.office.last_run
    screen.line(f"{office.name}: {_run_text(status, now)}")
    if office.swept_at is not None:
        known = "what is known is that old"
        if status.bound is not None:
            known = f"no event goes unseen for more than {times.span(status.bound)}"
        screen.line(f"  last sweep   {times.ago(now - office.swept_at)}: {known}")
    working = at_work(office, now)
    if working is not None:
        screen.line(f"  at work now  {working}")
        part = None if run is None else run.summary.get("part")
        if isinstance(part, float) and part < 0.95:
            screen.line(f"  slowed down  {part:.0%} of its polls are made: others use the same key")
    distrusted = {} if run is None else run.summary.get("distrusted") or {}
    for state, less in distrusted.items():
        screen.line(
            f"  list filter  status={scrub(plain(str(state)))} is asked {less:g} times less often: "
            "polls contradict its answers"
        )
    if run is not None and run.summary.get("trouble"):
        screen.line(f"  trouble      {scrub(str(run.summary['trouble']))}")
    for warning in () if run is None else run.summary.get("warnings", ()):
        screen.line(f"  warning      {scrub(plain(str(warning)))}")
    odd = {} if run is None else run.summary.get("unreadable") or {}
    for name, why in odd.items():
        screen.line(f"  unreadable   {scrub(plain(f'{name}: {why}'))}")
    for removal in status.removals:
        screen.line(f"  removal      {scrub(plain(removal))}")
    for ticket in status.others:
        screen.line(f"  another ledger has opened {scrub(plain(ticket))}")
    if status.waiting:
        waiting = ", ".join(f"{number} {state}" for state, number in status.waiting.items())
        screen.line(f"  undelivered  {waiting}")


def _run_text(status: OfficeStatus, now: datetime) -> str:
    run = status.office.last_run
    if run is None:
        return "no run yet; `willcall run` takes the baseline"
    parts = [f"last run {times.ago(now - run.ended_at)}, exit code {run.exit_code}"]
    if run.summary.get("events") is not None:
        parts.append(f"{run.summary['events']} events")
    return ", ".join(parts)


def _cases(status: OfficeStatus) -> None:
    from ...bridge.model.kinds import KINDS
    from ..shell import show, times

    name, cases = status.office.name, (*status.open, *status.held)
    if not cases:
        _heading(f"{name}: no open cases")
        return
    _heading(f"{name}: {len(status.open)} open, {len(status.held)} held")
    show.table(
        ("CASE", "WHAT", "ABOUT", "TICKET", "SINCE"),
        [
            (
                case.marker,
                KINDS[case.kind].summary if case.kind in KINDS else case.kind,
                case.title,
                case.ticket_id or ("held" if case in status.held else "not yet"),
                times.moment(case.opened_at),
            )
            for case in cases
        ],
    )


def _silences(found: Status) -> None:
    from ..shell import show, times

    if found.silences:
        _heading("silences")
        show.table(
            ("SILENCE", "WHAT", "UNTIL", "REASON"),
            [
                (
                    known.id,
                    ", ".join(
                        filter(None, (known.box_office, known.event, *known.kinds, known.rule))
                    ),
                    times.moment(known.until),
                    known.reason,
                )
                for known in found.silences
            ],
        )


def _dead(found: Status) -> None:
    from ..shell import show

    if found.dead:
        _heading("dead letters: `willcall dead list` says why")
        show.table(
            ("NUMBER", "ACT", "CASE", "ABOUT"),
            [(act.id, act.act.value, case.marker, case.title) for case, act in found.dead],
        )


def _usage(found: Status) -> None:
    from ..shell import show

    _heading("requests in the last minute")
    show.table(
        ("ACCOUNT", "SENT", "OF", ""),
        [
            (
                usage.account,
                "?" if usage.requests is None else usage.requests,
                usage.of,
                _remark(usage),
            )
            for usage in found.usage
        ],
    )


def _remark(usage: AccountUsage) -> str:
    if usage.requests is None:
        return "its key is not available here"
    seconds = usage.closed_for.total_seconds()
    return f"told to wait for {seconds:.0f} s" if seconds > 0 else ""


def _polls(found: Status, count: int) -> None:
    from ..shell import show

    every = [(office.bound, polls) for office in found.offices for polls in office.polls]
    if not every or not count:
        return
    _heading(f"polls, oldest first ({min(count, len(every))} of {len(every)} events on sale)")
    show.table(
        ("EVENT", "TITLE", "LAST POLL", "NEXT POLL"),
        [
            (
                polls.event.slug or polls.event.id,
                polls.event.title,
                *_poll_times(polls, found.at, "next run" if bound is None else "in turn"),
            )
            for bound, polls in every[:count]
        ],
    )


def _poll_times(polls: EventPolls, now: datetime, unknown: str) -> tuple[str, str]:
    last = "never" if polls.last_at is None else times.ago(now - polls.last_at)
    if polls.next_at is None:
        return last, unknown
    ahead = polls.next_at - now
    return last, f"in {times.span(ahead)}" if ahead.total_seconds() > 0 else "due"


def _data(found: Status) -> dict[str, Any]:
    return {
        "at": found.at,
        "offices": [
            {
                "name": status.office.name,
                "baseline_at": status.office.baseline_at,
                "swept_at": status.office.swept_at,
                "age_seconds": (age := status.age(found.at)) and age.total_seconds(),
                "bound_seconds": status.bound and status.bound.total_seconds(),
                "lease_holder": status.office.lease_holder,
                "lease_until": status.office.lease_until,
                "last_run": status.office.last_run,
                "open": status.open,
                "held": status.held,
                "undelivered": status.waiting,
                "removals": list(status.removals),
                "another_ledger": list(status.others),
                "polls": [
                    {
                        "event": polls.event.id,
                        "title": polls.event.title,
                        "last_at": polls.last_at,
                        "next_at": polls.next_at,
                    }
                    for polls in status.polls
                ],
            }
            for status in found.offices
        ],
        "silences": found.silences,
        "dead": [
            {"number": act.id, "act": act.act, "marker": case.marker, "title": case.title}
            for case, act in found.dead
        ],
        "requests": [
            {
                "account": usage.account,
                "sent": usage.requests,
                "of": usage.of,
                "closed_seconds": usage.closed_for.total_seconds(),
            }
            for usage in found.usage
        ],
    }

"""How things are shown: data on stdout, all else on stderr; lines for people, JSON for machines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import attrs
import orjson
import typer

from ...bridge.delivery.attempt import Delivered, Outcome
from ...bridge.delivery.projection import Outlook
from ...bridge.model.cases import Act, Case, Intent, Recorded
from ...bridge.model.kinds import KINDS
from ...bridge.run import PassReport, Plan
from ...bridge.templates.rendering import plain
from ...bridge.watching.heartbeat import WatchNotice
from ...client.redact import scrub
from ...errors import ApiError, AuthenticationError, NotFoundError, WillcallError
from . import logs, screen


def data(value: Any) -> Any:
    """A model as plain JSON data, in the names that the Python API has."""
    if attrs.has(type(value)):
        return {f.name: data(getattr(value, f.name)) for f in attrs.fields(type(value))}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): data(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [data(inner) for inner in value]
    return value


def as_json(value: Any) -> None:
    """One object, on one line."""
    typer.echo(orjson.dumps(data(value)).decode())


def aside(text: str) -> None:
    """A line that is not data."""
    if logs.machine():
        logs.line("warning", text)
    else:
        typer.echo(text, err=True)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns as wide as what is in them; on a terminal no wider than it is."""
    cells = [[plain(str(cell if cell is not None else "-")) for cell in row] for row in rows]
    if screen.is_terminal():
        screen.table(head, cells)
        return
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    for row in ([*head], *cells):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(line.rstrip())


def moment(value: datetime) -> str:
    """A moment as the clock on this machine shows it: ``2026-11-21 18:02 UTC``."""
    here = value.astimezone()
    return f"{here:%Y-%m-%d %H:%M %Z}"


def harmless(text: str) -> str:
    """Text of several lines, without what could turn a terminal about."""
    return "\n".join(
        "".join(c for c in line if c == "\t" or unicodedata.category(c) not in _TURNING)
        for line in text.splitlines()
    )


_TURNING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


# -- what a run has done ----------------------------------------------------------------------


def _changed(one: Recorded) -> str:
    change = one.change
    name = f' "{plain(change.ticket_type.name)}"' if change.ticket_type else ""
    words = KINDS[change.kind].summary
    return f"{plain(change.title)}{name}: {words} ({one.outcome})"


_WORDS = {
    Act.OPEN: "opened",
    Act.REOPEN: "reopened",
    Act.TAG: "tagged",
    Act.MESSAGE: "sent a message in",
    Act.NOTE: "left a note in",
    Act.RESOLVE: "resolved",
}


def _delivered(one: Delivered) -> str:
    ticket = one.case.ticket_id or "a ticket"
    what = f"{_WORDS[one.intent.act]} {ticket} [{one.case.marker}]"
    if one.outcome is Outcome.DONE:
        return what
    if one.outcome is Outcome.ADOPTED:
        return f"{what}: found, so it was not done again"
    if one.outcome is Outcome.WAITING:
        return f"{one.intent.act} of {one.case.marker}: waits for the end of quiet hours"
    if one.outcome is Outcome.LEFT:
        return f"{one.intent.act} of {one.case.marker}: left, since somebody has changed {ticket}"
    if one.outcome is Outcome.ALREADY:
        return f"{what}: was so already"
    return f"{one.intent.act} of {one.case.marker}: {one.outcome}: {one.detail}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


_LISTS = {"event": "events", "ticket": "tickets", "customer": "customers"}
_CALL = re.compile(r"\b(events|tickets|messages|customers)\.(\w+)\([^)]*\)")


def _typed(call: re.Match[str]) -> str:
    """A call that an error advises, as it is typed here."""
    return f"`willcall {call[1]} {call[2].replace('_', '-')}`"


def told(error: WillcallError) -> str:
    """An error in words, with what to do about it here."""
    hint = ""
    if isinstance(error, ApiError) and error.retry_after is not None:
        hint = f"; try again in {error.retry_after:.0f} s"
    if isinstance(error, AuthenticationError):
        hint = "; put a valid key where the configuration or the environment has this one"
    if isinstance(error, NotFoundError):
        known = next((_LISTS[name] for name in error.about if name in _LISTS), None)
        hint = f"; `willcall {known} list` shows those that there are" if known else ""
    return _CALL.sub(_typed, scrub(str(error))) + hint


def trouble(name: str, error: WillcallError) -> None:
    """What is wrong with a box office or its desk, on stderr."""
    aside(f"{name}: {told(error)}")


def pass_report(report: PassReport, *, quiet: bool, news: bool = True) -> None:
    """A pass in words: one line if it was quiet, and one for each thing that happened.

    ``news`` says whether it has looked for any.
    """
    name = report.box_office
    if report.trouble is not None:
        trouble(name, report.trouble)
    if not quiet:
        _pass_lines(report, news=news)
    for warning in report.warnings:
        aside(f"{name}: {scrub(plain(warning))}")
    if report.deliveries.stopped is not None:
        trouble(name, report.deliveries.stopped)
    if report.left:
        waiting = ", ".join(f"{count} {state}" for state, count in report.left.items())
        way = "see `willcall dead list`" if "dead" in report.left else "the next run goes on"
        aside(f"{name}: not delivered yet: {waiting}; {way}")


def _pass_lines(report: PassReport, *, news: bool) -> None:
    name, decision = report.box_office, report.decision
    if decision is not None and decision.baseline and report.observation is not None:
        count = _count(len(report.observation.events), "event")
        screen.line(f"{name}: baseline of {count} taken; changes are reported from now on")
    elif decision is not None and news:
        seen = ""
        if report.observation is not None:
            seen = _count(len(report.observation.events), "event") + ", "
        said = _count(len(decision.recorded), "change") if decision.recorded else "nothing new"
        screen.line(f"{name}: {seen}{said}")
        for one in decision.recorded:
            screen.line(f"  {_changed(one)}")
    for delivered in report.deliveries.delivered:
        screen.line(f"  {_delivered(delivered)}")
    if report.observation is not None and report.observation.trouble:
        aside(f"{name}: {scrub(report.observation.trouble)}")


def news(one: WatchNotice, *, quiet: bool) -> None:
    """What a watch tells, each thing on a line of its own, with the time."""
    report, head = one.report, f"{one.at.astimezone():%Y-%m-%d %H:%M:%S} {one.box_office}:"
    if one.said and not quiet:
        typer.echo(f"{head} {scrub(plain(one.said))}")
    if report is None:
        return
    for line in () if quiet else _news_lines(report):
        typer.echo(f"{head} {line}")
    for error in (report.trouble, report.deliveries.stopped):
        if error is not None:
            aside(f"{head} {told(error)}")
    for warning in report.warnings:
        aside(f"{head} {scrub(plain(warning))}")


def _news_lines(report: PassReport) -> Iterator[str]:
    decision = report.decision
    if decision is not None and decision.baseline:
        count = _count(len(decision.facts), "event")
        yield f"baseline of {count} taken; changes are reported from now on"
    elif decision is not None:
        yield from map(_changed, decision.recorded)
    yield from map(_delivered, report.deliveries.delivered)


def news_data(one: WatchNotice) -> dict[str, Any]:
    """What a watch tells, as JSON data: what a run's would be, with the time."""
    if one.report is None:
        return {"at": one.at, "box_office": one.box_office, "said": scrub(one.said)}
    told = pass_data(one.report)
    del told["exit_code"], told["events"]
    return {"at": one.at, **told}


def news_log(one: WatchNotice, *, quiet: bool) -> None:
    """What a watch tells, as one line of the log."""
    facts = news_data(one)
    wrong = one.report is not None and bool(one.report.exit_code)
    if wrong or not quiet:
        logs.line("error" if wrong else "info", "watch", **facts)


def pass_log(report: PassReport, *, quiet: bool) -> None:
    """A pass as one line of the log."""
    if report.exit_code or not quiet:
        facts = pass_data(report)
        facts |= {name: len(facts[name]) for name in ("changes", "delivered")}
        logs.line("error" if report.exit_code else "info", "pass", **facts)


def _error(error: WillcallError | None) -> Any:
    return None if error is None else {"type": type(error).__name__, "message": scrub(str(error))}


def _change_data(one: Recorded) -> dict[str, Any]:
    change = one.change
    return {
        "kind": change.kind,
        "event": change.event and {"id": change.event.id, "title": change.event.title},
        "ticket_type": change.ticket_type
        and {"id": change.ticket_type.id, "name": change.ticket_type.name},
        "observed_at": change.observed_at,
        "outcome": one.outcome,
        "marker": one.marker,
    }


def pass_data(report: PassReport) -> dict[str, Any]:
    """A pass as JSON data."""
    return {
        "box_office": report.box_office,
        "exit_code": report.exit_code,
        "baseline": bool(report.decision and report.decision.baseline),
        "events": len(report.observation.events) if report.observation else None,
        "changes": [_change_data(one) for one in report.decision.recorded]
        if report.decision
        else [],
        "delivered": [
            {
                "marker": one.case.marker,
                "ticket_id": one.case.ticket_id,
                "act": one.intent.act,
                "outcome": one.outcome,
            }
            for one in report.deliveries.delivered
        ],
        "left": report.left,
        "trouble": _error(report.trouble),
        "stopped": _error(report.deliveries.stopped),
        "warnings": list(report.warnings),
    }


# -- what a run would do ----------------------------------------------------------------------


def _titles(cases: Iterable[Case]) -> dict[str, Case]:
    return {case.marker: case for case in cases}


def _act_lines(intent: Intent) -> list[str]:
    payload = intent.payload
    if intent.act is Act.OPEN:
        return [f"open    {payload['subject']}", *_indented(payload["body"])]
    if intent.act is Act.TAG:
        return [f"tag     {', '.join(payload['tags'])}"]
    if intent.act in {Act.MESSAGE, Act.NOTE}:
        return [str(intent.act), *_indented(payload["text"])]
    return [str(intent.act)]


def _indented(text: str) -> list[str]:
    return [f"  | {line}".rstrip() for line in text.splitlines()]


def plan(one: Plan) -> None:
    """A plan in words: what changed, and every act with its text."""
    name = one.box_office
    if one.trouble is not None:
        trouble(name, one.trouble)
    if one.waiting:
        screen.line(f"{name}: {_count(len(one.waiting), 'act')} from earlier runs would go out")
        for case, intent in one.waiting:
            screen.line(f"  {intent.act} of {case.marker} ({plain(case.title)}): {intent.state}")
    decision = one.decision
    if decision is None:
        return
    if decision.baseline:
        count = _count(len(decision.facts), "event")
        screen.line(f"{name}: would take a baseline of {count}, and alert nobody")
        return
    if not decision.recorded:
        screen.line(f"{name}: nothing new")
    for recorded in decision.recorded:
        screen.line(f"{name}: {_changed(recorded)}")
    by_marker = _titles(decision.cases)
    for intent in decision.intents:
        lines = _act_lines(intent)
        screen.line(f"  {by_marker[intent.case].marker}  {lines[0]}")
        for line in lines[1:]:
            screen.line(f"  {line}")
    _ahead(one)


def _ahead(one: Plan) -> None:
    """What becomes of the tickets that are there already."""
    for ticket in one.outlooks.tickets:
        screen.line(
            f"  {ticket.ticket_id}: {plain(ticket.subject) or 'gone; its acts are dropped'}"
        )
        for line in _became(ticket):
            screen.line(f"    {line}")
    if one.outlooks.trouble is not None:
        trouble(one.box_office, one.outlooks.trouble)


def _became(ticket: Outlook) -> Iterator[str]:
    now, then = ticket.now, ticket.then
    if now is None or then is None:
        return
    if now == then:
        yield "status, tags and assignee stay as they are"
    if now.status != then.status:
        yield f"status    {now.status} → {then.status}"
    if now.tags != then.tags:
        more = [plain(tag) for tag in then.tags if tag not in now.tags]
        yield f"tags      {', '.join(map(plain, now.tags)) or 'none'} → + {', '.join(more)}"
    if now.assignee_id != then.assignee_id:
        yield f"assignee  nobody → {then.assignee_id}"


def plan_data(one: Plan) -> dict[str, Any]:
    """A plan as JSON data."""

    def act(intent: Intent) -> dict[str, Any]:
        return {"marker": intent.case, "act": intent.act, "state": intent.state, **intent.payload}

    decision = one.decision
    return {
        "box_office": one.box_office,
        "pending": one.pending,
        "baseline": bool(decision and decision.baseline),
        "changes": [_change_data(recorded) for recorded in decision.recorded] if decision else [],
        "acts": [act(intent) for intent in decision.intents] if decision else [],
        "waiting": [act(intent) for _, intent in one.waiting],
        "tickets": one.outlooks.tickets,
        "trouble": _error(one.trouble or one.outlooks.trouble),
    }

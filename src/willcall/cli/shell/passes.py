"""What a pass over a box office did: in words, as JSON data, and as a line of the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...bridge.delivery.attempt import Delivered, Outcome
from ...bridge.model.cases import Act, Recorded
from ...bridge.model.kinds import KINDS
from ...bridge.run import PassReport
from ...bridge.templates.rendering import plain
from ...client.redact import scrub
from . import logs, screen
from .show import aside, count, error_data, trouble

# -- in words ---------------------------------------------------------------------------------


def show_pass(report: PassReport, *, quiet: bool, changes: bool = True) -> None:
    """Print a pass: one line if nothing happened, else a line for each change and each act.

    Args:
        report: the pass.
        quiet: print only what is wrong.
        changes: whether the pass looked for changes.
    """
    name = report.box_office
    if report.trouble is not None:
        trouble(name, report.trouble)
    if not quiet:
        _show_changes(report, changes=changes)
    for warning in report.warnings:
        aside(f"{name}: {scrub(plain(warning))}")
    if report.deliveries.stopped is not None:
        trouble(name, report.deliveries.stopped)
    if report.left:
        waiting = ", ".join(f"{number} {state}" for state, number in report.left.items())
        way = "see `willcall dead list`" if "dead" in report.left else "the next run goes on"
        aside(f"{name}: not delivered yet: {waiting}; {way}")


def _show_changes(report: PassReport, *, changes: bool) -> None:
    name, decision = report.box_office, report.decision
    if decision is not None and decision.baseline and report.observation is not None:
        screen.line(f"{name}: {baseline_text(len(report.observation.events))}")
    elif decision is not None and changes:
        seen = ""
        if report.observation is not None:
            seen = count(len(report.observation.events), "event") + ", "
        summary = count(len(decision.recorded), "change") if decision.recorded else "nothing new"
        screen.line(f"{name}: {seen}{summary}")
        for recorded in decision.recorded:
            screen.line(f"  {change_text(recorded)}")
    for delivered in report.deliveries.delivered:
        screen.line(f"  {delivered_text(delivered)}")
    if report.observation is not None and report.observation.trouble:
        aside(f"{name}: {scrub(report.observation.trouble)}")


def baseline_text(events: int) -> str:
    """The line for a baseline of so many events."""
    return f"baseline of {count(events, 'event')} taken; changes are reported from now on"


def change_text(recorded: Recorded) -> str:
    """A change and what became of it."""
    change = recorded.change
    name = f' "{plain(change.ticket_type.name)}"' if change.ticket_type else ""
    return f"{plain(change.title)}{name}: {KINDS[change.kind].summary} ({recorded.outcome})"


_DONE = {
    Act.OPEN: "opened",
    Act.REOPEN: "reopened",
    Act.TAG: "tagged",
    Act.MESSAGE: "sent a message in",
    Act.NOTE: "left a note in",
    Act.RESOLVE: "resolved",
}


def delivered_text(delivered: Delivered) -> str:
    """An act and how it ended."""
    case, intent = delivered.case, delivered.intent
    ticket = case.ticket_id or "a ticket"
    done = f"{_DONE[intent.act]} {ticket} [{case.marker}]"
    if delivered.outcome is Outcome.DONE:
        return done
    if delivered.outcome is Outcome.ADOPTED:
        return f"{done}: found, so it was not done again"
    if delivered.outcome is Outcome.WAITING:
        return f"{intent.act} of {case.marker}: waits for the end of quiet hours"
    if delivered.outcome is Outcome.LEFT:
        return f"{intent.act} of {case.marker}: skipped, because somebody has changed {ticket}"
    if delivered.outcome is Outcome.ALREADY:
        return f"{done}: it was so already"
    return f"{intent.act} of {case.marker}: {delivered.outcome}: {delivered.detail}"


def changes_and_acts(report: PassReport) -> Iterator[str]:
    """A line for the baseline or for each change, then a line for each act."""
    decision = report.decision
    if decision is not None and decision.baseline:
        yield baseline_text(len(decision.facts))
    elif decision is not None:
        yield from map(change_text, decision.recorded)
    yield from map(delivered_text, report.deliveries.delivered)


# -- for machines -----------------------------------------------------------------------------


def pass_data(report: PassReport) -> dict[str, Any]:
    """A pass as JSON data."""
    decision = report.decision
    return {
        "box_office": report.box_office,
        "exit_code": report.exit_code,
        "baseline": bool(decision and decision.baseline),
        "events": len(report.observation.events) if report.observation else None,
        "changes": [change_data(recorded) for recorded in decision.recorded] if decision else [],
        "delivered": [
            {
                "marker": delivered.case.marker,
                "ticket_id": delivered.case.ticket_id,
                "act": delivered.intent.act,
                "outcome": delivered.outcome,
            }
            for delivered in report.deliveries.delivered
        ],
        "left": report.left,
        "trouble": error_data(report.trouble),
        "stopped": error_data(report.deliveries.stopped),
        "warnings": list(report.warnings),
    }


def change_data(recorded: Recorded) -> dict[str, Any]:
    """A change and what became of it, as JSON data."""
    change = recorded.change
    return {
        "kind": change.kind,
        "event": change.event and {"id": change.event.id, "title": change.event.title},
        "ticket_type": change.ticket_type
        and {"id": change.ticket_type.id, "name": change.ticket_type.name},
        "observed_at": change.observed_at,
        "outcome": recorded.outcome,
        "marker": recorded.marker,
    }


def log_pass(report: PassReport, *, quiet: bool) -> None:
    """Write a pass as one line of the log; ``quiet`` leaves out those without an error."""
    if report.exit_code or not quiet:
        facts = pass_data(report)
        facts |= {name: len(facts[name]) for name in ("changes", "delivered")}
        logs.line("error" if report.exit_code else "info", "pass", **facts)

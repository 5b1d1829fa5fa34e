"""What a run would do: in words and as JSON data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...bridge.delivery.projection import Outlook
from ...bridge.model.cases import Act, Intent
from ...bridge.run import Plan
from ...bridge.templates.rendering import plain
from . import screen
from .passes import change_data, change_text
from .show import count, error_data, trouble


def show_plan(plan: Plan) -> None:
    """Print a plan: what changed, and every act with its text."""
    name = plan.box_office
    if plan.trouble is not None:
        trouble(name, plan.trouble)
    if plan.waiting:
        screen.line(f"{name}: {count(len(plan.waiting), 'act')} from earlier runs would go out")
        for case, intent in plan.waiting:
            screen.line(f"  {intent.act} of {case.marker} ({plain(case.title)}): {intent.state}")
    decision = plan.decision
    if decision is None:
        return
    if decision.baseline:
        events = count(len(decision.facts), "event")
        screen.line(f"{name}: would take a baseline of {events}, and alert nobody")
        return
    if not decision.recorded:
        screen.line(f"{name}: nothing new")
    if plan.due_already:
        cases = count(len(plan.due_already), "ticket")
        held = "; that is more than [storm] limit, so they would be held" if plan.held else ""
        screen.line(
            f"{name}: {cases} would open about what holds already: "
            f"the rules were edited, or a wait is over{held}"
        )
    for recorded in decision.recorded:
        screen.line(f"{name}: {change_text(recorded)}")
    for intent in decision.intents:
        first, *more = _act_lines(intent)
        screen.line(f"  {intent.case}  {first}")
        for line in more:
            screen.line(f"  {line}")
    _show_outlooks(plan)


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


def _show_outlooks(plan: Plan) -> None:
    """Print what happens to tickets that exist already."""
    for ticket in plan.outlooks.tickets:
        subject = plain(ticket.subject) or "gone; its acts are dropped"
        screen.line(f"  {ticket.ticket_id}: {subject}")
        for line in _differences(ticket):
            screen.line(f"    {line}")
    if plan.outlooks.trouble is not None:
        trouble(plan.box_office, plan.outlooks.trouble)


def _differences(ticket: Outlook) -> Iterator[str]:
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


def plan_data(plan: Plan) -> dict[str, Any]:
    """A plan as JSON data."""

    def act(intent: Intent) -> dict[str, Any]:
        return {"marker": intent.case, "act": intent.act, "state": intent.state, **intent.payload}

    decision = plan.decision
    return {
        "box_office": plan.box_office,
        "pending": plan.pending,
        "baseline": bool(decision and decision.baseline),
        "changes": [change_data(recorded) for recorded in decision.recorded] if decision else [],
        "acts": [act(intent) for intent in decision.intents] if decision else [],
        "waiting": [act(intent) for _, intent in plan.waiting],
        "due_already": [case.marker for case in plan.due_already],
        "tickets": plan.outlooks.tickets,
        "trouble": error_data(plan.trouble or plan.outlooks.trouble),
    }

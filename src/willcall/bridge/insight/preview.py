"""A ticket as it would read, before anything has happened. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape

import attrs

from ...errors import InputError
from ..model.changes import Change
from ..model.facts import EventFacts
from ..model.kinds import KINDS
from ..model.predicates import Situation
from ..model.rules import OnClear, Rule, Rules
from ..templates.examples import EVENT, example
from ..templates.lint import near
from ..templates.rendering import Wording

TAG = "willcall"


@attrs.frozen(kw_only=True)
class Preview:
    """Everything that would be sent under a rule about a change.

    ``why_not`` is why the rule would not take this change; ``taken_by`` the rule that would take it
    first. ``message`` is None if the customer is not written to. ``ends_with`` is the kind that
    would clear it; ``good_news`` is what is written then, to the customer if ``to_customer``.
    """

    rule: str
    kind: str
    title: str
    why_not: str | None
    taken_by: str | None
    customer_email: str
    options: Mapping[str, str]
    assignee_id: str | None
    subject: str
    body: str
    tags: tuple[str, ...]
    note: str | None
    message: str | None
    ends_with: str | None
    good_news: str | None
    to_customer: bool


def preview(
    rules: Rules,
    rule_id: str,
    at: datetime,
    *,
    kind: str | None = None,
    event: EventFacts = EVENT,
    ticket_type: str | None = None,
    box_office: str = "main-room",
) -> Preview:
    """What would be sent.

    Args:
        rules: all of them.
        rule_id: under which.
        at: when it is seen.
        kind: what happens; else the first kind that the rule takes.
        event: to which event; what must be so for the kind is made so.
        ticket_type: to which of its ticket types, by name or id; else the first one.
        box_office: its name.

    Raises:
        InputError: there is no such rule or kind, or the rule does not take it.
    """
    rule = _rule(rules, rule_id)
    chosen = _kind(rule, kind)
    if ticket_type is not None and event.ticket_type(ticket_type) is None:
        known = ", ".join(known.name for known in event.ticket_types or ()) or "none is known"
        raise InputError("ticket_type", f"{event.title} has no {ticket_type!r}", f"it has: {known}")
    change = example(chosen, event, ticket_type, box_office=box_office, at=at)
    verdicts = list(rules.verdicts(Situation(change, change.event, change.ticket_type, at)))
    mine = next((verdict for verdict in verdicts if verdict.rule.id == rule.id), None)
    service = rules.service(box_office)
    words = Wording(rule, change, severity=rule.severity_of(chosen), service=service)
    tags = [TAG, "wc-…", str(rule.severity_of(chosen)), *rule.tags]
    clearing = next(iter(KINDS[chosen].cleared_by), None)
    good_news, to_customer = _good_news(rule, clearing, change, service)
    return Preview(
        rule=rule.id,
        kind=chosen,
        title=change.title,
        why_not=mine.why_not if mine else None,
        taken_by=None if mine else verdicts[-1].rule.id,
        customer_email=rule.address.customer_email,
        options=rule.address.options,
        assignee_id=rule.assignee_id,
        subject=words.subject(),
        body=words.body(),
        tags=tuple(dict.fromkeys(tags)),
        note=words.extra_note() if rule.note is not None else None,
        message=words.message() if rule.writes else None,
        ends_with=clearing,
        good_news=good_news,
        to_customer=to_customer,
    )


def _rule(rules: Rules, rule_id: str) -> Rule:
    found = rules.by_id(rule_id) or rules.by_id(f"built-in/{rule_id}")
    if found is not None:
        return found
    ids = [rule.id for rule in rules.rules]
    fix = near(rule_id, ids)
    fix = fix if fix.startswith("did") else f"there is: {', '.join(ids)}"
    raise InputError("rule", f"there is no rule {rule_id!r}", fix)


def _kind(rule: Rule, kind: str | None) -> str:
    if kind is None:
        return rule.kinds[0]
    if kind not in rule.kinds:
        fix = f"it takes: {', '.join(rule.kinds)}"
        raise InputError("kind", f"{rule.id} does not take {kind!r}", fix)
    return kind


def _good_news(
    rule: Rule, clearing: str | None, change: Change, service: str
) -> tuple[str | None, bool]:
    if clearing is None or rule.on_clear is OnClear.NOTHING:
        return None, False
    event = change.event or EVENT
    named = change.ticket_type.id if change.ticket_type else None
    over = example(clearing, event, named, box_office=change.box_office, at=change.observed_at)
    words = Wording(rule, over, severity=rule.severity_of(clearing), service=service)
    if rule.writes and rule.on_clear is not OnClear.NOTE:
        return words.cleared_message(), True
    return words.cleared_note(), False


# -- as a page --------------------------------------------------------------------------------

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem;
  color: #1c2330; background: #f5f6f8; }
h1 { font-size: 1.25rem; margin: 0 0 .5rem; }
section { background: #fff; border: 1px solid #d9dde5; border-radius: 8px; padding: 1rem 1.25rem;
  margin: 1rem 0; }
section.note { background: #fff9e5; }
h2 { font-size: .8rem; color: #5b6575; margin: 0 0 .5rem; font-weight: 600; }
p.text { white-space: pre-wrap; margin: 0; overflow-wrap: anywhere; }
.tag { display: inline-block; background: #e8ecf3; border-radius: 4px; padding: 0 .4rem;
  margin: .1rem .2rem .1rem 0; font-size: .85rem; }
.why { color: #8a2b0e; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e9ef; background: #14181f; }
  section { background: #1c222c; border-color: #343c4a; }
  section.note { background: #2b2718; } h2 { color: #9aa5b5; } .tag { background: #2b3340; }
  .why { color: #ff9d7d; }
}
"""


def page(shown: Preview) -> str:
    """A page that holds all it needs, and in which all text is text."""
    tags = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in shown.tags)
    parts = [
        _section(
            destination(shown), shown.body, more=f"<h1>{escape(shown.subject)}</h1>", tail=tags
        )
    ]
    if shown.note is not None:
        parts.append(_section("an internal note", shown.note, note=True))
    if shown.message is not None:
        parts.append(_section(f"message to {shown.customer_email}", shown.message))
    if shown.good_news is not None:
        to = f"message to {shown.customer_email}" if shown.to_customer else "an internal note"
        head = f"when it is over ({shown.ends_with}): {to}"
        parts.append(_section(head, shown.good_news, note=not shown.to_customer))
    warning = warning_of(shown)
    why = f'<p class="why">{escape(warning)}</p>' if warning else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(shown.subject)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<p>{escape(shown.kind)} under {escape(shown.rule)}</p>\n{why}" + "\n".join(parts)
    ) + "\n</body>\n</html>\n"


def _section(head: str, text: str, *, more: str = "", tail: str = "", note: bool = False) -> str:
    kind = ' class="note"' if note else ""
    below = f"<p>{tail}</p>" if tail else ""
    body = f'<p class="text">{escape(text)}</p>'
    return f"<section{kind}>\n<h2>{escape(head)}</h2>\n{more}{body}{below}\n</section>"


def destination(shown: Preview) -> str:
    """Where the ticket would go, in a line."""
    parts = [f"about {shown.customer_email}"]
    if shown.assignee_id is not None:
        parts.append(f"for {shown.assignee_id}")
    parts += (f"{name} {value}" for name, value in shown.options.items())
    return ", ".join(parts)


def warning_of(shown: Preview) -> str | None:
    """Why this would not be written after all; None if it would."""
    if shown.taken_by is not None:
        return f"{shown.taken_by} would take this first, and {shown.rule} would never see it"
    if shown.why_not is not None:
        return f"{shown.rule} would leave this alone: {shown.why_not}"
    return None

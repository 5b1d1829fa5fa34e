"""The acts of a case, as intents that hold their words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs

from ..model.cases import Act, Case, CaseState, Intent
from ..model.changes import Change
from ..model.markers import act_marker, in_subject, in_text
from ..model.rules import OnClear, Rule, Rules
from ..templates.rendering import Wording

TAG = "willcall"
_EARLIER = "An earlier ticket about this, {ticket_id} ({marker}), {fate}."
_FATES = {
    CaseState.LEFT: "was resolved or closed at the desk",
    CaseState.GONE: "was deleted at the desk",
}


class OutboxBuilder:
    """Collects the intents of a pass. Each method returns the case with its acts counted."""

    def __init__(self, at: datetime, rules: Rules) -> None:
        self._at, self._rules = at, rules
        self.intents: list[Intent] = []
        self.warnings: list[str] = []

    def announce(
        self,
        case: Case,
        rule: Rule,
        lead: Change,
        others: Sequence[Change],
        earlier: Case | None = None,
    ) -> Case:
        """Open the ticket and tag it; write the rule's note and the message to the customer.

        Args:
            case: the case.
            rule: its rule.
            lead: the change that leads it.
            others: the further changes that its ticket announces.
            earlier: the case whose ticket would have announced it, if it could.
        """
        words = self._words(rule, lead, others)
        severity = rule.severity_of(lead.kind)
        subject = in_subject(words.subject(), case.marker)
        body = words.body()
        if earlier is not None:
            body = f"{body.rstrip()}\n\n{_earlier(earlier)}"
        case = self._act(case, Act.OPEN, {"subject": subject, "body": body})
        tags = [TAG, case.marker, str(severity), *rule.tags]
        triage: dict[str, Any] = {"tags": list(dict.fromkeys(tags))}
        if rule.assignee_id is not None:
            triage["assignee_id"] = rule.assignee_id
        case = self._act(case, Act.TAG, triage)
        if rule.note is not None:
            case = self._say(case, Act.NOTE, words.extra_note())
        return self._write(case, rule, words)

    def reopen(self, case: Case, rule: Rule, lead: Change, others: Sequence[Change]) -> Case:
        """Reopen the ticket, and announce in it what happened again."""
        words = self._words(rule, lead, others)
        says = [list(name) for name in case.members]
        case = self._act(case, Act.REOPEN, {"says": says})
        case = self._say(case, Act.NOTE, words.body(), says=says)
        return self._write(case, rule, words, says=says)

    def add(self, case: Case, rule: Rule, change: Change) -> Case:
        """Announce another change in the open ticket of a case."""
        words = self._words(rule, change)
        says = [[change.kind, change.subject]]
        case = self._say(case, Act.NOTE, words.body(), says=says)
        return self._write(case, rule, words, says=says)

    def write(self, case: Case, rule: Rule, lead: Change, others: Sequence[Change]) -> Case:
        """Write the message to the customer again, in other words than it had."""
        return self._write(case, rule, self._words(rule, lead, others))

    def forget(self, case: str) -> None:
        """Drop what this pass has decided for a case."""
        self.intents = [intent for intent in self.intents if intent.case != case]

    def hush(self, case: str, *, keep: bool) -> None:
        """Write nothing to the customer of a case in this pass; ``keep`` the words as a note."""
        mine = [
            intent for intent in self.intents if intent.case == case and intent.act is Act.MESSAGE
        ]
        for intent in mine:
            at = self.intents.index(intent)
            self.intents[at : at + 1] = [attrs.evolve(intent, act=Act.NOTE)] if keep else []

    def announce_ends(self, case: Case, rule: Rule, ends: Sequence[tuple[Change, bool]]) -> Case:
        """Announce what has ended, in one message or note; resolve the ticket if the case is over.

        Args:
            case: the case without the conditions that have ended.
            rule: its rule.
            ends: each change that ended a condition of it, and whether it is good news.
        """
        # A change that ended several conditions is said once; good news comes first.
        lead, *others = dict.fromkeys(c for c, _ in sorted(ends, key=lambda end: not end[1]))
        words = self._words(rule, lead, others)
        case = self._announce_end(case, rule, words, cleared=any(good for _, good in ends))
        if case.state is not CaseState.OPEN and rule.on_clear.resolves:
            case = self._act(case, Act.RESOLVE, self._ending(rule), rule)
        return case

    def _announce_end(self, case: Case, rule: Rule, words: Wording, *, cleared: bool) -> Case:
        """Good news goes to the customer; that something is superseded goes to the team only."""
        ending = self._ending(rule)
        if not cleared:
            return self._say(case, Act.NOTE, words.superseded_note(), rule, **ending)
        if rule.on_clear is OnClear.NOTHING:
            return case
        note = words.cleared_note()
        if rule.writes and rule.on_clear is not OnClear.NOTE:
            note = in_text(note, act_marker(case.marker, case.acts + 1))
            return self._say(case, Act.MESSAGE, words.cleared_message(), rule, note=note, **ending)
        return self._say(case, Act.NOTE, note, rule, **ending)

    @staticmethod
    def _ending(rule: Rule) -> dict[str, Any]:
        """What marks an act that tells that something is over."""
        always = {"always": True} if rule.on_clear is OnClear.RESOLVE_ALWAYS else {}
        return {"ends": True, **always}

    def _words(self, rule: Rule, lead: Change, others: Sequence[Change] = ()) -> Wording:
        severity, service = rule.severity_of(lead.kind), self._rules.service(lead.box_office)
        words = Wording(rule, lead, others, severity=severity, service=service)
        if words.failed:
            self.warnings.append(
                f"{lead.title}: its words cannot be composed, and its ticket says only what "
                f"happened ({words.failed})"
            )
        return words

    def _write(self, case: Case, rule: Rule, words: Wording, **more: Any) -> Case:
        return self._say(case, Act.MESSAGE, words.message(), **more) if rule.writes else case

    def _say(self, case: Case, act: Act, text: str, rule: Rule | None = None, **more: Any) -> Case:
        marker = act_marker(case.marker, case.acts + 1)
        return self._act(case, act, {"text": in_text(text, marker), **more}, rule)

    def _act(
        self, case: Case, act: Act, payload: Mapping[str, Any], rule: Rule | None = None
    ) -> Case:
        """Add an act to a case. Given a rule with quiet hours, it waits for their end."""
        case = attrs.evolve(case, acts=case.acts + 1)
        quiet = rule.quiet_hours.until(self._at) if rule and rule.quiet_hours else None
        self.intents.append(
            Intent(case=case.marker, position=case.acts, act=act, payload=payload, retry_at=quiet)
        )
        return case


def _earlier(case: Case) -> str:
    """The line about an earlier ticket, and why it does not announce this."""
    fate = _FATES.get(case.state, "takes nothing more")
    return _EARLIER.format(ticket_id=case.ticket_id, marker=case.marker, fate=fate)

"""What a pass's changes begin and end, and the acts that follow. Pure.

::

    change ──▶ condition ──▶ waiting ──▶ case open ──▶ cleared | overtaken ──▶ (reopened)
                  │             │ for, quiet hours, a silence   │
                  │             └ gone before its time: nothing │
                  └ covered: told by another ticket             └ gone: its ticket was deleted

Many at once are *held*: one digest ticket lists them, and ``willcall release`` lets them go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from .cases import (
    LIVE,
    Act,
    Case,
    CaseState,
    Condition,
    Decision,
    Intent,
    Name,
    Recorded,
    State,
)
from .changes import KINDS, Change
from .compose import Words
from .facts import EventFacts, TypeFacts
from .marker import act_marker, case_marker, in_subject, in_text
from .rules import BUILT_IN, GroupBy, OnClear, Rule, Rules, Silence

TAG = "willcall"
_STORM = "box_office.storm"
STORM_RULE = f"{BUILT_IN}/{_STORM}"


def decide(
    box_office: str,
    state: State,
    changes: Iterable[Change],
    facts: Mapping[str, EventFacts],
    at: datetime,
    rules: Rules,
    *,
    blind: bool = False,
) -> Decision:
    """What a pass's changes mean for the cases, and what time has ripened.

    Args:
        box_office: its name in the configuration.
        state: what the ledger knows.
        changes: what differs.
        facts: the events that differ, for the next snapshot.
        at: when they were observed.
        rules: what to do about what.
        blind: the box office was not read whole: nothing but these changes may open or end
            anything, since nobody knows whether the rest still holds.
    """
    court = _Court(box_office, state, facts, at, rules)
    for change in changes:
        court.hear(change)
    court.ripen(blind=blind)
    return court.decision(facts)


def release(
    box_office: str, state: State, markers: Sequence[str], at: datetime, rules: Rules
) -> Decision:
    """Let held cases go: their tickets are opened after all.

    Args:
        markers: which; none for all.
    """
    court = _Court(box_office, state, {}, at, rules)
    court.release(markers)
    return court.decision({})


class _Court:
    """The conditions and cases while one pass's changes are applied to them."""

    def __init__(
        self,
        box_office: str,
        state: State,
        facts: Mapping[str, EventFacts],
        at: datetime,
        rules: Rules,
    ) -> None:
        self._box_office = box_office
        self._at = at
        self._rules = rules
        self._silences = state.silences
        self._events = {**(state.snapshot or {}), **facts}
        self._held = {one.name: one for one in state.conditions}
        self._conditions = dict(self._held)
        self._known_cases = {case.marker: case for case in state.cases}
        self._cases = dict(self._known_cases)
        self._episodes = dict(state.episodes)
        self._news: list[Change] = []
        self._outcomes: dict[int, tuple[str, str | None]] = {}
        self._intents: list[Intent] = []

    # -- changes ------------------------------------------------------------------------------

    def hear(self, change: Change) -> None:
        """Apply one change: end what it ends, begin what it begins."""
        self._news.append(change)
        ended = self._end(change)
        if ended:
            self._outcomes[id(change)] = f"ended {', '.join(ended)}", ended[0]
        name = change.kind, change.subject
        known = self._conditions.get(name)
        if known is None:
            self._conditions[name] = Condition(change=change)
        elif known.ending is not None:
            self._conditions[name] = attrs.evolve(known, ending=None)
            self._outcomes[id(change)] = "on again before it counted as over", None
        else:
            self._outcomes[id(change)] = self._already(name)

    def _already(self, name: Name) -> tuple[str, str | None]:
        marker = next((case.marker for case in self._live() if name in case.members), None)
        return ("already known" if marker is None else f"already open as {marker}"), marker

    def _end(self, change: Change) -> list[str]:
        """End the conditions that a change clears or overtakes; the markers of their cases."""
        ended: list[str] = []
        for name, condition in list(self._conditions.items()):
            kind = KINDS[name[0]]
            cleared = change.kind in kind.cleared_by
            if not change.bears_on(name[1]) or not (cleared or change.kind in kind.overtaken_by):
                continue
            mine = [case for case in self._live() if name in case.members]
            if cleared and any(self._hold(case) for case in mine):
                # A rule that waits before it believes in a condition waits before it is over, too.
                self._conditions[name] = attrs.evolve(condition, ending=change)
                self._outcomes[id(change)] = "waits whether it stays so", mine[0].marker
                continue
            del self._conditions[name]
            for case in mine:
                self._leave(case, name, change, cleared=cleared)
                ended.append(case.marker)
        return ended

    def _hold(self, case: Case) -> bool:
        rule = self._rules.by_id(case.rule)
        return rule is not None and bool(rule.hold)

    # -- what time has ripened ------------------------------------------------------------------

    def ripen(self, *, blind: bool) -> None:
        """End what has been gone long enough, open what is due, and let go of what nobody wants."""
        new = {(change.kind, change.subject) for change in self._news}
        seen = [c for c in self._conditions.values() if not blind or c.name in new]
        for condition in seen:
            if condition.ending is not None:
                self._end_if_gone_long(condition, condition.ending)
            elif condition.told:
                self._end_if_no_longer_low(condition)
        self._cover()
        due = [
            (rule, condition)
            for condition in seen
            for rule in self._due(self._conditions.get(condition.name, condition))
        ]
        self._open(due)
        for name, condition in list(self._conditions.items()):
            # A notice has happened, and is over, unless a ticket or a quiet hour still holds it.
            if not KINDS[name[0]].holds and not condition.told and not self._waits(condition):
                del self._conditions[name]

    def _end_if_gone_long(self, condition: Condition, ending: Change) -> None:
        for case in [case for case in self._live() if condition.name in case.members]:
            rule = self._rules.by_id(case.rule)
            if rule is None or self._at - ending.observed_at >= rule.hold:
                self._leave(case, condition.name, ending, cleared=True)
        if not any(condition.name in case.members for case in self._live()):
            del self._conditions[condition.name]

    def _end_if_no_longer_low(self, condition: Condition) -> None:
        """A rule may have its own idea of "low": over for one, it may still hold for another."""
        if condition.change.kind != "ticket_type.low_stock":
            return
        event, one = self._now(condition.change)
        for case in [case for case in self._live() if condition.name in case.members]:
            rule = self._rules.by_id(case.rule)
            if rule is None or self._rules.still_low(rule, one):
                continue
            restocked = attrs.evolve(
                condition.change,
                kind="ticket_type.restocked",
                event=event,
                ticket_type=one,
                before=condition.change.event,
                observed_at=self._at,
            )
            self._leave(case, condition.name, restocked, cleared=True)
            told = self._conditions[condition.name].told - {rule.id}
            self._conditions[condition.name] = attrs.evolve(condition, told=told)

    def _cover(self) -> None:
        """Of what is new, find what another ticket says already, or will in this very pass."""
        new = dict.fromkeys((change.kind, change.subject) for change in self._news)
        for name in [name for name in new if name in self._conditions]:
            condition = self._conditions[name]
            change = condition.change
            if change.event is None or condition.told or condition.covered_by:
                continue
            for other in self._conditions.values():
                if other.name == name or other.change.subject != change.event.id:
                    continue
                kind = other.change.kind
                if KINDS[kind].does_cover(change.kind) and self._is_told(other):
                    self._conditions[name] = attrs.evolve(condition, covered_by=kind)
                    self._outcomes[id(change)] = f"covered by {kind}", None
                    break

    def _is_told(self, condition: Condition) -> bool:
        """Whether a ticket tells of it, or would if some rule's time had come."""
        return bool(condition.told or self._taking(condition))

    def _now(self, change: Change) -> tuple[EventFacts | None, TypeFacts | None]:
        """The event and ticket type of a change as they are now."""
        if change.event is None:
            return None, None
        event = self._events.get(change.event.id, change.event)
        one = change.ticket_type
        return event, None if one is None else event.ticket_type(one.id) or one

    def _taking(self, condition: Condition) -> list[Rule]:
        return self._rules.taking(condition.change, *self._now(condition.change), self._at)

    def _due(self, condition: Condition) -> list[Rule]:
        """The rules whose time has come to tell of a condition."""
        if condition.covered_by is not None or condition.ending is not None:
            return []
        due: list[Rule] = []
        why = "no rule takes it"
        for rule in self._taking(condition):
            if rule.id in condition.told:
                why = "told already"
                continue
            waits = self._wait(rule, condition)
            if waits is None:
                due.append(rule)
            else:
                why = waits
        if not due:
            self._outcomes.setdefault(id(condition.change), (why, None))
        return due

    def _wait(self, rule: Rule, condition: Condition) -> str | None:
        """Why a rule does not tell of a condition yet, or None if its time has come."""
        silence = self._silence(rule, condition)
        if silence is not None:
            return f"silenced by {silence.author}: {silence.reason}"
        if KINDS[condition.change.kind].holds and self._at - condition.since < rule.hold:
            return f"waits whether it holds for {rule.hold}"
        until = rule.quiet_hours.until(self._at) if rule.quiet_hours else None
        return None if until is None else f"quiet until {until:%H:%M %Z}"

    def _silence(self, rule: Rule, condition: Condition) -> Silence | None:
        fitting = (s for s in self._silences if s.covers(condition.change, rule, self._at))
        return next(fitting, None)

    def _waits(self, condition: Condition) -> bool:
        """Whether a notice waits for the end of quiet hours; a silenced one is let go."""
        return any(
            rule.quiet_hours is not None
            and rule.quiet_hours.until(self._at) is not None
            and self._silence(rule, condition) is None
            for rule in self._taking(condition)
        )

    # -- opening ------------------------------------------------------------------------------

    def _open(self, due: Sequence[tuple[Rule, Condition]]) -> None:
        joining: list[tuple[Case, Rule, Condition]] = []
        fresh: dict[object, list[tuple[Rule, Condition]]] = {}
        for rule, condition in due:
            case = self._joinable(rule, condition)
            if case is not None:
                joining.append((case, rule, condition))
            else:
                key = self._together(rule, condition)
                fresh.setdefault(key, []).append((rule, condition))
        for case, rule, condition in joining:
            self._join(self._cases[case.marker], rule, condition)
        limit = self._rules.storm.limit
        storm = bool(limit) and len(fresh) > limit
        opened = [self._begin(group, held=storm) for group in fresh.values()]
        if storm:
            self._digest(opened)

    def _group(self, rule: Rule, condition: Condition) -> str:
        """What others must share to join a case's ticket; empty if none may."""
        change = condition.change
        if rule.group_by is GroupBy.EVENT and change.event is not None:
            return f"event {change.event.id}"
        if rule.group_by is GroupBy.DAY:
            return f"day {condition.since.date().isoformat()}"
        return "" if rule.group_by is GroupBy.NONE else "box_office"

    def _joinable(self, rule: Rule, condition: Condition) -> Case | None:
        group = self._group(rule, condition)
        if not group:
            return None
        for case in self._live():
            if (case.rule, case.group) == (rule.id, group):
                return case
        return None

    def _together(self, rule: Rule, condition: Condition) -> object:
        """What comes in one pass and would go to one place is one ticket, even under several rules:
        an event that changes its date and its place has one story."""
        group = self._group(rule, condition)
        if rule.group_by is GroupBy.EVENT:
            return group, rule.address
        return (group, rule.id) if group else (rule.id, condition.name)

    def _begin(self, group: Sequence[tuple[Rule, Condition]], *, held: bool) -> Case:
        order = list(KINDS)
        ranked = sorted(
            group,
            key=lambda pair: (
                -pair[0].severity_of(pair[1].change.kind).weight,
                order.index(pair[1].change.kind),
                pair[1].change.subject,
            ),
        )
        rule, lead = ranked[0]
        others = [condition.change for _, condition in ranked[1:]]
        for _, condition in ranked:
            told = frozenset(r.id for r, c in ranked if c.name == condition.name)
            known = self._conditions[condition.name]
            self._conditions[condition.name] = attrs.evolve(known, told=known.told | told)
        members = tuple(dict.fromkeys(condition.name for _, condition in ranked))
        case = None if held else self._reopened(rule, lead, members, others)
        if case is None:
            case = self._new_case(rule, lead, members, held=held)
            if not held:
                case = self._announce(case, rule, lead.change, others)
        word = "held" if held else "opened"
        for _, condition in ranked:
            self._outcomes[id(condition.change)] = f"{word} {case.marker}", case.marker
        return case

    def _new_case(
        self, rule: Rule, lead: Condition, members: tuple[Name, ...], *, held: bool = False
    ) -> Case:
        kind, subject = lead.name
        led_by = (rule.id, kind, subject)
        episode = self._episodes.get(led_by, 0) + 1
        self._episodes[led_by] = episode
        case = Case(
            box_office=self._box_office,
            rule=rule.id,
            kind=kind,
            subject=subject,
            episode=episode,
            marker=case_marker(self._box_office, *led_by, episode),
            title=lead.change.title,
            opened_at=self._at,
            members=members,
            group=self._group(rule, lead),
            state=CaseState.HELD if held else CaseState.OPEN,
        )
        self._cases[case.marker] = case
        return case

    def _announce(self, case: Case, rule: Rule, lead: Change, others: Sequence[Change]) -> Case:
        words = Words(rule, lead, others, severity=rule.severity_of(lead.kind))
        subject = in_subject(words.subject(), case.marker)
        case = self._act(case, Act.OPEN, {"subject": subject, "body": words.body()})
        tags = [TAG, case.marker, str(rule.severity_of(lead.kind)), *rule.tags]
        triage: dict[str, Any] = {"tags": list(dict.fromkeys(tags))}
        if rule.assignee_id is not None:
            triage["assignee_id"] = rule.assignee_id
        case = self._act(case, Act.TAG, triage)
        if rule.note is not None:
            case = self._say(case, Act.NOTE, words.extra_note())
        if rule.writes:
            case = self._say(case, Act.MESSAGE, words.message())
        return case

    def _reopened(
        self,
        rule: Rule,
        lead: Condition,
        members: tuple[Name, ...],
        others: Sequence[Change],
    ) -> Case | None:
        """The case that ended a short while ago, taken up again with the same ticket."""
        case = self._recent(rule, lead)
        if case is None:
            return None
        case = attrs.evolve(case, state=CaseState.OPEN, ended_at=None, members=members)
        words = Words(rule, lead.change, others, severity=rule.severity_of(case.kind))
        case = self._act(case, Act.REOPEN, {})
        case = self._say(case, Act.NOTE, words.body())
        return self._say(case, Act.MESSAGE, words.message()) if rule.writes else case

    def _recent(self, rule: Rule, lead: Condition) -> Case | None:
        for case in self._cases.values():
            if case.led_by != (rule.id, *lead.name) or case.ended_at is None:
                continue
            ended = case.state in {CaseState.CLEARED, CaseState.OVERTAKEN}
            since = self._at - case.ended_at
            if ended and case.acts and timedelta(0) < since <= rule.reopen_within:
                return case
        return None

    def _join(self, case: Case, rule: Rule, condition: Condition) -> None:
        """Tell of one more thing in a ticket that is there already."""
        members = tuple(dict.fromkeys((*case.members, condition.name)))
        case = attrs.evolve(case, members=members)
        self._cases[case.marker] = case
        known = self._conditions[condition.name]
        self._conditions[condition.name] = attrs.evolve(known, told=known.told | {rule.id})
        self._outcomes[id(condition.change)] = f"added to {case.marker}", case.marker
        if case.state is CaseState.HELD:
            return
        change = condition.change
        words = Words(rule, change, (), severity=rule.severity_of(change.kind))
        case = self._say(case, Act.NOTE, words.body())
        if rule.writes:
            self._say(case, Act.MESSAGE, words.message())

    def _digest(self, held: Sequence[Case]) -> None:
        """One ticket that lists what a storm has brought, and how to let it go."""
        listed = "\n".join(
            f"- {case.title}: {KINDS[case.kind].summary} [{case.marker}]"
            for case in sorted(held, key=lambda case: (case.title, case.kind))
        )
        change = Change(
            kind=_STORM, box_office=self._box_office, observed_at=self._at, detail=listed
        )
        rule = Rule(id=STORM_RULE, kinds=(_STORM,), address=self._rules.default, message=False)
        case = self._new_case(rule, Condition(change=change), ())
        case = self._announce(case, rule, change, ())
        # It is a list, and over with the telling: its cases live on their own.
        self._cases[case.marker] = attrs.evolve(case, state=CaseState.CLEARED, ended_at=self._at)

    def release(self, markers: Sequence[str]) -> None:
        """Let held cases go."""
        for case in [case for case in self._cases.values() if case.state is CaseState.HELD]:
            if markers and case.marker not in markers:
                continue
            known = [self._conditions[name] for name in case.members if name in self._conditions]
            rule = self._rules.by_id(case.rule)
            if not known or rule is None:
                continue
            lead = next((c for c in known if c.name == (case.kind, case.subject)), known[0])
            others = [c.change for c in known if c is not lead]
            let_go = attrs.evolve(case, state=CaseState.OPEN, opened_at=self._at)
            self._announce(let_go, rule, lead.change, others)

    # -- ending -------------------------------------------------------------------------------

    def _leave(self, case: Case, name: Name, change: Change, *, cleared: bool) -> None:
        """One of a case's conditions is over; with the last one the case is, too."""
        case = self._cases[case.marker]
        case = attrs.evolve(case, members=tuple(one for one in case.members if one != name))
        self._cases[case.marker] = case
        rule = self._rules.by_id(case.rule) or self._orphan(case)
        words = Words(rule, change, (), severity=rule.severity_of(change.kind))
        if case.members:
            if case.state is CaseState.OPEN:
                self._tell_end(case, rule, words, cleared=cleared)
            return
        state = CaseState.CLEARED if cleared else CaseState.OVERTAKEN
        was_open = case.state is CaseState.OPEN
        case = attrs.evolve(case, state=state, ended_at=self._at)
        self._cases[case.marker] = case
        if was_open:
            self._close(case, rule, words, cleared=cleared)

    def _close(self, case: Case, rule: Rule, words: Words, *, cleared: bool) -> None:
        case = self._tell_end(case, rule, words, cleared=cleared)
        if rule.on_clear is OnClear.RESOLVE:
            self._act(case, Act.RESOLVE, {}, rule)

    def _tell_end(self, case: Case, rule: Rule, words: Words, *, cleared: bool) -> Case:
        """Good news goes to the customer; that something no longer matters, to the team only."""
        if not cleared:
            return self._say(case, Act.NOTE, words.overtakes(), rule)
        if rule.on_clear is OnClear.NOTHING:
            return case
        if rule.writes and rule.on_clear is not OnClear.NOTE:
            return self._say(case, Act.MESSAGE, words.cleared_message(), rule)
        return self._say(case, Act.NOTE, words.cleared_note(), rule)

    def _orphan(self, case: Case) -> Rule:
        """What to do about a case whose rule is no longer there: end it as most are ended."""
        return Rule(id=case.rule, kinds=(case.kind,), address=self._rules.default)

    # -- acts ---------------------------------------------------------------------------------

    def _live(self) -> list[Case]:
        return [case for case in self._cases.values() if case.state in LIVE]

    def _say(self, case: Case, act: Act, text: str, rule: Rule | None = None) -> Case:
        marker = act_marker(case.marker, case.acts + 1)
        return self._act(case, act, {"text": in_text(text, marker)}, rule)

    def _act(
        self, case: Case, act: Act, payload: Mapping[str, Any], rule: Rule | None = None
    ) -> Case:
        """Add an act to a case; one of a rule that is quiet just now waits until it is not."""
        case = attrs.evolve(case, acts=case.acts + 1)
        self._cases[case.marker] = case
        quiet = rule.quiet_hours.until(self._at) if rule and rule.quiet_hours else None
        self._intents.append(
            Intent(case=case.marker, position=case.acts, act=act, payload=payload, retry_at=quiet)
        )
        return case

    # -- what comes of it -----------------------------------------------------------------------

    def decision(self, facts: Mapping[str, EventFacts]) -> Decision:
        """All that is new or differs."""
        recorded = []
        for change in self._news:
            outcome, marker = self._outcomes.get(id(change), ("no rule takes it", None))
            recorded.append(Recorded(change, outcome, marker))
        return Decision(
            box_office=self._box_office,
            at=self._at,
            facts=facts,
            recorded=tuple(recorded),
            conditions=tuple(
                one for name, one in self._conditions.items() if self._held.get(name) != one
            ),
            over=tuple(name for name in self._held if name not in self._conditions),
            cases=tuple(
                case
                for marker, case in self._cases.items()
                if self._known_cases.get(marker) != case
            ),
            intents=tuple(self._intents),
        )

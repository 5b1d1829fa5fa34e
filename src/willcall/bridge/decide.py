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

import attrs

from .acts import Scribe
from .cases import (
    LIVE,
    Case,
    CaseState,
    Condition,
    Decision,
    Name,
    Recorded,
    State,
)
from .changes import KINDS, Change
from .compose import plain
from .facts import EventFacts, TypeFacts
from .marker import case_marker
from .rules import BUILT_IN, GroupBy, Rule, Rules, Silence, wait

_STORM = "box_office.storm"
_STORM_LASTS = timedelta(hours=1)
STORM_KNOWN = timedelta(days=1)
"""How long a digest is remembered: what is held and came after the last one is in none yet."""
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
    lately: timedelta = timedelta(0),
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
        lately: cases opened so short a while ago count towards a storm as well: whoever looks often
            sees one in parts.
    """
    court = _Court(box_office, state, facts, at, rules, lately)
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
        lately: timedelta = timedelta(0),
    ) -> None:
        self._lately = lately
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
        self._scribe = Scribe(at)
        self._ends: dict[str, list[tuple[Change, bool]]] = {}

    # -- changes ------------------------------------------------------------------------------

    def hear(self, change: Change) -> None:
        """Apply one change: end what it ends, begin what it begins."""
        self._news.append(change)
        ended = self._end(change)
        if ended:
            self._outcomes[id(change)] = f"ended {', '.join(dict.fromkeys(ended))}", ended[0]
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
            self._forget(condition)
            for case in mine:
                self._leave(case, name, change, cleared=cleared)
                ended.append(case.marker)
        return ended

    def _forget(self, condition: Condition) -> None:
        """A condition is over. What it covered is told after all, if it never was told itself."""
        del self._conditions[condition.name]
        if condition.told:
            return
        for name, other in list(self._conditions.items()):
            if self._covers(condition, other):
                self._conditions[name] = attrs.evolve(other, covered_by=None)

    @staticmethod
    def _covers(condition: Condition, other: Condition) -> bool:
        change = condition.change
        return other.covered_by == change.kind and change.bears_on(other.change.subject)

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
        self._tell_ends()
        self._cover()
        due = [
            (rule, condition)
            for condition in seen
            for rule in self._due(self._conditions.get(condition.name, condition))
        ]
        self._open(due)
        for name in [one.name for one in seen if one.name in self._conditions]:
            # A notice has happened, and is over, unless something still holds it.
            if not self._is_kept(self._conditions[name]):
                del self._conditions[name]

    def _is_kept(self, condition: Condition) -> bool:
        if KINDS[condition.change.kind].holds or condition.told:
            return True
        if condition.covered_by is None:
            return self._waits(condition)
        # Until what covers it is told, nobody has heard of it.
        return any(
            self._covers(other, condition) and not other.told for other in self._conditions.values()
        )

    def _end_if_gone_long(self, condition: Condition, ending: Change) -> None:
        for case in [case for case in self._live() if condition.name in case.members]:
            rule = self._rules.by_id(case.rule)
            if rule is None or self._at - ending.observed_at >= rule.hold:
                self._leave(case, condition.name, ending, cleared=True)
        if not any(condition.name in case.members for case in self._live()):
            self._forget(condition)

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

    def _as_it_is_now(self, change: Change) -> Change:
        """A change that has waited is told with the numbers of now, not of when it began."""
        if change.observed_at >= self._at:
            return change
        event, one = self._now(change)
        return attrs.evolve(change, event=event, ticket_type=one)

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
        return wait(rule, condition.change, condition.since, self._silences, self._at)

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
                if any(other.name == condition.name for _, other in fresh.get(key, ())):
                    key = key, rule.id  # a second rule that takes it has words of its own
                fresh.setdefault(key, []).append((rule, condition))
        for case, rule, condition in joining:
            self._join(self._cases[case.marker], rule, condition)
        limit = self._rules.storm.limit
        storm = bool(limit) and bool(fresh) and len(fresh) + self._opened_lately() > limit
        # A large one may take several passes to be seen: what is like it goes where it went.
        alike = {
            case.kind
            for case in self._live()
            if case.state is CaseState.HELD and self._at - case.opened_at <= _STORM_LASTS
        }
        opened = [
            self._begin(group, held=storm or any(c.change.kind in alike for _, c in group))
            for group in fresh.values()
        ]
        if any(case.state is CaseState.HELD for case in opened) or self._lately:
            self._digest_what_is_held()

    def _opened_lately(self) -> int:
        since = self._at - self._lately
        return sum(
            case.opened_at > since and case.kind != _STORM for case in self._known_cases.values()
        )

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
        others = [self._as_it_is_now(condition.change) for _, condition in ranked[1:]]
        lead = attrs.evolve(lead, change=self._as_it_is_now(lead.change))
        for _, condition in ranked:
            told = frozenset(r.id for r, c in ranked if c.name == condition.name)
            known = self._conditions[condition.name]
            self._conditions[condition.name] = attrs.evolve(known, told=known.told | told)
        members = tuple(dict.fromkeys(condition.name for _, condition in ranked))
        case = None if held else self._reopened(rule, lead, members, others)
        if case is None:
            case = self._new_case(rule, lead, members, held=held)
            if not held:
                case = self._written(self._scribe.announce(case, rule, lead.change, others))
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
        return self._written(self._scribe.take_up_again(case, rule, lead.change, others))

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
        self._written(self._scribe.add(case, rule, self._as_it_is_now(condition.change)))

    def _digest_what_is_held(self) -> None:
        """List what is held and in no digest yet; who looks often does so once a minute at most."""
        digests = [case.opened_at for case in self._cases.values() if case.kind == _STORM]
        last = max(digests, default=self._at - STORM_KNOWN)
        held = [
            case
            for case in self._cases.values()
            if case.state is CaseState.HELD and case.opened_at > last
        ]
        if held and self._at - last >= self._lately:
            self._digest(held)

    def _digest(self, held: Sequence[Case]) -> None:
        """One ticket that lists what a storm has brought, and how to let it go."""
        listed = "\n".join(
            f"- {plain(case.title)}: {KINDS[case.kind].summary} [{case.marker}]"
            for case in sorted(held, key=lambda case: (case.title, case.kind))
        )
        change = Change(
            kind=_STORM, box_office=self._box_office, observed_at=self._at, detail=listed
        )
        rule = Rule(id=STORM_RULE, kinds=(_STORM,), address=self._rules.default, message=False)
        case = self._new_case(rule, Condition(change=change), ())
        case = self._written(self._scribe.announce(case, rule, change, ()))
        # It is a list, and over with the telling: its cases live on their own.
        self._cases[case.marker] = attrs.evolve(case, state=CaseState.CLEARED, ended_at=self._at)

    def release(self, markers: Sequence[str]) -> None:
        """Let held cases go."""
        for case in [case for case in self._cases.values() if case.state is CaseState.HELD]:
            if markers and case.marker not in markers:
                continue
            known = [self._conditions[name] for name in case.members if name in self._conditions]
            rule = self._rules.by_id(case.rule) or self._orphan(case)
            if not known:
                continue
            lead = next((c for c in known if c.name == (case.kind, case.subject)), known[0])
            others = [self._as_it_is_now(c.change) for c in known if c is not lead]
            let_go = attrs.evolve(case, state=CaseState.OPEN, opened_at=self._at)
            now = self._as_it_is_now(lead.change)
            self._written(self._scribe.announce(let_go, rule, now, others))

    # -- ending -------------------------------------------------------------------------------

    def _leave(self, case: Case, name: Name, change: Change, *, cleared: bool) -> None:
        """One of a case's conditions is over; with the last one the case is, too."""
        case = self._cases[case.marker]
        if case.state is CaseState.OPEN:
            self._ends.setdefault(case.marker, []).append((change, cleared))
        case = attrs.evolve(case, members=tuple(one for one in case.members if one != name))
        if not case.members:
            good = cleared or any(good for _, good in self._ends.get(case.marker, ()))
            state = CaseState.CLEARED if good else CaseState.OVERTAKEN
            case = attrs.evolve(case, state=state, ended_at=self._at)
        self._cases[case.marker] = case

    def _tell_ends(self) -> None:
        """However many of a case's conditions a pass has ended, it is told once."""
        for marker, ends in self._ends.items():
            case = self._cases[marker]
            rule = self._rules.by_id(case.rule) or self._orphan(case)
            self._written(self._scribe.tell_ends(case, rule, ends))
        self._ends.clear()

    def _orphan(self, case: Case) -> Rule:
        """What to do about a case whose rule is no longer there: end it as most are ended."""
        return Rule(id=case.rule, kinds=(case.kind,), address=self._rules.default)

    # -- the cases ------------------------------------------------------------------------------

    def _live(self) -> list[Case]:
        return [case for case in self._cases.values() if case.state in LIVE]

    def _written(self, case: Case) -> Case:
        self._cases[case.marker] = case
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
            intents=tuple(self._scribe.intents),
        )

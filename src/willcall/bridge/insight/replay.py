"""What a past time would have opened under other rules, beside what it did open. Pure.

What was seen is played again from the ledger's history, through the same ``decide``. A case is the
same if it is led by the same condition, the n-th time as the n-th time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import attrs

from ..detection.diff import between
from ..model.cases import Case, Name, Recorded
from ..model.changes import Change
from ..model.facts import EventFacts
from ..model.history import Entry, snapshots
from ..model.kinds import KINDS, ReadFailure, ReportedBy
from ..model.kinds.box_offices import STORM
from ..model.rules import Rules, Silence
from .virtual import Virtual, VirtualTicket


class Fate(StrEnum):
    """How a ticket then and a ticket under these rules stand to each other."""

    SAME = "same"
    ADDED = "added"
    MISSING = "missing"


@attrs.frozen(kw_only=True)
class Compared:
    """One ticket, then and under these rules.

    ``then`` and ``now`` are the rules that opened it; ``subject`` is as these rules would write it;
    ``why`` says what became of a missing one, or which other ticket told of an added one.
    """

    fate: Fate
    at: datetime
    title: str
    kind: str
    then: str | None = None
    now: str | None = None
    marker: str | None = None
    ticket_id: str | None = None
    subject: str | None = None
    held: bool = False
    why: str | None = None


@attrs.frozen(kw_only=True)
class Replay:
    """A comparison; ``begins`` is when the history does, and None if there is none."""

    box_office: str
    begins: datetime | None
    since: datetime
    compared: tuple[Compared, ...] = ()

    def count(self, fate: Fate) -> int:
        """How many have that fate."""
        return sum(one.fate is fate for one in self.compared)


def replay(
    box_office: str,
    entries: Iterable[Entry],
    told: Sequence[tuple[Change, str | None]],
    opened: Sequence[Case],
    rules: Rules,
    silences: Sequence[Silence],
    since: datetime,
    until: datetime,
) -> Replay:
    """Play a past time again.

    Args:
        box_office: its name.
        entries: its history, from the last whole snapshot before ``since`` on.
        told: the changes that were recorded, oldest first, and their cases' markers.
        opened: the cases that were opened.
        rules: the rules to try.
        silences: what people had silenced.
        since: from when on cases count.
        until: the time now.
    """
    film = _Film(box_office, rules, silences)
    begins = film.play(entries, [change for change, _ in told if _unseen(change)], until)
    if begins is None:
        return Replay(box_office=box_office, begins=None, since=since)
    start = max(since, begins)
    then = [one for one in opened if one.opened_at >= start and one.kind != STORM]
    now = [one for one in film.virtual.cases if one.opened_at >= start and one.kind != STORM]
    told_in = {(change.kind, change.subject): marker for change, marker in told if marker}
    compared = sorted(
        _compared(then, now, told_in, film), key=lambda one: (one.at, one.title, one.kind)
    )
    return Replay(box_office=box_office, begins=begins, since=start, compared=tuple(compared))


def _unseen(change: Change) -> bool:
    """Whether a change was reported rather than seen: no snapshot shows it."""
    reported = isinstance(KINDS[change.kind].seen, ReportedBy | ReadFailure)
    return reported and change.kind != STORM


class _Film:
    """The passes of a past time, as far as they can have meant anything."""

    def __init__(self, box_office: str, rules: Rules, silences: Sequence[Silence]) -> None:
        self._box_office = box_office
        self._rules = rules
        self._at: datetime | None = None
        self.virtual = Virtual(box_office, rules, silences)
        self.outcomes: dict[Name, str] = {}

    def play(
        self, entries: Iterable[Entry], told: Sequence[Change], until: datetime
    ) -> datetime | None:
        """Play everything; when it began."""
        begins: datetime | None = None
        waiting = list(told)
        last: dict[str, EventFacts] = {}
        for at, facts in snapshots(entries):
            if begins is None:
                begins = self._at = at
                self.virtual.baseline(facts)
                waiting = [change for change in waiting if change.observed_at > at]
            else:
                waiting = self._told(waiting, at)
                self._ripen(at)
                changes = between(self._box_office, last, facts, at, self._rules.runs_low)
                differing = {name: one for name, one in facts.items() if last.get(name) != one}
                self._note(self.virtual.step(changes, differing, at).recorded, at)
            last = dict(facts)
        if begins is not None:
            self._told(waiting, until)
            self._ripen(until)
        return begins

    def _told(self, waiting: list[Change], until: datetime) -> list[Change]:
        """The changes that nobody has seen, up to then; those that are left."""
        due = [change for change in waiting if change.observed_at <= until]
        for change in due:
            self._ripen(change.observed_at)
            step = self.virtual.step([change], {}, change.observed_at, partial=True)
            self._note(step.recorded, change.observed_at)
        return waiting[len(due) :]

    def _ripen(self, until: datetime) -> None:
        """The passes between, at which only time had gone by."""
        while self._at is not None:
            ripe = self.virtual.ripens(self._at)
            if ripe is None or ripe >= until:
                return
            self._note(self.virtual.step([], {}, ripe).recorded, ripe)

    def _note(self, recorded: Iterable[Recorded], at: datetime) -> None:
        self._at = at
        for one in recorded:
            self.outcomes[one.change.kind, one.change.subject] = one.outcome


def _compared(
    then: Sequence[Case], now: Sequence[Case], told_in: dict[Name, str], film: _Film
) -> list[Compared]:
    left: dict[Name, list[Case]] = {}
    for case in now:
        left.setdefault((case.kind, case.subject), []).append(case)
    tickets = {one.case: one for one in film.virtual.tickets}
    found: list[Compared] = []
    for case in then:
        same = left.get((case.kind, case.subject))
        found.append(_still(case, same.pop(0) if same else None, tickets, film))
    for rest in left.values():
        for case in rest:
            marker = told_in.get((case.kind, case.subject))
            why = f"[{marker}] told of it" if marker else None
            found.append(
                Compared(
                    fate=Fate.ADDED,
                    at=case.opened_at,
                    title=case.title,
                    kind=case.kind,
                    now=case.rule,
                    subject=_subject(case, tickets),
                    held=case.state == "held",
                    why=why,
                )
            )
    return found


def _still(
    case: Case, same: Case | None, tickets: dict[str, VirtualTicket], film: _Film
) -> Compared:
    name = case.kind, case.subject
    return Compared(
        fate=Fate.MISSING if same is None else Fate.SAME,
        at=case.opened_at,
        title=case.title,
        kind=case.kind,
        then=case.rule,
        now=None if same is None else same.rule,
        marker=case.marker,
        ticket_id=case.ticket_id,
        subject=None if same is None else _subject(same, tickets),
        held=same is not None and same.state == "held",
        why=film.outcomes.get(name, "it does not happen") if same is None else None,
    )


def _subject(case: Case, tickets: dict[str, VirtualTicket]) -> str | None:
    ticket = tickets.get(case.marker)
    return None if ticket is None else ticket.subject

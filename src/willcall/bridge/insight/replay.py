"""Compares what was opened in a past period with what other rules would have opened. Pure.

What was seen is played again from the history in the ledger, through the same ``decide``. The n-th
case of a condition is compared with the n-th case of the same condition.
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
    """How a ticket compares with the period as it was."""

    SAME = "same"
    ADDED = "added"
    MISSING = "missing"


@attrs.frozen(kw_only=True)
class Compared:
    """A ticket, as it was then and as it would be under these rules.

    ``then`` and ``now`` are the rules that open it; ``subject`` is what these rules would write;
    ``why`` says what became of a missing ticket, or which other ticket announced it then.
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
    """A comparison. ``begins`` is when the history begins, None if there is none."""

    box_office: str
    begins: datetime | None
    since: datetime
    compared: tuple[Compared, ...] = ()

    def count(self, fate: Fate) -> int:
        """How many tickets compare so."""
        return sum(ticket.fate is fate for ticket in self.compared)


def replay(
    box_office: str,
    entries: Iterable[Entry],
    recorded: Sequence[tuple[Change, str | None]],
    opened: Sequence[Case],
    rules: Rules,
    silences: Sequence[Silence],
    since: datetime,
    until: datetime,
) -> Replay:
    """Play a past period again.

    Args:
        box_office: its name.
        entries: its history, from the last whole snapshot before ``since`` on.
        recorded: the changes that were recorded, oldest first, and the markers of their cases.
        opened: the cases that were opened.
        rules: the rules to try.
        silences: the silences then.
        since: from when on cases count.
        until: the time now.
    """
    film = _Film(box_office, rules, silences)
    begins = film.play(entries, [change for change, _ in recorded if _unseen(change)], until)
    if begins is None:
        return Replay(box_office=box_office, begins=None, since=since)
    start = max(since, begins)
    then, now = (
        [case for case in cases if case.opened_at >= start and case.kind != STORM]
        for cases in (opened, film.virtual.cases)
    )
    announced_in = {(change.kind, change.subject): marker for change, marker in recorded if marker}
    compared = sorted(
        _compared(then, now, announced_in, film),
        key=lambda ticket: (ticket.at, ticket.title, ticket.kind),
    )
    return Replay(box_office=box_office, begins=begins, since=start, compared=tuple(compared))


def _unseen(change: Change) -> bool:
    """Whether a change was reported rather than seen: no snapshot shows it."""
    reported = isinstance(KINDS[change.kind].seen, ReportedBy | ReadFailure)
    return reported and change.kind != STORM


class _Film:
    """The passes of a past period in which anything may have changed."""

    def __init__(self, box_office: str, rules: Rules, silences: Sequence[Silence]) -> None:
        self._box_office = box_office
        self._rules = rules
        self._at: datetime | None = None
        self.virtual = Virtual(box_office, rules, silences)
        self.outcomes: dict[Name, str] = {}

    def play(
        self, entries: Iterable[Entry], reported: Sequence[Change], until: datetime
    ) -> datetime | None:
        """Play everything; when the history begins, or None."""
        begins: datetime | None = None
        waiting = list(reported)
        last: dict[str, EventFacts] = {}
        for at, facts in snapshots(entries):
            if begins is None:
                begins = self._at = at
                self.virtual.baseline(facts, at)
                waiting = [change for change in waiting if change.observed_at > at]
            else:
                waiting = self._report(waiting, at)
                self._pass_time(at)
                changes = between(self._box_office, last, facts, at, self._rules.runs_low)
                differing = {
                    name: event for name, event in facts.items() if last.get(name) != event
                }
                self._note(self.virtual.step(changes, differing, at).recorded, at)
            last = dict(facts)
        if begins is not None:
            self._report(waiting, until)
            self._pass_time(until)
        return begins

    def _report(self, waiting: list[Change], until: datetime) -> list[Change]:
        """Play the changes that were reported up to then; the changes that are left."""
        due = [change for change in waiting if change.observed_at <= until]
        for change in due:
            self._pass_time(change.observed_at)
            step = self.virtual.step([change], {}, change.observed_at, partial=True)
            self._note(step.recorded, change.observed_at)
        return waiting[len(due) :]

    def _pass_time(self, until: datetime) -> None:
        """Play the passes between, in which only time had gone by."""
        while self._at is not None:
            next_at = self.virtual.next_change(self._at)
            if next_at is None or next_at >= until:
                return
            self._note(self.virtual.step([], {}, next_at).recorded, next_at)

    def _note(self, recorded: Iterable[Recorded], at: datetime) -> None:
        self._at = at
        for known in recorded:
            self.outcomes[known.change.kind, known.change.subject] = known.outcome


def _compared(
    then: Sequence[Case], now: Sequence[Case], announced_in: dict[Name, str], film: _Film
) -> list[Compared]:
    left: dict[Name, list[Case]] = {}
    for case in now:
        left.setdefault((case.kind, case.subject), []).append(case)
    tickets = {ticket.case: ticket for ticket in film.virtual.tickets}
    found: list[Compared] = []
    for case in then:
        same = left.get((case.kind, case.subject))
        found.append(_still(case, same.pop(0) if same else None, tickets, film))
    for rest in left.values():
        for case in rest:
            marker = announced_in.get((case.kind, case.subject))
            why = f"[{marker}] announced it" if marker else None
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

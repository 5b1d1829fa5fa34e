"""The life of a case: what a pass's changes open and end, and the acts that follow. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from .changes import KINDS, Change, ended_by
from .compose import render
from .facts import EventFacts
from .marker import act_marker, case_marker, in_subject, in_text

TAG = "willcall"


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    CLEARED = "cleared"
    OVERTAKEN = "overtaken"
    GONE = "gone"  # its ticket was deleted in Ticket0: nothing more can be done about it


class Act(StrEnum):
    """What an intent does."""

    OPEN = "open"
    TAG = "tag"
    MESSAGE = "message"
    NOTE = "note"
    RESOLVE = "resolve"


class IntentState(StrEnum):
    """Where an intent stands."""

    PENDING = "pending"  # never tried, or surely not carried out
    ATTEMPTING = "attempting"  # written down, then sent; found so at a start: the process died
    UNKNOWN = "unknown"  # sent, without a clear answer: look before anything else
    REFUSED = "refused"  # Ticket0 said no; tried again later
    DONE = "done"
    DROPPED = "dropped"  # will never be done, and why is written beside it


UNSETTLED = (
    IntentState.PENDING,
    IntentState.ATTEMPTING,
    IntentState.UNKNOWN,
    IntentState.REFUSED,
)


@attrs.frozen(kw_only=True)
class Case:
    """One condition of one thing, and the one ticket it has for its whole life.

    ``subject`` is what it is about: an event's id, or ``event/ticket type``. ``episode`` counts how
    often the same has happened to it, from 1; ``acts`` how many intents it has had.
    """

    box_office: str
    kind: str
    subject: str
    episode: int
    marker: str
    title: str
    opened_at: datetime
    state: CaseState = CaseState.OPEN
    ended_at: datetime | None = None
    ticket_id: str | None = None
    acts: int = 0

    @property
    def condition(self) -> tuple[str, str]:
        """What may be open only once: its kind and what it is about."""
        return self.kind, self.subject

    def concerns(self, change: Change) -> bool:
        """Whether a change may bear on it: the same thing, or the event it belongs to."""
        if change.ticket_type is not None:
            return self.subject == change.subject
        return self.subject.split("/", 1)[0] == change.event.id


@attrs.frozen(kw_only=True)
class Intent:
    """One outward act of a case, written down before it is tried.

    ``position`` orders a case's acts, from 1; none is tried before those ahead of it are settled.
    ``sent`` is what was sent at the last try, kept so that a look knows where to look.
    """

    case: str
    position: int
    act: Act
    payload: Mapping[str, Any] = attrs.field(factory=dict)
    state: IntentState = IntentState.PENDING
    id: int | None = None
    tries: int = 0
    attempted_at: datetime | None = None
    retry_at: datetime | None = None
    error: str | None = None
    sent: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def marker(self) -> str:
        """By which it is recognised once it is out."""
        return act_marker(self.case, self.position)


@attrs.frozen
class State:
    """What the ledger knows of a box office before a pass. ``snapshot`` is None before a baseline.

    ``episodes`` says how often each condition has had a case so far.
    """

    snapshot: Mapping[str, EventFacts] | None = None
    open_cases: Mapping[tuple[str, str], Case] = attrs.field(factory=dict)
    episodes: Mapping[tuple[str, str], int] = attrs.field(factory=dict)


@attrs.frozen
class Recorded:
    """A change and what became of it, in plain words, with its case's marker where it has one."""

    change: Change
    outcome: str
    marker: str | None = None


@attrs.frozen
class Decision:
    """What a pass has concluded; the ledger writes all of it down in one transaction.

    ``cases`` are new ones and those whose state is new; ``facts`` the events that differ now. A
    ``baseline`` is the first look: everything is noted, and nobody is alerted.
    """

    box_office: str
    at: datetime
    facts: Mapping[str, EventFacts] = attrs.field(factory=dict)
    recorded: tuple[Recorded, ...] = ()
    cases: tuple[Case, ...] = ()
    intents: tuple[Intent, ...] = ()
    baseline: bool = False


def decide(
    box_office: str,
    state: State,
    changes: Iterable[Change],
    facts: Mapping[str, EventFacts],
    at: datetime,
    *,
    sends_messages: bool,
) -> Decision:
    """What a pass's changes mean for the cases.

    Args:
        box_office: its name in the configuration.
        state: what the ledger knows.
        changes: what differs.
        facts: the events that differ, for the next snapshot.
        at: when they were observed.
        sends_messages: whether customers are written to; else only the support team hears.
    """
    desk = _Desk(box_office, state, at, sends_messages=sends_messages)
    news = list(changes)
    recorded = [desk.take(change, news) for change in news]
    return Decision(
        box_office, at, facts, tuple(recorded), tuple(desk.cases.values()), tuple(desk.intents)
    )


class _Desk:
    """The cases while one pass's changes are applied to them, one after the other."""

    def __init__(
        self, box_office: str, state: State, at: datetime, *, sends_messages: bool
    ) -> None:
        self._box_office = box_office
        self._at = at
        self._sends_messages = sends_messages
        self._open = dict(state.open_cases)
        self._episodes = dict(state.episodes)
        self.cases: dict[str, Case] = {}
        self.intents: list[Intent] = []

    def take(self, change: Change, news: Iterable[Change]) -> Recorded:
        """Apply one change: end what it ends, open what it opens."""
        ended = self._end(change)
        kind = KINDS[change.kind]
        if not kind.opens:
            told = f"ended {', '.join(ended)}" if ended else "no ticket to end"
            return Recorded(change, told, ended[0] if ended else None)
        condition = (change.kind, change.subject)
        if condition in self._open:
            marker = self._open[condition].marker
            return Recorded(change, f"already open as {marker}", marker)
        cover = self._cover(change, news)
        if cover is not None:
            return Recorded(change, f"covered by {cover}")
        case = self._new_case(change)
        return Recorded(change, f"opened {case.marker}", case.marker)

    def _cover(self, change: Change, news: Iterable[Change]) -> str | None:
        """The kind that already tells what this change would tell: one that holds, or one of the
        same pass."""
        holding = [case.kind for case in self._open.values() if case.subject == change.event.id]
        coming = [
            other.kind
            for other in news
            if other.subject == change.event.id and KINDS[other.kind].opens
        ]
        for kind in (*holding, *coming):
            if kind != change.kind and KINDS[kind].does_cover(change.kind):
                return kind
        return None

    def _new_case(self, change: Change) -> Case:
        condition = (change.kind, change.subject)
        episode = self._episodes.get(condition, 0) + 1
        marker = case_marker(self._box_office, *condition, episode)
        case = Case(
            box_office=self._box_office,
            kind=change.kind,
            subject=change.subject,
            episode=episode,
            marker=marker,
            title=change.event.title,
            opened_at=self._at,
        )
        self._episodes[condition] = episode
        self._open[condition] = case
        subject = in_subject(render("subject", change, self._box_office), marker)
        body = render("body", change, self._box_office)
        case = self._add(case, Act.OPEN, {"subject": subject, "body": body})
        case = self._add(case, Act.TAG, {"tags": [TAG, marker]})
        if self._sends_messages:
            case = self._say(case, Act.MESSAGE, render("message", change, self._box_office))
        return case

    def _end(self, change: Change) -> list[str]:
        """End the open cases that this change clears or overtakes; their markers."""
        mine = [case for case in self._open.values() if case.concerns(change)]
        cleared, overtaken = ended_by(change.kind, {case.kind for case in mine})
        ended: list[str] = []
        for case in mine:
            if case.kind in cleared:
                good_news = Act.MESSAGE if self._sends_messages else Act.NOTE
                text = render(good_news.value, change, self._box_office)
                self._close(case, CaseState.CLEARED, good_news, text)
            elif case.kind in overtaken:
                text = render("overtakes", change, self._box_office)
                self._close(case, CaseState.OVERTAKEN, Act.NOTE, text)
            else:
                continue
            ended.append(case.marker)
        return ended

    def _close(self, case: Case, state: CaseState, act: Act, text: str) -> None:
        del self._open[case.condition]
        case = attrs.evolve(case, state=state, ended_at=self._at)
        case = self._say(case, act, text)
        self._add(case, Act.RESOLVE, {})

    def _say(self, case: Case, act: Act, text: str) -> Case:
        return self._add(case, act, {"text": in_text(text, act_marker(case.marker, case.acts + 1))})

    def _add(self, case: Case, act: Act, payload: Mapping[str, Any]) -> Case:
        case = attrs.evolve(case, acts=case.acts + 1)
        self.cases[case.marker] = case
        self.intents.append(Intent(case=case.marker, position=case.acts, act=act, payload=payload))
        if case.condition in self._open:
            self._open[case.condition] = case
        return case

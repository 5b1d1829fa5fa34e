"""What the bridge remembers: conditions, cases and intents, and what a pass concludes about them.

A *condition* is something that is the case for one thing ("event X is sold out"), from the change
that began it to the one that ends it. A *case* ties one or more conditions to one ticket, under the
rule that took them, for the ticket's whole life. An *intent* is one outward act of a case, written
down before it is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from .changes import Change
from .facts import EventFacts
from .markers import act_marker
from .predictions import Prediction
from .rules import Silence

Name = tuple[str, str]
"""What a condition is called: its kind, and what it is about."""


class CaseState(StrEnum):
    """Where a case stands."""

    HELD = "held"  # part of a storm, and not yet released: nothing has been sent
    OPEN = "open"
    CLEARED = "cleared"
    SUPERSEDED = "superseded"
    GONE = "gone"  # its ticket was deleted in Ticket0: nothing more can be done about it


LIVE = (CaseState.HELD, CaseState.OPEN)


class Act(StrEnum):
    """What an intent does."""

    OPEN = "open"
    REOPEN = "reopen"
    TAG = "tag"
    MESSAGE = "message"
    NOTE = "note"
    RESOLVE = "resolve"


class IntentState(StrEnum):
    """Where an intent stands."""

    PENDING = "pending"  # never tried, or surely not carried out
    ATTEMPTING = "attempting"  # written down, then sent; found so at a start: the process died
    UNKNOWN = "unknown"  # sent, without a clear answer: look before anything else
    REFUSED = "refused"  # something stands in its way; tried again later
    DEAD = "dead"  # refused for good, or for too long: it waits for a person
    DONE = "done"
    DROPPED = "dropped"  # will never be done, and why is written beside it


UNSETTLED = (
    IntentState.PENDING,
    IntentState.ATTEMPTING,
    IntentState.UNKNOWN,
    IntentState.REFUSED,
    IntentState.DEAD,
)


@attrs.frozen(kw_only=True)
class Condition:
    """Something that is the case, from the change that began it on.

    ``told`` are the rules under which a ticket says so; ``covered_by`` is the kind whose ticket
    says enough; ``ending`` the change that has ended it, while a rule waits whether it stays so.
    """

    change: Change
    told: frozenset[str] = frozenset()
    covered_by: str | None = None
    ending: Change | None = None

    @property
    def name(self) -> Name:
        """What it is called: only one of a name can hold at a time."""
        return self.change.kind, self.change.subject

    @property
    def since(self) -> datetime:
        """When it was first seen."""
        return self.change.observed_at

    def covers(self, other: Condition) -> bool:
        """Whether its ticket is what says enough of another."""
        mine = other.covered_by == self.change.kind
        return mine and self.change.bears_on(other.change.subject)


@attrs.frozen(kw_only=True)
class Case:
    """One or more conditions, and the one ticket they have.

    ``kind`` and ``subject`` name the condition that leads; ``episode`` counts how often it has led
    a case under this rule, from 1. ``members`` are those that still hold, ``group`` is what others
    must share to join, and ``acts`` counts the intents so far.
    """

    box_office: str
    rule: str
    kind: str
    subject: str
    episode: int
    marker: str
    title: str
    opened_at: datetime
    members: tuple[Name, ...]
    group: str = ""
    state: CaseState = CaseState.OPEN
    ended_at: datetime | None = None
    ticket_id: str | None = None
    acts: int = 0

    @property
    def led_by(self) -> tuple[str, str, str]:
        """What makes it the same case again: its rule and the condition that leads."""
        return self.rule, self.kind, self.subject


@attrs.frozen(kw_only=True)
class Intent:
    """One outward act of a case, written down before it is tried.

    ``position`` orders a case's acts, from 1; none is tried before those ahead of it are settled.
    ``retry_at`` keeps it back until then. ``sent`` is what was sent at the last try, kept so that a
    look knows where to look. ``attempted_at`` is when the last try began or, once over, ended;
    ``repeated_at`` is when it was last sent although an earlier try was in doubt.
    """

    case: str
    position: int
    act: Act
    payload: Mapping[str, Any] = attrs.field(factory=dict)
    state: IntentState = IntentState.PENDING
    id: int | None = None
    tries: int = 0
    first_tried_at: datetime | None = None
    attempted_at: datetime | None = None
    repeated_at: datetime | None = None
    retry_at: datetime | None = None
    error: str | None = None
    sent: Mapping[str, Any] = attrs.field(factory=dict)

    @property
    def marker(self) -> str:
        """By which it is recognised once it is out."""
        return act_marker(self.case, self.position)


class RemovalState(StrEnum):
    """How far a scheduled removal has come."""

    WAITING = "waiting"
    ATTEMPTING = "attempting"  # sent, and no answer written down yet
    REFUSED = "refused"  # tickets had been sold; tried again when that count changes
    DONE = "done"


@attrs.frozen(kw_only=True)
class RemovalTry:
    """How far a scheduled removal has come; ``sold`` is the count at which it was refused."""

    state: RemovalState = RemovalState.WAITING
    attempted_at: datetime | None = None
    sold: int | None = None
    said: str | None = None


@attrs.frozen(kw_only=True)
class State:
    """What the ledger knows of a box office before a pass.

    ``snapshot`` is None before there is a baseline. ``cases`` are the live ones, and those that
    ended recently enough to be reopened; ``episodes`` counts the cases by what leads them, and
    ``troubles`` the runs in a row that had each kind of trouble. ``dead`` are the dead letters, in
    words.
    """

    snapshot: Mapping[str, EventFacts] | None = None
    conditions: tuple[Condition, ...] = ()
    cases: tuple[Case, ...] = ()
    episodes: Mapping[tuple[str, str, str], int] = attrs.field(factory=dict)
    silences: tuple[Silence, ...] = ()
    troubles: Mapping[str, int] = attrs.field(factory=dict)
    dead: tuple[str, ...] = ()


@attrs.frozen
class Recorded:
    """A change and what became of it, in plain words, with its case's marker where it has one."""

    change: Change
    outcome: str
    marker: str | None = None


@attrs.frozen(kw_only=True)
class Decision:
    """What a pass has concluded; the ledger writes all of it down in one transaction.

    ``facts`` are the events that differ now; ``conditions`` those that are new or differ, ``over``
    the names of those that have ended; ``cases`` the new ones and those that differ; ``troubles``
    the new count, None if it is as it was. A ``baseline`` is the first look: everything is noted,
    and nobody is alerted.
    """

    box_office: str
    at: datetime
    facts: Mapping[str, EventFacts] = attrs.field(factory=dict)
    recorded: tuple[Recorded, ...] = ()
    conditions: tuple[Condition, ...] = ()
    over: tuple[Name, ...] = ()
    cases: tuple[Case, ...] = ()
    intents: tuple[Intent, ...] = ()
    troubles: Mapping[str, int] | None = None
    baseline: bool = False


@attrs.frozen(kw_only=True)
class Conclusion:
    """A decision, and what belongs to the same transaction.

    ``swept`` says whether a complete look at the box office has ended with it; ``foretold`` is what
    is newly expected. ``unwritten`` are the events that differ since the history was last written,
    as it has them; None leaves the history for later.
    """

    decision: Decision
    swept: bool = True
    foretold: tuple[Prediction, ...] = ()
    unwritten: Mapping[str, EventFacts] | None = attrs.field(factory=dict)

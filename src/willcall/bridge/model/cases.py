"""What the bridge remembers: conditions, cases and intents, and what a pass decides about them.

A *condition* is something that holds ("event X is sold out"), from the change that began it to the
change that ends it. A *case* ties one or more conditions to a support ticket, under the rule that
took them. An *intent* is an outward act of a case, written to the ledger before it is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from ...client.model import UNSHOWN
from .address import Address
from .changes import Change
from .facts import EventFacts
from .markers import act_marker
from .predictions import Prediction
from .rules import Rule, Rules, Silence

Name = tuple[str, str]
"""The name of a condition: its kind, and what it is about."""


class CaseState(StrEnum):
    """The state of a case."""

    HELD = "held"  # part of a storm and not released yet: nothing was sent
    OPEN = "open"
    CLEARED = "cleared"
    SUPERSEDED = "superseded"
    LEFT = "left"  # a person resolved, closed or merged its ticket: nothing more is sent
    WITHDRAWN = "withdrawn"  # over before its ticket could be opened: nothing was sent
    GONE = "gone"  # its ticket was deleted at the desk: nothing more is sent


LIVE = (CaseState.HELD, CaseState.OPEN)


class Act(StrEnum):
    """What an intent does."""

    OPEN = "open"
    REOPEN = "reopen"
    TAG = "tag"
    MESSAGE = "message"
    NOTE = "note"
    RESOLVE = "resolve"
    REMOVE = "remove"  # a ticket type at the box office, once its time has come


class IntentState(StrEnum):
    """The state of an intent."""

    PENDING = "pending"  # never tried, or certainly not carried out
    ATTEMPTING = "attempting"  # marked before it is sent; if a run finds it so, an earlier one died
    UNKNOWN = "unknown"  # sent without a clear answer: look it up before trying again
    REFUSED = "refused"  # something prevents it for now; tried again later
    DEAD = "dead"  # refused for good, or for too long: a person decides
    DONE = "done"
    DROPPED = "dropped"  # will never be done; ``error`` says why


UNSETTLED = (
    IntentState.PENDING,
    IntentState.ATTEMPTING,
    IntentState.UNKNOWN,
    IntentState.REFUSED,
    IntentState.DEAD,
)
UNSENT = (IntentState.PENDING, IntentState.REFUSED)
"""The states of an intent that was certainly not carried out, and still may be."""

STAYS = ("ticket_id", "ends")
"""An intent with one of these in its payload is never withdrawn: it folds a duplicate, or takes
back what was said."""

WITHDRAWN = "it was no longer so before it could be sent"
"""Why an intent that waited is dropped."""


@attrs.frozen(kw_only=True)
class Condition:
    """Something that holds.

    Args:
        change: the change that began it.
        announced: the ids of the rules under which a ticket announces it.
        covered_by: the kind whose ticket makes one about this condition unnecessary.
        ending: the change that ended it, while it waits whether it stays so.
        known: whether it held before anybody could be told: at the baseline, or since a sell-out
            was over. It is silent under every rule that took it then, until it ends.
        turned: since when it is otherwise under a rule than a ticket says, by the rule's id: since
            when the rule takes it, while it waits for its ``for``; or since when it is no longer
            low under the rule's own threshold.
    """

    change: Change
    announced: frozenset[str] = frozenset()
    covered_by: str | None = None
    ending: Change | None = None
    known: bool = False
    turned: Mapping[str, datetime] = attrs.field(factory=dict, hash=False)

    @property
    def name(self) -> Name:
        """Its name. At most one condition of a name holds at a time."""
        return self.change.kind, self.change.subject

    @property
    def since(self) -> datetime:
        """When it was first seen."""
        return self.change.observed_at


@attrs.frozen(kw_only=True)
class Case:
    """One or more conditions, and the support ticket they share.

    Args:
        box_office: where.
        rule: the id of its rule.
        kind: the kind of the condition that leads it.
        subject: what the condition that leads it is about.
        occurrence: how often this condition has led a case under this rule, from 1.
        marker: the code that stands in the subject of its ticket.
        title: the event, or the box office, as people call it.
        opened_at: when it was opened, or held.
        members: the names of its conditions that still hold.
        group: what a condition must share to join it; empty if none may.
        state: its state.
        ended_at: when it ended.
        ticket_id: its ticket at the desk, once there is one.
        acts: how many intents it has had so far.
        wishes: the rule it was opened under, as it was then. What is done and said later follows
            it, though that rule is edited, renamed or removed.
        taken_back: when the end of each condition was last announced, by its name.
    """

    box_office: str
    rule: str
    kind: str
    subject: str
    occurrence: int
    marker: str
    title: str
    opened_at: datetime
    members: tuple[Name, ...]
    group: str = ""
    state: CaseState = CaseState.OPEN
    ended_at: datetime | None = None
    ticket_id: str | None = None
    acts: int = 0
    wishes: Rule | None = attrs.field(default=None, metadata=UNSHOWN)
    taken_back: Mapping[Name, datetime] = attrs.field(factory=dict, hash=False, metadata=UNSHOWN)

    @property
    def led_by(self) -> tuple[str, str, str]:
        """What identifies it among occurrences: its rule, and the condition that leads it."""
        return self.rule, self.kind, self.subject


def address_of(rules: Rules, case: Case) -> Address:
    """Where the acts of a case go: as the rule says that it was opened under; if that was removed,
    as it said then."""
    opened = case.wishes
    if opened is None or rules.by_id(opened.id) is not None:
        return rules.address(case.rule if opened is None else opened.id)
    return opened.address


@attrs.frozen(kw_only=True)
class Intent:
    """An outward act of a case, or a scheduled removal, written to the ledger before it is tried.

    Args:
        case: the marker of its case; of a removal, which has no case, its name.
        position: its place among the acts of the case, from 1. It is tried only when those before
            it are settled.
        act: what it does.
        payload: what it says, by the names of the act: ``subject``, ``body``, ``tags``, ``text``.
            ``says``: the names of the conditions that it announces in a ticket that is there
            already. ``ends``: it tells that something is over. ``note``: the text instead of a
            message, where people talk in the ticket. ``always``: it is carried out even so.
        state: its state.
        id: its id in the ledger, once it has one.
        tries: how often it was tried.
        first_tried_at: when it was first tried.
        attempted_at: when the last try began or, once that is over, ended.
        repeated_at: when it was last sent although an earlier try was in doubt.
        retry_at: not before this time.
        error: why the last try failed.
        sent: what the last try sent, kept so that a lookup knows where to look.
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
        """The code by which it is recognised at the desk."""
        return act_marker(self.case, self.position)

    @property
    def says(self) -> tuple[Name, ...]:
        """The names of the conditions that it announces in a ticket that is there already."""
        return tuple((kind, subject) for kind, subject in self.payload.get("says", ()))

    @property
    def folds(self) -> bool:
        """Whether it is about a second ticket of its case, which is folded into the first."""
        return "ticket_id" in self.payload


@attrs.frozen(kw_only=True)
class State:
    """What the ledger knows of a box office before a pass.

    Args:
        snapshot: the events as last seen, by id; None before the baseline.
        conditions: those that hold.
        cases: those that have not ended, and those that ended recently enough to be reopened.
        occurrences: how many cases there were, by what led them.
        silences: the silences now.
        troubles: by kind of trouble, how many runs in a row have had it.
        dead: the dead letters, in words.
        others: the tickets that another ledger has opened for cases of ours, in words.
        unsent: by the marker of an open case, the acts that wait and were certainly not carried
            out.
    """

    snapshot: Mapping[str, EventFacts] | None = None
    conditions: tuple[Condition, ...] = ()
    cases: tuple[Case, ...] = ()
    occurrences: Mapping[tuple[str, str, str], int] = attrs.field(factory=dict)
    silences: tuple[Silence, ...] = ()
    troubles: Mapping[str, int] = attrs.field(factory=dict)
    dead: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    unsent: Mapping[str, frozenset[Act]] = attrs.field(factory=dict)


@attrs.frozen
class Recorded:
    """A change and what became of it, in words, and the marker of its case if it has one."""

    change: Change
    outcome: str
    marker: str | None = None


@attrs.frozen(kw_only=True)
class Decision:
    """What a pass has decided. The ledger writes it in one transaction.

    Args:
        box_office: where.
        at: when.
        facts: the events that differ now, by id.
        recorded: the changes, and what became of each.
        conditions: the conditions that are new or differ.
        over: the names of the conditions that have ended.
        cases: the cases that are new or differ.
        intents: the new intents.
        withdrawn: by the marker of a case, the acts of those that wait that are not to be carried
            out any more. They are settled before the new intents are written.
        troubles: the new counts; None if they are as they were.
        baseline: whether this is the first observation of the box office, which alerts nobody.
        warnings: what a person should see to, in words.
    """

    box_office: str
    at: datetime
    facts: Mapping[str, EventFacts] = attrs.field(factory=dict)
    recorded: tuple[Recorded, ...] = ()
    conditions: tuple[Condition, ...] = ()
    over: tuple[Name, ...] = ()
    cases: tuple[Case, ...] = ()
    intents: tuple[Intent, ...] = ()
    withdrawn: Mapping[str, frozenset[Act]] = attrs.field(factory=dict)
    troubles: Mapping[str, int] | None = None
    baseline: bool = False
    warnings: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Evaluation:
    """A decision, and what the ledger writes in the same transaction.

    Args:
        decision: the decision.
        swept: whether a complete sweep of the box office has ended with it.
        predictions: the new predictions.
        unwritten: the events that differ since the history was last written, as the history has
            them; None leaves the history for later.
    """

    decision: Decision
    swept: bool = True
    predictions: tuple[Prediction, ...] = ()
    unwritten: Mapping[str, EventFacts] | None = attrs.field(factory=dict)

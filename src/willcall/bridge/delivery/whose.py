"""Whose ticket it is, and what becomes of an act in it. Pure.

Status, assignee, tags and dates change without a person. What makes a ticket somebody's is a
conversation: a message or note that is neither ours nor the desk's own. Where a desk does not list
notes, those of people cannot be seen.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import Enum

from ..model.cases import Act, Case, Intent
from ..model.house import House
from ..ports import Author, Said, Spoken, Standing, TicketState
from .identity import CREATED_WITHIN

PROCESSED_WITHIN = timedelta(minutes=5)
"""A ticket that is still being processed after this time is stuck there, and is resolved."""

_BEGINNING = 80


class Course(Enum):
    """What becomes of an act, now that its ticket was read."""

    GO = "carry it out"
    AS_NOTE = "write a note instead of the message: people talk in the ticket"
    WAIT = "wait: the ticket is snoozed, or the desk is still processing it"
    LEAVE = "leave the ticket to people: the act is dropped"
    DETACH = "what it says gets a ticket of its own: this one takes nothing more for now"
    END = "a person has ended the ticket: nothing more is said in it"


def course(case: Case, intent: Intent, ticket: Standing, moment: datetime) -> Course:
    """What becomes of an act in a ticket, as far as where the ticket stands decides.

    Args:
        case: whose act it is.
        intent: the act.
        ticket: its ticket, as it was read a moment ago.
        moment: the time.
    """
    state = ticket.state
    if intent.act is Act.TAG:
        return Course.LEAVE if state in {TicketState.CLOSED, TicketState.OTHER} else Course.GO
    if intent.act is Act.REOPEN:
        return Course.GO if state is TicketState.RESOLVED or state.takes_more else Course.END
    if state.takes_more:
        processing = intent.act is Act.RESOLVE and state is TicketState.PROCESSING
        since = moment - case.opened_at
        waits = processing and timedelta(0) <= since < PROCESSED_WITHIN
        return Course.WAIT if waits and not intent.folds else Course.GO
    if intent.folds:
        return Course.LEAVE
    if state is TicketState.SNOOZED:
        return Course.DETACH if intent.says else Course.WAIT
    if state is TicketState.OTHER:
        return Course.DETACH if intent.says else Course.LEAVE
    return Course.END


def yields(intent: Intent) -> bool:
    """Whether an act gives way to a conversation in its ticket."""
    ends = intent.payload.get("ends") or (intent.act is Act.RESOLVE and intent.folds)
    return bool(ends) and not intent.payload.get("always")


def is_conversation(said: Said, house: House, marker: str, opened_at: datetime | None) -> bool:
    """Whether somebody else has spoken in a ticket: a person at the desk, or the customer.

    The first text that carries a marker of the case is ours. A later one quotes it, unless it
    begins with the same words: then it was sent twice.

    Args:
        said: what was said in it.
        house: whose tickets are ours.
        marker: the marker of its case.
        opened_at: when it was opened, by the desk's clock.
    """
    reference = re.compile(rf"^\s*Reference: {re.escape(marker)}-(\d{{1,6}})\s*$", re.MULTILINE)
    ours: dict[str, str] = {}
    for number, message in enumerate(said.messages):
        if message.author is Author.MACHINE:
            continue
        if number == 0 and (house.began(message.text, marker) or _opens(message, opened_at)):
            continue
        found = [] if message.author is Author.OUTSIDE else reference.findall(message.text)
        if not found:
            return True
        beginning = _plain(message.text)[:_BEGINNING]
        if ours.setdefault(found[0], beginning) != beginning:
            return True
    return False


def _opens(message: Spoken, opened_at: datetime | None) -> bool:
    """Whether the first message of a ticket has opened it, to go by its time: a ticket that was
    opened without the line of the house."""
    if message.at is None or opened_at is None or message.author is not Author.OUTSIDE:
        return False
    return abs(message.at - opened_at) < CREATED_WITHIN


def _plain(text: str) -> str:
    return " ".join(text.split())

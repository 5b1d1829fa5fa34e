"""What must hold at the desk, whatever the desk does by itself and whoever works there."""

from __future__ import annotations

import attrs

from ..bridge.ledger import Ledger
from ..bridge.model.cases import Act, Case, CaseState, Intent, IntentState
from ..sandbox import Sandbox
from ..sandbox.desk import AI, CLOSED, Ticket
from .network import Network, Write
from .stage import BrokenError
from .town import Edit, Town

TALK = ("answer", "note", "reply")
"""What makes a ticket somebody's."""

ENDS = ("resolve", "close", "merge")
"""How a person ends a ticket."""

TOUCHES = (*TALK, *ENDS, "pending", "snooze", "delete")

_STOPPED = 60.0
"""A request that leaves so many seconds after it was marked comes from a process that was stopped,
and that no lease could keep from sending."""

_HOLDS_UP = (
    IntentState.PENDING,
    IntentState.ATTEMPTING,
    IntentState.UNKNOWN,
    IntentState.REFUSED,
)
"""The states of an act that holds up what comes after it in its ticket. A dead letter does not,
unless it is the opening."""

_PATIENCE = 1.0
"""Seconds between an answer and what the bridge has written down of it."""


@attrs.define
class DeskPromise:
    """The invariants of a desk."""

    sandbox: Sandbox
    network: Network
    ledger: Ledger
    town: Town

    # -- at every mark ----------------------------------------------------------------------------

    def marked(self, ledger: Ledger, answer: object) -> None:
        """Check the order in a ticket when an act is marked in a ledger, before it is sent: its
        opening goes before everything, tags before what is said, and nothing goes ahead of an act
        that is unknown, refused or waiting."""
        if not isinstance(answer, Intent) or answer.state is not IntentState.ATTEMPTING:
            return
        if answer.act is Act.REMOVE:
            return
        about = answer.payload.get("ticket_id")
        acts = ledger.intents(answer.case)
        before = [act for act in acts if act.position < answer.position]
        opened = any(act.act is Act.OPEN and act.state is IntentState.DONE for act in before)
        if answer.act is not Act.OPEN and not opened:
            raise BrokenError(f"{answer.marker}: {answer.act} before its ticket is open")
        for act in before:
            if act.payload.get("ticket_id") != about:
                continue
            if act.state in _HOLDS_UP:
                ahead = f"{answer.act} goes ahead of {act.marker}, a {act.act} that is {act.state}"
                raise BrokenError(f"{answer.marker}: {ahead}")
            said = act.act in {Act.MESSAGE, Act.NOTE} and act.state is IntentState.DONE
            if answer.act is Act.TAG and said:
                raise BrokenError(f"{answer.marker}: tags are to come before what is said")

    # -- at every write ---------------------------------------------------------------------------

    def after(self, write: Write) -> None:
        """Check what a write to the desk may have broken."""
        if not any(write is sent for sent in self.network.writes):
            return
        ticket = [*write.path.split("/"), "", ""][2]
        if write.method == "PATCH" and write.body.get("status") == "resolved":
            self._not_over_people(ticket, write)
        if write.path.endswith("/messages"):
            self._not_into_what_is_over(ticket, write)

    def _not_over_people(self, ticket: str, write: Write) -> None:
        """A ticket in which somebody has spoken before we asked who has is not resolved."""
        if self._is_folded(ticket) and write.messages_read_at is None:
            return
        said = [edit for edit in self._edits(ticket) if edit.what in self._visible()]
        read_at = write.messages_read_at or 0.0
        if any(edit.at < read_at for edit in said):
            raise BrokenError(f"{ticket}: people talk there, and we resolved it")
        if said and said[0].at < (write.ticket_read_at or 0.0) - 400 and not read_at:
            raise BrokenError(f"{ticket}: people talk there, and we resolved it unread")

    def _visible(self) -> set[str]:
        """What shows that somebody talks in a ticket."""
        unlisted = self.sandbox.settings.listed_notes == "absent"
        return {what for what in TALK if not (unlisted and what == "note")}

    def _not_into_what_is_over(self, ticket: str, write: Write) -> None:
        """Nothing is said in a ticket that a person had ended before we read it."""
        read_at = write.ticket_read_at
        edits = [edit for edit in self._edits(ticket) if read_at is not None and edit.at < read_at]
        ended = [edit for edit in edits if edit.what in {*ENDS, "reply", "pending", "snooze"}]
        closed = any(edit.what in {"close", "merge"} for edit in ended)
        if closed or (ended and ended[-1].what == "resolve" and not self._came_back(ticket)):
            raise BrokenError(f"{ticket}: a person had ended it, and we wrote into it")

    def _came_back(self, ticket: str) -> bool:
        """Whether a resolved ticket may have been opened again by ourselves, or by the desk."""
        settings = self.sandbox.settings
        return (
            any(
                write.method == "PATCH" and write.path.endswith(ticket)
                for write in self.network.writes
                if write.body.get("status") == "open"
            )
            or settings.resolve_holds == "pulled_back"
            or settings.reply_from == "any"
            or settings.auto_answer == "replies"
            or settings.reply_makes == "pending_later"
        )

    # -- when all is quiet ------------------------------------------------------------------------

    def kept(self) -> None:
        """Check everything that must be so once all is quiet."""
        tickets = {ticket.id: ticket for ticket in self.sandbox.desk.tickets}
        for case in self.ledger.cases():
            ticket = tickets.get(case.ticket_id or "")
            if ticket is None:
                continue
            if case.state is CaseState.GONE and not self._clock_was_set_ahead():
                raise BrokenError(f"{case.marker}: taken for deleted, and {ticket.id} is there")
            if case.state is CaseState.LEFT:
                self._was_ended(case, ticket)
            if case.state in {CaseState.CLEARED, CaseState.SUPERSEDED}:
                self._is_resolved(case, ticket)
        self._no_note_is_mailed_twice()

    def _was_ended(self, case: Case, ticket: Ticket) -> None:
        """A case is left only where a person, or the desk, has ended its ticket."""
        by_people = any(edit.what in {*ENDS, "snooze"} for edit in self._edits(ticket.id))
        settings = self.sandbox.settings
        cannot = settings.patch_statuses == "resolved" or ticket.status == CLOSED
        if not (by_people or cannot):
            raise BrokenError(f"{case.marker}: left, and nobody has ended {ticket.id}")

    def _is_resolved(self, case: Case, ticket: Ticket) -> None:
        """What is over is resolved, if nobody but us has spoken in its ticket."""
        acts = [i for i in self.ledger.intents(case.marker) if not i.folds]
        last = next((i for i in reversed(acts) if i.act in {Act.RESOLVE, Act.REOPEN}), None)
        if last is None or last.act is Act.REOPEN or ticket.status in {"resolved", CLOSED}:
            return
        if self._may_stand(ticket, last):
            return
        raise BrokenError(f"{case.marker}: over, and {ticket.id} is {ticket.status}")

    def _may_stand(self, ticket: Ticket, resolve: Intent) -> bool:
        edits = self._edits(ticket.id)
        if any(edit.what in {*TALK, "delete"} for edit in edits):
            return True
        if any(edit.value == ticket.id for edit in self.town.edits if edit.what == "merge"):
            return True  # what was said in another ticket is here now
        writes = [write for write in self.network.writes if f"/tickets/{ticket.id}" in write.path]
        if any(write.arrived_at > write.marked_at + _STOPPED for write in writes):
            return True  # a process that was stopped has written into it when it went on
        settings = self.sandbox.settings
        nameless = settings.message_shape == "older" or ticket.inbox_id is not None
        if nameless and any(message.author_id == AI.id for message in ticket.messages):
            return True  # nothing shows that it was no person
        return resolve.state is IntentState.DONE and resolve.tries > 0 and bool(edits)

    def _no_note_is_mailed_twice(self) -> None:
        """Once a desk has mailed a note, and said so, no further note is sent."""
        if self.sandbox.settings.notes != "mailed":
            return
        notes = [write for write in self.network.writes if write.body.get("isNote")]
        for number, first in enumerate(notes):
            ended, died = first.ended_at, first.process.died_at
            if not first.answered or ended is None:
                continue
            if died is not None and died < ended + _PATIENCE and first.process.name[0] == "p":
                continue
            later = [write for write in notes[number + 1 :] if write.marked_at > ended + _PATIENCE]
            if later:
                raise BrokenError(f"{later[0].marker}: a note is mailed, and the last one was, too")
            return

    def _clock_was_set_ahead(self) -> bool:
        """Then the minutes between two 404s were none."""
        return any(by > 0 for _, by in self.town.stage.jumps)

    # -- help -------------------------------------------------------------------------------------

    def _edits(self, ticket: str) -> list[Edit]:
        return [edit for edit in self.town.edits if edit.ticket == ticket]

    def _is_folded(self, ticket: str) -> bool:
        return any(
            intent.payload.get("ticket_id") == ticket
            for case in self.ledger.cases()
            for intent in self.ledger.intents(case.marker)
        )

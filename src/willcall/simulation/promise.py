"""What must hold whatever breaks. Checked after every write, and when nothing is left to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import attrs

from ..bridge.delivery.tries import IN_DOUBT
from ..bridge.ledger import Ledger
from ..bridge.model.cases import Act, CaseState, Intent, IntentState
from ..bridge.model.kinds.ticket_types import REMOVAL_FAILED
from ..bridge.model.markers import read_subject
from ..bridge.model.rules import Rules
from ..sandbox import Sandbox
from ..sandbox.desk import Ticket
from ..sandbox.inferred import REMOVE_TICKET_TYPE
from .desk_promise import TOUCHES, DeskPromise
from .moments import opened_at_once
from .network import Network, Write
from .stage import BrokenError, Stage
from .town import Edit, Removal, Town

_REFERENCE = re.compile(r"^Reference: (wc-[0-9a-z]{8}-\d+)\s*$", re.MULTILINE)
_DERIVED = (
    "event.sold_out",
    "event.cancelled",
    "event.rescheduled",
    "event.moved",
    "ticket_type.sold_out",
    "ticket_type.low_stock",
)
MINUTE = 60.0
_PASS = 50.0
"""The seconds that a pass may take."""
LIMIT = 60
_MAILS = 4
"""The mails of a day on which the last seats come and go."""


@attrs.define
class Promise:
    """The invariants of a seed; ``excused`` counts the exceptions that the promise itself names."""

    stage: Stage
    sandbox: Sandbox
    network: Network
    ledger: Ledger
    town: Town
    rules: Rules
    settle: float
    baseline: frozenset[tuple[str, str]] = frozenset()
    troubled: bool = False
    excused: Counter[str] = attrs.field(factory=Counter)
    desk: DeskPromise = attrs.field(
        default=attrs.Factory(
            lambda self: DeskPromise(self.sandbox, self.network, self.ledger, self.town),
            takes_self=True,
        )
    )
    ledgers: dict[str, tuple[bool, int]] = attrs.field(factory=dict)
    """Which ledger each process has: whether it is the second, and how often it was restored."""
    epoch: int = 0
    _removed: set[tuple[str, str]] = attrs.field(factory=set)

    # -- at every write ---------------------------------------------------------------------------

    def after(self, write: Write) -> None:
        """Check what a write may have broken."""
        self._no_second_ticket()
        self._no_second_message()
        self._no_second_removal(write)
        self.desk.after(write)

    def _no_second_ticket(self) -> None:
        for marker, tickets in self._by_marker().items():
            if len(tickets) > 1:
                self._excuse(marker, f"{marker}: {len(tickets)} tickets", "second ticket")

    def _no_second_message(self) -> None:
        counted = Counter(
            found[1]
            for ticket in self.sandbox.desk.tickets
            for message in ticket.messages
            if message.direction == "outbound" and (found := _REFERENCE.search(message.body))
        )
        unseen = {
            found[1]
            for ticket in self.sandbox.desk.tickets
            for message in ticket.messages
            if self.sandbox.settings.listed_notes == "absent"
            and message.is_note
            and (found := _REFERENCE.search(message.body))
        }
        for marker, count in counted.items():
            if marker in unseen:
                self.excused["second note, which the desk never shows"] += count > 1
            elif count > 1:
                self._excuse(marker, f"{marker}: sent {count} times", "second message")

    def _no_second_removal(self, write: Write) -> None:
        """A removal that was carried out is not sent again."""
        if not any(write is removal for removal in self.network.removals):
            return
        self.town.note()  # a removal may change what holds
        if write.late:
            self.stage.after(write.late + 0.001, self.town.note)
        event, ticket_type = write.path.rpartition("/")[2], write.body[REMOVE_TICKET_TYPE]
        writes = [
            other
            for other in self.network.removals
            if other.path == write.path and other.body == write.body
        ]
        if (event, ticket_type) in self._removed:
            name = f"removal of {event}/{ticket_type}"
            self._excuse_late(writes, f"{name}: sent again once it was done", "second removal")
        kinds = self.sandbox.boxoffice.event(event).ticket_types
        if all(kind.id != ticket_type for kind in kinds):
            self._removed.add((event, ticket_type))

    def _excuse(self, marker: str, what: str, name: str) -> None:
        """A second ticket or message breaks the promise, unless a write was carried out later than
        the settle time after its try ended, by the clock of the machine."""
        writes = [w for w in self.network.writes if w.marker == marker and w.method == "POST"]
        self._excuse_late(writes, what, name)

    def _excuse_late(self, writes: Sequence[Write], what: str, name: str) -> None:
        first = min(write.marked_at for write in writes)
        reasons = {
            "two ledgers crossed": self._crossed(writes),
            "carried out late": any(w.landed_at > w.died_at + self.settle for w in writes),
            "sent late, by a process that was stopped": any(
                w.arrived_at > w.marked_at + self.settle for w in writes
            ),
            "the clock was set ahead": any(by > 0 and first <= at for at, by in self.stage.jumps),
            "the desk showed it late": any(
                w.landed_at + self._shown_after() > w.died_at + self.settle for w in writes
            ),
            "the desk did not show it": self._was_hidden(writes),
        }
        if not any(reasons.values()):
            raise BrokenError(f"{what}, and none was late")
        why = next(reason for reason, holds in reasons.items() if holds)
        self.excused[f"{name}: {why}"] = 1

    def _shown_after(self) -> float:
        """Seconds after which the desk shows a new ticket, by its habits."""
        settings = self.sandbox.settings
        hidden = 0.0 if settings.processing_listed else settings.processing_seconds
        return max(settings.list_lag, settings.read_lag, hidden)

    def _was_hidden(self, writes: Sequence[Write]) -> bool:
        """Whether the desk shows no ticket that is stuck, or none that a person has closed, and one
        of these was: then nobody can find what was opened."""
        settings = self.sandbox.settings
        markers = {write.marker for write in writes if write.path == "/tickets"}
        mine = {
            ticket.id
            for ticket in self.sandbox.desk.tickets
            if read_subject(ticket.subject) in markers
        }
        stuck = settings.processing == "stuck" and not settings.processing_listed
        closed = not settings.list_closed and any(
            edit.what in {"close", "merge"} and edit.ticket in mine for edit in self.town.edits
        )
        return bool(mine) and (stuck or closed)

    def _crossed(self, writes: Sequence[Write]) -> bool:
        """Whether two ledgers sent the same, and neither could have seen the other's before: what
        the one sent landed, or was listed, in the pass in which the other sent it, or later."""
        lag = self.sandbox.settings.list_lag

        def unseen(mine: Write, theirs: Write) -> bool:
            began = mine.arrived_at - _PASS
            return theirs.landed_at + lag >= began and mine.arrived_at >= theirs.arrived_at

        return any(
            self.ledgers.get(mine.process.name.partition("/")[0])
            != self.ledgers.get(theirs.process.name.partition("/")[0])
            and unseen(mine, theirs)
            for mine in writes
            for theirs in writes
            if mine is not theirs
        )

    # -- when all is quiet ------------------------------------------------------------------------

    def kept_by_several_ledgers(self) -> None:
        """Check what holds whatever becomes of a ledger: one ticket stays for each case, and each
        message was sent once. What a copy has forgotten is not asked of it."""
        self._no_second_ticket()
        self._no_second_message()
        people = {edit.ticket for edit in self.town.edits if edit.what in TOUCHES}
        for marker, tickets in self._by_marker().items():
            standing = [
                ticket.id
                for ticket in tickets
                if ticket.status not in {"resolved", "closed"} and ticket.id not in people
            ]
            if len(standing) < 2:
                continue
            # An opening that is carried out so late, after another's was found, is not found again.
            late = any(
                write.landed_at > write.died_at + self.settle
                or write.arrived_at > write.marked_at + self.settle
                for write in self.network.writes
                if write.marker == marker and write.path == "/tickets"
            )
            if not late:
                raise BrokenError(f"{marker}: {', '.join(standing)} stand side by side")
            self.excused["second ticket: late, and not found beside another ledger's"] += 1

    def quiet(self) -> bool:
        """Whether nothing is left to do."""
        return (
            not self.sandbox.pending_commits
            and self._is_shown()
            and not self.ledger.unsettled("main-room")
            and not self.ledger.to_confirm("main-room", self.stage.wall() + timedelta(days=1))
            and all(
                removal.name in self._tried() or removal.event in self.town.world.unread
                for removal in self._due()
            )
            and not self._soon()
            and self.stage.elapsed - MINUTE >= self.town.world.restless_until
        )

    def _is_shown(self) -> bool:
        """Whether the desk has shown every ticket that it has opened since before the last pass."""
        shown_after = self._shown_after()
        opened = [write.landed_at for write in self.network.writes if write.path == "/tickets"]
        return max(opened, default=0.0) + shown_after < self.stage.elapsed - MINUTE

    def _soon(self) -> bool:
        """Whether the time of a removal comes about now: then another pass has to follow."""
        soon = 2 * MINUTE
        return any(
            -MINUTE < (removal.after - self.stage.wall()).total_seconds() < soon
            for removal in self.town.removals
        )

    def _due(self) -> list[Removal]:
        """The removals whose time had come when the last pass began, by the machine's clock."""
        began = self.stage.wall() - timedelta(seconds=MINUTE)
        return [removal for removal in self.town.removals if removal.after <= began]

    def _tried(self) -> dict[str, Intent]:
        """The intents of removals that are not in doubt."""
        removals = self.ledger.removals("main-room").items()
        return {name: intent for name, intent in removals if intent.state not in IN_DOUBT}

    def kept(self) -> None:
        """Check everything that must be so once all is quiet."""
        self._no_second_ticket()
        self._no_second_message()
        self._within_quota()
        self._what_is_done_is_done()
        self._every_ticket_has_a_cause()
        self._live_cases_have_tickets()
        self._second_tickets_are_folded()
        self._edits_stand()
        self._removals_are_done_or_refused()
        self._what_flaps_has_one_ticket()
        self.desk.kept()

    def _what_flaps_has_one_ticket(self) -> None:
        """With damping: one ticket, and four mails at most, unless people end that ticket."""
        edited = {edit.marker for edit in self.town.edits}
        for event_id in self.town.world.flapping if self.rules.damping.lasts else ():
            title = self.sandbox.boxoffice.event(event_id).title
            mine = {
                marker: tickets
                for marker, tickets in self._by_marker().items()
                if any(title in ticket.subject for ticket in tickets)
            }
            if not edited.isdisjoint(mine):
                continue
            mails = {
                found[1]
                for tickets in mine.values()
                for ticket in tickets
                for message in ticket.messages
                if message.direction == "outbound" and not message.is_note
                if (found := _REFERENCE.search(message.body))
            }
            self.town.happened["flapping that was damped"] += 1
            if len(mine) > 1 or len(mails) > _MAILS:
                raise BrokenError(f"{title}: {len(mine)} tickets, {len(mails)} mails")

    def _removals_are_done_or_refused(self) -> None:
        tried, taken = self._tried(), opened_at_once(self.rules)
        known = {
            condition.name: condition for condition in self.ledger.state("main-room").conditions
        }
        for removal in self._due():
            if removal.name not in tried:  # in doubt, as long as its event cannot be read
                continue
            intent = tried[removal.name]
            event = self.sandbox.boxoffice.event(removal.event)
            kind = next((k for k in event.ticket_types if k.name == removal.ticket_type), None)
            other_name = self.sandbox.settings.of(event.id).removal_name != "inferred"
            if other_name or event.id in self.town.world.unread:
                if kind is not None and intent.state is IntentState.DONE:
                    raise BrokenError(f"{removal.name}: done, and it is still there")
                continue
            state = IntentState.DONE if kind is None else IntentState.REFUSED
            if removal.ticket_type == "Erly Bird":
                state = IntentState.PENDING
            if intent.state is not state or (kind is not None and not kind.sold):
                raise BrokenError(f"{removal.name}: {intent.state}, and it should be {state}")
            self.town.happened[f"removal: {state}"] += 1
            over = event.over(self.stage.now()) or ("event.cancelled", event.id) in self.town.ever
            hidden = "hidden" in self.town.habits  # then it need not be removed
            if kind is None or over or hidden or REMOVAL_FAILED not in taken:
                continue
            condition = known.get((REMOVAL_FAILED, f"{event.id}/{kind.id}"))
            if condition is None or not (condition.announced or condition.covered_by):
                raise BrokenError(f"{removal.name} was refused, and no ticket reports it")

    def _within_quota(self) -> None:
        for service, arrivals in self.network.arrivals.items():
            start = 0
            for end, at in enumerate(arrivals):
                while arrivals[start] <= at - MINUTE:
                    start += 1
                late = sum(at - MINUTE < when <= at for when in self.network.late[service])
                if end - start + 1 > LIMIT >= end - start + 1 - late:
                    # Nothing is asked between the leave to send and the sending.
                    self.excused["request that left a stopped process late"] += 1
                elif end - start + 1 > LIMIT:
                    if any(by > 0 and at - MINUTE <= when <= at for when, by in self.stage.jumps):
                        self.excused["more than 60 in a minute"] += 1
                        break
                    raise BrokenError(f"{service}: {end - start + 1} requests in 60 s at {at:.0f}")

    def _what_is_done_is_done(self) -> None:
        """What the ledger calls done is there, once; and nothing is there that it has not."""
        tickets = {ticket.id: ticket for ticket in self.sandbox.desk.tickets}
        deleted = {e.ticket for e in self.town.edits if e.what in {"delete", "merge"}}
        for case in self.ledger.cases():
            for intent in self.ledger.intents(case.marker):
                ticket_id = intent.payload.get("ticket_id") or case.ticket_id
                if intent.state is not IntentState.DONE or ticket_id in deleted:
                    continue
                if ticket_id is None or ticket_id not in tickets:
                    raise BrokenError(f"{intent.marker}: done, but where is {ticket_id}?")
                self._is_done(intent, tickets[ticket_id])

    def _is_done(self, intent: Intent, ticket: Ticket) -> None:
        if intent.act in {Act.MESSAGE, Act.NOTE}:
            there = any(
                (found := _REFERENCE.search(message.body)) and found[1] == intent.marker
                for message in ticket.messages
            )
            if not there:
                raise BrokenError(f"{intent.marker}: done, but not in {ticket.id}")
        if intent.act is Act.TAG:
            lacking = [tag for tag in intent.payload["tags"] if tag not in ticket.tags]
            ended = {"close", "merge", "resolve", "snooze"}
            touched = any(
                e.ticket == ticket.id and ("tag" in e.what or e.what in ended)
                for e in self.town.edits
            )
            if lacking and not touched:
                raise BrokenError(f"{intent.marker}: done, but {ticket.id} lacks {lacking}")

    def _every_ticket_has_a_cause(self) -> None:
        known = {case.marker: case for case in self.ledger.cases()}
        for ticket in self.sandbox.desk.tickets:
            marker = read_subject(ticket.subject)
            if marker is None:
                continue
            if marker not in known:
                raise BrokenError(f"{ticket.subject}: the ledger knows nothing of it")
            case = known[marker]
            if case.kind in _DERIVED and (case.kind, case.subject) not in self.town.ever:
                raise BrokenError(f"{ticket.subject}: {case.kind} was never true")
            if case.kind == "box_office.unreachable" and not self.troubled:
                raise BrokenError(f"{ticket.subject}: it was always reachable")

    def _live_cases_have_tickets(self) -> None:
        for case in self.ledger.state("main-room").cases:
            if case.state is CaseState.OPEN and case.ticket_id is None:
                raise BrokenError(f"{case.marker}: open, without a ticket")

    def _second_tickets_are_folded(self) -> None:
        people = {edit.ticket for edit in self.town.edits if edit.what in TOUCHES}
        people |= {edit.value for edit in self.town.edits if edit.what == "merge"}
        there = {ticket.id for ticket in self.sandbox.desk.tickets}
        gone = {
            case.marker
            for case in self.ledger.cases()
            if case.state is CaseState.GONE and case.ticket_id not in there
        }
        for marker, tickets in self._by_marker().items():
            if len(tickets) < 2 and marker not in gone:
                continue
            without = self.sandbox.settings.notes != "work"
            standing = [
                ticket
                for ticket in tickets
                if not self._is_folded(ticket)
                and ticket.id not in people
                and not (without and ticket.status in {"resolved", "closed"})
            ]
            settings = self.sandbox.settings
            if settings.processing == "stuck" and not settings.processing_listed:
                self.excused["second ticket, which the desk never shows"] += 1
                continue
            if len(standing) > (marker not in gone):
                names = ", ".join(ticket.id for ticket in standing)
                raise BrokenError(f"{marker}: {names} stand side by side")
            self.excused["second ticket, folded"] += 1

    @staticmethod
    def _is_folded(ticket: Ticket) -> bool:
        return any(m.is_note and "opened this ticket twice" in m.body for m in ticket.messages)

    def _edits_stand(self) -> None:
        tickets = {ticket.id: ticket for ticket in self.sandbox.desk.tickets}
        for edit in self.town.edits:
            ticket = tickets.get(edit.ticket)
            if ticket is None:
                continue
            if edit.what == "tag" and edit.value not in ticket.tags:
                self._raced(edit, f"the tag {edit.value} is gone")
            if edit.what == "untag" and edit.value in ticket.tags:
                self._raced(edit, f"the tag {edit.value} is back")
        last = {edit.ticket: edit for edit in self.town.edits if edit.what == "assign"}
        for edit in last.values():
            ticket = tickets.get(edit.ticket)
            if ticket is not None and ticket.assignee_id != edit.value:
                self._raced(edit, f"{ticket.assignee_id} has it, not {edit.value}")

    def _raced(self, edit: Edit, what: str) -> None:
        if "tag" in edit.what and self.sandbox.settings.triage == "overwrites":
            self.excused["the desk's own triage wrote over tags"] += 1
            return
        self._raced_with_a_write(edit, what)

    def _raced_with_a_write(self, edit: Edit, what: str) -> None:
        """Ticket0 has no conditional update: the bridge cannot see what a person does between its
        reading and its write."""
        for write in self.network.writes:
            mine = write.method == "PATCH" and write.path.endswith(f"/{edit.ticket}")
            if mine and (write.looked_at or 0.0) <= edit.at <= write.landed_at + 1:
                self.excused["edit raced with a write"] += 1
                return
            # After a PATCH without a clear answer it is unknown whether a person undid it.
            recent = 0 <= edit.at - write.marked_at < 600
            if mine and edit.what == "untag" and recent:
                self.excused["edit raced with a write"] += 1
                return
        raise BrokenError(f"{edit.ticket}: {what}, and no write of ours was under way")

    def _by_marker(self) -> dict[str, list[Ticket]]:
        found: dict[str, list[Ticket]] = {}
        for ticket in self.sandbox.desk.tickets:
            marker = read_subject(ticket.subject)
            if marker is not None:
                found.setdefault(marker, []).append(ticket)
        return found

"""What must hold at every moment: tickets and mails say what is so, within a bound.

A *good pass* is a run that has read the box office and ended with exit code 0. So the bridge claims
that all is as it should be, and the claim is tested against the town. What became true or false of
an event before a good pass began, and was shown to it, is said when it ends. The bound of a seed is
therefore the longest time from the begin of a good pass that was shown an event to the end of the
next, and what rules and the box office add: ``for``, quiet hours, a cached list.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import attrs

from ..bridge.ledger import Ledger
from ..bridge.model.cases import WITHDRAWN, Evaluation, IntentState
from ..bridge.model.markers import read_subject
from ..bridge.model.predicates import Predicates
from ..bridge.model.rules import Rule, Rules
from ..sandbox import Sandbox
from .network import Network, Write
from .stage import BrokenError, Process, Stage
from .statements import Statements
from .town import Town, is_open
from .truth import CANCELLED, LASTING, LOW, SOLD_OUT, Name

_REFERENCE = re.compile(r"^Reference: (wc-[0-9a-z]{8}-\d+)\s*$", re.MULTILINE)
_TALKED = ("answer", "note", "reply", "snooze")
_ACKNOWLEDGED = ("resolve", "close", "merge", "delete")


@attrs.define
class Moments:
    """The invariants of a seed at every moment, and how long the bridge may take for them.

    ``editions`` are the rules that were in force at some time, ``settle`` is the settle time in
    seconds. ``bound`` is the longest time, in
    seconds, that a ticket may lag behind the town; ``excused`` counts what is not promised.
    """

    stage: Stage
    sandbox: Sandbox
    network: Network
    town: Town
    ledger: Ledger
    editions: list[Rules]
    settle: float
    statements: Statements = attrs.field(init=False)
    bound: float = 0.0
    excused: Counter[str] = attrs.field(factory=Counter)
    _latest: str = ""
    _decided_at: float = 0.0
    _silent: set[Name] = attrs.field(factory=set)
    _read: dict[str, float] = attrs.field(factory=dict)
    _known: dict[str, float] = attrs.field(factory=dict)
    _good: dict[str, float] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.statements = Statements(self.editions)

    def begin(self, baseline: set[Name]) -> None:
        """The baseline was taken: what was true then is known and not said, until it ends."""
        self._silent |= baseline
        self._good = {event.id: self.stage.elapsed for event in self.sandbox.boxoffice.events}

    def committed(self, process: Process, answer: object) -> None:
        """A process has written to the ledger."""
        if isinstance(answer, Evaluation):
            self._latest, self._decided_at = process.name, self.stage.elapsed
            shown = self.network.shown.get(process.name, {})
            first = shown.keys() - self._known.keys()  # so it was, for all that anybody knows
            self._silent |= {n for n in self.town.may.now() if n[1].partition("/")[0] in first}
            self._known.update(shown)
            if answer.swept:  # a watch reads on and on, a run once
                began = self._read.get(process.name, process.began)
                again = process.name.startswith("w") and process.name in self._read
                self._read[process.name] = process.swept if again else began
                process.swept = self.stage.elapsed
            self.statements.decided(answer.decision, self._last_read(process))

    # -- a mail -------------------------------------------------------------------------------

    def sent(self, write: Write) -> None:
        """A mail states what was so since the event was last read."""
        if write.method != "POST" or write.marker is None:
            return
        statement = self.statements.of_mail(write.marker)
        if statement is None:
            return
        read = self._last_read(write.process)

        def after(name: Name) -> float:
            event = name[1].partition("/")[0]
            # One that was never shown whole may have been called sold out by its row.
            listed = self.network.listed.get(event, read)
            return min(read, self._known.get(event, listed)) - self.lag

        unsure = self.town.world.odd | self.town.world.untold
        if any(name[1].partition("/")[0] in unsure for name in statement.begun | statement.over):
            return
        over = statement.over if all(name[0] in LASTING for name in statement.over) else ()
        wrong = [
            f"{name}, which is over"
            for name in statement.begun
            if name[0] in LASTING and not self.town.may.was_true(name, after(name))
        ]
        # A mail that takes back what was said is never withdrawn: it was so when it was decided.
        ends = {name: min(after(name), statement.read - self.lag) for name in over}
        if over and not any(self.town.must.was_false(name, ends[name]) for name in over):
            wrong.append(f"the end of {min(over)}, which holds")
        if wrong and write.marked_at < self._decided_at:
            self.excused["mail that was on its way"] += 1
        elif wrong and self._was_tried(write):
            # It may have been carried out then: what is in doubt is not withdrawn; nor is a dead
            # letter that a person has sent again.
            self.excused["mail that had waited in doubt"] += 1
        elif wrong:
            raise BrokenError(f"{write.marker} mails {' and '.join(wrong)}")

    def _was_tried(self, write: Write) -> bool:
        """Whether an act was sent, or marked as attempted, before."""
        marker = write.marker or ""
        if any(other.marker == marker for other in self.network.writes if other is not write):
            return True
        intents = self.ledger.intents(marker.rpartition("-")[0])
        return any(intent.marker == marker and intent.tries > 1 for intent in intents)

    def _last_read(self, process: Process) -> float:
        """When the reading began on which a process acts."""
        name = process.name.removesuffix("/delivery")
        return self._read.get(name, max(self._read.values(), default=0.0))

    # -- a good pass --------------------------------------------------------------------------

    @property
    def lag(self) -> float:
        """Seconds that the rules and the box office add to the bound."""
        return self.by_rules + self.sandbox.settings.stale_list

    @property
    def by_rules(self) -> float:
        """Seconds that rules may keep back what is so: ``for`` and quiet hours, and by how much the
        machine's clock was set, since they go by it."""
        waits = [_wait(rule) for rules in self.editions for rule in rules.rules]
        longest = max(waits, default=timedelta(0)).total_seconds()
        return longest and longest + sum(abs(by) for _, by in self.stage.jumps)

    @property
    def damped(self) -> float:
        """Seconds more for which a ticket may say that something is sold out or runs low."""
        waits = [rules.damping.lasts + rules.damping.once_in for rules in self.editions]
        longest = max(waits).total_seconds()
        return longest and longest + sum(abs(by) for _, by in self.stage.jumps)

    def passed(self, process: Process) -> None:
        """A good pass has ended: what was so before it began is said, and nothing else."""
        began, now = process.began, self.stage.elapsed
        if not self._good or process.name not in self._read or process.name.startswith("w"):
            return
        if self._latest != process.name:
            return  # it was held up at its end, and another has gone on
        shown = set(self.network.shown.get(process.name, ()))
        for name in shown:
            self.bound = max(self.bound, now - self._good.get(name, now) + self.lag)
            self._good[name] = began
        before = began - self.lag
        told, known = self._tickets()
        self._nothing_untrue(told, shown, before)
        self._nothing_untold(told, known, shown, before)
        self._silent = {
            name
            for name in self._silent
            if name[1].partition("/")[0] not in shown
            or (self.town.may.false_since(name) or now) > before
        }

    def _tickets(self) -> tuple[dict[Name, str], set[Name]]:
        """What open tickets state, and by which; and what people have acknowledged."""
        told: dict[Name, str] = {}
        known: set[Name] = set()
        texts: dict[str, set[str]] = {}
        open_: set[str] = set()
        for ticket in self.sandbox.desk.tickets:
            marker = read_subject(ticket.subject)
            if marker is None:
                continue
            found = texts.setdefault(marker, set())
            found.update(
                mark[1] for message in ticket.messages if (mark := _REFERENCE.search(message.body))
            )
            if is_open(ticket):
                open_.add(marker)
        for marker in open_:
            told.update(dict.fromkeys(self.statements.of_ticket(marker, texts[marker]), marker))
        for edit in self.town.edits:
            if edit.what in _ACKNOWLEDGED:
                known |= self.statements.of_ticket(edit.marker, None)
        late = self._resolved_late()
        for ticket in self.sandbox.desk.tickets:
            marker = read_subject(ticket.subject)
            if ticket.id in late and marker is not None and not is_open(ticket):
                self.excused["ticket that was resolved late"] += 1
                known |= self.statements.of_ticket(marker, None)
        return told, known

    def _resolved_late(self) -> set[str]:
        """The tickets that the desk resolved later than the settle time allows: they
        may have been reopened in between."""
        return {
            write.path.rpartition("/")[2]
            for write in self.network.writes
            if write.method == "PATCH"
            and write.body.get("status") == "resolved"
            and write.died_at + self.settle < write.landed_at <= self.stage.elapsed
        }

    def _theirs(self) -> set[str]:
        """The markers of tickets that stay open although what they say is over: people talk there,
        they sleep, or the desk does not take the end yet."""
        talked = {e.ticket for e in self.town.edits if e.what in _TALKED}
        talked |= {e.value for e in self.town.edits if e.what == "merge"}
        slow = {"late-reads", "other-workspace"} & set(self.town.desk_habits)
        mute = self.sandbox.settings.notes != "work"  # then no note says that something is over
        return {
            marker
            for ticket in self.sandbox.desk.tickets
            if (marker := read_subject(ticket.subject)) is not None
            and (slow or mute or ticket.id in talked or ticket.status in {"processing", "snoozed"})
        }

    def _nothing_untrue(self, told: dict[Name, str], shown: set[str], before: float) -> None:
        sure = shown - self.town.world.odd - self.town.world.untold
        theirs = self._theirs()
        theirs |= {edit.marker for edit in self.town.edits if edit.what in _ACKNOWLEDGED}
        for name, marker in told.items():
            if marker in theirs or name[0] not in LASTING or name[1].partition("/")[0] not in sure:
                continue
            after = before if name[0] == CANCELLED else before - self.damped
            if not self.town.may.was_true(name, after):
                if self._was_withdrawn(marker):
                    self.excused["ticket that was opened in doubt"] += 1
                    continue
                since = self.town.may.false_since(name)
                raise BrokenError(f"{marker} is open and says {name}, over since {since:.0f}")

    def _was_withdrawn(self, marker: str) -> bool:
        """Whether a text was withdrawn while the opening was in doubt: the ticket came later, and
        its first text states what was so before."""
        return any(
            intent.state is IntentState.DROPPED and intent.error == WITHDRAWN
            for intent in self.ledger.intents(marker)
        )

    def _nothing_untold(
        self, told: dict[Name, str], known: set[Name], shown: set[str], before: float
    ) -> None:
        if {"late-reads", "other-workspace"} & set(self.town.desk_habits):
            return  # what was opened in doubt cannot be read for a while
        taken = set.intersection(*(opened_at_once(rules) for rules in self.editions))
        for name in self.town.must.now() - self._silent:
            since = self.town.must.true_since(name)
            if name[0] not in taken or since is None or since > before:
                continue
            event = name[1].partition("/")[0]
            if event not in shown:
                continue
            worse = {(CANCELLED, event), (SOLD_OUT, event)}
            if name[0] == LOW and self.town.ever & {*worse, ("ticket_type.sold_out", name[1])}:
                continue  # what was sold out and has a few places again is good news
            if name[0] == SOLD_OUT:
                worse = {(CANCELLED, event)}
            if name in told or name in known or worse & (told.keys() | known):
                continue
            raise BrokenError(f"{name} holds since {since:.0f}, and no open ticket says so")


def _wait(rule: Rule) -> timedelta:
    """The longest time for which a rule may keep something back."""
    quiet = rule.quiet_hours
    if quiet is None:
        return rule.hold
    begin, end = (timedelta(hours=at.hour, minutes=at.minute) for at in (quiet.start, quiet.end))
    return rule.hold + (end - begin) % timedelta(days=1)


def opened_at_once(rules: Rules) -> set[str]:
    """The kinds whose first rule asks for nothing further and does not wait."""
    first: dict[str, Rule] = {}
    for rule in rules.rules:
        for kind in rule.kinds:
            first.setdefault(kind, rule)
    return {
        kind
        for kind, rule in first.items()
        if rule.predicates == Predicates() and not rule.hold and rule.quiet_hours is None
    }

"""What the tickets at the desk say: each decision, and the texts by which it got there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from ..bridge.model.cases import Act, CaseState, Decision
from ..bridge.model.rules import OnClear, Rules
from .truth import Name


@attrs.frozen
class Statement:
    """What a decision says in a ticket.

    Args:
        begun: the conditions that it states.
        over: the conditions that it takes back.
        texts: the markers of its notes and mails.
        mails: the markers of its mails.
        opens: whether it opens the ticket.
        unsaid: whether its rule has it that nothing is said when a condition ends.
        read: when the reading began on which it was decided, in seconds of the stage.
    """

    begun: frozenset[Name]
    over: frozenset[Name]
    texts: frozenset[str]
    mails: frozenset[str]
    opens: bool
    unsaid: bool
    read: float


@attrs.define
class Statements:
    """The statements of all tickets, by the marker of the case."""

    editions: Sequence[Rules]
    _of: dict[str, list[Statement]] = attrs.field(factory=dict)
    _members: dict[str, frozenset[Name]] = attrs.field(factory=dict)
    _mails: dict[str, Statement] = attrs.field(factory=dict)

    def decided(self, decision: Decision, read: float) -> None:
        """A decision was committed, on a reading that began at this second of the stage."""
        for case in decision.cases:
            if case.state in {CaseState.HELD, CaseState.GONE}:
                continue  # it has no ticket, or none any more
            marker = case.marker
            acts = [intent for intent in decision.intents if intent.case == marker]
            rules = [edition.by_id(case.rule) for edition in self.editions]
            before = self._members.get(marker, frozenset())
            members = frozenset(case.members if case.state is CaseState.OPEN else ())
            mails = frozenset(intent.marker for intent in acts if intent.act is Act.MESSAGE)
            notes = frozenset(intent.marker for intent in acts if intent.act is Act.NOTE)
            statement = Statement(
                members - before,
                before - members,
                mails | notes,
                mails,
                any(intent.act is Act.OPEN for intent in acts),
                any(rule is not None and rule.on_clear is OnClear.NOTHING for rule in rules),
                read,
            )
            self._members[marker] = members
            if marker in decision.withdrawn:  # what had waited is written anew, as it is now
                statement = attrs.evolve(statement, begun=members)
            self._of.setdefault(marker, []).append(statement)
            if marker in decision.withdrawn:
                statement = attrs.evolve(statement, over=frozenset())
            begins = attrs.evolve(statement, over=frozenset())  # takes nothing back
            for intent in acts:
                if intent.act is Act.MESSAGE:
                    ends = intent.payload.get("ends")
                    self._mails[intent.marker] = statement if ends else begins

    def of_ticket(self, marker: str, texts: Collection[str] | None) -> set[Name]:
        """The conditions that a ticket states.

        Args:
            marker: of its case.
            texts: the markers of the texts that are in it; None if all of them are.
        """
        names: set[Name] = set()
        for said in self._of.get(marker, ()):
            if texts is None or said.opens or said.unsaid or not said.texts.isdisjoint(texts):
                names = (names | said.begun) - said.over
        return names

    def of_mail(self, marker: str) -> Statement | None:
        """What the mail with this marker says; None if it is not a mail of the bridge."""
        return self._mails.get(marker)

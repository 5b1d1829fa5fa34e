"""What a desk was seen to do with notes and tags, kept in the ledger. A flow.

The documents of a desk may leave open whether it takes internal notes at all, whether it lists
them, and whether it takes tags. What it does is learned from its answers. A desk that e-mails a
note to the customer gets no further notes; one that refuses the first notes, or tags, neither. Each
is reported once.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import attrs

from ...client.flow import Flow, do
from ..ledger import Ledger
from ..model.cases import Act

_LEARNED = (Act.NOTE, Act.TAG)
_REFUSALS = 3
"""After so many refusals, and no success before, a desk is taken not to know notes, or tags."""


@attrs.frozen(kw_only=True)
class DeskHabits:
    """What is known of a desk.

    Args:
        taken: the acts that it was seen to take.
        refused: how often it has refused an act that it was never seen to take.
        mails_notes: whether it has e-mailed a note to the customer.
        lists_notes: whether notes are among the messages of a ticket; None if not known.
    """

    taken: frozenset[Act] = frozenset()
    refused: tuple[Act, ...] = ()
    mails_notes: bool = False
    lists_notes: bool | None = None

    def does_without(self, act: Act) -> str | None:
        """Why an act is not tried at this desk; None if it is."""
        if act is Act.NOTE and self.mails_notes:
            return "the desk e-mails internal notes to the customer, so none are written"
        if act not in self.taken and self.refused.count(act) >= _REFUSALS:
            if act is Act.TAG:
                return "the desk refuses tags, so tickets get neither tags nor an assignee"
            return f"the desk refuses every {act}, so it does without"
        return None

    @classmethod
    def load(cls, text: str | None) -> DeskHabits:
        """What the ledger keeps; nothing is known if that is nothing, or nonsense."""
        try:
            values = json.loads(text or "")
            return cls(
                taken=frozenset(map(Act, values["taken"])),
                refused=tuple(map(Act, values["refused"])),
                mails_notes=bool(values["mails_notes"]),
                lists_notes=values["lists_notes"],
            )
        except (ValueError, TypeError, KeyError):
            return cls()

    def text(self) -> str:
        """For the ledger."""
        return json.dumps(
            {
                "taken": sorted(self.taken),
                "refused": list(self.refused),
                "mails_notes": self.mails_notes,
                "lists_notes": self.lists_notes,
            }
        )


Change = Callable[[DeskHabits], DeskHabits]


class Learned:
    """What is known of a desk, read from the ledger when it is first asked for.

    Args:
        ledger: where it is kept.
        desk: the name of the desk.
        title: what people call it.
    """

    def __init__(self, ledger: Ledger, desk: str, title: str) -> None:
        self._ledger, self._title = ledger, title
        self._name = f"habits of {desk}"
        self._known: DeskHabits | None = None
        self.warnings: list[str] = []
        """What a person should know of it, in words; each once."""

    def habits(self) -> Flow[DeskHabits]:
        """What is known."""
        if self._known is None:
            text = yield from do("habits", lambda: self._ledger.spent(self._name))
            self._known = DeskHabits.load(text)
        return self._known

    def takes(self, act: Act) -> Flow[None]:
        """An act was carried out."""
        if act in _LEARNED and act not in (yield from self.habits()).taken:
            yield from self._change(lambda known: attrs.evolve(known, taken=known.taken | {act}))

    def refuses(self, act: Act) -> Flow[None]:
        """An act was refused for good."""
        known = yield from self.habits()
        if act in _LEARNED and act not in known.taken and known.does_without(act) is None:
            yield from self._change(lambda k: attrs.evolve(k, refused=(*k.refused, act)))

    def mails_notes(self) -> Flow[None]:
        """A note was not marked as one in the answer."""
        yield from self._change(lambda known: attrs.evolve(known, mails_notes=True))

    def lists_notes(self, listed: bool) -> Flow[None]:
        """Whether a note that was written is among the messages of its ticket."""
        yield from self._change(lambda known: attrs.evolve(known, lists_notes=listed))

    def _change(self, change: Change) -> Flow[None]:
        def step(text: str | None, _: float | None) -> tuple[str, tuple[DeskHabits, DeskHabits]]:
            before = DeskHabits.load(text)
            after = change(before)
            return after.text(), (before, after)

        before, after = yield from do("learn", lambda: self._ledger.change(self._name, step))
        self._known = after
        for act in _LEARNED:
            why = after.does_without(act)
            if why is not None and why != before.does_without(act):
                self.warnings.append(f"{self._title}: {why}")
        if after.lists_notes is False and before.lists_notes is None:
            self.warnings.append(
                f"{self._title}: internal notes are not among the messages of a ticket, so it "
                "cannot be seen whether people have written some, nor whether a note of ours whose "
                "answer was lost is there: such a note is not written again"
            )

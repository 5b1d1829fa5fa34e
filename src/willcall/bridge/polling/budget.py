"""What a request is spent on, and how the requests are shared out. Pure."""

from __future__ import annotations

from enum import StrEnum

import attrs

from ..model.questions import Question


class PollReason(StrEnum):
    """Why a poll is sent."""

    SWEEP = "sweep"
    """The list, page by page: whatever shows in a row, new events, and those that are gone."""
    QUESTION = "question"
    """Those events of the list that have a status: shows a change among all of them at once."""
    FIRST = "first"
    """An event whose ticket types were never seen, or whose status has changed since."""
    LAUNCH = "launch"
    """A moment known beforehand: a sale opens (and some seconds later), or an event starts."""
    RETRY = "retry"
    """The poll before it failed."""
    PRIORITY = "priority"
    """It has the highest priority by the forecast."""
    FLOOR = "floor"
    """It was seen longest ago. So no event is starved, whatever the forecast says."""


@attrs.frozen
class Poll:
    """One request: a page of the list, one event's ticket types, or a question to the list.

    ``at`` is when it should leave: at most one request's spacing after it was asked for.
    """

    at: float
    why: PollReason
    page: int | None = None
    event: str | None = None
    question: Question | None = None


@attrs.frozen(kw_only=True)
class Shares:
    """How the requests are shared out.

    Attributes:
        floor: the least share that is kept for whatever was unseen longest.
        most: the most that is kept for it, unless rows carry ticket types.
        unseen: seconds for which no event is to go unseen, as long as ``most`` is enough for it.
            With more events than that the share falls again, with the power 2/3 of how many there
            are: polls in turn would cost more than they find.
        sweep: the most that sweeps of the list may take, where it answers no questions.
        beside: the most that they may take beside questions.
        single: the most that they may take if the list is a single page, which shows all at once.
    """

    floor: float = 0.07
    most: float = 0.25
    unseen: float = 900.0
    sweep: float = 0.08
    beside: float = 0.025
    single: float = 0.3

    def turns(self, lap: float) -> float:
        """The share for what was unseen longest, if all in turn would take ``lap`` seconds."""
        kept = self.most * self.unseen
        share = lap / self.unseen if self.enough(lap) else self.most * (kept / lap) ** (2 / 3)
        return max(self.floor, share)

    def enough(self, lap: float) -> bool:
        """Whether ``most`` is enough to see each within ``unseen`` seconds."""
        return lap <= self.most * self.unseen

    def eager(self, lap: float) -> bool:
        """Whether turns get their share all the time: as long as all could be seen within
        ``unseen`` seconds, if nothing else were done. Later they are taken when they are due."""
        return lap <= self.unseen

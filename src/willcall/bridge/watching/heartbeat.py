"""What a watch reports: notices as things happen, and a heartbeat once a minute. Values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from ...errors import ApiError, WillcallError
from ..model.exit_codes import code_of, worst
from ..polling.planner import Planner
from ..polling.rate import RateController
from ..run import PassReport

MINUTE = 60.0
"""Seconds between two heartbeats, as between two runs of cron."""


@attrs.frozen(kw_only=True)
class WatchNotice:
    """Something happened.

    Args:
        at: when (aware).
        box_office: its name.
        report: what happened, as a pass would report it; None if ``said`` is all there is.
        said: what happened, in a line.
    """

    at: datetime
    box_office: str
    report: PassReport | None = None
    said: str = ""


@attrs.define
class Heartbeat:
    """What happened in a minute of a watch.

    Args:
        began: when it began (aware).
        begins: the same in monotonic seconds.
        polls: how many polls succeeded.
        changes: how many changes were recorded.
        delivered: how many acts were delivered.
        folded: how many duplicates were folded.
        error: what kept the watch from polling at the end of the minute.
        stopped: what kept it from delivering.
        left: what is still to be delivered, by state.
        unreadable: what could not be read while the rest could, and why.
        defect: an error that nobody expected.
    """

    began: datetime
    begins: float
    polls: int = 0
    changes: int = 0
    delivered: int = 0
    folded: int = 0
    error: ApiError | None = None
    stopped: ApiError | None = None
    left: Mapping[str, int] = attrs.field(factory=dict)
    unreadable: Mapping[str, str] = attrs.field(factory=dict)
    defect: WillcallError | None = None

    @property
    def code(self) -> int:
        """The exit code that a run of this outcome would have."""
        return worst(
            [
                code_of(self.defect),
                code_of(self.error),
                code_of(self.stopped),
                3 if self.left else 0,
            ]
        )

    def summary(
        self, events: int, planner: Planner | None, rate_controller: RateController, moment: float
    ) -> dict[str, Any]:
        """What the ledger keeps of it.

        ``sweep_seconds`` is the greatest age of what a row of the list shows, and
        ``longest_unseen`` that of what is known of any event, both in seconds. ``part`` is the part
        of the allowed polls that is sent, beside other programs with the same key.
        ``distrusted`` are the statuses that the list is asked for less often, as polls contradict
        its answers, and how many times less.
        """
        schedule = None if planner is None else planner.schedule
        unseen = (
            None if schedule is None else rate_controller.bound(moment, schedule.longest_unseen)
        )
        return {
            "events": events,
            "changes": self.changes,
            "delivered": self.delivered,
            "folded": self.folded,
            "left": dict(self.left),
            "unreadable": dict(self.unreadable),
            "trouble": str(self.defect or self.error or self.stopped or ""),
            "polls": self.polls,
            "sweep_seconds": None if schedule is None else round(schedule.sweep_seconds, 1),
            "longest_unseen": None if unseen is None else round(unseen, 1),
            "distrusted": {} if schedule is None else schedule.questions.distrusted,
            "part": round(rate_controller.part(moment), 3),
        }

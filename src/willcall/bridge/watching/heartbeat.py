"""What a watch tells: each thing as it happens, and once a minute what a run would note. Values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs

from ...errors import ApiError
from ..model.exit_codes import code_of, worst
from ..polling.planner import Planner
from ..polling.rate import RateController
from ..run import PassReport

MINUTE = 60.0
"""Seconds; what cron has between two runs, a watch has between two notes."""


@attrs.frozen(kw_only=True)
class WatchNotice:
    """Something happened: a pass's report in small, or a line that says it all."""

    at: datetime
    box_office: str
    report: PassReport | None = None
    said: str = ""


@attrs.define
class Heartbeat:
    """What a minute has brought; ``began`` by the clock on the wall, ``begins`` in ticks.

    ``error`` is what kept it from looking at its end, ``stopped`` what kept it from delivering, and
    ``left`` what is still to be delivered, by state.
    """

    began: datetime
    begins: float
    looks: int = 0
    changes: int = 0
    delivered: int = 0
    folded: int = 0
    error: ApiError | None = None
    stopped: ApiError | None = None
    left: Mapping[str, int] = attrs.field(factory=dict)

    @property
    def code(self) -> int:
        """The exit code that a run of this outcome would have."""
        return worst([code_of(self.error), code_of(self.stopped), 3 if self.left else 0])

    def summary(
        self, events: int, planner: Planner | None, tempo: RateController, moment: float
    ) -> dict[str, Any]:
        """What the ledger keeps of it; the last three say how old what is known can be at the most,
        in seconds: of what a row shows, and of any event; and which part of the looks that our own
        limits allow are made, beside others with the same key."""
        schedule = None if planner is None else planner.schedule
        unseen = None if schedule is None else tempo.bound(moment, schedule.longest_unseen)
        return {
            "events": events,
            "changes": self.changes,
            "delivered": self.delivered,
            "folded": self.folded,
            "left": dict(self.left),
            "trouble": str(self.error or self.stopped or ""),
            "looks": self.looks,
            "sweep_seconds": None if schedule is None else round(schedule.sweep_seconds, 1),
            "longest_unseen": None if unseen is None else round(unseen, 1),
            "part": round(tempo.part(moment), 3),
        }

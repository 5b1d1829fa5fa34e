"""Delivering beside a watch: what was written down is carried out as soon as somebody rings.

Rounds are what a run does after deciding. What is the same at every round (a desk that is away, a
ticket that waits) is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from ...client.flow import Flow, sleep, tick
from ...errors import ApiError, LedgerError, TakenOverError
from ..delivery.attempt import Delivered, Outcome
from ..delivery.job import Job
from ..ledger import Fence
from ..run import PassReport, deliver

_ROUND = 50.0
"""Seconds after which a round of deliveries begins nothing more, as a run's does."""
_AGAIN = 15.0
"""Seconds after which what could not be delivered is tried again, unless the desk is sick."""
_IDLE_ROUND = 5.0
"""Seconds between two looks into the ledger for what others have left to deliver."""
_LONGEST_PAUSE = 60.0


class OutboxRelay:
    """Carries out what the ledger holds for one box office.

    Args:
        job: the box office, its desk, the ledger. It leaves when ``job.stopping`` says so.
        say: tells of a round in which something happened (``report=…``), or a line (``said=…``).
    """

    def __init__(self, job: Job, say: Callable[..., Flow[None]]) -> None:
        self.fence: Fence | None = None
        """The right to send; without it there is nothing to do yet."""
        self.left: Mapping[str, int] = {}
        """What is still to be delivered, by state."""
        self.stopped: ApiError | None = None
        """What kept the last round from delivering."""
        self._job, self._say = job, say
        self._rung = False
        self._delivered = self._folded = 0
        self._outcomes: dict[str, Outcome] = {}

    def ring(self) -> None:
        """There is something to deliver. Never waits."""
        self._rung = True

    def counted(self) -> tuple[int, int]:
        """How many acts were delivered, and how many second tickets folded, since last asked."""
        counts = self._delivered, self._folded
        self._delivered = self._folded = 0
        return counts

    def carrying(self) -> Flow[None]:
        """Carry out what there is, until it is time to leave.

        Raises:
            LedgerError: it will not pass by itself, or somebody else has the lease.
        """
        due, sick, stopping = 0.0, 0, self._job.stopping
        while not stopping():
            moment = yield from tick()
            if self.fence is None or not (self._rung or moment >= due):
                yield from sleep(self._job.watching.idle)
                continue
            self._rung = False
            try:
                yield from self._round(self.fence, moment)
            except LedgerError as error:
                if isinstance(error, TakenOverError) or not error.temporary:
                    raise
                sick += 1
            else:
                sick = sick + 1 if self.stopped is not None else 0
            moment = yield from tick()
            wait = _AGAIN if self.left else _IDLE_ROUND
            due = moment + (min(_LONGEST_PAUSE, 2.5 * 2.0 ** min(sick, 5)) if sick else wait)

    def _round(self, fence: Fence, moment: float) -> Flow[None]:
        report = PassReport(box_office=self._job.name)
        report = yield from deliver(self._job, fence, report, moment + _ROUND)
        done, before = report.deliveries, self.stopped
        news = self._fresh(done.delivered)
        self.left, self.stopped = report.left, done.stopped
        self._delivered += len(done.delivered)
        self._folded += done.folded
        told = done.stopped is not None and type(done.stopped) is not type(before)
        if before is not None and done.stopped is None:
            yield from self._say(said=f"{self._job.desk.title} answers again")
        if news or told:
            stopped = done.stopped if told else None
            shown = attrs.evolve(done, delivered=tuple(news), stopped=stopped)
            yield from self._say(report=attrs.evolve(report, deliveries=shown))

    def _fresh(self, delivered: Sequence[Delivered]) -> list[Delivered]:
        """What is not as it was the last time somebody was told."""
        before, self._outcomes = self._outcomes, {}
        for one in delivered:
            if not one.outcome.settled:
                self._outcomes[one.intent.marker] = one.outcome
        return [one for one in delivered if before.get(one.intent.marker) is not one.outcome]

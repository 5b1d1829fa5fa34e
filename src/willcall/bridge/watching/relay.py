"""The outbox relay: beside a watch, it delivers what the watch has committed. A flow.

It works in rounds. A round delivers like a run does after it has decided. It starts when the watch
wakes the relay, and at intervals, for what other processes have left. What does not change from
round to round (a desk that cannot be reached, an act that waits) is reported once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from ...client.flow import Flow, sleep, tick
from ...errors import ApiError, LedgerError, TakenOverError, WillcallError
from ..delivery.attempt import Delivered, Outcome
from ..delivery.job import Job
from ..ledger import Fence
from ..run import PassReport, deliver, unexpected

_ROUND = 50.0
"""Seconds after which a round of deliveries begins nothing more, as a run's does."""
_AGAIN = 15.0
"""Seconds after which what is left is tried again, unless the desk or the ledger fails."""
_IDLE_ROUND = 5.0
"""Seconds after which the ledger is read again, if nothing is left to deliver."""
_LONGEST_PAUSE = 60.0
"""Seconds between two rounds at the most, while the desk or the ledger fails."""


class OutboxRelay:
    """Delivers what the ledger holds for a box office.

    Args:
        job: the box office, its desk, the ledger. The relay ends when ``job.stopping`` says so.
        say: reports a round in which something happened (``report=…``), or a line (``said=…``).
    """

    def __init__(self, job: Job, say: Callable[..., Flow[None]]) -> None:
        self.fence: Fence | None = None
        """The lease under which it sends; while it has none, it does nothing."""
        self.left: Mapping[str, int] = {}
        """How many acts are still to be delivered, by state."""
        self.stopped: ApiError | None = None
        """The error that stopped the last round."""
        self.defect: WillcallError | None = None
        """An error that nobody expected, in the last round."""
        self._job, self._say = job, say
        self._woken = False
        self._delivered = self._folded = 0
        self._outcomes: dict[str, Outcome] = {}

    def wake(self) -> None:
        """Start a round soon: there is something to deliver. Does not wait."""
        self._woken = True

    def counted(self) -> tuple[int, int]:
        """How many acts were delivered, and how many second tickets folded, since the last call."""
        counts = self._delivered, self._folded
        self._delivered = self._folded = 0
        return counts

    def relaying(self) -> Flow[None]:
        """Deliver round by round, until the process is asked to leave.

        Raises:
            LedgerError: the ledger fails and will not recover by itself, or somebody else has the
                lease.
        """
        due, failures, stopping = 0.0, 0, self._job.stopping
        while not stopping():
            moment = yield from tick()
            if self.fence is None or not (self._woken or moment >= due):
                yield from sleep(self._job.watching.idle)
                continue
            self._woken = False
            try:
                yield from self._round(self.fence, moment)
            except LedgerError as error:
                if isinstance(error, TakenOverError) or not error.temporary:
                    raise
                failures += 1
            except WillcallError:
                raise
            except Exception as error:  # noqa: BLE001 - it must not end other box offices' watches
                failures += 1
                before, self.defect = self.defect, unexpected(error)
                if str(before) != str(self.defect):
                    report = PassReport(box_office=self._job.name, trouble=self.defect)
                    yield from self._say(report=report)
            else:
                failures = failures + 1 if self.stopped is not None else 0
                self.defect = None
            moment = yield from tick()
            wait = _AGAIN if self.left else _IDLE_ROUND
            if failures:
                wait = min(_LONGEST_PAUSE, 2.5 * 2.0 ** min(failures, 5))
            due = moment + wait

    def _round(self, fence: Fence, moment: float) -> Flow[None]:
        report = PassReport(box_office=self._job.name)
        report = yield from deliver(self._job, fence, report, moment + _ROUND)
        done, before = report.deliveries, self.stopped
        changed = self._changed(done.delivered)
        self.left, self.stopped = report.left, done.stopped
        self._delivered += len(done.delivered)
        self._folded += done.folded
        new_error = done.stopped is not None and type(done.stopped) is not type(before)
        if before is not None and done.stopped is None:
            yield from self._say(said=f"{self._job.desk.title} answers again")
        if changed or new_error:
            stopped = done.stopped if new_error else None
            shown = attrs.evolve(done, delivered=tuple(changed), stopped=stopped)
            yield from self._say(report=attrs.evolve(report, deliveries=shown))

    def _changed(self, delivered: Sequence[Delivered]) -> list[Delivered]:
        """The acts whose outcome is another than in the round before."""
        before = self._outcomes
        self._outcomes = {
            act.intent.marker: act.outcome for act in delivered if not act.outcome.settled
        }
        return [act for act in delivered if before.get(act.intent.marker) is not act.outcome]

"""Watching one box office without end: two flows, one lease.

:meth:`Watch.observing` polls the box office, request by request, as the schedule says. What follows
from each poll is written down at once, by the same code as in a run. :meth:`Watch.delivering`
carries out what was written down, with the desk's requests (:mod:`.relay`); the first flow wakes
it, and never waits for it. Whatever drives them (two threads, or a simulation) runs both until the
first is over.

::

    observing    lease → poll → diff → decide → commit → poll → …          → release
                                            │ wakes                        ▲ waits
    delivering                              └▶ attempting → send → done → … ┘

Once a minute the first does what a run does besides polling: scheduled removals, what time alone
has ripened, a line in the ledger's list of runs, and what the planner has learned.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import attrs

from ...client.flow import Flow, do, draw, now, sleep, tick, watched
from ...errors import (
    ApiError,
    LedgerError,
    RateLimitError,
    StoppedError,
    TakenOverError,
    WillcallError,
)
from ..delivery.job import Job
from ..detection.observe import observe, understood
from ..detection.poller import Poller
from ..detection.troubles import kind_of, of_all
from ..evaluate import (
    Found,
    evaluate,
    found_in,
    in_trouble,
    planner_of,
    rate_of,
    removals_due,
    sales_in,
    with_read,
)
from ..ledger import Fence
from ..model.cases import Evaluation, Name
from ..model.exit_codes import worst
from ..model.facts import EventFacts
from ..model.kinds.ticket_types import SELLING_FAST
from ..model.observation import Observation
from ..naming import refuse_another, refuse_renamed
from ..polling.budget import Poll
from ..polling.planner import Planner
from ..polling.rate import RateController
from ..request_counter import RequestCounter
from ..run import PassReport, busy, strangers, unexpected
from .heartbeat import MINUTE, Heartbeat, WatchNotice
from .relay import OutboxRelay

_RENEW = 20.0
"""Seconds between two signs of life in the ledger; a lease lasts for several."""
_POLL_SECONDS = 20.0
"""Seconds that a poll may take, waits and repetitions included."""
_LONGEST_PAUSE = 60.0
_LONGEST_LEDGER_PAUSE = 30.0
_LONGEST_BACK_OFF = 20.0
"""Seconds: so that three minutes of trouble are seen as such, and its end soon."""
_HANDOVER = 3.0
"""Seconds that delivery is given to finish the act in hand."""


class Watch:
    """One box office under watch: what its two flows share.

    Args:
        job: the box office, its desk, the rules, the ledger.
        tell: is called with each notice, by the flow in which it happens.
    """

    def __init__(self, job: Job, tell: Callable[[WatchNotice], None]) -> None:
        self.job = job
        self.over = False
        """Whether observing has ended, so that delivery should."""
        self.delivered = False
        """Whether delivery has ended."""
        self.codes: deque[int] = deque(maxlen=10)
        """The exit code that each minute stands for, until somebody asks for :meth:`code`."""
        self._tell = tell
        self._fault: WillcallError | None = None
        self._fast: set[Name] = set()
        # When events were last judged; the first time every event is, since rules may be others.
        self._judged: float | None = None
        self._snapshot: dict[str, EventFacts] = {}
        self._planner: Planner | None = None
        self._poller: Poller | None = None
        # What differs since the history was last written, as it has it.
        self._unwritten: dict[str, EventFacts] = {}
        self._history_at = 0.0
        self._renewed = 0.0
        self._failures = 0
        # The step that the ledger failed in, until that succeeds; and how often it did.
        self._failing = ""
        self._ledger_failures = 0
        self._noted: tuple[str, float] | None = None
        # The last error that nobody expected, and how many steps in a row have met one.
        self._defect: WillcallError | None = None
        self._defects = 0
        self._heartbeat: Heartbeat | None = None
        self._counter = RequestCounter()
        self._relay = OutboxRelay(attrs.evolve(job, stopping=self._leaving), self._say)
        self._rate_controller = RateController(lambda trip: rate_of(job, trip))

    # -- observing ----------------------------------------------------------------------------

    def observing(self) -> Flow[PassReport]:
        """Take the lease, poll until asked to leave, give it back. The report says why it ended.

        Raises:
            LedgerError: the ledger cannot be used.
        """
        job = self.job
        started = yield from now()
        fence = yield from do("lease", lambda: job.ledger.take_lease(job.name, started))
        report = PassReport(box_office=job.name)
        if fence is None:
            self.over = self.delivered = True
            return attrs.evolve(report, trouble=busy(job.name))
        self._relay.fence = fence
        try:
            yield from watched(self._watch(fence), self._counter)
        except StoppedError:
            pass  # it was asked to leave while it waited
        except WillcallError as error:
            report = attrs.evolve(report, trouble=error)
        except Exception:
            self.over = True
            yield from self._released(fence)
            raise
        self.over = True
        yield from self._handed_over()
        kept = yield from self._released(fence)
        trouble = self._fault or report.trouble or kept or self._defect or self._relay.defect
        return attrs.evolve(report, trouble=trouble, left=self._relay.left)

    def _released(self, fence: Fence) -> Flow[LedgerError | None]:
        """Give the lease back. If the ledger does not take it back now, it runs out by itself."""
        try:
            yield from do("release", lambda: self.job.ledger.release_lease(fence))
        except LedgerError as error:
            return error
        return None

    def _watch(self, fence: Fence) -> Flow[None]:
        job = self.job
        moment = yield from now()
        self._heartbeat = Heartbeat(moment, (yield from tick()))
        state = yield from do("state", lambda: job.ledger.state(job.name))
        planner = yield from planner_of(job, state.snapshot)
        if state.snapshot is None:
            first = yield from self._baseline(fence, planner)
            if first is None:
                return
            self._snapshot = first
        else:
            yield from self._same_house(fence, state.snapshot)
            self._snapshot = dict(state.snapshot)
            self._fast = {
                condition.name
                for condition in state.conditions
                if condition.change.kind == SELLING_FAST
            }
        self._planner = planner
        self._poller = poller = Poller(planner, self._snapshot)
        self._relay.wake()
        yield from self._say(said=f"watching {len(self._snapshot)} events")
        while not self._leaving():
            yield from self._keep(fence)
            moment = yield from now()
            if self._defects:
                # A defect may be met again at once, and must not be met without end.
                yield from self._rest(fence, min(_LONGEST_PAUSE, 2.0 ** min(self._defects, 6)))
            poll = planner.schedule.next(moment.timestamp())
            # A clock that was set back must not make us wait for the time it showed before.
            at = min(poll.at - moment.timestamp(), 2.0 / planner.schedule.rate)
            yield from self._rest(fence, at)
            if self._leaving():
                return
            if (yield from self._guarded(self._poll(fence, poller, poll))):
                self._defects = 0

    def _same_house(self, fence: Fence, snapshot: Mapping[str, EventFacts]) -> Flow[None]:
        """Before the first poll: see that the key is of the box office that was known.

        Raises:
            ConfigError: it is of another.
        """
        box_office = self.job.box_office.within(_POLL_SECONDS)
        while not self._leaving():
            try:
                rows = yield from understood(box_office.rows(), box_office)
                at = yield from now()
                whole = rows.next is None and not rows.unreadable
                seen = Observation(at, rows.events, complete=whole)
                yield from refuse_another(self.job, snapshot, seen)
            except ApiError as error:
                yield from self._failed(fence, None, error)
                continue
            return

    def _guarded(self, work: Flow[None]) -> Flow[bool]:
        """A step of the watch; whether it ended as expected. What nobody expected is reported, and
        the watch goes on: it must not end those of the other box offices."""
        try:
            yield from work
        except WillcallError:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            before, self._defect = self._defect, unexpected(error)
            self._defects += 1
            assert self._heartbeat is not None  # noqa: S101 - there is one while polls are sent
            self._heartbeat.defect = self._defect
            if str(before) != str(self._defect):
                report = PassReport(box_office=self.job.name, trouble=self._defect)
                yield from self._say(report=report)
            return False
        return True

    def _poll(self, fence: Fence, poller: Poller, poll: Poll) -> Flow[None]:
        """Send a poll, and do what follows from it."""
        rate_controller, refused_counts, planner = (
            self._rate_controller,
            self._counter.refused,
            poller.planner,
        )
        began, before = (yield from tick()), refused_counts[self.job.box_office.name]
        error: ApiError | None = None
        try:
            observation = yield from poller.poll(self.job.box_office.within(_POLL_SECONDS), poll)
        except ApiError as problem:
            error = problem
        except LedgerError as problem:  # what is spent of the quota is kept there
            yield from self._ledger_failed("poll", problem)
            return
        yield from self._ledger_well("poll")
        moment = yield from tick()
        took = None if error is not None else moment - began
        said = rate_controller.polled(
            moment, took, refused=refused_counts[self.job.box_office.name] > before
        )
        planner.schedule.rate = rate_controller.rate(moment)
        if said:
            yield from self._say(said=said)
        if error is None:
            yield from self._seen(fence, planner, observation)
        else:
            yield from self._failed(fence, poll, error)

    def _baseline(self, fence: Fence, planner: Planner) -> Flow[dict[str, EventFacts] | None]:
        """Take the baseline, however many tries that needs. None if asked to leave meanwhile.

        Raises:
            LedgerError: the desk holds tickets of a ledger that was lost.
        """
        job = self.job
        while not self._leaving():
            try:
                observation = yield from observe(
                    job.box_office.within(2 * MINUTE), {}, 0, planner, lambda: self._renew(fence)
                )
                orphaned = yield from refuse_renamed(job, observation)
                alone = yield from strangers(job, observation, _POLL_SECONDS + (yield from tick()))
                if alone is not None:
                    raise alone
            except ApiError as error:
                yield from self._failed(fence, None, error)
                continue
            except LedgerError as problem:
                yield from self._ledger_failed("poll", problem)
                continue
            yield from self._ledger_well("poll")
            if orphaned:
                warned = PassReport(box_office=job.name, warnings=orphaned)
                yield from self._say(report=warned)
            found = found_in(job, None, observation, planner)
            done = yield from self._evaluated(fence, None, found)
            if done is not None:
                return dict(found.differing)
        return None

    # -- what follows from a poll ---------------------------------------------------------------

    def _seen(self, fence: Fence, planner: Planner, observation: Observation) -> Flow[None]:
        job, heartbeat = self.job, self._heartbeat
        assert heartbeat is not None  # noqa: S101 - there is one while polls are sent
        heartbeat.polls += 1
        well = self._noted is not None
        self._failures, self._noted = 0, None
        if well:
            yield from self._say(said=f"{job.box_office.title} answers again")
        found = found_in(job, self._snapshot, observation, planner)
        # Most polls see nothing new, and write nothing.
        if (
            well
            or found.differing
            or observation.complete
            or sales_in(job, found, self._fast).changes
        ):
            yield from self._evaluated(fence, self._snapshot, found)

    def _evaluated(
        self,
        fence: Fence,
        snapshot: Mapping[str, EventFacts] | None,
        found: Found,
        **more: Any,
    ) -> Flow[Evaluation | None]:
        """Decide and commit. None if the ledger fails for now: the next poll sees it again."""
        moment = yield from tick()
        late = moment - self._history_at >= MINUTE
        write = snapshot is None or bool(found.changes) or late
        unwritten = MappingProxyType(self._unwritten) if write else None
        try:
            evaluation = yield from evaluate(
                self.job,
                fence,
                snapshot,
                found,
                swept=found.observation.complete,
                unwritten=unwritten,
                recent=timedelta(seconds=MINUTE),
                everything=self._judged is None,
                **more,
            )
        except LedgerError as error:
            yield from self._ledger_failed("evaluate", error)
            return None
        self._renewed = self._judged = moment
        if write:
            self._unwritten.clear()
            self._history_at = moment
        elif snapshot is not None:
            for name in found.differing:
                self._unwritten.setdefault(name, snapshot[name])
        yield from self._ledger_well("evaluate", "renew")  # it has kept the lease, too
        self._snapshot.update(found.differing)
        yield from self._take(evaluation, found.observation)
        return evaluation

    def _take(self, evaluation: Evaluation, observation: Observation | None) -> Flow[None]:
        """Wake delivery, and announce the decision."""
        decision = evaluation.decision
        if decision.intents:
            self._relay.wake()
        self._fast -= set(decision.over)
        self._fast |= {
            condition.name
            for condition in decision.conditions
            if condition.change.kind == SELLING_FAST
        }
        assert self._heartbeat is not None  # noqa: S101 - there is one while anything is evaluated
        self._heartbeat.changes += len(decision.recorded)
        if decision.recorded or decision.baseline or decision.warnings:
            seen = observation if decision.baseline else None
            office = self.job.name
            report = PassReport(
                box_office=office,
                observation=seen,
                decision=decision,
                warnings=decision.warnings,
            )
            yield from self._say(report=report)

    # -- what goes wrong --------------------------------------------------------------------------

    def _failed(self, fence: Fence, poll: Poll | None, error: ApiError) -> Flow[None]:
        """A poll failed: wait, longer each time. Trouble that lasts becomes a case."""
        kind = kind_of(error)
        assert self._heartbeat is not None  # noqa: S101 - there is one while polls are sent
        if isinstance(error, RateLimitError):
            wait = min(_LONGEST_PAUSE, max(1.0, error.retry_after or 5.0))
        elif poll is not None and poll.event is not None and not of_all(error):
            # One event that cannot be read must not hold up all the others.
            yield from self._say(said=f"{poll.event}: {error}")
            return
        else:
            self._failures += 1
            pause = min(_LONGEST_BACK_OFF, 2.0 ** min(self._failures - 1, 6))
            wait = pause * (0.5 + 0.5 * (yield from draw()))
        if kind is not None:
            self._heartbeat.error = error
            yield from self._noted_trouble(fence, kind, error)
        yield from self._rest(fence, wait)

    def _noted_trouble(self, fence: Fence, kind: str, error: ApiError) -> Flow[None]:
        """Count a trouble once a minute, as runs do. Announce it when it is new."""
        moment = yield from tick()
        new = self._noted is None or self._noted[0] != kind
        if new:
            report = PassReport(box_office=self.job.name, trouble=error)
            yield from self._say(report=report)
        if not new and self._noted is not None and moment - self._noted[1] < MINUTE:
            return
        self._noted = kind, moment
        job = self.job
        known = self._snapshot or None
        try:
            evaluation = yield from in_trouble(job, fence, known, error)
        except LedgerError as problem:
            yield from self._ledger_failed("evaluate", problem)
            return
        yield from self._ledger_well("evaluate")
        if evaluation is not None:
            yield from self._take(evaluation, None)

    def code(self) -> int:
        """The exit code that stands for what has happened since this was last asked."""
        codes = [75] if self._failing else []
        while self.codes:
            codes.append(self.codes.popleft())
        return worst(codes)

    def _ledger_failed(self, step: str, error: LedgerError) -> Flow[None]:
        """A ledger that fails for now is waited for; what was seen is seen again.

        Raises:
            LedgerError: it will not pass by itself, or somebody else has the lease.
        """
        if isinstance(error, TakenOverError) or not error.temporary:
            raise error
        new, self._failing = not self._failing, step
        self._ledger_failures += 1
        if new:
            yield from self._say(said=f"waiting: {error}")
        yield from sleep(min(_LONGEST_LEDGER_PAUSE, 2.0 ** min(self._ledger_failures, 5)))

    def _ledger_well(self, *steps: str) -> Flow[None]:
        """These steps have succeeded; if the one that failed is among them, the ledger is back.
        Others prove nothing: what is spent of the quota may be locked while all else is not."""
        if self._failing in steps:
            self._failing, self._ledger_failures = "", 0
            yield from self._say(said="the ledger answers again")

    # -- time ---------------------------------------------------------------------------------

    def _rest(self, fence: Fence, seconds: float) -> Flow[None]:
        """Let time pass, and keep the lease meanwhile."""
        ends = (yield from tick()) + seconds
        while not self._leaving():
            left = ends - (yield from tick())
            if left <= 0:
                return
            yield from sleep(min(left, _RENEW))
            yield from self._keep(fence)

    def _renew(self, fence: Fence) -> Flow[None]:
        moment = yield from tick()
        if moment - self._renewed < _RENEW:
            return
        at = yield from now()
        try:
            yield from do("renew", lambda: self.job.ledger.renew(fence, at))
        except LedgerError as error:
            yield from self._ledger_failed("renew", error)
        else:
            self._renewed = moment
            yield from self._ledger_well("renew")

    def _keep(self, fence: Fence) -> Flow[None]:
        """Between two polls: keep the lease, and once a minute do everything but polling."""
        yield from self._renew(fence)
        moment = yield from tick()
        heartbeat = self._heartbeat
        if heartbeat is None or moment - heartbeat.begins < MINUTE:
            return
        at = yield from now()
        yield from self._guarded(self._each_minute(fence, heartbeat, at, moment))
        if self._failing == "remove":
            return  # the ledger fails; all of it is done again
        yield from self._note_heartbeat(heartbeat, at)
        self._heartbeat = Heartbeat(at, moment)

    def _each_minute(
        self, fence: Fence, heartbeat: Heartbeat, at: datetime, moment: float
    ) -> Flow[None]:
        """What a run does besides polling."""
        planner = self._planner
        if planner is not None and self._noted is None:
            packed = planner.packed(self._snapshot)
            try:
                removed = yield from removals_due(self.job, fence, moment + MINUTE, self._snapshot)
            except LedgerError as error:
                yield from self._ledger_failed("remove", error)
                return
            yield from self._ledger_well("remove")
            if removed.warnings:
                office = self.job.name
                warned = PassReport(box_office=office, warnings=removed.warnings)
                yield from self._say(report=warned)
            odd = None if self._poller is None else self._poller.unreadable
            nothing = Found(Observation(at, (), complete=False, unreadable=odd, read=None))
            found = with_read(self.job, self._snapshot, nothing, removed, planner)
            yield from self._evaluated(
                fence, self._snapshot, found, removed=removed, planner=packed
            )
            heartbeat.unreadable = odd or {}

    def _note_heartbeat(self, heartbeat: Heartbeat, at: datetime) -> Flow[None]:
        """A minute of a watch counts as a run, for the ledger and for the watchdog."""
        job, relay = self.job, self._relay
        heartbeat.delivered, heartbeat.folded = relay.counted()
        heartbeat.left, heartbeat.stopped = relay.left, relay.stopped
        heartbeat.defect = heartbeat.defect or relay.defect
        if self._noted is None:
            heartbeat.error = None  # it has passed
        code, moment = heartbeat.code, (yield from tick())
        summary = heartbeat.summary(
            len(self._snapshot), self._planner, self._rate_controller, moment
        )
        summary |= self._counter.taken()
        self.codes.append(code)
        try:
            yield from do(
                "note run",
                lambda: job.ledger.record_run(job.name, heartbeat.began, at, code, summary),
            )
        except LedgerError as error:
            yield from self._ledger_failed("note", error)
        else:
            yield from self._ledger_well("note")

    # -- delivering -----------------------------------------------------------------------------

    def delivering(self) -> Flow[None]:
        """Carry out what was written down, as soon as it is, until observing is over."""
        try:
            yield from watched(self._relay.relaying(), self._counter)
        except StoppedError:
            pass
        except WillcallError as error:
            self._fault = error
        finally:
            self.delivered = self.over = True

    # -- what they share --------------------------------------------------------------------------

    def _leaving(self) -> bool:
        return self.over or self.job.stopping()

    def _handed_over(self) -> Flow[None]:
        """Wait until delivery has finished the act in hand."""
        ends = (yield from tick()) + _HANDOVER
        while not self.delivered and (yield from tick()) < ends:
            yield from sleep(0.05)

    def _say(self, *, report: PassReport | None = None, said: str = "") -> Flow[None]:
        at = yield from now()
        notice = WatchNotice(at=at, box_office=self.job.name, report=report, said=said)
        yield from do("tell", lambda: self._tell(notice))

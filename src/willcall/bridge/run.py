"""One pass for one box office: observe → diff → decide → commit → deliver. A flow.

Everything that runs the bridge (cron, the command line, whatever comes) runs this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import attrs

from ..client.flow import Flow, do, now, tick
from ..errors import (
    ApiError,
    AuthenticationError,
    InputError,
    LedgerError,
    PermissionDeniedError,
    StoppedError,
    TakenOverError,
    WillcallError,
)
from ..ticketsmart.api import PROVIDER as TICKETSMART
from ..ticketsmart.api import FlowTicketSmart
from .cases import Case, Conclusion, Decision, Intent, IntentState, Name, State
from .changes import Change
from .decide import decide, release
from .deliver import Deliveries, deliver_all
from .diff import diff
from .facts import EventFacts, TypeFacts, event_facts
from .forecast import Forecast
from .job import Job as Job  # noqa: PLC0414 - whoever runs a pass needs one
from .ledger import Fence
from .observe import Observation, observe
from .outlook import Outlooks, outlooks
from .planner import Planner
from .predictions import Prediction
from .recovery import rebuild, refuse_to_guess
from .removals import Removed, remove_due
from .selling import Sales, sales
from .troubles import letters, noted


@attrs.frozen(kw_only=True)
class PassReport:
    """What a pass has seen, concluded and done.

    ``trouble`` is what kept it from observing, ``deliveries.stopped`` what kept it from delivering
    everything; ``left`` counts by state the intents that are still to be carried out; ``recovered``
    is how many tickets a lost ledger was read back from.
    """

    box_office: str
    observation: Observation | None = None
    decision: Decision | None = None
    deliveries: Deliveries = attrs.field(factory=Deliveries)
    left: Mapping[str, int] = attrs.field(factory=dict)
    trouble: WillcallError | None = None
    recovered: int | None = None

    @property
    def exit_code(self) -> int:
        """What this pass alone would end the command with; see :func:`exit_code`."""
        codes = [code_of(self.trouble), code_of(self.deliveries.stopped)]
        if self.left:
            codes.append(3)
        return worst(codes)


@attrs.frozen(kw_only=True)
class Plan:
    """What a run would do now: its observation, what it would decide, what already waits, and what
    becomes of the tickets that are there."""

    box_office: str
    observation: Observation | None = None
    decision: Decision | None = None
    waiting: tuple[tuple[Case, Intent], ...] = ()
    outlooks: Outlooks = attrs.field(factory=Outlooks)
    trouble: WillcallError | None = None

    @property
    def exit_code(self) -> int:
        """0, or what kept it from looking."""
        return worst((code_of(self.trouble), code_of(self.outlooks.trouble)))

    @property
    def pending(self) -> bool:
        """Whether a run would write or send anything but the baseline."""
        return bool(self.waiting or (self.decision and self.decision.intents))


STOPPED = 143
"""The exit code of a run that was asked to leave by SIGTERM: 128 + 15, as shells count."""


def code_of(trouble: WillcallError | None) -> int:
    """The exit code that an error stands for."""
    if trouble is None:
        return 0
    if isinstance(trouble, AuthenticationError | PermissionDeniedError):
        return 77
    if isinstance(trouble, InputError):
        return 78
    if isinstance(trouble, StoppedError):
        return STOPPED
    if isinstance(trouble, LedgerError):
        return 75 if trouble.temporary else 78
    return 75 if isinstance(trouble, ApiError) else 1


# What needs a person comes before what passes by itself.
_GRAVITY = (1, 78, 77, STOPPED, 3, 75, 0)


def worst(codes: Iterable[int]) -> int:
    """Of several exit codes, the one that matters most."""
    return min(codes, key=_GRAVITY.index, default=0)


def run_pass(job: Job) -> Flow[PassReport]:
    """Observe, decide, commit, deliver. What goes wrong is in the report, and never half done.

    Raises:
        LedgerError: the ledger cannot be used; nothing was sent.
    """
    started = yield from now()
    ends = (yield from tick()) + job.max_seconds

    def work(fence: Fence) -> Flow[PassReport]:
        report = yield from _observe_and_commit(job, fence, ends)
        report = yield from deliver(job, fence, report, ends)
        yield from _note_run(job, report, started)
        return report

    return (yield from _with_lease(job, started, work))


def _with_lease(
    job: Job, started: datetime, work: Callable[[Fence], Flow[PassReport]]
) -> Flow[PassReport]:
    """Work as the one sender for a box office, or report that somebody else is."""
    fence = yield from do("lease", lambda: job.ledger.take_lease(job.box_office, started))
    if fence is None:
        return PassReport(box_office=job.box_office, trouble=busy(job.box_office))
    try:
        report = yield from work(fence)
    except Exception:
        yield from do("release", lambda: job.ledger.release_lease(fence))
        raise
    yield from do("release", lambda: job.ledger.release_lease(fence))
    return report


def busy(box_office: str) -> TakenOverError:
    """Somebody else is at work."""
    return TakenOverError(
        f"another run, or a watch, is at work on {box_office!r}; this one leaves it alone"
    )


def _observe_and_commit(job: Job, fence: Fence, ends: float) -> Flow[PassReport]:
    report = PassReport(box_office=job.box_office)
    state = yield from _state(job)
    planner = yield from planner_of(job, state.snapshot)
    try:
        found = yield from _seen(job, state, ends, planner)
        if state.snapshot is None:
            alone = yield from strangers(job, found.observation, ends)
            if alone is not None:
                return attrs.evolve(report, trouble=alone)
    except ApiError as error:
        conclusion = yield from in_trouble(job, fence, state.snapshot, error)
        decision = None if conclusion is None else conclusion.decision
        return attrs.evolve(report, trouble=error, decision=_told(decision))
    removed = yield from removals_due(job, fence, ends)
    learned = {**(state.snapshot or {}), **found.differing}
    concluded = yield from conclude(
        job, fence, state.snapshot, found, removed, planner=planner.packed(learned)
    )
    return attrs.evolve(
        report, observation=found.observation, decision=concluded.decision, trouble=removed.trouble
    )


def _told(decision: Decision | None) -> Decision | None:
    """A decision in which something has happened."""
    return decision if decision is not None and decision.recorded else None


def strangers(job: Job, observation: Observation, ends: float) -> Flow[ApiError | None]:
    """Before a baseline: whether another ledger's tickets are there; the error if nobody can say.

    Raises:
        LedgerError: they are.
    """
    left = ends - (yield from tick())
    try:
        api = job.ticket0.with_options(deadline=max(0.001, left))
        yield from refuse_to_guess(job, api, observation)
    except ApiError as error:
        return error
    return None


def recover_pass(job: Job) -> Flow[PassReport]:
    """Read a lost ledger back from Ticket0, and deliver what it still owes.

    Raises:
        LedgerError: the ledger is not empty, or cannot be used.
    """
    started = yield from now()
    ends = (yield from tick()) + job.max_seconds

    def work(fence: Fence) -> Flow[PassReport]:
        report = PassReport(box_office=job.box_office)
        try:
            planner = yield from planner_of(job, None)
            found = yield from _seen(job, State(), ends, planner)
            left = ends - (yield from tick())
            api = job.ticket0.with_options(deadline=max(0.001, left))
            tickets = yield from rebuild(job, fence, api, found.observation)
        except ApiError as error:
            return attrs.evolve(report, trouble=error)
        report = attrs.evolve(report, observation=found.observation, recovered=len(tickets))
        return (yield from deliver(job, fence, report, ends))

    return (yield from _with_lease(job, started, work))


def _state(job: Job) -> Flow[State]:
    moment = yield from now()
    since = moment - job.horizon
    return (yield from do("state", lambda: job.ledger.state(job.box_office, since)))


@attrs.frozen
class Found:
    """What was seen, what differs from what was known, and what is expected of it."""

    observation: Observation
    changes: tuple[Change, ...] = ()
    differing: Mapping[str, EventFacts] = attrs.field(factory=dict)
    expected: tuple[tuple[EventFacts, Mapping[str, Forecast]], ...] = ()


def rate_of(job: Job, trip: float = 0.0) -> float:
    """How many looks a second the quota allows, if each takes so many seconds."""
    return TICKETSMART.quota.rate(job.watching.share, trip)


def planner_of(job: Job, snapshot: Mapping[str, EventFacts] | None) -> Flow[Planner]:
    """The planner as the last process has left it."""
    memory = yield from do("planner", lambda: job.ledger.planner(job.box_office))
    return Planner.of(rate_of(job), job.rules.low_stock, snapshot, memory)


def found_in(
    job: Job,
    snapshot: Mapping[str, EventFacts] | None,
    observation: Observation,
    planner: Planner,
) -> Found:
    """What an observation means beside what was known."""
    if snapshot is None:
        return Found(observation, (), {event.id: event for event in observation.events})
    changes, differing = diff(job.box_office, snapshot, observation, job.rules.runs_low)
    at = observation.at.timestamp()
    expected = tuple(
        (differing.get(event.id) or snapshot[event.id], told)
        for event in observation.events
        if (told := planner.schedule.forecasts(event.id, at))
    )
    return Found(observation, changes, differing, expected)


def _seen(job: Job, state: State, ends: float, planner: Planner) -> Flow[Found]:
    """Look; nothing is written. A run and a plan share every line of this."""
    api = yield from _ticketsmart(job, ends)
    observation = yield from observe(api, state.snapshot or {}, job.looks, planner)
    return found_in(job, state.snapshot, observation, planner)


def _ticketsmart(job: Job, ends: float) -> Flow[FlowTicketSmart]:
    left = ends - (yield from tick())
    return job.ticketsmart.with_options(deadline=max(0.001, left))


def removals_due(job: Job, fence: Fence, ends: float) -> Flow[Removed]:
    """Do the scheduled removals whose time has come."""
    if not job.removals:
        return Removed()
    api = yield from _ticketsmart(job, ends)
    return (yield from remove_due(api, job.ledger, fence, job.removals))


def conclude(
    job: Job,
    fence: Fence,
    snapshot: Mapping[str, EventFacts] | None,
    found: Found,
    removed: Removed | None = None,
    *,
    planner: bytes | None = None,
    swept: bool = True,
    unwritten: Mapping[str, EventFacts] | None = MappingProxyType({}),
    lately: timedelta = timedelta(0),
) -> Flow[Conclusion]:
    """Decide what a look means, and write it down; both in one transaction.

    Args:
        job: whose box office it is.
        fence: the lease it is done under.
        snapshot: every event as it was last seen; None before the baseline.
        found: what was seen.
        removed: what came of the removals that were due.
        planner: what the planner has learned meanwhile.
        swept: whether it ends a complete look at the box office.
        unwritten: see :class:`~willcall.bridge.cases.Conclusion`.
        lately: cases opened so short a while ago count towards a storm as well.
    """
    removed = removed or Removed()

    def step(state: State) -> Conclusion:
        decision, foretold = _decided(job, state, found, removed, lately)
        return Conclusion(decision=decision, swept=swept, foretold=foretold, unwritten=unwritten)

    moment = yield from now()
    concluded = yield from do(
        "commit",
        lambda: job.ledger.conclude(
            fence,
            moment,
            step,
            since=moment - job.horizon,
            snapshot=snapshot,
            keep=job.history,
            planner=planner,
        ),
    )
    assert concluded is not None  # noqa: S101 - the step always concludes something
    for name, tried in removed.notes:
        yield from do(
            "removal refused",
            lambda: job.ledger.note_removal(fence, name, tried, moment),  # noqa: B023
        )
    return concluded


def sales_in(job: Job, found: Found, holding: Collection[Name]) -> Sales:
    """What begins to sell fast, and what no longer does, beside the conditions that hold."""
    at, low = found.observation.at, job.rules.low_stock
    return sales(job.box_office, found.expected, holding, at, job.selling_fast, low)


def _decided(
    job: Job,
    state: State,
    found: Found,
    removed: Removed | None = None,
    lately: timedelta = timedelta(0),
) -> tuple[Decision, tuple[Prediction, ...]]:
    """What was seen, as a decision; nothing is written. A run, a watch and a plan share it."""
    at = found.observation.at
    removed = removed or Removed()
    # It could be read; that its key may not write needs a person all the same.
    denied = removed.trouble if isinstance(removed.trouble, PermissionDeniedError) else None
    trouble, troubles = noted(job.box_office, state.troubles, denied, at)
    dead = letters(job.box_office, state, at)
    holding = {one.name for one in state.conditions}
    sold = sales(job.box_office, found.expected, holding, at, job.selling_fast, job.rules.low_stock)
    news = (*found.changes, *sold.changes, *removed.changes, *trouble, *dead)
    decision = decide(job.box_office, state, news, found.differing, at, job.rules, lately=lately)
    baseline = state.snapshot is None
    changed = None if dict(troubles) == dict(state.troubles) else troubles
    return attrs.evolve(decision, baseline=baseline, troubles=changed), sold.foretold


def in_trouble(
    job: Job,
    fence: Fence,
    snapshot: Mapping[str, EventFacts] | None,
    error: ApiError | None,
    *,
    planner: bytes | None = None,
) -> Flow[Conclusion | None]:
    """A box office that could not be read. Nothing it shows has changed; that it is in trouble may
    be news of its own. None if nothing follows. Without an error, nothing was looked at: only time
    has passed."""
    at = yield from now()

    def step(state: State) -> Conclusion | None:
        changes: tuple[Change, ...] = ()
        troubles: Mapping[str, int] = state.troubles
        if error is not None:
            changes, troubles = noted(job.box_office, state.troubles, error, at)
        changes = (*changes, *letters(job.box_office, state, at))
        decision = decide(job.box_office, state, changes, {}, at, job.rules, blind=True)
        if state.snapshot is None:
            # Before a baseline nobody knows whether a lost ledger has said the same: look first.
            intents = (attrs.evolve(one, state=IntentState.UNKNOWN) for one in decision.intents)
            decision = attrs.evolve(decision, intents=tuple(intents))
        if not decision.recorded and troubles == state.troubles:
            return None
        return Conclusion(decision=attrs.evolve(decision, troubles=troubles), swept=False)

    return (
        yield from do(
            "commit",
            lambda: job.ledger.conclude(
                fence, at, step, since=at - job.horizon, snapshot=snapshot, planner=planner
            ),
        )
    )


def deliver(job: Job, fence: Fence, report: PassReport, ends: float) -> Flow[PassReport]:
    """Carry out what is not settled; the report, with what came of it and what is left."""
    deliveries = yield from deliver_all(
        job.ledger, fence, job.ticket0, job.rules.address, ends, job.terms, job.stopping
    )
    waiting = yield from do("unsettled", lambda: job.ledger.unsettled(job.box_office))
    left: dict[str, int] = {}
    moment = yield from now()
    for _, intent in waiting:
        kept_back = intent.retry_at is not None and moment < intent.retry_at
        if kept_back and intent.state is IntentState.PENDING:
            continue  # by quiet hours, as it should be
        state = IntentState.UNKNOWN if intent.state is IntentState.ATTEMPTING else intent.state
        left[state.value] = left.get(state.value, 0) + 1
    return attrs.evolve(report, deliveries=deliveries, left=left)


def _note_run(job: Job, report: PassReport, started: datetime) -> Flow[None]:
    ended = yield from now()
    summary: dict[str, Any] = {
        "events": len(report.observation.events) if report.observation else None,
        "changes": len(report.decision.recorded) if report.decision else 0,
        "delivered": len(report.deliveries.delivered),
        "folded": report.deliveries.folded,
        "left": dict(report.left),
        "trouble": str(report.trouble or report.deliveries.stopped or ""),
    }
    code = report.exit_code
    yield from do(
        "note run",
        lambda: job.ledger.record_run(job.box_office, started, ended, code, summary),
    )


def plan_pass(job: Job) -> Flow[Plan]:
    """What :func:`run_pass` would do now. Nothing is written anywhere, and nothing is sent but
    questions."""
    plan = Plan(box_office=job.box_office)
    ends = (yield from tick()) + job.max_seconds
    state = yield from _state(job)
    planner = yield from planner_of(job, state.snapshot)
    waiting = yield from do("unsettled", lambda: job.ledger.unsettled(job.box_office))
    plan = attrs.evolve(plan, waiting=tuple(waiting))
    try:
        found = yield from _seen(job, state, ends, planner)
    except ApiError as error:
        return attrs.evolve(plan, trouble=error)
    decision, _ = _decided(job, state, found)
    by_marker = {case.marker: case for case in (*state.cases, *decision.cases)}
    acts = [*waiting, *((by_marker[one.case], one) for one in decision.intents)]
    ahead = yield from outlooks(job.ticket0, acts, ends - (yield from tick()))
    return attrs.evolve(plan, observation=found.observation, decision=decision, outlooks=ahead)


def release_held(job: Job, markers: Sequence[str]) -> Flow[PassReport]:
    """Let the held cases of a storm go, all or those with these markers, and deliver them.

    Raises:
        LedgerError: the ledger cannot be used; nothing was sent.
    """
    started = yield from now()
    ends = (yield from tick()) + job.max_seconds

    def work(fence: Fence) -> Flow[PassReport]:
        state = yield from _state(job)
        decision = release(job.box_office, state, markers, started, job.rules)
        yield from do("commit", lambda: job.ledger.commit(fence, decision, started, swept=False))
        report = PassReport(box_office=job.box_office, decision=decision)
        return (yield from deliver(job, fence, report, ends))

    return (yield from _with_lease(job, started, work))


def report_removal_failure(job: Job, event: str, ticket_type: str) -> Flow[PassReport]:
    """Take a removal that was refused as a change, and deliver what follows from it.

    Args:
        event: the event's id or slug.
        ticket_type: the ticket type's id or name.

    Raises:
        LedgerError: the ledger cannot be used; nothing was sent.
    """
    started = yield from now()
    ends = (yield from tick()) + job.max_seconds

    def work(fence: Fence) -> Flow[PassReport]:
        report = PassReport(box_office=job.box_office)
        state = yield from _state(job)
        try:
            seen = yield from _facts_of(job, state, event, started)
        except ApiError as error:
            return attrs.evolve(report, trouble=error)
        change = Change(
            kind="ticket_type.removal_failed",
            box_office=job.box_office,
            event=seen,
            ticket_type=seen.ticket_type(ticket_type)
            or TypeFacts(id=ticket_type, name=ticket_type),
            observed_at=started,
        )
        decision = decide(job.box_office, state, [change], {}, started, job.rules, blind=True)
        moment = yield from now()
        yield from do("commit", lambda: job.ledger.commit(fence, decision, moment, swept=False))
        report = attrs.evolve(report, decision=decision)
        return (yield from deliver(job, fence, report, ends))

    return (yield from _with_lease(job, started, work))


def _facts_of(job: Job, state: State, event: str, at: datetime) -> Flow[EventFacts]:
    """An event as it is now; as it was last seen, if TicketSmart cannot be asked."""
    try:
        return event_facts((yield from job.ticketsmart.events.get(event)), at)
    except ApiError:
        known = (state.snapshot or {}).values()
        for facts in known:
            if event in {facts.id, facts.slug}:
                return facts
        raise

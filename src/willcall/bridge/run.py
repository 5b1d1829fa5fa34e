"""One pass for one box office: observe → diff → decide → commit → deliver. A flow.

Everything that runs the bridge (cron, the command line, whatever comes) runs this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import attrs

from ..client.flow import Flow, do, now, tick, watched
from ..errors import (
    ApiError,
    ConfigError,
    LedgerError,
    NotFoundError,
    StoppedError,
    TakenOverError,
    WillcallError,
)
from .alerting.decide import decide, due_already, release
from .delivery.deliver import Deliveries, deliver_all
from .delivery.job import Job as Job  # noqa: PLC0414 - whoever runs a pass needs one
from .delivery.key_check import with_key_checked
from .delivery.projection import Outlooks, outlooks
from .delivery.recovery import rebuild, refuse_to_guess
from .delivery.tries import clock
from .delivery.untold import listed, unannounced
from .detection.observe import observe
from .evaluate import (
    Found,
    box_office_until,
    decided,
    evaluate,
    found_in,
    in_trouble,
    planner_of,
    removals_due,
    with_read,
)
from .ledger import Fence
from .model.cases import Case, Decision, Evaluation, Intent, IntentState, State, address_of
from .model.changes import Change
from .model.exit_codes import code_of, worst
from .model.facts import EventFacts, TypeFacts, derived
from .model.kinds.ticket_types import REMOVAL_FAILED
from .model.observation import Observation
from .naming import refuse_another, refuse_renamed
from .polling.planner import Planner
from .ports import NotThere
from .request_counter import RequestCounter


@attrs.frozen(kw_only=True)
class PassReport:
    """What a pass has seen, decided and done.

    ``trouble`` is what kept it from observing, ``deliveries.stopped`` what kept it from delivering
    everything; ``left`` counts by state the intents that are still to be carried out; ``recovered``
    is how many tickets a lost ledger was read back from; ``warnings`` are what a person should see
    to, each reported once.
    """

    box_office: str
    observation: Observation | None = None
    decision: Decision | None = None
    deliveries: Deliveries = attrs.field(factory=Deliveries)
    left: Mapping[str, int] = attrs.field(factory=dict)
    trouble: WillcallError | None = None
    recovered: int | None = None
    warnings: tuple[str, ...] = ()

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
    becomes of the tickets that are there.

    ``due_already`` are the cases among them that nothing new opens, and ``held`` whether they are
    too many: the rules were edited, or a wait is over."""

    box_office: str
    observation: Observation | None = None
    decision: Decision | None = None
    waiting: tuple[tuple[Case, Intent], ...] = ()
    outlooks: Outlooks = attrs.field(factory=Outlooks)
    due_already: tuple[Case, ...] = ()
    held: bool = False
    trouble: WillcallError | None = None

    @property
    def exit_code(self) -> int:
        """0, or the exit code of the error that kept it from observing."""
        return worst((code_of(self.trouble), code_of(self.outlooks.trouble)))

    @property
    def pending(self) -> bool:
        """Whether a run would write or send anything but the baseline."""
        return bool(self.waiting or (self.decision and self.decision.intents))


_LOOKING = 0.6  # of a pass's time: what is then decided must be delivered, too

STUCK = 180.0
"""Seconds without a request or a wait after which work hangs: requests have limits of their own,
and so have most waits for a ledger; a server that takes a question and answers nothing has none."""


def stuck() -> LedgerError:
    """What is said then."""
    return LedgerError(
        f"the ledger has not answered for {STUCK:.0f} seconds (see that its server is well; "
        "a new start goes on)",
        temporary=True,
    )


def run_pass(job: Job) -> Flow[PassReport]:
    """Observe, decide, commit, deliver. What goes wrong is in the report, and never half done.

    Raises:
        LedgerError: the ledger cannot be used; nothing was sent.
    """
    started = yield from now()
    ends = (yield from tick()) + job.max_seconds

    def work(fence: Fence) -> Flow[PassReport]:
        counter = RequestCounter()
        report = yield from _guarded(
            watched(_observe_and_commit(job, fence, ends), counter), PassReport(box_office=job.name)
        )
        report = yield from _guarded(watched(deliver(job, fence, report, ends), counter), report)
        yield from _note_run(job, report, started, counter)
        return report

    return (yield from _with_lease(job, started, work))


def _guarded(work: Flow[PassReport], report: PassReport) -> Flow[PassReport]:
    """A part of a pass. If it ends unexpectedly, that is the trouble of its report: the rest of the
    pass is done, and the run is recorded.

    Args:
        work: the part.
        report: what there is to report without it.

    Raises:
        LedgerError: nothing can be recorded.
        StoppedError: the process was asked to leave.
    """
    try:
        return (yield from work)
    except (LedgerError, StoppedError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not pass for a good run
        return attrs.evolve(report, trouble=report.trouble or unexpected(error))


def unexpected(error: Exception) -> WillcallError:
    """An error that nobody raised on purpose, in words; any other as it is."""
    if isinstance(error, WillcallError):
        return error
    trouble = WillcallError(f"unexpected {type(error).__name__}: {error}")
    trouble.__cause__ = error
    return trouble


def _with_lease(
    job: Job, started: datetime, work: Callable[[Fence], Flow[PassReport]]
) -> Flow[PassReport]:
    """Work as the one sender for a box office, or report that somebody else is."""
    fence = yield from do("lease", lambda: job.ledger.take_lease(job.name, started))
    if fence is None:
        return PassReport(box_office=job.name, trouble=busy(job.name))
    return (yield from _holding(job, fence, lambda: work(fence)))


def _holding(job: Job, fence: Fence, work: Callable[[], Flow[PassReport]]) -> Flow[PassReport]:
    """Work, and give the lease back."""
    try:
        report = yield from work()
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
    report = PassReport(box_office=job.name)
    state = yield from _state(job)
    planner = yield from planner_of(job, state.snapshot)
    try:
        found = yield from _seen(job, state, ends, planner)
        orphaned = yield from _same_house(job, state, found.observation)
        if state.snapshot is None:
            alone = yield from strangers(job, found.observation, ends)
            if alone is not None:
                return attrs.evolve(report, trouble=alone)
    except ConfigError as error:
        return attrs.evolve(report, trouble=error)
    except ApiError as error:
        evaluation = yield from in_trouble(job, fence, state.snapshot, error)
        decision = None if evaluation is None else evaluation.decision
        return attrs.evolve(report, trouble=error, decision=_recorded(decision))
    removed = yield from removals_due(job, fence, ends, state.snapshot)
    found = with_read(job, state.snapshot, found, removed, planner)
    learned = {**(state.snapshot or {}), **found.differing}
    evaluation = yield from evaluate(
        job, fence, state.snapshot, found, removed, planner=planner.packed(learned)
    )
    untold: tuple[Change, ...] = ()
    if state.snapshot is None:
        changes = yield from _unannounced(job, found)
        untold = tuple(change for change in changes if change.ticket_type is None)
    return attrs.evolve(
        report,
        observation=found.observation,
        decision=evaluation.decision,
        trouble=removed.trouble,
        warnings=(
            *orphaned,
            *removed.warnings,
            *evaluation.decision.warnings,
            *listed(untold),
        ),
    )


def _same_house(job: Job, state: State, observation: Observation) -> Flow[tuple[str, ...]]:
    """See that name and key still belong together; warnings about those that are not configured.

    Raises:
        ConfigError: they do not.
    """
    if state.snapshot is None:
        return (yield from refuse_renamed(job, observation))
    yield from refuse_another(job, state.snapshot, observation)
    return ()


def _recorded(decision: Decision | None) -> Decision | None:
    """A decision in which something has happened."""
    return decision if decision is not None and decision.recorded else None


def strangers(job: Job, observation: Observation, ends: float) -> Flow[ApiError | None]:
    """Before a baseline: whether another ledger's tickets are there; the error if nobody can say.

    Raises:
        LedgerError: they are.
    """
    left = ends - (yield from tick())
    try:
        yield from refuse_to_guess(job, job.desk.within(left), observation)
    except ApiError as error:
        return error
    return None


def recover_pass(job: Job, *, opens: bool = False) -> Flow[PassReport]:
    """Read a lost ledger back from the desk, and deliver what it still owes. What holds now without
    a ticket of ours is among the warnings.

    Args:
        job: the box office, its desk, the ledger.
        opens: whether tickets are opened for that; a ledger that is not empty is left as it is.

    Raises:
        LedgerError: the ledger is not empty and nothing is to be opened, or it cannot be used.
    """
    started = yield from now()
    ends = (yield from tick()) + job.max_seconds

    def work(fence: Fence) -> Flow[PassReport]:
        report = PassReport(box_office=job.name)
        try:
            planner = yield from planner_of(job, None)
            found = yield from _seen(job, State(), ends, planner)
            left = ends - (yield from tick())
            desk = job.desk.within(left)
            known = yield from _state(job)
            tickets = None
            if known.snapshot is None or not opens:
                tickets = yield from rebuild(job, fence, desk, found.observation)
        except ApiError as error:
            return attrs.evolve(report, trouble=error)
        recovered = None if tickets is None else len(tickets)
        report = attrs.evolve(report, observation=found.observation, recovered=recovered)
        changes = yield from _unannounced(job, found)
        if opens and changes:
            state, at = (yield from _state(job)), (yield from now())
            decision = decide(job.name, state, changes, {}, at, job.rules, partial=True)
            yield from do("open", lambda: job.ledger.commit(fence, decision, at, swept=False))
            report = attrs.evolve(report, decision=decision)
        else:
            report = attrs.evolve(report, warnings=listed(changes))
        return (yield from deliver(job, fence, report, ends))

    return (yield from _with_lease(job, started, work))


def _unannounced(job: Job, found: Found) -> Flow[tuple[Change, ...]]:
    """What holds now and has no ticket of ours."""
    state, at = (yield from _state(job)), (yield from now())
    events = [derived(event, at, job.rules.admission) for event in found.observation.events]
    return unannounced(job.name, events, state, at, job.rules)


def _state(job: Job) -> Flow[State]:
    moment = yield from now()
    since = moment - job.horizon
    return (yield from do("state", lambda: job.ledger.state(job.name, since)))


def _seen(job: Job, state: State, ends: float, planner: Planner) -> Flow[Found]:
    """Observe the box office; nothing is written. A run and a plan share every line of this."""
    box_office = yield from box_office_until(job, ends)
    moment = yield from tick()
    enough = moment + _LOOKING * (ends - moment)
    observation = yield from observe(
        box_office, state.snapshot or {}, job.polls, planner, ends=enough
    )
    return found_in(job, state.snapshot, observation, planner)


def deliver(job: Job, fence: Fence, report: PassReport, ends: float) -> Flow[PassReport]:
    """Carry out what is not settled; the report, with what came of it and what is left."""
    counter = RequestCounter()
    delivering = deliver_all(
        job.ledger,
        fence,
        job.desk,
        partial(address_of, job.rules),
        ends,
        job.delivery_policy,
        job.stopping,
        job.house,
    )
    deliveries = yield from watched(delivering, counter)
    deliveries = yield from with_key_checked(job, deliveries, counter.sent.total(), ends)
    waiting = yield from do("unsettled", lambda: job.ledger.unsettled(job.name))
    left: dict[str, int] = {}
    moment = yield from clock(job.ledger)
    quiet: set[str] = set()
    for _, intent in waiting:
        kept_back = intent.retry_at is not None and moment < intent.retry_at
        if kept_back and intent.state is IntentState.PENDING:
            quiet.add(intent.case)  # by quiet hours, or a ticket that sleeps: as it should be
        if intent.case in quiet and not intent.folds:
            continue
        state = IntentState.UNKNOWN if intent.state is IntentState.ATTEMPTING else intent.state
        left[state.value] = left.get(state.value, 0) + 1
    warnings = (*report.warnings, *deliveries.warnings)
    return attrs.evolve(report, deliveries=deliveries, left=left, warnings=warnings)


def _note_run(
    job: Job, report: PassReport, started: datetime, counter: RequestCounter
) -> Flow[None]:
    ended = yield from now()
    summary: dict[str, Any] = {
        "events": len(report.observation.events) if report.observation else None,
        "changes": len(report.decision.recorded) if report.decision else 0,
        "delivered": len(report.deliveries.delivered),
        "folded": report.deliveries.folded,
        "left": dict(report.left),
        "trouble": str(report.trouble or report.deliveries.stopped or ""),
        "warnings": list(report.warnings),
        "unreadable": dict((report.observation and report.observation.unreadable) or {}),
        **counter.taken(),
    }
    code = report.exit_code
    yield from do(
        "note run",
        lambda: job.ledger.record_run(job.name, started, ended, code, summary),
    )


def plan_pass(job: Job) -> Flow[Plan]:
    """What :func:`run_pass` would do now. Nothing is written anywhere, and nothing is sent but
    questions."""
    plan = Plan(box_office=job.name)
    ends = (yield from tick()) + job.max_seconds
    state = yield from _state(job)
    planner = yield from planner_of(job, state.snapshot)
    waiting = yield from do("unsettled", lambda: job.ledger.unsettled(job.name))
    plan = attrs.evolve(plan, waiting=tuple(waiting))
    try:
        found = yield from _seen(job, state, ends, planner)
        yield from _same_house(job, state, found.observation)
    except (ApiError, ConfigError) as error:
        return attrs.evolve(plan, trouble=error)
    decision, _ = decided(job, state, found)
    by_marker = {case.marker: case for case in (*state.cases, *decision.cases)}
    acts = [*waiting, *((by_marker[intent.case], intent) for intent in decision.intents)]
    ahead = yield from outlooks(job.desk, acts, ends - (yield from tick()))
    due, held = due_already(job.name, state, found.observation.at, job.rules)
    return attrs.evolve(
        plan,
        observation=found.observation,
        decision=decision,
        outlooks=ahead,
        due_already=due,
        held=held,
    )


def release_held(job: Job, markers: Sequence[str]) -> Flow[PassReport]:
    """Let the held cases of a storm go, all or those with these markers, and deliver them; where
    another run or a watch is at work, that delivers them.

    Raises:
        LedgerError: the ledger cannot be used; nothing was sent.
    """
    started = yield from now()

    def step(state: State) -> Evaluation:
        decision = release(job.name, state, markers, started, job.rules)
        return Evaluation(decision=decision, swept=False)

    return (yield from _errand(job, started, step))


def report_removal_failure(job: Job, event: str, ticket_type: str) -> Flow[PassReport]:
    """Take a removal that was refused as a change, and deliver what follows from it; where another
    run or a watch is at work, that delivers it.

    Args:
        event: the event's id or slug.
        ticket_type: the ticket type's id or name.

    Raises:
        LedgerError: the ledger cannot be used; nothing was sent.
    """
    started = yield from now()
    state = yield from _state(job)
    try:
        seen = yield from _facts_of(job, state, event)
    except ApiError as error:
        return PassReport(box_office=job.name, trouble=error)
    change = Change(
        kind=REMOVAL_FAILED,
        box_office=job.name,
        event=seen,
        ticket_type=seen.ticket_type(ticket_type) or TypeFacts(id=ticket_type, name=ticket_type),
        observed_at=started,
    )

    def step(state: State) -> Evaluation:
        decision = decide(job.name, state, [change], {}, started, job.rules, partial=True)
        return Evaluation(decision=decision, swept=False)

    return (yield from _errand(job, started, step))


def _errand(job: Job, started: datetime, step: Callable[[State], Evaluation]) -> Flow[PassReport]:
    """Something that a person has asked for: decided at once, since deciding is one transaction;
    delivered by whoever has the lease, since there is one sender."""
    ends = (yield from tick()) + job.max_seconds
    fence = yield from do("lease", lambda: job.ledger.take_lease(job.name, started))
    since = started - job.horizon
    report = PassReport(box_office=job.name)
    if fence is None:
        beside = yield from do(
            "commit", lambda: job.ledger.evaluate_without_lease(job.name, started, step, since)
        )
        return attrs.evolve(report, decision=beside.decision)
    return (yield from _holding(job, fence, lambda: _ran(job, fence, report, step, since, ends)))


def _ran(
    job: Job,
    fence: Fence,
    report: PassReport,
    step: Callable[[State], Evaluation],
    since: datetime,
    ends: float,
) -> Flow[PassReport]:
    moment = yield from now()
    evaluation = yield from do(
        "commit", lambda: job.ledger.evaluate(fence, moment, step, since=since)
    )
    assert evaluation is not None  # noqa: S101 - an errand always gives an evaluation
    report = attrs.evolve(report, decision=evaluation.decision)
    return (yield from deliver(job, fence, report, ends))


def _facts_of(job: Job, state: State, event: str) -> Flow[EventFacts]:
    """An event as it is now; as it was last seen, if it cannot be read."""
    problem: ApiError = NotFoundError(f"there is no event {event!r}", provider=job.box_office.name)
    try:
        found = yield from job.box_office.event(event)
        if not isinstance(found, NotThere):
            return found
    except ApiError as error:
        problem = error
    for facts in (state.snapshot or {}).values():
        if event in {facts.id, facts.slug}:
            return facts
    raise problem

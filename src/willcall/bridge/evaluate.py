"""What an observation means: compared, decided, and committed in one transaction. Flows.

A run, a watch and a plan share every line of it; so whatever is seen, and however little of a box
office at a time, means the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from types import MappingProxyType

import attrs

from ..client.flow import Flow, do, now, tick
from ..errors import ApiError, PermissionDeniedError
from .alerting.decide import decide
from .delivery.job import Job
from .delivery.removals import RemovalsDone, mark_refused, remove_due
from .detection.diff import diff
from .detection.selling_fast import Sales, sales
from .detection.troubles import (
    another_ledger,
    dead_letters,
    noted,
    removals_ignored,
    unread,
    unreadable_events,
)
from .ledger import Fence
from .model.cases import Decision, Evaluation, IntentState, Name, State
from .model.changes import Change
from .model.facts import EventFacts, derived
from .model.observation import Observation
from .model.predictions import Prediction
from .polling.forecast import Forecast
from .polling.planner import Planner
from .ports import BoxOffice


@attrs.frozen
class Found:
    """What was seen, what differs from what was known, and what is expected of it."""

    observation: Observation
    changes: tuple[Change, ...] = ()
    differing: Mapping[str, EventFacts] = attrs.field(factory=dict)
    expected: tuple[tuple[EventFacts, Mapping[str, Forecast]], ...] = ()


def with_read(
    job: Job,
    snapshot: Mapping[str, EventFacts] | None,
    found: Found,
    removed: RemovalsDone,
    planner: Planner,
) -> Found:
    """What was seen, with the events that the removals have read since: they are seen later, so
    nothing is decided about them by what was seen before."""
    if not removed.read:
        return found
    observation = found.observation
    events = {event.id: event for event in observation.events} | dict(removed.read)
    read = None if observation.read is None else observation.read | removed.read.keys()
    seen = attrs.evolve(observation, events=tuple(events.values()), read=read)
    return found_in(job, snapshot, seen, planner)


def rate_of(job: Job, trip: float = 0.0) -> float:
    """How many polls a second the quota allows, if each takes so many seconds."""
    return job.box_office.quota.rate(job.watching.share, trip)


def planner_of(job: Job, snapshot: Mapping[str, EventFacts] | None) -> Flow[Planner]:
    """The planner as the last process has left it."""
    memory = yield from do("planner", lambda: job.ledger.planner(job.name))
    asks = job.box_office.capabilities.questions
    return Planner.of(rate_of(job), job.rules.low_stock, snapshot, memory, asks=asks)


def found_in(
    job: Job,
    snapshot: Mapping[str, EventFacts] | None,
    observation: Observation,
    planner: Planner,
) -> Found:
    """What an observation means beside what was known."""
    if snapshot is None:
        at, admits = observation.at, job.rules.admission
        first = {event.id: derived(event, at, admits) for event in observation.events}
        return Found(observation, (), first)
    changes, differing = diff(
        job.name, snapshot, observation, job.rules.runs_low, job.rules.admission
    )
    moment = observation.at.timestamp()
    expected = tuple(
        (differing.get(event.id) or snapshot[event.id], forecasts)
        for event in observation.events
        if (forecasts := planner.schedule.forecasts(event.id, moment))
    )
    return Found(observation, changes, differing, expected)


def box_office_until(job: Job, ends: float) -> Flow[BoxOffice]:
    """The box office, whose calls end at a moment."""
    left = ends - (yield from tick())
    return job.box_office.within(max(0.001, left))


def removals_due(
    job: Job, fence: Fence, ends: float, snapshot: Mapping[str, EventFacts] | None
) -> Flow[RemovalsDone]:
    """Carry out the scheduled removals whose time has come."""
    return (
        yield from remove_due(
            job.box_office,
            job.ledger,
            fence,
            job.removals,
            snapshot or {},
            ends,
            job.delivery_policy,
            job.stopping,
        )
    )


def evaluate(
    job: Job,
    fence: Fence,
    snapshot: Mapping[str, EventFacts] | None,
    found: Found,
    removed: RemovalsDone | None = None,
    *,
    planner: bytes | None = None,
    swept: bool = True,
    unwritten: Mapping[str, EventFacts] | None = MappingProxyType({}),
    recent: timedelta = timedelta(0),
    everything: bool = True,
) -> Flow[Evaluation]:
    """Decide what an observation means, and commit that; both in one transaction.

    Args:
        job: whose box office it is.
        fence: the lease it is done under.
        snapshot: every event as it was last seen; None before the baseline.
        found: what was seen.
        removed: what came of the removals that were due.
        planner: what the planner has learned meanwhile.
        swept: whether it ends a complete sweep of the box office.
        unwritten: see :class:`~willcall.bridge.model.cases.Evaluation`.
        recent: cases that were opened within this time count towards a storm as well.
        everything: whether every event is judged, and not only those that differ.
    """
    removed = removed or RemovalsDone()

    def step(state: State) -> Evaluation:
        decision, predictions = decided(job, state, found, removed, recent, everything=everything)
        return Evaluation(
            decision=decision, swept=swept, predictions=predictions, unwritten=unwritten
        )

    moment = yield from now()
    evaluation = yield from do(
        "commit",
        lambda: job.ledger.evaluate(
            fence,
            moment,
            step,
            since=moment - job.horizon,
            snapshot=snapshot,
            keep=job.history,
            planner=planner,
        ),
    )
    assert evaluation is not None  # noqa: S101 - the step always gives an evaluation
    yield from mark_refused(job.ledger, fence, removed)
    return evaluation


def sales_in(job: Job, found: Found, holding: Collection[Name]) -> Sales:
    """What begins to sell fast, and what no longer does, beside the conditions that hold."""
    at, low = found.observation.at, job.rules.low_stock
    return sales(job.name, found.expected, holding, at, job.selling_fast, low)


def decided(
    job: Job,
    state: State,
    found: Found,
    removed: RemovalsDone | None = None,
    recent: timedelta = timedelta(0),
    *,
    everything: bool = True,
) -> tuple[Decision, tuple[Prediction, ...]]:
    """What was seen, as a decision; nothing is written. A run, a watch and a plan share it."""
    at = found.observation.at
    removed = removed or RemovalsDone()
    # It could be read; that its key may not write needs a person all the same.
    denied = removed.trouble if isinstance(removed.trouble, PermissionDeniedError) else None
    trouble, troubles = noted(job.name, state.troubles, denied, at)
    warnings, odd = unread(state.troubles, found.observation)
    troubles |= odd
    office = (
        *unreadable_events(job.name, state, found.observation, odd),
        *removals_ignored(job.name, state, removed.ignored, at),
        *dead_letters(job.name, state, at),
        *another_ledger(job.name, state, at),
    )
    holding = {condition.name for condition in state.conditions}
    sold = sales(job.name, found.expected, holding, at, job.selling_fast, job.rules.low_stock)
    # A refusal comes after what was seen in the same pass, and is reported with it.
    refusals = (attrs.evolve(change, observed_at=at) for change in removed.changes)
    changes = (*found.changes, *sold.changes, *refusals, *trouble, *office)
    decision = decide(
        job.name,
        state,
        changes,
        found.differing,
        at,
        job.rules,
        everything=everything,
        recent=recent,
    )
    baseline = state.snapshot is None
    changed = None if dict(troubles) == dict(state.troubles) else troubles
    decision = attrs.evolve(
        decision,
        baseline=baseline,
        troubles=changed,
        warnings=(*decision.warnings, *warnings),
    )
    return decision, sold.predictions


def in_trouble(
    job: Job,
    fence: Fence,
    snapshot: Mapping[str, EventFacts] | None,
    error: ApiError | None,
    *,
    planner: bytes | None = None,
) -> Flow[Evaluation | None]:
    """Decide what follows where a box office could not be read, and commit that. None if nothing
    follows. Without an error nothing was tried: only time has passed."""
    at = yield from now()

    def step(state: State) -> Evaluation | None:
        changes: tuple[Change, ...] = ()
        troubles: Mapping[str, int] = state.troubles
        if error is not None:
            changes, troubles = noted(job.name, state.troubles, error, at)
        changes = (
            *changes,
            *dead_letters(job.name, state, at),
            *another_ledger(job.name, state, at),
        )
        decision = decide(job.name, state, changes, {}, at, job.rules, partial=True)
        if state.snapshot is None:
            # Before a baseline nobody knows whether a lost ledger has said the same: lookup first.
            intents = (
                attrs.evolve(intent, state=IntentState.UNKNOWN) for intent in decision.intents
            )
            decision = attrs.evolve(decision, intents=tuple(intents))
        if not decision.recorded and troubles == state.troubles:
            return None
        return Evaluation(decision=attrs.evolve(decision, troubles=troubles), swept=False)

    return (
        yield from do(
            "commit",
            lambda: job.ledger.evaluate(
                fence, at, step, since=at - job.horizon, snapshot=snapshot, planner=planner
            ),
        )
    )

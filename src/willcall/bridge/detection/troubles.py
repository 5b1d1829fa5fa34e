"""Turns what goes wrong with a box office as a whole into changes: it cannot be read, or something
of it cannot be delivered. Pure.

A trouble that may pass by itself counts only after several runs in a row. A trouble that needs a
person counts at once. The kinds of trouble are in ``model/kinds/box_offices.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ...errors import (
    ApiError,
    AuthenticationError,
    PermissionDeniedError,
    RateLimitError,
    TransportError,
    WillcallError,
)
from ..model.cases import State
from ..model.changes import Change
from ..model.kinds import KINDS, ReadFailure
from ..model.kinds.box_offices import (
    ANOTHER_LEDGER,
    REMOVAL_IGNORED,
    UNDELIVERED,
)
from ..model.kinds.box_offices import UNREADABLE as UNREADABLE_EVENT
from ..model.observation import Observation

AFTER: Mapping[str, int] = {
    kind.name: kind.seen.runs for kind in KINDS.values() if isinstance(kind.seen, ReadFailure)
}
"""How many runs in a row must have a trouble before it is reported."""


MANY_RUNS = 3
"""The counts of what cannot be read stop here, so that the ledger is not written again each run."""


def kind_of(error: WillcallError | None) -> str | None:
    """The kind of trouble that an error is, or None if it is none of the box office's."""
    if error is None:
        return None
    troubles = ((kind.name, kind.seen) for kind in KINDS.values())
    return next(
        (n for n, seen in troubles if isinstance(seen, ReadFailure) and seen.test(error)), None
    )


def of_all(error: ApiError) -> bool:
    """Whether an error of an event's poll may be about the box office as a whole."""
    server = error.status is not None and error.status >= 500
    return concerns_all(error) or isinstance(error, TransportError) or server


def concerns_all(error: WillcallError) -> bool:
    """Whether every other event would meet an error as well: it is about the key, or its requests.
    A 403 is, if it names the scope that the key lacks; another is about the event that was asked
    for, since the list was read with the same key."""
    if isinstance(error, PermissionDeniedError):
        return bool(error.missing_scopes)
    return isinstance(error, AuthenticationError | RateLimitError)


def noted(
    box_office: str, counts: Mapping[str, int], error: WillcallError | None, at: datetime
) -> tuple[tuple[Change, ...], dict[str, int]]:
    """The changes that follow from the outcome of a run, and the new counts.

    Args:
        box_office: its name.
        counts: by kind of trouble, how many runs in a row have had it.
        error: what kept this run from reading the box office; None if nothing did.
        at: when.
    """
    kind = kind_of(error)
    if kind is not None:
        count = counts.get(kind, 0) + 1
        # The count stops once it has counted, so that the ledger is not written again each run.
        after = {**counts, kind: min(count, AFTER[kind] + 1)}
        if count != AFTER[kind]:
            return (), after
        detail = error.message if isinstance(error, ApiError) else str(error)
        change = Change(kind=kind, box_office=box_office, observed_at=at, detail=detail)
        return (change,), after
    if error is not None:
        return (), dict(counts)
    counts = {name: count for name, count in counts.items() if name in AFTER}
    known = [KINDS[name] for name, count in counts.items() if count >= AFTER[name]]
    over = dict.fromkeys(kind.cleared_by[0] for kind in known)
    return tuple(Change(kind=name, box_office=box_office, observed_at=at) for name in over), {}


UNREADABLE = "unreadable "
"""How the counts of what could not be read begin; the event's id follows, or its place."""


def unread(
    counts: Mapping[str, int], observation: Observation
) -> tuple[tuple[str, ...], dict[str, int]]:
    """What newly cannot be read, in words, and for how many runs in a row which things cannot.

    Args:
        counts: the same counts after the run before, and any others.
        observation: what was seen.
    """
    before = {name: count for name, count in counts.items() if name.startswith(UNREADABLE)}
    odd = observation.unreadable
    if odd is None:
        return (), before
    after = {
        name: count
        for name, count in before.items()
        if not _was_read(name.removeprefix(UNREADABLE), observation)
    }
    after |= {
        UNREADABLE + name: min(before.get(UNREADABLE + name, 0) + 1, MANY_RUNS) for name in odd
    }
    new = [name for name in odd if UNREADABLE + name not in before]
    return tuple(f"{name} cannot be read: {odd[name]}" for name in new), after


def _was_read(name: str, observation: Observation) -> bool:
    """Whether what could not be read was read now, or is no longer there. What was not tried is as
    it was."""
    if observation.read is None or name in observation.read:
        return True
    return observation.complete and name not in observation.untried


def unreadable_events(
    box_office: str, state: State, observation: Observation, counts: Mapping[str, int]
) -> tuple[Change, ...]:
    """The changes that follow from events that cannot be read. The first that several runs in a row
    (:data:`MANY_RUNS`) could not read begins a condition, which ends when there is none any more.

    Args:
        box_office: its name.
        state: what the ledger knows.
        observation: what was seen.
        counts: for how many runs in a row which things could not be read, as :func:`unread` gives
            them.
    """
    why = observation.unreadable or {}
    names = {name.removeprefix(UNREADABLE): count for name, count in counts.items()}
    listed = [f"{name}: {why[name]}" if name in why else name for name in names]
    begins = any(count >= MANY_RUNS for count in names.values())
    return _while_listed(UNREADABLE_EVENT, box_office, state, listed, observation.at, begins=begins)


def removals_ignored(
    box_office: str, state: State, ignored: tuple[str, ...] | None, at: datetime
) -> tuple[Change, ...]:
    """The changes that follow from removals that have no effect: the first begins a condition,
    which ends when there is none any more.

    Args:
        box_office: its name.
        state: what the ledger knows.
        ignored: the removals without effect, in words; None if none was looked at.
        at: when.
    """
    if ignored is None:
        return ()
    return _while_listed(REMOVAL_IGNORED, box_office, state, ignored, at)


def another_ledger(box_office: str, state: State, at: datetime) -> tuple[Change, ...]:
    """The changes that follow from tickets that another ledger has opened: the first begins a
    condition, which ends when there was none for a day.

    Args:
        box_office: its name.
        state: what the ledger knows.
        at: when.
    """
    return _while_listed(ANOTHER_LEDGER, box_office, state, state.others, at)


def dead_letters(box_office: str, state: State, at: datetime) -> tuple[Change, ...]:
    """The changes that follow from dead letters: the first begins a condition, which ends with the
    last.

    Args:
        box_office: its name.
        state: what the ledger knows.
        at: when.
    """
    return _while_listed(UNDELIVERED, box_office, state, state.dead, at)


def _while_listed(
    kind: str,
    box_office: str,
    state: State,
    listed: Sequence[str],
    at: datetime,
    *,
    begins: bool = True,
) -> tuple[Change, ...]:
    """The change of a condition that begins with the first thing on a list, if it ``begins`` at
    all, and ends with the last."""
    known = any(condition.change.kind == kind for condition in state.conditions)
    if listed and begins and not known:
        detail = "\n".join(f"- {line}" for line in listed)
        return (Change(kind=kind, box_office=box_office, observed_at=at, detail=detail),)
    if known and not listed:
        (over,) = KINDS[kind].cleared_by
        return (Change(kind=over, box_office=box_office, observed_at=at),)
    return ()

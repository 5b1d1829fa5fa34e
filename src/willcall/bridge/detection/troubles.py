"""The bridge's own trouble as changes: key rejected, scope missing, unreachable, out of requests,
dead letters. Pure.

A single bad minute is nobody's news: what may pass by itself counts only after several runs in a
row. What needs a person counts at once.
"""

from __future__ import annotations

from collections.abc import Mapping
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

AFTER: Mapping[str, int] = {
    "box_office.key_rejected": 1,
    "box_office.scope_missing": 1,
    "box_office.unreachable": 3,
    "box_office.quota_exhausted": 3,
}
"""How many runs in a row must have a trouble before it is told."""

_ENDED_BY = {
    "box_office.key_rejected": "box_office.key_accepted",
    "box_office.scope_missing": "box_office.key_accepted",
    "box_office.unreachable": "box_office.reachable",
    "box_office.quota_exhausted": "box_office.quota_free",
}


def kind_of(error: WillcallError | None) -> str | None:
    """The kind of trouble that an error is, or None if it is none of the box office's."""
    if isinstance(error, AuthenticationError):
        return "box_office.key_rejected"
    if isinstance(error, PermissionDeniedError):
        return "box_office.scope_missing"
    if isinstance(error, RateLimitError):
        # Without a status it was our own pacing that held back, which is as it should be.
        return None if error.status is None else "box_office.quota_exhausted"
    return "box_office.unreachable" if isinstance(error, ApiError) else None


def of_all(error: ApiError) -> bool:
    """Whether an error is about the box office as a whole, and not about one event."""
    return isinstance(error, AuthenticationError | PermissionDeniedError | TransportError) or (
        error.status is not None and error.status >= 500
    )


def noted(
    box_office: str, counts: Mapping[str, int], error: WillcallError | None, at: datetime
) -> tuple[tuple[Change, ...], dict[str, int]]:
    """The changes that a run's outcome means, and the new counts.

    Args:
        box_office: its name.
        counts: how many runs in a row had which trouble.
        error: what kept this run from observing; None if nothing did.
        at: when.
    """
    kind = kind_of(error)
    if kind is not None:
        count = counts.get(kind, 0) + 1
        # The count stops where it has said all it can, and so do the writes.
        after = {**counts, kind: min(count, AFTER[kind] + 1)}
        if count != AFTER[kind]:
            return (), after
        said = error.message if isinstance(error, ApiError) else str(error)
        change = Change(kind=kind, box_office=box_office, observed_at=at, detail=said)
        return (change,), after
    if error is not None:
        return (), dict(counts)
    over = dict.fromkeys(_ENDED_BY[one] for one, count in counts.items() if count >= AFTER[one])
    return tuple(Change(kind=k, box_office=box_office, observed_at=at) for k in over), {}


def letters(box_office: str, state: State, at: datetime) -> tuple[Change, ...]:
    """What the dead letters of a box office mean: the first is news, and so is the end of the last.

    Args:
        box_office: its name.
        state: what the ledger knows.
        at: when.
    """
    told = any(one.change.kind == "box_office.undelivered" for one in state.conditions)
    if state.dead and not told:
        listed = "\n".join(f"- {letter}" for letter in state.dead)
        kind = "box_office.undelivered"
        return (Change(kind=kind, box_office=box_office, observed_at=at, detail=listed),)
    if told and not state.dead:
        return (Change(kind="box_office.delivered", box_office=box_office, observed_at=at),)
    return ()

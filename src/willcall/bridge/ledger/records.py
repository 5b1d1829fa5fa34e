"""What the ledger hands out and is handed, and how long it keeps what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from ..model.cases import Case, Intent, IntentState
from ..model.changes import Change

LEASE = timedelta(seconds=120)
"""How long a lease lasts without being renewed; longer than any single act of a pass may take."""

RUNS_KEPT = timedelta(days=30)
"""How long the ledger remembers that a run took place."""

HISTORY_KEPT = timedelta(days=35)
"""How long the ledger remembers what was seen, unless the configuration says otherwise."""

PREDICTIONS_KEPT = timedelta(days=400)
"""How long the ledger remembers what was predicted: a season and some more."""

FOLDS_FROM = 1000
"""The position of the first act that folds a duplicate. These acts stand apart, so that two ledgers
give the other acts of a case the same positions, and find each other's messages by them."""

LOG_LIMIT = 1000
"""How many changes or acts the ledger shows at most, unless the caller asks for another number."""


@attrs.frozen
class Fence:
    """The right to write and send for a box office, as long as no other process has taken over."""

    box_office: str
    number: int
    holder: str


@attrs.frozen(kw_only=True)
class RunRecord:
    """A run that took place; ``summary`` is its own account of what it did."""

    started_at: datetime
    ended_at: datetime
    exit_code: int
    summary: Mapping[str, Any]


@attrs.frozen(kw_only=True)
class OfficeRecord:
    """A box office as the ledger has it: when its baseline was taken and when it was last read
    whole, who holds its lease, and its last run. All None for an unknown box office."""

    name: str
    baseline_at: datetime | None = None
    swept_at: datetime | None = None
    lease_holder: str | None = None
    lease_until: datetime | None = None
    last_run: RunRecord | None = None


@attrs.frozen(kw_only=True)
class Logged:
    """A recorded change, its number in the log, and what came of it."""

    id: int
    change: Change
    outcome: str
    marker: str | None = None


def others_in(pairs: Iterable[tuple[Case, Intent]]) -> tuple[str, ...]:
    """What another ledger has opened, in words."""
    return tuple(f"{case.title}: {case.ticket_id} [{case.marker}]" for case, _ in pairs)


def attempted(intent: Intent, sent: Mapping[str, Any], now: datetime) -> Intent:
    """An intent as it is while its request is out."""
    in_doubt = intent.state in {
        IntentState.ATTEMPTING,
        IntentState.UNKNOWN,
        IntentState.DEAD,
    }
    return attrs.evolve(
        intent,
        state=IntentState.ATTEMPTING,
        sent=sent,
        first_tried_at=intent.first_tried_at or now,
        attempted_at=now,
        repeated_at=now if in_doubt else intent.repeated_at,
        tries=intent.tries + 1,
        retry_at=None,
        error=None,
    )


CONFIRMED_WITHIN = timedelta(minutes=5)
"""An act that is done is looked at once more within this time."""


def can_be_taken(until: datetime | None, now: datetime) -> bool:
    """Whether a lease that runs until then is free. A lease that ends far in the future was written
    under a wrong clock, and is free as well."""
    return until is None or not now < until <= now + 2 * LEASE

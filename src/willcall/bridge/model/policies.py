"""Policies: how long delivery waits and repeats, and how a watch spends its requests. Values."""

from __future__ import annotations

from datetime import timedelta

import attrs

SETTLE = timedelta(seconds=30)
"""Δ: how long after its last try an act that is not there may be tried again. Longer than any
request may take, so that one which is still on its way has arrived, or never will."""

GIVE_UP_AFTER = timedelta(days=7)
"""How long an act that fails for a reason of its own is tried, before it is a dead letter."""

SELLING_FAST_WITHIN = timedelta(hours=2)
"""A ticket type sells fast if it is forecast to sell out within this time, by default."""

TRY = timedelta(seconds=15)
"""How long one try may take, from its mark in the ledger to its answer, waits included."""


@attrs.frozen(kw_only=True)
class DeliveryPolicy:
    """How patient delivery is: Δ, and when an act is given up."""

    settle: timedelta = SETTLE
    give_up_after: timedelta = GIVE_UP_AFTER


@attrs.frozen(kw_only=True)
class WatchPolicy:
    """How a watch spends the requests that a box office allows, and how quickly it notices news.

    ``share`` is the part of the quota that it may use; the rest is for other programs with the same
    key. ``idle`` is after how many seconds delivery looks whether there is something to do.
    """

    share: float = 1.0
    idle: float = 0.2

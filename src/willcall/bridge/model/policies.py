"""Policies: how long delivery waits and repeats, and how a watch spends its requests. Values."""

from __future__ import annotations

from datetime import timedelta

import attrs

SETTLE = timedelta(minutes=2)
"""The settle time: how long after a try without a clear answer an act that was not found may be
tried again. It is longer than a request may take, so that a request of that try has arrived by
then or never will, and longer than a desk is expected to hide a new ticket while it processes
it."""

GIVE_UP_AFTER = timedelta(days=7)
"""How long an act is tried that is refused for a reason of its own, until it is a dead letter."""

SELLING_FAST_WITHIN = timedelta(hours=2)
"""A ticket type sells fast if it is forecast to sell out within this time, by default."""

TRY = timedelta(seconds=15)
"""How long a try may take, from its mark in the ledger to its answer, waits included."""


@attrs.frozen(kw_only=True)
class DeliveryPolicy:
    """How long delivery waits: the settle time, and until when an act is tried."""

    settle: timedelta = SETTLE
    give_up_after: timedelta = GIVE_UP_AFTER


@attrs.frozen(kw_only=True)
class WatchPolicy:
    """How a watch spends the requests that a box office allows.

    Args:
        share: the part of the quota that it may use. The rest is for other programs with this key.
        idle: how often, in seconds, delivery checks whether there is something to do.
    """

    share: float = 1.0
    idle: float = 0.2

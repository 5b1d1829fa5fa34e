"""What a pass works with, as a value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import attrs

from ..ledger import HISTORY_KEPT, Ledger
from ..model.house import House
from ..model.policies import SELLING_FAST_WITHIN, DeliveryPolicy, WatchPolicy
from ..model.rules import STORM_KNOWN, Rules
from ..ports import BoxOffice, Desk
from .removals import Scheduled


@attrs.frozen(kw_only=True)
class Job:
    """What a pass works with.

    Args:
        name: the box office's, in the configuration and the ledger.
        box_office: the box office.
        desk: where tickets are opened.
        rules: what becomes of a change.
        ledger: where everything is written down.
        watching: how a watch shares out its requests.
        selling_fast: a ticket type sells fast if it is forecast to sell out within this time.
        polls: how many events a pass may read one by one, where rows carry no ticket types.
        removals: ticket types to remove when their time has come.
        history: how long what was seen is kept.
        max_seconds: how long a pass may take, waits included.
        delivery_policy: how patient delivery is.
        desk_key: the name under which the ledger keeps whether the desk accepts the key; empty if
            that is not to be tried.
        configured: the names of all box offices in the configuration; empty if that is not known.
        stopping: whether the process was asked to leave.
        house: whose tickets are ours.
    """

    name: str
    box_office: BoxOffice
    desk: Desk
    rules: Rules
    ledger: Ledger
    watching: WatchPolicy = attrs.field(factory=WatchPolicy)
    selling_fast: timedelta = SELLING_FAST_WITHIN
    polls: int = 25
    removals: tuple[Scheduled, ...] = ()
    history: timedelta = HISTORY_KEPT
    max_seconds: float = 50.0
    delivery_policy: DeliveryPolicy = attrs.field(factory=DeliveryPolicy)
    desk_key: str = ""
    configured: tuple[str, ...] = ()
    stopping: Callable[[], bool] = lambda: False
    house: House = attrs.field(factory=House)

    @property
    def horizon(self) -> timedelta:
        """How long ago a case may have ended and still be of interest."""
        damped = self.rules.damping.once_in
        return max([STORM_KNOWN, damped, *(rule.reopen_within for rule in self.rules.rules)])

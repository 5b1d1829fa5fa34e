"""What a pass is given: a box office, its desk, the rules, the ledger. Values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import attrs

from ..ledger import HISTORY_KEPT, Ledger
from ..model.policies import SELLING_FAST_WITHIN, DeliveryPolicy, WatchPolicy
from ..model.rules import STORM_KNOWN, Rules
from ..ports import BoxOffice, Desk
from .removals import Scheduled


@attrs.frozen(kw_only=True)
class Job:
    """A box office, its desk, the rules, the ledger, and how long a pass may take.

    ``name`` is the box office's in the configuration and the ledger;
    ``watching`` says how the requests of a watch are shared out, and ``selling_fast`` how soon sold
    out counts as fast; ``looks`` is how many events a pass may look at one by one, where rows carry
    no ticket types; ``removals`` are ticket types to remove when their time has come; ``history``
    is how long what was seen is remembered; ``desk_key`` is the name under which the ledger keeps
    whether the desk accepts the key, empty if nobody is to ask;
    ``stopping`` says whether the process was asked to leave.
    """

    name: str
    box_office: BoxOffice
    desk: Desk
    rules: Rules
    ledger: Ledger
    watching: WatchPolicy = attrs.field(factory=WatchPolicy)
    selling_fast: timedelta = SELLING_FAST_WITHIN
    looks: int = 25
    removals: tuple[Scheduled, ...] = ()
    history: timedelta = HISTORY_KEPT
    max_seconds: float = 50.0
    delivery_policy: DeliveryPolicy = attrs.field(factory=DeliveryPolicy)
    desk_key: str = ""
    stopping: Callable[[], bool] = lambda: False

    @property
    def horizon(self) -> timedelta:
        """How long ago a case may have ended and still be of interest."""
        return max([STORM_KNOWN, *(rule.reopen_within for rule in self.rules.rules)])

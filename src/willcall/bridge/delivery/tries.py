"""What both sides of delivery share, the desk's and the box office's. A flow.

An intent is committed as *attempting* before its request leaves, and every end of a try is
committed. While it is in doubt whether a try was carried out, it is looked for, and repeated only
after the settle time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from ...client.flow import Flow, do, now, tick
from ...errors import ApiError, RateLimitError
from ..ledger import Fence, Outbox
from ..model.cases import Intent, IntentState
from ..model.policies import TRY, DeliveryPolicy

IN_DOUBT = frozenset({IntentState.ATTEMPTING, IntentState.UNKNOWN, IntentState.DEAD})
"""The states in which an intent may have been carried out."""


class Tries:
    """Writes down how the tries of intents begin and end.

    Args:
        outbox: where.
        fence: the lease under which it is done.
        provider: whose service it is, by the name that errors give.
        ends: the tick after which nothing more is begun.
        policy: how patient delivery is.
    """

    def __init__(
        self, outbox: Outbox, fence: Fence, provider: str, ends: float, policy: DeliveryPolicy
    ) -> None:
        self._outbox = outbox
        self._fence = fence
        self._provider = provider
        self._ends = ends
        self._policy = policy

    def _now(self) -> Flow[datetime]:
        """The time by the ledger's clock, which all who deliver share."""
        return (yield from clock(self._outbox))

    def _left(self) -> Flow[float]:
        """The seconds that are left.

        Raises:
            RateLimitError: none are.
        """
        left = self._ends - (yield from tick())
        if left <= 0:
            raise RateLimitError(
                "the time for this run is up",
                provider=self._provider,
                hint="the next run goes on where this one stops",
            )
        return left

    def _left_for_a_try(self) -> Flow[float]:
        """One try ends within TRY: the settle time counts from when an act was last sent."""
        return min((yield from self._left()), TRY.total_seconds())

    def _may_repeat(self, intent: Intent, moment: datetime) -> Flow[bool]:
        """Whether the settle time has passed since the last try ended."""
        tried = intent.attempted_at
        if tried is None:
            return True
        if tried > moment:
            # Written under a clock that ran ahead: the settle time starts again now.
            yield from self._leave_unknown(intent, "not there yet; the clock was set back")
            return False
        # Of a try that the process did not survive, only the beginning is known.
        ended = tried + TRY if intent.state is IntentState.ATTEMPTING else tried
        return moment >= ended + self._policy.settle

    def _leave_unknown(self, intent: Intent, why: str) -> Flow[Intent]:
        moment = yield from self._now()
        intent = attrs.evolve(intent, attempted_at=moment)
        yield from self._mark(intent, IntentState.UNKNOWN, error=why)
        return attrs.evolve(intent, state=IntentState.UNKNOWN)

    def _put_back(self, intent: Intent, error: ApiError) -> Flow[None]:
        """This try was certainly not carried out. An earlier try that is in doubt still is."""
        yield from self._mark(intent, before(intent), error=str(error))

    def _mark(
        self,
        intent: Intent,
        state: IntentState,
        *,
        error: str | None = None,
        retry_at: datetime | None = None,
        ticket_id: str | None = None,
    ) -> Flow[None]:
        moment = yield from self._now()
        yield from do(
            state.value,
            lambda: self._outbox.settle(
                self._fence,
                intent,
                state,
                moment,
                error=error,
                retry_at=retry_at,
                ticket_id=ticket_id,
            ),
        )


def clock(outbox: Outbox) -> Flow[datetime]:
    """The time by the ledger's clock."""
    moment = yield from now()
    if not outbox.has_clock:
        return moment
    return (yield from do("clock", lambda: outbox.clock(moment)))


def before(intent: Intent) -> IntentState:
    """What an intent was before a try that was surely not carried out."""
    return IntentState.PENDING if intent.repeated_at is None else IntentState.UNKNOWN


def is_ahead(until: datetime | None, moment: datetime, longest: timedelta) -> bool:
    """Whether a moment is still to come. A moment further ahead than any wait lasts was written
    under a clock that ran ahead, and does not count."""
    return until is not None and moment < until <= moment + longest

"""Delivering whatever is not settled, case by case. A flow.

How one act is carried out so that it happens once is in ``attempt.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

import attrs

from ...client.flow import Flow, do
from ...errors import (
    ApiError,
    AuthenticationError,
    PermissionDeniedError,
    RateLimitError,
    TransportError,
)
from ..ledger import Fence, Outbox
from ..model.address import Address
from ..model.cases import Case, Intent
from ..model.house import House
from ..model.policies import DeliveryPolicy
from ..ports import Desk
from .attempt import Delivered, Sender
from .duplicates import fold_duplicates, watched

_FAILING_DESK = 3
"""After so many cases in a row that the desk fails at, it is the desk that fails."""


@attrs.frozen
class Deliveries:
    """What a run has delivered.

    Args:
        delivered: what it did about each act.
        stopped: the error that stopped it before it had seen to everything.
        folded: how many second tickets it found and folded into the first.
    """

    delivered: tuple[Delivered, ...] = ()
    stopped: ApiError | None = None
    folded: int = 0


def deliver_all(
    outbox: Outbox,
    fence: Fence,
    desk: Desk,
    address: Callable[[Case], Address],
    ends: float,
    policy: DeliveryPolicy | None = None,
    stopping: Callable[[], bool] = lambda: False,
    house: House | None = None,
) -> Flow[Deliveries]:
    """Carry out whatever is not settled, case by case, each case's acts in order.

    A case that is refused, unknown or failed at does not hold up the others. A desk that rejects
    the key, is out of requests, or cannot be reached ends the run.

    Args:
        outbox: where everything is written down.
        fence: the lease under which it is.
        desk: the desk.
        address: where the acts of a case go.
        ends: the tick after which nothing more is begun.
        policy: how patient it is.
        stopping: whether the process was asked to leave: no further act is begun.
        house: whose tickets are ours.
    """
    delivered: list[Delivered] = []
    sender = Sender(
        outbox, fence, desk, ends, policy or DeliveryPolicy(), stopping, house or House()
    )
    waiting = yield from do("unsettled", lambda: outbox.unsettled(fence.box_office))
    busy = (yield from watched(outbox, fence)) if waiting else ()
    stopped = yield from _each_case(sender, waiting, address, delivered)
    if stopped is not None or stopping():
        return Deliveries(tuple(delivered), stopped, sender.folded)
    try:
        sender.folded += yield from fold_duplicates(
            outbox, fence, sender.reading, address, busy, house or House()
        )
    except ApiError as error:
        return Deliveries(tuple(delivered), error, sender.folded)
    if sender.folded:
        waiting = yield from do("unsettled", lambda: outbox.unsettled(fence.box_office))
        stopped = yield from _each_case(sender, _folds(waiting), address, delivered)
    return Deliveries(tuple(delivered), stopped, sender.folded)


def _folds(waiting: Sequence[tuple[Case, Intent]]) -> list[tuple[Case, Intent]]:
    """The acts that fold a second ticket, of cases that have nothing before them to do."""
    busy = {case.marker for case, intent in waiting if "ticket_id" not in intent.payload}
    return [(case, intent) for case, intent in waiting if case.marker not in busy]


def _each_case(
    sender: Sender,
    waiting: Sequence[tuple[Case, Intent]],
    address: Callable[[Case], Address],
    delivered: list[Delivered],
) -> Flow[ApiError | None]:
    """One case after the other; the error that is to be reported, if there was any."""
    failures, first = 0, None
    for _, group in groupby(waiting, key=lambda pair: pair[0].marker):
        if sender.stopping():
            break
        acts = list(group)
        try:
            yield from sender.carry(acts, address(acts[0][0]), delivered)
            failures = 0
        except (AuthenticationError, PermissionDeniedError, RateLimitError, TransportError) as end:
            return end
        except ApiError as error:
            # One ticket that the desk fails at must not hold up all the others.
            first, failures = first or error, failures + 1
            if failures >= _FAILING_DESK:
                break
    return first

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
from ..ledger import Fence, Ledger
from ..model.address import Address
from ..model.cases import Act, Case, Intent
from ..model.house import House
from ..model.policies import DeliveryPolicy
from ..ports import Desk
from .attempt import Delivered, Sender
from .duplicates import fold_duplicates, watched
from .openings import Openings, unopened
from .tries import clock

_FAILING_DESK = 3
"""After so many cases in a row that the desk fails at, it is the desk that fails."""


@attrs.frozen
class Deliveries:
    """What a run has delivered.

    Args:
        delivered: what it did about each act.
        stopped: the error that stopped it before it had seen to everything.
        folded: how many second tickets it found and folded into the first.
        warnings: what a person should know of the desk, in words; each is reported once.
    """

    delivered: tuple[Delivered, ...] = ()
    stopped: ApiError | None = None
    folded: int = 0
    warnings: tuple[str, ...] = ()


def deliver_all(
    ledger: Ledger,
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
        ledger: where everything is written down.
        fence: the lease under which it is.
        desk: the desk.
        address: where the acts of a case go.
        ends: the tick after which nothing more is begun.
        policy: how patient it is.
        stopping: whether the process was asked to leave: no further act is begun.
        house: whose tickets are ours.
    """
    delivered: list[Delivered] = []
    house = house or House()
    policy = policy or DeliveryPolicy()
    sender = Sender(ledger, fence, desk, ends, policy, stopping, house)
    openings = Openings(ledger, fence, sender.reading, address, policy, house)
    stopped = yield from _deliver(ledger, fence, sender, openings, address, delivered)
    return Deliveries(tuple(delivered), stopped, sender.folded, tuple(sender.learned.warnings))


def _deliver(
    ledger: Ledger,
    fence: Fence,
    sender: Sender,
    openings: Openings,
    address: Callable[[Case], Address],
    delivered: list[Delivered],
) -> Flow[ApiError | None]:
    """Carry everything out; the error that stopped it, if there was any."""
    waiting = yield from do("unsettled", lambda: ledger.unsettled(fence.box_office))
    busy = (yield from watched(ledger, fence)) if waiting else ()
    stopped = yield from _open_all(sender, openings, waiting, address, delivered)
    if stopped is None and not sender.stopping():
        waiting = yield from do("unsettled", lambda: ledger.unsettled(fence.box_office))
        not_open = unopened(waiting)
        opened = [(case, intent) for case, intent in waiting if case.marker not in not_open]
        stopped = yield from _each_case(sender, opened, address, delivered)
    if stopped is not None or sender.stopping():
        return stopped
    moment = yield from clock(ledger)
    due = yield from do("confirm", lambda: ledger.to_confirm(fence.box_office, moment))
    done = [(case, intent) for case, intent in due if intent.act is not Act.OPEN]
    known = sender.folded
    try:
        again = yield from sender.confirm(done)
        sender.folded += yield from fold_duplicates(
            ledger, fence, sender.reading, address, busy, openings.house
        )
    except ApiError as error:
        return error
    if again or sender.folded > known:
        waiting = yield from do("unsettled", lambda: ledger.unsettled(fence.box_office))
        more = [pair for pair in waiting if pair[1].id in again]
        if sender.folded > known:
            more += _folds(waiting)
        stopped = yield from _each_case(sender, more, address, delivered)
    return stopped


def _open_all(
    sender: Sender,
    openings: Openings,
    waiting: Sequence[tuple[Case, Intent]],
    address: Callable[[Case], Address],
    delivered: list[Delivered],
) -> Flow[ApiError | None]:
    """Open what is not open yet, before anything else is done, and look once more at what was
    opened. The error that is to end the run, if there was any."""
    new = [(case, intent) for case, intent in waiting if intent.act is Act.OPEN]
    try:
        sender.there = yield from openings.there(new)
        first = yield from _each_case(sender, new, address, delivered)
        sender.folded += yield from openings.confirm()
    except ApiError as error:
        return error
    return first


def _folds(waiting: Sequence[tuple[Case, Intent]]) -> list[tuple[Case, Intent]]:
    """The acts that fold a second ticket, of cases that have nothing before them to do."""
    busy = {case.marker for case, intent in waiting if not intent.folds}
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

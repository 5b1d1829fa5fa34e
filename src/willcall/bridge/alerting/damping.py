"""Whether the end of a condition must last before it is announced. Pure.

A few tickets that are back may be somebody's basket, and gone again in half an hour. So a sell-out
is announced at once, and taken back only when its end has lasted; and the end of the same condition
is announced once a day at the most. What no basket explains is announced at once: that many tickets
are back, or that there are more of them than before.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import attrs

from ..model.cases import Condition
from ..model.facts import EventFacts, TypeFacts
from ..model.kinds import KINDS, RunsLow
from ..model.kinds.ticket_types import LOW_STOCK
from ..model.sale import TypeSale
from .unit_of_work import UnitOfWork


def must_last_longer(
    work: UnitOfWork, condition: Condition, lasted: timedelta, low: RunsLow
) -> bool:
    """Whether the end of a condition has to last longer before it is announced.

    Args:
        work: the conditions and cases.
        condition: what has ended.
        lasted: for how long it has been over.
        low: whether a ticket type runs low, where low stock has ended.
    """
    damping = work.rules.damping
    if not damping.lasts or not KINDS[condition.change.kind].damped:
        return False
    if lasted >= damping.lasts and not _taken_back_lately(work, condition):
        return False
    return not _many_are_back(work, condition, low)


def _taken_back_lately(work: UnitOfWork, condition: Condition) -> bool:
    return any(
        work.at - case.taken_back[condition.name] < work.rules.damping.once_in
        for case in work.cases.values()
        if condition.name in case.taken_back
    )


def _many_are_back(work: UnitOfWork, condition: Condition, low: RunsLow) -> bool:
    """Whether more tickets are back than baskets hold, or there are more than there were."""
    change, few = condition.change, work.rules.damping.few
    event, ticket_type = work.now(change)
    if ticket_type is not None and change.ticket_type is not None:
        before, now = [change.ticket_type], [ticket_type]
    else:
        before = list((change.event and change.event.ticket_types) or ())
        now = list((event and event.ticket_types) or ())
    if _quantity(now) > _quantity(before):
        return True
    if change.kind == LOW_STOCK:
        left = now[0].available if now else None
        return left is None or not low(attrs.evolve(now[0], available=max(1, left - few)))
    counts = [known.available for known in now if event and _on_sale(event, known)]
    return not counts or None in counts or sum(filter(None, counts)) > few


def _on_sale(event: EventFacts, ticket_type: TypeFacts) -> bool:
    return event.sale_of(ticket_type.id) == TypeSale.ON_SALE


def _quantity(types: Iterable[TypeFacts]) -> int:
    return sum(known.quantity or 0 for known in types)

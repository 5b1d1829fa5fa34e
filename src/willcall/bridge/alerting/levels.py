"""What holds, and did not: the conditions that no difference between two polls has begun. Pure.

A ticket type runs low by the thresholds of the rules, and these are edited; and what held at the
baseline is known, though nobody was told of it. So each pass judges the events that differ by what
holds now, and the first pass of a process judges every event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..model.cases import Condition
from ..model.changes import Change
from ..model.facts import EventFacts, TypeFacts
from ..model.kinds.ticket_types import LOW_STOCK
from ..model.sale import TypeSale
from .unit_of_work import UnitOfWork


def begin_what_holds(
    work: UnitOfWork, events: Iterable[EventFacts], begin: Callable[[Change], None]
) -> None:
    """Begin what holds of these events and is no condition yet.

    Args:
        work: the conditions and cases.
        events: the events as they are now.
        begin: begins the condition of a change.
    """
    for event in events:
        before = work.known_before(event.id)
        for ticket_type in event.ticket_types or ():
            name = LOW_STOCK, f"{event.id}/{ticket_type.id}"
            if name in work.conditions or not work.runs_low(event, ticket_type):
                continue
            change = Change(
                kind=LOW_STOCK,
                box_office=work.box_office,
                event=event,
                before=before or event,
                ticket_type=ticket_type,
                observed_at=work.at,
            )
            if work.is_baseline or _was_known(before, ticket_type):
                work.conditions[name] = Condition(change=change, known=True)
            else:
                begin(change)


def _was_known(before: EventFacts | None, ticket_type: TypeFacts) -> bool:
    """Whether it is no news that a ticket type runs low: its event had shown no ticket types until
    now, or it was sold out, and that it is back is said instead."""
    if before is None:
        return False
    if not before.types_are_known:
        return True
    return before.sale_of(ticket_type.id) == TypeSale.SOLD_OUT

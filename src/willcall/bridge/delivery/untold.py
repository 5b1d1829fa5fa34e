"""What holds now and has no ticket of ours: what a new ledger cannot know. Pure.

A ledger that begins, or is read back, knows what is so, and not what happened before. What has
sold out or was cancelled meanwhile, without a ticket, is listed, and opened on demand. That an
event was moved cannot be seen from how it is now.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..model.cases import State
from ..model.changes import Change
from ..model.facts import EventFacts
from ..model.kinds import KINDS, still_holds
from ..model.rules import Rules

_LISTED = 5
_OF_EVENT = ("event.cancelled", "event.sold_out")
_OF_TYPE = "ticket_type.sold_out"


def unannounced(
    box_office: str, events: Iterable[EventFacts], state: State, at: datetime, rules: Rules
) -> tuple[Change, ...]:
    """What holds of the events and neither a ticket announces nor covers, as changes. A ticket type
    counts only where its whole event does not.

    Args:
        box_office: its name.
        events: the events as they are now, with what follows from their ticket types.
        state: what the ledger knows.
        at: the time.
        rules: what opens tickets.
    """
    known = {
        condition.name
        for condition in state.conditions
        if condition.announced or condition.covered_by
    }
    taken = {kind for rule in rules.rules for kind in rule.kinds}
    found: list[Change] = []
    for event in events:
        if event.vanished or event.starts_at <= at:
            continue
        whole = next(
            (k for k in _OF_EVENT if still_holds(KINDS[k], event, None, rules.runs_low)), None
        )
        if whole is not None:
            if whole in taken and (whole, event.id) not in known:
                found.append(Change(kind=whole, box_office=box_office, event=event, observed_at=at))
            continue
        for ticket_type in event.ticket_types or ():
            name = _OF_TYPE, f"{event.id}/{ticket_type.id}"
            if name in known or _OF_TYPE not in taken:
                continue
            if still_holds(KINDS[_OF_TYPE], event, ticket_type, rules.runs_low):
                found.append(
                    Change(
                        kind=_OF_TYPE,
                        box_office=box_office,
                        event=event,
                        ticket_type=ticket_type,
                        observed_at=at,
                    )
                )
    return tuple(found)


def listed(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """The same for people: one line, and what to do about it; none if there is nothing."""
    if not changes:
        return ()
    names = [
        f"{change.title} ({KINDS[change.kind].summary})"
        if change.ticket_type is None
        else f'{change.title} "{change.ticket_type.name}" ({KINDS[change.kind].summary})'
        for change in changes
    ]
    more = f", and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return (
        (
            f"this ledger does not know what happened before it began. Without a ticket now: "
            f"{', '.join(names[:_LISTED])}{more}. `willcall recover --open` opens tickets for it. "
            "That an event was moved cannot be seen afterwards"
        ),
    )

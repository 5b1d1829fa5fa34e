"""Scheduled removals: a ticket type that is to go once its time has come. A flow.

Removing is a write that is not idempotent, so each try is written down before it is sent, and the
event is looked at before each: what is gone is done, and nothing is sent twice. That one was
refused is written down only after the change that tells of it: a process that ends in between tries
again, and is refused again, rather than forget to tell.

What is not there is done only if it was there once: a name that nobody has ever seen is misspelt,
or of something that is yet to come, and waits. That is told when it is noticed, and stands in the
ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import attrs

from ...client.flow import Flow, do, now
from ...errors import ApiError, OutcomeUnknownError
from ..model.cases import RemovalState, RemovalTry
from ..model.changes import Change
from ..model.facts import EventFacts
from ..model.kinds.ticket_types import REMOVAL_FAILED
from ..ports import BoxOffice, NotThere, Refused

if TYPE_CHECKING:
    from ..ledger import Fence, Ledger

_SETTLE = timedelta(seconds=30)
_SELDOM = timedelta(hours=1)
"""Between two questions after what waits, as long as nothing that was seen looks like it."""


class Scheduled(Protocol):
    """A removal as the configuration has it; ``name`` is how the ledger knows it."""

    @property
    def name(self) -> str: ...
    @property
    def event(self) -> str: ...
    @property
    def ticket_type(self) -> str: ...
    @property
    def after(self) -> datetime: ...


@attrs.frozen
class RemovalsDone:
    """What came of the removals that were due: ``changes`` for the pass to decide about, ``notes``
    to write down once it has, the first error that kept one from being tried, and ``warnings``
    about those that wait for what nobody has ever seen."""

    changes: tuple[Change, ...] = ()
    notes: tuple[tuple[str, RemovalTry], ...] = ()
    trouble: ApiError | None = None
    warnings: tuple[str, ...] = ()


def remove_due(
    box_office: BoxOffice,
    ledger: Ledger,
    fence: Fence,
    scheduled: tuple[Scheduled, ...],
    snapshot: Mapping[str, EventFacts],
) -> Flow[RemovalsDone]:
    """Do the removals whose time has come. One that fails does not stop the others.

    Args:
        box_office: where.
        ledger: where each try is written down.
        fence: the lease under which it is.
        scheduled: the removals, due or not.
        snapshot: the events as they were last seen, by id.
    """
    moment = yield from now()
    due = [one for one in scheduled if one.after <= moment]
    if not due:
        return RemovalsDone()
    known = yield from do("removals", lambda: ledger.removals(fence.box_office))
    changes: list[Change] = []
    notes: list[tuple[str, RemovalTry]] = []
    warnings: list[str] = []
    trouble: ApiError | None = None
    for one in due:
        tried = known.get(one.name, RemovalTry())
        if tried.state is RemovalState.DONE:
            continue
        try:
            came = yield from _remove(box_office, ledger, fence, one, tried, snapshot)
        except ApiError as error:
            trouble = trouble or error
            continue
        if isinstance(came, str):
            warnings.append(f"the removal of {one.ticket_type!r} from {one.event!r} waits: {came}")
        elif came is not None:
            change, note = came
            changes.append(change)
            notes.append((one.name, note))
    return RemovalsDone(tuple(changes), tuple(notes), trouble, tuple(warnings))


def _remove(
    box_office: BoxOffice,
    ledger: Ledger,
    fence: Fence,
    one: Scheduled,
    tried: RemovalTry,
    snapshot: Mapping[str, EventFacts],
) -> Flow[tuple[Change, RemovalTry] | str | None]:
    """Try a removal; the change and the note if it was refused, and what it waits for if it is
    newly known that it does."""
    moment = yield from now()

    def note(new: RemovalTry, at: datetime = moment) -> Flow[None]:
        return do(f"removal {new.state}", lambda: ledger.note_removal(fence, one.name, new, at))

    def waits(why: str) -> Flow[str | None]:
        new = RemovalTry(state=RemovalState.WAITING, attempted_at=moment, said=why)
        yield from note(new)
        return None if (tried.state, tried.said) == (new.state, why) else why

    if _waited_for(one, tried, snapshot, moment):
        return None
    event = yield from box_office.event(one.event)
    if isinstance(event, NotThere):
        return (yield from waits("there is no such event"))
    ticket_type = event.ticket_type(one.ticket_type)
    if ticket_type is None:
        if not (yield from _was_there(ledger, fence, one, tried, event, snapshot)):
            names = ", ".join(each.name for each in event.ticket_types or ()) or "none"
            return (yield from waits(f"there is no such ticket type; it has: {names}"))
        yield from note(RemovalTry(state=RemovalState.DONE, said="it is not there"))
        return None
    sent = tried.state is RemovalState.ATTEMPTING
    if sent and tried.attempted_at is not None and moment < tried.attempted_at + _SETTLE:
        return None  # it may still be on its way
    if tried.state is RemovalState.REFUSED and tried.sold == ticket_type.sold_count:
        return None  # nothing has changed, so neither would the answer
    yield from note(RemovalTry(state=RemovalState.ATTEMPTING, attempted_at=moment))
    try:
        came = yield from box_office.remove(event.id, ticket_type.id)
    except OutcomeUnknownError:
        return None  # the next run looks whether it is gone
    if isinstance(came, Refused):
        change = Change(
            kind=REMOVAL_FAILED,
            box_office=fence.box_office,
            event=event,
            ticket_type=ticket_type,
            observed_at=moment,
            detail=came.why,
        )
        tried = RemovalTry(state=RemovalState.REFUSED, sold=ticket_type.sold_count, said=came.why)
        return change, tried
    yield from note(RemovalTry(state=RemovalState.DONE), (yield from now()))
    return None


def _waited_for(
    one: Scheduled, tried: RemovalTry, snapshot: Mapping[str, EventFacts], moment: datetime
) -> bool:
    """Whether it was asked for a short while ago, and nothing that was seen since looks like it."""
    asked = tried.attempted_at
    if tried.state is not RemovalState.WAITING or asked is None:
        return False
    seen = any(
        one.event in {event.id, event.slug}
        and not event.vanished
        and (event.ticket_types is None or event.ticket_type(one.ticket_type) is not None)
        for event in snapshot.values()
    )
    return not seen and timedelta(0) <= moment - asked < _SELDOM


def _was_there(
    ledger: Ledger,
    fence: Fence,
    one: Scheduled,
    tried: RemovalTry,
    event: EventFacts,
    snapshot: Mapping[str, EventFacts],
) -> Flow[bool]:
    """Whether a ticket type that is not there was there before: by our own tries, by what was last
    seen, or by the log of what has changed."""
    if tried.state is not RemovalState.WAITING:
        return True
    known = snapshot.get(event.id)
    last = None if known is None else known.ticket_type(one.ticket_type)
    if last is not None:
        # What is there under another name was not removed.
        return event.ticket_type(last.id) is None
    removed = yield from do(
        "log",
        lambda: ledger.log(
            box_office=fence.box_office, event=event.id, kinds=("ticket_type.removed",)
        ),
    )
    gone = (logged.change.ticket_type for logged in removed)
    return any(kind is not None and one.ticket_type in {kind.id, kind.name} for kind in gone)

"""Compares the last snapshot with a new observation: the changes, and the new facts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

import attrs

from ..model.changes import Change
from ..model.facts import (
    Admits,
    EventFacts,
    EventState,
    LowStock,
    TypeFacts,
    carried_over,
    derived,
)
from ..model.kinds import KINDS, EventKind, RunsLow, TypeKind
from ..model.kinds.events import VANISHED
from ..model.kinds.kind import (
    Appears,
    Disappears,
    EventDiffers,
    LevelDiffers,
    TypeDiffers,
    TypeLevel,
)
from ..model.observation import SWEEPS, Observation
from ..model.sale import EventSale, TypeSale

_USUAL = LowStock()
# What clears a condition comes first: an event that is there again, and cancelled, has cleared the
# ticket about its absence rather than superseded it.
_CLEARING = {name for kind in KINDS.values() for name in kind.cleared_by}
_ORDER = {
    name: number
    for number, name in enumerate(sorted(KINDS, key=lambda kind: kind not in _CLEARING))
}

T = TypeVar("T")
_Facts = Callable[[object], object]
_Test = tuple[_Facts, str, T]


def _tests(
    kinds: Iterable[tuple[str, tuple[str, ...], T]], moving: str
) -> tuple[tuple[_Facts, tuple[_Test[T], ...]], ...]:
    """Tests in two groups, each behind the facts it depends on: a group is skipped at once if none
    of its facts differs. ``moving`` is the fact that differs at nearly every poll."""
    groups: tuple[list[tuple[str, tuple[str, ...], T]], ...] = ([], [])
    for kind in kinds:
        groups[moving not in kind[1]].append(kind)
    return tuple(
        (
            attrgetter(*dict.fromkeys(field for _, fields, _ in group for field in fields)),
            tuple((attrgetter(*fields), name, test) for name, fields, test in group),
        )
        for group in groups
    )


_EVENT_TESTS = _tests(
    (
        (kind.name, kind.seen.fields, kind.seen.test)
        for kind in KINDS.values()
        if isinstance(kind.seen, EventDiffers)
    ),
    "ticket_types",
)
_TYPE_TESTS = tuple(
    (attrgetter(*kind.seen.fields), kind.name, kind.seen.test)
    for kind in KINDS.values()
    if isinstance(kind.seen, TypeDiffers)
)
_TYPE_FACTS = attrgetter(
    *dict.fromkeys(
        name
        for kind in KINDS.values()
        if isinstance(kind.seen, TypeDiffers)
        for name in kind.seen.fields
    )
)
_LEVEL_TESTS = tuple(
    (kind.name, kind.seen.test) for kind in KINDS.values() if isinstance(kind.seen, LevelDiffers)
)
_NEW_EVENT, _NEW_TYPE = (
    tuple(k.name for k in KINDS.values() if isinstance(k, of) and isinstance(k.seen, Appears))
    for of in (EventKind, TypeKind)
)
_UNKNOWN = (None, TypeSale.NOT_YET)
_TYPE_GONE = tuple(k.name for k in KINDS.values() if isinstance(k.seen, Disappears))


def diff(
    box_office: str,
    snapshot: Mapping[str, EventFacts],
    observation: Observation,
    low: RunsLow = _USUAL,
    admits: Admits | None = None,
) -> tuple[tuple[Change, ...], dict[str, EventFacts]]:
    """The changes, and the facts of the events that differ, by event id.

    Args:
        box_office: its name.
        snapshot: what was known, by event id.
        observation: what was seen.
        low: whether a ticket type runs low.
        admits: which ticket types count for the state of their event; all if None.

    The changes are in the order of the event ids. Those of an event come before those of its ticket
    types; of these, what clears a condition comes first, then the order is the catalogue's.

    An event that an incomplete observation lacks stays as it is. An event that a complete
    observation lacks is counted as absent. It has vanished only when the box office itself says
    that it is not there.
    """
    changes: list[Change] = []
    differing: dict[str, EventFacts] = {}
    for before, after in _pairs(snapshot, observation, admits):
        if after is before or after == before:
            continue
        differing[after.id] = after
        changes += _changes(box_office, before, after, observation.at, low)
    return tuple(changes), differing


def between(
    box_office: str,
    before: Mapping[str, EventFacts],
    after: Mapping[str, EventFacts],
    at: datetime,
    low: RunsLow = _USUAL,
) -> tuple[Change, ...]:
    """The changes from a snapshot to a later one, which has all events of the first."""
    return tuple(
        change
        for event_id in sorted(after)
        if after[event_id] != before.get(event_id)
        for change in _changes(box_office, before.get(event_id), after[event_id], at, low)
    )


def _changes(
    box_office: str, before: EventFacts | None, after: EventFacts, at: datetime, low: RunsLow
) -> Iterator[Change]:
    for kind, ticket_type in _compared(before, after, low):
        yield Change(
            kind=kind,
            box_office=box_office,
            event=after,
            before=before,
            ticket_type=ticket_type,
            observed_at=at,
        )


def _pairs(
    snapshot: Mapping[str, EventFacts], observation: Observation, admits: Admits | None
) -> Iterator[tuple[EventFacts | None, EventFacts]]:
    at = observation.at
    seen = {event.id: event for event in observation.events}
    for event_id in sorted(snapshot.keys() | seen.keys()):
        before = snapshot.get(event_id)
        if event_id in seen:
            after = seen[event_id]
            if before is None:
                fresh = after.ticket_types is None
                yield None, derived(attrs.evolve(after, fresh=fresh), at, admits)
            else:
                if before.sale is None:
                    before = derived(before, at, admits)
                yield before, carried_over(before, after, at, admits)
        elif before is not None and observation.complete and not before.vanished:
            if event_id in observation.elsewhere:
                continue
            gone = event_id in observation.gone
            # The count stops once it is sufficient, so that the snapshot is not written again with
            # every sweep.
            absent = min(before.absent + 1, SWEEPS)
            counted = attrs.evolve(before, absent=absent, vanished=gone)
            yield before, derived(counted, at, admits) if gone else counted


def _compared(
    before: EventFacts | None, after: EventFacts, low: RunsLow
) -> Iterator[tuple[str, TypeFacts | None]]:
    """The kinds of change between two polls of an event, and the ticket type of each.

    Whether each kind is there is for the kind to say: see ``model/kinds``.
    """
    known = before or attrs.evolve(
        after, status=EventState.DRAFT, sold_out=False, sale=EventSale.DRAFT
    )
    kinds = []
    for facts, tests in _EVENT_TESTS:
        if facts(known) != facts(after):
            for own, name, test in tests:
                if test(known, after) and own(known) != own(after):
                    kinds.append(name)
    if before is None:
        kinds += _NEW_EVENT
    kinds.sort(key=_ORDER.__getitem__)
    if after.vanished:
        kinds = [name for name in kinds if name == VANISHED]
    for name in kinds:
        yield name, None
    if not after.vanished:
        yield from _type_kinds(before, after, low)


def _type_kinds(
    before: EventFacts | None, after: EventFacts, low: RunsLow
) -> Iterator[tuple[str, TypeFacts | None]]:
    if after.ticket_types is None or (before is not None and not before.types_are_known):
        return  # ticket types that are seen for the first time are a baseline
    gone: dict[str, tuple[TypeFacts | None, TypeSale | str]] = {}
    if before is not None:
        pairs = zip(before.ticket_types or (), before.sales, strict=True)
        gone = {known.id: (known, sale) for known, sale in pairs}
    for now, sale in zip(after.ticket_types, after.sales, strict=True):
        was, was_sale = gone.pop(now.id, _UNKNOWN)
        if was is now and was_sale == sale:
            continue
        if was is None and before is not None and before.ticket_types is not None:
            for name in _NEW_TYPE:
                yield name, now
        was_low, is_low = was is not None and low(was), low(now)
        if was_low != is_low or was_sale != sale:
            levels = TypeLevel(was_sale, was_low, was or now), TypeLevel(sale, is_low, now)
            for name, differs in _LEVEL_TESTS:
                if differs(*levels, after):
                    yield name, now
        if was is not None and _TYPE_FACTS(was) != _TYPE_FACTS(now):
            for own, name, test in _TYPE_TESTS:
                if test(was, now) and own(was) != own(now):
                    yield name, now
    for removed, _ in gone.values():
        for name in _TYPE_GONE:
            yield name, removed

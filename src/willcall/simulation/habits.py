"""What a box office may be like where the documents leave it open, drawn by seed for the town.

Each habit changes the sandbox's settings or its events before the baseline, and returns what
happens later because of it. See ``willcall.sandbox.settings`` for the settings.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import attrs

from ..sandbox import Sandbox
from ..sandbox.boxoffice import SandboxBoxOffice
from ..sandbox.events import Event, TicketType
from .stage import Stage

Deed = Callable[[], object]
ALL = "all"
"""Stands for every habit; a seed draws one to three of them."""

_MOST = 3


@attrs.define
class DrawnWorld:
    """The box office of a seed while it takes up habits.

    ``restless_until`` is when the last thing that happens by itself will have happened, in seconds
    of the stage. ``odd`` are the ids of events whose rows cannot be read, ``untold`` those whose
    counts nobody can know, ``unread`` those of which a removal cannot be seen, ``flapping`` those
    whose last seats go into baskets and come back, to which nothing else happens.
    """

    dice: random.Random
    stage: Stage
    sandbox: Sandbox
    restless_until: float = 0.0
    odd: set[str] = attrs.field(factory=set)
    untold: set[str] = attrs.field(factory=set)
    flapping: set[str] = attrs.field(factory=set)

    @property
    def unread(self) -> set[str]:
        """The events whose ticket types cannot be read."""
        return self.odd | (self.untold if self.sandbox.settings.field_names == "other" else set())

    @property
    def office(self) -> SandboxBoxOffice:
        """The data of the box office."""
        return self.sandbox.boxoffice

    def settings(self, **values: Any) -> None:
        """Change settings for all events."""
        self.sandbox.settings.change(values)

    def event(self) -> Event:
        """An event that is on sale, if there is any, and has ticket types."""
        events = [
            event
            for event in self.office.events
            if event.ticket_types and event.id not in self.flapping
        ]
        return self.dice.choice([e for e in events if e.status in _SOLD] or events)

    def kind(self, event: Event) -> TicketType:
        """A ticket type of an event."""
        return self.dice.choice(event.ticket_types)

    def restless(self, seconds: float) -> None:
        """Something happens by itself within this many seconds."""
        self.restless_until = max(self.restless_until, self.stage.elapsed + seconds)

    def several(self, deed: Deed, least: int = 2, most: int = 6) -> list[Deed]:
        """A deed that is done several times."""
        return [deed] * self.dice.randint(least, most)


_SOLD = ("PUBLISHED", "SOLD_OUT")


# -- seats that come and go -----------------------------------------------------------------------


def _take(world: DrawnWorld, act: str) -> None:
    event = world.event()
    kind = world.kind(event)
    if not kind.available or kind.unlimited:
        return
    lasts = world.dice.choice((25.0, 70.0, 150.0))
    count = kind.available if world.dice.random() < 0.6 else 1
    getattr(world.office, act)(event.id, kind.id, count, lasts)
    world.restless(lasts)


def _baskets(world: DrawnWorld) -> list[Deed]:
    world.settings(held_seats=world.dice.choice(("unsold", "sold", "separate", "left")))
    return world.several(lambda: _take(world, "hold"), 3, 8)


def _flapping(world: DrawnWorld) -> list[Deed]:
    world.settings(held_seats="unsold")
    types = [{"name": "Floor", "price": 2500, "quantity": 60, "sold": 58}]
    starts = world.stage.now() + timedelta(days=30)
    event = world.office.create("Last Seats", starts, ticket_types=types, status="PUBLISHED")
    world.flapping.add(event.id)

    def take() -> None:
        kind = event.ticket_types[0]
        if kind.available:
            lasts = world.dice.choice((15.0, 30.0, 60.0))
            world.office.hold(event.id, kind.id, kind.available, lasts)
            world.restless(lasts)

    return [take] * 12


def _orders(world: DrawnWorld) -> list[Deed]:
    return world.several(lambda: _take(world, "order"), 3, 8)


def _refunds(world: DrawnWorld) -> list[Deed]:
    def refund() -> None:
        event = world.event()
        kind = world.kind(event)
        if kind.sold:
            world.office.refund(event.id, kind.id, world.dice.randint(1, min(3, kind.sold)))

    return world.several(refund, 3, 8)


def _overbooking(world: DrawnWorld) -> list[Deed]:
    world.settings(overbooked=world.dice.choice(("zero", "negative")))

    def oversell() -> None:
        event = world.event()
        kind = world.kind(event)
        if not kind.unlimited:
            world.office.oversell(event.id, kind.id, kind.available + world.dice.randint(1, 5))

    return world.several(oversell)


def _unlimited(world: DrawnWorld) -> list[Deed]:
    how = world.dice.choice(("null", "absent"))
    world.settings(unlimited=how)

    def turn() -> None:
        event = world.event()
        kind = world.kind(event)
        if how == "absent":  # no field is not the same as no limit
            world.untold.add(event.id)
        world.office.set_quantity(event.id, kind.id, (kind.sold or 12) if kind.unlimited else None)

    if world.dice.random() < 0.5:
        turn()
    return world.several(turn, 1, 3)


def _quantity_cut(world: DrawnWorld) -> list[Deed]:
    def cut() -> None:
        event = world.event()
        kind = world.kind(event)
        world.office.set_quantity(event.id, kind.id, world.dice.choice((0, kind.sold, 80)))

    return world.several(cut)


def _shared_pool(world: DrawnWorld) -> list[Deed]:
    event = world.event()
    sold = sum(kind.sold for kind in event.ticket_types)
    world.office.share(event.id, sold + world.dice.choice((0, 4, 30)))
    return []


def _add_ons(world: DrawnWorld) -> list[Deed]:
    world.settings(add_ons="flagged")
    event = world.event()
    world.office.add_ticket_type(event.id, "Parking", 900, 40, add_on=True)
    return world.several(lambda: world.office.sell_out(event.id, event.ticket_types[0].id), 1, 2)


def _untold(world: DrawnWorld) -> list[Deed]:
    event = world.event()
    how = world.dice.choice(("null", "absent"))
    world.sandbox.settings.change({"available": how}, event.id)
    world.untold.add(event.id)
    return []


def _hidden(world: DrawnWorld) -> list[Deed]:
    def hide() -> None:
        event = world.event()
        kind = world.kind(event)
        world.office.hide(event.id, kind.id, not kind.hidden)

    return world.several(hide)


# -- when it is sold ------------------------------------------------------------------------------


def _sale_windows(world: DrawnWorld) -> list[Deed]:
    world.settings(outside_sale=world.dice.choice(("shown", "zero")))

    def window() -> None:
        event = world.event()
        kind = world.kind(event)
        now, seconds = world.stage.now(), world.dice.choice((-90, 60, 200, 90_000))
        moment = now + timedelta(seconds=seconds)
        if world.dice.random() < 0.5:
            world.office.set_sale(event.id, kind.id, ends_at=moment)
        else:
            world.office.set_sale(event.id, kind.id, starts_at=moment)
        world.restless(seconds if seconds < 1000 else 0)

    window()
    return world.several(window, 1, 4)


def _waves(world: DrawnWorld) -> list[Deed]:
    world.settings(outside_sale=world.dice.choice(("shown", "zero")))

    def wave() -> None:
        event = world.event()
        world.office.sell_out(event.id)
        starts = world.stage.now() + timedelta(days=3)
        world.office.add_ticket_type(event.id, "Second Wave", 2900, 40, sale_starts_at=starts)

    return world.several(wave, 1, 2)


# -- status ---------------------------------------------------------------------------------------


def _late_status(world: DrawnWorld) -> list[Deed]:
    lag = world.dice.choice((20.0, 90.0))
    world.settings(auto_sold_out=True, status_lag=lag)
    world.restless(600 + lag)
    return []


def _closed_by_hand(world: DrawnWorld) -> list[Deed]:
    def close() -> None:
        event = world.event()
        if event.closed_by_hand:
            world.office.publish(event.id)
        else:
            world.office.set_status(event.id, "SOLD_OUT")

    return world.several(close, 1, 4)


def _unknown_status(world: DrawnWorld) -> list[Deed]:
    def postpone() -> None:
        world.office.set_status(world.event().id, "POSTPONED")

    return [postpone]


def _drafts(world: DrawnWorld) -> list[Deed]:
    for quantity, sold in ((0, 0), (100, 96), (40, 40)):
        types = [{"name": "Floor", "price": 2500, "quantity": quantity, "sold": sold}]
        starts = world.stage.now() + timedelta(days=40)
        world.office.create(f"Draft of {quantity}", starts, ticket_types=types)

    def drafts() -> list[Event]:
        return [event for event in world.office.events if event.status == "DRAFT"]

    def edit() -> None:
        if found := drafts():
            event = world.dice.choice(found)
            world.dice.choice(
                (
                    lambda: world.office.reschedule(event.id, days=7),
                    lambda: world.office.delete(event.id),
                    lambda: world.office.publish(event.id),
                    lambda: world.office.sell_out(event.id),
                )
            )()

    return world.several(edit)


def _past(world: DrawnWorld) -> list[Deed]:
    for status, sold in (("PUBLISHED", 20), ("COMPLETED", 20), ("ARCHIVED", 60)):
        types = [{"name": "Floor", "price": 2500, "quantity": 60, "sold": sold}]
        starts = world.stage.now() - timedelta(days=1)
        world.office.create(f"Played, {status}", starts, ticket_types=types, status=status)

    def edit() -> None:
        over = [e for e in world.office.events if e.over(world.stage.now())]
        event = world.dice.choice(over)
        kind = world.kind(event)
        world.office.set_quantity(event.id, kind.id, world.dice.choice((kind.sold, 90)))

    def complete() -> None:
        event = world.event()
        world.office.update(event.id, starts_at=world.stage.now() - timedelta(hours=2))
        world.office.complete(event.id)

    return [*world.several(edit, 1, 4), complete]


def _reused(world: DrawnWorld) -> list[Deed]:
    what = world.dice.choice(("slugs", "ids"))
    world.settings(reused=what)

    def again() -> None:
        event = world.event()
        title, starts = event.title, world.stage.now() + timedelta(days=90)
        if what == "ids":
            world.office.delete(event.id)
            title = "Another Night"
        else:
            world.office.complete(event.id)
        types = [{"name": "Floor", "price": 3100, "quantity": 60}]
        world.office.create(title, starts, ticket_types=types, status="PUBLISHED")

    return [again]


# -- what the list shows --------------------------------------------------------------------------


def _stale_list(world: DrawnWorld) -> list[Deed]:
    lasts = world.dice.choice((20.0, 45.0, 90.0))
    world.settings(stale_list=lasts)
    world.restless(600 + lasts)
    return []


def _bare_rows(world: DrawnWorld) -> list[Deed]:
    world.settings(place_in_rows=False)
    return []


def _list_order(world: DrawnWorld) -> list[Deed]:
    world.settings(list_order=world.dice.choice(("updated", "newest")))
    return []


def _list_hides(world: DrawnWorld) -> list[Deed]:
    world.settings(list_hides=world.dice.choice(("drafts", "past", "both")))
    return [*_drafts(world), *_past(world)]


def _list_filters(world: DrawnWorld) -> list[Deed]:
    habit = world.dice.choice(("ignored", "status_only", "exclusive", "stale"))
    world.settings(list_filters=habit, list_capped=world.dice.random() < 0.5)
    return []


def _series(world: DrawnWorld) -> list[Deed]:
    from ..sandbox.season import series

    series(world.office, world.stage.now(), 120)
    world.restless(1500)  # without ticket types in rows it takes many passes to see every event
    return []


def _odd_row(world: DrawnWorld) -> list[Deed]:
    event = world.event()
    from ..sandbox.settings import HABITS

    (values,) = (habit.values for habit in HABITS if habit.name == "odd_row")
    how = world.dice.choice([value for value in values or () if value != "none"])
    world.odd.add(event.id)
    world.office.update(event.id, timezone="America/New_York")

    def spoil() -> None:
        world.sandbox.settings.change({"odd_row": how}, event.id)

    if world.dice.random() < 0.5:
        spoil()
        return []
    return [spoil]


def _removal_name(world: DrawnWorld) -> list[Deed]:
    world.settings(removal_name=world.dice.choice(("ignored", "refused")))
    return []


def _error_statuses(world: DrawnWorld) -> list[Deed]:
    world.settings(error_statuses="other")
    return []


def _field_names(world: DrawnWorld) -> list[Deed]:
    world.settings(field_names="other")
    world.untold.update(event.id for event in world.office.events)
    return []


HABITS: Mapping[str, Callable[[DrawnWorld], list[Deed]]] = {
    "baskets": _baskets,
    "flapping": _flapping,
    "orders": _orders,
    "refunds": _refunds,
    "overbooking": _overbooking,
    "unlimited": _unlimited,
    "quantity-cut": _quantity_cut,
    "shared-pool": _shared_pool,
    "add-ons": _add_ons,
    "untold": _untold,
    "hidden": _hidden,
    "sale-windows": _sale_windows,
    "waves": _waves,
    "late-status": _late_status,
    "closed-by-hand": _closed_by_hand,
    "unknown-status": _unknown_status,
    "drafts": _drafts,
    "past": _past,
    "reused": _reused,
    "stale-list": _stale_list,
    "bare-rows": _bare_rows,
    "list-order": _list_order,
    "list-hides": _list_hides,
    "list-filters": _list_filters,
    "series": _series,
    "odd-row": _odd_row,
    "removal-name": _removal_name,
    "error-statuses": _error_statuses,
    "field-names": _field_names,
}
"""Every habit that a town may have, by name."""


def drawn(dice: random.Random, names: Sequence[str]) -> list[str]:
    """The habits of a seed among those that are allowed: one to three, or the only one."""
    allowed = list(HABITS) if ALL in names else [name for name in HABITS if name in names]
    return dice.sample(allowed, min(len(allowed), dice.randint(1, _MOST))) if allowed else []

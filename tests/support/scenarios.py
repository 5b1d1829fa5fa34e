"""Scenarios for a virtual bridge: what happens at the box office, and what is run after each step.

A step can be repeated: if its process was killed, running the step again does what was left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import attrs

from support.virtual_bridge import ADDRESS, START, VirtualBridge
from willcall.bridge.config.rule_tables import RemovalTable
from willcall.bridge.delivery.removals import Scheduled
from willcall.bridge.model.kinds import matching
from willcall.bridge.model.predicates import Predicates
from willcall.bridge.model.rules import Rule, Rules, Storm, built_in_rules
from willcall.bridge.run import PassReport


class Runs(Protocol):
    """What is run after something has happened; it may end at a boundary."""

    def __call__(self, house: VirtualBridge, *, crash_at: int | None = None) -> PassReport: ...


def a_run(house: VirtualBridge, *, crash_at: int | None = None) -> PassReport:
    """What cron does."""
    return house.run(crash_at=crash_at)


def a_release(house: VirtualBridge, *, crash_at: int | None = None) -> PassReport:
    """What a person does who lets a storm go."""
    return house.release(crash_at=crash_at)


@attrs.frozen
class Step:
    """Something happens, and something is run."""

    happens: Callable[[VirtualBridge], object]
    runs: Runs = a_run


@attrs.frozen
class Scenario:
    """Rules and steps; ``tickets`` is how many tickets there are in the end."""

    steps: tuple[Step, ...]
    tickets: int
    rules: Rules | None = None
    removals: Callable[[VirtualBridge], tuple[Scheduled, ...]] = lambda house: ()

    def house(self) -> VirtualBridge:
        """The virtual bridge before the first step, with its baseline taken."""
        house = VirtualBridge(Path(), rules=self.rules)
        house.removals = self.removals(house)
        house.run()
        return house


def _rules(*globs: str, storm: int = 20, **more: Any) -> Rules:
    rule = Rule(id="own", kinds=matching(globs), address=ADDRESS, **more)
    rest = built_in_rules(ADDRESS)
    return Rules(rules=(rule, *rest), default=ADDRESS, storm=Storm(storm))


def _night(house: VirtualBridge) -> None:
    """Three things at once."""
    first, second, third = house.event(0), house.event(1), house.event(2)
    house.box_office.sell_out(first)
    house.box_office.cancel(second)
    house.box_office.sell_out(third)


def _morning(house: VirtualBridge) -> None:
    for event in house.box_office.events:
        if event.status == "SOLD_OUT":
            for ticket_type in event.ticket_types:
                house.box_office.restock(event.id, ticket_type.name, 3)


def _the_event(house: VirtualBridge) -> Any:
    """One event of several ticket types, of which some are sold: the same each time."""
    return next(
        event
        for event in sorted(house.box_office.events, key=lambda event: event.title)
        if len(event.ticket_types) > 1 and event.ticket_types[0].sold
        and event.ticket_types[0].available > 9
    )  # fmt: skip


def _runs_low(house: VirtualBridge) -> None:
    event = _the_event(house)
    one = event.ticket_types[0]
    house.box_office.sell(event.id, one.name, count=one.available - 5)


def _restocked(house: VirtualBridge) -> None:
    event = _the_last(house)
    house.box_office.restock(event.id, event.ticket_types[0].name, 90)


def _the_last(house: VirtualBridge) -> Any:
    return next(e for e in house.box_office.events if e.ticket_types[0].available == 5)


def _waits(house: VirtualBridge) -> None:
    house.clock.advance(180)


def _sold_out(house: VirtualBridge) -> None:
    house.box_office.sell_out("the-cherry-orchard")


def _back(house: VirtualBridge) -> None:
    event = house.box_office.event("the-cherry-orchard")
    for ticket_type in event.ticket_types:
        house.box_office.restock(event.id, ticket_type.name, 3)


def _removal(house: VirtualBridge) -> tuple[Scheduled, ...]:
    event = _the_event(house)
    return (
        RemovalTable(
            box_office="main-room",
            event=str(event.slug),
            ticket_type=event.ticket_types[0].name,
            after=START + timedelta(minutes=5),
        ),
    )


def _due(house: VirtualBridge) -> None:
    house.clock.advance(600)


def _refunded(house: VirtualBridge) -> None:
    (removal,) = house.removals
    event = house.box_office.event(removal.event)
    one = next(t for t in event.ticket_types if t.name == removal.ticket_type)
    house.box_office.refund(event.id, one.name, one.sold)


def _nothing(house: VirtualBridge) -> None:
    """Only the run."""


SCENARIOS: Mapping[str, Scenario] = {
    "night and morning": Scenario((Step(_night), Step(_morning)), tickets=3),
    "low stock that has to hold": Scenario(
        (Step(_runs_low), Step(_waits), Step(_restocked), Step(_waits)),
        tickets=1,
        rules=_rules("ticket_type.low_stock", hold=timedelta(minutes=2),
                     predicates=Predicates(remaining_below=6), note="n", tags=("low",)),
    ),
    "the same ticket again": Scenario(
        (Step(_sold_out), Step(_back), Step(_sold_out), Step(_back)),
        tickets=1,
        rules=_rules("event.sold_out", reopen_within=timedelta(days=1)),
    ),
    "a removal that is refused, then works": Scenario(
        (Step(_due), Step(_refunded), Step(_nothing)), tickets=1, removals=_removal
    ),
    "a storm that is released": Scenario(
        (Step(_night), Step(_nothing, a_release), Step(_morning)),
        tickets=4,
        rules=_rules("event.sold_out", storm=1),
    ),
}  # fmt: skip

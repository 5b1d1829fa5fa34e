"""Plays for a whole house: what happens, and what is run after each of it.

A play's steps can be repeated: a step that is run again after its process has ended finds what is
left to do, and does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import attrs

from support.house import ADDRESS, START, House
from willcall.bridge.config.rule_tables import Removal
from willcall.bridge.delivery.removals import Scheduled
from willcall.bridge.model.changes import matching
from willcall.bridge.model.rules import Predicates, Rule, Rules, Storm, built_in_rules
from willcall.bridge.run import PassReport


class Runs(Protocol):
    """What is run after something has happened; it may end at a boundary."""

    def __call__(self, house: House, *, crash_at: int | None = None) -> PassReport: ...


def a_run(house: House, *, crash_at: int | None = None) -> PassReport:
    """What cron does."""
    return house.run(crash_at=crash_at)


def a_release(house: House, *, crash_at: int | None = None) -> PassReport:
    """What a person does who lets a storm go."""
    return house.release(crash_at=crash_at)


@attrs.frozen
class Step:
    """Something happens, and something is run."""

    happens: Callable[[House], object]
    runs: Runs = a_run


@attrs.frozen
class Play:
    """A house with these rules, and the steps; ``tickets`` is how many there are in the end."""

    steps: tuple[Step, ...]
    tickets: int
    rules: Rules | None = None
    removals: Callable[[House], tuple[Scheduled, ...]] = lambda house: ()

    def house(self) -> House:
        """The house before the first step, baseline taken."""
        house = House(Path(), rules=self.rules)
        house.removals = self.removals(house)
        house.run()
        return house


def _rules(*globs: str, storm: int = 20, **more: Any) -> Rules:
    rule = Rule(id="own", kinds=matching(globs), address=ADDRESS, **more)
    rest = built_in_rules(ADDRESS)
    return Rules(rules=(rule, *rest), default=ADDRESS, storm=Storm(storm))


def _night(house: House) -> None:
    """Three things at once."""
    first, second, third = house.event(0), house.event(1), house.event(2)
    house.box_office.sell_out(first)
    house.box_office.cancel(second)
    house.box_office.sell_out(third)


def _morning(house: House) -> None:
    for event in house.box_office.events:
        if event.status == "SOLD_OUT":
            house.box_office.restock(event.id, event.ticket_types[0].name, 3)


def _the_event(house: House) -> Any:
    """One event of several ticket types, of which some are sold: the same each time."""
    return next(
        event
        for event in sorted(house.box_office.events, key=lambda event: event.title)
        if len(event.ticket_types) > 1 and event.ticket_types[0].sold
        and event.ticket_types[0].available > 9
    )  # fmt: skip


def _runs_low(house: House) -> None:
    event = _the_event(house)
    one = event.ticket_types[0]
    house.box_office.sell(event.id, one.name, count=one.available - 5)


def _restocked(house: House) -> None:
    event = _the_last(house)
    house.box_office.restock(event.id, event.ticket_types[0].name, 90)


def _the_last(house: House) -> Any:
    return next(e for e in house.box_office.events if e.ticket_types[0].available == 5)


def _waits(house: House) -> None:
    house.clock.advance(180)


def _sold_out(house: House) -> None:
    house.box_office.sell_out("the-cherry-orchard")


def _back(house: House) -> None:
    event = house.box_office.event("the-cherry-orchard")
    house.box_office.restock(event.id, event.ticket_types[0].name, 3)


def _removal(house: House) -> tuple[Scheduled, ...]:
    event = _the_event(house)
    return (
        Removal(
            box_office="main-room",
            event=str(event.slug),
            ticket_type=event.ticket_types[0].name,
            after=START + timedelta(minutes=5),
        ),
    )


def _due(house: House) -> None:
    house.clock.advance(600)


def _refunded(house: House) -> None:
    (removal,) = house.removals
    event = house.box_office.event(removal.event)
    one = next(t for t in event.ticket_types if t.name == removal.ticket_type)
    house.box_office.refund(event.id, one.name, one.sold)


def _nothing(house: House) -> None:
    """Only the run."""


PLAYS: Mapping[str, Play] = {
    "night and morning": Play((Step(_night), Step(_morning)), tickets=3),
    "low stock that has to hold": Play(
        (Step(_runs_low), Step(_waits), Step(_restocked), Step(_waits)),
        tickets=1,
        rules=_rules("ticket_type.low_stock", hold=timedelta(minutes=2),
                     predicates=Predicates(remaining_below=6), note="n", tags=("low",)),
    ),
    "the same ticket again": Play(
        (Step(_sold_out), Step(_back), Step(_sold_out), Step(_back)),
        tickets=1,
        rules=_rules("event.sold_out", reopen_within=timedelta(days=1)),
    ),
    "a removal that is refused, then works": Play(
        (Step(_due), Step(_refunded), Step(_nothing)), tickets=1, removals=_removal
    ),
    "a storm that is released": Play(
        (Step(_night), Step(_nothing, a_release), Step(_morning)),
        tickets=4,
        rules=_rules("event.sold_out", storm=1),
    ),
}  # fmt: skip

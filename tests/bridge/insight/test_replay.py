"""A past time under the same rules opens the same; under others, what they say."""

from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from support.virtual_bridge import ADDRESS, VirtualBridge
from willcall.bridge.insight.replay import Fate, Replay, replay
from willcall.bridge.model.predicates import Predicates
from willcall.bridge.model.rules import Rule, Rules, Silence, built_in_rules

BUILT_IN = Rules(rules=built_in_rules(ADDRESS), default=ADDRESS)
BEGIN = timedelta(days=40)


def played(house: VirtualBridge, rules: Rules, since: timedelta = BEGIN) -> Replay:
    now = house.clock.now()
    logged = house.ledger.log(limit=10_000)
    return replay(
        "main-room",
        house.ledger.history("main-room", now - since),
        [(one.change, one.marker) for one in logged],
        house.ledger.cases(since=now - since),
        rules,
        house.ledger.silences(),
        now - since,
        now,
    )


def fates(found: Replay) -> list[tuple[str, str]]:
    return [(one.fate.value, one.kind) for one in found.compared]


@pytest.fixture
def season(house: VirtualBridge) -> VirtualBridge:
    """Three weeks, told as they were seen."""
    events = [house.event(number) for number in range(4)]
    house.box_office.sell_out(events[0])
    house.run()
    house.clock.advance(86400)
    house.run()
    house.box_office.cancel(events[1])
    house.run()
    name = house.box_office.event(events[2]).ticket_types[0]
    house.report(events[2], name.id)
    house.clock.advance(86400)
    house.box_office.restock(events[0], house.box_office.event(events[0]).ticket_types[0].name, 9)
    house.run()
    house.clock.advance(19 * 86400)
    house.box_office.reschedule(events[3], days=7)
    house.run()
    house.run()
    return house


def test_the_same_rules_open_the_same(season: VirtualBridge) -> None:
    """Ticket for ticket, with the markers they had."""
    found = played(season, BUILT_IN)
    assert len(found.compared) == len(season.desk.tickets)
    assert {one.fate for one in found.compared} == {Fate.SAME}
    assert {one.then for one in found.compared} == {one.now for one in found.compared}
    told = {ticket.subject for ticket in season.desk.tickets}
    assert {f"{one.subject} [{one.marker}]" for one in found.compared} == told


def test_other_rules_add_and_leave_out(season: VirtualBridge) -> None:
    """And say why something is missing."""
    mine = Rule(id="mine", kinds=("event.back_on_sale", "event.cancelled"), address=ADDRESS)
    found = played(season, attrs.evolve(BUILT_IN, rules=(mine,)))
    assert fates(found) == [
        ("missing", "event.sold_out"),
        ("same", "event.cancelled"),
        ("missing", "ticket_type.removal_failed"),
        ("added", "event.back_on_sale"),
        ("missing", "ticket_type.sold_out"),
        ("missing", "event.rescheduled"),
    ]
    assert [one.why for one in found.compared if one.fate is Fate.MISSING] == [
        "no rule takes it"
    ] * 4
    assert found.count(Fate.ADDED) == 1


def test_waits_ripen_between_what_was_seen(season: VirtualBridge) -> None:
    """A condition that held for an hour opens after that hour, though nothing was seen then."""
    slow = Rule(
        id="slow",
        kinds=("event.sold_out", "event.cancelled"),
        hold=timedelta(days=2),
        address=ADDRESS,
    )
    found = played(season, attrs.evolve(BUILT_IN, rules=(slow,)))
    assert [fate for fate in fates(found) if fate[1] in slow.kinds] == [
        ("same", "event.sold_out"),
        ("same", "event.cancelled"),
    ]
    slower = attrs.evolve(slow, hold=timedelta(days=14))
    found = played(season, attrs.evolve(BUILT_IN, rules=(slower,)))
    assert ("missing", "event.sold_out") in fates(found)
    (why,) = [one.why for one in found.compared if one.kind == "event.sold_out"]
    assert why == "waits whether it holds for 14 days, 0:00:00"


def test_predicates_go_by_the_time_that_is_played(season: VirtualBridge) -> None:
    """What starts soon is soon then, and not now."""
    soon = Rule(
        id="soon",
        kinds=("event.cancelled",),
        predicates=Predicates(starts_within=timedelta(days=400)),
        address=ADDRESS,
    )
    assert ("same", "event.cancelled") in fates(
        played(season, attrs.evolve(BUILT_IN, rules=(soon,)))
    )


def test_silences_of_that_time_hold(season: VirtualBridge) -> None:
    """As they did."""
    season.ledger.add_silence(
        Silence(
            kinds=("event.cancelled",),
            begins=season.clock.now() - timedelta(days=60),
            until=season.clock.now() + timedelta(days=1),
            author="Ana",
            reason="known",
        )
    )
    (missing,) = [one for one in played(season, BUILT_IN).compared if one.fate is Fate.MISSING]
    assert missing.why == "silenced by Ana: known"


def test_a_part_of_the_time(season: VirtualBridge) -> None:
    """What was so before is known, and not counted."""
    found = played(season, BUILT_IN, timedelta(days=1))
    assert fates(found) == [("same", "event.rescheduled")]


def test_without_a_history(tmp_path: Path) -> None:
    """There is nothing to play."""
    house = VirtualBridge(tmp_path)
    assert played(house, BUILT_IN).begins is None
    house.ledger.close()

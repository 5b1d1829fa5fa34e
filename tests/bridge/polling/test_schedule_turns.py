"""No event goes unseen for longer than is promised, whatever is believed and whatever fails."""

import random
from collections.abc import Callable, Sequence

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.schedules import DAY, NOW, begun, event, polls
from willcall.bridge.model.facts import EventFacts
from willcall.bridge.polling.budget import PollReason, Shares
from willcall.bridge.polling.schedule import Schedule

PAGE = 100


class World:
    """A box office that does whatever it likes, and a count of how long each event waits."""

    def __init__(self, draw: random.Random, size: int, rows_tell: bool) -> None:
        self.draw, self.rows_tell = draw, rows_tell
        self.left = {f"e{n}": draw.randint(0, 200) for n in range(size)}
        self.opens = {
            name: draw.choice([None, NOW + draw.uniform(-100, 400)]) for name in self.left
        }
        self.waits = dict.fromkeys(self.left, 0)
        self.worst = 0

    def facts(self, name: str) -> EventFacts:
        """An event now: sold, refunded, held, restocked, sold out."""
        if self.draw.random() < 0.7:
            change = self.draw.choice([-60, -5, -1, 0, 0, 2, 100])
            self.left[name] = max(0, min(300, self.left[name] + change))
        status = "PUBLISHED" if self.left[name] else "SOLD_OUT"
        return event(name, self.left[name], status=status, opens=self.opens[name])

    def asked(self, names: set[str]) -> None:
        """A request went to these."""
        for name in self.waits:
            self.waits[name] = 0 if name in names else self.waits[name] + 1
        self.worst = max(self.worst, *self.waits.values())


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(1, 12),
    st.booleans(),
    st.floats(0.1, 0.2),
    st.floats(0.2, 0.4),
    st.floats(5.0, 200.0),
)
def test_no_event_is_starved(
    seed: int, size: int, rows_tell: bool, floor: float, most: float, unseen: float
) -> None:
    draw = random.Random(seed)
    shares = Shares(floor=floor, most=most, unseen=unseen)
    world, schedule = World(draw, size, rows_tell), Schedule(1.0, shares=shares)
    rows = [event(name) for name in world.left]
    schedule.page_seen(
        1, [world.facts(n) for n in world.left] if rows_tell else rows, NOW, last=True
    )
    # Whoever asks again has its own ideas: one event is said to sell like nothing else.
    at, skew, trouble = NOW, draw.choice([0.0, -30.0, 30.0]), draw.choice([0.0, 0.1, 0.5])
    mad = draw.choice(list(world.left))
    schedule._weight = lambda facts: 1e9 if facts.id == mad else 1.0
    for _ in range(60 * size + 200):
        poll = schedule.next(at + skew)
        at = max(at, poll.at - skew)
        if draw.random() < 0.01:
            at += draw.choice([-5000.0, 600.0])  # somebody else spends, or sets the clock
        whole = rows_tell and poll.page is not None
        world.asked(set(world.left) if whole else {poll.event or ""})
        if draw.random() < trouble:
            schedule.failed(poll, at + skew)
        elif poll.page is not None:
            now = [world.facts(name) for name in world.left] if rows_tell else rows
            schedule.page_seen(1, now, at + skew, last=True)
        elif poll.event:
            schedule.event_seen(world.facts(poll.event), at + skew)
    assert world.worst <= (size + 2) / floor + 2
    assert world.worst <= schedule.longest_unseen * schedule.rate + 10 * rows_tell * size


@pytest.mark.parametrize(("size", "within"), [(20, 500), (100, 930), (200, 930)])
def test_where_one_event_sells_the_others_are_seen_within_the_bound(
    size: int, within: float
) -> None:
    events = [event(f"e{n}", 150) for n in range(size)]
    schedule = begun(events, rate=0.9)
    # Nothing ever sells but one, so nothing else is expected of the others.
    at, seen, worst, hot = NOW, dict.fromkeys((one.id for one in events), NOW), 0.0, 150.0
    for _ in range(6000):
        poll = schedule.next(at)
        at = poll.at
        if poll.event is None:
            continue
        worst = max(worst, at - seen[poll.event])
        seen[poll.event] = at
        hot = 150 - (at - NOW) / 60 % 149
        schedule.event_seen(event(poll.event, int(hot) if poll.event == "e7" else 150), at)
    assert schedule.longest_unseen <= within
    assert worst <= schedule.longest_unseen


def test_what_is_looked_at_anyway_takes_no_turn() -> None:
    events = [event(f"e{n}", 3, 40) for n in range(300)]
    whys = [poll.why for poll in polls(begun(events, rate=0.3), 13_400, *events)]
    assert whys.count(PollReason.PRIORITY) > 3_000
    assert PollReason.FLOOR not in whys
    # One that nothing is expected of has its turns, and only that one.
    dull = event("dull", 200, opens=NOW - 40 * DAY)
    asked = polls(begun([*events, dull], rate=0.3), 20_000, *events, dull)
    floors = [poll.event for poll in asked if poll.why is PollReason.FLOOR]
    assert set(floors) == {"dull"}
    assert len(floors) < 7


def test_few_events_have_their_turns_all_the_time() -> None:
    """It finds what nobody expects, and costs hardly anything."""
    events = [event(f"e{n}", 3, 40) for n in range(100)]
    whys = [poll.why for poll in polls(begun(events), 4_000, *events)]
    assert whys.count(PollReason.FLOOR) == pytest.approx(4_000 * 100 / 900, rel=0.05)


def restored(known: Sequence[EventFacts]) -> Schedule:
    """A schedule whose ledger says of all events that they were last seen at one moment."""
    first, schedule = begun(known), Schedule(0.3, weight=only_one)
    for one in known:
        schedule.remember(one, first.memory(one.id))
    return schedule


def told_no_more(known: Sequence[EventFacts]) -> Schedule:
    """A schedule that saw all events on pages, and now rows carry no ticket types any more."""
    schedule = Schedule(0.3, weight=only_one)
    for rows in (known, [attrs.evolve(one, ticket_types=None) for one in known]):
        for first in range(0, len(known), PAGE):
            last = first + PAGE >= len(known)
            schedule.page_seen(first // PAGE + 1, rows[first : first + PAGE], NOW, last=last)
    return schedule


def only_one(facts: EventFacts) -> float:
    """One event counts more than all others, whenever it was polled."""
    return 1e15 if facts.id == "e7" else 1.0


@pytest.mark.parametrize("begin", [restored, told_no_more])
def test_events_that_were_all_last_seen_at_once_are_seen_within_the_bound(
    begin: Callable[[Sequence[EventFacts]], Schedule],
) -> None:
    known = [event(f"e{n}", 200, opens=NOW - 40 * DAY) for n in range(300)]
    schedule, at = begin(known), NOW
    seen = dict.fromkeys((one.id for one in known), NOW)
    while at < NOW + 3 * schedule.longest_unseen:
        poll = schedule.next(at)
        at = poll.at
        if poll.event is None:
            rows = [attrs.evolve(one, ticket_types=None) for one in known]
            first, last = PAGE * ((poll.page or 1) - 1), poll.page == 3
            schedule.page_seen(poll.page or 1, rows[first : first + PAGE], at, last=last)
            continue
        seen[poll.event] = at
        schedule.event_seen(known[int(poll.event[1:])], at)
        assert at - min(seen.values()) <= schedule.longest_unseen


@pytest.mark.parametrize("change", ["one is gone", "a higher rate"])
@pytest.mark.parametrize("after", [406, 600])
def test_the_bound_holds_where_turns_change_their_way(change: str, after: int) -> None:
    """Where all could be seen in 15 minutes: only what is due has its turn, and then all the
    time."""
    known = [event(f"e{n}", 200, opens=NOW - 40 * DAY) for n in range(203)]
    schedule, at = begun(known, rate=0.225), NOW
    schedule._weight = only_one
    for one in known:
        schedule._was_asked(schedule._events[one.id])
        schedule._requests += 1
    seen = {one.id: NOW + n / 0.225 for n, one in enumerate(known)}
    at, stated = max(seen.values()), schedule.longest_unseen
    for step in range(3_000):
        if step == after and change == "one is gone":
            schedule.gone("e202")
            del seen["e202"]
        elif step == after:
            schedule.rate = 0.2263
        poll = schedule.next(at)
        at = poll.at
        stated = max(stated, schedule.longest_unseen)
        if poll.event is None:
            rows = [attrs.evolve(one, ticket_types=None) for one in known if one.id in seen]
            first = PAGE * ((poll.page or 1) - 1)
            schedule.page_seen(poll.page or 1, rows[first : first + PAGE], at, last=poll.page == 3)
            continue
        seen[poll.event] = at
        schedule.event_seen(known[int(poll.event[1:])], at)
        assert at - min(seen.values()) <= stated


def test_the_list_is_swept_within_its_bound_while_turns_are_behind() -> None:
    """A ledger that is a day old, and an opening each second."""
    known = [event(f"e{n}", 200, opens=NOW - 40 * DAY) for n in range(1_000)]
    known += [event(f"o{n}", 200, opens=NOW + n) for n in range(600)]
    first, schedule = begun(known), Schedule(0.9, memory={"pages": 16})
    for one in known:
        schedule.remember(one, {**first.memory(one.id), "at": NOW - DAY})
    at, swept, worst = NOW, NOW, 0.0
    for _ in range(1_500):
        poll = schedule.next(at)
        at = poll.at
        worst = max(worst, at - swept)
        if poll.page is None:
            schedule.failed(poll, at)
            continue
        swept = at
        rows = [attrs.evolve(one, ticket_types=None) for one in known]
        page = rows[(poll.page - 1) * PAGE : poll.page * PAGE]
        schedule.page_seen(poll.page, page, at, last=poll.page == 16)
    assert worst * 16 <= schedule.sweep_seconds * 1.2

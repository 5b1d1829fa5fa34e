"""What is looked at next: nothing starves, known moments are met, the worthiest comes first."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from willcall.bridge.facts import EventFacts, TypeFacts
from willcall.bridge.forecast import ORDER
from willcall.bridge.schedule import PAGE, Schedule
from willcall.bridge.spending import Look, Shares, Why
from willcall.bridge.worth import Selling, _crosses

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC).timestamp()
DAY = 86_400.0
ROOT = Path(__file__).parent.parent.parent


def moment(at: float) -> datetime:
    """A moment as facts hold it."""
    return datetime.fromtimestamp(at, UTC)


def event(
    name: str,
    *left: int,
    status: str = "PUBLISHED",
    starts: float = NOW + 30 * DAY,
    opens: float | None = None,
) -> EventFacts:
    """An event; without ``left`` as a row of the list shows it."""
    return EventFacts(
        id=name,
        title=name,
        status=status,
        starts_at=moment(starts),
        ticket_types=tuple(
            TypeFacts(
                id=f"{name}-{place}",
                name="seat",
                quantity=200,
                available=count,
                sale_starts_at=None if opens is None else moment(opens),
            )
            for place, count in enumerate(left)
        )
        or None,
    )


def begun(events: Sequence[EventFacts], rate: float = 1.0) -> Schedule:
    """A schedule that has seen these just now."""
    schedule = Schedule(rate)
    schedule.page_seen(1, [attrs.evolve(one, ticket_types=None) for one in events], NOW, last=True)
    for one in events:
        schedule.event_seen(one, NOW)
    return schedule


def looks(schedule: Schedule, seconds: float, *events: EventFacts, at: float = NOW) -> list[Look]:
    """What is looked at for a while, in which nothing changes."""
    by_id, done = {one.id: one for one in events}, []
    end = at + seconds
    while (look := schedule.next(at)).at < end:
        at = look.at
        done.append(look)
        if look.event is None:
            rows = [attrs.evolve(one, ticket_types=None) for one in events]
            schedule.page_seen(look.page or 1, rows, at, last=True)
        else:
            schedule.event_seen(by_id[look.event], at)
    return done


def test_it_begins_with_the_list_and_then_sees_each_event() -> None:
    schedule = Schedule(1.0)
    first = schedule.next(NOW)
    assert (first.page, first.why) == (1, Why.SWEEP)
    rows = [event(f"e{n}") for n in range(PAGE)]
    schedule.page_seen(1, rows, NOW)
    assert schedule.next(NOW).page == 2
    schedule.page_seen(2, [event("last")], NOW, last=True)
    asked = {schedule.next(NOW + n).event for n in range(2, 2 + PAGE + 30)}
    assert asked >= {one.id for one in rows} | {"last"}


def test_looks_are_spread_evenly() -> None:
    schedule = begun([event("a", 50), event("b", 50)], rate=0.9)
    moments = [schedule.next(NOW).at for _ in range(20)]
    spans = [later - sooner for sooner, later in pairwise(moments)]
    assert spans == pytest.approx([1 / 0.9] * 19)


def test_what_sells_fast_and_is_nearly_gone_is_looked_at_most() -> None:
    hot, full, slow = (
        event(name, left) for name, left in (("hot", 24), ("full", 190), ("slow", 24))
    )
    schedule = begun([hot, full, slow])
    for step in range(1, 6):
        for one, sold in ((hot, 6), (full, 6), (slow, 0)):
            left = (one.ticket_types or ())[0].available or 0
            schedule.event_seen(event(one.id, left + sold * (5 - step)), NOW + 120 * step)
    asked = [one.event for one in looks(schedule, 600, hot, full, slow, at=NOW + 600)]
    assert asked.count("hot") > 2 * asked.count("full")
    assert asked.count("hot") > 2 * asked.count("slow")


def test_what_sold_out_lately_may_come_back_and_is_looked_at_for_it() -> None:
    """As long as the event as a whole is on sale; else the list tells."""
    opened = NOW - 10 * DAY
    pair = {
        name: [event(name, left, 190, status=status, opens=opened) for left in (3, last)]
        for name, last, status in (
            ("gone", 0, "PUBLISHED"),
            ("all", 0, "SOLD_OUT"),
            ("some", 200, "PUBLISHED"),
        )
    }
    schedule = begun([one for one, _ in pair.values()])
    for _, one in pair.values():
        schedule.event_seen(one, NOW + 600)
    known = schedule._events
    assert known["gone"].worth(NOW + 7200) > 2 * known["all"].worth(NOW + 7200)
    assert known["gone"].worth(NOW + 7200) > 2 * known["some"].worth(NOW + 7200)
    kind = (pair["gone"][1].ticket_types or ())[0]
    found = []
    for days in (0, 6):
        known["gone"].weigh([Selling(kind, 0.01, 5.0, days * DAY)], schedule.low_stock, 1.0)
        found.append(known["gone"].once)
    fresh, old = found
    assert 0.02 * fresh < old < 0.2 * fresh  # it becomes less likely by the day


def test_an_event_whose_status_changed_is_looked_at_soon() -> None:
    events = [event(f"e{n}", 150) for n in range(40)]
    schedule = begun(events)
    looks(schedule, 300, *events)
    rows = [attrs.evolve(one, ticket_types=None) for one in events]
    rows[17] = attrs.evolve(rows[17], status="SOLD_OUT")
    schedule.page_seen(1, rows, NOW + 300, last=True)
    found = [schedule.next(NOW + 300 + step) for step in range(4)]
    assert ("e17", Why.FIRST) in [(one.event, one.why) for one in found]


def test_a_surge_of_one_ticket_type_makes_the_others_worth_a_look() -> None:
    opened = NOW - 40 * DAY
    schedule = begun([event(name, 150, 4, opens=opened) for name in ("hot", "calm")])
    for step in range(1, 4):
        at = NOW + 300 * step
        schedule.event_seen(event("hot", 150 - 6 * step, 4, opens=opened), at)
        schedule.event_seen(event("calm", 150, 4, opens=opened), at)
    hot, calm = schedule._events["hot"], schedule._events["calm"]
    assert hot.surge > 0.9
    assert calm.surge < 0.01
    assert hot.types["hot-1"].tickets == 0
    assert hot.once > 10 * calm.once  # a few are left of a ticket type that has sold none
    # It is over when hours later nothing more was sold; the next process believes the same.
    kept = json.loads(json.dumps(schedule.memory("hot")))
    again = Schedule(1.0)
    again.remember(event("hot", 132, 4, opens=opened), kept)
    assert again._events["hot"].once == pytest.approx(hot.once, rel=0.01)
    again.event_seen(event("hot", 132, 4, opens=opened), NOW + 15_000)
    assert again._events["hot"].surge < 0.05


def test_an_opening_is_no_surge() -> None:
    schedule = begun([event("new", 200, 200, opens=NOW + 600)])
    for minute in range(9, 30):
        sold = max(0, minute * 2 - 19)  # two tickets a minute, as one expects of it: 1e-4 · 400
        now = event("new", 200 - sold, 200, opens=NOW + 600)
        schedule.event_seen(now, NOW + 60 * minute)
        assert schedule._events["new"].surge < 0.2


def test_what_was_hidden_or_opened_meanwhile_is_no_surge() -> None:
    opened = NOW - 40 * DAY
    both, one = event("e", 150, 90, opens=opened), event("e", 150, opens=opened)
    schedule = begun([both])
    for hour in range(1, 21):
        schedule.event_seen(one, NOW + 3600 * hour)
    schedule.event_seen(event("e", 150, 80, opens=opened), NOW + 21 * 3600)
    assert schedule._events["e"].surge < 0.01
    late = attrs.evolve((both.ticket_types or ())[1], sale_starts_at=moment(NOW + 600))
    kinds = [(both.ticket_types or ())[0], late]
    schedule = begun([attrs.evolve(both, ticket_types=tuple(kinds))])
    kinds[1] = attrs.evolve(late, available=70)
    schedule.event_seen(attrs.evolve(both, ticket_types=tuple(kinds)), NOW + 900)
    assert schedule._events["e"].surge < 0.01


def test_a_surge_that_sold_out_is_over_when_seats_come_back() -> None:
    opened = NOW - 40 * DAY
    schedule = begun([event("e", 12, opens=opened)])
    for step, left in enumerate((8, 4, 0), 1):
        schedule.event_seen(event("e", left, opens=opened), NOW + 120 * step)
    assert schedule._events["e"].surge > 0.5
    schedule.event_seen(event("e", 2, opens=opened), NOW + 20_000)
    assert schedule._events["e"].surge < 0.05


@pytest.mark.parametrize("kept", ["x", [1], {}, None, -3, 7, float("inf")])
def test_a_probability_that_cannot_be_read_is_none(kept: object) -> None:
    schedule = Schedule(1.0)
    schedule.remember(event("e", 9), {"at": NOW, "surge": kept})
    assert 0.0 <= schedule._events["e"].surge <= 1.0


def test_an_order_of_more_tickets_is_seldom_and_their_mean_is_known() -> None:
    odds = [_crosses(tickets) for tickets in range(1, 60)]
    assert odds[0] == 1.0
    assert odds == sorted(odds, reverse=True)
    assert sum(odds) == pytest.approx(ORDER, rel=0.02)


def test_weight_counts() -> None:
    events = [event("dear", 50), event("usual", 50)]
    schedule = Schedule(1.0, weight=lambda one: 50.0 if one.id == "dear" else 1.0)
    for one in events:
        schedule.event_seen(one, NOW)
    asked = [one.event for one in looks(schedule, 600, *events)]
    assert asked.count("dear") > 2 * asked.count("usual")


@pytest.mark.parametrize("opens", [NOW + 100.3, NOW + 777.7])
def test_a_sale_is_looked_at_the_moment_it_opens(opens: float) -> None:
    waiting = event("launch", 200, opens=opens)
    others = [event(f"e{n}", 100) for n in range(50)]
    done = looks(begun([waiting, *others]), 1000, waiting, *others)
    launches = [one for one in done if one.why is Why.LAUNCH]
    assert launches[0].event == "launch"
    assert abs(launches[0].at - opens) <= 0.5
    assert launches[0].at >= opens - 1e-6
    # Not before: nothing can have been sold; but soon and often after.
    assert not [
        one for one in done if one.event == "launch" and one.why is Why.WORTH and one.at < opens
    ]
    if opens < NOW + 500:
        assert len(launches) >= 5


def test_an_event_that_starts_is_looked_at_then() -> None:
    starts = event("tonight", 20, starts=NOW + 300)
    done = looks(begun([starts, event("later", 9)]), 400, starts, event("later", 9))
    assert any(one.why is Why.LAUNCH and abs(one.at - NOW - 300) < 1 for one in done)


def test_a_morning_on_which_everything_opens_leaves_half_for_the_rest() -> None:
    opening = [event(f"o{n}", 200, opens=NOW + 60) for n in range(300)]
    hot = event("hot", 8)
    schedule = begun([*opening, hot])
    done = looks(schedule, 400, *opening, hot)
    during = [one for one in done if NOW + 60 <= one.at < NOW + 300]
    launched = sum(one.why is Why.LAUNCH for one in during)
    assert 0.4 < launched / len(during) < 0.6


def test_what_cannot_sell_is_not_looked_at() -> None:
    over = [event(f"e{n}", 9, status=s) for n, s in enumerate(("CANCELLED", "DRAFT", "COMPLETED"))]
    schedule = begun([*over, event("on", 9)])
    assert {one.event for one in looks(schedule, 100, *over, event("on", 9))} == {"on", None}
    schedule.page_seen(1, [event("on", status="CANCELLED"), event("e1")], NOW + 100, last=True)
    again = {schedule.next(NOW + 101 + n).event for n in range(40)}
    assert "on" not in again
    assert "e1" in again  # published now
    schedule.gone("e1")
    assert {schedule.next(NOW + 200 + n).event for n in range(9)} == {None}


def test_the_list_is_swept_within_the_bound() -> None:
    rows = [event(f"e{n}", 100) for n in range(250)]
    schedule = Schedule(1.0)
    at, seen = NOW, dict[int, float]()
    worst = 0.0
    for _ in range(3000):
        look = schedule.next(at)
        at = look.at
        if look.page is not None:
            first = (look.page - 1) * PAGE
            page = [attrs.evolve(one, ticket_types=None) for one in rows[first : first + PAGE]]
            schedule.page_seen(look.page, page, at, last=look.page == 3)
            worst = max(worst, at - seen.get(look.page, at))
            seen[look.page] = at
        else:
            schedule.event_seen(rows[int((look.event or "")[1:])], at)
    assert set(seen) == {1, 2, 3}
    assert worst <= schedule.sweep_seconds * 1.1
    assert worst >= 30  # and no more often than it must


def test_where_rows_carry_ticket_types_pages_are_looked_at_and_nothing_else() -> None:
    rows = [event(f"e{n:03}", 100 if n < 200 else 6) for n in range(300)]
    schedule, at = Schedule(0.1), NOW
    asked: list[int | None] = []
    for _ in range(400):
        look = schedule.next(at)
        at = look.at
        asked.append(look.page)
        if look.page is not None:
            first = (look.page - 1) * PAGE
            schedule.page_seen(look.page, rows[first : first + PAGE], at, last=look.page == 3)
    assert schedule.to_json()["rows_tell"] is True
    assert None not in asked
    assert asked.count(3) > asked.count(1)  # where little is left
    assert schedule.longest_unseen < 130
    # A page of drafts proves nothing; rows that stop telling do.
    schedule.page_seen(1, [event("draft", status="DRAFT")], at)
    assert schedule.to_json()["rows_tell"] is True
    schedule.page_seen(1, [event("e000")], at)
    assert schedule.to_json()["rows_tell"] is False
    assert any(schedule.next(at + n).event for n in range(20))


def test_what_failed_is_tried_again_later_and_later() -> None:
    schedule = begun([event("bad", 5), *(event(f"e{n}", 100) for n in range(100))])
    at, tried = NOW, []
    for _ in range(400):
        look = schedule.next(at)
        at = look.at
        if look.event == "bad":
            tried.append(look)
            schedule.failed(look, at)
        elif look.event:
            schedule.event_seen(event(look.event, 100), at)
        else:
            schedule.failed(look, at)
    retries = [one.at for one in tried if one.why is Why.RETRY]
    spans = [later - sooner for sooner, later in pairwise(retries)]
    assert len(retries) >= 4
    assert spans[-1] > spans[0]


def test_of_one_event_that_fails_one_retry_waits_at_a_time() -> None:
    """Its turns and its launches fail as well: they must not add up to a flood."""
    schedule = begun([event("bad", 5), *(event(f"e{n}", 100) for n in range(30))])
    for step in range(8):
        schedule.failed(Look(NOW + step, Why.FLOOR, event="bad"), NOW + step)
    later, retried = NOW + 600.0, []
    for step in range(40):
        look = schedule.next(later + step)
        if look.why is Why.RETRY:
            retried.append(look.event)
    assert retried == ["bad"]


def test_a_clock_set_back_stops_nothing() -> None:
    events = [event(f"e{n}", 100) for n in range(5)]
    schedule = begun(events)
    looks(schedule, 100, *events)
    done = looks(schedule, 100, *events, at=NOW - 7200)
    assert len(done) >= 95
    assert {one.event for one in done} >= {one.id for one in events}


def test_the_next_process_goes_on_where_this_one_stopped() -> None:
    events = [event(f"e{n}", 100) for n in range(30)]
    schedule = begun(events)
    looks(schedule, 40, *events)
    kept = json.loads(json.dumps(schedule.to_json()))
    each = {one.id: json.loads(json.dumps(schedule.memory(one.id))) for one in events}
    again = Schedule(1.0, memory=kept)
    for one in events:
        again.remember(one, each[one.id])
    again.remember(event("new"))
    oldest = min(each, key=lambda name: each[name]["at"])
    done = [again.next(NOW + 50) for _ in range(45)]
    assert "new" in {one.event for one in done[:3]}
    floors = [one.event for one in done if one.why is Why.FLOOR]
    assert floors
    assert oldest in {one.event for one in done}
    assert again.memory(oldest)["types"] == each[oldest]["types"]
    assert again.memory("nobody") == {}


def test_it_tells_when_it_will_look_again_and_what_it_expects() -> None:
    schedule = begun([event("a", 50, 9), event("b", 50, opens=NOW + 99)])
    due = schedule.due("a")
    assert due is not None
    assert due > NOW
    assert schedule.due("b") == pytest.approx(NOW + 99)
    assert schedule.due("nobody") is None
    assert set(schedule.forecasts("a", NOW)) == {"a-0", "a-1"}
    assert schedule.forecasts("nobody", NOW) == {}
    assert schedule.sweep_seconds >= 60


def test_the_ranking_chooses_nearly_as_weighing_every_event_would() -> None:
    draw = random.Random(4)
    left = {f"e{n}": draw.randint(20, 200) for n in range(150)}
    pace = {name: draw.lognormvariate(-8.0, 1.5) for name in left}
    schedule = begun([event(name, count) for name, count in left.items()])
    at, shares = NOW, []
    for step in range(6000):
        look = schedule.next(at)
        at = look.at
        if look.event is None:
            continue
        if look.why is Why.WORTH and step > 2000:
            worths = {n: one.worth(at) for n, one in schedule._events.items()}
            shares.append(worths[look.event] / max(worths.values()))
        if draw.random() < pace[look.event] * 150:
            left[look.event] = max(1, left[look.event] - 1)
        schedule.event_seen(event(look.event, left[look.event]), at)
    assert sum(shares) / len(shares) > 0.7


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
        look = schedule.next(at + skew)
        at = max(at, look.at - skew)
        if draw.random() < 0.01:
            at += draw.choice([-5000.0, 600.0])  # somebody else spends, or sets the clock
        whole = rows_tell and look.page is not None
        world.asked(set(world.left) if whole else {look.event or ""})
        if draw.random() < trouble:
            schedule.failed(look, at + skew)
        elif look.page is not None:
            now = [world.facts(name) for name in world.left] if rows_tell else rows
            schedule.page_seen(1, now, at + skew, last=True)
        elif look.event:
            schedule.event_seen(world.facts(look.event), at + skew)
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
        look = schedule.next(at)
        at = look.at
        if look.event is None:
            continue
        worst = max(worst, at - seen[look.event])
        seen[look.event] = at
        hot = 150 - (at - NOW) / 60 % 149
        schedule.event_seen(event(look.event, int(hot) if look.event == "e7" else 150), at)
    assert schedule.longest_unseen <= within
    assert worst <= schedule.longest_unseen


def test_what_is_looked_at_anyway_takes_no_turn() -> None:
    events = [event(f"e{n}", 3, 40) for n in range(300)]
    whys = [look.why for look in looks(begun(events), 4_000, *events)]
    assert whys.count(Why.WORTH) > 3_000
    assert Why.FLOOR not in whys
    # One that nothing is expected of has its turns, and only that one.
    dull = event("dull", 200, opens=NOW - 40 * DAY)
    asked = looks(begun([*events, dull]), 6_000, *events, dull)
    floors = [look.event for look in asked if look.why is Why.FLOOR]
    assert set(floors) == {"dull"}
    assert len(floors) < 7


def test_few_events_have_their_turns_all_the_time() -> None:
    """It finds what nobody expects, and costs hardly anything."""
    events = [event(f"e{n}", 3, 40) for n in range(100)]
    whys = [look.why for look in looks(begun(events), 4_000, *events)]
    assert whys.count(Why.FLOOR) == pytest.approx(4_000 * 100 / 900, rel=0.05)


def restored(known: Sequence[EventFacts]) -> Schedule:
    """A schedule whose ledger says of all events that they were last seen at one moment."""
    first, schedule = begun(known), Schedule(1.0, weight=only_one)
    for one in known:
        schedule.remember(one, first.memory(one.id))
    return schedule


def told_no_more(known: Sequence[EventFacts]) -> Schedule:
    """A schedule that saw all events on pages, and now rows carry no ticket types any more."""
    schedule = Schedule(1.0, weight=only_one)
    for rows in (known, [attrs.evolve(one, ticket_types=None) for one in known]):
        for first in range(0, len(known), PAGE):
            last = first + PAGE >= len(known)
            schedule.page_seen(first // PAGE + 1, rows[first : first + PAGE], NOW, last=last)
    return schedule


def only_one(facts: EventFacts) -> float:
    """One event counts more than all others, whenever it was looked at."""
    return 1e15 if facts.id == "e7" else 1.0


@pytest.mark.parametrize("begin", [restored, told_no_more])
def test_events_that_were_all_last_seen_at_once_are_seen_within_the_bound(
    begin: Callable[[Sequence[EventFacts]], Schedule],
) -> None:
    known = [event(f"e{n}", 200, opens=NOW - 40 * DAY) for n in range(300)]
    schedule, at = begin(known), NOW
    seen = dict.fromkeys((one.id for one in known), NOW)
    while at < NOW + 3 * schedule.longest_unseen:
        look = schedule.next(at)
        at = look.at
        if look.event is None:
            rows = [attrs.evolve(one, ticket_types=None) for one in known]
            first, last = PAGE * ((look.page or 1) - 1), look.page == 3
            schedule.page_seen(look.page or 1, rows[first : first + PAGE], at, last=last)
            continue
        seen[look.event] = at
        schedule.event_seen(known[int(look.event[1:])], at)
        assert at - min(seen.values()) <= schedule.longest_unseen


@pytest.mark.parametrize("change", ["one is gone", "a higher rate"])
@pytest.mark.parametrize("after", [406, 600])
def test_the_bound_holds_where_turns_change_their_way(change: str, after: int) -> None:
    """With some 200 events: only what is due has its turn, and then all the time."""
    known = [event(f"e{n}", 200, opens=NOW - 40 * DAY) for n in range(203)]
    schedule, at = begun(known, rate=0.9), NOW
    schedule._weight = only_one
    for one in known:
        schedule._was_asked(schedule._events[one.id])
        schedule._requests += 1
    seen = {one.id: NOW + n / 0.9 for n, one in enumerate(known)}
    at, stated = max(seen.values()), schedule.longest_unseen
    for step in range(3_000):
        if step == after and change == "one is gone":
            schedule.gone("e202")
            del seen["e202"]
        elif step == after:
            schedule.rate = 0.905
        look = schedule.next(at)
        at = look.at
        stated = max(stated, schedule.longest_unseen)
        if look.event is None:
            rows = [attrs.evolve(one, ticket_types=None) for one in known if one.id in seen]
            first = PAGE * ((look.page or 1) - 1)
            schedule.page_seen(look.page or 1, rows[first : first + PAGE], at, last=look.page == 3)
            continue
        seen[look.event] = at
        schedule.event_seen(known[int(look.event[1:])], at)
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
        look = schedule.next(at)
        at = look.at
        worst = max(worst, at - swept)
        if look.page is None:
            schedule.failed(look, at)
            continue
        swept = at
        rows = [attrs.evolve(one, ticket_types=None) for one in known]
        page = rows[(look.page - 1) * PAGE : look.page * PAGE]
        schedule.page_seen(look.page, page, at, last=look.page == 16)
    assert worst * 16 <= schedule.sweep_seconds * 1.2


def test_with_few_pages_that_carry_ticket_types_they_are_seen_in_turn() -> None:
    rows = [event(f"e{n:03}", 100 if n < 700 else 6) for n in range(1000)]
    schedule, at, asked = Schedule(0.9), NOW, list[int | None]()
    for _ in range(300):
        look = schedule.next(at)
        at = look.at
        asked.append(look.page)
        first = ((look.page or 1) - 1) * PAGE
        page = rows[first : first + PAGE]
        schedule.page_seen(look.page or 1, page, at, last=look.page == 10)
    assert asked[20:30] == asked[30:40] == asked[290:]
    assert set(asked[290:]) == set(range(1, 11))
    # The list grows by a page: that one is read too.
    schedule.page_seen(10, rows[900:], at)
    assert 11 in [schedule.next(at + step).page for step in range(3)]


def test_on_a_small_market_it_is_three_times_ahead_of_a_sweep_in_turn() -> None:
    """The benchmark's own guard: the real planner, the real quota, virtual time."""
    command = [sys.executable, str(ROOT / "benchmarks" / "watch"), "--quick"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1])["ratio"] >= 3

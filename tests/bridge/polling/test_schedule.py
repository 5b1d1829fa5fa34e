"""What is polled next: known moments are met, and the worthiest comes first."""

import json
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import attrs
import pytest

from support.schedules import DAY, NOW, begun, event, moment, polls
from willcall.bridge.model.facts import LowStock
from willcall.bridge.polling.budget import Poll, PollReason
from willcall.bridge.polling.forecast import ORDER, Speed
from willcall.bridge.polling.priority import Selling, _crosses
from willcall.bridge.polling.schedule import Schedule

PAGE = 100

ROOT = Path(__file__).parents[3]


def test_it_begins_with_the_list_and_then_sees_each_event() -> None:
    schedule = Schedule(1.0)
    first = schedule.next(NOW)
    assert (first.page, first.why) == (1, PollReason.SWEEP)
    rows = [event(f"e{n}") for n in range(PAGE)]
    schedule.page_seen(1, rows, NOW)
    assert schedule.next(NOW).page == 2
    schedule.page_seen(2, [event("last")], NOW, last=True)
    asked = {schedule.next(NOW + n).event for n in range(2, 2 + PAGE + 30)}
    assert asked >= {row.id for row in rows} | {"last"}


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
    asked = [poll.event for poll in polls(schedule, 600, hot, full, slow, at=NOW + 600)]
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
    assert known["gone"].priority(NOW + 7200) > 2 * known["all"].priority(NOW + 7200)
    assert known["gone"].priority(NOW + 7200) > 2 * known["some"].priority(NOW + 7200)
    kind = (pair["gone"][1].ticket_types or ())[0]
    found = []
    for days in (0, 6):
        known["gone"].weigh(
            [Selling(kind, Speed(0.01, 0.3, 0.0, 5.0), days * DAY)], schedule.low_stock, 1.0
        )
        found.append(known["gone"].once)
    fresh, old = found
    assert 0.02 * fresh < old < 0.2 * fresh  # it becomes less likely by the day


def test_an_event_whose_status_changed_is_looked_at_soon() -> None:
    events = [event(f"e{n}", 150) for n in range(40)]
    schedule = begun(events)
    polls(schedule, 300, *events)
    rows = [attrs.evolve(one, ticket_types=None) for one in events]
    rows[17] = attrs.evolve(rows[17], status="SOLD_OUT")
    schedule.page_seen(1, rows, NOW + 300, last=True)
    found = [schedule.next(NOW + 300 + step) for step in range(4)]
    assert ("e17", PollReason.FIRST) in [(one.event, one.why) for one in found]


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


def test_what_a_surge_would_bring_makes_a_quiet_event_worth_a_look() -> None:
    schedule = begun([event("e", 10, 200)])
    one = schedule._events["e"]
    kind = (one.facts.ticket_types or ())[0]

    def hazard(brings: float, surge: float = 0.0) -> tuple[float, float]:
        one.surge = surge
        speed = Speed(1e-7, max(3e-6, brings / 3600), brings, 4.0)
        one.weigh([Selling(kind, speed, 0.0)], schedule.low_stock, 1.0)
        return one.once, one.twice

    assert hazard(9.0)[0] > 5 * hazard(0.0)[0]
    assert hazard(9.0)[0] < hazard(0.0)[0] + 2 * 0.07 / DAY
    # Where one may be on, it is polled as often as the case in which it is calls for.
    assert hazard(9.0, 0.1)[1] > 0.05 * hazard(9.0, 1.0)[1] > 100 * hazard(9.0)[1]


def test_what_is_far_from_a_threshold_can_wait_unless_there_is_a_surge() -> None:
    schedule = begun([event("e", 60)])
    one = schedule._events["e"]
    kind = (one.facts.ticket_types or ())[0]

    def twice(left: int, surge: float) -> float:
        one.surge = surge
        selling = Selling(attrs.evolve(kind, available=left), Speed(1e-5, 3e-4, 0.0, 4.0), 0.0)
        one.weigh([selling], LowStock(number=0, share=0.0), 1.0)
        return one.twice

    assert twice(60, 1.0) / twice(15, 1.0) == pytest.approx(1 / 16)
    assert twice(60, 0.0) / twice(15, 0.0) == pytest.approx(1 / 256)


def test_a_surge_that_sold_out_is_over_when_seats_come_back() -> None:
    opened = NOW - 40 * DAY
    schedule = begun([event("e", 12, opens=opened)])
    for step, left in enumerate((8, 4, 0), 1):
        schedule.event_seen(event("e", left, opens=opened), NOW + 120 * step)
    assert schedule._events["e"].surge > 0.5
    schedule.event_seen(event("e", 2, opens=opened), NOW + 20_000)
    assert schedule._events["e"].surge < 0.05


@pytest.mark.parametrize("kept", ["x", [1], {}, None, -3, 7, float("inf"), float("nan")])
def test_what_cannot_be_read_of_a_memory_is_nothing(kept: object) -> None:
    schedule = Schedule(1.0)
    schedule.remember(event("e", 9), {"at": NOW, "surge": kept, "tried": kept})
    assert 0.0 <= schedule._events["e"].surge <= 1.0
    assert schedule.asked_at("e") == NOW
    again = Schedule(1.0)
    again.remember(event("e", 9), {"at": kept, "types": {}})
    assert again.asked_at("e") in {0.0, 7.0}


def test_who_was_asked_for_in_vain_was_asked_for_all_the_same() -> None:
    """Also to the next process, until it can be read: who fails for ever is not always first."""
    schedule = begun([event("e", 9)])
    assert not schedule.was_unreadable("e")
    schedule.unreadable("e", NOW + 60)
    schedule.unreadable("nobody", NOW + 60)
    again = Schedule(1.0)
    again.remember(event("e", 9), json.loads(json.dumps(schedule.memory("e"))))
    for one in (schedule, again):
        assert one.was_unreadable("e")
        assert one.asked_at("e") == NOW + 60
        assert one.memory("e")["at"] == NOW
        assert (one.asked_at("nobody"), one.was_unreadable("nobody")) == (0.0, False)
    again.event_seen(event("e", 9), NOW + 120)
    assert not again.was_unreadable("e")
    assert again.asked_at("e") == NOW + 120


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
    asked = [poll.event for poll in polls(schedule, 600, *events)]
    assert asked.count("dear") > 2 * asked.count("usual")


@pytest.mark.parametrize("opens", [NOW + 100.3, NOW + 777.7])
def test_a_sale_is_looked_at_the_moment_it_opens(opens: float) -> None:
    waiting = event("launch", 200, opens=opens)
    others = [event(f"e{n}", 100) for n in range(50)]
    done = polls(begun([waiting, *others]), 1000, waiting, *others)
    launches = [one for one in done if one.why is PollReason.LAUNCH]
    assert launches[0].event == "launch"
    assert abs(launches[0].at - opens) <= 0.5
    assert launches[0].at >= opens - 1e-6
    # Not before: nothing can have been sold; but soon and often after.
    assert not [
        one
        for one in done
        if one.event == "launch" and one.why is PollReason.PRIORITY and one.at < opens
    ]
    if opens < NOW + 500:
        assert len(launches) >= 5


def test_an_event_that_starts_is_looked_at_then() -> None:
    starts = event("tonight", 20, starts=NOW + 300)
    done = polls(begun([starts, event("later", 9)]), 400, starts, event("later", 9))
    assert any(one.why is PollReason.LAUNCH and abs(one.at - NOW - 300) < 1 for one in done)


def test_a_morning_on_which_everything_opens_leaves_half_for_the_rest() -> None:
    opening = [event(f"o{n}", 200, opens=NOW + 60) for n in range(300)]
    hot = event("hot", 8)
    schedule = begun([*opening, hot])
    done = polls(schedule, 400, *opening, hot)
    during = [one for one in done if NOW + 60 <= one.at < NOW + 300]
    launched = sum(one.why is PollReason.LAUNCH for one in during)
    assert 0.4 < launched / len(during) < 0.6


def test_what_cannot_sell_is_not_looked_at() -> None:
    over = [event(f"e{n}", 9, status=s) for n, s in enumerate(("CANCELLED", "DRAFT", "COMPLETED"))]
    schedule = begun([*over, event("on", 9)])
    assert {poll.event for poll in polls(schedule, 100, *over, event("on", 9))} == {"on", None}
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
        poll = schedule.next(at)
        at = poll.at
        if poll.page is not None:
            first = (poll.page - 1) * PAGE
            page = [attrs.evolve(row, ticket_types=None) for row in rows[first : first + PAGE]]
            schedule.page_seen(poll.page, page, at, last=poll.page == 3)
            worst = max(worst, at - seen.get(poll.page, at))
            seen[poll.page] = at
        else:
            schedule.event_seen(rows[int((poll.event or "")[1:])], at)
    assert set(seen) == {1, 2, 3}
    assert worst <= schedule.sweep_seconds * 1.1
    assert worst >= 30  # and no more often than it must


def test_where_rows_carry_ticket_types_pages_are_looked_at_and_nothing_else() -> None:
    rows = [event(f"e{n:03}", 100 if n < 200 else 6) for n in range(300)]
    schedule, at = Schedule(0.1), NOW
    asked: list[int | None] = []
    for _ in range(400):
        poll = schedule.next(at)
        at = poll.at
        asked.append(poll.page)
        if poll.page is not None:
            first = (poll.page - 1) * PAGE
            schedule.page_seen(poll.page, rows[first : first + PAGE], at, last=poll.page == 3)
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
        poll = schedule.next(at)
        at = poll.at
        if poll.event == "bad":
            tried.append(poll)
            schedule.failed(poll, at)
        elif poll.event:
            schedule.event_seen(event(poll.event, 100), at)
        else:
            schedule.failed(poll, at)
    retries = [one.at for one in tried if one.why is PollReason.RETRY]
    spans = [later - sooner for sooner, later in pairwise(retries)]
    assert len(retries) >= 4
    assert spans[-1] > spans[0]


def test_of_one_event_that_fails_one_retry_waits_at_a_time() -> None:
    """Its turns and its launches fail as well: they must not add up to a flood."""
    schedule = begun([event("bad", 5), *(event(f"e{n}", 100) for n in range(30))])
    for step in range(8):
        schedule.failed(Poll(NOW + step, PollReason.FLOOR, event="bad"), NOW + step)
    later, retried = NOW + 600.0, []
    for step in range(40):
        poll = schedule.next(later + step)
        if poll.why is PollReason.RETRY:
            retried.append(poll.event)
    assert retried == ["bad"]


def test_a_clock_set_back_stops_nothing() -> None:
    events = [event(f"e{n}", 100) for n in range(5)]
    schedule = begun(events)
    polls(schedule, 100, *events)
    done = polls(schedule, 100, *events, at=NOW - 7200)
    assert len(done) >= 95
    assert {one.event for one in done} >= {one.id for one in events}


def test_the_next_process_goes_on_where_this_one_stopped() -> None:
    events = [event(f"e{n}", 100) for n in range(30)]
    schedule = begun(events)
    polls(schedule, 40, *events)
    kept = json.loads(json.dumps(schedule.to_json()))
    each = {one.id: json.loads(json.dumps(schedule.memory(one.id))) for one in events}
    again = Schedule(1.0, memory=kept)
    for one in events:
        again.remember(one, each[one.id])
    again.remember(event("new"))
    oldest = min(each, key=lambda name: each[name]["at"])
    done = [again.next(NOW + 50) for _ in range(45)]
    assert "new" in {one.event for one in done[:3]}
    floors = [one.event for one in done if one.why is PollReason.FLOOR]
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
    assert schedule.sweep_seconds < 10  # a list of one page shows all events at once


def test_the_ranking_chooses_nearly_as_weighing_every_event_would() -> None:
    draw = random.Random(4)
    left = {f"e{n}": draw.randint(20, 200) for n in range(150)}
    pace = {name: draw.lognormvariate(-8.0, 1.5) for name in left}
    schedule = begun([event(name, count) for name, count in left.items()])
    at, shares = NOW, []
    for step in range(6000):
        poll = schedule.next(at)
        at = poll.at
        if poll.event is None:
            continue
        if poll.why is PollReason.PRIORITY and step > 2000:
            worths = {n: one.priority(at) for n, one in schedule._events.items()}
            shares.append(worths[poll.event] / max(worths.values()))
        if draw.random() < pace[poll.event] * 150:
            left[poll.event] = max(1, left[poll.event] - 1)
        schedule.event_seen(event(poll.event, left[poll.event]), at)
    assert sum(shares) / len(shares) > 0.7


def test_with_few_pages_that_carry_ticket_types_they_are_seen_in_turn() -> None:
    rows = [event(f"e{n:03}", 100 if n < 700 else 6) for n in range(1000)]
    schedule, at, asked = Schedule(0.9), NOW, list[int | None]()
    for _ in range(300):
        poll = schedule.next(at)
        at = poll.at
        asked.append(poll.page)
        first = ((poll.page or 1) - 1) * PAGE
        page = rows[first : first + PAGE]
        schedule.page_seen(poll.page or 1, page, at, last=poll.page == 10)
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

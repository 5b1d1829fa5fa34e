"""Pacing: no 429 of our own making, nearly all of the quota used, nobody starved."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from client.kit import account, get, options, play, post, reply
from willcall.client.engine import Options, perform
from willcall.client.flow import Flow, Sleep, World, simulate
from willcall.client.provider import open_account, shared_pace
from willcall.client.quota import Pace, Quota, Step, Window
from willcall.errors import InputError, LedgerError, RateLimitError, Reply
from willcall.sandbox.limits import FirstRequestWindow, RollingWindow
from willcall.ticketsmart.api import PROVIDER

T = TypeVar("T")


class MemoryStore:
    """A store as a ledger would be one: texts under names, changed one at a time."""

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self.texts: dict[str, str] = {}
        self.clock = clock
        self.fails = 0
        self._lock = threading.Lock()

    def change(self, name: str, step: Step[T]) -> T:
        with self._lock:
            if self.fails:
                self.fails -= 1
                raise LedgerError("locked", temporary=True)
            moment = None if self.clock is None else self.clock()
            self.texts[name], answer = step(self.texts.get(name), moment)
            return answer


class Service:
    """Counts requests when they arrive, some time after they were sent, as a service does."""

    def __init__(self, limits: Any, seed: int = 0, slow: float = 0.4) -> None:
        self.limits, self.slow = limits, slow
        self.random = random.Random(seed)
        self.refused = 0
        self.arrived: list[float] = []

    def __call__(self, world: World) -> Reply:
        there, back = (self.random.random() * self.slow / 2 for _ in range(2))
        arrival = world.elapsed + there
        wait = self.limits.take(arrival, 60, 60.0)
        world.elapsed = arrival + back
        if wait is not None:
            self.refused += 1
            return reply(429, retry_after=str(wait))
        self.arrived.append(arrival)
        return reply(200)


def run(flow: Flow[T], service: Service) -> World:
    world = World(lambda _: service(world))
    simulate(flow, world)
    return world


@pytest.mark.parametrize("limits", [RollingWindow, FirstRequestWindow])
@pytest.mark.parametrize("seed", range(4))
def test_we_never_cause_a_429_and_use_nearly_all_there_is(limits: Any, seed: int) -> None:
    paced = account(paced=True)

    def sweep() -> Flow[None]:
        for _ in range(601):
            yield from perform(get(), paced, Options())

    service = Service(limits(), seed)
    run(sweep(), service)

    assert service.refused == 0
    # 600 more after the first: at 95 % of the limit that is at most 632 seconds.
    spent = service.arrived[-1] - service.arrived[0]
    assert 600 / spent * 60 >= 0.95 * 60


def test_a_place_is_kept_from_the_answer_not_from_the_request() -> None:
    paced = account(paced=True)
    world = World(lambda _: slow())

    def slow() -> Reply:
        world.elapsed += 9.0  # it may have been counted at any time of these nine seconds
        return reply(200)

    simulate(perform(get(), paced, Options()), world)

    assert paced.pace is not None
    window = paced.pace._window
    assert [round(free, 2) for free, _ in window.slots.values()] == [69.05]


def test_a_share_is_kept_to() -> None:
    half = open_account(PROVIDER, "ts_sk_12345678", share=0.5)

    def sweep() -> Flow[None]:
        for _ in range(91):
            yield from perform(get(), half, Options())

    service = Service(RollingWindow(), slow=0.0)
    run(sweep(), service)

    assert max(sum(t <= s < t + 60 for s in service.arrived) for t in service.arrived) <= 30
    # Of thirty a reserve of one is the writers'.
    assert service.arrived[-1] == pytest.approx(90 / 29 // 1 * 60.05, rel=0.01)


def test_the_smallest_share_is_one_request() -> None:
    window = Window()
    quota = Quota(60)

    assert window.take(quota, 0.0, write=False, share=0.001).seconds == 0
    assert window.take(quota, 0.0, write=True, share=0.001).seconds == pytest.approx(60.05)


def test_writers_are_not_starved_by_a_sweep() -> None:
    quota, window = Quota(60), Window()
    while window.take(quota, 0.0, write=False).seconds == 0:
        pass

    assert sum(not write for _, write in window.slots.values()) == 58
    # The window is full of reads, and two writes go at once all the same.
    assert [window.take(quota, 1.0, write=True).seconds for _ in range(2)] == [0.0, 0.0]
    assert window.take(quota, 1.0, write=True).seconds == pytest.approx(59.05)
    # When places fall free, a write may have the first, and a read waits for the third.
    assert window.take(quota, 1.0, write=False).seconds == pytest.approx(59.05)


def test_readers_are_not_starved_by_writers() -> None:
    quota, window = Quota(60), Window()
    for n in range(60):
        window.take(quota, n * 1.0, write=True)

    # Each second one place falls free; a read may have it although only one is free.
    assert window.take(quota, 60.5, write=False).seconds == 0
    assert window.take(quota, 60.5, write=False).seconds == pytest.approx(0.55)


def test_callers_of_one_kind_go_in_the_order_they_came() -> None:
    pace = Pace(Quota(2, 10.0))
    world = World([])

    def ask(turn: Any, at: float) -> Any:
        return simulate(turn.ask(at), world)

    first, second, third, fourth = (pace.turn(write=True) for _ in range(4))
    assert ask(first, 0.0).seconds == 0
    assert ask(second, 1.0).seconds == 0
    assert ask(third, 2.0).seconds == pytest.approx(8.05)
    assert ask(fourth, 2.0).seconds == pytest.approx(9.05)
    # The fourth comes back early and may not pass the third ...
    assert ask(fourth, 10.06).seconds == pytest.approx(0.99)
    assert ask(third, 10.06).seconds == 0
    assert ask(fourth, 11.06).seconds == 0
    # ... unless the third was promised its place and has not come for it.
    late, new = pace.turn(write=True), pace.turn(write=True)
    assert ask(late, 12.0).seconds > 0
    assert ask(new, 40.0).seconds == 0


def test_a_caller_that_gives_up_leaves_the_queue() -> None:
    paced = account(pace=Pace(Quota(1, 100.0)))
    assert paced.pace is not None
    run(perform(get(), paced, Options()), Service(RollingWindow(), slow=0.0))

    with pytest.raises(RateLimitError, match="requests are spent") as caught:
        play(perform(get(), paced, Options(deadline=5.0)))

    assert caught.value.retry_after == pytest.approx(100.05)
    assert caught.value.request == "GET /events/gala"
    assert not paced.pace._queue
    assert paced.pace.wait(0.0) == pytest.approx(100.05)
    assert paced.pace.wait(101.0) == 0


def test_a_flow_that_is_dropped_while_it_waits_leaves_the_queue() -> None:
    paced = account(pace=Pace(Quota(1, 100.0)))
    assert paced.pace is not None
    run(perform(get(), paced, Options()), Service(RollingWindow(), slow=0.0))

    flow = perform(get(), paced, Options())
    answer: Any = None
    while not isinstance(effect := flow.send(answer), Sleep):
        answer = 0.0
    assert effect.seconds == pytest.approx(100.05)
    assert len(paced.pace._queue) == 1
    flow.close()
    assert not paced.pace._queue


def test_after_a_429_from_elsewhere_everybody_stays_away() -> None:
    paced = account(paced=True)
    assert paced.pace is not None

    with pytest.raises(RateLimitError):
        play(perform(get(), paced, options(1)), reply(429, retry_after="40"))
    assert paced.pace.wait(0.0) == pytest.approx(40.05)
    _, world = play(perform(post(), paced, Options()), reply(201))
    assert world.elapsed == pytest.approx(40.05)


def test_a_429_without_a_word_closes_for_as_long_as_we_wait_ourselves() -> None:
    paced = account(paced=True)
    assert paced.pace is not None

    _, world = play(perform(get(), paced, options(2)), reply(429), reply(200))
    assert world.elapsed <= 0.6
    with pytest.raises(RateLimitError):
        play(perform(get(), account(paced=True), options(1)), reply(429))


def test_an_absurd_closure_is_raised_and_not_waited_for() -> None:
    paced = account(paced=True)

    with pytest.raises(RateLimitError):
        play(perform(get(), paced, options(3)), reply(429, retry_after="100000"))
    with pytest.raises(RateLimitError, match="not sent") as caught:
        play(perform(get(), paced, options(3)))

    # ... and an hour later somebody may ask again.
    assert caught.value.retry_after == pytest.approx(3600.0)


def test_processes_share_a_quota_through_a_store() -> None:
    store = MemoryStore()
    ours, theirs = (account(pace=Pace(Quota(60), store=store, name="main-room")) for _ in range(2))

    def sweep() -> Flow[None]:
        for _ in range(150):
            yield from perform(get(), ours, Options())
            yield from perform(get(), theirs, Options())

    service = Service(RollingWindow(), slow=0.2)
    world = run(sweep(), service)

    assert service.refused == 0
    assert 299 / (service.arrived[-1] - service.arrived[0]) * 60 >= 0.95 * 60
    assert list(store.texts) == ["main-room"]
    assert {"quota: take", "quota: settle"} == {
        effect.name for effect in world.trace if hasattr(effect, "name")
    }


@pytest.mark.parametrize("ahead", [-7.0, 7.0])
def test_machines_whose_clocks_differ_share_a_quota_by_the_clock_of_the_store(ahead: float) -> None:
    world = World(lambda _: service(world))
    store = MemoryStore(clock=lambda: world.elapsed)
    service = Service(RollingWindow(), slow=0.2)
    ours, theirs = (account(pace=Pace(Quota(60), store=store, name="main-room")) for _ in range(2))
    right = world.start

    def sweep() -> Flow[None]:
        for _ in range(100):
            world.start = right
            yield from perform(get(), ours, Options())
            world.start = right + timedelta(seconds=ahead)  # on the other machine
            yield from perform(get(), theirs, Options())

    simulate(sweep(), world)

    assert service.refused == 0
    assert 199 / (service.arrived[-1] - service.arrived[0]) * 60 >= 0.95 * 60


def test_a_429_is_told_to_the_other_processes() -> None:
    store = MemoryStore()
    ours, theirs = (account(pace=Pace(Quota(60), store=store, name="desk")) for _ in range(2))

    with pytest.raises(RateLimitError):
        play(perform(get(), ours, options(1)), reply(429, retry_after="30"))
    _, world = play(perform(get(), theirs, Options()), reply(200))

    assert world.elapsed == pytest.approx(30.05)


def test_a_store_that_fails_stops_a_request_but_never_takes_an_answer_away(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore()
    stored = account(pace=Pace(Quota(60), store=store, name="desk"))

    store.fails = 1
    with pytest.raises(LedgerError):
        play(perform(get(), stored, Options()))

    def fail(_: Any) -> Reply:
        store.fails = 2
        return reply(429, {"error": "x"}, retry_after="1") if not caplog.records else reply(200)

    world = World(fail)
    with pytest.raises(RateLimitError):
        simulate(perform(get(), stored, options(1)), world)
    assert [record.message for record in caplog.records if "store" in record.message] == [
        "the quota's store failed: LedgerError",
        "the quota's store failed: LedgerError",
    ]


def test_a_stored_window_survives_what_happens_to_texts_and_clocks() -> None:
    quota = Quota(2, 60.0)
    for wrong in (
        None,
        "",
        "nonsense",
        "[]",
        "{}",
        '{"slots": 5}',
        '{"slots": [[1]], "closed": 0}',
    ):
        assert Window.load(wrong) == Window()

    window = Window()
    window.take(quota, 1000.0, write=True)
    window.take(quota, 1000.0, write=False)
    window.close(1000.0, 10.0)
    again = Window.load(window.dump())
    assert window == again
    # The clock is set back a day: nobody is locked out for longer than a window or an hour.
    assert again.take(quota, 1000.0 - 86400, write=True).seconds <= 3600.0
    again.closed = -1e9
    assert again.take(quota, 1000.0 - 86400, write=True).seconds == pytest.approx(60.05)


def _waits(window: Window, quota: Quota, at: float, **more: Any) -> tuple[float, int | None]:
    wait = window.queued(quota, at, write=more.pop("write", False), **more)
    return round(wait.seconds, 2), wait.place


def test_between_processes_who_came_first_goes_first() -> None:
    """A watch takes every place as it comes free; a person waits for one of them, and no more."""
    quota, window = Quota(3, 3.0), Window()
    for at in (0.0, 1.0, 2.0):
        assert _waits(window, quota, at) == (0.0, None)
    person = _waits(window, quota, 2.5)
    watch = _waits(window, quota, 2.6)
    assert (person[0], watch[0]) == (0.55, 1.45)
    # The place that comes free is the person's, though the watch asks first.
    window = Window.load(window.dump())
    assert _waits(window, quota, 3.06, place=watch[1]) == (0.99, watch[1])
    assert _waits(window, quota, 3.08, place=person[1]) == (0.0, None)
    assert _waits(window, quota, 4.06, place=watch[1]) == (0.0, None)
    reader = _waits(window, quota, 4.5)
    assert reader[0] == _waits(window, quota, 4.5, write=True)[0]  # writers wait for no reader


def test_who_does_not_come_or_cannot_wait_holds_up_nobody() -> None:
    """A process that died, one that has no time, and a clock that was set back."""
    quota, window = Quota(1, 10.0), Window()
    assert _waits(window, quota, 0.0) == (0.0, None)
    assert _waits(window, quota, 1.0, most=5.0) == (9.05, None)
    assert window.queue == {}
    assert _waits(window, quota, 1.0)[1] is not None
    assert _waits(window, quota, 10.5)[0] > 0.0  # it is promised, for a second
    assert _waits(Window.load(window.dump()), quota, 21.6) == (0.0, None)
    window.queue = {7: (1000.0, False)}
    assert _waits(window, quota, 21.6) == (0.0, None)
    window.close(21.6, 5.0)
    assert _waits(window, quota, 21.7) == (4.95, None)


def test_settling_what_is_long_gone_changes_nothing() -> None:
    window, quota = Window(), Quota(5)
    window.settle(quota, 0.0, 99)
    assert window == Window()
    turn = Pace(quota).turn(write=False)
    simulate(turn.settle(1.0), World([]))
    turn.leave()


def test_a_request_that_left_a_stopped_process_late_counts_from_its_answer_on() -> None:
    """Its place was free again, and is taken once more: the provider counts it, too."""
    window, quota = Window(), Quota(2, 10.0)
    slot = window.take(quota, 0.0, write=False).slot
    assert slot is not None
    assert window.take(quota, 300.0, write=False).slot is not None
    window.settle(quota, 300.5, slot)
    assert window.wait(quota, 300.6, write=False).seconds == pytest.approx(9.45)
    assert window.wait(quota, 310.6, write=False).seconds == 0.0


def test_the_more_there_are_ahead_the_longer_the_wait() -> None:
    window, quota = Window(), Quota(2, 10.0)
    for n in (0.0, 1.0):
        window.take(quota, n, write=True)

    waits = [window.take(quota, 2.0, write=True, ahead=n).seconds for n in range(3)]
    assert waits == [pytest.approx(8.05), pytest.approx(9.05), pytest.approx(10.0)]


@pytest.mark.parametrize(("requests", "seconds"), [(0, 60.0), (-1, 60.0), (1, 0.0)])
def test_a_quota_that_lets_nothing_pass_is_refused(requests: int, seconds: float) -> None:
    with pytest.raises(InputError, match="quota"):
        Quota(requests, seconds)


def test_a_store_needs_a_name() -> None:
    with pytest.raises(InputError, match="name"):
        Pace(Quota(60), store=MemoryStore())


def test_all_clients_of_a_process_with_one_key_share_one_quota(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [1000.0]
    monkeypatch.setattr("willcall.client.provider.time.monotonic", lambda: clock[0])
    monkeypatch.setattr("willcall.client.provider._shared", {})

    def opened(key: str) -> Pace:
        pace = shared_pace(open_account(PROVIDER, key)).pace
        assert pace is not None
        return pace

    first = opened("ts_sk_11111111")
    assert first is opened("ts_sk_11111111")
    assert first is not opened("ts_sk_22222222")
    simulate(first.turn(write=False).ask(1030.0), World([]))
    # A quota that still counts something is kept, others are let go of after their window.
    clock[0] = 1070.0
    opened("ts_sk_33333333")
    assert first is opened("ts_sk_11111111")
    clock[0] = 1200.0
    opened("ts_sk_33333333")
    assert first is not opened("ts_sk_11111111")


def test_many_threads_are_let_pass_as_often_as_the_quota_says() -> None:
    pace = Pace(Quota(100, 1000.0))
    granted: list[bool] = []

    def ask() -> None:
        for _ in range(25):
            turn = pace.turn(write=True)
            granted.append(simulate(turn.ask(0.0), World([])).seconds == 0)
            turn.leave()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(granted) == 200
    assert sum(granted) == 100


def test_a_lock_held_at_the_moment_of_a_fork_does_not_stop_the_child(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pace = Pace(Quota(5))
    pace._lock.acquire()
    monkeypatch.setattr("willcall.client.quota.os.getpid", os.getppid)

    assert pace.wait(0.0) == 0


def test_readers_and_writers_share_a_flood_in_real_flows() -> None:
    """A sweep that never ends, and a delivery every ten seconds: none waits long."""
    paced = account(paced=True)
    waits: list[float] = []
    world = World(lambda _: reply(200))

    def both() -> Flow[None]:
        written = 0
        while world.elapsed < 600:
            yield from perform(get(), paced, Options())
            if world.elapsed >= 30 * written:
                before = world.elapsed
                yield from perform(post(), paced, Options())
                waits.append(world.elapsed - before)
                written += 1

    simulate(both(), world)
    assert len(waits) >= 10
    assert max(waits) == 0


def test_a_clock_that_is_set_back_reopens_what_a_refusal_has_closed() -> None:
    """The simulation's seed 121: closed under a clock that ran ahead, the window stayed closed for
    the whole hour by which it was set back."""
    quota = Quota(60)
    window = Window()
    window.close(10_000.0, 40.0)
    assert window.take(quota, 10_010.0, write=False).closed
    window = Window.load(window.dump())
    assert window.take(quota, 7_600.0, write=False).seconds == 0


def test_a_refusal_after_the_clock_was_set_back_makes_no_old_one_new() -> None:
    """The simulation's seed 4013176: a 429, the clock is set back, another 429 for a request that
    was under way; and nothing went out until the old clock was reached again."""
    window = Window()
    window.close(10_000.0, 40)
    window.close(7_600.0, 2)
    assert window.take(Quota(60), 7_610.0, write=True).seconds == 0
    # Without a clock that is set back the longer of two still stands.
    window.close(10_000.0, 40)
    window.close(10_001.0, 2)
    assert 35 < window.take(Quota(60), 10_003.0, write=True).seconds < 40


def test_reads_that_keep_to_the_rate_never_wait() -> None:
    """Evenly spread, with the time that each travels; nearly all of what reads may use."""
    quota, trip = Quota(60), 0.2
    rate = quota.rate(1.0, trip)
    window, moment = Window(), 1000.0
    for _ in range(600):
        wait = window.take(quota, moment, write=False)
        assert wait.slot is not None
        window.settle(quota, moment + trip, wait.slot)
        moment += 1 / rate
    assert 57.5 < rate * 60 < quota.reads()
    assert quota.rate(0.5) < 0.51 * quota.rate()


def _seconds_a_call(requests: int) -> float:
    """The shortest of several calls of a full window, in which a place becomes free each time."""
    pace, moment = Pace(Quota(requests, 60.0)), 0.0
    for number in range(requests):
        moment = 60.0 * number / requests
        pace._window.take(pace.quota, moment, write=number % 2 == 0)
    moment = 60.06
    best = float("inf")
    for _ in range(30):
        moment += 60.0 / requests
        begun = time.perf_counter()
        pace.wait(moment)
        slot = pace._window.take(pace.quota, moment, write=True).slot
        pace._window.settle(pace.quota, moment, slot or 0)
        best = min(best, time.perf_counter() - begun)
    return best


def test_a_large_quota_costs_no_more_a_call_than_a_small_one() -> None:
    small, large = _seconds_a_call(60), _seconds_a_call(60_000)
    assert large < 20 * small + 0.0002  # it was a thousand times as much


def test_a_thread_that_comes_late_with_an_earlier_moment_keeps_the_order() -> None:
    window, quota = Window(), Quota(2, 10.0)
    slots = [window.take(quota, moment, write=True).slot for moment in (0.0, 1.0)]
    window.settle(quota, 3.0, slots[0] or 0)
    window.settle(quota, 2.99, slots[1] or 0)
    assert [free for free, _ in window.slots.values()] == [13.05, 13.05]
    assert window.take(quota, 13.0, write=True).seconds == pytest.approx(0.05)
    assert window.take(quota, 13.06, write=True).slot

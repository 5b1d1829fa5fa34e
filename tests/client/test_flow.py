"""Drivers: all three play one flow alike, and a simulation can end it at any step."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from client.kit import account, get, options, play, refused, reply
from willcall.client.engine import perform
from willcall.client.flow import (
    Crash,
    Do,
    Draw,
    Flow,
    Now,
    Request,
    Send,
    Sleep,
    Tick,
    World,
    adrive,
    do,
    draw,
    drive,
    now,
    send,
    simulate,
    sleep,
    tick,
    watched,
)
from willcall.errors import ConnectError, Reply

REQUEST = Request("ticketsmart", "GET", "https://example.com/", {"x-api-key": "secret"}, b"secret")


def everything(log: list[str]) -> Flow[tuple[Any, ...]]:
    """Every effect once, and a failure that is mended."""
    try:
        start = yield from now()
        before = yield from tick()
        yield from sleep(0.01)
        after = yield from tick()
        number = yield from draw()
        done = yield from do("add", lambda: 1 + 1)
        try:
            yield from send(REQUEST)
        except ConnectError:
            log.append("mended")
        got = yield from send(REQUEST)
        try:
            yield from do("fail", lambda: {"a": 1}["gone"])
        except KeyError:
            log.append("caught")
        return start.tzinfo is UTC, after - before >= 0.0099, 0 <= number < 1, done, got.status
    finally:
        log.append("closed")


EXPECTED = (True, True, True, 2, 200)


def transport() -> Any:
    answers: Iterator[Reply | ConnectError] = iter([refused(), reply(200)])

    def carry(request: Request) -> Reply:
        assert request is REQUEST
        got = next(answers)
        if isinstance(got, Reply):
            return got
        raise got

    return carry


def test_all_drivers_play_a_flow_alike() -> None:
    logs: list[list[str]] = [[], [], []]
    carry = transport()

    async def acarry(request: Request) -> Reply:
        got: Reply = carry(request)
        return got

    assert drive(everything(logs[0]), transport()) == EXPECTED
    assert asyncio.run(adrive(everything(logs[1]), acarry)) == EXPECTED
    assert simulate(everything(logs[2]), World([refused(), reply(200)])) == EXPECTED
    assert logs == [["mended", "caught", "closed"]] * 3


def test_what_a_flow_raises_comes_out_of_every_driver() -> None:
    def failing() -> Flow[None]:
        yield from tick()
        raise LookupError("gone")

    async def carry(_: Request) -> Reply:
        raise AssertionError

    with pytest.raises(LookupError):
        drive(failing(), lambda _: reply())
    with pytest.raises(LookupError):
        asyncio.run(adrive(failing(), carry))
    with pytest.raises(LookupError):
        simulate(failing(), World([]))


def test_cancelling_closes_the_flow_and_passes_on() -> None:
    log: list[str] = []

    def waiting() -> Flow[None]:
        try:
            yield from sleep(60)
        finally:
            log.append("closed")

    async def main() -> None:
        task = asyncio.ensure_future(adrive(waiting(), lambda _: asyncio.sleep(0)))  # type: ignore[arg-type,return-value]
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert log == ["closed"]


def test_the_world_ends_at_every_boundary_and_nothing_in_the_flow_can_stop_it() -> None:
    whole = World([refused(), reply(200)])
    simulate(everything([]), whole)
    boundaries = 2 * len(whole.trace)

    for at in range(boundaries):
        log: list[str] = []
        world = World([refused(), reply(200)], crash_at=at)
        with pytest.raises(Crash, match="before" if at % 2 == 0 else "after"):
            simulate(everything(log), world)
        # An even boundary is before an effect, an odd one after it was done.
        assert len(world.trace) == (at + 1) // 2
        # From the first effect on the flow has begun, so it is told of its end.
        assert log[-1] == "closed"
    assert simulate(everything([]), World([refused(), reply(200)], crash_at=boundaries)) == EXPECTED


def test_a_crash_goes_through_a_call_untouched() -> None:
    done = World([reply(500), reply(200)])
    simulate(perform(get(), account(paced=True), options()), done)

    for at in range(2 * len(done.trace)):
        with pytest.raises(Crash):
            simulate(
                perform(get(), account(paced=True), options()),
                World([reply(500), reply(200)], crash_at=at),
            )


def test_a_world_repeats_itself() -> None:
    def dice() -> Flow[list[float]]:
        first = yield from draw()
        return [first, (yield from draw())]

    assert play(dice(), seed=7)[0] == play(dice(), seed=7)[0]
    assert play(dice(), seed=7)[0] != play(dice(), seed=8)[0]


def test_a_world_has_its_own_time_and_its_script_an_end() -> None:
    def nap() -> Flow[datetime]:
        yield from sleep(90)
        yield from sleep(-5)
        return (yield from now())

    moment, world = play(nap(), start=datetime(2026, 1, 1, tzinfo=UTC))
    assert moment == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)
    assert world.elapsed == 90
    with pytest.raises(AssertionError, match="no answer left"):
        play(send(REQUEST))


def test_a_network_may_be_a_function() -> None:
    world = World(lambda request: reply(201))

    assert simulate(send(REQUEST), world).status == 201
    assert world.requests == [REQUEST]


def test_effects_are_values_that_hide_what_is_secret() -> None:
    assert Sleep(1) == Sleep(1)
    assert "secret" not in repr(Send(REQUEST))
    assert repr(Do("name", lambda: None)) == "Do(name='name')"
    assert [Now(), Tick(), Draw()] == [Now(), Tick(), Draw()]


class Onlooker:
    """Writes down what it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    def begins(self, effect: object) -> None:
        """Note its kind."""
        self.seen.append(("begins", type(effect).__name__))

    def ended(self, effect: object, answer: object) -> None:
        """Note its kind and that of its answer."""
        self.seen.append((type(effect).__name__, type(answer).__name__))


def test_somebody_may_look_on_and_nothing_else_changes() -> None:
    """Effects, answers, errors and the end are those of the flow alone."""
    plain: list[str] = []
    seen: list[str] = []
    alone, beside = (World([ConnectError("refused"), reply(200)]) for _ in range(2))
    first = simulate(everything(plain), alone)
    onlooker = Onlooker()
    second = simulate(watched(everything(seen), onlooker), beside)
    assert (first, plain) == (second, seen)
    assert [type(one) for one in alone.trace] == [type(one) for one in beside.trace]
    assert onlooker.seen[0] == ("begins", "Now")
    assert ("Send", "ConnectError") in onlooker.seen
    assert ("Send", "Reply") in onlooker.seen
    assert ("Do", "KeyError") in onlooker.seen
    assert len(onlooker.seen) == 2 * len(alone.trace)


def test_what_is_looked_on_at_can_fail_and_be_closed() -> None:
    """What it raises comes out; whoever stops listening closes it."""
    log: list[str] = []
    with pytest.raises(ZeroDivisionError):
        simulate(watched(do("fail", lambda: 1 // 0), Onlooker()), World([]))
    flow = watched(everything(log), Onlooker())
    next(flow)
    flow.close()
    assert log == ["closed"]

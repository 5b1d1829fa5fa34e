"""What can be seen from outside: hooks and the log."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from typing import Any

import pytest

from client.kit import DESK_KEY, account, desk, get, late, lost, play, post, refused, reply, ticket0
from willcall import AsyncTicket0, Hooks, Pace, Quota, Ticket0, Try
from willcall.client.engine import perform
from willcall.client.flow import Request, World, drive, simulate
from willcall.client.options import Options
from willcall.client.retry import Retry
from willcall.errors import ConnectError, InputError, OutcomeUnknownError, Reply, ServerError
from willcall.sandbox.server import Served


def watched(*answers: Any, op: Any = None, tries: int = 3) -> list[tuple[str, Try]]:
    told: list[tuple[str, Try]] = []
    hooks = Hooks(
        lambda it: told.append(("request", it)),
        lambda it: told.append(("reply", it)),
        lambda it: told.append(("retry", it)),
    )
    play(perform(op or get(), account(), Options(hooks=hooks, retry=Retry(tries=tries))), *answers)
    return told


def test_hooks_are_told_of_every_try() -> None:
    told = watched(refused(), reply(503), reply(200, {"a": 1}))

    assert [name for name, _ in told] == [
        *("request", "reply", "retry"),
        *("request", "reply", "retry"),
        *("request", "reply"),
    ]
    assert [it.number for _, it in told] == [1, 1, 1, 2, 2, 2, 3, 3]
    assert {it.request for _, it in told} == {"GET /events/gala"}
    assert {it.provider for _, it in told} == {"ticketsmart"}
    first, second, third = (it for name, it in told if name == "reply")
    assert isinstance(first.error, ConnectError)
    assert second.reply is not None
    assert second.reply.status == 503
    assert third.reply is not None
    assert third.seconds == 0.0
    before = [(it.seconds, it.reply, it.error) for name, it in told if name == "request"]
    assert before == [(None, None, None)] * 3
    pauses = [it for name, it in told if name == "retry"]
    assert all(it.pause is not None and it.pause <= 1.0 for it in pauses)
    assert isinstance(pauses[1].error, ServerError)


def test_a_request_hook_can_stop_a_call_before_anything_is_sent() -> None:
    def stop(_: Try) -> None:
        raise InputError("budget", "spent")

    world: Any = None
    with pytest.raises(InputError, match="budget"):
        _, world = play(perform(get(), account(), Options(hooks=Hooks(request=stop))))
    assert world is None


def test_other_hooks_cannot_undo_what_was_done(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Try) -> None:
        raise RuntimeError("secret of the hook")

    hooks = Hooks(reply=fail, retry=fail)
    got, _ = play(
        perform(post(), account(), Options(hooks=hooks)), reply(429), reply(201, {"a": 1})
    )

    assert got == {"a": 1}
    assert caplog.text.count("a hook raised") == 3
    assert "secret" not in caplog.text


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [f"{record.levelname} {record.getMessage()}" for record in caplog.records]


def test_the_log_has_a_line_per_try_and_per_repetition(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "willcall")

    play(
        perform(get(), account(), Options()),
        late(),
        reply(429, retry_after="0"),
        reply(200, x_request_id="req_1"),
    )

    first, second, third, fourth, fifth = lines(caplog)
    assert first == (
        "DEBUG ticketsmart GET /events/gala -> RequestTimeoutError in 0.000 s (try 1, request id -)"
    )
    assert second.startswith("INFO ticketsmart GET /events/gala: RequestTimeoutError, trying again")
    assert third.startswith("DEBUG ticketsmart GET /events/gala -> 429 in")
    assert fourth.startswith("WARNING ticketsmart GET /events/gala: 429, trying again in")
    assert fifth.endswith("(try 3, request id req_1)")


def test_an_unknown_outcome_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(OutcomeUnknownError):
        play(perform(post(), account(), Options()), lost())
    (line,) = lines(caplog)
    assert line.startswith("WARNING ticketsmart POST /events: may or may not have been carried out")
    assert line.endswith("(ConnectionLostError)")
    caplog.clear()
    with pytest.raises(OutcomeUnknownError):
        play(perform(post(), desk(), Options()), reply(500))
    assert lines(caplog)[0].endswith("carried out (500)")


def test_a_request_id_cannot_flood_the_log_or_spill(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "willcall")
    play(perform(get(), account(), Options()), reply(200, x_request_id="t0_abcdef" + "x" * 9999))

    assert len(lines(caplog)[0]) < 200
    assert "abcdef" not in lines(caplog)[0]


def test_neither_query_nor_body_nor_address_is_ever_logged(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with ticket0(served) as client:
        client.tickets.create(
            subject="Planted subject",
            customer_email="planted@example.com",
            inbox_id="inb_01abc",
            body="Planted body",
        )
        client.customers.list(email="planted@example.com").all()

    assert "POST /tickets -> 201" in caplog.text
    assert "lanted" not in caplog.text


def test_a_library_is_silent_until_told_otherwise() -> None:
    code = (
        "import logging; from willcall.client.observe import log; log.warning('x'); "
        "print(logging.getLogger('willcall').handlers)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr == ""
    assert "NullHandler" in done.stdout


def test_a_wait_for_the_quota_is_announced_before_it_begins(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "willcall")
    told: list[tuple[str, float | None, int]] = []
    opts = Options(
        hooks=Hooks(
            request=lambda it: told.append(("request", it.pause, it.number)),
            wait=lambda it: told.append(("wait", it.pause, it.number)),
        )
    )
    shared = account(pace=Pace(Quota(1, 10.0)))

    def network(request: Request) -> Reply:
        told.append(("sent", None, 0))
        return reply()

    world = World(network)
    simulate(perform(get(), shared, opts), world)
    simulate(perform(get(), shared, opts), world)

    assert [name for name, _, _ in told] == ["request", "sent", "wait", "request", "sent"]
    wait = told[2]
    assert wait[1] == pytest.approx(10.0, abs=1.0)
    assert wait[2] == 1
    (line,) = lines(caplog)
    assert line.startswith("INFO ticketsmart GET /events/gala: waiting 10.")
    assert line.endswith(" s for the quota")


def test_a_hook_for_waits_that_raises_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Try) -> None:
        raise RuntimeError("secret of the hook")

    shared, opts = account(pace=Pace(Quota(1, 10.0))), Options(hooks=Hooks(wait=fail))
    for _ in range(2):
        assert play(perform(get(), shared, opts), reply(200, {"a": 1}))[0] == {"a": 1}
    assert "a hook raised" in caplog.text
    assert "secret" not in caplog.text


class Recorder:
    """Hooks that are coroutine functions, and note when they begin and end."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def hooks(self) -> Hooks:
        names = ("request", "reply", "retry", "wait")
        return Hooks(**{name: self._hook(name) for name in names})

    def _hook(self, name: str) -> Any:
        async def hook(it: Try) -> None:
            self.told.append(f"{name} {it.number}")
            await asyncio.sleep(0.001)
            self.told.append(f"{name} {it.number} ended")

        return hook


def _listing(served: Served, hooks: Hooks, times: int = 1, **options: Any) -> None:
    """Read a list so many times at once, with an async client."""

    async def main() -> None:
        key, url = served.sandbox.ticket0_key, served.ticket0_url
        async with AsyncTicket0(key, base_url=url, hooks=hooks, **options) as api:
            await asyncio.gather(*(api.customers.list().all() for _ in range(times)))

    asyncio.run(main())


def test_a_hook_of_an_async_client_may_be_a_coroutine_function(served: Served) -> None:
    served.sandbox.faults.add(kind="status", status=503, count=1)
    recorder = Recorder()

    _listing(served, recorder.hooks(), pace=None)

    steps = ["request 1", "reply 1", "retry 1", "request 2", "reply 2"]
    # Each is awaited before the call goes on.
    assert recorder.told == [text for step in steps for text in (step, f"{step} ended")]


def test_a_wait_for_the_quota_is_awaited_too(served: Served) -> None:
    recorder = Recorder()

    _listing(served, recorder.hooks(), times=2, pace=Pace(Quota(1, 0.2)))

    waits = [step for step in recorder.told if step.startswith("wait")]
    assert waits[:2] == ["wait 1", "wait 1 ended"]


def test_what_an_async_hook_raises_counts_as_what_any_hook_raises(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: Try) -> None:
        raise InputError("budget", "spent")

    with pytest.raises(InputError, match="budget"):
        _listing(served, Hooks(request=fail), pace=None)
    assert served.sandbox.requests == []
    _listing(served, Hooks(reply=fail, retry=fail), pace=None)
    assert "a hook raised <class 'willcall.errors.InputError'>" in caplog.text


def test_a_call_is_cancelled_in_its_hook(served: Served) -> None:
    async def forever(_: Try) -> None:
        await asyncio.sleep(3600)

    async def main() -> None:
        async with AsyncTicket0(
            served.sandbox.ticket0_key,
            base_url=served.ticket0_url,
            pace=None,
            hooks=Hooks(request=forever),
        ) as api:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await api.customers.get("c")

    asyncio.run(main())


def test_a_client_that_blocks_refuses_a_coroutine_function() -> None:
    async def hook(_: Try) -> None:
        raise AssertionError

    for name in ("request", "reply", "retry", "wait"):
        hooks = Hooks(**{name: hook})
        with pytest.raises(InputError, match=f"hooks.{name}: it is a coroutine function"):
            Ticket0(DESK_KEY, hooks=hooks)
        with Ticket0(DESK_KEY) as api, pytest.raises(InputError, match="coroutine function"):
            api.with_options(hooks=hooks)
        AsyncTicket0(DESK_KEY, hooks=hooks)


def test_drivers_that_block_refuse_to_await() -> None:
    async def hook(_: Try) -> None:
        raise AssertionError

    flow = perform(get(), account(), Options(hooks=Hooks(request=hook)))
    with pytest.raises(InputError, match="this client blocks"):
        drive(flow, lambda _: reply())
    with pytest.raises(InputError, match="this client blocks"):
        play(perform(get(), account(), Options(hooks=Hooks(request=hook))))

    class Awaitable:
        def __await__(self) -> Any:
            raise AssertionError

    hooks = Hooks(request=lambda _: Awaitable())
    with pytest.raises(InputError, match="this client blocks"):
        play(perform(get(), account(), Options(hooks=hooks)))

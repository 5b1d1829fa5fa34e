"""What can be seen from outside: hooks and the log."""

from __future__ import annotations

import logging
import subprocess
import sys
from typing import Any

import pytest

from client.kit import account, desk, get, late, lost, play, post, refused, reply, ticket0
from willcall import Hooks, Try
from willcall.client.engine import perform
from willcall.client.options import Options
from willcall.client.retry import Retry
from willcall.errors import ConnectError, InputError, OutcomeUnknownError, ServerError
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

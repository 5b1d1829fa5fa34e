"""``willcall run``."""

import json
from pathlib import Path

import pytest

from support.shell import Shell

PLAY = "the-cherry-orchard"


def test_a_first_run_says_that_it_took_a_baseline(shell: Shell) -> None:
    """And the one after it that there is nothing new."""
    shell.configure()
    said = shell("run")
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "main-room: baseline of 10 events taken; changes are reported from now on\n"
    )
    assert shell("run").out == "main-room: 10 events, nothing new\n"


def test_a_run_says_what_changed_and_what_it_did(shell: Shell) -> None:
    """One line each."""
    shell.baseline()
    shell.box_office.cancel(PLAY)
    said = shell("run")
    (ticket,) = shell.desk.tickets
    marker = ticket.tags[1]
    assert said.out.splitlines() == [
        "main-room: 10 events, 1 change",
        f"  The Cherry Orchard: cancelled (opened {marker})",
        f"  opened {ticket.id} [{marker}]",
        f"  tagged {ticket.id} [{marker}]",
        f"  sent a message in {ticket.id} [{marker}]",
    ]


def test_quiet_is_silent_as_long_as_all_is_well(shell: Shell) -> None:
    """cron mails whatever is said."""
    shell.configure()
    assert shell("run", "-q").out == ""
    shell.box_office.sell_out(PLAY)
    said = shell("run", "--quiet")
    assert (said.code, said.out, said.err) == (0, "", "")
    assert len(shell.desk.tickets) == 1
    shell.box_office.cancel(PLAY)
    _spent(shell)
    said = shell("run", "-q")
    assert (said.code, said.out) == (3, "")
    assert "not delivered yet: 5 pending; the next run goes on" in said.err


def _spent(shell: Shell, seconds: int = 600) -> None:
    """From now on the desk is out of requests for longer than a run lasts."""
    shell.served.sandbox.faults.add(
        "status", service="ticket0", status=429, headers={"Retry-After": str(seconds)}
    )


def test_the_configuration_may_be_anywhere(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is beside it, wherever the command was typed."""
    shell.configure()
    (tmp_path / "etc").mkdir()
    Path("willcall.toml").rename("etc/other.toml")
    assert shell("run", "-c", "etc/other.toml").code == 0
    monkeypatch.setenv("WILLCALL_CONFIG", "etc/other.toml")
    assert "nothing new" in shell("run").out
    assert sorted(file.name for file in tmp_path.iterdir()) == ["etc"]


def test_json_of_a_run_in_trouble_says_so_too(shell: Shell) -> None:
    """Its exit code, the error's name and its words; and no key."""
    shell.baseline()
    shell.served.sandbox.revoke(shell.served.sandbox.ticketsmart_key)
    (said,) = shell("run", "--json").json()
    assert (said["exit_code"], said["trouble"]["type"]) == (77, "AuthenticationError")
    (said,) = shell("plan", "--json").json()
    assert said["trouble"]["type"] == "AuthenticationError"
    assert shell.served.sandbox.ticketsmart_key not in json.dumps(said)


def test_a_run_that_ends_unexpectedly_says_so_everywhere(
    night: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its exit code, in words, with --debug where; and in `status` and `doctor` afterwards."""

    def fails(*_: object, **__: object) -> None:
        raise OverflowError("date value out of range")

    with monkeypatch.context() as patched:
        patched.setattr("willcall.bridge.evaluate.decide", fails)
        ended = night("run")
        assert ended.code == 1
        assert ended.err == "main-room: unexpected OverflowError: date value out of range\n"
        assert "in fails" in night("--debug", "run").err
        assert "in fails" not in night("run").err
    shown = night("status").out
    assert "exit code 1" in shown
    assert "trouble      unexpected OverflowError: date value out of range" in shown
    assert "exit code 1" in night("doctor").out

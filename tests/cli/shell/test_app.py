"""How a command ends: every exit code is provoked once, with a text that says what to do."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.sandbox_config import CONFIG
from support.shell import Shell
from support.waiting import HANGS, eventually
from willcall import __version__
from willcall.bridge.ledger.sql import opening
from willcall.cli.help.manual import commands
from willcall.cli.shell.app import EXIT_CODES, run

PLAY = "the-cherry-orchard"
CLUB = "nachtschicht-live-elektronik"


def configured(shell: Shell) -> None:
    """All is well."""
    shell.configure()


def nothing(shell: Shell) -> None:
    """There is no configuration."""


def misspelt(shell: Shell) -> None:
    """One key of it is wrong."""
    shell.configure(CONFIG.replace("inbox_id", "inbox"))


def no_key(shell: Shell) -> None:
    """A variable is not set."""
    shell.configure(CONFIG.replace("[desk]", '[desk]\napi_key_env = "NOT_SET"'))


def revoked(shell: Shell) -> None:
    """The box office's key is rejected."""
    shell.configure()
    shell.served.sandbox.revoke(shell.served.sandbox.ticketsmart_key)


def lacking(shell: Shell) -> None:
    """The box office's key lacks its scope."""
    shell.configure()
    key = shell.served.sandbox.new_key("ticketsmart", ["events:write"])
    os.environ["TICKETSMART_API_KEY"] = key  # the fixture puts it back


def down(shell: Shell) -> None:
    """Nobody answers at the box office's address."""
    shell.configure(CONFIG.replace("{ticketsmart}", "http://127.0.0.1:9/api"))


def html(shell: Shell) -> None:
    """A proxy answers in its place."""
    shell.configure()
    shell.served.sandbox.faults.add("html", service="ticketsmart")


def damaged(shell: Shell) -> None:
    """The ledger is no ledger."""
    shell.configure()
    Path("willcall.db").write_bytes(b"no ledger" * 500)


def undelivered(shell: Shell) -> None:
    """The desk refuses the ticket."""
    shell.baseline()
    shell.box_office.sell_out(PLAY)
    shell.served.sandbox.faults.add(
        "status", service="ticket0", method="POST", status=400,
        body='{"error": {"code": "VALIDATION_ERROR", "message": "no such address"}}',
    )  # fmt: skip


def news(shell: Shell) -> None:
    """Something has changed."""
    shell.baseline()
    shell.box_office.sell_out(PLAY)


ENDINGS: dict[str, tuple[Callable[[Shell], None], str, int, str]] = {
    "all is well": (configured, "run", 0, ""),
    "nothing typed": (nothing, "", 2, "Usage: willcall"),
    "no such command": (nothing, "rnu", 2, "willcall: rnu: no such command"),
    "no such option": (nothing, "run --quick", 2, "willcall: --quick: no such option"),
    "an argument is missing": (nothing, "tickets get", 2, "TICKET: this argument is missing"),
    "a value out of range": (nothing, "run --max-seconds 0", 2, "--max-seconds: it should be"),
    "no such box office": (
        configured,
        "events list --box-office annexe",
        2,
        "name one of: main-room",
    ),
    "no such event": (configured, "events get nope", 3, "Event not found"),
    "no such ticket": (configured, "tickets get tkt_nope", 3, "Ticket not found"),
    "not delivered": (undelivered, "run", 3, "not delivered yet: 1 dead, 2 pending"),
    "sold tickets": (configured, f"events remove-ticket-type {CLUB} VIP -y", 3, "has sold tickets"),
    "changes pending": (news, "plan --detailed-exitcode", 4, ""),
    "the box office is down": (down, "run --max-seconds 1", 75, "no connection"),
    "the box office is down, planned": (down, "plan --max-seconds 1", 75, "no connection"),
    "an answer in HTML": (html, "run --max-seconds 1", 75, "JSON"),
    "a rejected key": (revoked, "run", 77, "replace the key in the configuration"),
    "a rejected key by hand": (revoked, "events list", 77, "replace the key in the"),
    "a key without its scope": (lacking, "run", 77, "events:read"),
    "no configuration": (nothing, "run", 78, "name it with -c FILE or $WILLCALL_CONFIG"),
    "no configuration there": (nothing, "plan -c x.toml", 78, "x.toml: there is no such file"),
    "a misspelt key": (misspelt, "run", 78, "desk.inbox: no such key (did you mean 'inbox_id'?)"),
    "an unset variable": (no_key, "run", 78, "the environment variable NOT_SET is not set"),
    "a damaged ledger": (damaged, "run", 78, "willcall.db cannot be used"),
    "a damaged ledger, planned": (damaged, "plan", 78, "willcall.db cannot be used"),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_every_end_has_its_code_and_says_what_to_do(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """On stderr, in a line or two, without a traceback and without a key."""
    monkeypatch.setenv("TICKETSMART_API_KEY", os.environ["TICKETSMART_API_KEY"])
    prepare, words, code, text = ENDINGS[case]
    prepare(shell)
    said = shell(*words.split())
    assert (said.code, "Traceback" in said.err) == (code, False)
    assert text in said.err
    assert f"\n  {code:<3} " in EXIT_CODES
    if code in {3, 75, 77, 78}:
        assert said.err.strip()
        assert len(said.err.splitlines()) <= 2
    for key in (shell.served.sandbox.ticketsmart_key, shell.served.sandbox.ticket0_key):
        assert key not in said.out + said.err


def test_every_exit_code_of_the_help_is_provoked_somewhere() -> None:
    """1 and 130 below; 143 in tests/bridge/test_kill.py, where a process is really ended."""
    told = {int(code) for code in re.findall(r"^  (\d+) ", EXIT_CODES, re.MULTILINE)}
    assert told == {code for _, _, code, _ in ENDINGS.values()} | {1, 130, 143}


def test_a_ledger_that_is_locked_is_for_now(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """75, and the next run finds everything."""
    import sqlite3
    from contextlib import closing

    shell.baseline()
    monkeypatch.setattr(opening, "_BUSY", 50)
    with closing(sqlite3.connect("willcall.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = shell("run")
        other.execute("ROLLBACK")
    assert said.code == 75
    assert "database is locked (another program holds it; the next run tries again)" in said.err
    assert shell("run").code == 0


def test_what_nobody_expected_is_told_in_a_line(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1; and --debug shows where, still without a key."""
    key = shell.served.sandbox.ticket0_key

    def broken(*_: object) -> None:
        raise RuntimeError(f"the sky fell on {key}")

    shell.configure()
    monkeypatch.setattr("willcall.bridge.service.Bridge.run", broken)
    said = shell("run")
    assert said.code == 1
    assert said.err == (
        "willcall: unexpected RuntimeError: the sky fell on t0_***; "
        "`willcall --debug …` shows where\n"
    )
    said = shell("--debug", "run")
    assert said.code == 1
    assert "Traceback" in said.err
    assert key not in said.err


def test_an_error_of_ours_is_traced_only_when_asked(shell: Shell) -> None:
    """With --debug before the command."""
    assert "Traceback" not in shell("run").err
    said = shell("--debug", "run")
    assert said.code == 78
    assert "Traceback" in said.err
    assert said.err.endswith("(name it with -c FILE or $WILLCALL_CONFIG)\n")


def test_an_interrupt_in_this_process_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """130, and no traceback."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    shell.configure()
    monkeypatch.setattr("willcall.bridge.service.Bridge.run", interrupted)
    said = shell("run")
    assert (said.code, said.out, said.err) == (130, "", "willcall: interrupted\n")


def test_the_module_is_the_command(shell: Shell) -> None:
    """With no warning on the way."""
    shell.configure()
    said = shell.real("run")
    assert (said.code, said.err) == (0, "")
    assert said.out == "main-room: baseline of 10 events taken; changes are reported from now on\n"
    assert shell.real("plan", "--detailed-exitcode").code == 0
    shell.box_office.sell_out(PLAY)
    assert shell.real("plan", "--detailed-exitcode").code == 4
    said = shell.real("events", "remove-ticket-type", CLUB, "Early Bird", "--yes")
    assert said.code == 3
    assert len(shell.desk.tickets) == 1


@pytest.mark.usefixtures("bare")
def test_a_mistake_is_told_by_a_process_as_well() -> None:
    """Without any configuration, key or sandbox."""

    def real(*words: str) -> tuple[int, str, str]:
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-m", "willcall", *words],
            capture_output=True, encoding="utf-8", check=False, timeout=HANGS,
        )  # fmt: skip
        return ended.returncode, ended.stdout, ended.stderr

    assert real("--version") == (0, f"willcall {__version__}\n", "")
    assert real("-V") == real("--version")
    code, out, err = real("--help")
    assert (code, err) == (0, "")
    assert "130 interrupted" in out
    code, out, err = real("run")
    assert (code, out) == (78, "")
    assert err.startswith("willcall: willcall.toml: there is no such file")
    code, out, err = real("rnu")
    assert (code, out) == (2, "")
    assert err == "willcall: rnu: no such command (did you mean 'run'?)\n"


@pytest.mark.parametrize("words", ["", *(command.name for command in commands())])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help(
    bare: None, capsys: pytest.CaptureFixture[str], words: str, option: str
) -> None:
    """Which fits a terminal, and has no type names in it."""
    assert run([*words.split(), option]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: willcall {words}".rstrip())
    assert all(len(line) <= 80 for line in out.splitlines())
    assert not re.findall(r"--[a-z-]+ (?:<|INTEGER|TEXT)", out)


def interrupt(shell: Shell, number: signal.Signals) -> tuple[int, str]:
    """The end of a run that is ended by a signal while it waits for an answer."""
    shell.served.sandbox.faults.add("delay", service="ticketsmart", seconds=20, count=1)
    process = subprocess.Popen(
        [sys.executable, "-m", "willcall", "run"], stderr=subprocess.PIPE, encoding="utf-8"
    )
    eventually(lambda: shell.served.sandbox.requests, "a request")
    process.send_signal(number)
    _, err = process.communicate(timeout=HANGS)
    return process.returncode, err


def test_an_interrupted_run_ends_with_130_and_lets_the_next_one_in(shell: Shell) -> None:
    """At once, rather than when its lease has run out."""
    shell.baseline()
    code, err = interrupt(shell, signal.SIGINT)
    assert (code, err) == (130, "willcall: interrupted\n")
    assert shell("run").code == 0


@pytest.mark.parametrize("reader", ["head -n 1", "head -c 0", "true"])
def test_a_reader_that_has_seen_enough_is_no_error(shell: Shell, reader: str) -> None:
    """Nothing on stderr, exit code 0."""
    shell.configure()
    command = f'"{sys.executable}" -m willcall events list --json'
    ended = subprocess.run(
        ["bash", "-c", f"{command} | {reader} >/dev/null; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=HANGS,
    )
    assert (ended.returncode, ended.stderr) == (0, "")

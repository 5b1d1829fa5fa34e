"""``willcall status``."""

import re
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.sandbox_config import CONFIG
from support.shell import Shell
from willcall.bridge.config.file import load
from willcall.bridge.ledger import open_ledger

PLAY = "the-cherry-orchard"


def shows(out: str, pattern: str) -> bool:
    """Whether a line, or a part of one, is like that."""
    return re.search(pattern, out, re.MULTILINE) is not None


def test_status_shows_what_is_open_silent_dead_and_spent(shell: Shell) -> None:
    """From the ledger alone: nothing is sent."""
    shell.baseline()
    shell.box_office.sell_out(PLAY)
    assert shell("run").code == 0
    (ticket,) = shell.desk.tickets
    shell("silence", "add", "--event", "gala", "--until", "2h", "--reason", "new plan")
    shell.box_office.cancel("late-laughs-with-priya-raman")
    shell.served.sandbox.faults.add(
        "status", service="ticket0", method="POST", status=400,
        body='{"error": {"code": "VALIDATION_ERROR", "message": "no such address"}}',
    )  # fmt: skip
    assert shell("run").code == 3
    shell.served.sandbox.forget_requests()
    said = shell("status")
    assert (said.code, said.err) == (0, "")
    assert shell.served.sandbox.requests == []
    assert re.search(
        r"^main-room: last run \d+ s ago, exit code 3, 10 events$", said.out, re.MULTILINE
    )
    assert shows(said.out, rf"^\S+ +sold out +The Cherry Orchard +{ticket.id} ")
    assert "not yet" in said.out  # the ticket that was refused
    assert shows(said.out, r"^1 +gala +20\d\d.* new plan$")
    assert "dead letters: `willcall dead list` says why" in said.out
    assert shows(said.out, r"^  undelivered  .*1 dead")
    assert shows(said.out, r"^TicketSmart \(main-room\) +3 +60$")
    assert shows(said.out, r"LAST POLL +NEXT POLL$")
    (data,) = shell("status", "--json").json()
    assert data["offices"][0]["open"][0]["ticket_id"] == ticket.id
    assert data["offices"][0]["last_run"]["exit_code"] == 3
    assert data["requests"][0]["sent"] == 3
    assert data["dead"][0]["act"] == "open"
    assert len(data["offices"][0]["polls"]) >= len(shell("status", "--polls", "3").lines(0)[-3:])


def test_a_removal_of_what_was_never_seen_is_told_until_it_is_mended(shell: Shell) -> None:
    """By the run that notices it; from then on by status and check, but not once it is done."""
    shell.baseline()
    removal = (
        f'\n[[removal]]\nbox_office = "main-room"\nevent = "{PLAY}"\n'
        'ticket_type = "{}"\nafter = 2026-01-01T00:00:00Z\n'
    )
    shell.configure(CONFIG + removal.format("Orchesta"))
    said = shell("run", "-q")
    waits = f"'Orchesta' from '{PLAY}' waits: there is no such ticket type; it has: "
    assert (said.code, said.out) == (0, "")
    assert said.err.startswith(f"main-room: the removal of {waits}")
    assert shell("run", "-q").err == ""
    assert shows(shell("status").out, rf"^  removal      {waits}")
    (data,) = shell("status", "--json").json()
    assert data["offices"][0]["removals"][0].startswith(waits)
    assert "has no ticket type 'Orchesta'" in shell("check").out
    box_office = shell.box_office
    box_office.add_ticket_type(box_office.event(PLAY).id, name="Extra", price=900, quantity=4)
    shell.configure(CONFIG + removal.format("Extra"))
    (ran,) = shell("run", "--json").json()
    assert ran["warnings"] == []
    shell("run")
    assert "removal" not in shell("status").out
    assert shell("check", "--strict").code == 0


def test_status_says_that_a_watch_gives_way(shell: Shell) -> None:
    """Others use the key: what that leaves, and how long an event may go unseen by it."""
    shell.baseline()
    config, folder = load(None)
    with closing(open_ledger(config.state.url, folder)) as ledger:
        now = datetime.now(UTC)
        summary = {"longest_unseen": 7300.0, "part": 0.45, "events": 10}
        ledger.record_run("main-room", now, now, 0, summary)
        fence = ledger.take_lease("main-room", now)
        assert fence is not None
        said = shell("status")
        ledger.release_lease(fence)
    assert "slowed down" not in shell("status").out
    assert shows(said.out, r"^  slowed down  45% of its polls are made: others use the same key$")
    assert shows(said.out, r"no event goes unseen for more than 2 h$")


def test_status_before_the_first_run(shell: Shell) -> None:
    """Says how to begin, and makes no ledger."""
    shell.configure()
    said = shell("status")
    assert said.code == 0
    assert said.out.startswith("main-room: no run yet; `willcall run` takes the baseline\n")
    assert "main-room: no open cases" in said.out
    assert not Path("willcall.db").exists()


def test_status_without_keys_says_what_it_cannot_know(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests are counted under a key's hash."""
    shell.baseline()
    monkeypatch.delenv("TICKET0_API_KEY")
    said = shell("status")
    assert said.code == 0
    assert shows(said.out, r"^Ticket0 +\? +60 +its key is not available here$")


def test_a_run_at_work_is_shown(shell: Shell) -> None:
    """And that the provider has asked to be left alone."""
    shell.baseline()
    config, folder = load(None)
    ledger = open_ledger(config.state.url, folder)
    try:
        assert ledger.take_lease("main-room", datetime.now(UTC)) is not None
        said = shell("status")
        assert shows(said.out, r"^  at work now  \S+:\d+:")
        assert shows(shell("doctor", "--offline").out, r"lease: \S+ is at work$")
    finally:
        ledger.close()


def test_watching_needs_a_terminal(shell: Shell) -> None:
    """On a pipe there is nothing to paint on."""
    shell.baseline()
    said = shell("status", "--watch")
    assert (said.code, said.out) == (2, "")
    assert "--watch: stdout is not a terminal (leave out --watch, or add --json" in said.err

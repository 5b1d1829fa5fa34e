"""``status`` and ``doctor``: how it stands, what is wrong, and what to do about it."""

import os
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.sandbox_config import CONFIG
from willcall.bridge.config.file import load
from willcall.bridge.ledger import open_ledger
from willcall.cli.shell.times import ago, span

from .conftest import Shell

PLAY = "the-cherry-orchard"


def shows(out: str, pattern: str) -> bool:
    """Whether a line, or a part of one, is like that."""
    return re.search(pattern, out, re.MULTILINE) is not None


# -- status ---------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (12, "12 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (259200, "3 days")],
)
def test_spans_are_said_as_people_say_them(seconds: int, words: str) -> None:
    """In one unit."""
    assert span(timedelta(seconds=seconds)) == words
    assert ago(timedelta(seconds=seconds)) == f"{words} ago"


# -- doctor ---------------------------------------------------------------------------------------


def levels(out: str) -> dict[str, str]:
    """What the doctor has said about each thing: the gravest level."""
    order = ["ok", "warning", "wrong"]
    found: dict[str, str] = {}
    for level, about in re.findall(
        r"^(ok|warning|wrong) +([^:\n]+(?:: [\w ]+)?):", out, re.MULTILINE
    ):
        if about not in found or order.index(level) > order.index(found[about]):
            found[about] = level
    return found


def test_a_well_house_is_well(shell: Shell) -> None:
    """Every line ok, exit code 0; nothing was written at either service."""
    shell.baseline()
    said = shell("doctor")
    assert (said.code, said.err) == (0, "")
    assert set(levels(said.out).values()) == {"ok", "warning"}
    assert levels(said.out)["Ticket0: inbox"] == "warning"  # no ticket is in it yet
    assert said.out.endswith(", 1 warning, 0 wrong\n")
    assert shell.desk.tickets == []
    for thing in ("key", "clock", "TLS", "address", "quota"):
        assert levels(said.out)[f"Ticket0: {thing}"] == "ok"
    assert {"configuration", "ledger", "main-room: lease", "main-room: last run"} <= set(
        levels(said.out)
    )
    rows = shell("doctor", "--json").json()
    assert {row["level"] for row in rows} == {"ok", "warning"}


def test_what_can_be_seen_of_the_lists_is_told(shell: Shell) -> None:
    """With tickets there, by reading alone."""
    shell.baseline()
    for number in range(3):
        shell.desk.create_ticket(f"Q{number}", "a@example.com", "inb_01abc", "Hello")
    shell.box_office.sell_out(PLAY)
    shell("run")
    out = shell("doctor").out
    assert "Ticket0: order: the newest first" in out
    assert "Ticket0: tags: the tag filter works" in out
    assert "Ticket0: inbox: inb_01abc is in use" in out


def _readable(shell: Shell) -> None:
    Path("willcall.db").chmod(0o644)


def _key_file(shell: Shell) -> None:
    Path("desk.key").write_text(shell.served.sandbox.ticket0_key, "utf-8")
    Path("desk.key").chmod(0o644)
    shell.configure(CONFIG.replace("[desk]", '[desk]\napi_key_file = "desk.key"'))


def _open_config(shell: Shell) -> None:
    Path("willcall.toml").chmod(0o666)


def _revoked(shell: Shell) -> None:
    shell.served.sandbox.revoke(shell.served.sandbox.ticket0_key)


def _lacking(shell: Shell) -> None:
    key = shell.served.sandbox.new_key("ticket0", ["tickets:read"])
    os.environ["TICKET0_API_KEY"] = key


def _no_variable(shell: Shell) -> None:
    del os.environ["TICKET0_API_KEY"]


def _wrong_key(shell: Shell) -> None:
    os.environ["TICKET0_API_KEY"] = "ts_sk_live_this_is_the_other"


def _damaged(shell: Shell) -> None:
    Path("willcall.db").write_bytes(b"no ledger" * 500)


def _no_ledger(shell: Shell) -> None:
    Path("willcall.db").unlink()


def _down(shell: Shell) -> None:
    shell.configure(CONFIG.replace("{ticketsmart}", "http://127.0.0.1:9/api"))


def _misspelt(shell: Shell) -> None:
    shell.configure(CONFIG.replace("inbox_id", "inbox"))


def _bad_rule(shell: Shell) -> None:
    rule = 'id = "x"\nwhen = ["event.sold_out"]\nticket = {{ body = "{{{{ evnt }}}}" }}'
    shell.configure(f"{CONFIG}\n[[rule]]\n{rule}\n")


def _failed(shell: Shell) -> None:
    shell.served.sandbox.faults.add("html", service="ticketsmart", count=3)
    shell("run", "--max-seconds", "1")


def _refused(shell: Shell) -> None:
    shell.box_office.sell_out(PLAY)
    shell.served.sandbox.faults.add(
        "status", service="ticket0", method="POST", status=400, count=1,
        body='{"error": {"code": "VALIDATION_ERROR", "message": "no such address"}}',
    )  # fmt: skip
    shell("run")


ILLS = {
    "others read the ledger": (_readable, "ledger", "warning", 0, "chmod 600 "),
    "others read a key": (_key_file, "keys", "warning", 0, "chmod 600 "),
    "others write the configuration": (_open_config, "configuration", "warning", 0, "chmod go-w"),
    "a revoked key": (_revoked, "Ticket0: key", "wrong", 77, "check the key under Settings"),
    "scopes are missing": (_lacking, "Ticket0: key", "wrong", 77, "create a key that has these"),
    "no key": (_no_variable, "Ticket0: key", "wrong", 78, "set it to the key, or name a file"),
    "the other key": (_wrong_key, "Ticket0: key", "wrong", 78, "its keys start with t0_"),
    "a damaged ledger": (_damaged, "ledger", "wrong", 78, "restore it"),
    "no ledger": (_no_ledger, "ledger", "warning", 0, "`willcall run` makes it: a baseline"),
    "the box office is down": (
        _down, "TicketSmart (main-room): key", "wrong", 75, "try again later",
    ),
    "a misspelt key": (_misspelt, "configuration", "wrong", 78, "did you mean 'inbox_id'?"),
    "a rule that cannot be": (_bad_rule, "configuration", "wrong", 78, "`willcall check` shows"),
    "the last run failed": (_failed, "main-room: last run", "warning", 0, "`willcall run` says"),
    "a dead letter": (_refused, "dead letters", "warning", 0, "`willcall dead list` says why"),
}  # fmt: skip


@pytest.mark.parametrize("case", ILLS)
def test_every_ill_is_found_and_says_what_to_do(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """By its name, with the exit code that a run would end with, and no key in sight."""
    for name in ("TICKETSMART_API_KEY", "TICKET0_API_KEY"):
        monkeypatch.setenv(name, os.environ[name])  # put back, whatever becomes of it
    ill, about, level, code, todo = ILLS[case]
    shell.baseline()
    ill(shell)
    said = shell("doctor")
    assert said.code == code, said.out
    assert levels(said.out)[about] == level, said.out
    assert todo in said.out
    for key in (shell.served.sandbox.ticketsmart_key, shell.served.sandbox.ticket0_key):
        assert key not in said.out + said.err


def test_offline_asks_nobody(shell: Shell) -> None:
    """This machine alone."""
    shell.baseline()
    assert shell("doctor", "--offline").code == 0
    assert shell.served.sandbox.requests == []

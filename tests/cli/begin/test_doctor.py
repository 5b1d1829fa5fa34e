"""``willcall doctor``."""

import os
import re
from pathlib import Path

import pytest

from support.sandbox_config import CONFIG
from support.shell import Shell
from willcall.bridge.ledger.sql import opening

PLAY = "the-cherry-orchard"


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


def test_a_run_warns_of_a_ledger_that_others_may_read(shell: Shell) -> None:
    shell.baseline()
    opening._warn_if_others_read.cache_clear()
    assert "chmod 600" not in shell("run").err
    Path("willcall.db").chmod(0o644)
    opening._warn_if_others_read.cache_clear()
    warned = shell("run")
    assert "others on this machine may read the ledger; run: chmod 600" in warned.err
    assert "chmod 600" not in shell("run").err  # once a process
    opening._warn_if_others_read.cache_clear()
    assert '"level":"warning"' in shell("run", "--log-format", "json").err


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
    "no ledger": (_no_ledger, "ledger", "warning", 0, "`willcall run` creates it"),
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


def test_a_house_without_a_secret_is_told_so(shell: Shell) -> None:
    """The address of the customer stands in for it, and others know that."""
    shell.baseline()
    path = Path("willcall.toml")
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("secret")), "utf-8")
    said = shell("doctor", "--offline")
    assert levels(said.out)["our tickets"] == "warning"
    assert "[desk]" in said.out

"""check, test, preview and plan: what will happen, before it does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.waiting import HANGS
from willcall import Ticket0

from .conftest import LAUGHS, PLAY, Desk

RULE = """
[[rule]]
id = "mine"
when = ["event.sold_out"]
ticket = { subject = "Full: {{ event.title }}", tags = ["mine"] }
"""


def as_process(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The real command."""
    return subprocess.run(
        [sys.executable, "-m", "willcall", *args],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )


# -- check ------------------------------------------------------------------------------------


def test_check_needs_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs where the file is written, in CI say; and makes no ledger."""
    monkeypatch.delenv("TICKETSMART_API_KEY", raising=False)
    (tmp_path / "willcall.toml").write_text(
        '[[box_office]]\nname = "a"\n[desk]\ninbox_id = "inb_1"\n'
        'customer_email = "o@example.com"\n' + RULE.replace("event.title", "event.titel"),
        "utf-8",
    )
    ended = as_process("check", cwd=tmp_path)
    assert ended.returncode == 78
    assert ended.stdout.splitlines()[:2] == [
        (
            "willcall.toml:10:32: error: rule[0].ticket.subject: 'event.titel' is unknown "
            "(did you mean 'event.title'?)"
        ),
        "willcall.toml: 1 rule, and the built-in ones; 1 error, 0 warnings",
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["willcall.toml"]


def test_check_knows_the_ledger(night: Desk) -> None:
    """Events that nobody has seen, and silences that do nothing."""
    night.configure(RULE + f'if = {{ event = ["{PLAY}", "the-chery-orchard"] }}\n')
    ended = night.run("check")
    assert ended.code == 0
    assert "warning: rule[0].if.event[1]: 'the-chery-orchard' is not known" in ended.out
    assert "1 silence in force, 0 over" in ended.out
    assert night.run("check", "--strict").code == 78
    (found,) = night.run("check", "--json").objects
    assert (found["errors"], found["complaints"][0]["line"]) == (0, 15)


def test_check_where_the_ledger_cannot_be_read(night: Desk) -> None:
    """The file is checked all the same."""
    (night.folder / "willcall.db").write_bytes(b"nonsense" * 999)
    ended = night.run("check")
    assert ended.code == 0
    assert ended.err.startswith("willcall: checked without the ledger: the ledger")


def test_check_where_there_is_no_file(desk: Desk) -> None:
    """Says where it looked."""
    ended = desk.run("check", "-c", "other.toml")
    assert (ended.code, ended.err) == (
        78,
        "willcall: other.toml: there is no such file (name it with -c FILE or $WILLCALL_CONFIG)\n",
    )


def test_kinds(desk: Desk) -> None:
    """The catalogue, and what templates may name."""
    ended = desk.run("check", "--kinds")
    assert "event.sold_out" in ended.out
    assert "ticket_type_before.price" in ended.out
    objects = desk.run("check", "--kinds", "--json").objects
    sold_out = next(one for one in objects if one["kind"] == "event.sold_out")
    assert sold_out["cleared_by"] == ["event.back_on_sale"]
    assert "event.title" in sold_out["names"]


# -- test -------------------------------------------------------------------------------------

TESTS = """
config = "willcall.toml"
[[test]]
name = "a gala sells out"
event = [{ id = "gala", title = "Gala" }]
step = [{ at = "1m", event = "gala", status = "SOLD_OUT" }]
expect = [{ at = "1m", tickets = [{ subject = "Full: Gala", tags = ["mine"] }] }]
"""


def test_rules_are_tried_out(desk: Desk) -> None:
    """Those of the file that the tests name, or of the one that is given."""
    desk.configure(RULE)
    (desk.folder / "rules.test.toml").write_text(TESTS, "utf-8")
    ended = desk.run("test", "rules.test.toml")
    assert (ended.code, ended.out) == (0, "ok    a gala sells out\n1 passed, 0 failed\n")
    (desk.folder / "edited.toml").write_text(
        (desk.folder / "willcall.toml").read_text("utf-8").replace("Full", "Booked"), "utf-8"
    )
    ended = desk.run("test", "rules.test.toml", "-c", "edited.toml")
    assert ended.code == 3
    assert ended.out.splitlines() == [
        "FAIL  a gala sells out",
        "      rules.test.toml:7, at 1m:",
        "        - ticket 'Full: Gala': tags ('mine',)",
        "        + ticket 'Booked: Gala': open, under mine",
        "0 passed, 1 failed",
    ]
    (found,) = desk.run("test", "rules.test.toml", "--json").objects
    assert found == {
        "file": "rules.test.toml", "test": "a gala sells out", "ok": True, "failures": [],
    }  # fmt: skip
    assert desk.run("test", "rules.test.toml", "-k", "other").out == "0 passed, 0 failed\n"


def test_a_file_of_tests_that_makes_no_sense(desk: Desk) -> None:
    """Exit code 78, and the place."""
    (desk.folder / "bad.test.toml").write_text(TESTS.replace("tags", "tgas"), "utf-8")
    ended = desk.run("test", "bad.test.toml")
    assert ended.code == 78
    assert ended.err == (
        "willcall: bad.test.toml:7:61: test[0].expect[0].tickets[0].tgas: no such key "
        "(did you mean 'tags'?)\n"
    )
    ended = desk.run("test", "none.test.toml")
    assert (ended.code, ended.err) == (
        78,
        "willcall: none.test.toml: there is no such file (name a file of tests)\n",
    )


# -- preview ----------------------------------------------------------------------------------


def test_preview_of_an_event_that_is_known(night: Desk) -> None:
    """From the ledger: no request is made."""
    night.configure(RULE)
    night.served.sandbox.forget_requests()
    ended = night.run("preview", "--rule", "mine", "--event", "quartet")
    assert ended.code == 0
    assert "┌ Full: Quartet Halloran: Late Beethoven [wc-…]" in ended.out
    assert "tags willcall, wc-…, high, mine" in ended.out
    assert night.served.sandbox.requests == []
    (one,) = night.run("preview", "--rule", "mine", "--json").objects
    assert one["subject"] == "Full: Gala Night"


def test_preview_asks_for_an_event_that_is_not_known(desk: Desk) -> None:
    """Before the first run, say."""
    ended = desk.run("preview", "--rule", "event.sold_out", "--event", PLAY)
    assert "The Cherry Orchard" in ended.out
    ended = desk.run("preview", "--rule", "event.sold_out", "--event", "nothing-like-it")
    assert (ended.code, ended.err.splitlines()[0][:49]) == (
        2,
        "willcall: --event: there is no event 'nothing-lik",
    )


def test_preview_as_a_page(night: Desk) -> None:
    """In a file; and what cannot be written says so."""
    ended = night.run("preview", "--rule", "event.cancelled", "--html", "t.html")
    assert (ended.code, ended.out, ended.err) == (0, "", "willcall: wrote t.html\n")
    assert "<!doctype html>" in (night.folder / "t.html").read_text("utf-8")
    ended = night.run("preview", "--rule", "event.cancelled", "--html", "no/t.html")
    assert (ended.code, "cannot be written" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--rule", "nope"), "rule: there is no rule 'nope'"),
        (("--rule", "event.sold_out", "--kind", "event.moved"), "kind: built-in/event.sold_out"),
        (("--rule", "event.sold_out", "--event", "a"), "--event: 'a' matches several"),
        (("--rule", "event.sold_out", "--box-office", "x"), "box_office: 'x' is not configured"),
    ],
)
def test_preview_of_what_is_not_there(night: Desk, args: tuple[str, ...], said: str) -> None:
    """Says what there is."""
    ended = night.run("preview", *args)
    assert (ended.code, ended.err[10 : 10 + len(said)]) == (2, said)


def test_plan_shows_what_becomes_of_tickets_that_are_there(night: Desk) -> None:
    """Status, tags and assignee: now, and then. Reads only."""
    ticket = night.served.sandbox.desk.tickets[0]
    with Ticket0(base_url=night.served.ticket0_url) as client:
        client.tickets.update(ticket.id, tags=[*ticket.tags, "vip"])
    night.served.sandbox.boxoffice.event(LAUGHS).status = "PUBLISHED"
    night.served.sandbox.forget_requests()
    ended = night.run("plan", "--detailed-exitcode")
    assert ended.code == 4
    assert f"{ticket.id}: " in ended.out
    assert "status    open → resolved" in ended.out
    assert {request.method for request in night.served.sandbox.requests} == {"GET"}
    (plan,) = night.run("plan", "--json").objects
    (change,) = plan["tickets"]
    assert (change["ticket_id"], change["now"]["status"], change["then"]["status"]) == (
        ticket.id,
        "open",
        "resolved",
    )
    assert "vip" in change["then"]["tags"]

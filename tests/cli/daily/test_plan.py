"""``willcall plan``."""

import sqlite3
from pathlib import Path

import pytest

from support.shell import Shell
from willcall import Ticket0

LAUGHS = "late-laughs-with-priya-raman"


CLUB = "nachtschicht-live-elektronik"


def test_plan_shows_what_becomes_of_tickets_that_are_there(night: Shell) -> None:
    """Status, tags and assignee: now, and then. Reads only."""
    ticket = night.served.sandbox.desk.tickets[0]
    with Ticket0(base_url=night.served.ticket0_url) as client:
        client.tickets.update(ticket.id, tags=[*ticket.tags, "vip"])
    night.served.sandbox.boxoffice.event(LAUGHS).status = "PUBLISHED"
    night.served.sandbox.forget_requests()
    ended = night("plan", "--detailed-exitcode")
    assert ended.code == 4
    assert f"{ticket.id}: " in ended.out
    assert "status    pending → resolved" in ended.out
    assert {request.method for request in night.served.sandbox.requests} == {"GET"}
    (plan,) = night("plan", "--json").json()
    (change,) = plan["tickets"]
    assert (change["ticket_id"], change["now"]["status"], change["then"]["status"]) == (
        ticket.id,
        "pending",
        "resolved",
    )
    assert "vip" in change["then"]["tags"]


PLAY = "the-cherry-orchard"
CLUB = "nachtschicht-live-elektronik"


def test_a_plan_shows_every_word_and_does_nothing(shell: Shell) -> None:
    """Then the run does just that."""
    shell.baseline()
    shell.box_office.sell_out(PLAY)
    before = {file.name: file.read_bytes() for file in Path().iterdir()}
    said = shell("plan")
    assert said.code == 0
    assert {file.name: file.read_bytes() for file in Path().iterdir()} == before
    assert shell.desk.tickets == []
    assert shell("run").code == 0
    (ticket,) = shell.desk.tickets
    assert f"open    {ticket.subject}\n" in said.out
    reference, _, body = ticket.messages[0].body.partition("\n\n")
    assert reference.startswith("Reference: wc-")  # sent with the words, and none of them
    for text in (body, *(message.body for message in ticket.messages[1:])):
        # The moment of looking is not the same.
        for line in (line for line in text.splitlines() if "Seen on" not in line):
            assert f"  | {line}".rstrip() in said.out
    assert not [line for line in said.out.splitlines() if line != line.rstrip()]


def _spent(shell: Shell, seconds: int = 600) -> None:
    """From now on the desk is out of requests for longer than a run lasts."""
    shell.served.sandbox.faults.add(
        "status", service="ticket0", status=429, headers={"Retry-After": str(seconds)}
    )


@pytest.mark.parametrize("happens", [True, False])
def test_a_plan_can_tell_by_its_exit_code(shell: Shell, happens: bool) -> None:
    """4 if a run would change something, and only when asked to."""
    shell.configure()
    assert shell("plan", "--detailed-exitcode").code == 0
    assert not Path("willcall.db").exists()
    shell.baseline()
    if happens:
        shell.box_office.sell_out(PLAY)
    assert shell("plan").code == 0
    assert shell("plan", "--detailed-exitcode").code == (4 if happens else 0)
    assert shell("plan", "--detailed-exitcode", "--json").code == (4 if happens else 0)
    shell("run")
    assert shell("plan", "--detailed-exitcode").code == 0


def test_a_plan_shows_what_still_waits(shell: Shell) -> None:
    """From a run that could not deliver."""
    shell.baseline()
    shell.box_office.cancel(PLAY)
    _spent(shell)
    assert shell("run").code == 3
    shell.served.sandbox.faults.clear()
    said = shell("plan", "--detailed-exitcode")
    assert said.code == 4
    assert "main-room: 3 acts from earlier runs would go out" in said.out
    assert "(The Cherry Orchard): pending" in said.out
    # The ledger remembers for how long the desk asked to be left alone; that time is over.
    with sqlite3.connect("willcall.db") as ledger:
        ledger.execute("DELETE FROM quotas")
    ledger.close()
    assert shell("run").code == 0
    assert len(shell.desk.tickets) == 1


@pytest.mark.parametrize(("limit", "held"), [(20, False), (1, True)])
def test_a_plan_and_a_check_say_what_an_edit_of_the_rules_would_open(
    shell: Shell, limit: int, *, held: bool
) -> None:
    """Before a run opens it; the storm limit holds what is too much."""
    shell.baseline()
    assert "0 warnings" in shell("check").out
    edited = "\n[low_stock]\nnumber = 200\nshare = 1\n"
    shell.configure(more=f"{edited}[storm]\nlimit = {limit}\n")
    said, checked = shell("plan").out, shell("check").out
    assert "would open about what holds already: the rules were edited" in said
    assert ("more than [storm] limit" in said) is held
    assert "the next run would open" in checked
    assert (f"more than [storm] limit = {limit}: they would be held" in checked) is held
    shell("run")
    assert "would open" not in shell("plan").out + shell("check").out

"""Every command, for people and for machines."""

import json
import sqlite3
from pathlib import Path

import pytest

from .conftest import Shell

PLAY, CLUB = "the-cherry-orchard", "nachtschicht-live-elektronik"


# -- run and plan ---------------------------------------------------------------------------------


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
    for message in ticket.messages:
        # The moment of looking is not the same.
        for line in (line for line in message.body.splitlines() if "Seen on" not in line):
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


# -- both APIs by hand ----------------------------------------------------------------------------


@pytest.mark.parametrize("configured", [True, False])
def test_events_are_listed(shell: Shell, configured: bool) -> None:
    """With a configuration, or with an address and the key of the environment."""
    if configured:
        shell.configure()
    where = () if configured else ("--base-url", shell.served.ticketsmart_url)
    said = shell("events", "list", *where)
    assert (said.code, said.err) == (0, "")
    head, *lines = said.out.splitlines()
    assert head.split() == ["EVENT", "TITLE", "STATUS", "STARTS", "LEFT"]
    assert len(lines) == 10
    assert any(line.startswith(f"{PLAY} ") for line in lines)
    assert len(shell("events", "list", "-n", "3", *where).lines(skip=1)) == 3


def test_events_can_be_sought(shell: Shell) -> None:
    """By status, by words, so many."""
    shell.configure()
    shell.box_office.sell_out(PLAY)
    (found,) = shell("events", "list", "--status", "SOLD_OUT", "--json").json()
    assert found["slug"] == PLAY
    (found,) = shell("events", "list", "--search", "cherry", "--json").json()
    assert found["slug"] == PLAY
    assert shell("events", "list", "--search", "zzz", "--json").out == ""
    assert len(shell("events", "list", "--limit", "2", "--json").json()) == 2


def test_an_event_is_shown_with_its_ticket_types(shell: Shell) -> None:
    """By slug or id."""
    shell.configure()
    said = shell("events", "get", PLAY)
    event = shell.box_office.event(PLAY)
    assert said.code == 0
    for shown in (event.id, "The Cherry Orchard", "Harbor Street Theatre, New York", "$89.00"):
        assert shown in said.out
    assert shell("events", "get", event.id).out == said.out
    (found,) = shell("events", "get", PLAY, "--json").json()
    assert [t["name"] for t in found["ticket_types"]] == ["Orchestra", "Balcony", "Student Rush"]


def test_what_is_left_of_an_event_is_shown(shell: Shell) -> None:
    """In numbers, or "sold out"."""
    shell.configure()
    said = shell("events", "availability", PLAY)
    left = [line.rsplit("  ", 1)[-1].strip() for line in said.out.splitlines()[1:]]
    assert (said.code, left) == (0, ["44", "69", "sold out"])
    (found,) = shell("events", "availability", PLAY, "--json").json()
    assert [one["available"] for one in found["ticket_types"]] == [44, 69, 0]


def test_a_ticket_type_of_which_nothing_was_sold_is_removed(shell: Shell) -> None:
    """By name or id, without a word to the desk."""
    shell.configure()
    shell.box_office.add_ticket_type(CLUB, "Spare", 100, 5)
    spare = shell.box_office.add_ticket_type(CLUB, "Spare Two", 100, 5)
    said = shell("events", "remove-ticket-type", CLUB, "Spare", "--yes")
    assert (said.code, said.err) == (0, "")
    assert said.out == "removed 'Spare' from Nachtschicht: Live-Elektronik\n"
    (after,) = shell("events", "remove-ticket-type", CLUB, spare.id, "--yes", "--json").json()
    assert [t["name"] for t in after["ticket_types"]] == ["Early Bird", "Regular", "VIP"]
    assert shell.desk.tickets == []


@pytest.mark.parametrize("baseline", [True, False])
def test_a_refused_removal_opens_one_ticket_and_exits_3(shell: Shell, baseline: bool) -> None:
    """Also when repeated, and before the first run."""
    if baseline:
        shell.baseline()
    shell.configure()
    said = shell("events", "remove-ticket-type", CLUB, "Early Bird", "--yes")
    assert said.code == 3
    assert "Cannot remove a ticket type that has sold tickets" in said.err
    (ticket,) = shell.desk.tickets
    assert f"opened {ticket.id} [{ticket.tags[1]}]" in said.out
    again = shell("events", "remove-ticket-type", CLUB, "Early Bird", "--yes")
    assert again.code == 3
    assert f"already open as {ticket.tags[1]}" in again.out
    machine = shell("events", "remove-ticket-type", CLUB, "Early Bird", "--yes", "--json")
    assert machine.code == 3
    assert machine.json()[0]["changes"][0]["marker"] == ticket.tags[1]
    assert len(shell.desk.tickets) == 1
    assert len(ticket.messages) == 2


def test_a_refused_removal_without_a_configuration_says_so(shell: Shell) -> None:
    """There is no desk to open a ticket at."""
    where = ("--base-url", shell.served.ticketsmart_url)
    said = shell("events", "remove-ticket-type", CLUB, "Early Bird", "--yes", *where)
    assert said.code == 3
    assert "no support ticket was opened (name it with -c)" in said.err
    assert shell.desk.tickets == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [("Early", "there is none of that name or id"), ("Twin", "several have that name")],
)
def test_a_ticket_type_that_is_not_clear_is_not_removed(
    shell: Shell, name: str, problem: str
) -> None:
    """Which there are is told."""
    shell.configure()
    for _ in range(2):
        shell.box_office.add_ticket_type(CLUB, "Twin", 100, 5)
    said = shell("events", "remove-ticket-type", CLUB, name, "--yes")
    assert said.code == 2
    assert problem in said.err
    assert "has: Early Bird, Regular, VIP, Twin, Twin" in said.err


def test_tickets_are_listed_and_shown(shell: Shell) -> None:
    """With what was said in them, and nothing in it that turns a terminal about."""
    shell.baseline()
    shell.box_office.sell_out(PLAY)
    shell("run")
    (ticket,) = shell.desk.tickets
    shell.desk.reply(ticket.id, "Thanks!\x1b[31m \u202eDone\n  indented")
    said = shell("tickets", "list", "--status", "open", "--tag", "willcall", "--inbox", "inb_01abc")
    assert (said.code, len(said.out.splitlines())) == (0, 2)
    assert ticket.subject in said.out
    (found,) = shell("tickets", "list", "--json").json()
    assert found["tags"] == ticket.tags
    said = shell("tickets", "get", ticket.id)
    assert said.code == 0
    assert "\n-- inbound from organiser@example.com, " in said.out
    assert "\nThanks![31m Done\n  indented\n" in said.out
    (found,) = shell("tickets", "get", ticket.id, "--json").json()
    assert len(found["messages"]) == 3
    assert len(shell("tickets", "list", "--status", "resolved").out.splitlines()) == 1


# -- for machines ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("plan",),
        ("events", "list"),
        ("events", "get", PLAY),
        ("events", "availability", PLAY),
        ("events", "remove-ticket-type", CLUB, "Early Bird", "--yes"),
        ("tickets", "list"),
    ],
    ids=" ".join,
)
def test_json_is_one_object_a_line(shell: Shell, words: tuple[str, ...]) -> None:
    """And nothing else is on stdout."""
    shell.baseline()
    shell.box_office.sell_out("open-mic-wednesday")
    shell("run")
    said = shell(*words, "--json")
    assert said.json()
    assert all(isinstance(line, dict) for line in said.json())


def test_json_of_a_run_in_trouble_says_so_too(shell: Shell) -> None:
    """Its exit code, the error's name and its words; and no key."""
    shell.baseline()
    shell.served.sandbox.revoke(shell.served.sandbox.ticketsmart_key)
    (said,) = shell("run", "--json").json()
    assert (said["exit_code"], said["trouble"]["type"]) == (77, "AuthenticationError")
    (said,) = shell("plan", "--json").json()
    assert said["trouble"]["type"] == "AuthenticationError"
    assert shell.served.sandbox.ticketsmart_key not in json.dumps(said)

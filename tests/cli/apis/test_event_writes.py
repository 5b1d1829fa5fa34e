"""``willcall events``: writing."""

import pytest

from support.shell import Shell
from willcall import Money

CLUB = "nachtschicht-live-elektronik"


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
    assert "no support ticket was opened: there is no configuration (name it with -c)" in said.err
    assert shell.desk.tickets == []


@pytest.mark.parametrize(
    ("name", "problem", "fix"),
    [
        (
            "Early",
            "no ticket type has that name or id",
            "has: Early Bird, Regular, VIP, Twin, Twin",
        ),
        ("Twin", "2 ticket types have that name", "give the id: tt_"),
    ],
)
def test_a_ticket_type_that_is_not_clear_is_not_removed(
    shell: Shell, name: str, problem: str, fix: str
) -> None:
    """Which there are is told."""
    shell.configure()
    for _ in range(2):
        shell.box_office.add_ticket_type(CLUB, "Twin", 100, 5)
    said = shell("events", "remove-ticket-type", CLUB, name, "--yes")
    assert said.code == 2
    assert problem in said.err
    assert fix in said.err


def test_an_event_is_made_as_it_is_typed(configured: Shell) -> None:
    """Local times and money as people write them; a repeat with --once makes nothing."""
    words = (
        "events", "create", "--title", "Winter Gala", "--starts-at", "2026-12-01 19:30",
        "--ends-at", "2026-12-01T23:00+01:00", "--doors-open", "2026-12-01 19:00",
        "--timezone", "Europe/Berlin", "--currency", "EUR", "--venue-name", "Kesselhaus",
        "--city", "Berlin", "--country", "DE", "--visibility", "UNLISTED", "--category", "MUSIC",
        "--ticket-type", "Floor:€25.50:80", "--ticket-type", "Guests:free:9", "--once", "-y",
    )  # fmt: skip
    made = configured.object(*words)
    assert made["starts_at"] == "2026-12-01T18:30:00+00:00"
    assert made["ends_at"] == "2026-12-01T22:00:00+00:00"
    assert made["doors_open"] == "2026-12-01T18:00:00+00:00"
    assert (made["timezone"], made["venue_name"]) == ("Europe/Berlin", "Kesselhaus")
    assert (made["visibility"], made["category"]) == ("UNLISTED", "MUSIC")
    kinds = {kind["name"]: kind["price_cents"] for kind in made["ticket_types"]}
    assert kinds == {"Floor": 2550, "Guests": 0}
    assert configured.object(*words)["id"] == made["id"]
    assert configured.writes() == [("POST", "/events")]
    text = configured("events", "get", made["id"]).out
    for shown in ("Tue 1 Dec 2026, 19:30 CET", "€25.50", "free", "Kesselhaus, Berlin, DE"):
        assert shown in text


def test_an_event_is_changed_where_it_was_said_and_nowhere_else(configured: Shell) -> None:
    """A field that was left out stays; one that is cleared is null."""
    before = configured.box_office.event(CLUB)
    venue = before.venue_name
    after = configured.object(
        "events", "update", CLUB, "--title", "Nacht", "--clear", "ends-at",
        "--slug", "nacht",
        "--starts-at", "2026-12-24 20:00 Europe/Berlin", "--add-ticket-type", "Late:€9:10", "-y",
    )  # fmt: skip
    assert (after["title"], after["slug"], after["ends_at"]) == ("Nacht", "nacht", None)
    assert after["starts_at"] == "2026-12-24T19:00:00+00:00"
    assert after["venue_name"] == venue
    assert after["currency"] == "EUR"
    assert after["ticket_types"][-1]["price_cents"] == 900
    said = configured("events", "update", "nacht", "--clear", "venue-name", "--clear", "city")
    assert "  venueName  null (cleared)" in said.err
    assert configured("events", "update", "nacht").code == 2


def test_prices_are_held_against_the_event(configured: Shell) -> None:
    """A dollar price is none in Berlin."""
    words = ("events", "add-ticket-type", CLUB, "--name", "x", "--quantity", "1", "-y", "--price")
    said = configured(*words, "$5")
    assert said.code == 2
    assert "--price: the event sells in EUR" in said.err
    assert configured.writes() == []
    assert configured(*words, "5.00", "--once").code == 0
    assert configured(*words, "5.00", "--once").code == 0
    assert len(configured.writes()) == 1
    kind = configured.box_office.event(CLUB).ticket_type("x")
    assert Money(kind.price, "EUR") == Money(500, "EUR")

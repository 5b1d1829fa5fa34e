"""``willcall events``: reading."""

import pytest

from support.shell import Shell

PLAY = "the-cherry-orchard"


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


def test_every_filter_of_events_is_an_option(configured: Shell) -> None:
    """And is sent as it is meant."""
    said = configured(
        "events", "list", "--status", "PUBLISHED", "--search", "late", "--live-only", "--page", "1",
        "--date-from", "2020-01-01 UTC", "--date-to", "2030-01-01T00:00-05:00", "-n", "7",
    )  # fmt: skip
    assert said.code == 0
    (line,) = configured.served.sandbox.requests
    assert set(line.query.split("&")) == {
        "status=PUBLISHED", "search=late", "liveOnly=true", "page=1", "limit=7",
        "dateFrom=2020-01-01T00%3A00%3A00Z", "dateTo=2030-01-01T00%3A00%3A00-05%3A00",
    }  # fmt: skip
    said = configured("events", "list", "--date-from", "2026-12-01")
    assert said.code == 2
    assert "--date-from: '2026-12-01' has no time zone" in said.err


def test_ticket_types_say_how_they_are_sold(configured: Shell) -> None:
    """Prices in the event's currency, hidden ones named so, limits of an order."""
    said = configured("events", "ticket-types", "tannery-sessions-imogen-vale")
    assert "Guest List (hidden)  free" in said.out
    assert "£22.00" in said.out
    assert "1 to 10" in said.out
    kinds = configured("events", "ticket-types", PLAY, "--json").json()
    assert [kind["name"] for kind in kinds] == ["Orchestra", "Balcony", "Student Rush"]

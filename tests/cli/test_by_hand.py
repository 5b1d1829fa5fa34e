"""Both APIs by hand, against the sandbox: every command sends what was typed, and asks first."""

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.waiting import HANGS
from willcall import Money
from willcall.ticket0.webhooks import sign

from .conftest import BY_HAND, Shell

PLAY, CLUB = "the-cherry-orchard", "nachtschicht-live-elektronik"


class Terminal(io.StringIO):
    """What a person types, with the look of a terminal."""

    def isatty(self) -> bool:
        return True


def type_(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let the next question be answered with this."""
    monkeypatch.setattr(sys, "stdin", Terminal(text))


@pytest.fixture
def house(shell: Shell) -> Shell:
    """A shell with a configuration."""
    shell.configure()
    return shell


def one(shell: Shell, *words: str) -> Any:
    """What a command answers as JSON, where it is one object."""
    said = shell(*words, "--json")
    assert (said.code, said.err) == (0, ""), said
    (found,) = said.json()
    return found


def sent(shell: Shell) -> list[tuple[str, str]]:
    """The requests that could have changed something."""
    return [
        (line.method, line.path)
        for line in shell.served.sandbox.requests
        if line.method not in {"GET", "OPTIONS"}
    ]


# -- writes are shown, and asked about ------------------------------------------------------------

REFUSED = (
    "--yes: nothing was sent, since there is no terminal to ask at "
    "(read what would be sent, then add --yes)"
)
ADD = ("events", "add-ticket-type", PLAY, "--name", "Box", "--price", "$25.00", "--quantity", "8")


def test_a_write_without_a_terminal_or_yes_sends_nothing(house: Shell) -> None:
    """And says what it would have sent, and how to send it."""
    said = house(*ADD)
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines() == [
        f"This will be sent: PATCH /events/{PLAY}",
        "  addTicketType.name      Box",
        "  addTicketType.price     2500 ($25.00)",
        "  addTicketType.quantity  8",
        f"willcall: {REFUSED}",
    ]
    assert sent(house) == []


@pytest.mark.parametrize(("answer", "goes"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_write_at_a_terminal_asks(
    house: Shell, monkeypatch: pytest.MonkeyPatch, answer: str, goes: bool
) -> None:
    """No is what is meant unless yes is said; stdout holds nothing but the answer."""
    type_(monkeypatch, answer)
    said = house(*ADD)
    assert said.code == 0
    assert "Send it? [y/N]" in said.err
    assert ("nothing was sent" in said.err) is not goes
    assert said.out.startswith("EVENT") is goes
    assert sent(house) == [("PATCH", f"/events/{PLAY}")] * goes


def test_a_write_at_a_real_terminal_asks(house: Shell) -> None:
    """A process of its own, typed at through a pseudo-terminal."""
    above, below = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "willcall", *ADD],
        stdin=below, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    os.write(above, b"y\n")
    out, err = process.communicate(timeout=HANGS)
    os.close(above)
    os.close(below)
    assert process.returncode == 0
    assert "This will be sent" in err
    assert "Box" in out
    assert house.box_office.event(PLAY).ticket_type("Box").price == 2500


@pytest.mark.parametrize(
    "words",
    [
        ("events", "create", "--title", "x", "--starts-at", "2026-12-01T19:30Z"),
        ("events", "update", PLAY, "--title", "x"),
        ADD,
        ("events", "remove-ticket-type", PLAY, "Orchestra"),
        ("tickets", "create", "--subject", "x", "--body", "y"),
        ("tickets", "update", "tkt_1", "--status", "open"),
        ("customers", "create", "--email", "a@example.com"),
        ("customers", "upsert", "--external-id", "7", "--email", "a@example.com"),
        ("customers", "update", "cust_1", "--name", "x"),
        ("messages", "send", "tkt_1", "--text", "x"),
        ("messages", "note", "tkt_1", "--text", "x"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_no_write_goes_out_unasked(house: Shell, words: tuple[str, ...]) -> None:
    """Every command that has --yes stands here."""
    said = house(*words)
    assert said.code == 2
    assert "This will be sent: " in said.err
    assert sent(house) == []


def test_every_write_stands_in_the_test_above() -> None:
    """A new one is missed here."""
    marks = getattr(test_no_write_goes_out_unasked, "pytestmark")  # noqa: B009
    tried = {" ".join(words[:2]) for words in marks[0].args[1]}
    reads = {"events availability", "events ticket-types"}
    assert tried == {w for w in BY_HAND if not w.endswith((" list", " get"))} - reads


# -- events ---------------------------------------------------------------------------------------


def test_an_event_is_made_as_it_is_typed(house: Shell) -> None:
    """Local times and money as people write them; a repeat with --once makes nothing."""
    words = (
        "events", "create", "--title", "Winter Gala", "--starts-at", "2026-12-01 19:30",
        "--ends-at", "2026-12-01T23:00+01:00", "--doors-open", "2026-12-01 19:00",
        "--timezone", "Europe/Berlin", "--currency", "EUR", "--venue-name", "Kesselhaus",
        "--city", "Berlin", "--country", "DE", "--visibility", "UNLISTED", "--category", "MUSIC",
        "--ticket-type", "Floor:€25.50:80", "--ticket-type", "Guests:free:9", "--once", "-y",
    )  # fmt: skip
    made = one(house, *words)
    assert made["starts_at"] == "2026-12-01T18:30:00+00:00"
    assert made["ends_at"] == "2026-12-01T22:00:00+00:00"
    assert made["doors_open"] == "2026-12-01T18:00:00+00:00"
    assert (made["timezone"], made["venue_name"]) == ("Europe/Berlin", "Kesselhaus")
    assert (made["visibility"], made["category"]) == ("UNLISTED", "MUSIC")
    kinds = {kind["name"]: kind["price_cents"] for kind in made["ticket_types"]}
    assert kinds == {"Floor": 2550, "Guests": 0}
    assert one(house, *words)["id"] == made["id"]
    assert sent(house) == [("POST", "/events")]
    text = house("events", "get", made["id"]).out
    for shown in ("Tue 1 Dec 2026, 19:30 CET", "€25.50", "free", "Kesselhaus, Berlin, DE"):
        assert shown in text


def test_an_event_is_changed_where_it_was_said_and_nowhere_else(house: Shell) -> None:
    """A field that was left out stays; one that is cleared is null."""
    before = house.box_office.event(CLUB)
    venue = before.venue_name
    after = one(
        house, "events", "update", CLUB, "--title", "Nacht", "--clear", "ends-at",
        "--slug", "nacht",
        "--starts-at", "2026-12-24 20:00 Europe/Berlin", "--add-ticket-type", "Late:€9:10", "-y",
    )  # fmt: skip
    assert (after["title"], after["slug"], after["ends_at"]) == ("Nacht", "nacht", None)
    assert after["starts_at"] == "2026-12-24T19:00:00+00:00"
    assert after["venue_name"] == venue
    assert after["currency"] == "EUR"
    assert after["ticket_types"][-1]["price_cents"] == 900
    said = house("events", "update", "nacht", "--clear", "venue-name", "--clear", "city")
    assert "  venueName  null (cleared)" in said.err
    assert house("events", "update", "nacht").code == 2


def test_prices_are_held_against_the_event(house: Shell) -> None:
    """A dollar price is none in Berlin."""
    words = ("events", "add-ticket-type", CLUB, "--name", "x", "--quantity", "1", "-y", "--price")
    said = house(*words, "$5")
    assert said.code == 2
    assert "--price: the event sells in EUR" in said.err
    assert sent(house) == []
    assert house(*words, "5.00", "--once").code == 0
    assert house(*words, "5.00", "--once").code == 0
    assert len(sent(house)) == 1
    kind = house.box_office.event(CLUB).ticket_type("x")
    assert Money(kind.price, "EUR") == Money(500, "EUR")


def test_every_filter_of_events_is_an_option(house: Shell) -> None:
    """And is sent as it is meant."""
    said = house(
        "events", "list", "--status", "PUBLISHED", "--search", "late", "--live-only", "--page", "1",
        "--date-from", "2020-01-01 UTC", "--date-to", "2030-01-01T00:00-05:00", "-n", "7",
    )  # fmt: skip
    assert said.code == 0
    (line,) = house.served.sandbox.requests
    assert set(line.query.split("&")) == {
        "status=PUBLISHED", "search=late", "liveOnly=true", "page=1", "limit=7",
        "dateFrom=2020-01-01T00%3A00%3A00Z", "dateTo=2030-01-01T00%3A00%3A00-05%3A00",
    }  # fmt: skip
    said = house("events", "list", "--date-from", "2026-12-01")
    assert said.code == 2
    assert "--date-from: '2026-12-01' has no time zone" in said.err


def test_ticket_types_say_how_they_are_sold(house: Shell) -> None:
    """Prices in the event's currency, hidden ones named so, limits of an order."""
    said = house("events", "ticket-types", "tannery-sessions-imogen-vale")
    assert "Guest List (hidden)  free" in said.out
    assert "£22.00" in said.out
    assert "1 to 10" in said.out
    kinds = house("events", "ticket-types", PLAY, "--json").json()
    assert [kind["name"] for kind in kinds] == ["Orchestra", "Balcony", "Student Rush"]


# -- tickets, messages, customers -----------------------------------------------------------------


def test_a_ticket_is_opened_changed_and_written_in(house: Shell, tmp_path: Path) -> None:
    """With addresses of the configuration where none is given."""
    words = ("tickets", "create", "--subject", "No heat", "--body", "Since six.", "-y")
    made = one(house, *words, "--once", "heat-1")
    assert (made["subject"], made["inbox_id"]) == ("No heat [heat-1]", "inb_01abc")
    assert one(house, *words, "--once", "heat-1")["id"] == made["id"]
    assert len(house.desk.tickets) == 1
    assert one(house, *words, "--once", "heat-1", "--no-search-first")["id"] != made["id"]
    ticket = made["id"]

    house.desk.tag(ticket, "hers")
    after = one(
        house, "tickets", "update", ticket, "--add-tag", "ours", "--status", "pending", "-y"
    )
    assert (after["tags"], after["status"]) == (["hers", "ours"], "pending")
    after = one(house, "tickets", "update", ticket, "--remove-tag", "ours", "-y",
                "--assignee-id", house.desk.users[0].id)  # fmt: skip
    assert (after["tags"], after["assignee_id"]) == (["hers"], house.desk.users[0].id)
    after = one(
        house, "tickets", "update", ticket, "--clear", "tags", "--clear", "assignee-id", "-y"
    )
    assert (after["tags"], after["assignee_id"]) == ([], None)
    after = one(house, "tickets", "update", ticket, "--tag", "a", "--tag", "b", "-y")
    assert after["tags"] == ["a", "b"]
    said = house("tickets", "update", ticket, "--tag", "a", "--add-tag", "b", "-y")
    assert (said.code, "leave out --add-tag" in said.err) == (2, True)

    words = ("--text", "It is warm.", "--cc", "b@example.com", "--once", "warm-1", "-y")
    message = one(house, "messages", "send", ticket, *words)
    assert message["from_address"] == "boxoffice@example.com"
    assert message["body_text"] == "It is warm.\n\n[warm-1]"
    assert one(house, "messages", "send", ticket, *words)["id"] == message["id"]
    note = one(house, "messages", "note", ticket, "--body", "Called.", "-y")
    assert note["is_note"]
    listed = house("messages", "list", ticket, "--json").json()
    assert [line["id"] for line in listed][1:] == [message["id"], note["id"]]
    text = house("messages", "list", ticket).out
    assert "It is warm." in text
    assert "-- note from " in text


def test_a_text_comes_through_a_pipe(house: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """With -, and not from a terminal."""
    words = ("tickets", "create", "--subject", "Report", "--body", "-")
    monkeypatch.setattr(sys, "stdin", io.StringIO("One line.\nAnother.\n"))
    said = house(*words)
    assert "  body           One line.\n                 Another.\n" in said.err
    monkeypatch.setattr(sys, "stdin", io.StringIO("One line.\nAnother.\n"))
    assert house(*words, "--yes").code == 0
    assert house.desk.tickets[0].messages[0].body == "One line.\nAnother.\n"
    type_(monkeypatch, "")
    said = house(*words)
    assert (said.code, "there is no pipe to read from" in said.err) == (2, True)


def test_where_a_ticket_goes_must_be_said_somewhere(shell: Shell) -> None:
    """On the command line, where there is no configuration."""
    where = ("--base-url", shell.served.ticket0_url)
    said = shell("tickets", "create", "--subject", "x", "--body", "y", "-y", *where)
    assert said.code == 2
    assert "--customer-email: it is missing (give it, or desk.customer_email" in said.err
    words = ("--customer-email", "a@example.com", "--inbox-id", "inb_01abc")
    assert (
        shell("tickets", "create", "--subject", "x", "--body", "y", "-y", *words, *where).code == 0
    )


def test_customers_are_kept(house: Shell) -> None:
    """Made, found, changed; a fact that is not named stays."""
    made = one(house, "customers", "upsert", "--external-id", "p-7", "--email", "ana@example.com",
               "--name", "Ana", "--metadata", "house=main", "-y")  # fmt: skip
    again = one(
        house, "customers", "upsert", "--external-id", "p-7", "--email", "x@example.com", "-y"
    )
    assert again == made
    after = one(house, "customers", "update", made["id"], "--metadata", "plan=gold",
                "--clear", "name", "--remove-metadata", "house", "-y")  # fmt: skip
    assert (after["name"], after["metadata"]) == (None, {"plan": "gold"})
    assert one(house, "customers", "get", made["id"]) == after
    assert one(house, "customers", "list", "--external-id", "p-7") == after
    assert one(house, "customers", "list", "--email", "ana@example.com")["id"] == made["id"]
    other = one(house, "customers", "create", "--email", "bo@example.com", "-y")
    assert other["id"] != made["id"]
    text = house("customers", "get", made["id"]).out
    assert "metadata.plan  gold" in text
    assert "ana@example.com" in house("customers", "list").out
    said = house(
        "customers", "update", made["id"], "--metadata", "a=1", "--remove-metadata", "a", "-y"
    )
    assert said.code == 2


def test_every_filter_of_tickets_is_an_option(house: Shell) -> None:
    """And is sent as it is meant."""
    said = house("tickets", "list", "--status", "open", "--assignee-id", "usr_1", "--inbox-id",
                 "inb_01abc", "--tag", "x", "-n", "5")  # fmt: skip
    assert said.code == 0
    (line,) = house.served.sandbox.requests
    assert set(line.query.split("&")) == {
        "status=open", "assigneeId=usr_1", "inboxId=inb_01abc", "tag=x", "limit=5",
    }  # fmt: skip


def test_a_list_that_may_go_on_says_so(house: Shell) -> None:
    """Unless it was asked for just so many."""
    for number in range(101):
        house.desk.create_ticket(f"t{number}", "a@example.com", "inb_01abc", "x")
    said = house("tickets", "list")
    assert len(said.out.splitlines()) == 101
    assert said.err == "willcall: 100 shown, and there may be more (-n N)\n"
    assert len(house("tickets", "list", "-n", "200", "--json").json()) == 101
    said = house("tickets", "list", "-n", "100")
    assert said.err == ""


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("events get nope", "`willcall events list` shows what exists"),
        ("events update nope --title x -y", "`willcall events list`"),
        ("messages note tkt_nope --text x -y", "`willcall tickets list`"),
        ("customers get cust_nope", "`willcall customers list`"),
    ],
)
def test_what_is_not_there_is_an_error_that_says_where_to_look(
    house: Shell, words: str, advice: str
) -> None:
    """On one line, with exit code 3."""
    said = house(*words.split())
    assert (said.code, said.out, len(said.err.splitlines())) == (3, "", 1)
    assert advice in said.err


def test_an_answer_that_was_lost_says_what_to_type(house: Shell) -> None:
    """Not what to write in Python; with --once it is made sure of instead."""
    house.served.sandbox.faults.add("lost_response", service="ticketsmart", method="POST", count=1)
    words = ("events", "create", "--title", "Gala", "--starts-at", "2026-12-01T19:30Z", "-y")
    said = house(*words)
    assert (said.code, said.out) == (75, "")
    assert "look for its title and start in `willcall events list` before you create" in said.err
    assert one(house, *words, "--once")["title"] == "Gala"
    assert len([event for event in house.box_office.events if event.title == "Gala"]) == 1


# -- webhooks -------------------------------------------------------------------------------------


def test_a_delivery_is_checked(
    bare: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a secret of the environment or a file; a wrong one is 3, a missing one 2."""
    from willcall.cli.shell.app import run

    body = json.dumps(
        {"id": "evt_1", "type": "ticket.resolved", "createdAt": "2026-12-01T10:00:00Z",
         "data": {"id": "tkt_1", "subject": "x", "status": "resolved"}}
    ).encode()  # fmt: skip
    Path("body.json").write_bytes(body)
    Path("secret").write_text("whsec_1\n", "utf-8")
    words = ("webhooks", "verify", "body.json", "--signature")
    assert run([*words, sign(body, "whsec_1")]) == 2
    assert "set $TICKET0_WEBHOOK_SECRET" in capsys.readouterr().err
    assert run([*words, sign(body, "whsec_1"), "--secret-file", "secret"]) == 0
    assert "data.subject  x" in capsys.readouterr().out
    monkeypatch.setenv("TICKET0_WEBHOOK_SECRET", "whsec_1")
    assert run([*words, sign(body, "whsec_1"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ticket"]["status"] == "resolved"
    assert run([*words, sign(body, "other")]) == 3
    assert "the signature is wrong" in capsys.readouterr().err
    Path("body.json").write_bytes(b"[]")
    assert run([*words, sign(b"[]", "whsec_1")]) == 3
    assert run(["webhooks", "verify", "none.json", "--signature", "x"]) == 2

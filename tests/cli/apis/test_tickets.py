"""``willcall tickets`` and ``willcall messages``."""

import io
import sys
from pathlib import Path

import pytest

from support.shell import Shell

PLAY = "the-cherry-orchard"


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


class Terminal(io.StringIO):
    """What a person types, with the look of a terminal."""

    def isatty(self) -> bool:
        return True


def type_(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let the next question be answered with this."""
    monkeypatch.setattr(sys, "stdin", Terminal(text))


def test_a_ticket_is_opened_changed_and_written_in(configured: Shell, tmp_path: Path) -> None:
    """With addresses of the configuration where none is given."""
    configured.served.sandbox.settings.change({"inboxes": "required"})
    words = ("tickets", "create", "--subject", "No heat", "--body", "Since six.", "-y")
    made = configured.object(*words, "--once", "heat-1")
    assert (made["subject"], made["inbox_id"]) == ("No heat [heat-1]", "inb_01abc")
    assert configured.object(*words, "--once", "heat-1")["id"] == made["id"]
    assert len(configured.desk.tickets) == 1
    assert configured.object(*words, "--once", "heat-1", "--no-search-first")["id"] != made["id"]
    ticket = made["id"]

    configured.desk.tag(ticket, "hers")
    after = configured.object(
        "tickets", "update", ticket, "--add-tag", "ours", "--status", "pending", "-y"
    )
    assert (after["tags"], after["status"]) == (["hers", "ours"], "pending")
    after = configured.object("tickets", "update", ticket, "--remove-tag", "ours", "-y",
                "--assignee-id", configured.desk.users[0].id)  # fmt: skip
    assert (after["tags"], after["assignee_id"]) == (["hers"], configured.desk.users[0].id)
    after = configured.object(
        "tickets", "update", ticket, "--clear", "tags", "--clear", "assignee-id", "-y"
    )
    assert (after["tags"], after["assignee_id"]) == ([], None)
    after = configured.object("tickets", "update", ticket, "--tag", "a", "--tag", "b", "-y")
    assert after["tags"] == ["a", "b"]
    said = configured("tickets", "update", ticket, "--tag", "a", "--add-tag", "b", "-y")
    assert (said.code, "leave out --add-tag" in said.err) == (2, True)

    words = ("--text", "It is warm.", "--cc", "b@example.com", "--once", "warm-1", "-y")
    message = configured.object("messages", "send", ticket, *words)
    assert message["from_address"] == "boxoffice@example.com"
    assert message["body_text"] == "It is warm.\n\n[warm-1]"
    assert configured.object("messages", "send", ticket, *words)["id"] == message["id"]
    note = configured.object("messages", "note", ticket, "--body", "Called.", "-y")
    assert note["is_note"]
    listed = configured("messages", "list", ticket, "--json").json()
    assert [line["id"] for line in listed][1:] == [message["id"], note["id"]]
    text = configured("messages", "list", ticket).out
    assert "It is warm." in text
    assert "-- note from " in text


def test_a_text_comes_through_a_pipe(configured: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """With -, and not from a terminal."""
    words = ("tickets", "create", "--subject", "Report", "--body", "-")
    monkeypatch.setattr(sys, "stdin", io.StringIO("One line.\nAnother.\n"))
    said = configured(*words)
    assert "  body           One line.\n                 Another.\n" in said.err
    monkeypatch.setattr(sys, "stdin", io.StringIO("One line.\nAnother.\n"))
    assert configured(*words, "--yes").code == 0
    assert configured.desk.tickets[0].messages[0].body == "One line.\nAnother.\n"
    type_(monkeypatch, "")
    said = configured(*words)
    assert (said.code, "there is no pipe to read from" in said.err) == (2, True)


def test_where_a_ticket_goes_must_be_said_somewhere(shell: Shell) -> None:
    """On the command line, where there is no configuration."""
    where = ("--base-url", shell.served.ticket0_url)
    said = shell("tickets", "create", "--subject", "x", "--body", "y", "-y", *where)
    assert said.code == 2
    assert "--customer-email: it is missing (add the option, or desk.customer_email" in said.err
    words = ("--customer-email", "a@example.com", "--inbox-id", "inb_01abc")
    assert (
        shell("tickets", "create", "--subject", "x", "--body", "y", "-y", *words, *where).code == 0
    )


def test_every_filter_of_tickets_is_an_option(configured: Shell) -> None:
    """And is sent as it is meant."""
    said = configured("tickets", "list", "--status", "open", "--assignee-id", "usr_1", "--inbox-id",
                 "inb_01abc", "--tag", "x", "-n", "5")  # fmt: skip
    assert said.code == 0
    (line,) = configured.served.sandbox.requests
    assert set(line.query.split("&")) == {
        "status=open", "assigneeId=usr_1", "inboxId=inb_01abc", "tag=x", "limit=5",
    }  # fmt: skip

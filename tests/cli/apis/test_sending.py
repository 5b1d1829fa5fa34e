"""Every write is shown first, and needs a yes."""

import io
import os
import pty
import subprocess
import sys

import pytest

from support.shell import BY_HAND, Shell
from support.waiting import HANGS

PLAY = "the-cherry-orchard"


class Terminal(io.StringIO):
    """What a person types, with the look of a terminal."""

    def isatty(self) -> bool:
        return True


def type_(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let the next question be answered with this."""
    monkeypatch.setattr(sys, "stdin", Terminal(text))


REFUSED = (
    "--yes: nothing was sent, because there is no terminal to ask on "
    "(check what would be sent, then add --yes)"
)


ADD = ("events", "add-ticket-type", PLAY, "--name", "Box", "--price", "$25.00", "--quantity", "8")


def test_a_write_without_a_terminal_or_yes_sends_nothing(configured: Shell) -> None:
    """And says what it would have sent, and how to send it."""
    said = configured(*ADD)
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines() == [
        f"This will be sent: PATCH /events/{PLAY}",
        "  addTicketType.name      Box",
        "  addTicketType.price     2500 ($25.00)",
        "  addTicketType.quantity  8",
        f"willcall: {REFUSED}",
    ]
    assert configured.writes() == []


@pytest.mark.parametrize(("answer", "goes"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_write_at_a_terminal_asks(
    configured: Shell, monkeypatch: pytest.MonkeyPatch, answer: str, goes: bool
) -> None:
    """No is what is meant unless yes is said; stdout holds nothing but the answer."""
    type_(monkeypatch, answer)
    said = configured(*ADD)
    assert said.code == 0
    assert "Send it? [y/N]" in said.err
    assert ("nothing was sent" in said.err) is not goes
    assert said.out.startswith("EVENT") is goes
    assert configured.writes() == [("PATCH", f"/events/{PLAY}")] * goes


def test_a_write_at_a_real_terminal_asks(configured: Shell) -> None:
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
    assert configured.box_office.event(PLAY).ticket_type("Box").price == 2500


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
def test_no_write_goes_out_unasked(configured: Shell, words: tuple[str, ...]) -> None:
    """Every command that has --yes stands here."""
    said = configured(*words)
    assert said.code == 2
    assert "This will be sent: " in said.err
    assert configured.writes() == []


def test_every_write_stands_in_the_test_above() -> None:
    """A new one is missed here."""
    marks = getattr(test_no_write_goes_out_unasked, "pytestmark")  # noqa: B009
    tried = {" ".join(words[:2]) for words in marks[0].args[1]}
    reads = {"events availability", "events ticket-types"}
    assert tried == {w for w in BY_HAND if not w.endswith((" list", " get"))} - reads

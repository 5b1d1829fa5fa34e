"""What is printed: JSON, and errors that say what to do next."""

import pytest

from support.shell import Shell

PLAY = "the-cherry-orchard"
CLUB = "nachtschicht-live-elektronik"


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
    configured: Shell, words: str, advice: str
) -> None:
    """On one line, with exit code 3."""
    said = configured(*words.split())
    assert (said.code, said.out, len(said.err.splitlines())) == (3, "", 1)
    assert advice in said.err


def test_an_answer_that_was_lost_says_what_to_type(configured: Shell) -> None:
    """Not what to write in Python; with --once it is made sure of instead."""
    configured.served.sandbox.faults.add(
        "lost_response", service="ticketsmart", method="POST", count=1
    )
    words = ("events", "create", "--title", "Gala", "--starts-at", "2026-12-01T19:30Z", "-y")
    said = configured(*words)
    assert (said.code, said.out) == (75, "")
    assert "look for its title and start in `willcall events list` before you create" in said.err
    assert configured.object(*words, "--once")["title"] == "Gala"
    assert len([event for event in configured.box_office.events if event.title == "Gala"]) == 1

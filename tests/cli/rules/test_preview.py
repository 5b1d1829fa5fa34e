"""``willcall preview``."""

from pathlib import Path

import pytest

from support.shell import Shell

PLAY = "the-cherry-orchard"


RULE = """
[[rule]]
id = "mine"
when = ["event.sold_out"]
ticket = { subject = "Full: {{ event.title }}", tags = ["mine"] }
"""


def test_preview_of_an_event_that_is_known(night: Shell) -> None:
    """From the ledger: no request is made."""
    night.configure(more=RULE)
    night.served.sandbox.forget_requests()
    ended = night("preview", "--rule", "mine", "--event", "quartet")
    assert ended.code == 0
    assert "┌ Full: Quartet Halloran: Late Beethoven [wc-…]" in ended.out
    assert "tags willcall, wc-…, high, mine" in ended.out
    assert night.served.sandbox.requests == []
    (one,) = night("preview", "--rule", "mine", "--json").json()
    assert one["subject"] == "Full: Gala Night"


def test_preview_asks_for_an_event_that_is_not_known(configured: Shell) -> None:
    """Before the first run, say."""
    ended = configured("preview", "--rule", "event.sold_out", "--event", PLAY)
    assert "The Cherry Orchard" in ended.out
    ended = configured("preview", "--rule", "event.sold_out", "--event", "nothing-like-it")
    assert (ended.code, ended.err.splitlines()[0][:49]) == (
        2,
        "willcall: --event: there is no event 'nothing-lik",
    )


def test_preview_as_a_page(night: Shell) -> None:
    """In a file; and what cannot be written says so."""
    ended = night("preview", "--rule", "event.cancelled", "--html", "t.html")
    assert (ended.code, ended.out, ended.err) == (0, "", "willcall: wrote t.html\n")
    assert "<!doctype html>" in Path("t.html").read_text("utf-8")
    ended = night("preview", "--rule", "event.cancelled", "--html", "no/t.html")
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
def test_preview_of_what_is_not_there(night: Shell, args: tuple[str, ...], said: str) -> None:
    """Says what there is."""
    ended = night("preview", *args)
    assert (ended.code, ended.err[10 : 10 + len(said)]) == (2, said)

"""``willcall explain``."""

import re

import pytest

from support.shell import Shell

PLAY = "the-cherry-orchard"


CLUB = "nachtschicht-live-elektronik"


def test_explain_an_event(night: Shell) -> None:
    """By slug or title: what became of each change, and what the rules say."""
    for name in (PLAY, "cherry"):
        ended = night("explain", name)
        assert ended.code == 0
        assert "built-in/event.sold_out: takes it, but: silenced by Ana" in ended.out
        assert "holds: event.sold_out" in ended.out
        assert "no ticket announces it" in ended.out
        assert "built-in/ticket_type.sold_out: takes it, but: silenced by Ana" in ended.out
    ended = night("explain", CLUB)
    assert "no changes since the baseline" in ended.out


def test_explain_what_waited(night: Shell) -> None:
    """The case that came of it later is told, though no change of its own led to it."""
    night("silence", "expire", "1")
    night("run", "-q")
    ended = night("explain", PLAY)
    assert "announced under built-in/event.sold_out" in ended.out
    assert "open, under built-in/event.sold_out" in ended.out


def test_explain_a_ticket_a_marker_and_a_change(night: Shell) -> None:
    """All lead to the same."""
    ticket = night.served.sandbox.desk.tickets[0]
    marker = ticket.subject[-12:-1]
    number = re.findall(r"#(\d+)", night("explain", marker).out)[0]  # the baseline has some, too
    outs = {
        night("explain", name).out
        for name in (ticket.id, marker, f"[{marker}]", f"{marker}-2", f"#{number}", number)
    }
    assert len(outs) == 1
    out = outs.pop()
    assert f"{marker}  {ticket.id}: open, under built-in/event.cancelled" in out
    assert " 3 message  done" in out
    (data,) = night("explain", marker, "--json").json()
    assert data["cases"][0]["marker"] == marker
    assert [act["act"] for act in data["cases"][0]["acts"]] == ["open", "tag", "message"]
    rules = {one["rule"]: one["takes"] for one in data["changes"][0]["rules"]}
    assert rules["built-in/event.cancelled"]


def test_explain_a_box_office(night: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own trouble."""
    monkeypatch.setenv("TICKETSMART_API_KEY", "ts_sk_live_another")
    night("run", "-q")
    out = night("explain", "main-room").out
    assert "box_office.key_rejected (the box office rejects the key): opened wc-" in out
    assert "built-in/box_office.key_rejected: takes it" in out


@pytest.mark.parametrize("name", ["nope", "wc-00000000", "#999", "a"])
def test_explain_what_is_not_there(night: Shell, name: str) -> None:
    """Exit code 2, and where to look."""
    ended = night("explain", name)
    assert (ended.code, ended.err.startswith("willcall: NAME: ")) == (2, True)

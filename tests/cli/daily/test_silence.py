"""``willcall silence``."""

import pytest

from support.shell import Shell


def test_silences(night: Shell) -> None:
    """Added, listed, and ended; what still holds opens then."""
    desk = night.served.sandbox.desk
    assert "event cherry" in night("silence", "list").out
    (one,) = night("silence", "list", "--json").json()
    assert (one["author"], one["in_force"]) == ("Ana", True)
    assert len(desk.tickets) == 1
    assert night("silence", "expire", "1").out == "silence 1 has ended\n"
    assert len(night("silence", "list").out.splitlines()) == 1
    assert "(over)" in night("silence", "list", "--all").out
    night("run", "-q")
    assert len(desk.tickets) == 2
    ended = night("silence", "expire", "1")
    assert (ended.code, ended.err) == (
        2, "willcall: N: there is no silence 1 in force (no silence is in force)\n",
    )  # fmt: skip
    added = night(
        "silence", "add", "--kind", "event.*", "--rule", "built-in/event.moved", "--until",
        "2099-01-01T10:00", "--reason", "x", "--box-office", "main-room", "--json",
    )  # fmt: skip
    assert (added.code, added.json()[0]["id"]) == (0, 2)
    assert night("silence", "expire", "2", "--json").json() == [{"id": 2, "expired": True}]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--until", "2h"), "silence: it would silence everything"),
        (("--until", "soon", "--event", "x"), "--until: 'soon' is neither a span nor a moment"),
        (("--until", "2020-01-01", "--event", "x"), "--until: '2020-01-01' has passed"),
        (("--until", "2h", "--kind", "evnt.*"), "--kind: there is no kind of change 'evnt.*'"),
        (("--until", "2h", "--rule", "x"), "--rule: there is no rule 'x'"),
        (("--until", "2h", "--box-office", "x"), "box_office: 'x' is not configured"),
    ],
)
def test_a_silence_that_makes_no_sense(night: Shell, args: tuple[str, ...], said: str) -> None:
    """Is refused, and not kept."""
    ended = night("silence", "add", "--reason", "r", *args)
    assert (ended.code, ended.err[10 : 10 + len(said)]) == (2, said)


def test_a_silence_for_an_event_nobody_has_seen(night: Shell) -> None:
    """May be meant for one to come, and says so."""
    ended = night("silence", "add", "--event", "next-year", "--until", "2h", "--reason", "x")
    assert (ended.code, ended.err) == (
        0, "willcall: no event 'next-year' has been seen yet\n",
    )  # fmt: skip

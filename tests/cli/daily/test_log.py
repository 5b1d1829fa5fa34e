"""``willcall log``."""

import pytest

from support.shell import Shell

PLAY = "the-cherry-orchard"


LAUGHS = "late-laughs-with-priya-raman"


def test_log(night: Shell) -> None:
    """Changes and acts, oldest first, filtered."""
    lines = night("log").out.splitlines()
    assert "Late Laughs with Priya Raman: cancelled (opened wc-" in lines[0]
    assert "The Cherry Orchard: sold out (silenced by Ana: the plan is being redone)" in lines[1]
    assert "      open tkt_" in lines[-3]
    assert len(night("log", "-n", "2").out.splitlines()) == 2
    objects = night("log", "--event", PLAY, "--kind", "event.*", "--json").json()
    assert [(one["what"], one["kind"]) for one in objects] == [("change", "event.sold_out")]
    marker = night("log", "--event", LAUGHS, "--json").json()[0]["marker"]
    acts = night("log", "--marker", f"[{marker}]", "--json").json()
    assert [act.get("act") for act in acts] == [None, "open", "tag", "message"]
    assert night("log", "--box-office", "main-room", "--since", "1h").out != ""
    ended = night("log", "--since", "2099-01-01")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "willcall: the ledger has no such entries\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--kind", "event.sold"), "--kind: there is no kind of change 'event.sold' (did you mean"),
        (("--event", "zz"), "--event: no event 'zz' has been seen"),
        (("--event", "a"), "--event: 'a' matches several events"),
        (("--since", "soon"), "--since: 'soon' is neither a span nor a moment"),
        (("--box-office", "x"), "box_office: 'x' is not configured"),
    ],
)
def test_log_of_what_is_not_there(night: Shell, args: tuple[str, ...], said: str) -> None:
    """Says what there is."""
    ended = night("log", *args)
    assert (ended.code, ended.err[10 : 10 + len(said)]) == (2, said)

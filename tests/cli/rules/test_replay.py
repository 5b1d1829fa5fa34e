"""``willcall replay``."""

from pathlib import Path

from support.shell import Shell


def test_replay(night: Shell) -> None:
    """Under the same rules the same; under edited ones, what they say."""
    lines = night("replay").out.splitlines()
    assert "1 opened then, 1 under these rules (1 the same, 0 added, 0 missing)" in lines[0]
    text = Path("willcall.toml").read_text("utf-8")
    rule = '[[rule]]\nid = "mine"\nwhen = ["event.sold_out"]\n'
    Path("edited.toml").write_text(f"built_in_rules = false\n{text}{rule}", "utf-8")
    ended = night("replay", "--since", "30d", "-c", "edited.toml")
    assert "1 opened then, 0 under these rules (0 the same, 0 added, 1 missing)" in ended.out
    assert "then under built-in/event.cancelled; now: no rule takes it" in ended.out
    night("silence", "expire", "1")
    (data,) = night("replay", "-c", "edited.toml", "--json").json()
    assert {one["fate"] for one in data["compared"]} == {"missing", "added"}
    ended = night("replay", "--since", "soon")
    assert (ended.code, ended.err.startswith("willcall: --since: 'soon'")) == (2, True)


def test_replay_before_the_first_run(configured: Shell) -> None:
    """There is nothing yet."""
    assert configured("replay").out == "main-room: the ledger has no history yet\n"

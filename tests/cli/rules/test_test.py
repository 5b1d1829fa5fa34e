"""``willcall test``."""

from pathlib import Path

from support.shell import Shell

RULE = """
[[rule]]
id = "mine"
when = ["event.sold_out"]
ticket = { subject = "Full: {{ event.title }}", tags = ["mine"] }
"""


TESTS = """
config = "willcall.toml"
[[test]]
name = "a gala sells out"
event = [{ id = "gala", title = "Gala" }]
step = [{ at = "1m", event = "gala", status = "SOLD_OUT" }]
expect = [{ at = "1m", tickets = [{ subject = "Full: Gala", tags = ["mine"] }] }]
"""


def test_rules_are_tried_out(configured: Shell) -> None:
    """Those of the file that the tests name, or of the one that is given."""
    configured.configure(more=RULE)
    Path("rules.test.toml").write_text(TESTS, "utf-8")
    ended = configured("test", "rules.test.toml")
    assert (ended.code, ended.out) == (0, "ok    a gala sells out\n1 passed, 0 failed\n")
    Path("edited.toml").write_text(
        Path("willcall.toml").read_text("utf-8").replace("Full", "Booked"), "utf-8"
    )
    ended = configured("test", "rules.test.toml", "-c", "edited.toml")
    assert ended.code == 3
    assert ended.out.splitlines() == [
        "FAIL  a gala sells out",
        "      rules.test.toml:7, at 1m:",
        "        - ticket 'Full: Gala': tags ('mine',)",
        "        + ticket 'Booked: Gala': open, under mine",
        "0 passed, 1 failed",
    ]
    (found,) = configured("test", "rules.test.toml", "--json").json()
    assert found == {
        "file": "rules.test.toml", "test": "a gala sells out", "ok": True, "failures": [],
    }  # fmt: skip
    assert configured("test", "rules.test.toml", "-k", "other").out == "0 passed, 0 failed\n"


def test_a_file_of_tests_that_makes_no_sense(configured: Shell) -> None:
    """Exit code 78, and the place."""
    Path("bad.test.toml").write_text(TESTS.replace("tags", "tgas"), "utf-8")
    ended = configured("test", "bad.test.toml")
    assert ended.code == 78
    assert ended.err == (
        "willcall: bad.test.toml:7:61: test[0].expect[0].tickets[0].tgas: no such key "
        "(did you mean 'tags'?)\n"
    )
    ended = configured("test", "none.test.toml")
    assert (ended.code, ended.err) == (
        78,
        "willcall: none.test.toml: there is no such file (name a test file)\n",
    )

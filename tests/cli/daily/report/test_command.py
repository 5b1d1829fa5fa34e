"""``willcall report``."""

import json
from pathlib import Path

import pytest

from support.sample_week import PLAY
from support.sandbox_config import CONFIG
from support.shell import Shell


def test_a_report_is_written_where_it_should_be(shell: Shell) -> None:
    """In the form that the file's name says, from the ledger alone; a second takes its place."""
    shell.baseline()
    shell.box_office.sell_out(PLAY)
    shell("run")
    shell.served.sandbox.forget_requests()
    said = shell("report", "-o", "week.html")
    assert (said.code, said.out, said.err) == (0, "", "willcall: wrote week.html\n")
    assert "The Cherry Orchard" in Path("week.html").read_text("utf-8")
    assert shell("report", "--since", "2h", "-o", "week.html").code == 0
    assert shell("report", "-o", "week.json").code == 0
    (office,) = json.loads(Path("week.json").read_text("utf-8"))["offices"]
    (ticket,) = office["tickets"]
    assert (ticket["title"], ticket["seconds"]) == ("The Cherry Orchard", None)
    assert office["runs"]["codes"] == {"0": 2}
    assert office["runs"]["total"].keys() == {"ticketsmart", "ticket0"}
    assert shell.served.sandbox.requests == []
    names = sorted(file.name for file in Path().iterdir() if not file.name.startswith("willcall."))
    assert names == ["week.html", "week.json"]


def test_a_report_without_a_file_is_markdown_or_as_told(shell: Shell) -> None:
    """On stdout, nothing else with it; in the same words as the page."""
    shell.baseline()
    shell.box_office.sell_out(PLAY)
    shell("run")
    said = shell("report")
    assert (said.code, said.err) == (0, "")
    assert "- The Cherry Orchard: sold out, opened " in said.out
    assert shell("report", "-o", "-", "--format", "html").out.startswith("<!doctype html>\n")
    assert json.loads(shell("report", "--format", "json").out)["offices"]
    assert "2 runs: 2 with 0 (success)" in shell("report", "--since", "1h").out


def test_a_report_may_be_on_one_of_several_box_offices(shell: Shell) -> None:
    """All of them are told, unless one is named."""
    shell.configure(
        CONFIG.replace(
            "[desk]", '[[box_office]]\nname = "annex"\nbase_url = "{ticketsmart}"\n[desk]'
        )
    )
    assert shell("run").code == 0
    both = [
        load["box_office"]
        for load in json.loads(shell("report", "--format", "json").out)["offices"]
    ]
    assert both == ["main-room", "annex"]
    assert "## annex" not in shell("report", "--box-office", "main-room").out
    assert 'id="o1">annex</h2>' in shell("report", "--format", "html").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "2100-01-01"), "--since: '2100-01-01' has not passed"),
        (("--since", "soon"), "--since: 'soon' is neither a span nor a moment"),
        (("-o", "nowhere/week.html"), "--output: nowhere/week.html cannot be written: no such"),
        (("--box-office", "attic"), "box_office: 'attic' is not configured"),
    ],
)
def test_what_makes_no_sense_is_refused(shell: Shell, words: tuple[str, ...], said: str) -> None:
    """With the option and what to write instead."""
    shell.configure()
    found = shell("report", *words)
    assert (found.code, found.out) == (2, "")
    assert said in found.err

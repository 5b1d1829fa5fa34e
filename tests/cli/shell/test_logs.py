"""Logs for machines."""

import json
from typing import Any

from support.shell import Shell

PLAY = "the-cherry-orchard"


def lines(text: str) -> list[dict[str, Any]]:
    """Every line of a log, each of which must be one JSON object."""
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_is_one_line_of_the_log(shell: Shell) -> None:
    """With its numbers, on stderr; stdout is for data."""
    shell.configure()
    said = shell("run", "--log-format", "json")
    assert (said.code, said.out) == (0, "")
    (line,) = lines(said.err)
    assert (line["level"], line["message"], line["box_office"]) == ("info", "pass", "main-room")
    assert (line["baseline"], line["events"], line["changes"]) == (True, 10, 0)
    shell.box_office.sell_out(PLAY)
    (line,) = lines(shell("run", "--log-format", "json").err)
    assert (line["changes"], line["delivered"], line["exit_code"]) == (3, 3, 0)
    assert shell("run", "--log-format", "json", "-q").err == ""
    assert shell("run", "--log-format", "json", "--json").out.startswith('{"box_office"')


def test_what_goes_wrong_is_a_line_too(shell: Shell) -> None:
    """Also what the library says, and what ends the command."""
    shell.configure()
    shell.served.sandbox.faults.add("html", service="ticketsmart")
    said = shell("run", "--log-format", "json", "--max-seconds", "1", "-q")
    assert said.code == 75
    found = lines(said.err)
    assert found[-1]["level"] == "error"
    assert found[-1]["trouble"]["message"]
    shell.served.sandbox.faults.clear()
    shell.served.sandbox.faults.add("status", service="ticketsmart", status=503, count=1)
    found = lines(shell("run", "--log-format", "json").err)
    assert [line["level"] for line in found] == ["info", "info"]
    assert "503, trying again in" in found[0]["message"]
    said = shell("run", "-c", "nowhere.toml", "--log-format", "json")
    (line,) = lines(said.err)
    assert (said.code, line["exit_code"]) == (78, 78)
    assert line["message"].startswith("nowhere.toml: there is no such file (name it with")
    # The next command speaks to people again.
    assert shell("run", "-c", "nowhere.toml").err.startswith("willcall: nowhere.toml")


def test_a_word_that_is_no_format_is_refused(shell: Shell) -> None:
    """With those that are."""
    said = shell("run", "--log-format", "xml")
    assert said.code == 2
    assert "'text', 'json'" in said.err


def test_a_plan_and_a_replay_keep_their_data_on_stdout(shell: Shell) -> None:
    """The log is what is said beside it."""
    shell.baseline()
    assert shell("plan", "--log-format", "json").out == "main-room: nothing new\n"
    assert shell("replay", "--log-format", "json").err == ""

"""``willcall sandbox``."""

import signal
import subprocess
import sys
import threading

import pytest

from support.shell import Shell
from support.waiting import HANGS
from willcall.sandbox import Sandbox, server
from willcall.sandbox.settings import HABITS


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_sandbox_prints_what_can_be_pasted_and_ends_when_told(
    number: signal.Signals,
) -> None:
    """All of it into a shell: keys and configuration; then a run takes its baseline."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "willcall", "sandbox", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    watchdog = threading.Timer(HANGS, process.kill)
    watchdog.start()
    printed = ""
    while printed.count("willcall run") < 2:
        printed += process.stdout.readline()
    script = f'{printed}\n"{sys.executable}" -m willcall run && "{sys.executable}" -m willcall plan'
    pasted = subprocess.run(
        ["bash", "-eu"], input=script, capture_output=True, encoding="utf-8", check=False
    )
    assert (pasted.returncode, pasted.stderr) == (0, "")
    assert pasted.stdout == (
        "main-room: baseline of 10 events taken; changes are reported from now on\n"
        "main-room: nothing new\n"
    )
    process.send_signal(number)
    _, err = process.communicate(timeout=HANGS)
    watchdog.cancel()
    assert (process.returncode, err) == (0, "")


def test_a_port_that_is_taken_is_told(shell: Shell) -> None:
    """By its option, with a way out."""
    port = shell.served.url.rsplit(":", 1)[1]
    said = shell("sandbox", "--port", port)
    assert said.code == 2
    assert said.err == (
        f"willcall: --port: {port}: address already in use (choose another port, or 0 for any)\n"
    )


@pytest.mark.parametrize(
    ("habit", "complaint"),
    [
        ("moods=good", "no habit 'moods'; known: add_ons, "),
        ("held_seats=perhaps", "held_seats: 'perhaps' is unknown; known: unsold, sold, separate, "),
        ("held_seats", "held_seats: write held_seats=VALUE; possible: unsold, "),
        ("status_lag=soon", "status_lag: 'soon' is not a number of seconds"),
        ("odd_row=title_null@gala", "no event 'gala' in box office 'main-room'"),
        ("stale_list=40@the-cherry-orchard", "stale_list: not possible for one event; only "),
    ],
)
def test_a_habit_that_is_not_possible_is_explained(
    shell: Shell, habit: str, complaint: str
) -> None:
    """With what is possible."""
    said = shell("sandbox", "--habit", habit)
    assert said.code == 2
    assert said.err.startswith(f"willcall: --habit: {complaint}")


def test_habits_are_listed_and_taken(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the names and values that the list shows."""
    listed = shell("sandbox", "--list-habits")
    assert listed.code == 0
    assert all(habit.name in listed.out for habit in HABITS)
    taken: list[Sandbox] = []
    monkeypatch.setattr(server, "run_forever", lambda box, port, ready: taken.append(box))
    habits = ["held-seats=sold", "status_lag=120", "odd_row=title_null@the-cherry-orchard"]
    said = shell("sandbox", "--dates", "3", *(f"--habit={habit}" for habit in habits))
    assert said.code == 0
    (box,) = taken
    event = box.boxoffice.event("the-cherry-orchard").id
    assert (box.settings.held_seats, box.settings.status_lag) == ("sold", 120)
    assert (box.settings.odd_row, box.settings.of(event).odd_row) == ("none", "title_null")
    assert len(box.boxoffice.events) == 13

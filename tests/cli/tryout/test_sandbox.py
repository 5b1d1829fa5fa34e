"""``willcall sandbox``."""

import signal
import subprocess
import sys
import threading

import pytest

from support.shell import Shell
from support.waiting import HANGS


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

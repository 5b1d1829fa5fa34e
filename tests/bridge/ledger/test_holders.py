"""Whether the end of a process can be proven, with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.waiting import eventually
from willcall.bridge.ledger.holders import OsProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux proves it")

CHILD = """
from willcall.bridge.ledger.holders import OsProcess
print(OsProcess().name(), flush=True)
input()
"""
ME = OsProcess()


@contextmanager
def child() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process and how it names itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def changed(name: str, part: int, value: str) -> str:
    """A name with another boot (0), PID namespace (1) or start time (2)."""
    shown, _, proof = name.partition(" ")
    parts = proof.split("/")
    parts[part] = value
    return f"{shown} {'/'.join(parts)}"


def test_a_process_that_lives_has_not_ended() -> None:
    assert not ME.has_ended(ME.name())
    with child() as (process, name):
        assert not ME.has_ended(name)
        process.send_signal(signal.SIGSTOP)
        assert not ME.has_ended(name)


def test_a_process_that_was_killed_has_ended() -> None:
    """Whether its parent has noticed or not."""
    with child() as (process, name):
        process.send_signal(signal.SIGKILL)
        eventually(lambda: ME.has_ended(name), "its end")
        assert process.returncode is None, "nobody has waited for it: it is a zombie"
        process.wait()
        assert ME.has_ended(name)


def test_another_process_with_its_pid_is_not_it() -> None:
    """A PID is used again; the start time tells the two apart."""
    assert ME.has_ended(changed(ME.name(), 2, "1"))


@pytest.mark.parametrize("part", [0, 1], ids=["another boot", "another PID namespace"])
def test_what_cannot_be_compared_proves_nothing(part: int) -> None:
    """The same PID means another process there."""
    with child() as (process, name):
        process.kill()
        process.wait()
        assert ME.has_ended(name)
        assert not ME.has_ended(changed(name, part, "elsewhere"))


@pytest.mark.parametrize("name", ["", "host:1:abcdef", "host:x:abcdef a/b/1", "memory:3", " / /"])
def test_a_name_that_says_too_little_proves_nothing(name: str) -> None:
    assert not ME.has_ended(name)


def test_a_process_of_another_user_lives() -> None:
    """Signals to it are refused; that is an answer, too."""
    if os.getuid() != 0:
        assert not ME.has_ended(ME.name().replace(f":{os.getpid()}:", ":1:").rsplit("/", 1)[0])


def test_a_leader_that_ended_before_its_threads_lives() -> None:
    """Its other threads may still send."""
    code = f"""
import ctypes, threading, time
{CHILD.replace("input()", "")}
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        time.sleep(0.3)
        assert not ME.has_ended(name)
    finally:
        process.kill()
        process.communicate()

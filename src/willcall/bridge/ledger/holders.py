"""Who holds a lease, and how others can prove that it has ended."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Protocol

from .records import OfficeRecord

_PROC = Path("/proc")
_STATE, _STARTED = 0, 19
"""Where a process's state and start time stand behind its name in ``/proc/PID/stat``."""


class Holder(Protocol):
    """A process that may hold leases."""

    def name(self) -> str:
        """How the ledger names it. Its first word is for people."""

    def has_ended(self, name: str) -> bool:
        """Whether the process of that name has provably ended."""


class OsProcess:
    """This process, on this machine.

    Its name is ``HOST:PID:TOKEN BOOT/NAMESPACE/START``. On Linux the second word proves the end of
    a process: in the same boot and PID namespace, no process with this PID began at that time.
    Elsewhere it is missing, and nothing is proven.
    """

    def name(self) -> str:
        pid = os.getpid()
        shown = f"{socket.gethostname()}:{pid}:{secrets.token_hex(3)}"
        space, started = _space(), _started(pid)
        return f"{shown} {space}/{started}" if space and started else shown

    def has_ended(self, name: str) -> bool:
        shown, _, proof = name.partition(" ")
        space, _, started = proof.partition(" ")[0].rpartition("/")
        number = shown.split(":")[-2:-1]
        if not (space and started and number and number[0].isdecimal()) or space != _space():
            return False
        pid = int(number[0])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            pass  # it is another user's
        now = _started(pid)
        # "": hidden from us, so nothing is proven. "0": dead, and not yet reaped.
        return now not in {"", started}


def at_work(office: OfficeRecord, now: datetime) -> str | None:
    """Who is at work on a box office, in a word for people; None if nobody is."""
    holder, until = office.lease_holder, office.lease_until
    if holder is None or until is None or now >= until or OsProcess().has_ended(holder):
        return None
    return holder.partition(" ")[0]


def _space() -> str:
    """Where a PID means the same process; empty where that cannot be said."""
    with suppress(OSError):
        if os.readlink(_PROC / "self") == str(os.getpid()):
            boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
            return f"{boot}/{os.readlink(_PROC / 'self/ns/pid')}"
    return ""


def _started(pid: int) -> str:
    """When a process began, in ticks since the boot; ``0`` if it is dead and only its parent has
    not noticed; empty if that cannot be read."""
    try:
        fields = (
            (_PROC / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        )
        # The leader of a process that goes on in other threads is a zombie, too.
        dead = fields[_STATE] in {"Z", "X"} and len(os.listdir(_PROC / str(pid) / "task")) <= 1
        return "0" if dead else fields[_STARTED]
    except (OSError, IndexError):
        return ""

"""A PostgreSQL server of the tests' own, on a socket of this machine alone."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def _tool(name: str) -> str | None:
    """Debian keeps the server's own tools off the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, folders)]))


# Nobody pulls the plug on this one: what it forgets with the power is not what is tried here.
HASTE = [f"-c{name}=off" for name in ("fsync", "full_page_writes", "synchronous_commit")]
INITDB, POSTGRES = _tool("initdb"), _tool("postgres")

MARKS = [
    pytest.mark.skipif(
        INITDB is None or POSTGRES is None, reason="PostgreSQL's server is not installed here"
    ),
    pytest.mark.xdist_group("postgres"),
]
"""For every test that needs it."""


@contextmanager
def running() -> Iterator[str]:
    """A server that runs meanwhile: a URL up to the database's name."""
    psycopg = pytest.importorskip("psycopg", reason="the driver psycopg is not installed here")
    assert INITDB is not None
    assert POSTGRES is not None
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    user = "nobody" if os.getuid() == 0 else None  # it refuses to run as root
    if user is not None:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subprocess.run(
        [INITDB, "-D", folder / "data", "-U", "willcall", "-A", "trust", "-E", "UTF8", "-N"],
        check=True,
        capture_output=True,
        user=user,
        cwd=folder,
    )
    process = subprocess.Popen(
        [POSTGRES, "-D", folder / "data", "-p", str(port), "-k", "", "-h", "127.0.0.1", *HASTE],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user,
        cwd=folder,
    )
    try:
        for _ in range(200):
            try:
                psycopg.connect(
                    host="127.0.0.1", port=port, user="willcall", dbname="postgres"
                ).close()
                break
            except psycopg.OperationalError:
                threading.Event().wait(0.1)
        yield f"postgresql://willcall@127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGQUIT)  # at once, with nothing to be saved
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def engine_url(url: str) -> str:
    """The same for SQLAlchemy."""
    return url.replace("postgresql://", "postgresql+psycopg://")

"""A client does not grow with its calls: `make bench-growth` with few of them."""

import os
import subprocess
import sys
from pathlib import Path

from support.waiting import HANGS

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "growth.py"


def _grown(calls: int, *before: str) -> subprocess.CompletedProcess[str]:
    code = "\n".join([*before, f"import growth; raise SystemExit(growth.main({calls}))"])
    paths = [str(BENCHMARK.parent), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        check=False,
        capture_output=True,
        text=True,
        timeout=HANGS,
    )


def test_neither_client_grows_with_its_calls() -> None:
    ended = _grown(1000)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("no growth") == 2


def test_a_leak_of_one_object_a_call_is_seen() -> None:
    """The same, of a client that keeps what it was answered."""
    ended = _grown(
        1000,
        "from willcall.client import http",
        "kept, real = [], http.Reply",
        "http.Reply = lambda *given: kept.append([given]) or real(*given)",
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert ended.stdout.count("GROWS") == 2

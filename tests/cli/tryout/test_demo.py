"""``willcall demo``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.waiting import HANGS


@pytest.mark.usefixtures("bare")
def test_the_demo_tells_the_whole_story() -> None:
    """In plain text, leaving nothing behind."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "willcall", "demo"],
        env={**os.environ, "NO_COLOR": "1", "WILLCALL_CONFIG": "elsewhere.toml"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=HANGS,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "\x1b" not in ended.stdout
    for subject in (
        "Sold out: The Cherry Orchard, ",
        "Cancelled: Late Laughs with Priya Raman, ",
        "New date: Quartet Halloran: Late Beethoven, now ",
        "Cannot remove Early Bird: Nachtschicht: Live-Elektronik, ",
    ):
        assert f"│ {subject}" in ended.stdout
    end = " ".join(ended.stdout.split("That was the main job.")[1].split())
    assert "7 runs" in end
    assert "5 support tickets" in end
    assert "none opened twice" in end
    assert "__main__" not in end
    assert "exit code" not in ended.stdout
    assert list(Path().iterdir()) == []

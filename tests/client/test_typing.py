"""The types of ``tests/typing`` hold, by mypy and by pyright where that is installed."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

TYPING = Path(__file__).parent.parent / "typing"
ROOT = TYPING.parent.parent


def test_mypy_sees_exact_types_and_every_mistake(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--warn-unused-ignores"]
    command += ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path)]
    done = subprocess.run(
        [*command, *map(str, sorted(TYPING.glob("*.py")))],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert done.returncode == 0, done.stdout


if find_spec("basedpyright"):  # it brings a whole node.js along, so nobody is made to have it

    def test_pyright_sees_the_same_types() -> None:
        command = [sys.executable, "-m", "basedpyright", "--level", "error"]
        done = subprocess.run(
            [*command, "--pythonpath", sys.executable, str(TYPING / "client_types.py")],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )

        assert done.returncode == 0, done.stdout

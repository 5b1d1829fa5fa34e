"""Run a target of the Makefile on every Python that pyproject.toml claims to support.

    python .ci/pythons.py TARGET [INTERPRETER ...]

An interpreter is a name on PATH or a path. If none is given, each version that a classifier names
is searched for: as `python3.X` on PATH, then with `pyenv prefix 3.X` and `uv python find 3.X`. Each
interpreter gets its own environment, `.cache/py-3.X`, which the Makefile installs from the hashed
constraints. No interpreter is ever downloaded.

Exit codes: 0 if the target passed on every interpreter that was found, even if a claimed version
was not found; 1 if it failed on one, if an interpreter that was given does not work, or if none
was found.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d+)")
VERSION = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
PASSED_DOWN = {"MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS"}
"""How make passes the outer call's variables to the inner one, where VENV and PYTHON differ."""


def claimed() -> list[str]:
    """The versions that the classifiers name, such as ``3.11``, in their order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    matches = map(CLASSIFIER.fullmatch, project["classifiers"])
    return [match[1] for match in matches if match]


def output(*command: str) -> str | None:
    """What a command prints, stripped; None if the command is missing or fails."""
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments, and no shell
            command, capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def version_of(interpreter: str) -> str | None:
    """An interpreter's version, such as ``3.11``; None if it cannot make an environment.

    It is run, because a pyenv shim is on PATH even for a version that is not active.
    """
    return output(interpreter, "-c", VERSION)


def candidates(version: str) -> Iterator[str]:
    """The interpreters of a version that may exist, in the order in which they are tried."""
    yield f"python{version}"
    if prefix := output("pyenv", "prefix", version):
        yield f"{prefix}/bin/python{version}"
    if path := output("uv", "python", "find", "--no-python-downloads", version):
        yield path


def find(version: str) -> str | None:
    """The path of an interpreter of a version; None if there is none."""
    for candidate in candidates(version):
        if version_of(candidate) == version:
            return shutil.which(candidate)
    return None


def make(target: str, version: str, interpreter: str) -> bool:
    """Make the target with an interpreter. Returns whether it passed."""
    say(f"== Python {version} ({interpreter}): make {target}")
    environment = {name: text for name, text in os.environ.items() if name not in PASSED_DOWN}
    command = ["make", f"VENV=.cache/py-{version}", f"PYTHON={interpreter}", target]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603 - as above
    return done.returncode == 0


def say(line: str) -> None:
    """Print a line at once, so that it stands before what the inner make prints."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(target: str, given: list[str]) -> int:
    """Make the target on each interpreter, then print the result for each version."""
    found: dict[str, str] = {}
    unusable: list[str] = []
    if given:
        for interpreter in given:
            version, path = version_of(interpreter), shutil.which(interpreter)
            if version is None or path is None:
                unusable.append(interpreter)
            else:
                found[version] = path
    else:
        found = {version: path for version in claimed() if (path := find(version))}
    passed = {version: make(target, version, path) for version, path in found.items()}
    for version, good in passed.items():
        say(f"Python {version}: {'passed' if good else 'FAILED'} ({found[version]})")
    for interpreter in unusable:
        say(f"{interpreter}: not a Python with venv and ensurepip")
    for version in claimed():
        if version not in found:
            say(f"Python {version}: not found, not tested")
    return 0 if passed and all(passed.values()) and not unusable else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))

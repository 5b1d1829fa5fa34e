"""`make test-pythons` finds the supported interpreters and reports the ones it does not find."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from support.waiting import HANGS

ROOT = Path(__file__).parents[2]
RUNNER = ROOT / ".ci" / "pythons.py"
THIS = f"{sys.version_info.major}.{sys.version_info.minor}"
CLASSIFIERS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
CLAIMED = [
    name.rpartition(" ")[2]
    for name in CLASSIFIERS
    if name.startswith("Programming Language :: Python :: 3.")
]


def _make(tmp_path: Path, *overrides: str) -> tuple[int, list[str]]:
    """Run it with nothing on PATH but what is in ``tmp_path``. Returns exit code and output.

    ``EACH=help`` keeps it from running this suite within this suite.
    """
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["make", "test-pythons", f"PYTHON={sys.executable}", "EACH=help", *overrides],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def _install(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder whose interpreters, one a claimed version, all fail, as pyenv's shims may do."""
    for version in CLAIMED:
        _install(tmp_path, f"python{version}", "exit 127")
    return tmp_path


def test_what_is_found_is_run_and_what_is_not_is_reported(bare: Path) -> None:
    """An interpreter on PATH that does not work counts as not found."""
    version, *missing = CLAIMED
    _install(bare, f"python{version}", f"echo {version}")
    code, lines = _make(bare)
    path = f"{bare}/python{version}"
    assert code == 0
    assert lines[0] == f"== Python {version} ({path}): make help"
    assert lines[-len(missing) - 1 :] == [
        f"Python {version}: passed ({path})",
        *(f"Python {other}: not found, not tested" for other in missing),
    ]


def test_pyenv_is_asked_for_what_is_not_on_path(bare: Path) -> None:
    version = CLAIMED[-1]
    prefix = bare / "versions"
    (prefix / "bin").mkdir(parents=True)
    _install(prefix / "bin", f"python{version}", f"echo {version}")
    _install(bare, "pyenv", f'[ "$*" = "prefix {version}" ] && echo {prefix}')
    code, lines = _make(bare)
    assert code == 0
    assert f"Python {version}: passed ({prefix}/bin/python{version})" in lines


def test_nothing_found_fails(bare: Path) -> None:
    code, lines = _make(bare)
    assert code != 0
    assert lines == [f"Python {version}: not found, not tested" for version in CLAIMED]


def test_the_interpreters_can_be_given(bare: Path) -> None:
    """By name or path; one that does not work is an error."""
    code, lines = _make(bare, f"PYTHONS={sys.executable} python3.98")
    assert code != 0
    assert f"Python {THIS}: passed ({sys.executable})" in lines
    assert "python3.98: not a Python with venv and ensurepip" in lines
    assert _make(bare, f"PYTHONS={sys.executable}")[0] == 0


def test_one_failure_fails_and_the_rest_still_runs(bare: Path) -> None:
    for version in CLAIMED:
        _install(bare, f"python{version}", f"echo {version}")
    code, lines = _make(bare, "EACH=no-such-target")
    assert code != 0
    said = [f"Python {version}: FAILED ({bare}/python{version})" for version in CLAIMED]
    assert lines[-len(CLAIMED) :] == said


def test_each_interpreter_has_its_own_environment(bare: Path) -> None:
    """Installed from the hashed constraints, as the Makefile's own is."""
    for version in CLAIMED:
        _install(bare, f"python{version}", f"echo {version}")
    _install(bare, "make", 'echo "$1 $3"')
    done = subprocess.run(
        [sys.executable, RUNNER, "test"],
        env={"PATH": f"{bare}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=True,
    )
    for version in CLAIMED:
        assert f"VENV=.cache/py-{version} test" in done.stdout.splitlines()
    done = subprocess.run(
        ["make", "--dry-run", "VENV=.cache/py-3.98", "PYTHON=python3.98", "setup"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=True,
    )
    assert "python3.98 -m venv .cache/py-3.98" in done.stdout
    assert "pip install --quiet --disable-pip-version-check --require-hashes" in done.stdout


@pytest.mark.parametrize("name", ["constraints.txt", "benchmarks/constraints.txt"])
def test_every_package_is_pinned_by_hash_and_no_registry_is_named(name: str) -> None:
    pins = (ROOT / name).read_text("utf-8")
    assert "://" not in pins
    blocks = re.split(r"^(?=\S)", pins, flags=re.MULTILINE)[1:]
    assert blocks
    for block in blocks:
        assert re.match(r"[a-z0-9.-]+==\S+( ; [^\\]+)? \\\n    --hash=sha256:[0-9a-f]{64}", block)

"""What it costs to start: whole processes, in CPU time, over ``python -c "import httpx"``.

    python benchmarks/bench_start.py

A run is measured on a quiet box office of 100 events against the sandbox, which is a process of its
own. Contestants take turns within each round; the median of the rounds' ratios is printed, with the
spread of the middle half beside it.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROUNDS = 15
EVENTS = 100
BASE = 'python -c "import httpx"'
CONTESTANTS: Mapping[str, tuple[tuple[str, ...], float | None]] = {
    BASE: (("-c", "import httpx"), None),
    "willcall --version": (("-m", "willcall", "--version"), 1.5),
    "willcall --help": (("-m", "willcall", "--help"), 1.5),
    "willcall run --help": (("-m", "willcall", "run", "--help"), None),
    f"willcall run -q, {EVENTS} quiet events": (("-m", "willcall", "run", "-q"), 5.0),
}


@contextmanager
def sandbox(folder: Path) -> Iterator[dict[str, str]]:
    """A sandbox in a process of its own, a configuration in the folder, and the environment."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "willcall", "sandbox", "--port", "0", "--events", str(EVENTS)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        while said.count("willcall run") < 2:
            line = process.stdout.readline()
            if not line:
                raise SystemExit("the sandbox did not start")
            said += line
        variables = dict(re.findall(r"^export (\w+)=(.*)$", said, re.MULTILINE))
        config = said.partition("<<END\n")[2].partition("\nEND\n")[0]
        (folder / "willcall.toml").write_text(config, "utf-8")
        # As installed: modules are compiled once, and not at each start.
        kept = {name: of for name, of in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        yield {**kept, **variables}
    finally:
        process.terminate()
        process.wait()


def spent(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """The CPU seconds of one process, from its start to its end; it must end well."""
    process = subprocess.Popen(
        [sys.executable, *words], cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def measure(rounds: int = ROUNDS) -> dict[str, list[float]]:
    """CPU seconds of every contestant, round by round; the first round warms up."""
    times: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    with tempfile.TemporaryDirectory(prefix="willcall-") as name, sandbox(Path(name)) as variables:
        for number in range(rounds + 1):
            for contestant, (words, _) in CONTESTANTS.items():
                seconds = spent(words, Path(name), variables)
                if number:
                    times[contestant].append(seconds)
    return times


def main() -> None:
    """Measure, and say which aims are held."""
    times = measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
    print(f"\n### Starting, in CPU time of the whole process, over `{BASE}`\n")
    print("| process | median | over the base | middle half | aim |\n|---|---|---|---|---|")
    for name, (_, aim) in CONTESTANTS.items():
        found = sorted(time / base for time, base in zip(times[name], times[BASE], strict=True))
        low, _, high = statistics.quantiles(found, n=4)
        median = statistics.median(found)
        held = "" if aim is None else f"≤ {aim:g}: {'held' if median <= aim else 'MISSED'}"
        spread = "" if name == BASE else f"{low:.2f} to {high:.2f}"
        milliseconds = statistics.median(times[name]) * 1e3
        print(f"| {name} | {milliseconds:.0f} ms | {median:.2f} | {spread} | {held} |")


if __name__ == "__main__":
    main()

"""Every other error of a command is provoked once: what is wrong, and what to do.

The errors of a run are in test_app.py, those of ``init`` and ``doctor`` in their own tests.
"""

import ast
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import willcall.cli
from support.shell import Shell

# What is typed, the exit code, what is wrong, and what to do about it.
WRONG = {
    "db prune --keep soon": (2, "--keep: 'soon' is not a span of time", "(write it as in 30s"),
    "db backup willcall.db": (
        78, "willcall.db cannot be made: file exists", "(name a file that is not there yet)",
    ),
    "dead show 99": (2, "NUMBER: 99 is not a dead letter", "(`willcall dead list` lists them)"),
    "dead retry 99": (2, "NUMBER: 99 is not a dead letter", "(`willcall dead list` lists them)"),
    "explain nothing": (2, "knows no event, ticket, marker or change", "(`willcall log` shows"),
    "explain '#99'": (2, "the ledger knows no change #99", "(`willcall log` shows those"),
    "explain wc-00000000": (2, "the ledger knows no case", "(`willcall log` shows those"),
    "explain a": (2, "NAME: 'a' matches several events", "(name one of: "),
    "replay --since soon": (2, "--since: 'soon' is neither a span", "(write it as in 2h"),
    "log --since soon": (2, "--since: 'soon' is neither a span", "(write it as in 2h"),
    "log --kind event.soldout": (2, "no kind of change", "(did you mean 'event.sold_out'?)"),
    "log --event zzz": (2, "--event: no event 'zzz' has been seen", "(give its id, its slug"),
    "preview --rule x": (2, "there is no rule 'x'", "(there is: built-in/"),
    "preview --rule built-in/event.sold_out --event zzz": (
        2, "there is no event 'zzz'", "(leave out --event",
    ),
    "preview --rule built-in/event.sold_out --event a": (
        2, "--event: 'a' matches several", "(name one of: ",
    ),
    "preview --rule built-in/event.sold_out --html nowhere/x.html": (
        2, "cannot be written: no such file", "(name another file)",
    ),
    "preview": (2, "--rule: this option is missing", "(`willcall preview -h` shows how)"),
    "test nowhere.toml": (78, "nowhere.toml: there is no such file", "(name a test file)"),
    "silence add --until 2h --reason x": (2, "it would silence everything", "(limit it with"),
    "silence add --until 2020-01-01 --reason x --event a": (
        2, "--until: '2020-01-01' has passed", "(write a span as in 2h, or a later moment)",
    ),
    "silence add --until 2h --reason x --rule nope": (2, "there is no rule 'nope'", "(known here"),
    "silence add --until 2h --reason x --event a --box-office nope": (
        2, "box_office: 'nope' is not configured", "(name one of: main-room)",
    ),
    "silence expire 99": (2, "there is no silence 99 in force", "(no silence is in force)"),
    "release wc-nothing1": (2, "marker: 'wc-nothing1' is not held", "(nothing is held)"),
    "recover": (78, "there is nothing to recover", "`willcall run` goes on with it"),
    "run --log-format xml": (
        2, "--log-format: 'xml' is not one of 'text', 'json'", "(`willcall run -h` shows how)",
    ),
    "completion tcsh": (
        2, "willcall: SHELL: 'tcsh' is not one of 'bash', 'zsh', 'fish'",
        "(`willcall completion -h` shows how)",
    ),
    "completion": (2, "SHELL: this argument is missing", "bash, zsh, fish (`willcall completion"),
    "status --every 0": (
        2, "willcall: --every: it should be greater than", "(`willcall status -h` shows how)",
    ),
    "sandbox --port x": (2, "--port: it should be a valid integer", "(`willcall sandbox -h`"),
    "run --nosuch": (2, "willcall: --nosuch: no such option", "(`willcall run -h` shows how)"),
    "run --quie": (2, "willcall: --quie: no such option", "(did you mean --quiet?)"),
    "rn": (2, "willcall: rn: no such command", "(did you mean 'run'?)"),
    "events lst": (2, "willcall: lst: no such command", "(did you mean 'list'?)"),
    "run extra more": (2, "willcall: extra more: unexpected argument", "(`willcall run -h`"),
    "simulate --seed": (2, "--seed: it requires an argument", "(`willcall -h` shows how)"),
}  # fmt: skip


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a box office with its baseline, filled by the first test."""
    return {}


@pytest.mark.parametrize("typed", WRONG)
def test_an_error_says_what_is_wrong_and_what_to_do(
    shell: Shell, settled: dict[str, bytes], typed: str
) -> None:
    """On stderr, in a line or two, without a traceback, and nothing on stdout."""
    shell.configure()
    if not settled:
        assert shell("run").code == 0
        settled["willcall.db"] = Path("willcall.db").read_bytes()
    Path("willcall.db").write_bytes(settled["willcall.db"])
    code, problem, fix = WRONG[typed]
    said = shell(*shlex.split(typed))
    assert (said.code, said.out) == (code, ""), said
    assert problem in said.err
    assert fix in said.err.partition(problem)[2] + said.err.partition(problem)[0]
    assert "Traceback" not in said.err


@pytest.mark.parametrize("command", ["sandbox", "demo"])
def test_an_extra_that_is_missing_is_named(command: str) -> None:
    """With what installs it."""
    script = f"""
import sys
from willcall.cli.shell.app import run

class Missing:
    def find_spec(self, name, *_):
        if name == "starlette":
            raise ModuleNotFoundError("No module named 'starlette'", name=name)

sys.meta_path.insert(0, Missing())
sys.exit(run([{command!r}]))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"willcall: {command}: starlette is not installed (pip install 'willcall[sandbox]')\n"
    )


def test_no_error_of_the_command_line_leaves_one_alone_with_it() -> None:
    """Each names a field, what is wrong with it, and what to do."""
    bare = []
    for file in sorted(Path(willcall.cli.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in {"InputError", "ConfigError"} and len(node.args) < 3:
                bare.append(f"{file.name}:{node.lineno}")
    assert bare == []

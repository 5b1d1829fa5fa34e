"""What others wrote reaches the terminal without control characters."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import willcall.cli
from support.shell import Shell
from willcall.cli.shell import logs, screen, show, terminal

EVIL = "Gala\x1b[5m\x1b]0;owned\x07\x9b2J\x1b[2J\u202e"


@pytest.mark.parametrize("text", [EVIL, f"a\n{EVIL}\tb", "\x1b[31m", "\x00\x08\x7f"])
def test_a_line_holds_no_control_character(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    screen.line(text)
    shown = capsys.readouterr().out
    assert all(c in "\t\n" or c.isprintable() for c in shown)
    assert shown.count("\n") == text.count("\n") + 1


@pytest.mark.parametrize(
    "args",
    [("explain", EVIL), ("log", "--event", EVIL), ("events", "get", EVIL), ("status", EVIL),
     ("silence", "expire", EVIL), ("dead", EVIL), ("recover", EVIL), (EVIL,)],
)  # fmt: skip
def test_what_was_typed_is_shown_without_control_characters(
    shell: Shell, args: tuple[str, ...]
) -> None:
    ran = shell(*args)
    assert all(c in "\t\n" or c.isprintable() for c in ran.out + ran.err), ran


def test_json_says_what_was_sent_and_holds_no_control_character(
    capsys: pytest.CaptureFixture[str],
) -> None:
    odd = {"title": EVIL, "mark": "\U000e0001", "é": "\x7f\x85 ü 🎭"}

    show.as_json(odd)
    logs.line("warning", EVIL)
    terminal.json_text(json.dumps(odd, indent=1, ensure_ascii=False) + "\n")

    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert all(c == "\n" or c.isprintable() for c in text), text
    first, _, rest = said.out.partition("\n")
    assert json.loads(first) == json.loads(rest) == odd
    assert json.loads(said.err)["message"] == EVIL
    assert "ü 🎭" in said.out


def test_questions_hold_no_control_character(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[object] = []

    def prompt(text: str, **options: object) -> str:
        asked.append((text, options))
        return " yes "

    monkeypatch.setattr("typer.prompt", prompt)

    assert terminal.ask(f"Inbox {EVIL}?", default=EVIL) == "yes"

    assert all(c.isprintable() for c in repr(asked))
    assert "\\x" not in repr(asked)


CLI = Path(willcall.cli.__file__).parent
# Besides the door: what looks at the stream or draws in memory and hands its lines to the door, the
# bar that rich redraws, and the one command that must not wait for typer.
OTHERS = {
    "shell/paint.py": {"sys.stdout"},
    "shell/screen.py": {"Console", "print", "sys.stdout"},
    "shell/progress.py": {"Console"},
    "__init__.py": {"print"},
}
WRITERS = {"print", "echo", "secho", "echo_via_pager", "prompt", "confirm", "Console", "pprint"}


def _writes(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """What writes to the terminal by itself: calls, and streams that are not only looked at."""
    looked_at = {
        id(node.value) for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"isatty", "readline"}
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in WRITERS:
                yield name, node.lineno
        if isinstance(node, ast.Attribute) and node.attr in {"stdout", "stderr", "__stdout__"}:
            of_sys = isinstance(node.value, ast.Name) and node.value.id == "sys"
            if of_sys and id(node) not in looked_at:
                yield f"sys.{node.attr}", node.lineno


def test_everything_that_is_printed_goes_through_one_door() -> None:
    found = []
    for file in sorted(CLI.rglob("*.py")):
        name = file.relative_to(CLI).as_posix()
        if name == "shell/terminal.py":
            continue
        for what, number in _writes(ast.parse(file.read_text("utf-8"))):
            if what not in OTHERS.get(name, set()):
                found.append(f"{name}:{number}: {what}: print with shell.terminal")
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "print(title)",
        "typer.echo(title)",
        "click.secho(title)",
        "sys.stdout.write(title)",
        "out = sys.stderr",
        "typer.prompt(title)",
        "Console().print(title)",
        "json.dump(title, sys.stdout)",
    ],
)
def test_a_write_past_the_door_is_noticed(code: str) -> None:
    assert list(_writes(ast.parse(code)))
    assert not list(_writes(ast.parse("sys.stdout.isatty() and terminal.say(title)")))

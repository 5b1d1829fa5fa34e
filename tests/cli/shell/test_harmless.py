"""What others wrote reaches the terminal without control characters."""

from __future__ import annotations

import pytest

from support.shell import Shell
from willcall.cli.shell import screen

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

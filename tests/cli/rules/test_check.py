"""``willcall check``."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.shell import Shell
from support.waiting import HANGS

PLAY = "the-cherry-orchard"


RULE = """
[[rule]]
id = "mine"
when = ["event.sold_out"]
ticket = { subject = "Full: {{ event.title }}", tags = ["mine"] }
"""


def as_process(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The real command."""
    return subprocess.run(
        [sys.executable, "-m", "willcall", *args],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS,
    )


def test_check_needs_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs where the file is written, in CI say; and makes no ledger."""
    monkeypatch.delenv("TICKETSMART_API_KEY", raising=False)
    (tmp_path / "willcall.toml").write_text(
        '[[box_office]]\nname = "a"\n[desk]\ninbox_id = "inb_1"\n'
        'customer_email = "o@example.com"\n' + RULE.replace("event.title", "event.titel"),
        "utf-8",
    )
    ended = as_process("check", cwd=tmp_path)
    assert ended.returncode == 78
    assert ended.stdout.splitlines()[:2] == [
        ("willcall.toml: cannot be used; 1 error, 0 warnings; 1 rule, and the built-in ones"),
        (
            "willcall.toml:10:32: error: rule \"mine\".ticket.subject: 'event.titel' is unknown "
            "(did you mean 'event.title'?)"
        ),
    ]
    assert [file.name for file in tmp_path.iterdir()] == ["willcall.toml"]


def test_check_refuses_a_ledger_in_memory(tmp_path: Path) -> None:
    """By line and column: each run would take a baseline, and nothing could ever be noticed."""
    (tmp_path / "willcall.toml").write_text(
        '[[box_office]]\nname = "a"\n[desk]\ninbox_id = "inb_1"\n'
        'customer_email = "o@example.com"\n[state]\nurl = "sqlite://"\n',
        "utf-8",
    )
    ended = as_process("check", cwd=tmp_path)
    assert ended.returncode == 78
    assert ended.stdout.splitlines()[1] == (
        "willcall.toml:7:1: error: state.url: this ledger is in memory, and forgotten at the end "
        "of each run (name a file, as in sqlite:///willcall.db)"
    )


def test_check_knows_the_ledger(night: Shell) -> None:
    """Events that nobody has seen, and silences that do nothing."""
    night.configure(more=RULE + f'if = {{ event = ["{PLAY}", "the-chery-orchard"] }}\n')
    ended = night("check")
    assert ended.code == 0
    assert "warning: rule \"mine\".if.event[1]: 'the-chery-orchard' is not known" in ended.out
    assert "1 silence in force, 0 over" in ended.out
    assert ended.out.startswith("willcall.toml: ok; 0 errors, 1 warning; ")
    assert "kinds that no rule takes" not in ended.out
    assert "kinds that no rule takes: " in night("check", "--untaken").out
    assert night("check", "--strict").code == 78
    (found,) = night("check", "--json").json()
    assert (found["errors"], found["complaints"][0]["line"]) == (0, 16)


def test_check_where_the_ledger_cannot_be_read(night: Shell) -> None:
    """The file is checked all the same."""
    Path("willcall.db").write_bytes(b"nonsense" * 999)
    ended = night("check")
    assert ended.code == 0
    assert ended.err.startswith("willcall: checked without the ledger: the ledger")


def test_check_where_there_is_no_file(configured: Shell) -> None:
    """Says where it looked."""
    ended = configured("check", "-c", "other.toml")
    assert (ended.code, ended.err) == (
        78,
        "willcall: other.toml: there is no such file (name it with -c FILE or $WILLCALL_CONFIG)\n",
    )


def test_kinds(configured: Shell) -> None:
    """The catalogue, and what templates may name."""
    ended = configured("check", "--kinds")
    assert "event.sold_out" in ended.out
    assert "ticket_type_before.price" in ended.out
    objects = configured("check", "--kinds", "--json").json()
    sold_out = next(one for one in objects if one["kind"] == "event.sold_out")
    assert sold_out["cleared_by"] == ["event.back_on_sale"]
    assert "event.title" in sold_out["names"]

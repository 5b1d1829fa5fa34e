"""The table of commands: every row works, and listing the commands imports none."""

import subprocess
import sys

import pytest

from support.shell import Shell
from willcall.cli.shell.commands import TABLE, Row, load

HEAVY = ("sqlalchemy", "pydantic", "httpx", "liquid", "rich", "starlette", "cattrs", "asyncio")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_row_leads_to_a_command(row: Row) -> None:
    """Whose name is the row's, and which has help of its own."""
    command = load(row.name)
    assert command.name == row.name
    assert command.help


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_the_list_fits_a_terminal(row: Row) -> None:
    """A line each, at 80 columns, and a sentence."""
    assert len(row.name) + len(row.summary) < 66
    assert row.summary.endswith(".")


@pytest.mark.parametrize("words", ["--version", "--help"])
def test_what_is_not_needed_is_not_imported(words: str) -> None:
    """Nothing heavy, and no command, to say a version or list what there is."""
    script = (
        "import sys\nfrom willcall.cli import main\n"
        f"sys.argv = ['willcall', {words!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(ended.stderr.split())
    assert loaded.isdisjoint(HEAVY)
    commands = {f"willcall.cli.{row.module}" for row in TABLE}
    assert loaded.isdisjoint(commands)


NEEDLESS = (
    "rich", "pygments", "alembic", "starlette", "sqlalchemy.dialects.postgresql", "liquid",
    "keyring",
)  # fmt: skip


def test_a_quiet_run_imports_only_what_it_needs(shell: Shell) -> None:
    """A minute's run, 1,440 times a day, neither paints nor migrates."""
    shell.baseline()
    script = (
        "import sys\nfrom willcall.cli import main\nsys.argv = ['willcall', 'run', '-q']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert set(ended.stderr.split()).isdisjoint(NEEDLESS)

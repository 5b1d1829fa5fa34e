"""``willcall test``: runs test files against rules, in virtual time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..shell import terminal
from ..shell.options import AsJson

if TYPE_CHECKING:
    from ...bridge.config.positions import SourcePositions
    from ...bridge.insight.rule_test_file import TestFile
    from ...bridge.insight.rule_tests import Failure
    from ...bridge.model.rules import Rules


def run_tests(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Test files.")],
    config: Annotated[
        Path | None,
        typer.Option(
            "-c",
            "--config",
            metavar="FILE",
            help="The rules to test, if not those that the test file names.",
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option("-k", "--only", metavar="WORDS", help="Only tests whose name contains this."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Run test files in virtual time and compare the tickets with those that are expected.

    No key is needed and nothing is sent. Exit 3 if an expectation is not met.

    \b
    Examples:
      willcall test rules.test.toml
      willcall test -c edited.toml *.test.toml -k gala
    """
    from ..shell import show

    passed = failed = 0
    for file in files:
        tests, positions = _read(file)
        rules, box_office = _rules(config, tests, file)
        for number, case in enumerate(tests.test):
            if only is not None and only.casefold() not in case.name.casefold():
                continue
            from ...bridge.insight.rule_tests import run_test

            failures = run_test(case, rules, box_office)
            passed, failed = passed + (not failures), failed + bool(failures)
            if as_json:
                show.as_json(
                    {"file": str(file), "test": case.name, "ok": not failures, "failures": failures}
                )
            else:
                _show(file, f"test[{number}]", case.name, failures, positions)
    if not as_json:
        terminal.say(f"{passed} passed, {failed} failed")
    return 3 if failed else 0


def _read(file: Path) -> tuple[TestFile, SourcePositions]:
    from ...bridge.config.file import text_of
    from ...bridge.insight.rule_test_file import read_tests
    from ...errors import ConfigError

    if not file.exists():
        raise ConfigError(str(file), "there is no such file", "name a test file")
    return read_tests(text_of(file), str(file))


def _rules(config: Path | None, tests: TestFile, file: Path) -> tuple[Rules, str]:
    """The rules to test, and the name of the box office."""
    from ...bridge.config.file import load
    from ...bridge.insight.rule_tests import built_in

    named = config or (file.parent / tests.config if tests.config is not None else None)
    if named is None:
        return built_in(), "main-room"
    settings, _ = load(named)
    return settings.rules(), settings.box_office[0].name


def _show(
    file: Path, at: str, name: str, failures: list[Failure], positions: SourcePositions
) -> None:
    if not failures:
        terminal.say(f"ok    {name}")
        return
    terminal.say(f"FAIL  {name}")
    for failure in failures:
        place = positions.of(f"{at}.{failure.path}")
        terminal.say(f"      {file}:{place.line if place else 1}, at {failure.at}:")
        for line in failure.lines:
            terminal.say(f"        {line}")

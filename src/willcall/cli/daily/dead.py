"""``willcall dead``: acts that the desk has refused for good, and what to do about them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...errors import InputError
from ..shell import screen, show, times
from ..shell.options import AsJson, ConfigFile

dead = typer.Typer(
    help="Dead letters: acts that the desk has refused for good, or for days.",
    no_args_is_help=True,
)
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `willcall dead list` shows it.")]
Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="[NUMBER]…", help="Which; all if none is named.")
]


@dead.command("list")
def list_(config: ConfigFile = None, as_json: AsJson = False) -> int:
    """List the dead letters and why they were refused. Exit 3 if there are any.

    \b
    Examples:
      willcall dead list
      willcall dead list --json | jq -r .error
    """
    from ...bridge.service import opened_ledger

    with opened_ledger(config, reading=True) as ledger:
        letters = ledger.dead()
    for case, intent in letters:
        if as_json:
            show.as_json(
                {
                    "number": intent.id,
                    "box_office": case.box_office,
                    "marker": case.marker,
                    "title": case.title,
                    "act": intent.act,
                    "since": intent.first_tried_at,
                    "tries": intent.tries,
                    "error": intent.error,
                }
            )
    if not as_json:
        show.table(
            ("NUMBER", "ACT", "CASE", "ABOUT", "WHY"),
            [(i.id, i.act.value, c.marker, c.title, i.error) for c, i in letters],
        )
    return 3 if letters else 0


@dead.command("show")
def show_(number: Number, config: ConfigFile = None) -> int:
    """Show a dead letter word for word.

    \b
    Examples:
      willcall dead show 17
    """
    from ...bridge.service import opened_ledger

    with opened_ledger(config, reading=True) as ledger:
        letters = ledger.dead()
    for case, intent in letters:
        if intent.id == number:
            screen.line(f"{intent.act} of {case.marker} ({case.box_office}): {case.title}")
            screen.line(f"tried {intent.tries} times, first {intent.first_tried_at}")
            screen.line(f"why: {intent.error}")
            for name, value in (*intent.sent.items(), *intent.payload.items()):
                screen.line(f"{name}: {value}")
            return 3
    raise _unknown(number)


@dead.command()
def retry(numbers: Numbers = None, config: ConfigFile = None) -> int:
    """Retry dead letters: the next run looks each of them up at the desk, and tries it once more.

    \b
    Examples:
      willcall dead retry 17
      willcall dead retry && willcall run
    """
    return _each(numbers, config, drop=False)


@dead.command()
def drop(numbers: Numbers = None, config: ConfigFile = None) -> int:
    """Drop dead letters. If the opening of a ticket is dropped, its further acts are dropped too.

    \b
    Examples:
      willcall dead drop 17
    """
    return _each(numbers, config, drop=True)


def _each(numbers: list[int] | None, config: Path | None, *, drop: bool) -> int:
    from ...bridge.service import opened_ledger

    moment = times.now()
    with opened_ledger(config) as ledger:
        wanted = numbers or [intent.id for _, intent in ledger.dead() if intent.id is not None]
        for number in wanted:
            done = (ledger.drop_dead if drop else ledger.retry_dead)(number, moment)
            if not done:
                raise _unknown(number)
            screen.line(f"{number}: {'dropped' if drop else 'will be retried by the next run'}")
    return 0


def _unknown(number: int) -> InputError:
    return InputError("NUMBER", f"{number} is not a dead letter", "`willcall dead list` lists them")

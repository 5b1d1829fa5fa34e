"""``willcall contracts …``: what is believed of both services, and what they really send."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import InputError
from ..shell import screen
from ..shell.options import AsJson

if TYPE_CHECKING:
    from ...contracts import Json
    from ...contracts.compare import FieldRow, RecordedAnswer

contracts = typer.Typer(
    help="Both contracts, and what the services really send.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@contracts.command("show")
def show(
    provider: Annotated[str, typer.Argument(metavar="SERVICE", help="ticketsmart or ticket0.")],
    only_open: Annotated[
        bool, typer.Option("--open", help="Show the open questions and their possible answers.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the OpenAPI document.")] = False,
) -> int:
    """Show what is believed of a service: its calls, its fields, and how each is known.

    \b
    Examples:
      willcall contracts show ticketsmart
      willcall contracts show ticket0 --open
      willcall contracts show ticket0 --json > ticket0.openapi.json
    """
    from ..shell import show as printed

    found = _document(provider)
    if as_json:
        printed.as_json(found)
    elif only_open:
        rows = [
            (name, question["question"].replace("`", ""), ", ".join(question["answers"]))
            for name, question in found["x-open"].items()
        ]
        printed.table(("open", "question", "possible answers"), rows)
    else:
        _calls(found)
        _fields(found)
    return 0


def _document(provider: str) -> Json:
    from ...contracts import document

    try:
        return document(provider)
    except LookupError as error:
        problem, _, fix = str(error.args[0]).partition("; ")
        raise InputError("SERVICE", problem, fix) from None


def _calls(found: Json) -> None:
    from ...contracts import operations
    from ..shell import show as printed

    rows = [
        (f"{method} {path}", operation["x-scope"], operation["x-known-from"])
        for method, path, operation in operations(found)
    ]
    printed.table(("call", "scope", "known from"), rows)
    screen.line()


def _fields(found: Json) -> None:
    from ...contracts import resolve
    from ..shell import show as printed

    rows = []
    for name, schema in found["components"]["schemas"].items():
        for field, facts in schema.get("properties", {}).items():
            kind = {**resolve(found, facts), **facts}.get("type", "any")
            shown = kind if isinstance(kind, str) else " or ".join(kind)
            known = {**resolve(found, facts), **facts}.get("x-known-from", "")
            rows.append((f"{name}.{field}", shown, known, facts.get("x-wire")))
    printed.table(("field", "type", "known from", "[wire]"), rows)


@contracts.command("diff")
def diff(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What `willcall doctor --record` has written.")
    ],
    everything: Annotated[
        bool, typer.Option("--all", help="Show the fields that are as believed, too.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Compare what the services sent with what is believed, field by field.

    Fields that have another name than was inferred come with the lines that set it in the
    configuration. The file is compared with the names that willcall infers, whatever the
    configuration sets.

    \b
    Examples:
      willcall doctor --record answers.jsonl
      willcall contracts diff answers.jsonl
      willcall contracts diff answers.jsonl --all --json
    """
    from ...contracts.compare import compare
    from ..shell import show as printed

    lines: list[str] = []
    shown: list[FieldRow] = []
    odd: list[str] = []
    compared = 0
    for provider, answers in _recorded(file).items():
        made = compare(provider, answers)
        compared += len(made.rows)
        shown += [row for row in made.rows if everything or row.differs]
        odd += [
            f"{provider}: {name} answered {', '.join(map(str, sorted(statuses)))}, which is not"
            " documented"
            for name, statuses in made.statuses.items()
        ]
        if made.names:
            named = [f'{key} = "{name}"' for key, name in made.names.items()]
            lines += [f"[wire.{provider}]", *named]
    if as_json:
        for row in shown:
            printed.as_json(_data(row))
        return 0
    if shown:
        printed.table(
            ("field", "believed", "came", "verdict", "known from"),
            [(row.field, row.believed, row.came, _verdict(row), row.known) for row in shown],
        )
        screen.line()
    for line in odd:
        screen.line(line)
    differing = sum(row.differs for row in shown)
    screen.line(f"{compared} fields compared, {differing} differ")
    if lines:
        screen.line()
        screen.line("To use the names that came, add this to willcall.toml:")
        screen.line()
        for line in lines:
            screen.line(line)
    return 0


def _verdict(row: FieldRow) -> str:
    return row.verdict if row.instead is None else f"{row.instead.rpartition('.')[2]} instead?"


def _data(row: FieldRow) -> dict[str, Any]:
    import attrs

    return attrs.asdict(row)


def _recorded(file: Path) -> dict[str, list[RecordedAnswer]]:
    """The answers of a recording, by provider."""
    from ...contracts import PROVIDERS
    from ...contracts.recording import read

    fix = "`willcall doctor --record FILE` writes one"
    try:
        answers = list(read(file.read_text("utf-8")))
    except OSError as error:
        said = f"{file}: {os.strerror(error.errno or 0).lower()}"
        raise InputError("FILE", said, fix) from None
    except ValueError as error:  # also what is not UTF-8
        raise InputError("FILE", f"{file}: {error}", fix) from None
    found: dict[str, list[RecordedAnswer]] = {}
    for answer in answers:
        if answer.provider in PROVIDERS:
            found.setdefault(answer.provider, []).append(answer)
    return found

"""``willcall check``: finds what is wrong with a configuration before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
import typer

from ..shell import screen
from ..shell.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from ...bridge.config.check import Checked, Complaint, Known
    from ...bridge.config.tables import Config
    from ...bridge.ledger import Ledger


def check(
    config: ConfigFile = None,
    kinds: Annotated[
        bool, typer.Option("--kinds", help="List the kinds of change, and what templates may name.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    untaken: Annotated[
        bool, typer.Option("--untaken", help="List the kinds of change that no rule takes.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Check the configuration: the file, every rule and template, silences, removals.

    No key is needed and nothing is sent. Exit 78 if there is an error. If there is a ledger, it is
    read to find events that have never been seen and silences that have no effect.

    \b
    Examples:
      willcall check
      willcall check -c edited.toml --strict
      willcall check --kinds
    """
    from ...bridge.config import check as checking
    from ...bridge.config.file import find, text_of
    from ..shell.times import now

    if kinds:
        _kinds(as_json=as_json)
        return 0
    file = find(config)
    text = text_of(file, given=config is not None)
    parsed, _ = checking.parsed(text)
    known, due = _known(parsed, file)
    found = checking.check(text, known, now())
    found = attrs.evolve(found, complaints=(*found.complaints, *due))
    if as_json:
        _as_json(found, file)
    else:
        _as_text(found, file, known, untaken=untaken)
    return 78 if found.errors or (strict and found.complaints) else 0


def _known(config: Config | None, file: Path) -> tuple[Known, list[Complaint]]:
    """What the ledger knows, and what it makes doubtful of the configuration."""
    from ...bridge.config.check import Known
    from ...bridge.ledger import open_ledger
    from ...bridge.model.cases import IntentState
    from ...errors import ConfigError, LedgerError
    from ..shell import show
    from ..shell.ledgers import snapshots

    if config is None:
        return Known(), []
    try:
        ledger = open_ledger(config.state.url, file.resolve().parent, reading=True)
    except (ConfigError, LedgerError) as error:
        show.aside(f"willcall: checked without the ledger: {error}")
        return Known(), []
    try:
        removed = {
            office.name: [
                name
                for name, tried in ledger.removals(office.name).items()
                if tried.state is IntentState.DONE
            ]
            for office in config.box_office
        }
        events, silences = snapshots(config, ledger), ledger.silences()
        offices = ledger.known_offices()
        known = Known(events=events, silences=silences, removed=removed, offices=offices)
        return known, list(_due_already(config, ledger))
    finally:
        ledger.close()


def _due_already(config: Config, ledger: Ledger) -> Iterator[Complaint]:
    """What these rules would open though nothing is new."""
    from ...bridge.alerting.decide import due_already
    from ...bridge.config.check import Complaint
    from ..shell.show import count
    from ..shell.times import now

    rules = config.rules()
    for office in config.box_office:
        cases, held = due_already(office.name, ledger.state(office.name), now(), rules)
        if cases:
            problem = (
                f"the next run would open {count(len(cases), 'ticket')} about what holds already"
            )
            if held:
                problem += f", more than [storm] limit = {rules.storm.limit}: they would be held"
            yield Complaint(
                path=f"box office {office.name}",
                problem=problem,
                fix="`willcall plan` shows them; a silence keeps them from being opened",
                grave=False,
            )


def _line(file: Path, complaint: Complaint) -> str:
    where = f"{file}:{complaint.place}" if complaint.place else str(file)
    path = f"{complaint.spoken}: " if complaint.spoken else ""
    fix = f" ({complaint.fix})" if complaint.fix else ""
    return f"{where}: {complaint.level}: {path}{complaint.problem}{fix}"


def _as_text(found: Checked, file: Path, known: Known, *, untaken: bool) -> None:
    from ..shell.show import count
    from ..shell.times import now

    screen.line(f"{file}: {_verdict(found)}")
    for complaint in found.complaints:
        screen.line(_line(file, complaint))
    if found.config is not None:
        live = sum(silence.begins <= now() < silence.until for silence in known.silences)
        if known.silences:
            over = len(known.silences) - live
            screen.line(f"{count(live, 'silence')} in force, {over} over (`willcall silence list`)")
        if untaken:
            screen.line(f"kinds that no rule takes: {', '.join(found.untaken) or 'none'}")


def _verdict(found: Checked) -> str:
    """Whether the file may be used, and how much was found."""
    from ..shell.show import count

    errors = count(found.errors, "error")
    warnings = count(len(found.complaints) - found.errors, "warning")
    verdict = "cannot be used" if found.errors else "ok"
    if found.config is None:
        return f"{verdict}; {errors}, {warnings}"
    own = len(found.config.rule)
    rest = "and the built-in ones" if found.config.built_in_rules else "no built-in ones"
    return f"{verdict}; {errors}, {warnings}; {count(own, 'rule')}, {rest}"


def _as_json(found: Checked, file: Path) -> None:
    from ..shell import show

    show.as_json(
        {
            "file": str(file),
            "errors": found.errors,
            "complaints": [
                {
                    "level": complaint.level,
                    "path": complaint.path,
                    "line": complaint.place and complaint.place.line,
                    "column": complaint.place and complaint.place.column,
                    "problem": complaint.problem,
                    "fix": complaint.fix,
                }
                for complaint in found.complaints
            ],
            "untaken": found.untaken,
        }
    )


def _kinds(*, as_json: bool) -> None:
    from ...bridge.model.kinds import KINDS
    from ...bridge.templates.rendering import names
    from ..shell import show

    if as_json:
        for kind in KINDS.values():
            row: dict[str, Any] = {
                "kind": kind.name,
                "severity": kind.severity,
                "summary": kind.summary,
                "cleared_by": kind.cleared_by,
                "superseded_by": kind.superseded_by,
                "built_in": kind.built_in,
                "names": sorted(names(kind.name)),
            }
            show.as_json(row)
        return
    show.table(
        ("KIND", "SEVERITY", "MEANS", "CLEARED BY", "BUILT-IN RULE"),
        [
            (k.name, k.severity, k.summary, ", ".join(k.cleared_by), "yes" if k.built_in else "-")
            for k in KINDS.values()
        ],
    )
    screen.line("\nTemplates may name:")
    for head, first in (
        ("any kind", "box_office.storm"),
        ("event.* also", "event.created"),
        ("ticket_type.* also", "ticket_type.added"),
    ):
        fresh = names(first) - _tables_of(head)
        shown = ", ".join(sorted(name for name in fresh if "." in name or not _is_table(name)))
        screen.line(f"  {head}:\n    {shown}")


def _tables_of(head: str) -> frozenset[str]:
    from ...bridge.templates.rendering import names

    before = {"event.* also": "box_office.storm", "ticket_type.* also": "event.created"}
    return names(before[head]) if head in before else frozenset()


def _is_table(name: str) -> bool:
    return name in {"event", "before", "ticket_type", "ticket_type_before"}

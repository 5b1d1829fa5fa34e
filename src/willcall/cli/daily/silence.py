"""``willcall silence``: keeps changes from opening tickets for a while."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import InputError
from ..shell import screen
from ..shell.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from datetime import datetime

    from ...bridge.config.tables import Config
    from ...bridge.ledger import Ledger
    from ...bridge.model.rules import Silence

silence = typer.Typer(
    help="Keep changes from opening tickets for a while.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@silence.command("add")
def add(
    until: Annotated[
        str, typer.Option(metavar="WHEN", help="2h, 3d, or a moment as in 2026-12-01T18:00.")
    ],
    reason: Annotated[str, typer.Option(metavar="WHY", help="Why, for other people.")],
    author: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who adds it; by default the login name.")
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="EVENT", help="An id, a slug, or a part of a title.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="A kind; event.* means many.")
    ] = None,
    rule: Annotated[str | None, typer.Option(metavar="ID", help="Only under this rule.")] = None,
    box_office: Annotated[
        str | None, typer.Option("--box-office", metavar="NAME", help="Only this box office.")
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """Open no ticket for changes that match all options, from now until the given moment.

    Open tickets are still resolved when their condition ends. A condition that holds when the
    silence ends opens its ticket then; a notice (a renamed event, for example) is dropped.

    \b
    Examples:
      willcall silence add --event gala --until 2h --reason "new seating plan"
      willcall silence add --kind 'event.*' --until 2026-12-01T18:00 --reason move
    """
    from ...bridge.config.complaints import nearest
    from ...bridge.config.file import pick
    from ...bridge.model.rules import Silence
    from ..shell import show, times
    from ..shell.ledgers import kinds_named, opened

    if event is None and not kind and rule is None and box_office is None:
        raise InputError(
            "silence", "it would silence everything", "limit it with --event, --kind, --rule, …"
        )
    if kind:
        kinds_named(kind)
    ends = times.future("--until", until)
    with opened(config, reading=False) as (settings, ledger):
        if box_office is not None:
            pick(settings, box_office)
        rules = [known.id for known in settings.rules().rules]
        if rule is not None and rule not in rules:
            raise InputError("--rule", f"there is no rule {rule!r}", nearest(rule, rules))
        new = Silence(
            box_office=box_office,
            event=event,
            kinds=tuple(kind or ()),
            rule=rule,
            begins=times.now(),
            until=ends,
            author=author or getpass.getuser(),
            reason=reason,
        )
        number = ledger.add_silence(new)
        _warn_if_unseen(settings, ledger, event)
    if as_json:
        show.as_json({"id": number, "until": ends})
    else:
        screen.line(f"silence {number}: {_scope(new)}, until {times.moment(ends)}")
    return 0


def _warn_if_unseen(settings: Config, ledger: Ledger, event: str | None) -> None:
    from ..shell import show
    from ..shell.ledgers import events_named, snapshots

    if event is not None and not events_named(snapshots(settings, ledger), event):
        show.aside(f"willcall: no event {event!r} has been seen yet")


@silence.command("list")
def list_silences(
    all_of_them: Annotated[
        bool, typer.Option("--all", help="Include silences that are over.")
    ] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """List the silences that are in force.

    \b
    Examples:
      willcall silence list
      willcall silence list --all --json
    """
    from ...client.model import data
    from ..shell import show, times
    from ..shell.ledgers import opened

    now = times.now()
    with opened(config) as (_, ledger):
        found = [known for known in ledger.silences() if all_of_them or known.until > now]
    if as_json:
        for known in found:
            show.as_json({**data(known), "in_force": _in_force(known, now)})
        return 0
    show.table(
        ("SILENCE", "WHAT", "UNTIL", "AUTHOR", "REASON"),
        [
            (
                known.id,
                _scope(known),
                times.moment(known.until) + ("" if known.until > now else " (over)"),
                known.author,
                known.reason,
            )
            for known in found
        ],
    )
    return 0


@silence.command("expire")
def expire(
    number: Annotated[int, typer.Argument(metavar="N", help="Its number in the list.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """End a silence now. Conditions that still hold open their tickets at the next run.

    \b
    Examples:
      willcall silence expire 3
    """
    from ..shell import show, times
    from ..shell.ledgers import opened

    now = times.now()
    with opened(config, reading=False) as (_, ledger):
        ended = ledger.expire_silence(number, now)
        current = [str(known.id) for known in ledger.silences() if known.until > now]
    if not ended:
        fix = f"in force: {', '.join(current)}" if current else "no silence is in force"
        raise InputError("N", f"there is no silence {number} in force", fix)
    if as_json:
        show.as_json({"id": number, "expired": True})
    else:
        screen.line(f"silence {number} has ended")
    return 0


def _in_force(found: Silence, now: datetime) -> bool:
    return found.begins <= now < found.until


def _scope(found: Silence) -> str:
    parts = [
        f"event {found.event}" if found.event else "",
        f"kinds {', '.join(found.kinds)}" if found.kinds else "",
        f"rule {found.rule}" if found.rule else "",
        f"box office {found.box_office}" if found.box_office else "",
    ]
    return "; ".join(part for part in parts if part)

"""``willcall silence``: keep some changes from opening anything for a while."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...errors import InputError
from ..shell import screen
from ..shell.options import AsJson, ConfigFile

if TYPE_CHECKING:
    from datetime import datetime

    from ...bridge.model.rules import Silence

silence = typer.Typer(
    help="Keep some changes from opening anything for a while.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@silence.command("add")
def add(
    until: Annotated[
        str, typer.Option(metavar="WHEN", help="2h, 3d, or a moment as in 2026-12-01T18:00.")
    ],
    reason: Annotated[str, typer.Option(metavar="WHY", help="Why, for whoever wonders.")],
    author: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who says so; else who is logged in.")
    ] = None,
    event: Annotated[
        str | None, typer.Option(metavar="EVENT", help="An id, a slug, or a part of a title.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="A kind; event.* means many.")
    ] = None,
    rule: Annotated[str | None, typer.Option(metavar="ID", help="Only under this rule.")] = None,
    box_office: Annotated[
        str | None, typer.Option("--box-office", metavar="NAME", help="Only this one.")
    ] = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """Open nothing for what fits all that is given, from now on and until then.

    What clears is told all the same. A condition that still holds when the silence ends opens its
    ticket then; what merely happened meanwhile (renamed, say) is let go.

    \b
    Examples:
      willcall silence add --event gala --until 2h --reason "new seating plan"
      willcall silence add --kind 'event.*' --until 2026-12-01T18:00 --reason move
    """
    from ...bridge.config.file import pick
    from ...bridge.model.rules import Silence
    from ..shell import show
    from ..shell.ledgers import ahead, now, opened
    from .log import _kinds

    if event is None and not kind and rule is None and box_office is None:
        raise InputError(
            "silence", "it would silence everything", "say what: --event, --kind, --rule, …"
        )
    if kind:
        _kinds(kind)
    ends = ahead("--until", until)
    with opened(config, reading=False) as (settings, ledger):
        if box_office is not None:
            pick(settings, box_office)
        rules = [one.id for one in settings.rules().rules]
        if rule is not None and rule not in rules:
            from ...bridge.config.complaints import nearest

            raise InputError("--rule", f"there is no rule {rule!r}", nearest(rule, rules))
        new = Silence(
            box_office=box_office,
            event=event,
            kinds=tuple(kind or ()),
            rule=rule,
            begins=now(),
            until=ends,
            author=author or getpass.getuser(),
            reason=reason,
        )
        number = ledger.add_silence(new)
        _unseen(settings, ledger, event)
    if as_json:
        show.as_json({"id": number, "until": ends})
    else:
        screen.line(f"silence {number}: {_what(new)}, until {show.moment(ends)}")
    return 0


def _unseen(settings: Any, ledger: Any, event: str | None) -> None:
    from ..shell import show
    from ..shell.ledgers import named, snapshots

    if event is not None and not named(snapshots(settings, ledger), event):
        show.aside(f"willcall: no event {event!r} has been seen so far")


@silence.command("list")
def list_silences(
    all_of_them: Annotated[
        bool, typer.Option("--all", help="Those that are over as well.")
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
    from ..shell import show
    from ..shell.ledgers import now, opened

    with opened(config) as (_, ledger):
        found = [one for one in ledger.silences() if all_of_them or one.until > now()]
    if as_json:
        for one in found:
            show.as_json({**show.data(one), "in_force": _in_force(one, now())})
        return 0
    show.table(
        ("SILENCE", "WHAT", "UNTIL", "AUTHOR", "REASON"),
        [
            (
                one.id,
                _what(one),
                show.moment(one.until) + ("" if one.until > now() else " (over)"),
                one.author,
                one.reason,
            )
            for one in found
        ],
    )
    return 0


@silence.command("expire")
def expire(
    number: Annotated[int, typer.Argument(metavar="N", help="Its number in the list.")],
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """End a silence now. What still holds opens its ticket at the next run.

    \b
    Examples:
      willcall silence expire 3
    """
    from ..shell import show
    from ..shell.ledgers import now, opened

    with opened(config, reading=False) as (_, ledger):
        ended = ledger.expire_silence(number, now())
        known = [str(one.id) for one in ledger.silences() if one.until > now()]
    if not ended:
        fix = f"in force: {', '.join(known)}" if known else "none is in force"
        raise InputError("N", f"there is no silence {number} that could end", fix)
    if as_json:
        show.as_json({"id": number, "expired": True})
    else:
        screen.line(f"silence {number} has ended")
    return 0


def _in_force(one: Silence, now: datetime) -> bool:
    return one.begins <= now < one.until


def _what(one: Silence) -> str:
    parts = [
        f"event {one.event}" if one.event else "",
        f"kinds {', '.join(one.kinds)}" if one.kinds else "",
        f"rule {one.rule}" if one.rule else "",
        f"box office {one.box_office}" if one.box_office else "",
    ]
    return "; ".join(part for part in parts if part)

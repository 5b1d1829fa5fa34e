"""``willcall preview``: a ticket as a rule would write it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import InputError
from ..shell import screen
from ..shell.options import AsJson, BoxOffice, ConfigFile

if TYPE_CHECKING:
    from ...bridge.config.tables import Config
    from ...bridge.insight.preview import Preview
    from ...bridge.model.facts import EventFacts


def preview(
    rule: Annotated[str, typer.Option(metavar="ID", help="The rule; built-in rules too.")],
    event: Annotated[
        str | None,
        typer.Option(metavar="EVENT", help="The event: id, slug or title; by default an example."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="The kind of change; by default the first of the rule."),
    ] = None,
    ticket_type: Annotated[
        str | None,
        typer.Option("--ticket-type", metavar="TYPE", help="The ticket type: name or id."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write an HTML page.")
    ] = None,
    box_office: BoxOffice = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """Show the ticket, the message and the note that a rule would write. Nothing is sent.

    The event is taken from the ledger, or else from the box office; its facts are changed so that
    the change could happen (sold out, for example). Without --event no key is needed.

    \b
    Examples:
      willcall preview --rule gala-low-stock
      willcall preview --rule gala-low-stock --event gala-night --html ticket.html
      willcall preview --rule built-in/event.cancelled --json
    """
    from ...bridge.config.file import load, pick
    from ...bridge.insight.preview import page, preview
    from ...bridge.templates.examples import EVENT
    from ..shell import show
    from ..shell.times import now

    settings, folder = load(config)
    office = settings.box_office[0].name if box_office is None else pick(settings, box_office).name
    found = EVENT
    if event is not None:
        office, found = _event(settings, folder, event, box_office)
    shown = preview(
        settings.rules(),
        rule,
        now(),
        kind=kind,
        event=found,
        ticket_type=ticket_type,
        box_office=office,
    )
    if html is not None:
        try:
            html.write_text(page(shown), "utf-8")
        except OSError as error:
            problem = f"{html} cannot be written: {(error.strerror or '').lower()}"
            raise InputError("--html", problem, "name another file") from None
        show.aside(f"willcall: wrote {html}")
    elif as_json:
        show.as_json(shown)
    else:
        _text(shown)
    return 0


def _event(
    config: Config, folder: Path, name: str, box_office: str | None
) -> tuple[str, EventFacts]:
    """The name of the box office, and the event from the ledger or else from the box office."""
    from ...bridge.config.file import pick
    from ...bridge.ledger import open_ledger
    from ...bridge.ports import NotThere
    from ..shell.flows import run_flow
    from ..shell.ledgers import ambiguous, events_named, snapshots

    ledger = open_ledger(config.state.url, folder, reading=True)
    try:
        found = events_named(snapshots(config, ledger), name)
    finally:
        ledger.close()
    found = [pair for pair in found if box_office in {None, pair[0]}]
    if len(found) == 1:
        return found[0]
    if found:
        raise ambiguous("--event", name, found)
    office = pick(config, box_office)
    at = config.path_of(office)
    opened = office.adapter.open(office.account(folder, at), office.settings)
    event = run_flow(opened.event(name))
    if isinstance(event, NotThere):
        fix = "leave out --event to preview an example"
        raise InputError("--event", f"there is no event {name!r}", fix)
    return office.name, event


def _text(found: Preview) -> None:
    from ...bridge.insight.preview import destination, warning_of
    from ..shell import show

    warning = warning_of(found)
    if warning:
        show.aside(f"willcall: {warning}")
    screen.line(f"{found.kind} under {found.rule}")
    screen.line(destination(found))
    screen.line(f"tags {', '.join(found.tags)}\n")
    screen.line(f"┌ {found.subject} [wc-…]")
    _block(found.body)
    if found.note is not None:
        screen.line("\n┌ an internal note")
        _block(found.note)
    if found.message is not None:
        screen.line(f"\n┌ message to {found.customer_email}")
        _block(found.message)
    if found.good_news is not None:
        to = f"message to {found.customer_email}" if found.to_customer else "an internal note"
        screen.line(f"\n┌ when it is over ({found.ends_with}): {to}")
        _block(found.good_news)


def _block(text: str) -> None:
    screen.line("│")
    for line in text.splitlines():
        screen.line(f"│ {line}".rstrip())
    screen.line("└")

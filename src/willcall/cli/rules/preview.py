"""``willcall preview``: a ticket as it would read."""

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
    rule: Annotated[
        str, typer.Option(metavar="ID", help="Under which rule, the built-in ones included.")
    ],
    event: Annotated[
        str | None,
        typer.Option(metavar="EVENT", help="To which event: id, slug or title; else an example."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="What happens; else the first kind of the rule."),
    ] = None,
    ticket_type: Annotated[
        str | None,
        typer.Option("--ticket-type", metavar="TYPE", help="To which ticket type: name or id."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page to look at.")
    ] = None,
    box_office: BoxOffice = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> int:
    """Show the ticket, the message and the note that a rule would write. Nothing is sent.

    The event is taken from the ledger, else the box office is asked for it; whatever must be so for
    the change to happen (sold out, say) is taken to be so. Without --event no key is needed.

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
    one = preview(
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
            html.write_text(page(one), "utf-8")
        except OSError as error:
            told = f"{html} cannot be written: {(error.strerror or '').lower()}"
            raise InputError("--html", told, "name another file") from None
        show.aside(f"willcall: wrote {html}")
    elif as_json:
        show.as_json(one)
    else:
        _text(one)
    return 0


def _event(
    config: Config, folder: Path, name: str, box_office: str | None
) -> tuple[str, EventFacts]:
    """The event, as the ledger knows it or else as the box office does; and its box office."""
    from ...bridge.config.file import pick
    from ...bridge.ledger import open_ledger
    from ...bridge.ports import NotThere
    from ...client.flow import drive
    from ...client.http import Connections
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
    at = f"box_office[{config.box_office.index(office)}]"
    opened = office.adapter.open(office.account(folder, at), office.settings)
    connections = Connections()
    try:
        event = drive(opened.event(name), connections)
    finally:
        connections.close()
    if isinstance(event, NotThere):
        fix = "`willcall events list` shows them; without --event an example is taken"
        raise InputError("--event", f"there is no event {name!r}", fix)
    return office.name, event


def _text(one: Preview) -> None:
    from ...bridge.insight.preview import destination, warning_of
    from ..shell import show

    warning = warning_of(one)
    if warning:
        show.aside(f"willcall: {warning}")
    screen.line(f"{one.kind} under {one.rule}")
    screen.line(destination(one))
    screen.line(f"tags {', '.join(one.tags)}\n")
    screen.line(f"┌ {one.subject} [wc-…]")
    _block(one.body)
    if one.note is not None:
        screen.line("\n┌ an internal note")
        _block(one.note)
    if one.message is not None:
        screen.line(f"\n┌ message to {one.customer_email}")
        _block(one.message)
    if one.good_news is not None:
        to = f"message to {one.customer_email}" if one.to_customer else "an internal note"
        screen.line(f"\n┌ when it is over ({one.ends_with}): {to}")
        _block(one.good_news)


def _block(text: str) -> None:
    screen.line("│")
    for line in text.splitlines():
        screen.line(f"│ {line}".rstrip())
    screen.line("└")

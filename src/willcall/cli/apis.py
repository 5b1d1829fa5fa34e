"""``willcall events …`` and ``willcall tickets …``: both APIs by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError, SoldTicketsError
from .options import AsJson, BaseUrl, BoxOffice, ConfigFile

if TYPE_CHECKING:
    from ..ticket0.api import Ticket0
    from ..ticketsmart.api import TicketSmart
    from ..ticketsmart.models import Event

events = typer.Typer(
    help="TicketSmart: the events of a box office.", no_args_is_help=True, rich_markup_mode=None
)
tickets = typer.Typer(
    help="Ticket0: the support tickets of the desk.", no_args_is_help=True, rich_markup_mode=None
)

Limit = Annotated[
    int, typer.Option("-n", "--limit", min=1, metavar="N", help="How many at the most.")
]
EventName = Annotated[str, typer.Argument(metavar="EVENT", help="Its id or slug.")]


def _configured(config: Path | None) -> bool:
    from ..bridge.config import ENVIRONMENT, find

    return config is not None or bool(os.environ.get(ENVIRONMENT)) or find(None).exists()


@contextmanager
def _ticketsmart(
    config: Path | None, box_office: str | None, base_url: str | None
) -> Iterator[TicketSmart]:
    """A client with the key and address of the configuration, or of the environment if there is
    none."""
    from ..ticketsmart.api import TicketSmart

    key = None
    if base_url is None and _configured(config):
        from ..bridge.config import load, pick

        settings, folder = load(config)
        office = pick(settings, box_office)
        at = f"box_office[{settings.box_office.index(office)}]"
        key, base_url = office.key(folder, at), office.base_url
        from ..bridge.service import counting
        from ..client.provider import open_account
        from ..ticketsmart.api import PROVIDER

        account = open_account(PROVIDER, key, base_url)
        with (
            counting(settings, folder, account) as pace,
            TicketSmart(key, base_url=base_url, pace=pace) as client,
        ):
            yield client
        return
    with TicketSmart(key, base_url=base_url) as client:
        yield client


@contextmanager
def _ticket0(config: Path | None, base_url: str | None) -> Iterator[Ticket0]:
    from ..ticket0.api import Ticket0

    key = None
    if base_url is None and _configured(config):
        from ..bridge.config import load

        settings, folder = load(config)
        key, base_url = settings.desk.key(folder, "desk"), settings.desk.base_url
    with Ticket0(key, base_url=base_url) as client:
        yield client


def _left(event: Event) -> str:
    counts = [one.available for one in event.ticket_types or () if not one.hidden]
    return (
        str(sum(c for c in counts if c is not None)) if any(c is not None for c in counts) else "-"
    )


@events.command("list")
def list_events(
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="DRAFT, PUBLISHED, SOLD_OUT, CANCELLED, …")
    ] = None,
    search: Annotated[str | None, typer.Option(metavar="WORDS", help="Words to look for.")] = None,
    limit: Limit = 1000,
    as_json: AsJson = False,
) -> None:
    """List the events of a box office.

    \b
    Examples:
      willcall events list --status SOLD_OUT
      willcall events list --json | jq -r .title
    """
    from ..bridge.compose import when
    from . import show

    with _ticketsmart(config, box_office, base_url) as client:
        wanted = client.events.list(status=status, search=search, limit=min(limit, 100))
        found = list(islice(wanted, limit))
    if as_json:
        for event in found:
            show.as_json(event)
        return
    rows = [
        (e.slug or e.id, e.title, e.status, when(e.starts_at, e.timezone), _left(e)) for e in found
    ]
    show.table(("EVENT", "TITLE", "STATUS", "STARTS", "LEFT"), rows)


@events.command("get")
def get_event(
    event: EventName,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show one event with its ticket types."""
    from ..bridge.compose import money, when
    from . import show

    with _ticketsmart(config, box_office, base_url) as client:
        found = client.events.get(event)
    if as_json:
        show.as_json(found)
        return
    place = ", ".join(part for part in (found.venue_name, found.city) if part)
    show.table(
        ("EVENT", found.slug or found.id),
        [
            ("id", found.id),
            ("title", found.title),
            ("status", found.status),
            ("starts", when(found.starts_at, found.timezone)),
            ("where", place or None),
            ("url", found.public_url),
        ],
    )
    if found.ticket_types:
        typer.echo()
        show.table(
            ("TICKET TYPE", "NAME", "PRICE", "QUANTITY", "SOLD", "LEFT"),
            [
                (t.id, t.name, money(int(t.price), found.currency), t.quantity, t.sold, t.available)
                for t in found.ticket_types
            ],
        )


@events.command("availability")
def availability(
    event: EventName,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what is left of an event."""
    from . import show

    with _ticketsmart(config, box_office, base_url) as client:
        found = client.events.availability(event)
    if as_json:
        show.as_json(found)
        return
    show.table(
        ("TICKET TYPE", "NAME", "LEFT"),
        [
            (one.id, one.name, "sold out" if one.sold_out else one.available)
            for one in found.ticket_types
        ],
    )


@events.command("remove-ticket-type")
def remove_ticket_type(
    event: EventName,
    ticket_type: Annotated[str, typer.Argument(metavar="TYPE", help="Its id or name.")],
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """Remove a ticket type of which nothing was sold.

    If tickets of it have been sold, TicketSmart refuses. With a configuration at hand a support
    ticket is then opened, once, and the exit code is 3.
    """
    from . import show

    with _ticketsmart(config, box_office, base_url) as client:
        found = client.events.get(event)
        named = [one for one in found.ticket_types or () if ticket_type in {one.id, one.name}]
        if len(named) != 1:
            known = ", ".join(one.name for one in found.ticket_types or ()) or "none"
            said = "there is none of that name or id" if not named else "several have that name"
            raise InputError("TYPE", f"{ticket_type!r}: {said}", f"{found.title} has: {known}")
        try:
            after = client.events.remove_ticket_type(found.id, named[0].id)
        except SoldTicketsError as error:
            return _refused(error, config, box_office, as_json=as_json)
    if as_json:
        show.as_json(after)
    else:
        typer.echo(f"removed {named[0].name!r} from {found.title}")
    return 0


def _refused(
    error: SoldTicketsError, config: Path | None, box_office: str | None, *, as_json: bool
) -> int:
    from ..bridge.run import worst
    from . import show

    show.aside(f"willcall: {error}")
    if not _configured(config):
        show.aside("willcall: no configuration, so no support ticket was opened (name it with -c)")
        return 3
    from ..bridge.service import Bridge

    with Bridge.from_config(config) as bridge:
        report = bridge.report(error, box_office=box_office)
    if as_json:
        show.as_json(show.pass_data(report))
    else:
        show.pass_report(report, quiet=False)
    return worst((3, report.exit_code))


@tickets.command("list")
def list_tickets(
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="open, pending, resolved or snoozed.")
    ] = None,
    inbox: Annotated[
        str | None, typer.Option("--inbox", metavar="ID", help="Only this inbox (inb_…).")
    ] = None,
    tag: Annotated[
        str | None,
        typer.Option(metavar="TAG", help="Only with this tag; willcall's own have: willcall."),
    ] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
) -> None:
    """List support tickets.

    \b
    Examples:
      willcall tickets list --status open --tag willcall
    """
    from . import show

    with _ticket0(config, base_url) as client:
        wanted = client.tickets.list(status=status, inbox_id=inbox, tag=tag, limit=min(limit, 100))
        found = list(islice(wanted, limit))
    if as_json:
        for ticket in found:
            show.as_json(ticket)
        return
    show.table(
        ("TICKET", "STATUS", "SUBJECT", "TAGS"),
        [(t.id, t.status, t.subject, " ".join(t.tags)) for t in found],
    )


@tickets.command("get")
def get_ticket(
    ticket: Annotated[str, typer.Argument(metavar="TICKET", help="Its id (tkt_…).")],
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show one support ticket with its conversation."""
    from ..bridge.compose import plain, when
    from . import show

    with _ticket0(config, base_url) as client:
        found = client.tickets.get(ticket)
        messages = list(client.messages.list(ticket))
    if as_json:
        show.as_json({"ticket": found, "messages": messages})
        return
    show.table(
        ("TICKET", found.id),
        [
            ("subject", found.subject),
            ("status", found.status),
            ("assignee", found.assignee_id),
            ("tags", " ".join(found.tags)),
        ],
    )
    for message in messages:
        kind = "note" if message.is_note else message.direction or "message"
        who = message.author_name or message.from_address or "?"
        moment = when(message.created_at, None) if message.created_at else "undated"
        typer.echo(f"\n-- {kind} from {plain(who)}, {moment}")
        typer.echo(show.harmless(message.body_text.strip()))

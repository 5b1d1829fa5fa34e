"""``willcall events …``: TicketSmart's endpoints by hand. Writes are in ``event_writes``."""

from __future__ import annotations

from typing import Annotated

import typer

from ..shell.options import AsJson, BaseUrl, BoxOffice, ConfigFile
from . import event_writes
from .options import EventName, Limit, option

events = typer.Typer(
    help="TicketSmart: the events of a box office.", no_args_is_help=True, rich_markup_mode=None
)
events.command("create")(event_writes.create)
events.command("update")(event_writes.update)
events.command("add-ticket-type")(event_writes.add_ticket_type)
events.command("remove-ticket-type")(event_writes.remove_ticket_type)


@events.command("list")
def list_(
    status: Annotated[
        str | None, option("STATUS", "DRAFT, PUBLISHED, SOLD_OUT, CANCELLED, COMPLETED, ARCHIVED.")
    ] = None,
    search: Annotated[str | None, option("WORDS", "Words to search for.")] = None,
    date_from: Annotated[
        str | None, option("WHEN", "From then on, as in 2026-12-01T00:00-05:00.")
    ] = None,
    date_to: Annotated[
        str | None, option("WHEN", "Up to then, as in '2026-12-01 America/New_York'.")
    ] = None,
    live_only: Annotated[
        bool | None, typer.Option(help="Only live events; --no-live-only sends false.")
    ] = None,
    page: Annotated[
        int, typer.Option(min=1, metavar="N", help="The first page to read; a page has -n rows.")
    ] = 1,
    limit: Limit = None,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the events of a box office.

    \b
    Examples:
      willcall events list --status SOLD_OUT
      willcall events list --date-to '2026-12-24 America/New_York'
      willcall events list --json | jq -r .title
    """
    from . import tables, values
    from .connect import ticketsmart
    from .listing import listed, size

    since = values.moment("--date-from", date_from) if date_from else None
    until = values.moment("--date-to", date_to) if date_to else None
    with ticketsmart(config, box_office, base_url) as client:
        found = client.events.list(
            status=status,
            search=search,
            date_from=since,
            date_to=until,
            live_only=live_only,
            page=page,
            limit=size(limit),
        )
        listed(found, limit, 1000, tables.EVENTS, tables.event_row, as_json=as_json)


@events.command("get")
def get(
    event: EventName,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show one event with its ticket types.

    \b
    Examples:
      willcall events get the-cherry-orchard
    """
    from ..shell import show
    from . import tables
    from .connect import ticketsmart

    with ticketsmart(config, box_office, base_url) as client:
        found = client.events.get(event)
    if as_json:
        show.as_json(found)
    else:
        tables.event(found)


@events.command("ticket-types")
def ticket_types(
    event: EventName,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show an event's ticket types: prices, what is left, when and how they are sold.

    \b
    Examples:
      willcall events ticket-types the-cherry-orchard
      willcall events ticket-types gala --json | jq 'select(.hidden)'
    """
    from ..shell import show
    from . import tables
    from .connect import ticketsmart

    with ticketsmart(config, box_office, base_url) as client:
        found = client.events.ticket_types(event)
        # The answer has neither currency nor time zone; the event has both.
        whole = None if as_json else client.events.get(event)
    if whole is None:
        for kind in found:
            show.as_json(kind)
        return
    tables.ticket_types(found, whole.currency)
    tables.sales(found, whole.timezone)


@events.command("availability")
def availability(
    event: EventName,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what is left of an event.

    \b
    Examples:
      willcall events availability the-cherry-orchard
    """
    from ..shell import show
    from . import tables
    from .connect import ticketsmart

    with ticketsmart(config, box_office, base_url) as client:
        found = client.events.availability(event)
    if as_json:
        show.as_json(found)
    else:
        tables.availability(found)

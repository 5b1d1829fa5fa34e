"""The writes of ``willcall events``: create, update, add-ticket-type, remove-ticket-type."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ...errors import InputError, SoldTicketsError
from ..shell import terminal
from ..shell.options import AsJson, BaseUrl, BoxOffice, ConfigFile
from .options import Clear, EventName, Yes, option

if TYPE_CHECKING:
    from ...ticketsmart.models import Event

_ENDS = option("WHEN", "When it ends.")
_DOORS = option("WHEN", "When the doors open.")
_ZONE = option("ZONE", "Its time zone, as in America/New_York; also that of times typed here.")
EndsAt: TypeAlias = Annotated[str | None, _ENDS]
DoorsOpen: TypeAlias = Annotated[str | None, _DOORS]
Timezone: TypeAlias = Annotated[str | None, _ZONE]
Venue: TypeAlias = Annotated[str | None, option("NAME", "The venue.")]
City: TypeAlias = Annotated[str | None, option("NAME", "The city.")]
Country: TypeAlias = Annotated[str | None, option("XX", "The country, in two letters.")]
Currency: TypeAlias = Annotated[str | None, option("XXX", "Three letters; default USD.")]
Visible: TypeAlias = Annotated[str | None, option("WORD", "PUBLIC, UNLISTED or PRIVATE.")]
Kind: TypeAlias = Annotated[
    str | None, option("WORD", "COMEDY, MUSIC, CONFERENCE, WORKSHOP, THEATER, SPORTS or OTHER.")
]
OnceFlag: TypeAlias = Annotated[
    bool, typer.Option("--once", help="Search first, and create nothing that exists already.")
]
# The fields that an update can clear. A test compares them with the types of the client.
CLEARABLE = ("ends_at", "doors_open", "venue_name", "city", "country")


def create(
    title: Annotated[str, option("WORDS", "Its name for buyers.")],
    starts_at: Annotated[
        str, option("WHEN", "When it starts: 2026-12-01T19:30-05:00, or a local time and its zone.")
    ],
    ends_at: EndsAt = None,
    doors_open: DoorsOpen = None,
    timezone: Timezone = None,
    venue_name: Venue = None,
    city: City = None,
    country: Country = None,
    currency: Currency = None,
    visibility: Visible = None,
    category: Kind = None,
    ticket_types: Annotated[
        list[str] | None,
        option("NAME:PRICE:N", "A ticket type; may be repeated.", "--ticket-type"),
    ] = None,
    once: OnceFlag = False,
    yes: Yes = False,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Create an event as a draft. Only TicketSmart's dashboard can publish it.

    \b
    Examples:
      willcall events create --title "Open Mic" --starts-at "2026-12-01 19:30" \\
        --timezone America/New_York --ticket-type 'Floor:$25.00:80' --once
    """
    from . import values
    from .connect import ticketsmart
    from .sending import send

    sold = [
        values.ticket_type("--ticket-type", typed, currency or "USD")
        for typed in ticket_types or ()
    ]
    if timezone is not None:
        values.zone("--timezone", timezone)
    starts = values.moment("--starts-at", starts_at, timezone)
    ends = values.moment("--ends-at", ends_at, timezone) if ends_at else None
    doors = values.moment("--doors-open", doors_open, timezone) if doors_open else None
    with ticketsmart(config, box_office, base_url) as client:
        made = send(
            client.events.create,
            yes,
            currency or "USD",
            title=title,
            starts_at=starts,
            ends_at=values.given(ends),
            doors_open=values.given(doors),
            timezone=values.given(timezone),
            venue_name=values.given(venue_name),
            city=values.given(city),
            country=values.given(country),
            currency=values.given(currency),
            visibility=values.given(visibility),
            category=values.given(category),
            ticket_types=values.given(sold or None),
            once=once,
        )
    _shown(made, as_json=as_json)


def update(
    event: EventName,
    title: Annotated[str | None, option("WORDS", "Its name for buyers.")] = None,
    slug: Annotated[str | None, option("WORD", "Its name in URLs.")] = None,
    starts_at: Annotated[str | None, option("WHEN", "When it starts.")] = None,
    ends_at: EndsAt = None,
    doors_open: DoorsOpen = None,
    timezone: Timezone = None,
    venue_name: Venue = None,
    city: City = None,
    country: Country = None,
    currency: Annotated[str | None, option("XXX", "Three letters.")] = None,
    visibility: Visible = None,
    category: Kind = None,
    add_ticket_type: Annotated[
        str | None, option("NAME:PRICE:N", "Add a ticket type in the same request.")
    ] = None,
    clear: Clear = None,
    yes: Yes = False,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Change an event. What is not given stays as it is; --clear clears a field.

    Times without a zone are in --timezone; without it they are refused.

    \b
    Examples:
      willcall events update gala --starts-at "2026-12-02 20:00 America/New_York"
      willcall events update gala --venue-name "Main Room" --clear ends-at
    """
    from . import values
    from .connect import ticketsmart
    from .sending import send

    cleared = values.Cleared(clear, CLEARABLE)
    starts = values.moment("--starts-at", starts_at, timezone) if starts_at else None
    ends = values.moment("--ends-at", ends_at, timezone) if ends_at else None
    doors = values.moment("--doors-open", doors_open, timezone) if doors_open else None
    if timezone is not None:
        values.zone("--timezone", timezone)
    with ticketsmart(config, box_office, base_url) as client:
        new, sells_in = None, currency
        if add_ticket_type is not None:
            sells_in = currency or client.events.get(event).currency
            new = values.ticket_type("--add-ticket-type", add_ticket_type, sells_in)
        made = send(
            client.events.update,
            yes,
            sells_in,
            event,
            title=values.given(title),
            slug=values.given(slug),
            starts_at=values.given(starts),
            ends_at=cleared("ends_at", ends),
            doors_open=cleared("doors_open", doors),
            timezone=values.given(timezone),
            venue_name=cleared("venue_name", venue_name),
            city=cleared("city", city),
            country=cleared("country", country),
            currency=values.given(currency),
            visibility=values.given(visibility),
            category=values.given(category),
            add_ticket_type=values.given(new),
        )
    _shown(made, as_json=as_json)


def add_ticket_type(
    event: EventName,
    name: Annotated[str, option("WORDS", "Its name for buyers.")],
    price: Annotated[str, option("PRICE", "As in 25.00, $25.00 or free; in the event's currency.")],
    quantity: Annotated[int, typer.Option(min=0, metavar="N", help="How many there are.")],
    once: OnceFlag = False,
    yes: Yes = False,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Add a ticket type to an event.

    \b
    Examples:
      willcall events add-ticket-type gala --name VIP --price '$25' --quantity 8
      willcall events add-ticket-type gala --name VIP --price free --quantity 9 -y
    """
    from . import values
    from .connect import ticketsmart
    from .sending import send

    typed = values.price("--price", price)
    with ticketsmart(config, box_office, base_url) as client:
        # The event's currency gives the price its meaning, and must agree with what was typed.
        currency = client.events.get(event).currency
        cents = typed.within("--price", currency)
        made = send(
            client.events.add_ticket_type,
            yes,
            currency,
            event,
            name=name,
            price=cents,
            quantity=quantity,
            once=once,
        )
    _shown(made, as_json=as_json)


def remove_ticket_type(
    event: EventName,
    ticket_type: Annotated[str, typer.Argument(metavar="TYPE", help="Its id or name.")],
    yes: Yes = False,
    config: ConfigFile = None,
    box_office: BoxOffice = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> int:
    """Remove a ticket type of which nothing was sold.

    TicketSmart refuses if tickets have been sold. Then, if there is a configuration, a support
    ticket is opened, once, and the exit code is 3.

    \b
    Examples:
      willcall events remove-ticket-type gala "Early Bird"
    """
    from ..shell import show
    from .connect import ticketsmart
    from .sending import send

    with ticketsmart(config, box_office, base_url) as client:
        found = client.events.get(event)
        named = [kind for kind in found.ticket_types or () if ticket_type in {kind.id, kind.name}]
        if len(named) != 1:
            known = ", ".join(kind.name for kind in found.ticket_types or ()) or "none"
            if named:
                ids = ", ".join(kind.id for kind in named)
                problem = f"{ticket_type!r}: {len(named)} ticket types have that name"
                raise InputError("TYPE", problem, f"give the id: {ids}")
            problem = f"{ticket_type!r}: no ticket type has that name or id"
            raise InputError("TYPE", problem, f"{found.title} has: {known}")
        try:
            after = send(client.events.remove_ticket_type, yes, None, found.id, named[0].id)
        except SoldTicketsError as error:
            return _refused(error, config, box_office, as_json=as_json)
    if as_json:
        show.as_json(after)
    else:
        terminal.say(f"removed {named[0].name!r} from {found.title}")
    return 0


def _refused(
    error: SoldTicketsError, config: Path | None, box_office: str | None, *, as_json: bool
) -> int:
    from ...bridge.model.exit_codes import worst
    from ..shell import passes, show
    from .connect import configured

    show.aside(f"willcall: {error}")
    if not configured(config):
        show.aside(
            "willcall: no support ticket was opened: there is no configuration (name it with -c)"
        )
        return 3
    from ...bridge.service import Bridge

    with Bridge.from_config(config) as bridge:
        report = bridge.report(error, box_office=box_office)
    if as_json:
        show.as_json(passes.pass_data(report))
    else:
        passes.show_pass(report, quiet=False)
    return worst((3, report.exit_code))


def _shown(shown: Event, *, as_json: bool) -> None:
    from ..shell import show
    from . import tables

    if as_json:
        show.as_json(shown)
    else:
        tables.event(shown)

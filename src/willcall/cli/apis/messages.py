"""``willcall messages …``: the messages of Ticket0's tickets by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..shell.options import AsJson, BaseUrl, ConfigFile
from .options import Once, SearchFirst, TicketId, Yes, option

if TYPE_CHECKING:
    from ...ticket0.models import Message

messages = typer.Typer(
    help="Ticket0: the messages and notes of a ticket.", no_args_is_help=True, rich_markup_mode=None
)


@messages.command("list")
def list_(
    ticket_id: TicketId,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the messages and notes of a ticket, oldest first.

    \b
    Examples:
      willcall messages list tkt_8js1v7q91e
      willcall messages list tkt_8js1v7q91e --json | jq 'select(.is_note)'
    """
    from ..shell import show
    from . import tables
    from .connect import ticket0

    with ticket0(config, base_url) as client:
        for message in client.messages.list(ticket_id):
            if as_json:
                show.as_json(message)
            else:
                tables.message(message)


@messages.command("send")
def send_(
    ticket_id: TicketId,
    body_text: Annotated[
        str, option("WORDS", "The text; - reads it from a pipe.", "--body-text", "--text")
    ],
    from_address: Annotated[
        str | None, option("ADDRESS", "The sender; default desk.from_address.")
    ] = None,
    body_html: Annotated[str | None, option("HTML", "The text as HTML (inferred).")] = None,
    cc_addresses: Annotated[
        list[str] | None,
        option("ADDRESS", "Who gets a copy (inferred); may be repeated.", "--cc"),
    ] = None,
    once: Once = None,
    search_first: SearchFirst = True,
    yes: Yes = False,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Send a message to the customer of a ticket, by e-mail.

    With --once the marker becomes the last line; if a message has it already, nothing is sent.

    \b
    Examples:
      willcall messages send tkt_8js1v7q91e --text "It is on again." --once on-1
      willcall messages send tkt_8js1v7q91e --text - -y < letter.txt
    """
    from . import values
    from .connect import from_desk, ticket0
    from .sending import send

    sender = from_desk("--from-address", from_address, config, "from_address")
    said = values.text("--body-text", body_text)
    with ticket0(config, base_url) as client:
        made = send(
            client.messages.send,
            yes,
            None,
            ticket_id,
            from_address=sender,
            body_text=said,
            body_html=values.given(body_html),
            cc_addresses=values.given(cc_addresses or None),
            once=once,
            search_first=search_first,
        )
    _shown(made, as_json=as_json)


@messages.command("note")
def note(
    ticket_id: TicketId,
    body: Annotated[str, option("WORDS", "The text; - reads it from a pipe.", "--body", "--text")],
    once: Once = None,
    search_first: SearchFirst = True,
    yes: Yes = False,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Add an internal note, which the customer does not see.

    \b
    Examples:
      willcall messages note tkt_8js1v7q91e --text "Called the venue." --yes
    """
    from . import values
    from .connect import ticket0
    from .sending import send

    said = values.text("--body", body)
    with ticket0(config, base_url) as client:
        made = send(
            client.messages.note,
            yes,
            None,
            ticket_id,
            body=said,
            once=once,
            search_first=search_first,
        )
    _shown(made, as_json=as_json)


def _shown(shown: Message, *, as_json: bool) -> None:
    from ..shell import show
    from . import tables

    if as_json:
        show.as_json(shown)
    else:
        tables.message(shown)

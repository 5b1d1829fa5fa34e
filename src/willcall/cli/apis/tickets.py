"""``willcall tickets …``: Ticket0's support tickets by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import InputError
from ..shell.options import AsJson, BaseUrl, ConfigFile
from .options import Clear, Limit, Once, SearchFirst, TicketId, Yes, option

if TYPE_CHECKING:
    from ...client.op import Unset
    from ...ticket0.api import Ticket0
    from ...ticket0.models import Ticket

tickets = typer.Typer(
    help="Ticket0: the support tickets of the desk.", no_args_is_help=True, rich_markup_mode=None
)
CLEARABLE = ("assignee_id", "tags")
_STATUS = "open, pending, resolved or snoozed."


@tickets.command("list")
def list_(
    status: Annotated[str | None, option("STATUS", _STATUS)] = None,
    assignee_id: Annotated[
        str | None, option("ID", "Only tickets assigned to this user (usr_…).")
    ] = None,
    inbox_id: Annotated[
        str | None, option("ID", "Only tickets of this inbox (inb_…).", "--inbox-id", "--inbox")
    ] = None,
    tag: Annotated[
        str | None, option("TAG", "Only tickets with this tag; those of willcall have `willcall`.")
    ] = None,
    limit: Limit = None,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List support tickets.

    \b
    Examples:
      willcall tickets list --status open --tag willcall
      willcall tickets list --assignee-id usr_2 --json | jq -r .subject
    """
    from . import tables
    from .connect import ticket0
    from .listing import listed, size

    with ticket0(config, base_url) as client:
        found = client.tickets.list(
            status=status, assignee_id=assignee_id, inbox_id=inbox_id, tag=tag, limit=size(limit)
        )
        listed(found, limit, 100, tables.TICKETS, tables.ticket_row, as_json=as_json)


@tickets.command("get")
def get(
    ticket_id: TicketId,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show one support ticket with its conversation.

    \b
    Examples:
      willcall tickets get tkt_8js1v7q91e
    """
    from ..shell import show
    from . import tables
    from .connect import ticket0

    with ticket0(config, base_url) as client:
        found = client.tickets.get(ticket_id)
        messages = list(client.messages.list(ticket_id))
    if as_json:
        show.as_json({"ticket": found, "messages": messages})
        return
    tables.ticket(found)
    for message in messages:
        tables.message(message)


@tickets.command("create")
def create(
    subject: Annotated[str, option("WORDS", "What the support team reads first.")],
    body: Annotated[str, option("WORDS", "The first text; - reads it from a pipe.")],
    customer_email: Annotated[
        str | None, option("ADDRESS", "Whom it concerns; default desk.customer_email.")
    ] = None,
    inbox_id: Annotated[
        str | None, option("ID", "Its inbox, if there are any; default desk.inbox_id.")
    ] = None,
    once: Once = None,
    search_first: SearchFirst = True,
    yes: Yes = False,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Open a support ticket.

    With --once the marker is put into the subject; if a ticket has it already, none is opened.

    \b
    Examples:
      willcall tickets create --subject "No heat" --body "Since six." --once h-1
      willcall tickets create --subject Report --body - -y < report.txt
    """
    from . import values
    from .connect import from_desk, maybe_from_desk, ticket0
    from .sending import send

    customer = from_desk("--customer-email", customer_email, config, "customer_email")
    inbox = maybe_from_desk(inbox_id, config, "inbox_id")
    said = values.text("--body", body)
    with ticket0(config, base_url) as client:
        made = send(
            client.tickets.create,
            yes,
            None,
            subject=subject,
            customer_email=customer,
            inbox_id=inbox,
            body=said,
            once=once,
            search_first=search_first,
        )
    _shown(made, as_json=as_json)


@tickets.command("update")
def update(
    ticket_id: TicketId,
    status: Annotated[str | None, option("STATUS", _STATUS)] = None,
    assignee_id: Annotated[str | None, option("ID", "The assignee (usr_…).")] = None,
    tags: Annotated[
        list[str] | None,
        option("TAG", "Replace all tags; may be repeated.", "--tag"),
    ] = None,
    add_tag: Annotated[list[str] | None, option("TAG", "Add a tag; may be repeated.")] = None,
    remove_tag: Annotated[list[str] | None, option("TAG", "Remove a tag; may be repeated.")] = None,
    clear: Clear = None,
    yes: Yes = False,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Change a support ticket. What is not given stays as it is.

    Ticket0 replaces tags as a whole, so --add-tag and --remove-tag read the ticket first.

    \b
    Examples:
      willcall tickets update tkt_8js1v7q91e --status resolved
      willcall tickets update tkt_8js1v7q91e --add-tag refund --clear assignee-id
    """
    from . import values
    from .connect import ticket0
    from .sending import send

    cleared = values.Cleared(clear, CLEARABLE)
    if tags and (add_tag or remove_tag):
        raise InputError("--tag", "it replaces all tags", "leave out --add-tag and --remove-tag")
    with ticket0(config, base_url) as client:
        if add_tag or remove_tag:
            tags = _tags(client, ticket_id, add_tag or (), remove_tag or ())
        listed: Sequence[str] | Unset | None = cleared("tags", tags)
        made = send(
            client.tickets.update,
            yes,
            None,
            ticket_id,
            status=values.given(status),
            assignee_id=cleared("assignee_id", assignee_id),
            tags=[] if listed is None else listed,
        )
    _shown(made, as_json=as_json)


def _tags(client: Ticket0, ticket_id: str, more: Sequence[str], fewer: Sequence[str]) -> list[str]:
    """The tags of a ticket after the change; those of other people stay."""
    now = client.tickets.get(ticket_id).tags
    return [tag for tag in dict.fromkeys([*now, *more]) if tag not in fewer]


def _shown(found: Ticket, *, as_json: bool) -> None:
    from ..shell import show
    from . import tables

    if as_json:
        show.as_json(found)
    else:
        tables.ticket(found)

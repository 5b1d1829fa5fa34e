"""``willcall customers …``: Ticket0's customers by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import InputError
from ..shell.options import AsJson, BaseUrl, ConfigFile
from .options import Clear, CustomerId, Limit, Metadata, Yes, option

if TYPE_CHECKING:
    from ...ticket0.models import Customer

customers = typer.Typer(
    help="Ticket0: the people whom tickets concern.", no_args_is_help=True, rich_markup_mode=None
)
CLEARABLE = ("name",)


@customers.command("list")
def list_(
    email: Annotated[str | None, option("ADDRESS", "Only customers with this address.")] = None,
    external_id: Annotated[
        str | None, option("ID", "Only customers with this id of yours.")
    ] = None,
    limit: Limit = None,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List customers.

    \b
    Examples:
      willcall customers list --email organiser@example.com
    """
    from . import tables
    from .connect import ticket0
    from .listing import listed, size

    with ticket0(config, base_url) as client:
        found = client.customers.list(email=email, external_id=external_id, limit=size(limit))
        listed(found, limit, 100, tables.CUSTOMERS, tables.customer_row, as_json=as_json)


@customers.command("get")
def get(
    customer_id: CustomerId,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show one customer.

    \b
    Examples:
      willcall customers get cust_4f1
    """
    from .connect import ticket0

    with ticket0(config, base_url) as client:
        found = client.customers.get(customer_id)
    _shown(found, as_json=as_json)


@customers.command("create")
def create(
    email: Annotated[str, option("ADDRESS", "Their address.")],
    name: Annotated[str | None, option("WORDS", "Their name.")] = None,
    external_id: Annotated[
        str | None,
        option("ID", "Your own id. If a customer has it already, that customer is returned."),
    ] = None,
    metadata: Metadata = None,
    yes: Yes = False,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a customer record. If it may be there already, use upsert.

    \b
    Examples:
      willcall customers create --email ana@example.com --metadata house=main
    """
    from . import values
    from .connect import ticket0
    from .sending import send

    facts = values.pairs("--metadata", metadata) if metadata else None
    with ticket0(config, base_url) as client:
        made = send(
            client.customers.create,
            yes,
            None,
            email=email,
            name=values.given(name),
            external_id=values.given(external_id),
            metadata=values.given(facts),
        )
    _shown(made, as_json=as_json)


@customers.command("upsert")
def upsert(
    external_id: Annotated[str, option("ID", "Your own id for them.")],
    email: Annotated[str, option("ADDRESS", "Their address.")],
    name: Annotated[str | None, option("WORDS", "Their name.")] = None,
    metadata: Metadata = None,
    yes: Yes = False,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """The customer with an id of yours, made if there is none; it may be repeated at will.

    \b
    Examples:
      willcall customers upsert --external-id promoter-7 --email ana@example.com
    """
    from . import values
    from .connect import ticket0
    from .sending import send

    facts = values.pairs("--metadata", metadata) if metadata else None
    with ticket0(config, base_url) as client:
        made = send(
            client.customers.upsert,
            yes,
            None,
            external_id=external_id,
            email=email,
            name=values.given(name),
            metadata=values.given(facts),
        )
    _shown(made, as_json=as_json)


@customers.command("update")
def update(
    customer_id: CustomerId,
    name: Annotated[str | None, option("WORDS", "Their name.")] = None,
    metadata: Metadata = None,
    remove_metadata: Annotated[
        list[str] | None, option("NAME", "Remove this metadata field; may be repeated.")
    ] = None,
    clear: Clear = None,
    yes: Yes = False,
    config: ConfigFile = None,
    base_url: BaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Change a customer. Fields and metadata that are not given stay as they are.

    \b
    Examples:
      willcall customers update cust_4f1 --metadata plan=gold
      willcall customers update cust_4f1 --clear name
    """
    from . import values
    from .connect import ticket0
    from .sending import send

    cleared = values.Cleared(clear, CLEARABLE)
    facts: dict[str, str | None] = {**values.pairs("--metadata", metadata or ())}
    for fact in remove_metadata or ():
        if facts.get(fact) is not None:
            raise InputError(
                "--remove-metadata", f"{fact!r} is also given", "leave out one of them"
            )
        facts[fact] = None
    changed: Mapping[str, str | None] | None = facts or None
    with ticket0(config, base_url) as client:
        made = send(
            client.customers.update,
            yes,
            None,
            customer_id,
            name=cleared("name", name),
            metadata=values.given(changed),
        )
    _shown(made, as_json=as_json)


def _shown(shown: Customer, *, as_json: bool) -> None:
    from ..shell import show
    from . import tables

    if as_json:
        show.as_json(shown)
    else:
        tables.customer(shown)

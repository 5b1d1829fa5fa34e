"""Options and arguments that several API commands share."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import typer


def option(metavar: str, words: str, *names: str) -> Any:
    """An option: its metavar, its help, and its names if they are not those of the parameter."""
    return typer.Option(*names, metavar=metavar, help=words)


Yes: TypeAlias = Annotated[
    bool, typer.Option("-y", "--yes", help="Send without showing the request and asking.")
]
Limit: TypeAlias = Annotated[
    int | None,
    typer.Option("-n", "--limit", min=1, metavar="N", help="At most this many."),
]
Clear: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--clear", metavar="FIELD", help="Clear this field; may be repeated."),
]
Once: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="MARKER",
        help="A name for this write; a repeat with the same name does nothing.",
    ),
]
SearchFirst: TypeAlias = Annotated[
    bool,
    typer.Option(
        help="With --once: search first, in case an earlier command has sent it.",
    ),
]
EventName: TypeAlias = Annotated[str, typer.Argument(metavar="EVENT", help="Its id or slug.")]
TicketId: TypeAlias = Annotated[
    str, typer.Argument(metavar="TICKET", help="Its id, such as tkt_8js1v7q91e.")
]
CustomerId: TypeAlias = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="Its id, such as cust_4f1.")
]
Metadata: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="A metadata field; may be repeated."),
]

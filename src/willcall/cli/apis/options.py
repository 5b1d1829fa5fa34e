"""Options and arguments that several of the API commands share."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import typer


def option(metavar: str, words: str, *names: str) -> Any:
    """An option as typer wants it: what is typed, and what it means."""
    return typer.Option(*names, metavar=metavar, help=words)


Yes: TypeAlias = Annotated[
    bool, typer.Option("-y", "--yes", help="Send it without showing it and asking.")
]
Limit: TypeAlias = Annotated[
    int | None,
    typer.Option("-n", "--limit", min=1, metavar="N", help="How many at the most."),
]
Clear: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--clear", metavar="FIELD", help="Set this field to nothing; may be given several times."
    ),
]
Once: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="MARKER",
        help="A name of yours for this one write, so that a repeat does nothing.",
    ),
]
SearchFirst: TypeAlias = Annotated[
    bool,
    typer.Option(
        help="With --once: whether an earlier command may have sent it already.",
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
    typer.Option(metavar="NAME=VALUE", help="A fact of yours; may be given several times."),
]

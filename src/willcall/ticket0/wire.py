"""What Ticket0 answers, read: tickets, messages in either shape, customers, pages, errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ..client.codec import Codec, parse_object, parse_rows
from ..client.op import Op, Page
from ..client.provider import Problem
from ..errors import Reply
from . import inferred
from .models import Customer, Message, Ticket

T = TypeVar("T", Ticket, Message, Customer)


def explain(reply: Reply) -> Problem:
    """``{"error": {"code": "UNAUTHORIZED", "message": "…"}}``. Documented by Ticket0."""
    error = parse_object(reply)["error"]
    return Problem(
        message=str(error["message"]), code=str(error["code"]), details=error.get("details")
    )


def _both_shapes(row: dict[str, Any]) -> None:
    """A message in the shape of 2025, in that of 2026; what is there is never replaced."""
    for old, new in (("body", "bodyText"), ("authorEmail", "fromAddress")):
        if row.get(new) is None and row.get(old) is not None:
            row[new] = row[old]


def _strings_only(row: dict[str, Any]) -> None:
    """A null in a customer's metadata says the same as its absence."""
    metadata = row.get("metadata")
    if isinstance(metadata, dict):
        row["metadata"] = {name: value for name, value in metadata.items() if value is not None}


codec = Codec(before={Message: _both_shapes, Customer: _strings_only})


def _bare(reply: Reply, envelope: str) -> dict[str, Any]:
    body = parse_object(reply)
    inner = body.get(envelope)
    return inner if isinstance(inner, dict) else body


def read_ticket(reply: Reply) -> Ticket:
    """A ticket, bare (2025) or in an envelope."""
    return codec.structure(_bare(reply, inferred.TICKET_ENVELOPE), Ticket, "ticket")


def read_message(reply: Reply) -> Message:
    """One message, bare or in an envelope."""
    return codec.structure(_bare(reply, inferred.MESSAGE_ENVELOPE), Message, "message")


def read_customer(reply: Reply) -> Customer:
    """A customer, bare (2025) or in an envelope."""
    return codec.structure(_bare(reply, inferred.CUSTOMER_ENVELOPE), Customer, "customer")


def rows_page(
    path: str, name: str, model: type[T], params: Mapping[str, Any], route: str
) -> Op[Page[T]]:
    """The call for one page of a list that is read by cursor (2026).

    The list ends where ``nextCursor`` is missing or null, and nowhere else: a page may be empty.
    """

    def decode(reply: Reply) -> Page[T]:
        body = parse_object(reply)
        items, unreadable = codec.rows(parse_rows(body, name), model, name)
        cursor, total = body.get("nextCursor"), body.get("total")
        following = (
            rows_page(path, name, model, {**params, "cursor": cursor}, route) if cursor else None
        )
        return Page(
            items,
            following,
            reply,
            total if type(total) is int else None,
            unreadable=unreadable,
        )

    return Op("GET", path, decode, params, route=route)

"""What Ticket0 answers, read: tickets, messages in either shape, customers, pages, errors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
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


class TicketCodec:
    """Reads Ticket0's answers under a set of names; :func:`wire_of` makes it.

    Args:
        names: the inferred names, and what they are on the wire.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        sent = {name: names[name] for name in ("body_html", "cc_addresses")}
        before = {Message: _both_shapes, Customer: _strings_only}
        self.codec = Codec({Message: sent}, before)

    def read_ticket(self, reply: Reply) -> Ticket:
        """A ticket, bare (2025) or in an envelope."""
        return self._read(reply, "ticket_envelope", Ticket, "ticket")

    def read_message(self, reply: Reply) -> Message:
        """One message, bare or in an envelope."""
        return self._read(reply, "message_envelope", Message, "message")

    def read_customer(self, reply: Reply) -> Customer:
        """A customer, bare (2025) or in an envelope."""
        return self._read(reply, "customer_envelope", Customer, "customer")

    def _read(self, reply: Reply, envelope: str, model: type[T], at: str) -> T:
        body = parse_object(reply)
        inner = body.get(self.names[envelope])
        return self.codec.structure(inner if isinstance(inner, dict) else body, model, at)

    def rows_page(
        self, path: str, name: str, model: type[T], params: Mapping[str, Any], route: str
    ) -> Op[Page[T]]:
        """The call for one page of a list that is read by cursor (2026).

        The list ends where ``nextCursor`` is missing or null, and nowhere else: a page may be
        empty.
        """

        def decode(reply: Reply) -> Page[T]:
            body = parse_object(reply)
            items, unreadable = self.codec.rows(parse_rows(body, name), model, name)
            cursor, total = body.get("nextCursor"), body.get("total")
            following = (
                self.rows_page(path, name, model, {**params, "cursor": cursor}, route)
                if cursor
                else None
            )
            return Page(
                items,
                following,
                reply,
                total if type(total) is int else None,
                unreadable=unreadable,
            )

        return Op("GET", path, decode, params, route=route)


USUAL = TicketCodec(inferred.WIRE)
"""Under the names that are inferred."""


def wire_of(names: Mapping[str, str]) -> TicketCodec:
    """The answers under these names."""
    return USUAL if names is inferred.WIRE else _other(tuple(names.items()))


@lru_cache(maxsize=16)
def _other(names: tuple[tuple[str, str], ...]) -> TicketCodec:
    return TicketCodec(dict(names))

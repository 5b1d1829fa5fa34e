"""The settings of the sandbox: what the documents leave open, and rate limits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypedDict

MessageShape = Literal["public", "older"]
DetailShape = Literal["objects", "strings"]


class Switches(TypedDict, total=False):
    """The settings as keyword arguments of ``Sandbox``; see ``Settings`` for their meaning."""

    ticket_types_in_rows: bool
    stock_in_events: bool
    enveloped: bool
    pagination_fields: bool
    details: DetailShape
    auto_sold_out: bool
    ticket_enveloped: bool
    message_shape: MessageShape
    newest_first: bool
    monitored_only: bool
    strict: bool
    ticketsmart_limit: int | None
    ticket0_limit: int | None
    limit_window: float


@dataclass(slots=True)
class Settings:
    """What the documents leave open, each with our best guess as its default.

    TicketSmart: ``ticket_types_in_rows`` list rows carry ticket types; ``stock_in_events`` those
    in a row or an event have counts of sold and left (else only when requested alone);
    ``enveloped`` a single event comes as ``{"event": …}``; ``pagination_fields`` the ``pagination``
    object has fields (else it is empty); ``details`` what a validation error's list holds;
    ``auto_sold_out`` the status follows the stock.

    Ticket0: ``ticket_enveloped`` a single ticket comes as ``{"ticket": …}``; ``message_shape`` the
    message of the newest pages or of the older revision; ``newest_first`` the order of lists;
    ``monitored_only`` a reply's ``fromAddress`` must belong to an inbox.

    Both: ``strict`` unknown fields and query parameters are refused (else ignored);
    ``ticketsmart_limit`` and ``ticket0_limit`` requests per ``limit_window`` seconds, ``None`` off.
    """

    ticket_types_in_rows: bool = True
    stock_in_events: bool = True
    enveloped: bool = True
    pagination_fields: bool = True
    details: DetailShape = "objects"
    auto_sold_out: bool = True
    ticket_enveloped: bool = False
    message_shape: MessageShape = "public"
    newest_first: bool = True
    monitored_only: bool = True
    strict: bool = False
    ticketsmart_limit: int | None = 60
    ticket0_limit: int | None = 60
    limit_window: float = 60.0

    def as_dict(self) -> dict[str, Any]:
        """All settings, by name."""
        return asdict(self)

    def change(self, values: dict[str, Any]) -> None:
        """Change several settings, or none: an unknown name or a wrong type is a ``ValueError``."""
        known = {field.name for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"{name}: no such setting; known: {', '.join(sorted(known))}")
            if not _fits(name, value):
                raise ValueError(f"{name}: {value!r} is not possible here")
        for name, value in values.items():
            setattr(self, name, value)


def _fits(name: str, value: object) -> bool:
    if name == "message_shape":
        return value in ("public", "older")
    if name == "details":
        return value in ("objects", "strings")
    if name in ("ticketsmart_limit", "ticket0_limit"):
        return value is None or (type(value) is int and value > 0)
    if name == "limit_window":
        return type(value) in (int, float) and value > 0  # type: ignore[operator]
    return type(value) is bool

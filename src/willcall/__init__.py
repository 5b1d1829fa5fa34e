"""willcall: from the box office to the support desk.

Clients for TicketSmart and Ticket0, sync and async, with one tree of errors; and the bridge that
turns what happens in a box office into exactly one support ticket.

Names are loaded when they are first used, so that ``import willcall`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .errors import (
        ApiError,
        AuthenticationError,
        ConfigError,
        ConflictError,
        ConnectError,
        ConnectionLostError,
        InputError,
        LedgerError,
        NotFoundError,
        OutcomeUnknownError,
        PermissionDeniedError,
        RateLimitError,
        Reply,
        RequestTimeoutError,
        ServerError,
        SlugTakenError,
        SoldTicketsError,
        TransportError,
        UndecodableReplyError,
        ValidationError,
        WillcallError,
    )
    from .ticket0.api import AsyncTicket0, Ticket0
    from .ticketsmart.api import AsyncTicketSmart, TicketSmart

__all__ = [
    "ApiError",
    "AsyncTicket0",
    "AsyncTicketSmart",
    "AuthenticationError",
    "ConfigError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "InputError",
    "LedgerError",
    "NotFoundError",
    "OutcomeUnknownError",
    "PermissionDeniedError",
    "RateLimitError",
    "Reply",
    "RequestTimeoutError",
    "ServerError",
    "SlugTakenError",
    "SoldTicketsError",
    "Ticket0",
    "TicketSmart",
    "TransportError",
    "UndecodableReplyError",
    "ValidationError",
    "WillcallError",
    "__version__",
]

_HOMES = {
    "AsyncTicket0": ".ticket0.api",
    "AsyncTicketSmart": ".ticketsmart.api",
    "Ticket0": ".ticket0.api",
    "TicketSmart": ".ticketsmart.api",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, ".errors"), __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

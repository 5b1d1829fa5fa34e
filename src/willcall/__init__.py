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
    from .bridge.service import Bridge
    from .client.check import Access
    from .client.engine import Answer
    from .client.money import Money
    from .client.op import UNSET
    from .client.options import Hooks, Try
    from .client.quota import Pace, Quota
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
        SignatureError,
        SlugTakenError,
        SoldTicketsError,
        TransportError,
        UndecodableReplyError,
        ValidationError,
        WebhookError,
        WillcallError,
    )
    from .providers import connect, connect_async, provider_names
    from .ticket0.api import AsyncTicket0, Ticket0
    from .ticketsmart.api import AsyncTicketSmart, TicketSmart
    from .ticketsmart.models import NewTicketType

__all__ = [
    "UNSET",
    "Access",
    "Answer",
    "ApiError",
    "AsyncTicket0",
    "AsyncTicketSmart",
    "AuthenticationError",
    "Bridge",
    "ConfigError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "Hooks",
    "InputError",
    "LedgerError",
    "Money",
    "NewTicketType",
    "NotFoundError",
    "OutcomeUnknownError",
    "Pace",
    "PermissionDeniedError",
    "Quota",
    "RateLimitError",
    "Reply",
    "RequestTimeoutError",
    "ServerError",
    "SignatureError",
    "SlugTakenError",
    "SoldTicketsError",
    "Ticket0",
    "TicketSmart",
    "TransportError",
    "Try",
    "UndecodableReplyError",
    "ValidationError",
    "WebhookError",
    "WillcallError",
    "__version__",
    "connect",
    "connect_async",
    "provider_names",
]

_HOMES = {
    "UNSET": ".client.op",
    "Access": ".client.check",
    "Answer": ".client.engine",
    "AsyncTicket0": ".ticket0.api",
    "AsyncTicketSmart": ".ticketsmart.api",
    "Bridge": ".bridge.service",
    "Hooks": ".client.options",
    "Money": ".client.money",
    "NewTicketType": ".ticketsmart.models",
    "Pace": ".client.quota",
    "Quota": ".client.quota",
    "Ticket0": ".ticket0.api",
    "TicketSmart": ".ticketsmart.api",
    "Try": ".client.options",
    "connect": ".providers",
    "connect_async": ".providers",
    "provider_names": ".providers",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, ".errors"), __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

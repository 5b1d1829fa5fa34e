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
        NoEffectError,
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
    from .ticket0.models import (
        AuthorType,
        Channel,
        Customer,
        Direction,
        Message,
        Ticket,
        TicketStatus,
    )
    from .ticketsmart.api import AsyncTicketSmart, TicketSmart
    from .ticketsmart.models import (
        Availability,
        Category,
        Event,
        EventStatus,
        NewTicketType,
        TicketType,
        TypeAvailability,
        Visibility,
    )

__all__ = [
    "UNSET",
    "Access",
    "Answer",
    "ApiError",
    "AsyncTicket0",
    "AsyncTicketSmart",
    "AuthenticationError",
    "AuthorType",
    "Availability",
    "Bridge",
    "Category",
    "Channel",
    "ConfigError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "Customer",
    "Direction",
    "Event",
    "EventStatus",
    "Hooks",
    "InputError",
    "LedgerError",
    "Message",
    "Money",
    "NewTicketType",
    "NoEffectError",
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
    "Ticket",
    "Ticket0",
    "TicketSmart",
    "TicketStatus",
    "TicketType",
    "TransportError",
    "Try",
    "TypeAvailability",
    "UndecodableReplyError",
    "ValidationError",
    "Visibility",
    "WebhookError",
    "WillcallError",
    "__version__",
    "connect",
    "connect_async",
    "provider_names",
]

_HOMES = {
    "Access": ".client.check",
    "Answer": ".client.engine",
    "AsyncTicket0": ".ticket0.api",
    "AsyncTicketSmart": ".ticketsmart.api",
    "AuthorType": ".ticket0.models",
    "Availability": ".ticketsmart.models",
    "Bridge": ".bridge.service",
    "Category": ".ticketsmart.models",
    "Channel": ".ticket0.models",
    "Customer": ".ticket0.models",
    "Direction": ".ticket0.models",
    "Event": ".ticketsmart.models",
    "EventStatus": ".ticketsmart.models",
    "Hooks": ".client.options",
    "Message": ".ticket0.models",
    "Money": ".client.money",
    "NewTicketType": ".ticketsmart.models",
    "Pace": ".client.quota",
    "Quota": ".client.quota",
    "Ticket": ".ticket0.models",
    "Ticket0": ".ticket0.api",
    "TicketSmart": ".ticketsmart.api",
    "TicketStatus": ".ticket0.models",
    "TicketType": ".ticketsmart.models",
    "Try": ".client.options",
    "TypeAvailability": ".ticketsmart.models",
    "UNSET": ".client.op",
    "Visibility": ".ticketsmart.models",
    "connect": ".providers",
    "connect_async": ".providers",
    "provider_names": ".providers",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = importlib.import_module(_HOMES.get(name, ".errors"), __name__)
    except ModuleNotFoundError as error:
        if name != "Bridge" or (error.name or "").startswith(__name__):
            raise
        raise ModuleNotFoundError(
            f"willcall.Bridge needs {error.name}: pip install 'willcall[bridge]'", name=error.name
        ) from error
    value = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

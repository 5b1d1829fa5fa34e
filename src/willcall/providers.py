"""Clients by the name of their provider: ``connect("ticketsmart")``, and providers of others.

A package adds a provider with an entry point in the group ``willcall.providers`` that names a
:class:`Clients` value; willcall itself does not change::

    [project.entry-points."willcall.providers"]
    boxy = "willcall_boxy:CLIENTS"

``connect("boxy", …)`` then opens it. docs/clients.md shows how to write a provider.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, Unpack, overload

from .client.check import Access
from .client.clients import AsyncClient, ClientOptions, Clients, SyncClient
from .client.endpoint import Async, Collection, Sync
from .client.provider import Provider
from .client.redact import hide
from .errors import InputError

if TYPE_CHECKING:
    from .ticket0.api import AsyncTicket0, Ticket0
    from .ticketsmart.api import AsyncTicketSmart, TicketSmart

__all__ = [
    "AsyncService",
    "Clients",
    "Service",
    "clients_of",
    "connect",
    "connect_async",
    "provider_names",
]

GROUP = "willcall.providers"

_OURS = {
    "ticketsmart": "willcall.ticketsmart.api:CLIENTS",
    "ticket0": "willcall.ticket0.api:CLIENTS",
}


class Service(Protocol):
    """What every client that blocks offers, whichever provider it is for.

    Its collections have ``list``, ``get``, ``create`` and ``update`` where the service has them,
    and its errors are those of :mod:`willcall.errors`.
    """

    provider: ClassVar[Provider]

    @property
    def collections(self) -> Mapping[str, Collection[Sync]]:
        """The collections by name."""

    def with_options(self) -> Self:
        """The same client with other options."""

    def check(self) -> Access:
        """Which scopes the key has."""

    def close(self) -> None:
        """Close its connections."""


class AsyncService(Protocol):
    """What every client that is awaited offers, whichever provider it is for."""

    provider: ClassVar[Provider]

    @property
    def collections(self) -> Mapping[str, Collection[Async]]:
        """The collections by name."""

    def with_options(self) -> Self:
        """The same client with other options."""

    async def check(self) -> Access:
        """Which scopes the key has."""

    async def aclose(self) -> None:
        """Close its connections."""


def provider_names() -> tuple[str, ...]:
    """The names that :func:`connect` knows here, in alphabetical order."""
    return tuple(sorted({*_OURS, *(point.name for point in entry_points(group=GROUP))}))


def clients_of(name: str) -> Clients:
    """The clients of a provider by its name.

    Raises:
        InputError: no such provider, or its entry point does not name a :class:`Clients`.
    """
    found: Any
    if name in _OURS:  # an entry point cannot replace a built-in provider
        module, _, attribute = _OURS[name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
    else:
        points = tuple(entry_points(group=GROUP, name=name))
        if not points:
            raise InputError("provider", f"{name!r} is not installed", ", ".join(provider_names()))
        found = points[0].load()
    if not isinstance(found, Clients):
        raise InputError("provider", f"{name!r} does not name its clients", f"see {__name__}")
    return found


@overload
def connect(
    name: Literal["ticketsmart"], api_key: str | None = None, **options: Unpack[ClientOptions]
) -> TicketSmart: ...
@overload
def connect(
    name: Literal["ticket0"], api_key: str | None = None, **options: Unpack[ClientOptions]
) -> Ticket0: ...
@overload
def connect(
    name: str, api_key: str | None = None, **options: Unpack[ClientOptions]
) -> SyncClient: ...
def connect(name: str, api_key: str | None = None, **options: Unpack[ClientOptions]) -> SyncClient:
    """A client that blocks, by the provider's name.

    Args:
        name: ``"ticketsmart"``, ``"ticket0"``, or an installed provider (:func:`provider_names`).
        api_key: the key; else the provider's environment variable is read.
        **options: as for :class:`~willcall.TicketSmart`.

    Raises:
        InputError: no such provider, or a key or option that makes no sense.
    """
    key, rest = _hidden(api_key, options)
    del api_key, options  # a tool that shows variables on the way of an error shows none
    return clients_of(name).sync(key, **rest)


def _hidden(api_key: Any, options: ClientOptions) -> tuple[Any, Any]:
    """A key and a base URL, which might hold a password, hidden among the other options."""
    url = {"base_url": hide(options["base_url"])} if "base_url" in options else {}
    return hide(api_key), {**options, **url}


@overload
def connect_async(
    name: Literal["ticketsmart"], api_key: str | None = None, **options: Unpack[ClientOptions]
) -> AsyncTicketSmart: ...
@overload
def connect_async(
    name: Literal["ticket0"], api_key: str | None = None, **options: Unpack[ClientOptions]
) -> AsyncTicket0: ...
@overload
def connect_async(
    name: str, api_key: str | None = None, **options: Unpack[ClientOptions]
) -> AsyncClient: ...
def connect_async(
    name: str, api_key: str | None = None, **options: Unpack[ClientOptions]
) -> AsyncClient:
    """A client that is awaited, by the provider's name; see :func:`connect`.

    Raises:
        InputError: no such provider, or a key or option that makes no sense.
    """
    key, rest = _hidden(api_key, options)
    del api_key, options
    return clients_of(name).awaited(key, **rest)

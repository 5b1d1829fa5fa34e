"""Ticket0's clients, and everything in which its API differs from another provider's."""

from __future__ import annotations

from typing import Any

from ..client.clients import AsyncClient, Clients, FlowClient, SyncClient
from ..client.codec import parse_object
from ..client.endpoint import Async, InFlow, Sync, collection
from ..client.op import Op
from ..client.provider import Provider
from ..client.quota import Quota
from . import inferred
from .customers import Customers
from .messages import Messages
from .tickets import Tickets
from .wire import explain


def _probe(method: str, path: str, route: str) -> Op[Any]:
    """A call that finds out about a scope: a read of one row, or a change of what cannot be."""
    if method == "GET":
        params = {} if "{" in route else {"limit": 1}
        return Op(method, path, parse_object, params, route=route)
    return Op(method, path, lambda reply: reply.status, json={}, route=route, repeatable=True)


_NO_TICKET, _NO_CUSTOMER = inferred.NO_SUCH_TICKET, inferred.NO_SUCH_CUSTOMER

PROVIDER = Provider(
    name="ticket0",
    base_url="https://app.ticket0.ai/api/v1",
    key_prefix="t0_",
    key_env="TICKET0_API_KEY",
    auth=lambda key: {"authorization": f"Bearer {key}"},
    explain=explain,
    quota=Quota(60, 60.0),  # per workspace, shared by all its keys
    advice={
        401: "check the key under Settings > API keys; it may be revoked or past its expiry date",
        403: "make a key with the scopes this call needs; each method's help names them",
    },
    probes={
        "tickets:read": _probe("GET", "/tickets", "/tickets"),
        "tickets:write": _probe("PATCH", f"/tickets/{_NO_TICKET}", "/tickets/{ticket_id}"),
        "messages:read": _probe(
            "GET", f"/tickets/{_NO_TICKET}/messages", "/tickets/{ticket_id}/messages"
        ),
        "messages:send": _probe(
            "POST", f"/tickets/{_NO_TICKET}/messages", "/tickets/{ticket_id}/messages"
        ),
        "customers:read": _probe("GET", "/customers", "/customers"),
        "customers:write": _probe(
            "PATCH", f"/customers/{_NO_CUSTOMER}", "/customers/{customer_id}"
        ),
        "admin": None,  # it grants what the others grant; what else it grants, v1 does not show
    },
    wire=inferred.WIRE,
    wire_sent=("body_html", "cc_addresses"),
)


class Ticket0(SyncClient):
    __doc__ = f"Ticket0's API, blocking.\n\n{SyncClient.__doc__}"
    provider = PROVIDER

    @collection
    def tickets(self) -> Tickets[Sync]:
        """The support tickets of the workspace."""
        return Tickets(self._session)

    @collection
    def messages(self) -> Messages[Sync]:
        """The conversations of its tickets."""
        return Messages(self._session)

    @collection
    def customers(self) -> Customers[Sync]:
        """The people whom its tickets concern."""
        return Customers(self._session)


class AsyncTicket0(AsyncClient):
    __doc__ = f"Ticket0's API, awaited.\n\n{AsyncClient.__doc__}"
    provider = PROVIDER

    @collection
    def tickets(self) -> Tickets[Async]:
        """The support tickets of the workspace."""
        return Tickets(self._session)

    @collection
    def messages(self) -> Messages[Async]:
        """The conversations of its tickets."""
        return Messages(self._session)

    @collection
    def customers(self) -> Customers[Async]:
        """The people whom its tickets concern."""
        return Customers(self._session)


class FlowTicket0(FlowClient):
    """Ticket0's API for use inside flows."""

    provider = PROVIDER

    @collection
    def tickets(self) -> Tickets[InFlow]:
        """The support tickets of the workspace."""
        return Tickets(self._session)

    @collection
    def messages(self) -> Messages[InFlow]:
        """The conversations of its tickets."""
        return Messages(self._session)

    @collection
    def customers(self) -> Customers[InFlow]:
        """The people whom its tickets concern."""
        return Customers(self._session)


CLIENTS = Clients(Ticket0, AsyncTicket0, FlowTicket0)

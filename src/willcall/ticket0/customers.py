"""Ticket0's customers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ..client.endpoint import Collection, F, endpoint, listing
from ..client.op import UNSET, Op, Page, Unset, in_range, mapping, segment, text
from ..errors import InputError
from .models import Customer
from .wire import TicketCodec, wire_of


class Customers(Collection[F]):
    """The customers of the workspace."""

    @cached_property
    def _wire(self) -> TicketCodec:
        """How its answers are read."""
        return wire_of(self._session.account.wire)

    @listing
    def list(
        self, *, email: str | None = None, external_id: str | None = None, limit: int = 100
    ) -> Op[Page[Customer]]:
        """Customers, page by page. Their order is not documented.

        Args:
            email: only the customer with this address.
            external_id: only the customer with this external id.
            limit: customers on a page, 1 to 100 (2026).

        Raises:
            InputError: limit out of range.

        Scope: ``customers:read``. Documented by Ticket0 (2025).
        """
        params = {
            "email": email,
            "externalId": external_id,
            "limit": in_range("limit", limit, 100),
        }
        return self._wire.rows_page("/customers", "customers", Customer, params, "/customers")

    @endpoint
    def create(
        self,
        *,
        email: str,
        name: str | Unset | None = UNSET,
        external_id: str | Unset | None = UNSET,
        metadata: Mapping[str, str] | Unset = UNSET,
    ) -> Op[Customer]:
        """Create a customer record.

        Args:
            email: their address.
            name: their name.
            external_id: your own id for them. If a customer has it already, that customer is
                returned: the call is then an upsert, see :meth:`upsert`.
            metadata: your own facts, strings only.

        Raises:
            InputError: the address is empty, or metadata holds something other than strings.
            ValidationError: Ticket0 refuses a field, such as the address.
            OutcomeUnknownError: no clear answer; the record may exist. Search for it with
                ``customers.list(email=…)``.

        Scope: ``customers:write``. Documented by Ticket0 (2025).
        """
        return _make_customer(self._wire, email, name, external_id, metadata, repeatable=False)

    @endpoint
    def upsert(
        self,
        *,
        external_id: str,
        email: str,
        name: str | Unset | None = UNSET,
        metadata: Mapping[str, str] | Unset = UNSET,
    ) -> Op[Customer]:
        """The customer with this external id, created if there is none.

        An existing customer is returned unchanged. This is the only write that is safe to repeat,
        so it is retried after a failure like a read; it never raises OutcomeUnknownError.

        Args:
            external_id: your own id for them.
            email: their address.
            name: their name.
            metadata: your own facts, strings only.

        Raises:
            InputError: id or address are empty, or metadata holds something other than strings.
            ValidationError: Ticket0 refuses a field, such as the address.

        Scope: ``customers:write``. Documented by Ticket0 (2025).
        """
        known = text("external_id", external_id)
        return _make_customer(self._wire, email, name, known, metadata, repeatable=True)

    @endpoint
    def get(self, customer_id: str) -> Op[Customer]:
        """A customer.

        Raises:
            NotFoundError: no such customer in this workspace.

        Scope: ``customers:read``. Documented by Ticket0 (2025).
        """
        return _read(self._wire, customer_id)

    @endpoint
    def update(
        self,
        customer_id: str,
        *,
        name: str | Unset | None = UNSET,
        metadata: Mapping[str, str | None] | Unset = UNSET,
    ) -> Op[Customer]:
        """Change a customer record. A field that is not given stays as it is.

        Args:
            customer_id: ``cust_…``.
            name: their name; None clears it.
            metadata: facts to add or change, strings only; None removes a fact. Facts that are not
                named stay as they are.

        Raises:
            InputError: nothing to change was given, or metadata holds something other than strings.
            NotFoundError: no such customer in this workspace.
            OutcomeUnknownError: no clear answer; the change may have been made.

        Scope: ``customers:write``. Documented by Ticket0 (2025).
        """
        changes = {"name": name, "metadata": _facts(metadata, removable=True)}
        if all(value is UNSET for value in changes.values()):
            raise InputError("update", "nothing to change", "give name or metadata")
        return Op(
            "PATCH",
            f"/customers/{segment('customer_id', customer_id)}",
            self._wire.read_customer,
            json=changes,
            reread=_read(self._wire, customer_id),
            verify="get the customer and see whether it has changed",
            about={"customer": customer_id},
            route="/customers/{customer_id}",
        )


def _read(wire: TicketCodec, customer_id: str) -> Op[Customer]:
    return Op(
        "GET",
        f"/customers/{segment('customer_id', customer_id)}",
        wire.read_customer,
        about={"customer": customer_id},
        route="/customers/{customer_id}",
    )


def _facts(
    metadata: Mapping[str, Any] | Unset, *, removable: bool
) -> Mapping[str, str | None] | Unset:
    if isinstance(metadata, Unset):
        return UNSET
    for name, value in mapping("metadata", metadata).items():
        if not isinstance(value, str) and not (removable and value is None):
            raise InputError(
                "metadata", f"{name!r} is not text", "Ticket0 keeps strings only; write str(…)"
            )
    return metadata


def _make_customer(
    wire: TicketCodec,
    email: str,
    name: str | Unset | None,
    external_id: str | Unset | None,
    metadata: Mapping[str, str] | Unset,
    *,
    repeatable: bool,
) -> Op[Customer]:
    return Op(
        "POST",
        "/customers",
        wire.read_customer,
        json={
            "email": text("email", email),
            "name": name,
            "externalId": external_id,
            "metadata": _facts(metadata, removable=False),
        },
        verify="look with customers.list(email=…) before you create it again",
        route="/customers",
        repeatable=repeatable,
    )

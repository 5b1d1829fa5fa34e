"""What each act is at the desk, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ...client.flow import Flow
from ..model.address import Address
from ..model.cases import Act, Case, Intent
from ..model.house import House
from ..ports import Desk, Standing
from .lookup import LookupResult, missing, ticket_of


def carry_out(
    desk: Desk,
    house: House,
    case: Case,
    intent: Intent,
    address: Address,
    found: LookupResult | None,
) -> Flow[Standing | None]:
    """Carry out an act, other than a note; its ticket, where the desk's answer shows it.

    Args:
        desk: the desk.
        house: whose ticket it is, if it is to be opened.
        case: whose act it is.
        intent: the act, as it was marked.
        address: where the configuration would have it go, unless the mark says otherwise.
        found: what a lookup has shown of its ticket.

    Raises:
        OutcomeUnknownError: nobody knows whether it was carried out.
        ApiError: it was not; see :class:`~willcall.bridge.ports.Desk`.
    """
    if intent.act is Act.OPEN:
        payload = intent.payload
        where, body = sent_to(intent, address), house.opening(case.marker, payload["body"])
        return (yield from desk.open(where, payload["subject"], body))
    ticket_id = ticket_of(case, intent)
    if intent.act is Act.MESSAGE:
        yield from desk.say(ticket_id, intent.payload["text"], sent_to(intent, address))
        return None
    if intent.act is Act.TAG:
        assert found is not None and found.ticket is not None  # noqa: S101, PT018 - looked up first
        return (yield from desk.tag(found.ticket, *missing(intent, found.ticket)))
    return (yield from (desk.resolve if intent.act is Act.RESOLVE else desk.reopen)(ticket_id))


def destination(intent: Intent, address: Address) -> dict[str, str]:
    """Where an act goes, as the configuration has it now; empty if it says nothing about that."""
    if intent.act is Act.OPEN or (intent.act is Act.MESSAGE and address.mails):
        return {"customer_email": address.customer_email, **address.options}
    return {}


def sent_to(intent: Intent, address: Address) -> Address:
    """Where an act was sent at its last try; the address given, if it has not been tried."""
    sent: Mapping[str, str] = intent.sent
    if "customer_email" not in sent:
        return address
    options = {name: value for name, value in sent.items() if name != "customer_email"}
    return attrs.evolve(address, customer_email=sent["customer_email"], options=options)

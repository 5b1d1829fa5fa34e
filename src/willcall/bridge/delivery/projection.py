"""What the acts of a plan would make of the tickets that are at the desk already. Reads only.

People may have changed a ticket that is there, and what they changed is theirs. So it is read
first, as a run does. A ticket that is not there yet is described by its acts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from ...client.flow import Flow
from ...errors import ApiError, NotFoundError
from ..model.cases import Act, Case, Intent
from ..ports import Desk, Standing, TicketState


@attrs.frozen(kw_only=True)
class Fields:
    """What a plan can change of a ticket. ``status`` is the desk's own word."""

    status: str
    tags: tuple[str, ...] = ()
    assignee_id: str | None = None


@attrs.frozen(kw_only=True)
class Outlook:
    """A ticket now and after the acts of a plan. Both are None if it is gone: its acts are
    dropped."""

    case: str
    ticket_id: str
    subject: str = ""
    now: Fields | None = None
    then: Fields | None = None


@attrs.frozen
class Outlooks:
    """All tickets that a plan touches, and the error that kept it from reading the rest."""

    tickets: tuple[Outlook, ...] = ()
    trouble: ApiError | None = None


def outlooks(desk: Desk, acts: Iterable[tuple[Case, Intent]], deadline: float) -> Flow[Outlooks]:
    """Read every ticket that these acts are about.

    Args:
        desk: the desk.
        acts: with their cases, each case's in order.
        deadline: how many seconds each ticket may take.
    """
    by_case: dict[str, tuple[Case, list[Intent]]] = {}
    for case, intent in acts:
        by_case.setdefault(case.marker, (case, []))[1].append(intent)
    found: list[Outlook] = []
    for case, intents in by_case.values():
        if case.ticket_id is None:
            continue  # it is opened by these very acts
        try:
            ticket = yield from desk.within(deadline).standing(case.ticket_id)
        except NotFoundError:
            found.append(Outlook(case=case.marker, ticket_id=case.ticket_id))
        except ApiError as error:
            return Outlooks(tuple(found), error)
        else:
            found.append(_outlook(case, ticket, intents))
    return Outlooks(tuple(found))


def _outlook(case: Case, ticket: Standing, intents: Sequence[Intent]) -> Outlook:
    then = ticket
    for intent in intents:
        then = after(then, intent.act, intent.payload)
    return Outlook(
        case=case.marker,
        ticket_id=ticket.id,
        subject=ticket.subject,
        now=_fields(ticket),
        then=_fields(then),
    )


def _fields(ticket: Standing) -> Fields:
    return Fields(status=ticket.status, tags=ticket.tags, assignee_id=ticket.assignee_id)


def after(ticket: Standing, act: Act, payload: Mapping[str, Any]) -> Standing:
    """A ticket after an act, as delivery would carry it out."""
    if act is Act.RESOLVE and ticket.state.takes_more:
        return attrs.evolve(ticket, state=TicketState.RESOLVED, status=TicketState.RESOLVED.value)
    if act is Act.REOPEN and ticket.state is TicketState.RESOLVED:
        return attrs.evolve(ticket, state=TicketState.OPEN, status=TicketState.OPEN.value)
    if act is Act.TAG:
        return attrs.evolve(
            ticket,
            tags=tuple(dict.fromkeys([*ticket.tags, *payload["tags"]])),
            assignee_id=ticket.assignee_id or payload.get("assignee_id"),
        )
    return ticket

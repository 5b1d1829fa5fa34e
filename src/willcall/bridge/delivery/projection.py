"""What the acts of a plan would make of the tickets that are at the desk already. Reads only.

A new ticket is all in its acts; of one that is there, people may have changed what they like, and
that is theirs: so it is looked at first, as a run does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from ...client.flow import Flow
from ...errors import ApiError, NotFoundError
from ...ticket0.api import FlowTicket0
from ...ticket0.models import Ticket
from ..model.cases import Act, Case, Intent


@attrs.frozen(kw_only=True)
class Standing:
    """What a plan can change of a ticket."""

    status: str
    tags: tuple[str, ...] = ()
    assignee_id: str | None = None


@attrs.frozen(kw_only=True)
class Outlook:
    """A ticket now and after the acts of a plan. ``then`` is None if it is gone: its acts are
    dropped."""

    case: str
    ticket_id: str
    subject: str = ""
    now: Standing | None = None
    then: Standing | None = None


@attrs.frozen
class Outlooks:
    """All tickets that a plan touches, and what kept it from looking at the rest."""

    tickets: tuple[Outlook, ...] = ()
    trouble: ApiError | None = None


def outlooks(
    api: FlowTicket0, acts: Iterable[tuple[Case, Intent]], deadline: float
) -> Flow[Outlooks]:
    """Look at every ticket that these acts are about.

    Args:
        api: the desk.
        acts: with their cases, each case's in order.
        deadline: how many seconds all this may take.
    """
    by_case: dict[str, tuple[Case, list[Intent]]] = {}
    for case, intent in acts:
        by_case.setdefault(case.marker, (case, []))[1].append(intent)
    found: list[Outlook] = []
    for case, intents in by_case.values():
        if case.ticket_id is None:
            continue  # it is opened by these very acts
        try:
            asked = api.with_options(deadline=max(0.001, deadline))
            ticket = yield from asked.tickets.get(case.ticket_id)
        except NotFoundError:
            found.append(Outlook(case=case.marker, ticket_id=case.ticket_id))
        except ApiError as error:
            return Outlooks(tuple(found), error)
        else:
            found.append(_outlook(case, ticket, intents))
    return Outlooks(tuple(found))


def _outlook(case: Case, ticket: Ticket, intents: Sequence[Intent]) -> Outlook:
    now = Standing(
        status=str(ticket.status), tags=tuple(ticket.tags), assignee_id=ticket.assignee_id
    )
    then = now
    for intent in intents:
        then = after(then, intent.act, intent.payload)
    return Outlook(
        case=case.marker, ticket_id=ticket.id, subject=ticket.subject, now=now, then=then
    )


def after(now: Standing, act: Act, payload: Mapping[str, Any]) -> Standing:
    """A ticket after one act, as delivery would carry it out."""
    if act is Act.RESOLVE:
        return attrs.evolve(now, status="resolved")
    if act is Act.REOPEN:
        return attrs.evolve(now, status="open" if now.status == "resolved" else now.status)
    if act is Act.TAG:
        tags = [*now.tags, *payload["tags"]]
        assignee = payload.get("assignee_id")
        return attrs.evolve(
            now,
            tags=tuple(dict.fromkeys(tags)),
            assignee_id=now.assignee_id or assignee,
        )
    return now

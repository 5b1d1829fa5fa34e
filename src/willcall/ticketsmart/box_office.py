"""TicketSmart as a box office of the bridge: pages of the list, and where ticket types come from.

That an event tells what is left of its ticket types is inferred. Where it does, one request shows
everything as of one moment. Where it does not, its ticket types are asked for; and once that is
known, they are asked for alone, and the rest is as the event was last seen. If the event would then
count as sold out, or no longer, its status is read once more: an old status and a new stock may
never have been true together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

import attrs

from ..bridge.model.facts import EventFacts, TypeFacts, carried_over
from ..bridge.model.questions import Question
from ..bridge.model.sale import TypeSale
from ..bridge.ports import (
    BoxOfficeAdapter,
    BoxOfficeCapabilities,
    EventRows,
    Ignored,
    NotThere,
    Refused,
    Remark,
    Removed,
)
from ..client.flow import Flow, now
from ..client.op import Op, Page
from ..errors import (
    ApiError,
    NoEffectError,
    NotFoundError,
    OutcomeUnknownError,
    SoldTicketsError,
    ValidationError,
)
from .api import PROVIDER, FlowTicketSmart
from .inspection import inspect
from .models import Category, Event, TicketType
from .wire import wire_of

TITLE = "TicketSmart"

_ROWS = 100
"""Documented by TicketSmart: the most rows of a page."""


@attrs.define
class _Learned:
    """What the answers so far have shown; shared by the copies that :meth:`within` makes."""

    silent: bool = False
    """Whether an event by itself does not tell what is left of its ticket types."""


@attrs.frozen
class TicketSmartBoxOffice:
    """A box office at TicketSmart."""

    _api: FlowTicketSmart
    _learned: _Learned = attrs.field(factory=_Learned)

    name = PROVIDER.name
    title = TITLE
    quota = PROVIDER.quota
    capabilities = BoxOfficeCapabilities(rows=_ROWS, remove=True, questions=True)

    def within(self, seconds: float, *, tries: int | None = None) -> Self:
        """The same box office, whose calls end after so many seconds and are tried so often."""
        options: dict[str, Any] = {} if tries is None else {"tries": tries}
        api = self._api.with_options(deadline=max(0.001, seconds), **options)
        return attrs.evolve(self, api=api)

    def rows(self, cursor: Op[Page[Event]] | None = None) -> Flow[EventRows]:
        """One page of the list. Its cursor is the call for it, as the page before it gave it."""
        page = yield from self._api.events.list(limit=_ROWS).page(cursor)
        return (yield from _rows(page))

    def asked(self, question: Question) -> Flow[EventRows]:
        """The page of the list that a question asks for. The filters are documented; what the
        dates are compared with is not, so a question names whole instants."""
        listed = self._api.events.list(
            status=question.status,
            date_from=question.since,
            date_to=question.until,
            page=question.page,
            limit=_ROWS,
        )
        op = listed.walk().op
        if op is not None and question.page > 1:
            # Its total is of all that the question asks for, whichever page is read.
            op = wire_of(self._api.names).events_page(dict(op.params or {}), first=1)
        return (yield from _rows((yield from listed.page(op))))

    def cursor(self, step: int) -> Op[Page[Event]] | None:
        """The call for a page by its number."""
        return self._api.events.list(page=step, limit=_ROWS).walk().op

    def event(
        self, id_or_name: str, known: EventFacts | None = None, *, stock: bool = True
    ) -> Flow[EventFacts | NotThere]:
        """One event, and what is left of its ticket types."""
        try:
            return (yield from self._event(id_or_name, known, stock=stock))
        except NotFoundError:
            return NotThere()

    def _event(self, name: str, known: EventFacts | None, *, stock: bool) -> Flow[EventFacts]:
        seen = known
        if seen is None or not (stock and self._learned.silent):
            event = yield from self._api.events.get(name)
            at = yield from now()
            if not stock:
                return event_facts(event, at)
            if _tells_stock(event):
                return event_facts(event, at, event.ticket_types)
            self._learned.silent = True
            seen = event_facts(event, at)
        types = yield from self._api.events.ticket_types(name)
        at = yield from now()
        now_seen = attrs.evolve(
            seen,
            ticket_types=tuple(map(type_facts, types)),
            absent=0,
            vanished=False,
            types_seen_at=seen.types_seen_at or at,
        )
        if known is None or _is_news(known, carried_over(known, now_seen, at)):
            return event_facts((yield from self._api.events.get(name)), at, types)
        return now_seen

    def remove(self, event_id: str, ticket_type_id: str) -> Flow[Removed | Refused | Ignored]:
        """Remove a ticket type, unless tickets of it were sold. Tried once. An answer that it was
        done is believed once the event no longer has the ticket type."""
        api = self._api.with_options(tries=1)
        try:
            event = yield from api.events.remove_ticket_type(event_id, ticket_type_id)
        except SoldTicketsError as error:
            return Refused(error.message)
        except ValidationError as error:
            return Ignored(_in_words(error))
        except NoEffectError as error:
            # The answer may show the event as it was before; another request shows it as it is.
            there = yield from self._is_there(event_id, ticket_type_id)
            return Ignored(_in_words(error)) if there else Removed()
        if event.ticket_types is None and (yield from self._is_there(event_id, ticket_type_id)):
            return Ignored("200, and the ticket type is still there")
        return Removed()

    def remarks(self) -> Flow[list[Remark]]:
        """Which of the inferred names its answers have."""
        return inspect(self._api, self._api.names)

    def _is_there(self, event_id: str, ticket_type_id: str) -> Flow[bool]:
        """Whether an event still has a ticket type after a removal.

        Raises:
            OutcomeUnknownError: it could not be read.
        """
        try:
            types = yield from self._api.events.ticket_types(event_id)
        except ApiError as error:
            raise OutcomeUnknownError(
                f"it may or may not have been removed: {error.message}", provider=self.name
            ) from error
        return any(kind.id == ticket_type_id for kind in types)


def _rows(page: Page[Event]) -> Flow[EventRows]:
    at = yield from now()
    rows = tuple(event_facts(event, at) for event in page.items)
    return EventRows(events=rows, next=page.following, total=page.total, unreadable=page.unreadable)


def _in_words(error: ApiError) -> str:
    """What came of a request, without what it asked for."""
    said = f"{error.status}: {error.message}"
    if error.details:
        said += f"; {str(error.details)[:200]}"
    return f"{said} ({error.hint})" if error.hint else said


def _tells_stock(event: Event) -> bool:
    """Whether an event tells how many are left of each of its ticket types."""
    types = event.ticket_types
    return types is not None and all(kind.available is not None or kind.unlimited for kind in types)


def _is_news(known: EventFacts, seen: EventFacts) -> bool:
    """Whether the event, or a ticket type that was there, is sold out now, or no longer. The
    event's status is of an earlier moment and may say otherwise by now."""
    if seen.sold_out != known.sold_out:
        return True
    return any(
        sale == TypeSale.SOLD_OUT and known.sale_of(kind.id) not in (sale, None)
        for kind, sale in zip(seen.ticket_types or (), seen.sales, strict=True)
    )


def type_facts(ticket_type: TicketType) -> TypeFacts:
    """What the bridge keeps of a ticket type."""
    return TypeFacts(
        id=ticket_type.id,
        name=ticket_type.name,
        price=ticket_type.price_cents,
        quantity=ticket_type.quantity,
        sold=ticket_type.sold,
        available=ticket_type.available,
        hidden=ticket_type.hidden,
        sale_starts_at=ticket_type.sale_starts_at,
        sale_ends_at=ticket_type.sale_ends_at,
        unlimited=ticket_type.unlimited,
        add_on=ticket_type.add_on,
    )


def event_facts(
    event: Event, seen_at: datetime, types: Sequence[TicketType] | None = None
) -> EventFacts:
    """What the bridge keeps of an event.

    Args:
        event: as it was answered.
        seen_at: when (aware).
        types: its ticket types, where they were asked for or it was asked for by itself. None for
            a row of the list, whose own ones are then taken.
    """
    known = event.ticket_types if types is None else types
    kept = None if known is None else tuple(map(type_facts, known))
    return EventFacts(
        id=event.id,
        title=event.title,
        status=str(event.status),
        starts_at=event.starts_at,
        slug=event.slug,
        timezone=event.timezone,
        venue_name=event.venue_name,
        city=event.city,
        country=event.country,
        ends_at=event.ends_at,
        doors_open=event.doors_open,
        category=None if event.category is None else str(event.category),
        visibility=None if event.visibility is None else str(event.visibility),
        currency=event.currency,
        public_url=event.public_url,
        ticket_types=kept,
        types_seen_at=None if types is None else seen_at,
    )


ADAPTER = BoxOfficeAdapter(
    provider=PROVIDER,
    title=TITLE,
    open=lambda account, _: TicketSmartBoxOffice(FlowTicketSmart(account)),
    capabilities=TicketSmartBoxOffice.capabilities,
    scopes={"events:read": "to look at all"},
    removal_scopes={"events:write": "for [[removal]]"},
    categories=tuple(Category),
)

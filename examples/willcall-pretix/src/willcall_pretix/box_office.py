"""pretix as a box office of the bridge: ``provider = "pretix"`` in a ``[[box_office]]``.

An event of pretix is an event of the bridge, by its slug; of a series each date is, as
``cabaret/2``. An item is a ticket type, and so is each variation of an item.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs

from willcall.bridge.model.facts import EventFacts, EventState, TypeFacts
from willcall.bridge.ports import (
    BoxOfficeAdapter,
    BoxOfficeCapabilities,
    EventRows,
    NotThere,
    Refused,
    Removed,
    Setting,
)
from willcall.client.flow import Flow
from willcall.client.op import UNSET, Op, Page
from willcall.errors import ConflictError, NotFoundError, PermissionDeniedError

from .api import DATES, PROVIDER, Date, Event, FlowPretix, Stock, words


@attrs.frozen
class PretixBoxOffice:
    """The events of an organizer."""

    api: FlowPretix

    name = PROVIDER.name
    title = "pretix"
    quota = PROVIDER.quota
    capabilities = BoxOfficeCapabilities(rows=50, remove=True)

    def within(self, seconds: float, *, tries: int | None = None) -> Self:
        """The same box office, whose calls end after so many seconds."""
        api = self.api.with_options(deadline=seconds, tries=UNSET if tries is None else tries)
        return type(self)(api)

    def rows(self, cursor: Any = None) -> Flow[EventRows]:
        """A page of events, or after the last a page of the dates of series. No row says what is
        left of its ticket types."""
        op, series = cursor or (None, {})
        if (series and op is None) or (op is not None and op.route == DATES):
            return (yield from self._dates(op, series))
        page = yield from self.api.events.list().page(op)
        series = series | {row.slug: row for row in page.items if row.has_subevents}
        rows = tuple(_event_facts(row) for row in page.items if not row.has_subevents)
        more = page.following is not None or series
        following = (page.following, series) if more else None
        return EventRows(events=rows, next=following, unreadable=page.unreadable)

    def _dates(self, op: Op[Page[Date]] | None, series: Mapping[str, Event]) -> Flow[EventRows]:
        page = yield from self.api.dates.list().page(op)
        rows = tuple(
            _date_facts(series[row.event], row) for row in page.items if row.event in series
        )
        following = None if page.following is None else (page.following, series)
        return EventRows(events=rows, next=following, unreadable=page.unreadable)

    def cursor(self, step: int) -> None:
        """Where the dates begin is not known before the events were read."""

    def event(
        self, id_or_name: str, known: EventFacts | None = None, *, stock: bool = True
    ) -> Flow[EventFacts | NotThere]:
        """An event, or a date of a series, with its ticket types: two requests if it is known."""
        slug, _, number = id_or_name.partition("/")
        date = int(number) if number.isdecimal() else None
        try:
            facts = known if known and stock else (yield from self._facts(slug, date))
            if not stock:
                return facts
            items = yield from self.api.events.stock(slug, date=date, currency=facts.currency)
        except NotFoundError:
            return NotThere()
        except PermissionDeniedError:
            # pretix says the same of an event that is not there and of one that may not be seen.
            events = yield from self.api.events.list().all(certain=True)
            if any(event.slug == slug for event in events):
                raise
            return NotThere()
        kinds = tuple(map(_type_facts, items))
        return attrs.evolve(
            facts,
            ticket_types=kinds,
            absent=0,
            vanished=False,
        )

    def _facts(self, slug: str, date: int | None) -> Flow[EventFacts]:
        event = yield from self.api.events.get(slug)
        if date is None:
            return _event_facts(event)
        return _date_facts(event, (yield from self.api.dates.get(slug, date)))

    def remove(self, event_id: str, ticket_type_id: str) -> Flow[Removed | Refused]:
        """Delete an item; a series has the same items on all of its dates."""
        item, _, variation = ticket_type_id.partition("-")
        if variation:
            return Refused("it is a variation of an item; deactivate it in pretix")
        try:
            yield from self.api.items.delete(event_id.partition("/")[0], int(item))
        except ConflictError as error:
            return Refused(error.message)
        return Removed()


def _status(on_sale: bool) -> EventState:
    """pretix knows no cancelled events: they are taken off sale."""
    return EventState.PUBLISHED if on_sale else EventState.DRAFT


def _event_facts(event: Event) -> EventFacts:
    return EventFacts(
        id=event.slug,
        slug=event.slug,
        title=words(event.name),
        status=_status(event.live),
        starts_at=event.date_from,
        ends_at=event.date_to,
        doors_open=event.date_admission,
        timezone=event.timezone,
        visibility="PUBLIC" if event.is_public else "UNLISTED",
        currency=event.currency,
        public_url=event.public_url,
    )


def _date_facts(event: Event, date: Date) -> EventFacts:
    name = f"{event.slug}/{date.id}"
    return attrs.evolve(
        _event_facts(event),
        id=name,
        slug=name,  # the slug of the series would name all of its dates
        title=words(date.name) or words(event.name),
        status=_status(event.live and date.active),
        starts_at=date.date_from,
        ends_at=date.date_to,
        doors_open=date.date_admission,
        public_url=event.public_url and f"{event.public_url}{date.id}/",
    )


def _type_facts(stock: Stock) -> TypeFacts:
    return TypeFacts(
        id=stock.id,
        name=stock.name,
        price=int(stock.price),
        quantity=stock.size,
        available=stock.available,
        hidden=stock.hidden,
        sale_starts_at=stock.sale_starts_at,
        sale_ends_at=stock.sale_ends_at,
        add_on=not stock.admission,
    )


BOX_OFFICE = BoxOfficeAdapter(
    provider=PROVIDER,
    title=PretixBoxOffice.title,
    open=lambda account, _: PretixBoxOffice(FlowPretix(account)),
    capabilities=PretixBoxOffice.capabilities,
    scopes={"events": "to read the events"},
    settings=(
        Setting(
            name="organizer",
            summary="the organizer's short form, as in its address",
            required=True,
            example="lindenhof",
        ),
    ),
)

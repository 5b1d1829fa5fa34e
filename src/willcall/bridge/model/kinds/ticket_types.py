"""What happens to ticket types."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs

from ..facts import EventFacts, EventState, TypeFacts
from ..sale import EventSale, Include, TypeSale
from .kind import (
    Appears,
    Disappears,
    LevelDiffers,
    ReportedBy,
    Severity,
    TypeDiffers,
    TypeKind,
    TypeLevel,
    over,
    with_left,
)

LOW_STOCK = "ticket_type.low_stock"
OFF_SALE = "ticket_type.off_sale"
RESTOCKED = "ticket_type.restocked"
SELLING_FAST = "ticket_type.selling_fast"
SELLING_SLOWER = "ticket_type.selling_slower"
REMOVAL_FAILED = "ticket_type.removal_failed"

# -- detection ------------------------------------------------------------------------------------

_OFF_SALE = frozenset({TypeSale.NOT_YET, TypeSale.PAUSED, TypeSale.OVER})
_OF_EVENT = frozenset(EventState) - {EventState.PUBLISHED}
_WAS_OFFERED = frozenset({TypeSale.ON_SALE, TypeSale.SOLD_OUT})


def _sells_out(was: TypeLevel, now: TypeLevel, _event: EventFacts) -> bool:
    return now.sale == TypeSale.SOLD_OUT and was.sale != TypeSale.SOLD_OUT


def _is_back(was: TypeLevel, now: TypeLevel, _event: EventFacts) -> bool:
    return was.sale == TypeSale.SOLD_OUT and now.sale == TypeSale.ON_SALE


def _is_off_sale(was: TypeLevel, now: TypeLevel, event: EventFacts) -> bool:
    # That a ticket type is hidden, and what becomes of the whole event, are kinds of their own.
    by_itself = event.status == EventState.SOLD_OUT and now.sale != TypeSale.PAUSED
    return (
        was.sale in _WAS_OFFERED
        and now.sale in _OFF_SALE
        and not now.facts.hidden
        and (by_itself or event.status not in _OF_EVENT)
        and event.sale != EventSale.OVER
    )


def _runs_low(was: TypeLevel, now: TypeLevel, _event: EventFacts) -> bool:
    # What was sold out and has a few places again does not run low: that is good news, and
    # reported as such.
    if now.sale != TypeSale.ON_SALE or was.sale == TypeSale.SOLD_OUT or not now.low:
        return False
    # That it is on again after a cancellation is no sale.
    return was.sale not in {TypeSale.ON_SALE, TypeSale.OVER} or not was.low


def _is_restocked(was: TypeLevel, now: TypeLevel, _event: EventFacts) -> bool:
    if not was.sale == now.sale == TypeSale.ON_SALE:
        return False
    return was.low and not now.low and now.facts.counted


# -- examples -------------------------------------------------------------------------------------

_SALE_ENDED = datetime(2026, 11, 20, tzinfo=UTC)
_SALE_ENDS = datetime(2027, 3, 13, tzinfo=UTC)


def _plenty(ticket_type: TypeFacts) -> TypeFacts:
    return with_left(ticket_type, ticket_type.available or 40)


def _changes_quantity(ticket_type: TypeFacts) -> tuple[TypeFacts, TypeFacts]:
    quantity = ticket_type.quantity or 20
    before = attrs.evolve(ticket_type, quantity=max(0, (ticket_type.quantity or 20) - 20))
    return before, attrs.evolve(ticket_type, quantity=quantity)


def _changes_window(ticket_type: TypeFacts) -> tuple[TypeFacts, TypeFacts]:
    ends = ticket_type.sale_ends_at or _SALE_ENDS
    return ticket_type, attrs.evolve(ticket_type, sale_ends_at=ends - timedelta(days=1))


# -- the kinds ------------------------------------------------------------------------------------

TICKET_TYPES = (
    TypeKind(
        name="ticket_type.added",
        summary="a ticket type was added",
        severity=Severity.LOW,
        seen=Appears(),
        example=lambda it: (None, it),
    ),
    TypeKind(
        name="ticket_type.removed",
        summary="a ticket type was removed",
        severity=Severity.LOW,
        news_by_itself=True,
        seen=Disappears(),
        example=lambda it: (it, it),
    ),
    TypeKind(
        name="ticket_type.sold_out",
        summary="a ticket type is sold out",
        cleared_by=("ticket_type.back_on_sale",),
        superseded_by=(
            *over("ticket_type.sold_out"),
            "event.sold_out",
            "ticket_type.hidden",
            OFF_SALE,
        ),
        damped=True,
        built_in=True,
        seen=LevelDiffers(_sells_out),
        still=lambda event, it, _low: event.sale_of(it.id) == TypeSale.SOLD_OUT,
        example=lambda it: (with_left(it, 3), with_left(it, 0)),
    ),
    TypeKind(
        name="ticket_type.back_on_sale",
        summary="a ticket type is back on sale",
        seen=LevelDiffers(_is_back),
        example=lambda it: (with_left(it, 0), _plenty(it)),
    ),
    TypeKind(
        name=LOW_STOCK,
        summary="a ticket type runs low",
        damped=True,
        cleared_by=(RESTOCKED,),
        superseded_by=(
            *over(LOW_STOCK),
            "ticket_type.sold_out",
            "event.sold_out",
            "ticket_type.hidden",
            OFF_SALE,
        ),
        built_in=True,
        remark="while the event is on sale; see `[low_stock]`",
        seen=LevelDiffers(_runs_low),
        still=lambda event, it, low: event.sale_of(it.id) == TypeSale.ON_SALE and low(it),
        example=lambda it: (_plenty(it), with_left(it, 3)),
    ),
    TypeKind(
        name=RESTOCKED,
        summary="a ticket type no longer runs low",
        seen=LevelDiffers(_is_restocked),
        example=lambda it: (with_left(it, 3), _plenty(it)),
    ),
    TypeKind(
        name=OFF_SALE,
        summary="a ticket type is no longer on sale",
        severity=Severity.LOW,
        seen=LevelDiffers(_is_off_sale),
        example=lambda it: (it, attrs.evolve(it, sale_ends_at=_SALE_ENDED)),
    ),
    # A forecast, and not a fact: no built-in rule opens a ticket for it.
    TypeKind(
        name=SELLING_FAST,
        summary="a ticket type is expected to sell out soon",
        cleared_by=(SELLING_SLOWER,),
        superseded_by=(
            *over(SELLING_FAST),
            LOW_STOCK,
            "ticket_type.sold_out",
            "event.sold_out",
            "ticket_type.hidden",
            OFF_SALE,
        ),
        seen=ReportedBy.FORECAST,
        example=lambda it: (_plenty(it), _plenty(it)),
        detail="40 minutes to 2 hours",
    ),
    TypeKind(
        name=SELLING_SLOWER,
        summary="a ticket type is no longer expected to sell out soon",
        severity=Severity.LOW,
        seen=ReportedBy.FORECAST,
        example=lambda it: (it, it),
    ),
    TypeKind(
        name="ticket_type.price_changed",
        summary="a price changed",
        seen=TypeDiffers(
            ("price",),
            # A price that is missing is not a different price.
            lambda before, after: None not in (before.price, after.price),
        ),
        example=lambda it: (attrs.evolve(it, price=max(0, (it.price or 0) - 500)), it),
    ),
    TypeKind(
        name="ticket_type.quantity_changed",
        summary="a quantity changed",
        severity=Severity.LOW,
        seen=TypeDiffers(
            ("quantity",),
            lambda before, after: None not in {before.quantity, after.quantity},
        ),
        example=_changes_quantity,
    ),
    TypeKind(
        name="ticket_type.hidden",
        summary="a ticket type is hidden",
        severity=Severity.LOW,
        cleared_by=("ticket_type.shown",),
        seen=TypeDiffers(("hidden",), lambda _before, after: after.hidden),
        still=lambda _event, it, _low: it.hidden,
        example=lambda it: (attrs.evolve(it, hidden=False), attrs.evolve(it, hidden=True)),
    ),
    TypeKind(
        name="ticket_type.shown",
        summary="a ticket type is shown",
        severity=Severity.LOW,
        news_by_itself=True,
        seen=TypeDiffers(("hidden",), lambda _before, after: not after.hidden),
        example=lambda it: (attrs.evolve(it, hidden=True), attrs.evolve(it, hidden=False)),
    ),
    TypeKind(
        name="ticket_type.sale_window_changed",
        summary="a sale window changed",
        severity=Severity.LOW,
        seen=TypeDiffers(("sale_starts_at", "sale_ends_at")),
        example=_changes_window,
    ),
    TypeKind(
        name=REMOVAL_FAILED,
        summary="a ticket type cannot be removed",
        cleared_by=("ticket_type.removed",),
        superseded_by=(
            *(kind for kind in over(REMOVAL_FAILED) if kind != "ticket_type.removed"),
            "ticket_type.hidden",
        ),
        built_in=True,
        include=(Include.DRAFTS, Include.PAST),
        remark="if willcall tried it, or it was reported with `Bridge.report`",
        seen=ReportedBy.REMOVAL,
        example=lambda it: (it, it),
        detail="Cannot remove a ticket type that has sold tickets",
    ),
)

"""What makes the bridge say what is so: with any of it taken out, the simulation fails.

Each entry names the habit of the box office under which that shows, and the first seed that fails.
Within 2,000 seeds each does; the tests play a few, up to that one.
"""

from typing import Any

import attrs
import pytest

from support.virtual_bridge import ADDRESS
from willcall.bridge.alerting import inhibition
from willcall.bridge.alerting.unit_of_work import UnitOfWork
from willcall.bridge.model import facts, rules, sale
from willcall.bridge.model.cases import Condition
from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.model.rules import Rules, built_in_rules
from willcall.bridge.model.sale import EventSale, TypeSale
from willcall.simulation.campaign import play_many

BUILT_IN = Rules(rules=built_in_rules(ADDRESS), default=ADDRESS)
TYPE_SALE, EVENT_SALE, TYPES = sale.type_sale, sale.event_sale, facts._types


def _never_freed(work: UnitOfWork, condition: Condition) -> None:
    """What another ticket once said is forgotten when that ticket ends."""
    work.conditions.pop(condition.name, None)


def _holds_anyway(work: UnitOfWork, condition: Condition) -> bool:
    """What another ticket said is announced afterwards, whether it still holds or not."""
    return True


def _any_window(status: str, known: TypeFacts, at: Any, *, past: bool = False) -> TypeSale:
    """Sale windows are not looked at."""
    always = attrs.evolve(known, sale_starts_at=None, sale_ends_at=None)
    return TYPE_SALE(status, always, at, past=past)


def _hidden_counts(status: str, known: TypeFacts, at: Any, *, past: bool = False) -> TypeSale:
    """What is hidden counts as offered."""
    return TYPE_SALE(status, attrs.evolve(known, hidden=False), at, past=past)


def _drafts_sell(status: str, known: TypeFacts, at: Any, *, past: bool = False) -> TypeSale:
    """A draft counts as on sale."""
    return TYPE_SALE("PUBLISHED" if status == "DRAFT" else status, known, at, past=past)


def _nothing_is_past(*_: Any) -> bool:
    """What is over counts as before."""
    return False


def _all_is_news(*_: Any) -> None:
    """A rule takes what happens to drafts and the past unasked."""


def _limited(before: EventFacts, seen: EventFacts) -> Any:
    """That there is no limit is taken for not told."""
    kinds = seen.ticket_types
    if kinds is not None:
        kinds = tuple(attrs.evolve(kind, unlimited=False) for kind in kinds)
    return TYPES(before, attrs.evolve(seen, ticket_types=kinds))


def _all_must_be_sold(status: str, sales: Any, *, past: bool = False, gone: bool = False) -> Any:
    """An event is sold out only if every ticket type is, also those that are not on sale."""
    found = EVENT_SALE(status, sales, past=past, gone=gone)
    if found == EventSale.SOLD_OUT and set(sales) != {TypeSale.SOLD_OUT}:
        return EventSale.ON_SALE
    return found


def _cut_is_sold(status: str, known: TypeFacts, at: Any, *, past: bool = False) -> TypeSale:
    """A quantity of 0 with nothing sold counts as sold out."""
    if known.quantity == 0 and not known.sold:
        known = attrs.evolve(known, quantity=1, sold=1, available=0)
    return TYPE_SALE(status, known, at, past=past)


SABOTAGE = {
    "inhibition without a return": (None, 7, inhibition, "_freed", _never_freed),
    "a return unasked": ("baskets", 198, UnitOfWork, "still", _holds_anyway),
    "sale windows": ("sale-windows", 0, facts, "type_sale", _any_window),
    "hidden": ("hidden", 6, facts, "type_sale", _hidden_counts),
    "drafts": ("drafts", 7, facts, "type_sale", _drafts_sell),
    "the past": ("past", 0, facts, "is_past", _nothing_is_past),
    "unlimited": ("unlimited", 5, facts, "_types", _limited),
    "beside what is not on sale": ("sale-windows", 2, facts, "event_sale", _all_must_be_sold),
    "a quantity of 0": ("quantity-cut", 16, facts, "type_sale", _cut_is_sold),
}


@pytest.mark.parametrize(
    ("habit", "first", "where", "name", "mutant"), SABOTAGE.values(), ids=SABOTAGE
)
def test_what_makes_it_true_is_needed(
    monkeypatch: pytest.MonkeyPatch,
    habit: str | None,
    first: int,
    where: Any,
    name: str,
    mutant: Any,
) -> None:
    """Without it a seed fails that is played well with it."""
    habits = [] if habit is None else [habit]
    with monkeypatch.context() as sabotaged:
        sabotaged.setattr(where, name, mutant)
        if habit in {"drafts", "past"}:
            # The state of an event and what rules include keep these silent, each by itself.
            sabotaged.setattr(rules, "needs", _all_is_news)
        broken = play_many(range(first, first + 40), [BUILT_IN], habits=habits, stop_at=1).broken
    assert broken, "nothing was noticed"
    assert not play_many([broken[0].seed], [BUILT_IN], habits=habits).broken

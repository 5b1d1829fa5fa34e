"""Which rules can never take anything, and why; and which take more than was meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

import attrs

from ..model.changes import KINDS, matching
from ..model.rules import GroupBy, OnClear, Predicates, Rule

_LOW = "ticket_type.low_stock"
_OF_TYPE = (
    "ticket_type_name_contains",
    "remaining_below",
    "remaining_share_below",
    "price_at_least",
)


def impossible(rule: Rule) -> tuple[str, str] | None:
    """The predicate by which a rule takes nothing whatever happens, and why; None if it may."""
    asks = rule.predicates
    kinds = [KINDS[kind] for kind in rule.kinds]
    asked = [name for name in attrs.fields_dict(Predicates) if getattr(asks, name) is not None]
    if not any(kind.of_ticket_type for kind in kinds):
        for name in asked:
            if name in _OF_TYPE:
                return name, "it asks about a ticket type, and no kind in `when` is about one"
    if not any(kind.of_event for kind in kinds):
        for name in asked:
            if name != "box_office":
                return name, "it asks about an event, and no kind in `when` is about one"
    within, after = asks.starts_within, asks.starts_after
    if within is not None and after is not None and after > within:
        return "starts_after", "nothing starts later than that and yet within starts_within"
    return None


def shadowing(rules: Sequence[Rule]) -> list[tuple[Rule, list[Rule]]]:
    """The rules that never get anything, since earlier ones take it all; with those."""
    found = []
    for number, rule in enumerate(rules):
        takers = [_taker(kind, rule, rules[:number]) for kind in rule.kinds]
        if takers and all(takers):
            found.append((rule, list(dict.fromkeys(one for one in takers if one is not None))))
    return found


# What clears something, but happens without it as well: news in its own right.
_NEWS_OF_THEIR_OWN = ("ticket_type.removed", "ticket_type.shown")


def good_news(
    rule: Rule, glob: str, named: Collection[str], earlier: Sequence[Rule]
) -> tuple[str, ...]:
    """The kinds that a glob takes together with what they clear: such a change ends one ticket and
    opens another, which nothing ends. Empty where that may be meant: a journal (one ticket a day or
    box office, or beside other rules), tickets that are left alone when all is well again, words
    that ask for the kind, predicates that good news does not meet.

    Args:
        rule: whose glob it is.
        glob: as in ``event.*``.
        named: what else stands in its ``when``: a kind that is named there is meant.
        earlier: the rules before it.
    """
    asks = rule.predicates
    journal = rule.group_by in {GroupBy.DAY, GroupBy.BOX_OFFICE} or rule.go_on
    if journal or rule.on_clear is OnClear.NOTHING or _asks_for_kind(rule):
        return ()
    if asks.about_stock or asks.event_status is not None or impossible(rule) is not None:
        return ()
    kinds = matching([glob])
    clearing = {good for kind in kinds for good in KINDS[kind].cleared_by}
    return tuple(
        kind
        for kind in kinds
        if kind in clearing
        and kind not in (*_NEWS_OF_THEIR_OWN, *named)
        and _taker(kind, rule, earlier) is None
    )


def _asks_for_kind(rule: Rule) -> bool:
    words = (rule.subject, rule.body, rule.note, rule.message)
    return any(isinstance(w, str) and re.search(r"{[{%][^}]*\bkind\b", w) for w in words)


def _taker(kind: str, rule: Rule, earlier: Sequence[Rule]) -> Rule | None:
    """The earlier rule that takes whatever of that kind this one would."""
    for other in earlier:
        if not other.go_on and kind in other.kinds and _implied(other, rule, kind):
            return other
    return None


def _implied(wide: Rule, narrow: Rule, kind: str) -> bool:
    """Whether whatever the narrow one takes, the wide one takes as well."""
    if kind == _LOW and wide.predicates.about_stock != narrow.predicates.about_stock:
        return False  # one goes by the general threshold, the other by its own
    return all(
        _covers(name, getattr(wide.predicates, name), getattr(narrow.predicates, name))
        for name in attrs.fields_dict(Predicates)
    )


def _covers(name: str, wide: Any, narrow: Any) -> bool:
    if wide is None:
        return True
    if narrow is None:
        return False
    if name.endswith("_contains"):
        return all(any(part.casefold() in one.casefold() for part in wide) for one in narrow)
    if isinstance(wide, tuple):
        return {one.casefold() for one in narrow} <= {one.casefold() for one in wide}
    if name in {"price_at_least", "starts_after"}:
        return bool(narrow >= wide)
    return bool(narrow <= wide)

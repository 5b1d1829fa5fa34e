"""Finds rules that can never take anything, and rules that take more than was meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from ..model.kinds import KINDS, matching
from ..model.kinds.ticket_types import LOW_STOCK
from ..model.predicates import BoxOfficePredicate, TypePredicate
from ..model.rules import GroupBy, OnClear, Rule


def impossible(rule: Rule) -> tuple[str, str] | None:
    """A predicate that no change of the rule's kinds can meet, and why; None if there is none."""
    kinds = [KINDS[kind] for kind in rule.kinds]
    of_event = any(kind.of_event for kind in kinds)
    of_type = any(kind.of_ticket_type for kind in kinds)
    for predicate, value in rule.predicates:
        if isinstance(predicate, TypePredicate) and not of_type:
            return predicate.name, "it asks about a ticket type, and no kind in `when` is about one"
        if not isinstance(predicate, BoxOfficePredicate) and not of_event:
            return predicate.name, "it asks about an event, and no kind in `when` is about one"
        never = predicate.never(value, rule.predicates)
        if never is not None:
            return predicate.name, never
    return None


def shadowing(rules: Sequence[Rule]) -> list[tuple[Rule, list[Rule]]]:
    """The rules that never get anything, and the earlier rules that take it all."""
    found = []
    for number, rule in enumerate(rules):
        takers = [_taker(kind, rule, rules[:number]) for kind in rule.kinds]
        if takers and all(takers):
            found.append((rule, list(dict.fromkeys(taker for taker in takers if taker))))
    return found


def good_news(
    rule: Rule, glob: str, named: Collection[str], earlier: Sequence[Rule]
) -> tuple[str, ...]:
    """The kinds of good news that a glob takes beside the conditions that they clear. Such a change
    ends a ticket and opens another, which nothing ends.

    Empty if that may be meant: for a journal (a ticket for each day or box office, or a rule with
    ``continue``), with ``on_clear = "nothing"``, with words that ask for the kind, and with
    predicates that good news does not meet.

    Args:
        rule: the rule.
        glob: a glob in its ``when``, as in ``event.*``.
        named: the other entries of its ``when``. A kind that is named there is meant.
        earlier: the rules before it.
    """
    journal = rule.group_by in {GroupBy.DAY, GroupBy.BOX_OFFICE} or rule.go_on
    if journal or rule.on_clear is OnClear.NOTHING or _asks_for_kind(rule):
        return ()
    if (
        any(predicate.bars_good_news for predicate, _ in rule.predicates)
        or impossible(rule) is not None
    ):
        return ()
    kinds = matching([glob])
    clearing = {good for kind in kinds for good in KINDS[kind].cleared_by}
    return tuple(
        kind
        for kind in kinds
        if kind in clearing
        and kind not in named
        and not KINDS[kind].news_by_itself
        and _taker(kind, rule, earlier) is None
    )


def _asks_for_kind(rule: Rule) -> bool:
    words = (rule.subject, rule.body, rule.note, rule.message)
    return any(isinstance(w, str) and re.search(r"{[{%][^}]*\bkind\b", w) for w in words)


def _taker(kind: str, rule: Rule, earlier: Sequence[Rule]) -> Rule | None:
    """The earlier rule that takes everything of that kind that this rule would take."""
    for other in earlier:
        if not other.go_on and kind in other.kinds and _implied(other, rule, kind):
            return other
    return None


def _implied(wide: Rule, narrow: Rule, kind: str) -> bool:
    """Whether the wide rule takes everything of that kind that the narrow one takes."""
    thresholds = wide.predicates.has_threshold, narrow.predicates.has_threshold
    if kind == LOW_STOCK and thresholds[0] != thresholds[1]:
        return False  # one goes by the general threshold, the other by its own
    return narrow.include <= wide.include and narrow.predicates.implies(wide.predicates)

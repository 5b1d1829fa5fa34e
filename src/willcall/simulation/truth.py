"""What is so in the simulated box office, and since when.

It is read from the sandbox's own data. It shares no line with what the bridge concludes from the
answers: a truth that repeats the bridge's belief proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import attrs

from ..bridge.model.rules import Rules
from ..sandbox.events import Event, TicketType
from ..sandbox.settings import Settings

Name = tuple[str, str]
"""A condition: its kind, and the id of the event or ``event/ticket type``."""

SOLD_OUT = "event.sold_out"
CANCELLED = "event.cancelled"
TYPE_SOLD_OUT = "ticket_type.sold_out"
LOW = "ticket_type.low_stock"

EDGE = timedelta(minutes=2)
NOTHING, LASTS = timedelta(0), timedelta(hours=12)

LASTING = (SOLD_OUT, CANCELLED, TYPE_SOLD_OUT, LOW)
"""The kinds whose truth is known at each moment."""


@attrs.define
class Times:
    """Which conditions are true, and since when, in seconds of the stage."""

    _since: dict[Name, float] = attrs.field(factory=dict)
    _until: dict[Name, float] = attrs.field(factory=dict)

    def note(self, names: set[Name], at: float) -> None:
        """These are true now, and no others."""
        for name in names - self._since.keys():
            self._since[name] = at
        for name in self._since.keys() - names:
            del self._since[name]
            self._until[name] = at

    def now(self) -> set[Name]:
        """Those that are true now."""
        return set(self._since)

    def true_since(self, name: Name) -> float | None:
        """Since when it is true without a break; None if it is not."""
        return self._since.get(name)

    def was_true(self, name: Name, after: float) -> bool:
        """Whether it is true, or was at any moment after this one."""
        return name in self._since or self._until.get(name, -1.0) >= after

    def was_false(self, name: Name, after: float) -> bool:
        """Whether it is not true, or was not at any moment after this one."""
        since = self._since.get(name)
        return since is None or since > max(after, 0.0)

    def false_since(self, name: Name) -> float | None:
        """Since when it is not true; None if it is."""
        return None if name in self._since else self._until.get(name, 0.0)


def conditions(
    event: Event,
    rules: Rules,
    settings: Settings,
    now: datetime,
    was: Collection[Name] = (),
    *,
    shown_at: datetime | None = None,
) -> set[Name]:
    """The conditions of an event that may be stated.

    Nothing holds for drafts and the past. No ticket type is sold out that is hidden or whose sale
    has not begun or is over. An event that was sold out (``was``) may be called so until something
    of it can be bought. The documents do not say when an event without an end has ended: it may be
    over from its start on, or half a day later.

    ``now`` is the time by the clock of whoever states them; ``shown_at`` is the time at the box
    office, by which it shows a count of 0 outside of a sale, where that differs.
    """
    if event.status == "DRAFT" or event.over(now - (LASTS if event.ends_at is None else NOTHING)):
        return set()
    at = shown_at or now
    found = set(_conditions(event, rules, settings, now, at, strict=False))
    name = SOLD_OUT, event.id
    if name in was and event.status == "PUBLISHED" and not _buyable(event, settings, now, at):
        found.add(name)
    return found


def news(event: Event, rules: Rules, settings: Settings, now: datetime) -> set[Name]:
    """The conditions of an event that must be stated: what can be bought now, or cannot."""
    if event.status == "DRAFT" or event.over(now):
        return set()
    return set(_conditions(event, rules, settings, now, now, strict=True))


def turns_between(event: Event, wall: datetime, now: datetime) -> bool:
    """Whether a sale of an event begins or ends after one moment and not after the other."""
    moments = (at for kind in event.ticket_types for at in (kind.sale_starts_at, kind.sale_ends_at))
    return any(at is not None and wall < at <= now for at in moments)


def _conditions(
    event: Event,
    rules: Rules,
    settings: Settings,
    now: datetime,
    shown_at: datetime,
    *,
    strict: bool,
) -> Iterator[Name]:
    if event.status == "CANCELLED":
        yield CANCELLED, event.id
    full = False
    for kind in event.ticket_types:
        subject = f"{event.id}/{kind.id}"
        left = _left(kind, settings, now, shown_at)
        gone = left <= 0 and bool(kind.quantity or kind.sold)
        offered = kind.on_sale(now) and not kind.hidden
        if strict and kind.sold < kind.quantity and _at_an_edge(kind, now):
            gone = False  # seats in baskets look like a sale that has not begun, or is over
        # Under a status that nobody knows nothing is known to be on sale, and so nothing to be sold
        # out: it may be said, and need not be. Of what is cancelled, its own ticket tells.
        if gone and offered and (not strict or event.status in {"PUBLISHED", "SOLD_OUT"}):
            yield TYPE_SOLD_OUT, subject
        # An event of which nothing can be bought any more may still be called sold out.
        full = full or (gone and (offered or not strict) and not _beside(kind, settings))
        on_sale = offered and not kind.unlimited and (event.status == "PUBLISHED" or not strict)
        if on_sale and _runs_low(kind, left, rules, strict=strict):
            yield LOW, subject
    # A status that nobody knows, such as POSTPONED, may be news of its own.
    known = event.status == "PUBLISHED" or not strict
    if event.status == "SOLD_OUT" or (
        known and full and not _buyable(event, settings, now, shown_at)
    ):
        yield SOLD_OUT, event.id


def _left(kind: TicketType, settings: Settings, now: datetime, shown_at: datetime) -> int:
    """Seats left: 0 during a sale by one clock that is none by the box office's, which shows it."""
    if now != shown_at and settings.outside_sale == "zero" and not kind.on_sale(shown_at):
        return 0
    return kind.left + (kind.held if settings.held_seats == "left" else 0)


def _at_an_edge(kind: TicketType, now: datetime) -> bool:
    """Whether its sale begins or ends within two minutes."""
    moments = (kind.sale_starts_at, kind.sale_ends_at)
    return any(at is not None and abs(at - now) <= EDGE for at in moments)


def _buyable(event: Event, settings: Settings, now: datetime, shown_at: datetime) -> bool:
    """Whether somebody can buy an admission."""
    return any(
        kind.on_sale(now)
        and kind.available
        and not (now != shown_at and _left(kind, settings, now, shown_at) <= 0)
        and not kind.hidden
        and not _beside(kind, settings)
        for kind in event.ticket_types
    )


def _runs_low(kind: TicketType, left: int, rules: Rules, *, strict: bool) -> bool:
    """Whether few are left for any rule. ``strict`` asks for what is few by any reading: some were
    sold, and no more are left than the share."""
    if left <= 0:
        return False
    few = rules.low_stock
    own = int(few.share * kind.quantity) if strict else max(few.number, few.share * kind.quantity)
    if left <= own and (kind.sold or not strict):
        return True
    return any(
        (name == "remaining_below" and left < value)
        or (name == "remaining_share_below" and left < value * kind.quantity)
        for rule in rules.rules
        if LOW in rule.kinds
        for name, value in ((predicate.name, value) for predicate, value in rule.predicates)
    )


def _beside(kind: TicketType, settings: Settings) -> bool:
    """Whether a ticket type is known to be an add-on."""
    return kind.add_on and settings.add_ons == "flagged"

"""The predicates: what a rule's ``if`` may ask besides the kind of change. Pure.

A predicate is a value of :data:`PREDICATES` that says everything about itself: how it is written,
what it tests and why it did not match, which of two values is wider, and what the documentation
says of it. There is no expression language. To add a predicate, add it to that table.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import attrs

from .changes import Change
from .facts import EventFacts, EventState, TypeFacts

V = TypeVar("V")


@attrs.frozen(eq=False)
class ValueForm(Generic[V]):
    """How the value of a predicate is written in the configuration.

    ``config/rule_tables.py`` reads and checks each form.
    """

    means: str


TEXTS: ValueForm[tuple[str, ...]] = ValueForm("a text, or a list of texts of which one is enough")
COUNT: ValueForm[int] = ValueForm("a whole number, 1 or more")
CENTS: ValueForm[int] = ValueForm("a whole number, 0 or more")
SHARE: ValueForm[float] = ValueForm("a number above 0, 1 at most")
SPAN: ValueForm[timedelta] = ValueForm("a span of time, as in 14d")


@attrs.frozen(kw_only=True)
class Vocabulary:
    """The names that are known while a configuration is checked."""

    box_offices: Collection[str] = ()
    categories: Collection[str] = ()
    events: Sequence[EventFacts] = ()


@attrs.frozen
class KnownNames:
    """Which names a predicate may hold.

    Args:
        of: the names that are known.
        complete: whether every other name is surely wrong.
        parts: what each name is, as in "title", if the predicate holds parts of names.
    """

    of: Callable[[Vocabulary], Iterable[str | None]]
    complete: bool = False
    parts: str = ""

    def unknown(self, name: str, names: Vocabulary) -> list[str] | None:
        """The known names, if none of them is, or contains, this one; None if one does, or nothing
        is known."""
        known = sorted({str(other) for other in self.of(names) if other})
        folded = name.casefold()
        if self.parts:
            found = any(folded in other.casefold() for other in known)
        else:
            found = any(folded == other.casefold() for other in known)
        return None if found or not known else known


@attrs.frozen
class Situation:
    """A change, and what it is about as that is now.

    Args:
        change: what began.
        event: the event now, None for a whole box office.
        ticket_type: the ticket type now, None for a whole event.
        at: the time.
    """

    change: Change
    event: EventFacts | None
    ticket_type: TypeFacts | None
    at: datetime


@attrs.frozen(kw_only=True, eq=False)
class Predicate(ABC, Generic[V]):
    """Something that a rule may ask of a change.

    Args:
        name: its key in ``if``.
        form: how its value is written.
        means: "true when …", for the documentation.
        implies: ``implies(narrow, wide)`` is whether everything that meets ``narrow`` also meets
            ``wide``. A rule behind a wider one never gets anything.
        known: the names that its value may hold, if they are known.
        never: why nothing can meet a value beside the other predicates of the rule; None if
            something can.
        bars_good_news: whether what clears a condition usually does not meet it.
    """

    name: str
    form: ValueForm[V]
    means: str
    implies: Callable[[V, V], bool]
    known: KnownNames | None = None
    never: Callable[[V, Predicates], str | None] = lambda _value, _others: None
    bars_good_news: bool = False

    @abstractmethod
    def why_not(self, value: V, now: Situation) -> str | None:
        """Why a change does not meet the value in the rule, in words; None if it does."""


@attrs.frozen(kw_only=True, eq=False)
class BoxOfficePredicate(Predicate[V]):
    """Asks about the box office. ``test`` gets the value and its name."""

    test: Callable[[V, str], str | None]

    def why_not(self, value: V, now: Situation) -> str | None:
        """See :meth:`Predicate.why_not`."""
        return self.test(value, now.change.box_office)


@attrs.frozen(kw_only=True, eq=False)
class EventPredicate(Predicate[V]):
    """Asks about the event."""

    test: Callable[[V, EventFacts], str | None]

    def why_not(self, value: V, now: Situation) -> str | None:
        """See :meth:`Predicate.why_not`."""
        return _NO_EVENT if now.event is None else self.test(value, now.event)


@attrs.frozen(kw_only=True, eq=False)
class TimePredicate(Predicate[V]):
    """Asks about the event and the time. ``begins_at`` is when time alone may make it true."""

    test: Callable[[V, EventFacts, datetime], str | None]
    begins_at: Callable[[V, EventFacts], datetime | None]

    def why_not(self, value: V, now: Situation) -> str | None:
        """See :meth:`Predicate.why_not`."""
        return _NO_EVENT if now.event is None else self.test(value, now.event, now.at)


@attrs.frozen(kw_only=True, eq=False)
class TypePredicate(Predicate[V]):
    """Asks about the ticket type. ``threshold`` if it defines when a ticket type runs low: a rule
    without such a predicate goes by the general threshold."""

    test: Callable[[V, TypeFacts], str | None]
    threshold: bool = False

    def why_not(self, value: V, now: Situation) -> str | None:
        """See :meth:`Predicate.why_not`."""
        if now.event is None:
            return _NO_EVENT
        return _NO_TYPE if now.ticket_type is None else self.test(value, now.ticket_type)


_NO_EVENT = "it is about a whole box office, not an event"
_NO_TYPE = "it is about a whole event, not a ticket type"


@attrs.frozen(init=False)
class Predicates:
    """The ``if`` of a rule: predicates with their values. All of them must be met.

    ``Predicates(city=("Oslo",), price_at_least=5000)``. The type of each value is that of the
    predicate's :class:`ValueForm`; a predicate whose value is None is not asked.

    Raises:
        TypeError: there is no predicate of that name.
    """

    asked: tuple[tuple[Predicate[Any], Any], ...]

    def __init__(self, **values: Any) -> None:
        if unknown := values.keys() - PREDICATES.keys():
            raise TypeError(f"no predicate is called {min(unknown)!r}")
        # In the order of the table, so that what is wrong with the event is said first.
        self.__attrs_init__(
            tuple(
                (predicate, values[name])
                for name, predicate in PREDICATES.items()
                if values.get(name) is not None
            )
        )

    def __iter__(self) -> Iterator[tuple[Predicate[Any], Any]]:
        return iter(self.asked)

    def value(self, predicate: Predicate[V]) -> V | None:
        """What the rule asks for; None if it does not ask."""
        return next((value for asked, value in self.asked if asked is predicate), None)

    @property
    def has_threshold(self) -> bool:
        """Whether the rule defines itself when a ticket type runs low."""
        return any(True for _ in self._thresholds())

    def runs_low(self, ticket_type: TypeFacts) -> bool:
        """Whether a ticket type is below every threshold of the rule."""
        return all(
            predicate.test(value, ticket_type) is None for predicate, value in self._thresholds()
        )

    def _thresholds(self) -> Iterator[tuple[TypePredicate[Any], Any]]:
        for predicate, value in self.asked:
            if isinstance(predicate, TypePredicate) and predicate.threshold:
                yield predicate, value

    def why_not(self, now: Situation) -> str | None:
        """Why the first predicate that is not met is not met; None if all are."""
        for predicate, value in self.asked:
            why_not = predicate.why_not(value, now)
            if why_not is not None:
                return why_not
        return None

    def implies(self, wide: Predicates) -> bool:
        """Whether everything that meets these predicates also meets the others."""
        for predicate, value in wide:
            narrow = self.value(predicate)
            if narrow is None or not predicate.implies(narrow, value):
                return False
        return True

    def begins_at(self, event: EventFacts) -> Iterator[datetime]:
        """The moments at which time alone may make one of them true."""
        for predicate, value in self.asked:
            if isinstance(predicate, TimePredicate):
                moment = predicate.begins_at(value, event)
                if moment is not None:
                    yield moment


# -- tests and comparisons that several share -----------------------------------------------------


def _same(wanted: Sequence[str], actual: Iterable[str | None]) -> bool:
    names = {name.casefold() for name in actual if name is not None}
    return any(name.casefold() in names for name in wanted)


def _among(narrow: Sequence[str], wide: Sequence[str]) -> bool:
    return {name.casefold() for name in narrow} <= {name.casefold() for name in wide}


def _contained(narrow: Sequence[str], wide: Sequence[str]) -> bool:
    return all(any(part.casefold() in whole.casefold() for part in wide) for whole in narrow)


def _costs(cents: int, kind: TypeFacts) -> str | None:
    if kind.price is None:
        return "price_at_least: the price is not known"
    return None if kind.price >= cents else f"price_at_least: the price is {kind.price}"


def _lacks(name: str, whole: str, parts: Sequence[str]) -> str | None:
    if any(part.casefold() in whole.casefold() for part in parts):
        return None
    if len(parts) == 1:
        return f"{name}: {whole!r} does not contain {parts[0]!r}"
    return f"{name}: {whole!r} contains none of {', '.join(map(repr, parts))}"


def _at_most(narrow: Any, wide: Any) -> bool:
    return bool(narrow <= wide)


def _at_least(narrow: Any, wide: Any) -> bool:
    return bool(narrow >= wide)


def _is_one_of(
    name: str,
    means: str,
    actual: Callable[[EventFacts], tuple[str | None, ...]],
    known: KnownNames | None = None,
    *,
    bars_good_news: bool = False,
) -> EventPredicate[tuple[str, ...]]:
    """The event has one of these names."""

    def test(wanted: tuple[str, ...], event: EventFacts) -> str | None:
        found = actual(event)
        return None if _same(wanted, found) else f"{name} is {found[-1]}"

    return EventPredicate(
        name=name,
        form=TEXTS,
        means=means,
        implies=_among,
        known=known,
        bars_good_news=bars_good_news,
        test=test,
    )


def _contains(
    name: str, means: str, whole: Callable[[EventFacts], str], each: str
) -> EventPredicate[tuple[str, ...]]:
    """A text of the event, an "each", contains one of these."""
    return EventPredicate(
        name=name,
        form=TEXTS,
        means=means,
        implies=_contained,
        known=KnownNames(lambda names: map(whole, names.events), parts=each),
        test=lambda parts, event: _lacks(name, whole(event), parts),
    )


def _left(ticket_type: TypeFacts, enough: Callable[[int], bool]) -> str | None:
    left = ticket_type.available
    few = left is not None and left > 0 and not enough(left)
    return None if few else f"remaining: {left} are left"


def _starts_within(span: timedelta, event: EventFacts, now: datetime) -> str | None:
    if timedelta(0) <= event.starts_at - now <= span:
        return None
    return "starts_within: it starts later, or has begun"


def _within_from(span: timedelta, event: EventFacts) -> datetime | None:
    try:
        return event.starts_at - span
    except OverflowError:  # a placeholder date at the beginning of the calendar
        return None


def _starts_after(span: timedelta, event: EventFacts, now: datetime) -> str | None:
    return "starts_after: it starts sooner" if event.starts_at - now < span else None


def _starts_never(after: timedelta, others: Predicates) -> str | None:
    within = others.value(STARTS_WITHIN)
    if within is None or after <= within:
        return None
    return "nothing starts later than that and yet within starts_within"


# -- the table ------------------------------------------------------------------------------------

STARTS_WITHIN = TimePredicate(
    name="starts_within",
    form=SPAN,
    means="the event starts within this span from now, and has not begun",
    implies=_at_most,
    test=_starts_within,
    begins_at=_within_from,
)

PREDICATES: dict[str, Predicate[Any]] = {
    predicate.name: predicate
    for predicate in (
        BoxOfficePredicate(
            name="box_office",
            form=TEXTS,
            means="it happened in one of these box offices",
            implies=_among,
            known=KnownNames(lambda names: names.box_offices, complete=True),
            test=lambda wanted, name: None if _same(wanted, [name]) else f"box_office is {name}",
        ),
        _is_one_of(
            "event",
            "it is one of these events, by id or slug",
            lambda event: (event.id, event.slug),
            KnownNames(
                lambda names: (name for event in names.events for name in (event.slug, event.id))
            ),
        ),
        _contains(
            "event_name_contains",
            "the title contains one of these",
            lambda event: event.title,
            "title",
        ),
        _is_one_of(
            "event_status",
            "the event's status is one of these: `PUBLISHED`, `SOLD_OUT`, …",
            lambda event: (event.status,),
            KnownNames(lambda _: tuple(EventState)),
            bars_good_news=True,
        ),
        _contains(
            "venue_contains",
            "the venue's name contains one of these",
            lambda event: event.venue_name or "",
            "venue",
        ),
        _is_one_of(
            "city",
            "the city is one of these",
            lambda event: (event.city,),
            KnownNames(lambda names: (event.city for event in names.events)),
        ),
        _is_one_of(
            "category",
            "the category is one of these: `COMEDY`, `THEATER`, …",
            lambda event: (event.category,),
            KnownNames(lambda names: names.categories),
        ),
        STARTS_WITHIN,
        TimePredicate(
            name="starts_after",
            form=SPAN,
            means="the event starts later than this span from now",
            implies=_at_least,
            never=_starts_never,
            test=_starts_after,
            begins_at=lambda _span, _event: None,  # time alone only ends it
        ),
        TypePredicate(
            name="ticket_type_name_contains",
            form=TEXTS,
            means="the ticket type's name contains one of these",
            implies=_contained,
            known=KnownNames(
                lambda names: (
                    kind.name for event in names.events for kind in event.ticket_types or ()
                ),
                parts="ticket type",
            ),
            test=lambda parts, ticket_type: _lacks(
                "ticket_type_name_contains", ticket_type.name, parts
            ),
        ),
        TypePredicate(
            name="price_at_least",
            form=CENTS,
            means="the ticket type costs so many cents or more",
            implies=_at_least,
            test=_costs,
        ),
        TypePredicate(
            name="remaining_below",
            form=COUNT,
            means='fewer than so many are left of the ticket type; defines when it "runs low"',
            implies=_at_most,
            bars_good_news=True,
            threshold=True,
            test=lambda limit, ticket_type: _left(ticket_type, lambda left: left >= limit),
        ),
        TypePredicate(
            name="remaining_share_below",
            form=SHARE,
            means=(
                "less than this share of the ticket type is left, as in `0.1`; defines when it "
                '"runs low"'
            ),
            implies=_at_most,
            bars_good_news=True,
            threshold=True,
            test=lambda share, ticket_type: _left(
                ticket_type, lambda left: left >= share * (ticket_type.quantity or 0)
            ),
        ),
    )
}
"""Every predicate by its name: first those about the box office, then the event, the ticket type.
Texts are compared without regard to case."""

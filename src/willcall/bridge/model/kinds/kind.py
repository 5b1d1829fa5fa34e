"""What a kind of change consists of. Values, and pure functions.

A kind says everything about itself: how it is detected, how much it matters, what ends it, what it
covers, and an example. Only its words stand elsewhere, in ``templates/words.toml``.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

import attrs

from ....errors import ApiError, WillcallError
from ..facts import EventFacts, TypeFacts
from ..sale import Include, TypeSale

RunsLow = Callable[[TypeFacts], bool]
"""Whether a ticket type runs low."""


class Severity(StrEnum):
    """How much a change matters to a support team. It becomes a tag of the support ticket."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"

    @property
    def weight(self) -> int:
        """Higher matters more."""
        return list(Severity).index(self)


# -- how a kind is detected -----------------------------------------------------------------------


@attrs.frozen
class Appears:
    """When an event, or a ticket type of a known event, is seen for the first time."""


@attrs.frozen
class Disappears:
    """When a ticket type of an event is no longer there."""


@attrs.frozen
class EventDiffers:
    """When an event differs from how it was last seen.

    An event that was not known before is compared with itself as an untouched draft.

    Args:
        fields: the facts that it depends on: the change occurs only if one of them differs.
        test: whether ``(before, after)`` is a change of this kind. By default any difference is.
    """

    fields: tuple[str, ...]
    test: Callable[[EventFacts, EventFacts], bool] = lambda _before, _after: True

    def __call__(self, before: EventFacts, after: EventFacts) -> bool:
        """Whether the two states are a change of this kind."""
        differs = any(getattr(before, name) != getattr(after, name) for name in self.fields)
        return differs and self.test(before, after)


@attrs.frozen
class TypeDiffers:
    """When the facts of a ticket type that was known differ from how they were last seen.

    Args:
        fields: the facts that it depends on: the change occurs only if one of them differs.
        test: whether ``(before, after)`` is a change of this kind. By default any difference is.
    """

    fields: tuple[str, ...]
    test: Callable[[TypeFacts, TypeFacts], bool] = lambda _before, _after: True


class TypeLevel(NamedTuple):
    """What can be bought of a ticket type at a moment.

    Args:
        sale: its state.
        low: whether it runs low by its counts, whatever its state.
        facts: what was seen of it.
    """

    sale: TypeSale | str
    low: bool
    facts: TypeFacts


@attrs.frozen
class LevelDiffers:
    """When the state of a ticket type differs from how it was, or whether it runs low.

    A ticket type that was not known before is compared with one that is not yet on sale.

    Args:
        test: whether ``(before, after, event as it is now)`` is a change of this kind.
    """

    test: Callable[[TypeLevel, TypeLevel, EventFacts], bool]


@attrs.frozen(kw_only=True)
class ReadFailure:
    """When reading the box office fails. Its ``cleared_by`` is reported by the next run that works.

    Args:
        runs: how many runs in a row must fail so before it counts.
        test: whether an error is of this sort.
        example: an error that counts as it.
    """

    runs: int
    test: Callable[[WillcallError], bool]
    example: ApiError


class ReportedBy(StrEnum):
    """What reports a change that no comparison of two states can show."""

    RECOVERY = "a run that works again"
    FORECAST = "the forecast of sales"
    REMOVAL = "a removal of a ticket type"
    DELIVERY = "delivery to the desk"
    READING = "the reading of single events"
    STORM = "too many cases at once"


# -- the kinds themselves -------------------------------------------------------------------------

_OVER = ("event.cancelled", "event.completed", "event.archived", "event.vanished")
_GONE = (*_OVER, "ticket_type.removed")


def over(name: str) -> tuple[str, ...]:
    """The kinds that end whatever the kind of this name happens to."""
    ends = {"event": _OVER, "ticket_type": _GONE}.get(name.partition(".")[0], ())
    return tuple(other for other in ends if other != name)


def _superseded_by(kind: Kind) -> tuple[str, ...]:
    # A notice is superseded by the next of its kind: each new price is news of its own.
    return over(kind.name) if kind.cleared_by else (*over(kind.name), kind.name)


@attrs.frozen(kw_only=True)
class Kind:
    """A kind of change. Use a subclass, which says what it happens to.

    A *condition* lasts until a kind in ``cleared_by`` ends it. A *notice* happens, and is over.

    Args:
        name: ``event.…``, ``ticket_type.…`` or ``box_office.…``.
        summary: what happened, in words that follow what it happened to and a colon.
        severity: how much it matters.
        cleared_by: the kinds that end it with good news, which the customer hears.
        superseded_by: the kinds that end it because it no longer matters, which a note says. By
            default those that end the event or the ticket type, and for a notice also itself.
        covers: the kinds (globs) that need no ticket beside one about this kind.
        damped: whether a basket may end and begin it: its end must last, see ``Damping``.
        built_in: whether a built-in rule opens a ticket for it.
        include: the events of which it is news without a rule that includes them.
        news_by_itself: whether it is news even where it clears nothing, though it clears another
            kind.
        remark: what else the documentation says about its ticket.
    """

    name: str
    summary: str
    severity: Severity = Severity.NORMAL
    cleared_by: tuple[str, ...] = ()
    superseded_by: tuple[str, ...] = attrs.field(
        default=attrs.Factory(_superseded_by, takes_self=True)
    )
    covers: tuple[str, ...] = ()
    damped: bool = False
    built_in: bool = False
    include: tuple[Include, ...] = ()
    news_by_itself: bool = False
    remark: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is a condition."""
        return bool(self.cleared_by)

    @property
    def of_ticket_type(self) -> bool:
        """Whether it happens to a ticket type."""
        return isinstance(self, TypeKind)

    @property
    def of_event(self) -> bool:
        """Whether it happens to an event or a ticket type, and not to a whole box office."""
        return not isinstance(self, OfficeKind)

    def does_cover(self, kind: str) -> bool:
        """Whether a change of that kind needs no ticket beside one about this kind."""
        return any(fnmatchcase(kind, glob) for glob in self.covers)


@attrs.frozen(kw_only=True)
class EventKind(Kind):
    """A kind of change that happens to an event.

    Args:
        seen: how it is detected.
        example: an event → before (None if it was not known) and after the change.
        still: whether an event is now as this condition says; None if its facts do not tell.
    """

    seen: Appears | EventDiffers | ReportedBy
    example: Callable[[EventFacts], tuple[EventFacts | None, EventFacts]]
    still: Callable[[EventFacts], bool] | None = None


@attrs.frozen(kw_only=True)
class TypeKind(Kind):
    """A kind of change that happens to a ticket type.

    Args:
        seen: how it is detected.
        example: a ticket type → before (None if it was not known) and after the change.
        detail: what the change says of itself, for an example.
        still: whether a ticket type of this event is now as this condition says; None if its facts
            do not tell.
    """

    seen: Appears | Disappears | TypeDiffers | LevelDiffers | ReportedBy
    example: Callable[[TypeFacts], tuple[TypeFacts | None, TypeFacts]]
    detail: str = ""
    still: Callable[[EventFacts, TypeFacts, RunsLow], bool] | None = None


@attrs.frozen(kw_only=True)
class OfficeKind(Kind):
    """A kind of change that happens to a whole box office.

    Args:
        seen: how it is detected.
        detail: what the change says of itself, for an example.
    """

    seen: ReadFailure | ReportedBy
    detail: str


def still_holds(
    kind: Kind, event: EventFacts | None, ticket_type: TypeFacts | None, low: RunsLow
) -> bool | None:
    """Whether a condition holds by these facts; None if they do not tell."""
    if event is None:
        return None
    if isinstance(kind, EventKind) and kind.still is not None:
        return kind.still(event)
    if isinstance(kind, TypeKind) and kind.still is not None and ticket_type is not None:
        return kind.still(event, ticket_type, low)
    return None


def with_left(ticket_type: TypeFacts, left: int) -> TypeFacts:
    """The ticket type with so many left, for examples."""
    quantity = None if ticket_type.quantity is None else max(ticket_type.quantity, left)
    sold = None if quantity is None else quantity - left
    return attrs.evolve(ticket_type, available=left, quantity=quantity, sold=sold)

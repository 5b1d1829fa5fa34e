"""What the documents of both services leave open, as settings, and the rate limits.

Each open question is a *habit*: a setting with a few possible values, of which the first is the
default. ``HABITS`` lists them; the option ``--habit``, the control surface and the table in
``docs/sandbox.md`` are made from it. Those of Ticket0 are in ``desk_settings.py``.
"""

# ruff: noqa: RUF009 - the functions in the defaults return ``dataclasses.field``

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from willcall.sandbox.desk_settings import DeskSettings, DeskSwitches
from willcall.sandbox.habit import Habit, choice, flag, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

DetailShape = Literal["objects", "strings"]
HeldSeats = Literal["unsold", "sold", "separate", "left"]
Overbooked = Literal["zero", "negative"]
Unlimited = Literal["null", "absent"]
Counts = Literal["shown", "null", "absent"]
AddOns = Literal["unmarked", "flagged"]
OutsideSale = Literal["shown", "zero"]
ListOrder = Literal["start", "updated", "newest"]
ListHides = Literal["nothing", "drafts", "past", "both"]
ListFilters = Literal["honoured", "ignored", "status_only", "exclusive", "stale"]
Reused = Literal["never", "slugs", "ids"]
ErrorStatuses = Literal["inferred", "other"]
RemovalName = Literal["inferred", "ignored", "refused"]
FieldNames = Literal["inferred", "other"]
Apex = Literal["answers", "301", "308"]
OddRow = Literal[
    "none",
    "starts_null",
    "starts_year_1",
    "starts_year_9999",
    "title_null",
    "id_number",
    "price_float",
    "price_text",
    "currency_lower",
    "currency_empty",
    "not_an_object",
]


class Switches(DeskSwitches, total=False):
    """The settings as keyword arguments of ``Sandbox``; see ``Settings`` for their meaning."""

    ticket_types_in_rows: bool
    stock_in_events: bool
    place_in_rows: bool
    enveloped: bool
    pagination_fields: bool
    details: DetailShape
    auto_sold_out: bool
    status_lag: float
    held_seats: HeldSeats
    basket_seconds: float
    order_seconds: float
    overbooked: Overbooked
    unlimited: Unlimited
    available: Counts
    add_ons: AddOns
    outside_sale: OutsideSale
    stale_list: float
    list_order: ListOrder
    list_hides: ListHides
    list_filters: ListFilters
    list_capped: bool
    reused: Reused
    odd_row: OddRow
    removal_name: RemovalName
    field_names: FieldNames
    error_statuses: ErrorStatuses
    apex: Apex
    strict: bool
    ticketsmart_limit: int | None
    ticket0_limit: int | None
    limit_window: float


@dataclass(slots=True)
class Settings(DeskSettings):
    """The habits of both services, each with our best guess as its default, and the rate limits.

    Those of Ticket0 are in ``DeskSettings``. ``ticketsmart_limit`` and
    ``ticket0_limit`` are requests per ``limit_window`` seconds, ``None`` for no limit.
    ``overrides`` are habits of single events by the event's id.
    """

    ticket_types_in_rows: bool = flag(True, "rows of the list carry ticket types")
    stock_in_events: bool = flag(
        True,
        "ticket types in a row or an event have `sold` and `available`; else only those that are"
        " requested on their own have them",
        "ticket types show the current availability",
    )
    place_in_rows: bool = flag(
        True, "rows of the list have venue, city, country, doors and end; else only single events"
    )
    enveloped: bool = flag(
        True, 'a single event comes as `{"event": {…}}`, else bare', "both are shown"
    )
    pagination_fields: bool = flag(
        True, "`pagination` has fields, else it is empty", "`pagination` is there"
    )
    details: DetailShape = choice(
        DetailShape, "what `details` of a validation error holds", "`details` is a list"
    )
    auto_sold_out: bool = flag(
        True,
        "`status` becomes `SOLD_OUT` and `PUBLISHED` with the stock; else only people set it",
        "the statuses",
    )
    status_lag: float = seconds(0.0, "how long `status` takes to follow the stock")
    held_seats: HeldSeats = choice(
        HeldSeats,
        "seats in baskets: `unsold` lowers `available` alone, `sold` counts them in `sold`,"
        " `separate` shows them as `held`, `left` shows them as available",
    )
    basket_seconds: float = seconds(900.0, "after how long a basket lapses")
    order_seconds: float = seconds(1800.0, "after how long an order that nobody pays lapses")
    overbooked: Overbooked = choice(
        Overbooked, "`available` of a ticket type that was sold more often than it exists"
    )
    unlimited: Unlimited = choice(
        Unlimited, "`quantity` and `available` of an unlimited ticket type"
    )
    available: Counts = choice(
        Counts, "`available` of a ticket type with a quantity", "the availability is current"
    )
    add_ons: AddOns = choice(
        AddOns,
        "add-ons, such as parking: `flagged` gives every ticket type `isAddOn`, and `status`"
        " follows admission alone",
    )
    outside_sale: OutsideSale = choice(
        OutsideSale,
        "`available` before a ticket type's sale begins and after it ends",
        "sale windows exist",
    )
    stale_list: float = seconds(0.0, "how long the list is cached; single events are live")
    list_order: ListOrder = choice(
        ListOrder, "the order of the list; by `updated`, rows move while it is read"
    )
    list_hides: ListHides = choice(
        ListHides,
        "what the list leaves out unless its status is asked for; single events are shown",
    )
    list_filters: ListFilters = choice(
        ListFilters,
        "what becomes of `status`, `dateFrom` and `dateTo`: `status_only` ignores the dates,"
        " `exclusive` leaves out what starts just then, `stale` answers from a list that is up to"
        " 10 minutes old",
        "the filters exist",
    )
    list_capped: bool = flag(
        False, "a page has 40 rows at most, whatever `limit` says", "`limit` is 1 to 100"
    )
    reused: Reused = choice(
        Reused,
        "what a new event takes over: `slugs` that of an event that is over, `ids` that of the"
        " event deleted last",
    )
    odd_row: OddRow = choice(
        OddRow,
        "an event whose data nobody expects; meant for a single event",
        "the types of fields",
    )
    removal_name: RemovalName = choice(
        RemovalName,
        "the field that removes a ticket type has the inferred name; else it has another, and the"
        " inferred is ignored (200) or refused by name (400)",
        "one unsold ticket type can be removed",
    )
    field_names: FieldNames = choice(
        FieldNames, "every inferred name in an answer; `other` gives each another name"
    )
    error_statuses: ErrorStatuses = choice(
        ErrorStatuses, "the status of errors, by their text", "the texts"
    )
    apex: Apex = choice(
        Apex, "the address answers, else every request is redirected to `www.`", "the address"
    )
    strict: bool = flag(False, "both services refuse unknown fields and query parameters")
    ticketsmart_limit: int | None = 60
    ticket0_limit: int | None = 60
    limit_window: float = 60.0
    overrides: dict[str, dict[str, Any]] = field(default_factory=dict, init=False, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """All settings, by name, without those of single events."""
        return {name: getattr(self, name) for name in _NAMES}

    def change(self, values: Mapping[str, Any], event: str | None = None) -> None:
        """Change several settings, or none: an unknown name or a wrong type is a ``ValueError``.

        With ``event``, the id of an event, habits are changed for that event alone.
        """
        known = sorted(OF_ONE_EVENT if event is not None else _NAMES)
        for name, value in values.items():
            if name not in known and name in _NAMES:
                raise ValueError(f"{name}: not possible for one event; only {', '.join(known)}")
            if name not in known:
                raise ValueError(f"{name}: no such setting; known: {', '.join(known)}")
            if not _fits(name, value):
                raise ValueError(f"{name}: {value!r} is not possible here")
        if event is not None:
            self.overrides.setdefault(event, {}).update(values)
            return
        for name, value in values.items():
            setattr(self, name, value)

    def restore(self, switches: Switches) -> None:
        """Back to the defaults and these switches, for all events."""
        self.overrides.clear()
        self.change(Settings(**switches).as_dict())

    def of(self, event: str) -> Settings:
        """The settings as they are for an event, by its id."""
        own = self.overrides.get(event)
        return replace(self, **own) if own else self


_OF_DESK = {known.name for known in fields(DeskSettings)}

HABITS: tuple[Habit, ...] = tuple(
    Habit(
        known.name,
        known.metadata["values"],
        known.default,  # type: ignore[arg-type]  # dataclasses type it as their own marker
        known.metadata["meaning"],
        known.metadata["documented"],
    )
    for known in sorted(fields(Settings), key=lambda known: known.name in _OF_DESK)
    if known.metadata
)
"""Every habit of both services, those of TicketSmart first."""

OF_ONE_EVENT: frozenset[str] = frozenset(
    {
        *("ticket_types_in_rows", "stock_in_events", "place_in_rows", "auto_sold_out"),
        *("status_lag", "held_seats", "basket_seconds", "order_seconds", "overbooked", "unlimited"),
        *("available", "add_ons", "outside_sale", "odd_row", "removal_name"),
    }
)
"""The habits that a single event may have. The others are about lists or a whole service."""

_BY_NAME = {habit.name: habit for habit in HABITS}
_NAMES = tuple(known.name for known in fields(Settings) if known.init)


def read_habit(text: str) -> tuple[str, str | bool | float, str | None]:
    """``NAME=VALUE`` or ``NAME=VALUE@EVENT`` as name, value, and the event that it is about.

    ``ValueError`` says what is possible. Hyphens and underscores are the same in both.
    """
    name, equals, rest = text.partition("=")
    value, _, event = rest.partition("@")
    habit = _BY_NAME.get(name.replace("-", "_"))
    if habit is None:
        raise ValueError(f"no habit {name!r}; known: {', '.join(sorted(_BY_NAME))}")
    if not equals:
        raise ValueError(f"{name}: write {name}=VALUE; possible: {habit.possible}")
    return habit.name, habit.read(value), event or None


def _fits(name: str, value: object) -> bool:
    habit = _BY_NAME.get(name)
    if habit is not None and habit.values is not None:
        return any(type(value) is type(known) and value == known for known in habit.values)
    if habit is not None:
        return type(value) in (int, float) and 0 <= value < float("inf")  # type: ignore[operator]
    if name in ("ticketsmart_limit", "ticket0_limit"):
        return value is None or (type(value) is int and value > 0)
    return type(value) in (int, float) and value > 0  # type: ignore[operator]  # limit_window

"""Renders Liquid templates to subjects, bodies, messages and notes. Pure: the same change gives the
same words.

Text from a box office is only ever a value and never template source. It loses control characters
and characters that change the direction of text, so a hostile title stays a title. If a template of
a rule fails while it is rendered, the built-in words are used: a typo must not cost a ticket.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from functools import cache, lru_cache, wraps
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ...client.money import Money
from ..model.changes import SERVICE, Change
from ..model.facts import EventFacts, TypeFacts
from ..model.kinds import KINDS, Severity
from ..model.sale import TypeSale

if TYPE_CHECKING:
    from liquid import RenderContext

    from ..model.rules import Rule

T = TypeVar("T")
_SUBJECT_LENGTH = 160
_VALUE_LENGTH = 1000
_LINE_LENGTH = 200
_MOST_LINES = 40
_ZONE_LENGTH = 60
_MOST_DETAILS = 200
_MOST_STEPS = 10_000
_MOST_TEXT = 200_000
_MOST_WORK = 2_000_000
_FILTER_WORK = 50
_CURRENCY = re.compile(r"[A-Z]{3}")
ANY = "any"
"""The table in ``words.toml`` that serves where a kind has no words of its own for a use."""
_PARTS = "parts"
_PART = re.compile(r"^@(\w+)$", re.MULTILINE)


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """The built-in templates, by kind of change and use."""
    text = resources.files(__package__).joinpath("words.toml").read_text("utf-8")
    tables: dict[str, dict[str, str]] = tomllib.loads(text)
    parts = tables.pop(_PARTS)

    def whole(source: str) -> str:
        return _PART.sub(lambda found: parts[found[1]].strip(), source)

    return {
        kind: {use: whole(source) for use, source in table.items()}
        for kind, table in tables.items()
    }


def built_in(kind: str, use: str) -> str:
    """The built-in template for a kind and a use: subject, body, message, cleared, …"""
    return words().get(kind, {}).get(use) or words()[ANY][use]


@cache
def environment() -> Any:
    """Liquid, with limits on what a template may do and our filters.

    The limits count what is done, never the time it takes: a template that renders here renders
    everywhere.
    """
    # Imported late: it is slow to import, and a pass without changes renders nothing.
    from liquid import BoundTemplate, Environment, RenderContext
    from liquid.exceptions import ResourceLimitError

    class Counted(RenderContext):
        """What a template has done so far; a unit is about the work for a character of text."""

        work = 0

        @property
        def length(self) -> int:
            template: Any = self.template
            return int(template.length)

        def spend(self, units: int) -> None:
            self.work += units
            if self.work > _MOST_WORK:
                raise ResourceLimitError("it does too much", token=None)

        def get(self, path: Any, *args: Any, **more: Any) -> Any:
            value = super().get(path, *args, **more)
            self.spend(1 + _size(value) // 16)  # it may be compared, or searched
            return value

        def filter(self, name: str, token: Any) -> Callable[..., Any]:
            return _counted(name, super().filter(name, token), self.spend)

        def raise_for_loop_limit(self, length: int = 1) -> None:
            super().raise_for_loop_limit(length)
            # Each round does no more than the whole template holds.
            self.spend(length * (10 + self.length // 10))

    class Template(BoundTemplate):
        context_class = Counted
        length = 0

    class Bounded(Environment):
        """Limits what a template can do, however it is written."""

        context_depth_limit = 20
        loop_iteration_limit = _MOST_STEPS
        local_namespace_limit = 20_000
        output_stream_limit = _MOST_TEXT
        template_class = Template

    bounded = Bounded()
    bounded.filters["local_date"] = lambda value, zone=None: _filtered(day, value, zone)
    bounded.filters["local_time"] = lambda value, zone=None: _filtered(clock, value, zone)
    bounded.filters["local"] = lambda value, zone=None: _filtered(when, value, zone)
    bounded.filters["money"] = lambda value, currency=None: _money_filter(value, currency)
    return bounded


@cache
def _short_range() -> type:
    from liquid.builtin.expressions.primitive import RangeLiteral

    class ShortRange(RangeLiteral):
        """A range such as ``(1..40)``. Liquid would search one of any length, item by item."""

        __slots__ = ()

        def evaluate(self, context: RenderContext) -> range:
            numbers: range = super().evaluate(context)
            _refuse_if_huge(numbers)
            return numbers

    return ShortRange


def _shorten(parsed: Any) -> None:
    """Limit the ranges in a template."""
    from liquid import RenderContext
    from liquid.ast import Node
    from liquid.builtin.expressions.primitive import RangeLiteral

    nothing, parts = RenderContext(parsed), list[Any](parsed.nodes)
    while parts:
        part = parts.pop()
        if type(part) is RangeLiteral:
            part.__class__ = _short_range()
        if isinstance(part, Node):
            parts += [*part.expressions(), *part.children(nothing, include_partials=False)]
        else:
            parts += part.children()


def _counted(
    name: str, work: Callable[..., Any], spend: Callable[[int], None]
) -> Callable[..., Any]:
    """A filter that counts its work, and refuses values and results that are too large."""

    @wraps(work)
    def filtered(*values: Any, **more: Any) -> Any:
        for value in values:
            _refuse_if_huge(value)
        sizes = [_size(value) for value in values]
        if name.startswith(("replace", "join")) and len(values) > 1:
            _refuse_if_huge(range(sizes[0] * max(sizes[1:]) // _MOST_STEPS))
        spend(_FILTER_WORK + sum(sizes) + _extra(name, values))
        result = work(*values, **more)
        _refuse_if_huge(result)
        spend(_size(result))
        return result

    return filtered


def _size(value: Any) -> int:
    """About the work that a filter does for a value, in characters."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, range):
        return 10 * len(value)
    if isinstance(value, list | tuple):
        return sum(10 + (len(item) if isinstance(item, str) else 0) for item in value)
    return 1


def _extra(name: str, values: Sequence[Any]) -> int:
    """The work of filters that compare everything with everything."""
    first = values[0] if values else None
    if name == "uniq" and isinstance(first, list | tuple | range):
        return len(first) ** 2
    if name == "strip_html" and isinstance(first, str):
        return len(first) * first.count("<")
    return 0


def _refuse_if_huge(value: Any) -> None:
    from liquid.exceptions import ResourceLimitError

    if isinstance(value, range | list | tuple):
        huge = len(value) > _MOST_STEPS
    elif isinstance(value, int):
        huge = value.bit_length() > 1000
    else:
        huge = isinstance(value, str) and len(value) > _MOST_TEXT
    if huge:
        raise ResourceLimitError("a value is too large", token=None)


def _filtered(show: Any, value: Any, zone: Any) -> str:
    """A date filter: a value that is not a moment renders as nothing, as in Liquid."""
    if not isinstance(value, datetime):
        return ""
    shown: str = show(value, zone if isinstance(zone, str) else None)
    return shown


def _money_filter(value: Any, currency: Any) -> str:
    if not isinstance(value, int):
        return ""
    return money(value, currency if isinstance(currency, str) else "")


@cache
def template(source: str) -> Any:
    """A parsed template.

    Raises:
        liquid.exceptions.LiquidError: it makes no sense.
    """
    parsed = _as_liquid_errors(lambda: environment().from_string(source))
    parsed.length = len(source)
    _shorten(parsed)
    return parsed


# Errors of Python that Liquid's filters let through.
_PYTHON_ERRORS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def _as_liquid_errors(work: Callable[[], T]) -> T:
    """Do something with a template, and turn other errors into Liquid's own."""
    from liquid.exceptions import LiquidError

    try:
        return work()
    except _PYTHON_ERRORS as error:
        raise LiquidError(str(error) or type(error).__name__, token=None) from error


# -- values -----------------------------------------------------------------------------------


def plain(text: str, most: int = _VALUE_LENGTH) -> str:
    """A text as one line, without control, format or direction characters, cut to ``most``
    characters."""
    text = text[: 4 * most]
    if text.isascii() and text.isprintable():
        return _cut(" ".join(text.split()), most)
    kept = "".join(map(_shown, text))
    return _cut(" ".join(kept.split()), most)


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    """A character as it is shown: unchanged, as a space, or not at all."""
    category = unicodedata.category(character)
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if category in {"Cf", "Cs", "Co", "Cn"} else character


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _listed(items: Sequence[T], line: Callable[[T], str], most: int = _MOST_LINES) -> str:
    """A line for each item; after ``most`` lines, how many more there are."""
    shown = items if len(items) <= most else items[: most - 1]
    lines = [_cut(line(item), _LINE_LENGTH) for item in shown]
    if len(shown) < len(items):
        lines.append(f"… and {len(items) - len(shown)} more")
    return "\n".join(lines)


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name and len(name) <= _ZONE_LENGTH else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local(moment: datetime, timezone: str | None) -> datetime:
    """A moment in the time zone of the venue; in UTC if that is not known. A placeholder date at
    either end of the calendar, which has no other day in that zone, stays as it was told."""
    return in_zone(moment, _zone(timezone) or UTC)


def in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    """A moment in a time zone (None: that of this machine), if the calendar has it there."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def clock(moment: datetime, timezone: str | None) -> str:
    """``20:00 EST``, where the event is."""
    shown = local(moment, timezone)
    zone = shown.tzname() or ""
    # Many zones have no abbreviation, and "21:00 -03" reads like a range of hours.
    if zone[:1] in {"+", "-"}:
        offset = f"{shown:%z}"
        zone = f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{shown:%H:%M} {zone}"


def day(moment: datetime, timezone: str | None) -> str:
    """``Fri 4 Dec 2026``, where the event is."""
    shown = local(moment, timezone)
    return f"{shown:%a} {shown.day} {shown:%b %Y}"


def when(moment: datetime, timezone: str | None) -> str:
    """``Fri 4 Dec 2026, 20:00 EST``, where the event is."""
    return f"{day(moment, timezone)}, {clock(moment, timezone)}"


def money(cents: int, currency: str) -> str:
    """``$25.00``: cents as people write them."""
    return str(Money(cents, currency if _CURRENCY.fullmatch(currency) else None))


def price(cents: int | None, currency: str) -> str:
    """``$25.00``, ``free``, or ``price not known``."""
    if cents is None:
        return "price not known"
    return "free" if cents == 0 else money(cents, currency)


def _name(ticket_type: TypeFacts) -> str:
    return plain(ticket_type.name, _LINE_LENGTH) or "(no name)"


def _names(types: Iterable[TypeFacts]) -> str:
    return plain(", ".join(_name(known) for known in islice(types, _MOST_LINES)))


def _stock_line(ticket_type: TypeFacts, currency: str) -> str:
    sold, quantity = ticket_type.sold, ticket_type.quantity
    if sold is not None and quantity is not None and sold <= quantity:
        stock = f"{sold} of {quantity} sold"
    elif sold is not None and quantity is not None:
        stock = f"{sold} sold, {sold - quantity} more than offered"
    elif ticket_type.available is not None:
        stock = f"{max(0, ticket_type.available)} left"
    elif sold is not None:
        stock = f"{sold} sold"
    elif ticket_type.unlimited:
        stock = "no limit"
    else:
        stock = "stock not known"
    return f"- {_name(ticket_type)} ({price(ticket_type.price, currency)}): {stock}"


def _window(ticket_type: TypeFacts, timezone: str | None) -> str:
    starts, ends = (
        None if moment is None else when(moment, timezone)
        for moment in (ticket_type.sale_starts_at, ticket_type.sale_ends_at)
    )
    if starts and ends:
        return f"from {starts} to {ends}"
    if starts:
        return f"from {starts} on"
    return f"until {ends}" if ends else "at any time"


def _in_state(event: EventFacts, state: TypeSale) -> list[TypeFacts]:
    """The ticket types of an event that are in this state."""
    states = zip(event.ticket_types or (), event.sales, strict=False)
    return [known for known, sale in states if sale == state]


def _event(event: EventFacts | None) -> dict[str, Any]:
    if event is None:
        return {}
    where = ", ".join(plain(part) for part in (event.venue_name, event.city) if part)
    types = [known for known in event.ticket_types or () if not known.hidden]
    sold = [known.sold for known in event.ticket_types or ()]
    return {
        "id": plain(event.id),
        "title": plain(event.title) or "(no title)",
        "slug": plain(event.slug or ""),
        "status": plain(event.status),
        "category": plain(event.category or ""),
        "visibility": plain(event.visibility or ""),
        "currency": plain(event.currency),
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "doors_open": event.doors_open,
        "timezone": plain(event.timezone or ""),
        "day": day(event.starts_at, event.timezone),
        "time": clock(event.starts_at, event.timezone),
        "when": when(event.starts_at, event.timezone),
        "venue": plain(event.venue_name or ""),
        "city": plain(event.city or ""),
        "country": plain(event.country or ""),
        "where": where or "place not given",
        "when_and_where": when(event.starts_at, event.timezone) + (where and f", {where}"),
        "url": plain(event.public_url or ""),
        "sold": None if not sold or None in sold else sum(count or 0 for count in sold),
        "stock": _listed(types, lambda known: _stock_line(known, event.currency)),
        "types": _names(event.ticket_types or ()),
        "on_sale": _names(_in_state(event, TypeSale.ON_SALE)),
        "still_sold_out": _names(_in_state(event, TypeSale.SOLD_OUT)),
    }


def _ticket_type(known: TypeFacts | None, event: EventFacts | None) -> dict[str, Any]:
    if known is None:
        return {}
    currency = event.currency if event else ""
    return {
        "id": plain(known.id),
        "name": _name(known),
        "price": price(known.price, currency),
        "cents": known.price,
        "quantity": known.quantity,
        "sold": known.sold,
        "available": None if known.available is None else max(0, known.available),
        "unlimited": known.unlimited,
        "sale_window": _window(known, event.timezone if event else None),
    }


SCOPES: Mapping[str, tuple[str, ...]] = {
    "event": ("event", "before"),
    "ticket_type": ("event", "before", "ticket_type", "ticket_type_before"),
    "box_office": (),
}
_COMMON = (
    "box_office", "service", "kind", "summary", "title", "severity", "seen", "detail", "also",
)  # fmt: skip


def names(kind: str) -> frozenset[str]:
    """The names a template may use for a kind of change, such as ``event.title``."""
    blank = EventFacts(id="", title="", status="", starts_at=datetime.min.replace(tzinfo=UTC))
    blank_type = TypeFacts(id="", name="")
    tables = {
        "event": _event(blank),
        "before": _event(blank),
        "ticket_type": _ticket_type(blank_type, blank),
        "ticket_type_before": _ticket_type(blank_type, blank),
    }
    found = set(_COMMON)
    for table in SCOPES[kind.partition(".")[0]]:
        found |= {table, *(f"{table}.{name}" for name in tables[table])}
    return frozenset(found)


def variables(
    change: Change,
    others: Sequence[Change] = (),
    severity: Severity | None = None,
    service: str = SERVICE,
) -> dict[str, Any]:
    """The values that a template can use. :func:`names` lists their names."""
    zone = change.event.timezone if change.event else None
    kind = KINDS[change.kind]
    return {
        "event": _event(change.event),
        "before": _event(change.before or change.event),
        "ticket_type": _ticket_type(change.ticket_type, change.event),
        "ticket_type_before": _ticket_type(change.type_before or change.ticket_type, change.event),
        "box_office": plain(change.box_office),
        "service": plain(service),
        "kind": kind.name,
        "summary": kind.summary,
        "title": plain(change.title),
        "severity": str(severity or kind.severity),
        "seen": when(change.observed_at, zone),
        "detail": _detail(change.detail),
        "also": _listed(others, lambda other: f"- {one_line(other, service)}"),
    }


def _detail(text: str) -> str:
    """A list that willcall made keeps its lines. Any other text becomes one line, so that it cannot
    contain the marker of an act."""
    lines = text.splitlines()
    if not all(line.startswith("- ") for line in lines):
        return plain(text)
    return _listed(lines, plain, _MOST_DETAILS)


def one_line(change: Change, service: str = SERVICE) -> str:
    """A change in one line, without the event it happened to."""
    try:
        values = variables(change, service=service)
    except Exception:  # noqa: BLE001 - an event whose words fail must not stop those of others
        return KINDS[change.kind].summary
    return plain(_safe(built_in(change.kind, "line"), change, values), _LINE_LENGTH)


# -- texts ------------------------------------------------------------------------------------


def render(source: str, values: Mapping[str, Any]) -> str:
    """A template with its values, without the empty lines that a false ``if`` leaves.

    Raises:
        liquid.exceptions.LiquidError: it makes no sense, or does too much.
    """
    parsed = template(source)
    text: str = _as_liquid_errors(lambda: parsed.render(**values))
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for i, line in enumerate(lines) if line or (i + 1 < len(lines) and lines[i + 1])]
    return "\n".join(kept)


def _safe(source: str, change: Change, values: Mapping[str, Any]) -> str:
    """A built-in text. If it fails, the summary: it must not stop a pass."""
    from liquid.exceptions import LiquidError

    try:
        return render(source, values)
    except LiquidError:
        return f"{plain(change.title)}: {KINDS[change.kind].summary}"


class Wording:
    """The texts about a change under a rule.

    Args:
        rule: the rule.
        change: the change.
        others: changes that the same ticket announces as well.
        severity: how much it matters; else as its kind says.
        service: what people call the service of the box office, such as ``TicketSmart``.

    Attributes:
        failed: why the facts cannot be put into words; empty if they can. Then each text says what
            happened and no more.
    """

    def __init__(
        self,
        rule: Rule,
        change: Change,
        others: Sequence[Change] = (),
        *,
        severity: Severity | None = None,
        service: str = SERVICE,
    ) -> None:
        self._rule = rule
        self._change = change
        self._others = tuple(others)
        self._values: dict[str, Any] = {}
        self.failed = ""
        try:
            self._values = variables(change, self._others, severity, service)
        except Exception as error:  # noqa: BLE001 - see `failed`
            self.failed = plain(f"{type(error).__name__}: {error}", _LINE_LENGTH)

    def subject(self) -> str:
        """One line, short enough for a phone."""
        return plain(self._text(self._rule.subject, "subject"), _SUBJECT_LENGTH)

    def body(self) -> str:
        """The first text of the ticket, for the support team."""
        return self._text(self._rule.body, "body")

    def message(self) -> str:
        """The message to the customer."""
        own = self._rule.message
        if isinstance(own, str):
            return self._text(own, "message")
        return self._with_others(self._text(None, "message"))

    def extra_note(self) -> str:
        """The rule's own internal note."""
        return self._text(self._rule.note, "body")

    def cleared_message(self) -> str:
        """The message to the customer when it is cleared."""
        return self._text(None, "cleared")

    def cleared_note(self) -> str:
        """The internal note when it is cleared."""
        return self._text(None, "cleared_note")

    def superseded_note(self) -> str:
        """The internal note when it is superseded."""
        return self._with_others(self._text(None, "superseded_note"))

    def _with_others(self, text: str) -> str:
        also = self._values.get("also")
        return f"{text}\n\nAlso:\n{also}" if also else text

    def _text(self, own: str | None, use: str) -> str:
        if self.failed:
            return f"{plain(self._change.title)}: {KINDS[self._change.kind].summary}"
        if own is not None:
            from liquid.exceptions import LiquidError

            try:
                text = render(own, self._values)
            except LiquidError:
                text = ""
            if text.strip():
                return text
        return _safe(built_in(self._change.kind, use), self._change, self._values)

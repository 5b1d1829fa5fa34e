"""Reads what people type for the clients: money, moments, ticket types, cleared fields.

Pure, except :func:`text`, which may read a pipe.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs

from ...client.op import UNSET, Unset
from ...errors import InputError

if TYPE_CHECKING:
    from ...ticketsmart.models import NewTicketType

T = TypeVar("T")

# A dollar sign may mean any of several currencies.
_SIGNS = {
    "$": ("USD", "AUD", "CAD", "HKD", "MXN", "NZD", "SGD"),
    "€": ("EUR",),
    "£": ("GBP",),
}
_PRICE = re.compile(
    r"(?P<sign>[$€£])?\s*(?P<amount>[0-9]+(?:\.[0-9]{1,4})?)(?:\s*(?P<code>[A-Z]{3}))?"
)
_PRICE_FIX = "write it as in 25.00, $25.00, '25.00 EUR' or free"


@attrs.frozen
class Price:
    """An amount as it was typed, such as ``25.00``, and the currencies it may be in (none: any)."""

    amount: str
    currencies: tuple[str, ...] = ()

    def within(self, option: str, currency: str) -> int:
        """The cents, or the smallest unit of ``currency`` if the event sells in another.

        Raises:
            InputError: another currency was typed, or a fraction of the smallest unit.
        """
        if self.currencies and currency not in self.currencies:
            fix = f"write the amount in {currency}; nothing is converted"
            raise InputError(option, f"the event sells in {currency}", fix)
        from ...client.money import Money

        try:
            return Money.of(self.amount, currency).cents
        except InputError as error:
            problem = f"{self.amount!r} is not a price in {currency}"
            raise InputError(option, problem, error.fix) from None


def price(option: str, text: str) -> Price:
    """``25``, ``25.00``, ``$25.00``, ``€25``, ``25.00 EUR`` or ``free``; never cents.

    Raises:
        InputError: it is not a price.
    """
    if text.strip().lower() == "free":
        return Price("0")
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        raise InputError(option, f"{text!r} is not a price", _PRICE_FIX)
    currencies = _SIGNS.get(found["sign"] or "", ())
    code = found["code"]
    if code and currencies and code not in currencies:
        raise InputError(option, f"{text!r} names two currencies", _PRICE_FIX)
    return Price(found["amount"], (code,) if code else currencies)


def ticket_type(option: str, text: str, currency: str) -> NewTicketType:
    """``NAME:PRICE:QUANTITY``, as in ``Balcony:$25.00:80``; the name may have colons.

    Raises:
        InputError: it is not a ticket type, or its price is in another currency than the event.
    """
    from ...ticketsmart.models import NewTicketType

    parts = text.rsplit(":", 2)
    if len(parts) != 3 or not re.fullmatch(r"[0-9]{1,9}", parts[2].strip()):
        fix = "write NAME:PRICE:QUANTITY, as in 'Balcony:$25.00:80'"
        raise InputError(option, f"{text!r} is not a ticket type", fix)
    cents = price(option, parts[1]).within(option, currency)
    return NewTicketType(parts[0].strip(), cents, int(parts[2]))


def moment(option: str, text: str, timezone: str | None = None) -> datetime:
    """A moment with its time zone.

    ``2026-12-01T19:30-05:00``, ``…Z``, or a local time and the name of its zone, as in
    ``2026-12-01 19:30 America/New_York``. A date alone is its first moment.

    Args:
        option: the option.
        text: what was typed.
        timezone: the zone of times that name none.

    Raises:
        InputError: it is not a moment, has no zone, or does not exist or is ambiguous because the
            clocks change.
    """
    found = re.fullmatch(r"(\S+(?: +\d\S*)?)(?: +([A-Za-z]\S*))?", text.strip())
    try:
        said = datetime.fromisoformat(re.sub(r" +", " ", found[1]) if found else text)
    except ValueError:
        fix = "write it as in 2026-12-01T19:30-05:00 or '2026-12-01 19:30 America/New_York'"
        raise InputError(option, f"{text!r} is not a moment", fix) from None
    name = (found and found[2]) or timezone
    if said.tzinfo is not None:
        if found and found[2]:
            raise InputError(option, f"{text!r} has two time zones", "leave one of them out")
        return said
    if name is None:
        fix = f"add it: '{said:%Y-%m-%dT%H:%M}-05:00', or '{said:%Y-%m-%d %H:%M} America/New_York'"
        raise InputError(option, f"{text!r} has no time zone", fix)
    return _on_the_clock(option, said, zone(option, name))


def zone(option: str, name: str) -> ZoneInfo:
    """A time zone by its IANA name.

    Raises:
        InputError: there is no such time zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        fix = "give an IANA name, such as America/New_York, or UTC"
        raise InputError(option, f"{name!r} is not a time zone", fix) from None


def _on_the_clock(option: str, said: datetime, place: ZoneInfo) -> datetime:
    """A local time as a moment. When the clocks change, it may not exist or be ambiguous."""
    first, second = said.replace(tzinfo=place), said.replace(tzinfo=place, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    lost = first.astimezone(UTC).astimezone(place).replace(tzinfo=None) != said
    problem = "does not exist there" if lost else "is ambiguous there"
    fix = f"the clocks change that night; give the offset, as in {_offset(said, first)}"
    raise InputError(option, f"{said:%Y-%m-%d %H:%M} {place.key} {problem}", fix)


def _offset(said: datetime, example: datetime) -> str:
    offset = example.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    minutes = int(abs(offset).total_seconds()) // 60
    return f"{said:%Y-%m-%dT%H:%M}{sign}{minutes // 60:02}:{minutes % 60:02}"


def pairs(option: str, given: Sequence[str]) -> dict[str, str]:
    """``NAME=VALUE``, any number of times.

    Raises:
        InputError: a pair has no ``=``, or a name is repeated.
    """
    found: dict[str, str] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InputError(option, f"{pair!r} is not a pair", "write NAME=VALUE, as in plan=gold")
        if name in found:
            raise InputError(option, f"{name!r} is given twice", "give a name only once")
        found[name] = value
    return found


def text(option: str, given: str) -> str:
    """A text as it was typed; ``-`` reads it from a pipe.

    Raises:
        InputError: there is no pipe.
    """
    if given != "-":
        return given
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError(option, "there is no pipe to read from", "willcall … < letter.txt")
    return sys.stdin.read()


def given(value: T | None) -> T | Unset:
    """The value of a field, or UNSET if it was not given."""
    return UNSET if value is None else value


class Cleared:
    """The fields that an update clears: ``--clear ends-at`` sends ``null``.

    Args:
        names: the fields, as they were typed.
        fields: the fields that can be cleared, by the client's names.

    Raises:
        InputError: a field cannot be cleared.
    """

    def __init__(self, names: Sequence[str] | None, fields: Sequence[str]) -> None:
        self._names = {name.strip("-").replace("-", "_") for name in names or ()}
        for name in sorted(self._names - set(fields)):
            fix = "one of: " + ", ".join(field.replace("_", "-") for field in fields)
            raise InputError("--clear", f"{name.replace('_', '-')!r} cannot be cleared", fix)

    def __call__(self, name: str, value: T | None) -> T | Unset | None:
        """UNSET, None or the value of a field.

        Raises:
            InputError: it is both given and cleared.
        """
        if name not in self._names:
            return given(value)
        if value is not None:
            option = "--" + name.replace("_", "-")
            raise InputError(option, "it is both given and cleared", "leave out one of the two")
        return None

"""Money: a whole number of a currency's smallest unit. There is no float anywhere.

How many decimal places a currency has is from ISO 4217: two, unless :data:`PLACES` says otherwise.
"""

from __future__ import annotations

import re
from typing import Any

import attrs

from ..errors import InputError

_CODE = re.compile(r"[A-Z]{3}")
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}

# fmt: off
PLACES = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
    "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "CLF": 4, "UYW": 4,
}
# fmt: on


def places(currency: str | None) -> int:
    """How many decimal places amounts in a currency have: 2 for USD, 0 for JPY, 3 for KWD."""
    return PLACES.get(currency or "", 2)


def cents(name: str, value: Any) -> int:
    """A number of cents, checked.

    Raises:
        InputError: it is not a whole number. ``25.0`` is refused as well: whoever writes a float
            mostly means dollars.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(
            name,
            f"{value!r} is not a whole number of cents",
            "$25.00 is 2500; Money.of('25.00', 'USD') reads a text",
        )
    return value


def _check(_: Any, field: attrs.Attribute[int], value: int) -> None:
    cents(field.name, value)


def _code(_: Any, field: attrs.Attribute[str | None], value: Any) -> None:
    if value is not None and not (isinstance(value, str) and _CODE.fullmatch(value)):
        raise InputError(
            field.name, f"{value!r} is not a currency", "give three letters, as in 'USD'"
        )


@attrs.frozen(order=False)
class Money:
    """An amount of money, such as ``Money(2500, "USD")``: $25.00.

    ``cents`` counts the smallest unit of the currency: cents of USD, whole yen of JPY (500 is
    "500 JPY"), thousandths of KWD (1500 is "1.500 KWD"). ``currency`` is None where an answer does
    not say it, as when ticket types are read without their event; then cents are hundredths.

    Amounts in the same currency can be added, subtracted and compared, and an amount can be
    multiplied by a whole number, such as a number of tickets. Anything else is a TypeError or an
    InputError. ``int(price)`` is the cents.
    """

    cents: int = attrs.field(validator=_check)
    currency: str | None = attrs.field(default=None, validator=_code)

    @classmethod
    def of(cls, amount: str, currency: str | None = None) -> Money:
        """The amount in a text such as ``"25"``, ``"25.5"`` or ``"-0.99"``.

        Zeros beyond the decimal places of the currency are accepted: ``Money.of("500.00", "JPY")``.

        Raises:
            InputError: it is not an amount, or has a fraction of the currency's smallest unit.
        """
        count = places(currency)
        found = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?", amount, re.ASCII)
        part = ((found and found[3]) or "").rstrip("0")
        if found is None or len(part) > count:
            example = cls(25 * 10**count, currency).amount
            raise InputError(
                "amount", f"{amount!r} is not an amount", f"write it as in '{example}'"
            )
        total = int(found[2] + part.ljust(count, "0"))
        return cls(-total if found[1] else total, currency)

    @classmethod
    def answered(cls, cents: int | None, currency: str | None) -> Money | None:
        """The amount in an answer, which may hold anything: no error comes of it.

        ``"usd"`` is read as USD, and any other text as no currency. None if there is no amount.
        """
        code = (currency or "").strip().upper()
        return None if cents is None else cls(cents, code if _CODE.fullmatch(code) else None)

    @property
    def amount(self) -> str:
        """The bare amount: ``"25.00"``, or ``"25"`` in a currency without decimal places."""
        count = places(self.currency)
        whole, part = divmod(abs(self.cents), 10**count)
        fraction = f".{part:0{count}}" if count else ""
        return f"{'-' if self.cents < 0 else ''}{whole}{fraction}"

    def __str__(self) -> str:
        sign = _SIGNS.get(self.currency or "")
        if sign is not None:
            return f"-{sign}{self.amount[1:]}" if self.cents < 0 else sign + self.amount
        return f"{self.amount} {self.currency}" if self.currency else self.amount

    def __int__(self) -> int:
        return self.cents

    def __bool__(self) -> bool:
        return self.cents != 0

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.cents - self._same(other), self.currency)

    def __mul__(self, count: int) -> Money:
        # A float times cents fails the check of `cents`, as it should.
        return Money(self.cents * count, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.cents < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.cents <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.cents > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.cents >= self._same(other)

    def _same(self, other: object) -> int:
        if not isinstance(other, Money):
            raise TypeError(f"{other!r} is not Money; Money({self.cents}, …) makes some of cents")
        if self.currency != other.currency:
            raise InputError(
                "currency",
                f"{self} and {other} are not in the same currency",
                "convert one of them first",
            )
        return other.cents

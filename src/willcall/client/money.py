"""Money: integer cents and a currency. There is no float anywhere, not even on the way to text."""

from __future__ import annotations

import re
from typing import Any

import attrs

from ..errors import InputError

_CODE = re.compile(r"[A-Z]{3}")
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def cents(name: str, value: Any) -> int:
    """A number of cents, checked.

    Raises:
        InputError: it is no whole number. ``25.0`` is refused as well: a float that happens to be
            whole is mostly one that was meant as dollars.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputError(
            name,
            f"{value!r} is no whole number of cents",
            "$25.00 is 2500; Money.of('25.00', 'USD') reads a text",
        )
    return value


def _check(_: Any, field: attrs.Attribute[int], value: int) -> None:
    cents(field.name, value)


def _code(_: Any, field: attrs.Attribute[str | None], value: Any) -> None:
    if value is not None and not (isinstance(value, str) and _CODE.fullmatch(value)):
        raise InputError(field.name, f"{value!r} is no currency", "give three letters, as in 'USD'")


@attrs.frozen(order=False)
class Money:
    """An amount of money, such as ``Money(2500, "USD")``: $25.00.

    ``cents`` are hundredths, whatever the currency, as TicketSmart counts (seed: "integer cents").
    ``currency`` is None where an answer does not say it, as when ticket types are read without
    their event. Amounts of one currency can be added, subtracted and compared, and an amount can be
    multiplied by a whole number (of tickets, say); anything else is a TypeError or an InputError.
    ``int(price)`` is the cents.
    """

    cents: int = attrs.field(validator=_check)
    currency: str | None = attrs.field(default=None, validator=_code)

    @classmethod
    def of(cls, amount: str, currency: str | None = None) -> Money:
        """The amount that a text such as ``"25"``, ``"25.5"`` or ``"-0.99"`` says.

        Raises:
            InputError: it says none, or fractions of a cent.
        """
        found = re.fullmatch(r"(-?)(\d+)(?:\.(\d{1,2}))?", amount, re.ASCII)
        if found is None:
            raise InputError("amount", f"{amount!r} is no amount", "write it as in '25.00'")
        sign, whole, part = found.groups()
        total = int(whole) * 100 + int((part or "0").ljust(2, "0"))
        return cls(-total if sign else total, currency)

    @property
    def amount(self) -> str:
        """The bare amount: ``"25.00"``."""
        whole, part = divmod(abs(self.cents), 100)
        return f"{'-' if self.cents < 0 else ''}{whole}.{part:02}"

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
            raise TypeError(f"{other!r} is no Money; Money({self.cents}, …) makes some of cents")
        if self.currency != other.currency:
            raise InputError(
                "currency",
                f"{self} and {other} are not in the same currency",
                "convert one of them first",
            )
        return other.cents

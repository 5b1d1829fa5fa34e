"""Money: whole numbers of a currency's smallest unit, and never a float."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from willcall import InputError, Money


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money(2500, "USD"), "$25.00"),
        (Money(0, "USD"), "$0.00"),
        (Money(5, "EUR"), "€0.05"),
        (Money(-199, "GBP"), "-£1.99"),
        (Money(123456789, "CHF"), "1234567.89 CHF"),
        (Money(-1, "CHF"), "-0.01 CHF"),
        (Money(2500), "25.00"),
        (Money(10**30, "USD"), f"${10**28}.00"),
        (Money(500, "JPY"), "500 JPY"),
        (Money(-500, "JPY"), "-500 JPY"),
        (Money(0, "KRW"), "0 KRW"),
        (Money(1500, "KWD"), "1.500 KWD"),
        (Money(-5, "BHD"), "-0.005 BHD"),
        (Money(12345, "CLF"), "1.2345 CLF"),
    ],
)
def test_it_formats(money: Money, text: str) -> None:
    assert text == str(money)


@pytest.mark.parametrize("wrong", [25.0, 2500.0, "2500", None, True])
def test_cents_are_whole_numbers_and_nothing_else(wrong: Any) -> None:
    with pytest.raises(InputError, match="whole number of cents"):
        Money(wrong, "USD")


@pytest.mark.parametrize("wrong", ["usd", "US", "DOLLAR", "", 840])
def test_a_currency_has_three_letters(wrong: Any) -> None:
    with pytest.raises(InputError, match="currency"):
        Money(1, wrong)


@pytest.mark.parametrize(
    ("text", "currency", "cents"),
    [
        ("25", "USD", 2500),
        ("25.5", "USD", 2550),
        ("25.05", "USD", 2505),
        ("-0.99", "USD", -99),
        ("0.1", "USD", 10),
        ("25.000", "USD", 2500),
        ("25", None, 2500),
        ("500", "JPY", 500),
        ("500.00", "JPY", 500),
        ("0", "JPY", 0),
        ("1.5", "KWD", 1500),
        ("-1.005", "KWD", -1005),
        ("1.0001", "CLF", 10001),
    ],
)
def test_it_reads_a_text_without_a_float(text: str, currency: str | None, cents: int) -> None:
    assert Money(cents, currency) == Money.of(text, currency)
    assert Money.of(Money(cents, currency).amount, currency) == Money(cents, currency)


@pytest.mark.parametrize(
    ("text", "currency", "example"),
    [
        *[(text, None, "25.00") for text in ("", "25.005", "1e3", ".5", "25.", "$25", "٢٥", "1,0")],
        ("500.5", "JPY", "25"),
        ("1.0005", "KWD", "25.000"),
    ],
)
def test_a_text_that_is_no_amount_is_refused(text: str, currency: str | None, example: str) -> None:
    with pytest.raises(InputError, match=f"amount: .* is not an amount .*'{example}'"):
        Money.of(text, currency)


def test_arithmetic_stays_in_one_currency() -> None:
    ten, five = Money(1000, "USD"), Money(500, "USD")

    assert Money(1500, "USD") == ten + five
    assert Money(500, "USD") == ten - five
    assert Money(3000, "USD") == ten * 3 == 3 * ten
    assert Money(-1000, "USD") == -ten
    assert sum([ten, five], Money(0, "USD")) == Money(1500, "USD")
    assert int(ten) == ten.cents == 1000
    assert bool(ten)
    assert not Money(0, "USD")


def test_amounts_of_one_currency_compare() -> None:
    ten, five = Money(1000, "USD"), Money(500, "USD")

    assert five < ten
    assert ten > five
    assert ten <= Money(1000, "USD")
    assert ten >= Money(1000, "USD")
    assert ten != Money(1000, "EUR")
    assert not ten < ten
    assert not five > ten
    assert not ten <= five
    assert not five >= ten


def test_other_arithmetic_is_refused() -> None:
    ten: Any = Money(1000, "USD")

    acts: list[Callable[[], Any]] = [
        lambda: ten + Money(1, "EUR"),
        lambda: ten - Money(1),
        lambda: ten < Money(1, "EUR"),
        lambda: ten * 0.5,
    ]
    for act in acts:
        with pytest.raises(InputError):
            act()
    acts = [lambda: ten + 5, lambda: ten - 5, lambda: ten < 5, lambda: ten >= "5"]
    for act in acts:
        with pytest.raises(TypeError, match="is not Money"):
            act()
    with pytest.raises(TypeError):
        ten / 2


def test_it_hashes_and_pickles() -> None:
    ten = Money(1000, "USD")

    assert ten == pickle.loads(pickle.dumps(ten))
    assert len({ten, Money(1000, "USD"), Money(1000, "EUR")}) == 2

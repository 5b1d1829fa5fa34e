"""Prices, moments and other values, as people type them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from willcall.cli.apis import values
from willcall.client.op import UNSET
from willcall.errors import InputError


@pytest.mark.parametrize(
    ("typed", "amount", "currencies"),
    [
        ("25", "25", ()),
        ("25.00", "25.00", ()),
        ("25.5", "25.5", ()),
        (" $25.00 ", "25.00", values._SIGNS["$"]),
        ("€0.99", "0.99", ("EUR",)),
        ("£ 12", "12", ("GBP",)),
        ("25.00 CHF", "25.00", ("CHF",)),
        ("$25.00 CAD", "25.00", ("CAD",)),
        ("500 JPY", "500", ("JPY",)),
        ("1.500 KWD", "1.500", ("KWD",)),
        ("free", "0", ()),
        ("Free", "0", ()),
        ("0", "0", ()),
    ],
)
def test_a_price_is_read(typed: str, amount: str, currencies: tuple[str, ...]) -> None:
    """As it was typed, with the currencies that it may mean."""
    assert values.price("--price", typed) == values.Price(amount, currencies)


@pytest.mark.parametrize(
    ("typed", "currency", "cents"),
    [
        ("25.5", "USD", 2550),
        ("free", "USD", 0),
        ("500", "JPY", 500),
        ("500.00 JPY", "JPY", 500),
        ("1.5", "KWD", 1500),
        ("1.505 KWD", "KWD", 1505),
    ],
)
def test_a_price_counts_the_smallest_unit_of_its_currency(
    typed: str, currency: str, cents: int
) -> None:
    """Cents, whole yen, thousandths of a dinar."""
    assert values.price("--price", typed).within("--price", currency) == cents


@pytest.mark.parametrize(
    ("typed", "currency", "example"),
    [("25.001", "USD", "25.00"), ("500.5", "JPY", "25"), ("1.0001", "KWD", "25.000")],
)
def test_a_fraction_of_the_smallest_unit_is_refused(
    typed: str, currency: str, example: str
) -> None:
    """With an amount that the currency has."""
    problem = f"--price: {typed!r} is not a price in {currency} (write it as in {example!r})"
    with pytest.raises(InputError, match=re.escape(problem)):
        values.price("--price", typed).within("--price", currency)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "twenty",
        "25,00",
        "1,200.00",
        "25.00001",
        "-5",
        "$",
        "25 usd",
        "€5 USD",
        "1e3",
        "2500c",
        "٢",
    ],
)
def test_what_is_no_price_is_refused(typed: str) -> None:
    """With how to write one."""
    with pytest.raises(InputError, match=r"--price: .* \(write it as in 25.00"):
        values.price("--price", typed)


@given(st.integers(min_value=0, max_value=10**12))
def test_every_amount_is_read_as_it_is_shown(cents: int) -> None:
    """Whatever it is."""
    typed = f"${cents // 100}.{cents % 100:02}"
    assert values.price("--price", typed).within("--price", "USD") == cents


def test_a_price_in_another_currency_is_refused() -> None:
    """Nothing is converted."""
    assert values.price("--price", "$5").within("--price", "CAD") == 500
    assert values.price("--price", "5").within("--price", "EUR") == 500
    with pytest.raises(InputError, match="the event sells in EUR"):
        values.price("--price", "$5").within("--price", "EUR")


@pytest.mark.parametrize(
    ("typed", "name", "cents", "quantity"),
    [
        ("Balcony:$25.00:80", "Balcony", 2500, 80),
        ("Late show 19:30:25:8", "Late show 19:30", 2500, 8),
        (" Guests : free : 9", "Guests", 0, 9),
    ],
)
def test_a_ticket_type_is_read(typed: str, name: str, cents: int, quantity: int) -> None:
    """From the right: a name may have colons."""
    found = values.ticket_type("--ticket-type", typed, "USD")
    assert (found.name, found.cents, found.quantity) == (name, cents, quantity)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Balcony", "NAME:PRICE:QUANTITY"),
        ("Balcony:25.00", "NAME:PRICE:QUANTITY"),
        ("Balcony:25.00:many", "NAME:PRICE:QUANTITY"),
        ("Balcony:$1,200.00:80", "is not a price"),
        ("Balcony:€5:80", "sells in USD"),
        (":5:80", "name"),
    ],
)
def test_what_is_no_ticket_type_is_refused(typed: str, said: str) -> None:
    """Saying what of it is wrong."""
    with pytest.raises(InputError, match=said):
        values.ticket_type("--ticket-type", typed, "USD")


@pytest.mark.parametrize(
    ("typed", "timezone", "moment"),
    [
        ("2026-12-01T19:30-05:00", None, "2026-12-02T00:30"),
        ("2026-12-01T19:30Z", None, "2026-12-01T19:30"),
        ("2026-12-01 19:30+00:00", None, "2026-12-01T19:30"),
        ("2026-12-01 19:30 America/New_York", None, "2026-12-02T00:30"),
        ("2026-12-01  19:30  UTC", None, "2026-12-01T19:30"),
        ("2026-07-01 America/New_York", None, "2026-07-01T04:00"),
        ("2026-12-01 19:30", "Europe/Berlin", "2026-12-01T18:30"),
        ("2026-12-01T19:30Z", "Europe/Berlin", "2026-12-01T19:30"),
        ("2026-12-01 19:30 UTC", "Europe/Berlin", "2026-12-01T19:30"),
    ],
)
def test_a_moment_is_read(typed: str, timezone: str | None, moment: str) -> None:
    """With an offset, or with a zone beside it."""
    found = values.moment("--starts-at", typed, timezone)
    assert found.tzinfo is not None
    assert found == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-12-01 19:30", r"has no time zone \(add it: '2026-12-01T19:30-05:00', or"),
        ("2026-12-01", "has no time zone"),
        ("tomorrow", "is not a moment"),
        ("2026-13-01 UTC", "is not a moment"),
        ("2026-12-01 19:30 Mars/Olympus", "'Mars/Olympus' is not a time zone"),
        ("2026-12-01 19:30 ../../etc/passwd", "is not a moment"),
        ("2026-12-01T19:30Z UTC", "two time zones"),
        ("2026-03-08 02:30 America/New_York", "does not exist there .*-05:00"),
        ("2026-11-01 01:30 America/New_York", "is ambiguous there .*2026-11-01T01:30-04:00"),
    ],
)
def test_what_says_no_one_moment_is_refused(typed: str, said: str) -> None:
    """With what to write instead."""
    with pytest.raises(InputError, match=said):
        values.moment("--starts-at", typed)


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_a_local_time_is_read_as_its_clock_shows_it_or_refused(said: datetime, zone: str) -> None:
    """Around every change of the clocks."""
    said = said.replace(second=0, microsecond=0)
    try:
        found = values.moment("--starts-at", f"{said:%Y-%m-%d %H:%M} {zone}")
    except InputError:
        place = values.zone("", zone)
        offsets = {(said + timedelta(hours=h)).replace(tzinfo=place).utcoffset() for h in (-3, 3)}
        assert len(offsets) == 2
    else:
        shown = found.astimezone(UTC).astimezone(values.zone("", zone))
        assert shown.replace(tzinfo=None) == said


def test_pairs_are_read() -> None:
    """A value may have an equals sign, or be empty."""
    assert values.pairs("--metadata", ["a=1", "b==", "c="]) == {"a": "1", "b": "=", "c": ""}
    for wrong in (["a"], ["=1"], ["a=1", "a=2"]):
        with pytest.raises(InputError, match="--metadata"):
            values.pairs("--metadata", wrong)


def test_unset_null_and_a_value_are_three_things() -> None:
    """Left out, cleared, given."""
    cleared = values.Cleared(["ends-at", "--city"], ("ends_at", "city", "country"))
    assert cleared("ends_at", None) is None
    assert cleared("city", None) is None
    assert cleared("country", None) is UNSET
    assert cleared("country", "DE") == "DE"
    with pytest.raises(InputError, match="--city: it is both given and cleared"):
        cleared("city", "Berlin")
    with pytest.raises(InputError, match=r"'title' cannot be cleared \(one of: ends-at, city\)"):
        values.Cleared(["title"], ("ends_at", "city"))

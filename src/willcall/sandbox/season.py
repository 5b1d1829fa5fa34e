"""A small, plausible season, and seasons of any size. Seed and clock determine the events."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from willcall.sandbox.boxoffice import SandboxBoxOffice


@dataclass(frozen=True, slots=True)
class Show:
    """One line of a season: ``days`` from today, ``at`` in UTC, ``hours`` long.

    ``types`` are (name, cents, quantity, sold so far); a name in parentheses is a hidden type.
    """

    title: str
    category: str
    venue: str
    city: str
    country: str
    timezone: str
    currency: str
    days: int
    at: tuple[int, int]
    hours: float
    types: tuple[tuple[str, int, int, int], ...]
    status: str = "PUBLISHED"
    visibility: str = "PUBLIC"


_CHICAGO = ("The Lantern Room", "Chicago", "US", "America/Chicago", "USD")
_NEW_YORK = ("Harbor Street Theatre", "New York", "US", "America/New_York", "USD")
_LONDON = ("The Old Tannery", "London", "GB", "Europe/London", "GBP")
_MONTREAL = ("Salle Bonaventure", "Montréal", "CA", "America/Toronto", "CAD")
_BERLIN = ("Kesselhaus Nord", "Berlin", "DE", "Europe/Berlin", "EUR")

SEASON = (
    Show(
        "Late Laughs with Priya Raman", "COMEDY", *_CHICAGO, 3, (1, 0), 2,
        (("General Admission", 2500, 120, 74), ("Front Table", 4500, 16, 11)),
    ),
    Show(
        "Open Mic Wednesday", "COMEDY", *_CHICAGO, 5, (0, 30), 2.5,
        (("General Admission", 0, 80, 22),),
    ),
    Show(
        "The Cherry Orchard", "THEATER", *_NEW_YORK, 9, (0, 0), 3,
        (("Orchestra", 8900, 140, 96), ("Balcony", 5400, 110, 41), ("Student Rush", 2000, 20, 20)),
    ),
    Show(
        "Quartet Halloran: Late Beethoven", "MUSIC", *_NEW_YORK, 12, (23, 30), 2,
        (("Reserved", 4200, 180, 63), ("Under 30", 1800, 40, 9)),
    ),
    Show(
        "Tannery Sessions: Imogen Vale", "MUSIC", *_LONDON, 14, (19, 30), 3,
        (("Standing", 2200, 260, 187), ("Gallery", 3400, 48, 30), ("(Guest List)", 0, 20, 6)),
    ),
    Show(
        "Café noir : chansons d'hiver", "MUSIC", *_MONTREAL, 17, (0, 30), 2,
        (("Parterre", 3800, 150, 58), ("Balcon", 2900, 90, 17)),
    ),
    Show(
        "Improv for Absolute Beginners", "WORKSHOP", *_CHICAGO, 20, (16, 0), 4,
        (("Workshop Place", 6500, 14, 12),), visibility="UNLISTED",
    ),
    Show(
        "Nachtschicht: Live-Elektronik", "MUSIC", *_BERLIN, 24, (20, 0), 6,
        (("Early Bird", 1500, 100, 100), ("Regular", 2200, 300, 45), ("VIP", 5500, 25, 4)),
    ),
    Show(
        "A Midsummer Night's Dream", "THEATER", *_LONDON, 38, (18, 30), 3,
        (("Stalls", 4800, 160, 0), ("Circle", 3200, 120, 0)), status="DRAFT",
    ),
    Show(
        "Priya Raman: Work in Progress", "COMEDY", *_CHICAGO, -6, (1, 0), 1.5,
        (("General Admission", 1500, 120, 118),), status="COMPLETED",
    ),
)  # fmt: skip


def small_season(box_office: SandboxBoxOffice, now: datetime) -> None:
    """Ten events around ``now``: seven on sale, one of them unlisted; one draft, one over."""
    for show in SEASON:
        _book(box_office, show, now)


_FIRST = ("Midnight", "Second", "Open", "Silver", "Winter", "Borrowed", "Paper", "Electric")
_SECOND = ("Matinee", "Parade", "Revue", "Sessions", "Trio", "Stories", "Ensemble", "Cabaret")
_TYPES = (("General Admission", 2500), ("Balcony", 1900), ("VIP", 6000), ("Student", 1200))


def large_season(box_office: SandboxBoxOffice, now: datetime, count: int, seed: int = 0) -> None:
    """``count`` events over the next 300 days, each with one to four ticket types."""
    dice = random.Random(f"season/{seed}")  # noqa: S311 - for variety, not for secrets
    for number in range(1, count + 1):
        place = dice.choice((_CHICAGO, _NEW_YORK, _LONDON, _MONTREAL, _BERLIN))
        types = []
        for name, price in _TYPES[: dice.randint(1, len(_TYPES))]:
            quantity = dice.choice((20, 60, 120, 300))
            types.append((name, price, quantity, dice.randint(0, quantity - 1)))
        show = Show(
            f"{dice.choice(_FIRST)} {dice.choice(_SECOND)} No. {number}",
            dice.choice(("COMEDY", "MUSIC", "THEATER", "OTHER")),
            *place,
            days=dice.randint(1, 300),
            at=(dice.randint(16, 23), dice.choice((0, 30))),
            hours=2,
            types=tuple(types),
        )
        _book(box_office, show, now)


def series(
    box_office: SandboxBoxOffice, now: datetime, dates: int, title: str = "The Long Run"
) -> None:
    """``dates`` events with the same title, place and ticket types, one each day from tomorrow."""
    for day in range(1, dates + 1):
        types = (("Stalls", 4800, 200, 80), ("Circle", 3200, 120, 40))
        _book(box_office, Show(title, "THEATER", *_LONDON, day, (19, 0), 2.5, types), now)


def _book(box_office: SandboxBoxOffice, show: Show, now: datetime) -> None:
    hour, minute = show.at
    day = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    starts_at = day + timedelta(days=show.days)
    box_office.create(
        show.title,
        starts_at,
        ticket_types=[_type(*kind) for kind in show.types],
        status=show.status,
        visibility=show.visibility,
        category=show.category,
        ends_at=starts_at + timedelta(hours=show.hours),
        doors_open=starts_at - timedelta(minutes=45),
        timezone=show.timezone,
        venue_name=show.venue,
        city=show.city,
        country=show.country,
        currency=show.currency,
    )


def _type(name: str, price: int, quantity: int, sold: int) -> dict[str, Any]:
    hidden = name.startswith("(")
    return {
        "name": name.strip("()"),
        "price": price,
        "quantity": quantity,
        "sold": sold,
        "hidden": hidden,
    }

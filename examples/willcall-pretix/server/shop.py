"""A small house in a pretix of its own: organizer, events, a series, quotas and two API tokens.

Runs in pretix's own environment, on its own models, and prints the tokens as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pretix.settings")

import django

django.setup()

from django_scopes import scopes_disabled
from pretix.base.models import Event, Item, ItemVariation, Organizer, Quota, SubEvent, Team

START = datetime(2031, 3, 1, 19, 30, tzinfo=UTC)


def item(event: Event, name: str, price: str, size: int | None, **more: Any) -> Item:
    """An item, and a quota of its own unless there is none."""
    made = Item.objects.create(event=event, name=name, default_price=Decimal(price), **more)
    # What its list was last changed by is what pretix answers a conditional read from.
    made.log_action("pretix.event.item.added")
    if size is not None:
        quota(event, name, size, made)
    return made


def quota(event: Event, name: str, size: int | None, *items: Item, **more: Any) -> Quota:
    """How many can be sold of some items."""
    made = Quota.objects.create(event=event, name=name, size=size, **more)
    made.items.add(*items)
    return made


def event(house: Organizer, name: str, slug: str, currency: str = "EUR", **more: Any) -> Event:
    """An event that is on sale."""
    made = Event.objects.create(
        **{"organizer": house, "name": name, "slug": slug, "currency": currency, "live": True}
        | {"date_from": START, "plugins": "", "is_public": True}
        | more
    )
    made.settings.timezone = "Europe/Berlin"
    return made


def build() -> dict[str, str]:
    """The whole house."""
    house = Organizer.objects.create(name="Lindenhof", slug="lindenhof")

    hamlet = event(house, "Hamlet", "hamlet")
    item(hamlet, "Stalls", "25.00", 4)
    item(hamlet, "Balcony", "15.00", 2)
    item(hamlet, "Programme", "5.00", 50)
    box = item(hamlet, "Box", "60.00", None)
    for place, (name, price, size) in enumerate((("left", None, 4), ("right", "55.00", 1))):
        variation = ItemVariation.objects.create(
            item=box, value=name, position=place, default_price=price and Decimal(price)
        )
        quota(hamlet, f"Box {name}", size, box).variations.add(variation)

    tea = event(house, "Tea ceremony", "tea", "JPY")
    item(tea, "Guest", "5000", 12)

    event(house, "Next season", "next-season", live=False)

    cabaret = event(house, "Cabaret", "cabaret", has_subevents=True)
    table = item(cabaret, "Table", "40.00", None)
    for day in (1, 2):
        date = SubEvent.objects.create(
            event=cabaret, name=f"Cabaret {day}", active=True, date_from=START.replace(day=day)
        )
        quota(cabaret, "Tables", day, table, subevent=date)

    gala = event(house, "Gala", "gala")
    item(gala, "Early bird", "30.00", 10)
    item(gala, "Guest list", "0.00", 10)

    keys = {}
    for name, rights in (("key", True), ("reader", False)):
        team = Team.objects.create(
            organizer=house, name=name, all_events=True, all_event_permissions=rights
        )
        keys[name] = team.tokens.create(name="willcall").token
    return keys


if __name__ == "__main__":
    with scopes_disabled():
        json.dump(build(), sys.stdout)

"""The same page of events, read by others: pydantic, msgspec straight into attrs, plain cattrs.

Each model has the fields of ours, with the types that its library needs for the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs
import cattrs.preconf.orjson
import msgspec
import pydantic
from pydantic.alias_generators import to_camel

from willcall.ticketsmart.models import Category, EventStatus, Visibility


class _Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(alias_generator=to_camel, frozen=True)


class PydanticType(_Model):
    id: str
    name: str
    price: int = 0
    currency: str | None = None
    quantity: int | None = None
    sold: int | None = None
    available: int | None = None
    sale_starts_at: datetime | None = None
    sale_ends_at: datetime | None = None
    min_per_order: int | None = None
    max_per_order: int | None = None
    hidden: bool = False


class PydanticEvent(_Model):
    id: str
    title: str
    starts_at: datetime
    status: EventStatus | str
    slug: str | None = None
    ends_at: datetime | None = None
    doors_open: datetime | None = None
    timezone: str | None = None
    venue_name: str | None = None
    city: str | None = None
    country: str | None = None
    currency: str = "USD"
    visibility: Visibility | str | None = None
    category: Category | str | None = None
    public_url: str | None = None
    ticket_types: tuple[PydanticType, ...] | None = None


class PydanticPage(_Model):
    events: tuple[PydanticEvent, ...]
    pagination: dict[str, Any] = {}


# msgspec reads into attrs classes by their own names only, so these have the wire's; and a word is
# a plain text, since msgspec knows no "this enum, or any other text".
@attrs.frozen(kw_only=True)
class WireType:
    id: str
    name: str
    price: int = 0
    currency: str | None = None
    quantity: int | None = None
    sold: int | None = None
    available: int | None = None
    saleStartsAt: datetime | None = None  # noqa: N815
    saleEndsAt: datetime | None = None  # noqa: N815
    minPerOrder: int | None = None  # noqa: N815
    maxPerOrder: int | None = None  # noqa: N815
    hidden: bool = False


@attrs.frozen(kw_only=True)
class WireEvent:
    id: str
    title: str
    startsAt: datetime  # noqa: N815
    status: str
    slug: str | None = None
    endsAt: datetime | None = None  # noqa: N815
    doorsOpen: datetime | None = None  # noqa: N815
    timezone: str | None = None
    venueName: str | None = None  # noqa: N815
    city: str | None = None
    country: str | None = None
    currency: str = "USD"
    visibility: str | None = None
    category: str | None = None
    publicUrl: str | None = None  # noqa: N815
    ticketTypes: tuple[WireType, ...] | None = None  # noqa: N815


@attrs.frozen(kw_only=True)
class WirePage:
    events: tuple[WireEvent, ...]
    pagination: dict[str, Any] = attrs.field(factory=dict)


def readers() -> Mapping[str, Callable[[bytes], Any]]:
    """By name, how each reads a page's bytes."""
    packed = msgspec.json.Decoder(WirePage)
    found: dict[str, Callable[[bytes], Any]] = {
        "msgspec, straight into attrs": packed.decode,
        "pydantic, model_validate_json": PydanticPage.model_validate_json,
    }
    for detailed in (False, True):
        converter = cattrs.preconf.orjson.make_converter(detailed_validation=detailed)
        converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
        name = f"cattrs[orjson], {'with' if detailed else 'without'} detailed validation"
        found[name] = lambda body, c=converter: c.loads(body, WirePage)  # type: ignore[misc]
    return found

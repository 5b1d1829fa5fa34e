"""The same page of events, read by others: pydantic, msgspec straight into attrs, plain cattrs.

Each model has the fields of ours, with the types that its library needs for the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_type_hints

import attrs
import cattrs.preconf.orjson
import msgspec
import pydantic
from pydantic.alias_generators import to_camel

from willcall.client.codec import camel
from willcall.client.readers import _thawed, arms, words_of
from willcall.ticketsmart.models import Category, Event, EventStatus, TicketType, Visibility


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


def _struct(cls: Any, **inner: Any) -> Any:
    """A msgspec Struct with the fields of a model of ours under their names on the wire. It holds a
    word as text, and takes a null wherever a field may be missing."""
    hints, wire, fields = get_type_hints(cls), {"price_cents": "price"}, []
    for field in attrs.fields(cls):
        hint = inner.get(field.name, hints[field.name])
        kinds = [kind for kind in arms(hint) if kind is not type(None)]
        kind = str if words_of(hint) is not None else kinds[0]
        if field.default is attrs.NOTHING:
            fields.append((field.name, kind))
        else:
            fields.append((field.name, kind | None, None))
    rename = {field.name: wire.get(field.name, camel(field.name)) for field in attrs.fields(cls)}
    return msgspec.defstruct(cls.__name__, fields, rename=rename, gc=False)


def _filled(cls: Any, **inner: Any) -> Callable[[Any], Any]:
    """Makes a model of ours of such a Struct, in the way of willcall's own readers."""
    hints, known = get_type_hints(cls), {"thawed": _thawed(cls), "cls": cls, "new": object.__new__}
    lines = ["def read(row):", " it = new(thawed)"]
    for place, field in enumerate(attrs.fields(cls)):
        words = words_of(hints[field.name])
        lines.append(f" v = row.{field.name}")
        if words is not None:
            known[f"w{place}"] = words.get
            lines.append(f" v = w{place}(v, v)")
        if field.name in inner:
            known["inner"] = inner[field.name]
            lines.append(" v = v and tuple([inner(row) for row in v])")
        if field.default not in (attrs.NOTHING, None):
            known[f"d{place}"] = field.default
            lines.append(f" if v is None: v = d{place}")
        lines.append(f" it.{field.name} = v")
    exec("\n".join([*lines, " it.__class__ = cls", " return it"]), known)
    return known["read"]


def _by_structs() -> Callable[[bytes], Any]:
    """A page by msgspec Structs into our models; no rows are told apart, and no currency is handed
    down."""
    event = _struct(Event, ticket_types=list[_struct(TicketType)] | None)  # type: ignore[misc]
    page = msgspec.defstruct("Page", [("events", list[event]), ("pagination", dict, {})])
    decode = msgspec.json.Decoder(page).decode
    read = _filled(Event, ticket_types=_filled(TicketType))
    return lambda body: tuple([read(row) for row in decode(body).events])


def readers() -> Mapping[str, Callable[[bytes], Any]]:
    """By name, how each reads a page's bytes."""
    packed = msgspec.json.Decoder(WirePage)
    found: dict[str, Callable[[bytes], Any]] = {
        "msgspec Structs, into our models": _by_structs(),
        "msgspec, straight into attrs": packed.decode,
        "pydantic, model_validate_json": PydanticPage.model_validate_json,
    }
    for detailed in (False, True):
        converter = cattrs.preconf.orjson.make_converter(detailed_validation=detailed)
        converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
        name = f"cattrs[orjson], {'with' if detailed else 'without'} detailed validation"
        found[name] = lambda body, c=converter: c.loads(body, WirePage)  # type: ignore[misc]
    return found

"""The history of what was seen: what differed in each pass, and a whole snapshot each day. Pure.

``willcall replay`` finds from it what last month would have opened under other rules, and the
report draws how the stock went down.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs
import orjson

from .facts import EventFacts, from_json, to_json

FULL_EVERY = timedelta(days=1)
"""How often a whole snapshot is kept. A replay starts at one."""


@attrs.frozen
class Entry:
    """What a pass added: the whole snapshot if ``full``, else what differs."""

    at: datetime
    full: bool
    blob: bytes = attrs.field(repr=False)


def entry(
    at: datetime,
    before: Mapping[str, EventFacts],
    differing: Mapping[str, EventFacts],
    last_full: datetime | None,
) -> Entry | None:
    """What a pass adds to the history, or None if it adds nothing."""
    if last_full is None or at - last_full >= FULL_EVERY:
        whole = {**before, **differing}
        return Entry(at, True, _packed({name: to_json(event) for name, event in whole.items()}))
    if not differing:
        return None
    deltas = {name: _delta(before.get(name), event) for name, event in differing.items()}
    return Entry(at, False, _packed(deltas))


def snapshots(entries: Iterable[Entry]) -> Iterator[tuple[datetime, dict[str, EventFacts]]]:
    """The snapshot after each entry; the first must be a full one.

    The dict is changed in place from entry to entry: copy what is to be kept.
    """
    values: dict[str, dict[str, Any]] = {}
    facts: dict[str, EventFacts] = {}
    for added in entries:
        deltas: dict[str, dict[str, Any]] = orjson.loads(zlib.decompress(added.blob))
        if added.full:
            values, facts = {}, {}
        for name, delta in deltas.items():
            merged = {**values.get(name, {}), **delta}
            values[name] = {field: value for field, value in merged.items() if value is not None}
            facts[name] = from_json(values[name])
        yield added.at, facts


def _delta(before: EventFacts | None, after: EventFacts) -> dict[str, Any]:
    """The fields that differ. A field that is gone is None."""
    old, new = (to_json(before) if before else {}), to_json(after)
    gone: dict[str, Any] = {field: None for field in old if field not in new}
    return gone | {field: value for field, value in new.items() if old.get(field) != value}


def _packed(value: Any) -> bytes:
    return zlib.compress(orjson.dumps(value), level=6)

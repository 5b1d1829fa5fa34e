"""The configuration and its ledger, for the commands that only look things up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import InputError

if TYPE_CHECKING:
    from ...bridge.config.tables import Config
    from ...bridge.ledger import Ledger
    from ...bridge.model.facts import EventFacts


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@contextmanager
def opened(path: Path | None, *, reading: bool = True) -> Iterator[tuple[Config, Ledger]]:
    """A configuration and its ledger; nothing is written unless it is not for ``reading``."""
    from ...bridge.config.file import load
    from ...bridge.ledger import open_ledger

    config, folder = load(path)
    ledger = open_ledger(config.state.url, folder, reading=reading)
    try:
        yield config, ledger
    finally:
        ledger.close()


def snapshots(config: Config, ledger: Ledger) -> dict[str, dict[str, EventFacts]]:
    """Every event as it was last seen, by box office and id."""
    return {
        office.name: dict(ledger.state(office.name).snapshot or {}) for office in config.box_office
    }


def named(seen: dict[str, dict[str, EventFacts]], name: str) -> list[tuple[str, EventFacts]]:
    """The events of that id or slug, else those whose title contains it; with their box office."""
    events = [(office, event) for office, found in seen.items() for event in found.values()]
    exact = [pair for pair in events if name in {pair[1].id, pair[1].slug}]
    folded = name.casefold()
    return exact or [pair for pair in events if folded in pair[1].title.casefold()]


def ago(field: str, text: str | None) -> datetime | None:
    """``7d`` ago, or a date or moment as it is written.

    Raises:
        InputError: it is neither.
    """
    span = _span(text)
    return now() - span if span is not None else _moment(field, text)


def ahead(field: str, text: str) -> datetime:
    """The same, in the future.

    Raises:
        InputError: it is neither, or has passed.
    """
    span = _span(text)
    moment = now() + span if span is not None else _moment(field, text)
    if moment is None or moment <= now():
        raise InputError(field, f"{text!r} has passed", "write a span as in 2h, or a later moment")
    return moment


def _span(text: str | None) -> timedelta | None:
    from ...bridge.config.rule_tables import duration

    return duration.read(text) if text and re.fullmatch(r"\d{1,6}\s*[smhdw]", text) else None


def _moment(field: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fix = "write it as in 2h, 7d or 2026-12-01T18:00"
        raise InputError(field, f"{text!r} is neither a span nor a moment", fix) from None
    return moment.astimezone() if moment.tzinfo is None else moment

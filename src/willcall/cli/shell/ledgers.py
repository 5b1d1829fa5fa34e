"""The configuration and its ledger, and what commands look up in them by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ...errors import InputError

if TYPE_CHECKING:
    from ...bridge.config.tables import Config
    from ...bridge.ledger import Ledger
    from ...bridge.model.facts import EventFacts

Snapshots: TypeAlias = "Mapping[str, Mapping[str, EventFacts]]"
"""Events as they were last seen, by the name of their box office and by their id."""


@contextmanager
def opened(path: Path | None, *, reading: bool = True) -> Iterator[tuple[Config, Ledger]]:
    """A configuration and its ledger; the ledger is opened read-only unless ``reading`` is False.

    Raises:
        ConfigError: the configuration is missing or wrong.
        LedgerError: the ledger cannot be opened.
    """
    from ...bridge.config.file import load
    from ...bridge.ledger import open_ledger

    config, folder = load(path)
    ledger = open_ledger(config.state.url, folder, reading=reading)
    try:
        yield config, ledger
    finally:
        ledger.close()


def snapshots(config: Config, ledger: Ledger) -> Snapshots:
    """Every event of every configured box office, as it was last seen."""
    return {
        office.name: dict(ledger.state(office.name).snapshot or {}) for office in config.box_office
    }


def events_named(seen: Snapshots, name: str) -> list[tuple[str, EventFacts]]:
    """The events with that id or slug, else those whose title contains it.

    Returns:
        Pairs of the name of the box office and the event.
    """
    events = [(office, event) for office, found in seen.items() for event in found.values()]
    exact = [pair for pair in events if name in {pair[1].id, pair[1].slug}]
    folded = name.casefold()
    return exact or [pair for pair in events if folded in pair[1].title.casefold()]


def ambiguous(field: str, name: str, events: Sequence[tuple[str, EventFacts]]) -> InputError:
    """The error for a name that several events have."""
    slugs = ", ".join(event.slug or event.id for _, event in events[:10])
    return InputError(field, f"{name!r} matches several events", f"name one of: {slugs}")


def kinds_named(globs: Sequence[str]) -> tuple[str, ...]:
    """The kinds of change that ``--kind`` names; ``event.*`` names many.

    Raises:
        InputError: one of them names none.
    """
    from ...bridge.model.kinds import KINDS, matching
    from ...bridge.templates.lint import near

    for glob in globs:
        if not matching([glob]):
            raise InputError("--kind", f"there is no kind of change {glob!r}", near(glob, KINDS))
    return matching(globs)

"""Names and keys that no longer belong together: noticed before anything follows from it. Flows.

A box office is known by the name that the configuration gives it. A new name would take a new
baseline and orphan the tickets of the old one; a key of another box office would make every event
of the old one look deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..client.flow import Flow, do
from ..errors import ConfigError
from .delivery.job import Job
from .detection.identity import is_another, shared
from .ledger import Queries
from .model.facts import EventFacts
from .model.observation import Observation


def orphans(ledger: Queries, configured: Sequence[str]) -> list[str]:
    """The box offices that the ledger knows and the configuration does not name."""
    return [name for name in ledger.known_offices() if name not in configured]


def refuse_another(
    job: Job, snapshot: Mapping[str, EventFacts], observation: Observation
) -> Flow[None]:
    """Refuse what the key shows if it is of another box office than the one that was known.

    Raises:
        ConfigError: it is.
        ApiError: that could not be found out.
    """
    shown = {event.id for event in observation.events} | observation.elsewhere
    if not shown and not observation.complete:
        return
    if (yield from is_another(job.box_office, snapshot, shown)):
        raise ConfigError(
            "box_office",
            f"the key of {job.name!r} shows none of the events that were known under this name, "
            f"and {len(shown)} others: it seems to be of another box office",
            f"correct the key; if it is right, `willcall rename {job.name} OLD` sets aside what "
            "was known, and the next run takes a new baseline",
        )


def refuse_renamed(job: Job, observation: Observation) -> Flow[tuple[str, ...]]:
    """Before a baseline: refuse to take one for a box office that is known under another name.

    Returns:
        a warning for each box office that is known and no longer configured.

    Raises:
        ConfigError: it is known under another name.
    """
    if not job.configured:
        return ()
    shown = {event.id for event in observation.events}
    warnings = []
    for name in (yield from do("offices", lambda: orphans(job.ledger, job.configured))):
        state = yield from do("state", lambda: job.ledger.state(name))  # noqa: B023 - at once
        known = (state.snapshot or {}).values()
        if known and shown and shared(known, shown) * 2 >= min(len(known), len(shown)):
            raise ConfigError(
                "box_office",
                f"{job.name!r} has the events of {name!r}, which the ledger knows and the "
                "configuration does not name",
                f"if it has another name now, run `willcall rename {name} {job.name}`",
            )
        warnings.append(orphaned(name))
    return tuple(warnings)


def orphaned(name: str) -> str:
    """That a box office is known and not configured, and what to do, in words."""
    return (
        f"the ledger knows {name!r}, which is not configured: nothing happens to its open tickets "
        f"(if it has another name now, run `willcall rename {name} NEW`)"
    )

"""A ticket that the desk says is not there. Pure.

One 404 proves little: a desk may show a new ticket late, and a key of another workspace finds none
of ours. So a ticket counts as deleted once the desk's own 404 has come twice, with some minutes in
between. Meanwhile the moment of the first stands in what the ledger keeps as the error of the act.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

DELETED_AFTER = timedelta(minutes=5)
"""How long after the first 404 another proves that a ticket was deleted."""

LOOK_AGAIN = timedelta(seconds=30)
"""How long after a 404 a ticket is looked for again."""

_SINCE = re.compile(r"^the ticket was not found since (\S+): ")


def not_found(since: datetime, why: str) -> str:
    """The error of an act whose ticket was not found.

    Args:
        since: when that was so first.
        why: the desk's words.
    """
    return f"the ticket was not found since {since.isoformat()}: {why}"


def missing_since(error: str | None, moment: datetime) -> datetime:
    """Since when the ticket of an act was not found: now, if its last error says nothing of it, or
    if a clock that ran ahead has written it."""
    found = _SINCE.match(error or "")
    if found is None:
        return moment
    try:
        return min(datetime.fromisoformat(found[1]), moment)
    except ValueError:
        return moment

"""Times without an offset are those of the venue."""

import json
from typing import Any

import pytest

from willcall.errors import Reply
from willcall.ticketsmart.api import PROVIDER
from willcall.ticketsmart.wire import wire_of


def read(**fields: Any) -> Any:
    row = {"id": "evt_1", "title": "Gala", "status": "PUBLISHED", **fields}
    return wire_of(PROVIDER.wire).read_event(Reply(200, {}, json.dumps(row).encode()))


@pytest.mark.parametrize(
    ("text", "timezone", "shown"),
    [
        ("2026-12-04T20:00:00", "America/New_York", "2026-12-04T20:00:00-05:00"),
        ("2026-07-04T20:00:00", "America/New_York", "2026-07-04T20:00:00-04:00"),
        ("2026-12-04T20:00:00", "Europe/Berlin", "2026-12-04T20:00:00+01:00"),
        ("2026-12-04T20:00:00Z", "Europe/Berlin", "2026-12-04T20:00:00+00:00"),
        ("2026-12-04T20:00:00-05:00", "Europe/Berlin", "2026-12-04T20:00:00-05:00"),
        ("2026-12-04T20:00:00", "Nowhere/Atall", "2026-12-04T20:00:00+00:00"),
        ("2026-12-04T20:00:00", None, "2026-12-04T20:00:00+00:00"),
        ("0001-01-01T00:00:00", "Europe/Berlin", "0001-01-01T00:00:00+00:53"),
    ],
)
def test_a_time_without_an_offset(text: str, timezone: str | None, shown: str) -> None:
    """Of the event, and of the sale windows of its ticket types."""
    kind = {"id": "tt_1", "name": "GA", "saleStartsAt": text}
    event = read(startsAt=text, timezone=timezone, ticketTypes=[kind])
    for moment in (event.starts_at, event.ticket_types[0].sale_starts_at):
        assert moment.isoformat(timespec="seconds").startswith(shown)

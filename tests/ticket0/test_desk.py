"""Ticket0's adapter: how far an inbox has to be read."""

from datetime import UTC, datetime, timedelta

import attrs

from willcall.ticket0.desk import CreationOrder
from willcall.ticket0.models import Ticket

START = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


def _tickets(*minutes: int) -> list[Ticket]:
    return [
        Ticket(id=f"t{m}", subject="x", status="open", created_at=START + timedelta(minutes=m))
        for m in minutes
    ]


def test_looking_stops_early_only_in_a_list_that_proves_its_order() -> None:
    """Twenty in the order of creation, and past the moment."""
    order = CreationOrder(START)
    answers = [order.is_past(ticket) for ticket in _tickets(*range(10, -20, -1))]
    assert answers.index(True) == 19
    shuffled = CreationOrder(START)
    assert not any(shuffled.is_past(t) for t in _tickets(5, 9, *range(4, -60, -1)))
    undated = CreationOrder(START)
    rows = [attrs.evolve(_tickets(3)[0], created_at=None), *_tickets(*range(2, -60, -1))]
    assert not any(undated.is_past(ticket) for ticket in rows)
    assert not any(CreationOrder(None).is_past(ticket) for ticket in _tickets(*range(0, -60, -1)))

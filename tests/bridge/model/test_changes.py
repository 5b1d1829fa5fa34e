"""What a change bears on."""

from datetime import UTC, datetime

import pytest

from willcall.bridge.model.changes import Change
from willcall.bridge.model.facts import EventFacts, TypeFacts

SEEN = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)


def about(subject: str) -> Change:
    """A change of an event, or of an event's ticket type."""
    event, _, one = subject.partition("/")
    facts = EventFacts(id=event, title="", status="", starts_at=SEEN)
    return Change(
        kind="event.cancelled",
        box_office="main-room",
        observed_at=SEEN,
        event=facts,
        ticket_type=TypeFacts(id=one, name="") if one else None,
    )


@pytest.mark.parametrize(
    ("change", "subject", "expected"),
    [
        ("evt_1", "evt_1", True),
        ("evt_1", "evt_1/tt_1", True),
        ("evt_1/tt_1", "evt_1/tt_1", True),
        ("evt_1/tt_1", "evt_1", False),
        ("evt_1/tt_1", "evt_1/tt_10", False),
        ("evt_1", "evt_10", False),
        ("evt_1", "evt_10/tt_1", False),
        ("evt_1", "main-room", False),
    ],
)
def test_what_a_change_bears_on(change: str, subject: str, expected: bool) -> None:
    """The same thing, or a part of it."""
    assert about(change).bears_on(subject) == expected

"""What a lookup makes of what the desk says."""

from datetime import UTC, datetime
from typing import cast

import pytest

from willcall.bridge.delivery.lookup import look_up
from willcall.bridge.model.address import Address
from willcall.bridge.model.cases import Act, Case, Intent
from willcall.bridge.model.markers import in_text
from willcall.bridge.ports import Desk, Said
from willcall.client.flow import Flow, World, simulate
from willcall.errors import ApiError

CASE = Case(
    box_office="main-room",
    rule="r",
    kind="event.sold_out",
    subject="e",
    occurrence=1,
    marker="wc-3k9f2m7q",
    title="Gala",
    opened_at=datetime(2026, 11, 21, tzinfo=UTC),
    members=(),
    ticket_id="t1",
)
NOTE = Intent(case=CASE.marker, position=2, act=Act.NOTE, payload={"text": "x"})


class Talkative:
    """A desk in whose one ticket this was said."""

    name = "desk"

    def __init__(self, said: Said) -> None:
        self._said = said

    def said(self, ticket_id: str) -> Flow[Said]:
        yield from ()
        return self._said


def looked_up(*texts: str, complete: bool) -> bool:
    """Whether the note is there."""
    desk = cast("Desk", Talkative(Said(texts, complete=complete)))
    flow = look_up(desk, CASE, NOTE, Address(customer_email="a@example.com"))
    return simulate(flow, World([])).there


def test_a_list_that_is_not_complete_proves_only_what_is_on_it() -> None:
    """What is missing from it may be there all the same."""
    note = in_text("Hello", NOTE.marker)
    assert looked_up(note, complete=False)
    assert looked_up(note, complete=True)
    assert not looked_up("Hello", complete=True)
    with pytest.raises(ApiError, match="kept changing"):
        looked_up("Hello", complete=False)

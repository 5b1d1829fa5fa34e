"""What people do at the desk wins: nothing of theirs is taken back, and nothing is fought over."""

from datetime import timedelta
from pathlib import Path

import pytest

from support.virtual_bridge import ADDRESS, VirtualBridge
from willcall.bridge.model.rules import Rule, Rules


@pytest.fixture
def ruled(tmp_path: Path) -> VirtualBridge:
    """A house with one rule that assigns, tags, notes and reopens; something is sold out."""
    rule = Rule(
        id="gala",
        kinds=("event.sold_out",),
        address=ADDRESS,
        assignee_id="usr_01ada",
        tags=("gala",),
        note="Call the bar.",
        reopen_within=timedelta(days=1),
    )
    house = VirtualBridge(tmp_path, rules=Rules(rules=(rule,), default=ADDRESS))
    house.run()
    house.box_office.sell_out("the-cherry-orchard")
    return house


def back(house: VirtualBridge) -> None:
    """There are seats again."""
    house.box_office.restock("the-cherry-orchard", "Balcony", 4)


def test_a_rule_assigns_tags_and_notes(ruled: VirtualBridge) -> None:
    """The note is for the team only."""
    assert ruled.run().exit_code == 0
    (ticket,) = ruled.desk.tickets
    assert ticket.assignee_id == "usr_01ada"
    assert ticket.tags[-2:] == ["high", "gala"]
    (note,) = [message for message in ticket.messages if message.is_note]
    assert note.body.startswith("Call the bar.\n\nReference: ")
    assert len(ruled.desk.outbox) == 1


def test_who_has_taken_a_ticket_keeps_it(ruled: VirtualBridge) -> None:
    """Even if a person was quicker than our own tagging; their tags stay beside ours."""
    refused = ruled.sandbox.faults.add("status", service="ticket0", method="PATCH", status=503)
    ruled.run()
    (ticket,) = ruled.desk.tickets
    ruled.desk.assign(ticket.id, "usr_02ben")
    ruled.desk.tag(ticket.id, "vip")
    ruled.sandbox.faults.remove(refused)
    ruled.run()
    assert ticket.assignee_id == "usr_02ben"
    assert {"vip", "gala", "willcall"} <= set(ticket.tags)


def test_a_tag_that_a_person_takes_off_stays_off(ruled: VirtualBridge) -> None:
    """Ours are put on once."""
    ruled.run()
    (ticket,) = ruled.desk.tickets
    ruled.desk.untag(ticket.id, "gala")
    ruled.desk.assign(ticket.id, None)
    back(ruled)
    ruled.run()
    assert ("gala" in ticket.tags, ticket.assignee_id) == (False, None)


@pytest.mark.parametrize("resolved", [True, False])
def test_a_ticket_is_reopened_once_whoever_was_quicker(
    ruled: VirtualBridge, resolved: bool
) -> None:
    """One that a person has reopened by themselves is left as it is."""
    ruled.run()
    back(ruled)
    ruled.run()
    (ticket,) = ruled.desk.tickets
    assert ticket.status == "resolved"
    if not resolved:
        ruled.desk.reopen(ticket.id)
    ruled.box_office.sell_out("the-cherry-orchard")
    ruled.sandbox.forget_requests()
    ruled.run()
    assert ticket.status == "open"
    patches = [r for r in ruled.sandbox.requests if r.method == "PATCH"]
    assert len(patches) == resolved
    assert len(ruled.desk.tickets) == 1

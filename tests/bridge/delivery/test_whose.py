"""Whose ticket it is: on desks on which much changes without a person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from support.virtual_bridge import ADDRESS, VirtualBridge
from willcall.bridge.model.cases import CaseState
from willcall.bridge.model.rules import OnClear, Rule, Rules, built_in_rules
from willcall.sandbox.desk import Ticket

EVENT = "the-cherry-orchard"


def a_house(folder: Path, *rules: Rule, **switches: Any) -> VirtualBridge:
    """A bridge at the desk of 2026, with a baseline."""
    every = Rules(rules=rules or built_in_rules(ADDRESS), default=ADDRESS)
    house = VirtualBridge(folder, rules=every, desk="2026", switches=switches)  # type: ignore[arg-type]
    house.run()
    return house


def sold_out(house: VirtualBridge) -> Ticket:
    """The event is sold out, and its ticket is there."""
    house.box_office.sell_out(EVENT)
    assert house.run().exit_code == 0
    return house.desk.tickets[-1]


def back(house: VirtualBridge) -> None:
    """There are seats of every kind again."""
    for kind in house.box_office.event(EVENT).ticket_types:
        house.box_office.restock(EVENT, kind.id, 40)


def mails(house: VirtualBridge) -> int:
    """How many messages went to the organiser."""
    return len(house.desk.outbox)


# -- a desk that does things by itself ------------------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"reply_makes": "pending_later", "reply_from": "any"},
        {"resolve_holds": "pulled_back"},
        {"auto_answer": "acknowledges"},
        {"auto_answer": "replies"},
        {"processing": "stuck"},
        {"processing_seconds": 40.0},
        {"routing": True},
        {"triage": "overwrites", "triage_seconds": 40.0},
        {"signature": True, "api_author": "agent"},
        {"creation_text": "outbound"},
        {"creation_text": "absent"},
        {"listed_notes": "absent"},
        {"message_shape": "older"},
        {"inboxes": "optional", "patch_statuses": "resolved"},
    ],
    ids=str,
)
def test_what_clears_is_resolved_though_the_desk_has_a_life_of_its_own(
    tmp_path: Path, switches: dict[str, Any]
) -> None:
    """A reply makes it pending, triage tags it, the AI answers, a rule assigns it: no person."""
    house = a_house(tmp_path, **switches)
    ticket = sold_out(house)
    for _ in range(6):
        house.run()
    back(house)
    for _ in range(3):
        assert house.run().exit_code == 0
    assert ticket.status == "resolved"
    assert {"willcall", "high"} <= set(ticket.tags)
    ours = [message for message in house.desk.outbox if "Reference: " in message.body]
    assert len(ours) == 2
    assert house.ledger.unsettled("main-room") == []


# -- people ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["answer", "note", "reply"])
def test_where_people_talk_a_note_says_that_it_has_cleared(tmp_path: Path, who: str) -> None:
    """And the ticket stays with them."""
    house = a_house(tmp_path)
    ticket = sold_out(house)
    getattr(house.desk, who)(ticket.id, "We add a show.")
    before, status = mails(house), ticket.status
    back(house)
    assert house.run().exit_code == 0
    assert (mails(house), ticket.status) == (before, status)
    assert ticket.messages[-1].is_note
    assert "Reference: " in ticket.messages[-1].body
    assert house.ledger.unsettled("main-room") == []


def test_people_of_2025_are_agents(tmp_path: Path) -> None:
    """Their `authorType` is that of the AI of 2026."""
    house = a_house(tmp_path, inboxes="required", staff_author="agent")
    ticket = sold_out(house)
    house.desk.answer(ticket.id, "We add a show.")
    back(house)
    house.run()
    assert ticket.status != "resolved"


def test_who_quotes_us_is_not_us(tmp_path: Path) -> None:
    """A person's answer holds our message, marker and all."""
    house = a_house(tmp_path)
    ticket = sold_out(house)
    (message,) = [m for m in ticket.messages if m.direction == "outbound"]
    house.desk.answer(ticket.id, f"We add a show.\n\n{message.body}")
    back(house)
    house.run()
    assert ticket.status != "resolved"


def test_a_rule_may_resolve_all_the_same(tmp_path: Path) -> None:
    """`on_clear = "resolve_always"`."""
    rule = Rule(id="r", kinds=("event.sold_out",), address=ADDRESS, on_clear=OnClear.RESOLVE_ALWAYS)
    house = a_house(tmp_path, rule)
    ticket = sold_out(house)
    house.desk.answer(ticket.id, "We add a show.")
    back(house)
    house.run()
    assert ticket.status == "resolved"


@pytest.mark.parametrize("act", ["resolve", "close", "merge"])
def test_what_a_person_has_ended_hears_nothing_more(tmp_path: Path, act: str) -> None:
    """No mail, no note, no other status; the ledger knows that a person has ended it."""
    house = a_house(tmp_path)
    ticket = sold_out(house)
    if act == "merge":
        house.desk.merge(ticket.id, house.desk.create_ticket("Q", "a@b.example", None, "?").id)
    else:
        getattr(house.desk, act)(ticket.id)
    before, said, status = mails(house), len(ticket.messages), ticket.status
    back(house)
    assert house.run().exit_code == 0
    assert (mails(house), len(ticket.messages), ticket.status) == (before, said, status)
    assert [case.state for case in house.ledger.cases()] == [CaseState.LEFT]


@pytest.mark.parametrize("on_closed", ["409", "400", "403", "404", "422", "ignored", "accepted"])
@pytest.mark.parametrize("act", ["resolve", "close", "delete", "snooze"])
def test_what_comes_next_opens_a_ticket_of_its_own(
    tmp_path: Path, act: str, on_closed: str
) -> None:
    """With a line about the old; nothing is joined to a ticket that a person has ended."""
    rule = Rule(id="both", kinds=("event.sold_out", "event.rescheduled"), address=ADDRESS)
    house = a_house(tmp_path, rule, on_closed=on_closed)
    ticket = sold_out(house)
    if act == "snooze":
        house.desk.snooze(ticket.id, 10_000)
    else:
        getattr(house.desk, act)(ticket.id)
    said = len(ticket.messages)
    house.box_office.reschedule(EVENT, days=3)
    for _ in range(9):
        house.run()
    rest = [other for other in house.desk.tickets if other.id != ticket.id]
    assert len(rest) == 1
    assert len(ticket.messages) == said
    assert f"An earlier ticket about this, {ticket.id} (wc-" in rest[0].messages[0].body
    assert house.ledger.unsettled("main-room") == []


def test_a_snoozed_ticket_is_seen_to_when_it_wakes(tmp_path: Path) -> None:
    """Until then nothing is said in it."""
    house = a_house(tmp_path)
    ticket = sold_out(house)
    house.desk.snooze(ticket.id, 1000)
    before = mails(house)
    back(house)
    for _ in range(5):
        assert house.run().exit_code == 0
    assert (ticket.status, mails(house)) == ("snoozed", before)
    house.clock.advance(1000)
    for _ in range(6):
        house.run()
    assert (ticket.status, mails(house)) == ("resolved", before + 1)


def _retry_dead(house: VirtualBridge) -> None:
    """`willcall dead retry` for every dead letter."""
    for _, intent in house.ledger.dead():
        assert intent.id is not None
        assert house.ledger.retry_dead(intent.id, house.clock.now())


@pytest.mark.parametrize("theirs", [False, True])
def test_our_own_resolve_in_doubt_is_not_a_persons(tmp_path: Path, theirs: bool) -> None:
    """A dead letter is tried again while nobody knows what became of the resolve: the ticket is
    resolved, and we have done it. Unless it surely was not carried out: then a person has."""
    house = a_house(tmp_path)
    refused = house.sandbox.faults.add(
        "status", service="ticket0", method="POST", path="/tickets/*/messages", status=400,
        body='{"error": {"code": "VALIDATION_ERROR", "message": "no"}}',
    )  # fmt: skip
    house.box_office.sell_out(EVENT)
    house.run()
    house.sandbox.faults.remove(refused)
    (ticket,) = house.desk.tickets
    back(house)
    house.sandbox.faults.add(
        "status" if theirs else "late_commit", service="ticket0", method="PATCH",
        path=f"/tickets/{ticket.id}", seconds=25, status=409, count=1,
        body='{"error": {"code": "CONFLICT", "message": "not now"}}',
    )  # fmt: skip
    house.run()
    said = len(ticket.messages)
    if theirs:
        house.desk.resolve(ticket.id)
    house.clock.advance(60)
    assert house.desk.ticket(ticket.id).status == "resolved"
    _retry_dead(house)
    house.run()
    (case,) = [case for case in house.ledger.cases() if case.ticket_id == ticket.id]
    assert case.state is (CaseState.LEFT if theirs else CaseState.CLEARED)
    assert (ticket.status, len(ticket.messages)) == ("resolved", said)
    left = {other.marker for other, _ in house.ledger.unsettled("main-room")}
    assert case.marker not in left


# -- reopening ------------------------------------------------------------------------------------

AGAIN = Rule(
    id="again",
    kinds=("event.sold_out",),
    address=ADDRESS,
    reopen_within=timedelta(days=1),
)


@pytest.mark.parametrize(
    ("switches", "tickets"),
    [
        ({}, 1),
        ({"auto_close": 30.0}, 2),
        ({"patch_statuses": "resolved"}, 2),
        ({"auto_close": 30.0, "on_closed": "ignored"}, 2),
    ],
    ids=str,
)
def test_only_what_can_be_reopened_is(
    tmp_path: Path, switches: dict[str, Any], tickets: int
) -> None:
    """Else a new ticket says it."""
    house = a_house(tmp_path, AGAIN, **switches)
    ticket = sold_out(house)
    back(house)
    house.run()
    house.run()
    before = mails(house)
    house.box_office.sell_out(EVENT)
    for _ in range(3):
        house.run()
    assert len(house.desk.tickets) == tickets
    assert mails(house) == before + 1
    assert (ticket.status in {"open", "pending"}) is (tickets == 1)


# -- a ticket that is not there -------------------------------------------------------------------


def test_one_404_ends_nothing(tmp_path: Path) -> None:
    """A desk may show a new ticket late; a key of another workspace finds none of ours."""
    house = a_house(tmp_path)
    gone = '{"error": {"code": "NOT_FOUND", "message": "Ticket not found"}}'
    house.sandbox.faults.add(
        "status", service="ticket0", path="/tickets/**", status=404, body=gone, count=4
    )
    house.box_office.sell_out(EVENT)
    for _ in range(4):
        house.run()
    (ticket,) = house.desk.tickets
    assert {"willcall", "high"} <= set(ticket.tags)
    assert mails(house) == 1
    assert [case.state for case in house.ledger.cases()] == [CaseState.OPEN]


def test_two_404s_some_minutes_apart_do(tmp_path: Path) -> None:
    """The ticket was deleted."""
    house = a_house(tmp_path)
    ticket = sold_out(house)
    house.desk.delete(ticket.id)
    back(house)
    codes = [house.run().exit_code for _ in range(7)]
    assert codes[0] == 3
    assert codes[-1] == 0
    assert [case.state for case in house.ledger.cases()] == [CaseState.GONE]


# -- what a desk cannot do ------------------------------------------------------------------------


def without_mail(*kinds: str) -> Rule:
    """A rule that writes to nobody: what it says it says in notes."""
    return Rule(id="quiet", kinds=kinds, address=ADDRESS, message=False, note="Look at this.")


def test_a_desk_that_mails_notes_gets_no_second(tmp_path: Path) -> None:
    """It is said once, and what a note would have announced gets a ticket of its own."""
    rule = without_mail("event.sold_out", "event.rescheduled", "event.cancelled")
    house = a_house(tmp_path, rule, notes="mailed")
    house.box_office.sell_out(EVENT)
    (warning,) = house.run().warnings
    assert warning.startswith("Ticket0: the desk e-mails internal notes to the customer")
    assert mails(house) == 1
    house.box_office.reschedule(EVENT, days=3)
    warnings = [warning for _ in range(4) for warning in house.run().warnings]
    assert (warnings, mails(house)) == ([], 1)
    assert len(house.desk.tickets) == 2
    assert house.ledger.unsettled("main-room") == []


def test_a_desk_that_refuses_notes_is_not_asked_for_ever(tmp_path: Path) -> None:
    """After the first three it does without; the dead letters end by themselves."""
    rule = attrs.evolve(without_mail("event.sold_out"), message=True)
    house = a_house(tmp_path, rule, notes="refused")
    free = [e.id for e in house.box_office.events if e.status == "PUBLISHED"][:4]
    said: list[str] = []
    for event in free:
        house.box_office.sell_out(event)
        said += house.run().warnings
    said += house.run().warnings
    assert [warning for warning in said if "refuses every note" in warning] == said
    assert len(said) == 1
    assert mails(house) == len(free)
    assert house.ledger.dead() == []


def test_a_desk_that_refuses_tags_is_not_asked_for_ever(tmp_path: Path) -> None:
    """After the first three it does without, and says so once; all else goes out."""
    house = a_house(tmp_path, tags="refused")
    free = [e.id for e in house.box_office.events if e.status == "PUBLISHED"][:5]
    said: list[str] = []
    for event in free:
        house.box_office.sell_out(event)
        said += house.run().warnings
    said += house.run().warnings
    assert [warning for warning in said if "refuses tags" in warning] == said
    assert len(said) == 1
    assert mails(house) == len(free)
    assert house.ledger.dead() == []
    tried = [r for r in house.sandbox.requests if r.method == "PATCH" and r.status == 400]
    assert len(tried) == 3


def test_a_desk_that_lists_no_notes_gets_no_note_twice(tmp_path: Path) -> None:
    """What was lost may be there: nobody can see it."""
    rule = without_mail("event.sold_out", "event.rescheduled")
    house = a_house(tmp_path, rule, listed_notes="absent")
    house.box_office.sell_out(EVENT)
    (warning,) = house.run().warnings
    assert "not among the messages" in warning
    house.box_office.reschedule(EVENT, days=3)
    house.sandbox.faults.add(
        "lost_response", service="ticket0", method="POST", path="/tickets/*/messages", count=1
    )
    for _ in range(4):
        house.run()
    (ticket,) = house.desk.tickets
    assert sum(message.is_note for message in ticket.messages) == 2
    assert house.ledger.unsettled("main-room") == []

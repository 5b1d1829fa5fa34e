"""The delivery protocol in its corners: duplicates, dead letters, what people edit, clocks."""

from datetime import timedelta
from pathlib import Path

import attrs
import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.delivery.attempt import Outcome
from willcall.bridge.model.cases import CaseState, IntentState
from willcall.sandbox.desk import Inbox
from willcall.sandbox.desk import Ticket as DeskTicket
from willcall.sandbox.faults import Fault


def _sell_out(house: VirtualBridge) -> str:
    event = house.event()
    house.box_office.sell_out(event)
    return event


def _late(house: VirtualBridge, seconds: float, path: str = "/tickets") -> None:
    house.sandbox.faults.add(
        "late_commit", service="ticket0", method="POST", path=path, seconds=seconds, count=1
    )


def _refused(house: VirtualBridge, path: str, status: int = 400, count: int | None = None) -> Fault:
    return house.sandbox.faults.add(
        "status", service="ticket0", method="POST", path=path, status=status, count=count,
        body='{"error": {"code": "VALIDATION_ERROR", "message": "no such customer"}}',
    )  # fmt: skip


def _outcomes(house: VirtualBridge) -> list[Outcome]:
    return [one.outcome for one in house.run().deliveries.delivered]


# -- duplicates -----------------------------------------------------------------------------------


def _opened_twice(house: VirtualBridge) -> tuple[DeskTicket, DeskTicket]:
    """A creation that is carried out 100 seconds after its connection died."""
    _sell_out(house)
    _late(house, 100)
    assert house.run().exit_code == 3
    assert house.run().exit_code == 0
    (first,) = house.desk.tickets
    house.clock.advance(60)
    _, second = house.desk.tickets
    return first, second


def test_a_second_ticket_is_found_later_and_folded_into_the_first(
    house: VirtualBridge, caplog: pytest.LogCaptureFixture
) -> None:
    """Without anything else to do: it is looked for, since it can be there."""
    first, second = _opened_twice(house)
    report = house.run()
    assert (report.exit_code, report.deliveries.folded) == (0, 1)
    assert (first.status, second.status) == ("open", "resolved")
    (note,) = [m for m in second.messages if m.is_note]
    assert first.id in note.body
    assert "opened twice" in caplog.text
    assert [m for m in house.desk.outbox if m.ticket_id == second.id] == []
    # Once is enough.
    assert house.run().deliveries.folded == 0
    assert len(second.messages) == 2


def test_a_second_ticket_is_found_before_the_next_act_however_late(house: VirtualBridge) -> None:
    """Days later, when the event is back on sale."""
    first, second = _opened_twice(house)
    house.clock.advance(3 * 86400)
    event = house.box_office.events[0]
    house.box_office.restock(event.id, event.ticket_types[0].name, 5)
    assert house.run().deliveries.folded == 1
    assert (first.status, second.status) == ("resolved", "resolved")
    assert any(m.is_note for m in second.messages)


def test_a_duplicate_that_somebody_deleted_ends_nothing(house: VirtualBridge) -> None:
    """Its case lives on with its own ticket."""
    first, second = _opened_twice(house)
    house.sandbox.faults.add(
        "status", service="ticket0", method="POST", path=f"/tickets/{second.id}/**", status=500
    )
    house.run()
    house.sandbox.faults.clear()
    house.desk.delete(second.id)
    codes = [house.run().exit_code for _ in range(7)]
    assert (codes[0], codes[-1]) == (3, 0), "a 404 counts once it has come again minutes later"
    (case,) = house.ledger.state("main-room").cases
    assert (case.state, case.ticket_id) == (CaseState.OPEN, first.id)


def test_no_duplicate_is_looked_for_where_none_can_be(house: VirtualBridge) -> None:
    """A run sees whether what the last did has held; a quiet run asks nothing at all."""
    _sell_out(house)
    house.run()
    for asked in (2, 0):
        house.sandbox.forget_requests()
        house.run()
        assert house.sent("ticket0") == asked


# -- how far to look ------------------------------------------------------------------------------


def test_an_old_inbox_is_not_read_to_its_end(house: VirtualBridge) -> None:
    """Three hundred tickets of last week: the first page tells enough, before and after an opening
    and when its answer was lost."""
    house.clock.advance(-0.0)
    for number in range(300):
        house.desk.create_ticket(f"Old {number}", "a@example.com", "inb_01abc", "Hello")
    house.clock.advance(7 * 86400)
    house.run()
    house.box_office.sell_out(house.event(-1))  # the first are over by now
    house.sandbox.faults.add(
        "lost_response", service="ticket0", method="POST", path="/tickets", count=1
    )
    house.sandbox.forget_requests()
    assert house.run().exit_code == 0
    lists = [r for r in house.sandbox.requests if (r.method, r.path) == ("GET", "/tickets")]
    assert len(lists) == 3


# -- dead letters ---------------------------------------------------------------------------------


def test_a_definite_refusal_is_a_dead_letter_and_holds_up_nobody(house: VirtualBridge) -> None:
    """Exit 3, visible, never tried again by itself; the others go out."""
    _sell_out(house)
    house.box_office.cancel(house.event())
    _refused(house, "/tickets", count=1)
    report = house.run()
    assert (report.exit_code, report.left) == (3, {"dead": 1, "pending": 2})
    assert len(house.desk.tickets) == 1
    house.sandbox.forget_requests()
    assert house.run().exit_code == 3
    posts = [r for r in house.sandbox.requests if r.method == "POST" and r.path == "/tickets"]
    # The only new ticket is the one about the dead letter itself.
    assert len(posts) == 1
    assert any("could not be delivered" in ticket.subject for ticket in house.desk.tickets)
    ((_, letter),) = house.ledger.dead()
    assert "no such customer" in str(letter.error)
    assert letter.id is not None
    assert house.ledger.retry_dead(letter.id, house.clock.now())
    assert house.run().exit_code == 0
    assert house.run().exit_code == 0
    told = next(t for t in house.desk.tickets if "could not be delivered" in t.subject)
    assert told.status == "resolved"


def test_a_dead_letter_goes_out_by_itself_when_the_configuration_is_mended(
    house: VirtualBridge,
) -> None:
    """It would go elsewhere now."""
    _sell_out(house)
    _refused(house, "/tickets", count=1)
    house.run()
    address = attrs.evolve(house.rules.default, customer_email="new@example.com")
    rules = tuple(attrs.evolve(rule, address=address) for rule in house.rules.rules)
    house.rules = attrs.evolve(house.rules, rules=rules, default=address)
    house.run()
    assert house.run().exit_code == 0
    emails = {house.desk.customers[-1].email, house.desk.customers[0].email}
    assert "new@example.com" in emails


def _readdressed(house: VirtualBridge, **options: str) -> None:
    """Somebody edits [desk]."""
    address = attrs.evolve(house.rules.default, options={**house.rules.default.options, **options})
    rules = tuple(attrs.evolve(rule, address=address) for rule in house.rules.rules)
    house.rules = attrs.evolve(house.rules, rules=rules, default=address)


def test_a_dead_message_goes_out_by_itself_when_its_sender_is_mended(house: VirtualBridge) -> None:
    """Ticket0 does not monitor the address; then another is configured."""
    _sell_out(house)
    _refused(house, "/tickets/*/messages", count=1)
    assert house.run().left == {"dead": 1}
    assert [m for m in house.desk.outbox if "sold out" in m.body.lower()] == []
    _readdressed(house, from_address="support@example.com")
    house.run()
    assert house.run().exit_code == 0
    (message,) = [m for m in house.desk.outbox if "sold out" in m.body.lower()]
    assert message.author_email == "support@example.com"


def test_a_ticket_in_doubt_is_looked_up_where_it_was_sent(house: VirtualBridge) -> None:
    """Its answer was lost, and before it could be looked up another inbox was configured."""
    _sell_out(house)
    house.sandbox.faults.add(
        "lost_response", service="ticket0", method="POST", path="/tickets", count=1
    )
    unread = house.sandbox.faults.add(
        "status", service="ticket0", method="GET", path="/tickets", status=500, nth=2, count=99
    )
    assert house.run().exit_code == 3
    house.sandbox.faults.remove(unread)
    house.desk.inboxes.append(Inbox("inb_02new", "inb_02new", ("boxoffice@example.com",)))
    _readdressed(house, inbox_id="inb_02new")
    for _ in range(3):
        house.run()
    (ticket,) = house.desk.tickets
    assert ticket.inbox_id == "inb_01abc"


def test_a_dead_message_does_not_keep_its_ticket_open_for_ever(house: VirtualBridge) -> None:
    """What follows goes out all the same."""
    event = house.box_office.event(_sell_out(house))
    _refused(house, "/tickets/*/messages", count=1)
    assert house.run().exit_code == 3
    house.box_office.restock(event.id, event.ticket_types[0].name, 5)
    assert house.run().left == {"dead": 1}
    ticket = next(t for t in house.desk.tickets if "sold out" in t.subject.lower())
    assert ticket.status == "resolved"


def test_dropping_the_opening_of_a_ticket_drops_its_case(house: VirtualBridge) -> None:
    """There is nothing to tag or resolve."""
    _sell_out(house)
    _refused(house, "/tickets", count=1)
    house.run()
    ((case, letter),) = house.ledger.dead()
    assert letter.id is not None
    assert house.ledger.drop_dead(letter.id, house.clock.now())
    assert not house.ledger.drop_dead(letter.id, house.clock.now())
    (kept,) = house.ledger.cases(name=case.marker)
    assert kept.state is CaseState.GONE
    assert house.run().exit_code == 0


def test_what_is_refused_for_days_is_a_dead_letter(house: VirtualBridge) -> None:
    """A conflict may pass; after seven days and five tries somebody has to look."""
    house.box_office.sell_out(house.event(4))  # it is yet to come in eight days
    _refused(house, "/tickets", status=409)
    for _ in range(8):
        house.run()
        house.clock.advance(86400)
    assert house.run().left["dead"] == 1


@pytest.mark.parametrize("status", [400, 404, 409])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_page_of_somebody_in_between_refuses_nothing(
    house: VirtualBridge, status: int, carried_out: bool
) -> None:
    """It is no word of Ticket0's: the ticket is looked for, and opened once."""
    _sell_out(house)
    house.sandbox.faults.add(
        "status", service="ticket0", method="POST", path="/tickets", status=status, count=1,
        body="<h1>blocked</h1>", carried_out=carried_out,
    )  # fmt: skip
    report = house.run()
    assert "dead" not in report.left
    house.clock.advance(60)
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


def test_a_page_of_somebody_in_between_says_of_no_ticket_that_it_is_gone(
    house: VirtualBridge,
) -> None:
    event = house.box_office.event(_sell_out(house))
    house.run()
    ticket = house.desk.tickets[0]
    house.sandbox.faults.add(
        "status", service="ticket0", path=f"/tickets/{ticket.id}**", status=404, count=3,
        body="<h1>no such site</h1>",
    )  # fmt: skip
    house.box_office.restock(event.id, event.ticket_types[0].name, 5)
    for _ in range(4):
        house.run()
        house.clock.advance(60)
    assert house.run().exit_code == 0
    assert ticket.status == "resolved"


def test_one_ticket_that_the_desk_fails_at_does_not_hold_up_the_others(
    house: VirtualBridge,
) -> None:
    """A 500 at one of them, run after run."""
    first = house.box_office.event(_sell_out(house))
    house.run()
    ticket = house.desk.tickets[0]
    house.sandbox.faults.add("status", service="ticket0", path=f"/tickets/{ticket.id}", status=500)
    for known in first.ticket_types:
        house.box_office.restock(first.id, known.name, 5)
    house.box_office.cancel(house.event(1))
    report = house.run()
    assert report.exit_code == 3
    assert len(house.desk.tickets) == 2
    assert Outcome.FAILED in {one.outcome for one in report.deliveries.delivered}


# -- people ---------------------------------------------------------------------------------------


def test_a_resolution_in_doubt_is_not_repeated_over_a_person(house: VirtualBridge) -> None:
    """It was carried out, its answer was lost, and somebody opened the ticket again."""
    event = house.box_office.event(_sell_out(house))
    house.run()
    (ticket,) = house.desk.tickets
    house.box_office.restock(event.id, event.ticket_types[0].name, 5)
    house.sandbox.faults.add(
        "lost_response", service="ticket0", method="PATCH", path="/tickets/*", count=1
    )
    blind = house.sandbox.faults.add(
        "status", service="ticket0", method="GET", path="/tickets/*", nth=3, count=9, status=500
    )
    assert house.run().exit_code == 3
    assert ticket.status == "resolved"
    house.desk.reopen(ticket.id)
    house.sandbox.faults.remove(blind)
    assert Outcome.LEFT in _outcomes(house)
    assert ticket.status == "open"


def test_tags_that_people_added_while_a_429_was_waited_for_stay(house: VirtualBridge) -> None:
    """After a wait it is looked at again: what was read before it is old."""
    _sell_out(house)
    house.sandbox.faults.add(
        "status", service="ticket0", method="PATCH", path="/tickets/*", status=429,
        headers={"Retry-After": "9"}, count=1,
    )  # fmt: skip
    real = house._carry

    def carry(request):  # type: ignore[no-untyped-def]
        reply = real(request)
        if reply.status == 429:
            house.desk.tag(house.desk.tickets[0].id, "vip")
        return reply

    house._carry = carry  # type: ignore[method-assign]
    assert house.run().exit_code == 0
    (ticket,) = house.desk.tickets
    assert {"vip", "willcall"} <= set(ticket.tags)


# -- clocks ---------------------------------------------------------------------------------------


def test_an_attempt_from_the_future_waits_anew(tmp_path: Path) -> None:
    """The clock was set back after it was written: how long ago it was, nobody knows."""
    house = VirtualBridge(tmp_path)
    house.run()
    _sell_out(house)
    house.sandbox.faults.add(
        "lost_request", service="ticket0", method="POST", path="/tickets", count=1
    )
    house.run()
    ((_, intent), *_) = house.ledger.unsettled("main-room")
    fence = house.ledger.take_lease("main-room", house.clock.now())
    assert fence is not None
    ahead = attrs.evolve(intent, attempted_at=house.clock.now() + timedelta(hours=3))
    house.ledger.settle(fence, ahead, IntentState.UNKNOWN, house.clock.now())
    house.ledger.release_lease(fence)
    assert house.run().left["unknown"] == 1
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


def test_an_attempt_that_its_process_did_not_survive_waits_longer(house: VirtualBridge) -> None:
    """Only its beginning is known: the wait counts from the latest moment of its end."""
    _sell_out(house)
    house.sandbox.faults.add(
        "lost_request", service="ticket0", method="POST", path="/tickets", count=1
    )
    house.run()
    ((_, intent), *_) = house.ledger.unsettled("main-room")
    fence = house.ledger.take_lease("main-room", house.clock.now())
    assert fence is not None
    for ago, sent in ((40, False), (46, True)):
        # Two minutes from now there is a run: so long after the try began.
        begun = house.clock.now() + timedelta(seconds=120 - ago)
        tried = attrs.evolve(intent, attempted_at=begun)
        house.ledger.settle(fence, tried, IntentState.ATTEMPTING, house.clock.now())
        house.ledger.release_lease(fence)
        house.clock.advance(60)
        house.run()
        assert bool(house.desk.tickets) == sent
        fence = house.ledger.take_lease("main-room", house.clock.now())
        assert fence is not None


def test_a_clock_that_is_set_back_keeps_nothing_back(house: VirtualBridge) -> None:
    """The simulation's seed 20134: five minutes were to pass, and it would have been forty-five."""
    _sell_out(house)
    _refused(house, "/tickets", status=409, count=1)
    house.run()
    ((_, intent), *_) = house.ledger.unsettled("main-room")
    assert intent.retry_at is not None
    fence = house.ledger.take_lease("main-room", house.clock.now())
    assert fence is not None
    later = intent.retry_at + timedelta(minutes=40)
    house.ledger.settle(fence, intent, IntentState.REFUSED, house.clock.now(), retry_at=later)
    house.ledger.release_lease(fence)
    assert house.run().exit_code == 0


def test_a_first_refusal_waits_briefly_however_often_it_was_tried_before(
    house: VirtualBridge,
) -> None:
    """The simulation's seed 1001018: a conflict after eight unclear answers waited for hours."""
    _sell_out(house)
    lost = house.sandbox.faults.add(
        "lost_request", service="ticket0", method="POST", path="/tickets"
    )
    for _ in range(8):
        house.run()
    house.sandbox.faults.remove(lost)
    _refused(house, "/tickets", status=409, count=1)
    assert house.run().left["refused"] == 1
    ((_, intent), *_) = house.ledger.unsettled("main-room")
    assert intent.tries >= 8
    assert intent.retry_at is not None
    assert intent.retry_at - house.clock.now() < timedelta(minutes=10)
    # Each further wait equals the time since the first attempt.
    house.clock.advance(3600)
    _refused(house, "/tickets", status=409, count=1)
    house.run()
    ((_, intent), *_) = house.ledger.unsettled("main-room")
    assert intent.retry_at is not None
    assert intent.retry_at - house.clock.now() > timedelta(minutes=60)


def test_what_the_desk_says_it_has_done_and_never_shows(house: VirtualBridge) -> None:
    """Each further try might be one more ticket that nobody can find."""
    house.sandbox.settings.change(
        {"empty_creation": True, "processing": "stuck", "processing_listed": False}
    )
    house.box_office.sell_out(house.event())
    for _ in range(30):
        house.run()
    sold_out, undelivered = house.ledger.dead()  # the second is the ticket that says so
    assert len(house.desk.tickets) == 3 + 3
    for _, letter in (sold_out, undelivered):
        assert letter.error is not None
        assert letter.error.endswith("the desk shows nothing of it after 3 tries")

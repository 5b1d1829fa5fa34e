"""The truth of both services: what people do to events and tickets, keys, clock, season."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from willcall.sandbox import ManualClock, RealClock, Sandbox
from willcall.sandbox.boxoffice import HasSalesError, SlugTakenError
from willcall.sandbox.season import SEASON
from willcall.sandbox.wire import http_date

LAUGHS = "Late Laughs with Priya Raman"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sandbox(clock: ManualClock) -> Sandbox:
    return Sandbox(clock, desk="2025")


# Events.


def test_the_status_follows_the_stock(sandbox: Sandbox) -> None:
    office = sandbox.boxoffice
    office.sell(LAUGHS, "General Admission", 46)
    assert office.event(LAUGHS).status == "PUBLISHED"
    office.sell(LAUGHS, "Front Table", 5)
    assert office.event(LAUGHS).status == "SOLD_OUT"
    office.refund(LAUGHS, "Front Table")
    assert office.event(LAUGHS).status == "PUBLISHED"
    office.sell_out(LAUGHS)
    assert office.restock(LAUGHS, "Front Table", 3).status == "PUBLISHED"
    office.hide(LAUGHS, "Front Table")
    assert office.event(LAUGHS).status == "SOLD_OUT"
    office.hide(LAUGHS, "Front Table", hidden=False)
    assert office.add_ticket_type(LAUGHS, "Standing", 1000, 5).available == 5
    assert office.event(LAUGHS).status == "PUBLISHED"
    office.cancel(LAUGHS)
    office.sell_out(LAUGHS)
    assert office.event(LAUGHS).status == "CANCELLED"


def test_the_status_may_not_follow_the_stock(clock: ManualClock) -> None:
    office = Sandbox(clock, auto_sold_out=False).boxoffice
    assert office.sell_out(LAUGHS).status == "PUBLISHED"


def test_a_sale_closed_by_hand_stays_closed(sandbox: Sandbox) -> None:
    office = sandbox.boxoffice
    office.set_status(LAUGHS, "SOLD_OUT")
    assert office.sell(LAUGHS, "General Admission").status == "SOLD_OUT"
    assert office.publish(LAUGHS).status == "PUBLISHED"
    assert office.set_status(LAUGHS, "POSTPONED").status == "POSTPONED"


def test_nothing_is_sold_that_is_not_there(sandbox: Sandbox) -> None:
    office = sandbox.boxoffice
    with pytest.raises(ValueError, match="only 46 left"):
        office.sell(LAUGHS, "General Admission", 47)
    with pytest.raises(ValueError, match="no ticket type with 47"):
        office.sell(LAUGHS, count=47)
    with pytest.raises(ValueError, match="count"):
        office.sell(LAUGHS, count=0)
    with pytest.raises(ValueError, match="only 11"):
        office.refund(LAUGHS, "Front Table", 12)
    with pytest.raises(LookupError, match="Balcony"):
        office.sell(LAUGHS, "Balcony")
    with pytest.raises(LookupError, match="no event"):
        office.sell("Hamlet")
    with pytest.raises(HasSalesError):
        office.remove_ticket_type(LAUGHS, "Front Table")


def test_events_are_found_by_id_slug_and_title(sandbox: Sandbox) -> None:
    office = sandbox.boxoffice
    event = office.event(LAUGHS)
    assert office.event(event.id) is office.event(event.slug) is office.event(LAUGHS.upper())
    assert office.sell(event.slug).ticket_types[0].sold == 75


def test_reschedule_moves_doors_and_end_along(sandbox: Sandbox) -> None:
    office = sandbox.boxoffice
    before = office.event(LAUGHS).starts_at
    event = office.reschedule(LAUGHS, days=7)
    assert event.starts_at == before + timedelta(days=7)
    assert event.ends_at == event.starts_at + timedelta(hours=2)
    assert event.doors_open == event.starts_at - timedelta(minutes=45)
    event = office.reschedule(LAUGHS, datetime(2026, 12, 24, 20, tzinfo=UTC))
    assert event.doors_open == datetime(2026, 12, 24, 19, 15, tzinfo=UTC)
    with pytest.raises(ValueError, match="aware"):
        office.reschedule(LAUGHS, datetime(2026, 12, 24))  # noqa: DTZ001 - naive on purpose


def test_the_rest_of_an_event_s_life(sandbox: Sandbox, clock: ManualClock) -> None:
    office = sandbox.boxoffice
    clock.advance(60)
    event = office.move(LAUGHS, "The Annex", "Evanston", "US")
    assert (event.venue_name, event.city) == ("The Annex", "Evanston")
    assert event.updated_at == clock.now() > event.created_at
    assert office.rename(LAUGHS, "Later Laughs").slug == "late-laughs-with-priya-raman"
    assert office.set_price("Later Laughs", "Front Table", 5000).ticket_types[1].price == 5000
    assert office.complete(event.id).status == "COMPLETED"
    assert office.archive(event.id).status == "ARCHIVED"
    with pytest.raises(SlugTakenError):
        office.update(event.id, slug="the-cherry-orchard")
    office.delete(event.id)
    assert office.by_id_or_slug(event.id) is office.by_id_or_slug(event.slug) is None


# Tickets.


def test_what_people_do_at_the_desk(sandbox: Sandbox, clock: ManualClock) -> None:
    desk = sandbox.desk
    ticket = desk.create_ticket("Sold out", "o@example.com", "inb_01abc", "body")
    desk.tag(ticket.id, "b")
    desk.tag(ticket.id, "a")
    assert desk.untag(ticket.id, "b").tags == ["a"]
    assert desk.assign("Sold out", "usr_01ada").assignee_id == "usr_01ada"
    assert desk.assign("Sold out", None).assignee_id is None
    assert desk.resolve(ticket.id).status == "resolved"
    assert desk.reply(ticket.id, "Still?").direction == "inbound"
    assert ticket.status == "open"
    assert desk.resolve(ticket.id).status == "resolved"
    assert desk.reopen(ticket.id).status == "open"
    assert desk.rename(ticket.id, "Sold out!").subject == "Sold out!"
    desk.snooze(ticket.id, 60)
    clock.advance(59)
    assert sandbox.desk.ticket(ticket.id).status == "snoozed"
    clock.advance(1)
    assert sandbox.desk.ticket(ticket.id).status == "open"
    desk.snooze(ticket.id)
    clock.advance(10**6)
    assert sandbox.desk.tickets[0].status == "snoozed"
    assert desk.customer("O@example.com") is desk.customer(ticket.customer_id)
    desk.delete(ticket.id)
    assert desk.tickets == []
    for act in (desk.ticket, desk.customer):
        with pytest.raises(LookupError):
            act("none")
    with pytest.raises(LookupError):
        desk.assign(ticket.id, "usr_none")


# The whole.


def test_the_same_seed_makes_the_same_sandbox(clock: ManualClock) -> None:
    one, same, other = Sandbox(clock), Sandbox(clock), Sandbox(clock, seed=1)
    assert one.truth() == same.truth() != other.truth()
    assert one.ticketsmart_key == same.ticketsmart_key != other.ticketsmart_key
    assert one.ticketsmart_key.startswith("ts_sk_test_")
    assert one.ticket0_key.startswith("t0_test_")


def test_reset(sandbox: Sandbox) -> None:
    before, keys = sandbox.truth(), (sandbox.ticketsmart_key, sandbox.ticket0_key)
    sandbox.boxoffice.sell_out(LAUGHS)
    sandbox.desk.create_ticket("s", "o@example.com", "inb_01abc", "b")
    sandbox.faults.add("down")
    sandbox.settings.strict = True
    sandbox.revoke(sandbox.ticket0_key)
    sandbox.new_box_office("annex")
    sandbox.reset()
    assert sandbox.truth() == before
    assert (sandbox.ticketsmart_key, sandbox.ticket0_key) == keys
    assert (len(sandbox.faults), sandbox.settings.strict) == (0, False)
    assert sandbox.box_offices == ["main-room"]


def test_the_season_is_believable(sandbox: Sandbox) -> None:
    events = sandbox.boxoffice.events
    assert len(events) == len(SEASON) == len({event.slug for event in events})
    assert {event.status for event in events} == {"PUBLISHED", "DRAFT", "COMPLETED"}
    for event in events:
        assert event.ticket_types
        assert all(0 <= kind.sold <= kind.quantity for kind in event.ticket_types)
        assert (event.starts_at > sandbox.now()) == (event.status != "COMPLETED")
        assert not event.sold_out


def test_a_large_season(clock: ManualClock) -> None:
    large = Sandbox(clock, season=250)
    assert len(large.boxoffice.events) == 250
    assert large.truth() == Sandbox(clock, season=250).truth()
    assert not any(event.sold_out for event in large.boxoffice.events)


def test_keys(sandbox: Sandbox) -> None:
    for number in range(2, 11):
        sandbox.new_key("ticketsmart", name=f"key {number}")
    with pytest.raises(ValueError, match="up to 10"):
        sandbox.new_key("ticketsmart")
    sandbox.revoke("key 3")
    assert sandbox.new_key("ticketsmart")
    with pytest.raises(ValueError, match="admin"):
        sandbox.new_key("ticketsmart", ["admin"], box_office="main-room")
    with pytest.raises(ValueError, match="already"):
        sandbox.new_key("ticket0", name="key 4")
    with pytest.raises(LookupError):
        sandbox.new_key("ticketsmart", box_office="none")
    with pytest.raises(LookupError):
        sandbox.revoke("none")
    with pytest.raises(ValueError, match="already"):
        sandbox.new_box_office("main-room")


@pytest.mark.parametrize(
    "change",
    [
        {"stirct": True},
        {"strict": 1},
        {"details": "x"},
        {"message_shape": "new"},
        {"ticket0_limit": 0},
        {"limit_window": 0},
        {"limit_window": True},
    ],
)
def test_settings_are_checked_before_any_is_changed(
    sandbox: Sandbox, change: dict[str, object]
) -> None:
    before = sandbox.settings.as_dict()
    with pytest.raises(ValueError, match=next(iter(change))):
        sandbox.settings.change({"enveloped": False, **change})
    assert sandbox.settings.as_dict() == before


def test_clocks() -> None:
    clock = ManualClock()
    assert clock.now() == datetime(2026, 9, 1, 12, tzinfo=UTC)
    clock.sleep(1.5)
    assert clock.now().second == 1
    with pytest.raises(ValueError, match="seconds"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 9, 1))  # noqa: DTZ001 - naive on purpose
    real = RealClock()
    before = real.now()
    real.sleep(0.001)
    assert real.now() > before
    assert real.now().tzinfo is UTC


def test_the_date_header_is_as_the_standard_has_it() -> None:
    for day in range(0, 400, 13):
        moment = datetime(2026, 1, 1, 3, 4, 5, tzinfo=UTC) + timedelta(days=day)
        assert http_date(moment) == format_datetime(moment, usegmt=True)


def test_threads_share_one_truth(sandbox: Sandbox) -> None:
    sandbox.boxoffice.restock(LAUGHS, "General Admission", 4000)
    threads = [
        threading.Thread(
            target=lambda: [sandbox.boxoffice.sell(LAUGHS, "General Admission") for _ in range(500)]
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sandbox.boxoffice.event(LAUGHS).ticket_types[0].sold == 74 + 4000


def test_it_stands_alone_and_is_cheap_to_import() -> None:
    code = (
        "import sys; import willcall; before = set(sys.modules); import willcall.sandbox as s;"
        "s.Sandbox().exchange('ticket0', 'GET', '/tickets');"
        "print([m for m in set(sys.modules) - before if m.split('.')[0] in"
        " ('starlette', 'uvicorn', 'httpx', 'attrs', 'cattrs', 'asyncio')"
        " or m.startswith('willcall.') and not m.startswith('willcall.sandbox')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""A watch in virtual time: what it sees and when, what it leaves alone, how it bears trouble."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import attrs
import pytest

from support.virtual_bridge import ADDRESS, START
from support.virtual_watch import VirtualWatch
from willcall.bridge.evaluate import Found
from willcall.bridge.model.kinds import matching
from willcall.bridge.model.policies import WatchPolicy
from willcall.bridge.model.rules import Rule, Rules, Storm, built_in_rules
from willcall.bridge.run import Job, PassReport, release_held, report_removal_failure
from willcall.client.flow import Flow
from willcall.simulation.play import OFFICE
from willcall.ticketsmart.api import PROVIDER
from willcall.ticketsmart.api import PROVIDER as TICKETSMART
from willcall.ticketsmart.box_office import ADAPTER


def test_a_sell_out_is_seen_and_its_ticket_opened_at_once() -> None:
    """The baseline is the watch's own; then what happens is delivered while it goes on looking."""
    virtual = VirtualWatch()
    virtual.begin()
    virtual.pass_time(5.0)
    assert virtual.said()[-1] == "watching 4 events"
    event = virtual.on_sale()[0]
    virtual.box_office.sell_out(event.id)
    assert virtual.until(lambda: "event.sold_out" in virtual.kinds()) < 8.0
    assert virtual.until(lambda: len(virtual.desk.tickets) == 1) < 2.0  # the bell was rung
    virtual.until(virtual.quiet)
    assert virtual.subjects()[0].startswith(f"Sold out: {event.title}")
    looks = len(virtual.network.arrivals["ticketsmart"])
    virtual.pass_time(60.0)
    assert len(virtual.network.arrivals["ticketsmart"]) - looks >= 56
    assert len(virtual.desk.tickets) == 1
    assert virtual.kinds().count("event.sold_out") == 1  # and not at every look
    assert virtual.leave().exit_code == 0
    assert virtual.run().exit_code == 0  # it has given its lease back


def test_observing_never_waits_for_a_slow_desk(virtual: VirtualWatch) -> None:
    """A desk that takes 14 s for everything delays tickets, and no look."""
    virtual.sandbox.faults.add("delay", service="ticket0", seconds=14)
    for event in virtual.on_sale():
        virtual.box_office.sell_out(event.id)
    before = len(virtual.network.arrivals["ticketsmart"])
    virtual.pass_time(60.0)
    assert len(virtual.network.arrivals["ticketsmart"]) - before >= 56
    assert virtual.kinds().count("event.sold_out") == 4 or len(virtual.desk.tickets) < 4
    virtual.sandbox.faults.clear()


def test_what_a_look_does_not_show_is_not_absent(virtual: VirtualWatch) -> None:
    """Only two whole rounds without it, and a 404, mean that an event is gone."""
    event = virtual.on_sale()[0]
    virtual.pass_time(120.0)
    assert "event.vanished" not in virtual.kinds()
    virtual.box_office.delete(event.id)
    assert virtual.until(lambda: "event.vanished" in virtual.kinds()) > 1.0
    virtual.until(virtual.quiet)
    assert len(virtual.desk.tickets) == 1


def test_an_event_that_is_not_listed_but_there_has_not_vanished(virtual: VirtualWatch) -> None:
    """A row that is missing from the list proves nothing while the event itself answers."""
    event = virtual.on_sale()[0]
    answer = virtual.sandbox.exchange
    hidden = f'"id":"{event.id}"'.encode()

    def without(service: str, method: str, path: str, **more: object) -> object:
        outcome = answer(service, method, path, **more)  # type: ignore[arg-type]
        reply = outcome.reply
        if path == "/events" and reply is not None and hidden in reply.body:
            import json

            body = json.loads(reply.body)
            body["events"] = [one for one in body["events"] if one["id"] != event.id]
            body["pagination"]["total"] = len(body["events"])
            reply.body = json.dumps(body).encode()
        return outcome

    virtual.sandbox.exchange = without  # type: ignore[method-assign, assignment]
    virtual.pass_time(180.0)
    assert "event.vanished" not in virtual.kinds()


# -- beside others ------------------------------------------------------------------------------


def test_a_second_watch_and_a_run_leave_it_alone(virtual: VirtualWatch) -> None:
    """75, and why."""
    report = virtual.run()
    assert report.exit_code == 75
    assert "at work on 'main-room'" in str(report.trouble)
    first = virtual.watch
    virtual.begin()
    virtual.pass_time(2.0)
    assert virtual.reports[-1].exit_code == 75
    virtual.watch = first
    virtual.box_office.sell_out(virtual.on_sale()[0].id)
    virtual.until(lambda: len(virtual.desk.tickets) == 1)


def test_a_watch_that_was_taken_over_ends() -> None:
    """It slept past its lease, and somebody else has it: nothing more is written or sent."""
    virtual = VirtualWatch()
    virtual.run()
    virtual.begin()
    virtual.pass_time(5.0)
    with_lease = virtual.ledger.as_another_process()
    moment = virtual.stage.wall() + timedelta(hours=1)
    assert with_lease.take_lease(OFFICE, moment) is not None
    virtual.pass_time(30.0)
    assert virtual.reports[-1].exit_code == 75
    assert "taken over" in str(virtual.reports[-1].trouble)


def test_the_lease_is_kept_through_quiet_hours(virtual: VirtualWatch) -> None:
    """Nothing happens for a quarter of an hour, and nobody can take it; little is written."""
    for _ in range(15):
        virtual.pass_time(60.0)
        assert virtual.ledger.as_another_process().take_lease(OFFICE, virtual.stage.wall()) is None
    assert len(virtual.ledger.history(OFFICE, START)) <= 2
    assert 15 <= len(virtual.ledger.runs(OFFICE, START)) <= 18


def test_what_people_ask_for_is_decided_beside_it_and_delivered_by_it(
    virtual: VirtualWatch,
) -> None:
    """A refused removal that is reported, while the watch has the lease."""
    event = virtual.on_sale()[0]
    kind = event.ticket_types[0]
    virtual.start("person", report_removal_failure(virtual.job(), event.id, kind.id))
    virtual.pass_time(2.0)
    report = virtual.reports[-1]
    assert (report.exit_code, report.trouble) == (0, None)
    assert report.decision is not None
    assert virtual.until(lambda: len(virtual.desk.tickets) == 1) < 8.0
    virtual.until(virtual.quiet)


# -- storms -------------------------------------------------------------------------------------


def test_a_storm_that_is_seen_in_parts_is_one_storm() -> None:
    """Event by event within a minute, as by a watch over rows without ticket types."""
    virtual = VirtualWatch(
        8,
        rules=Rules(rules=built_in_rules(ADDRESS), default=ADDRESS, storm=Storm(3)),
        switches={"ticket_types_in_rows": False, "auto_sold_out": False},
    )
    virtual.run()
    virtual.begin()
    virtual.pass_time(30.0)
    events = virtual.on_sale()
    assert len(events) >= 6
    for event in events:
        virtual.box_office.sell_out(event.id)
    virtual.pass_time(140.0)
    held = [case for case in virtual.ledger.cases() if str(case.state) == "held"]
    assert len(held) == len(events) - 3
    digests = [case for case in virtual.ledger.cases() if case.kind == "box_office.storm"]
    assert 1 <= len(digests) <= 2  # one a minute, and not one a look
    listed = "".join(
        t.messages[0].body
        for t in virtual.desk.tickets
        if any(d.marker in t.subject for d in digests)
    )
    assert all(case.marker in listed for case in held)
    virtual.start("person", release_held(virtual.job(), ()))
    virtual.pass_time(60.0)
    assert len(virtual.desk.tickets) == len(events) + len(digests)
    assert virtual.leave().exit_code == 0


# -- trouble ------------------------------------------------------------------------------------


def test_a_rejected_key_is_a_case_at_once_and_is_cleared(virtual: VirtualWatch) -> None:
    """It is told once, not at every look."""
    key = virtual.sandbox.keys.find(virtual.keys["ticketsmart"])
    key.revoked = True
    virtual.pass_time(90.0)
    assert virtual.errors() == ["AuthenticationError"]
    assert virtual.kinds() == ["box_office.key_rejected"]
    assert virtual.watch is not None
    assert virtual.watch.codes[-1] == 77
    key.revoked = False
    virtual.until(lambda: "box_office.key_accepted" in virtual.kinds(), 90.0)
    virtual.until(virtual.quiet)
    (ticket,) = virtual.desk.tickets
    assert ticket.status == "resolved"


def test_what_passes_by_itself_is_told_after_three_minutes(virtual: VirtualWatch) -> None:
    """As by runs; and looks are spread further apart meanwhile."""
    fault = virtual.sandbox.faults.add("down", service="ticketsmart")
    before = len(virtual.network.arrivals["ticketsmart"])
    virtual.pass_time(110.0)
    assert virtual.kinds() == []
    virtual.pass_time(90.0)
    assert virtual.kinds() == ["box_office.unreachable"]
    assert len(virtual.network.arrivals["ticketsmart"]) - before < 60
    virtual.sandbox.faults.remove(fault)
    virtual.until(lambda: "box_office.reachable" in virtual.kinds(), 120.0)
    virtual.until(virtual.quiet)
    assert virtual.said()[-1] == "TicketSmart answers again"


def test_429s_from_nowhere_are_waited_out(virtual: VirtualWatch) -> None:
    """Others use the key; nothing is lost, and it goes on."""
    virtual.sandbox.faults.add(
        "status", service="ticketsmart", status=429, headers={"Retry-After": "3"}, probability=0.5
    )
    virtual.box_office.sell_out(virtual.on_sale()[0].id)
    virtual.until(lambda: len(virtual.desk.tickets) == 1, 240.0)
    virtual.sandbox.faults.clear()
    virtual.until(virtual.quiet)


def test_one_event_that_cannot_be_read_holds_up_no_other() -> None:
    """It is told, and passed over."""
    virtual = VirtualWatch(switches={"ticket_types_in_rows": False})
    virtual.run()
    virtual.begin()
    virtual.pass_time(20.0)
    first, second = virtual.on_sale()[:2]
    virtual.sandbox.faults.add("garbage", service="ticketsmart", path=f"/events/{first.id}*")
    virtual.box_office.sell_out(second.id)
    virtual.until(lambda: len(virtual.desk.tickets) == 1, 60.0)
    assert virtual.leave().exit_code in {0, 3}


@pytest.mark.parametrize("in_rows", [True, False])
def test_a_ticket_type_that_sells_out_is_seen_where_events_do_not_tell_stock(in_rows: bool) -> None:
    """Only its ticket types themselves tell what is left: they are asked for alone."""
    virtual = VirtualWatch(8, switches={"ticket_types_in_rows": in_rows, "stock_in_events": False})
    virtual.run()
    virtual.begin()
    virtual.pass_time(60.0)
    event = next(one for one in virtual.on_sale() if len(one.ticket_types) > 1)
    virtual.box_office.sell_out(event.id, event.ticket_types[0].name)
    virtual.until(lambda: len(virtual.desk.tickets) == 1, 120.0)
    assert event.ticket_types[0].name in virtual.desk.tickets[0].subject
    assert virtual.leave().exit_code in {0, 3}


def test_a_sick_desk_is_told_once_and_waited_for(virtual: VirtualWatch) -> None:
    """Not at every try; and it is told when it is well again."""
    virtual.sandbox.faults.add("down", service="ticket0")
    virtual.box_office.sell_out(virtual.on_sale()[0].id)
    virtual.pass_time(120.0)
    assert len([error for error in virtual.errors() if error != "AuthenticationError"]) == 1
    assert virtual.watch is not None
    assert virtual.watch.codes[-1] == 3 or virtual.watch.codes[-1] == 75
    virtual.sandbox.faults.clear()
    virtual.until(virtual.quiet, 120.0)
    virtual.until(lambda: "Ticket0 answers again" in virtual.said())
    assert len(virtual.desk.tickets) == 1


# -- the quota ----------------------------------------------------------------------------------


def _densest(arrivals: list[float], span: float = 60.0) -> int:
    """The most requests in any so many seconds."""
    start = most = 0
    for end, at in enumerate(arrivals):
        while arrivals[start] <= at - span:
            start += 1
        most = max(most, end - start + 1)
    return most


def _refused(virtual: VirtualWatch) -> int:
    return sum(request.status == 429 for request in virtual.sandbox.requests)


def test_an_hour_of_full_work_uses_the_quota_and_is_never_refused() -> None:
    """At least 95 % of 60 in each minute, however the network jitters; and evenly.

    Ten minutes here; an hour in a campaign.
    """
    count = 60 if "WILLCALL_SEEDS" in os.environ else 10
    virtual = VirtualWatch(6, switches={"ticket_types_in_rows": False})
    virtual.run()
    virtual.begin()
    virtual.pass_time(120.0)
    virtual.sandbox.forget_requests()
    begins = virtual.stage.elapsed
    virtual.pass_time(60.0 * count)
    arrivals = [at for at in virtual.arrivals() if at >= begins]
    assert _refused(virtual) == 0
    assert len(arrivals) >= 0.95 * 60 * count
    minutes = [
        sum(begins + 60 * n <= at < begins + 60 * (n + 1) for at in arrivals) for n in range(count)
    ]
    assert min(minutes) >= 0.95 * 60
    assert _densest(arrivals) <= 60
    gaps = [second - first for first, second in pairwise(arrivals)]
    assert max(gaps) < 3.0
    assert virtual.leave().exit_code == 0


def test_a_watch_a_run_and_a_person_share_one_window() -> None:
    """Counted in the ledger, where who comes first goes first: a person waits for a second or two,
    and the service refuses nobody."""
    virtual = VirtualWatch(shared=True, switches={"ticket_types_in_rows": False})
    virtual.run()
    virtual.begin()
    virtual.pass_time(120.0)
    waits: list[float] = []

    def person(job: Job) -> Flow[None]:
        from willcall.client.flow import tick

        began = yield from tick()
        yield from job.box_office.within(60.0).event(event)
        waits.append((yield from tick()) - began)

    event = virtual.on_sale()[0].id
    for number in range(12):
        virtual.start(f"person-{number}", person(virtual.job()))
        if number % 5 == 0:
            virtual.run()
        virtual.pass_time(7.0)
    virtual.pass_time(60.0)
    assert len(waits) == 12
    assert max(waits) < 5.0
    assert _refused(virtual) == 0
    assert virtual.leave().exit_code == 0


def test_what_is_spared_is_left_to_others() -> None:
    """[watch] spare = 20: forty a minute, and no more."""
    watching = WatchPolicy(share=40 / 60, idle=0.5)

    def spared(job: Job) -> Job:
        account = attrs.evolve(virtual._account(TICKETSMART), share=watching.share)
        return attrs.evolve(job, watching=watching, box_office=ADAPTER.open(account, {}))

    virtual = VirtualWatch(job=spared)
    virtual.run()
    virtual.begin()
    virtual.pass_time(360.0)
    arrivals = [at for at in virtual.arrivals() if at > 120.0]
    assert _densest(arrivals) <= 40
    assert len(arrivals) >= 0.94 * 40 * 5
    assert virtual.leave().exit_code == 0


def test_reads_alone_leave_room_for_writes() -> None:
    """What the planner is promised is what the window gives."""
    quota = PROVIDER.quota
    assert (quota.reads(), quota.reads(0.5)) == (58, 29)
    assert 57.5 < 60 * quota.rate(trip=0.2) < 58.0


# -- what a forecast says -------------------------------------------------------------------------


def _fast_rules() -> Rules:
    rule = Rule(id="fast", kinds=matching(["ticket_type.selling_fast"]), address=ADDRESS)
    return Rules(rules=(rule, *built_in_rules(ADDRESS)), default=ADDRESS)


def _sells(
    virtual: VirtualWatch, event: str, kind: str, every: float, count: int
) -> Callable[[], None]:
    """Sell so many, one order every so many seconds."""
    left = [count]

    def one() -> None:
        event_now = virtual.box_office.event(event)
        ticket_type = next(t for t in event_now.ticket_types if t.id == kind)
        if left[0] and ticket_type.available > 0:
            left[0] -= 1
            virtual.box_office.sell(event, kind, min(2, ticket_type.available))
            virtual.stage.after(every, one)

    return one


def test_what_sells_fast_is_told_once_and_becomes_low_and_sold_out() -> None:
    """A forecast, then two facts: each supersedes the one before, and the forecast is answered."""
    virtual = VirtualWatch(rules=_fast_rules(), season=False)
    virtual.box_office.create(
        "Big Night",
        virtual.stage.now() + timedelta(days=20),
        ticket_types=[
            {"name": "Floor", "price": 2500, "quantity": 220, "sold": 20},
            {"name": "Balcony", "price": 2500, "quantity": 300, "sold": 20},
        ],
        status="PUBLISHED",
    )
    virtual.run()
    virtual.begin()
    virtual.pass_time(30.0)
    (event,) = virtual.box_office.events
    kind = event.ticket_types[0]
    _sells(virtual, event.id, kind.id, every=5.0, count=10_000)()
    began = virtual.stage.wall()
    virtual.pass_time(560.0)
    kinds = virtual.kinds()
    assert kinds.count("ticket_type.selling_fast") == 1
    assert kinds.index("ticket_type.selling_fast") < kinds.index("ticket_type.low_stock")
    assert "ticket_type.sold_out" in kinds
    assert "ticket_type.selling_slower" not in kinds
    (said,) = virtual.ledger.forecasts(OFFICE, began - timedelta(hours=1))
    assert said.outcome is not None
    assert str(said.outcome) == "sold out"
    assert said.left > 60
    first = next(t for t in virtual.desk.tickets if "sells fast" in t.subject)
    assert first.status == "resolved" or any("no longer matters" in m.body for m in first.messages)
    assert virtual.leave().exit_code == 0


def test_what_sells_slowly_again_is_cleared() -> None:
    """An hour of nothing: it is no longer expected to be gone soon, and that is told once."""
    virtual = VirtualWatch(rules=_fast_rules(), season=False)
    virtual.box_office.create(
        "Big Night",
        virtual.stage.now() + timedelta(days=20),
        ticket_types=[{"name": "Floor", "price": 2500, "quantity": 450, "sold": 20}],
        status="PUBLISHED",
    )
    virtual.run()
    virtual.begin()
    (event,) = virtual.box_office.events
    kind = event.ticket_types[0]
    _sells(virtual, event.id, kind.id, every=4.0, count=100)()
    virtual.pass_time(410.0)
    assert virtual.kinds() == ["ticket_type.selling_fast"]
    for _ in range(60):
        virtual.pass_time(120.0)
        if "ticket_type.selling_slower" in virtual.kinds():
            break
    assert virtual.kinds() == ["ticket_type.selling_fast", "ticket_type.selling_slower"]
    virtual.until(virtual.quiet)
    assert virtual.desk.tickets[0].status == "resolved"
    assert virtual.leave().exit_code == 0


def test_the_planner_remembers_between_processes(virtual: VirtualWatch) -> None:
    """What was learned is kept once a minute, and a run goes on from there."""
    virtual.pass_time(130.0)
    assert virtual.ledger.planner(OFFICE) is not None
    virtual.leave()
    kept = virtual.ledger.planner(OFFICE)
    assert virtual.run().exit_code == 0
    assert virtual.ledger.planner(OFFICE) != kept
    virtual.begin()
    virtual.pass_time(2.0)


def test_a_defect_ends_neither_this_watch_nor_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported once, each minute of it ends with 1, and what is mended goes on."""
    virtual = VirtualWatch()
    virtual.run()
    virtual.begin()
    virtual.pass_time(5.0)

    def fails(*_: object) -> Found:
        raise OverflowError("date value out of range")

    with monkeypatch.context() as broken:
        broken.setattr("willcall.bridge.watching.watch.found_in", fails)
        virtual.pass_time(200.0)
    run = virtual.ledger.office(OFFICE).last_run
    assert run is not None
    assert (run.exit_code, run.summary["trouble"]) == (
        1,
        "unexpected OverflowError: date value out of range",
    )
    reports = [news.report for news in virtual.news if news.report is not None]
    assert len([report for report in reports if report.exit_code == 1]) == 1
    virtual.box_office.sell_out(virtual.on_sale()[0].id)
    virtual.pass_time(130.0)
    assert len(virtual.desk.tickets) == 1
    run = virtual.ledger.office(OFFICE).last_run
    assert run is not None
    assert run.exit_code == 0
    assert virtual.leave().exit_code == 1  # whoever started it learns of the defect


def test_a_defect_in_delivery_does_not_end_the_watch(
    virtual: VirtualWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written down is delivered once it is mended."""

    def fails(*_: object) -> PassReport:
        raise OverflowError("date value out of range")

    with monkeypatch.context() as broken:
        broken.setattr("willcall.bridge.watching.relay.deliver", fails)
        virtual.box_office.sell_out(virtual.on_sale()[0].id)
        virtual.pass_time(130.0)
        run = virtual.ledger.office(OFFICE).last_run
        assert run is not None
        assert run.exit_code == 1
        assert "event.sold_out" in virtual.kinds()
        assert virtual.desk.tickets == []
    virtual.pass_time(130.0)
    assert len(virtual.desk.tickets) == 1
    assert virtual.leave().exit_code == 0

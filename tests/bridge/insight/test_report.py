"""The report as a value: what happened is told as it was, and drawn from what was seen."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import attrs
import pytest

from support.decider import EVENT, FLOOR, NOW
from support.sample_week import CLUB, PLAY, WORKSHOP, SampleWeek, prediction, report_of
from support.virtual_bridge import START, VirtualBridge
from support.virtual_watch import VirtualWatch
from willcall.bridge.insight.report import LedgerRows, OfficeReport, TicketFate, report
from willcall.bridge.insight.stock import MOST_POINTS, Curve, curves
from willcall.bridge.ledger import SqlLedger
from willcall.bridge.ledger.sql.predictions import write_predictions
from willcall.bridge.model.cases import Act, Case, Intent
from willcall.bridge.model.facts import EventFacts, TypeFacts
from willcall.bridge.model.history import Entry, entry
from willcall.bridge.model.rules import Silence
from willcall.bridge.request_counter import RequestCounter
from willcall.client.flow import Draw, Flow, Request, Send, now, watched
from willcall.errors import Reply

HOUR = timedelta(hours=1)


def history(*seen: EventFacts | None, every: timedelta = HOUR) -> list[Entry]:
    """A history in which one event looked so, from now on; None: nothing was seen to differ."""
    entries: list[Entry] = []
    known: dict[str, EventFacts] = {}
    full = None
    for number, event in enumerate(seen):
        differing = {} if event is None else {event.id: event}
        new = entry(NOW + number * every, known, differing, full)
        known |= differing
        if new is not None:
            entries.append(new)
            full = new.at if new.full else full
    return entries


def left(*counts: int | None, event: EventFacts = EVENT) -> EventFacts:
    """The event with so many left of each ticket type."""
    types = tuple(
        attrs.evolve(FLOOR, id=f"tt_{n}", name=f"Row {n}", quantity=100 - n, available=count)
        for n, count in enumerate(counts)
    )
    return attrs.evolve(event, ticket_types=types)


def the_curve(*seen: EventFacts | None, since: datetime = NOW) -> Curve:
    """The one curve of that history."""
    (found,) = curves(history(*seen), since, NOW + 100 * HOUR)
    return found


def office(rows: LedgerRows, since: datetime = NOW, until: datetime = NOW + HOUR) -> OfficeReport:
    """The report on one box office."""
    (found,) = report([rows], since, until).offices
    return found


# -- stock ----------------------------------------------------------------------------------------


def test_a_line_has_a_point_for_each_time_that_stock_was_seen_to_differ() -> None:
    """And none for a look that saw nothing new, or for a new title."""
    renamed = attrs.evolve(left(7), title="Later Laughs")
    found = the_curve(left(9), left(7), renamed, None, left(8))
    (line,) = found.lines
    assert line.points == ((NOW, 9), (NOW + HOUR, 7), (NOW + 4 * HOUR, 8))
    assert (line.first, line.left, found.sold) == (9, 8, 1)
    assert found.title == "Late Laughs"


def test_what_was_known_before_holds_at_the_left_end() -> None:
    """The history begins with a whole snapshot, which is older than the report."""
    since = NOW + HOUR + HOUR / 2
    (line,) = the_curve(left(9), left(7), left(5), since=since).lines
    assert line.points == ((since, 7), (NOW + 2 * HOUR, 5))


def test_a_ticket_type_that_comes_later_begins_later_and_one_that_goes_stays_as_it_was() -> None:
    """Neither is drawn as sold."""
    found = the_curve(left(9), left(9, 4), left(9))
    assert [(line.name, line.points) for line in found.lines] == [
        ("Row 0", ((NOW, 9),)),
        ("Row 1", ((NOW + HOUR, 4),)),
    ]
    assert found.sold == 0


def test_what_nobody_has_told_is_not_drawn() -> None:
    """A ticket type without its count, an event without its ticket types."""
    assert curves(history(left(None)), NOW, NOW + HOUR) == []
    assert curves(history(attrs.evolve(EVENT, ticket_types=None)), NOW, NOW + HOUR) == []
    (line,) = the_curve(left(3, None)).lines
    assert line.name == "Row 0"


def test_many_small_ticket_types_are_one_line() -> None:
    """Their sum at each moment, from when all of them are known."""
    found = the_curve(left(*range(10, 16)), left(*range(9, 15)), left(*range(9, 14), 0, 50))
    assert [line.name for line in found.lines] == ["Row 0", "Row 1", "Row 2", "Row 3", "3 others"]
    assert found.lines[-1].points == ((NOW + 2 * HOUR, 13 + 0 + 50),)
    assert found.lines[-1].quantity == 96 + 95 + 94
    assert found.sold == 5 + 15


def test_a_long_line_has_no_more_points_than_can_be_seen() -> None:
    """Its first and its last are among them."""
    seen = [left(count % 7 + (1000 - count)) for count in range(1000)]
    entries = history(*seen, every=timedelta(minutes=5))
    ((line,),) = (curve.lines for curve in curves(entries, NOW, NOW + 84 * HOUR))
    assert 100 < len(line.points) <= MOST_POINTS + 1
    assert (line.first, line.left) == (1000, 999 % 7 + 1)
    assert list(line.points) == sorted(line.points, key=lambda point: point[0])


# -- tickets --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> VirtualBridge:
    """After a week."""
    return SampleWeek(tmp_path_factory.mktemp("week"), every=timedelta(hours=4)).live()


@pytest.fixture
def house(tmp_path: Path) -> VirtualBridge:
    """With a baseline."""
    house = VirtualBridge(tmp_path)
    house.run()
    return house


def report_on(house: VirtualBridge, hours: float = 24) -> OfficeReport:
    """The report on its last day."""
    (found,) = report_of(house, hours / 24).offices
    return found


def _restock(house: VirtualBridge) -> None:
    """Every ticket type of the play has seats again."""
    for ticket_type in house.box_office.event(PLAY).ticket_types:
        house.box_office.restock(PLAY, ticket_type.name, 24)


def test_a_ticket_is_told_with_how_long_it_took(house: VirtualBridge) -> None:
    """From the moment the desk had it to the one at which it was resolved."""
    house.box_office.sell_out(PLAY)
    house.run()
    house.clock.advance(3600)
    (ticket,) = report_on(house).tickets
    assert (ticket.fate, ticket.seconds, ticket.number) == (TicketFate.OPEN, None, 1)
    _restock(house)
    house.run()
    found = report_on(house)
    (ticket,) = found.tickets
    (desk,) = house.desk.tickets
    assert (ticket.fate, ticket.resolved, ticket.ticket_id) == (TicketFate.CLEARED, True, desk.id)
    assert ticket.seconds == pytest.approx(3660, abs=5)
    assert found.median_seconds == ticket.seconds
    assert ticket.timezone == "America/New_York"


def test_a_ticket_about_a_ticket_type_names_it(house: VirtualBridge) -> None:
    """A case knows its id alone."""
    house.report(house.box_office.event(CLUB).id, "Early Bird")
    (ticket,) = report_on(house).tickets
    assert (ticket.title, ticket.ticket_type) == ("Nachtschicht: Live-Elektronik", "Early Bird")


def test_what_ended_before_is_left_out_and_what_is_still_open_is_not(house: VirtualBridge) -> None:
    """However long ago it was opened."""
    house.box_office.sell_out(PLAY)
    house.box_office.cancel(CLUB)
    house.run()
    _restock(house)
    house.run()
    house.clock.advance(48 * 3600)
    house.run()
    (ticket,) = report_on(house).tickets
    assert (ticket.kind, ticket.fate) == ("event.cancelled", TicketFate.OPEN)
    assert len(report_on(house, hours=72).tickets) == 2


def test_what_the_desk_has_not_had_is_no_ticket_yet(house: VirtualBridge) -> None:
    """It is listed, and not counted."""
    house.sandbox.faults.add("down", service="ticket0")
    house.box_office.sell_out(PLAY)
    house.run()
    found = report_on(house)
    assert [ticket.fate for ticket in found.tickets] == [TicketFate.WAITING]
    assert found.opened == ()


def test_dead_letters_and_silences_of_that_time_are_told(week: VirtualBridge) -> None:
    """A silence that was over before is not."""
    begins = NOW - 2 * HOUR
    over = Silence(begins=begins, until=NOW - HOUR, author="a", reason="r")
    rows = LedgerRows(
        box_office="main-room", silences=[over, attrs.evolve(over, until=NOW + 50 * HOUR, id=2)]
    )
    assert [silence.id for silence in office(rows).silences] == [2]
    (letter,) = report_on(week, hours=7 * 24).dead
    assert "fromAddress is not verified" in letter.error


def test_a_week_is_told_in_order(week: VirtualBridge) -> None:
    """Numbers follow the moments at which tickets were opened; each is on the curve of its event,
    and events with tickets come first."""
    house, found = week, report_on(week, hours=7 * 24)
    assert [ticket.number for ticket in found.tickets] == list(range(1, len(found.tickets) + 1))
    moments = [ticket.opened_at for ticket in found.tickets]
    assert moments == sorted(moments)
    desk = {ticket.id: ticket for ticket in house.desk.tickets}
    assert {ticket.ticket_id for ticket in found.tickets} == set(desk)
    for one in found.opened:
        assert one.ticket_id is not None
        assert (desk[one.ticket_id].status == "resolved") == one.resolved
        created = desk[one.ticket_id].created_at
        assert abs(one.opened_at - created) < timedelta(seconds=5)
    about = {ticket.event_id for ticket in found.tickets}
    ranks = [curve.event_id in about for curve in found.curves]
    assert ranks == sorted(ranks, reverse=True)
    by_title = {curve.title: curve for curve in found.curves}
    for event in house.box_office.events:
        if event.title in by_title:
            ends = {line.name: line.left for line in by_title[event.title].lines}
            assert ends == {
                ticket_type.name: ticket_type.available for ticket_type in event.ticket_types
            }
    assert found.quiet_curves == 1  # one that is long over
    assert {it.title for it in found.happened} >= {house.box_office.event(WORKSHOP).title}


def test_what_was_foretold_since_then_is_told(tmp_path: Path) -> None:
    """As the ledger has it; elsewhere nothing."""
    house = VirtualBridge(tmp_path)
    house.run()
    assert report_on(house).forecasts == ()
    one = prediction(START)
    assert isinstance(house.ledger, SqlLedger)
    with house.ledger._engine.begin() as connection:
        write_predictions(connection, "main-room", [one], [], START)
    assert report_on(house).forecasts == (one,)


# -- runs -----------------------------------------------------------------------------------------


def test_the_requests_that_runs_note_are_those_that_arrived(house: VirtualBridge) -> None:
    """Counted by the sandbox, retries and refusals included."""
    house.box_office.sell_out(PLAY)
    house.sandbox.faults.add("status", service="ticketsmart", status=503, count=2)
    house.sandbox.faults.add("status", service="ticket0", status=429, count=1)
    for _ in range(3):
        house.run()
    runs = report_on(house).runs
    assert runs.total == {"ticketsmart": house.sent(), "ticket0": house.sent("ticket0")}
    assert runs.refused == {"ticket0": 1}
    assert (runs.count, runs.counted) == (4, 4)
    for service, total in runs.total.items():
        assert sum(one.requests.get(service, 0) for one in runs.bins) == total
        assert 0 < runs.busiest[service] < total


def test_each_minute_of_a_watch_notes_its_requests_too() -> None:
    """Those of both its flows, each in one minute alone; the last is not over."""
    virtual = VirtualWatch()
    virtual.run()
    virtual.sandbox.forget_requests()
    virtual.begin()
    virtual.pass_time(5.0)
    virtual.box_office.sell_out(virtual.box_office.events[0].id)
    virtual.pass_time(300.0)
    noted: Counter[str] = Counter()
    for run in virtual.ledger.runs("main-room", virtual.stage.wall() - HOUR)[1:]:
        noted.update(run.summary["requests"])
    arrived = Counter(request.service for request in virtual.sandbox.requests)
    assert noted["ticket0"] == arrived["ticket0"] > 3
    assert arrived["ticketsmart"] - 62 <= noted["ticketsmart"] <= arrived["ticketsmart"]
    assert noted["ticketsmart"] > 150


def test_the_longest_pause_is_told_the_one_that_still_lasts_included() -> None:
    """Between two runs, or since the last."""
    runs = [(NOW + minutes * HOUR / 60, 0, dict[str, str]()) for minutes in (0, 1, 21, 22)]
    until = NOW + HOUR / 2
    assert office(LedgerRows(box_office="a", runs=runs), until=until).runs.pause == (
        NOW + HOUR / 60,
        NOW + 21 * HOUR / 60,
    )
    assert office(LedgerRows(box_office="a", runs=runs)).runs.pause == (
        NOW + 22 * HOUR / 60,
        NOW + HOUR,
    )


def test_runs_of_an_older_willcall_have_noted_no_requests() -> None:
    """Which is told as such, and not as none."""
    summary = {"trouble": "ticketsmart: 503"}
    rows = LedgerRows(
        box_office="a",
        runs=[
            (NOW, 75, summary),
            (NOW + HOUR / 2, 75, {**summary, "requests": {"ticketsmart": 3, "x": None}}),
            (NOW + HOUR / 3, 0, {"requests": "nonsense", "refused": []}),
        ],
    )
    runs = office(rows).runs
    assert (runs.count, runs.counted, runs.codes) == (3, 2, {0: 1, 75: 2})
    assert (runs.total, runs.refused) == ({"ticketsmart": 3}, {})
    ((said, count, last),) = (
        (trouble.said, trouble.runs, trouble.last) for trouble in runs.troubles
    )
    assert (said, count, last) == ("ticketsmart: 503", 2, NOW + HOUR / 2)
    assert office(LedgerRows(box_office="a")).runs.bins == ()


def test_a_key_that_got_into_an_error_gets_no_further() -> None:
    """The page is made to be sent on."""
    key = "ts_sk_live_0123456789abcdef0123456789abcdef"
    case = Case(
        box_office="a",
        rule="r",
        kind="event.sold_out",
        subject="evt_1",
        occurrence=1,
        marker="wc-1",
        title="t",
        opened_at=NOW,
        members=(),
    )
    letter = Intent(case="wc-1", position=1, act=Act.OPEN, error=f"400 {key}")
    rows = LedgerRows(box_office="a", runs=[(NOW, 77, {"trouble": key})], dead=[(case, letter)])
    told = repr(office(rows))
    assert key not in told
    assert "400 " in told


def test_bars_cover_the_whole_time_however_long() -> None:
    """No more than can be told apart."""
    for length in (HOUR, 25 * HOUR, 168 * HOUR, 35 * 24 * HOUR, 700 * 24 * HOUR):
        runs = [(NOW + length * part / 10, 0, {"requests": {"x": 1}}) for part in range(10)]
        found = office(LedgerRows(box_office="a", runs=runs), until=NOW + length).runs
        assert 10 <= len(found.bins) <= 101
        assert sum(one.requests.get("x", 0) for one in found.bins) == 10


REQUEST = Request("x", "GET", "http://localhost/")


def test_a_counted_flow_is_the_same_flow() -> None:
    """Answers, errors, its own value, and its end."""
    ended: list[str] = []

    def work() -> Flow[str]:
        try:
            yield from now()
            try:
                yield Send(REQUEST)
            except ValueError as error:
                reply = yield Send(REQUEST)
                return f"{error} {reply.status}"
            raise AssertionError
        finally:
            ended.append("x")

    counter = RequestCounter()
    flow = watched(work(), counter)
    next(flow)
    assert flow.send(START) == Send(REQUEST)
    assert flow.throw(ValueError("lost")) == Send(REQUEST)
    with pytest.raises(StopIteration) as end:
        flow.send(Reply(429, {}, b"", ""))
    assert end.value.value == "lost 429"
    assert (counter.sent, counter.refused) == ({"x": 2}, {"x": 1})
    other = watched(work(), counter)
    next(other)
    other.close()
    assert ended == ["x", "x"]
    flow = watched(work(), counter)
    next(flow)
    flow.send(START)
    with pytest.raises(AssertionError):
        flow.send(Reply(200, {}, b"", ""))
    assert counter.sent["x"] == 3


def test_an_effect_that_is_no_request_is_not_counted() -> None:
    """Whatever comes back for it."""

    def work() -> Flow[None]:
        yield Draw()

    counter = RequestCounter()
    flow = watched(work(), counter)
    next(flow)
    with pytest.raises(StopIteration):
        flow.send(TypeFacts(id="x", name="x"))
    assert counter.sent == {}

"""How it stands, read from a real ledger after real passes."""

from datetime import timedelta
from pathlib import Path

from support.virtual_bridge import VirtualBridge
from willcall.bridge.config.file import checked
from willcall.bridge.insight.status import PollForecast, Status, event_polls, status
from willcall.bridge.model.facts import EventFacts

CONFIG = checked(
    {
        "box_office": [{"name": "main-room", "api_key_env": "NOT_SET_HERE"}],
        "desk": {
            "api_key_env": "NOT_SET_HERE",
            "inbox_id": "inb_01abc",
            "customer_email": "a@example.com",
        },
    }
)


def standing(house: VirtualBridge, folder: Path, ahead: PollForecast | None = None) -> Status:
    """How it stands with the house now."""
    given = None if ahead is None else lambda _: ahead
    return status(CONFIG, folder, house.ledger, house.clock.now(), given)


def test_a_ledger_that_is_new_has_nothing_to_say(tmp_path: Path) -> None:
    """And says so."""
    (office,) = standing(VirtualBridge(tmp_path), tmp_path).offices
    assert (office.office.baseline_at, office.office.last_run, office.open) == (None, None, ())
    assert office.age(VirtualBridge(tmp_path).clock.now()) is None


def test_cases_acts_and_runs_are_shown_as_they_are(tmp_path: Path) -> None:
    """After a baseline, a cancellation, and a desk that is out of order."""
    house = VirtualBridge(tmp_path)
    house.run()
    house.box_office.cancel(house.event())
    house.sandbox.faults.add("status", service="ticket0", method="POST", status=503)
    house.run()
    house.clock.advance(30)
    found = standing(house, tmp_path)
    (office,) = found.offices
    assert len(office.open) == 1
    assert sum(office.waiting.values()) == 3
    run = office.office.last_run
    assert run is not None
    assert run.exit_code
    assert run.summary["changes"] == 1
    age = office.age(found.at)
    assert age is not None
    assert age >= timedelta(seconds=30)
    assert (found.dead, found.silences) == ((), ())
    assert [(one.requests, one.of) for one in found.usage] == [(None, 60), (None, 60)]


def test_events_that_are_known_least_recently_come_first(tmp_path: Path) -> None:
    """Those that sell; with what is known of the looks to come."""
    house = VirtualBridge(tmp_path)
    house.run()
    at = house.clock.now() + timedelta(minutes=5)

    def soon(event: EventFacts) -> object:
        return at if event.id == house.event() else None

    ahead = PollForecast(next_poll=soon, bound=timedelta(minutes=7))  # type: ignore[arg-type]
    (office,) = standing(house, tmp_path, ahead).offices
    assert office.bound == timedelta(minutes=7)
    assert {poll.next_at for poll in office.polls if poll.event.id == house.event()} == {at}
    assert {poll.event.status for poll in office.polls} <= {"PUBLISHED", "SOLD_OUT"}
    events = [poll.event for poll in office.polls]
    older = EventFacts(
        id="evt_old", title="t", status="PUBLISHED", starts_at=at + timedelta(days=1)
    )
    over = EventFacts(id="o", title="t", status="PUBLISHED", starts_at=at - timedelta(days=9))
    found = event_polls(
        (*events, older, over), house.clock.now(), house.clock.now(), PollForecast()
    )
    alone = EventFacts(
        id="evt_alone", title="t", status="PUBLISHED", starts_at=at + timedelta(days=1),
        ticket_types=(), types_seen_at=at - timedelta(hours=3),
    )  # fmt: skip
    (polls,) = event_polls((alone,), house.clock.now(), house.clock.now(), PollForecast())
    assert polls.last_at == alone.types_seen_at  # the row that was swept since told nothing
    assert found[0].event is older
    assert found[0].last_at is None
    assert over not in [one.event for one in found]


def test_while_a_watch_is_at_work_the_planner_tells_of_the_looks(tmp_path: Path) -> None:
    """By what it has learned; and how long no event goes unseen. Afterwards only the runs do."""
    house = VirtualBridge(tmp_path)
    house.run()
    assert standing(house, tmp_path).offices[0].bound is None
    fence = house.ledger.take_lease("main-room", house.clock.now())
    assert fence is not None
    (office,) = standing(house, tmp_path).offices
    assert office.bound is not None
    assert timedelta(seconds=1) < office.bound < timedelta(minutes=5)
    assert all(poll.last_at is not None for poll in office.polls)
    house.ledger.release_lease(fence)
    assert standing(house, tmp_path).offices[0].bound is None


def test_a_watch_that_gives_way_has_stated_a_longer_bound(tmp_path: Path) -> None:
    """It holds as long as that minute is the last; what is no number is no bound."""
    house = VirtualBridge(tmp_path)
    house.run()
    now = house.clock.now()
    assert house.ledger.take_lease("main-room", now) is not None
    usual = standing(house, tmp_path).offices[0].bound
    assert usual is not None
    for stated, wanted in ((4321.0, timedelta(seconds=4321)), (0.1, usual), (None, usual)):
        house.ledger.record_run("main-room", now, now, 0, {"longest_unseen": stated})
        assert standing(house, tmp_path).offices[0].bound == wanted


def test_an_event_has_its_turn_before_it_is_worth_a_look(tmp_path: Path) -> None:
    """Its row may show it sooner than a polls of its own, and its turn comes within the bound."""
    house = VirtualBridge(tmp_path)
    house.run()
    now, bound = house.clock.now(), timedelta(minutes=7)
    ahead = PollForecast(
        next_poll=lambda _: now + timedelta(days=3),
        last_poll=lambda _: now - timedelta(hours=1),
        bound=bound,
    )
    (office,) = standing(house, tmp_path, ahead).offices
    assert {poll.last_at for poll in office.polls} == {office.office.swept_at}
    assert office.office.swept_at is not None
    assert {poll.next_at for poll in office.polls} == {office.office.swept_at + bound}

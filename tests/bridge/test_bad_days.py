"""When something breaks: nothing is lost, nothing is done twice, and the exit code says so."""

from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from support.scenarios import SCENARIOS, Scenario
from support.virtual_bridge import Crash, VirtualBridge, boundaries
from willcall.bridge.ledger import open_ledger
from willcall.bridge.model.cases import Act, Intent, State
from willcall.client.flow import Effect
from willcall.errors import (
    AuthenticationError,
    LedgerError,
    PermissionDeniedError,
    RateLimitError,
    UndecodableReplyError,
)
from willcall.sandbox.faults import Kind
from willcall.sandbox.keys import Service


def _sell_out(house: VirtualBridge) -> str:
    event = house.event()
    house.box_office.sell_out(event)
    return event


def _known(house: VirtualBridge) -> State:
    """What the ledger knows of the box office; that it was in trouble is counted beside it."""
    return attrs.evolve(house.ledger.state("main-room"), troubles={})


# -- what nobody expected -------------------------------------------------------------------


def test_a_run_that_ends_unexpectedly_is_recorded_and_delivers_what_was_decided(
    house: VirtualBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`status` and `doctor` read it there; and what earlier runs decided is delivered."""
    broken = house.sandbox.faults.add("down", service="ticket0")
    _sell_out(house)
    house.run()
    house.sandbox.faults.remove(broken)

    def fails(*_: object, **__: object) -> None:
        raise OverflowError("date value out of range")

    with monkeypatch.context() as patched:
        patched.setattr("willcall.bridge.evaluate.decide", fails)
        report = house.run()
    assert report.exit_code == 1
    assert str(report.trouble) == "unexpected OverflowError: date value out of range"
    run = house.ledger.office("main-room").last_run
    assert run is not None
    assert (run.exit_code, run.summary["trouble"]) == (1, str(report.trouble))
    assert len(house.desk.tickets) == 1
    assert house.run().exit_code == 0


def test_a_delivery_that_ends_unexpectedly_is_recorded(
    house: VirtualBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided stands, and the next run delivers it."""
    _sell_out(house)

    def fails(*_: object, **__: object) -> None:
        raise OverflowError("date value out of range")

    with monkeypatch.context() as patched:
        patched.setattr("willcall.bridge.run.deliver_all", fails)
        report = house.run()
    assert (report.exit_code, report.left) == (1, {})
    run = house.ledger.office("main-room").last_run
    assert run is not None
    assert run.exit_code == 1
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


@pytest.mark.parametrize(
    "moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(microsecond=0, tzinfo=UTC)]
)
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_placeholder_date_costs_no_ticket(
    house: VirtualBridge, moment: datetime, zone: str
) -> None:
    """Neither its own nor that of another event."""
    first, second = house.event(0), house.event(1)
    event = house.box_office.event(first)
    event.starts_at, event.timezone = moment, zone
    event.ends_at = event.doors_open = None
    assert house.run().exit_code == 0
    house.box_office.sell_out(first)
    house.box_office.sell_out(second)
    assert house.run().exit_code == 0
    sold_out = [s for s in house.subjects() if s.startswith("Sold out")]
    assert len(sold_out) == 2


# -- TicketSmart ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [("down", {}), ("html", {}), ("truncated", {}), ("garbage", {}), ("status", {"status": 503})],
)
def test_ticketsmart_in_trouble_changes_nothing_and_exits_75(
    house: VirtualBridge, fault: tuple[Kind, dict[str, int]]
) -> None:
    """And the run after the trouble finds everything as if there had been none."""
    kind, more = fault
    known = _known(house)
    _sell_out(house)
    broken = house.sandbox.faults.add(kind, service="ticketsmart", **more)  # type: ignore[arg-type]
    report = house.run()
    assert (report.exit_code, report.decision) == (75, None)
    assert _known(house) == known
    house.sandbox.faults.remove(broken)
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


def test_a_sweep_that_breaks_on_its_second_page_concludes_nothing(tmp_path: Path) -> None:
    """Half a list is not a list."""
    house = VirtualBridge(tmp_path, season=250)
    house.run()
    known = _known(house)
    house.box_office.sell_out(house.event())
    house.sandbox.faults.add("html", service="ticketsmart", path="/events", nth=2)
    report = house.run()
    assert isinstance(report.trouble, UndecodableReplyError)
    assert "not JSON" in str(report.trouble) or "expected JSON" in str(report.trouble)
    assert _known(house) == known
    assert house.desk.tickets == []


def test_a_look_that_breaks_leaves_the_rows_good(tmp_path: Path) -> None:
    """The list was read whole; the looks go on next time."""
    house = VirtualBridge(tmp_path, switches={"ticket_types_in_rows": False})
    house.run()
    _sell_out(house)
    house.sandbox.faults.add("status", service="ticketsmart", path="/events/*", status=500)
    report = house.run()
    assert report.observation is not None
    assert report.observation.trouble
    assert len(house.desk.tickets) == 1


@pytest.mark.parametrize(
    ("service", "scopes"),
    [("ticketsmart", ["events:write"]), ("ticket0", ["tickets:read", "messages:read"])],
)
def test_a_key_that_lacks_a_scope_exits_77_and_says_what_to_do(
    house: VirtualBridge, service: Service, scopes: list[str]
) -> None:
    """What was decided meanwhile goes out as soon as the key is good."""
    _sell_out(house)
    good = house.keys[service]
    house.keys[service] = house.sandbox.new_key(service, scopes=scopes)
    report = house.run()
    trouble = report.trouble if service == "ticketsmart" else report.deliveries.stopped
    assert isinstance(trouble, PermissionDeniedError)
    assert "key" in str(trouble.hint)
    assert report.exit_code == 77
    # That TicketSmart's key is no good is news for the desk, as long as the desk can hear it.
    told = ["The key of main-room lacks a scope"] if service == "ticketsmart" else []
    assert house.subjects() == told
    house.keys[service] = good
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1 + len(told)
    assert [t.status for t in house.desk.tickets if "scope" in t.subject] == ["resolved"][
        : len(told)
    ]


@pytest.mark.parametrize("service", ["ticketsmart", "ticket0"])
def test_a_key_that_is_revoked_exits_77_and_says_what_to_do(
    house: VirtualBridge, service: Service
) -> None:
    """And never shows the key."""
    _sell_out(house)
    house.sandbox.revoke(house.keys[service])
    report = house.run()
    trouble = report.trouble if service == "ticketsmart" else report.deliveries.stopped
    assert isinstance(trouble, AuthenticationError)
    assert "key" in str(trouble.hint)
    assert report.exit_code == 77
    assert house.keys[service] not in repr(report) + repr(trouble.reply)


def test_a_429_is_waited_for_as_told_when_the_pass_has_the_time(house: VirtualBridge) -> None:
    """Virtual time shows that it waited."""
    _sell_out(house)
    house.sandbox.faults.add(
        "status", service="ticketsmart", status=429, headers={"Retry-After": "7"}, count=1
    )
    report = house.run()
    assert report.exit_code == 0
    assert 7 <= house.world.elapsed < 10


def test_a_429_that_outlasts_the_pass_exits_75(house: VirtualBridge) -> None:
    """It does not sit in the way of the next run."""
    _sell_out(house)
    house.sandbox.faults.add(
        "status", service="ticketsmart", status=429, headers={"Retry-After": "60"}
    )
    report = house.run()
    assert isinstance(report.trouble, RateLimitError)
    assert report.exit_code == 75
    assert house.world.elapsed < 1


# -- Ticket0 --------------------------------------------------------------------------------


def test_ticket0_down_keeps_everything_and_exits_3_until_it_is_out(house: VirtualBridge) -> None:
    """Nothing is lost, and nothing is doubled when it is back."""
    _sell_out(house)
    down = house.sandbox.faults.add("down", service="ticket0")
    for _ in range(3):
        report = house.run()
        assert report.exit_code == 3
        assert sum(report.left.values()) == 3
    house.sandbox.faults.remove(down)
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1
    assert len(house.desk.outbox) == 1


@pytest.mark.parametrize("fault", ["lost_response", "truncated", "cut", "garbage"])
@pytest.mark.parametrize("path", ["/tickets", "/tickets/*/messages", "/tickets/*"])
def test_an_answer_that_is_lost_is_looked_for_and_adopted(
    house: VirtualBridge, fault: Kind, path: str
) -> None:
    """Whatever the act: it was carried out, so it is not done again."""
    _sell_out(house)
    method = "PATCH" if path == "/tickets/*" else "POST"
    house.sandbox.faults.add(fault, service="ticket0", method=method, path=path, count=1)
    report = house.run()
    assert report.exit_code == 0
    assert [d.outcome.value for d in report.deliveries.delivered].count("adopted") == 1
    (ticket,) = house.desk.tickets
    assert len(ticket.messages) == 2
    assert len(ticket.tags) == 3


@pytest.mark.parametrize("path", ["/tickets", "/tickets/*/messages", "/tickets/*"])
def test_a_request_that_was_lost_is_repeated_only_after_it_has_settled(
    house: VirtualBridge, path: str
) -> None:
    """Not there, and 30 seconds have passed since: only then again."""
    _sell_out(house)
    method = "PATCH" if path == "/tickets/*" else "POST"
    house.sandbox.faults.add("lost_request", service="ticket0", method=method, path=path, count=1)
    report = house.run()
    assert report.exit_code == 3
    assert report.left["unknown"] == 1
    assert house.run().exit_code == 0
    (ticket,) = house.desk.tickets
    assert len(ticket.messages) == 2


def test_a_repeat_before_30_seconds_is_not_made(house: VirtualBridge) -> None:
    """A request may still be on its way."""
    _sell_out(house)
    house.sandbox.faults.add(
        "late_commit", service="ticket0", method="POST", path="/tickets", seconds=25, count=1
    )
    report = house.run()
    assert report.left["unknown"] == 1
    # The house lets a minute pass between runs; this one comes after ten seconds.
    ten_seconds_later(house)
    report = house.run()
    assert report.left["unknown"] == 1
    assert house.desk.tickets == []
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


def ten_seconds_later(house: VirtualBridge) -> None:
    """Let the next run come ten seconds after this one, rather than a minute."""
    real = house.clock.advance
    calls = iter([10.0])

    def advance(seconds: float) -> object:
        return real(next(calls, seconds) if seconds == 60 else seconds)

    house.clock.advance = advance  # type: ignore[method-assign, assignment]


def test_an_error_while_looking_is_never_not_there(house: VirtualBridge) -> None:
    """However long it lasts: nothing is sent until the list can be read whole."""
    _sell_out(house)
    blind = house.sandbox.faults.add("status", service="ticket0", method="GET", status=500)
    for _ in range(5):
        assert house.run().exit_code == 3
        assert house.desk.tickets == []
    house.sandbox.faults.remove(blind)
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


def test_a_429_from_the_desk_is_waited_for_and_is_no_doubt(house: VirtualBridge) -> None:
    """A 429 says that nothing was done."""
    _sell_out(house)
    house.sandbox.faults.add(
        "status", service="ticket0", method="POST", path="/tickets", status=429,
        headers={"Retry-After": "5"}, count=2,
    )  # fmt: skip
    report = house.run()
    assert report.exit_code == 0
    assert house.world.elapsed >= 10
    assert len(house.desk.tickets) == 1


def _refuse(house: VirtualBridge, path: str, status: int, count: int | None = 1) -> None:
    house.sandbox.faults.add(
        "status", service="ticket0", method="POST", path=path, status=status, count=count,
        body='{"error": {"code": "VALIDATION_ERROR", "message": "no such address"}}',
    )  # fmt: skip


def test_a_conflict_is_tried_again_later_and_holds_up_no_other_case(house: VirtualBridge) -> None:
    """Something stands in the way of one ticket; the others go out."""
    _sell_out(house)
    house.box_office.cancel(house.event())
    _refuse(house, "/tickets", 409)
    report = house.run()
    assert (report.exit_code, report.left) == (3, {"refused": 1, "pending": 2})
    assert len(house.desk.tickets) == 1
    assert house.run().left == {"refused": 1, "pending": 2}
    house.clock.advance(600)
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 2


def test_a_ticket_that_was_deleted_ends_its_case(house: VirtualBridge) -> None:
    """After a second look: there is nothing left to resolve; the next sell-out opens a new one."""
    event = house.box_office.event(_sell_out(house))
    house.run()
    house.desk.delete(house.desk.tickets[0].id)
    for ticket_type in event.ticket_types:
        house.box_office.restock(event.id, ticket_type.name, 5)
    report = house.run()
    assert [d.outcome.value for d in report.deliveries.delivered] == ["refused"]
    house.clock.advance(300)
    report = house.run()
    assert [d.outcome.value for d in report.deliveries.delivered] == ["dropped"]
    assert report.exit_code == 0
    house.box_office.sell_out(event.id)
    assert house.run().exit_code == 0
    assert len(house.desk.tickets) == 1


# -- two at once, and the end of a process ------------------------------------------------------


def test_a_second_run_at_the_same_time_leaves_with_75(house: VirtualBridge) -> None:
    """And sends nothing."""
    _sell_out(house)
    fence = house.ledger.take_lease("main-room", house.clock.now())
    assert fence is not None
    report = house.run()
    assert isinstance(report.trouble, LedgerError)
    assert report.exit_code == 75
    assert house.sandbox.requests == []
    house.ledger.release_lease(fence)
    assert house.run().exit_code == 0


def test_a_process_that_slept_past_its_lease_writes_and_sends_nothing(house: VirtualBridge) -> None:
    """Its fence has been passed."""
    fence = house.ledger.take_lease("main-room", house.clock.now())
    assert fence is not None
    house.clock.advance(600)
    _sell_out(house)
    assert house.run().exit_code == 0
    intents = house.ledger.unsettled("main-room")
    assert intents == []
    late = Intent(case="wc-00000000", position=1, act=Act.OPEN)
    with pytest.raises(LedgerError, match="taken over"):
        house.ledger.attempting(fence, late, {}, house.clock.now())


STEPS = [(name, number) for name, play in SCENARIOS.items() for number in range(len(play.steps))]


def _played(play: Scenario, step: int, boundary: int | None) -> tuple[VirtualBridge, list[Effect]]:
    """A play, the process ended at a boundary of one of its steps and that step run again; and the
    effects of that step, as far as it came."""
    house = play.house()
    trace: list[Effect] = []
    for number, one in enumerate(play.steps):
        one.happens(house)
        if number == step and boundary is not None:
            with pytest.raises(Crash):
                one.runs(house, crash_at=boundary)
            house.clock.advance(180)  # the dead process's lease runs out
        assert one.runs(house).exit_code == 0
        if number == step:
            trace = house.world.trace
    house.ledger.close()
    return house, trace


@pytest.mark.parametrize(("play", "step"), STEPS, ids=[f"{n}, {s + 1}" for n, s in STEPS])
def test_a_process_may_end_at_any_boundary(play: str, step: int) -> None:
    """Before a run and after each of its requests and transactions (all else it does leaves no
    trace outside it): the runs that follow bring the same final state, and never a second ticket,
    message or removal."""
    undisturbed, effects = _played(SCENARIOS[play], step, None)
    wanted = undisturbed.shape(), undisturbed.stock(), len(undisturbed.desk.outbox)
    assert len(undisturbed.desk.tickets) == SCENARIOS[play].tickets
    ends = boundaries(effects)
    assert len(ends) > 7, "the run had hardly any boundary: is it still what cron runs?"
    for boundary in ends:
        house, _ = _played(SCENARIOS[play], step, boundary)
        found = house.shape(), house.stock(), len(house.desk.outbox)
        assert found == wanted, f"ended at boundary {boundary}"


def test_another_ledger_knows_nothing_of_this_one(tmp_path: Path, house: VirtualBridge) -> None:
    """A ledger is a file: another file is another baseline."""
    other = open_ledger("sqlite:///other.db", tmp_path)
    assert other.state("main-room").snapshot is None
    assert house.ledger.state("main-room").snapshot is not None
    other.close()

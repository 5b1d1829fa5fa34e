"""A key that Ticket0 no longer takes shows within a day, even if nothing is to be delivered."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from support.virtual_bridge import VirtualBridge
from support.virtual_watch import VirtualWatch
from willcall.bridge.delivery.key_check import KeyState
from willcall.bridge.run import Job, PassReport
from willcall.errors import AuthenticationError, PermissionDeniedError

DAY = timedelta(days=1)


class QuietHouse(VirtualBridge):
    """One whose ledger keeps whether the desk takes the key."""

    def job(self, *more: Any) -> Job:
        """A job of the bridge's own kind."""
        return attrs.evolve(super().job(*more), desk_key=f"key {self.keys['ticket0']}")

    def passes(self, after: timedelta = timedelta(0)) -> tuple[PassReport, int]:
        """A pass so much later, and how often Ticket0 was asked."""
        self.clock.advance(after.total_seconds())
        self.sandbox.forget_requests()
        report = self.run()
        return report, self.sent("ticket0")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[QuietHouse]:
    """A house whose baseline was taken, with nothing to deliver."""
    house = QuietHouse(tmp_path)
    house.run()
    yield house
    house.ledger.close()


def revoke(house: VirtualBridge, **answer: Any) -> None:
    body = '{"error": {"code": "UNAUTHORIZED", "message": "Invalid API key"}}'
    house.sandbox.faults.add("status", service="ticket0", **{"status": 401, "body": body, **answer})


def test_a_day_without_deliveries_costs_one_request(house: QuietHouse) -> None:
    """However often it is looked in between, and by however many processes."""
    asked = [house.passes(timedelta(hours=1))[1] for _ in range(48)]
    assert sum(asked) == 2


def test_a_key_that_is_revoked_on_a_quiet_day_is_trouble_within_a_day(house: QuietHouse) -> None:
    """As delivery has it: 77, in its words. It stays so, without another request, for ten minutes;
    then it is asked again, since it may have been mended."""
    revoke(house)
    assert house.passes(DAY / 2)[0].exit_code == 0
    report, asked = house.passes(DAY / 2)
    assert (report.exit_code, asked, report.trouble) == (77, 1, None)
    assert isinstance(report.deliveries.stopped, AuthenticationError)
    told = str(report.deliveries.stopped)
    assert "Invalid API key" in told
    (run,) = [one for one in [house.ledger.office("main-room").last_run] if one is not None]
    assert (run.exit_code, run.summary["trouble"]) == (77, told)
    again, asked = house.passes(DAY / 288)
    assert (again.exit_code, asked, str(again.deliveries.stopped)) == (77, 0, told)
    house.sandbox.faults.clear()
    assert [(one.exit_code, asked) for one, asked in (house.passes(DAY / 288), house.passes())] == [
        (0, 1),
        (0, 0),
    ]


def test_it_reads_as_a_delivery_does(house: QuietHouse) -> None:
    """Word for word, but for the request."""
    revoke(house)
    quiet = str(house.passes(DAY)[0].deliveries.stopped)
    house.box_office.sell_out(house.event())
    report, asked = house.passes()
    assert (report.exit_code, asked) == (77, 1)
    said = str(report.deliveries.stopped)
    assert said.replace("POST /tickets", "GET /tickets") == quiet


def test_a_delivery_that_goes_out_ends_it(house: QuietHouse) -> None:
    """And a new key is asked about at once."""
    revoke(house, count=1, status=403)
    report, _ = house.passes(DAY)
    assert isinstance(report.deliveries.stopped, PermissionDeniedError)
    house.box_office.sell_out(house.event())
    assert house.passes()[0].exit_code == 0
    assert house.passes()[0].exit_code == 0
    revoke(house, count=1)
    assert house.passes(DAY)[0].exit_code == 77
    house.keys["ticket0"] = house.sandbox.new_key("ticket0")
    report, asked = house.passes()
    assert (report.exit_code, asked) == (0, 1)


@pytest.mark.parametrize("kind", ["down", "garbage", "lost_request"])
def test_a_desk_that_is_away_fails_no_pass(house: QuietHouse, kind: Any) -> None:
    """Nobody knows anything of the key then: it is asked about again ten minutes later."""
    house.sandbox.faults.add(kind, service="ticket0")
    report, asked = house.passes(DAY)
    assert (report.exit_code, asked <= 1, report.deliveries.stopped) == (0, True, None)
    assert house.passes(DAY / 288)[1] == 0
    house.sandbox.faults.clear()
    revoke(house)
    assert house.passes(DAY / 288)[0].exit_code == 77


def test_a_watch_looks_once_a_day_too() -> None:
    """It tells once, and every minute stands for 77."""
    virtual = VirtualWatch(job=lambda job: attrs.evolve(job, desk_key="key"))
    virtual.run()
    yesterday = KeyState(virtual.sandbox.now().timestamp() - 86_400.0).text()
    virtual.ledger.change("key", lambda *_: (yesterday, None))
    virtual.sandbox.revoke(virtual.keys["ticket0"])
    virtual.sandbox.forget_requests()
    watch = virtual.begin()
    virtual.pass_time(310.0)
    assert virtual.errors() == ["AuthenticationError"]
    assert list(watch.codes)[-4:] == [77, 77, 77, 77]
    assert sum(request.service == "ticket0" for request in virtual.sandbox.requests) == 1
    virtual.leave()


def test_what_the_ledger_keeps_comes_back_whole() -> None:
    """And what it cannot have written is as good as nothing."""
    for error in (
        AuthenticationError("Invalid", provider="ticket0", request="GET /tickets", status=401),
        PermissionDeniedError("No", provider="ticket0", status=403, code="FORBIDDEN", hint="ask"),
    ):
        back = KeyState.load(KeyState(7.0, error).text())
        assert back is not None
        assert (back.at, str(back.refusal), type(back.refusal)) == (7.0, str(error), type(error))
    assert KeyState.load(KeyState(7.0).text()) == KeyState(7.0)
    for text in (None, "", "7", "[]", "{}", '{"at": 1, "refusal": 3, "denied": true}'):
        assert KeyState.load(text) is None

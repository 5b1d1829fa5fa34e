"""Progress on a terminal."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.virtual_bridge import VirtualBridge
from willcall.bridge.run import recover_pass, run_pass
from willcall.cli.shell import progress
from willcall.client.flow import (
    Do,
    Draw,
    Now,
    Request,
    Send,
    Sleep,
    Tick,
    World,
    simulate,
    watched,
)
from willcall.errors import Reply


class Seen(progress.Screen):
    """A screen that remembers what it was told to show."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, int, int | None, tuple[float, str] | None]] = []

    def show(
        self, what: str, done: int = 0, of: int | None = None, wait: tuple[float, str] | None = None
    ) -> None:
        self.lines.append((what, done, of, wait))


def send(provider: str, method: str, path: str) -> Send:
    """A request is about to leave."""
    return Send(Request(provider, method, f"https://example.com/api/v1{path}"))


def page(pages: int) -> Reply:
    """A page of a list that has so many."""
    return Reply(200, {}, json.dumps({"pagination": {"totalPages": pages}}).encode())


def test_a_pass_tells_how_far_it_is(tmp_path: Path) -> None:
    """From the real flows: pages, then what is to be delivered, one by one."""
    house = VirtualBridge(tmp_path, season=250)
    house.run()
    house.box_office.sell_out(house.event())
    house.clock.advance(60)
    screen = Seen()
    house.world = World(house._carry, start=house.clock.now())
    report = simulate(
        watched(run_pass(house.job()), progress.Progress("main-room", screen)), house.world
    )
    assert report.exit_code == 0
    said = [(what.partition(": ")[2], done, of) for what, done, of, _ in screen.lines]
    pages = [(done, of) for what, done, of in said if what == "reading events"]
    assert pages[0] == (0, None)
    assert (1, 3) in pages
    assert (2, 3) in pages
    acts = len(report.deliveries.delivered)
    delivering = [(done, of) for what, done, of in said if what == "delivering"]
    assert (0, acts) in delivering
    assert delivering[-1] == (acts, acts)


def test_reading_a_ledger_back_is_shown_as_well(tmp_path: Path) -> None:
    """The desk is looked at."""
    house = VirtualBridge(tmp_path)
    screen = Seen()
    house.world = World(house._carry, start=house.clock.now())
    simulate(watched(recover_pass(house.job()), progress.Progress("x", screen)), house.world)
    assert "x: looking things up at the desk" in [what for what, *_ in screen.lines]


def test_a_wait_says_what_for() -> None:
    """For the minute's budget, unless something has just gone wrong."""
    screen = Seen()
    watcher = progress.Progress("x", screen)
    events = send("ticketsmart", "GET", "/events")
    watcher.begins(Sleep(12.0))
    assert screen.lines[-1][3] == (12.0, "for the rate limit")
    watcher.begins(events)
    watcher.ended(events, page(3))
    watcher.begins(Draw())
    watcher.begins(Tick())
    watcher.begins(Sleep(3.0))
    assert screen.lines[-1] == ("x: reading events", 1, 3, (3.0, "before a retry"))
    watcher.begins(events)
    watcher.ended(events, ConnectionError("none"))
    watcher.begins(Draw())
    watcher.begins(Tick())  # it is given up,
    watcher.begins(Tick())  # and another call waits for its turn
    watcher.begins(Sleep(2.0))
    assert screen.lines[-1] == ("x: reading events", 1, 3, (2.0, "for the rate limit"))
    watcher.ended(events, Reply(429, {}, b""))
    watcher.begins(Draw())
    watcher.begins(Tick())
    watcher.begins(Sleep(2.0))
    assert screen.lines[-1][3] == (2.0, "for the rate limit")  # the provider's own count
    for number in range(2):
        watcher.begins(send("ticketsmart", "GET", f"/events/{number}/ticket-types"))
    assert screen.lines[-1][:2] == ("x: polling single events", 2)
    unsettled = Do("unsettled", lambda: None)
    watcher.ended(unsettled, OSError("no ledger"))
    watcher.ended(unsettled, ["one", "two"])
    watcher.ended(Do("done", lambda: None), None)
    watcher.begins(Now())
    what, *rest = screen.lines[-1]
    assert (what, rest) == ("x: delivering", [1, 2, None])


@pytest.mark.parametrize(
    ("until", "moment", "words"),
    [
        (None, 0.0, ""),
        ((12.0, "for the rate limit"), 0.0, "waiting 12 s for the rate limit"),
        ((12.0, "for the rate limit"), 11.5, "waiting 1 s for the rate limit"),
        ((12.0, "for the rate limit"), 13.0, "waiting 0 s for the rate limit"),
    ],
)
def test_waits_are_counted_down(until: Any, moment: float, words: str) -> None:
    """In whole seconds."""
    assert progress.waiting(until, moment) == words


def test_short_work_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor does any on a pipe."""
    screen = progress.Screen()
    screen.show("soon over")
    assert screen._bar is None
    screen.close()
    with progress.shown() as onlooker:
        assert onlooker("x") is None
    with progress.counted([1, 2], "counting") as items:
        assert list(items) == [1, 2]
    assert capsys.readouterr() == ("", "")

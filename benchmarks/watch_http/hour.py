"""An hour of full work in virtual time: the real watch, planner, quota and ledger, no socket.

Requests take 0.02 to 0.4 s there and back, each another time. Beside the watch there may be a
person and cron on the same ledger, and on another machine somebody with the same key, of whom only
refusals tell.
"""

from __future__ import annotations

from itertools import count as numbers

from minutes import Used

from support.virtual_watch import VirtualWatch
from willcall.bridge.run import Job, run_pass
from willcall.client.flow import Flow, tick

WARM = 600.0
"""Seconds that are not counted."""


def hour(
    minutes: int,
    events: int,
    *,
    rows: bool = False,
    beside: tuple[float, float] | None = None,
    warm: float = WARM,
) -> Used:
    """So many minutes of virtual time.

    Args:
        minutes: how many are counted.
        events: how many there are.
        rows: whether rows of the list carry ticket types.
        beside: a person asks for an event again after between so many and so many seconds, and
            cron calls once a minute.
        warm: seconds that are not counted.
    """
    virtual = VirtualWatch(events, shared=True, switches={"ticket_types_in_rows": rows})
    virtual.run()
    virtual.begin()
    virtual.pass_time(warm)
    virtual.sandbox.forget_requests()
    begins = virtual.stage.elapsed
    others = None if beside is None else Others(virtual, *beside)
    virtual.pass_time(60.0 * minutes)
    arrivals = [at for at in virtual.arrivals() if begins <= at < begins + 60.0 * minutes]
    refused = sum(request.status == 429 for request in virtual.sandbox.requests)
    counted = [0] * minutes
    for at in arrivals:
        counted[int((at - begins) // 60.0)] += 1
    codes = () if others is None else others.codes
    virtual.leave()
    if others is None:
        return Used(tuple(counted), refused)
    return Used(tuple(counted), refused, tuple(codes), tuple(others.waits), others.failed)


class Others:
    """A person and cron, on the ledger of the watch."""

    def __init__(self, virtual: VirtualWatch, least: float, most: float) -> None:
        self.waits: list[float] = []
        self.failed = 0
        self._virtual, self._pause, self._number = virtual, (least, most), numbers()
        self._before = len(virtual.reports)
        self._events = sorted(str(event.id) for event in virtual.box_office.events)
        self._ask()
        virtual.stage.after(20.0, self._call)

    @property
    def codes(self) -> list[int]:
        """How cron's runs have ended."""
        return [report.exit_code for report in self._virtual.reports[self._before :]]

    def _ask(self) -> None:
        number = next(self._number)
        job = self._virtual.job()
        event = self._events[number % len(self._events)]
        self._virtual.start(f"person-{number}", self._asking(job, event))

    def _asking(self, job: Job, event: str) -> Flow[None]:
        began = yield from tick()
        try:
            yield from job.box_office.within(60.0).event(event)
        except Exception:  # noqa: BLE001 - whatever a person would have seen
            self.failed += 1
        self.waits.append((yield from tick()) - began)
        stage = self._virtual.stage
        stage.after(stage.dice.uniform(*self._pause), self._ask)

    def _call(self) -> None:
        self._virtual.start("cron", run_pass(self._virtual.job()))
        self._virtual.stage.after(60.0, self._call)

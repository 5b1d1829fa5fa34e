"""A plausible week at the box office, in virtual time: for the tests of the report and its picture.

``python -m support.sample_week FILE`` writes the report on it.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs

from support.virtual_bridge import START, VirtualBridge
from willcall.bridge.delivery.job import Job
from willcall.bridge.insight.report import Report, ServiceAccount
from willcall.bridge.ledger import Ledger
from willcall.bridge.model.predictions import Prediction, PredictionOutcome
from willcall.bridge.model.rules import Silence

PLAY, LAUGHS = "the-cherry-orchard", "late-laughs-with-priya-raman"
QUARTET, CLUB = "quartet-halloran-late-beethoven", "nachtschicht-live-elektronik"
CAFE, TANNERY = "caf-noir-chansons-d-hiver", "tannery-sessions-imogen-vale"
WORKSHOP, OPEN_MIC = "improv-for-absolute-beginners", "open-mic-wednesday"
DREAM = "a-midsummer-night-s-dream"

SERVICES = (
    ServiceAccount(name="ticketsmart", title="TicketSmart", allowed=60),
    ServiceAccount(name="ticket0", title="Ticket0", allowed=60),
)

# How many tickets go an hour, at the times when people buy.
_PACE = {
    (PLAY, "Orchestra"): 0.32,
    (PLAY, "Balcony"): 0.36,
    (LAUGHS, "General Admission"): 0.9,
    (LAUGHS, "Front Table"): 0.08,
    (OPEN_MIC, "General Admission"): 0.35,
    (QUARTET, "Reserved"): 0.5,
    (QUARTET, "Under 30"): 0.15,
    (TANNERY, "Standing"): 0.6,
    (TANNERY, "Gallery"): 0.09,
    (CAFE, "Parterre"): 0.6,
    (CAFE, "Balcon"): 0.5,
    (CLUB, "Regular"): 1.1,
    (CLUB, "VIP"): 0.12,
    (DREAM, "Stalls"): 16.0,
    (DREAM, "Circle"): 5.0,
}


class Watchful(VirtualBridge):
    """Forecasts a sell-out a day ahead."""

    def job(self, ledger: Ledger | None = None) -> Job:
        """As a fresh process would have it."""
        return attrs.evolve(super().job(ledger), selling_fast=timedelta(days=1))


class SampleWeek:
    """A virtual bridge that runs at intervals through the week.

    Args:
        folder: where its ledger would be.
        every: how long between two runs.
        days: how long it lasts.
    """

    def __init__(self, folder: Path, *, every: timedelta, days: float = 7.0) -> None:
        self.house = Watchful(folder)
        self._every = every
        self._dice = random.Random("a week at the box office")
        self._ends = START + timedelta(days=days)
        box_office, faults = self.house.box_office, self.house.sandbox.faults
        self._plot: list[tuple[float, Callable[[], object]]] = [
            (0.8, lambda: box_office.sell_out(WORKSHOP)),
            (1.0, lambda: box_office.publish(DREAM)),
            (1.1, lambda: box_office.refund(WORKSHOP, "Workshop Place", 1)),
            (1.9, lambda: box_office.reschedule(QUARTET, days=7)),
            (2.3, lambda: self.house.report(box_office.event(CLUB).id, "Early Bird")),
            (2.9, self._silence),
            (2.4, lambda: box_office.complete(LAUGHS)),
            (4.2, lambda: box_office.cancel(CAFE)),
            (4.4, lambda: box_office.complete(OPEN_MIC)),
            (4.6, lambda: box_office.sell_out(PLAY)),
            (4.9, lambda: faults.add("status", service="ticketsmart", status=503)),
            (5.2, faults.clear),
            (5.6, lambda: box_office.restock(PLAY, "Balcony", 24)),
            (5.8, lambda: box_office.set_price(TANNERY, "Gallery", 3900)),
            (6.2, self._refusal),
            (6.3, lambda: box_office.sell_out(WORKSHOP)),
        ]

    def live(self) -> VirtualBridge:
        """Run the week; returns the virtual bridge at its end."""
        self.house.run()
        while self.house.clock.now() < self._ends:
            self.house.clock.advance(self._every.total_seconds() - 60)
            day = (self.house.clock.now() - START) / timedelta(days=1)
            while self._plot and self._plot[0][0] <= day:
                self._plot.pop(0)[1]()
            self._sell(self.house.clock.now())
            self.house.run()
        return self.house

    def _sell(self, moment: datetime) -> None:
        waking = 0.15 if 5 <= moment.hour < 13 else 1.0
        hours = self._every / timedelta(hours=1) * waking
        for (event, ticket_type), pace in _PACE.items():
            found = self.house.box_office.event(event)
            if found.status != "PUBLISHED":
                continue
            wanted = pace * hours * self._dice.uniform(0.2, 1.8)
            count = int(wanted) + (self._dice.random() < wanted % 1)
            if count:
                with suppress(ValueError):  # fewer are left
                    self.house.box_office.sell(event, ticket_type, count)

    def _silence(self) -> None:
        now = self.house.clock.now()
        self.house.ledger.add_silence(
            Silence(
                box_office=None,
                event="tannery",
                kinds=("ticket_type.low_stock",),
                rule=None,
                begins=now,
                until=now + timedelta(days=2),
                author="mara",
                reason="the gallery is being re-seated",
            )
        )

    def _refusal(self) -> None:
        self.house.sandbox.faults.add(
            "status",
            service="ticket0",
            method="POST",
            path="/tickets/*/messages",
            count=1,
            status=422,
            body='{"error":{"code":"invalid_request","message":"fromAddress is not verified"}}',
        )


def prediction(
    at: datetime, hours: float = 0, outcome: PredictionOutcome | None = None
) -> Prediction:
    """A forecast made then, for about a day later; what came of it was so many hours off."""
    return Prediction(
        box_office="main-room",
        event_id="evt_1",
        ticket_type_id="tt_1",
        title="The Cherry Orchard",
        ticket_type="Balcony",
        made_at=at,
        left=14,
        earliest=at + timedelta(hours=20),
        likely=at + timedelta(hours=26),
        latest=at + timedelta(hours=34),
        outcome=outcome,
        outcome_at=None if outcome is None else at + timedelta(hours=26 + hours),
    )


def report_of(house: VirtualBridge, days: float = 7.0) -> Report:
    """The report on it."""
    from willcall.cli.daily.report.command import gathered

    until = house.clock.now()
    return gathered(house.ledger, {"main-room": SERVICES}, until - timedelta(days=days), until)


def main() -> None:
    """Write the report on a week with a run every quarter of an hour."""
    from willcall.cli.daily.report.page import page

    with tempfile.TemporaryDirectory() as folder:
        house = SampleWeek(Path(folder), every=timedelta(minutes=15)).live()
        text = page(report_of(house), ZoneInfo("America/New_York"))
    Path(sys.argv[1]).write_text(text, "utf-8")


if __name__ == "__main__":
    main()

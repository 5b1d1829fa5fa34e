"""A week at the box office with hostile titles, the report on it, and its page."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest

from support.hostile import HOSTILE
from support.sample_week import PLAY, TANNERY, SampleWeek, prediction, report_of
from support.virtual_bridge import VirtualBridge
from willcall.bridge.insight.report import Report
from willcall.bridge.model.predictions import PredictionOutcome
from willcall.cli.daily.report.page import page

EASTERN = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> VirtualBridge:
    """A week in which somebody gives things bad names."""
    week = SampleWeek(tmp_path_factory.mktemp("week"), every=timedelta(hours=4))
    box_office = week.house.box_office
    for event in (PLAY, TANNERY):
        found = box_office.event(event)
        box_office.rename(found.id, f"{found.title} {HOSTILE}")
        found.ticket_types[-1].name = HOSTILE
    return week.live()


@pytest.fixture(scope="module")
def report(week: VirtualBridge) -> Report:
    """The report on it, with forecasts of every fate."""
    found = report_of(week)
    (one,) = found.offices
    at = found.since + timedelta(days=1)
    fates = (
        prediction(at),
        prediction(at, 3.5, PredictionOutcome.SOLD_OUT),
        prediction(at, -12, PredictionOutcome.SOLD_OUT),
        prediction(at, 30, PredictionOutcome.SOLD_OUT),
        prediction(at, 2, PredictionOutcome.MORE),
        attrs.evolve(prediction(at, 2, PredictionOutcome.OVER), title=HOSTILE),
    )
    return attrs.evolve(found, offices=(attrs.evolve(one, forecasts=fates),))


@pytest.fixture(scope="module")
def text(report: Report) -> str:
    """The page on it."""
    return page(report, EASTERN)

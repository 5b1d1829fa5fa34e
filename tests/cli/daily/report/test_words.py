"""The phrases of a report."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from willcall.bridge.insight.report import Report
from willcall.cli.daily.report.words import long, title, zone_name


def test_words_are_those_of_people() -> None:
    """Lengths of time, dates, zones without letters."""
    spans = (42, 60, 3599, 3600, 11100, 86400, 190000)
    assert [long(span) for span in spans] == [
        "42 s",
        "1 min",
        "1 h",
        "1 h",
        "3 h 5 min",
        "1 day",
        "2 days 5 h",
    ]
    moment = datetime(2026, 11, 21, 18, tzinfo=UTC)
    assert zone_name(moment, ZoneInfo("America/Sao_Paulo")) == "UTC-03:00"
    titles = [
        title(Report(since=moment - timedelta(days=days), until=moment, offices=()), UTC)
        for days in (0.25, 7, 40, 400)
    ]
    assert titles == [
        "21 November 2026, 12:00 to 18:00",
        "14 to 21 November 2026",
        "12 October to 21 November 2026",
        "17 October 2025 to 21 November 2026",
    ]

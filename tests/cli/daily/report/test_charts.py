"""The axes of the drawings."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from willcall.cli.daily.report.charts import steps, ticks

EASTERN = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("most", "rows"),
    [(1, [0, 1]), (3, [0, 1, 2, 3]), (20, [0, 5, 10, 15, 20]), (255, [0, 100, 200, 300])],
)
def test_an_axis_has_round_numbers(most: int, rows: list[int]) -> None:
    """The last of them is at the top or above."""
    assert steps(most) == rows


def test_midnights_are_those_of_the_venue_also_when_clocks_change() -> None:
    """On 1 November 2026 New York goes from -4 to -5 hours."""
    since = datetime(2026, 10, 30, 12, tzinfo=UTC)
    found = ticks(since, since + timedelta(days=4), EASTERN)
    assert [said for _, said in found] == ["Sat 31", "Sun 1", "Mon 2", "Tue 3"]
    assert [moment.hour for moment, _ in found] == [4, 4, 5, 5]


def test_hours_are_full_hours_of_the_venue() -> None:
    """Also where they lie three quarters of an hour apart from ours."""
    since = datetime(2026, 11, 21, 10, 7, tzinfo=UTC)
    found = ticks(since, since + timedelta(hours=18), ZoneInfo("Asia/Kathmandu"))
    assert [said for _, said in found] == ["18:00", "21:00", "Sun 22", "03:00", "06:00", "09:00"]
    assert {moment.minute for moment, _ in found} == {15}
    months = ticks(since, since + timedelta(days=300), None)
    assert 3 <= len(months) <= 8

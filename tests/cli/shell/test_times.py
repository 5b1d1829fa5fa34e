"""Spans of time in words."""

from datetime import timedelta

import pytest

from willcall.cli.shell.times import ago, span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0 s"), (12, "12 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (259200, "3 days")],
)
def test_spans_are_said_as_people_say_them(seconds: int, words: str) -> None:
    """In one unit."""
    assert span(timedelta(seconds=seconds)) == words
    assert ago(timedelta(seconds=seconds)) == f"{words} ago"

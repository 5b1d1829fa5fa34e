"""A report as Markdown."""

from zoneinfo import ZoneInfo

import pytest
from markdown_it import MarkdownIt

from support.hostile import SHOWN, HtmlReader
from willcall.bridge.insight.report import Report
from willcall.cli.daily.report.markdown import markdown
from willcall.cli.daily.report.markdown import text as text_of

EASTERN = ZoneInfo("America/New_York")


def test_markdown_keeps_text_as_text(report: Report) -> None:
    """Rendered by whatever shows it."""
    shown = MarkdownIt("commonmark", {"html": True}).render(markdown(report, EASTERN))
    read = HtmlReader(shown)
    assert read.tags <= {"h1", "h2", "h3", "ul", "li", "p"}
    assert SHOWN in "".join(read.text)


@pytest.mark.parametrize(
    "title", ["- a", "+ a", "1. a", "12) a", "> a", "# a", "a | b", "=", "[a](b)"]
)
def test_markdown_keeps_a_line_a_line(title: str) -> None:
    """However it begins."""
    shown = MarkdownIt("commonmark").render(f"- {text_of(title)}")
    assert HtmlReader(shown).tags == {"ul", "li"}
    assert "".join(HtmlReader(shown).text).strip() == title

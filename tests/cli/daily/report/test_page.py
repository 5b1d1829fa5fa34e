"""A report as an HTML page."""

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from support import browser
from support.hostile import SHOWN, HtmlReader
from willcall.bridge.insight.report import Report
from willcall.cli.daily.report.markdown import markdown
from willcall.cli.daily.report.page import page, style

EASTERN = ZoneInfo("America/New_York")


def test_whatever_a_title_says_it_stays_text(text: str) -> None:
    """No element, attribute or address comes from the ledger."""
    read = HtmlReader(text)
    assert read.tags & {"script", "img", "link", "iframe", "object", "base", "form"} == set()
    assert not [name for name in read.attributes if name.startswith("on") or name == "style"]
    assert not read.attributes.keys() & {"src", "srcset", "action", "data", "xlink:href"}
    assert all(href.startswith("#") for href in read.attributes["href"])
    ids = read.attributes["id"]
    assert {href[1:] for href in read.attributes["href"]} <= ids
    assert {name for names in read.attributes["aria-labelledby"] for name in names.split()} <= ids
    assert SHOWN in " ".join("".join(read.text).split())
    assert "\u202e" not in text
    assert not re.search(r"url\(|@import|https?:", text)


def test_the_policy_allows_the_one_style_sheet_and_nothing_else(text: str) -> None:
    """By its hash: text that got out of its place could not even change how the page looks."""
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    (sheet,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert sheet == style()
    known = b64encode(sha256(sheet.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{known}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_the_page_tells_what_the_report_holds(text: str, report: Report) -> None:
    """Every ticket, curve, dead letter, trouble and silence; by the reader's clock."""
    said = " ".join("".join(HtmlReader(text).text).split())
    (one,) = report.offices
    for ticket in one.tickets:
        here = ticket.opened_at.astimezone(EASTERN)
        assert f"opened {here:%a} {here.day} {here:%b, %H:%M}, {ticket.marker}" in said
    assert text.count('<svg viewBox="0 0 360 172"') == len(one.curves)
    assert "422 invalid_request: fromAddress is not verified" in said
    assert "ticketsmart: 503" in said
    assert "event tannery; ticket_type.low_stock" in said
    assert f"TicketSmart: {one.runs.total['ticketsmart']} requests" in said
    assert "Times are EST" in said
    assert "Of 3 forecasts whose ticket type sold out, 1 did so within" in said
    for outcome in (
        "3 h 30 min after the most likely",
        "earlier: sold out",
        "later: sold out",
        "more tickets were put on sale",
        "over before it could sell out",
    ):
        assert said.count(outcome) == 1, outcome
    assert said.count("(high)") == sum(ticket.severity == "high" for ticket in one.tickets)


def test_nothing_to_tell_is_told() -> None:
    """An empty time, and a box office that nobody has looked at."""
    from willcall.bridge.insight.report import LedgerRows, report

    now = datetime(2026, 11, 21, 18, tzinfo=UTC)
    empty = report(
        [LedgerRows(box_office="a"), LedgerRows(box_office="b")], now - timedelta(days=7), now
    )
    said = "".join(HtmlReader(page(empty, UTC)).text)
    assert said.count("No run took place in this period") == 2
    assert "Forecasts" not in said
    assert said.count("None.") == 2
    assert markdown(empty, UTC).count("None.") == 12


@pytest.mark.skipif(browser.found() is None, reason="no Chromium here to look at the page with")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_browser_shows_it_without_a_request_or_a_complaint(
    text: str, tmp_path: Path, dark: bool
) -> None:
    """At the width of a phone and of a desk: nothing sticks out, and its style sheet is taken."""
    file = tmp_path / "week.html"
    file.write_text(text, "utf-8")
    with browser.opened(tmp_path / "profile") as opened:
        shown = opened.page()
        for width in (390, 1280):
            shown.open(file, width=width, dark=dark)
            wide = shown.ask("[document.documentElement.scrollWidth, innerWidth]")
            assert wide == [width, width]
            beyond = shown.ask(
                "[...document.querySelectorAll('main *')].filter(e => !e.closest('svg') && "
                "e.getBoundingClientRect().right > innerWidth + 0.5).map(e => e.outerHTML)"
            )
            assert beyond == []
            paper = shown.ask("getComputedStyle(document.body).backgroundColor")
            assert paper == ("rgb(20, 23, 28)" if dark else "rgb(251, 251, 249)")
        assert shown.ask("document.title").startswith("willcall: ")
        assert shown.ask("document.querySelectorAll('figure > svg').length") > 5
        assert set(shown.requested) == {file.as_uri()}
        assert (shown.logged, shown.errors) == ([], [])


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_can_be_read_on_its_paper() -> None:
    """WCAG AA: 4.5 to 1, for lines and letters of curves too, in light and in dark."""
    light, dark, _ = (
        dict(re.findall(r"--([\w-]+): (#\w+)", block))
        for block in re.findall(r":root \{(.*?)\}", style(), re.DOTALL)
    )
    for colours in (light, dark):
        papers = [
            ("paper", name) for name in ("ink", "soft", "accent", *(f"s{n}" for n in range(5)))
        ]
        papers += [("alarm-paper", name) for name in ("ink", "soft", "alarm")]
        for paper, name in papers:
            one, other = sorted((_luminance(colours[name]), _luminance(colours[paper])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (name, paper)

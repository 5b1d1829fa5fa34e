"""``willcall report``: one file that shows what happened, and in which all text is text."""

import json
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import pytest
from markdown_it import MarkdownIt

from support import browser
from support.sample_week import PLAY, TANNERY, SampleWeek, foretold, told
from support.sandbox_config import CONFIG
from support.virtual_bridge import VirtualBridge
from willcall.bridge.insight.report import Report
from willcall.bridge.model.predictions import Came
from willcall.cli.daily.report.charts import steps, ticks
from willcall.cli.daily.report.markdown import markdown
from willcall.cli.daily.report.markdown import text as text_of
from willcall.cli.daily.report.page import page, style
from willcall.cli.daily.report.words import long, title, zone_name

from .conftest import Shell

HOSTILE = (
    "</title></style><script>alert(1)</script><img src=//x.example/y onerror=alert(2)>\u202e&\"'"
)
SHOWN = HOSTILE.replace("\u202e", "")
EASTERN = ZoneInfo("America/New_York")


class Read(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


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
    found = told(week)
    (one,) = found.offices
    at = found.since + timedelta(days=1)
    fates = (
        foretold(at),
        foretold(at, 3.5, Came.SOLD_OUT),
        foretold(at, -12, Came.SOLD_OUT),
        foretold(at, 30, Came.SOLD_OUT),
        foretold(at, 2, Came.MORE),
        attrs.evolve(foretold(at, 2, Came.OVER), title=HOSTILE),
    )
    return attrs.evolve(found, offices=(attrs.evolve(one, forecasts=fates),))


@pytest.fixture(scope="module")
def text(report: Report) -> str:
    """The page on it."""
    return page(report, EASTERN)


def test_whatever_a_title_says_it_stays_text(text: str) -> None:
    """No element, attribute or address comes from the ledger."""
    read = Read(text)
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
    said = " ".join("".join(Read(text).text).split())
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
    for came in (
        "not answered yet",
        "3 h 30 min after the likeliest",
        "earlier: sold out",
        "later: sold out",
        "more tickets were put on sale",
        "over before it could sell out",
    ):
        assert said.count(came) == 1, came
    assert said.count("(high)") == sum(ticket.severity == "high" for ticket in one.tickets)


def test_nothing_to_tell_is_told() -> None:
    """An empty time, and a box office that nobody has looked at."""
    from willcall.bridge.insight.report import LedgerRows, report

    now = datetime(2026, 11, 21, 18, tzinfo=UTC)
    empty = report(
        [LedgerRows(box_office="a"), LedgerRows(box_office="b")], now - timedelta(days=7), now
    )
    said = "".join(Read(page(empty, UTC)).text)
    assert said.count("No run took place in this time") == 2
    assert "Forecasts" not in said
    assert said.count("None: nothing waits for a person.") == 2
    assert markdown(empty, UTC).count("None.") == 12


def test_markdown_keeps_text_as_text(report: Report) -> None:
    """Rendered by whatever shows it."""
    shown = MarkdownIt("commonmark", {"html": True}).render(markdown(report, EASTERN))
    read = Read(shown)
    assert read.tags <= {"h1", "h2", "h3", "ul", "li", "p"}
    assert SHOWN in "".join(read.text)


@pytest.mark.parametrize(
    "title", ["- a", "+ a", "1. a", "12) a", "> a", "# a", "a | b", "=", "[a](b)"]
)
def test_markdown_keeps_a_line_a_line(title: str) -> None:
    """However it begins."""
    shown = MarkdownIt("commonmark").render(f"- {text_of(title)}")
    assert Read(shown).tags == {"ul", "li"}
    assert "".join(Read(shown).text).strip() == title


# -- in a browser ---------------------------------------------------------------------------------


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


# -- axes and words -------------------------------------------------------------------------------


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


def test_words_are_those_of_people() -> None:
    """Lengths of time, dates, zones without letters."""
    spans = (42, 60, 3599, 3600, 11100, 86400, 190000)
    assert [long(one) for one in spans] == [
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


# -- the command ----------------------------------------------------------------------------------


def test_a_report_is_written_where_it_should_be(shell: Shell) -> None:
    """In the form that the file's name says, from the ledger alone; a second takes its place."""
    shell.baseline()
    shell.box_office.sell_out(PLAY)
    shell("run")
    shell.served.sandbox.forget_requests()
    said = shell("report", "-o", "week.html")
    assert (said.code, said.out, said.err) == (0, "", "willcall: wrote week.html\n")
    assert "The Cherry Orchard" in Path("week.html").read_text("utf-8")
    assert shell("report", "--since", "2h", "-o", "week.html").code == 0
    assert shell("report", "-o", "week.json").code == 0
    (office,) = json.loads(Path("week.json").read_text("utf-8"))["offices"]
    (ticket,) = office["tickets"]
    assert (ticket["title"], ticket["seconds"]) == ("The Cherry Orchard", None)
    assert office["runs"]["codes"] == {"0": 2}
    assert office["runs"]["total"].keys() == {"ticketsmart", "ticket0"}
    assert shell.served.sandbox.requests == []
    names = sorted(file.name for file in Path().iterdir() if not file.name.startswith("willcall."))
    assert names == ["week.html", "week.json"]


def test_a_report_without_a_file_is_markdown_or_as_told(shell: Shell) -> None:
    """On stdout, nothing else with it; in the same words as the page."""
    shell.baseline()
    shell.box_office.sell_out(PLAY)
    shell("run")
    said = shell("report")
    assert (said.code, said.err) == (0, "")
    assert "- The Cherry Orchard: sold out, opened " in said.out
    assert shell("report", "-o", "-", "--format", "html").out.startswith("<!doctype html>\n")
    assert json.loads(shell("report", "--format", "json").out)["offices"]
    assert "2 runs: 2 with 0 (all is well)" in shell("report", "--since", "1h").out


def test_a_report_may_be_on_one_of_several_box_offices(shell: Shell) -> None:
    """All of them are told, unless one is named."""
    shell.configure(
        CONFIG.replace(
            "[desk]", '[[box_office]]\nname = "annex"\nbase_url = "{ticketsmart}"\n[desk]'
        )
    )
    assert shell("run").code == 0
    both = [
        one["box_office"] for one in json.loads(shell("report", "--format", "json").out)["offices"]
    ]
    assert both == ["main-room", "annex"]
    assert "## annex" not in shell("report", "--box-office", "main-room").out
    assert 'id="o1">annex</h2>' in shell("report", "--format", "html").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "2100-01-01"), "--since: '2100-01-01' has not passed"),
        (("--since", "soon"), "--since: 'soon' is neither a span nor a moment"),
        (("-o", "nowhere/week.html"), "--output: nowhere/week.html cannot be written: no such"),
        (("--box-office", "attic"), "box_office: 'attic' is not configured"),
    ],
)
def test_what_makes_no_sense_is_refused(shell: Shell, words: tuple[str, ...], said: str) -> None:
    """With the option and what to write instead."""
    shell.configure()
    found = shell("report", *words)
    assert (found.code, found.out) == (2, "")
    assert said in found.err

"""A report as one HTML page that loads nothing and runs nothing, to be mailed and kept. Pure.

Its content security policy allows only its own style sheet, by its hash.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from functools import cache
from hashlib import sha256
from importlib import resources
from itertools import groupby
from xml.etree.ElementTree import Element

from ...._version import __version__
from ....bridge.insight.report import (
    OfficeReport,
    Report,
    ReportedChange,
    ReportedTicket,
    TicketFate,
)
from ....bridge.insight.stock import Curve
from ....bridge.model.kinds import Severity
from ....bridge.templates.rendering import local, plain
from . import words
from .charts import LETTERS, bars, lasted, predicted, stock
from .markup import Child, html, tag

MOST_CHANGES = 400
"""At most this many changes are listed, the latest; the others are counted."""


MOST_FORECASTS = 60


@cache
def style() -> str:
    """The style sheet."""
    return resources.files(__package__).joinpath("report.css").read_text("utf-8")


def page(report: Report, zone: tzinfo | None = None) -> str:
    """The page; ``zone`` is the reader's time zone, None this machine's."""
    known = b64encode(sha256(style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'"
    title = words.title(report, zone)
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"willcall: {title}"),
        tag("style", style()),
    )
    several = len(report.offices) > 1
    body = tag(
        "body",
        tag("a", "Skip to the report", href="#report", class_="skip"),
        tag(
            "header",
            tag("p", "willcall report", class_="kicker"),
            tag("h1", title),
            None if several else tag("p", words.lead(report.offices[0]), class_="lead"),
        ),
        tag(
            "main",
            *(_office(n, office, report, zone, several) for n, office in enumerate(report.offices)),
            id="report",
        ),
        _footer(report, zone),
    )
    return html(tag("html", head, body, lang="en"))


def _footer(report: Report, zone: tzinfo | None) -> Element:
    made = words.stamp(report.until, zone)
    here = words.zone_name(report.until, zone)
    return tag(
        "footer",
        tag(
            "p",
            f"Made on {made} {here} by willcall {__version__} from its ledger. "
            f"Times are {here}, except those of stock, which are the venue's.",
        ),
    )


def _office(
    number: int, office: OfficeReport, report: Report, zone: tzinfo | None, several: bool
) -> Element:
    key = f"o{number}"
    sections = (
        _letters(key, office, zone),
        _tickets(key, office, report, zone),
        _stock(key, office, report),
        _forecasts(key, office, report, zone),
        _changes(key, office, zone),
        _runs(key, office, report, zone),
        _silences(key, office, zone),
    )
    return tag(
        "article",
        tag("h2", plain(office.box_office), class_="office", id=key) if several else None,
        tag("p", words.lead(office), class_="lead") if several else None,
        _figures(office),
        *sections,
        aria_labelledby=key if several else None,
        aria_label=None if several else plain(office.box_office),
    )


def _section(
    key: str, name: str, heading: str, *inside: Child, class_: str | None = None
) -> Element:
    name = f"{key}-{name}"
    return tag("section", tag("h3", heading, id=name), *inside, aria_labelledby=name, class_=class_)


def _quiet(text: str) -> Element:
    return tag("p", text, class_="quiet")


def _figures(office: OfficeReport) -> Element:
    over = [ticket for ticket in office.opened if ticket.seconds is not None]
    half = "none yet" if office.median_seconds is None else words.long(office.median_seconds)
    rows = (
        ("changes seen", f"{len(office.happened):,}"),
        ("tickets", f"{len(office.opened):,}"),
        ("of them over", f"{len(over):,}"),
        ("median time open", half),
        ("runs", f"{office.runs.count:,}"),
        ("dead letters", f"{len(office.dead):,}"),
    )
    pairs = (tag("div", tag("dt", name), tag("dd", value)) for name, value in rows)
    return tag("dl", *pairs, class_="figures")


# -- dead letters -----------------------------------------------------------------------------


def _letters(key: str, office: OfficeReport, zone: tzinfo | None) -> Element:
    if not office.dead:
        return _section(key, "dead", "Dead letters", _quiet("None."))
    items = [
        tag(
            "li",
            tag(
                "p", tag("strong", plain(letter.title)), f": {letter.act} of ", _code(letter.marker)
            ),
            tag("p", plain(letter.error), class_="small"),
            tag(
                "p",
                f"number {letter.number}"
                + (f", first tried {words.stamp(letter.since, zone)}" if letter.since else ""),
                class_="small",
            ),
        )
        for letter in office.dead
    ]
    way = tag(
        "p",
        "The desk has refused these for good. See each with ",
        _code("willcall dead show NUMBER"),
        ", then retry it with ",
        _code("willcall dead retry NUMBER"),
        ".",
        class_="small",
    )
    return _section(
        key, "dead", "Dead letters", tag("ul", *items, class_="plain"), way, class_="alarm"
    )


def _code(text: str) -> Element:
    return tag("code", text)


# -- tickets ----------------------------------------------------------------------------------


def _tickets(key: str, office: OfficeReport, report: Report, zone: tzinfo | None) -> Element:
    if not office.tickets:
        return _section(key, "tickets", "Tickets", _quiet("No ticket was open in this period."))
    items = [_ticket(key, ticket, report, zone) for ticket in office.tickets]
    return _section(key, "tickets", "Tickets", tag("ol", *items, class_="tickets"))


def _ticket(key: str, ticket: ReportedTicket, report: Report, zone: tzinfo | None) -> Element:
    high = ticket.severity is Severity.HIGH
    return tag(
        "li",
        tag("span", str(ticket.number), class_="badge", aria_hidden="true"),
        tag(
            "div",
            tag(
                "p",
                tag("strong", plain(ticket.title)),
                words.about(ticket) + (" (high)" if high else ""),
            ),
            tag(
                "p",
                f"opened {words.stamp(ticket.opened_at, zone)}, ",
                _code(ticket.marker),
                f", {plain(ticket.ticket_id)}" if ticket.ticket_id else None,
                class_="small",
            ),
        ),
        tag(
            "div",
            tag("p", words.took(ticket, report.until)),
            lasted(ticket, report.since, report.until),
            class_="fate open" if ticket.fate in _PENDING else "fate",
        ),
        id=f"{key}-ticket-{ticket.number}",
    )


_PENDING = {TicketFate.OPEN, TicketFate.WAITING, TicketFate.HELD}


# -- stock ------------------------------------------------------------------------------------


def _stock(key: str, office: OfficeReport, report: Report) -> Element:
    heading = "What was left"
    if not office.curves:
        return _section(key, "stock", heading, _quiet("No stock has changed."))
    about: dict[str | None, list[ReportedTicket]] = {}
    for ticket in office.tickets:
        about.setdefault(ticket.event_id, []).append(ticket)
    drawn = [
        _figure(f"{key}-stock-{n}", key, curve, about.get(curve.event_id, []), report)
        for n, curve in enumerate(office.curves)
    ]
    rest = []
    if office.more_curves:
        rest.append(f"{words.count(office.more_curves, 'more event')} sold less than these.")
    if office.quiet_curves:
        rest.append(f"The stock of {words.count(office.quiet_curves, 'event')} did not change.")
    return _section(
        key,
        "stock",
        heading,
        tag("p", "Numbered lines show when tickets were opened.", class_="small"),
        tag("div", *drawn, class_="charts"),
        tag("p", " ".join(rest), class_="small") if rest else None,
    )


def _figure(
    name: str, key: str, curve: Curve, tickets: Sequence[ReportedTicket], report: Report
) -> Element:
    starts = words.venue_stamp(curve.starts_at, curve.timezone)
    zone = words.zone_name(curve.starts_at, local(curve.starts_at, curve.timezone).tzinfo)
    lines = [
        tag(
            "li",
            tag("span", LETTERS[n], class_=f"letter f{n}"),
            _swatch(n),
            tag("span", plain(line.name), class_="name"),
            tag("span", f"{line.first:,} → {line.left:,}", class_="number"),
        )
        for n, line in enumerate(curve.lines)
    ]
    marks = [
        tag(
            "li",
            tag("span", str(ticket.number), class_="badge"),
            tag(
                "span",
                tag("a", words.about(ticket).strip(", :"), href=f"#{key}-ticket-{ticket.number}"),
                f", {words.venue_stamp(ticket.opened_at, curve.timezone)}",
            ),
        )
        for ticket in tickets
    ]
    return tag(
        "figure",
        tag(
            "figcaption",
            tag("h4", plain(curve.title)),
            tag("p", f"{starts} {zone}", class_="small"),
        ),
        stock(name, curve, tickets, report.since, report.until),
        tag("ul", *lines, class_="legend"),
        tag("ul", *marks, class_="marks") if marks else None,
    )


def _swatch(number: int) -> Element:
    line = tag("line", class_=f"line s{number}", x1=1, x2=27, y1=5, y2=5)
    return tag("svg", line, viewBox="0 0 28 10", width=28, height=10, aria_hidden="true")


# -- forecasts --------------------------------------------------------------------------------


def _forecasts(
    key: str, office: OfficeReport, report: Report, zone: tzinfo | None
) -> Element | None:
    """Forecasts, and what happened; None without forecasts."""
    if not office.forecasts:
        return None
    ends = max([report.until, *(it.latest for it in office.forecasts)])
    items = [
        tag(
            "li",
            tag(
                "div",
                tag("p", tag("strong", plain(it.title)), f", {plain(it.ticket_type)}"),
                tag("p", words.predicted(it, zone), class_="small"),
            ),
            tag(
                "div",
                tag("p", words.outcome(it, zone)),
                predicted(it, report.since, ends),
                class_="fate",
            ),
        )
        for it in office.forecasts[-MOST_FORECASTS:]
    ]
    key_to = (
        "A bar is the predicted time, the line in it the most likely moment, a diamond the "
        f"sell-out; up to {words.stamp(ends, zone)}."
    )
    return _section(
        key,
        "forecasts",
        "Forecasts, and what happened",
        tag("p", words.forecasts(office.forecasts)),
        tag("p", key_to, class_="small"),
        tag("ol", *items, class_="tickets forecasts"),
    )


# -- what happened ----------------------------------------------------------------------------


def _changes(key: str, office: OfficeReport, zone: tzinfo | None) -> Element:
    heading = "What happened"
    if not office.happened:
        return _section(key, "changes", heading, _quiet("Nothing changed."))
    shown = office.happened[-MOST_CHANGES:]
    numbers = {ticket.marker: ticket.number for ticket in office.tickets}
    days = groupby(shown, key=lambda it: it.at.astimezone(zone).date())
    inside: list[Child] = []
    if len(shown) < len(office.happened):
        left = len(office.happened) - len(shown)
        inside.append(_quiet(f"{left:,} earlier changes are left out; `willcall log` lists them."))
    for day, rows in days:
        items = [_change(key, it, numbers, zone) for it in rows]
        inside.append(tag("h4", f"{day:%A} {day.day} {day:%B}"))
        inside.append(tag("ol", *items, class_="log"))
    return _section(key, "changes", heading, *inside)


def _change(
    key: str, change: ReportedChange, numbers: dict[str, int], zone: tzinfo | None
) -> Element:
    what = tag("p", tag("strong", plain(change.title)), words.about(change))
    number = numbers.get(change.marker or "")
    outcome: Child = plain(change.outcome)
    if number is not None:
        outcome = tag("a", plain(change.outcome), href=f"#{key}-ticket-{number}")
    return tag(
        "li",
        tag("time", f"{change.at.astimezone(zone):%H:%M}", datetime=change.at.isoformat()),
        what,
        tag("p", outcome, class_="small"),
    )


# -- runs and requests ------------------------------------------------------------------------


def _runs(key: str, office: OfficeReport, report: Report, zone: tzinfo | None) -> Element:
    heading, runs = "Runs and requests", office.runs
    if not runs.count:
        return _section(key, "runs", heading, _quiet("No run took place."), class_="alarm")
    facts = [
        tag("li", f"{words.count(runs.count, 'run')}: {words.codes(runs.codes)}"),
        tag("li", f"longest time without a run: {words.pause(runs, zone)}"),
    ]
    facts += [
        tag(
            "li",
            f"{words.count(it.runs, 'run')} in trouble, last {words.stamp(it.last, zone)}: ",
            tag("q", plain(it.said)),
        )
        for it in runs.troubles
    ]
    services = [service for service in office.services if service.name in runs.total]
    drawn: Iterable[Element] = [
        tag(
            "figure",
            tag("figcaption", tag("h4", f"Requests to {service.title}")),
            bars(f"{key}-spent-{n}", runs, service, report.since, report.until, zone),
            tag("p", words.requests(runs, service) + ".", class_="small"),
        )
        for n, service in enumerate(services)
    ]
    note = None
    if runs.counted < runs.count:
        note = _quiet(f"{words.count(runs.count - runs.counted, 'run')} recorded no requests.")
    return _section(
        key,
        "runs",
        heading,
        tag("ul", *facts, class_="facts"),
        tag("div", *drawn, class_="charts") if services else None,
        note,
    )


def _silences(key: str, office: OfficeReport, zone: tzinfo | None) -> Element:
    heading = "Silences"
    if not office.silences:
        return _section(key, "silences", heading, _quiet("No silence was in force."))
    items = [
        tag(
            "li",
            tag("p", tag("strong", words.silence(it))),
            tag(
                "p",
                f"{words.stamp(it.begins, zone)} to {words.stamp(it.until, zone)}, "
                f"by {plain(it.author)}: {plain(it.reason)}",
                class_="small",
            ),
        )
        for it in office.silences
    ]
    return _section(key, "silences", heading, tag("ul", *items, class_="plain"))

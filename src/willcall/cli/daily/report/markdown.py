"""A report as Markdown for a terminal, a chat or a wiki, and as JSON for machines. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

import orjson

from ....bridge.insight.report import OfficeReport, Report, ReportedTicket
from ....bridge.insight.stock import Curve
from ....bridge.templates.rendering import plain
from . import words

_SIGNS = re.compile(r"[\\`*_{}\[\]<>#|~&]")
_STARTS = re.compile(r"^(\d*)([-+=.)])")  # would begin a list or underline a heading


def text(value: str) -> str:
    """Text with everything escaped that means something in Markdown."""
    return _STARTS.sub(r"\1\\\2", _SIGNS.sub(r"\\\g<0>", plain(value)))


def markdown(report: Report, zone: tzinfo | None = None) -> str:
    """The report as Markdown; ``zone`` is the reader's time zone, None this machine's."""
    lines = [f"# {words.title(report, zone)}", ""]
    for office in report.offices:
        lines += _office(office, report, zone)
    here = words.zone_name(report.until, zone)
    lines.append(f"Times are {here}. Made {words.stamp(report.until, zone)} from the ledger.")
    return "\n".join(lines) + "\n"


def _office(office: OfficeReport, report: Report, zone: tzinfo | None) -> Iterator[str]:
    yield from (f"## {text(office.box_office)}", "", words.lead(office), "")
    yield from _listed("Dead letters", (_letter(letter) for letter in office.dead))
    yield from _listed("Tickets", (_ticket(ticket, report, zone) for ticket in office.tickets))
    yield from _listed("What was left", (_stock(curve) for curve in office.curves))
    if office.forecasts:
        predictions = (
            f"{text(f'{it.title}, {it.ticket_type}')}: {words.predicted(it, zone)}; "
            f"{words.outcome(it, zone)}"
            for it in office.forecasts
        )
        yield from _listed("Forecasts, and what happened", predictions)
    happened = (
        f"{words.stamp(it.at, zone)}: {text(it.title + words.about(it))} ({text(it.outcome)})"
        for it in office.happened
    )
    yield from _listed("What happened", happened)
    yield from _listed("Runs and requests", _runs(office, zone))
    silences = (
        f"{text(words.silence(it))}, {words.stamp(it.begins, zone)} to "
        f"{words.stamp(it.until, zone)}, by {text(it.author)}: {text(it.reason)}"
        for it in office.silences
    )
    yield from _listed("Silences", silences)


def _listed(heading: str, items: Iterator[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    yield from (f"### {heading}", "", *(lines or ["None."]), "")


def _letter(letter: Any) -> str:
    return f"{text(letter.title)}: {letter.act} of {letter.marker}: {text(letter.error)}"


def _ticket(ticket: ReportedTicket, report: Report, zone: tzinfo | None) -> str:
    opened = f"opened {words.stamp(ticket.opened_at, zone)} ({ticket.marker})"
    what = text(ticket.title + words.about(ticket))
    return f"{what}, {opened}; {words.took(ticket, report.until)}"


def _stock(curve: Curve) -> str:
    lines = ", ".join(f"{text(line.name)} {line.first} → {line.left}" for line in curve.lines)
    return f"{text(curve.title)}: {lines}"


def _runs(office: OfficeReport, zone: tzinfo | None) -> Iterator[str]:
    runs = office.runs
    if not runs.count:
        return
    yield f"{words.count(runs.count, 'run')}: {words.codes(runs.codes)}"
    yield f"longest time without a run: {words.pause(runs, zone)}"
    for trouble in runs.troubles:
        yield f"{words.count(trouble.runs, 'run')} in trouble: {text(trouble.said)}"
    for service in office.services:
        if service.name in runs.total:
            yield words.requests(runs, service)


# -- for machines -----------------------------------------------------------------------------


def as_json(report: Report) -> str:
    """The report as one JSON object, with the times that are computed from it."""
    from ....client.model import data

    value = data(report)
    for row, office in zip(value["offices"], report.offices, strict=True):
        row["median_seconds"] = office.median_seconds
        for ticket_row, ticket in zip(row["tickets"], office.tickets, strict=True):
            ticket_row["seconds"] = ticket.seconds
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode() + "\n"

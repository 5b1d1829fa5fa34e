"""What a report says in words, on a page and in a terminal alike. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from ....bridge.insight.report import (
    OfficeReport,
    Report,
    ReportedChange,
    ReportedTicket,
    Runs,
    TicketFate,
)
from ....bridge.model.predictions import Prediction, PredictionOutcome
from ....bridge.model.rules import Silence
from ....bridge.templates.rendering import local, plain

SERVICES = {"ticketsmart": "TicketSmart", "ticket0": "Ticket0"}

FATES = {
    TicketFate.WAITING: "not at the desk yet",
    TicketFate.HELD: "held back, as part of a storm",
    TicketFate.OPEN: "open",
    TicketFate.CLEARED: "cleared",
    TicketFate.SUPERSEDED: "superseded",
    TicketFate.GONE: "deleted at the desk",
}


def count(number: int, noun: str, nouns: str | None = None) -> str:
    """``1 run``, ``1,204 runs``."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def long(seconds: float) -> str:
    """A length of time as people say it: ``40 s``, ``12 min``, ``3 h 5 min``, ``2 days 4 h``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(round(seconds / 3600), 24)
    return count(days, "day") + (f" {hours} h" if hours else "")


def stamp(moment: datetime, zone: tzinfo | None) -> str:
    """``Sat 21 Nov, 18:02``, by the reader's clock."""
    here = moment.astimezone(zone)
    return f"{here:%a} {here.day} {here:%b, %H:%M}"


def venue_stamp(moment: datetime, timezone: str | None) -> str:
    """``Sat 21 Nov, 18:02``, by the clock at the venue."""
    return stamp(moment, local(moment, timezone).tzinfo)


def zone_name(moment: datetime, zone: tzinfo | None) -> str:
    """``UTC``, or ``UTC-03:00`` where a zone has no letters."""
    here = moment.astimezone(zone)
    name, offset = here.tzname() or "", f"{here:%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}" if name[:1] in {"+", "-"} else name


def title(report: Report, zone: tzinfo | None) -> str:
    """``21 to 28 November 2026``."""
    since, until = report.since.astimezone(zone), report.until.astimezone(zone)
    if since.date() == until.date():
        return f"{until.day} {until:%B %Y}, {since:%H:%M} to {until:%H:%M}"
    if since.year != until.year:
        return f"{since.day} {since:%B %Y} to {until.day} {until:%B %Y}"
    if since.month != until.month:
        return f"{since.day} {since:%B} to {until.day} {until:%B %Y}"
    return f"{since.day} to {until.day} {until:%B %Y}"


def lead(one: OfficeReport) -> str:
    """The whole in a few sentences."""
    if one.runs.count == 0 and not one.happened:
        return "No run took place in this time, so nothing is known of it."
    said = [f"{count(len(one.happened), 'change')} in {count(one.runs.count, 'run')}."]
    opened = one.opened
    still = sum(ticket.seconds is None for ticket in opened)
    if opened:
        said.append(f"{count(len(opened), 'ticket')}, {still or 'none'} of them still open.")
    else:
        said.append("No ticket was opened.")
    if one.median_seconds is not None:
        said.append(f"Half of those that are over took {long(one.median_seconds)} or less.")
    if one.dead:
        waits = "waits" if len(one.dead) == 1 else "wait"
        said.append(f"{count(len(one.dead), 'dead letter')} {waits} for a person.")
    return " ".join(said)


def about(one: ReportedTicket | ReportedChange) -> str:
    """What of it: ``, Front Table is sold out``, ``, Front Table: a price changed``, ``: over``."""
    if one.ticket_type is None:
        return f": {one.summary}"
    name, said = plain(one.ticket_type), one.summary.removeprefix("a ticket type ")
    return f", {name} {said}" if said != one.summary else f", {name}: {said}"


def took(ticket: ReportedTicket, until: datetime) -> str:
    """How it stands with a ticket, and for how long."""
    if ticket.seconds is not None:
        after = f"after {long(ticket.seconds)}"
        return (
            f"resolved {after}, {FATES[ticket.fate]}"
            if ticket.resolved
            else (f"{FATES[ticket.fate]} {after}, not resolved")
        )
    return f"{FATES[ticket.fate]}, for {long((until - ticket.opened_at).total_seconds())} so far"


CODES = {
    0: "all is well",
    1: "unexpected",
    3: "undelivered",
    75: "for now",
    77: "key rejected",
    78: "configuration or ledger wrong",
    143: "asked to leave",
}


def codes(found: Mapping[int, int]) -> str:
    """How the runs ended: ``330 with 0 (all is well), 6 with 75 (for now)``."""
    return ", ".join(
        f"{number:,} with {code}" + (f" ({CODES[code]})" if code in CODES else "")
        for code, number in found.items()
    )


def pause(runs: Runs, zone: tzinfo | None) -> str | None:
    """The longest time in which no run began."""
    if runs.pause is None:
        return None
    began, ended = runs.pause
    told = long((ended - began).total_seconds())
    return f"{told}, from {stamp(began, zone)} to {stamp(ended, zone)}"


def requests(runs: Runs, service: str) -> str:
    """What was spent at one of the services."""
    name = SERVICES.get(service, service)
    told = f"{name}: {count(runs.total.get(service, 0), 'request')}"
    told += f", {runs.busiest.get(service, 0)} in the busiest run (60 a minute are allowed)"
    refused = runs.refused.get(service, 0)
    return f"{told}; {count(refused, 'answer')} 429" if refused else f"{told}; no 429"


def forecasts(found: Sequence[Prediction]) -> str:
    """How good they were: of those that came true, how many did so when it was foretold."""
    judged = [one.hit for one in found if one.hit is not None]
    if not judged:
        return "None of them has been answered by a sell-out yet."
    told = f"Of {count(len(judged), 'forecast')} whose ticket type sold out, "
    within = "did so within the time that was foretold, which is meant to hold 4 of 5."
    return f"{told}{sum(judged) or 'none'} {within}"


def foretold(one: Prediction, zone: tzinfo | None) -> str:
    """What was expected."""
    return (
        f"with {one.left:,} left on {stamp(one.made_at, zone)}, expected to sell out between "
        f"{stamp(one.earliest, zone)} and {stamp(one.latest, zone)}"
    )


_CAME = {
    None: "not answered yet",
    PredictionOutcome.MORE: "more tickets were put on sale",
    PredictionOutcome.OVER: "over before it could sell out",
}


def came(one: Prediction, zone: tzinfo | None) -> str:
    """What came of it."""
    if one.outcome is not PredictionOutcome.SOLD_OUT or one.outcome_at is None or one.off is None:
        return _CAME.get(one.outcome, "sold out")
    within = "as foretold" if one.hit else "earlier" if one.outcome_at < one.earliest else "later"
    side = "after" if one.off >= 0 else "before"
    sold_out = f"sold out {stamp(one.outcome_at, zone)}"
    return f"{within}: {sold_out}, {long(abs(one.off))} {side} the likeliest"


def silence(one: Silence) -> str:
    """What a silence keeps quiet."""
    parts = (
        one.event and f"event {plain(one.event)}",
        one.kinds and ", ".join(map(plain, one.kinds)),
        one.rule and f"rule {plain(one.rule)}",
        one.box_office and f"box office {plain(one.box_office)}",
    )
    return "; ".join(part for part in parts if part)


def span(seconds: float) -> str:
    """``2 hours``, of a bar in a chart."""
    whole = timedelta(seconds=seconds)
    if whole.days:
        return count(whole.days, "day")
    minutes = int(seconds // 60)
    return count(minutes, "minute") if minutes < 60 else count(minutes // 60, "hour")

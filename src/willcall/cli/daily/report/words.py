"""The phrases of a report, for every form of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from ....bridge.insight.report import (
    OfficeReport,
    Report,
    ReportedChange,
    ReportedTicket,
    Runs,
    ServiceAccount,
    TicketFate,
)
from ....bridge.model.predictions import Prediction, PredictionOutcome
from ....bridge.model.rules import Silence
from ....bridge.templates.rendering import in_zone, local, plain

FATES = {
    TicketFate.WAITING: "not at the desk yet",
    TicketFate.HELD: "held back by a storm",
    TicketFate.OPEN: "open",
    TicketFate.CLEARED: "cleared",
    TicketFate.SUPERSEDED: "superseded",
    TicketFate.LEFT: "ended at the desk",
    TicketFate.WITHDRAWN: "over before it could be opened",
    TicketFate.GONE: "deleted at the desk",
}


def count(number: int, noun: str, nouns: str | None = None) -> str:
    """``1 run``, ``1,204 runs``."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def long(seconds: float) -> str:
    """A length of time: ``40 s``, ``12 min``, ``3 h 5 min``, ``2 days 4 h``."""
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
    """``Sat 21 Nov, 18:02``, in the reader's time zone."""
    here = in_zone(moment, zone)
    return f"{here:%a} {here.day} {here:%b, %H:%M}"


def venue_stamp(moment: datetime, timezone: str | None) -> str:
    """``Sat 21 Nov, 18:02``, in the venue's time zone."""
    return stamp(moment, local(moment, timezone).tzinfo)


def zone_name(moment: datetime, zone: tzinfo | None) -> str:
    """``UTC``, or ``UTC-03:00`` if a zone has no abbreviation."""
    here = in_zone(moment, zone)
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


def lead(office: OfficeReport) -> str:
    """A summary in a few sentences."""
    if office.runs.count == 0 and not office.happened:
        return "No run took place in this period, so nothing is known of it."
    sentences = [f"{count(len(office.happened), 'change')} in {count(office.runs.count, 'run')}."]
    opened = office.opened
    still = sum(ticket.seconds is None for ticket in opened)
    if opened:
        sentences.append(f"{count(len(opened), 'ticket')}, {still or 'none'} of them still open.")
    else:
        sentences.append("No ticket was opened.")
    if office.median_seconds is not None:
        sentences.append(f"Half of those that are over took {long(office.median_seconds)} or less.")
    if office.dead:
        waits = "waits" if len(office.dead) == 1 else "wait"
        sentences.append(f"{count(len(office.dead), 'dead letter')} {waits} for a person.")
    return " ".join(sentences)


def about(entry: ReportedTicket | ReportedChange) -> str:
    """What happened: ``, Front Table is sold out``, ``, Front Table: a price changed``."""
    if entry.ticket_type is None:
        return f": {entry.summary}"
    name, rest = plain(entry.ticket_type), entry.summary.removeprefix("a ticket type ")
    return f", {name} {rest}" if rest != entry.summary else f", {name}: {rest}"


def took(ticket: ReportedTicket, until: datetime) -> str:
    """The state of a ticket, and how long it took."""
    if ticket.seconds is not None:
        after = f"after {long(ticket.seconds)}"
        return (
            f"resolved {after}, {FATES[ticket.fate]}"
            if ticket.resolved
            else (f"{FATES[ticket.fate]} {after}, not resolved")
        )
    return f"{FATES[ticket.fate]}, for {long((until - ticket.opened_at).total_seconds())} so far"


CODES = {
    0: "success",
    1: "unexpected error",
    3: "undelivered",
    75: "temporary",
    77: "key rejected",
    78: "configuration or ledger wrong",
    143: "terminated",
}


def codes(found: Mapping[int, int]) -> str:
    """How the runs ended: ``330 with 0 (success), 6 with 75 (temporary)``."""
    return ", ".join(
        f"{number:,} with {code}" + (f" ({CODES[code]})" if code in CODES else "")
        for code, number in found.items()
    )


def pause(runs: Runs, zone: tzinfo | None) -> str | None:
    """The longest time between the starts of two runs."""
    if runs.pause is None:
        return None
    began, ended = runs.pause
    length = long((ended - began).total_seconds())
    return f"{length}, from {stamp(began, zone)} to {stamp(ended, zone)}"


def requests(runs: Runs, service: ServiceAccount) -> str:
    """The requests to a service."""
    sent = count(runs.total.get(service.name, 0), "request")
    busiest = runs.busiest.get(service.name, 0)
    refused = runs.refused.get(service.name, 0)
    refusals = f"{count(refused, 'answer')} 429" if refused else "no 429"
    allowed = f"{service.allowed:,} a minute are allowed"
    return f"{service.title}: {sent}, {busiest} in the busiest run ({allowed}); {refusals}"


def forecasts(found: Sequence[Prediction]) -> str:
    """How many forecasts were right, of those whose ticket type sold out."""
    judged = [prediction.hit for prediction in found if prediction.hit is not None]
    if not judged:
        return "None of their ticket types has sold out yet."
    begin = f"Of {count(len(judged), 'forecast')} whose ticket type sold out, "
    within = "did so within the predicted time; 4 of 5 are expected to."
    return f"{begin}{sum(judged) or 'none'} {within}"


def predicted(forecast: Prediction, zone: tzinfo | None) -> str:
    """What was predicted."""
    begin, end = stamp(forecast.earliest, zone), stamp(forecast.latest, zone)
    left = f"with {forecast.left:,} left on {stamp(forecast.made_at, zone)}"
    return f"{left}, expected to sell out between {begin} and {end}"


_OUTCOMES = {
    None: "open",
    PredictionOutcome.MORE: "more tickets were put on sale",
    PredictionOutcome.OVER: "over before it could sell out",
}


def outcome(forecast: Prediction, zone: tzinfo | None) -> str:
    """What happened."""
    if (
        forecast.outcome is not PredictionOutcome.SOLD_OUT
        or forecast.outcome_at is None
        or forecast.off is None
    ):
        return _OUTCOMES.get(forecast.outcome, "sold out")
    within = (
        "as predicted"
        if forecast.hit
        else "earlier"
        if forecast.outcome_at < forecast.earliest
        else "later"
    )
    off = f"{long(abs(forecast.off))} {'after' if forecast.off >= 0 else 'before'}"
    return f"{within}: sold out {stamp(forecast.outcome_at, zone)}, {off} the most likely time"


def silence(silenced: Silence) -> str:
    """What a silence matches."""
    parts = (
        silenced.event and f"event {plain(silenced.event)}",
        silenced.kinds and ", ".join(map(plain, silenced.kinds)),
        silenced.rule and f"rule {plain(silenced.rule)}",
        silenced.box_office and f"box office {plain(silenced.box_office)}",
    )
    return "; ".join(part for part in parts if part)


def span(seconds: float) -> str:
    """``2 hours``: the span of a bar in a chart."""
    whole = timedelta(seconds=seconds)
    if whole.days:
        return count(whole.days, "day")
    minutes = int(seconds // 60)
    return count(minutes, "minute") if minutes < 60 else count(minutes // 60, "hour")

"""The report on a period: what the ledger holds of it, as one value. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Any

import attrs

from ...client.redact import scrub
from ..model.cases import Act, Case, CaseState, Intent, IntentState
from ..model.changes import Change
from ..model.history import Entry
from ..model.kinds import KINDS, Severity
from ..model.predictions import Prediction
from ..model.rules import Silence
from .stock import Curve, curves

MOST_CURVES = 24
"""At most this many events are drawn: those with tickets first, then those that sold the most."""

_SPANS = (
    *(timedelta(minutes=count) for count in (5, 15, 30)),
    *(timedelta(hours=count) for count in (1, 2, 6, 12)),
    *(timedelta(days=count) for count in (1, 7)),
)
_MOST_SPANS = 84


class TicketFate(StrEnum):
    """The state of a ticket at the end of the period."""

    WAITING = "waiting"  # decided, not at the desk yet
    HELD = "held"
    OPEN = "open"
    CLEARED = "cleared"
    SUPERSEDED = "superseded"
    LEFT = "left"  # resolved, closed or merged by a person
    WITHDRAWN = "withdrawn"  # over before it could be opened
    GONE = "gone"  # deleted at the desk


@attrs.frozen(kw_only=True)
class ReportedTicket:
    """A ticket: what it is about, and how long it took.

    ``number`` is its number in the report. ``opened_at`` is when it was opened at the desk, or when
    it was decided if it is not there yet; ``ended_at`` when it was resolved, or when its condition
    ended; ``resolved`` whether willcall has resolved it.
    """

    number: int
    marker: str
    ticket_id: str | None
    event_id: str | None
    title: str
    ticket_type: str | None
    timezone: str | None
    kind: str
    summary: str
    severity: Severity
    rule: str
    opened_at: datetime
    ended_at: datetime | None
    fate: TicketFate
    resolved: bool

    @property
    def seconds(self) -> float | None:
        """How long it was open, in seconds; None while it still is."""
        return None if self.ended_at is None else (self.ended_at - self.opened_at).total_seconds()


@attrs.frozen(kw_only=True)
class ReportedChange:
    """A change, and what was done about it."""

    number: int
    at: datetime
    event_id: str | None
    title: str
    timezone: str | None
    ticket_type: str | None
    kind: str
    summary: str
    severity: Severity
    outcome: str
    marker: str | None


@attrs.frozen(kw_only=True)
class ReportedDeadLetter:
    """An act that the desk has refused for good."""

    number: int | None
    title: str
    act: str
    marker: str
    since: datetime | None
    error: str


@attrs.frozen(kw_only=True)
class ServiceAccount:
    """A service that runs send requests to: its provider's name, its title, and its rate limit."""

    name: str
    title: str
    allowed: int


@attrs.frozen(kw_only=True)
class RequestBin:
    """The requests of a short span of time, by provider; a bar of the chart."""

    at: datetime
    requests: Mapping[str, int]


@attrs.frozen(kw_only=True)
class RunTrouble:
    """What kept runs from doing their work: in how many runs, and when last."""

    said: str
    runs: int
    last: datetime


@attrs.frozen(kw_only=True)
class Runs:
    """The runs and their requests.

    ``pause`` is the longest time between the starts of two runs. ``counted`` is how many runs have
    recorded their requests, ``bins`` the requests in spans of ``span`` seconds, ``total`` all of
    them by provider, ``busiest`` the most that one run sent to a provider, and ``refused`` how many
    were answered with a 429.
    """

    count: int
    codes: Mapping[int, int]
    pause: tuple[datetime, datetime] | None
    troubles: tuple[RunTrouble, ...]
    counted: int
    span: float
    bins: tuple[RequestBin, ...]
    total: Mapping[str, int]
    busiest: Mapping[str, int]
    refused: Mapping[str, int]


@attrs.frozen(kw_only=True)
class OfficeReport:
    """The report on one box office.

    ``services`` are the services of its box office and its desk. ``history`` is when the recorded
    history begins; None if there is none. ``more_curves`` is how many further events sold tickets,
    ``quiet_curves`` how many sold none.
    """

    box_office: str
    services: tuple[ServiceAccount, ...]
    history: datetime | None
    happened: tuple[ReportedChange, ...]
    tickets: tuple[ReportedTicket, ...]
    curves: tuple[Curve, ...]
    more_curves: int
    quiet_curves: int
    forecasts: tuple[Prediction, ...]
    runs: Runs
    dead: tuple[ReportedDeadLetter, ...]
    silences: tuple[Silence, ...]

    @property
    def opened(self) -> tuple[ReportedTicket, ...]:
        """The tickets that have been at the desk."""
        unopened = {TicketFate.WAITING, TicketFate.HELD}
        return tuple(ticket for ticket in self.tickets if ticket.fate not in unopened)

    @property
    def median_seconds(self) -> float | None:
        """The median time, in seconds, of the tickets that are over; None if none is."""
        took = [ticket.seconds for ticket in self.opened if ticket.seconds is not None]
        return median(took) if took else None


@attrs.frozen(kw_only=True)
class Report:
    """The report on the period from ``since`` to ``until``, by box office."""

    since: datetime
    until: datetime
    offices: tuple[OfficeReport, ...]


@attrs.frozen(kw_only=True)
class LedgerRows:
    """What the ledger holds of one box office and the period.

    ``changes`` are (number, change, outcome, marker); ``cases`` may be all cases, ``acts`` those of
    the period; ``runs`` are (start, exit code, summary).
    """

    box_office: str
    services: Sequence[ServiceAccount] = ()
    history: Sequence[Entry] = ()
    changes: Sequence[tuple[int, Change, str, str | None]] = ()
    cases: Sequence[Case] = ()
    acts: Sequence[tuple[Case, Intent]] = ()
    runs: Sequence[tuple[datetime, int, Mapping[str, Any]]] = ()
    dead: Sequence[tuple[Case, Intent]] = ()
    silences: Sequence[Silence] = ()
    forecasts: Sequence[Prediction] = ()
    timezones: Mapping[str, str | None] = attrs.field(factory=dict)


def report(offices: Sequence[LedgerRows], since: datetime, until: datetime) -> Report:
    """The report on a period, from what the ledger holds."""
    return Report(
        since=since, until=until, offices=tuple(_office(rows, since, until) for rows in offices)
    )


def _office(rows: LedgerRows, since: datetime, until: datetime) -> OfficeReport:
    drawn = curves(rows.history, since, until)
    tickets = _tickets(rows, drawn, since)
    ticketed = {ticket.event_id for ticket in tickets}
    busy = [curve for curve in drawn if curve.event_id in ticketed or _moves(curve)]
    ranked = sorted(busy, key=lambda c: (c.event_id not in ticketed, -c.sold, c.starts_at))
    return OfficeReport(
        box_office=rows.box_office,
        services=tuple(rows.services),
        history=rows.history[0].at if rows.history else None,
        happened=tuple(_happened(*row) for row in rows.changes),
        tickets=tickets,
        curves=tuple(ranked[:MOST_CURVES]),
        more_curves=max(0, len(ranked) - MOST_CURVES),
        quiet_curves=len(drawn) - len(busy),
        forecasts=tuple(rows.forecasts),
        runs=_runs(rows.runs, since, until),
        dead=tuple(_letter(case, intent) for case, intent in rows.dead),
        silences=tuple(
            silence for silence in rows.silences if silence.begins < until and silence.until > since
        ),
    )


def _moves(curve: Curve) -> bool:
    return any(len(line.points) > 1 for line in curve.lines)


# -- tickets ----------------------------------------------------------------------------------


def _tickets(
    rows: LedgerRows, drawn: Sequence[Curve], since: datetime
) -> tuple[ReportedTicket, ...]:
    """The tickets that were open at some time of the period, in the order of their opening."""
    acts: dict[str, dict[Act, datetime]] = {}
    for case, intent in rows.acts:
        if intent.state is IntentState.DONE and intent.attempted_at is not None:
            acts.setdefault(case.marker, {})[intent.act] = intent.attempted_at
    names = _Names(rows, drawn)
    found = [
        _ticket(case, acts.get(case.marker, {}), names)
        for case in rows.cases
        if case.state in {CaseState.OPEN, CaseState.HELD} or (case.ended_at or since) >= since
    ]
    found.sort(key=lambda ticket: (ticket.opened_at, ticket.marker))
    return tuple(attrs.evolve(ticket, number=n) for n, ticket in enumerate(found, 1))


class _Names:
    """Time zones and names of ticket types by id: a case knows only ids."""

    def __init__(self, rows: LedgerRows, drawn: Sequence[Curve]) -> None:
        self.zones = {**rows.timezones, **{curve.event_id: curve.timezone for curve in drawn}}
        self.types = {
            f"{curve.event_id}/{line.id}": line.name for curve in drawn for line in curve.lines
        }
        for _, change, _, _ in rows.changes:
            if change.ticket_type is not None:
                self.types[change.subject] = change.ticket_type.name


_ENDS = {
    CaseState.CLEARED: TicketFate.CLEARED,
    CaseState.SUPERSEDED: TicketFate.SUPERSEDED,
    CaseState.LEFT: TicketFate.LEFT,
    CaseState.WITHDRAWN: TicketFate.WITHDRAWN,
    CaseState.GONE: TicketFate.GONE,
    CaseState.HELD: TicketFate.HELD,
}


def _ticket(case: Case, acts: Mapping[Act, datetime], names: _Names) -> ReportedTicket:
    kind = KINDS[case.kind]
    event_id = case.subject.partition("/")[0] if kind.of_event else None
    fate = _ENDS.get(case.state, TicketFate.OPEN if case.ticket_id else TicketFate.WAITING)
    over = fate not in {TicketFate.OPEN, TicketFate.WAITING, TicketFate.HELD}
    resolved = acts.get(Act.RESOLVE) if over else None
    return ReportedTicket(
        number=0,
        marker=case.marker,
        ticket_id=case.ticket_id,
        event_id=event_id,
        title=case.title,
        ticket_type=names.types.get(case.subject),
        timezone=names.zones.get(event_id) if event_id else None,
        kind=case.kind,
        summary=kind.summary,
        severity=kind.severity,
        rule=case.rule,
        opened_at=acts.get(Act.OPEN, case.opened_at),
        ended_at=(resolved or case.ended_at) if over else None,
        fate=fate,
        resolved=resolved is not None,
    )


def _happened(number: int, change: Change, outcome: str, marker: str | None) -> ReportedChange:
    kind = KINDS[change.kind]
    return ReportedChange(
        number=number,
        at=change.observed_at,
        event_id=change.event.id if change.event else None,
        title=change.title,
        timezone=change.event.timezone if change.event else None,
        ticket_type=change.ticket_type.name if change.ticket_type else None,
        kind=change.kind,
        summary=kind.summary,
        severity=kind.severity,
        outcome=outcome,
        marker=marker,
    )


def _letter(case: Case, intent: Intent) -> ReportedDeadLetter:
    return ReportedDeadLetter(
        number=intent.id,
        title=case.title,
        act=str(intent.act),
        marker=intent.marker,
        since=intent.first_tried_at,
        error=scrub(intent.error or ""),
    )


# -- runs -------------------------------------------------------------------------------------


def _runs(
    rows: Sequence[tuple[datetime, int, Mapping[str, Any]]], since: datetime, until: datetime
) -> Runs:
    begun = [at for at, *_ in rows]
    pauses = list(pairwise([*begun, until])) if begun else []
    noted = [(at, _counts(summary["requests"])) for at, _, summary in rows if "requests" in summary]
    span = _span(since, until)
    return Runs(
        count=len(rows),
        codes=dict(sorted(Counter(code for _, code, _ in rows).items())),
        pause=max(pauses, key=lambda pair: pair[1] - pair[0], default=None),
        troubles=_troubles(rows),
        counted=len(noted),
        span=span.total_seconds(),
        bins=_bins(noted, since, until, span) if noted else (),
        total=_summed(counts for _, counts in noted),
        busiest=_most(counts for _, counts in noted),
        refused=_summed(_counts(summary.get("refused", {})) for _, _, summary in rows),
    )


def _counts(value: Any) -> Counter[str]:
    """Counts as a run has recorded them; anything else counts as nothing."""
    if not isinstance(value, Mapping):
        return Counter()
    return Counter({str(name): count for name, count in value.items() if isinstance(count, int)})


def _summed(many: Any) -> dict[str, int]:
    total: Counter[str] = Counter()
    for counts in many:
        total.update(counts)
    return dict(sorted(total.items()))


def _most(many: Any) -> dict[str, int]:
    most: Counter[str] = Counter()
    for counts in many:
        most |= counts
    return dict(sorted(most.items()))


def _span(since: datetime, until: datetime) -> timedelta:
    return next((span for span in _SPANS if (until - since) / span <= _MOST_SPANS), _SPANS[-1])


def _bins(
    noted: Sequence[tuple[datetime, Counter[str]]],
    since: datetime,
    until: datetime,
    span: timedelta,
) -> tuple[RequestBin, ...]:
    """The requests of every span of the period, including spans without a request."""
    slots = [Counter[str]() for _ in range(-(-(until - since) // span))]
    for at, counts in noted:
        if since <= at <= until:
            slots[min((at - since) // span, len(slots) - 1)].update(counts)
    return tuple(
        RequestBin(at=since + number * span, requests=dict(slot))
        for number, slot in enumerate(slots)
    )


def _troubles(rows: Sequence[tuple[datetime, int, Mapping[str, Any]]]) -> tuple[RunTrouble, ...]:
    runs: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    for at, _, summary in rows:
        said = scrub(str(summary.get("trouble") or ""))
        if said:
            runs[said] += 1
            last[said] = at
    return tuple(
        RunTrouble(said=said, runs=count, last=last[said]) for said, count in runs.most_common(20)
    )

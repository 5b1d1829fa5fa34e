"""What happened in a while, as one value: the ledger's rows, told together. Pure."""

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
"""So many events are drawn, those with tickets first, then those that sold the most."""

_SPANS = (
    *(timedelta(minutes=count) for count in (5, 15, 30)),
    *(timedelta(hours=count) for count in (1, 2, 6, 12)),
    *(timedelta(days=count) for count in (1, 7)),
)
_MOST_SPANS = 84


class Fate(StrEnum):
    """What has become of a ticket by now."""

    WAITING = "waiting"  # decided, and not at the desk yet
    HELD = "held"
    OPEN = "open"
    CLEARED = "cleared"
    SUPERSEDED = "superseded"
    GONE = "gone"  # deleted at the desk


@attrs.frozen(kw_only=True)
class Opened:
    """One ticket: what it tells of, and how long that took.

    ``number`` is what the report calls it by. ``opened_at`` is when the desk had it, or when it was
    decided while the desk has not; ``ended_at`` when it was resolved or what it tells of was over;
    ``resolved`` whether willcall has resolved it.
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
    fate: Fate
    resolved: bool

    @property
    def seconds(self) -> float | None:
        """How long it took, in seconds; None while it is open."""
        return None if self.ended_at is None else (self.ended_at - self.opened_at).total_seconds()


@attrs.frozen(kw_only=True)
class Happened:
    """A change, and what became of it."""

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
class Letter:
    """A dead letter."""

    number: int | None
    title: str
    act: str
    marker: str
    since: datetime | None
    error: str


@attrs.frozen(kw_only=True)
class Spent:
    """The requests of a little while, by provider."""

    at: datetime
    requests: Mapping[str, int]


@attrs.frozen(kw_only=True)
class Trouble:
    """What kept runs from doing all they should: in how many of them, and when last."""

    said: str
    runs: int
    last: datetime


@attrs.frozen(kw_only=True)
class Runs:
    """The runs, and what they spent.

    ``pause`` is the longest time in which none began. ``span`` is how many seconds each of
    ``spent`` counts; ``busiest`` the most that one run sent to a provider, and ``refused`` how many
    requests were answered with a 429. ``counted`` is how many runs have noted their requests.
    """

    count: int
    codes: Mapping[int, int]
    pause: tuple[datetime, datetime] | None
    troubles: tuple[Trouble, ...]
    counted: int
    span: float
    spent: tuple[Spent, ...]
    total: Mapping[str, int]
    busiest: Mapping[str, int]
    refused: Mapping[str, int]


@attrs.frozen(kw_only=True)
class OfficeReport:
    """What happened at one box office.

    ``history`` is since when it is known what was seen; None if nothing is. ``more_curves`` is how
    many events are left out for want of room, ``quiet_curves`` how many sold nothing.
    """

    box_office: str
    history: datetime | None
    happened: tuple[Happened, ...]
    tickets: tuple[Opened, ...]
    curves: tuple[Curve, ...]
    more_curves: int
    quiet_curves: int
    forecasts: tuple[Prediction, ...]
    runs: Runs
    dead: tuple[Letter, ...]
    silences: tuple[Silence, ...]

    @property
    def opened(self) -> tuple[Opened, ...]:
        """The tickets that the desk has had."""
        return tuple(one for one in self.tickets if one.fate not in {Fate.WAITING, Fate.HELD})

    @property
    def median_seconds(self) -> float | None:
        """How long half of the tickets that are over took at the most."""
        took = [one.seconds for one in self.opened if one.seconds is not None]
        return median(took) if took else None


@attrs.frozen(kw_only=True)
class Report:
    """A while, from ``since`` up to ``until``, box office by box office."""

    since: datetime
    until: datetime
    offices: tuple[OfficeReport, ...]


@attrs.frozen(kw_only=True)
class Rows:
    """What the ledger holds of one box office and of that time.

    ``changes`` come with their number, outcome and marker; ``cases`` may be all there are, ``acts``
    those of that time; ``runs`` are (began, exit code, summary).
    """

    box_office: str
    history: Sequence[Entry] = ()
    changes: Sequence[tuple[int, Change, str, str | None]] = ()
    cases: Sequence[Case] = ()
    acts: Sequence[tuple[Case, Intent]] = ()
    runs: Sequence[tuple[datetime, int, Mapping[str, Any]]] = ()
    dead: Sequence[tuple[Case, Intent]] = ()
    silences: Sequence[Silence] = ()
    forecasts: Sequence[Prediction] = ()
    timezones: Mapping[str, str | None] = attrs.field(factory=dict)


def report(offices: Sequence[Rows], since: datetime, until: datetime) -> Report:
    """Tell together what the ledger holds."""
    return Report(
        since=since, until=until, offices=tuple(_office(rows, since, until) for rows in offices)
    )


def _office(rows: Rows, since: datetime, until: datetime) -> OfficeReport:
    drawn = curves(rows.history, since, until)
    tickets = _tickets(rows, drawn, since)
    told = {one.event_id for one in tickets}
    busy = [one for one in drawn if one.event_id in told or _moves(one)]
    ranked = sorted(busy, key=lambda one: (one.event_id not in told, -one.sold, one.starts_at))
    return OfficeReport(
        box_office=rows.box_office,
        history=rows.history[0].at if rows.history else None,
        happened=tuple(_happened(*row) for row in rows.changes),
        tickets=tickets,
        curves=tuple(ranked[:MOST_CURVES]),
        more_curves=max(0, len(ranked) - MOST_CURVES),
        quiet_curves=len(drawn) - len(busy),
        forecasts=tuple(rows.forecasts),
        runs=_runs(rows.runs, since, until),
        dead=tuple(_letter(case, intent) for case, intent in rows.dead),
        silences=tuple(one for one in rows.silences if one.begins < until and one.until > since),
    )


def _moves(curve: Curve) -> bool:
    return any(len(line.points) > 1 for line in curve.lines)


# -- tickets ----------------------------------------------------------------------------------


def _tickets(rows: Rows, drawn: Sequence[Curve], since: datetime) -> tuple[Opened, ...]:
    """Those that were opened, resolved or open in this time, in the order of their opening."""
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
    found.sort(key=lambda one: (one.opened_at, one.marker))
    return tuple(attrs.evolve(one, number=number) for number, one in enumerate(found, 1))


class _Names:
    """How things are called that a case knows by their ids alone."""

    def __init__(self, rows: Rows, drawn: Sequence[Curve]) -> None:
        self.zones = {**rows.timezones, **{one.event_id: one.timezone for one in drawn}}
        self.types = {
            f"{curve.event_id}/{line.id}": line.name for curve in drawn for line in curve.lines
        }
        for _, change, _, _ in rows.changes:
            if change.ticket_type is not None:
                self.types[change.subject] = change.ticket_type.name


_ENDS = {
    CaseState.CLEARED: Fate.CLEARED,
    CaseState.SUPERSEDED: Fate.SUPERSEDED,
    CaseState.GONE: Fate.GONE,
    CaseState.HELD: Fate.HELD,
}


def _ticket(case: Case, acts: Mapping[Act, datetime], names: _Names) -> Opened:
    kind = KINDS[case.kind]
    event_id = case.subject.partition("/")[0] if kind.of_event else None
    fate = _ENDS.get(case.state, Fate.OPEN if case.ticket_id else Fate.WAITING)
    over = fate in {Fate.CLEARED, Fate.SUPERSEDED, Fate.GONE}
    resolved = acts.get(Act.RESOLVE) if over else None
    return Opened(
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


def _happened(number: int, change: Change, outcome: str, marker: str | None) -> Happened:
    kind = KINDS[change.kind]
    return Happened(
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


def _letter(case: Case, intent: Intent) -> Letter:
    return Letter(
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
    noted = [(at, _counts(told["requests"])) for at, _, told in rows if "requests" in told]
    span = _span(since, until)
    return Runs(
        count=len(rows),
        codes=dict(sorted(Counter(code for _, code, _ in rows).items())),
        pause=max(pauses, key=lambda pair: pair[1] - pair[0], default=None),
        troubles=_troubles(rows),
        counted=len(noted),
        span=span.total_seconds(),
        spent=_spent(noted, since, until, span) if noted else (),
        total=_summed(counts for _, counts in noted),
        busiest=_most(counts for _, counts in noted),
        refused=_summed(_counts(told.get("refused", {})) for _, _, told in rows),
    )


def _counts(value: Any) -> Counter[str]:
    """Counts as a run has noted them; what is none counts nothing."""
    if not isinstance(value, Mapping):
        return Counter()
    return Counter({str(name): one for name, one in value.items() if isinstance(one, int)})


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
    return next((one for one in _SPANS if (until - since) / one <= _MOST_SPANS), _SPANS[-1])


def _spent(
    noted: Sequence[tuple[datetime, Counter[str]]],
    since: datetime,
    until: datetime,
    span: timedelta,
) -> tuple[Spent, ...]:
    """Every little while from the first to the last, those in which nothing was sent included."""
    slots = [Counter[str]() for _ in range(-(-(until - since) // span))]
    for at, counts in noted:
        if since <= at <= until:
            slots[min((at - since) // span, len(slots) - 1)].update(counts)
    return tuple(
        Spent(at=since + number * span, requests=dict(slot)) for number, slot in enumerate(slots)
    )


def _troubles(rows: Sequence[tuple[datetime, int, Mapping[str, Any]]]) -> tuple[Trouble, ...]:
    runs: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    for at, _, told in rows:
        said = scrub(str(told.get("trouble") or ""))
        if said:
            runs[said] += 1
            last[said] = at
    return tuple(
        Trouble(said=said, runs=count, last=last[said]) for said, count in runs.most_common(20)
    )

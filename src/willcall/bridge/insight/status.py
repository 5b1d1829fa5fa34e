"""The status of every box office, read from the ledger alone: no request is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

from ...client.quota import Window
from ...errors import ConfigError
from ..config.account_tables import AccountTable
from ..config.file import pick
from ..config.tables import Config
from ..delivery.removals import waits_for
from ..ledger import Decisions, Ledger, OfficeRecord, Outbox, Queries, RunRecord, at_work, others_in
from ..model.cases import Case, CaseState, Intent
from ..model.facts import EventFacts, EventState
from ..model.rules import Silence
from ..polling.planner import Planner
from ..service import quota_name

_OTHERS = timedelta(days=1)
_RUNNING = frozenset({EventState.PUBLISHED, EventState.SOLD_OUT})


@attrs.frozen(kw_only=True)
class EventPolls:
    """When an event was last polled, and when it will be polled next.

    Args:
        event: the event.
        last_at: when it was last polled; None if never.
        next_at: when it is polled next; None if that is at the next run, whose time is up to cron.
    """

    event: EventFacts
    last_at: datetime | None
    next_at: datetime | None = None


@attrs.frozen(kw_only=True)
class PollForecast:
    """What is known of the coming polls of a box office.

    Args:
        next_poll: when an event will be polled; None if the next run decides.
        last_poll: when an event was last polled, if more is known than its snapshot says.
        bound: the longest time that an event can go unseen; None if that is up to cron.
        others: the tickets that another ledger has opened within a day, in words.
    """

    next_poll: Callable[[EventFacts], datetime | None] = lambda _: None
    last_poll: Callable[[EventFacts], datetime | None] = lambda _: None
    bound: timedelta | None = None


@attrs.frozen(kw_only=True)
class AccountUsage:
    """The requests that an account has sent in the last minute.

    Args:
        account: what the account is called.
        requests: how many were sent; None if the key, by which they are counted, is not available.
        of: how many the provider allows.
        closed_for: for how long the provider has asked us to send nothing.
    """

    account: str
    requests: int | None
    of: int
    closed_for: timedelta = timedelta(0)


@attrs.frozen(kw_only=True)
class OfficeStatus:
    """The status of one box office.

    Args:
        office: its row in the ledger: baseline, last run, lease.
        open: cases that are open.
        held: cases that a storm holds back.
        waiting: how many acts are not delivered yet, by state.
        removals: why scheduled removals wait, in words.
        polls: of every event on sale, the least recently polled first.
        bound: the longest time that an event can go unseen; None if that is up to cron.
    """

    office: OfficeRecord
    open: tuple[Case, ...] = ()
    held: tuple[Case, ...] = ()
    waiting: Mapping[str, int] = attrs.field(factory=dict)
    removals: tuple[str, ...] = ()
    polls: tuple[EventPolls, ...] = ()
    bound: timedelta | None = None
    others: tuple[str, ...] = ()

    def age(self, now: datetime) -> timedelta | None:
        """The age of the last complete sweep; None before the baseline."""
        return None if self.office.swept_at is None else now - self.office.swept_at


@attrs.frozen(kw_only=True)
class Status:
    """The status of an installation."""

    at: datetime
    offices: tuple[OfficeStatus, ...]
    silences: tuple[Silence, ...]
    dead: tuple[tuple[Case, Intent], ...]
    usage: tuple[AccountUsage, ...]


def status(
    config: Config,
    folder: Path,
    ledger: Ledger,
    now: datetime,
    forecast: Callable[[str], PollForecast] | None = None,
) -> Status:
    """Read the status of an installation.

    Args:
        config: its configuration.
        folder: where relative paths of the configuration start.
        ledger: its ledger.
        now: the current time.
        forecast: the coming polls of a box office, by its name; by default those of the planner
            while a watch or run holds the lease.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    states = {office.name: ledger.state(office.name) for office in config.box_office}
    silences = next((state.silences for state in states.values()), ())
    found = []
    for name, state in states.items():
        office, snapshot = ledger.office(name), state.snapshot or {}
        working = at_work(office, now) is not None
        planned = planned_polls(config, ledger, office, snapshot) if working else PollForecast()
        coming = planned if forecast is None else forecast(name)
        waiting: dict[str, int] = {}
        for _, intent in ledger.unsettled(name):
            waiting[intent.state.value] = waiting.get(intent.state.value, 0) + 1
        found.append(
            OfficeStatus(
                office=office,
                open=_in_state(state.cases, CaseState.OPEN),
                held=_in_state(state.cases, CaseState.HELD),
                waiting=waiting,
                removals=tuple(_waiting_removals(config, ledger, name)),
                others=others_in(ledger.adopted(name, now - _OTHERS)),
                polls=event_polls(snapshot.values(), office.swept_at, now, coming),
                bound=coming.bound,
            )
        )
    return Status(
        at=now,
        offices=tuple(found),
        silences=tuple(known for known in silences if known.begins <= now < known.until),
        dead=tuple(ledger.dead()),
        usage=tuple(account_usage(config, folder, ledger, now)),
    )


def _waiting_removals(config: Config, outbox: Outbox, box_office: str) -> Iterator[str]:
    mine = [removal for removal in config.removal if removal.box_office == box_office]
    tried = outbox.removals(box_office) if mine else {}
    for removal in mine:
        known = tried.get(removal.name)
        why = None if known is None else waits_for(known)
        if why:
            yield f"{removal.ticket_type!r} from {removal.event!r} waits: {why}"


def planned_polls(
    config: Config, decisions: Decisions, office: OfficeRecord, snapshot: Mapping[str, EventFacts]
) -> PollForecast:
    """The coming polls of a watch, from what its planner last stored in the ledger.

    If the last heartbeat reports a longer bound, because others use the same key, that bound holds.
    """
    quota = pick(config, office.name).service.quota
    rate = quota.rate(config.watch.watching(quota).share, 0.0)
    memory = decisions.planner(office.name)
    schedule = Planner.of(rate, config.rules().low_stock, snapshot, memory).schedule

    def moment(seconds: float | None) -> datetime | None:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None

    return PollForecast(
        next_poll=lambda event: moment(schedule.due(event.id)),
        last_poll=lambda event: moment(schedule.memory(event.id).get("at")),
        bound=timedelta(seconds=max(schedule.longest_unseen, _stated(office.last_run))),
    )


def _stated(run: RunRecord | None) -> float:
    """The longest time unseen in seconds, as the last heartbeat reported it; 0 if it did not."""
    seconds = None if run is None else run.summary.get("longest_unseen")
    return float(seconds) if isinstance(seconds, int | float) else 0.0


def _in_state(cases: Sequence[Case], state: CaseState) -> tuple[Case, ...]:
    return tuple(case for case in cases if case.state is state)


def event_polls(
    events: Iterable[EventFacts],
    swept_at: datetime | None,
    now: datetime,
    forecast: PollForecast,
) -> tuple[EventPolls, ...]:
    """The polls of every event that is on sale, the least recently polled first."""
    found = []
    for event in events:
        over = (event.ends_at or event.starts_at) < now
        if event.vanished or over or event.status not in _RUNNING:
            continue
        # A row of the list that has the ticket types counts as a poll of the event.
        in_its_row = event.ticket_types is not None and event.types_seen_at is None
        seen = (forecast.last_poll(event), event.types_seen_at, swept_at if in_its_row else None)
        last = max((at for at in seen if at is not None), default=None)
        found.append(
            EventPolls(event=event, last_at=last, next_at=_next(event, last, now, forecast))
        )
    never = datetime.min.replace(tzinfo=now.tzinfo)
    return tuple(sorted(found, key=lambda polls: (polls.last_at or never, polls.event.starts_at)))


def _next(
    event: EventFacts, last: datetime | None, now: datetime, forecast: PollForecast
) -> datetime | None:
    """When an event is polled next: when the planner expects to, and within the bound."""
    due = forecast.next_poll(event)
    if due is None or forecast.bound is None:
        return due
    return min(due, max(now, (last or now) + forecast.bound))


def account_usage(
    config: Config, folder: Path, ledger: Queries, now: datetime
) -> Iterable[AccountUsage]:
    """The requests of each account in the last minute."""
    for office in config.box_office:
        at = config.path_of(office)
        yield _usage(f"{office.adapter.title} ({office.name})", office, folder, at, ledger, now)
    if config.desk.service.has_api:
        yield _usage(config.desk.adapter.title, config.desk, folder, "desk", ledger, now)


def _usage(
    name: str, table: AccountTable, folder: Path, at: str, ledger: Queries, now: datetime
) -> AccountUsage:
    of = table.service.quota.requests
    try:
        opened = table.account(folder, at)
    except ConfigError:
        return AccountUsage(account=name, requests=None, of=of)
    window = Window.load(ledger.spent(quota_name(opened)))
    moment = now.timestamp()
    window.tidy(opened.provider.quota, moment)
    closed = timedelta(seconds=max(0.0, window.closed - moment))
    return AccountUsage(account=name, requests=len(window.slots), of=of, closed_for=closed)

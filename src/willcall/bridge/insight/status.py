"""How it stands with every box office, from the ledger alone: nothing is asked of anybody."""

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
from ..ledger import Ledger
from ..ledger.queries import Office, Run
from ..model.cases import Case, CaseState, Intent, RemovalState
from ..model.facts import EventFacts, EventStatus
from ..model.rules import Silence
from ..polling.planner import Planner
from ..service import quota_name

_RUNNING = frozenset({EventStatus.PUBLISHED, EventStatus.SOLD_OUT})


@attrs.frozen(kw_only=True)
class Look:
    """When an event was last looked at, and when it will be again.

    ``next_at`` None: at the next run, whenever that is; nobody here knows when cron calls.
    """

    event: EventFacts
    last_at: datetime | None
    next_at: datetime | None = None


@attrs.frozen(kw_only=True)
class Ahead:
    """What is known of the looks to come in a box office.

    ``next_look`` gives when an event will be looked at, None where nothing but the next run decides
    it, and ``last_look`` when it was, where that is known better than from its snapshot; ``bound``
    is how old what is known can become, None where that is up to whoever calls runs.
    """

    next_look: Callable[[EventFacts], datetime | None] = lambda _: None
    last_look: Callable[[EventFacts], datetime | None] = lambda _: None
    bound: timedelta | None = None


@attrs.frozen(kw_only=True)
class Spent:
    """Requests spent in the last minute; None where the key to look them up under is not at hand.

    ``closed_for`` is how long the provider has asked us to stay away.
    """

    account: str
    requests: int | None
    of: int
    closed_for: timedelta = timedelta(0)


@attrs.frozen(kw_only=True)
class OfficeStatus:
    """One box office: its cases that are open or held, what waits to be delivered, by state; and
    the scheduled removals that wait for what nobody has ever seen, with what is said of them."""

    office: Office
    open: tuple[Case, ...] = ()
    held: tuple[Case, ...] = ()
    waiting: Mapping[str, int] = attrs.field(factory=dict)
    removals: tuple[str, ...] = ()
    looks: tuple[Look, ...] = ()
    bound: timedelta | None = None

    def age(self, now: datetime) -> timedelta | None:
        """How old what is known of it may be; None before the baseline."""
        return None if self.office.swept_at is None else now - self.office.swept_at


@attrs.frozen(kw_only=True)
class Status:
    """How it stands with everything."""

    at: datetime
    offices: tuple[OfficeStatus, ...]
    silences: tuple[Silence, ...]
    dead: tuple[tuple[Case, Intent], ...]
    spent: tuple[Spent, ...]


def status(
    config: Config,
    folder: Path,
    ledger: Ledger,
    now: datetime,
    ahead: Callable[[str], Ahead] | None = None,
) -> Status:
    """How it stands.

    Args:
        config: whose box offices.
        folder: where its relative paths start.
        ledger: where it is read from.
        now: the time.
        ahead: what is known of the looks to come in a box office, by its name; else what the
            planner knows while somebody is at work.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    states = {office.name: ledger.state(office.name) for office in config.box_office}
    silences = next((state.silences for state in states.values()), ())
    found = []
    for name, state in states.items():
        office, snapshot = ledger.office(name), state.snapshot or {}
        at_work = office.lease_until is not None and now < office.lease_until
        foretold = foreseen(config, ledger, office, snapshot) if at_work else Ahead()
        to_come = foretold if ahead is None else ahead(name)
        waiting: dict[str, int] = {}
        for _, intent in ledger.unsettled(name):
            waiting[intent.state.value] = waiting.get(intent.state.value, 0) + 1
        found.append(
            OfficeStatus(
                office=office,
                open=_standing(state.cases, CaseState.OPEN),
                held=_standing(state.cases, CaseState.HELD),
                waiting=waiting,
                removals=tuple(_waiting_removals(config, ledger, name)),
                looks=looks(snapshot.values(), office.swept_at, now, to_come),
                bound=to_come.bound,
            )
        )
    return Status(
        at=now,
        offices=tuple(found),
        silences=tuple(one for one in silences if one.begins <= now < one.until),
        dead=tuple(ledger.dead()),
        spent=tuple(spent(config, folder, ledger, now)),
    )


def _waiting_removals(config: Config, ledger: Ledger, box_office: str) -> Iterator[str]:
    mine = [one for one in config.removal if one.box_office == box_office]
    tried = ledger.removals(box_office) if mine else {}
    for one in mine:
        known = tried.get(one.name)
        if known is not None and known.state is RemovalState.WAITING and known.said:
            yield f"{one.ticket_type!r} from {one.event!r} waits: {known.said}"


def foreseen(
    config: Config, ledger: Ledger, office: Office, snapshot: Mapping[str, EventFacts]
) -> Ahead:
    """What the planner of a watch expects by what it had learned when it last wrote that down.

    Its last minute may have made fewer looks, since others use the key: then the bound is what that
    minute has stated.
    """
    quota = pick(config, office.name).service.quota
    rate = quota.rate(config.watch.watching(quota).share, 0.0)
    memory = ledger.planner(office.name)
    schedule = Planner.of(rate, config.rules().low_stock, snapshot, memory).schedule

    def moment(seconds: float | None) -> datetime | None:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None

    return Ahead(
        next_look=lambda event: moment(schedule.due(event.id)),
        last_look=lambda event: moment(schedule.memory(event.id).get("at")),
        bound=timedelta(seconds=max(schedule.longest_unseen, _stated(office.last_run))),
    )


def _stated(run: Run | None) -> float:
    """How long an event can be unseen by what a watch noted of a minute; 0: it noted nothing."""
    seconds = None if run is None else run.summary.get("longest_unseen")
    return float(seconds) if isinstance(seconds, int | float) else 0.0


def _standing(cases: Sequence[Case], state: CaseState) -> tuple[Case, ...]:
    return tuple(case for case in cases if case.state is state)


def looks(
    events: Iterable[EventFacts],
    swept_at: datetime | None,
    now: datetime,
    ahead: Ahead,
) -> tuple[Look, ...]:
    """The looks at every event that still sells, that which is known least recently first."""
    found = []
    for event in events:
        over = (event.ends_at or event.starts_at) < now
        if event.vanished or over or event.status not in _RUNNING:
            continue
        # A row that carries its ticket types is a look; else the last one at the event alone is.
        in_its_row = event.ticket_types is not None and event.types_seen_at is None
        seen = (ahead.last_look(event), event.types_seen_at, swept_at if in_its_row else None)
        last = max((at for at in seen if at is not None), default=None)
        found.append(Look(event=event, last_at=last, next_at=_next(event, last, now, ahead)))
    never = datetime.min.replace(tzinfo=now.tzinfo)
    return tuple(sorted(found, key=lambda one: (one.last_at or never, one.event.starts_at)))


def _next(event: EventFacts, last: datetime | None, now: datetime, ahead: Ahead) -> datetime | None:
    """When an event is looked at again: when it is worth it, or when it has its turn."""
    due = ahead.next_look(event)
    if due is None or ahead.bound is None:
        return due
    return min(due, max(now, (last or now) + ahead.bound))


def spent(config: Config, folder: Path, ledger: Ledger, now: datetime) -> Iterable[Spent]:
    """What is spent of each account's requests."""
    for number, office in enumerate(config.box_office):
        at = f"box_office[{number}]"
        yield _spent(f"{office.adapter.title} ({office.name})", office, folder, at, ledger, now)
    if config.desk.service.has_api:
        yield _spent(config.desk.adapter.title, config.desk, folder, "desk", ledger, now)


def _spent(
    name: str, table: AccountTable, folder: Path, at: str, ledger: Ledger, now: datetime
) -> Spent:
    of = table.service.quota.requests
    try:
        opened = table.account(folder, at)
    except ConfigError:
        return Spent(account=name, requests=None, of=of)
    window = Window.load(ledger.spent(quota_name(opened)))
    moment = now.timestamp()
    window.tidy(opened.provider.quota, moment)
    closed = timedelta(seconds=max(0.0, window.closed - moment))
    return Spent(account=name, requests=len(window.slots), of=of, closed_for=closed)

"""The ledger: every transaction that a pass makes, and nothing else.

A method is one transaction. Those that write on behalf of a pass take its :class:`Fence` and check
it in the same transaction: a process that was paused past its lease finds the fence passed, and
writes, and hence sends, nothing.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

import attrs
from sqlalchemy import (
    Connection,
    Engine,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.engine import Row
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ...errors import LedgerError
from ..cases import (
    UNSETTLED,
    Act,
    Case,
    CaseState,
    Decision,
    Intent,
    IntentState,
    State,
)
from ..facts import from_json, to_json
from . import schema
from .upgrade import HEAD, upgrade, version_of

T = TypeVar("T")

LEASE = timedelta(seconds=120)
"""How long a lease lasts without being renewed; longer than any single act of a pass may take."""

RUNS_KEPT = timedelta(days=30)
"""How long the ledger remembers that a run took place."""


@attrs.frozen
class Fence:
    """The right to write and send for a box office, as long as nobody took it over."""

    box_office: str
    number: int
    holder: str


def _holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


# What a database says, and what to do about it.
_WAYS_OUT = (
    ("locked", "another program holds it; the next run tries again"),
    ("disk", "make room on the disk; the next run goes on"),
    ("timeout", "the next run tries again"),
    ("readonly", "let willcall write to the file and its folder"),
    ("unable to open", "let willcall read and write the file and its folder"),
    (
        "not a database",
        "it is damaged or something else: restore it, or point [state] url elsewhere",
    ),
    ("malformed", "it is damaged: restore it from a copy"),
)
_PASSES_BY_ITSELF = ("locked", "disk", "timeout")


class Ledger:
    """What must survive. Safe to use from one process at a time per :class:`Fence`.

    ``reading`` says that it was opened to be looked at only.
    """

    def __init__(self, engine: Engine, *, reading: bool = False) -> None:
        self.reading = reading
        self._engine = engine
        self._held: dict[str, Fence] = {}

    def __repr__(self) -> str:
        return f"<Ledger {self._engine.url.render_as_string(hide_password=True)}>"

    def close(self) -> None:
        """Let others in at once, should a run have been interrupted, and close its connections."""
        for fence in list(self._held.values()):
            with suppress(LedgerError):
                self.release_lease(fence)
        self._engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Database errors as ours: which ledger, what to do, and no SQL with somebody's data."""
        try:
            yield
        except DBAPIError as error:
            said = (str(error.orig).splitlines() or [type(error.orig).__name__])[0]
            known = next(((word, way) for word, way in _WAYS_OUT if word in said), None)
            temporary = known is not None and known[0] in _PASSES_BY_ITSELF
            text = f"{self._name} cannot be used: {said}" + (f" ({known[1]})" if known else "")
            raise LedgerError(text, temporary=temporary) from None
        except SQLAlchemyError as error:
            raise LedgerError(f"{self._name} cannot be used: {type(error).__name__}") from None

    @property
    def _name(self) -> str:
        url = self._engine.url
        at = url.database if url.get_backend_name() == "sqlite" else None
        return f"the ledger {(at or url.render_as_string()).removeprefix('file:')}"

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection.execution_options(reading=True)

    def upgrade(self) -> None:
        """Bring its tables to the version of this code.

        Raises:
            LedgerError: a newer willcall has written it.
        """
        with self._told(), self._engine.begin() as connection:
            upgrade(connection)

    def check_version(self) -> None:
        """Refuse to read what this code does not understand.

        Raises:
            LedgerError: it has another version.
        """
        with self._told(), self._reading() as connection:
            found = version_of(connection)
        if found != HEAD:
            raise LedgerError(
                f"the ledger has version {found or 'none'}, this willcall reads {HEAD}: "
                "`willcall run` brings an older one up to date"
            )

    # -- the lease ----------------------------------------------------------------------------

    def take_lease(self, box_office: str, now: datetime) -> Fence | None:
        """Become the one sender for a box office, or None while somebody else is."""
        offices = schema.box_offices
        holder = _holder()
        with self._told(), self._engine.begin() as connection:
            self._ensure(connection, box_office)
            row = connection.execute(
                select(offices.c.fence, offices.c.lease_until)
                .where(offices.c.name == box_office)
                .with_for_update()
            ).one()
            # A lease that ends far in the future was written under a wrong clock.
            if row.lease_until is not None and now < row.lease_until <= now + 2 * LEASE:
                return None
            connection.execute(
                update(offices)
                .where(offices.c.name == box_office)
                .values(fence=row.fence + 1, lease_holder=holder, lease_until=now + LEASE)
            )
            self._held[box_office] = Fence(box_office, row.fence + 1, holder)
            return self._held[box_office]

    def release_lease(self, fence: Fence) -> None:
        """Let others in, if the lease is still ours."""
        self._held.pop(fence.box_office, None)
        offices = schema.box_offices
        with self._told(), self._engine.begin() as connection:
            connection.execute(
                update(offices)
                .where(offices.c.name == fence.box_office, offices.c.fence == fence.number)
                .values(lease_holder=None, lease_until=None)
            )

    def _pass_fence(self, connection: Connection, fence: Fence, now: datetime) -> None:
        """Renew the lease, or stop here: somebody else has taken it over."""
        offices = schema.box_offices
        renewed = connection.execute(
            update(offices)
            .where(offices.c.name == fence.box_office, offices.c.fence == fence.number)
            .values(lease_holder=fence.holder, lease_until=now + LEASE)
        )
        if renewed.rowcount != 1:
            raise LedgerError(
                f"another run has taken over {fence.box_office!r}; this one stops", temporary=True
            )

    @staticmethod
    def _ensure(connection: Connection, box_office: str) -> None:
        offices = schema.box_offices
        known = select(offices.c.name).where(offices.c.name == box_office)
        if connection.execute(known).first() is None:
            connection.execute(insert(offices).values(name=box_office, fence=0))

    # -- what is known ------------------------------------------------------------------------

    def state(self, box_office: str) -> State:
        """What is known of a box office: its snapshot, its open cases, its episodes so far."""
        offices, snapshots, cases = schema.box_offices, schema.snapshots, schema.cases
        with self._told(), self._reading() as connection:
            begun = connection.execute(
                select(offices.c.baseline_at).where(offices.c.name == box_office)
            ).scalar()
            rows = connection.execute(
                select(snapshots.c.event_id, snapshots.c.facts).where(
                    snapshots.c.box_office == box_office
                )
            )
            snapshot = {row.event_id: from_json(row.facts) for row in rows}
            # Cases there may be before a baseline: a removal that failed is reported, not seen.
            held = connection.execute(
                select(cases).where(
                    cases.c.box_office == box_office, cases.c.state == CaseState.OPEN
                )
            )
            open_cases = {case.condition: case for case in map(_case, held)}
            counted = connection.execute(
                select(cases.c.kind, cases.c.subject, func.max(cases.c.episode))
                .where(cases.c.box_office == box_office)
                .group_by(cases.c.kind, cases.c.subject)
            )
            episodes = {(kind, subject): count for kind, subject, count in counted}
        return State(None if begun is None else snapshot, open_cases, episodes)

    def unsettled(self, box_office: str) -> Sequence[tuple[Case, Intent]]:
        """Every intent that is not done with, oldest case first, each case's in order."""
        cases, intents = schema.cases, schema.intents
        with self._told(), self._reading() as connection:
            rows = connection.execute(
                select(intents)
                .join(cases, cases.c.marker == intents.c.case)
                .where(cases.c.box_office == box_office, intents.c.settled.is_(False))
                .order_by(cases.c.opened_at, cases.c.marker, intents.c.position)
            ).all()
            wanted = {row.case for row in rows}
            held = connection.execute(select(cases).where(cases.c.marker.in_(wanted)))
            by_marker = {case.marker: case for case in map(_case, held)}
        return [(by_marker[row.case], _intent(row)) for row in rows]

    # -- what a pass writes -------------------------------------------------------------------

    def commit(
        self, fence: Fence, decision: Decision, now: datetime, *, swept: bool = True
    ) -> None:
        """Write down all that a pass has concluded, in one transaction, before anything is sent.

        Raises:
            LedgerError: another run has taken over, or the database refuses.
        """
        offices = schema.box_offices
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)
            mine = offices.c.name == decision.box_office
            if decision.baseline:
                connection.execute(update(offices).where(mine).values(baseline_at=decision.at))
            if swept:
                connection.execute(update(offices).where(mine).values(swept_at=decision.at))
            self._write_facts(connection, decision)
            self._write_cases(connection, decision)
            if decision.recorded:
                connection.execute(insert(schema.changes), _change_rows(decision))
            if decision.intents:
                connection.execute(insert(schema.intents), list(map(_intent_row, decision.intents)))

    @staticmethod
    def _write_facts(connection: Connection, decision: Decision) -> None:
        snapshots = schema.snapshots
        if not decision.facts:
            return
        mine = snapshots.c.box_office == decision.box_office
        known = set(connection.execute(select(snapshots.c.event_id).where(mine)).scalars())
        rows = [
            {
                "box_office": decision.box_office,
                "event_id": event_id,
                "facts": to_json(facts),
                "seen_at": decision.at,
            }
            for event_id, facts in decision.facts.items()
        ]
        fresh = [row for row in rows if row["event_id"] not in known]
        if fresh:
            connection.execute(insert(snapshots), fresh)
        for row in rows:
            if row["event_id"] in known:
                connection.execute(
                    update(snapshots)
                    .where(mine, snapshots.c.event_id == row["event_id"])
                    .values(facts=row["facts"], seen_at=row["seen_at"])
                )

    @staticmethod
    def _write_cases(connection: Connection, decision: Decision) -> None:
        cases = schema.cases
        for case in decision.cases:
            row = {**attrs.asdict(case), "state": str(case.state)}
            # The ticket's id is delivery's to write, which may have done so meanwhile.
            del row["ticket_id"]
            changed = connection.execute(
                update(cases).where(cases.c.marker == case.marker).values(**row)
            )
            if changed.rowcount == 0:
                connection.execute(insert(cases).values(**row))

    def record_run(
        self,
        box_office: str,
        started_at: datetime,
        ended_at: datetime,
        exit_code: int,
        summary: Mapping[str, Any],
    ) -> None:
        """Note that a run took place and how it went."""
        with self._told(), self._engine.begin() as connection:
            self._ensure(connection, box_office)
            # A run a minute is half a million a year, and the old ones tell nobody anything.
            runs = schema.runs
            connection.execute(
                delete(runs).where(
                    runs.c.box_office == box_office, runs.c.started_at < started_at - RUNS_KEPT
                )
            )
            connection.execute(
                insert(runs).values(
                    box_office=box_office,
                    started_at=started_at,
                    ended_at=ended_at,
                    exit_code=exit_code,
                    summary=dict(summary),
                )
            )

    # -- requests spent -------------------------------------------------------------------------

    def change(self, name: str, step: Callable[[str | None], tuple[str, T]]) -> T:
        """Change the text under a name in one transaction, and return what ``step`` says.

        This makes a ledger a :class:`~willcall.client.quota.QuotaStore`: every process on it
        shares one window of requests, so that cron's next minute knows what the last one spent.
        """
        quotas = schema.quotas
        mine = quotas.c.name == name
        with self._told(), self._engine.begin() as connection:
            known = connection.execute(
                select(quotas.c.spent).where(mine).with_for_update()
            ).scalar()
            spent, answer = step(known)
            if known is None:
                connection.execute(insert(quotas).values(name=name, spent=spent))
            elif spent != known:
                connection.execute(update(quotas).where(mine).values(spent=spent))
        return answer

    # -- what delivery writes -----------------------------------------------------------------

    def attempting(
        self, fence: Fence, intent: Intent, sent: Mapping[str, Any], now: datetime
    ) -> Intent:
        """Write down that an intent is about to leave; only then may it.

        Raises:
            LedgerError: another run has taken over.
        """
        tried = attrs.evolve(
            intent,
            state=IntentState.ATTEMPTING,
            sent=sent,
            attempted_at=now,
            tries=intent.tries + 1,
            retry_at=None,
            error=None,
        )
        self._settle(fence, tried, now)
        return tried

    def settle(
        self,
        fence: Fence,
        intent: Intent,
        state: IntentState,
        now: datetime,
        *,
        error: str | None = None,
        retry_at: datetime | None = None,
        ticket_id: str | None = None,
    ) -> None:
        """Write down how a try ended; ``ticket_id`` is that of the ticket it opened."""
        done = attrs.evolve(intent, state=state, error=error, retry_at=retry_at)
        self._settle(fence, done, now, ticket_id)

    def _settle(
        self, fence: Fence, intent: Intent, now: datetime, ticket_id: str | None = None
    ) -> None:
        intents, cases = schema.intents, schema.cases
        settled = intent.state not in UNSETTLED
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)
            connection.execute(
                update(intents)
                .where(intents.c.id == intent.id)
                .values(
                    state=str(intent.state),
                    settled=settled,
                    settled_at=now if settled else None,
                    tries=intent.tries,
                    attempted_at=intent.attempted_at,
                    retry_at=intent.retry_at,
                    error=intent.error,
                    sent=dict(intent.sent),
                )
            )
            if ticket_id is not None:
                connection.execute(
                    update(cases).where(cases.c.marker == intent.case).values(ticket_id=ticket_id)
                )

    def give_up(self, fence: Fence, case: Case, why: str, now: datetime) -> None:
        """Drop all that is left to do for a case, because its ticket is gone."""
        intents, cases = schema.intents, schema.cases
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)
            connection.execute(
                update(intents)
                .where(intents.c.case == case.marker, intents.c.settled.is_(False))
                .values(state=str(IntentState.DROPPED), settled=True, settled_at=now, error=why)
            )
            connection.execute(
                update(cases)
                .where(cases.c.marker == case.marker)
                .values(state=str(CaseState.GONE), ended_at=now)
            )


def _case(row: Row[Any]) -> Case:
    values = dict(row._mapping)
    return Case(**{**values, "state": CaseState(values["state"])})


def _intent(row: Row[Any]) -> Intent:
    values = dict(row._mapping)
    del values["settled"], values["settled_at"]
    values["act"], values["state"] = Act(values["act"]), IntentState(values["state"])
    return Intent(**values)


def _intent_row(intent: Intent) -> dict[str, Any]:
    row = attrs.asdict(intent, recurse=False)
    del row["id"]
    return {**row, "act": str(intent.act), "state": str(intent.state), "settled": False}


def _change_rows(decision: Decision) -> list[dict[str, Any]]:
    return [
        {
            "box_office": decision.box_office,
            "kind": one.change.kind,
            "event_id": one.change.event.id,
            "ticket_type_id": one.change.ticket_type.id if one.change.ticket_type else None,
            "observed_at": one.change.observed_at,
            "before": to_json(one.change.before) if one.change.before else None,
            "after": to_json(one.change.event),
            "outcome": one.outcome,
            "marker": one.marker,
        }
        for one in decision.recorded
    ]

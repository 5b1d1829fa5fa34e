"""The ledger: every transaction that a pass makes, and nothing else.

A method is one transaction. Those that write on behalf of a pass take its :class:`Fence` and check
it in the same transaction: a process that was paused past its lease finds the fence passed, and
writes, and hence sends, nothing.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import attrs
from sqlalchemy import (
    Connection,
    Engine,
    delete,
    event,
    insert,
    select,
    update,
)
from sqlalchemy.pool import ConnectionPoolEntry

from ...client.quota import Step
from ...errors import LedgerError, TakenOverError
from ..model.cases import (
    Case,
    Conclusion,
    Decision,
    Intent,
    IntentState,
    RemovalState,
    RemovalTry,
    State,
)
from ..model.facts import EventFacts
from . import schema
from .base import insert_if_absent, server_clock
from .deciding import read_state, write_conclusion, write_decision
from .delivering import (
    change_quota,
    read_dead,
    read_repeated,
    read_unsettled,
    write_dead,
    write_folds,
    write_gone,
    write_intent,
)
from .foresight import Foresighted
from .learned import write_planner

T = TypeVar("T")

LEASE = timedelta(seconds=120)
"""How long a lease lasts without being renewed; longer than any single act of a pass may take."""

RUNS_KEPT = timedelta(days=30)
"""How long the ledger remembers that a run took place."""

HISTORY_KEPT = timedelta(days=35)
"""How long the ledger remembers what was seen, unless the configuration says otherwise."""


@attrs.frozen
class Fence:
    """The right to write and send for a box office, as long as nobody took it over."""

    box_office: str
    number: int
    holder: str


def _moment(connection: Connection, now: datetime) -> datetime:
    """By which a lease goes: its server's clock, if it has a server, since the clocks of two
    machines differ; the one that is ahead would take the other's lease over, time and again."""
    seconds = server_clock(connection)
    return now if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _close(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.invalidate()


def _holder() -> str:
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def attempted(intent: Intent, sent: Mapping[str, Any], now: datetime) -> Intent:
    """An intent as it is while its request is out."""
    in_doubt = intent.state in {
        IntentState.ATTEMPTING,
        IntentState.UNKNOWN,
        IntentState.DEAD,
    }
    return attrs.evolve(
        intent,
        state=IntentState.ATTEMPTING,
        sent=sent,
        first_tried_at=intent.first_tried_at or now,
        attempted_at=now,
        repeated_at=now if in_doubt else intent.repeated_at,
        tries=intent.tries + 1,
        retry_at=None,
        error=None,
    )


class Ledger(Foresighted):
    """What must survive. Safe to use from one process at a time per :class:`Fence`.

    ``reading`` says that it was opened to be looked at only.
    """

    def __init__(self, engine: Engine, *, reading: bool = False) -> None:
        super().__init__(engine)
        self.reading = reading
        self._held: dict[str, Fence] = {}

    def __repr__(self) -> str:
        return f"<Ledger {self._engine.url.render_as_string(hide_password=True)}>"

    def close(self) -> None:
        """Let others in at once, should a run have been interrupted, and close its connections.

        A connection that a hanging thread still uses is closed when the thread gives it back.
        """
        self.let_go()
        event.listen(self._engine, "checkin", _close)
        self._engine.dispose()

    def twin(self) -> Ledger:
        """The same ledger as another process has it: with leases of its own."""
        return Ledger(self._engine)

    def abandon(self) -> None:
        """Give no lease back, since the ledger does not answer: they run out by themselves."""
        self._held.clear()

    def let_go(self) -> None:
        """Give back every lease that is still held."""
        for fence in list(self._held.values()):
            with suppress(LedgerError):
                self.release_lease(fence)

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
            now = _moment(connection, now)
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

    def renew(self, fence: Fence, now: datetime) -> None:
        """Keep the lease.

        Raises:
            TakenOverError: somebody else has it.
        """
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)

    def _pass_fence(self, connection: Connection, fence: Fence, now: datetime) -> None:
        """Renew the lease, or stop here: somebody else has taken it over."""
        offices, now = schema.box_offices, _moment(connection, now)
        renewed = connection.execute(
            update(offices)
            .where(offices.c.name == fence.box_office, offices.c.fence == fence.number)
            .values(lease_holder=fence.holder, lease_until=now + LEASE)
        )
        if renewed.rowcount != 1:
            raise TakenOverError(f"another run has taken over {fence.box_office!r}; this one stops")

    @staticmethod
    def _ensure(connection: Connection, box_office: str) -> None:
        offices = schema.box_offices
        known = select(offices.c.name).where(offices.c.name == box_office)
        if connection.execute(known).first() is None:
            insert_if_absent(connection, insert(offices).values(name=box_office, fence=0))

    # -- what is known ------------------------------------------------------------------------

    def state(self, box_office: str, since: datetime | None = None) -> State:
        """What is known of a box office; ``since``: cases that ended later may be reopened."""
        with self._told(), self._reading() as connection:
            return read_state(connection, box_office, since)

    def unsettled(self, box_office: str) -> Sequence[tuple[Case, Intent]]:
        """Every intent that is not done with, oldest case first, each case's in order."""
        with self._told(), self._reading() as connection:
            return read_unsettled(connection, box_office)

    def repeated(self, box_office: str, since: datetime) -> Sequence[tuple[Case, Intent]]:
        """The openings that were sent more than once, lately or of a case with more to do."""
        with self._told(), self._reading() as connection:
            return read_repeated(connection, box_office, since)

    def dead(self) -> Sequence[tuple[Case, Intent]]:
        """Every dead letter, oldest first."""
        with self._told(), self._reading() as connection:
            return read_dead(connection)

    # -- what a pass writes -------------------------------------------------------------------

    def commit(
        self,
        fence: Fence,
        decision: Decision,
        now: datetime,
        *,
        swept: bool = True,
        keep: timedelta = HISTORY_KEPT,
    ) -> None:
        """Write down all that a pass has concluded, in one transaction, before anything is sent.

        Args:
            fence: the lease it holds.
            decision: what it has concluded.
            now: the time, from which the lease is renewed.
            swept: whether the box office was read.
            keep: how much of the history is remembered.

        Raises:
            LedgerError: another run has taken over, or the database refuses.
        """
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)
            write_decision(connection, decision, swept=swept, keep=keep)

    def conclude(
        self,
        fence: Fence,
        now: datetime,
        step: Callable[[State], Conclusion | None],
        *,
        since: datetime | None = None,
        snapshot: Mapping[str, EventFacts] | None = None,
        keep: timedelta = HISTORY_KEPT,
        planner: bytes | None = None,
    ) -> Conclusion | None:
        """Read what is known, let ``step`` decide, and write it down: one transaction, so that
        nothing can come between, not even delivery under the same lease.

        Args:
            fence: the lease it is done under.
            now: the time, from which the lease is renewed.
            step: what follows from what is known; None for nothing. It has no effects of its own.
            since: cases that ended later are known, too.
            snapshot: every event as it was last seen, where whoever asks has it already.
            keep: how much of the history is remembered.
            planner: what the planner has learned meanwhile.

        Raises:
            LedgerError: another run has taken over, or the database refuses.
        """
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)
            if planner is not None:
                write_planner(connection, fence.box_office, planner, now)
            found = step(read_state(connection, fence.box_office, since, snapshot))
            if found is not None:
                write_conclusion(connection, found, now, keep)
            return found

    def conclude_beside(
        self,
        box_office: str,
        now: datetime,
        step: Callable[[State], Conclusion],
        since: datetime | None = None,
    ) -> Conclusion:
        """The same without a lease, beside whoever has it: that one delivers what follows.

        Args:
            box_office: about which something is decided.
            now: the time.
            step: see :meth:`conclude`. It leaves the snapshot alone: that is the lease's.
            since: see :meth:`conclude`.

        Raises:
            LedgerError: the database refuses.
        """
        offices = schema.box_offices
        with self._told(), self._engine.begin() as connection:
            self._ensure(connection, box_office)
            # Whoever has the lease decides under a lock on the same row.
            mine = offices.c.name == box_office
            connection.execute(select(offices.c.fence).where(mine).with_for_update())
            found = step(read_state(connection, box_office, since))
            write_conclusion(connection, found, now, HISTORY_KEPT)
            return found

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

    # -- what delivery writes -----------------------------------------------------------------

    def attempting(
        self, fence: Fence, intent: Intent, sent: Mapping[str, Any], now: datetime
    ) -> Intent:
        """Write down that an intent is about to leave; only then may it.

        Raises:
            LedgerError: another run has taken over.
        """
        tried = attempted(intent, sent, now)
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)
            write_intent(connection, tried, now, None)
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
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)
            write_intent(connection, done, now, ticket_id)

    def fold(
        self,
        fence: Fence,
        case: Case,
        twins: Sequence[str],
        acts: Callable[[int, str], list[Intent]],
        now: datetime,
    ) -> int:
        """Write down that second tickets are to be folded into the first; how many are news.

        Args:
            fence: the lease under which it is.
            case: whose tickets they are.
            twins: the second tickets.
            acts: the acts that fold one, from a position on.
            now: the time.
        """
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)
            return write_folds(connection, case.marker, twins, acts)

    def give_up(self, fence: Fence, case: Case, why: str, now: datetime) -> None:
        """Drop all that is left to do for a case, because its ticket is gone."""
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)
            write_gone(connection, case.marker, why, now)

    def retry_dead(self, number: int, now: datetime) -> bool:
        """Take a dead letter up again; whether there was one of that number."""
        with self._told(), self._engine.begin() as connection:
            return write_dead(connection, number, IntentState.UNKNOWN, now)

    def drop_dead(self, number: int, now: datetime) -> bool:
        """Let go of a dead letter; whether there was one of that number."""
        with self._told(), self._engine.begin() as connection:
            return write_dead(connection, number, IntentState.DROPPED, now)

    def change(self, name: str, step: Step[T]) -> T:
        """Change what is spent of a quota: see :class:`willcall.client.quota.QuotaStore`."""
        with self._told(), self._engine.begin() as connection:
            return change_quota(connection, name, step)

    # -- removals -----------------------------------------------------------------------------

    def removals(self, box_office: str) -> dict[str, RemovalTry]:
        """What became of the scheduled removals so far, by name."""
        removals = schema.removals
        with self._told(), self._reading() as connection:
            rows = connection.execute(select(removals).where(removals.c.box_office == box_office))
            return {
                row.name: RemovalTry(
                    state=RemovalState(row.state),
                    attempted_at=row.attempted_at,
                    sold=row.sold,
                    said=row.said,
                )
                for row in rows
            }

    def note_removal(self, fence: Fence, name: str, tried: RemovalTry, now: datetime) -> None:
        """Write down how far a scheduled removal has come.

        Raises:
            LedgerError: another run has taken over.
        """
        removals = schema.removals
        row = {**attrs.asdict(tried), "state": str(tried.state)}
        mine = (removals.c.box_office == fence.box_office) & (removals.c.name == name)
        with self._told(), self._engine.begin() as connection:
            self._pass_fence(connection, fence, now)
            changed = connection.execute(update(removals).where(mine).values(**row))
            if changed.rowcount == 0:
                connection.execute(
                    insert(removals).values(box_office=fence.box_office, name=name, **row)
                )

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
from pathlib import Path
from typing import Any, TypeVar

import attrs
from sqlalchemy import (
    Connection,
    Engine,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ...errors import LedgerError
from ..cases import (
    Case,
    Decision,
    Intent,
    IntentState,
    RemovalState,
    RemovalTry,
    State,
)
from ..changes import Change, change_from_json
from ..history import Entry
from ..rules import Silence
from . import schema
from .care import backup, complaints, prune
from .deciding import read_history, read_state, write_decision
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
from .rows import case_of, intent_of, silence_of
from .upgrade import HEAD, is_known, upgrade, version_of

T = TypeVar("T")

LEASE = timedelta(seconds=120)
"""How long a lease lasts without being renewed; longer than any single act of a pass may take."""

RUNS_KEPT = timedelta(days=30)
"""How long the ledger remembers that a run took place."""

HISTORY_KEPT = timedelta(days=35)
"""How long the ledger remembers what was seen, unless the configuration says otherwise."""


@attrs.frozen(kw_only=True)
class Logged:
    """A change as the ledger remembers it, and what became of it."""

    change: Change
    outcome: str
    marker: str | None = None


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
    """What must survive. Safe to use from one process at a time per :class:`Fence`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: dict[str, Fence] = {}

    def __repr__(self) -> str:
        return f"<Ledger {self._engine.url.render_as_string(hide_password=True)}>"

    def close(self) -> None:
        """Let others in at once, should a run have been interrupted, and close its connections."""
        self.let_go()
        self._engine.dispose()

    def copy_to(self, target: Any) -> None:
        """Copy the whole of it, as it is at this moment, into an open connection to SQLite.

        Raises:
            LedgerError: it is no SQLite, or cannot be read.
        """
        with self._told(), self._engine.connect() as connection:
            source: Any = connection.connection.driver_connection
            if not hasattr(source, "backup"):
                raise LedgerError(f"{self._name} is no SQLite: use its own tools to copy it")
            source.backup(target)

    def twin(self) -> Ledger:
        """The same ledger as another process has it: with leases of its own."""
        return Ledger(self._engine)

    def let_go(self) -> None:
        """Give back every lease that is still held."""
        for fence in list(self._held.values()):
            with suppress(LedgerError):
                self.release_lease(fence)

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
        """Bring its tables to the version of this code; one that has any is copied first.

        Raises:
            LedgerError: it is damaged, a newer willcall has written it, or it cannot be copied.
        """
        with self._told():
            with self._reading() as connection:
                self._sound(connection)
                found = version_of(connection)
                if found is not None and found != HEAD and is_known(found):
                    self._copy_before(connection, found)
            with self._engine.begin() as connection:
                upgrade(connection)

    def _sound(self, connection: Connection) -> None:
        found = complaints(connection, thorough=False)
        if found:
            raise LedgerError(
                f"{self._name} is damaged: {found[0]} (restore a copy, or start a new one with "
                "`willcall recover`)"
            )

    def _copy_before(self, connection: Connection, version: str) -> None:
        path = self._engine.url.database
        if connection.dialect.name == "sqlite" and path not in {None, "", ":memory:"}:
            target = Path(f"{path}.version-{version}")
            if not target.exists():
                backup(connection, target)

    def version(self) -> str | None:
        """The version of its tables."""
        with self._told(), self._reading() as connection:
            return version_of(connection)

    def complaints(self, *, thorough: bool) -> list[str]:
        """What is wrong with it; nothing, if it is sound."""
        with self._told(), self._reading() as connection:
            return complaints(connection, thorough=thorough)

    def backup(self, target: Path) -> None:
        """Copy it into a new file.

        Raises:
            LedgerError: the file is there already or cannot be written, or it is no SQLite.
        """
        with self._told(), self._reading() as connection:
            backup(connection, target)

    def prune(self, now: datetime, keep: timedelta) -> dict[str, int]:
        """Forget what is over and older than that; how much that was."""
        with self._told(), self._engine.begin() as connection:
            return prune(connection, now, keep)

    def check_version(self) -> None:
        """Refuse to read what this code does not understand, or what is damaged.

        Raises:
            LedgerError: it has another version, or is damaged.
        """
        with self._told(), self._reading() as connection:
            self._sound(connection)
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
        in_doubt = intent.state in {
            IntentState.ATTEMPTING,
            IntentState.UNKNOWN,
            IntentState.DEAD,
        }
        tried = attrs.evolve(
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

    def change(self, name: str, step: Callable[[str | None], tuple[str, T]]) -> T:
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

    # -- silences -----------------------------------------------------------------------------

    def silences(self) -> list[Silence]:
        """Every silence, those that are over included."""
        with self._told(), self._reading() as connection:
            rows = connection.execute(select(schema.silences).order_by(schema.silences.c.id))
            return list(map(silence_of, rows))

    def add_silence(self, silence: Silence) -> int:
        """Add a silence; its number."""
        row = {**attrs.asdict(silence), "kinds": list(silence.kinds)}
        del row["id"]
        with self._told(), self._engine.begin() as connection:
            added = connection.execute(insert(schema.silences).values(**row))
            number = added.inserted_primary_key
        return 0 if number is None else int(number[0])

    def expire_silence(self, number: int, now: datetime) -> bool:
        """End a silence now; whether there was one that had not ended."""
        silences = schema.silences
        with self._told(), self._engine.begin() as connection:
            ended = connection.execute(
                update(silences)
                .where(silences.c.id == number, silences.c.until > now)
                .values(until=now)
            )
            return ended.rowcount == 1

    # -- looking back ---------------------------------------------------------------------------

    def log(
        self,
        *,
        box_office: str | None = None,
        since: datetime | None = None,
        event: str | None = None,
        kind: str | None = None,
        marker: str | None = None,
        limit: int = 1000,
    ) -> list[Logged]:
        """The latest changes and what became of them, oldest first; what is None fits all."""
        changes = schema.changes
        wanted = []
        for column, value in (
            (changes.c.box_office, box_office),
            (changes.c.event_id, event),
            (changes.c.kind, kind),
            (changes.c.marker, marker),
        ):
            if value is not None:
                wanted.append(column == value)
        if since is not None:
            wanted.append(changes.c.observed_at >= since)
        with self._told(), self._reading() as connection:
            rows = connection.execute(
                select(changes).where(*wanted).order_by(changes.c.id.desc()).limit(limit)
            ).all()
        return [
            Logged(
                change=change_from_json(row.box_office, row.change),
                outcome=row.outcome,
                marker=row.marker,
            )
            for row in reversed(rows)
        ]

    def cases(self, *, since: datetime | None = None, name: str | None = None) -> list[Case]:
        """The cases that were opened since then; ``name`` is a marker or a ticket's id."""
        cases = schema.cases
        wanted = [] if since is None else [cases.c.opened_at >= since]
        if name is not None:
            wanted.append(or_(cases.c.marker == name, cases.c.ticket_id == name))
        with self._told(), self._reading() as connection:
            rows = connection.execute(select(cases).where(*wanted).order_by(cases.c.opened_at))
            return list(map(case_of, rows))

    def intents(self, marker: str) -> list[Intent]:
        """Every act of a case, in order."""
        intents = schema.intents
        with self._told(), self._reading() as connection:
            rows = connection.execute(
                select(intents).where(intents.c.case == marker).order_by(intents.c.position)
            )
            return list(map(intent_of, rows))

    def history(self, box_office: str, since: datetime) -> list[Entry]:
        """What was seen, from the last whole snapshot before ``since`` on."""
        with self._told(), self._reading() as connection:
            return read_history(connection, box_office, since)
